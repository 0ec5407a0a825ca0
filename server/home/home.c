/* SPDX-License-Identifier: MIT */
/*
 * home.c -- the directory one server lives in. See home.h for its entries.
 *
 * (1) FORMAT is written last: a directory without it holds nothing of value.
 *     What a killed creation left (the lock, INSTANCE, empty directories,
 *     nameless drafts) counts as empty and is made again.
 * (2) store/ and queue/ are made here and synced into the directory, because
 *     LevelDB does not sync its own directory's name. If one is missing later
 *     that is damage, never a reason to begin anew.
 * (3) The lock is ours alone: LevelDB's is an fcntl lock, which is gone as soon
 *     as any descriptor on the file is closed.
 */
#include "home/home.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/rng.h"

#include <stdio.h>

static const char format_text[] = "lode-db 3\n";
static const char format_stem[] = "lode-db ";

enum { SMALL_FILE_MAX = 256, LEDGER_HEX = 64 };

struct home {
    struct fs_dir *dir; /* owned */
    int lock_fd;        /* owned */
    char *store_path;   /* owned */
    char instance_uid[UUID_TEXT];
};

/* ---- looking --------------------------------------------------------------------------- */

static enum rc count_entry(void *arg, const char *name, struct err *err)
{
    (void)name;
    (void)err;
    ++*(size_t *)arg;
    return RC_OK;
}

static char *join(const char *path, const char *name)
{
    size_t n = strlen(path) + strlen(name) + 2;
    char *joined = xmalloc(n);

    (void)snprintf(joined, n, "%s/%s", path, name);
    return joined;
}

/* Neither absent nor unreadable nor full. */
static bool is_empty_dir(struct fs_dir *parent, const char *name)
{
    char *path = join(fs_dir_path(parent), name);
    struct fs_dir *dir = NULL;
    size_t n = 0;
    bool empty;

    empty = fs_dir_open(path, false, &dir, NULL) == RC_OK &&
            fs_dir_each(dir, count_entry, &n, NULL) == RC_OK && n == 0;
    fs_dir_close(dir);
    xfree(path);
    return empty;
}

struct look {
    struct fs_dir *dir;
    bool any;          /* an entry that counts */
    char foreign[256]; /* the first one that is not ours, or "" */
};

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), m = strlen(tail);

    return n >= m && strcmp(s + n - m, tail) == 0;
}

static enum rc look_entry(void *arg, const char *name, struct err *err)
{
    struct look *look = arg;

    (void)err;
    if (strcmp(name, "lock") == 0 || strcmp(name, "INSTANCE") == 0 ||
        strcmp(name, "lost+found") == 0 || (name[0] == '.' && ends_with(name, ".part")))
        return RC_OK;
    if ((strcmp(name, "store") == 0 || strcmp(name, "queue") == 0) && is_empty_dir(look->dir, name))
        return RC_OK;
    look->any = true;
    if (!look->foreign[0])
        (void)snprintf(look->foreign, sizeof look->foreign, "%s", name);
    return RC_OK;
}

/* A small text file; RC_NOT_FOUND if absent. *ret_text goes to xfree(). */
static enum rc read_text(struct fs_dir *dir, const char *name, char **ret_text, struct err *err)
{
    uint8_t *p = NULL;
    size_t n = 0;
    enum rc rc;

    rc = fs_read_all(dir, name, SMALL_FILE_MAX, &p, &n, err);
    if (rc != RC_OK)
        return rc;
    *ret_text = xstrndup(p, n);
    xfree(p);
    return RC_OK;
}

/* `foreign` gets the name that told us so. */
static enum rc look_inside(struct fs_dir *dir, enum home_state *ret_state, char foreign[256],
                           struct err *err)
{
    struct look look = {.dir = dir};
    char *text = NULL;
    enum rc rc;

    foreign[0] = '\0';
    rc = read_text(dir, "FORMAT", &text, err);
    if (rc == RC_OK || rc == RC_TOO_LARGE) {
        bool ours = text && strncmp(text, format_stem, strlen(format_stem)) == 0;

        *ret_state = ours ? HOME_OURS : HOME_FOREIGN;
        if (!ours)
            (void)snprintf(foreign, 256, "FORMAT");
        xfree(text);
        return RC_OK;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    rc = fs_dir_each(dir, look_entry, &look, err);
    if (rc != RC_OK)
        return rc;
    *ret_state = look.any ? HOME_FOREIGN : HOME_EMPTY;
    (void)snprintf(foreign, 256, "%s", look.foreign);
    return RC_OK;
}

enum rc home_look(const char *path, enum home_state *ret_state, struct err *err)
{
    struct fs_dir *dir = NULL;
    char foreign[256];
    enum rc rc;

    rc = fs_dir_open(path, false, &dir, err);
    if (rc == RC_NOT_FOUND) {
        *ret_state = HOME_ABSENT;
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    rc = look_inside(dir, ret_state, foreign, err);
    fs_dir_close(dir);
    return rc;
}

/* ---- opening --------------------------------------------------------------------------- */

static enum rc make_subdir(struct fs_dir *dir, const char *name, struct err *err)
{
    enum rc rc = fs_mkdir(dir, name, err);

    return rc == RC_EXISTS ? RC_OK : rc;
}

static enum rc create(struct home *home, struct err *err)
{
    char text[UUID_TEXT + 1];
    enum rc rc;

    (void)rng_uuid4(home->instance_uid);
    (void)snprintf(text, sizeof text, "%s\n", home->instance_uid);
    rc = make_subdir(home->dir, "store", err);
    if (rc == RC_OK)
        rc = make_subdir(home->dir, "queue", err);
    if (rc == RC_OK)
        rc = fs_replace(home->dir, "INSTANCE", bytes_str(text), err);
    if (rc == RC_OK)
        rc = fs_dir_sync(home->dir, err);
    if (rc == RC_OK)
        rc = fs_replace(home->dir, "FORMAT", bytes_str(format_text), err);
    return rc;
}

static bool is_uuid(const char *s)
{
    size_t i;

    for (i = 0; i < UUID_TEXT - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s[i] != '-' : !strchr("0123456789abcdef", s[i]) || !s[i])
            return false;
    }
    return s[i] == '\n' && s[i + 1] == '\0';
}

/* The version of the layout, its parts and its uid, of a directory that says it is ours. */
static enum rc check(struct home *home, struct err *err)
{
    const char *path = fs_dir_path(home->dir);
    char *text = NULL;
    enum rc rc;

    rc = read_text(home->dir, "FORMAT", &text, err);
    if (rc != RC_OK)
        return rc;
    if (strcmp(text, format_text) < 0 && strlen(text) == strlen(format_text))
        rc = err_set(err, RC_INVALID, "db_version",
                     "'%s' was written by an older Lode (its FORMAT is '%.*s', this one knows "
                     "'%.*s'): make a dump with that one, and start this one with --import-dump",
                     path, (int)strcspn(text, "\n"), text, (int)strcspn(format_text, "\n"),
                     format_text);
    else if (strcmp(text, format_text) != 0)
        rc = err_set(err, RC_INVALID, "db_version",
                     "'%s' was written by a newer Lode (its FORMAT is '%.*s', this one knows "
                     "'%.*s')",
                     path, (int)strcspn(text, "\n"), text, (int)strcspn(format_text, "\n"),
                     format_text);
    xfree(text);
    text = NULL;
    if (rc != RC_OK)
        return rc;
    if (!fs_exists(home->dir, "store") || !fs_exists(home->dir, "queue"))
        return err_set(err, RC_CORRUPT, NULL, "'%s/%s' is missing", path,
                       fs_exists(home->dir, "store") ? "queue" : "store");
    rc = read_text(home->dir, "INSTANCE", &text, err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !is_uuid(text)))
        rc = err_set(err, RC_CORRUPT, NULL, "'%s/INSTANCE' holds no instance uid", path);
    if (rc == RC_OK)
        (void)snprintf(home->instance_uid, sizeof home->instance_uid, "%.*s", UUID_TEXT - 1, text);
    xfree(text);
    if (rc == RC_OK) /* who named FORMAT may have been killed before its sync */
        rc = fs_dir_sync(home->dir, err);
    return rc;
}

static enum rc refuse_foreign(const char *path, const char *name, struct err *err)
{
    return err_set(err, RC_INVALID, "db_version",
                   "'%s' is not a Lode database: it is not empty (there is '%s') and has no FORMAT "
                   "of ours",
                   path, name);
}

enum rc home_open(const char *path, struct home **ret_home, struct err *err)
{
    struct home *home = xcalloc(1, sizeof *home);
    enum home_state state = HOME_EMPTY;
    char foreign[256];
    enum rc rc;

    home->lock_fd = -1;
    rc = fs_dir_open(path, true, &home->dir, err);
    if (rc != RC_OK)
        goto out;
    /* Look before anything is put there, and again when nobody else can change it. */
    rc = look_inside(home->dir, &state, foreign, err);
    if (rc == RC_OK && state == HOME_FOREIGN)
        rc = refuse_foreign(path, foreign, err);
    if (rc != RC_OK)
        goto out;
    rc = fs_dir_lock(home->dir, "lock", &home->lock_fd, err);
    if (rc != RC_OK)
        goto out;
    rc = look_inside(home->dir, &state, foreign, err);
    if (rc != RC_OK)
        goto out;
    if (state != HOME_FOREIGN)
        rc = fs_draft_sweep(home->dir, err);
    if (rc != RC_OK)
        goto out;
    if (state == HOME_FOREIGN)
        rc = refuse_foreign(path, foreign, err);
    else if (state == HOME_OURS)
        rc = check(home, err);
    else
        rc = create(home, err);
    if (rc != RC_OK)
        goto out;
    home->store_path = join(fs_dir_path(home->dir), "store");
    *ret_home = home;
    home = NULL;

out:
    home_close(home);
    return rc;
}

void home_close(struct home *home)
{
    if (!home)
        return;
    fs_close(home->lock_fd);
    fs_dir_close(home->dir);
    xfree(home->store_path);
    xfree(home);
}

struct fs_dir *home_dir(struct home *home)
{
    return home->dir;
}

const char *home_instance_uid(const struct home *home)
{
    return home->instance_uid;
}

const char *home_store_path(const struct home *home)
{
    return home->store_path;
}

/* ---- the ledger of imports ----------------------------------------------------------- */

static bool is_sha256(const char *s)
{
    return strspn(s, "0123456789abcdef") == LEDGER_HEX;
}

enum rc home_ledger_read(const char *path, char dst[65], struct err *err)
{
    struct fs_dir *dir = NULL;
    char *text = NULL;
    enum rc rc;

    dst[0] = '\0';
    rc = fs_dir_open(path, false, &dir, err);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc == RC_OK)
        rc = read_text(dir, "IMPORTED", &text, err);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    else if (rc == RC_OK && (!is_sha256(text) || strcmp(text + LEDGER_HEX, "\n") != 0))
        rc = err_set(err, RC_CORRUPT, NULL, "'%s/IMPORTED' holds no SHA-256", path);
    else if (rc == RC_OK)
        (void)snprintf(dst, LEDGER_HEX + 1, "%.*s", LEDGER_HEX, text);
    xfree(text);
    fs_dir_close(dir);
    return rc;
}

enum rc home_ledger_write(struct home *home, const char *sha256_hex, struct err *err)
{
    char text[LEDGER_HEX + 2];

    ASSERT(is_sha256(sha256_hex) && strlen(sha256_hex) == LEDGER_HEX);
    (void)snprintf(text, sizeof text, "%s\n", sha256_hex);
    return fs_replace(home->dir, "IMPORTED", bytes_str(text), err);
}

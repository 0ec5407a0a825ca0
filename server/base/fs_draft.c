/* SPDX-License-Identifier: MIT */
/*
 * fs_draft.c -- files that get their name last. See fs.h.
 *
 *   first choice  O_TMPFILE, write, fsync, linkat, fsync of the directory
 *   fallback      ".<16 hex digits>.part", write, fsync, renameat2 that never
 *                 replaces (or link and unlink), fsync of the directory
 *
 * Both were replayed power cut by power cut (valid or absent before the
 * acknowledgement, present after it). Each step is needed: without the first
 * fsync an empty file may stand under the final name, without the second the
 * name may be gone.
 *
 * (1) A draft's bytes are synced before any final name points at them.
 * (2) If the directory's sync fails the name is taken back.
 * (3) A named temp is flock()ed by who writes it, so a sweep in a running
 *     process removes only what a dead one left.
 */
#include "base/assert.h"
#include "base/base_int.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct fs_draft {
    struct fs_dir *dir;       /* borrowed, must stay open */
    int fd;                   /* owned */
    char temp[FS__TEMP_NAME]; /* "" when the file has no name at all */
    bool synced;
    bool broken; /* a sync failed: its bytes cannot be trusted any more */
};

static void format_temp_name(char dst[FS__TEMP_NAME])
{
    uint64_t id;

    rng_secret(&id, sizeof id);
    (void)snprintf(dst, FS__TEMP_NAME, ".%016llx.part", (unsigned long long)id);
}

static bool is_temp_name(const char *name)
{
    return strlen(name) == 22 && name[0] == '.' && strspn(name + 1, "0123456789abcdef") == 16 &&
           strcmp(name + 17, ".part") == 0;
}

enum rc fs__temp_open(struct fs_dir *dir, char ret_name[FS__TEMP_NAME], int *ret_fd,
                      struct err *err)
{
    int fd, e;

    format_temp_name(ret_name);
    fd = fs__openat(dir->fd, ret_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return err_set_sys(err, errno, "cannot create a file in '%s'", dir->path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        e = errno;
        fs_close(fd);
        (void)unlinkat(dir->fd, ret_name, 0);
        return err_set_sys(err, e, "cannot lock a new file in '%s'", dir->path);
    }
    *ret_fd = fd;
    return RC_OK;
}

/* What kernels and filesystems say that do not know O_TMPFILE. */
static bool means_no_tmpfile(int e)
{
    return e == EOPNOTSUPP || e == EISDIR || e == ENOENT || e == EINVAL || e == ENOSYS;
}

enum rc fs_draft_open(struct fs_dir *dir, struct fs_draft **ret_draft, struct err *err)
{
    struct fs_draft *draft = xcalloc(1, sizeof *draft);
    enum rc rc = RC_OK;

    draft->dir = dir;
    draft->fd = fs__openat(dir->fd, ".", O_TMPFILE | O_RDWR);
    if (draft->fd < 0 && means_no_tmpfile(errno))
        rc = fs__temp_open(dir, draft->temp, &draft->fd, err);
    else if (draft->fd < 0)
        rc = err_set_sys(err, errno, "cannot create a file in '%s'", dir->path);
    if (rc != RC_OK) {
        draft->fd = -1;
        draft->temp[0] = '\0';
        fs_draft_close(draft);
        return rc;
    }
    *ret_draft = draft;
    return RC_OK;
}

int fs_draft_fd(struct fs_draft *draft)
{
    return draft->fd;
}

/* linkat() through FS_LINK; 0, or an errno value. */
static int link_at(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    int failed;

    do {
        errno = FAULT(FS_LINK);
        failed = errno ? -1 : linkat(from_dir, from, to_dir, to, flags);
    } while (failed && errno == EINTR);
    return failed ? errno : 0;
}

static int rename_at(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    int failed;

    do {
        errno = FAULT(FS_RENAME);
        failed = errno ? -1 : renameat2(from_dir, from, to_dir, to, flags);
    } while (failed && errno == EINTR);
    return failed ? errno : 0;
}

/*
 * Where RENAME_NOREPLACE is not known: link and unlink do the same for a file.
 * A directory cannot be linked; it is renamed after a look, and a rename onto a
 * directory that came in between still fails unless that one is empty.
 */
static int rename_without_flag(int from_dir, const char *from, int to_dir, const char *to)
{
    struct stat st, other;
    int e;

    if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    if (S_ISDIR(st.st_mode)) {
        if (fstatat(to_dir, to, &other, AT_SYMLINK_NOFOLLOW) == 0)
            return EEXIST;
        return rename_at(from_dir, from, to_dir, to, 0);
    }
    e = link_at(from_dir, from, to_dir, to, 0);
    if (e)
        return e;
    return unlinkat(from_dir, from, 0) == 0 ? 0 : errno;
}

static int rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
    int e = rename_at(from_dir, from, to_dir, to, RENAME_NOREPLACE);

    if (e == EINVAL || e == ENOSYS)
        e = rename_without_flag(from_dir, from, to_dir, to);
    return e;
}

enum rc fs_rename_new(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir,
                      const char *to, struct err *err)
{
    enum rc rc;
    int e;

    rc = fs__check_name(from_dir, from, err);
    if (rc == RC_OK)
        rc = fs__check_name(to_dir, to, err);
    if (rc != RC_OK)
        return rc;
    e = rename_new(from_dir->fd, from, to_dir->fd, to);
    if (e)
        return err_set_sys(err, e, "cannot rename '%s/%s' to '%s/%s'", from_dir->path, from,
                           to_dir->path, to);
    return RC_OK;
}

/* A filesystem may keep its errors for close(): closing a copy asks for them and keeps the file. */
static enum rc sync_draft(struct fs_draft *draft, struct err *err)
{
    enum rc rc;
    int copy;

    rc = fs_sync(draft->fd, err);
    if (rc != RC_OK)
        return rc;
    copy = fcntl(draft->fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return err_set_sys(err, errno, "cannot copy a descriptor");
    return fs_close_checked(copy, err);
}

static int name_draft(struct fs_draft *draft, const char *name)
{
    char self[64];
    int e;

    if (draft->temp[0]) {
        e = rename_new(draft->dir->fd, draft->temp, draft->dir->fd, name);
        if (e == 0)
            draft->temp[0] = '\0';
        return e;
    }
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", draft->fd);
    return link_at(AT_FDCWD, self, draft->dir->fd, name, AT_SYMLINK_FOLLOW);
}

enum rc fs_draft_publish(struct fs_draft *draft, const char *name, struct err *err)
{
    struct fs_dir *dir = draft->dir;
    enum rc rc;
    int e;

    rc = fs__check_name(dir, name, err);
    if (rc != RC_OK)
        return rc;
    if (draft->broken)
        return err_set(err, RC_IO, NULL, "a file for '%s/%s' failed to sync before", dir->path,
                       name);
    if (!draft->synced) {
        rc = sync_draft(draft, err);
        if (rc != RC_OK) {
            draft->broken = true;
            (void)err_prefix(err, "'%s/%s': ", dir->path, name);
            return rc;
        }
        draft->synced = true;
    }
    e = name_draft(draft, name);
    if (e)
        return err_set_sys(err, e, "cannot name a file '%s/%s'", dir->path, name);
    if (fs__sync_dir_fd(dir->fd) == 0)
        return RC_OK;
    e = errno;
    draft->broken = true;
    rc = err_set_sys(err, e, "cannot sync directory '%s'", dir->path);
    if (unlinkat(dir->fd, name, 0) != 0 && err)
        (void)err_prefix(err, "'%s/%s' could not be taken back: ", dir->path, name);
    return rc;
}

void fs_draft_close(struct fs_draft *draft)
{
    if (!draft)
        return;
    if (draft->temp[0])
        (void)unlinkat(draft->dir->fd, draft->temp, 0);
    fs_close(draft->fd);
    xfree(draft);
}

struct sweep {
    struct fs_dir *dir;
};

static enum rc sweep_one(void *arg, const char *name, struct err *err)
{
    struct fs_dir *dir = ((struct sweep *)arg)->dir;
    enum rc rc = RC_OK;
    int fd;

    if (!is_temp_name(name))
        return RC_OK;
    fd = fs__openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP))
        return RC_OK; /* gone meanwhile, or a link that nobody of ours made */
    if (fd < 0)
        return err_set_sys(err, errno, "cannot open '%s/%s'", dir->path, name);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        rc = fs_unlink(dir, name, err);
        if (rc == RC_NOT_FOUND)
            rc = RC_OK;
    }
    fs_close(fd);
    return rc;
}

enum rc fs_draft_sweep(struct fs_dir *dir, struct err *err)
{
    struct sweep sweep = {dir};

    return fs_dir_each(dir, sweep_one, &sweep, err);
}

enum rc fs_replace(struct fs_dir *dir, const char *name, struct bytes content, struct err *err)
{
    char temp[FS__TEMP_NAME] = "";
    int fd = -1, e;
    enum rc rc;

    rc = fs__check_name(dir, name, err);
    if (rc != RC_OK)
        return rc;
    rc = fs__temp_open(dir, temp, &fd, err);
    if (rc != RC_OK)
        return rc;
    rc = fs_write(fd, content, err);
    if (rc != RC_OK)
        goto out;
    rc = fs_sync(fd, err);
    if (rc != RC_OK)
        goto out;
    rc = fs_close_checked(fd, err);
    fd = -1;
    if (rc != RC_OK)
        goto out;
    e = rename_at(dir->fd, temp, dir->fd, name, 0);
    if (e) {
        rc = err_set_sys(err, e, "cannot rename a file to '%s/%s'", dir->path, name);
        goto out;
    }
    temp[0] = '\0';
    rc = fs_dir_sync(dir, err);

out:
    fs_close(fd);
    if (temp[0])
        (void)unlinkat(dir->fd, temp, 0);
    if (rc != RC_OK && err)
        (void)err_prefix(err, "'%s/%s': ", dir->path, name);
    return rc;
}

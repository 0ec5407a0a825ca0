/* SPDX-License-Identifier: MIT */
/*
 * fs_dir.c -- directories, and whole trees below them. See fs.h.
 *
 * A made directory is only as durable as its name in its parent, so fs_dir_open()
 * syncs each parent it adds to. Walks look names up in the open parent and never
 * follow a link: nobody can swap a directory for a link in between.
 */
#include "base/assert.h"
#include "base/base_int.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { TREE_DEPTH_MAX = 64 };

int fs__sync_dir_fd(int fd)
{
    int failed;

    do {
        errno = FAULT(FS_SYNC_DIR);
        failed = errno ? -1 : fsync(fd);
    } while (failed && errno == EINTR);
    return failed ? -1 : 0;
}

static int make_dir(int dir_fd, const char *name)
{
    int failed;

    do {
        errno = FAULT(FS_MKDIR);
        failed = errno ? -1 : mkdirat(dir_fd, name, 0700);
    } while (failed && errno == EINTR);
    return failed ? -1 : 0;
}

/* Makes path and what is missing above it; path is scratch and comes back as it was. */
static enum rc make_path(char *path, struct err *err)
{
    char *slash = strrchr(path, '/');
    const char *parent = !slash ? "." : slash == path ? "/" : path;
    int fd = -1;
    enum rc rc = RC_OK;

    if (slash && slash != path)
        *slash = '\0';
    fd = fs__openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY);
    if (fd < 0 && errno == ENOENT && slash && slash != path) {
        rc = make_path(path, err);
        if (rc == RC_OK)
            fd = fs__openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY);
    }
    if (rc == RC_OK && fd < 0)
        rc = err_set_sys(err, errno, "cannot open directory '%s'", parent);
    if (slash && slash != path)
        *slash = '/';
    if (rc != RC_OK)
        return rc;
    if (make_dir(fd, slash ? slash + 1 : path) != 0 && errno != EEXIST)
        rc = err_set_sys(err, errno, "cannot make directory '%s'", path);
    else if (fs__sync_dir_fd(fd) != 0)
        rc = err_set_sys(err, errno, "cannot sync the parent of '%s'", path);
    fs_close(fd);
    return rc;
}

/* Without doubled and trailing slashes, so that every slash left parts two names. */
static char *tidy_path(const char *path)
{
    char *tidy = xmalloc(strlen(path) + 1), *to = tidy;

    for (; *path; path++)
        if (*path != '/' || to == tidy || to[-1] != '/')
            *to++ = *path;
    if (to > tidy + 1 && to[-1] == '/')
        to--;
    *to = '\0';
    return tidy;
}

enum rc fs_dir_open(const char *path, bool make, struct fs_dir **ret_dir, struct err *err)
{
    struct fs_dir *dir = xcalloc(1, sizeof *dir);
    struct stat st;
    enum rc rc = RC_OK;

    dir->path = tidy_path(path);
    dir->fd = fs__openat(AT_FDCWD, dir->path, O_RDONLY | O_DIRECTORY);
    if (dir->fd < 0 && errno == ENOENT && make && *dir->path) {
        rc = make_path(dir->path, err);
        if (rc != RC_OK)
            goto out;
        dir->fd = fs__openat(AT_FDCWD, dir->path, O_RDONLY | O_DIRECTORY);
    }
    if (dir->fd < 0 || fstat(dir->fd, &st) != 0) {
        rc = err_set_sys(err, errno, "cannot open directory '%s'", path);
        goto out;
    }
    dir->dev = st.st_dev;
    dir->ino = st.st_ino;
    *ret_dir = dir;
    dir = NULL;

out:
    fs_dir_close(dir);
    return rc;
}

void fs_dir_close(struct fs_dir *dir)
{
    if (!dir)
        return;
    fs_close(dir->fd);
    xfree(dir->path);
    xfree(dir);
}

const char *fs_dir_path(const struct fs_dir *dir)
{
    return dir->path;
}

enum rc fs_dir_sync(struct fs_dir *dir, struct err *err)
{
    if (fs__sync_dir_fd(dir->fd) != 0)
        return err_set_sys(err, errno, "cannot sync directory '%s'", dir->path);
    return RC_OK;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A stream of its own: dir->fd keeps its position for others. NULL and errno on failure. */
static DIR *open_stream(int dir_fd, const char *name)
{
    int fd = fs__openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *stream;
    int e;

    if (fd < 0)
        return NULL;
    stream = fdopendir(fd);
    if (!stream) {
        e = errno;
        fs_close(fd);
        errno = e;
    }
    return stream;
}

enum rc fs_dir_each(struct fs_dir *dir, fs_dir_each_fn *each, void *arg, struct err *err)
{
    DIR *stream = open_stream(dir->fd, ".");
    enum rc rc = RC_OK;

    if (!stream)
        return err_set_sys(err, errno, "cannot list directory '%s'", dir->path);
    while (rc == RC_OK) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(stream);
        if (!entry) {
            if (errno)
                rc = err_set_sys(err, errno, "cannot list directory '%s'", dir->path);
            break;
        }
        if (!is_dots(entry->d_name))
            rc = each(arg, entry->d_name, err);
    }
    (void)closedir(stream);
    return rc;
}

enum rc fs_dir_free_bytes(struct fs_dir *dir, uint64_t *ret_bytes, struct err *err)
{
    struct statvfs st;

    if (fstatvfs(dir->fd, &st) != 0)
        return err_set_sys(err, errno, "cannot ask for the free space of '%s'", dir->path);
    *ret_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    return RC_OK;
}

bool fs_dir_still_there(struct fs_dir *dir)
{
    struct stat st;

    return stat(dir->path, &st) == 0 && st.st_dev == dir->dev && st.st_ino == dir->ino;
}

enum rc fs_dir_lock(struct fs_dir *dir, const char *name, int *ret_fd, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);
    int fd, e;

    if (rc != RC_OK)
        return rc;
    fd = fs__openat(dir->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (fd < 0)
        return err_set_sys(err, errno, "cannot open lock '%s/%s'", dir->path, name);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        e = errno;
        fs_close(fd);
        if (e == EWOULDBLOCK)
            return err_set(err, RC_BUSY, NULL, "'%s' is in use by another process", dir->path);
        return err_set_sys(err, e, "cannot lock '%s/%s'", dir->path, name);
    }
    *ret_fd = fd;
    return RC_OK;
}

static int unlink_at(int dir_fd, const char *name, int flags)
{
    int failed;

    do {
        errno = FAULT(FS_UNLINK);
        failed = errno ? -1 : unlinkat(dir_fd, name, flags);
    } while (failed && errno == EINTR);
    return failed ? -1 : 0;
}

enum rc fs_unlink(struct fs_dir *dir, const char *name, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);

    if (rc != RC_OK)
        return rc;
    if (unlink_at(dir->fd, name, 0) != 0)
        return err_set_sys(err, errno, "cannot remove '%s/%s'", dir->path, name);
    return RC_OK;
}

enum rc fs_mkdir(struct fs_dir *dir, const char *name, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);

    if (rc != RC_OK)
        return rc;
    if (make_dir(dir->fd, name) != 0)
        return err_set_sys(err, errno, "cannot make directory '%s/%s'", dir->path, name);
    return RC_OK;
}

bool fs_exists(struct fs_dir *dir, const char *name)
{
    struct stat st;

    return fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * What a walk does at each entry. 0, or an errno value. A directory's step comes
 * after those of its entries, with `inside` open on it; for others inside is -1.
 */
typedef int tree_step_fn(void *arg, int dir_fd, const char *name, const struct stat *st,
                         int inside);

static int walk_tree(int dir_fd, const char *name, int depth, tree_step_fn *step, void *arg)
{
    struct stat st;
    DIR *stream;
    int e = 0;

    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return step(arg, dir_fd, name, &st, -1);
    if (depth == TREE_DEPTH_MAX)
        return ELOOP;
    stream = open_stream(dir_fd, name);
    if (!stream)
        return errno;
    while (e == 0) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(stream);
        if (!entry) {
            e = errno;
            break;
        }
        if (!is_dots(entry->d_name))
            e = walk_tree(dirfd(stream), entry->d_name, depth + 1, step, arg);
        if (e == ENOENT) /* it went while we looked */
            e = 0;
    }
    if (e == 0)
        e = step(arg, dir_fd, name, &st, dirfd(stream));
    (void)closedir(stream);
    return e;
}

static int remove_step(void *arg, int dir_fd, const char *name, const struct stat *st, int inside)
{
    (void)arg;
    (void)inside;
    return unlink_at(dir_fd, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0) == 0 ? 0 : errno;
}

/*
 * A filesystem may skip entries of a listing in which others were removed, so
 * a directory found not empty is walked again, a few times.
 */
enum rc fs_remove_tree(struct fs_dir *dir, const char *name, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);
    int e = ENOTEMPTY, tries;

    if (rc != RC_OK)
        return rc;
    for (tries = 0; tries < 8 && (e == ENOTEMPTY || e == EEXIST); tries++)
        e = walk_tree(dir->fd, name, 0, remove_step, NULL);
    if (e && e != ENOENT)
        return err_set_sys(err, e, "cannot remove '%s/%s'", dir->path, name);
    return RC_OK;
}

static int sync_step(void *arg, int dir_fd, const char *name, const struct stat *st, int inside)
{
    struct err err;
    int fd;
    enum rc rc;

    (void)arg;
    if (inside >= 0)
        return fs__sync_dir_fd(inside) == 0 ? 0 : errno;
    if (!S_ISREG(st->st_mode))
        return 0;
    fd = fs__openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno;
    rc = fs_sync(fd, &err);
    fs_close(fd);
    return rc == RC_OK ? 0 : rc == RC_NO_SPACE ? ENOSPC : EIO;
}

enum rc fs_sync_tree(struct fs_dir *dir, const char *name, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);
    int e;

    if (rc != RC_OK)
        return rc;
    e = walk_tree(dir->fd, name, 0, sync_step, NULL);
    if (e)
        return err_set_sys(err, e, "cannot sync '%s/%s'", dir->path, name);
    return RC_OK;
}

static int count_step(void *arg, int dir_fd, const char *name, const struct stat *st, int inside)
{
    (void)dir_fd;
    (void)name;
    if (inside < 0 && S_ISREG(st->st_mode))
        *(uint64_t *)arg += (uint64_t)st->st_size;
    return 0;
}

uint64_t fs_tree_bytes(const char *path)
{
    uint64_t total = 0;

    (void)walk_tree(AT_FDCWD, path, 0, count_step, &total);
    return total;
}

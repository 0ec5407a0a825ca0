/* SPDX-License-Identifier: MIT */
/*
 * fs.c -- open files: reading, writing, syncing. See fs.h.
 *
 * Every system call stands in a loop that goes on after EINTR and asks its
 * fault point first; a fault's errno then takes the same way as the kernel's.
 * Directories are in fs_dir.c, files that get their name last in fs_draft.c.
 */
#include "base/fs.h"

#include "base/assert.h"
#include "base/base_int.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int fs__openat(int dir_fd, const char *name, int flags)
{
    int fd;

    do {
        errno = FAULT(FS_OPEN);
        fd = errno ? -1 : openat(dir_fd, name, flags | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

enum rc fs__check_name(struct fs_dir *dir, const char *name, struct err *err)
{
    if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return err_set(err, RC_INVALID, NULL, "'%s' is not a name for an entry of '%s'", name,
                       dir->path);
    return RC_OK;
}

/* Opening must not hang on a fifo nor start a device, so not blocking until the kind is known. */
static enum rc open_regular(int dir_fd, const char *dir, const char *name, int flags, int *ret_fd,
                            struct err *err)
{
    const char *slash = *dir ? "/" : "";
    struct stat st;
    int fd, e;

    fd = fs__openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
    if (fd < 0)
        return err_set_sys(err, errno, "cannot open '%s%s%s'", dir, slash, name);
    if (fstat(fd, &st) != 0) {
        e = errno;
        fs_close(fd);
        return err_set_sys(err, e, "cannot look at '%s%s%s'", dir, slash, name);
    }
    if (!S_ISREG(st.st_mode)) {
        fs_close(fd);
        return err_set(err, RC_INVALID, NULL, "'%s%s%s' is not a regular file", dir, slash, name);
    }
    *ret_fd = fd;
    return RC_OK;
}

enum rc fs_open_read(struct fs_dir *dir, const char *name, int *ret_fd, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);

    if (rc != RC_OK)
        return rc;
    return open_regular(dir->fd, dir->path, name, O_NOFOLLOW, ret_fd, err);
}

enum rc fs_open_path(const char *path, int *ret_fd, struct err *err)
{
    return open_regular(AT_FDCWD, "", path, 0, ret_fd, err);
}

enum rc fs_open_new(struct fs_dir *dir, const char *name, int *ret_fd, struct err *err)
{
    enum rc rc = fs__check_name(dir, name, err);
    int fd;

    if (rc != RC_OK)
        return rc;
    fd = fs__openat(dir->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return err_set_sys(err, errno, "cannot create '%s/%s'", dir->path, name);
    *ret_fd = fd;
    return RC_OK;
}

/* at < 0: at the descriptor's own position. */
static enum rc write_all(int fd, struct bytes b, int64_t at, struct err *err)
{
    while (b.n > 0) {
        ssize_t n;

        errno = FAULT(FS_WRITE);
        if (errno)
            n = -1;
        else
            n = at < 0 ? write(fd, b.p, b.n) : pwrite(fd, b.p, b.n, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0) /* never seen on files; would be an endless loop */
            errno = EIO;
        if (n <= 0)
            return err_set_sys(err, errno, "cannot write %zu bytes", b.n);
        b = bytes_of(b.p + n, b.n - (size_t)n);
        if (at >= 0)
            at += n;
    }
    return RC_OK;
}

enum rc fs_write(int fd, struct bytes b, struct err *err)
{
    return write_all(fd, b, -1, err);
}

enum rc fs_pwrite(int fd, struct bytes b, uint64_t at, struct err *err)
{
    ASSERT(at <= INT64_MAX - b.n);
    return write_all(fd, b, (int64_t)at, err);
}

static enum rc read_upto(int fd, uint8_t *p, size_t n, int64_t at, size_t *ret_n, struct err *err)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got;

        errno = FAULT(FS_READ);
        if (errno)
            got = -1;
        else
            got = at < 0 ? read(fd, p + have, n - have)
                         : pread(fd, p + have, n - have, (off_t)at + (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_sys(err, errno, "cannot read %zu bytes", n - have);
        if (got == 0)
            break;
        have += (size_t)got;
    }
    *ret_n = have;
    return RC_OK;
}

enum rc fs_read(int fd, void *p, size_t n, size_t *ret_n, struct err *err)
{
    return read_upto(fd, p, n, -1, ret_n, err);
}

/* An offset that no file can have comes from a damaged file: it is past every end. */
enum rc fs_pread(int fd, void *p, size_t n, uint64_t at, size_t *ret_n, struct err *err)
{
    if (at > (uint64_t)INT64_MAX - n) {
        *ret_n = 0;
        return RC_OK;
    }
    return read_upto(fd, p, n, (int64_t)at, ret_n, err);
}

enum rc fs_size(int fd, uint64_t *ret_size, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_set_sys(err, errno, "cannot look at an open file");
    *ret_size = (uint64_t)st.st_size;
    return RC_OK;
}

enum rc fs_truncate(int fd, uint64_t size, struct err *err)
{
    int failed;

    ASSERT(size <= INT64_MAX);
    do {
        errno = FAULT(FS_WRITE);
        failed = errno ? -1 : ftruncate(fd, (off_t)size);
    } while (failed && errno == EINTR);
    if (failed)
        return err_set_sys(err, errno, "cannot cut a file to %llu bytes", (unsigned long long)size);
    return RC_OK;
}

enum rc fs_allocate(int fd, uint64_t size, struct err *err)
{
    int failed;

    ASSERT(size <= INT64_MAX);
    do {
        errno = FAULT(FS_WRITE);
        failed = errno ? -1 : fallocate(fd, 0, 0, (off_t)size);
    } while (failed && errno == EINTR);
    if (failed && (errno == EOPNOTSUPP || errno == ENOSYS))
        return err_set(err, RC_UNIMPLEMENTED, NULL, "this filesystem does not keep room");
    if (failed)
        return err_set_sys(err, errno, "cannot keep room for a file of %llu bytes",
                           (unsigned long long)size);
    return RC_OK;
}

/* EINTR tells that nothing was tried, so trying again is not the retry that fs.h forbids. */
static enum rc sync_with(int (*call)(int), int fd, struct err *err)
{
    bool was_going = spare__away();
    int failed;

    do {
        errno = FAULT(FS_SYNC);
        failed = errno ? -1 : call(fd);
    } while (failed && errno == EINTR);
    spare__back(was_going);
    if (failed)
        return err_set_sys(err, errno, "cannot sync a file");
    return RC_OK;
}

enum rc fs_sync(int fd, struct err *err)
{
    return sync_with(fsync, fd, err);
}

enum rc fs_sync_data(int fd, struct err *err)
{
    return sync_with(fdatasync, fd, err);
}

/* Linux has let go of the descriptor even when close() says EINTR: never call it twice. */
enum rc fs_close_checked(int fd, struct err *err)
{
    if (close(fd) != 0 && errno != EINTR)
        return err_set_sys(err, errno, "cannot close a file");
    return RC_OK;
}

void fs_close(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void fs_start_writeback(int fd, uint64_t from, uint64_t n)
{
    if (from <= INT64_MAX && n <= INT64_MAX)
        (void)sync_file_range(fd, (off64_t)from, (off64_t)n, SYNC_FILE_RANGE_WRITE);
}

enum rc fs_read_all(struct fs_dir *dir, const char *name, size_t max, uint8_t **ret_p,
                    size_t *ret_n, struct err *err)
{
    uint8_t *p = NULL;
    uint64_t size;
    size_t n = 0;
    int fd = -1;
    enum rc rc;

    rc = fs_open_read(dir, name, &fd, err);
    if (rc != RC_OK)
        goto out;
    rc = fs_size(fd, &size, err);
    if (rc != RC_OK)
        goto out;
    if (size > max) {
        rc = err_set(err, RC_TOO_LARGE, NULL, "'%s/%s' has %llu bytes, the limit is %zu", dir->path,
                     name, (unsigned long long)size, max);
        goto out;
    }
    p = xmalloc((size_t)size + 1); /* a NUL behind it, for readers of text */
    rc = fs_read(fd, p, (size_t)size, &n, err);
    if (rc != RC_OK)
        goto out;
    p[n] = '\0';
    *ret_n = n;
    *ret_p = p;
    p = NULL;

out:
    xfree(p);
    fs_close(fd);
    return rc;
}

/* SPDX-License-Identifier: MIT */
/*
 * syscalls.c -- see syscalls.h.
 *
 * The linker takes these for the base room's calls before it looks into the C
 * library. Fortified headers would make macros of some names.
 */
#undef _FORTIFY_SOURCE
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

struct syscalls_mood syscalls_mood;

static size_t part_of(size_t n)
{
    syscalls_mood.n_parts++;
    return syscalls_mood.max_part && n > syscalls_mood.max_part ? syscalls_mood.max_part : n;
}

ssize_t write(int fd, const void *p, size_t n)
{
    return syscall(SYS_write, fd, p, part_of(n));
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return syscall(SYS_pwrite64, fd, p, part_of(n), at);
}

ssize_t read(int fd, void *p, size_t n)
{
    return syscall(SYS_read, fd, p, part_of(n));
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return syscall(SYS_pread64, fd, p, part_of(n), at);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
    unsigned mode = 0;
    va_list ap;

    if (flags & (O_CREAT | __O_TMPFILE)) {
        va_start(ap, flags);
        mode = va_arg(ap, unsigned);
        va_end(ap);
    }
    if (syscalls_mood.no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, dir_fd, path, flags, mode);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (syscalls_mood.no_noreplace && flags & RENAME_NOREPLACE) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int fsync(int fd)
{
    if (syscalls_mood.at_sync)
        syscalls_mood.at_sync();
    return (int)syscall(SYS_fsync, fd);
}

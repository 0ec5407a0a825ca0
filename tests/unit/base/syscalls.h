/* SPDX-License-Identifier: MIT */
/*
 * syscalls.h -- this test program's own write(), read(), openat(), renameat2() and fsync().
 *
 * They do what the kernel may do and rarely does: take a part only, know no
 * O_TMPFILE, know no RENAME_NOREPLACE. All zero: they pass everything on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct syscalls_mood {
    size_t max_part;       /* bytes that one write or read moves at most; 0: no limit */
    unsigned n_parts;      /* calls of write() and read() that were made */
    bool no_tmpfile;       /* openat(O_TMPFILE) says EOPNOTSUPP */
    bool no_noreplace;     /* renameat2(RENAME_NOREPLACE) says EINVAL */
    void (*at_sync)(void); /* called within fsync(); may be NULL */
};

extern struct syscalls_mood syscalls_mood;

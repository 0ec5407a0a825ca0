/* SPDX-License-Identifier: MIT */
/* base_int.h -- what files of the base room share with each other and their tests. */
#pragma once

#include "base/bytes.h"
#include "base/fs.h"

#include <sys/types.h>

/* A moment in the proleptic Gregorian calendar, UTC. */
struct clock_civil {
    int year, month, day; /* month and day count from 1 */
    int hour, minute, second;
    int ns;
};

void clock__civil(int64_t wall_ns, struct clock_civil *ret_civil);

/* The table form of crc32c(), for machines without the instruction. */
uint32_t hash__crc32c_soft(uint32_t crc, struct bytes b);

/*
 * Around what makes a thread wait elsewhere: a thread of long work (spare.h) does not
 * go on meanwhile. spare__back() takes what spare__away() gave.
 */
bool spare__away(void);
void spare__back(bool was_going);
/* For tests: as if there were n cores, 0 for those there are; and who goes on and who stands still.
 */
void spare__set_cores(unsigned n);
void spare__count(unsigned *ret_going, unsigned *ret_still);

/* The trace id of this thread, "" for none. */
const char *log__trace(void);

struct fs_dir {
    char *path; /* owned */
    int fd;     /* owned */
    dev_t dev;
    ino_t ino;
};

enum { FS__TEMP_NAME = 32 }; /* bytes of ".<16 hex digits>.part" and its NUL, rounded up */

/* RC_INVALID unless name is one plain component. */
enum rc fs__check_name(struct fs_dir *dir, const char *name, struct err *err) MUST_CHECK;
/* A new, exclusively created and flock()ed ".<random>.part"; its name goes to ret_name. */
enum rc fs__temp_open(struct fs_dir *dir, char ret_name[FS__TEMP_NAME], int *ret_fd,
                      struct err *err) MUST_CHECK;
/* openat() that goes on after EINTR, passing FS_OPEN; -1 and errno on failure. */
int fs__openat(int dir_fd, const char *name, int flags);
/* fsync() of a directory, passing FS_SYNC_DIR; -1 and errno on failure. */
int fs__sync_dir_fd(int fd);

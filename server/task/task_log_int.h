/* SPDX-License-Identifier: MIT */
/* task_log_int.h -- the log's bytes: shared by task_log.c (writing) and task_recovery.c (what is
 * left). */
#pragma once

#include "base/buf.h"
#include "task/task_int.h"

enum {
    TASK__LOG_HEAD = 52,   /* bytes of a segment's head */
    TASK__ENTRY_HEAD = 16, /* bytes in front of an entry's body */
    TASK__BODY_MAX = TASK__RECORD_MAX + 64 * 1024,
    TASK__LOG_NAME = 24,
};

struct task__log {
    struct fs_dir *dir;    /* borrowed */
    struct mutex lock;     /* guards the list, and uid_end of its members */
    struct mutex dropping; /* who takes segments off: two would not keep their order */
    struct task__segment *oldest, *youngest;
    bool writable; /* the youngest may be appended to */
    bool bulk;     /* import: who builds the directory syncs it */
    uint32_t next_number;
    uint64_t next_uid, next_batch;
    struct buf group;
    uint64_t group_uid_end;
};

struct task__log_head {
    uint32_t number, before_number;
    uint64_t next_uid, next_batch, before_good;
};

char *task__log_name(char dst[TASK__LOG_NAME], uint32_t number);
bool task__log_decode_head(const uint8_t *p, struct task__log_head *ret_head);
struct task__segment *task__segment_new(uint32_t number, int fd, uint64_t size);
void task__log_add(struct task__log *log, struct task__segment *segment);
/* Reads the entry at `at` into *out; *ret_length (of its body) 0: there is no whole, right one. */
enum rc task__log_entry(int fd, uint64_t at, uint64_t limit, struct buf *out, uint32_t *ret_length,
                        struct err *err) MUST_CHECK;
enum rc task__log_unpack(struct bytes body, struct arena *arena, task_record **ret_task,
                         struct err *err) MUST_CHECK;

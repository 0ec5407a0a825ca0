/* SPDX-License-Identifier: MIT */
/*
 * task_recovery.c -- what is left of the log after a crash. Format and rules: task_log.c.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "task/task_log_int.h"

#include <stdlib.h>

static bool parse_name(const char *name, uint32_t *ret_number)
{
    uint64_t number = 0;
    const char *p = name + 4;

    if (strncmp(name, "log-", 4) != 0 || strlen(p) < 6 || strlen(p) > 10 ||
        strspn(p, "0123456789") != strlen(p))
        return false;
    for (; *p; p++)
        number = number * 10 + (uint64_t)(*p - '0');
    *ret_number = (uint32_t)number;
    return number > 0 && number < UINT32_MAX;
}

struct found {
    uint32_t number;
    int fd;
    uint64_t size;
    struct task__log_head head;
};

struct recovery {
    struct task__log *log;
    struct found *found;
    size_t n, cap;
    task__log_entry_fn *each;
    void *arg;
    uint64_t uid_end; /* of the entries so far */
    struct arena *arena;
    struct buf body;
};

static enum rc corrupt(const struct recovery *r, const struct found *f, uint64_t offset,
                       const char *what, struct err *err)
{
    char name[TASK__LOG_NAME];

    return err_set(err, RC_CORRUPT, NULL, "'%s/%s' is damaged at offset %llu: %s",
                   fs_dir_path(r->log->dir), task__log_name(name, f->number),
                   (unsigned long long)offset, what);
}

static enum rc note_file(void *arg, const char *name, struct err *err)
{
    struct recovery *r = arg;
    uint32_t number;

    (void)err;
    if (!parse_name(name, &number))
        return RC_OK;
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 8;
        r->found = xrealloc(r->found, r->cap * sizeof *r->found);
    }
    r->found[r->n++] = (struct found){.number = number, .fd = -1};
    return RC_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const struct found *)a)->number, y = ((const struct found *)b)->number;

    return (x > y) - (x < y);
}

/*
 * Opens one file and reads its head. *ret_empty: its making was cut off before the
 * head was synced, so nothing can be in it.
 */
static enum rc open_found(struct recovery *r, struct found *f, bool *ret_empty, struct err *err)
{
    uint8_t p[TASK__LOG_HEAD];
    char name[TASK__LOG_NAME];
    size_t n = 0;
    enum rc rc;

    rc = fs_open_read(r->log->dir, task__log_name(name, f->number), &f->fd, err);
    if (rc == RC_OK)
        rc = fs_size(f->fd, &f->size, err);
    if (rc == RC_OK)
        rc = fs_pread(f->fd, p, sizeof p, 0, &n, err);
    if (rc != RC_OK)
        return rc;
    *ret_empty = false;
    if (n == TASK__LOG_HEAD && task__log_decode_head(p, &f->head) && f->head.number == f->number)
        return RC_OK;
    if (f->size > TASK__LOG_HEAD)
        return corrupt(r, f, 0, "its head is not that of a log segment of this version", err);
    *ret_empty = true;
    return RC_OK;
}

static enum rc open_files(struct recovery *r, struct err *err)
{
    size_t i, n = 0;
    enum rc rc;

    rc = fs_dir_each(r->log->dir, note_file, r, err);
    if (rc != RC_OK)
        return rc;
    if (r->n)
        qsort(r->found, r->n, sizeof *r->found, by_number);
    for (i = 0; i < r->n; i++) {
        struct found f = r->found[i];
        bool empty = false;
        char name[TASK__LOG_NAME];

        r->log->next_number = f.number + 1;
        rc = open_found(r, &f, &empty, err);
        if (rc != RC_OK) {
            fs_close(f.fd);
            break;
        }
        if (empty) {
            fs_close(f.fd);
            task__remove_file(r->log->dir, task__log_name(name, f.number));
            continue;
        }
        r->found[i].fd = -1;
        r->found[n++] = f;
    }
    r->n = n;
    return rc;
}

/* Is there a whole entry behind `bad` whose group began behind `bad` too? */
static enum rc find_later_group(const struct found *f, uint64_t bad, bool *ret_found,
                                struct err *err)
{
    size_t n = (size_t)(f->size - bad), i;
    uint8_t *p = xmalloc(n + 1);
    enum rc rc;

    *ret_found = false;
    rc = fs_pread(f->fd, p, n, bad, &n, err);
    for (i = 1; rc == RC_OK && i + TASK__ENTRY_HEAD < n; i++) {
        uint32_t length = get_u32le(p + i), crc;
        uint64_t group = get_u64le(p + i + 8);

        if (group <= bad || group > bad + i || length == 0 || length > n - i - TASK__ENTRY_HEAD)
            continue;
        crc = crc32c(0, bytes_of(p + i, 4));
        crc = crc32c(crc, bytes_of(p + i + 8, 8 + (size_t)length));
        if (crc == get_u32le(p + i + 4)) {
            *ret_found = true;
            break;
        }
    }
    xfree(p);
    return rc;
}

static bool sound(const task_record *task)
{
    return task->type >= TASK_DOCUMENT_ADDITION && task->type <= TASK__LAST_TYPE &&
           (task->status == TASK_ENQUEUED || task->status == TASK_PROCESSING);
}

/* Hands out the entries of f up to `limit`; `strict`: all of them must be right. */
static enum rc walk(struct recovery *r, const struct found *f, struct task__segment *segment,
                    uint64_t limit, bool strict, struct err *err)
{
    uint64_t at = TASK__LOG_HEAD;
    enum rc rc;

    while (at < limit) {
        task_record *task = NULL;
        uint32_t length = 0;
        bool damage = strict;

        rc = task__log_entry(f->fd, at, limit, &r->body, &length, err);
        if (rc == RC_OK && length == 0 && !strict)
            rc = find_later_group(f, at, &damage, err);
        if (rc != RC_OK)
            return rc;
        if (length == 0 && damage)
            return corrupt(r, f, at, "the checksum of an accepted task is wrong", err);
        if (length == 0)
            break;
        arena_reset(r->arena);
        rc = task__log_unpack(bytes_of(r->body.p + TASK__ENTRY_HEAD, length), r->arena, &task, err);
        if (rc != RC_OK)
            return rc;
        if (!sound(task) || task->uid < r->uid_end)
            return corrupt(r, f, at, "the task makes no sense", err);
        r->uid_end = task->uid + 1;
        segment->uid_end = r->uid_end;
        rc = r->each(r->arg, task, (struct task__place){segment, at, TASK__ENTRY_HEAD + length},
                     err);
        if (rc != RC_OK)
            return rc;
        at += TASK__ENTRY_HEAD + length;
    }
    segment->size = at;
    return RC_OK;
}

/*
 * A segment whose making failed is never written to, but may have stayed when it
 * could not be removed either. The next one passed over it in naming the one before.
 */
static void drop_abandoned(struct recovery *r)
{
    size_t i;

    for (i = r->n; i > 1; i--) {
        struct found *f = &r->found[i - 1], *before = f - 1;
        char name[TASK__LOG_NAME];

        if (before->number <= f->head.before_number || before->size != TASK__LOG_HEAD)
            continue;
        fs_close(before->fd);
        task__remove_file(r->log->dir, task__log_name(name, before->number));
        memmove(before, f, (r->n - (i - 1)) * sizeof *f);
        r->n--;
    }
}

static enum rc walk_all(struct recovery *r, struct err *err)
{
    struct task__log *log = r->log;
    enum rc rc = RC_OK;
    size_t i;

    for (i = 1; i < r->n; i++)
        if (r->found[i].head.before_number != r->found[i - 1].number)
            return corrupt(r, &r->found[i], 32, "the segment before it is missing", err);
    for (i = 0; rc == RC_OK && i < r->n; i++) {
        struct found *f = &r->found[i];
        bool last = i + 1 == r->n;
        uint64_t limit = last ? f->size : r->found[i + 1].head.before_good;
        struct task__segment *segment;

        if (limit > f->size)
            return corrupt(r, f, f->size, "it is shorter than it was", err);
        segment = task__segment_new(f->number, f->fd, f->size);
        segment->uid_end = f->head.next_uid;
        task__log_add(log, segment);
        log->next_batch =
            f->head.next_batch > log->next_batch ? f->head.next_batch : log->next_batch;
        if (f->head.next_uid > r->uid_end)
            r->uid_end = f->head.next_uid;
        rc = walk(r, f, segment, limit, !last, err);
        f->fd = -1; /* the segment's now */
    }
    log->next_uid = r->uid_end;
    return rc;
}

/*
 * Who was killed may have written entries, and made their segment, without syncing
 * them. They count from now on, and the next segment's head will say so.
 */
static enum rc settle(struct task__log *log, struct err *err)
{
    enum rc rc = RC_OK;

    if (log->youngest)
        rc = fs_sync_data(log->youngest->fd, err);
    if (rc == RC_OK)
        rc = fs_dir_sync(log->dir, err);
    return rc;
}

enum rc task__log_open(struct fs_dir *dir, task__log_entry_fn *each, void *arg,
                       struct task__log **ret_log, struct err *err)
{
    struct recovery r = {.each = each, .arg = arg};
    struct task__log *log = xcalloc(1, sizeof *log);
    enum rc rc;
    size_t i;

    log->dir = dir;
    log->next_number = 1;
    mutex_init(&log->lock);
    mutex_init(&log->dropping);
    buf_init(&log->group, BUF_NO_LIMIT);
    r.log = log;
    r.arena = task__record_arena();
    buf_init(&r.body, TASK__ENTRY_HEAD + TASK__BODY_MAX);
    rc = open_files(&r, err);
    if (rc == RC_OK) {
        drop_abandoned(&r);
        rc = walk_all(&r, err);
    }
    if (rc == RC_OK)
        rc = settle(log, err);
    for (i = 0; i < r.n; i++)
        fs_close(r.found[i].fd);
    xfree(r.found);
    arena_free(r.arena);
    buf_done(&r.body);
    if (rc != RC_OK)
        task__log_close(log);
    else
        *ret_log = log;
    return rc;
}

void task__log_close(struct task__log *log)
{
    struct task__segment *segment, *next;

    if (!log)
        return;
    for (segment = log->oldest; segment; segment = next) {
        next = segment->next;
        task__segment_unref(segment);
    }
    buf_done(&log->group);
    mutex_done(&log->dropping);
    mutex_done(&log->lock);
    xfree(log);
}

uint64_t task__log_next_uid(const struct task__log *log)
{
    return log->next_uid;
}

uint64_t task__log_next_batch(const struct task__log *log)
{
    return log->next_batch;
}

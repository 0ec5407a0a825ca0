/* SPDX-License-Identifier: MIT */
/*
 * task_log.c -- the task log: segments of appended records, and what is left of
 * them after a crash.
 *
 *   file     queue/log-<number, 6 digits>
 *   head     "LODETLOG" version(4) number(4) next_uid(8) next_batch(8)
 *            before_number(4) before_good(8) crc32c(4)         little-endian
 *   entry    length(4) crc32c(4) group(8) body(length)
 *            body: one record (varint length, Record{task}), the payload of a
 *            small addition inside; group: offset of the first entry that was
 *            written and synced together with this one; the checksum covers
 *            length, group and body
 *
 * (1) A group is one write and one sync. Only then are its tasks accepted.
 * (2) After a failed write or sync a segment is not touched again: the kernel may
 *     have dropped the pages, and a later sync would lie. The next group opens a
 *     new segment, whose head says how many bytes of the one before are good
 *     (before_good), so that what failed does not come back.
 * (3) In the last segment, a bad entry with a good one of a *later* group behind
 *     it is damage: that group was begun after the bad one had been synced. With
 *     none behind it is the torn tail of a write that nobody was told about, and
 *     is dropped. In all others each byte up to before_good must be right.
 * (4) Segments go from the oldest on, each removal synced before the next, so the
 *     chain of before_number has no holes but by damage. A segment whose making
 *     failed is not in the chain; all that can be left of it is its head.
 * (5) Heads hold the next uid: uids stay unique when all entries are gone.
 *
 * The log thread appends; others read entries and take ended segments off.
 */
#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "task/task_log_int.h"

#include <stdio.h>

static const char magic[8] = {'L', 'O', 'D', 'E', 'T', 'L', 'O', 'G'};

enum { LOG_VERSION = 1 };

char *task__log_name(char dst[TASK__LOG_NAME], uint32_t number)
{
    (void)snprintf(dst, TASK__LOG_NAME, "log-%06u", number);
    return dst;
}

void task__remove_file(struct fs_dir *dir, const char *name)
{
    struct err err;

    if (fs_unlink(dir, name, &err) != RC_OK)
        log_event(LOG_WARN, "task", "cannot remove a file of the queue", "file=%s rc=%s", name,
                  rc_name(err.rc));
}

/* ---- segments --------------------------------------------------------------------------- */

void task__segment_ref(struct task__segment *segment)
{
    atomic_fetch_add(&segment->refs, 1);
}

void task__segment_unref(struct task__segment *segment)
{
    if (!segment || atomic_fetch_sub(&segment->refs, 1) > 1)
        return;
    fs_close(segment->fd);
    xfree(segment);
}

struct task__segment *task__segment_new(uint32_t number, int fd, uint64_t size)
{
    struct task__segment *segment = xcalloc(1, sizeof *segment);

    segment->number = number;
    segment->fd = fd;
    segment->size = size;
    atomic_init(&segment->refs, 1);
    return segment;
}

void task__log_add(struct task__log *log, struct task__segment *segment)
{
    mutex_lock(&log->lock);
    if (log->youngest)
        log->youngest->next = segment;
    else
        log->oldest = segment;
    log->youngest = segment;
    mutex_unlock(&log->lock);
}

/* The oldest, if no uid that is not ended is in it, and it is not the youngest too. */
static struct task__segment *find_ended(struct task__log *log, uint64_t floor)
{
    struct task__segment *segment;

    mutex_lock(&log->lock);
    segment = log->oldest;
    if (segment == log->youngest || segment->uid_end > floor)
        segment = NULL;
    mutex_unlock(&log->lock);
    return segment;
}

/* Durable when true. One that is gone already was removed by a call whose sync failed. */
static bool remove_segment(struct task__log *log, const struct task__segment *segment)
{
    char name[TASK__LOG_NAME];
    enum rc rc;

    rc = fs_unlink(log->dir, task__log_name(name, segment->number), NULL);
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        rc = fs_dir_sync(log->dir, NULL);
    if (rc != RC_OK)
        log_event(LOG_WARN, "task", "cannot remove an ended segment of the log", "segment=%s rc=%s",
                  name, rc_name(rc));
    return rc == RC_OK;
}

void task__log_drop_ended(struct task__log *log, uint64_t floor)
{
    struct task__segment *segment;

    mutex_lock(&log->dropping);
    while ((segment = find_ended(log, floor)) && remove_segment(log, segment)) {
        mutex_lock(&log->lock);
        log->oldest = segment->next;
        mutex_unlock(&log->lock);
        task__segment_unref(segment);
    }
    mutex_unlock(&log->dropping);
}

/* ---- heads ------------------------------------------------------------------------------- */

static void encode_head(uint8_t dst[TASK__LOG_HEAD], const struct task__log_head *head)
{
    memcpy(dst, magic, sizeof magic);
    put_u32le(dst + 8, LOG_VERSION);
    put_u32le(dst + 12, head->number);
    put_u64le(dst + 16, head->next_uid);
    put_u64le(dst + 24, head->next_batch);
    put_u32le(dst + 32, head->before_number);
    put_u64le(dst + 36, head->before_good);
    put_u32le(dst + 44, 0);
    put_u32le(dst + 48, crc32c(0, bytes_of(dst, 48)));
}

bool task__log_decode_head(const uint8_t *p, struct task__log_head *ret_head)
{
    if (memcmp(p, magic, sizeof magic) != 0 || get_u32le(p + 48) != crc32c(0, bytes_of(p, 48)) ||
        get_u32le(p + 8) != LOG_VERSION)
        return false;
    ret_head->number = get_u32le(p + 12);
    ret_head->next_uid = get_u64le(p + 16);
    ret_head->next_batch = get_u64le(p + 24);
    ret_head->before_number = get_u32le(p + 32);
    ret_head->before_good = get_u64le(p + 36);
    return true;
}

/* ---- entries ------------------------------------------------------------------------- */

/* Checks head and body of the entry at p (n bytes are there); the body's length, or 0. */
static uint32_t check_entry(const uint8_t *p, uint64_t n, uint64_t at)
{
    uint32_t length, crc;
    uint64_t group;

    if (n < TASK__ENTRY_HEAD)
        return 0;
    length = get_u32le(p);
    group = get_u64le(p + 8);
    if (length == 0 || length > TASK__BODY_MAX || length > n - TASK__ENTRY_HEAD || group > at ||
        group < TASK__LOG_HEAD)
        return 0;
    crc = crc32c(crc32c(0, bytes_of(p, 4)), bytes_of(p + 8, 8 + (size_t)length));
    return crc == get_u32le(p + 4) ? length : 0;
}

enum rc task__log_entry(int fd, uint64_t at, uint64_t limit, struct buf *out, uint32_t *ret_length,
                        struct err *err)
{
    uint8_t head[TASK__ENTRY_HEAD];
    uint32_t length;
    size_t n = 0;
    enum rc rc;

    *ret_length = 0;
    rc = fs_pread(fd, head, sizeof head, at, &n, err);
    if (rc != RC_OK || n < sizeof head)
        return rc;
    length = get_u32le(head);
    if (length > TASK__BODY_MAX || at + TASK__ENTRY_HEAD + length > limit)
        return RC_OK;
    buf_clear(out);
    if (!buf_reserve(out, TASK__ENTRY_HEAD + (size_t)length))
        return RC_OK;
    rc = fs_pread(fd, out->p, TASK__ENTRY_HEAD + (size_t)length, at, &n, err);
    if (rc != RC_OK)
        return rc;
    out->n = n;
    *ret_length = check_entry(out->p, n, at);
    return RC_OK;
}

enum rc task__log_unpack(struct bytes body, struct arena *arena, task_record **ret_task,
                         struct err *err)
{
    const Lode__Dump__V1__Record *msg = NULL;
    struct record record;
    enum rc rc = RC_OK;

    if (!record_next(&body, &record, &rc, err))
        return rc != RC_OK ? rc : err_set(err, RC_CORRUPT, NULL, "an entry of the log is empty");
    rc = record_unpack(&record, arena, &msg, err);
    if (rc != RC_OK)
        return rc;
    if (msg->kind_case != LODE__DUMP__V1__RECORD__KIND_TASK || body.n > 0)
        return err_set(err, RC_CORRUPT, NULL, "an entry of the log is no task");
    *ret_task = msg->task;
    return RC_OK;
}

enum rc task__log_read(struct task__place place, struct arena *arena, task_record **ret_task,
                       struct err *err)
{
    struct buf entry;
    uint32_t length = 0;
    enum rc rc;

    buf_init(&entry, TASK__ENTRY_HEAD + TASK__BODY_MAX);
    rc = task__log_entry(place.segment->fd, place.offset, place.offset + place.length, &entry,
                         &length, err);
    if (rc == RC_OK && length + TASK__ENTRY_HEAD != place.length)
        rc = err_set(err, RC_CORRUPT, NULL, "log segment %u is damaged at offset %llu",
                     place.segment->number, (unsigned long long)place.offset);
    if (rc == RC_OK)
        rc = task__log_unpack(bytes_of(entry.p + TASK__ENTRY_HEAD, length), arena, ret_task, err);
    buf_done(&entry);
    return rc;
}

/* ---- appending ----------------------------------------------------------------------- */

static enum rc new_segment(struct task__log *log, uint64_t next_uid, uint64_t next_batch,
                           struct err *err)
{
    struct task__log_head head = {
        .number = log->next_number, .next_uid = next_uid, .next_batch = next_batch};
    struct task__segment *segment;
    uint8_t p[TASK__LOG_HEAD];
    char name[TASK__LOG_NAME];
    int fd = -1;
    enum rc rc;

    if (log->youngest) {
        head.before_number = log->youngest->number;
        head.before_good = log->youngest->size;
    }
    encode_head(p, &head);
    log->next_number++; /* a number is tried once */
    rc = fs_open_new(log->dir, task__log_name(name, head.number), &fd, err);
    if (rc != RC_OK)
        return rc;
    rc = fs_write(fd, bytes_of(p, sizeof p), err);
    if (rc == RC_OK)
        rc = fs_sync(fd, err);
    if (rc == RC_OK)
        rc = fs_dir_sync(log->dir, err);
    if (rc != RC_OK) {
        fs_close(fd);
        task__remove_file(log->dir, name);
        return rc;
    }
    segment = task__segment_new(head.number, fd, TASK__LOG_HEAD);
    segment->uid_end = next_uid;
    task__log_add(log, segment);
    log->writable = true;
    return RC_OK;
}

enum rc task__log_begin(struct task__log *log, uint64_t next_uid, uint64_t next_batch,
                        struct err *err)
{
    buf_clear(&log->group);
    log->group_uid_end = next_uid;
    if (log->writable && log->youngest->size < TASK__SEGMENT_MAX)
        return RC_OK;
    log->writable = false;
    return new_segment(log, next_uid, next_batch, err);
}

void task__log_put(struct task__log *log, uint64_t uid, struct bytes head, struct bytes rest,
                   struct task__place *ret_place)
{
    struct buf *group = &log->group;
    uint64_t base = log->youngest->size;
    size_t start = group->n, n_task = head.n + rest.n, n_record;
    uint8_t varint[VARINT_MAX], entry[TASK__ENTRY_HEAD] = {0};
    uint32_t crc, length;

    /* Record{task}: the tag of field 6, a length, and two packed halves of one Task. */
    n_record = 1 + put_varint(varint, n_task) + n_task;
    ASSERT(n_record <= TASK__RECORD_MAX + 32 * 1024);
    (void)buf_append(group, entry, sizeof entry);
    (void)buf_varint(group, n_record);
    (void)buf_byte(group, LODE__DUMP__V1__RECORD__KIND_TASK << 3 | 2);
    (void)buf_varint(group, n_task);
    (void)buf_bytes(group, head);
    (void)buf_bytes(group, rest);
    ASSERT(buf_ok(group));
    length = (uint32_t)(group->n - start - TASK__ENTRY_HEAD);
    put_u32le(group->p + start, length);
    put_u64le(group->p + start + 8, base);
    crc = crc32c(0, bytes_of(group->p + start, 4));
    crc = crc32c(crc, bytes_of(group->p + start + 8, 8 + (size_t)length));
    put_u32le(group->p + start + 4, crc);
    *ret_place = (struct task__place){log->youngest, base + start, TASK__ENTRY_HEAD + length};
    log->group_uid_end = uid + 1;
}

enum rc task__log_commit(struct task__log *log, bool *ret_certain, struct err *err)
{
    struct task__segment *segment = log->youngest;
    enum rc rc;

    ASSERT(log->writable);
    *ret_certain = true;
    rc = fs_pwrite(segment->fd, buf_view(&log->group), segment->size, err);
    if (rc == RC_OK) {
        rc = log->bulk ? RC_OK : fs_sync_data(segment->fd, err);
        if (rc != RC_OK)
            *ret_certain = false;
    } else if (fs_truncate(segment->fd, segment->size, NULL) != RC_OK ||
               fs_sync_data(segment->fd, NULL) != RC_OK) {
        *ret_certain = false;
    }
    if (rc != RC_OK) {
        log->writable = false;
        return rc;
    }
    mutex_lock(&log->lock);
    segment->size += log->group.n;
    segment->uid_end = log->group_uid_end;
    mutex_unlock(&log->lock);
    if (log->group.cap > 4u << 20) { /* a huge group shall not keep its memory */
        buf_done(&log->group);
        buf_init(&log->group, BUF_NO_LIMIT);
    }
    return RC_OK;
}

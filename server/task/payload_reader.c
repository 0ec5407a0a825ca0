/* SPDX-License-Identifier: MIT */
/*
 * payload_reader.c -- the frames of a queued task's payload, one after another.
 *
 * The bytes are our own, but a disk may damage them: lengths are checked against
 * what is there, and a payload that ends in the middle of a piece is RC_CORRUPT.
 */
#include "base/mem.h"
#include "task/task_int.h"

enum { FRAME_MAX = RECORD_FRAME_MAX + RECORD_FRAME_MAX / 128 + 1024 }; /* more than zstd's bound */

struct task__payload_reader {
    struct bytes rest; /* inline: what is still to come; borrowed */
    int fd;            /* spooled; owned */
    struct buf frame;
};

enum rc task__payload_open(struct fs_dir *dir, const task_record *task,
                           struct task__payload_reader **ret_reader, struct err *err)
{
    struct task__payload_reader *r = xcalloc(1, sizeof *r);
    enum rc rc = RC_OK;
    uint64_t number;

    r->fd = -1;
    r->rest = bytes_of(task->payload.data, task->payload.len);
    buf_init(&r->frame, FRAME_MAX);
    if (task->spool[0] && !task__spool_number(task->spool, &number))
        rc = err_set(err, RC_CORRUPT, NULL, "task %llu names no spool file",
                     (unsigned long long)task->uid);
    else if (task->spool[0])
        rc = fs_open_read(dir, task->spool, &r->fd, err);
    if (rc == RC_NOT_FOUND)
        rc = err_set(err, RC_CORRUPT, NULL, "the documents of task %llu ('%s') are gone",
                     (unsigned long long)task->uid, task->spool);
    if (rc != RC_OK)
        task__payload_close(r);
    else
        *ret_reader = r;
    return rc;
}

void task__payload_close(struct task__payload_reader *r)
{
    if (!r)
        return;
    fs_close(r->fd);
    buf_done(&r->frame);
    xfree(r);
}

static enum rc cut(struct err *err)
{
    return err_set(err, RC_CORRUPT, NULL, "the documents of a queued task are cut off or damaged");
}

/* n bytes at *ret_p, borrowed; *ret_n fewer only at the end. */
static enum rc take(struct task__payload_reader *r, size_t n, const uint8_t **ret_p, size_t *ret_n,
                    struct err *err)
{
    enum rc rc;

    if (r->fd < 0) {
        *ret_p = r->rest.p;
        *ret_n = n < r->rest.n ? n : r->rest.n;
        r->rest = bytes_of(r->rest.p + *ret_n, r->rest.n - *ret_n);
        return RC_OK;
    }
    buf_clear(&r->frame);
    if (!buf_reserve(&r->frame, n))
        return cut(err);
    rc = fs_read(r->fd, r->frame.p, n, ret_n, err);
    *ret_p = r->frame.p;
    return rc;
}

enum rc task__payload_next(struct task__payload_reader *r, struct bytes *ret_frame,
                           uint32_t *ret_documents, bool *ret_more, struct err *err)
{
    const uint8_t *p = NULL;
    uint32_t length, n_documents;
    size_t n = 0;
    enum rc rc;

    *ret_more = false;
    if (r->fd < 0 && r->rest.n == 0)
        return RC_OK;
    rc = take(r, TASK__PIECE_HEAD, &p, &n, err);
    if (rc != RC_OK || n == 0)
        return rc;
    if (n < TASK__PIECE_HEAD)
        return cut(err);
    length = get_u32le(p);
    n_documents = get_u32le(p + 4);
    if (length == 0 || length > FRAME_MAX)
        return cut(err);
    rc = take(r, length, &p, &n, err);
    if (rc != RC_OK)
        return rc;
    if (n < length)
        return cut(err);
    *ret_frame = bytes_of(p, length);
    *ret_documents = n_documents;
    *ret_more = true;
    return RC_OK;
}

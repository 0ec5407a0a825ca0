/* SPDX-License-Identifier: MIT */
/*
 * payload.c -- the documents of an upload, taken as they arrive.
 *
 *   piece    frame length(4) documents(4), little-endian, then one zstd frame of
 *            task_document records
 *   payload  pieces, in memory up to TASK__INLINE_MAX bytes (they go into the log
 *            entry), else in queue/spool-<n>
 *
 * Parsing here, on the uploader's thread, is what makes syntax errors immediate
 * answers; the writer only reads frames. A spool file is synced, and its name in
 * the directory too, before the entry that names it is written. Files that no
 * entry names are swept when the queue opens.
 *
 * Compression is zstd level 1: the bytes are read once, a second from now.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "task/task_int.h"
#include "json/csv.h"
#include "json/json_stream.h"

#include <stdio.h>

enum {
    PIECE_TARGET = 128 * 1024, /* content bytes of a frame */
    PAYLOAD_LEVEL = 1,
    WRITEBACK_BYTES = 8 << 20, /* written before the kernel is asked to begin */
    REASON_MAX = 138,
    REASON_HEAD = 50,
    REASON_TAIL = 85,
};

struct payload {
    struct task_queue *q; /* borrowed */
    enum payload_format format;
    size_t max_bytes, n_bytes; /* of the input */
    struct json_stream *json;  /* owned; or */
    struct csv *csv;           /* owned */
    struct frame_encoder *encoder;
    struct buf content; /* records of the piece in hand */
    uint32_t n_piece;   /* its documents */
    struct buf frame, held;
    uint64_t n_documents, document_bytes;
    char spool[TASK__SPOOL_NAME]; /* "" while in memory */
    int fd;
    uint64_t spooled, started; /* bytes written, and those whose write-back has begun */
    bool ended, keep;
    enum rc rc; /* of flushing inside a callback */
    struct err err;
};

void task__spool_name(char dst[TASK__SPOOL_NAME], uint64_t n)
{
    (void)snprintf(dst, TASK__SPOOL_NAME, "spool-%llu", (unsigned long long)n);
}

bool task__spool_number(const char *name, uint64_t *ret_n)
{
    const char *p = name + 6;
    uint64_t n = 0;

    if (strncmp(name, "spool-", 6) != 0 || !*p || strlen(p) > 19 ||
        strspn(p, "0123456789") != strlen(p))
        return false;
    for (; *p; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    *ret_n = n;
    return true;
}

void task__piece_head(struct buf *out, size_t frame, uint32_t n_documents)
{
    uint8_t head[TASK__PIECE_HEAD];

    ASSERT(frame <= UINT32_MAX);
    put_u32le(head, (uint32_t)frame);
    put_u32le(head + 4, n_documents);
    (void)buf_append(out, head, sizeof head);
}

/* ---- keeping ----------------------------------------------------------------------------------
 */

static enum rc check_space(struct payload *p)
{
    if (task__has_room(p->q))
        return RC_OK;
    return err_set(&p->err, RC_NO_SPACE, "no_space_left_on_device",
                   "There is no more space left on the device. Consider increasing the size of the "
                   "disk/partition.");
}

static enum rc spool_out(struct payload *p)
{
    enum rc rc = RC_OK;

    if (!p->spool[0]) {
        rc = check_space(p);
        if (rc != RC_OK)
            return rc;
        task__spool_name(p->spool, atomic_fetch_add(&p->q->next_spool, 1));
        rc = fs_open_new(p->q->dir, p->spool, &p->fd, &p->err);
        if (rc != RC_OK) {
            p->spool[0] = '\0';
            return rc;
        }
    }
    rc = fs_write(p->fd, buf_view(&p->held), &p->err);
    if (rc != RC_OK)
        return rc;
    p->spooled += p->held.n;
    buf_clear(&p->held);
    if (p->spooled - p->started >= WRITEBACK_BYTES) {
        fs_start_writeback(p->fd, p->started, p->spooled - p->started);
        p->started = p->spooled;
        rc = check_space(p);
    }
    return rc;
}

/* Ends the piece in hand. */
static enum rc flush(struct payload *p)
{
    enum rc rc;

    if (p->n_piece == 0)
        return RC_OK;
    buf_clear(&p->frame);
    rc = frame_encode(p->encoder, buf_view(&p->content), &p->frame, &p->err);
    if (rc != RC_OK)
        return rc;
    task__piece_head(&p->held, p->frame.n, p->n_piece);
    (void)buf_bytes(&p->held, buf_view(&p->frame));
    ASSERT(buf_ok(&p->held));
    buf_clear(&p->content);
    p->n_piece = 0;
    if (p->spool[0] || p->held.n > TASK__INLINE_MAX)
        return spool_out(p);
    return RC_OK;
}

static bool take_document(void *arg, struct bytes json)
{
    struct payload *p = arg;

    if (p->n_piece > 0 && p->content.n + record_document_size(json.n) > PIECE_TARGET) {
        p->rc = flush(p);
        if (p->rc != RC_OK)
            return false;
    }
    if (!record_put_document(&p->content, json, true)) {
        p->rc = err_set(&p->err, RC_TOO_LARGE, "payload_too_large",
                        "A document reached the size limit of %d bytes.", RECORD_DOCUMENT_MAX);
        return false;
    }
    p->n_piece++;
    p->n_documents++;
    p->document_bytes += json.n;
    return true;
}

/* ---- the public sentences ---------------------------------------------------------------------
 */

static const char *format_name(const struct payload *p)
{
    return p->format == PAYLOAD_JSON ? "json" : p->format == PAYLOAD_NDJSON ? "ndjson" : "csv";
}

/* "100 MB", "10 MiB", "1.50 KB". */
static void format_size(char dst[32], size_t n)
{
    static const char *const binary[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    static const char *const decimal[] = {"B", "KB", "MB", "GB", "TB"};
    size_t base = n % 1024 == 0 ? 1024 : 1000, unit = 1;
    unsigned i = 0;

    while (i + 1 < ARRAY_LEN(binary) && n / unit >= base) {
        unit *= base;
        i++;
    }
    if (n % unit == 0)
        (void)snprintf(dst, 32, "%zu %s", n / unit, base == 1024 ? binary[i] : decimal[i]);
    else
        (void)snprintf(dst, 32, "%.2f %s", (double)n / (double)unit,
                       base == 1024 ? binary[i] : decimal[i]);
}

static enum rc too_large(size_t limit, struct err *err)
{
    char size[32];

    format_size(size, limit);
    return err_set(err, RC_TOO_LARGE, "payload_too_large",
                   "The provided payload reached the size limit. The maximum accepted payload size "
                   "is %s.",
                   size);
}

/* Keys and values of documents stand in the reason: a long one loses its middle. */
static enum rc malformed_json(const struct payload *p, const struct json_error *e, struct err *err)
{
    char text[JSON_ERROR_TEXT_MAX], reason[REASON_MAX + 1];
    size_t n;

    if (e->code == JSON_TOO_LARGE)
        return too_large(JSON_DOCUMENT_DEFAULT, err);
    if (e->code == JSON_NOT_OBJECT)
        (void)snprintf(text, sizeof text, "%s", json_code_text(e->code));
    else
        (void)json_error_text(text, e);
    n = strlen(text);
    if (n > REASON_MAX)
        (void)snprintf(reason, sizeof reason, "%.*s...%s", REASON_HEAD, text,
                       text + n - REASON_TAIL);
    else
        (void)snprintf(reason, sizeof reason, "%s", text);
    return err_set(err, RC_INVALID, "malformed_payload",
                   "The `%s` payload provided is malformed. `Couldn't serialize document value: "
                   "%s`.",
                   format_name(p), reason);
}

static enum rc malformed_csv(const struct err *why, struct err *err)
{
    if (why->rc == RC_TOO_LARGE)
        return too_large(JSON_DOCUMENT_DEFAULT, err);
    return err_set(err, RC_INVALID, "malformed_payload",
                   "The `csv` payload provided is malformed: `%s`.", why->msg);
}

/* ---- the door -----------------------------------------------------------------------------------
 */

struct payload *payload_new(struct task_queue *q, enum payload_format format, char csv_delimiter,
                            size_t max_bytes)
{
    struct payload *p = xcalloc(1, sizeof *p);
    struct csv_opts csv = {.delimiter = csv_delimiter};

    p->q = q;
    p->format = format;
    p->max_bytes = max_bytes;
    p->fd = -1;
    buf_init(&p->content, RECORD_FRAME_MAX);
    buf_init(&p->frame, BUF_NO_LIMIT);
    buf_init(&p->held, BUF_NO_LIMIT);
    p->encoder = frame_encoder_new(PAYLOAD_LEVEL);
    if (format == PAYLOAD_CSV)
        p->csv = csv_new(&csv, take_document, p);
    else
        p->json = json_stream_new(format == PAYLOAD_JSON ? JSON_STREAM_ARRAY : JSON_STREAM_LINES,
                                  NULL, take_document, p);
    return p;
}

/* What a step of reading said, in public words. A failure of our own callback comes first. */
static enum rc judge(struct payload *p, enum rc rc, const struct json_error *json,
                     const struct err *csv, struct err *err)
{
    if (rc == RC_OK)
        return RC_OK;
    if (p->rc != RC_OK) {
        if (err)
            *err = p->err;
        return p->rc;
    }
    return p->csv ? malformed_csv(csv, err) : malformed_json(p, json, err);
}

enum rc payload_feed(struct payload *p, struct bytes piece, struct err *err)
{
    struct json_error json = {0};
    struct err csv;
    enum rc rc;

    ASSERT(!p->ended);
    if (piece.n == 0)
        return RC_OK;
    if (piece.n > p->max_bytes - p->n_bytes)
        return too_large(p->max_bytes, err);
    p->n_bytes += piece.n;
    if (p->csv)
        rc = csv_feed(p->csv, piece, &csv);
    else
        rc = json_stream_feed(p->json, piece, &json);
    return judge(p, rc, &json, &csv, err);
}

static enum rc make_durable(struct payload *p)
{
    enum rc rc;

    if (!p->spool[0])
        return RC_OK;
    rc = fs_sync(p->fd, &p->err);
    if (rc == RC_OK)
        rc = fs_dir_sync(p->q->dir, &p->err);
    return rc;
}

enum rc payload_end(struct payload *p, uint64_t *ret_documents, struct err *err)
{
    struct json_error json = {0};
    struct err csv;
    enum rc rc;

    ASSERT(!p->ended);
    if (p->n_bytes == 0)
        return err_set(err, RC_INVALID, "missing_payload", "A %s payload is missing.",
                       format_name(p));
    if (p->csv)
        rc = csv_end(p->csv, &csv);
    else
        rc = json_stream_end(p->json, &json);
    rc = judge(p, rc, &json, &csv, err);
    if (rc != RC_OK)
        return rc;
    rc = flush(p);
    if (rc == RC_OK)
        rc = make_durable(p);
    if (rc != RC_OK) {
        if (err)
            *err = p->err;
        return rc;
    }
    p->ended = true;
    *ret_documents = p->n_documents;
    return RC_OK;
}

void payload_free(struct payload *p)
{
    if (!p)
        return;
    json_stream_free(p->json);
    csv_free(p->csv);
    frame_encoder_free(p->encoder);
    buf_done(&p->content);
    buf_done(&p->frame);
    buf_done(&p->held);
    fs_close(p->fd);
    if (p->spool[0] && !p->keep)
        task__remove_file(p->q->dir, p->spool); /* else the next start's sweep does */
    xfree(p);
}

struct task__payload_place task__payload_place(struct payload *p)
{
    struct task__payload_place place = {.n_documents = p->n_documents, .bytes = p->document_bytes};

    ASSERT(p->ended);
    if (!p->spool[0])
        place.inline_bytes = buf_view(&p->held);
    memcpy(place.spool, p->spool, sizeof place.spool);
    return place;
}

void task__payload_keep(struct payload *p)
{
    p->keep = true;
}

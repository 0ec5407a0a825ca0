/* SPDX-License-Identifier: MIT */
/*
 * serve_upload.c -- Documents.Add and .Update: a payload as it arrives.
 *
 *   loop      on_message: the first says what comes; a piece is copied into a
 *             job of the upload's strand
 *   strand    feed: syntax is checked, documents are kept as frames; the piece
 *             is reported back, and only then may the peer send more
 *   strand    finish: the last piece was fed
 *   log       the task is durable
 *   loop      the answer
 *
 * The last piece may run on the strand while the one before is on its way back,
 * so the loop looks at what a piece says of itself, never at the strand's state.
 *
 * (1) One ticket keeps the call alive until no strand job is left.
 * (2) After the first failure, a cancel or the end, pieces are dropped.
 * (3) The payload is freed by whoever runs last: the queue if it took it.
 */
#include "api/api_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/pool.h"
#include "index/index.h"

#include <lode/v1/documents.pb-c.h>
#include <strings.h>

struct upload {
    struct api *api;
    struct rpc_call *call;
    struct rpc_ticket *ticket;
    struct strand *strand;
    struct payload *payload; /* owned until submitted */
    bool replace;
    bool begun;    /* the first message was good */
    bool answered; /* failed, cancelled or ended: drop what still comes */
    size_t n_jobs; /* on the strand or on their way back */
    task_record task;
    bool broken;          /* the strand's own: piece.broken is the loop's */
    struct err err;       /* written once, before the first broken piece comes back */
    uint64_t n_documents; /* written by the last piece */
};

struct piece {
    struct upload *upload;
    bool last;
    bool broken; /* it failed, or one before it */
    size_t n;
    uint8_t bytes[];
};

static void free_payload(void *arg) /* on a worker: it may unlink a spool file */
{
    payload_free(arg);
}

/* Lets go when nothing runs any more; the call (and the upload in its arena) may end here. */
static void let_go_if_idle(struct upload *u)
{
    struct rpc_ticket *ticket = u->ticket;

    if (!u->answered || u->n_jobs > 0 || !ticket)
        return;
    if (u->payload)
        strand_submit(u->strand, free_payload, u->payload);
    u->payload = NULL;
    if (u->strand)
        strand_close(u->strand);
    u->strand = NULL;
    u->ticket = NULL;
    rpc_ticket_drop(ticket);
}

static void fail(struct upload *u, const struct err *err)
{
    if (u->answered)
        return;
    u->answered = true;
    rpc_call_fail(u->call, err);
}

static void piece_is_back(struct rpc_call *call, void *arg)
{
    struct piece *piece = arg;
    struct upload *u = piece->upload;
    bool last = piece->last, broken = piece->broken;
    struct payload *payload;

    xfree(piece);
    u->n_jobs--;
    if (broken) {
        fail(u, &u->err);
    } else if (last && !u->answered) {
        u->answered = true; /* by api_submit() */
        u->task.received_documents = u->n_documents;
        payload = u->payload;
        u->payload = NULL;
        api_submit(u->api, call, &u->task, payload);
    } else if (!u->answered) {
        rpc_call_consumed(call, 1);
    }
    let_go_if_idle(u);
}

static void feed_piece(void *arg) /* on the strand */
{
    struct piece *piece = arg;
    struct upload *u = piece->upload;
    enum rc rc = RC_OK;

    if (!u->broken) {
        if (rpc_call_cancelled(u->call))
            rc = err_set(&u->err, RC_CANCELLED, NULL, "The upload was cancelled.");
        else if (piece->last)
            rc = payload_end(u->payload, &u->n_documents, &u->err);
        else
            rc = payload_feed(u->payload, bytes_of(piece->bytes, piece->n), &u->err);
        u->broken = rc != RC_OK;
    }
    piece->broken = u->broken;
    rpc_ticket_post(u->ticket, piece_is_back, piece);
}

static void send_to_strand(struct upload *u, struct bytes bytes, bool last)
{
    struct piece *piece = xmalloc(sizeof *piece + bytes.n);

    piece->upload = u;
    piece->last = last;
    piece->n = bytes.n;
    if (bytes.n)
        memcpy(piece->bytes, bytes.p, bytes.n);
    u->n_jobs++;
    strand_submit(u->strand, feed_piece, piece);
}

/* ---- the first message --------------------------------------------------------------- */

#define KNOWN_TYPES "`application/json`, `application/x-ndjson`, `text/csv`"

static enum rc read_format(const char *content_type, enum payload_format *ret_format,
                           struct err *err)
{
    size_t n = strcspn(content_type, "; ");

    if (n == 0)
        return err_set(err, RC_INVALID, "missing_content_type",
                       "A Content-Type header is missing. Accepted values for the Content-Type "
                       "header are: " KNOWN_TYPES);
    if (n == 16 && strncasecmp(content_type, "application/json", n) == 0)
        *ret_format = PAYLOAD_JSON;
    else if (n == 20 && strncasecmp(content_type, "application/x-ndjson", n) == 0)
        *ret_format = PAYLOAD_NDJSON;
    else if (n == 8 && strncasecmp(content_type, "text/csv", n) == 0)
        *ret_format = PAYLOAD_CSV;
    else
        return err_set(err, RC_INVALID, "invalid_content_type",
                       "The Content-Type `%s` is invalid. Accepted values for the Content-Type "
                       "header are: " KNOWN_TYPES,
                       content_type);
    return RC_OK;
}

static size_t count_characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static enum rc read_delimiter(const Lode__V1__AddDocumentsRequest *head, enum payload_format format,
                              char *ret_delimiter, struct err *err)
{
    const char *word = "invalid_document_csv_delimiter";
    const char *text;
    size_t n;

    *ret_delimiter = ',';
    if (head->delimiter_case != LODE__V1__ADD_DOCUMENTS_REQUEST__DELIMITER_CSV_DELIMITER)
        return RC_OK;
    text = head->csv_delimiter;
    n = count_characters(text);
    if (n == 0)
        return err_set(err, RC_INVALID, word,
                       "Invalid value in parameter `csvDelimiter`: expected a string of one "
                       "character, but found "
                       "an empty string");
    if (n > 1)
        return err_set(err, RC_INVALID, word,
                       "Invalid value in parameter `csvDelimiter`: expected a string of one "
                       "character, but found "
                       "the following string of %zu characters: `%s`",
                       n, text);
    if ((unsigned char)text[0] >= 0x80)
        return err_set(err, RC_INVALID, word,
                       "csv delimiter must be an ascii character. Found: `%s`", text);
    if (format != PAYLOAD_CSV)
        return err_set(err, RC_INVALID, "invalid_content_type",
                       "The Content-Type `%s` does not support the use of a csv delimiter. The csv "
                       "delimiter can "
                       "only be used with the Content-Type `text/csv`.",
                       head->content_type);
    *ret_delimiter = text[0];
    return RC_OK;
}

static enum rc read_skip(const Lode__V1__AddDocumentsRequest *head, protobuf_c_boolean *ret_skip,
                         struct err *err)
{
    *ret_skip = false;
    if (head->skip_case != LODE__V1__ADD_DOCUMENTS_REQUEST__SKIP_SKIP_CREATION)
        return RC_OK;
    if (strcasecmp(head->skip_creation, "true") == 0)
        *ret_skip = true;
    else if (strcasecmp(head->skip_creation, "false") != 0)
        return err_set(err, RC_INVALID, "invalid_skip_creation",
                       "skipCreation must be either `true` or `false`. Found: `%s`",
                       head->skip_creation);
    return RC_OK;
}

/* The first message: what the task will be. Its strings go on living in the call's arena. */
static enum rc begin(struct upload *u, const Lode__V1__AddDocumentsRequest *head, struct err *err)
{
    struct arena *arena = rpc_call_arena(u->call);
    enum payload_format format = PAYLOAD_JSON;
    task_record *task = &u->task;
    char delimiter = ',';
    enum rc rc;

    rc = read_format(head->content_type, &format, err);
    if (rc == RC_OK)
        rc = read_delimiter(head, format, &delimiter, err);
    if (rc == RC_OK)
        rc = read_skip(head, &task->skip_creation, err);
    if (rc == RC_OK)
        rc = index_uid_check(bytes_str(head->index_uid), err);
    if (rc != RC_OK)
        return rc;
    task->type = TASK_DOCUMENT_ADDITION;
    task->replace = u->replace;
    task->index_uid = arena_strdup(arena, head->index_uid);
    if (head->key_case == LODE__V1__ADD_DOCUMENTS_REQUEST__KEY_PRIMARY_KEY) {
        task->has_primary_key = true;
        task->primary_key = arena_strdup(arena, head->primary_key);
    }
    if (head->metadata_case == LODE__V1__ADD_DOCUMENTS_REQUEST__METADATA_CUSTOM_METADATA) {
        task->has_metadata = true;
        task->custom_metadata = arena_strdup(arena, head->custom_metadata);
    }
    u->payload =
        payload_new(u->api->opts.tasks, format, delimiter, (size_t)u->api->opts.payload_limit);
    u->strand = strand_new(u->api->opts.pool);
    u->begun = true;
    return RC_OK;
}

/* ---- what the call hears ------------------------------------------------------------- */

static bool on_message(struct rpc_call *call, const ProtobufCMessage *msg, void *arg)
{
    const Lode__V1__AddDocumentsRequest *request = (const void *)msg;
    struct upload *u = arg;
    struct err err;

    (void)call;
    if (u->answered)
        return true;
    if (!u->begun && begin(u, request, &err) != RC_OK) {
        fail(u, &err);
        let_go_if_idle(u);
        return true;
    }
    if (request->chunk.len == 0)
        return true;
    send_to_strand(u, bytes_of(request->chunk.data, request->chunk.len), false);
    return false; /* piece_is_back() says when */
}

static void on_end(struct rpc_call *call, void *arg)
{
    struct upload *u = arg;
    struct err err;

    (void)call;
    if (u->answered)
        return;
    if (!u->begun) {
        (void)err_set(&err, RC_INVALID, "bad_request",
                      "The stream ended before its first message, which names the index and the "
                      "content type.");
        fail(u, &err);
        let_go_if_idle(u);
        return;
    }
    send_to_strand(u, bytes_of(NULL, 0), true);
}

static void on_cancel(struct rpc_call *call, void *arg)
{
    struct upload *u = arg;

    (void)call;
    u->answered = true;
    let_go_if_idle(u);
}

void upload_start(struct api *api, struct rpc_call *call, bool replace)
{
    static const struct rpc_stream_ops stream_ops = {on_message, on_end};
    static const struct rpc_call_ops call_ops = {.on_cancel = on_cancel};
    struct arena *arena = rpc_call_arena(call);
    struct upload *u;

    arena_set_limit(arena, API_ANSWER_MAX);
    u = api_alloc(arena, sizeof *u);
    memset(u, 0, sizeof *u);
    u->api = api;
    u->call = call;
    u->replace = replace;
    u->ticket = rpc_ticket_new(call);
    lode__dump__v1__task__init(&u->task);
    rpc_call_set_ops(call, &call_ops, u);
    rpc_call_set_stream(call, &stream_ops, u);
}

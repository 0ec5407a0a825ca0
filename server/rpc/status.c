/* SPDX-License-Identifier: MIT */
/*
 * status.c -- from rc and word to the numbers and texts that clients see.
 *
 * A failure with a public word has its HTTP status and type from errors.def.
 * One without is "internal" when the fault is ours and "bad_request" else, and
 * its HTTP status comes from the rc.
 */
#include "rpc/status.h"

#include "base/assert.h"
#include "json/json_write.h"

struct word_entry {
    const char *word;
    const char *type;
    const char *link;
    int http_status;
};

#define TYPE_INVALID_REQUEST "invalid_request"
#define TYPE_AUTH "auth"
#define TYPE_INTERNAL "internal"
#define TYPE_SYSTEM "system"

static const struct word_entry words[] = {
#define ERROR_WORD(word, http, type) {#word, TYPE_##type, RPC_ERROR_LINK #word, http},
#include "rpc/errors.def"
#undef ERROR_WORD
};

struct rc_entry {
    int grpc_status;
    int http_status;
    const char *word; /* what a failure without a word is called */
};

/*
 * One switch without default: a new rc does not compile until someone decides.
 *
 *   TOO_LARGE, TOO_MANY  8: the caller is over a limit; waiting does not help
 *   BUSY                 14: nothing was done, another try may pass
 *   IO                   14: the store reopens after a failed write, so a later try
 *                        may pass; whether this one was done is not known, and
 *                        UNAVAILABLE promises nothing about that
 *   NO_SPACE             8: a resource is used up, and nothing was written
 *   CORRUPT              15: data is lost; trying again shows the same
 */
static struct rc_entry entry_of(enum rc rc)
{
    switch (rc) {
    case RC_OK:
        return (struct rc_entry){0, 200, ""};
    case RC_INVALID:
        return (struct rc_entry){3, 400, "bad_request"};
    case RC_NOT_FOUND:
        return (struct rc_entry){5, 404, "bad_request"};
    case RC_EXISTS:
        return (struct rc_entry){6, 409, "bad_request"};
    case RC_DENIED:
        return (struct rc_entry){7, 403, "bad_request"};
    case RC_TOO_LARGE:
        return (struct rc_entry){8, 413, "bad_request"};
    case RC_TOO_MANY:
        return (struct rc_entry){8, 429, "bad_request"};
    case RC_BUSY:
        return (struct rc_entry){14, 503, "bad_request"};
    case RC_CANCELLED:
        return (struct rc_entry){1, 499, "bad_request"};
    case RC_DEADLINE:
        return (struct rc_entry){4, 504, "bad_request"};
    case RC_UNIMPLEMENTED:
        return (struct rc_entry){12, 501, "bad_request"};
    case RC_IO:
        return (struct rc_entry){14, 500, "internal"};
    case RC_NO_SPACE:
        return (struct rc_entry){8, 422, "no_space_left_on_device"};
    case RC_CORRUPT:
        return (struct rc_entry){15, 500, "internal"};
    case RC_INTERNAL:
        return (struct rc_entry){13, 500, "internal"};
    }
    NEVER("an rc outside its enum");
}

static const struct word_entry *find_word(const char *word)
{
    size_t lo = 0, hi = ARRAY_LEN(words);

    while (word && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(word, words[mid].word);

        if (c == 0)
            return &words[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

int rpc_grpc_status(enum rc rc)
{
    return entry_of(rc).grpc_status;
}

const char *rpc_grpc_status_name(int grpc_status)
{
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };

    if (grpc_status < 0 || (size_t)grpc_status >= ARRAY_LEN(names))
        return "UNKNOWN";
    return names[grpc_status];
}

int rpc_word_http_status(const char *word)
{
    const struct word_entry *entry = find_word(word);

    return entry ? entry->http_status : 500;
}

const char *rpc_word_type(const char *word)
{
    const struct word_entry *entry = find_word(word);

    return entry ? entry->type : TYPE_INTERNAL;
}

void rpc_status_from_err(struct arena *arena, const struct err *err, struct rpc_status *status)
{
    struct rc_entry by_rc = entry_of(err->rc);
    const char *code = err->word ? err->word : by_rc.word;
    const struct word_entry *entry = find_word(code);

    status->err.rc = err->rc;
    status->err.word = err->word;
    status->grpc_status = by_rc.grpc_status;
    status->http_status = err->word ? rpc_word_http_status(err->word) : by_rc.http_status;
    status->code = code;
    status->type = entry ? entry->type : TYPE_INTERNAL;
    if (err->rc == RC_OK) {
        status->err.msg[0] = '\0';
        status->code = status->type = status->link = "";
        return;
    }
    memcpy(status->err.msg, err->msg, strlen(err->msg) + 1); /* not all of its 2 KiB */
    /* What is missing is named inside of the request, not by its path: the request is wrong. */
    if (err->rc == RC_INVALID && status->http_status == 404)
        status->http_status = 400;
    /* PERMISSION_DENIED is for a caller who is known; without credentials it is UNAUTHENTICATED. */
    if (err->rc == RC_DENIED && status->http_status == 401)
        status->grpc_status = 16;
    if (entry)
        status->link = entry->link;
    else
        status->link = arena ? arena_printf(arena, RPC_ERROR_LINK "%s", code) : NULL;
    if (!status->link) /* the arena is at its limit */
        status->link = RPC_ERROR_LINK;
}

void rpc_status_to_json(const struct rpc_status *status, struct buf *out)
{
    struct json_writer w;

    json_writer_init(&w, out);
    json_begin_object(&w);
    json_key(&w, "message");
    json_str(&w, status->err.msg);
    json_key(&w, "code");
    json_str(&w, status->code);
    json_key(&w, "type");
    json_str(&w, status->type);
    json_key(&w, "link");
    json_str(&w, status->link);
    json_end_object(&w);
}

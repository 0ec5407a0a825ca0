/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json.c -- reader, compact form, writer and stream against each other.
 *
 * The first byte seeds the splits, the rest is the text. Checked: the compact
 * form is JSON, says the same and is its own compact form; what the writer
 * writes from the values reads back as them; a stream answers the same for
 * every split, and agrees with the reader on documents, words and places.
 */
#include "mutate.h"
#include "pieces.h"

#include "json/json.h"
#include "json/json_stream.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MAX_DOCUMENT = 4096 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    static const char *const tokens[] = {
        "{",         "}",        "[",        "]",      ",",
        ":",         "\"",       "\\",       "\\n",    "\\u00e9",
        "null",      "true",     "-0.5e3",   "17",     " ",
        "\n",        "\xC3\xA9", "\xED\xA0", "\"a\":", "\"a\"",
        "{\"a\":1}", "\"\\n\",", "[],",      "1,",     "\\ud83d\\ude00",
    };

    return mutate_with(tokens, ARRAY_LEN(tokens), data, n, max, seed);
}

/* Whether b says what a says, where members that come again count by their last value. */
static void check_same(struct json_value a, struct json_value b)
{
    struct json_iter it;
    struct json_value v, last;

    ASSERT(json_type(a) == json_type(b));
    switch (json_type(a)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        ASSERT(json_bool(a) == json_bool(b));
        break;
    case JSON_NUMBER:
        ASSERT(bytes_eq(json_raw(a), json_raw(b)));
        break;
    case JSON_STRING:
        ASSERT(bytes_eq(json_string(a), json_string(b)));
        break;
    case JSON_ARRAY: {
        struct json_iter other;

        ASSERT(json_count(a) == json_count(b));
        json_iter_init(&other, b);
        for (json_iter_init(&it, a); json_iter_next(&it);) {
            ASSERT(json_iter_next(&other));
            check_same(it.value, other.value);
        }
        break;
    }
    case JSON_OBJECT:
        ASSERT(json_count(a) >= json_count(b));
        for (json_iter_init(&it, b); json_iter_next(&it);) {
            ASSERT(json_get(a, it.key, &v) && json_get(b, it.key, &last));
            check_same(v, last);
        }
        for (json_iter_init(&it, a); json_iter_next(&it);)
            ASSERT(json_get(b, it.key, &v));
        break;
    }
}

static void write_value(struct json_writer *w, struct json_value v)
{
    struct json_iter it;

    switch (json_type(v)) {
    case JSON_NULL:
        json_put_null(w);
        break;
    case JSON_BOOL:
        json_put_bool(w, json_bool(v));
        break;
    case JSON_NUMBER:
        json_put_raw(w, json_raw(v));
        break;
    case JSON_STRING:
        json_put_string(w, json_string(v));
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (json_iter_init(&it, v); json_iter_next(&it);)
            write_value(w, it.value);
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        for (json_iter_init(&it, v); json_iter_next(&it);) {
            json_put_key(w, it.key);
            write_value(w, it.value);
        }
        json_end_object(w);
        break;
    }
}

/* Numbers must convert without complaint from the sanitizers, and doubles come back. */
static void check_number(struct json_value v)
{
    char text[JSON_DOUBLE_MAX];
    uint64_t u;
    int64_t i;
    double d, back;

    if (json_as_u64(v, &u) && json_as_i64(v, &i))
        ASSERT(i >= 0 && (uint64_t)i == u);
    if (!json_as_double(v, &d))
        return;
    ASSERT(json_parse_double(bytes_str(json_format_double(text, d)), &back));
    ASSERT(memcmp(&d, &back, sizeof d) == 0);
}

#ifdef LODE_PLANTED_BUG
static unsigned count_escaped(struct json_value v)
{
    struct json_iter it;
    unsigned n = 0;

    if (json_type(v) == JSON_STRING)
        return json_raw(v).n > json_string(v).n + 2;
    if (json_type(v) < JSON_ARRAY)
        return 0;
    for (json_iter_init(&it, v); json_iter_next(&it);)
        n += count_escaped(it.value) + (it.key.n && json_raw(it.key_at).n > it.key.n + 2);
    return n;
}

/* Deep enough: an object with three strings, at any depth, that have escapes. */
static void planted_bug(struct json_value v)
{
    if (json_type(v) == JSON_OBJECT && count_escaped(v) >= 3) {
        (void)fprintf(stderr, "planted bug\n");
        abort();
    }
}
#endif

static void check_value(struct json_value root)
{
    struct json_parser *other = json_parser_new();
    struct json_value again;
    struct json_writer w;
    struct buf compact, twice;

#ifdef LODE_PLANTED_BUG
    planted_bug(root);
#endif
    buf_init(&compact, BUF_NO_LIMIT);
    buf_init(&twice, BUF_NO_LIMIT);
    json_compact_value(root, &compact);
    ASSERT(compact.n <= json_raw(root).n);
    ASSERT(json_parse(other, buf_view(&compact), NULL, &again, NULL) == RC_OK);
    check_same(root, again);
    json_compact_value(again, &twice);
    ASSERT(bytes_eq(buf_view(&compact), buf_view(&twice)));
    buf_clear(&twice);
    json_writer_init(&w, &twice);
    write_value(&w, root);
    ASSERT(json_parse(other, buf_view(&twice), NULL, &again, NULL) == RC_OK);
    check_same(root, again);
    buf_done(&compact);
    buf_done(&twice);
    json_parser_free(other);
}

struct answer {
    struct buf documents; /* one a line */
    struct json_error error;
};

static bool take(void *arg, struct bytes document)
{
    struct answer *a = arg;

    (void)buf_bytes(&a->documents, document);
    return buf_byte(&a->documents, '\n');
}

/* step_max 0: all at once. */
static void run_stream(enum json_stream_mode mode, struct bytes text, struct rng *r,
                       size_t step_max, struct answer *a)
{
    struct json_limits limits = {.max_bytes = MAX_DOCUMENT};
    struct json_stream *s = json_stream_new(mode, &limits, take, a);
    struct pieces pieces = {.rest = text, .rng = r, .step_max = step_max};
    struct bytes piece;
    enum rc rc = RC_OK;

    memset(&a->error, 0, sizeof a->error);
    buf_init(&a->documents, BUF_NO_LIMIT);
    while (rc == RC_OK && pieces_next(&pieces, &piece))
        rc = json_stream_feed(s, piece, &a->error);
    pieces_done(&pieces);
    if (rc == RC_OK)
        rc = json_stream_end(s, &a->error);
    ASSERT((rc == RC_OK) == (a->error.code == JSON_OK));
    json_stream_free(s);
}

static bool is_syntax(enum json_code code)
{
    return code != JSON_OK && code < JSON_TOO_DEEP;
}

/* An array of objects, or one, is what the stream in that mode hands out. */
static void check_agreement(struct json_parser *parser, struct bytes text,
                            const struct answer *stream)
{
    struct json_error err = {0};
    struct json_value root;
    struct json_iter it;
    struct buf want;

    if (json_parse(parser, text, NULL, &root, &err) != RC_OK) {
        if (is_syntax(err.code))
            ASSERT(stream->error.code != JSON_OK);
        if (is_syntax(err.code) && is_syntax(stream->error.code))
            ASSERT(err.code == stream->error.code && err.offset == stream->error.offset &&
                   err.line == stream->error.line && err.column == stream->error.column);
        return;
    }
    if (stream->error.code != JSON_OK) {
        ASSERT(stream->error.code == JSON_NOT_OBJECT || stream->error.code == JSON_TOO_LARGE);
        return;
    }
    buf_init(&want, BUF_NO_LIMIT);
    if (json_type(root) == JSON_OBJECT) {
        json_compact_value(root, &want);
        (void)buf_byte(&want, '\n');
    } else {
        for (json_iter_init(&it, root); json_iter_next(&it);) {
            json_compact_value(it.value, &want);
            (void)buf_byte(&want, '\n');
        }
    }
    ASSERT(bytes_eq(buf_view(&want), buf_view(&stream->documents)));
    buf_done(&want);
}

static void check_streams(struct json_parser *parser, struct bytes text, struct rng *r)
{
    static const enum json_stream_mode modes[] = {JSON_STREAM_ARRAY, JSON_STREAM_LINES};
    struct answer whole, cut;
    size_t m, k;

    for (m = 0; m < ARRAY_LEN(modes); m++) {
        run_stream(modes[m], text, r, 0, &whole);
        for (k = text.n > 256 ? 8 : 1; k <= 64; k *= 8) {
            run_stream(modes[m], text, r, k, &cut);
            ASSERT(bytes_eq(buf_view(&whole.documents), buf_view(&cut.documents)));
            ASSERT(memcmp(&whole.error, &cut.error, sizeof cut.error) == 0);
            buf_done(&cut.documents);
        }
        if (modes[m] == JSON_STREAM_ARRAY)
            check_agreement(parser, text, &whole);
        buf_done(&whole.documents);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct json_parser *parser = json_parser_new();
    struct json_error err = {0};
    struct json_value root;
    struct bytes text;
    struct rng r;

    if (n == 0) {
        json_parser_free(parser);
        return 0;
    }
    rng_init(&r, data[0]);
    text = bytes_of(data + 1, n - 1);
    if (json_parse(parser, text, NULL, &root, &err) == RC_OK) {
        check_value(root);
        if (json_type(root) == JSON_NUMBER)
            check_number(root);
    } else {
        ASSERT(err.offset <= text.n && err.column <= err.offset && err.line >= 1);
    }
    check_streams(parser, text, &r);
    json_parser_free(parser);
    return 0;
}

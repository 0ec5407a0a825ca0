/* SPDX-License-Identifier: MIT */
/*
 * json_answer.c -- answers what json_oracle.py asks, to be compared with Python's json.
 *
 * Question  kind(1) length(4, little-endian) bytes
 *             'J'  a text        -> its compact form
 *             'W'  a text        -> the same, written anew from its values
 *             'D'  a double's 8 bytes -> its text
 *             'P'  a number      -> the 8 bytes of the nearest double
 * Answer    'K' or 'E'(1) length(4) bytes; with 'E' the error's text
 */
#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "json/json.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUESTION_MAX = 16 * 1024 * 1024 };

static void write_value(struct json_writer *w, struct json_value v)
{
    enum json_type type = json_type(v);
    struct json_iter it;

    if (type == JSON_STRING) {
        json_put_string(w, json_string(v));
    } else if (type < JSON_ARRAY) {
        json_put_raw(w, json_raw(v));
    } else if (type == JSON_ARRAY) {
        json_begin_array(w);
        for (json_iter_init(&it, v); json_iter_next(&it);)
            write_value(w, it.value);
        json_end_array(w);
    } else {
        json_begin_object(w);
        for (json_iter_init(&it, v); json_iter_next(&it);) {
            json_put_key(w, it.key);
            write_value(w, it.value);
        }
        json_end_object(w);
    }
}

static bool answer_text(struct json_parser *parser, char kind, struct bytes text, struct buf *out)
{
    char reason[JSON_ERROR_TEXT_MAX];
    struct json_error err;
    struct json_value root;
    struct json_writer w;

    if (json_parse(parser, text, NULL, &root, &err) != RC_OK) {
        (void)buf_str(out, json_error_text(reason, &err));
        return false;
    }
    if (kind == 'J') {
        json_compact_value(root, out);
        return true;
    }
    json_writer_init(&w, out);
    write_value(&w, root);
    return true;
}

static bool answer_number(char kind, struct bytes question, struct buf *out)
{
    char text[JSON_DOUBLE_MAX];
    double v;

    if (kind == 'P') {
        if (!json_parse_double(question, &v))
            return false;
        return buf_append(out, &v, sizeof v);
    }
    if (question.n != sizeof v)
        return false;
    memcpy(&v, question.p, sizeof v);
    return buf_str(out, json_format_double(text, v));
}

static bool answer(struct json_parser *parser, char kind, struct bytes question, struct buf *out)
{
    if (kind == 'J' || kind == 'W')
        return answer_text(parser, kind, question, out);
    return answer_number(kind, question, out);
}

int main(void)
{
    struct json_parser *parser = json_parser_new();
    uint8_t head[5];
    struct buf out;

    buf_init(&out, BUF_NO_LIMIT);
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t n = get_u32le(head + 1);
        uint8_t *question;

        if (n > QUESTION_MAX)
            return 2;
        question = xmalloc(n); /* of its own size, for the sanitizer */
        if (fread(question, 1, n, stdin) != n)
            return 2;
        buf_clear(&out);
        head[0] = answer(parser, (char)head[0], bytes_of(question, n), &out) ? 'K' : 'E';
        xfree(question);
        put_u32le(head + 1, (uint32_t)out.n);
        if (fwrite(head, 1, sizeof head, stdout) != sizeof head ||
            fwrite(out.n ? out.p : head, 1, out.n, stdout) != out.n)
            return 2;
    }
    json_parser_free(parser);
    buf_done(&out);
    return 0;
}

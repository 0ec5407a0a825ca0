/* SPDX-License-Identifier: MIT */
/* json_write.c -- see json_write.h. Escapes are those that serde_json writes. */
#include "json/json_write.h"

#include "json/json_scan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void json_writer_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out};
}

/* In front of a key or an element. */
static void begin_item(struct json_writer *w)
{
    if (w->comma)
        (void)buf_byte(w->out, ',');
    w->comma = true;
}

static void begin(struct json_writer *w, uint8_t bracket)
{
    begin_item(w);
    (void)buf_byte(w->out, bracket);
    w->comma = false;
}

static void end(struct json_writer *w, uint8_t bracket)
{
    (void)buf_byte(w->out, bracket);
    w->comma = true;
}

void json_begin_object(struct json_writer *w)
{
    begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
    end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
    begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
    end(w, ']');
}

static void put_escape(struct buf *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t long_form[6] = {'\\', 'u', '0', '0', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15]};
    uint8_t letter = 0;

    switch (c) {
    case '"':
    case '\\':
        letter = c;
        break;
    case '\b':
        letter = 'b';
        break;
    case '\f':
        letter = 'f';
        break;
    case '\n':
        letter = 'n';
        break;
    case '\r':
        letter = 'r';
        break;
    case '\t':
        letter = 't';
        break;
    default:
        break;
    }
    if (!letter) {
        (void)buf_append(out, long_form, sizeof long_form);
        return;
    }
    long_form[1] = letter;
    (void)buf_append(out, long_form, 2);
}

void json_quote(struct buf *out, struct bytes s)
{
    const uint8_t *p = s.p, *end_p = s.n ? s.p + s.n : s.p, *stop;

    (void)buf_byte(out, '"');
    while (p < end_p) {
        stop = json__skip_string(p, end_p);
        (void)buf_append(out, p, (size_t)(stop - p));
        if (stop < end_p)
            put_escape(out, *stop++);
        p = stop;
    }
    (void)buf_byte(out, '"');
}

void json_put_key(struct json_writer *w, struct bytes key)
{
    begin_item(w);
    json_quote(w->out, key);
    (void)buf_byte(w->out, ':');
    w->comma = false;
}

void json_put_string(struct json_writer *w, struct bytes s)
{
    begin_item(w);
    json_quote(w->out, s);
}

void json_put_raw(struct json_writer *w, struct bytes json)
{
    begin_item(w);
    (void)buf_bytes(w->out, json);
}

void json_put_u64(struct json_writer *w, uint64_t v)
{
    char text[24], *p = text + sizeof text;

    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    json_put_raw(w, bytes_of(p, (size_t)(text + sizeof text - p)));
}

void json_put_i64(struct json_writer *w, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRId64, v);

    json_put_raw(w, bytes_of(text, n > 0 ? (size_t)n : 0));
}

void json_put_double(struct json_writer *w, double v)
{
    char text[JSON_DOUBLE_MAX];

    if (isfinite(v))
        json_put_raw(w, bytes_str(json_format_double(text, v)));
    else
        json_put_null(w);
}

void json_put_bool(struct json_writer *w, bool v)
{
    json_put_raw(w, v ? B("true") : B("false"));
}

void json_put_null(struct json_writer *w)
{
    json_put_raw(w, B("null"));
}

void json_key(struct json_writer *w, const char *key)
{
    json_put_key(w, bytes_str(key));
}

void json_str(struct json_writer *w, const char *s)
{
    if (s)
        json_put_string(w, bytes_str(s));
    else
        json_put_null(w);
}

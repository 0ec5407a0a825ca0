/* SPDX-License-Identifier: MIT */
/*
 * bench_json.c -- how fast JSON is read, walked, compacted, streamed and written.
 *
 *   bench_json [MEGABYTES [SEED]]     default 50 1
 *
 * The text is NDJSON of about 850 bytes a document: words, arrays, a nested
 * object, floats, nulls, escapes; of the words outside ASCII three quarters are
 * written as \u escapes. Best CPU time of five runs; memcpy of the same bytes is
 * the anchor. Prints one JSON line.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "json/csv.h"
#include "json/json.h"
#include "json/json_stream.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 5, PIECE = 64 * 1024 };

struct data {
    struct buf text;  /* NDJSON */
    struct buf array; /* the same as one pretty-printed array */
    struct buf csv;
    size_t n_documents;
};

static void put_word(struct buf *to, struct rng *r)
{
    static const char *const plain[] = {"a",      "of",       "night",   "river",
                                        "house",  "wonder",   "light",   "search",
                                        "engine", "document", "between", "morning"};
    static const char *const raw[] = {"caf\xC3\xA9", "\xD0\xBC\xD0\xB8\xD1\x80",
                                      "\xE5\xA4\x9C\xE6\x99\x9A", "\\\"so\\\""};
    static const char *const escaped[] = {"caf\\u00e9", "\\u043c\\u0438\\u0440", "\\u591c\\u665a",
                                          "end.\\n"};

    if (rng_below(r, 20))
        (void)buf_str(to, plain[rng_below(r, ARRAY_LEN(plain))]);
    else
        (void)buf_str(to, (rng_below(r, 4) ? escaped : raw)[rng_below(r, ARRAY_LEN(raw))]);
}

static void put_words(struct buf *to, struct rng *r, size_t n)
{
    size_t i;

    (void)buf_byte(to, '"');
    for (i = 0; i < n; i++) {
        if (i)
            (void)buf_byte(to, ' ');
        put_word(to, r);
    }
    (void)buf_byte(to, '"');
}

static void put_document(struct buf *to, struct rng *r, size_t id, const char *gap)
{
    size_t i, n = 3 + (size_t)rng_below(r, 6);

    (void)buf_printf(to, "{%s\"id\":%s%zu,%s\"title\":%s", gap, gap, id, gap, gap);
    put_words(to, r, 4);
    (void)buf_printf(to, ",%s\"overview\":%s", gap, gap);
    put_words(to, r, 70);
    (void)buf_printf(to, ",%s\"genres\":%s[", gap, gap);
    for (i = 0; i < n; i++) {
        if (i)
            (void)buf_printf(to, ",%s", gap);
        put_words(to, r, 1);
    }
    (void)buf_printf(to, "],%s\"release\":{\"year\":%d,%s\"country\":null,\"wide\":%s},", gap,
                     1900 + (int)rng_below(r, 125), gap, rng_below(r, 2) ? "true" : "false");
    (void)buf_printf(to, "%s\"rating\":%s%.2f,%s\"_geo\":{\"lat\":%.6f,\"lng\":%.6f},", gap, gap,
                     rng_unit(r) * 10, gap, rng_unit(r) * 180 - 90, rng_unit(r) * 360 - 180);
    (void)buf_printf(to, "%s\"votes\":[", gap);
    for (i = 0; i < 12; i++)
        (void)buf_printf(to, "%s%d", i ? "," : "", (int)rng_below(r, 100000));
    (void)buf_printf(to, "],%s\"poster\":%snull}", gap, gap);
}

static void make_data(struct data *d, size_t bytes, uint64_t seed)
{
    struct rng r;
    size_t i;

    buf_init(&d->text, BUF_NO_LIMIT);
    buf_init(&d->array, BUF_NO_LIMIT);
    buf_init(&d->csv, BUF_NO_LIMIT);
    rng_init(&r, seed);
    for (d->n_documents = 0; d->text.n < bytes; d->n_documents++) {
        put_document(&d->text, &r, d->n_documents, "");
        (void)buf_byte(&d->text, '\n');
    }
    for (i = 0; d->array.n < bytes; i++) {
        (void)buf_str(&d->array, i ? ",\n" : "[");
        put_document(&d->array, &r, i, "\n    ");
    }
    (void)buf_byte(&d->array, ']');
    (void)buf_str(&d->csv, "id:number,title,overview,rating:number,ok:boolean\n");
    for (i = 0; d->csv.n < bytes; i++) {
        (void)buf_printf(&d->csv, "%zu,Title %zu,\"", i, i);
        while (d->csv.p[d->csv.n - 1] != '.') {
            (void)buf_str(&d->csv, "some words, ");
            (void)buf_byte(&d->csv, rng_below(&r, 30) ? ' ' : '.');
        }
        (void)buf_printf(&d->csv, "\",%.2f,true\n", rng_unit(&r) * 10);
    }
}

/* One kind of work over the data; returns the bytes it went through. */
typedef size_t work_fn(const struct data *d);

static struct json_parser *parser;
static struct buf out;
static uint64_t witness; /* what was computed, so that it must be */

static size_t copy_text(const struct data *d)
{
    buf_clear(&out);
    (void)buf_bytes(&out, buf_view(&d->text));
    return d->text.n;
}

/* Calls fn for each line parsed. */
static size_t each_line(const struct data *d, void (*fn)(struct json_value root))
{
    const uint8_t *p = d->text.p, *end = p + d->text.n;
    struct json_value root;

    while (p < end) {
        const uint8_t *newline = memchr(p, '\n', (size_t)(end - p));

        if (!newline ||
            json_parse(parser, bytes_of(p, (size_t)(newline - p)), NULL, &root, NULL) != RC_OK)
            abort();
        fn(root);
        p = newline + 1;
    }
    return d->text.n;
}

static void look_at_nothing(struct json_value root)
{
    witness += root.node;
}

static size_t parse_lines(const struct data *d)
{
    return each_line(d, look_at_nothing);
}

static void walk(struct json_value v)
{
    struct json_iter it;
    double number;

    if (json_type(v) == JSON_STRING)
        witness += json_string(v).n;
    else if (json_type(v) == JSON_NUMBER && json_as_double(v, &number))
        witness += (uint64_t)(int64_t)number;
    if (json_type(v) < JSON_ARRAY)
        return;
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        witness += it.key.n;
        walk(it.value);
    }
}

static size_t walk_lines(const struct data *d)
{
    return each_line(d, walk);
}

static void serialise(struct json_value root)
{
    buf_clear(&out);
    json_compact_value(root, &out);
    witness += out.n;
}

static size_t serialise_lines(const struct data *d)
{
    return each_line(d, serialise);
}

static void write_value(struct json_writer *w, struct json_value v)
{
    struct json_iter it;
    enum json_type type = json_type(v);

    if (type == JSON_STRING) {
        json_put_string(w, json_string(v));
        return;
    }
    if (type < JSON_ARRAY) {
        json_put_raw(w, json_raw(v));
        return;
    }
    if (type == JSON_OBJECT)
        json_begin_object(w);
    else
        json_begin_array(w);
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        if (type == JSON_OBJECT)
            json_put_key(w, it.key);
        write_value(w, it.value);
    }
    if (type == JSON_OBJECT)
        json_end_object(w);
    else
        json_end_array(w);
}

static void rewrite(struct json_value root)
{
    struct json_writer w;

    buf_clear(&out);
    json_writer_init(&w, &out);
    write_value(&w, root);
    witness += out.n;
}

static size_t rewrite_lines(const struct data *d)
{
    return each_line(d, rewrite);
}

static bool count_document(void *arg, struct bytes document)
{
    (void)arg;
    witness += document.n;
    return true;
}

static size_t stream(enum json_stream_mode mode, struct bytes text, size_t piece)
{
    struct json_stream *s = json_stream_new(mode, NULL, count_document, NULL);
    size_t at;

    for (at = 0; at < text.n; at += piece)
        if (json_stream_feed(s, bytes_of(text.p + at, text.n - at < piece ? text.n - at : piece),
                             NULL) != RC_OK)
            abort();
    if (json_stream_end(s, NULL) != RC_OK)
        abort();
    json_stream_free(s);
    return text.n;
}

static size_t stream_lines(const struct data *d)
{
    return stream(JSON_STREAM_LINES, buf_view(&d->text), PIECE);
}

static size_t stream_small_pieces(const struct data *d)
{
    return stream(JSON_STREAM_LINES, buf_view(&d->text), 1400);
}

static size_t stream_array(const struct data *d)
{
    return stream(JSON_STREAM_ARRAY, buf_view(&d->array), PIECE);
}

static size_t convert_csv(const struct data *d)
{
    struct csv *csv = csv_new(NULL, count_document, NULL);
    size_t at;

    for (at = 0; at < d->csv.n; at += PIECE)
        if (csv_feed(csv, bytes_of(d->csv.p + at, d->csv.n - at < PIECE ? d->csv.n - at : PIECE),
                     NULL) != RC_OK)
            abort();
    if (csv_end(csv, NULL) != RC_OK)
        abort();
    csv_free(csv);
    return d->csv.n;
}

/* Text of doubles, and back: in millions a second. */
static double rate_doubles(bool back)
{
    enum { N = 200000 };
    char text[JSON_DOUBLE_MAX];
    struct rng r;
    int64_t best = INT64_MAX, from;
    double v = 0;
    int run, i;

    for (run = 0; run < RUNS; run++) {
        rng_init(&r, 1);
        from = clock_cpu_ns();
        for (i = 0; i < N; i++) {
            v = (double)(int64_t)rng_below(&r, 1000000000) / 1e6;
            (void)json_format_double(text, v);
            if (back && !json_parse_double(bytes_str(text), &v))
                abort();
            witness += (uint64_t)text[0];
        }
        from = clock_cpu_ns() - from;
        best = from < best ? from : best;
    }
    return N * 1e3 / (double)best;
}

static void measure(const char *name, work_fn *work, const struct data *d, struct json_writer *w)
{
    int64_t best = INT64_MAX, from;
    size_t bytes = 0;
    int run;

    for (run = 0; run < RUNS; run++) {
        from = clock_cpu_ns();
        bytes = work(d);
        from = clock_cpu_ns() - from;
        best = from < best ? from : best;
    }
    json_key(w, name);
    json_put_u64(w, (uint64_t)((double)bytes * 1e3 / (double)best));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        work_fn *work;
    } works[] = {
        {"memcpy", copy_text},
        {"parse", parse_lines},
        {"parse_and_walk", walk_lines},
        {"parse_and_compact", serialise_lines},
        {"parse_and_write", rewrite_lines},
        {"stream_lines", stream_lines},
        {"stream_lines_1400", stream_small_pieces},
        {"stream_array_spaced", stream_array},
        {"csv", convert_csv},
    };
    uint64_t megabytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 50;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct json_writer w;
    struct buf line;
    struct data d;
    size_t i;

    make_data(&d, (size_t)megabytes * 1000000, seed);
    parser = json_parser_new();
    buf_init(&out, BUF_NO_LIMIT);
    buf_init(&line, BUF_NO_LIMIT);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_key(&w, "bench");
    json_str(&w, "json");
    json_key(&w, "version");
    json_str(&w, LODE_VERSION);
    json_key(&w, "seed");
    json_put_u64(&w, seed);
    json_key(&w, "megabytes");
    json_put_u64(&w, megabytes);
    json_key(&w, "documents");
    json_put_u64(&w, d.n_documents);
    json_key(&w, "mb_per_s");
    json_begin_object(&w);
    for (i = 0; i < ARRAY_LEN(works); i++)
        measure(works[i].name, works[i].work, &d, &w);
    json_end_object(&w);
    json_key(&w, "million_doubles_per_s");
    json_begin_object(&w);
    json_key(&w, "format");
    json_put_double(&w, rate_doubles(false));
    json_key(&w, "format_and_parse");
    json_put_double(&w, rate_doubles(true));
    json_end_object(&w);
    json_end_object(&w);
    (void)printf("%s\n", buf_cstr(&line));
    (void)fprintf(stderr, "witness %llu\n", (unsigned long long)witness);
    buf_done(&d.text);
    buf_done(&d.array);
    buf_done(&d.csv);
    buf_done(&out);
    buf_done(&line);
    json_parser_free(parser);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * bench_words.c -- documents into postings, into a store, and lists out of it.
 *
 *   lode-corpus documents 1000000 > d.ndjson;  bench_words d.ndjson DIRECTORY [MOST]
 *
 * build: parsing, cutting and logging, one thread; the anchors are the parsing and
 * the parsing and cutting alone. flush: sorting and encoding. store: commits of a
 * tile. online: commits of one more document. Then lists: all words walked, every
 * row of the commonest lists, their occurrences, and RARE rare neighbours opened.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "index/posting_int.h"
#include "index/reader_int.h"
#include "store/store.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_NUMBER = 1, RARE = 150, ONLINE = 2000, ROUNDS = 5 };

static struct err err;
static struct bytes *docs;
static size_t n_docs;
static struct plan *plan;
static struct json_parser *parser;
static struct search_fields *fields;
static struct store *store;
static struct vocab *vocab;
static struct {
    uint64_t chunks, bytes, rows, n[3], kind_bytes[3];
} flushed;

static void must(enum rc rc, const char *what)
{
    if (rc == RC_OK)
        return;
    (void)fprintf(stderr, "bench_words: %s: %s\n", what, err.msg);
    exit(1);
}

static void show(const char *name, double ns, double n, const char *unit)
{
    printf(
        "{\"bench\":\"words\",\"case\":\"%s\",\"total_ms\":%.1f,\"n\":%.0f,\"ns_per_%s\":%.2f}\n",
        name, ns / 1e6, n, unit, n > 0 ? ns / n : 0);
}

static struct bytes read_file(const char *path)
{
    uint64_t size;
    uint8_t *text;
    size_t n;
    int fd;

    must(fs_open_path(path, &fd, &err), "open");
    must(fs_size(fd, &size, &err), "size");
    text = xmalloc(size + 1);
    must(fs_read(fd, text, size, &n, &err), "read");
    fs_close(fd);
    return bytes_of(text, n);
}

static void split_lines(struct bytes text, size_t most)
{
    const uint8_t *p = text.p, *end = p + text.n;
    size_t cap = 0;

    while (p < end && n_docs < most) {
        const uint8_t *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);

        docs = index__grow(docs, sizeof *docs, n_docs + 1, &cap);
        if (n)
            docs[n_docs++] = bytes_of(p, n);
        p += n + 1;
    }
}

static struct json_value parse(size_t i)
{
    struct json_error at;
    struct json_value v;

    must(json_parse(parser, docs[i], &index__json_limits, &v, &at), "parse");
    return v;
}

/* ---- anchors --------------------------------------------------------------------------- */

struct cutting {
    struct tokenizer *tokenizer;
    uint64_t tokens, bytes;
};

static void cut_value(void *arg, struct bytes path, struct json_value v)
{
    struct cutting *x = arg;
    enum json_type type = json_type(v);
    struct token t;

    (void)path;
    if (type == JSON_NULL)
        return;
    tokenizer_start(x->tokenizer, type == JSON_STRING ? json_string(v) : json_raw(v), 0);
    while (tokenizer_next(x->tokenizer, &t))
        if (t.kind == TOKEN_WORD) {
            x->tokens++;
            x->bytes += t.word.n;
        }
}

static uint64_t anchors(void)
{
    struct cutting x = {.tokenizer = tokenizer_new(plan->text)};
    const struct leaf_visitor visitor = {.arg = &x, .value = cut_value};
    struct buf path;
    int64_t from = clock_cpu_ns();
    size_t i;

    buf_init(&path, BUF_NO_LIMIT);
    for (i = 0; i < n_docs; i++)
        (void)parse(i);
    show("anchor: parse", (double)(clock_cpu_ns() - from), (double)n_docs, "document");
    from = clock_cpu_ns();
    for (i = 0; i < n_docs; i++)
        leaves__walk(parse(i), &path, &visitor);
    show("anchor: parse and cut", (double)(clock_cpu_ns() - from), (double)x.tokens, "token");
    buf_done(&path);
    tokenizer_free(x.tokenizer);
    return x.tokens;
}

/* ---- writing --------------------------------------------------------------------------- */

static enum rc count_chunk(void *arg, enum posting_kind kind, struct bytes key, uint32_t first_row,
                           struct bytes chunk, struct err *e)
{
    struct chunk_view c = {0};
    enum rc rc = posting_chunk__open(chunk, first_row, &c, e);

    (void)arg;
    (void)key;
    flushed.chunks++;
    flushed.bytes += chunk.n;
    flushed.n[kind] += c.count;
    flushed.kind_bytes[kind] += chunk.n;
    return rc;
}

static void build_only(uint64_t tokens)
{
    struct posting_builder *b = posting_builder__new(plan, fields);
    const struct bytes *words;
    int64_t add_ns = 0, flush_ns = 0, from;
    size_t i, n_words, most = 0;

    for (i = 0; i < n_docs;) {
        from = clock_cpu_ns();
        do
            posting_builder__add(b, (uint32_t)i, parse(i));
        while (++i < n_docs && i % TILE_ROWS);
        add_ns += clock_cpu_ns() - from;
        if (posting_builder__bytes(b) > most)
            most = posting_builder__bytes(b);
        from = clock_cpu_ns();
        must(posting_builder__flush(b, count_chunk, NULL, &words, &n_words, &err), "flush");
        flush_ns += clock_cpu_ns() - from;
    }
    show("build: add", (double)add_ns, (double)tokens, "token");
    show("build: flush", (double)flush_ns, (double)tokens, "token");
    show("build: all", (double)(add_ns + flush_ns), (double)n_docs, "document");
    printf("{\"bench\":\"words\",\"case\":\"bytes\",\"tokens\":%llu,\"word_rows\":%llu,"
           "\"word_bytes\":%llu,\"prefix_rows\":%llu,\"prefix_bytes\":%llu,\"length_rows\":%llu,"
           "\"length_bytes\":%llu,\"chunks\":%llu,\"builder_bytes\":%zu}\n",
           (unsigned long long)tokens, (unsigned long long)flushed.n[POSTING_WORD],
           (unsigned long long)flushed.kind_bytes[POSTING_WORD],
           (unsigned long long)flushed.n[POSTING_PREFIX],
           (unsigned long long)flushed.kind_bytes[POSTING_PREFIX],
           (unsigned long long)flushed.n[POSTING_LENGTH],
           (unsigned long long)flushed.kind_bytes[POSTING_LENGTH],
           (unsigned long long)flushed.chunks, most);
    posting_builder__free(b);
}

static void write_part(struct posting_builder *b, struct crumbs *crumbs, struct store_batch *batch)
{
    struct store_view *view;
    struct vocab *next;

    must(store_view_open(store, &view, &err), "view");
    must(posting_write__batch(b, WORDS_NUMBER, vocab, crumbs, view, batch, &next, &err), "write");
    store_view_close(view);
    vocab__unref(vocab);
    vocab = next;
}

static void write_all(void)
{
    struct posting_builder *b = posting_builder__new(plan, fields);
    struct store_batch *batch = store_batch_new();
    struct crumbs *crumbs = crumbs__new();
    int64_t from = clock_mono_ns(), online_ns = 0, at;
    uint64_t vocab_bytes;
    size_t i, end = n_docs - (n_docs > 10 * ONLINE ? ONLINE : 0);

    for (i = 0; i < end;) {
        do
            posting_builder__add(b, (uint32_t)i, parse(i));
        while (++i < end && i % TILE_ROWS);
        write_part(b, crumbs, batch);
        must(store_commit(store, batch, &err), "commit");
        store_batch_clear(batch);
    }
    show("store: tiles", (double)(clock_mono_ns() - from), (double)end, "document");
    for (; i < n_docs; i++) {
        at = clock_mono_ns();
        posting_builder__add(b, (uint32_t)i, parse(i));
        write_part(b, crumbs, batch);
        online_ns += clock_mono_ns() - at;
        must(store_commit(store, batch, &err), "commit");
        store_batch_clear(batch);
    }
    show("online: one document, without its commit", (double)online_ns, (double)(n_docs - end),
         "document");
    vocab_bytes = vocab__bytes(vocab);
    printf("{\"bench\":\"words\",\"case\":\"vocabulary\",\"words\":%zu,\"bytes\":%llu,"
           "\"store_bytes\":%llu}\n",
           vocab__count(vocab), (unsigned long long)vocab_bytes,
           (unsigned long long)store_disk_bytes(store));
    crumbs__free(crumbs);
    store_batch_free(batch);
    posting_builder__free(b);
}

/* ---- reading --------------------------------------------------------------------------- */

static void read_list(struct reader *r, enum posting_kind kind, struct bytes key)
{
    static struct tile rows, all;
    uint32_t tile, n_tiles = (uint32_t)(n_docs / TILE_ROWS + 1), round;
    uint64_t n = 0, n_occurrences = 0, sum = 0;
    int64_t from, rows_ns = 0, of_ns = 0, walk_ns = 0;
    char name[64];
    size_t i;

    memset(&all, 0xff, sizeof all);
    for (round = 0; round < ROUNDS; round++) {
        struct postings *p, *q;

        must(postings_open(r, kind, key, &p, &err), "open");
        must(postings_open(r, kind, key, &q, &err), "open");
        for (tile = 0; tile < n_tiles; tile++) {
            const struct posting *found;
            struct occurrence_iter it;
            struct occurrence o;
            size_t n_found;

            memset(&rows, 0, sizeof rows);
            from = clock_cpu_ns();
            must(postings_rows(p, tile, &rows, &err), "rows");
            rows_ns += clock_cpu_ns() - from;
            from = clock_cpu_ns();
            must(postings_of(q, tile, &all, &found, &n_found, &err), "of");
            of_ns += clock_cpu_ns() - from;
            from = clock_cpu_ns();
            for (i = 0; i < n_found; i++)
                for (occurrences_of(&found[i], &it); occurrences_next(&it, &o); n_occurrences++)
                    sum += o.position + o.field;
            walk_ns += clock_cpu_ns() - from;
            n += n_found;
        }
        postings_close(p);
        postings_close(q);
    }
    (void)snprintf(name, sizeof name, "read: rows of %.*s", BYTES_ARG(key));
    show(name, (double)rows_ns, (double)n, "row");
    (void)snprintf(name, sizeof name, "read: postings of %.*s", BYTES_ARG(key));
    show(name, (double)of_ns, (double)n, "row");
    (void)snprintf(name, sizeof name, "read: occurrences of %.*s%s", BYTES_ARG(key),
                   sum == 1 ? " " : "");
    show(name, (double)walk_ns, (double)n_occurrences, "occurrence");
}

/* Neighbours in the vocabulary, opened and read as a query's typos would be. */
static void read_rare(struct reader *r)
{
    static struct tile rows;
    struct postings *open[RARE];
    struct word_cursor c;
    int64_t from, open_ns = 0, rows_ns = 0;
    size_t round, i, n;
    uint32_t tile;

    for (round = 0; round < 20; round++) {
        reader_words(r, &c);
        (void)word_cursor_seek(&c, B("br"));
        for (i = 0; i < round * 500; i++)
            (void)word_cursor_next(&c);
        from = clock_mono_ns();
        for (n = 0; n < RARE && word_cursor_next(&c); n++)
            must(postings_open(r, POSTING_WORD, c.word, &open[n], &err), "open");
        open_ns += clock_mono_ns() - from;
        from = clock_mono_ns();
        for (tile = 0; tile < n_docs / TILE_ROWS + 1; tile++)
            for (i = 0; i < n; i++)
                must(postings_rows(open[i], tile, &rows, &err), "rows");
        rows_ns += clock_mono_ns() - from;
        for (i = 0; i < n; i++)
            postings_close(open[i]);
    }
    show("read: 150 neighbours opened", (double)open_ns, 20, "query");
    show("read: rows of 150 neighbours", (double)rows_ns, 20, "query");
}

static void walk_words(struct reader *r)
{
    struct word_cursor c;
    struct vocab *loaded;
    int64_t from = clock_cpu_ns();
    size_t n = 0;

    reader_words(r, &c);
    while (word_cursor_next(&c))
        n++;
    show("vocabulary: walk", (double)(clock_cpu_ns() - from), (double)n, "word");
    from = clock_cpu_ns();
    must(vocab__load(r->view->store_view, WORDS_NUMBER, &loaded, &err), "load");
    show("vocabulary: load", (double)(clock_cpu_ns() - from), (double)n, "word");
    vocab__unref(loaded);
}

static void read_all(void)
{
    struct search_state search = {.words = WORDS_NUMBER, .vocab = vocab};
    struct catalog_view view = {0};
    struct reader *r = xcalloc(1, sizeof *r);
    struct word_cursor words;

    must(store_view_open(store, &view.store_view, &err), "view");
    search.n_fields = search_fields__count(fields);
    r->view = &view;
    r->search = &search;
    walk_words(r);
    reader_words(r, &words);
    if (word_cursor_seek(&words, B("naind")) && bytes_eq(words.word, B("naind"))) {
        read_list(r, POSTING_WORD, B("naind"));
        read_list(r, POSTING_WORD, B("wyl"));
        read_list(r, POSTING_WORD, B("drama"));
    } else {
        read_list(r, POSTING_WORD, B("library"));
    }
    read_list(r, POSTING_PREFIX, B("s"));
    read_list(r, POSTING_PREFIX, B("f"));
    read_rare(r);
    reader_close(r);
    store_view_close(view.store_view);
}

int main(int argc, char **argv)
{
    struct bytes text;
    uint64_t tokens;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench_words FILE.ndjson NEW_DIRECTORY [MOST]\n");
        return 2;
    }
    text = read_file(argv[1]);
    split_lines(text, argc > 3 ? strtoul(argv[3], NULL, 10) : SIZE_MAX);
    must(plan_new(settings_defaults(), &plan, &err), "plan");
    must(store_open(argv[2], &(struct store_opts){.bulk = false}, &store, &err), "store");
    parser = json_parser_new();
    fields = search_fields__new(NULL, 0);
    vocab = vocab__new();
    tokens = anchors();
    build_only(tokens);
    write_all();
    read_all();
    vocab__unref(vocab);
    search_fields__free(fields);
    json_parser_free(parser);
    plan_unref(plan);
    store_close(store);
    xfree(docs);
    xfree((void *)(uintptr_t)text.p);
    return 0;
}

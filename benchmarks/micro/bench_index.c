/* SPDX-License-Identifier: MIT */
/*
 * bench_index.c -- documents into the catalog, out of it, and into a new one in bulk.
 *
 *   lode-corpus documents 1000000 > d.ndjson;  bench_index d.ndjson [DIRECTORY]
 *
 * add: changes of BATCH documents; the time of the store's own commits is shown
 * apart. get: documents by id, one hot block, and ids drawn from all. replace: 1 %
 * of the documents, scattered, in one change. small: changes of one new document.
 * load: all blocks into an empty store; the anchor is decoding the same frames,
 * which is what `zstd -dc` of a dump does.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/thread.h"
#include "index/index.h"
#include "record/record.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 20000, GETS = 200000, SMALL = 300 };

static struct err err;
static struct bytes *docs; /* of the file */
static size_t n_docs, n_bytes;

struct row {
    const char *name;
    size_t n;
    double wall_s, cpu_s, store_s; /* store_s: of wall_s, inside the store's commits */
};
static struct row rows[16];
static size_t n_rows;

struct clock {
    int64_t wall, cpu;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_index: %s: %s\n", what, err.msg);
    exit(1);
}

static void must(enum rc rc, const char *what)
{
    if (rc != RC_OK)
        die(what);
}

static struct clock start(void)
{
    return (struct clock){clock_mono_ns(), clock_cpu_ns()};
}

static void stop(struct clock from, const char *name, size_t n, double store_s)
{
    rows[n_rows++] = (struct row){name, n, (double)(clock_mono_ns() - from.wall) / NS_PER_S,
                                  (double)(clock_cpu_ns() - from.cpu) / NS_PER_S, store_s};
}

static void split_lines(struct bytes text)
{
    const uint8_t *p = text.p, *end = p + text.n;
    size_t cap = 0;

    while (p < end) {
        const uint8_t *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);

        if (n_docs == cap) {
            cap = cap ? cap * 2 : 1024;
            docs = xrealloc(docs, cap * sizeof *docs);
        }
        if (n)
            docs[n_docs++] = bytes_of(p, n);
        n_bytes += n;
        p += n + 1;
    }
}

/* Finishes and commits; returns the seconds that the store took. */
static double commit(struct store *store, struct change *c)
{
    struct store_batch *batch = store_batch_new();
    int64_t from;
    double s = 0;

    must(change_finish(c, batch, &err), "finish");
    from = clock_mono_ns();
    if (store_batch_count(batch))
        must(store_commit(store, batch, &err), "commit");
    s = (double)(clock_mono_ns() - from) / NS_PER_S;
    change_committed(c);
    store_batch_free(batch);
    return s;
}

static struct change *begin(struct catalog *catalog, uint32_t *index)
{
    struct index_info info;
    struct change *c;

    must(change_begin(catalog, &c, &err), "begin");
    if (change_find(c, B("bench"), &info, &err) == RC_OK)
        *index = info.id;
    else
        must(change_create_index(c, B("bench"), B("id"), 1, index, &err), "create");
    return c;
}

static double add(struct catalog *catalog, struct store *store, size_t from, size_t to)
{
    const struct document_opts opts = {.replace = true};
    uint32_t index = 0;
    struct change *c = begin(catalog, &index);

    change_mark(c);
    must(change_documents_begin(c, index, &opts, docs[from], 2, &err), "documents");
    for (; from < to; from++)
        must(change_document(c, index, docs[from], &opts, &err), "document");
    change_keep(c);
    return commit(store, c);
}

static void bench_add(struct catalog *catalog, struct store *store)
{
    struct clock t = start();
    double store_s = 0;
    size_t i;

    for (i = 0; i + SMALL < n_docs; i += BATCH)
        store_s += add(catalog, store, i, i + BATCH < n_docs - SMALL ? i + BATCH : n_docs - SMALL);
    stop(t, "add", n_docs - SMALL, store_s);
    t = start();
    store_s = 0;
    for (i = n_docs - SMALL; i < n_docs; i++)
        store_s += add(catalog, store, i, i + 1);
    stop(t, "small", SMALL, store_s);
}

static struct bytes id_of(size_t i, char text[24])
{
    const char *at = strstr((const char *)docs[i].p, "\"id\":") + 5;
    size_t n = strcspn(at, ",}");

    (void)snprintf(text, 24, "%.*s", (int)n, at);
    return bytes_str(text);
}

static void bench_get(struct catalog *catalog, size_t among, const char *name)
{
    struct clock t = start();
    struct rng rng;
    struct buf out;
    char text[24];
    size_t i;

    rng_init(&rng, 1);
    buf_init(&out, BUF_NO_LIMIT);
    for (i = 0; i < GETS; i++) {
        struct catalog_view *view;
        struct index_info info;

        must(catalog_view_open(catalog, &view, &err), "view");
        must(catalog_view_find(view, B("bench"), &info, &err), "find");
        must(document_get(view, info.id, id_of(rng_below(&rng, among), text), &out, &err), "get");
        catalog_view_close(view);
    }
    stop(t, name, GETS, 0);
    buf_done(&out);
}

static void bench_replace(struct catalog *catalog, struct store *store)
{
    const struct document_opts opts = {.replace = true};
    size_t n = n_docs / 100 ? n_docs / 100 : 1, i;
    struct clock t = start();
    uint32_t index;
    struct change *c = begin(catalog, &index);
    struct rng rng;
    double store_s;

    rng_init(&rng, 2);
    must(change_documents_begin(c, index, &opts, docs[0], 2, &err), "documents");
    for (i = 0; i < n; i++)
        must(change_document(c, index, docs[rng_below(&rng, n_docs)], &opts, &err), "document");
    store_s = commit(store, c);
    stop(t, "replace 1%", n, store_s);
}

struct frames {
    struct buf bytes;
    size_t *ends;
    size_t n, cap;
};

static enum rc keep_frame(void *arg, struct bytes frame, uint32_t n, struct err *e)
{
    struct frames *f = arg;

    (void)n;
    (void)e;
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 1024;
        f->ends = xrealloc(f->ends, f->cap * sizeof *f->ends);
    }
    (void)buf_bytes(&f->bytes, frame);
    f->ends[f->n++] = f->bytes.n;
    return RC_OK;
}

static void each_frame(const struct frames *f, struct loader *l)
{
    struct frame_decoder *decoder = frame_decoder_new();
    struct bytes content;
    size_t i, at = 0;

    for (i = 0; i < f->n; i++) {
        struct bytes frame = bytes_of(f->bytes.p + at, f->ends[i] - at);

        must(frame_decode(decoder, frame, RECORD_FRAME_MAX, &content, &err), "decode");
        if (l)
            must(loader_block(l, frame, content, &err), "block");
        at = f->ends[i];
    }
    frame_decoder_free(decoder);
}

static void bench_load(struct catalog *catalog, const char *dir)
{
    const struct store_opts opts = {.bulk = true, .write_buffer = 64 << 20};
    struct frames frames = {0};
    struct catalog_view *view;
    struct index_info info;
    struct loader *l;
    struct store *store;
    struct clock t;
    uint64_t n;

    buf_init(&frames.bytes, BUF_NO_LIMIT);
    must(catalog_view_open(catalog, &view, &err), "view");
    must(catalog_view_find(view, B("bench"), &info, &err), "find");
    t = start();
    must(block_each(view, info.id, keep_frame, &frames, &err), "blocks");
    stop(t, "export blocks", info.n_documents, 0);
    t = start();
    each_frame(&frames, NULL);
    stop(t, "anchor: decode", info.n_documents, 0);
    must(store_open(dir, &opts, &store, &err), "store");
    t = start();
    must(loader_open(store, &l, &err), "loader");
    must(loader_index(l, B("bench"), B("id"), 1, 1, settings_defaults(), &err), "index");
    each_frame(&frames, l);
    must(loader_index_end(l, &n, &err), "index end");
    must(loader_end(l, &err), "end");
    loader_close(l);
    stop(t, "load", n, 0);
    t = start();
    must(store_finish_bulk(store, &err), "finish");
    store_close(store);
    stop(t, "sync all files", 1, 0);
    catalog_view_close(view);
    buf_done(&frames.bytes);
    xfree(frames.ends);
}

static void print_rows(void)
{
    size_t i;

    (void)printf("%-16s %9s %8s %8s %8s %12s %8s\n", "what", "n", "wall s", "cpu s", "store s",
                 "n/s (less store)", "us each");
    for (i = 0; i < n_rows; i++) {
        const struct row *r = &rows[i];
        double own = r->wall_s - r->store_s;

        (void)printf("%-16s %9zu %8.3f %8.3f %8.3f %16.0f %8.2f\n", r->name, r->n, r->wall_s,
                     r->cpu_s, r->store_s, (double)r->n / own, own * 1e6 / (double)r->n);
    }
    (void)printf("{\"bench\":\"index\",\"documents\":%zu,\"bytes\":%zu,\"rows\":[", n_docs,
                 n_bytes);
    for (i = 0; i < n_rows; i++)
        (void)printf(
            "%s{\"what\":\"%s\",\"n\":%zu,\"wall_s\":%.4f,\"cpu_s\":%.4f,\"store_s\":%.4f}",
            i ? "," : "", rows[i].name, rows[i].n, rows[i].wall_s, rows[i].cpu_s, rows[i].store_s);
    (void)printf("]}\n");
}

int main(int argc, char **argv)
{
    const char *base = argc > 2 ? argv[2] : "/tmp";
    const struct store_opts opts = {0};
    char name[64], path[4096], load_path[4096];
    struct catalog *catalog;
    struct store *store;
    struct fs_dir *dir;
    struct pool *pool;
    uint8_t *text;
    uint64_t size;
    size_t n;
    int fd;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_index FILE.ndjson [DIRECTORY]\n");
        return 2;
    }
    must(fs_open_path(argv[1], &fd, &err), "open");
    must(fs_size(fd, &size, &err), "size");
    text = xmalloc(size + 1);
    must(fs_read(fd, text, size, &n, &err), "read");
    text[n] = '\0';
    fs_close(fd);
    split_lines(bytes_of(text, n));
    if (n_docs <= SMALL) {
        (void)fprintf(stderr, "bench_index: at least %d documents\n", SMALL + 1);
        return 2;
    }
    (void)snprintf(name, sizeof name, "bench_index.%lld", (long long)clock_mono_ns());
    (void)snprintf(path, sizeof path, "%s/%s/a", base, name);
    (void)snprintf(load_path, sizeof load_path, "%s/%s/b", base, name);
    must(fs_dir_open(base, false, &dir, &err), "directory");
    must(fs_mkdir(dir, name, &err), "directory");
    pool = pool_new("bench", thread_cpu_count());
    must(store_open(path, &opts, &store, &err), "store");
    must(catalog_open(store, pool, &catalog, &err), "catalog");
    bench_add(catalog, store);
    bench_get(catalog, 1, "get hot");
    bench_get(catalog, 1000, "get of 1000");
    bench_get(catalog, n_docs, "get of all");
    bench_replace(catalog, store);
    bench_load(catalog, load_path);
    print_rows();
    catalog_close(catalog);
    store_close(store);
    pool_free(pool);
    must(fs_remove_tree(dir, name, &err), "remove");
    fs_dir_close(dir);
    xfree(text);
    xfree(docs);
    return 0;
}

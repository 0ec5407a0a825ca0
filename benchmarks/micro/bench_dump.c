/* SPDX-License-Identifier: MIT */
/*
 * bench_dump.c -- from a store full of blocks to a finished dump, beside zstd on the same
 * documents.
 *
 *   lode-corpus documents 1000000 > d.ndjson;  bench_dump d.ndjson DIR [level]
 *
 * Loads the documents as blocks into a store below DIR (not measured), then in
 * turn, N_ROUNDS times: a dump (iterate, write, decode, hash, sync, name), the
 * verification of it, and the anchor, `zstd -T0 -3` of the file with a sync.
 * level: recompress the dump at this level.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { N_ROUNDS = 5, BATCH_BYTES = 4 << 20 };

static struct err err;
static struct fs_dir *dir;
static struct store *store;
static uint64_t n_documents;

static void must(enum rc rc, const char *what)
{
    if (rc == RC_OK)
        return;
    (void)fprintf(stderr, "bench_dump: %s: %s\n", what, err.msg);
    exit(1);
}

struct loading {
    struct frame_encoder *encoder;
    struct store_batch *batch;
    struct buf content, value;
    uint32_t n, n_blocks;
};

/* value: count of documents (4 bytes), then the frame. */
static void put_block(struct loading *l)
{
    uint8_t key[5] = {'d'}, count[4];

    if (l->n == 0)
        return;
    put_u32be(key + 1, l->n_blocks++);
    put_u32le(count, l->n);
    buf_clear(&l->value);
    (void)buf_append(&l->value, count, sizeof count);
    must(frame_encode(l->encoder, buf_view(&l->content), &l->value, &err), "encode");
    store_batch_put(l->batch, bytes_of(key, sizeof key), buf_view(&l->value));
    if (store_batch_bytes(l->batch) > BATCH_BYTES) {
        must(store_commit(store, l->batch, &err), "commit");
        store_batch_clear(l->batch);
    }
    n_documents += l->n;
    l->n = 0;
    buf_clear(&l->content);
}

static void load(const char *path)
{
    struct loading l = {.encoder = frame_encoder_new(RECORD_FRAME_LEVEL)};
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    if (!f) {
        perror(path);
        exit(1);
    }
    l.batch = store_batch_new();
    buf_init(&l.content, RECORD_FRAME_MAX);
    buf_init(&l.value, BUF_NO_LIMIT);
    while ((n = getline(&line, &cap, f)) > 0) {
        struct bytes json = bytes_of(line, (size_t)n - (line[n - 1] == '\n'));

        if (l.content.n + record_document_size(json.n) > RECORD_BLOCK_TARGET)
            put_block(&l);
        if (!record_put_document(&l.content, json, false))
            exit(1);
        l.n++;
    }
    put_block(&l);
    must(store_commit(store, l.batch, &err), "commit");
    (void)fclose(f);
    xfree(line);
    store_batch_free(l.batch);
    frame_encoder_free(l.encoder);
    buf_done(&l.content);
    buf_done(&l.value);
}

/* What one dump cost, in seconds. */
struct cost {
    double read, publish, all, cpu;
    uint64_t bytes;
};

static double since(int64_t t)
{
    return (double)(clock_mono_ns() - t) / NS_PER_S;
}

static void pour(struct dump_writer *w)
{
    Lode__Dump__V1__Index index;
    struct store_view *view;
    struct store_cursor *c;
    char uid[] = "documents", key[] = "id";

    lode__dump__v1__index__init(&index);
    index.uid = uid;
    index.primary_key = key;
    index.documents = n_documents;
    must(store_view_open(store, &view, &err), "view");
    must(store_cursor_open(view, B("d"), true, &c, &err), "cursor");
    must(dump_writer_index(w, &index, B("{}"), &err), "index");
    for (store_cursor_first(c); store_cursor_valid(c); store_cursor_next(c)) {
        struct bytes v = store_cursor_value(c);

        must(dump_writer_block(w, bytes_of(v.p + 4, v.n - 4), get_u32le(v.p), &err), "block");
    }
    must(store_cursor_end(c, &err), "cursor");
    store_cursor_close(c);
    store_view_close(view);
}

static struct cost dump_once(int level)
{
    struct dump_progress progress = {0};
    struct dump_writer_opts opts = {.dump_uid = B("bench"),
                                    .instance_uid = B("bench"),
                                    .recompress_level = level,
                                    .progress = &progress};
    struct dump_writer *w;
    struct cost cost;
    int64_t t0 = clock_mono_ns(), cpu0 = clock_cpu_ns();

    must(dump_writer_open(dir, &opts, &w, &err), "open");
    pour(w);
    cost.read = since(t0);
    must(dump_writer_publish(w, "bench.dump", &err), "publish");
    cost.all = since(t0);
    cost.publish = cost.all - cost.read;
    cost.cpu = (double)(clock_cpu_ns() - cpu0) / NS_PER_S;
    cost.bytes = atomic_load(&progress.bytes);
    dump_writer_close(w);
    return cost;
}

static double verify_once(const char *where)
{
    struct dump_reader *r;
    char path[4096];
    int64_t t0 = clock_mono_ns();

    (void)snprintf(path, sizeof path, "%s/bench.dump", where);
    must(dump_reader_open(path, &r, &err), "open the dump");
    must(dump_reader_verify(r, 0, NULL, &err), "verify");
    dump_reader_close(r);
    return since(t0);
}

/* Runs a shell command that must work; its seconds. */
static double run(const char *command)
{
    int64_t t0 = clock_mono_ns();

    if (system(command) != 0) {
        (void)fprintf(stderr, "bench_dump: this failed: %s\n", command);
        exit(1);
    }
    return since(t0);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, N_ROUNDS, sizeof *v, compare);
    return v[N_ROUNDS / 2];
}

int main(int argc, char **argv)
{
    struct store_opts opts = {.bulk = true};
    double dump[N_ROUNDS], verify[N_ROUNDS], anchor[N_ROUNDS], unpack[N_ROUNDS];
    char path[4096], zstd[9000], unzstd[9000];
    int level = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0, i;
    uint64_t zstd_bytes = 0, dump_bytes = 0;
    int fd;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench_dump FILE.ndjson DIR [level]\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/store", argv[2]);
    (void)snprintf(zstd, sizeof zstd,
                   "zstd -q -f -T0 -3 '%s' -o '%s/anchor.zst' && sync '%s/anchor.zst'", argv[1],
                   argv[2], argv[2]);
    (void)snprintf(unzstd, sizeof unzstd, "zstd -q -t '%s/anchor.zst'", argv[2]);
    must(fs_dir_open(argv[2], true, &dir, &err), argv[2]);
    must(store_open(path, &opts, &store, &err), path);
    load(argv[1]);
    (void)run("sync");
    for (i = 0; i < N_ROUNDS; i++) {
        struct cost cost = dump_once(level);

        dump[i] = cost.all;
        dump_bytes = cost.bytes;
        verify[i] = verify_once(argv[2]);
        anchor[i] = run(zstd);
        unpack[i] = run(unzstd);
        (void)printf("dump %.3f s (reading %.3f, then %.3f; CPU %.3f), verify %.3f, "
                     "zstd -T0 -3 %.3f, zstd -t %.3f\n",
                     cost.all, cost.read, cost.publish, cost.cpu, verify[i], anchor[i], unpack[i]);
        must(fs_unlink(dir, "bench.dump", &err), "unlink");
    }
    must(fs_open_read(dir, "anchor.zst", &fd, &err), "anchor");
    must(fs_size(fd, &zstd_bytes, &err), "anchor");
    fs_close(fd);
    (void)printf("{\"bench\":\"dump\",\"documents\":%llu,\"recompress\":%d,\"dump_s\":%.3f,"
                 "\"verify_s\":%.3f,\"zstd_s\":%.3f,\"zstd_t_s\":%.3f,\"times_faster\":%.2f,"
                 "\"bytes\":%llu,\"zstd_bytes\":%llu,\"size_ratio\":%.4f,\"cpus\":%u}\n",
                 (unsigned long long)n_documents, level, median(dump), median(verify),
                 median(anchor), median(unpack), median(anchor) / median(dump),
                 (unsigned long long)dump_bytes, (unsigned long long)zstd_bytes,
                 (double)dump_bytes / (double)zstd_bytes, (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    store_close(store);
    fs_dir_close(dir);
    return 0;
}

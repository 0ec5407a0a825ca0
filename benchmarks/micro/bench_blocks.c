/* SPDX-License-Identifier: MIT */
/*
 * bench_blocks.c -- what the size of a block costs: bytes on disk against time to read one
 * document.
 *
 *   lode-corpus documents 100000 > d.ndjson;  bench_blocks d.ndjson
 *
 * Encodes the same documents into frames of 8 KiB .. 8 MiB of records, and for
 * the anchor into one frame a level-3 zstd of the whole (at most the frame limit).
 * For each size: bytes against the anchor, encoding and decoding speed, and the
 * time to inflate one frame, which is what reading one document costs.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "record/record.h"

#include <stdio.h>
#include <stdlib.h>

enum { N_ROUNDS = 3 };

struct result {
    size_t target; /* content bytes of a frame; 0: one long frame */
    size_t n_frames, n_content, n_bytes;
    double encode_s, decode_s; /* best of N_ROUNDS */
};

static struct frame_encoder *enc;
static struct frame_decoder *dec;
static struct buf frames;
static size_t *frame_ends; /* of frames */
static struct err err;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_blocks: %s: %s\n", what, err.msg);
    exit(1);
}

static void add_frame(struct result *r, struct buf *content)
{
    if (content->n == 0)
        return;
    if (frame_encode(enc, buf_view(content), &frames, &err) != RC_OK)
        die("encode");
    frame_ends[r->n_frames++] = frames.n;
    r->n_content += content->n;
    buf_clear(content);
}

static void encode_all(struct result *r, struct bytes ndjson)
{
    const uint8_t *p = ndjson.p, *end = p + ndjson.n;
    size_t target = r->target ? r->target : RECORD_FRAME_MAX;
    struct buf content;

    buf_init(&content, RECORD_FRAME_MAX);
    buf_clear(&frames);
    r->n_frames = 0;
    r->n_content = 0;
    while (p < end) {
        const uint8_t *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);

        if (content.n > 0 && content.n + record_document_size(n) > target)
            add_frame(r, &content);
        if (!record_put_document(&content, bytes_of(p, n), false))
            die("a document is too large");
        p += n + 1;
    }
    add_frame(r, &content);
    buf_done(&content);
    r->n_bytes = frames.n;
}

static void decode_all(const struct result *r)
{
    struct bytes content;
    size_t i, at = 0;

    for (i = 0; i < r->n_frames; i++) {
        if (frame_decode(dec, bytes_of(frames.p + at, frame_ends[i] - at), RECORD_FRAME_MAX,
                         &content, &err) != RC_OK)
            die("decode");
        at = frame_ends[i];
    }
}

static void measure(struct result *r, struct bytes ndjson)
{
    int i;

    for (i = 0; i < N_ROUNDS; i++) {
        int64_t t0 = clock_mono_ns(), t1, t2;
        double e, d;

        encode_all(r, ndjson);
        t1 = clock_mono_ns();
        decode_all(r);
        t2 = clock_mono_ns();
        e = (double)(t1 - t0) / NS_PER_S;
        d = (double)(t2 - t1) / NS_PER_S;
        if (i == 0 || e < r->encode_s)
            r->encode_s = e;
        if (i == 0 || d < r->decode_s)
            r->decode_s = d;
    }
}

static void print_row(const struct result *r, const struct result *anchor)
{
    double mb = (double)r->n_content / 1e6;

    (void)printf("%9zu  %9zu  %8zu  %7.4f  %9.0f  %9.0f  %10.1f\n", r->target, r->n_bytes,
                 r->n_frames, (double)r->n_bytes / (double)anchor->n_bytes, mb / r->encode_s,
                 mb / r->decode_s, r->decode_s * 1e6 / (double)r->n_frames);
}

static void print_json(const struct result *r, size_t n, const struct result *anchor)
{
    size_t i;

    (void)printf("{\"bench\":\"blocks\",\"level\":%d,\"content\":%zu,\"anchor_bytes\":%zu,"
                 "\"sizes\":[",
                 RECORD_FRAME_LEVEL, anchor->n_content, anchor->n_bytes);
    for (i = 0; i < n; i++)
        (void)printf("%s{\"target\":%zu,\"bytes\":%zu,\"ratio\":%.4f,\"inflate_us\":%.1f}",
                     i ? "," : "", r[i].target, r[i].n_bytes,
                     (double)r[i].n_bytes / (double)anchor->n_bytes,
                     r[i].decode_s * 1e6 / (double)r[i].n_frames);
    (void)printf("]}\n");
}

int main(int argc, char **argv)
{
    static struct result results[] = {
        {.target = 8 << 10},   {.target = 12 << 10}, {.target = 16 << 10}, {.target = 20 << 10},
        {.target = 24 << 10},  {.target = 32 << 10}, {.target = 64 << 10}, {.target = 128 << 10},
        {.target = 256 << 10}, {.target = 1 << 20},  {.target = 4 << 20},  {.target = 8 << 20},
        {.target = 0},
    };
    const struct result *anchor = &results[ARRAY_LEN(results) - 1];
    uint8_t *p = NULL;
    uint64_t size = 0;
    size_t n, i;
    int fd;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: bench_blocks FILE.ndjson\n");
        return 2;
    }
    if (fs_open_path(argv[1], &fd, &err) != RC_OK || fs_size(fd, &size, &err) != RC_OK)
        die(argv[1]);
    if (size > RECORD_FRAME_MAX - (4 << 20))
        size = RECORD_FRAME_MAX - (4 << 20); /* the anchor is one frame */
    p = xmalloc((size_t)size + 1);
    if (fs_read(fd, p, (size_t)size, &n, &err) != RC_OK)
        die(argv[1]);
    fs_close(fd);
    while (n > 0 && p[n - 1] != '\n')
        n--;
    enc = frame_encoder_new(RECORD_FRAME_LEVEL);
    dec = frame_decoder_new();
    buf_init(&frames, BUF_NO_LIMIT);
    frame_ends = xcalloc(n / 2 + 1, sizeof *frame_ends);
    for (i = 0; i < ARRAY_LEN(results); i++)
        measure(&results[i], bytes_of(p, n));
    (void)printf("   target      bytes    frames    ratio  enc MB/s   dec MB/s  us a frame\n");
    for (i = 0; i < ARRAY_LEN(results); i++)
        print_row(&results[i], anchor);
    print_json(results, ARRAY_LEN(results), anchor);
    frame_encoder_free(enc);
    frame_decoder_free(dec);
    buf_done(&frames);
    xfree(frame_ends);
    xfree(p);
    return 0;
}

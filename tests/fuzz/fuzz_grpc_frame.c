/* SPDX-License-Identifier: MIT */
/*
 * fuzz_grpc_frame.c -- what stands inside gRPC's DATA frames and headers.
 *
 * The first byte says how the rest is cut, and whether it is also compressed
 * (which is slow). Read whole and cut, it must give the
 * same messages and the same failure; compressed ones are inflated within their
 * limit; and the texts of headers must come back from their own coding.
 */
#include "base/buf.h"
#include "grpc/coding.h"
#include "grpc/grpc_frame.h"
#include "grpc/wire.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 4096, INFLATED = 16384 };

static void fail(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

struct reading {
    struct grpc_frame_parser parser;
    struct buf messages; /* flag, length, body of each */
    size_t n;
    enum rc rc;
};

static void reading_init(struct reading *r, bool always_copy)
{
    *r = (struct reading){.rc = RC_OK};
    grpc_frame_init(&r->parser, LIMIT);
    r->parser.always_copy = always_copy;
    buf_init(&r->messages, BUF_NO_LIMIT);
}

static void reading_done(struct reading *r)
{
    grpc_frame_done(&r->parser);
    buf_done(&r->messages);
}

static void read_some(struct reading *r, struct bytes in)
{
    while (in.n && r->rc == RC_OK) {
        struct grpc_frame frame;
        struct err err;
        bool whole;

        r->rc = grpc_frame_next(&r->parser, &in, &frame, &whole, &err);
        if (r->rc != RC_OK)
            return;
        if (!whole && in.n)
            fail("input is left although the message is not whole");
        if (!whole)
            return;
        if (frame.body.n > LIMIT)
            fail("a message over the limit");
        r->n++;
        buf_byte(&r->messages, frame.compressed);
        buf_varint(&r->messages, frame.body.n);
        buf_bytes(&r->messages, frame.body);
#ifdef LODE_PLANTED_BUG
        if (r->n > 2 && frame.compressed && frame.body.n == 0) /* no seed holds one */
            fail("planted bug");
#endif
    }
}

/* Every message through both codings: as compressed data, and to it and back. */
static void try_codings(struct bytes in)
{
    static struct grpc_codec *codec;
    struct buf out, back;
    struct err err;
    int coding;

    if (!codec)
        codec = grpc_codec_new();
    for (coding = GRPC_GZIP; coding <= GRPC_DEFLATE; coding++) {
        buf_init(&out, INFLATED);
        buf_init(&back, in.n);
        if (grpc_codec_inflate(codec, (enum grpc_coding)coding, in, &out, &err) == RC_OK &&
            out.n > INFLATED)
            fail("more was inflated than the limit");
        buf_done(&out);
        buf_init(&out, 2 * in.n + 100);
        if (grpc_codec_deflate(codec, (enum grpc_coding)coding, in, &out, &err) != RC_OK ||
            grpc_codec_inflate(codec, (enum grpc_coding)coding, buf_view(&out), &back, &err) !=
                RC_OK ||
            !bytes_eq(buf_view(&back), in))
            fail("compressed, it does not come back");
        buf_done(&out);
        buf_done(&back);
    }
}

static void try_texts(struct bytes in)
{
    struct buf coded, plain, again;
    int64_t ns, back;
    uint8_t *raw = malloc(GRPC_BASE64_ROOM(in.n));
    char text[GRPC_TIMEOUT_TEXT];
    bool suffix;
    size_t n, i;

    buf_init(&coded, BUF_NO_LIMIT);
    buf_init(&plain, BUF_NO_LIMIT);
    buf_init(&again, BUF_NO_LIMIT);
    grpc_percent_encode(&coded, in, 200);
    if (coded.n > 200)
        fail("a status text over its limit");
    for (i = 0; i < coded.n; i++)
        if (coded.p[i] < 0x20 || coded.p[i] > 0x7e)
            fail("a status text that is no header value");
    grpc_percent_decode(&plain, buf_view(&coded));
    grpc_percent_encode(&again, buf_view(&plain), 200);
    if (!bytes_eq(buf_view(&coded), buf_view(&again)))
        fail("a status text changes on the way");
    grpc_percent_decode(&plain, in);
    buf_clear(&coded);
    grpc_base64_encode(&coded, in);
    if (grpc_base64_decode(in, raw, &n) && n > GRPC_BASE64_ROOM(in.n))
        fail("base64 larger than its room");
    free(raw);
    raw = malloc(GRPC_BASE64_ROOM(coded.n));
    if (!grpc_base64_decode(buf_view(&coded), raw, &n) || !bytes_eq(bytes_of(raw, n), in))
        fail("base64 does not come back");
    free(raw);
    if (grpc_timeout_parse(in, &ns) &&
        (!grpc_timeout_parse(bytes_str(grpc_timeout_format(text, ns)), &back) || back < ns))
        fail("a timeout becomes shorter");
    (void)grpc_accept_parse(in);
    (void)grpc_content_type(in, &suffix);
    buf_done(&coded);
    buf_done(&plain);
    buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading whole, cut;
    size_t step, at;

    if (size < 1)
        return 0;
    step = (size_t)(data[0] & 63) + 1;
    reading_init(&whole, false);
    reading_init(&cut, data[0] & 64);
    read_some(&whole, bytes_of(data + 1, size - 1));
    for (at = 1; at < size; at += step)
        read_some(&cut, bytes_of(data + at, size - at < step ? size - at : step));
    if (whole.rc != cut.rc || whole.n != cut.n ||
        !bytes_eq(buf_view(&whole.messages), buf_view(&cut.messages)))
        fail("cut differently, read differently");
    if (whole.rc == RC_OK && grpc_frame_is_open(&whole.parser) != grpc_frame_is_open(&cut.parser))
        fail("cut differently, open differently");
    reading_done(&whole);
    reading_done(&cut);
    if (data[0] & 128)
        try_codings(bytes_of(data + 1, size - 1 < LIMIT ? size - 1 : LIMIT));
    try_texts(bytes_of(data + 1, size - 1 < 1000 ? size - 1 : 1000));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * coding.c -- see coding.h. The only file of the room that knows zlib.
 *
 * Inflating goes in steps into a buffer that stops at its limit, so 4 MiB of
 * gzip cannot become 4 GiB of memory.
 */
#include "grpc/coding.h"

#include "base/assert.h"
#include "base/mem.h"

#define ZLIB_CONST /* its input is not written to */
#include <zlib.h>

enum {
    WINDOW = 15,
    GZIP_FORMAT = 16, /* zlib's flag in windowBits */
    MEMORY_LEVEL = 8,
    STEP_MIN = 4096,
    INPUT_MAX = 1 << 30, /* zlib counts in unsigned int */
};

struct grpc_codec {
    z_stream in;     /* one for both formats: inflateReset2() switches */
    z_stream out[2]; /* gzip, deflate */
    bool has_in;
    bool has_out[2];
};

static voidpf zlib_alloc(voidpf arg, uInt n, uInt size)
{
    (void)arg;
    return xcalloc(n, size);
}

static void zlib_free(voidpf arg, voidpf p)
{
    (void)arg;
    xfree(p);
}

struct grpc_codec *grpc_codec_new(void)
{
    return xcalloc(1, sizeof(struct grpc_codec));
}

void grpc_codec_free(struct grpc_codec *codec)
{
    size_t i;

    if (!codec)
        return;
    if (codec->has_in)
        (void)inflateEnd(&codec->in);
    for (i = 0; i < ARRAY_LEN(codec->out); i++)
        if (codec->has_out[i])
            (void)deflateEnd(&codec->out[i]);
    xfree(codec);
}

static int window_bits(enum grpc_coding coding)
{
    ASSERT(coding == GRPC_GZIP || coding == GRPC_DEFLATE);
    return coding == GRPC_GZIP ? WINDOW + GZIP_FORMAT : WINDOW;
}

static z_stream *inflater(struct grpc_codec *codec, enum grpc_coding coding)
{
    z_stream *z = &codec->in;

    if (codec->has_in) {
        ASSERT(inflateReset2(z, window_bits(coding)) == Z_OK);
        return z;
    }
    *z = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
    ASSERT(inflateInit2(z, window_bits(coding)) == Z_OK);
    codec->has_in = true;
    return z;
}

/* Room for the next step: half again of what is there, never past the limit. */
static size_t make_room(struct buf *out)
{
    size_t want = out->n / 2 > STEP_MIN ? out->n / 2 : STEP_MIN;
    size_t left = out->limit - out->n;

    if (want > left)
        want = left;
    if (want > INPUT_MAX)
        want = INPUT_MAX;
    return want && buf_reserve(out, want) ? want : 0;
}

enum rc grpc_codec_inflate(struct grpc_codec *codec, enum grpc_coding coding, struct bytes in,
                           struct buf *out, struct err *err)
{
    z_stream *z = inflater(codec, coding);
    uint8_t beyond; /* one byte past the limit proves that there is more */
    int rv = Z_OK;

    if (in.n > INPUT_MAX)
        return err_set(err, RC_TOO_LARGE, NULL, "The compressed message is too large.");
    z->next_in = in.p;
    z->avail_in = (uInt)in.n;
    while (rv == Z_OK) {
        size_t room = make_room(out);

        z->next_out = room ? out->p + out->n : &beyond;
        z->avail_out = room ? (uInt)room : 1;
        rv = inflate(z, Z_NO_FLUSH);
        if (room)
            out->n += room - z->avail_out;
        else if (z->avail_out == 0)
            return err_set(err, RC_TOO_LARGE, NULL,
                           "The message is larger than %zu bytes when decompressed.", out->limit);
    }
    if (rv != Z_STREAM_END)
        return err_set(err, RC_CORRUPT, NULL, "The message is not whole %s data.",
                       grpc_coding_name(coding));
    if (z->avail_in)
        return err_set(err, RC_CORRUPT, NULL, "Bytes follow the end of the %s data.",
                       grpc_coding_name(coding));
    return RC_OK;
}

enum rc grpc_codec_deflate(struct grpc_codec *codec, enum grpc_coding coding, struct bytes in,
                           struct buf *out, struct err *err)
{
    size_t which = coding == GRPC_GZIP ? 0 : 1;
    z_stream *z = &codec->out[which];
    size_t bound;

    if (in.n > INPUT_MAX)
        return err_set(err, RC_TOO_LARGE, NULL, "The message is too large to compress.");
    if (!codec->has_out[which]) {
        *z = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
        ASSERT(deflateInit2(z, Z_BEST_SPEED, Z_DEFLATED, window_bits(coding), MEMORY_LEVEL,
                            Z_DEFAULT_STRATEGY) == Z_OK);
        codec->has_out[which] = true;
    } else {
        ASSERT(deflateReset(z) == Z_OK);
    }
    bound = deflateBound(z, (uLong)in.n);
    if (!buf_reserve(out, bound))
        return err_set(err, RC_TOO_LARGE, NULL, "The compressed message is too large.");
    z->next_in = in.p;
    z->avail_in = (uInt)in.n;
    z->next_out = out->p + out->n;
    z->avail_out = (uInt)bound;
    ASSERT(deflate(z, Z_FINISH) == Z_STREAM_END); /* deflateBound() is enough for one go */
    out->n += bound - z->avail_out;
    return RC_OK;
}

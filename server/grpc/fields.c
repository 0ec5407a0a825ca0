/* SPDX-License-Identifier: MIT */
/*
 * fields.c -- header and trailer blocks we send, kept until nghttp2 takes them.
 *
 * Flat: name length(4) value length(4) name value, one field after another. A
 * block never passes GRPC_TRAILER_LIMIT: what does not fit is left out, the
 * handler's metadata last come first to go.
 */
#include "base/mem.h"
#include "grpc/grpc_int.h"

#define ERROR_INFO_TYPE "type.googleapis.com/lode.v1.ErrorInfo"

void grpc__fields_init(struct grpc__fields *f)
{
    *f = (struct grpc__fields){0};
    buf_init(&f->bytes, (size_t)GRPC_TRAILER_LIMIT + (size_t)8 * GRPC_FIELDS_MAX);
}

void grpc__fields_done(struct grpc__fields *f)
{
    buf_done(&f->bytes);
}

void grpc__fields_clear(struct grpc__fields *f)
{
    buf_clear(&f->bytes);
    f->n = f->wire = 0;
}

/* False: it would pass GRPC_TRAILER_LIMIT and was left out. */
static bool add_field(struct grpc__fields *f, struct bytes name, struct bytes value)
{
    size_t wire = name.n + value.n + 32;
    uint8_t lengths[8];

    if (f->n == GRPC_FIELDS_MAX || wire > GRPC_TRAILER_LIMIT - f->wire)
        return false;
    put_u32be(lengths, (uint32_t)name.n);
    put_u32be(lengths + 4, (uint32_t)value.n);
    buf_append(&f->bytes, lengths, sizeof lengths);
    buf_bytes(&f->bytes, name);
    buf_bytes(&f->bytes, value);
    f->n++;
    f->wire += wire;
    return true;
}

size_t grpc__fields_add_metadata(struct grpc__fields *f, const struct rpc_metadata *items, size_t n)
{
    size_t left_out = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        struct buf text;

        if (!grpc_is_binary_name(items[i].name)) {
            left_out += !add_field(f, items[i].name, items[i].value);
            continue;
        }
        buf_init(&text, GRPC_TRAILER_LIMIT);
        grpc_base64_encode(&text, items[i].value);
        if (!buf_ok(&text) || !add_field(f, items[i].name, buf_view(&text)))
            left_out++;
        buf_done(&text);
    }
    return left_out;
}

size_t grpc__fields_nv(const struct grpc__fields *f, nghttp2_nv *nv, size_t max)
{
    uint8_t *at = f->bytes.p;
    size_t i;

    for (i = 0; i < f->n && i < max; i++) {
        size_t n_name = get_u32be(at);
        size_t n_value = get_u32be(at + 4);

        at += 8;
        nv[i] =
            (nghttp2_nv){.name = at, .namelen = n_name, .value = at + n_name, .valuelen = n_value};
        at += n_name + n_value;
    }
    return i;
}

/* ---- the status -------------------------------------------------------------------- */

/* Cuts text to at most max bytes at a whole UTF-8 character. */
static struct bytes cut_text(struct bytes text, size_t max)
{
    if (text.n <= max)
        return text;
    text.n = max;
    while (text.n && (text.p[text.n] & 0xc0) == 0x80)
        text.n--;
    return text;
}

static void put_field(struct buf *out, unsigned number, struct bytes value)
{
    if (!value.n)
        return;
    buf_varint(out, (uint64_t)number << 3 | 2);
    buf_varint(out, value.n);
    buf_bytes(out, value);
}

/* google.rpc.Status {1 code, 2 message, 3 Any {1 type_url, 2 lode.v1.ErrorInfo}}. */
static void encode_details(struct buf *out, int grpc_status, struct bytes text,
                           const struct rpc_status *detail)
{
    /* Base64 makes 4 of 3; what stands beside the texts is well under 160 bytes. */
    size_t room = GRPC_DETAILS_LIMIT / 4 * 3 - 160;
    size_t taken = text.n + strlen(detail->code) + strlen(detail->type) + strlen(detail->link);
    struct buf info, any;

    buf_init(&info, GRPC_DETAILS_LIMIT);
    buf_init(&any, GRPC_DETAILS_LIMIT);
    put_field(&info, 1, cut_text(bytes_str(detail->err.msg), taken < room ? room - taken : 0));
    put_field(&info, 2, bytes_str(detail->code));
    put_field(&info, 3, bytes_str(detail->type));
    put_field(&info, 4, bytes_str(detail->link));
    put_field(&any, 1, bytes_str(ERROR_INFO_TYPE));
    put_field(&any, 2, buf_view(&info));
    buf_varint(out, 1 << 3);
    buf_varint(out, (uint64_t)grpc_status);
    put_field(out, 2, text);
    put_field(out, 3, buf_view(&any));
    buf_done(&info);
    buf_done(&any);
}

static void add_details(struct grpc__fields *f, int grpc_status, struct bytes text,
                        const struct rpc_status *detail)
{
    struct buf raw, coded;

    buf_init(&raw, GRPC_DETAILS_LIMIT);
    buf_init(&coded, GRPC_DETAILS_LIMIT);
    encode_details(&raw, grpc_status, text, detail);
    grpc_base64_encode(&coded, buf_view(&raw));
    if (buf_ok(&raw) && buf_ok(&coded))
        (void)add_field(f, B("grpc-status-details-bin"), buf_view(&coded));
    buf_done(&raw);
    buf_done(&coded);
}

void grpc__fields_status(struct grpc__fields *f, int grpc_status, struct bytes text,
                         const struct rpc_status *detail)
{
    struct buf coded, plain;
    char number[12];
    int n = 0;

    if (grpc_status >= 10)
        number[n++] = (char)('0' + grpc_status / 10 % 10);
    number[n++] = (char)('0' + grpc_status % 10);
    (void)add_field(f, B("grpc-status"), bytes_of(number, (size_t)n));
    buf_init(&coded, GRPC_STATUS_TEXT_MAX);
    buf_init(&plain, GRPC_STATUS_TEXT_MAX);
    grpc_percent_encode(&coded, text, GRPC_STATUS_TEXT_MAX);
    if (coded.n)
        (void)add_field(f, B("grpc-message"), buf_view(&coded));
    if (detail && detail->err.word) {
        /* The same text as in grpc-message, so cut alike. */
        grpc_percent_decode(&plain, buf_view(&coded));
        add_details(f, grpc_status, buf_view(&plain), detail);
    }
    buf_done(&coded);
    buf_done(&plain);
}

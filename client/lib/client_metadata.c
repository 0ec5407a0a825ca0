/* SPDX-License-Identifier: MIT */
/*
 * client_metadata.c -- names and values around a call, "-bin" ones in base64.
 *
 * Values are kept decoded: bytes as the application means them. Pure
 * functions on the caller's storage.
 */
#include "client_int.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>

static void add_field(struct client_fields *f, struct bytes name, struct bytes value)
{
    struct client_field *field;

    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 8;
        f->v = xrealloc(f->v, f->cap * sizeof(*f->v));
    }
    field = &f->v[f->n++];
    field->name = xstrndup(name.p, name.n);
    field->value = (uint8_t *)xstrndup(value.n ? value.p : (const uint8_t *)"", value.n);
    field->n = value.n;
}

const struct client_field *client__fields_get(const struct client_fields *f, const char *name)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        if (strcmp(f->v[i].name, name) == 0)
            return &f->v[i];
    return NULL;
}

void client__fields_done(struct client_fields *f)
{
    size_t i;

    for (i = 0; i < f->n; i++) {
        xfree(f->v[i].name);
        xfree(f->v[i].value);
    }
    xfree(f->v);
    *f = (struct client_fields){0};
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void client__base64_encode(struct bytes data, struct buf *out)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t i;

    for (i = 0; i < data.n; i++) {
        bits = bits << 8 | data.p[i];
        n_bits += 8;
        while (n_bits >= 6) {
            n_bits -= 6;
            buf_byte(out, (uint8_t)alphabet[bits >> n_bits & 63]);
        }
    }
    if (n_bits)
        buf_byte(out, (uint8_t)alphabet[bits << (6 - n_bits) & 63]);
}

bool client__base64_decode(struct bytes text, struct buf *out)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = text.n;
    size_t i;

    while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=')
        n--;
    if (n % 4 == 1 || (n != text.n && text.n % 4 != 0))
        return false;
    for (i = 0; i < n; i++) {
        const char *at = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;

        if (!at)
            return false;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            buf_byte(out, (uint8_t)(bits >> n_bits));
        }
    }
    return buf_ok(out);
}

static bool ends_bin(struct bytes name)
{
    return name.n > 4 && memcmp(name.p + name.n - 4, "-bin", 4) == 0;
}

bool client__fields_receive(struct client_fields *f, struct bytes name, struct bytes value)
{
    size_t from = 0;
    size_t i;

    if (!ends_bin(name)) {
        add_field(f, name, value);
        return true;
    }
    for (i = 0; i <= value.n; i++) {
        struct buf raw;
        bool ok;

        if (i < value.n && value.p[i] != ',')
            continue;
        buf_init(&raw, CLIENT_HEADERS_MAX);
        ok = client__base64_decode(bytes_of(value.p + from, i - from), &raw);
        if (ok)
            add_field(f, name, buf_view(&raw));
        buf_done(&raw);
        if (!ok)
            return false;
        from = i + 1;
    }
    return true;
}

static bool good_name(struct bytes name)
{
    static const char *const reserved[] = {
        "te",   "content-type", "content-length",    "connection",
        "host", "user-agent",   "transfer-encoding", "upgrade"};
    size_t i;

    if (name.n == 0 || bytes_starts(name, B("grpc-")))
        return false;
    for (i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' || c == '.'))
            return false;
    }
    for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
        if (bytes_eq(name, bytes_str(reserved[i])))
            return false;
    return true;
}

static bool good_value(struct bytes value)
{
    size_t i;

    for (i = 0; i < value.n; i++)
        if (value.p[i] < 0x20 || value.p[i] > 0x7e)
            return false;
    return true;
}

enum lode_status client__fields_send(struct client_fields *f, const struct lode_metadata *metadata,
                                     size_t n, struct lode_error *error)
{
    size_t total = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        struct bytes name = bytes_str(metadata[i].name);
        struct bytes value = bytes_of(metadata[i].value, metadata[i].length);
        struct buf coded;

        if (!good_name(name))
            return client__error(
                error, LODE_INVALID_ARGUMENT,
                "\"%.100s\" cannot be a metadata name: lower-case letters, digits, _ - . "
                "and none of HTTP's or gRPC's own",
                metadata[i].name ? metadata[i].name : "");
        buf_init(&coded, CLIENT_HEADERS_MAX);
        if (ends_bin(name)) {
            client__base64_encode(value, &coded);
        } else {
            while (value.n && value.p[value.n - 1] == ' ')
                value.n--;
            while (value.n && *value.p == ' ')
                value = bytes_of(value.p + 1, value.n - 1);
            if (!good_value(value)) {
                buf_done(&coded);
                return client__error(
                    error, LODE_INVALID_ARGUMENT,
                    "the value of metadata \"%s\" is not printable ASCII: use a \"-bin\" name",
                    metadata[i].name);
            }
            buf_bytes(&coded, value);
        }
        total += name.n + coded.n + 32;
        if (buf_ok(&coded) && total <= CLIENT_METADATA_MAX)
            add_field(f, name, buf_view(&coded));
        else
            total = CLIENT_METADATA_MAX + 1;
        buf_done(&coded);
        if (total > CLIENT_METADATA_MAX)
            return client__error(error, LODE_RESOURCE_EXHAUSTED,
                                 "the call's metadata is over %d bytes", CLIENT_METADATA_MAX);
    }
    return LODE_OK;
}

void client__timeout_format(char dst[16], int64_t ns)
{
    static const struct {
        int64_t ns;
        char unit;
    } units[] = {{1, 'n'},        {1000, 'u'},          {NS_PER_MS, 'm'},
                 {NS_PER_S, 'S'}, {60 * NS_PER_S, 'M'}, {3600 * NS_PER_S, 'H'}};
    size_t i;

    if (ns < 1)
        ns = 1;
    for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
        int64_t v = ns / units[i].ns + (ns % units[i].ns != 0);

        if (v <= 99999999) {
            snprintf(dst, 16, "%d%c", (int)v, units[i].unit);
            return;
        }
    }
    snprintf(dst, 16, "99999999H");
}

/* SPDX-License-Identifier: MIT */
/* test_http_reader.c -- what is a request and what is not, however the bytes are cut. */
#include "base/mem.h"
#include "base/rng.h"
#include "http/http_reader.h"
#include "http/http_reader_int.h"
#include "support/suite.h"

#include <stdio.h>

enum { LOG_MAX = 1 << 20 };

static struct http_reader reader;
static struct buf log_whole; /* events of the input in one piece */
static struct buf log_cut;

static void setup(void)
{
    http_reader_init(&reader);
    buf_init(&log_whole, LOG_MAX);
    buf_init(&log_cut, LOG_MAX);
}

static void teardown(void)
{
    http_reader_done(&reader);
    buf_done(&log_whole);
    buf_done(&log_cut);
}

static void log_head(struct buf *log, const struct http_reader *r)
{
    size_t i;

    buf_printf(log, "[%.*s %.*s 1.%u", BYTES_ARG(http_reader_method(r)),
               BYTES_ARG(http_reader_target(r)), (unsigned)r->minor);
    for (i = 0; i < r->n_headers; i++)
        buf_printf(log, "|%.*s=%.*s", BYTES_ARG(http_reader_name(r, i)),
                   BYTES_ARG(http_reader_value(r, i)));
    buf_printf(log, "%s]", http_reader_keep_alive(r) ? " keep" : "");
}

/* Reads one part; pieces of bodies run together in the log, so cuts do not show. False: BAD. */
static bool feed(struct buf *log, struct bytes in)
{
    struct bytes piece;

    for (;;) {
        switch (http_reader_next(&reader, &in, &piece)) {
        case HTTP_EV_MORE:
            return true;
        case HTTP_EV_HEAD:
            log_head(log, &reader);
            break;
        case HTTP_EV_BODY:
            CU_ASSERT(piece.n > 0);
            buf_bytes(log, piece);
            break;
        case HTTP_EV_END:
            buf_str(log, "<end>");
            http_reader_restart(&reader);
            break;
        case HTTP_EV_BAD:
            buf_printf(log, "<bad %d>", reader.status);
            return false;
        }
    }
}

static const char *events_of(struct bytes text)
{
    http_reader_restart(&reader);
    buf_clear(&log_whole);
    (void)feed(&log_whole, text);
    return buf_cstr(&log_whole);
}

static void feed_in_parts(struct bytes text, size_t at, size_t step)
{
    http_reader_restart(&reader);
    buf_clear(&log_cut);
    if (!feed(&log_cut, bytes_of(text.p, at)))
        return;
    for (; at < text.n; at += step) {
        size_t n = text.n - at < step ? text.n - at : step;
        /* A copy of its own, so that a read beyond it is seen. */
        uint8_t *part = xmemdup(text.p + at, n);
        bool good = feed(&log_cut, bytes_of(part, n));

        xfree(part);
        if (!good)
            return;
    }
}

/* ---- requests ---------------------------------------------------------------- */

static const char *const samples[] = {
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\r\nGET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept:\t */* \r\nX-Empty:\r\n\r\n",
    ("POST /p HTTP/1.1\r\nhost:x\r\nContent-Length: 11\r\n\r\nhello world"
     "GET /next HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n"),
    ("PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
     "5;name=\"v\"\r\nhello\r\n006\r\n world\r\n0\r\nX-Sum: 1\r\nB:2\r\n\r\n"
     "GET /n HTTP/1.0\r\n\r\n"),
    "DELETE /d HTTP/1.0\r\nConnection: Foo, Keep-Alive\r\nContent-Length: 0\r\n\r\n",
    "GET http://example.org:80/abs?x HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ("GET /ok HTTP/1.1\r\nHost: x\r\n\r\nGET /bad HTTP/1.1\r\nHost : x\r\n\r\nGET /no "
     "HTTP/1.1\r\n\r\n"),
    "POST /u HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX",
    "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\nX: \xc3\xa9\r\n\r\n",
};

static const char *const sample_events[] = {
    "[GET / 1.1|host=x keep]<end>",
    "[GET /a?b=c 1.1|host=x|accept=*/*|x-empty= keep]<end>",
    ("[POST /p 1.1|host=x|content-length=11 keep]hello world<end>"
     "[GET /next 1.1|host=y|connection=close]<end>"),
    "[PUT /c 1.1|host=x|transfer-encoding=Chunked keep]hello world<end>[GET /n 1.0]<end>",
    "[DELETE /d 1.0|connection=Foo, Keep-Alive|content-length=0 keep]<end>",
    "[GET /abs?x 1.1|host=example.org keep]<end>",
    "[OPTIONS * 1.1|host=x keep]<end>",
    "[GET /ok 1.1|host=x keep]<end><bad 400>",
    "[POST /u 1.1|host=x|transfer-encoding=chunked keep]abc<bad 400>",
    "[GET /\xc3\xa9 1.1|host=x|x=\xc3\xa9 keep]<end>",
};

static void requests_are_read_to_the_letter(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(samples); i++)
        CU_ASSERT_STRING_EQUAL(events_of(bytes_str(samples[i])), sample_events[i]);
}

static void every_cut_gives_the_same_events(void)
{
    size_t i, at;

    for (i = 0; i < ARRAY_LEN(samples); i++) {
        struct bytes text = bytes_str(samples[i]);

        for (at = 0; at <= text.n; at++) {
            feed_in_parts(text, at, text.n);
            CU_ASSERT_STRING_EQUAL(buf_cstr(&log_cut), sample_events[i]);
        }
        feed_in_parts(text, 0, 1);
        CU_ASSERT_STRING_EQUAL(buf_cstr(&log_cut), sample_events[i]);
    }
}

static void random_damage_reads_the_same_whole_and_in_parts(void)
{
    struct rng rng;
    int round;

    rng_init(&rng, suite_seed());
    for (round = 0; round < 20000; round++) {
        struct bytes text = bytes_str(samples[rng_below(&rng, ARRAY_LEN(samples))]);
        uint8_t *copy = xmemdup(text.p, text.n);
        int n_hits = 1 + (int)rng_below(&rng, 3);

        while (n_hits-- > 0) {
            static const uint8_t nasty[] = "\r\n\0 :;0xF\t,%\x7f\xff";

            copy[rng_below(&rng, text.n)] = nasty[rng_below(&rng, sizeof(nasty))];
        }
        (void)events_of(bytes_of(copy, text.n));
        feed_in_parts(bytes_of(copy, text.n), (size_t)rng_below(&rng, text.n),
                      1 + (size_t)rng_below(&rng, 7));
        CU_ASSERT(bytes_eq(buf_view(&log_whole), buf_view(&log_cut)));
        xfree(copy);
    }
}

/* ---- what must be refused ---------------------------------------------------- */

/* Behind each stands a request that must never be seen: the connection is lost. */
#define SENTINEL "GET /sentinel HTTP/1.1\r\nHost: x\r\n\r\n"
#define HOST "Host: x\r\n"

struct refused {
    int status;
    struct bytes text;
};

#define REFUSED(status, text)                                                                      \
    {                                                                                              \
        status,                                                                                    \
        {                                                                                          \
            (const uint8_t *)(text SENTINEL), sizeof(text SENTINEL) - 1                            \
        }                                                                                          \
    }

static const struct refused refused[] = {
    /* two framings, or one that another reader would see differently */
    REFUSED(400,
            "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n"),
    REFUSED(400,
            "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
            "0\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3 3\r\n\r\nabc"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 10000000000000000000\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3"
                 "\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    REFUSED(400,
            "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\n"
            "abc"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
                 "identity\r\n\r\n0\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    /* lines */
    REFUSED(400, "GET / HTTP/1.1\r\nX: a\r\n b\r\n" HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\nContent-Length : 41\r\n" HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.1\nHost: x\n\n"),
    REFUSED(400, "GET / HTTP/1.1\r\nHost: x\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "na(me: x\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST "\r\r\n"),
    REFUSED(400, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    /* one host, one right */
    REFUSED(400, "GET / HTTP/1.1\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    REFUSED(400, "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n"),
    REFUSED(400,
            "GET / HTTP/1.1\r\n" HOST "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n"),
    REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n"),
    /* the request line */
    REFUSED(400, "GET /\r\n"),
    REFUSED(400, "GET\r\n\r\n"),
    REFUSED(400, "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET /  HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    REFUSED(400, " GET / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET\t/\tHTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET / http/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET / HTTP/11\r\n" HOST "\r\n"),
    REFUSED(400, "GET / HTTP/1.10\r\n" HOST "\r\n"),
    REFUSED(505, "GET / HTTP/2.0\r\n" HOST "\r\n"),
    REFUSED(505, "GET / HTTP/0.9\r\n" HOST "\r\n"),
    REFUSED(505, "GET / HTTP/1.2\r\n" HOST "\r\n"),
    REFUSED(400, "G(T / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET a HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "CONNECT host:80 HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET http://x HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET http:///a HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET https://x/a HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET /a#b HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET /a\0b HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(400, "GET /a\tb HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    REFUSED(417, "POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na"),
};

static void whatever_can_be_read_in_two_ways_is_refused_for_good(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(refused); i++) {
        char want[32];

        (void)snprintf(want, sizeof(want), "<bad %d>", refused[i].status);
        if (strcmp(events_of(refused[i].text), want) != 0)
            printf("case %zu: %s\n", i, buf_cstr(&log_whole));
        CU_ASSERT_STRING_EQUAL(buf_cstr(&log_whole), want);
        CU_ASSERT(!feed(&log_whole, B(SENTINEL))); /* it stays bad */
        CU_ASSERT_PTR_NULL(strstr(buf_cstr(&log_whole), "sentinel"));
        feed_in_parts(refused[i].text, 0, 1);
        CU_ASSERT_STRING_EQUAL(buf_cstr(&log_cut), want);
    }
}

static const char *const bad_chunks[] = {
    "0x3\r\nabc\r\n0\r\n\r\n", /* prefix */
    "+3\r\nabc\r\n0\r\n\r\n",  /* sign */
    "-3\r\nabc\r\n0\r\n\r\n",
    " 3\r\nabc\r\n0\r\n\r\n", /* blank in front */
    "3 \r\nabc\r\n0\r\n\r\n", /* and behind */
    "3 ;a=b\r\nabc\r\n0\r\n\r\n",
    "\r\nabc\r\n0\r\n\r\n", /* no size */
    ";a\r\nabc\r\n0\r\n\r\n",
    "3g\r\nabc\r\n0\r\n\r\n",
    "3\nabc\r\n0\r\n\r\n", /* bare LF */
    "3\r\nabc\n0\r\n\r\n",
    "3\r\nabc\r0\r\n\r\n", /* bare CR */
    "3\rxabc\r\n0\r\n\r\n",
    "3\r\nabcd\r\n0\r\n\r\n",        /* data longer than said */
    "3\r\nab\r\n0\r\n\r\n",          /* shorter */
    "000000003\r\nabc\r\n0\r\n\r\n", /* nine digits */
    "fffffffff\r\nabc",
    "3;a\nabc\r\n0\r\n\r\n", /* LF in the extension */
    "3;a\x01\r\nabc\r\n0\r\n\r\n",
    "3;a\rb\r\nabc\r\n0\r\n\r\n",
    "0\r\n X: y\r\n\r\n", /* folded trailer */
    "0\r\nX : y\r\n\r\n",
    "0\r\nX\r\n\r\n",
    "0\r\nX: a\nb\r\n\r\n",
    "0\r\nX: a\rb\r\n\r\n",
    "0\r\n: y\r\n\r\n",
    "0\r\n\rX",
    "0\n\r\n",
};

static void chunks_are_read_strictly(void)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    size_t i;

    for (i = 0; i < ARRAY_LEN(bad_chunks); i++) {
        struct buf text;
        struct buf want;

        buf_init(&text, 4096);
        buf_str(&text, head);
        buf_str(&text, bad_chunks[i]);
        buf_str(&text, SENTINEL);
        buf_init(&want, 4096);
        buf_str(&want, events_of(buf_view(&text)));
        if (!strstr(buf_cstr(&want), "<bad 400>") || strstr(buf_cstr(&want), "<end>"))
            printf("case %zu: %s\n", i, buf_cstr(&want));
        CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&want), "<bad 400>"));
        CU_ASSERT_PTR_NULL(strstr(buf_cstr(&want), "<end>"));
        feed_in_parts(buf_view(&text), 0, 1);
        CU_ASSERT_STRING_EQUAL(buf_cstr(&log_cut), buf_cstr(&want));
        buf_done(&text);
        buf_done(&want);
    }
}

/* ---- limits ------------------------------------------------------------------ */

/* One more byte or header is refused, one less is not. */
static void limit_is(size_t max, int status, void (*make)(struct buf *out, size_t n))
{
    struct buf text;
    char want[32];
    size_t n;

    for (n = max - 1; n <= max + 1; n++) {
        buf_init(&text, 1 << 20);
        make(&text, n);
        (void)events_of(buf_view(&text));
        (void)snprintf(want, sizeof(want), "<bad %d>", status);
        CU_ASSERT_EQUAL(strstr(buf_cstr(&log_whole), want) != NULL, n > max);
        CU_ASSERT_EQUAL(strstr(buf_cstr(&log_whole), "<end>") != NULL, n <= max);
        feed_in_parts(buf_view(&text), 0, 1);
        CU_ASSERT(bytes_eq(buf_view(&log_whole), buf_view(&log_cut)));
        buf_done(&text);
    }
}

static void fill(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_byte(out, 'a');
}

static void make_target(struct buf *out, size_t n)
{
    buf_str(out, "GET /");
    fill(out, n - 1);
    buf_str(out, " HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void make_head(struct buf *out, size_t n)
{
    static const char begin[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";

    buf_str(out, begin);
    fill(out, n - (sizeof(begin) - 1) - 4);
    buf_str(out, "\r\n\r\n");
}

static void make_headers(struct buf *out, size_t n)
{
    buf_str(out, "GET / HTTP/1.1\r\nHost: x\r\n");
    while (--n > 0)
        buf_str(out, "a: b\r\n");
    buf_str(out, "\r\n");
}

static void make_extension(struct buf *out, size_t n)
{
    buf_str(out, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0;");
    fill(out, n);
    buf_str(out, "\r\n\r\n");
}

static void make_trailer(struct buf *out, size_t n)
{
    buf_str(out, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT:");
    fill(out, n - 4);
    buf_str(out, "\r\n\r\n");
}

static void limits_hold_to_the_byte(void)
{
    limit_is(HTTP_MAX_TARGET, 414, make_target);
    limit_is(HTTP_MAX_HEAD, 431, make_head);
    limit_is(HTTP_MAX_HEADERS, 431, make_headers);
    limit_is(HTTP_MAX_CHUNK_EXT, 400, make_extension);
    limit_is(HTTP_MAX_TRAILER, 431, make_trailer);
}

static void an_endless_line_is_refused_before_its_end(void)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    buf_str(&text, "GET /");
    fill(&text, HTTP_MAX_HEAD);
    CU_ASSERT_STRING_EQUAL(events_of(buf_view(&text)), "<bad 414>");
    buf_clear(&text);
    buf_str(&text, "GET / HTTP/1.1\r\nX: ");
    fill(&text, HTTP_MAX_HEAD);
    CU_ASSERT_STRING_EQUAL(events_of(buf_view(&text)), "<bad 431>");
    CU_ASSERT(reader.head.cap <= 2 * HTTP_MAX_HEAD);
    buf_done(&text);
}

static void nineteen_digits_of_length_are_understood(void)
{
    (void)events_of(
        B("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999999999\r\n\r\nab"));
    CU_ASSERT_EQUAL(reader.length, 9999999999999999999ULL);
    CU_ASSERT_EQUAL(reader.left, 9999999999999999997ULL);
}

/* ---- small promises ---------------------------------------------------------- */

static void token_characters_are_those_of_the_rfc(void)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";
    int c;

    for (c = 0; c < 256; c++) {
        bool want = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c && strchr(extra, c));

        CU_ASSERT_EQUAL(http__is_token((uint8_t)c), want);
    }
}

static void unread_bytes_come_again(void)
{
    struct bytes in = B("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd");
    struct bytes piece;

    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_HEAD);
    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_BODY);
    CU_ASSERT(bytes_eq(piece, B("abcd")));
    http_reader_unread(&reader, 3);
    in = B("bcdGET");
    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_BODY);
    CU_ASSERT(bytes_eq(piece, B("bcd")));
    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_END);
    CU_ASSERT(bytes_eq(in, B("GET")));
}

static void the_target_is_a_c_string_too(void)
{
    struct bytes in = B("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
    struct bytes piece;

    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_HEAD);
    CU_ASSERT_STRING_EQUAL((const char *)http_reader_target(&reader).p, "/a?b=c");
    CU_ASSERT(bytes_eq(http_reader_known(&reader, HTTP_HOST), B("x")));
    CU_ASSERT_PTR_NULL(http_reader_known(&reader, HTTP_ORIGIN).p);
}

static void an_expectation_of_http_1_0_is_ignored(void)
{
    struct bytes in = B("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na");
    struct bytes piece;

    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_HEAD);
    CU_ASSERT_FALSE(http_reader_expects_continue(&reader));
    in = B("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\na");
    http_reader_restart(&reader);
    CU_ASSERT_EQUAL(http_reader_next(&reader, &in, &piece), HTTP_EV_HEAD);
    CU_ASSERT(http_reader_expects_continue(&reader));
}

SUITE(http_reader, setup, teardown, TEST(requests_are_read_to_the_letter),
      TEST(every_cut_gives_the_same_events), TEST(random_damage_reads_the_same_whole_and_in_parts),
      TEST(whatever_can_be_read_in_two_ways_is_refused_for_good), TEST(chunks_are_read_strictly),
      TEST(limits_hold_to_the_byte), TEST(an_endless_line_is_refused_before_its_end),
      TEST(nineteen_digits_of_length_are_understood), TEST(token_characters_are_those_of_the_rfc),
      TEST(unread_bytes_come_again), TEST(the_target_is_a_c_string_too),
      TEST(an_expectation_of_http_1_0_is_ignored));

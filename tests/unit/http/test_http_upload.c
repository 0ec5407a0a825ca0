/* SPDX-License-Identifier: MIT */
/* test_http_upload.c -- uploads: in pieces, under back-pressure, encoded, refused, and cut short.
 */
#include "gateway_world.h"

#include "base/mem.h"
#include "support/suite.h"

#include <stdio.h>
#include <zlib.h>

#define UPLOAD "POST /indexes/m/documents?primaryKey=id HTTP/1.1\r\nHost: x\r\n"
#define HEALTH "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

static int fd;

static void setup(void)
{
    gateway_setup();
    fd = gateway_client();
}

static void an_upload_reaches_its_handler_as_it_comes(void)
{
    gateway_say(fd, UPLOAD "Content-Type: text/csv; charset=utf-8\r\nContent-Length: 8\r\n\r\n");
    CU_ASSERT(gateway_log_is("first(m,text/csv,id) "));
    gateway_say(fd, "ab");
    CU_ASSERT(bytes_eq(buf_view(&gw.uploaded), B("ab")));
    CU_ASSERT_FALSE(gw.ended);
    gateway_say(fd, "cdefgh");
    CU_ASSERT(bytes_eq(buf_view(&gw.uploaded), B("abcdefgh")));
    CU_ASSERT(gw.ended);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
    CU_ASSERT_EQUAL(gw.n_chunks, 2);
}

static void an_empty_upload_is_the_handlers_to_judge(void)
{
    gateway_say(fd, UPLOAD "Content-Type: application/json\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 400);
    CU_ASSERT(answer_body_has("missing_payload"));
    CU_ASSERT(gw.ended);
    CU_ASSERT_EQUAL(gw.n_chunks, 0);
    gateway_say(fd, UPLOAD "Content-Type: text/html\r\nContent-Length: 1\r\n\r\nx");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 415);
    CU_ASSERT(answer_body_has("`application/json`, `application/x-ndjson`, `text/csv`"));
}

enum { BIG = 12 << 20 };

static uint8_t *big_payload(void)
{
    uint8_t *p = xmalloc(BIG);
    size_t i;

    for (i = 0; i < BIG; i++)
        p[i] = (uint8_t)(i * 2654435761U >> 19);
    return p;
}

static void send_some(struct bytes *rest)
{
    ssize_t n = send(fd, rest->p, rest->n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0)
        *rest = bytes_of(rest->p + n, rest->n - (size_t)n);
}

static void a_slow_handler_slows_the_client_down(void)
{
    uint8_t *payload = big_payload();
    struct bytes rest = bytes_of(payload, BIG);
    char head[256];
    int i;

    gw.slow = true;
    (void)snprintf(head, sizeof(head),
                   UPLOAD "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", BIG);
    gateway_say(fd, head);
    for (i = 0; i < 2000; i++) {
        send_some(&rest);
        gateway_turn(1);
    }
    CU_ASSERT(rest.n > 0); /* the socket is full: nobody reads */
    CU_ASSERT_EQUAL(gw.n_chunks, HTTP_WINDOW);
    CU_ASSERT(gw.uploaded.n <= (size_t)HTTP_WINDOW * NET_READ_SIZE);
    for (i = 0; i < 20000 && !gw.ended; i++) {
        send_some(&rest);
        if (gw.n_owed > 0) {
            CU_ASSERT(gw.n_owed <= HTTP_WINDOW);
            rpc_call_consumed(gw.held, gw.n_owed);
            gw.n_owed = 0;
        }
        gateway_turn(1);
    }
    CU_ASSERT(gw.ended);
    CU_ASSERT(bytes_eq(buf_view(&gw.uploaded), bytes_of(payload, BIG)));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
    xfree(payload);
}

/* window: 31 gzip, -15 raw deflate. */
static void deflate_to(struct buf *out, const uint8_t *p, size_t n, int window)
{
    z_stream z = {0};

    CU_ASSERT_EQUAL_FATAL(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    buf_reserve(out, n + 4096);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = out->p;
    z.avail_out = (uInt)(n + 4096);
    CU_ASSERT_EQUAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n = z.total_out;
    deflateEnd(&z);
}

static void say_encoded_upload(const char *coding, struct bytes packed)
{
    char head[256];

    (void)snprintf(head, sizeof(head),
                   UPLOAD "Content-Type: application/json\r\nContent-Encoding: %s\r\n"
                          "Content-Length: %zu\r\n\r\n",
                   coding, packed.n);
    gateway_say(fd, head);
    gateway_say_bytes(fd, packed);
}

static void an_encoded_upload_is_decoded_under_back_pressure(void)
{
    uint8_t *payload = xcalloc(BIG, 1);
    struct buf packed;
    size_t i;

    for (i = 0; i < BIG; i += 40) /* about 60 to 1, so that one read fills many messages */
        payload[i] = (uint8_t)(i >> 7);
    buf_init(&packed, BUF_NO_LIMIT);
    deflate_to(&packed, payload, BIG, 31);
    gw.slow = true;
    say_encoded_upload("gzip", buf_view(&packed));
    gateway_say(fd, HEALTH); /* waits behind */
    CU_ASSERT_EQUAL(gw.n_chunks, HTTP_WINDOW);
    gateway_consume_all();
    CU_ASSERT(gw.ended);
    CU_ASSERT(bytes_eq(buf_view(&gw.uploaded), bytes_of(payload, BIG)));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    buf_done(&packed);
    xfree(payload);
}

/*
 * Raw deflate ends without a checksum: where the last run of bytes crosses the end of the
 * decoder's buffer, all input can be used up while output is still to come.
 */
static void what_a_decoder_still_holds_is_not_lost(void)
{
    size_t n = HTTP_DECODE_SIZE + 300;
    uint8_t *payload = xcalloc(n, 1);
    struct buf packed;

    buf_init(&packed, BUF_NO_LIMIT);
    for (; n > HTTP_DECODE_SIZE; n--) {
        buf_clear(&packed);
        buf_clear(&gw.uploaded);
        deflate_to(&packed, payload, n, -15);
        say_encoded_upload("deflate", buf_view(&packed));
        CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
        CU_ASSERT(bytes_eq(buf_view(&gw.uploaded), bytes_of(payload, n)));
    }
    buf_done(&packed);
    xfree(payload);
}

static void a_bomb_is_cut_off(void)
{
    uint8_t *zeros = xcalloc(64 << 20, 1);
    struct buf packed;

    buf_init(&packed, BUF_NO_LIMIT);
    deflate_to(&packed, zeros, 64 << 20, 31);
    say_encoded_upload("gzip", buf_view(&packed));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 413);
    CU_ASSERT(answer_body_has("payload_too_large"));
    CU_ASSERT(gw.uploaded.n < 16 << 20);
    CU_ASSERT_EQUAL(gw.n_cancelled, 1); /* the handler has heard of it */
    CU_ASSERT(gateway_ended(fd));
    buf_done(&packed);
    xfree(zeros);
}

static void an_encoded_upload_is_limited_by_what_it_decodes_to(void)
{
    static const struct http_opts small = {.payload_limit = 100000};
    uint8_t *payload = big_payload();
    struct buf packed;

    gateway_restart(&small);
    fd = gateway_client();
    buf_init(&packed, BUF_NO_LIMIT);
    deflate_to(&packed, payload, 100001, 31);
    say_encoded_upload("gzip", buf_view(&packed));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 413);
    CU_ASSERT(answer_body_has("The maximum accepted payload size is 100 kB."));
    buf_done(&packed);
    xfree(payload);
}

static void damaged_encodings_are_told(void)
{
    say_encoded_upload("gzip", B("this is not gzip"));
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 400);
    CU_ASSERT(answer_body_has("The provided payload could not be decoded as `gzip`"));
    CU_ASSERT_EQUAL(gw.n_cancelled, 1);
}

static void an_announced_body_over_the_limit_is_not_read(void)
{
    gateway_say(fd, UPLOAD "Content-Type: application/json\r\nContent-Length: 100000001\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 413);
    CU_ASSERT(
        answer_body_has("The provided payload reached the size limit. The maximum accepted payload "
                        "size is 100 MB."));
    CU_ASSERT(gateway_ended(fd));
    CU_ASSERT_EQUAL(gw.n_chunks, 0);
}

static void a_cut_upload_is_told_and_cancelled(void)
{
    gateway_say(fd, UPLOAD "Content-Type: application/json\r\nContent-Length: 10\r\n\r\nabc");
    shutdown(fd, SHUT_WR);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 400);
    CU_ASSERT(answer_body_has("The provided payload is incomplete and cannot be parsed"));
    CU_ASSERT_FALSE(gw.ended);
    CU_ASSERT_EQUAL(gw.n_cancelled, 1);
    CU_ASSERT(gateway_ended(fd));
}

static void an_upload_refused_at_its_start_is_answered_at_once(void)
{
    gw.reject_first = true;
    gateway_say(fd, UPLOAD "Content-Type: application/json\r\nContent-Length: 10\r\n\r\nabc");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 400);
    CU_ASSERT(answer_body_has("invalid_index_uid"));
    gateway_say(fd, "defghij" HEALTH);
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 200);
    CU_ASSERT_EQUAL(gw.n_chunks, 0);
}

static void a_client_that_asks_first_is_told_to_go_on(void)
{
    char got[64];

    gateway_say(fd, UPLOAD "Content-Type: application/json\r\nExpect: 100-continue\r\n"
                           "Content-Length: 3\r\n\r\n");
    memset(got, 0, sizeof(got));
    CU_ASSERT_EQUAL(recv(fd, got, 25, MSG_DONTWAIT), 25);
    CU_ASSERT_STRING_EQUAL(got, "HTTP/1.1 100 Continue\r\n\r\n");
    gateway_say(fd, "[1]");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
    gateway_say(fd, UPLOAD "Content-Type: text/html\r\nExpect: 100-continue\r\n"
                           "Content-Length: 3\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 415); /* no 100 before it */
    CU_ASSERT(gateway_ended(fd));                  /* whether the body comes cannot be known */
}

SUITE(http_upload, setup, gateway_teardown, TEST(an_upload_reaches_its_handler_as_it_comes),
      TEST(an_empty_upload_is_the_handlers_to_judge), TEST(a_slow_handler_slows_the_client_down),
      TEST(an_encoded_upload_is_decoded_under_back_pressure),
      TEST(what_a_decoder_still_holds_is_not_lost), TEST(a_bomb_is_cut_off),
      TEST(an_encoded_upload_is_limited_by_what_it_decodes_to), TEST(damaged_encodings_are_told),
      TEST(an_announced_body_over_the_limit_is_not_read), TEST(a_cut_upload_is_told_and_cancelled),
      TEST(an_upload_refused_at_its_start_is_answered_at_once),
      TEST(a_client_that_asks_first_is_told_to_go_on));

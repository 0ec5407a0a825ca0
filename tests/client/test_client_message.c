/* SPDX-License-Identifier: MIT */
/* test_client_message.c -- frames out, messages in, damaged ones too. */
#include "support/suite.h"

#include "base/arena.h"
#include "base/mem.h"
#include "client_int.h"

#include <string.h>

#include "testing.pb-c.h"

static const ProtobufCMessageDescriptor *const desc = &grpc__testing__simple_response__descriptor;
static struct lode_error error;
static size_t arenas_before;

static void setup(void)
{
    arenas_before = arena_live_count();
}

static void teardown(void)
{
    CU_ASSERT_EQUAL(arena_live_count(), arenas_before);
}

/* A frame of a response whose payload is n pseudo-random (or zero) bytes. */
static struct client_piece *framed(size_t n, bool random, bool compress)
{
    Grpc__Testing__SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    uint8_t *body = xcalloc(1, n + 1);
    struct client_piece *piece;
    struct rng rng;

    rng_init(&rng, suite_seed());
    if (random)
        rng_fill(&rng, body, n);
    payload.body = (ProtobufCBinaryData){n, body};
    response.payload = &payload;
    response.username = (char *)(uintptr_t) "somebody";
    piece = client__message_frame(&response.base, compress, &error);
    xfree(body);
    return piece;
}

/* What arrives when `frame` was sent. */
static struct client_piece *received(const struct client_piece *frame, size_t n)
{
    struct client_piece *piece = xmalloc(sizeof(*piece) + n);

    *piece = (struct client_piece){.n = n, .compressed = frame->p[0] == 1};
    memcpy(piece->p, frame->p + 5, n);
    return piece;
}

static void messages_go_round(void)
{
    static const size_t sizes[] = {0, 1, 1000, 1024, 100000, 1 << 20};
    size_t i;
    int compress;

    for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        for (compress = 0; compress < 2; compress++) {
            struct client_piece *frame = framed(sizes[i], false, compress);
            struct client_piece *piece = received(frame, frame->n - 5);
            Grpc__Testing__SimpleResponse *response = NULL;

            CU_ASSERT_EQUAL(get_u32be(frame->p + 1), frame->n - 5);
            CU_ASSERT_EQUAL(frame->p[0], compress && sizes[i] >= 1024);
            CU_ASSERT_EQUAL_FATAL(client__message_open(piece, CLIENT_GZIP, 4 << 20, desc,
                                                       (ProtobufCMessage **)&response, &error),
                                  LODE_OK);
            CU_ASSERT_EQUAL(response->payload->body.len, sizes[i]);
            CU_ASSERT_STRING_EQUAL(response->username, "somebody");
            lode_message_free(response);
            xfree(frame);
            xfree(piece);
        }
    }
}

static void what_does_not_shrink_goes_plain(void)
{
    struct client_piece *frame = framed(5000, true, true);

    CU_ASSERT_EQUAL(frame->p[0], 0);
    xfree(frame);
}

static void inflation_stops_at_the_limit(void)
{
    struct client_piece *frame = framed(1 << 20, false, true);
    struct client_piece *piece = received(frame, frame->n - 5);
    ProtobufCMessage *message = NULL;

    CU_ASSERT_TRUE(piece->n < 5000);
    CU_ASSERT_EQUAL(client__message_open(piece, CLIENT_GZIP, 1 << 20, desc, &message, &error),
                    LODE_RESOURCE_EXHAUSTED);
    CU_ASSERT_EQUAL(
        client__message_open(piece, CLIENT_GZIP, (1 << 20) + 100, desc, &message, &error), LODE_OK);
    lode_message_free(message);
    CU_ASSERT_EQUAL(client__message_open(piece, CLIENT_DEFLATE, 4 << 20, desc, &message, &error),
                    LODE_INTERNAL);
    CU_ASSERT_EQUAL(client__message_open(piece, CLIENT_IDENTITY, 4 << 20, desc, &message, &error),
                    LODE_INTERNAL);
    CU_ASSERT_EQUAL(
        client__message_open(piece, CLIENT_UNKNOWN_CODING, 4 << 20, desc, &message, &error),
        LODE_INTERNAL);
    xfree(frame);
    xfree(piece);
}

static void damaged_messages_are_refused_or_read_but_never_leak(void)
{
    struct client_piece *frame = framed(3000, false, true);
    struct rng rng;
    size_t n_good = 0;
    size_t i;

    rng_init(&rng, suite_seed());
    for (i = 0; i < 2000; i++) {
        size_t n = i % 2 ? frame->n - 5 : (size_t)rng_below(&rng, frame->n - 5);
        struct client_piece *piece = received(frame, n);
        ProtobufCMessage *message = NULL;

        if (n)
            piece->p[rng_below(&rng, n)] ^= (uint8_t)(1 + rng_below(&rng, 255));
        if (client__message_open(piece, CLIENT_GZIP, 4 << 20, desc, &message, &error) == LODE_OK)
            n_good++;
        else
            CU_ASSERT_PTR_NULL(message);
        lode_message_free(message);
        xfree(piece);
    }
    CU_ASSERT_TRUE(n_good < 200); /* only gzip's few free header bits may change unseen */
    xfree(frame);
}

static void pieces_queue_in_order(void)
{
    struct client_pieces q = {0};
    struct client_piece *a = framed(10, false, false);
    struct client_piece *b = framed(20, false, false);

    client__pieces_push(&q, a);
    client__pieces_push(&q, b);
    CU_ASSERT_EQUAL(q.n, 2);
    CU_ASSERT_EQUAL(q.bytes, a->n + b->n);
    CU_ASSERT_PTR_EQUAL(client__pieces_pop(&q), a);
    xfree(a);
    client__pieces_clear(&q);
    CU_ASSERT_TRUE(q.n == 0 && q.bytes == 0 && !q.first && !q.last);
    CU_ASSERT_PTR_NULL(client__pieces_pop(&q));
    lode_message_free(NULL);
}

SUITE(message, setup, teardown, TEST(messages_go_round), TEST(what_does_not_shrink_goes_plain),
      TEST(inflation_stops_at_the_limit), TEST(damaged_messages_are_refused_or_read_but_never_leak),
      TEST(pieces_queue_in_order));

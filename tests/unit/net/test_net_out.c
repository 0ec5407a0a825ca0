/* SPDX-License-Identifier: MIT */
/* test_net_out.c -- the queue of output against a flat model of it. */
#include "base/rng.h"
#include "net/net_int.h"
#include "support/suite.h"

enum { MODEL_MAX = 1 << 20 };

static struct net_out out;
static struct net_spare spare;
static uint8_t model[MODEL_MAX]; /* all bytes ever queued */
static size_t n_queued;
static size_t n_sent;
static unsigned n_refs;
static unsigned n_done;

static void setup(void)
{
    size_t i;

    out = (struct net_out){0};
    spare = (struct net_spare){0};
    n_queued = n_sent = 0;
    n_refs = n_done = 0;
    for (i = 0; i < MODEL_MAX; i++)
        model[i] = (uint8_t)(i * 2654435761U >> 11);
}

static void teardown(void)
{
    net__out_drop(&out, &spare);
    net__spare_free(&spare);
}

static void count_done(void *arg)
{
    (void)arg;
    n_done++;
}

static void queue(struct rng *rng)
{
    size_t n = (size_t)rng_below(rng, 40000);

    if (n > MODEL_MAX - n_queued)
        n = MODEL_MAX - n_queued;
    if (rng_below(rng, 3) == 0) {
        net__out_ref(&out, bytes_of(model + n_queued, n), count_done, NULL);
        n_refs++;
    } else {
        net__out_copy(&out, &spare, bytes_of(model + n_queued, n));
    }
    n_queued += n;
}

/* Sends a part of what one sendmsg() would be shown, and checks all of it. */
static bool send_some(struct rng *rng)
{
    struct iovec iov[NET_IOV_MAX];
    size_t at = n_sent;
    size_t asked;
    size_t n_iov = net__out_iov(&out, iov, 1 + (size_t)rng_below(rng, NET_IOV_MAX), &asked);
    size_t i;

    for (i = 0; i < n_iov; i++) {
        if (iov[i].iov_len == 0 || memcmp(iov[i].iov_base, model + at, iov[i].iov_len) != 0)
            return false;
        at += iov[i].iov_len;
    }
    if (at - n_sent != asked)
        return false;
    asked = (size_t)rng_below(rng, asked + 1);
    net__out_sent(&out, &spare, asked);
    n_sent += asked;
    return out.queued == n_queued - n_sent;
}

static void any_mix_of_pieces_leaves_in_order_and_whole(void)
{
    struct rng rng;
    bool right = true;

    rng_init(&rng, suite_seed());
    while (n_queued < MODEL_MAX) {
        queue(&rng);
        right &= send_some(&rng);
    }
    while (out.queued > 0)
        right &= send_some(&rng);
    CU_ASSERT(right);
    CU_ASSERT_EQUAL(n_sent, MODEL_MAX);
    CU_ASSERT_EQUAL(n_done, n_refs);
    CU_ASSERT_PTR_NULL(out.head);
}

static void small_pieces_share_a_chunk(void)
{
    struct iovec iov[NET_IOV_MAX];
    size_t asked;
    int i;

    for (i = 0; i < 100; i++)
        net__out_copy(&out, &spare, B("0123456789"));
    CU_ASSERT_EQUAL(net__out_iov(&out, iov, NET_IOV_MAX, &asked), 1);
    CU_ASSERT_EQUAL(asked, 1000);
}

static void dropping_gives_every_reference_back(void)
{
    net__out_ref(&out, B("abc"), count_done, NULL);
    net__out_copy(&out, &spare, B("def"));
    net__out_ref(&out, B("ghi"), count_done, NULL);
    net__out_ref(&out, bytes_of("", 0), count_done, NULL); /* nothing to send: at once */
    CU_ASSERT_EQUAL(n_done, 1);
    net__out_drop(&out, &spare);
    CU_ASSERT_EQUAL(n_done, 3);
    CU_ASSERT_EQUAL(out.queued, 0);
}

static void spare_chunks_are_reused_and_bounded(void)
{
    net__out_copy(&out, &spare, bytes_of(model, MODEL_MAX));
    CU_ASSERT_EQUAL(spare.n, 0);
    net__out_sent(&out, &spare, MODEL_MAX);
    CU_ASSERT_EQUAL(spare.n, NET_SPARE_CHUNKS);
    net__out_copy(&out, &spare, B("x"));
    CU_ASSERT_EQUAL(spare.n, NET_SPARE_CHUNKS - 1);
}

SUITE(net_out, setup, teardown, TEST(any_mix_of_pieces_leaves_in_order_and_whole),
      TEST(small_pieces_share_a_chunk), TEST(dropping_gives_every_reference_back),
      TEST(spare_chunks_are_reused_and_bounded));

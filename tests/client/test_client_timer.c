/* SPDX-License-Identifier: MIT */
/* test_client_timer.c -- the heap against a plain list, with a seeded run of starts and stops. */
#include "support/suite.h"

#include "client_int.h"

enum { TIMERS = 200, STEPS = 5000 };

static struct client_timers heap;
static struct client_timer timers[TIMERS];
static int64_t due[TIMERS]; /* the model: 0 when not started */
static int64_t last_fired;

static void fire(void *arg)
{
    size_t i = (size_t)((struct client_timer *)arg - timers);

    CU_ASSERT_TRUE(due[i] != 0);
    CU_ASSERT_TRUE(due[i] >= last_fired); /* earliest first */
    last_fired = due[i];
    due[i] = 0;
}

static int64_t earliest(void)
{
    int64_t at = INT64_MAX;
    size_t i;

    for (i = 0; i < TIMERS; i++)
        if (due[i] && due[i] < at)
            at = due[i];
    return at;
}

static void teardown(void)
{
    client__timers_done(&heap);
}

static void timers_fire_in_order_and_only_when_due(void)
{
    struct rng rng;
    int64_t now = 1;
    size_t step;
    size_t i;

    rng_init(&rng, suite_seed());
    for (i = 0; i < TIMERS; i++)
        timers[i] = (struct client_timer){.fire = fire, .arg = &timers[i]};
    for (step = 0; step < STEPS; step++) {
        i = (size_t)rng_below(&rng, TIMERS);
        if (rng_below(&rng, 4) == 0) {
            client__timer_stop(&heap, &timers[i]);
            due[i] = 0;
        } else {
            due[i] = now + (int64_t)rng_below(&rng, 1000);
            client__timer_start(&heap, &timers[i], due[i]); /* started again, if it was */
        }
        CU_ASSERT_EQUAL_FATAL(client__timers_next(&heap), earliest());
        if (step % 10 == 0) {
            now += (int64_t)rng_below(&rng, 50);
            last_fired = 0;
            client__timers_fire(&heap, now);
            CU_ASSERT_TRUE(earliest() > now);
        }
    }
    client__timer_start(&heap, &timers[0], INT64_MAX); /* never is not in the heap */
    CU_ASSERT_EQUAL(timers[0].slot, 0);
}

SUITE(timer, NULL, teardown, TEST(timers_fire_in_order_and_only_when_due));

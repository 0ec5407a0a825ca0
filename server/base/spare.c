/* SPDX-License-Identifier: MIT */
/*
 * spare.c -- see spare.h.
 *
 * (1) n_going counts the threads of long work that neither stand still here nor
 *     wait elsewhere. One that comes back from waiting elsewhere is counted at
 *     once, over the limit too, and stands still at its next pause: it may hold
 *     locks until then.
 * (2) Who stands still is woken by those who go on: whoever leaves wakes one, and
 *     so does whoever pauses and finds room for one more. That suffices because a
 *     thread stands still only while another goes on. So searches wake nobody.
 */
#include "base/spare.h"

#include "base/assert.h"
#include "base/base_int.h"
#include "base/clock.h"
#include "base/thread.h"

#include <stdatomic.h>

static atomic_uint n_searches;
static atomic_int_fast64_t calm_ns; /* no search has run since SPARE_CALM_MS when it is over */

static struct {
    struct mutex lock; /* guards what follows */
    struct cond room;
    unsigned n_cores; /* 0: not asked yet */
    unsigned n_going;
    atomic_uint n_still; /* read without the lock, by those who pause */
} all = {.lock = {PTHREAD_MUTEX_INITIALIZER}, .room = {PTHREAD_COND_INITIALIZER}};

static _Thread_local bool going; /* counted in n_going */

/* ---- searches ------------------------------------------------------------------------ */

void spare_search_begin(void)
{
    atomic_fetch_add(&n_searches, 1);
}

void spare_search_end(void)
{
    atomic_store(&calm_ns, clock_mono_ns() + SPARE_CALM_MS * NS_PER_MS);
    atomic_fetch_sub(&n_searches, 1);
}

static bool is_calm(void)
{
    return atomic_load(&n_searches) == 0 && clock_mono_ns() >= atomic_load(&calm_ns);
}

/* ---- long work; under the lock ----------------------------------------------------------- */

/* May one more go on, beside `others`? */
static bool has_room(unsigned others)
{
    unsigned taken = atomic_load(&n_searches), least, room;

    if (others == 0 || is_calm())
        return true;
    if (!all.n_cores)
        all.n_cores = thread_cpu_count();
    taken = taken ? taken : 1;
    least = all.n_cores / 2;
    room = all.n_cores > taken ? all.n_cores - taken : 0;
    return others < (room > least ? room : least);
}

static void leave(void)
{
    ASSERT(all.n_going > 0);
    all.n_going--;
    if (atomic_load(&all.n_still) > 0)
        cond_signal(&all.room);
}

/* ---- long work ----------------------------------------------------------------------------- */

void spare_begin(void)
{
    ASSERT(!going);
    spare__back(true);
}

void spare_end(void)
{
    ASSERT(going);
    (void)spare__away();
}

bool spare__away(void)
{
    if (!going)
        return false;
    mutex_lock(&all.lock);
    leave();
    mutex_unlock(&all.lock);
    going = false;
    return true;
}

void spare__back(bool was_going)
{
    if (!was_going)
        return;
    mutex_lock(&all.lock);
    all.n_going++;
    mutex_unlock(&all.lock);
    going = true;
}

void spare_pause(void)
{
    if (!going || (atomic_load(&all.n_still) == 0 && is_calm()))
        return;
    mutex_lock(&all.lock);
    if (has_room(all.n_going)) {
        cond_signal(&all.room);
    } else if (!has_room(all.n_going - 1)) {
        leave();
        going = false; /* for cond_wait() */
        atomic_fetch_add(&all.n_still, 1);
        while (!has_room(all.n_going))
            cond_wait(&all.room, &all.lock);
        atomic_fetch_sub(&all.n_still, 1);
        all.n_going++;
        going = true;
    }
    mutex_unlock(&all.lock);
}

/* ---- for tests ------------------------------------------------------------------------- */

void spare__set_cores(unsigned n)
{
    mutex_lock(&all.lock);
    all.n_cores = n;
    mutex_unlock(&all.lock);
}

void spare__count(unsigned *ret_going, unsigned *ret_still)
{
    mutex_lock(&all.lock);
    *ret_going = all.n_going;
    *ret_still = atomic_load(&all.n_still);
    mutex_unlock(&all.lock);
}

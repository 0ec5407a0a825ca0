/* SPDX-License-Identifier: MIT */
/* fake_executor.c -- see fake_executor.h. */
#include "support/fake_executor.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

static struct fake_job *append(struct fake_job **list, void (*fn)(void *), void *job, int64_t at)
{
    struct fake_job *j = xcalloc(1, sizeof *j);

    *j = (struct fake_job){.fn = fn, .job = job, .at = at};
    while (*list)
        list = &(*list)->next;
    *list = j;
    return j;
}

static bool run_first(struct fake_executor *ex, struct fake_job **list)
{
    struct fake_job *j;

    mutex_lock(&ex->lock);
    j = *list;
    if (j)
        *list = j->next;
    mutex_unlock(&ex->lock);
    if (!j)
        return false;
    j->fn(j->job);
    xfree(j);
    return true;
}

static void run(void *arg, void (*fn)(void *), void *job)
{
    struct fake_executor *ex = arg;

    append(&ex->work, fn, job, 0);
}

static void post(void *arg, void (*fn)(void *), void *job)
{
    struct fake_executor *ex = arg;

    mutex_lock(&ex->lock);
    append(&ex->posts, fn, job, 0);
    mutex_unlock(&ex->lock);
}

static void *timer(void *arg, int64_t mono_ns, void (*fn)(void *), void *job)
{
    struct fake_executor *ex = arg;

    return append(&ex->timers, fn, job, mono_ns);
}

static void cancel_timer(void *arg, void *handle)
{
    struct fake_executor *ex = arg;
    struct fake_job **at = &ex->timers;

    while (*at && *at != handle)
        at = &(*at)->next;
    ASSERT(*at); /* cancelled twice, or after it ran */
    *at = (*at)->next;
    xfree(handle);
}

void fake_executor_init(struct fake_executor *ex)
{
    *ex = (struct fake_executor){0};
    mutex_init(&ex->lock);
}

void fake_executor_done(struct fake_executor *ex)
{
    ASSERT(!ex->work && !ex->posts && !ex->timers);
    mutex_done(&ex->lock);
}

struct rpc_executor fake_executor_ops(struct fake_executor *ex)
{
    return (struct rpc_executor){
        .run = run, .post = post, .timer = timer, .cancel_timer = cancel_timer, .arg = ex};
}

bool fake_executor_work(struct fake_executor *ex)
{
    return run_first(ex, &ex->work);
}

size_t fake_executor_posts(struct fake_executor *ex)
{
    size_t n = 0;

    while (run_first(ex, &ex->posts))
        n++;
    return n;
}

size_t fake_executor_timers(struct fake_executor *ex)
{
    struct fake_job **at = &ex->timers;
    int64_t now = clock_mono_ns();
    size_t n = 0;

    while (*at) {
        struct fake_job *j = *at;

        if (j->at > now) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        j->fn(j->job);
        xfree(j);
        n++;
        at = &ex->timers; /* what ran may have changed the list */
    }
    return n;
}

size_t fake_executor_n_timers(const struct fake_executor *ex)
{
    const struct fake_job *j;
    size_t n = 0;

    for (j = ex->timers; j; j = j->next)
        n++;
    return n;
}

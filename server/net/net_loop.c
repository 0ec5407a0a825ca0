/* SPDX-License-Identifier: MIT */
/*
 * net_loop.c -- the loop itself: passes, posted work, timers' event, signals.
 *
 * The event_base is lock-free and belongs to the loop thread. Other threads
 * come in through net_post(): a locked queue and an eventfd, edge-triggered so
 * that nobody has to read it, written only when the queue was empty.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg; /* the pass that follows does the work */
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct net_loop *loop = arg;

    (void)fd;
    (void)what;
    loop->timer_armed = INT64_MAX;
}

static void raise_file_limit(void)
{
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < lim.rlim_max) {
        lim.rlim_cur = lim.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &lim); /* best effort: the old limit still works */
    }
}

static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    ASSERT(config);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    event_config_free(config);
    ASSERT(base);
    return base;
}

struct net_loop *net_loop_new(void)
{
    struct net_loop *loop = xcalloc(1, sizeof(*loop));

    raise_file_limit();
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of send(), not a signal */
    mutex_init(&loop->lock);
    loop->base = base_new();
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ASSERT(loop->wake_fd >= 0);
    loop->ev_wake =
        event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST | EV_ET, on_wake, loop);
    loop->ev_timer = event_new(loop->base, -1, 0, on_timeout, loop);
    ASSERT(loop->ev_wake && loop->ev_timer);
    ASSERT(event_add(loop->ev_wake, NULL) == 0);
    loop->timer_armed = INT64_MAX;
    loop->in = xmalloc(NET_READ_SIZE);
    return loop;
}

static void wake(struct net_loop *loop)
{
    const uint64_t one = 1;
    ssize_t n;

    do {
        n = write(loop->wake_fd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
    /* EAGAIN would mean 2^64 wakes nobody read; the event is pending then anyway. */
}

void net_post(struct net_loop *loop, void (*fn)(void *), void *arg)
{
    struct net_posts *q = &loop->posts;
    bool must_wake;

    mutex_lock(&loop->lock);
    /* The loop's own posts are seen at the end of the pass that makes them. */
    must_wake = q->n == 0 && !(loop->running && pthread_equal(loop->thread, pthread_self()));
    if (q->n == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 64;
        q->items = xrealloc(q->items, q->cap * sizeof(*q->items));
    }
    q->items[q->n] = (struct net_post_item){fn, arg};
    q->n++;
    mutex_unlock(&loop->lock);
    if (must_wake)
        wake(loop);
}

/* Runs what is posted now; what that posts in turn waits for the next round. */
static void run_posts(struct net_loop *loop)
{
    struct net_posts batch;
    size_t i;

    mutex_lock(&loop->lock);
    batch = loop->posts;
    loop->posts = loop->taken; /* two arrays, swapped: no allocation in the long run */
    mutex_unlock(&loop->lock);
    for (i = 0; i < batch.n; i++)
        batch.items[i].fn(batch.items[i].arg);
    batch.n = 0;
    loop->taken = batch;
}

static bool posts_waiting(struct net_loop *loop)
{
    bool any;

    mutex_lock(&loop->lock);
    any = loop->posts.n > 0;
    mutex_unlock(&loop->lock);
    return any;
}

static void visit_pending(struct net_loop *loop)
{
    struct net_conn *c = loop->pending;

    loop->pending = NULL;
    loop->pending_tail = NULL;
    while (c) {
        struct net_conn *next = c->next_pending;

        c->pending = false;
        net__conn_visit(c);
        c = next;
    }
}

/* Sets the one timeout to the earliest timer, before the loop sleeps. */
static void arm_timer(struct net_loop *loop)
{
    int64_t at = net__timers_next(&loop->timers);
    struct timeval tv = {0};
    int64_t wait;

    if (at == loop->timer_armed)
        return;
    loop->timer_armed = at;
    if (at == INT64_MAX) {
        event_del(loop->ev_timer);
        return;
    }
    wait = at - clock_mono_ns();
    if (wait > 0) {
        wait += 999; /* round up: waking early would spin */
        tv.tv_sec = (time_t)(wait / NS_PER_S);
        tv.tv_usec = (suseconds_t)(wait % NS_PER_S / 1000);
    }
    event_add(loop->ev_timer, &tv);
}

static void run_timers(struct net_loop *loop)
{
    if (net__timers_next(&loop->timers) != INT64_MAX)
        net__timers_run(&loop->timers, clock_mono_ns());
}

void net__loop_pass(struct net_loop *loop, bool wait)
{
    int flags = EVLOOP_ONCE;

    if (!wait || loop->pending || posts_waiting(loop))
        flags |= EVLOOP_NONBLOCK;
    else
        arm_timer(loop);
    event_base_loop(loop->base, flags);
    run_posts(loop);
    run_timers(loop);
    visit_pending(loop);
}

void net_run_pending(struct net_loop *loop)
{
    while (loop && (posts_waiting(loop) || loop->pending))
        net__loop_pass(loop, false);
}

void net_run(struct net_loop *loop)
{
    mutex_lock(&loop->lock);
    loop->thread = pthread_self();
    loop->running = true;
    mutex_unlock(&loop->lock);
    while (!atomic_load(&loop->stop))
        net__loop_pass(loop, true);
    mutex_lock(&loop->lock);
    loop->running = false;
    mutex_unlock(&loop->lock);
    atomic_store(&loop->stop, false);
}

void net_stop(struct net_loop *loop)
{
    atomic_store(&loop->stop, true);
    wake(loop);
}

struct net_timer *net_timer_start(struct net_loop *loop, int64_t mono_ns, void (*fn)(void *),
                                  void *arg)
{
    return net__timer_add(&loop->timers, mono_ns, fn, arg);
}

void net_timer_cancel(struct net_loop *loop, struct net_timer *timer)
{
    if (timer)
        net__timer_remove(&loop->timers, timer);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
    struct net_signal *s = arg;

    (void)what;
    s->fn(s->arg, (int)signo);
}

void net_on_signal(struct net_loop *loop, int signo, void (*fn)(void *arg, int signo), void *arg)
{
    struct net_signal *s = xcalloc(1, sizeof(*s));

    s->fn = fn;
    s->arg = arg;
    s->ev = evsignal_new(loop->base, signo, on_signal, s);
    ASSERT(s->ev && event_add(s->ev, NULL) == 0);
    s->next = loop->signals;
    loop->signals = s;
}

static void end_connections(struct net_loop *loop)
{
    struct net_conn *c;

    while (loop->listeners)
        net_listener_close(loop->listeners); /* leaves the list at once */
    for (c = loop->outgoing; c; c = c->next)
        net__conn_die(c, NET_CLOSE_SHUTDOWN);
    while (loop->pending)
        visit_pending(loop);
    ASSERT(!loop->outgoing);
}

void net_loop_free(struct net_loop *loop)
{
    if (!loop)
        return;
    while (posts_waiting(loop))
        run_posts(loop); /* they own what they carry */
    end_connections(loop);
    while (loop->signals) {
        struct net_signal *s = loop->signals;

        loop->signals = s->next;
        event_free(s->ev);
        xfree(s);
    }
    net__timers_free(&loop->timers);
    net__spare_free(&loop->spare);
    event_free(loop->ev_timer);
    event_free(loop->ev_wake);
    event_base_free(loop->base);
    close(loop->wake_fd);
    xfree(loop->posts.items);
    xfree(loop->taken.items);
    mutex_done(&loop->lock);
    xfree(loop->in);
    xfree(loop);
}

/* SPDX-License-Identifier: MIT */
/* thread.c -- see thread.h. */
#include "base/thread.h"

#include "base/assert.h"
#include "base/base_int.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { STAND_BACK = 3 }; /* more nice: half of the share that others get */

void mutex_init(struct mutex *m)
{
    ASSERT(pthread_mutex_init(&m->m, NULL) == 0);
}

void mutex_done(struct mutex *m)
{
    ASSERT(pthread_mutex_destroy(&m->m) == 0);
}

void mutex_lock(struct mutex *m)
{
    ASSERT(pthread_mutex_lock(&m->m) == 0);
}

void mutex_unlock(struct mutex *m)
{
    ASSERT(pthread_mutex_unlock(&m->m) == 0);
}

void cond_init(struct cond *c)
{
    pthread_condattr_t attr;

    ASSERT(pthread_condattr_init(&attr) == 0);
    ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&c->c, &attr) == 0);
    ASSERT(pthread_condattr_destroy(&attr) == 0);
}

void cond_done(struct cond *c)
{
    ASSERT(pthread_cond_destroy(&c->c) == 0);
}

void cond_wait(struct cond *c, struct mutex *m)
{
    bool was_going = spare__away();

    ASSERT(pthread_cond_wait(&c->c, &m->m) == 0);
    spare__back(was_going);
}

bool cond_wait_until(struct cond *c, struct mutex *m, int64_t mono_ns)
{
    struct timespec until = {0};
    bool was_going = spare__away();
    int e;

    if (mono_ns > 0) {
        until.tv_sec = (time_t)(mono_ns / NS_PER_S);
        until.tv_nsec = (long)(mono_ns % NS_PER_S);
    }
    e = pthread_cond_timedwait(&c->c, &m->m, &until);
    ASSERT(e == 0 || e == ETIMEDOUT);
    spare__back(was_going);
    return e == 0;
}

void cond_signal(struct cond *c)
{
    ASSERT(pthread_cond_signal(&c->c) == 0);
}

void cond_broadcast(struct cond *c)
{
    ASSERT(pthread_cond_broadcast(&c->c) == 0);
}

void once_run(struct once *once, void (*fn)(void))
{
    ASSERT(pthread_once(&once->o, fn) == 0);
}

struct start {
    char name[16];
    thread_fn *fn;
    void *arg;
};

static void *run_thread(void *p)
{
    struct start s = *(struct start *)p;

    xfree(p);
    (void)pthread_setname_np(pthread_self(), s.name); /* a name is a comfort, not a need */
    s.fn(s.arg);
    return NULL;
}

/* Signals are for the main thread alone; a mask is inherited, so it is set around the start. */
void thread_start(struct thread *t, const char *name, thread_fn *fn, void *arg)
{
    struct start *s = xcalloc(1, sizeof *s);
    sigset_t all, old;

    (void)snprintf(s->name, sizeof s->name, "%s", name);
    s->fn = fn;
    s->arg = arg;
    (void)sigfillset(&all);
    ASSERT(pthread_sigmask(SIG_SETMASK, &all, &old) == 0);
    ASSERT(pthread_create(&t->t, NULL, run_thread, s) == 0);
    ASSERT(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
}

/* On Linux each thread has a niceness of its own, and begins with its maker's. */
void thread_stand_back(void)
{
    errno = 0;
    ASSERT(nice(STAND_BACK) != -1 || errno == 0);
}

void thread_join(struct thread *t)
{
    bool was_going = spare__away();

    ASSERT(pthread_join(t->t, NULL) == 0);
    spare__back(was_going);
}

unsigned thread_cpu_count(void)
{
    cpu_set_t set;
    int n;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    n = CPU_COUNT(&set);
    return n > 0 ? (unsigned)n : 1;
}

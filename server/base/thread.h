/* SPDX-License-Identifier: MIT */
/*
 * thread.h -- threads, locks and conditions that cannot fail.
 *
 * Ownership  init/done on the caller's storage; thread_join() ends a thread.
 * Errors     None: a lock that cannot be made or a thread that cannot be
 *            started ends the program.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct mutex {
    pthread_mutex_t m;
};

struct cond {
    pthread_cond_t c; /* on the monotonic clock */
};

struct thread {
    pthread_t t;
};

/* Something done at most once in a process: `static struct once made = ONCE_INIT;` */
struct once {
    pthread_once_t o;
};

#define ONCE_INIT                                                                                  \
    {                                                                                              \
        PTHREAD_ONCE_INIT                                                                          \
    }

typedef void thread_fn(void *arg);

void mutex_init(struct mutex *m);
void mutex_done(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

void cond_init(struct cond *c);
void cond_done(struct cond *c);
void cond_wait(struct cond *c, struct mutex *m);
/* False when the time is over; mono_ns is on clock_mono_ns()'s real clock. */
bool cond_wait_until(struct cond *c, struct mutex *m, int64_t mono_ns);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

/* Runs fn unless it has been run for `once`; returns when it has. */
void once_run(struct once *once, void (*fn)(void));

/* name: at most 15 bytes, seen in ps and gdb. All signals are blocked in the thread. */
void thread_start(struct thread *t, const char *name, thread_fn *fn, void *arg);
void thread_join(struct thread *t);
/*
 * The calling thread, and those it starts from now on, let all others go first:
 * for work that may take as long as it takes. It cannot be taken back.
 */
void thread_stand_back(void);
unsigned thread_cpu_count(void);

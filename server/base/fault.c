/* SPDX-License-Identifier: MIT */
/*
 * fault.c -- see fault.h.
 *
 * One mutex guards the table; with nothing set, FAULT() never comes here. A
 * paused thread waits on the condition, and releasing a point disarms it, so
 * that a release which comes before the pause is not lost.
 */
#include "base/fault.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum action { ACTION_NONE, ACTION_ERRNO, ACTION_ABORT, ACTION_DELAY, ACTION_PAUSE };

struct point {
    enum action action;
    bool sticky;       /* every pass from `at` on */
    int sys_errno;     /* ACTION_ERRNO */
    unsigned delay_ms; /* ACTION_DELAY */
    uint64_t at;       /* the pass that acts, from 1 */
    uint64_t n_passes; /* since it was set */
    unsigned n_paused; /* threads standing here */
};

static const char *const names[FAULT_COUNT] = {
#define FAULT_POINT(name) #name,
#include "base/faults.def"
#undef FAULT_POINT
};

atomic_bool fault_any;
static struct mutex lock = {PTHREAD_MUTEX_INITIALIZER};
static struct cond changed = {PTHREAD_COND_INITIALIZER};
static struct point points[FAULT_COUNT];

static void sleep_ms(unsigned ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void stand_still(struct point *p)
{
    p->n_paused++;
    cond_broadcast(&changed);
    while (p->action == ACTION_PAUSE)
        cond_wait(&changed, &lock);
    p->n_paused--;
    cond_broadcast(&changed);
}

int fault_pass(enum fault_point point)
{
    struct point *p = &points[point];
    unsigned delay_ms = 0;
    int e = 0;

    mutex_lock(&lock);
    if (p->action == ACTION_NONE)
        goto out;
    p->n_passes++;
    if (p->n_passes != p->at && !(p->sticky && p->n_passes > p->at))
        goto out;
    if (p->action == ACTION_ERRNO)
        e = p->sys_errno;
    else if (p->action == ACTION_ABORT)
        (void)kill(getpid(), SIGKILL);
    else if (p->action == ACTION_DELAY)
        delay_ms = p->delay_ms;
    else
        stand_still(p);

out:
    mutex_unlock(&lock);
    if (delay_ms)
        sleep_ms(delay_ms);
    return e;
}

static bool take_number(const char **s, uint64_t max, uint64_t *ret_v)
{
    uint64_t v = 0;
    const char *p = *s;

    while (*p >= '0' && *p <= '9' && v <= max)
        v = v * 10 + (uint64_t)(*p++ - '0');
    if (p == *s || v > max)
        return false;
    *s = p;
    *ret_v = v;
    return true;
}

static bool take_word(const char **s, const char *word)
{
    size_t n = strlen(word);

    if (strncasecmp(*s, word, n) != 0)
        return false;
    *s += n;
    return true;
}

static bool take_action(const char **s, struct point *p)
{
    uint64_t ms;

    p->action = ACTION_ERRNO;
    if (take_word(s, "eio")) {
        p->sys_errno = EIO;
    } else if (take_word(s, "enospc")) {
        p->sys_errno = ENOSPC;
    } else if (take_word(s, "eintr")) {
        p->sys_errno = EINTR;
    } else if (take_word(s, "abort")) {
        p->action = ACTION_ABORT;
    } else if (take_word(s, "pause")) {
        p->action = ACTION_PAUSE;
    } else if (take_word(s, "delay:") && take_number(s, 3600000, &ms)) {
        p->action = ACTION_DELAY;
        p->delay_ms = (unsigned)ms;
    } else {
        return false;
    }
    return true;
}

static bool find_point(const char *name, size_t n, enum fault_point *ret_point)
{
    unsigned i;

    for (i = 0; i < FAULT_COUNT; i++) {
        if (strlen(names[i]) == n && strncasecmp(names[i], name, n) == 0) {
            *ret_point = (enum fault_point)i;
            return true;
        }
    }
    return false;
}

enum rc fault_set(const char *spec, struct err *err)
{
    const char *equals = strchr(spec, '='), *s;
    struct point p = {.at = 1};
    enum fault_point point;

    if (!equals)
        return err_set(err, RC_INVALID, NULL, "fault '%s' is not of the form name=action[@n][+]",
                       spec);
    if (!find_point(spec, (size_t)(equals - spec), &point))
        return err_set(err, RC_INVALID, NULL, "there is no fault point '%.*s'",
                       (int)(equals - spec), spec);
    s = equals + 1;
    if (!take_action(&s, &p) || (*s == '@' && (s++, !take_number(&s, UINT32_MAX, &p.at))) ||
        p.at == 0)
        goto bad_action;
    if (*s == '+') {
        p.sticky = true;
        s++;
    }
    if (*s != '\0')
        goto bad_action;
    if (p.sticky && p.action == ACTION_ERRNO && p.sys_errno == EINTR)
        return err_set(err, RC_INVALID, NULL,
                       "fault '%s': an interrupted call is tried again, for ever", spec);
    mutex_lock(&lock);
    p.n_paused = points[point].n_paused;
    points[point] = p;
    atomic_store(&fault_any, true);
    cond_broadcast(&changed);
    mutex_unlock(&lock);
    return RC_OK;

bad_action:
    return err_set(err, RC_INVALID, NULL,
                   "fault '%s': the action is one of eio, enospc, eintr, abort, delay:MS, pause, "
                   "then @n (from 1) and +",
                   spec);
}

void fault_clear(void)
{
    unsigned i;

    mutex_lock(&lock);
    for (i = 0; i < FAULT_COUNT; i++)
        points[i].action = ACTION_NONE;
    atomic_store(&fault_any, false);
    cond_broadcast(&changed);
    mutex_unlock(&lock);
}

void fault_release(enum fault_point point)
{
    mutex_lock(&lock);
    points[point].action = ACTION_NONE;
    cond_broadcast(&changed);
    mutex_unlock(&lock);
}

void fault_wait_paused(enum fault_point point)
{
    mutex_lock(&lock);
    while (points[point].n_paused == 0)
        cond_wait(&changed, &lock);
    mutex_unlock(&lock);
}

void fault_list(void (*each)(const char *name, void *arg), void *arg)
{
    unsigned i;

    for (i = 0; i < FAULT_COUNT; i++)
        each(names[i], arg);
}

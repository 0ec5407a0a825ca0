/* SPDX-License-Identifier: MIT */
/*
 * fault.c -- see fault.h.
 *
 * One mutex guards the table; with nothing set, FAULT() never comes here. A
 * paused thread waits on the condition, and releasing a point disarms it, so
 * that a release which comes before the pause is not lost.
 *
 * fault_any starts out true, so that the first pass of the program comes here
 * and looks at LODE_FAIL_AT; without it the flag falls and stays down.
 */
#include "base/fault.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
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

atomic_bool fault_any = true;
static struct mutex lock = {PTHREAD_MUTEX_INITIALIZER};
static struct cond changed = {PTHREAD_COND_INITIALIZER};

enum { ANY_IO = FAULT_COUNT }; /* the slot that all points of files and the store share */

static struct point points[FAULT_COUNT + 1];
static bool environment_read;
static uint64_t n_hits;

static void sleep_ms(unsigned ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void stand_still(struct point *p)
{
    log_event(LOG_WARN, "base", "paused at a fault point", "point=%s",
              p == &points[ANY_IO] ? "any_io" : names[p - points]);
    p->n_paused++;
    cond_broadcast(&changed);
    while (p->action == ACTION_PAUSE)
        cond_wait(&changed, &lock);
    p->n_paused--;
    cond_broadcast(&changed);
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

/* Counts a pass through p; 0, or the errno to act upon. lock is held. */
static int pass(struct point *p, unsigned *delay_ms)
{
    if (p->action == ACTION_NONE)
        return 0;
    p->n_passes++;
    if (p->n_passes != p->at && !(p->sticky && p->n_passes > p->at))
        return 0;
    n_hits++;
    if (p->action == ACTION_ERRNO)
        return p->sys_errno;
    if (p->action == ACTION_ABORT)
        (void)kill(getpid(), SIGKILL);
    else if (p->action == ACTION_DELAY)
        *delay_ms += p->delay_ms;
    else
        stand_still(p);
    return 0;
}

/* LODE_FAIL_AT=n or n+ is any_io=eio@n or n+; a value that is no number sets nothing. */
static void read_environment(void)
{
    const char *s = getenv("LODE_FAIL_AT");
    struct point p = {.action = ACTION_ERRNO, .sys_errno = EIO};
    unsigned i;
    bool any = false;

    environment_read = true;
    if (s && take_number(&s, UINT32_MAX, &p.at) && p.at > 0) {
        p.sticky = *s == '+';
        points[ANY_IO] = p;
    }
    for (i = 0; i <= ANY_IO; i++)
        any = any || points[i].action != ACTION_NONE;
    atomic_store(&fault_any, any);
}

static bool is_io(enum fault_point point)
{
    return strncmp(names[point], "FS_", 3) == 0 || strncmp(names[point], "STORE_", 6) == 0;
}

int fault_pass(enum fault_point point)
{
    unsigned delay_ms = 0;
    int e;

    mutex_lock(&lock);
    if (!environment_read)
        read_environment();
    e = pass(&points[point], &delay_ms);
    if (e == 0 && is_io(point))
        e = pass(&points[ANY_IO], &delay_ms);
    mutex_unlock(&lock);
    if (delay_ms)
        sleep_ms(delay_ms);
    return e;
}

enum rc fault_rc(int fault_errno, struct err *err)
{
    return fault_errno ? err_set_sys(err, fault_errno, "a fault was injected") : RC_OK;
}

uint64_t fault_hits(void)
{
    uint64_t n;

    mutex_lock(&lock);
    n = n_hits;
    mutex_unlock(&lock);
    return n;
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

static bool find_point(const char *name, size_t n, unsigned *ret_point)
{
    unsigned i;

    if (n == strlen("any_io") && strncasecmp("any_io", name, n) == 0) {
        *ret_point = ANY_IO;
        return true;
    }

    for (i = 0; i < FAULT_COUNT; i++) {
        if (strlen(names[i]) == n && strncasecmp(names[i], name, n) == 0) {
            *ret_point = i;
            return true;
        }
    }
    return false;
}

enum rc fault_set(const char *spec, struct err *err)
{
    const char *equals = strchr(spec, '='), *s;
    struct point p = {.at = 1};
    unsigned point;

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
    for (i = 0; i <= ANY_IO; i++)
        points[i].action = ACTION_NONE;
    environment_read = true;
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

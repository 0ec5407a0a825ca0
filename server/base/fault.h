/* SPDX-License-Identifier: MIT */
/*
 * fault.h -- named places where a test can make things go wrong.
 *
 * A point is declared once in base/faults.def and stands in the code as
 * FAULT(name). With nothing set it costs one relaxed load. Set by
 * `--fault name=action[@n]`: the n-th pass (default 1) and all later ones with
 * a trailing '+'. Actions: eio, enospc, eintr (the point returns that errno),
 * abort (SIGKILL to the own process), delay:MS, pause (until fault_release(), or
 * in a server until SIGUSR2).
 * The name any_io stands for all FS_* and STORE_* points together; for torture,
 * LODE_FAIL_AT=n in the environment is any_io=eio@n from the program's start.
 *
 * Threads    Any.
 */
#pragma once

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum fault_point {
#define FAULT_POINT(name) FAULT_##name,
#include "base/faults.def"
#undef FAULT_POINT
    FAULT_COUNT
};

extern atomic_bool fault_any; /* one is set */

int fault_pass(enum fault_point point); /* 0, or the errno to act upon */

/* 0, or the errno value that the caller must treat as the call's failure. */
#define FAULT(name)                                                                                \
    (atomic_load_explicit(&fault_any, memory_order_relaxed) ? fault_pass(FAULT_##name) : 0)

/* What FAULT(name) gave, as a failure of its own: where no call stands that could fail. */
enum rc fault_rc(int fault_errno, struct err *err) MUST_CHECK;

enum rc fault_set(const char *spec, struct err *err) MUST_CHECK; /* "name=action[@n][+]" */
void fault_clear(void);
void fault_release(enum fault_point point);
/* Waits until a thread stands in a `pause` at point. */
void fault_wait_paused(enum fault_point point);
/* How often a fault has acted since the program began: a loop over n ends when it no longer rises.
 */
uint64_t fault_hits(void);
void fault_list(void (*each)(const char *name, void *arg), void *arg);

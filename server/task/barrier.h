/* SPDX-License-Identifier: MIT */
/*
 * barrier.h -- the global write barrier: writers pass per commit, a dump raises it.
 *
 * Raising waits for the running commit (bounded by a timeout) and holds back
 * the next; lowering lets them go on. While it is up nothing is written to the
 * database. The model in tests/model/barrier.pml proves the promises.
 *
 * Threads    Any. Ownership  barrier_new() .. barrier_free().
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct barrier;

struct barrier *barrier_new(void);
void barrier_free(struct barrier *b);
/* Around each commit. barrier_enter() waits while the barrier is up. */
void barrier_enter(struct barrier *b);
void barrier_leave(struct barrier *b);
/* RC_BUSY: somebody else holds it up; RC_DEADLINE: the running commit took longer than timeout. */
enum rc barrier_raise(struct barrier *b, int64_t timeout_ns, struct err *err) MUST_CHECK;
void barrier_lower(struct barrier *b);
bool barrier_is_up(struct barrier *b);

/* SPDX-License-Identifier: MIT */
/*
 * spare.h -- long work goes on with the cores that searches spare.
 *
 * Searches say when they begin and end. Threads of long work that nobody waits
 * for at a screen (a dump, an index built anew) say that they are such, and
 * where they can stop for a moment. While searches run, and for SPARE_CALM_MS
 * after the last one, only as many of those threads go on as there are cores
 * without a search; the others stand still in spare_pause(). A core counts as
 * taken as long as searches come at all, because the next one is wanted there
 * at once.
 *
 * Half as many as there are cores always go on, one at least, so long work ends
 * under searches that never do, and in bounded time. With no search about nothing
 * waits. A search never waits and takes no lock.
 *
 * Threads    Any. All of it is of the process, as the cores are.
 */
#pragma once

enum { SPARE_CALM_MS = 100 };

/* A search begins and ends, on any thread. */
void spare_search_begin(void);
void spare_search_end(void);

/* The calling thread does long work from here on; and no more. */
void spare_begin(void);
void spare_end(void);
/*
 * Between two pieces of work, well under a millisecond each, holding no lock:
 * returns when this thread may go on. It stands still nowhere else. While it waits
 * on a condition, for a thread's end or for a sync another goes on in its place.
 */
void spare_pause(void);

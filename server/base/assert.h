/* SPDX-License-Identifier: MIT */
/*
 * assert.h -- broken promises end the program, with a place and a reason.
 *
 * ASSERT stays on in release builds and must be cheap; ASSERT_SLOW walks
 * structures and is compiled only with LODE_SLOW_ASSERTS. A wrong value from
 * outside is an error, never an assert.
 */
#pragma once

#include "base/attr.h"

NO_RETURN void assert_fail(const char *file, int line, const char *what);

#define ASSERT(cond)                                                                               \
    do {                                                                                           \
        if (!(cond))                                                                               \
            assert_fail(__FILE__, __LINE__, #cond);                                                \
    } while (0)

#define NEVER(why) assert_fail(__FILE__, __LINE__, why)

#ifdef LODE_SLOW_ASSERTS
#define ASSERT_SLOW(cond) ASSERT(cond)
#else
#define ASSERT_SLOW(cond) ((void)0)
#endif

/* Guards for structs that travel through void *: first member uint32_t magic. */
#define MAGIC_CHECK(obj, value) ASSERT((obj) && (obj)->magic == (value))

/* SPDX-License-Identifier: MIT */
/* test_arena.c -- pieces are apart, aligned and bounded; errors keep whole characters. */
#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>

static struct arena *a;
static size_t live_before;

static void setup(void)
{
    live_before = arena_live_count();
    a = arena_new(1 << 20);
}

static void teardown(void)
{
    arena_free(a);
    a = NULL;
    CU_ASSERT_EQUAL(arena_live_count(), live_before);
}

static void the_limit_is_exact(void)
{
    arena_free(a);
    a = arena_new(64);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(a, 32));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(a, 17));
    CU_ASSERT_EQUAL(arena_used(a), 64);
    CU_ASSERT_PTR_NULL(arena_alloc(a, 1));
    CU_ASSERT_PTR_NULL(arena_alloc(a, 0)); /* even nothing has an address of its own */
    CU_ASSERT_PTR_NULL(arena_strdup(a, "x"));
    CU_ASSERT_PTR_NULL(arena_printf(a, "%d", 1));
    CU_ASSERT_PTR_NULL(arena_dup(a, B("x")).p);
    arena_set_limit(a, 80);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(a, 16));
    arena_set_limit(a, 0);
    CU_ASSERT_EQUAL(arena_limit(a), 80);
}

static void sizes_near_the_end_of_the_address_space_are_refused(void)
{
    arena_set_limit(a, SIZE_MAX);
    CU_ASSERT_PTR_NULL(arena_alloc(a, SIZE_MAX));
    CU_ASSERT_PTR_NULL(arena_alloc(a, SIZE_MAX - 14));
    CU_ASSERT_PTR_NULL(arena_strndup(a, "", SIZE_MAX));
    CU_ASSERT_EQUAL(arena_used(a), 0);
}

static void pieces_are_aligned_and_do_not_touch(void)
{
    enum { N = 400 };
    struct {
        uint8_t *p;
        size_t n;
    } pieces[N];
    struct rng r;
    size_t i, j;

    rng_init(&r, suite_seed());
    for (i = 0; i < N; i++) {
        pieces[i].n = (size_t)rng_below(&r, i % 50 == 0 ? 20000 : 200);
        pieces[i].p = arena_alloc(a, pieces[i].n);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pieces[i].p);
        CU_ASSERT_EQUAL((uintptr_t)pieces[i].p % 16, 0);
        memset(pieces[i].p, (int)(i & 0xFF), pieces[i].n);
    }
    for (i = 0; i < N; i++) {
        for (j = 0; j < pieces[i].n; j++)
            if (pieces[i].p[j] != (i & 0xFF))
                break;
        CU_ASSERT_EQUAL(j, pieces[i].n);
    }
}

static void reset_makes_room_again(void)
{
    size_t i;

    for (i = 0; i < 10; i++) {
        CU_ASSERT_PTR_NOT_NULL(arena_alloc(a, 1000000));
        CU_ASSERT_PTR_NULL(arena_alloc(a, 1000000));
        arena_reset(a);
        CU_ASSERT_EQUAL(arena_used(a), 0);
    }
}

static void helpers_copy(void)
{
    struct bytes d = arena_dup(a, B("xyz"));
    uint8_t *z = arena_zalloc(a, 100);
    size_t i;

    CU_ASSERT(bytes_eq(d, B("xyz")));
    CU_ASSERT_STRING_EQUAL(arena_strdup(a, "abc"), "abc");
    CU_ASSERT_STRING_EQUAL(arena_strndup(a, "abcdef", 2), "ab");
    CU_ASSERT_STRING_EQUAL(arena_printf(a, "%s-%d", "n", 7), "n-7");
    for (i = 0; i < 100 && z[i] == 0; i++)
        ;
    CU_ASSERT_EQUAL(i, 100);
}

static void heap_helpers_never_give_null(void)
{
    void *p = xmalloc(0), *q = xcalloc(0, 8);

    CU_ASSERT_PTR_NOT_NULL(p);
    CU_ASSERT_PTR_NOT_NULL(q);
    p = xrealloc(p, 10);
    xfree(p);
    xfree(q);
    xfree(NULL);
    p = xstrndup("abc", 2);
    CU_ASSERT_STRING_EQUAL(p, "ab");
    xfree(p);
    p = xmemdup("abc", 4);
    CU_ASSERT_STRING_EQUAL(p, "abc");
    xfree(p);
}

static void an_error_carries_kind_word_and_sentence(void)
{
    struct err err;

    CU_ASSERT_EQUAL(err_set(&err, RC_TOO_LARGE, "too_big", "%d over %d", 3, 2), RC_TOO_LARGE);
    CU_ASSERT_EQUAL(err.rc, RC_TOO_LARGE);
    CU_ASSERT_STRING_EQUAL(err.word, "too_big");
    CU_ASSERT_STRING_EQUAL(err.msg, "3 over 2");
    CU_ASSERT_EQUAL(err_prefix(&err, "doc %d: ", 9), RC_TOO_LARGE);
    CU_ASSERT_STRING_EQUAL(err.msg, "doc 9: 3 over 2");
    CU_ASSERT_STRING_EQUAL(err.word, "too_big");
    CU_ASSERT_EQUAL(err_set(&err, RC_IO, NULL, "again: %s", err.msg), RC_IO); /* quotes itself */
    CU_ASSERT_STRING_EQUAL(err.msg, "again: doc 9: 3 over 2");
    CU_ASSERT_EQUAL(err_set(NULL, RC_BUSY, NULL, "nobody listens"), RC_BUSY);
}

static void system_errors_have_the_kinds_that_fs_promises(void)
{
    struct err err;

    CU_ASSERT_EQUAL(err_set_sys(&err, ENOSPC, "w"), RC_NO_SPACE);
    CU_ASSERT_EQUAL(err_set_sys(&err, EDQUOT, "w"), RC_NO_SPACE);
    CU_ASSERT_EQUAL(err_set_sys(&err, ENOENT, "w"), RC_NOT_FOUND);
    CU_ASSERT_EQUAL(err_set_sys(&err, EEXIST, "w"), RC_EXISTS);
    CU_ASSERT_EQUAL(err_set_sys(&err, EIO, "file %d", 3), RC_IO);
    CU_ASSERT_STRING_EQUAL(err.msg, "file 3: Input/output error");
    CU_ASSERT_EQUAL(err_set_sys(NULL, EIO, "w"), RC_IO);
}

/* For every length near the limit, what is kept is a whole number of characters. */
static void long_sentences_are_cut_between_characters(void)
{
    static const char *const chars[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    char text[ERR_MSG_MAX + 64];
    struct err err;
    size_t k, pad;

    for (k = 0; k < ARRAY_LEN(chars); k++) {
        size_t width = strlen(chars[k]);

        for (pad = 0; pad < 5; pad++) {
            size_t n = pad;

            memset(text, 'p', pad);
            while (n + width < sizeof text) {
                memcpy(text + n, chars[k], width);
                n += width;
            }
            text[n] = '\0';
            (void)err_set(&err, RC_INVALID, NULL, "%s", text);
            CU_ASSERT(strlen(err.msg) < ERR_MSG_MAX);
            CU_ASSERT(strlen(err.msg) > ERR_MSG_MAX - 1 - width);
            CU_ASSERT_EQUAL((strlen(err.msg) - pad) % width, 0);
            (void)err_prefix(&err, "%s", "q");
            CU_ASSERT_EQUAL((strlen(err.msg) - pad - 1) % width, 0);
        }
    }
}

static void every_kind_has_a_name_of_its_own(void)
{
    int i, j;

    for (i = RC_OK; i <= RC_INTERNAL; i++) {
        CU_ASSERT_STRING_NOT_EQUAL(rc_name((enum rc)i), "unknown");
        for (j = RC_OK; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(rc_name((enum rc)i), rc_name((enum rc)j));
    }
}

SUITE(arena, setup, teardown, TEST(the_limit_is_exact),
      TEST(sizes_near_the_end_of_the_address_space_are_refused),
      TEST(pieces_are_aligned_and_do_not_touch), TEST(reset_makes_room_again), TEST(helpers_copy),
      TEST(heap_helpers_never_give_null), TEST(an_error_carries_kind_word_and_sentence),
      TEST(system_errors_have_the_kinds_that_fs_promises),
      TEST(long_sentences_are_cut_between_characters), TEST(every_kind_has_a_name_of_its_own));

/* SPDX-License-Identifier: MIT */
/* test_vocab.c -- the vocabulary is a sorted set of words, however they came. */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/reader_int.h"
#include "index/vocab_int.h"

#include <stdlib.h>

static struct rng rng;
static struct vocab *vocab;
static struct bytes *words; /* all there should be, sorted */
static size_t n_words, words_cap;
static struct slab texts;
static struct search_state search;
static struct reader reader;
static struct store_view *view;
static struct store_cursor *cursor;

static void setup(void)
{
    fixture_setup();
    rng_init(&rng, suite_seed());
    vocab = vocab__new();
    n_words = 0;
}

static void teardown(void)
{
    vocab__unref(vocab);
    store_cursor_close(cursor);
    cursor = NULL;
    store_view_close(view);
    view = NULL;
    slab__done(&texts);
    memset(&texts, 0, sizeof texts);
    xfree(words);
    words = NULL;
    words_cap = 0;
    fixture_teardown();
}

static int compare(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void replace(struct vocab *v)
{
    vocab__unref(vocab);
    vocab = v;
}

/* A few letters, so that many share beginnings; now and then a very long one. */
static struct bytes random_word(void)
{
    uint8_t text[TEXT_WORD_MAX];
    size_t n = 1 + rng_below(&rng, 9), i;

    if (rng_below(&rng, 50) == 0)
        n = 1 + rng_below(&rng, sizeof text);
    for (i = 0; i < n; i++)
        text[i] = (uint8_t)("abe\xc3"[i > 30 ? 0 : rng_below(&rng, 4)]);
    return slab__dup(&texts, bytes_of(text, n));
}

static bool known(struct bytes word)
{
    return n_words && bsearch(&word, words, n_words, sizeof *words, compare);
}

/* Adds n random words, sorted, and checks which are said to be new. */
static void add(size_t n)
{
    struct bytes *batch = xmalloc((n + 1) * sizeof *batch);
    size_t i, k = 0, n_new = 0, expected = 0;
    uint32_t *fresh = NULL;

    for (i = 0; i < n; i++)
        batch[i] = random_word();
    qsort(batch, n, sizeof *batch, compare);
    for (i = 0; i < n; i++)
        if (i == 0 || !bytes_eq(batch[k - 1], batch[i]))
            batch[k++] = batch[i];
    replace(vocab__add(vocab, batch, k, &fresh, &n_new));
    for (i = 0; i < k; i++) {
        if (known(batch[i]))
            continue;
        CU_ASSERT_FATAL(expected < n_new && fresh[expected] == i);
        expected++;
    }
    CU_ASSERT_EQUAL(expected, n_new);
    for (i = 0; i < n_new; i++) {
        words = index__grow(words, sizeof *words, n_words + 1, &words_cap);
        words[n_words++] = batch[fresh[i]];
    }
    qsort(words, n_words, sizeof *words, compare);
    xfree(fresh);
    xfree(batch);
}

static void check_walk(void)
{
    struct word_cursor c;
    size_t i;

    search.vocab = vocab;
    reader.search = &search;
    CU_ASSERT_EQUAL(vocab__count(vocab), n_words);
    reader_words(&reader, &c);
    for (i = 0; word_cursor_next(&c); i++)
        CU_ASSERT_FATAL(i < n_words && bytes_eq(c.word, words[i]));
    CU_ASSERT_EQUAL(i, n_words);
    CU_ASSERT_EQUAL(c.word.n, 0);
    CU_ASSERT(!word_cursor_next(&c));
}

static void check_seeks(void)
{
    struct word_cursor c;
    struct bytes word;
    size_t round, i;

    reader_words(&reader, &c);
    for (round = 0; round < 300; round++) {
        word = round % 3 && n_words ? words[rng_below(&rng, n_words)] : random_word();
        for (i = 0; i < n_words && bytes_cmp(words[i], word) < 0; i++)
            continue;
        CU_ASSERT_EQUAL_FATAL(word_cursor_seek(&c, word), i < n_words);
        CU_ASSERT_EQUAL(i < n_words && bytes_eq(c.word, word), known(word));
        if (i == n_words) {
            CU_ASSERT_EQUAL(c.word.n, 0);
            continue;
        }
        CU_ASSERT(bytes_eq(c.word, words[i]));
        if (rng_below(&rng, 2) && i + 1 < n_words) {
            CU_ASSERT_FATAL(word_cursor_next(&c));
            CU_ASSERT(bytes_eq(c.word, words[i + 1]));
        }
    }
}

/* From word to word by passing over what begins alike, mostly by few bytes, so that it is much. */
static void check_passes(void)
{
    struct word_cursor c;
    size_t round, i, n;
    bool more;

    for (round = 0; round < 20 && n_words; round++) {
        i = rng_below(&rng, n_words);
        reader_words(&reader, &c);
        CU_ASSERT_FATAL(word_cursor_seek(&c, words[i]));
        do {
            struct bytes word = words[i];

            n = 1 + rng_below(&rng, rng_below(&rng, 4) ? 2 : word.n);
            n = n < word.n ? n : word.n;
            while (i < n_words && bytes_starts(words[i], bytes_of(word.p, n)))
                i++;
            more = word_cursor_pass(&c, n);
            CU_ASSERT_EQUAL_FATAL(more, i < n_words);
            CU_ASSERT_FATAL(more ? bytes_eq(c.word, words[i]) : c.word.n == 0);
            if (more && rng_below(&rng, 3) == 0) {
                more = word_cursor_next(&c);
                CU_ASSERT_EQUAL_FATAL(more, ++i < n_words);
            }
        } while (more);
        CU_ASSERT(!word_cursor_next(&c));
    }
}

static void an_empty_vocabulary_has_no_words(void)
{
    check_walk();
    check_seeks();
}

static void words_come_out_sorted_however_they_came(void)
{
    static const size_t sizes[] = {1, 5, 2000, 3, 40, 1, 6000, 700, 2, 300, 3000, 1, 9000, 50};
    size_t i;

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        add(sizes[i]);
        check_walk();
        check_seeks();
        check_passes();
    }
}

static void an_old_share_does_not_see_later_words(void)
{
    struct vocab *old;
    size_t n;

    add(100);
    old = vocab__ref(vocab);
    n = n_words;
    add(6000);
    CU_ASSERT_EQUAL(vocab__count(old), n);
    CU_ASSERT(vocab__count(vocab) > n);
    vocab__unref(old);
}

static void what_is_in_the_store_is_loaded(void)
{
    struct store_batch *batch = store_batch_new();
    struct vocab *loaded = NULL;
    struct key k;
    size_t i;

    add(3000);
    for (i = 0; i < n_words; i++)
        store_batch_put(batch, key_named(&k, KEY_WORD, 7, words[i]), B(""));
    store_batch_put(batch, key_named(&k, KEY_WORD, 8, B("other")), B(""));
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
    OK(store_view_open(fx.store, &view, &fx.err));
    OK(vocab__load(view, 7, &loaded, &fx.err));
    replace(loaded);
    check_walk();
    check_seeks();
    /* "about 6-8 bytes a word", of words as long as these */
    CU_ASSERT(vocab__bytes(vocab) < 14 * n_words + 500);
}

static void a_word_of_impossible_length_is_corrupt(void)
{
    struct store_batch *batch = store_batch_new();
    uint8_t text[TEXT_WORD_MAX + 1];
    struct vocab *loaded = NULL;
    struct key k;

    memset(text, 'a', sizeof text);
    store_batch_put(batch, key_named(&k, KEY_WORD, 7, bytes_of(text, sizeof text)), B(""));
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_free(batch);
    OK(store_view_open(fx.store, &view, &fx.err));
    FAILS(vocab__load(view, 7, &loaded, &fx.err), RC_CORRUPT, "",
          "a word of the vocabulary has 251 bytes");
    CU_ASSERT_PTR_NULL(loaded);
}

SUITE(vocab, setup, teardown, TEST(an_empty_vocabulary_has_no_words),
      TEST(words_come_out_sorted_however_they_came), TEST(an_old_share_does_not_see_later_words),
      TEST(what_is_in_the_store_is_loaded), TEST(a_word_of_impossible_length_is_corrupt));

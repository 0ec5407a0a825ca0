/* SPDX-License-Identifier: MIT */
/*
 * test_rank_many.c -- a page of many rows is the beginning of all of them.
 *
 * Rows enough for two tiles, of few words, so that lists fill up, most rows are
 * passed over by their bounds, and tiles are left out: against the same search
 * for all rows, which looks at every one. Some documents were replaced, so that
 * late rows are old documents.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/rng.h"
#include "corpus.h"

enum {
    DOCS = TILE_ROWS + 3000,
    REPLACED = 1500, /* every other one of them among the first, which most pages are made of */
    FIRST = 500,
    TEXT_MAX = 96,
    PAGE = 20,
    SHOWN = 100,
};

static const char *const words[] = {"sun", "sunny", "dark", "knight", "flower", "and", "suny", "s"};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static char (*texts)[TEXT_MAX];
static const char **documents;
static struct rng rng;

static void setup(void)
{
    texts = xcalloc(DOCS, sizeof(*texts));
    documents = xcalloc(DOCS + 1, sizeof(const char *));
    rng_init(&rng, suite_seed());
    corpus_setup();
}

static void teardown(void)
{
    corpus_teardown();
    xfree(texts);
    xfree(documents);
}

/* The first words are much more frequent than the last. */
static const char *any_word(void)
{
    uint64_t a = rng_below(&rng, N_WORDS), b = rng_below(&rng, N_WORDS);

    return words[a < b ? a : b];
}

static size_t put_words(char *out, size_t room, unsigned most)
{
    size_t n = 0;

    for (uint64_t i = rng_below(&rng, most + 1); i > 0; i--)
        n += (size_t)snprintf(out + n, room - n, "%s ", any_word());
    return n;
}

static void make_text(char *out, unsigned id)
{
    size_t n = (size_t)snprintf(out, TEXT_MAX, "{\"id\":%u,\"t\":\"", id);

    n += put_words(out + n, TEXT_MAX - n, 3);
    n += (size_t)snprintf(out + n, TEXT_MAX - n, "\",\"p\":\"");
    n += put_words(out + n, TEXT_MAX - n, 5);
    (void)snprintf(out + n, TEXT_MAX - n, "\"}");
}

static void make_corpus(const char *settings)
{
    for (unsigned i = 0; i < DOCS; i++) {
        make_text(texts[i], i);
        documents[i] = texts[i];
    }
    corpus_make(settings, documents);
    for (unsigned i = 0; i < REPLACED; i++)
        make_text(texts[i], (unsigned)rng_below(&rng, i % 2 ? DOCS : FIRST));
    documents[REPLACED] = NULL;
    corpus_add(documents);
}

/* What a search for all rows begins with. */
struct wanted {
    uint32_t row[PAGE];
    double score[PAGE];
    size_t n;
    uint64_t total;
};

static void search_all(const struct query_spec *spec, struct wanted *w)
{
    const struct rank_opts opts = {.limit = DOCS};

    corpus_search_with(spec, &opts);
    CU_ASSERT_EQUAL_FATAL(corpus.ranking.n, corpus.ranking.n_candidates);
    w->total = corpus.ranking.n_candidates;
    w->n = corpus.ranking.n < PAGE ? corpus.ranking.n : PAGE;
    for (size_t i = 0; i < w->n; i++) {
        w->row[i] = corpus.ranking.at[i].row;
        w->score[i] = corpus.ranking.at[i].score;
    }
}

static void check_page(const struct query_spec *spec, const struct wanted *w, uint64_t count_max)
{
    const struct rank_opts opts = {.limit = PAGE, .count_max = count_max};
    uint64_t found;

    corpus_search_with(spec, &opts);
    found = corpus.ranking.n_candidates;
    CU_ASSERT_EQUAL_FATAL(corpus.ranking.n, w->n);
    for (size_t i = 0; i < w->n; i++) {
        CU_ASSERT_EQUAL_FATAL(corpus.ranking.at[i].row, w->row[i]);
        CU_ASSERT_FATAL(corpus.ranking.at[i].score >= w->score[i] &&
                        corpus.ranking.at[i].score <= w->score[i]);
    }
    if (count_max == 0 || w->total < count_max)
        CU_ASSERT_EQUAL(found, w->total);
    CU_ASSERT(count_max == 0 || w->total < count_max || found >= count_max);
}

static void check_pages(const char *const *queries, size_t n)
{
    struct query_spec spec;
    struct wanted wanted;
    size_t i;

    for (i = 0; i < n; i++) {
        query_spec_init(&spec);
        spec.q = bytes_str(queries[i]);
        spec.strategy = rng_below(&rng, 2) ? MATCH_ALL : MATCH_LAST;
        search_all(&spec, &wanted);
        check_page(&spec, &wanted, 0);
        check_page(&spec, &wanted, SHOWN);
    }
}

static void a_page_is_how_all_rows_begin(void)
{
    static const char *const queries[] = {"sun",
                                          "sun ",
                                          "sunny",
                                          "suny ",
                                          "sun dark",
                                          "dark sun ",
                                          "sun sunny ",
                                          "flower and",
                                          "sun sun ",
                                          "sunny knight",
                                          "dark sun ny",
                                          "sun ny ",
                                          "sundark",
                                          "\"sun dark\"",
                                          "and flower sun dark ",
                                          "s",
                                          "su",
                                          "dark s",
                                          "sun su",
                                          "knight d",
                                          "sun dark kni",
                                          "su dark",
                                          "sun dar kni"};

    make_corpus("{\"searchableAttributes\":[\"t\",\"p\"]}");
    check_pages(queries, sizeof(queries) / sizeof(queries[0]));
}

/* Where nearness does not count, words written together may be as good as their terms. */
static void so_it_does_by_other_rules(void)
{
    static const char *const queries[] = {"sun ny ", "dark su ny ", "s unny dark", "sun dark",
                                          "sun d"};

    make_corpus("{\"searchableAttributes\":[\"t\",\"p\"],"
                "\"rankingRules\":[\"words\",\"typo\",\"attribute\",\"exactness\"]}");
    check_pages(queries, sizeof(queries) / sizeof(queries[0]));
}

SUITE(rank_many, setup, teardown, TEST(a_page_is_how_all_rows_begin),
      TEST(so_it_does_by_other_rules));

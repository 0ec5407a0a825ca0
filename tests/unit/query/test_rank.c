/* SPDX-License-Identifier: MIT */
/* test_rank.c -- every ranking rule puts rows into the buckets it promises. */
#include <math.h>

#include "corpus.h"

#define ONE_RULE(rule) "{\"rankingRules\":[\"words\",\"" rule "\"]}"
#define ORDER(want) CU_ASSERT_STRING_EQUAL(corpus_order(), want)
#define NEAR_TO(a, b) CU_ASSERT(fabs((a) - (b)) < 1e-12)

static void the_worked_example_of_costs_is_exact(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"title\":\"Batman: the dark knight returns\",\"plot\":\"x\",\"tag\":\"y\"}",
        NULL};
    const struct score_part *p;

    corpus_make("{\"searchableAttributes\":[\"title\",\"plot\",\"tag\"]}", documents);
    corpus_ask("badman dark knight returns");
    ORDER("0");
    p = corpus_part(0, RULE_WORDS);
    CU_ASSERT(p && p->a == 4 && p->b == 4);
    p = corpus_part(0, RULE_TYPO);
    CU_ASSERT(p && p->a == 1 && p->b == 4);
    p = corpus_part(0, RULE_PROXIMITY);
    CU_ASSERT(p && p->max == 10 && p->rank == 9);
    p = corpus_part(0, RULE_ATTRIBUTE_RANK);
    CU_ASSERT(p && p->max == 9 && p->rank == 9);
    p = corpus_part(0, RULE_WORD_POSITION);
    CU_ASSERT(p && p->max == 41 && p->rank == 38);
    p = corpus_part(0, RULE_EXACTNESS);
    CU_ASSERT(p && p->match_type == 1 && p->a == 3 && p->b == 4);
}

static void the_worked_example_of_a_score_is_exact(void)
{
    /* two words, one apart too far; positions 2 and 4 away */
    static const char *const documents[] = {
        "{\"id\":1,\"text\":\"one two three lucky small rabbit\"}", NULL};
    struct rank_opts opts = {.limit = 1, .details = true};
    const struct score_part *p;
    struct query_spec spec;

    corpus_make("{}", documents);
    query_spec_init(&spec);
    spec.q = B("lucky rabbit ");
    corpus_search_with(&spec, &opts);
    p = corpus_part(0, RULE_TYPO);
    CU_ASSERT(p && p->a == 0 && p->b == 2 && p->rank == 3 && p->max == 3);
    p = corpus_part(0, RULE_PROXIMITY);
    CU_ASSERT(p && p->rank == 3 && p->max == 4);
    p = corpus_part(0, RULE_WORD_POSITION);
    CU_ASSERT(p && p->rank == 17 && p->max == 21);
    p = corpus_part(0, RULE_EXACTNESS);
    CU_ASSERT(p && p->match_type == 1 && p->a == 2 && p->b == 2 && p->rank == 3 && p->max == 9);
    /* (1,1) -> words (2,2) -> (6,6) -> (23,24) -> (23,24) -> (479,504) -> (4305,... ) by hand: */
    NEAR_TO(corpus.ranking.at[0].score, ((((23.0 - 1) * 21 + 17) - 1) * 9 + 3) / (24.0 * 21 * 9));
}

static void rows_with_more_words_come_first(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"red\"}", "{\"id\":2,\"t\":\"red green blue\"}",
        "{\"id\":3,\"t\":\"green blue\"}", "{\"id\":4,\"t\":\"red green\"}", NULL};
    struct query_spec spec;

    corpus_make(ONE_RULE("words"), documents);
    corpus_ask("red green blue");
    ORDER("1 3 0");
    CU_ASSERT_EQUAL(corpus.ranking.n_candidates, 3);
    query_spec_init(&spec);
    spec.q = B("red green blue");
    spec.strategy = MATCH_ALL;
    corpus_search(&spec);
    ORDER("1");
    CU_ASSERT(corpus_part(0, RULE_WORDS) == NULL);
    spec.strategy = MATCH_FREQUENCY; /* red 3, green 3, blue 2: blue is kept */
    corpus_search(&spec);
    CU_ASSERT_EQUAL(corpus.ranking.at[0].doc, 1);
    CU_ASSERT_EQUAL(corpus.ranking.n, 2);
}

static void fewer_typos_come_first(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"elephantss\"}",   "{\"id\":2,\"t\":\"elephant\"}",
        "{\"id\":3,\"t\":\"elxphxnts\"}",    "{\"id\":4,\"t\":\"elephants\"}",
        "{\"id\":5,\"t\":\"elephantsxxx\"}", NULL};

    corpus_make(ONE_RULE("typo"), documents);
    corpus_ask("elephants ");
    ORDER("3 0 1 2");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_TYPO)->a, 0);
    CU_ASSERT_EQUAL(corpus_part(1, RULE_TYPO)->a, 1);
    CU_ASSERT_EQUAL(corpus_part(3, RULE_TYPO)->a, 2);
}

static void nearer_words_come_first(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"red a b c d blue\"}",
                                            "{\"id\":2,\"t\":\"red a blue\"}",
                                            "{\"id\":3,\"t\":\"blue red\"}",
                                            "{\"id\":4,\"t\":\"red blue\"}",
                                            "{\"id\":5,\"t\":\"red. blue\"}",
                                            "{\"id\":6,\"t\":\"blue a red\"}",
                                            NULL};

    corpus_make(ONE_RULE("proximity"), documents);
    corpus_ask("red blue ");
    ORDER("3 1 2 5 0 4");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_PROXIMITY)->rank, 4);
    CU_ASSERT_EQUAL(corpus_part(1, RULE_PROXIMITY)->rank, 3); /* red a blue; and blue red */
    CU_ASSERT_EQUAL(corpus_part(2, RULE_PROXIMITY)->rank, 3);
    CU_ASSERT_EQUAL(corpus_part(3, RULE_PROXIMITY)->rank, 2);
    CU_ASSERT_EQUAL(corpus_part(5, RULE_PROXIMITY)->rank, 1); /* a hard separator is far */
}

static void by_attribute_the_same_field_is_near(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"red\",\"u\":\"blue\"}",
                                            "{\"id\":2,\"t\":\"red a b c d e f blue\"}", NULL};

    corpus_make("{\"rankingRules\":[\"words\",\"proximity\"],"
                "\"proximityPrecision\":\"byAttribute\"}",
                documents);
    corpus_ask("red blue ");
    ORDER("1 0");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_PROXIMITY)->rank, 4);
    CU_ASSERT_EQUAL(corpus_part(1, RULE_PROXIMITY)->rank, 1);
}

static void words_of_heavier_fields_come_first(void)
{
    static const char *const documents[] = {"{\"id\":1,\"c\":\"red\"}", "{\"id\":2,\"b\":\"red\"}",
                                            "{\"id\":3,\"c\":\"red\",\"a\":\"red\"}", NULL};

    corpus_make("{\"rankingRules\":[\"words\",\"attributeRank\"],"
                "\"searchableAttributes\":[\"a\",\"b\",\"c\"]}",
                documents);
    corpus_ask("red ");
    ORDER("2 1 0");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_ATTRIBUTE_RANK)->rank, 3);
    CU_ASSERT_EQUAL(corpus_part(2, RULE_ATTRIBUTE_RANK)->rank, 1);
}

static void words_where_the_query_has_them_come_first(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"a b c red\"}", "{\"id\":2,\"t\":\"a red\"}", "{\"id\":3,\"t\":\"red\"}",
        "{\"id\":4,\"t\":\"a b c d e f g h red\",\"u\":\"x red\"}", NULL};

    corpus_make(ONE_RULE("wordPosition"), documents);
    corpus_ask("red ");
    ORDER("2 1 3 0");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_WORD_POSITION)->rank, 11);
    CU_ASSERT_EQUAL(corpus_part(1, RULE_WORD_POSITION)->rank, 10);
    CU_ASSERT_EQUAL(corpus_part(3, RULE_WORD_POSITION)->rank, 9);
}

static void the_steps_of_positions_are_the_table(void)
{
    static const struct {
        uint32_t last;
        unsigned cost;
    } table[] = {{0, 0},  {1, 1},  {4, 2},   {7, 3},    {11, 4},    {16, 5},
                 {24, 6}, {64, 7}, {256, 8}, {1024, 9}, {70000, 10}};
    size_t row = 0;

    for (uint32_t d = 0; d <= 70000; d++) {
        if (d > table[row].last)
            row++;
        if (rank__step(d + 5, 5) != table[row].cost || rank__step(0, d) != table[row].cost)
            CU_FAIL_FATAL("a step is not that of the table");
    }
}

static void whole_fields_then_beginnings_then_exact_words(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"reds blues\"}",     "{\"id\":2,\"t\":\"a red blue\"}",
        "{\"id\":3,\"t\":\"red blue green\"}", "{\"id\":4,\"t\":\"red blue\"}",
        "{\"id\":5,\"t\":\"red blues\"}",      NULL};

    corpus_make(ONE_RULE("exactness"), documents);
    corpus_ask("red blue");
    ORDER("3 2 1 4");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_EXACTNESS)->match_type, 3);
    CU_ASSERT_EQUAL(corpus_part(1, RULE_EXACTNESS)->match_type, 2);
    CU_ASSERT_EQUAL(corpus_part(2, RULE_EXACTNESS)->match_type, 1);
    CU_ASSERT_EQUAL(corpus_part(2, RULE_EXACTNESS)->a, 2);
    CU_ASSERT_EQUAL(corpus_part(3, RULE_EXACTNESS)->a, 1);
    corpus_ask("red");
    CU_ASSERT_EQUAL(corpus.ranking.n, 5); /* and "reds" at the end */
    CU_ASSERT_EQUAL(corpus.ranking.at[4].doc, 0);
}

/* A query loses its stop words; fields must not count theirs either. */
static void stop_words_are_no_words_of_a_whole_field(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"the red of\"}", "{\"id\":2,\"t\":\"the red blue\"}",
        "{\"id\":3,\"t\":[\"the red\",\"blue\"]}", "{\"id\":4,\"t\":[\"of\",\"the red\"]}", NULL};

    corpus_make("{\"rankingRules\":[\"exactness\"],\"stopWords\":[\"the\",\"of\"]}", documents);
    corpus_ask("the red ");
    ORDER("0 1 2 3");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_EXACTNESS)->match_type, 3);
    CU_ASSERT_EQUAL(corpus_part(1, RULE_EXACTNESS)->match_type, 2);
    CU_ASSERT_EQUAL(corpus_part(2, RULE_EXACTNESS)->match_type, 2);
    CU_ASSERT_EQUAL(corpus_part(3, RULE_EXACTNESS)->match_type, 1); /* not where the query has it */
}

/* Terms that equally many rows have are dropped together, and the score counts all of them. */
static void equally_frequent_terms_go_together(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"rare many\"}", "{\"id\":2,\"t\":\"some many more\"}",
        "{\"id\":3,\"t\":\"rare\"}",      "{\"id\":4,\"t\":\"many more some\"}",
        "{\"id\":5,\"t\":\"some more\"}", NULL};
    struct query_spec spec;

    corpus_make(ONE_RULE("typo"), documents);
    query_spec_init(&spec);
    spec.q = B("some many more rare ");
    spec.strategy = MATCH_FREQUENCY;
    corpus_search(&spec);
    ORDER("0 2");
    CU_ASSERT_EQUAL(corpus_part(0, RULE_WORDS)->a, 1);
    CU_ASSERT_EQUAL(corpus_part(0, RULE_WORDS)->b, 4);
}

static void phrases_match_adjacent_words_only(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"dark blue\",\"u\":\"red\"}", "{\"id\":2,\"t\":\"dark red blue\"}",
        "{\"id\":3,\"t\":\"dark, red\"}", "{\"id\":4,\"t\":\"blue dark red\"}", NULL};

    corpus_make("{}", documents);
    corpus_ask("\"dark red\"");
    ORDER("1 3");
    corpus_ask("blue -\"dark red\"");
    ORDER("0");
    corpus_ask("-blue");
    ORDER("2");
}

static void ngrams_and_splits_cost_what_they_should(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"sunflower\"}",
                                            "{\"id\":2,\"t\":\"sun flower\"}",
                                            "{\"id\":3,\"t\":\"flower sun\"}", NULL};

    corpus_make(ONE_RULE("typo"), documents);
    corpus_ask("sun flower ");
    ORDER("1 2 0");
    CU_ASSERT_EQUAL(corpus_part(2, RULE_TYPO)->a, 2);
    corpus_ask("sunflower ");
    ORDER("0 1");
    CU_ASSERT_EQUAL(corpus_part(1, RULE_TYPO)->a, 1);
}

static void the_window_is_a_part_of_the_same_list(void)
{
    static const char *documents[41];
    static char text[40][64];
    struct query_spec spec;
    uint32_t all[40];

    for (unsigned i = 0; i < 40; i++) {
        snprintf(text[i], sizeof(text[i]), "{\"id\":%u,\"t\":\"%.*s red\"}", i,
                 (int)(i * 7 % 13) * 2, "a b c d e f g h i j k l m n ");
        documents[i] = text[i];
    }
    corpus_make("{}", documents);
    query_spec_init(&spec);
    spec.q = B("red ");
    spec.limit = 40;
    corpus_search(&spec);
    CU_ASSERT_EQUAL_FATAL(corpus.ranking.n, 40);
    for (size_t i = 0; i < 40; i++)
        all[i] = corpus.ranking.at[i].doc;
    for (uint64_t offset = 0; offset <= 42; offset += 3) {
        struct rank_opts opts = {.offset = offset, .limit = 5};
        size_t want = offset > 40 ? 0 : 40 - offset < 5 ? 40 - offset : 5;

        corpus_search_with(&spec, &opts);
        CU_ASSERT_EQUAL_FATAL(corpus.ranking.n, want);
        CU_ASSERT_EQUAL(corpus.ranking.n_candidates, 40);
        for (size_t i = 0; i < want; i++)
            CU_ASSERT_EQUAL(corpus.ranking.at[i].doc, all[offset + i]);
    }
}

static void replaced_documents_keep_their_place_among_equals(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"red\"}", "{\"id\":2,\"t\":\"red\"}",
                                            "{\"id\":3,\"t\":\"red\"}", NULL};
    static const char *const again[] = {"{\"id\":2,\"t\":\"red\",\"new\":1}", NULL};
    struct rank_opts one = {.limit = 2};
    struct query_spec spec;

    corpus_make("{}", documents);
    corpus_add(again);
    corpus_ask("red");
    ORDER("0 1 2");
    corpus_ask("");
    ORDER("0 1 2");
    query_spec_init(&spec);
    spec.q = B("red");
    corpus_search_with(&spec, &one);
    ORDER("0 1");
}

static void a_threshold_takes_rows_out_of_the_total(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"red\"}",
                                            "{\"id\":2,\"t\":\"red blue\"}", NULL};
    struct query_spec spec;

    corpus_make("{}", documents);
    query_spec_init(&spec);
    spec.q = B("red blue");
    spec.has_threshold = true;
    spec.threshold = 0.9;
    corpus_search(&spec);
    ORDER("1");
    CU_ASSERT_EQUAL(corpus.ranking.n_candidates, 1);
    CU_ASSERT_EQUAL(tile__count(corpus.ranking.candidates[0]), 1);
    NEAR_TO(corpus.ranking.at[0].score, 1);
}

static void a_spent_budget_still_gives_rows(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"red\"}",
                                            "{\"id\":2,\"t\":\"red blue\"}", NULL};
    struct rank_opts opts = {.limit = 10};
    struct query_spec spec;

    corpus_make("{}", documents);
    query_spec_init(&spec);
    spec.q = B("red blue");
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    corpus.run.search.budget_ns = 0;
    CU_ASSERT_EQUAL_FATAL(
        rank__run(&corpus.run.search, &corpus.run.graph, NULL, &opts, &corpus.ranking, &corpus.err),
        RC_OK);
    CU_ASSERT(corpus.ranking.degraded);
    ORDER("1 0"); /* the words rule needs no places */
    CU_ASSERT(corpus.ranking.at[0].parts[1].skipped);
    CU_ASSERT_EQUAL(corpus.ranking.at[0].n_parts, 2);
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static void a_cancelled_search_stops(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"red\"}", NULL};
    const struct query_stop stop = {.cancelled = always};
    struct rank_opts opts = {.limit = 10};
    struct query_spec spec;

    corpus_make("{}", documents);
    query_spec_init(&spec);
    spec.q = B("red");
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    corpus.run.search.stop = &stop;
    CU_ASSERT_EQUAL(
        rank__run(&corpus.run.search, &corpus.run.graph, NULL, &opts, &corpus.ranking, &corpus.err),
        RC_CANCELLED);
    corpus.stop = &stop; /* nor does the next search of its call begin */
    CU_ASSERT_EQUAL(corpus_open(&spec), RC_CANCELLED);
    corpus.stop = NULL;
}

SUITE(rank, corpus_setup, corpus_teardown, TEST(the_worked_example_of_costs_is_exact),
      TEST(the_worked_example_of_a_score_is_exact), TEST(rows_with_more_words_come_first),
      TEST(fewer_typos_come_first), TEST(nearer_words_come_first),
      TEST(by_attribute_the_same_field_is_near), TEST(words_of_heavier_fields_come_first),
      TEST(words_where_the_query_has_them_come_first), TEST(the_steps_of_positions_are_the_table),
      TEST(whole_fields_then_beginnings_then_exact_words),
      TEST(stop_words_are_no_words_of_a_whole_field), TEST(equally_frequent_terms_go_together),
      TEST(phrases_match_adjacent_words_only), TEST(ngrams_and_splits_cost_what_they_should),
      TEST(the_window_is_a_part_of_the_same_list),
      TEST(replaced_documents_keep_their_place_among_equals),
      TEST(a_threshold_takes_rows_out_of_the_total), TEST(a_spent_budget_still_gives_rows),
      TEST(a_cancelled_search_stops));

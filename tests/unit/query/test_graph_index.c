/* SPDX-License-Identifier: MIT */
/* test_graph_index.c -- what reading a query asks postings, over an index that is really there. */
#include "corpus.h"

static const struct derivation *split_of(size_t edge)
{
    const struct edge *e = &corpus.run.graph.edges[edge];
    size_t i;

    for (i = 0; i < e->n_derivations; i++)
        if (e->derivations[i].n_words == 2)
            return &e->derivations[i];
    return NULL;
}

static void a_split_is_where_most_rows_have_both_side_by_side(void)
{
    static const char *const documents[] = {
        "{\"id\":1,\"t\":\"sun then a flower\"}",    "{\"id\":2,\"t\":\"flower sun\"}",
        "{\"id\":3,\"t\":\"sun\",\"u\":\"flower\"}", "{\"id\":4,\"t\":\"sun. flower\"}",
        "{\"id\":5,\"t\":\"sunf lower\"}",           NULL};
    static const char *const more[] = {"{\"id\":6,\"t\":\"sun flower\"}",
                                       "{\"id\":7,\"t\":\"x flower sun sun flower\"}", NULL};
    static const char *const replaced[] = {"{\"id\":6,\"t\":\"x\"}", "{\"id\":7,\"t\":\"x\"}",
                                           NULL};
    const struct derivation *d;

    corpus_make("{}", documents);
    corpus_ask("sunflower");
    d = split_of(0);
    /* four rows have sun and flower, but none side by side */
    CU_ASSERT(d && bytes_eq(d->words[0].word, B("sunf")) && bytes_eq(d->words[1].word, B("lower")));
    corpus_add(more);
    corpus_ask("sunflower");
    d = split_of(0);
    CU_ASSERT(d && bytes_eq(d->words[0].word, B("sun")) && bytes_eq(d->words[1].word, B("flower")));
    corpus_add(replaced); /* dead rows do not count */
    corpus_ask("sunflower");
    d = split_of(0);
    CU_ASSERT(d && bytes_eq(d->words[0].word, B("sunf")));
}

static void frequency_counts_live_rows(void)
{
    static const char *const documents[] = {"{\"id\":1,\"t\":\"many some rare\"}",
                                            "{\"id\":2,\"t\":\"many some\"}",
                                            "{\"id\":3,\"t\":\"many\"}", NULL};
    static const char *const replaced[] = {"{\"id\":2,\"t\":\"some\"}", "{\"id\":3,\"t\":\"some\"}",
                                           NULL};
    struct query_spec spec;

    query_spec_init(&spec);
    spec.q = B("rare some many nothing ");
    spec.strategy = MATCH_FREQUENCY;
    corpus_make("{}", documents);
    corpus_search(&spec);
    CU_ASSERT_EQUAL_FATAL(corpus.run.graph.n_droppable, 3);
    CU_ASSERT_EQUAL(corpus.run.graph.drop_order[0], 3); /* matches nothing */
    CU_ASSERT_EQUAL(corpus.run.graph.drop_order[1], 2);
    CU_ASSERT_EQUAL(corpus.run.graph.drop_order[2], 1);
    corpus_add(replaced);
    corpus_search(&spec);
    CU_ASSERT_EQUAL_FATAL(corpus.run.graph.n_droppable, 2); /* rare and many: one row each */
    CU_ASSERT_EQUAL(corpus.run.graph.drop_order[1], 1);
}

SUITE(graph_index, corpus_setup, corpus_teardown,
      TEST(a_split_is_where_most_rows_have_both_side_by_side), TEST(frequency_counts_live_rows));

/* SPDX-License-Identifier: MIT */
/* test_graph.c -- readings of a query: edges, the order of dropping, marks. */
#include "support/suite.h"
#include "support/word_list.h"

static struct word_list list;
static struct graph graph;
static struct err err;

static void setup(void)
{
    word_list_open(&list, NULL);
}

static void teardown(void)
{
    word_list_close(&list);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static void make(const char *q, enum match_strategy strategy)
{
    struct graph_input in = word_list_input(&list, bytes_str(q), strategy);

    CU_ASSERT_EQUAL_FATAL(graph__build(&in, &graph, &err), RC_OK);
}

/* from-to:word+base typos/allowance */
static void expect_edges(const char *q, const char *want)
{
    struct buf out;
    size_t i;

    make(q, MATCH_LAST);
    buf_init(&out, BUF_NO_LIMIT);
    for (i = 0; i < graph.n_edges; i++)
        (void)buf_printf(&out, "%s%u-%u:%.*s%s+%u/%u", i ? " " : "", graph.edges[i].from,
                         graph.edges[i].to, BYTES_ARG(graph.edges[i].word),
                         graph.edges[i].prefix ? "*" : "", graph.edges[i].base_typos,
                         graph.edges[i].allowance);
    if (strcmp(buf_cstr(&out), want) != 0)
        printf("\n    %s: got %s, want %s\n", q, buf_cstr(&out), want);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
    buf_done(&out);
}

/* Terms as they are dropped, those of one step together. */
static void expect_order(const char *q, enum match_strategy strategy, const char *want)
{
    struct buf out;
    size_t i;

    make(q, strategy);
    buf_init(&out, BUF_NO_LIMIT);
    for (i = 0; i < graph.n_droppable; i++)
        (void)buf_printf(&out, "%s%u", i && graph.drop_step[i] != graph.drop_step[i - 1] ? " " : "",
                         graph.drop_order[i]);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
    buf_done(&out);
}

static void no_terms_are_a_placeholder(void)
{
    make("", MATCH_LAST);
    CU_ASSERT_EQUAL(graph.n_terms, 0);
    CU_ASSERT_EQUAL(graph.n_edges, 0);
    word_list_text(&list, "b c");
    make("-b -x -\"b c\" -\"b x\"", MATCH_LAST);
    CU_ASSERT_EQUAL(graph.n_terms, 0);
    CU_ASSERT_EQUAL_FATAL(graph.n_negatives, 2); /* no row has an x */
    CU_ASSERT_EQUAL(graph.negatives[1].n_words, 2);
}

static void terms_stay_and_n_grams_must_be_words(void)
{
    word_list_text(&list, "sunflower sunflowers flower");
    expect_edges("sun flower seeds", "0-1:sun+0/0 0-2:sunflower+2/1 1-2:flower+0/1 2-3:seeds*+0/1");
    CU_ASSERT_EQUAL(graph.edges[0].n_derivations, 0);
    CU_ASSERT_EQUAL(graph.edges[1].n_derivations, 2);
    CU_ASSERT(!graph.edges[1].derivations[0].exact && !graph.edges[1].derivations[0].original);
    CU_ASSERT_EQUAL(graph.edges[1].max_typos, 3);
    CU_ASSERT_EQUAL(graph.max_typos, 3); /* a split, a typo, a typo */
    expect_edges("sun flo", "0-1:sun+0/0 0-2:sunflo*+2/0 1-2:flo*+0/0");
    expect_edges("s un flower", "0-1:s+0/0 0-3:sunflower*+3/0 1-2:un+0/0 2-3:flower*+0/1");
}

static void n_grams_need_neighbours(void)
{
    word_list_text(&list, "sunflower sun flower");
    expect_edges("sun. flower", "0-1:sun+0/0 1-2:flower*+0/1");
    expect_edges("\"sun\" flower", "0-1:+0/0 1-2:flower*+0/1");
    CU_ASSERT(graph.mandatory[0] && !graph.mandatory[1]);
    expect_edges("sun flower", "0-1:sun+0/0 0-2:sunflower*+2/1 1-2:flower*+0/1");
}

static void a_phrase_is_its_words_or_nothing(void)
{
    word_list_text(&list, "dark knight");
    make("\"dark knight\"", MATCH_LAST);
    CU_ASSERT_EQUAL_FATAL(graph.edges[0].n_derivations, 1);
    CU_ASSERT_EQUAL(graph.edges[0].derivations[0].n_words, 2);
    CU_ASSERT(graph.edges[0].derivations[0].exact && graph.edges[0].derivations[0].original);
    CU_ASSERT_EQUAL(graph.max_typos, 0);
    make("\"dark night\"", MATCH_LAST);
    CU_ASSERT_EQUAL(graph.n_terms, 1);
    CU_ASSERT_EQUAL(graph.edges[0].n_derivations, 0);
}

static void last_drops_from_the_end(void)
{
    expect_order("a b c", MATCH_LAST, "2 1");
    expect_order("a", MATCH_LAST, "");
    expect_order("a \"b\" c", MATCH_LAST, "2 0");
    expect_order("a b c", MATCH_ALL, "");
}

static void frequency_drops_what_most_rows_have(void)
{
    static const struct word_rows rows[] = {{"rare", 0x1},    {"some", 0xF0},  {"more", 0xF},
                                            {"many", 0xFFFF}, {"seldom", 0x2}, {0}};

    list.rows = rows;
    word_list_text(&list, "rare some more many seldom");
    expect_order("rare some many ", MATCH_FREQUENCY, "2 1");
    expect_order("some more many rare ", MATCH_FREQUENCY, "2 01");
    expect_order("rare many seldom ", MATCH_FREQUENCY, "1");
    expect_order("many nothing rare ", MATCH_FREQUENCY, "1 0");
    expect_order("\"rare\" some many ", MATCH_FREQUENCY, "2 1");
    expect_order("rare seldom ", MATCH_FREQUENCY, "");
    expect_order("nothing ", MATCH_FREQUENCY, "");
}

static void marks(const char *word, int want)
{
    size_t chars = 99;
    bool marked = graph__marks_word(&graph, bytes_str(word), &chars);

    if ((marked ? (int)chars : -1) != want)
        printf("\n    %s: %d, want %d\n", word, marked ? (int)chars : -1, want);
    CU_ASSERT_EQUAL(marked ? (int)chars : -1, want);
}

static void words_are_marked_whole_and_prefixes_in_part(void)
{
    word_list_text(&list, "batman prince princes principal prints prancer");
    make("badman prinz", MATCH_LAST);
    marks("batman", 0);
    marks("badman", -1); /* no document has it */
    marks("prince", 5);  /* a typo of the prefix: as many characters as were typed */
    marks("other", -1);
    make("batman prin", MATCH_LAST);
    marks("prince", 4);
    marks("prin", 0);
    marks("prance", -1);
    make("prince prin", MATCH_LAST);
    marks("prince", 0); /* the whole word before the prefix */
    make("\"batman\" -prince p", MATCH_LAST);
    marks("batman", -1); /* phrases are marked as runs */
    marks("prince", 1);
    make("-prince batman ", MATCH_LAST);
    marks("prince", -1);
}

static void hostile_queries_take_bounded_memory(void)
{
    struct graph_input in;
    struct buf q;
    size_t i;

    word_list_text(&list, "abc abcd abcdefghi");
    buf_init(&q, BUF_NO_LIMIT);
    for (i = 0; i < 100000; i++)
        (void)buf_str(&q, i % 3 ? "abc \"abcd " : "-abcdefghi ");
    in = word_list_input(&list, buf_view(&q), MATCH_FREQUENCY);
    CU_ASSERT_EQUAL(graph__build(&in, &graph, &err), RC_OK);
    CU_ASSERT(graph.n_terms <= QUERY_TERMS_MAX);
    CU_ASSERT(arena_used(list.arena) < 500000);
    in.arena = arena_new(1000);
    CU_ASSERT_EQUAL(graph__build(&in, &graph, &err), RC_TOO_LARGE);
    arena_free(in.arena);
    buf_done(&q);
}

SUITE(graph, setup, teardown, TEST(no_terms_are_a_placeholder),
      TEST(terms_stay_and_n_grams_must_be_words), TEST(n_grams_need_neighbours),
      TEST(a_phrase_is_its_words_or_nothing), TEST(last_drops_from_the_end),
      TEST(frequency_drops_what_most_rows_have), TEST(words_are_marked_whole_and_prefixes_in_part),
      TEST(hostile_queries_take_bounded_memory));

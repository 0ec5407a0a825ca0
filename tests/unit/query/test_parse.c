/* SPDX-License-Identifier: MIT */
/* test_parse.c -- how the text of a query becomes terms, phrases and negatives. */
#include "support/suite.h"
#include "support/word_list.h"

static struct word_list list;
static struct parsed parsed;
static struct err err;

static void setup(void)
{
    static const struct bytes stop[] = {{(const uint8_t *)"of", 2}, {(const uint8_t *)"the", 3}};

    word_list_open(&list, &(struct text_opts){.stop_words = stop, .n_stop_words = 2});
}

static void teardown(void)
{
    word_list_close(&list);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static void words_to_text(struct buf *out, const struct phrase_word *words, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        (void)buf_printf(out, "%s%.*s+%u", i ? " " : "", BYTES_ARG(words[i].word), words[i].offset);
}

/* "word@position", "*" behind a prefix, [phrase words+offsets], -negatives behind. */
static void expect(const char *q, const char *want)
{
    struct buf out;
    size_t i;

    CU_ASSERT_EQUAL_FATAL(parse__query(&list.plan, bytes_str(q), list.arena, &parsed, &err), RC_OK);
    buf_init(&out, BUF_NO_LIMIT);
    for (i = 0; i < parsed.n_terms; i++) {
        const struct parsed_term *t = &parsed.terms[i];

        if (i)
            (void)buf_byte(&out, ' ');
        if (t->phrase) {
            (void)buf_byte(&out, '[');
            words_to_text(&out, t->words, t->n_words);
            (void)buf_byte(&out, ']');
        } else {
            (void)buf_bytes(&out, t->word);
        }
        (void)buf_printf(&out, "@%u%s", t->position, t->prefix ? "*" : "");
    }
    for (i = 0; i < parsed.n_negatives; i++) {
        (void)buf_str(&out, out.n ? " -" : "-");
        words_to_text(&out, parsed.negatives[i].words, parsed.negatives[i].n_words);
    }
    if (strcmp(buf_cstr(&out), want) != 0)
        printf("\n    query %s: got %s, want %s\n", q, buf_cstr(&out), want);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
    buf_done(&out);
}

static void words_are_folded_and_counted(void)
{
    expect("", "");
    expect("  ... ", "");
    expect("Caf\xC3\xA9 NOIR", "cafe@0 noir@1*");
    expect("dark knight returns", "dark@0 knight@1 returns@2*");
    expect("dark. knight", "dark@0 knight@8*");
    expect("dark, knight-returns", "dark@0 knight@8 returns@9*");
}

static void only_what_the_text_ends_with_is_a_prefix(void)
{
    expect("pri", "pri@0*");
    expect("pri ", "pri@0");
    expect("pri.", "pri@0");
    expect("\"pri\"", "[pri+0]@0");
    expect("\"pri", "[pri+0]@0");
    expect("pri -x", "pri@0 -x+0");
    list.plan.prefix_search = false;
    expect("pri", "pri@0");
}

static void stop_words_are_dropped_but_for_the_last(void)
{
    expect("king of spain", "king@0 spain@2*");
    expect("the ", "");
    expect("the", "the@0*");
    expect("king of the", "king@0 the@2*");
    expect("king -the", "king@0");
    expect("The king", "the@0 king@1*"); /* compared before lower case */
    list.plan.prefix_search = false;
    expect("king of", "king@0");
}

static void phrases_hold_the_places_of_stop_words(void)
{
    expect("\"king of spain\"", "[king+0 spain+2]@0");
    expect("\"the king of\" x", "[king+0]@1 x@3*");
    expect("\"of the\" x", "x@2*");
    expect("\"\" x", "x@0*");
}

static void phrases_end_at_quotes_hard_separators_and_the_end(void)
{
    expect("a \"b c\" d", "a@0 [b+0 c+1]@1 d@3*");
    expect("\"a b", "[a+0 b+1]@0");
    expect("a\"b c\"d", "a@0 [b+0 c+1]@1 d@3*");
    expect("\"a b. c d\"", "[a+0 b+1]@0 [c+0 d+1]@9");
    expect("\"a b! c d\" e", "[a+0 b+1]@0 [c+0 d+1]@9 e@11*");
    expect("\"a\"\"b\"", "[a+0]@0 [b+0]@1");
}

static void a_minus_behind_white_space_takes_away(void)
{
    expect("a -b c", "a@0 c@2* -b+0");
    expect("-b", "-b+0");
    expect("foo-bar", "foo@0 bar@1*");
    expect("foo - bar", "foo@0 bar@1*");
    expect("foo --bar", "foo@0 bar@1*");
    expect("a -\"b c\" d", "a@0 d@3* -b+0 c+1");
    expect("-\"b c", "-b+0 c+1");
    expect("-\"b. c\" d", "d@9* -b+0 -c+0");
    expect("-\"b\"c", "c@1* -b+0");
    expect("a\xC2\xA0-b", "a@0 -b+0");
}

static void ten_terms_are_used(void)
{
    expect("a b c d e f g h i j k l", "a@0 b@1 c@2 d@3 e@4 f@5 g@6 h@7 i@8 j@9");
    expect("a b c d e f g h i j", "a@0 b@1 c@2 d@3 e@4 f@5 g@6 h@7 i@8 j@9*");
    expect("a b c d e f g h i \"j k\" l", "a@0 b@1 c@2 d@3 e@4 f@5 g@6 h@7 i@8 [j+0 k+1]@9");
    expect("a b c d e f g h i j of", "a@0 b@1 c@2 d@3 e@4 f@5 g@6 h@7 i@8 j@9");
}

static void a_thousand_tokens_are_looked_at(void)
{
    struct buf q;
    size_t i;

    buf_init(&q, BUF_NO_LIMIT);
    (void)buf_byte(&q, '"');
    for (i = 0; i < 300000; i++)
        (void)buf_str(&q, "ab ");
    CU_ASSERT_EQUAL_FATAL(parse__query(&list.plan, buf_view(&q), list.arena, &parsed, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(parsed.n_terms, 1);
    CU_ASSERT_EQUAL(parsed.terms[0].n_words, 500); /* the quote, 500 words, 499 spaces */
    buf_clear(&q);
    for (i = 0; i < 300000; i++)
        (void)buf_str(&q, "-ab ");
    CU_ASSERT_EQUAL_FATAL(parse__query(&list.plan, buf_view(&q), list.arena, &parsed, &err), RC_OK);
    CU_ASSERT_EQUAL(parsed.n_terms, 0);
    CU_ASSERT_EQUAL(parsed.n_negatives, 333);
    buf_clear(&q);
    for (i = 0; i < 1000000; i++)
        (void)buf_byte(&q, 'x'); /* one word that is too long to be one */
    CU_ASSERT_EQUAL_FATAL(parse__query(&list.plan, buf_view(&q), list.arena, &parsed, &err), RC_OK);
    CU_ASSERT_EQUAL(parsed.n_terms, 0);
    CU_ASSERT(arena_used(list.arena) < 200000);
    buf_done(&q);
}

static void a_full_arena_is_an_error(void)
{
    size_t limit;

    for (limit = 0; limit < 200; limit += 16) {
        struct arena *small = arena_new(limit);
        enum rc rc = parse__query(&list.plan, B("abc \"def ghi\" -jkl"), small, &parsed, &err);

        CU_ASSERT(rc == RC_OK || (rc == RC_TOO_LARGE && err.rc == rc && err.msg[0]));
        CU_ASSERT(limit > 0 || rc == RC_TOO_LARGE);
        arena_free(small);
    }
}

SUITE(parse, setup, teardown, TEST(words_are_folded_and_counted),
      TEST(only_what_the_text_ends_with_is_a_prefix), TEST(stop_words_are_dropped_but_for_the_last),
      TEST(phrases_hold_the_places_of_stop_words),
      TEST(phrases_end_at_quotes_hard_separators_and_the_end),
      TEST(a_minus_behind_white_space_takes_away), TEST(ten_terms_are_used),
      TEST(a_thousand_tokens_are_looked_at), TEST(a_full_arena_is_an_error));

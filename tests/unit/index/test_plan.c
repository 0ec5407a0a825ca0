/* SPDX-License-Identifier: MIT */
/* test_plan.c -- settings as searches ask for them. */
#include "index/index.h"
#include "index/plan.h"
#include "support/suite.h"

#include "base/arena.h"
#include "text/text.h"

static struct plan *plan, *other;
static struct err err;

static void setup(void)
{
    plan = other = NULL;
}

static void teardown(void)
{
    plan_unref(plan);
    plan_unref(other);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static void compile(struct plan **p, const char *settings)
{
    plan_unref(*p);
    *p = NULL;
    CU_ASSERT_EQUAL_FATAL(plan_new(bytes_str(settings), p, &err), RC_OK);
}

static bool is(struct bytes b, const char *text)
{
    return bytes_eq(b, bytes_str(text));
}

static void the_defaults_search_all_and_keep_no_columns(void)
{
    CU_ASSERT_EQUAL_FATAL(plan_new(settings_defaults(), &plan, &err), RC_OK);
    CU_ASSERT(plan->searchable_all && plan->displayed_all);
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("a.b")), 0);
    CU_ASSERT_EQUAL(plan->n_rules, 7);
    CU_ASSERT_EQUAL(plan->rules[0].kind, RULE_WORDS);
    CU_ASSERT_EQUAL(plan->rules[3].kind, RULE_ATTRIBUTE_RANK);
    CU_ASSERT_EQUAL(plan->rules[6].kind, RULE_EXACTNESS);
    CU_ASSERT(plan->typo_enabled && plan->typo_numbers);
    CU_ASSERT(plan->one_typo == 5 && plan->two_typos == 9);
    CU_ASSERT_EQUAL(plan->max_facet_values, 100);
    CU_ASSERT_EQUAL(plan->max_total_hits, 1000);
    CU_ASSERT_EQUAL(plan->cutoff_ms, 1500);
    CU_ASSERT(plan->facet_search && plan->prefix_search && !plan->by_attribute);
    CU_ASSERT_EQUAL(plan->distinct.n, 0);
    CU_ASSERT(!plan_wants_column(plan, B("a")));
    CU_ASSERT(!plan_wants_column(plan, B("_geo.lat")));
    CU_ASSERT(!plan_facet_by_count(plan, B("a")));
}

static void an_entry_covers_itself_and_what_is_inside(void)
{
    CU_ASSERT(plan_covers(B("a"), B("a")));
    CU_ASSERT(plan_covers(B("a"), B("a.b")));
    CU_ASSERT(!plan_covers(B("a"), B("ab")));
    CU_ASSERT(!plan_covers(B("a.b"), B("a")));
}

static void patterns_have_stars_at_their_ends(void)
{
    CU_ASSERT(plan_pattern_matches(B("*"), B("")));
    CU_ASSERT(plan_pattern_matches(B("*"), B("any.thing")));
    CU_ASSERT(plan_pattern_matches(B("a*"), B("ab")));
    CU_ASSERT(!plan_pattern_matches(B("a*"), B("ba")));
    CU_ASSERT(plan_pattern_matches(B("*_id"), B("x_id")));
    CU_ASSERT(!plan_pattern_matches(B("*_id"), B("id")));
    CU_ASSERT(plan_pattern_matches(B("*b*"), B("abc")));
    CU_ASSERT(plan_pattern_matches(B("**"), B("abc")));
    CU_ASSERT(!plan_pattern_matches(B("*bc*"), B("b")));
    CU_ASSERT(plan_pattern_matches(B("a"), B("a")));
    CU_ASSERT(!plan_pattern_matches(B("a"), B("a.b")));
    CU_ASSERT(!plan_pattern_matches(B(""), B("a")));
}

static void ranks_are_those_of_the_first_entry_that_covers(void)
{
    compile(&plan, "{\"searchableAttributes\":[\"t\",\"a.b\",\"a\"]}");
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("t")), 0);
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("a.b.c")), 1);
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("a.c")), 2);
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("x")), -1);
    compile(&plan, "{\"searchableAttributes\":[\"_geo\",\"_vectors\"]}");
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("_geo.lat")), -1);
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("_vectors")), -1);
}

static void repeated_rules_are_passed_over(void)
{
    compile(&plan,
            "{\"rankingRules\":[\"sort\",\"words\",\"p:desc\",\"sort\",\"p:asc\",\"a:b:asc\","
            "\"attribute\",\"p:desc\"]}");
    CU_ASSERT_EQUAL_FATAL(plan->n_rules, 5);
    CU_ASSERT_EQUAL(plan->rules[0].kind, RULE_SORT);
    CU_ASSERT(plan->rules[2].kind == RULE_DESC && is(plan->rules[2].field, "p"));
    CU_ASSERT(plan->rules[3].kind == RULE_ASC && is(plan->rules[3].field, "a:b"));
    CU_ASSERT_EQUAL(plan->rules[4].kind, RULE_ATTRIBUTE);
}

static void the_first_filterable_entry_wins(void)
{
    const struct plan_filterable *f;

    compile(&plan, "{\"filterableAttributes\":[{\"attributePatterns\":[\"a.x\",\"*_id\"],"
                   "\"features\":{\"facetSearch\":true,\"filter\":{\"equality\":false,"
                   "\"comparison\":true}}},\"a\",{\"attributePatterns\":[\"q\"]}]}");
    f = plan_filterable_of(plan, B("a.x"));
    CU_ASSERT_FATAL(f != NULL);
    CU_ASSERT(!f->plain && f->facet_search && !f->equality && f->comparison);
    CU_ASSERT_PTR_EQUAL(plan_filterable_of(plan, B("my_id")), f + 1);
    f = plan_filterable_of(plan, B("a.x.y"));
    CU_ASSERT(f && f->plain && f->facet_search && f->equality && f->comparison);
    f = plan_filterable_of(plan, B("q"));
    CU_ASSERT(f && !f->facet_search && f->equality && !f->comparison);
    CU_ASSERT_PTR_NULL(plan_filterable_of(plan, B("q.r")));
    CU_ASSERT_PTR_NULL(plan_filterable_of(plan, B("ab")));
}

static void columns_are_kept_for_all_that_asks_for_values(void)
{
    compile(&plan, "{\"filterableAttributes\":[\"f\"],\"sortableAttributes\":[\"s\"],"
                   "\"distinctAttribute\":\"d\",\"rankingRules\":[\"c:asc\"]}");
    CU_ASSERT(plan_wants_column(plan, B("f.g")));
    CU_ASSERT(plan_wants_column(plan, B("s")));
    CU_ASSERT(plan_wants_column(plan, B("d")));
    CU_ASSERT(plan_wants_column(plan, B("c.x")));
    CU_ASSERT(!plan_wants_column(plan, B("fg")));
    CU_ASSERT(!plan_wants_column(plan, B("_geo.lat")));
}

static void geo_wants_its_two_numbers(void)
{
    compile(&plan, "{\"sortableAttributes\":[\"_geo\"]}");
    CU_ASSERT(plan_wants_column(plan, B("_geo.lat")) && plan_wants_column(plan, B("_geo.lng")));
    compile(&plan, "{\"filterableAttributes\":[{\"attributePatterns\":[\"_geo\"]}]}");
    CU_ASSERT(plan_wants_column(plan, B("_geo.lat")) && plan_wants_column(plan, B("_geo.lng")));
    CU_ASSERT(!plan_wants_column(plan, B("_geo.x")));
    compile(&plan, "{\"filterableAttributes\":[{\"attributePatterns\":[\"*\"]}]}");
    CU_ASSERT(plan_wants_column(plan, B("any")) && !plan_wants_column(plan, B("_vectors.a")));
}

static const char *synonym_text(const struct plan_synonym *s)
{
    static char text[256];
    size_t i, n = 0;

    for (i = 0; i < s->n_key + s->n_words; i++) {
        struct bytes b = i < s->n_key ? s->key[i] : s->words[i - s->n_key];

        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s",
                              i == 0          ? ""
                              : i == s->n_key ? "="
                                              : " ",
                              BYTES_ARG(b));
    }
    return text;
}

static void synonyms_are_cut_and_folded_and_one_way(void)
{
    static const char *const want[] = {"nyc=new york", "nyc=big apple", "the matrix=film",
                                       "wolverine=logan"};
    size_t i;

    compile(&plan, "{\"synonyms\":{\"wolverine\":[\"Logan\",\"wolverine\",\"--\",\"LOGAN\"],"
                   "\"NYC\":[\"New York\"],\"nyc\":[\"new-york\",\"Big Apple\"],"
                   "\"The Matrix\":[\"film\"],\"!\":[\"a\"]}}");
    CU_ASSERT_EQUAL_FATAL(plan->n_synonyms, 4);
    for (i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(synonym_text(&plan->synonyms[i]), want[i]);
}

static void stop_words_of_a_synonym_hold_their_places(void)
{
    compile(&plan, "{\"stopWords\":[\"of\",\"the\"],\"synonyms\":{\"lotr\":[\"the lord of the "
                   "rings of\"],\"rings\":[\"the rings\"]}}");
    CU_ASSERT_EQUAL_FATAL(plan->n_synonyms, 1);
    CU_ASSERT_EQUAL_FATAL(plan->synonyms[0].n_words, 4);
    CU_ASSERT(bytes_eq(plan->synonyms[0].words[0], B("lord")));
    CU_ASSERT(plan->synonyms[0].words[1].n == 0 && plan->synonyms[0].words[2].n == 0);
    CU_ASSERT(bytes_eq(plan->synonyms[0].words[3], B("rings")));
}

static void typo_words_are_folded_and_sorted(void)
{
    compile(&plan, "{\"typoTolerance\":{\"enabled\":false,\"minWordSizeForTypos\":{\"oneTypo\":3,"
                   "\"twoTypos\":255},\"disableOnWords\":[\"Zo\\u00eb\",\"ABBA\"],"
                   "\"disableOnAttributes\":[\"isbn\"],\"disableOnNumbers\":true}}");
    CU_ASSERT(!plan->typo_enabled && !plan->typo_numbers);
    CU_ASSERT(plan->one_typo == 3 && plan->two_typos == 255);
    CU_ASSERT_EQUAL_FATAL(plan->n_typo_words, 2);
    CU_ASSERT(is(plan->typo_words[0], "abba") && is(plan->typo_words[1], "zoe"));
    CU_ASSERT(plan->n_typo_fields == 1 && is(plan->typo_fields[0], "isbn"));
}

static void the_rest_of_the_settings(void)
{
    compile(&plan,
            "{\"displayedAttributes\":[\"a\"],\"faceting\":{\"maxValuesPerFacet\":9999999999,"
            "\"sortFacetValuesBy\":{\"*\":\"count\",\"x\":\"alpha\"}},\"pagination\":{"
            "\"maxTotalHits\":7},\"searchCutoffMs\":20,\"facetSearch\":false,"
            "\"prefixSearch\":\"disabled\",\"proximityPrecision\":\"byAttribute\"}");
    CU_ASSERT(plan_is_displayed(plan, B("a.b")) && !plan_is_displayed(plan, B("b")));
    CU_ASSERT_EQUAL(plan->max_facet_values, UINT32_MAX);
    CU_ASSERT_EQUAL(plan->max_total_hits, 7);
    CU_ASSERT_EQUAL(plan->cutoff_ms, 20);
    CU_ASSERT(!plan->facet_search && !plan->prefix_search && plan->by_attribute);
    CU_ASSERT(plan_facet_by_count(plan, B("y")) && !plan_facet_by_count(plan, B("x")));
}

static bool same(const char *a, const char *b)
{
    bool ab, ba;

    compile(&plan, a);
    compile(&other, b);
    ab = plan_same_words(plan, other);
    ba = plan_same_words(other, plan);
    CU_ASSERT_EQUAL(ab, ba);
    return ab;
}

static void only_what_is_covered_and_how_it_is_cut_changes_words(void)
{
    CU_ASSERT(same("{}", "{\"filterableAttributes\":[\"a\"],\"synonyms\":{\"a\":[\"b\"]}}"));
    CU_ASSERT(same("{\"searchableAttributes\":[\"a\",\"b\"]}",
                   "{\"searchableAttributes\":[\"b\",\"a\"]}"));
    CU_ASSERT(same("{\"searchableAttributes\":[\"a\",\"a.b\"]}",
                   "{\"searchableAttributes\":[\"a.b\",\"a\"]}"));
    CU_ASSERT(
        same("{\"searchableAttributes\":[\"a\"]}", "{\"searchableAttributes\":[\"a.b\",\"a\"]}"));
    CU_ASSERT(!same("{\"searchableAttributes\":[\"a.b\"]}", "{\"searchableAttributes\":[\"a\"]}"));
    CU_ASSERT(!same("{}", "{\"searchableAttributes\":[\"a\"]}"));
    CU_ASSERT(!same("{}", "{\"stopWords\":[\"the\"]}"));
    CU_ASSERT(!same("{\"separatorTokens\":[\"|\"]}", "{\"separatorTokens\":[\"$\"]}"));
    CU_ASSERT(!same("{\"nonSeparatorTokens\":[\"#\"]}", "{}"));
    CU_ASSERT(!same("{\"dictionary\":[\"J. R. R.\"]}", "{}"));
}

static void damaged_settings_are_told(void)
{
    static const char *const damaged[] = {
        "",
        "[]",
        "{\"stopWords\":3}",
        "{\"searchableAttributes\":[1]}",
        "{\"rankingRules\":[\"up\"]}",
        "{\"rankingRules\":[\":des\"]}",
        "{\"filterableAttributes\":[{}]}",
        "{\"synonyms\":[]}",
        "{\"synonyms\":{\"a\":\"b\"}}",
        "{\"typoTolerance\":[]}",
        "{\"typoTolerance\":{\"minWordSizeForTypos\":{}}}",
        "{\"typoTolerance\":{\"enabled\":1}}",
        "{\"faceting\":{\"maxValuesPerFacet\":-1}}",
        "{\"faceting\":\"\"}",
        "{\"pagination\":{\"maxTotalHits\":\"1\"}}",
        "{\"prefixSearch\":\"sometimes\"}",
        "{\"proximityPrecision\":1}",
        "{\"distinctAttribute\":[]}",
        "{\"facetSearch\":0}",
    };
    size_t i;

    for (i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        enum rc rc = plan_new(bytes_str(damaged[i]), &plan, &err);

        if (rc != RC_CORRUPT)
            printf("%s\n", damaged[i]);
        CU_ASSERT_EQUAL_FATAL(rc, RC_CORRUPT);
        CU_ASSERT_PTR_NULL(plan);
    }
}

static void a_share_keeps_it_alive(void)
{
    struct plan *share;

    compile(&plan, "{\"stopWords\":[\"the\"]}");
    share = plan_ref(plan);
    plan_unref(plan);
    plan = share;
    CU_ASSERT_EQUAL(plan_field_rank(plan, B("a")), 0);
    CU_ASSERT_PTR_NOT_NULL(plan->text);
}

SUITE(plan, setup, teardown, TEST(the_defaults_search_all_and_keep_no_columns),
      TEST(an_entry_covers_itself_and_what_is_inside), TEST(patterns_have_stars_at_their_ends),
      TEST(ranks_are_those_of_the_first_entry_that_covers), TEST(repeated_rules_are_passed_over),
      TEST(the_first_filterable_entry_wins), TEST(columns_are_kept_for_all_that_asks_for_values),
      TEST(geo_wants_its_two_numbers), TEST(synonyms_are_cut_and_folded_and_one_way),
      TEST(stop_words_of_a_synonym_hold_their_places), TEST(typo_words_are_folded_and_sorted),
      TEST(the_rest_of_the_settings), TEST(only_what_is_covered_and_how_it_is_cut_changes_words),
      TEST(damaged_settings_are_told), TEST(a_share_keeps_it_alive));

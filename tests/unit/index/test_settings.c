/* SPDX-License-Identifier: MIT */
/* test_settings.c -- defaults, what is refused in which words, and how changes are laid over. */
#include "fixture.h"

#include "base/mem.h"

static struct buf current;

static void setup(void)
{
    buf_init(&current, 1 << 20);
    (void)buf_bytes(&current, settings_defaults());
}

static void teardown(void)
{
    buf_done(&current);
}

static enum rc apply(const char *patch)
{
    struct buf out;
    enum rc rc;

    buf_init(&out, 1 << 20);
    rc = settings__apply(buf_view(&current), bytes_str(patch), &out, &fx.err);
    if (rc == RC_OK) {
        buf_clear(&current);
        (void)buf_bytes(&current, buf_view(&out));
    } else {
        CU_ASSERT_EQUAL(out.n, 0);
    }
    buf_done(&out);
    return rc;
}

static void check_member(const char *name, const char *want, int line)
{
    struct bytes value = {0};
    char *got;

    OK(settings_member(buf_view(&current), name, &value, &fx.err));
    got = xstrndup(value.p, value.n);
    if (strcmp(got, want) != 0)
        printf("line %d: %s is %s\n", line, name, got);
    CU_ASSERT_STRING_EQUAL(got, want);
    xfree(got);
}
#define MEMBER(name, want) check_member(name, want, __LINE__)

static void the_defaults_are_those_that_clients_know(void)
{
    CU_ASSERT_STRING_EQUAL(
        buf_cstr(&current),
        "{\"displayedAttributes\":[\"*\"],\"searchableAttributes\":[\"*\"],"
        "\"filterableAttributes\":[],\"sortableAttributes\":[],"
        "\"rankingRules\":[\"words\",\"typo\",\"proximity\",\"attributeRank\",\"sort\","
        "\"wordPosition\",\"exactness\"],\"stopWords\":[],\"nonSeparatorTokens\":[],"
        "\"separatorTokens\":[],\"dictionary\":[],\"synonyms\":{},\"distinctAttribute\":null,"
        "\"proximityPrecision\":\"byWord\",\"typoTolerance\":{\"enabled\":true,"
        "\"minWordSizeForTypos\":{\"oneTypo\":5,\"twoTypos\":9},\"disableOnWords\":[],"
        "\"disableOnAttributes\":[],\"disableOnNumbers\":false},\"faceting\":{"
        "\"maxValuesPerFacet\":100,\"sortFacetValuesBy\":{\"*\":\"alpha\"}},\"pagination\":{"
        "\"maxTotalHits\":1000},\"embedders\":{},\"searchCutoffMs\":null,"
        "\"localizedAttributes\":null,\"facetSearch\":true,\"prefixSearch\":\"indexingTime\"}");
}

static void a_null_resets_and_an_absent_member_stays(void)
{
    OK(apply("{\"stopWords\":[\"the\"],\"distinctAttribute\":\"sku\",\"searchCutoffMs\":150}"));
    MEMBER("stopWords", "[\"the\"]");
    MEMBER("distinctAttribute", "\"sku\"");
    OK(apply("{\"stopWords\":null,\"searchCutoffMs\":null}"));
    MEMBER("stopWords", "[]");
    MEMBER("searchCutoffMs", "null");
    MEMBER("distinctAttribute", "\"sku\"");
    OK(apply("{}"));
    MEMBER("distinctAttribute", "\"sku\"");
}

static void sets_are_sorted_and_lists_are_not(void)
{
    OK(apply("{\"stopWords\":[\"b\",\"a\",\"b\",\"\\u0061\"],\"sortableAttributes\":[\"z\",\"Z\"],"
             "\"displayedAttributes\":[\"z\",\"a\"],\"synonyms\":{\"b\":[\"y\",\"x\"],\"a\":[]}}"));
    MEMBER("stopWords", "[\"a\",\"b\"]");
    MEMBER("sortableAttributes", "[\"Z\",\"z\"]");
    MEMBER("displayedAttributes", "[\"z\",\"a\"]");
    MEMBER("synonyms", "{\"a\":[],\"b\":[\"y\",\"x\"]}");
}

static void a_star_among_names_means_all(void)
{
    OK(apply("{\"displayedAttributes\":[\"a\",\"*\"],\"searchableAttributes\":[]}"));
    MEMBER("displayedAttributes", "[\"*\"]");
    MEMBER("searchableAttributes", "[]");
}

static void rules_of_filterable_attributes_are_completed(void)
{
    OK(apply("{\"filterableAttributes\":[\"genre\",{\"attributePatterns\":[\"a*\"]},"
             "{\"features\":{\"facetSearch\":true,\"filter\":{\"comparison\":true}},"
             "\"attributePatterns\":[]},{\"attributePatterns\":[\"x\"],\"features\":null}]}"));
    MEMBER("filterableAttributes",
           "[\"genre\",{\"attributePatterns\":[\"a*\"],\"features\":{\"facetSearch\":false,"
           "\"filter\":{\"equality\":true,\"comparison\":false}}},{\"attributePatterns\":[],"
           "\"features\":{\"facetSearch\":true,\"filter\":{\"equality\":true,"
           "\"comparison\":true}}},{\"attributePatterns\":[\"x\"],\"features\":{"
           "\"facetSearch\":false,\"filter\":{\"equality\":true,\"comparison\":false}}}]");
}

static void objects_are_laid_over_member_by_member(void)
{
    OK(apply("{\"typoTolerance\":{\"minWordSizeForTypos\":{\"twoTypos\":12},"
             "\"disableOnWords\":[\"b\",\"a\"]}}"));
    OK(apply("{\"typoTolerance\":{\"enabled\":false,\"disableOnNumbers\":true}}"));
    MEMBER("typoTolerance",
           "{\"enabled\":false,\"minWordSizeForTypos\":{\"oneTypo\":5,\"twoTypos\":12},"
           "\"disableOnWords\":[\"a\",\"b\"],\"disableOnAttributes\":[],"
           "\"disableOnNumbers\":true}");
    OK(apply("{\"typoTolerance\":{\"enabled\":null,\"minWordSizeForTypos\":{\"twoTypos\":null}}}"));
    MEMBER("typoTolerance",
           "{\"enabled\":true,\"minWordSizeForTypos\":{\"oneTypo\":5,\"twoTypos\":9},"
           "\"disableOnWords\":[\"a\",\"b\"],\"disableOnAttributes\":[],"
           "\"disableOnNumbers\":true}");
    OK(apply("{\"typoTolerance\":{\"minWordSizeForTypos\":null,\"disableOnWords\":null}}"));
    OK(apply("{\"typoTolerance\":null}"));
    MEMBER("typoTolerance",
           "{\"enabled\":true,\"minWordSizeForTypos\":{\"oneTypo\":5,\"twoTypos\":9},"
           "\"disableOnWords\":[],\"disableOnAttributes\":[],\"disableOnNumbers\":false}");
}

static void facet_orders_are_replaced_but_keep_a_star(void)
{
    OK(apply("{\"faceting\":{\"sortFacetValuesBy\":{\"z\":\"count\",\"!\":\"count\"}}}"));
    MEMBER("faceting", "{\"maxValuesPerFacet\":100,\"sortFacetValuesBy\":{\"!\":\"count\","
                       "\"*\":\"alpha\",\"z\":\"count\"}}");
    OK(apply("{\"faceting\":{\"maxValuesPerFacet\":7}}"));
    OK(apply("{\"faceting\":{\"sortFacetValuesBy\":{\"*\":\"count\"}}}"));
    MEMBER("faceting", "{\"maxValuesPerFacet\":7,\"sortFacetValuesBy\":{\"*\":\"count\"}}");
    OK(apply("{\"faceting\":{\"maxValuesPerFacet\":null}}"));
    MEMBER("faceting", "{\"maxValuesPerFacet\":100,\"sortFacetValuesBy\":{\"*\":\"count\"}}");
    OK(apply("{\"faceting\":{\"sortFacetValuesBy\":{}}}"));
    MEMBER("faceting", "{\"maxValuesPerFacet\":100,\"sortFacetValuesBy\":{\"*\":\"alpha\"}}");
}

static void typo_sizes_that_clash_with_stored_ones_are_a_task_error(void)
{
    OK(settings_check(B("{\"typoTolerance\":{\"minWordSizeForTypos\":{\"oneTypo\":10}}}"), false,
                      &fx.err));
    FAILS(
        apply("{\"typoTolerance\":{\"minWordSizeForTypos\":{\"oneTypo\":10}}}"), RC_INVALID,
        "invalid_settings_typo_tolerance",
        "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be "
        "between `0` and `255`, and `twoTypos` should be greater or equals to `oneTypo` but found "
        "`oneTypo: 10` and twoTypos: 9`.");
}

static void settings_laid_over_the_defaults_give_themselves(void)
{
    struct buf again;

    OK(apply("{\"filterableAttributes\":[{\"attributePatterns\":[\"a\"]}],\"rankingRules\":"
             "[\"words\",\"price:desc\"],\"localizedAttributes\":[{\"locales\":[\"jpn\",\"en\"],"
             "\"attributePatterns\":[\"*_ja\"]}],\"synonyms\":{\"\\u0001\\\"\":[\"\\u00e9\"]},"
             "\"prefixSearch\":\"disabled\",\"facetSearch\":false,\"pagination\":{"
             "\"maxTotalHits\":18446744073709551615},\"embedders\":{}}"));
    buf_init(&again, 1 << 20);
    OK(settings__apply(settings_defaults(), buf_view(&current), &again, &fx.err));
    CU_ASSERT_STRING_EQUAL(buf_cstr(&again), buf_cstr(&current));
    buf_done(&again);
    MEMBER("localizedAttributes",
           "[{\"attributePatterns\":[\"*_ja\"],\"locales\":[\"jpn\",\"en\"]}]");
    MEMBER("pagination", "{\"maxTotalHits\":18446744073709551615}");
    CU_ASSERT_EQUAL(settings_member(buf_view(&current), "nope", &(struct bytes){0}, &fx.err),
                    RC_NOT_FOUND);
}

#define SIZES_TEXT                                                                                 \
    "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between " \
    "`0` and `255`, and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: "  \
    "7` and twoTypos: 6`."
#define ALL_NAMES                                                                                  \
    "`displayedAttributes`, `searchableAttributes`, `filterableAttributes`, "                      \
    "`sortableAttributes`, `rankingRules`, `stopWords`, `nonSeparatorTokens`, `separatorTokens`, " \
    "`dictionary`, `synonyms`, `distinctAttribute`, `proximityPrecision`, `typoTolerance`, "       \
    "`faceting`, `pagination`, `embedders`, `searchCutoffMs`, `localizedAttributes`, "             \
    "`facetSearch`, `prefixSearch`"

struct refusal {
    const char *patch, *word, *msg;
    bool sub_route;
};

static const struct refusal refusals[] = {
    {"[]", "bad_request", "Invalid value type: expected an object, but found an array: `[]`",
     false},
    {"{\"stopWord\":[]}", "bad_request",
     "Unknown field `stopWord`: did you mean `stopWords`? expected one of " ALL_NAMES, false},
    {"{\"stopWords\":\"doggo\"}", "invalid_settings_stop_words",
     "Invalid value type at `.stopWords`: expected an array, but found a string: `\"doggo\"`",
     false},
    {"{\"stopWords\":13}", "invalid_settings_stop_words",
     "Invalid value type: expected an array, but found a positive integer: `13`", true},
    {"{\"displayedAttributes\":[\"a\",-1]}", "invalid_settings_displayed_attributes",
     "Invalid value type at `.displayedAttributes[1]`: expected a string, but found a negative "
     "integer: `-1`",
     false},
    {"{\"rankingRules\":[\"words\",\"doggo\"]}", "invalid_settings_ranking_rules",
     "Invalid value at `.rankingRules[1]`: `doggo` ranking rule is invalid. Valid ranking rules "
     "are "
     "words, typo, sort, proximity, attribute, exactness and custom ranking rules.",
     false},
    {"{\"rankingRules\":[\"doggo\"]}", "invalid_settings_ranking_rules",
     "Invalid value at `[0]`: `doggo` ranking rule is invalid. Valid ranking rules are words, "
     "typo, "
     "sort, proximity, attribute, exactness and custom ranking rules.",
     true},
    {"{\"rankingRules\":[\"_geo:asc\"]}", "invalid_settings_ranking_rules",
     "Invalid value at `.rankingRules[0]`: `_geo` is a reserved keyword and thus can't be used as "
     "a ranking rule",
     false},
    {"{\"rankingRules\":[\"_geoDistance:asc\"]}", "invalid_settings_ranking_rules",
     "Invalid value at `.rankingRules[0]`: `_geoDistance` is a reserved keyword and thus can't be "
     "used as a ranking rule",
     false},
    {"{\"rankingRules\":[\"_geoPoint(42,75):asc\"]}", "invalid_settings_ranking_rules",
     "Invalid value at `.rankingRules[0]`: `_geoPoint` is a reserved keyword and thus can't be "
     "used as a ranking rule. `_geoPoint` can only be used for sorting at search time",
     false},
    {"{\"rankingRules\":[\"_geoRadius(42,75,59):asc\"]}", "invalid_settings_ranking_rules",
     "Invalid value at `.rankingRules[0]`: `_geoRadius` is a reserved keyword and thus can't be "
     "used as a ranking rule. `_geoRadius` can only be used for filtering at search time",
     false},
    {"{\"rankingRules\":[\"attribute\",\"wordPosition\"]}", "invalid_settings_ranking_rules",
     "Mixed usage of the attribute, attributeRank, and wordPosition ranking rules. You must either "
     "use the attribute ranking rule alone or the attributeRank and wordPosition ranking rules.",
     false},
    {"{\"typoTolerance\":{\"minWordSizeForTypos\":{\"oneTypo\":7,\"twoTypos\":6}}}",
     "invalid_settings_typo_tolerance",
     "Invalid value at `.typoTolerance.minWordSizeForTypos`: " SIZES_TEXT, false},
    {"{\"typoTolerance\":{\"minWordSizeForTypos\":{\"oneTypo\":7,\"twoTypos\":6}}}",
     "invalid_settings_typo_tolerance", "Invalid value at `.minWordSizeForTypos`: " SIZES_TEXT,
     true},
    {"{\"typoTolerance\":{\"enable\":true}}", "invalid_settings_typo_tolerance",
     "Unknown field `enable` inside `.typoTolerance`: did you mean `enabled`? expected one of "
     "`enabled`, `minWordSizeForTypos`, `disableOnWords`, `disableOnAttributes`, "
     "`disableOnNumbers`",
     false},
    {"{\"pagination\":{\"maxTotalHits\":0}}", "invalid_settings_pagination",
     "Invalid value at `.maxTotalHits`: a non-zero integer value lower than "
     "`18446744073709551615` was expected, but found a zero",
     true},
    {"{\"pagination\":{\"maxTotalHits\":1.5}}", "invalid_settings_pagination",
     "Invalid value type at `.pagination.maxTotalHits`: expected a positive integer, but found a "
     "number: `1.5`",
     false},
    {"{\"proximityPrecision\":\"byword\"}", "invalid_settings_proximity_precision",
     "Unknown value `byword` at `.proximityPrecision`: did you mean `byWord`? expected one of "
     "`byWord`, `byAttribute`",
     false},
    {"{\"prefixSearch\":\"x\"}", "invalid_settings_prefix_search",
     "Unknown value `x`: expected one of `indexingTime`, `disabled`", true},
    {"{\"faceting\":{\"sortFacetValuesBy\":{\"genre\":\"beta\"}}}", "invalid_settings_faceting",
     "Unknown value `beta` at `.faceting.sortFacetValuesBy.genre`: expected one of `alpha`, "
     "`count`",
     false},
    {"{\"filterableAttributes\":[true]}", "invalid_settings_filterable_attributes",
     "Invalid value type at `.filterableAttributes[0]`: expected a string or an object, but found "
     "a boolean: `true`",
     false},
    {"{\"filterableAttributes\":[{\"features\":{}}]}", "invalid_settings_filterable_attributes",
     "Missing field `attributePatterns` inside `.filterableAttributes[0]`", false},
    {"{\"filterableAttributes\":[{\"attributePatterns\":[\"a\"],\"features\":{\"filter\":{"
     "\"equality\":1}}}]}",
     "invalid_settings_filterable_attributes",
     "Invalid value type at `.filterableAttributes[0].features.filter.equality`: expected a "
     "boolean, but found a positive integer: `1`",
     false},
    {"{\"synonyms\":{\"a\":\"b\"}}", "invalid_settings_synonyms",
     "Invalid value type at `.synonyms.a`: expected an array, but found a string: `\"b\"`", false},
    {"{\"embedders\":{\"default\":{}}}", "invalid_settings_embedders",
     "Invalid value at `.embedders`: this server has no embedders, so only an empty object can be "
     "set",
     false},
    {"{\"searchCutoffMs\":-1}", "invalid_settings_search_cutoff_ms",
     "Invalid value type at `.searchCutoffMs`: expected a positive integer, but found a negative "
     "integer: `-1`",
     false},
    {"{\"distinctAttribute\":{}}", "invalid_settings_distinct_attribute",
     "Invalid value type at `.distinctAttribute`: expected a string, but found an object: `{}`",
     false},
    {"{\"facetSearch\":\"yes\"}", "invalid_settings_facet_search",
     "Invalid value type at `.facetSearch`: expected a boolean, but found a string: `\"yes\"`",
     false},
    {"{\"localizedAttributes\":[{\"attributePatterns\":[],\"locales\":[\"english\"]}]}",
     "invalid_settings_localized_attributes",
     "Invalid value at `.localizedAttributes[0].locales[0]`: `english` is not an ISO-639-1 or "
     "ISO-639-3 language code",
     false},
    {"{\"stopWords\":[]", "malformed_payload",
     "The json payload provided is malformed. `EOF while parsing an object at line 1 column 15`.",
     false},
};

static void what_makes_no_sense_is_refused_in_known_words(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct refusal *r = &refusals[i];

        FAILS(settings_check(bytes_str(r->patch), r->sub_route, &fx.err), RC_INVALID, r->word,
              r->msg);
        CU_ASSERT_EQUAL(apply(r->patch), RC_INVALID);
    }
}

static void custom_rules_and_all_nulls_are_fine(void)
{
    OK(apply("{\"rankingRules\":[\"attribute\",\"price:asc\",\"_geography:desc\",\"a:b:desc\"]}"));
    OK(apply("{\"displayedAttributes\":null,\"searchableAttributes\":null,"
             "\"filterableAttributes\":null,\"sortableAttributes\":null,\"rankingRules\":null,"
             "\"stopWords\":null,\"nonSeparatorTokens\":null,\"separatorTokens\":null,"
             "\"dictionary\":null,\"synonyms\":null,\"distinctAttribute\":null,"
             "\"proximityPrecision\":null,\"typoTolerance\":null,\"faceting\":null,"
             "\"pagination\":null,\"embedders\":null,\"searchCutoffMs\":null,"
             "\"localizedAttributes\":null,\"facetSearch\":null,\"prefixSearch\":null}"));
    CU_ASSERT(bytes_eq(buf_view(&current), settings_defaults()));
}

SUITE(settings, setup, teardown, TEST(the_defaults_are_those_that_clients_know),
      TEST(a_null_resets_and_an_absent_member_stays), TEST(sets_are_sorted_and_lists_are_not),
      TEST(a_star_among_names_means_all), TEST(rules_of_filterable_attributes_are_completed),
      TEST(objects_are_laid_over_member_by_member), TEST(facet_orders_are_replaced_but_keep_a_star),
      TEST(typo_sizes_that_clash_with_stored_ones_are_a_task_error),
      TEST(settings_laid_over_the_defaults_give_themselves),
      TEST(what_makes_no_sense_is_refused_in_known_words),
      TEST(custom_rules_and_all_nulls_are_fine));

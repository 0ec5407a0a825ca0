/* SPDX-License-Identifier: MIT */
/* test_document_errors.c -- primary keys and ids: what is refused, in which words. */
#include "fixture.h"

#include "base/mem.h"

static struct change *c;
static uint32_t index_id;

static void setup(void)
{
    fixture_setup();
    c = NULL;
}

static void teardown(void)
{
    change_abandon(c);
    fixture_teardown();
}

static void make_index(const char *primary_key)
{
    c = fixture_begin();
    OK(change_create_index(c, B("movies"), bytes_str(primary_key), 1, &index_id, &fx.err));
}

static enum rc begin(const char *first, const char *primary_key)
{
    const struct document_opts opts = {.replace = true, .primary_key = bytes_str(primary_key)};

    return change_documents_begin(c, index_id, &opts, bytes_str(first), 5, &fx.err);
}

static enum rc put(const char *json)
{
    const struct document_opts opts = {.replace = true};

    return change_document(c, index_id, bytes_str(json), &opts, &fx.err);
}

static const char *primary_key(void)
{
    struct index_info info = {0};

    OK(change_find(c, B("movies"), &info, &fx.err));
    return info.primary_key ? info.primary_key : "none";
}

static void the_primary_key_is_the_only_name_that_ends_in_id(void)
{
    make_index("");
    OK(begin("{\"title\":\"x\",\"movieID\":1,\"identity\":2}", ""));
    CU_ASSERT_STRING_EQUAL(primary_key(), "movieID");
}

static void without_a_candidate_there_is_no_primary_key(void)
{
    static const char *const text =
        "The primary key inference failed as the engine did not find any field ending with `id` in "
        "its name. Please specify the primary key manually using the `primaryKey` query parameter.";

    make_index("");
    FAILS(begin("{\"title\":\"x\"}", ""), RC_INVALID, "index_primary_key_no_candidate_found", text);
    FAILS(begin("", ""), RC_INVALID, "index_primary_key_no_candidate_found", text);
    CU_ASSERT_STRING_EQUAL(primary_key(), "none");
}

static void several_candidates_are_named_sorted(void)
{
    make_index("");
    FAILS(begin("{\"zid\":1,\"publisher_id\":2,\"id\":3}", ""), RC_INVALID,
          "index_primary_key_multiple_candidates_found",
          "The primary key inference failed as the engine found 3 fields ending with `id` in their "
          "names: 'id' and 'publisher_id'. Please specify the primary key manually using the "
          "`primaryKey` query parameter.");
}

static void the_stored_primary_key_wins(void)
{
    make_index("id");
    OK(begin("{\"x\":1}", ""));
    OK(begin("{\"x\":1}", "id"));
    FAILS(begin("{\"x\":1}", "x"), RC_INVALID, "index_primary_key_already_exists",
          "Index `movies`: Index already has a primary key: `id`.");
}

static void ids_are_integers_or_short_plain_strings(void)
{
    static const char *const good[] = {"{\"id\":0}", "{\"id\":-5}", "{\"id\":18446744073709551615}",
                                       "{\"id\":\"a-B_9\"}", "{\"id\":-9223372036854775808}"};
    static const struct {
        const char *json, *value;
    } bad[] = {
        {"{\"id\":1.0}", "1.0"},
        {"{\"id\":1e2}", "1e2"},
        {"{\"id\":18446744073709551616}", "18446744073709551616"},
        {"{\"id\":\"\"}", "\"\""},
        {"{\"id\":\"a b\"}", "\"a b\""},
        {"{\"id\":\"\\u00e9\"}", "\"\\u00e9\""},
        {"{\"id\":null}", "null"},
        {"{\"id\":[1, 2]}", "[1,2]"},
        {"{\"id\":{\"a\": true}}", "{\"a\":true}"},
        {"{\"id\":false}", "false"},
    };
    char want[512];
    size_t i;

    make_index("id");
    for (i = 0; i < ARRAY_LEN(good); i++)
        OK(put(good[i]));
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        (void)snprintf(want, sizeof want,
                       "Document identifier `%s` is invalid. A document identifier can be of type "
                       "integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), "
                       "hyphens (-) and underscores (_), and can not be more than 511 bytes.",
                       bad[i].value);
        FAILS(put(bad[i].json), RC_INVALID, "invalid_document_id", want);
    }
}

static void an_id_has_at_most_511_bytes(void)
{
    char json[600];
    int n;

    make_index("id");
    for (n = 510; n <= 512; n++) {
        (void)snprintf(json, sizeof json, "{\"id\":\"%0*d\"}", n, 7);
        CU_ASSERT_EQUAL(put(json), n <= 511 ? RC_OK : RC_INVALID);
    }
}

static void a_document_without_an_id_is_quoted(void)
{
    make_index("id");
    FAILS(put("{\"title\": \"Carol\", \"n\": [1, 2]}"), RC_INVALID, "missing_document_id",
          "Document doesn't have a `id` attribute: `{\"title\":\"Carol\",\"n\":[1,2]}`.");
}

static void a_number_and_its_text_are_the_same_document(void)
{
    make_index("id");
    OK(put("{\"id\":1,\"a\":1}"));
    OK(put("{\"id\":\"1\",\"a\":2}"));
    fixture_commit(c);
    c = NULL;
    CU_ASSERT_STRING_EQUAL(fixture_all("movies"), "{\"id\":\"1\",\"a\":2}\n");
}

static void dotted_keys_are_found_however_they_are_nested(void)
{
    make_index("a.b.c");
    OK(put("{\"a\":{\"b\":{\"c\":1}}}"));
    OK(put("{\"a.b\":{\"c\":2}}"));
    OK(put("{\"a\":{\"b.c\":3}}"));
    OK(put("{\"a.b.c\":4}"));
    FAILS(put("{\"a.b.c\":4,\"a\":{\"b\":{\"c\":5}}}"), RC_INVALID, "invalid_document_id",
          "Document have too many matching `a.b.c` attribute: "
          "`{\"a.b.c\":4,\"a\":{\"b\":{\"c\":5}}}`.");
    FAILS(put("{\"a\":{\"b\":[{\"c\":1}]}}"), RC_INVALID, "missing_document_id",
          "Document doesn't have a `a.b.c` attribute: `{\"a\":{\"b\":[{\"c\":1}]}}`.");
    fixture_commit(c);
    c = NULL;
    CU_ASSERT_STRING_EQUAL(fixture_get("movies", "3"), "{\"a\":{\"b.c\":3}}");
}

static void a_dotted_key_is_cut_at_its_dots_only(void)
{
    make_index("ab.c");
    CU_ASSERT_EQUAL(put("{\"a\":{\".c\":1}}"), RC_INVALID);
    CU_ASSERT_EQUAL(put("{\"ab\":{\"c.d\":1},\"ab.c.d\":2,\"b.c\":3}"), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "missing_document_id");
}

static void fields_of_an_index_are_limited(void)
{
    struct buf json;
    int i;

    make_index("id");
    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"id\":1");
    for (i = 1; i < DOCUMENT_FIELDS_MAX; i++)
        (void)buf_printf(&json, ",\"f%d\":0", i);
    (void)buf_byte(&json, '}');
    change_mark(c);
    OK(put(buf_cstr(&json)));
    change_keep(c);
    change_mark(c);
    FAILS(put("{\"id\":2,\"one\":1}"), RC_INVALID, "max_fields_limit_exceeded",
          "Index `movies`: A document cannot contain more than 65,535 fields.");
    change_rollback(c);
    change_mark(c);
    OK(put("{\"id\":2,\"f7\":1}"));
    change_keep(c);
    buf_done(&json);
}

#define IN_X "Index `movies`: "
static const struct {
    const char *geo, *msg; /* NULL: fine */
} places[] = {
    {"{\"lat\":1,\"lng\":-2.5e1}", NULL},
    {"{\"lat\":\"1.5\",\"lng\":\"-2\"}", NULL},
    {"null", NULL},
    {"\"Paris\"", IN_X "The `_geo` field in the document with the id: `\"11\"` is not an object. "
                       "Was expecting an object with the `_geo.lat` and `_geo.lng` fields but "
                       "instead got `\"Paris\"`."},
    {"{\"lat\":1,\"lng\":2,\"alt\":3}",
     IN_X "The `_geo` field in the document with the id: `\"11\"` contains the following "
          "unexpected fields: `{\"alt\":3}`."},
    {"{}", IN_X "Could not find latitude nor longitude in the document with the id: `\"11\"`. Was "
                "expecting `_geo.lat` and `_geo.lng` fields."},
    {"{\"lng\":1}", IN_X "Could not find latitude in the document with the id: `\"11\"`. Was "
                         "expecting a `_geo.lat` field."},
    {"{\"lat\":1}", IN_X "Could not find longitude in the document with the id: `\"11\"`. Was "
                         "expecting a `_geo.lng` field."},
    {"{\"lat\":\"a\",\"lng\":[1]}",
     IN_X "Could not parse latitude nor longitude in the document with the id: `\"11\"`. Was "
          "expecting finite numbers but instead got `\"a\"` and `[1]`."},
    {"{\"lat\":\"1e999\",\"lng\":1}",
     IN_X "Could not parse latitude in the document with the id: `\"11\"`. Was expecting a finite "
          "number but instead got `\"1e999\"`."},
    {"{\"lat\":1,\"lng\":true}",
     IN_X "Could not parse longitude in the document with the id: `\"11\"`. Was expecting a finite "
          "number but instead got `true`."},
};

static void places_are_looked_at_where_settings_use_them(void)
{
    static const char *const uses[] = {
        "{\"sortableAttributes\":[\"_geo\"]}", "{\"filterableAttributes\":[\"a\",\"_geo\"]}",
        "{\"filterableAttributes\":[{\"attributePatterns\":[\"*eo\"]}]}",
        "{\"filterableAttributes\":[{\"attributePatterns\":[\"x\",\"_*\"]}]}"};
    char json[256];
    size_t i, u;

    make_index("id");
    for (i = 0; i < ARRAY_LEN(places); i++) {
        (void)snprintf(json, sizeof json, "{\"id\":11,\"_geo\":%s}", places[i].geo);
        OK(put(json)); /* a member like any other */
    }
    for (u = 0; u < ARRAY_LEN(uses); u++) {
        OK(change_settings(c, index_id, settings_defaults(), 1, &fx.err));
        OK(change_settings(c, index_id, bytes_str(uses[u]), 1, &fx.err));
        for (i = 0; i < ARRAY_LEN(places); i++) {
            (void)snprintf(json, sizeof json, "{\"id\":11,\"_geo\":%s}", places[i].geo);
            if (places[i].msg)
                FAILS(put(json), RC_INVALID, "invalid_document_geo_field", places[i].msg);
            else
                OK(put(json));
        }
    }
}

static void what_is_not_an_object_is_refused(void)
{
    make_index("id");
    CU_ASSERT_EQUAL(put("[1]"), RC_INVALID);
    CU_ASSERT_EQUAL(put("{\"id\":1"), RC_INVALID);
    CU_ASSERT_EQUAL(put(""), RC_INVALID);
    CU_ASSERT_STRING_EQUAL(fx.err.word, "malformed_payload");
}

static void long_documents_are_cut_in_messages(void)
{
    struct buf json;
    int i;

    make_index("id");
    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"text\":\"");
    for (i = 0; i < 5000; i++)
        (void)buf_str(&json, "\xc3\xa9");
    (void)buf_str(&json, "\"}");
    CU_ASSERT_EQUAL(put(buf_cstr(&json)), RC_INVALID);
    CU_ASSERT(strlen(fx.err.msg) < ERR_MSG_MAX);
    CU_ASSERT(strlen(fx.err.msg) > ERR_MSG_MAX - 100);
    buf_done(&json);
}

SUITE(document_errors, setup, teardown, TEST(the_primary_key_is_the_only_name_that_ends_in_id),
      TEST(without_a_candidate_there_is_no_primary_key), TEST(several_candidates_are_named_sorted),
      TEST(the_stored_primary_key_wins), TEST(ids_are_integers_or_short_plain_strings),
      TEST(an_id_has_at_most_511_bytes), TEST(a_document_without_an_id_is_quoted),
      TEST(a_number_and_its_text_are_the_same_document),
      TEST(dotted_keys_are_found_however_they_are_nested),
      TEST(a_dotted_key_is_cut_at_its_dots_only), TEST(fields_of_an_index_are_limited),
      TEST(places_are_looked_at_where_settings_use_them), TEST(what_is_not_an_object_is_refused),
      TEST(long_documents_are_cut_in_messages));

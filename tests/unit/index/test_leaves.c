/* SPDX-License-Identifier: MIT */
/* test_leaves.c -- a document told flat: every path once, all values. */
#include "index/search_int.h"
#include "support/suite.h"

#include "base/mem.h"

static struct json_parser *parser;
static struct buf path, told;

static void setup(void)
{
    parser = json_parser_new();
    buf_init(&path, BUF_NO_LIMIT);
    buf_init(&told, BUF_NO_LIMIT);
}

static void teardown(void)
{
    json_parser_free(parser);
    buf_done(&path);
    buf_done(&told);
}

static const char *type_of(struct json_value v)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};

    return names[json_type(v)];
}

static void tell_member(void *arg, struct bytes name, struct json_value v)
{
    (void)arg;
    (void)buf_printf(&told, "+%.*s:%s ", BYTES_ARG(name), type_of(v));
}

static void tell_value(void *arg, struct bytes name, struct json_value v)
{
    (void)arg;
    (void)buf_printf(&told, "%.*s=%.*s ", BYTES_ARG(name), BYTES_ARG(json_raw(v)));
}

static const char *walk_with(struct bytes json, bool members)
{
    const struct leaf_visitor visitor = {NULL, tell_value, members ? tell_member : NULL};
    struct json_value root;
    struct json_error at;

    buf_clear(&told);
    CU_ASSERT_EQUAL_FATAL(json_parse(parser, json, &index__json_limits, &root, &at), RC_OK);
    leaves__walk(root, &path, &visitor);
    CU_ASSERT_EQUAL(path.n, 0);
    if (told.n)
        buf_cut(&told, told.n - 1);
    return buf_cstr(&told);
}

static const char *walk(const char *json)
{
    return walk_with(bytes_str(json), true);
}

static void members_come_before_their_values(void)
{
    CU_ASSERT_STRING_EQUAL(
        walk("{\"a\":1,\"b\":{\"c\":\"x\",\"d\":null},\"e\":[true,[2]],\"f\":{}}"),
        "+a:number a=1 +b:object +b.c:string b.c=\"x\" +b.d:null b.d=null "
        "+e:array e=true e=2 +f:object");
}

static void what_is_no_object_has_nothing(void)
{
    CU_ASSERT_STRING_EQUAL(walk("[{\"a\":1}]"), "");
    CU_ASSERT_STRING_EQUAL(walk("3"), "");
}

static void a_dotted_name_is_the_nested_path(void)
{
    CU_ASSERT_STRING_EQUAL(walk("{\"a\":{\"b\":1},\"a.b\":2}"),
                           "+a:object +a.b:number a.b=1 a.b=2");
    CU_ASSERT_STRING_EQUAL(walk("{\"a.b\":{\"c\":2},\"a\":{\"b.c\":3}}"),
                           "+a.b:object +a.b.c:number a.b.c=2 +a:object a.b.c=3");
}

static void objects_of_an_array_make_one_field_of_many_values(void)
{
    CU_ASSERT_STRING_EQUAL(walk("{\"dogs\":[{\"name\":null},{\"name\":\"rex\",\"age\":2},7]}"),
                           "+dogs:array +dogs.name:array dogs.name=null dogs.name=\"rex\" "
                           "+dogs.age:array dogs.age=2 dogs=7");
}

static void names_may_be_empty(void)
{
    CU_ASSERT_STRING_EQUAL(walk("{\"\":{\"\":1},\".\":2}"), "+:object +.:number .=1 .=2");
}

static void vectors_are_passed_over_only_at_the_top(void)
{
    CU_ASSERT_STRING_EQUAL(walk("{\"_vectors\":{\"a\":[1]},\"_vectors.b\":2,\"_vectorsx\":3,"
                                "\"c\":{\"_vectors\":4},\"_geo\":{\"lat\":5}}"),
                           "+_vectorsx:number _vectorsx=3 +c:object +c._vectors:number "
                           "c._vectors=4 +_geo:object +_geo.lat:number _geo.lat=5");
}

static void either_function_may_be_missing(void)
{
    CU_ASSERT_STRING_EQUAL(walk_with(B("{\"a\":{\"b\":1},\"a.b\":2}"), false), "a.b=1 a.b=2");
}

static void a_name_too_long_for_a_key_hides_what_is_inside(void)
{
    struct buf json, want;
    size_t i;

    buf_init(&json, BUF_NO_LIMIT);
    buf_init(&want, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"a\":{\"");
    for (i = 0; i < KEY_NAME_MAX - 2; i++) /* a.xxx has just the largest size */
        (void)buf_byte(&json, 'x');
    (void)buf_str(&json, "\":{\"y\":1},\"z\":2,\"");
    for (i = 0; i < KEY_NAME_MAX - 1; i++)
        (void)buf_byte(&json, 'w');
    (void)buf_str(&json, "\":3}}");
    (void)walk_with(buf_view(&json), true);
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&told), "xx:object +a.z:number a.z=2"));
    CU_ASSERT_PTR_NULL(strstr(buf_cstr(&told), ".y"));
    CU_ASSERT_PTR_NULL(strstr(buf_cstr(&told), "w"));
    buf_done(&json);
    buf_done(&want);
}

static size_t n_members;

static void count_member(void *arg, struct bytes name, struct json_value v)
{
    (void)arg;
    (void)name;
    (void)v;
    n_members++;
}

/* More paths than the table of common documents holds, each from two sides. */
static void of_very_many_paths_each_is_told_once(void)
{
    const struct leaf_visitor visitor = {NULL, NULL, count_member};
    struct json_value root;
    struct json_error at;
    struct buf json;
    unsigned i;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"a\":[{");
    for (i = 0; i < 1000; i++)
        (void)buf_printf(&json, "%s\"m%u\":1", i ? "," : "", i);
    (void)buf_str(&json, "},{");
    for (i = 0; i < 1000; i++)
        (void)buf_printf(&json, "%s\"m%u\":1", i ? "," : "", i * 2);
    (void)buf_str(&json, "}]");
    for (i = 0; i < 100; i++)
        (void)buf_printf(&json, ",\"a.m%u\":1", i);
    (void)buf_str(&json, "}");
    CU_ASSERT_EQUAL_FATAL(json_parse(parser, buf_view(&json), &index__json_limits, &root, &at),
                          RC_OK);
    n_members = 0;
    leaves__walk(root, &path, &visitor);
    CU_ASSERT_EQUAL(n_members, 1 + 1000 + 500);
    buf_done(&json);
}

SUITE(leaves, setup, teardown, TEST(members_come_before_their_values),
      TEST(what_is_no_object_has_nothing), TEST(a_dotted_name_is_the_nested_path),
      TEST(objects_of_an_array_make_one_field_of_many_values), TEST(names_may_be_empty),
      TEST(vectors_are_passed_over_only_at_the_top), TEST(either_function_may_be_missing),
      TEST(a_name_too_long_for_a_key_hides_what_is_inside),
      TEST(of_very_many_paths_each_is_told_once));

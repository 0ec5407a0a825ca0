/* SPDX-License-Identifier: MIT */
/* test_format.c -- marks, crops and places of matches, over a query read from a list of words. */
#include "query/format_int.h"
#include "support/suite.h"
#include "support/word_list.h"

#include <stdio.h>

static struct word_list list;
static struct arena *arena;
static struct query_spec spec;
static struct json_parser *parser;
static struct buf out;
static struct bytes stars[] = {{(const uint8_t *)"*", 1}};

static void setup(void)
{
    word_list_open(&list, NULL);
    list.plan.displayed_all = true;
    arena = arena_new(1 << 20);
    parser = json_parser_new();
    buf_init(&out, BUF_NO_LIMIT);
    query_spec_init(&spec);
    spec.highlight = (struct names){stars, 1, true};
}

static void teardown(void)
{
    buf_done(&out);
    json_parser_free(parser);
    arena_free(arena);
    word_list_close(&list);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

/* What formatter__members() writes about a document, for the query. */
static const char *format(const char *q, const char *document)
{
    struct graph_input in = word_list_input(&list, bytes_str(q), MATCH_LAST);
    struct search s = {.plan = in.plan, .spec = &spec, .arena = arena};
    struct formatter *f = NULL;
    struct json_value root;
    struct json_writer w;
    struct field_set shown;
    struct graph graph;
    struct err err;

    CU_ASSERT_EQUAL_FATAL(graph__build(&in, &graph, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(json_parse(parser, bytes_str(document), NULL, &root, NULL), RC_OK);
    CU_ASSERT_EQUAL_FATAL(field_set__shown(s.plan, &spec.retrieve, arena, &shown, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(formatter__new(&s, &graph, &shown, &f, &err), RC_OK);
    buf_clear(&out);
    json_writer_init(&w, &out);
    formatter__members(f, root, &w);
    formatter__free(f);
    return buf_cstr(&out);
}

/* One text, in member t, marked and cropped. */
static const char *text(const char *q, const char *t)
{
    static char shown[1024];
    char document[1024];
    const char *json;

    (void)snprintf(document, sizeof document, "{\"t\":\"%s\"}", t);
    json = format(q, document);
    (void)snprintf(shown, sizeof shown, "%s", json);
    CU_ASSERT_FATAL(strncmp(shown, "\"_formatted\":{\"t\":\"", 19) == 0);
    shown[strlen(shown) - 2] = 0;
    return shown + 19;
}

static const char *cropped(const char *q, uint32_t length, const char *t)
{
    spec.crop = (struct names){stars, 1, true};
    spec.crop_length = length;
    return text(q, t);
}

static void whole_words_are_marked(void)
{
    word_list_text(&list, "batman begins");
    CU_ASSERT_STRING_EQUAL(text("batman ", "The Batman: BATMAN!"),
                           "The <em>Batman</em>: <em>BATMAN</em>!");
    CU_ASSERT_STRING_EQUAL(text("badman ", "a Batman"), "a <em>Batman</em>"); /* a typo */
    CU_ASSERT_STRING_EQUAL(text("x", "nothing"), "nothing");
    CU_ASSERT_STRING_EQUAL(text("", "Batman"), "Batman");
    CU_ASSERT_STRING_EQUAL(text("batman -begins", "Batman begins"), "<em>Batman</em> begins");
}

static void prefixes_are_marked_as_far_as_typed(void)
{
    word_list_text(&list, "prince elephant ecole");
    CU_ASSERT_STRING_EQUAL(text("prin", "Le Petit Prince"), "Le Petit <em>Prin</em>ce");
    CU_ASSERT_STRING_EQUAL(text("prince", "prince princes"), "<em>prince</em> <em>prince</em>s");
    CU_ASSERT_STRING_EQUAL(text("ele", "Éléphant"), "<em>Élé</em>phant");
    CU_ASSERT_STRING_EQUAL(text("ele", "E\xCC\x81le\xCC\x81phant"),
                           "<em>E\xCC\x81le\xCC\x81</em>phant");
    CU_ASSERT_STRING_EQUAL(text("prin ", "prince"), "prince");
}

static void phrases_are_one_mark(void)
{
    static const struct word_pair pairs[] = {{"dark", "knight", 3}, {NULL, NULL, 0}};

    list.pairs = pairs;
    word_list_text(&list, "dark knight the");
    CU_ASSERT_STRING_EQUAL(text("\"dark knight\"", "Dark-Knight, knight dark knight. dark"),
                           "<em>Dark-Knight</em>, knight <em>dark knight</em>. dark");
    CU_ASSERT_STRING_EQUAL(text("\"dark knight\"", "dark. knight"), "dark. knight");
    CU_ASSERT_STRING_EQUAL(text("\"dark\" ", "darkness dark"), "darkness <em>dark</em>");
    CU_ASSERT_STRING_EQUAL(text("darkknight ", "the dark knight"), "the <em>dark knight</em>");
}

static void pairs_of_a_run_are_one_mark(void)
{
    CU_ASSERT_STRING_EQUAL(text("東", "中東京"), "中<em>東</em>京");
    word_list_text(&list, "東京 京都 都庁 庁");
    CU_ASSERT_STRING_EQUAL(text("東京都 ", "東京都庁"), "<em>東京都</em>庁");
}

static void text_is_escaped_as_json_only(void)
{
    word_list_text(&list, "b");
    CU_ASSERT_STRING_EQUAL(text("b ", "<b>\\\"b\\\"\\n&"), "<b>\\\"<em>b</em>\\\"\\n&");
    spec.pre_tag = B("\"");
    spec.post_tag = B("");
    CU_ASSERT_STRING_EQUAL(text("b ", "b"), "\\\"b");
}

static void numbers_become_strings_and_others_stay(void)
{
    CU_ASSERT_STRING_EQUAL(
        format("42",
               "{\"n\":42,\"f\":1.50,\"b\":true,\"z\":null,\"a\":[42,{\"x\":\"42\"}],\"e\":[],"
               "\"o\":{},\"_vectors\":{\"v\":1}}"),
        "\"_formatted\":{\"n\":\"<em>42</em>\",\"f\":\"1.50\",\"b\":true,\"z\":null,"
        "\"a\":[\"<em>42</em>\",{\"x\":\"<em>42</em>\"}],\"e\":[],\"o\":{}}");
}

static void rules_cover_what_is_inside_of_fields(void)
{
    struct bytes names[] = {B("a.b"), B("none")};

    word_list_text(&list, "x");
    spec.highlight = (struct names){names, 2, true};
    CU_ASSERT_STRING_EQUAL(
        format("x ", "{\"a\":{\"b\":\"x\",\"c\":\"x\"},\"ab\":\"x\"}"),
        "\"_formatted\":{\"a\":{\"b\":\"<em>x</em>\",\"c\":\"x\"},\"ab\":\"x\"}");
    CU_ASSERT_STRING_EQUAL(format("x ", "{\"c\":\"x\"}"), ""); /* no rule is for a field there is */
    spec.retrieve = (struct names){names + 1, 1, true};
    CU_ASSERT_STRING_EQUAL(format("x ", "{\"a\":[{\"b\":\"x\"},{\"c\":\"x\"}]}"),
                           "\"_formatted\":{\"a\":[{\"b\":\"<em>x</em>\"}]}");
}

static void hidden_fields_are_not_formatted(void)
{
    struct bytes names[] = {B("b")};
    const struct bytes displayed[] = {B("a")};

    list.plan.displayed_all = false;
    list.plan.displayed = displayed;
    list.plan.n_displayed = 1;
    word_list_text(&list, "x");
    CU_ASSERT_STRING_EQUAL(format("x ", "{\"a\":\"x\",\"b\":\"x\"}"),
                           "\"_formatted\":{\"a\":\"<em>x</em>\"}");
    spec.show_matches = true;
    spec.highlight = (struct names){names, 1, true};
    CU_ASSERT_STRING_EQUAL(format("x ", "{\"a\":\"x\",\"b\":\"x\"}"),
                           "\"_matchesPosition\":{\"a\":[{\"start\":0,\"length\":1}]}");
}

static void crops_grow_around_the_match(void)
{
    word_list_text(&list, "prince one two three");
    CU_ASSERT_STRING_EQUAL(cropped("prince ", 2, "Le Petit Prince"), "…Petit <em>Prince</em>");
    CU_ASSERT_STRING_EQUAL(cropped("prince ", 3, "Le Petit Prince"), "Le Petit <em>Prince</em>");
    CU_ASSERT_STRING_EQUAL(cropped("prince ", 0, "Le Petit Prince"), "Le Petit <em>Prince</em>");
    CU_ASSERT_STRING_EQUAL(cropped("prince ", 1, "a prince b"), "…<em>prince</em>…");
    CU_ASSERT_STRING_EQUAL(cropped("x", 2, "no match at all"), "no match…");
    CU_ASSERT_STRING_EQUAL(cropped("x", 9, "no match at all."), "no match at all.");
    /* Rather the sentence on the right than the one before. */
    CU_ASSERT_STRING_EQUAL(cropped("prince ", 3, "a b. prince c d e"), "…<em>prince</em> c d…");
    spec.crop_marker = B("");
    CU_ASSERT_STRING_EQUAL(cropped("prince ", 1, "a prince b"), "<em>prince</em>");
}

static void crops_take_the_best_interval(void)
{
    word_list_text(&list, "one two three");
    CU_ASSERT_STRING_EQUAL(cropped("one two three ", 3, "one x x x x two one three x x one two"),
                           "…<em>two</em> <em>one</em> <em>three</em>…");
    CU_ASSERT_STRING_EQUAL(cropped("one two ", 4, "one a b two c c c c c one two d e"),
                           "…c <em>one</em> <em>two</em> d…");
    CU_ASSERT_STRING_EQUAL(cropped("one two ", 2, "two one x x one two x"),
                           "…<em>one</em> <em>two</em>…");
    CU_ASSERT_STRING_EQUAL(cropped("\"one two three\"", 2, "x one two three x"),
                           "…<em>one two</em>…");
}

static void crop_lengths_stand_behind_names(void)
{
    struct bytes names[] = {B("a:2"), B("b:x"), B("c")};

    spec.highlight = (struct names){0};
    spec.crop = (struct names){names, 3, true};
    spec.crop_length = 3;
    CU_ASSERT_STRING_EQUAL(format("", "{\"a\":\"1 2 3 4\",\"b\":\"1 2 3 4\",\"c\":\"1 2 3 4\","
                                      "\"d\":\"1 2 3 4\"}"),
                           "\"_formatted\":{\"a\":\"1 2…\",\"b\":\"1 2 3…\",\"c\":\"1 2 3…\","
                           "\"d\":\"1 2 3 4\"}");
}

static void matches_have_bytes_and_indices(void)
{
    word_list_text(&list, "bar");
    spec.highlight = (struct names){0};
    spec.show_matches = true;
    CU_ASSERT_STRING_EQUAL(
        format("bar ", "{\"z\":\"é bar bar\",\"a\":[\"x\",[\"bar\"]],\"d\":[{\"n\":\"bar\"},{\"n\":"
                       "\"no\"},{\"n\":\"bar\"}],\"_vectors\":\"bar\"}"),
        "\"_matchesPosition\":{\"a\":[{\"start\":0,\"length\":3,\"indices\":[1,0]}],"
        "\"d.n\":[{\"start\":0,\"length\":3,\"indices\":[0]},{\"start\":0,\"length\":3,"
        "\"indices\":[2]}],"
        "\"z\":[{\"start\":3,\"length\":3},{\"start\":7,\"length\":3}]}");
    CU_ASSERT_STRING_EQUAL(format("bar ", "{\"a\":true}"), "\"_matchesPosition\":{}");
    CU_ASSERT_STRING_EQUAL(format("4", "{\"n\":42}"),
                           "\"_matchesPosition\":{\"n\":[{\"start\":0,\"length\":1}]}");
}

/* A text of nothing but the phrase's word, and a crop of nothing but matches. */
/* What is formatted and how says nothing about where matches are. */
static void matches_are_the_same_beside_formatted_values(void)
{
    static const char document[] = "{\"a\":\"a cat\",\"b\":[\"cat\",{\"c\":\"the cat of "
                                   "cats\"},7],\"d\":\"\",\"e\":\"cat 7\"}";
    struct bytes sets[][2] = {{B("*")},           {B("a")},         {B("b")},
                              {B("b.c"), B("e")}, {B("d"), B("a")}, {B("e"), B("b")}};
    char want[1024];
    size_t i;

    word_list_text(&list, "cat of 7");
    spec.show_matches = true;
    spec.crop_length = 2;
    spec.highlight.n = 0;
    (void)snprintf(want, sizeof want, "%s", format("cat 7", document));
    CU_ASSERT_PTR_NULL(strstr(want, "_formatted"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(want, "\"indices\":[2]"));
    for (i = 0; i < ARRAY_LEN(sets) * 2; i++) {
        struct names names = {sets[i / 2], sets[i / 2][1].n ? 2 : 1, true};
        const char *got, *from;

        spec.highlight = i % 2 ? (struct names){stars, 0, true} : names;
        spec.crop = i % 2 ? names : (struct names){stars, 0, true};
        got = format("cat 7", document);
        from = strstr(got, "\"_matchesPosition\"");
        CU_ASSERT_PTR_NOT_NULL_FATAL(from);
        CU_ASSERT(from > got);
        CU_ASSERT_STRING_EQUAL(from, want);
    }
}

/* Texts that are overwritten meanwhile: a second cut would find other matches. */
static void a_value_is_cut_once(void)
{
    char document[] = "[\"a cat\",\"cat\",\"no\",5,\"cat cat\"]";
    const struct format_match *matches;
    struct graph_input in;
    struct json_value root, v[5];
    struct format_marks *marks;
    struct format_view view;
    struct graph graph;
    struct json_iter it;
    struct err err;
    size_t i;

    word_list_text(&list, "cat 5");
    in = word_list_input(&list, B("cat 5"), MATCH_LAST);
    CU_ASSERT_EQUAL_FATAL(graph__build(&in, &graph, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(json_parse(parser, bytes_str(document), NULL, &root, NULL), RC_OK);
    for (json_iter_init(&it, root); json_iter_next(&it);)
        v[it.index] = it.value;
    marks = format_marks__new(&graph, list.plan.text);
    format_marks__begin(marks);
    for (i = 0; i < 5; i += 2) /* the first, the third, the fifth */
        format_marks__view(marks, v[i], &view);
    CU_ASSERT_EQUAL(view.n_matches, 2);
    for (i = 0; i < 5; i++)
        memset(document + json_offset(v[i]) + (i != 3), i == 3 ? '6' : 'x', i == 3 ? 1 : 2);
    CU_ASSERT_EQUAL(format_marks__matches(marks, v[0], &matches), 1);
    CU_ASSERT_EQUAL(matches[0].start, 2);
    CU_ASSERT_EQUAL(format_marks__matches(marks, v[1], &matches), 0);
    CU_ASSERT_EQUAL(format_marks__matches(marks, v[2], &matches), 0);
    CU_ASSERT_EQUAL(format_marks__matches(marks, v[3], &matches), 0);
    CU_ASSERT_EQUAL(format_marks__matches(marks, v[4], &matches), 2);
    CU_ASSERT_EQUAL(matches[1].start, 4);
    format_marks__begin(marks); /* the next document has nothing to do with it */
    CU_ASSERT_EQUAL(format_marks__matches(marks, v[4], &matches), 1);
    format_marks__free(marks);
}

static void hostile_texts_end(void)
{
    struct buf document;
    size_t i;

    word_list_text(&list, "a");
    buf_init(&document, BUF_NO_LIMIT);
    (void)buf_str(&document, "{\"t\":\"");
    for (i = 0; i < 100000; i++)
        (void)buf_str(&document, "a ");
    (void)buf_str(&document, "\"}");
    spec.crop = (struct names){stars, 1, true};
    spec.crop_length = 50000;
    spec.show_matches = true;
    CU_ASSERT(strlen(format("\"a a a a a a a a a a a a\" a ", buf_cstr(&document))) > 100000);
    buf_done(&document);
}

SUITE(format, setup, teardown, TEST(whole_words_are_marked),
      TEST(prefixes_are_marked_as_far_as_typed), TEST(phrases_are_one_mark),
      TEST(pairs_of_a_run_are_one_mark), TEST(text_is_escaped_as_json_only),
      TEST(numbers_become_strings_and_others_stay), TEST(rules_cover_what_is_inside_of_fields),
      TEST(hidden_fields_are_not_formatted), TEST(crops_grow_around_the_match),
      TEST(crops_take_the_best_interval), TEST(crop_lengths_stand_behind_names),
      TEST(matches_have_bytes_and_indices), TEST(matches_are_the_same_beside_formatted_values),
      TEST(a_value_is_cut_once), TEST(hostile_texts_end));

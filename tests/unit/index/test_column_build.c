/* SPDX-License-Identifier: MIT */
/* test_column_build.c -- documents to columns: against a naive model, and merged. */
#include "column_given.h"

#include "base/mem.h"
#include "base/rng.h"

enum { ROWS_MAX = 3 * PART_ROWS };

static void put_number(struct buf *to, double number)
{
    (void)buf_printf(to, "%g", number);
}

/* "row:values" of all rows that have the member: null is N, empty is E, no value is nothing. */
static const char *shown(const char *field, uint32_t first)
{
    static char text[1024];
    const struct column_value *values;
    struct column_room room = {0};
    struct column_part *p;
    struct buf s;
    uint32_t row, j;
    size_t i;

    buf_init(&s, sizeof text - 1);
    for (i = 0; i < n_given; i++) {
        if (!bytes_eq(given[i].field, bytes_str(field)) || given[i].first != first)
            continue;
        OK(column_part__open(given[i].part, first, &room, &fx.err));
        p = room.part;
        OK(column_values(p, &values, &fx.err));
        for (row = 0; row < PART_ROWS; row++) {
            if (!column__has(p->exists, row))
                continue;
            (void)buf_printf(&s, "%s%u:%s%s", s.n ? " " : "", first + row,
                             column__has(p->is_null, row) ? "N" : "",
                             column__has(p->is_empty, row) ? "E" : "");
            for (j = column_start(p, row); j < column_start(p, row + 1); j++) {
                const struct column_value *v = &values[column_place(p, j)];

                (void)buf_str(&s, j > column_start(p, row) ? "," : "");
                if (v->is_number)
                    put_number(&s, v->number);
                else
                    (void)buf_printf(&s, "%.*s/%.*s", BYTES_ARG(v->text), BYTES_ARG(v->original));
            }
        }
    }
    column_part__close(room.part);
    (void)snprintf(text, sizeof text, "%s", buf_cstr(&s));
    buf_done(&s);
    return text;
}

static void values_are_what_filters_compare(void)
{
    given_add(0, B("{\"a\":\"Hello World\",\"x\":1}"));
    given_add(1, B("{\"a\":[\"b\",2,true,\"B\",-0.0,0,1e2]}"));
    given_add(3, B("{\"a\":[\"hello WORLD\",\" c \",1e999]}"));
    given_flush();
    CU_ASSERT_EQUAL(n_given, 1);
    CU_ASSERT_STRING_EQUAL(shown("a", 0), "0:hello world/Hello World 1:0,2,100,b/b,true/true "
                                          "3:c/ c ,hello world/Hello World");
}

static void null_and_empty_are_kept_apart(void)
{
    given_add(0, B("{\"a\":null}"));
    given_add(1, B("{\"a\":\"\"}"));
    given_add(2, B("{\"a\":[]}"));
    given_add(3, B("{\"a\":{}}"));
    given_add(4, B("{\"a\":[null,\"\",\"  \"]}"));
    given_add(5, B("{\"a\":{\"b\":[{\"c\":null},{\"c\":5}]}}"));
    given_add(6, B("{\"b\":1}"));
    given_flush();
    CU_ASSERT_STRING_EQUAL(shown("a", 0), "0:N 1:E 2:E 3:E 4: 5:");
    CU_ASSERT_STRING_EQUAL(shown("a.b", 0), "5:");
    CU_ASSERT_STRING_EQUAL(shown("a.b.c", 0), "5:5");
    CU_ASSERT_STRING_EQUAL(shown("b", 0), "");
}

static void geo_becomes_two_numbers(void)
{
    given_add(0, B("{\"_geo\":{\"lat\":48.85,\"lng\":\"2.35\"},\"a\":\"7\"}"));
    given_add(1, B("{\"_geo\":null}"));
    given_add(2, B("{\"_geo\":{\"lat\":\"-0\",\"lng\":\" 1e1 \"}}"));
    given_flush();
    CU_ASSERT_STRING_EQUAL(shown("_geo.lat", 0), "0:48.85 2:0");
    CU_ASSERT_STRING_EQUAL(shown("_geo.lng", 0), "0:2.35 2:10");
    CU_ASSERT_STRING_EQUAL(shown("_geo", 0), "0: 1:N 2:");
    CU_ASSERT_STRING_EQUAL(shown("a", 0), "0:7/7");
}

static void long_texts_are_cut_between_characters(void)
{
    const struct column_value *values;
    struct column_room room = {0};
    struct buf json;
    int i;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"a\":[\"x");
    for (i = 0; i < 400; i++) /* one byte, then characters of two: 468 is inside of one */
        (void)buf_str(&json, "\xd0\xb4");
    (void)buf_str(&json, "1\",\"x");
    for (i = 0; i < 400; i++)
        (void)buf_str(&json, "\xd0\x94");
    (void)buf_str(&json, "2\"]}");
    given_add(0, buf_view(&json));
    buf_done(&json);
    given_flush();
    CU_ASSERT_EQUAL_FATAL(n_given, 1);
    OK(column_part__open(given[0].part, 0, &room, &fx.err));
    OK(column_values(room.part, &values, &fx.err));
    CU_ASSERT_EQUAL(room.part->n_values, 1); /* equal as far as is compared */
    CU_ASSERT_EQUAL(values[0].text.n, COLUMN_TEXT_MAX - 1);
    CU_ASSERT(bytes_eq(values[0].text, values[0].original));
    column_part__close(room.part);
}

static void only_named_fields_are_gathered(void)
{
    struct bytes only[] = {B("b"), B("c.d")};

    column_builder__free(given_builder);
    given_builder = column_builder__new(given_plan, only, 2);
    given_add(4096, B("{\"a\":1,\"b\":2,\"c\":{\"d\":3,\"e\":4},\"b.x\":5}"));
    given_flush();
    CU_ASSERT_EQUAL(n_given, 2);
    CU_ASSERT_STRING_EQUAL(shown("b", 4096), "4096:2");
    CU_ASSERT_STRING_EQUAL(shown("c.d", 4096), "4096:3");
}

static enum rc refuse_part(void *arg, struct bytes field, uint32_t first_row, struct bytes part,
                           struct err *err)
{
    (void)field;
    (void)first_row;
    (void)part;
    ++*(int *)arg;
    return err_set(err, RC_IO, NULL, "no");
}

static void a_flush_that_fails_empties_too(void)
{
    int n = 0;

    given_add(0, B("{\"a\":1,\"n\":2}"));
    CU_ASSERT_EQUAL(column_builder__flush(given_builder, refuse_part, &n, &fx.err), RC_IO);
    CU_ASSERT_EQUAL(n, 1);
    given_add(0, B("{\"n\":3}"));
    given_flush();
    CU_ASSERT_EQUAL(n_given, 1);
    CU_ASSERT_STRING_EQUAL(shown("n", 0), "0:3");
}

/* ---- a naive model ----------------------------------------------------------------------- */

/* What a row was given: JSON of an array of words and numbers, or nothing. */
struct row_model {
    int n; /* -1: no member; -2: null */
    int values[6];
};

static const char *const words[] = {"Drama", "DRAMA", "drama",  "Com\\u00c9die", "com\\u00e9die",
                                    "x",     "Zorro", "zz top", "ZZ Top",        "a b-c"};
static const char *const folds[] = {"drama",
                                    "drama",
                                    "drama",
                                    "come\xcc\x81"
                                    "die",
                                    "come\xcc\x81"
                                    "die",
                                    "x",
                                    "zorro",
                                    "zz top",
                                    "zz top",
                                    "a b-c"};
static const char *const spelled[] = {"Drama",
                                      "DRAMA",
                                      "drama",
                                      "Com\xc3\x89"
                                      "die",
                                      "com\xc3\xa9"
                                      "die",
                                      "x",
                                      "Zorro",
                                      "zz top",
                                      "ZZ Top",
                                      "a b-c"};
enum { N_WORDS = 10 }; /* values from there on are numbers: (v - N_WORDS) / 4 */

static struct row_model *model_new(struct rng *r)
{
    struct row_model *m = xcalloc(ROWS_MAX, sizeof *m);
    int row, i;

    for (row = 0; row < ROWS_MAX; row++) {
        m[row].n = (int)rng_below(r, 9) - 2;
        if (row / PART_ROWS == 1 && rng_below(r, 100)) /* a part with few rows */
            m[row].n = -1;
        for (i = 0; i < m[row].n; i++)
            m[row].values[i] = (int)rng_below(r, rng_below(r, 3) ? N_WORDS : 500);
    }
    return m;
}

static void put_json(struct buf *json, const struct row_model *m)
{
    int i;

    buf_clear(json);
    if (m->n == -1) {
        (void)buf_str(json, "{\"b\":1}");
        return;
    }
    (void)buf_str(json, m->n == -2 ? "{\"a\":null" : "{\"a\":[");
    for (i = 0; i < m->n; i++) {
        (void)buf_str(json, i ? "," : "");
        if (m->values[i] < N_WORDS)
            (void)buf_printf(json, "\"%s\"", words[m->values[i]]);
        else
            (void)buf_printf(json, "%g", (m->values[i] - N_WORDS) / 4.0);
    }
    (void)buf_str(json, m->n == -2 ? "}" : "]}");
}

/* Where the value stands in the part, or -1. */
static int place_of(const struct column_part *p, int value)
{
    uint32_t i;

    for (i = 0; i < p->n_values; i++) {
        const struct column_value *v = &p->values[i]; /* decoded by who asks */

        if (value < N_WORDS ? !v->is_number && bytes_eq(v->text, bytes_str(folds[value]))
                            : v->is_number && v->number * 4 == value - N_WORDS)
            return (int)i;
    }
    return -1;
}

static unsigned check_row(const struct column_part *p, const struct row_model *m, uint32_t row)
{
    unsigned wrong = 0, distinct = 0;
    bool seen[512] = {false};
    uint32_t j;
    int i, place;

    wrong += column__has(p->exists, row) != (m->n != -1);
    wrong += column__has(p->is_null, row) != (m->n == -2);
    wrong += column__has(p->is_empty, row) != (m->n == 0);
    for (i = 0; i < m->n; i++) {
        place = place_of(p, m->values[i]);
        if (place < 0 || place >= 512)
            return wrong + 1;
        distinct += !seen[place];
        seen[place] = true;
    }
    wrong += column_start(p, row + 1) - column_start(p, row) != distinct;
    for (j = column_start(p, row); j < column_start(p, row + 1); j++)
        wrong += column_place(p, j) >= 512 || !seen[column_place(p, j)];
    return wrong;
}

/* The spelling of a text is that of the first row that has it. */
static unsigned check_originals(const struct column_part *p, const struct row_model *m)
{
    bool seen[512] = {false};
    unsigned wrong = 0;
    int row, i, place;

    for (row = 0; row < PART_ROWS; row++) {
        for (i = 0; i < m[row].n; i++) {
            place = place_of(p, m[row].values[i]);
            if (place < 0 || seen[place] || m[row].values[i] >= N_WORDS)
                continue;
            seen[place] = true;
            wrong += !bytes_eq(p->values[place].original, bytes_str(spelled[m[row].values[i]]));
        }
    }
    return wrong;
}

static void build(const struct row_model *m, uint32_t from, uint32_t to)
{
    struct buf json;
    uint32_t row;

    buf_init(&json, BUF_NO_LIMIT);
    for (row = from; row < to; row++) {
        put_json(&json, &m[row]);
        given_add(row, buf_view(&json));
    }
    buf_done(&json);
    given_flush();
}

static void random_documents_are_as_the_model_says(void)
{
    struct column_room room = {0};
    struct row_model *m;
    unsigned wrong = 0;
    struct rng r;
    uint32_t i, row;

    rng_init(&r, suite_seed());
    m = model_new(&r);
    build(m, 0, ROWS_MAX);
    CU_ASSERT_EQUAL_FATAL(n_given, ROWS_MAX / PART_ROWS);
    for (i = 0; i < n_given; i++) {
        CU_ASSERT_EQUAL(given[i].first, i * PART_ROWS);
        OK(column_part__open(given[i].part, given[i].first, &room, &fx.err));
        OK(column_part__check(room.part, &fx.err));
        for (row = 0; row < PART_ROWS; row++)
            wrong += check_row(room.part, &m[given[i].first + row], row);
        wrong += check_originals(room.part, &m[given[i].first]);
    }
    column_part__close(room.part);
    CU_ASSERT_EQUAL(wrong, 0);
    xfree(m);
}

/* Pieces of a part, merged one after the other, are the bytes of the part in one go. */
static void merges_are_as_if_in_one_go(void)
{
    struct row_model *m;
    struct buf merged, next;
    struct bytes whole;
    struct rng r;
    int round;

    rng_init(&r, suite_seed());
    m = model_new(&r);
    build(m, 0, PART_ROWS);
    whole = given_copy(given[0].part);
    buf_init(&merged, BUF_NO_LIMIT);
    buf_init(&next, BUF_NO_LIMIT);
    for (round = 0; round < 3; round++) {
        uint32_t from = 0, to;

        buf_clear(&merged);
        for (; from < PART_ROWS; from = to) {
            to = from + 1 + (uint32_t)rng_below(&r, round ? 900 : 3000);
            build(m, from, to < PART_ROWS ? to : PART_ROWS);
            if (n_given == 0) /* none of these rows has the member */
                continue;
            buf_clear(&next);
            if (merged.n == 0) {
                (void)buf_bytes(&next, given[0].part);
            } else {
                bool turned = round == 2; /* the other way round: rows are what decides */
                struct bytes so_far = buf_view(&merged), part = given[0].part;

                OK(column_part__merge(turned ? part : so_far, turned ? so_far : part, &next,
                                      &fx.err));
            }
            buf_clear(&merged);
            (void)buf_bytes(&merged, buf_view(&next));
        }
        CU_ASSERT(bytes_eq(buf_view(&merged), whole));
    }
    buf_done(&merged);
    buf_done(&next);
    xfree((void *)(uintptr_t)whole.p);
    xfree(m);
}

static void rows_of_more_take_the_place_of_those_of_base(void)
{
    struct bytes base;
    struct buf merged;

    given_add(1, B("{\"a\":\"old\"}"));
    given_add(2, B("{\"a\":null}"));
    given_add(3, B("{\"a\":\"Keep\"}"));
    given_flush();
    base = given_copy(given[0].part);
    given_add(1, B("{\"a\":[5,\"KEEP\"]}"));
    given_add(2, B("{\"a\":\"new\"}"));
    given_flush();
    buf_init(&merged, BUF_NO_LIMIT);
    OK(column_part__merge(base, given[0].part, &merged, &fx.err));
    xfree((void *)(uintptr_t)base.p);
    given_forget();
    given_keep(B("a"), 0, buf_view(&merged));
    CU_ASSERT_STRING_EQUAL(shown("a", 0), "1:5,keep/KEEP 2:new/new 3:keep/KEEP");
    CU_ASSERT_EQUAL(column_part__merge(buf_view(&merged), B("x"), &merged, &fx.err), RC_CORRUPT);
    CU_ASSERT_EQUAL(column_part__merge(B("x"), buf_view(&merged), &merged, &fx.err), RC_CORRUPT);
    buf_done(&merged);
}

SUITE(column_build, given_setup, given_teardown, TEST(values_are_what_filters_compare),
      TEST(null_and_empty_are_kept_apart), TEST(geo_becomes_two_numbers),
      TEST(long_texts_are_cut_between_characters), TEST(only_named_fields_are_gathered),
      TEST(a_flush_that_fails_empties_too), TEST(random_documents_are_as_the_model_says),
      TEST(merges_are_as_if_in_one_go), TEST(rows_of_more_take_the_place_of_those_of_base));

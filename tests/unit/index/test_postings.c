/* SPDX-License-Identifier: MIT */
/*
 * test_postings.c -- documents in, commit by commit; rows and places out, as a naive model has
 * them.
 *
 * The model cuts texts of its own making: words of letters, a space between two
 * of them or "! ", which is a hard separator.
 */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/posting_int.h"
#include "index/reader_int.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_NUMBER = 5 };

struct fact {
    enum posting_kind kind;
    char key[12]; /* lengths: "field words" */
    uint32_t row, field, position;
};

static struct rng rng;
static struct plan *plan;
static struct search_fields *fields;
static struct posting_builder *builder;
static struct crumbs *crumbs;
static struct vocab *vocab;
static struct json_parser *parser;
static struct store_batch *batch;
static struct store_view *view;
static struct reader *reader;
static struct fact *facts;
static size_t n_facts, facts_cap;
static struct search_state search;
static struct catalog_view catalog_view;

static const char *const names[] = {"title", "body", "deep.name", "note"};

static void open_view(void)
{
    reader_close(reader);
    reader = NULL;
    store_view_close(view);
    view = NULL;
    OK(store_view_open(fx.store, &view, &fx.err));
}

static void open_reader(void)
{
    open_view();
    catalog_view.store_view = view;
    search.words = WORDS_NUMBER;
    search.vocab = vocab;
    search.n_fields = search_fields__count(fields);
    reader = xcalloc(1, sizeof *reader);
    reader->view = &catalog_view;
    reader->search = &search;
}

static void setup(void)
{
    size_t i;

    fixture_setup();
    rng_init(&rng, suite_seed());
    OK(plan_new(settings_defaults(), &plan, &fx.err));
    fields = search_fields__new(NULL, 0);
    for (i = 0; i < sizeof names / sizeof *names; i++)
        (void)search_fields__number(fields, bytes_str(names[i]));
    builder = posting_builder__new(plan, fields);
    crumbs = crumbs__new();
    vocab = vocab__new();
    parser = json_parser_new();
    batch = store_batch_new();
    n_facts = 0;
}

static void teardown(void)
{
    reader_close(reader);
    reader = NULL;
    store_view_close(view);
    view = NULL;
    store_batch_free(batch);
    json_parser_free(parser);
    vocab__unref(vocab);
    crumbs__free(crumbs);
    posting_builder__free(builder);
    search_fields__free(fields);
    plan_unref(plan);
    xfree(facts);
    facts = NULL;
    facts_cap = 0;
    fixture_teardown();
}

static void add_json(uint32_t row, const char *json)
{
    struct json_value v;
    struct json_error at;

    CU_ASSERT_EQUAL_FATAL(json_parse(parser, bytes_str(json), NULL, &v, &at), RC_OK);
    posting_builder__add(builder, row, v);
}

static void flush(void)
{
    struct vocab *next = NULL;

    open_view();
    OK(posting_write__batch(builder, WORDS_NUMBER, vocab, crumbs, view, batch, &next, &fx.err));
    vocab__unref(vocab);
    vocab = next;
    OK(store_commit(fx.store, batch, &fx.err));
    store_batch_clear(batch);
}

/* ---- the model ------------------------------------------------------------------------- */

static void note(enum posting_kind kind, const char *key, uint32_t row, uint32_t field,
                 uint32_t position)
{
    struct fact *f;

    facts = index__grow(facts, sizeof *facts, n_facts + 1, &facts_cap);
    f = &facts[n_facts++];
    *f = (struct fact){.kind = kind, .row = row, .field = field, .position = position};
    (void)snprintf(f->key, sizeof f->key, "%s", key);
}

/* One value of a field: appends its text, notes its words; the next value's first position. */
static uint32_t make_value(struct buf *json, uint32_t row, uint32_t field, uint32_t position,
                           size_t n)
{
    (void)buf_byte(json, '"');
    for (; n; n--) {
        char word[5] = {0}, start[5];
        size_t letters = 1 + rng_below(&rng, 4), i;

        for (i = 0; i < letters; i++)
            word[i] = (char)('a' + rng_below(&rng, i == 1 ? 6 : 3));
        note(POSTING_WORD, word, row, field, position);
        for (i = 1; i < letters; i++) {
            (void)snprintf(start, sizeof start, "%.*s", (int)i, word);
            note(POSTING_PREFIX, start, row, field, position);
        }
        (void)buf_str(json, word);
        position++;
        if (n > 1 && rng_below(&rng, 5) == 0) {
            (void)buf_str(json, "! ");
            position += 7;
        } else if (n > 1) {
            (void)buf_byte(json, ' ');
        }
    }
    (void)buf_byte(json, '"');
    return position + 7;
}

/* A member of one value, or of an array of two. */
static void make_member(struct buf *json, uint32_t row, uint32_t field)
{
    size_t n = rng_below(&rng, 40), more = rng_below(&rng, 3) == 0 ? rng_below(&rng, 5) : 0;
    uint32_t next;
    char key[12];

    if (more)
        (void)buf_byte(json, '[');
    next = make_value(json, row, field, 0, n);
    if (more) {
        (void)buf_byte(json, ',');
        (void)make_value(json, row, field, n ? next : 0, more);
        (void)buf_byte(json, ']');
    }
    if ((n > 0) + (more > 0) != 1 || n + more > FIELD_WORDS_MAX)
        return;
    (void)snprintf(key, sizeof key, "%u %zu", field, n + more);
    note(POSTING_LENGTH, key, row, 0, 0);
}

/* A document with some of the members in any order. */
static void add_random(uint32_t row)
{
    struct buf json;
    unsigned first = (unsigned)rng_below(&rng, 4), i, field;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"nothing\":null");
    for (i = 0; i < 4; i++) {
        field = (first + i) % 4;
        if (rng_below(&rng, 3) == 0)
            continue;
        if (field == 2)
            (void)buf_str(&json, ",\"deep\":{\"name\":");
        else
            (void)buf_printf(&json, ",\"%s\":", names[field]);
        make_member(&json, row, field);
        if (field == 2)
            (void)buf_byte(&json, '}');
    }
    (void)buf_byte(&json, '}');
    add_json(row, buf_cstr(&json));
    buf_done(&json);
}

static int compare(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int c = (x->kind > y->kind) - (x->kind < y->kind);

    c = c ? c : strcmp(x->key, y->key);
    c = c ? c : (x->row > y->row) - (x->row < y->row);
    c = c ? c : (x->field > y->field) - (x->field < y->field);
    return c ? c : (x->position > y->position) - (x->position < y->position);
}

static struct bytes key_of(const struct fact *f, uint8_t space[3])
{
    unsigned field = 0, n = 0;

    if (f->kind != POSTING_LENGTH)
        return bytes_str(f->key);
    CU_ASSERT_EQUAL(sscanf(f->key, "%u %u", &field, &n), 2);
    return posting_length_key(space, field, n);
}

static bool is_asked(const struct tile *only, uint32_t row)
{
    return only->bits[row % TILE_ROWS / 64] >> row % 64 & 1;
}

/* The facts of one list and tile; *only: what was asked for. */
static void check_found(const struct fact *f, size_t n, uint32_t tile, const struct tile *only,
                        const struct posting *found, size_t n_found)
{
    struct occurrence_iter it;
    struct occurrence o = {0, 0};
    struct fact *got = NULL;
    size_t n_got = 0, cap = 0, i, j;
    bool same = true;

    for (j = 0; j < n_found; j++) {
        struct fact row = {.row = tile * TILE_ROWS + found[j].row};
        size_t before = n_got;

        same = same && (j == 0 || f[0].kind == POSTING_PREFIX || found[j - 1].row < found[j].row);
        for (occurrences_of(&found[j], &it); occurrences_next(&it, &o);) {
            got = index__grow(got, sizeof *got, n_got + 1, &cap);
            got[n_got++] = (struct fact){.row = row.row, .field = o.field, .position = o.position};
        }
        same = same && (n_got == before) == (f[0].kind == POSTING_LENGTH);
        if (n_got > before)
            continue;
        got = index__grow(got, sizeof *got, n_got + 1, &cap);
        got[n_got++] = row;
    }
    if (n_got)
        qsort(got, n_got, sizeof *got, compare);
    for (i = 0, j = 0; i < n; i++) {
        if (!is_asked(only, f[i].row))
            continue;
        same = same && j < n_got && f[i].row == got[j].row && f[i].field == got[j].field &&
               f[i].position == got[j].position;
        j++;
    }
    CU_ASSERT(same);
    CU_ASSERT_EQUAL(j, n_got);
    xfree(got);
}

/*
 * A row of a word is kept if its first occurrence is early enough in the order of
 * fields, and any of them early enough in its field.
 */
static void check_sieve(struct postings *p, uint32_t tile, const struct fact *f, size_t n,
                        const struct tile *only)
{
    uint32_t last_field = (uint32_t)rng_below(&rng, 4), row;
    uint32_t last_position = rng_below(&rng, 5) ? (uint32_t)rng_below(&rng, 60) : UINT32_MAX;
    static struct tile keep, all;
    bool right = true;
    size_t i, j;

    memset(&keep, 0, sizeof keep);
    memset(&all, 0, sizeof all);
    OK(postings_sieve(p, tile, only, last_field, last_position, &keep, &fx.err));
    for (i = 0; i < n; i = j) {
        bool early = f[i].field <= last_field, near = false;

        row = f[i].row;
        for (j = i; j < n && f[j].row == row; j++) {
            near = near || f[j].position <= last_position;
            if (f[j].kind == POSTING_PREFIX) /* by words: one that has both is enough */
                near = near && f[j].field <= last_field;
        }
        all.bits[row % TILE_ROWS / 64] |= 1ull << row % 64;
        if (f[i].kind == POSTING_WORD)
            right = right && is_asked(&keep, row) == (early && near && is_asked(only, row));
        else if (near && f[j - 1].field <= last_field && is_asked(only, row))
            right = right && is_asked(&keep, row);
    }
    for (i = 0; i < TILE_WORDS; i++)
        right = right && (keep.bits[i] & ~(only->bits[i] & all.bits[i])) == 0;
    CU_ASSERT(right);
}

static void check_tile(struct postings *p, uint32_t number, const struct fact *f, size_t n)
{
    static struct tile rows, expected, only;
    const struct posting *found = NULL;
    size_t n_found = 0, i;

    memset(&rows, 0, sizeof rows);
    memset(&expected, 0, sizeof expected);
    for (i = 0; i < n; i++)
        expected.bits[f[i].row % TILE_ROWS / 64] |= 1ull << f[i].row % 64;
    if (rng_below(&rng, 4)) {
        OK(postings_rows(p, number, &rows, &fx.err));
        CU_ASSERT(memcmp(&rows, &expected, sizeof rows) == 0);
    }
    if (rng_below(&rng, 4) == 0)
        return;
    for (i = 0; i < TILE_WORDS; i++)
        only.bits[i] = rng_below(&rng, 2) ? rng_next(&rng) : UINT64_MAX;
    OK(postings_of(p, number, &only, &found, &n_found, &fx.err));
    if (n == 0)
        CU_ASSERT_EQUAL(n_found, 0);
    if (n == 0)
        return;
    check_found(f, n, number, &only, found, n_found);
    if (f[0].kind != POSTING_LENGTH)
        check_sieve(p, number, f, n, &only);
}

/* Every list of the model, tile by tile. */
static void check_all(uint32_t n_tiles)
{
    struct word_cursor words;
    size_t i, j, k;
    uint32_t tile;

    qsort(facts, n_facts, sizeof *facts, compare);
    open_reader();
    for (i = 0; i < n_facts; i = j) {
        struct postings *p = NULL;
        uint8_t space[3];

        for (j = i; j < n_facts && facts[j].kind == facts[i].kind &&
                    strcmp(facts[j].key, facts[i].key) == 0;)
            j++;
        reader_words(reader, &words);
        if (facts[i].kind == POSTING_WORD)
            CU_ASSERT(word_cursor_seek(&words, bytes_str(facts[i].key)) &&
                      bytes_eq(words.word, bytes_str(facts[i].key)));
        OK(postings_open(reader, facts[i].kind, key_of(&facts[i], space), &p, &fx.err));
        for (tile = 0, k = i; tile < n_tiles; tile++) {
            size_t from = k;

            while (k < j && facts[k].row / TILE_ROWS == tile)
                k++;
            if (rng_below(&rng, 5))
                check_tile(p, tile, facts + from, k - from);
        }
        postings_close(p);
    }
}

/* ---- tests ----------------------------------------------------------------------------- */

static void lists_are_what_the_documents_have(void)
{
    uint32_t row = TILE_ROWS - 150;
    size_t i, n;

    for (i = 0; i < 60; i++) {
        for (n = 1 + rng_below(&rng, 12); n; n--) {
            add_random(row++);
            if (row % TILE_ROWS == 0) /* all of one tile between flushes */
                break;
        }
        flush();
        row += row % TILE_ROWS ? (uint32_t)rng_below(&rng, 3) : 0;
        if (i == 40)
            row = 3 * TILE_ROWS - 100; /* a tile without any */
        if (i % 20 == 19)
            check_all(4);
    }
}

static void many_small_commits_leave_few_chunks(void)
{
    size_t i, before, n_lists;

    for (i = 0; i < 700; i++) {
        add_random((uint32_t)i);
        flush();
    }
    check_all(1);
    for (i = 1, n_lists = 1; i < n_facts; i++) {
        const struct fact *f = &facts[i];

        if (f->kind != POSTING_PREFIX || strlen(f->key) == 2) /* others have no lists */
            n_lists += f->kind != f[-1].kind || strcmp(f->key, f[-1].key);
    }
    before = fixture_keys(KEY_POSTING) + fixture_keys(KEY_POSTING_PREFIX) +
             fixture_keys(KEY_POSTING_LENGTH);
    CU_ASSERT(before < n_lists * (32 + 32));
}

static void a_list_larger_than_memory_is_read_tile_by_tile(void)
{
    uint32_t tile, i;

    for (tile = 0; tile < 4; tile++) {
        if (tile == 2)
            continue;
        for (i = 0; i < 9000; i++) {
            uint32_t row = tile * TILE_ROWS + 7 * i;

            add_json(row, "{\"title\":\"aa aba abb\"}");
            note(POSTING_WORD, "aa", row, 0, 0);
            note(POSTING_WORD, "aba", row, 0, 1);
            note(POSTING_WORD, "abb", row, 0, 2);
            note(POSTING_PREFIX, "a", row, 0, 0);
            note(POSTING_PREFIX, "a", row, 0, 1);
            note(POSTING_PREFIX, "a", row, 0, 2);
            note(POSTING_PREFIX, "ab", row, 0, 1);
            note(POSTING_PREFIX, "ab", row, 0, 2);
            note(POSTING_LENGTH, "0 3", row, 0, 0);
        }
        flush();
    }
    for (i = 0; i < 8; i++) /* other tiles are left out each time */
        check_all(5);
}

/* Rows of a list as "1 5 9", of tile 0. */
static const char *rows_text(enum posting_kind kind, struct bytes key)
{
    static char text[256];
    struct tile rows = {{0}};
    struct postings *p = NULL;
    size_t n = 0;
    uint32_t i;

    text[0] = 0;
    if (postings_open(reader, kind, key, &p, &fx.err) == RC_NOT_FOUND)
        return "none";
    OK(postings_rows(p, 0, &rows, &fx.err));
    for (i = 0; i < TILE_ROWS; i++)
        if (rows.bits[i / 64] >> i % 64 & 1)
            n += (size_t)snprintf(text + n, sizeof text - n, n ? " %u" : "%u", i);
    postings_close(p);
    return text;
}

static const char *word_text(const char *word)
{
    return rows_text(POSTING_WORD, bytes_str(word));
}

static void numbers_booleans_and_nested_values_are_words(void)
{
    add_json(1, "{\"n\":32.5,\"b\":true,\"z\":null,\"o\":{\"p\":[{\"q\":\"Deep\"},{\"q\":7}]}}");
    add_json(2, "{\"n\":[32,1e3],\"b\":[false,true],\"_vectors\":{\"x\":\"hidden\"}}");
    flush();
    open_reader();
    CU_ASSERT_STRING_EQUAL(word_text("32"), "1 2");
    CU_ASSERT_STRING_EQUAL(word_text("5"), "1");
    CU_ASSERT_STRING_EQUAL(word_text("1e3"), "2");
    CU_ASSERT_STRING_EQUAL(word_text("true"), "1 2");
    CU_ASSERT_STRING_EQUAL(word_text("false"), "2");
    CU_ASSERT_STRING_EQUAL(word_text("null"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("deep"), "1");
    CU_ASSERT_STRING_EQUAL(word_text("Deep"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("7"), "1");
    CU_ASSERT_STRING_EQUAL(word_text("hidden"), "none");
    CU_ASSERT_STRING_EQUAL(rows_text(POSTING_PREFIX, B("3")), "1 2");
    CU_ASSERT_STRING_EQUAL(rows_text(POSTING_PREFIX, B("x")), "none");
}

static const char *prefix_text(const char *beginning)
{
    return rows_text(POSTING_PREFIX, bytes_str(beginning));
}

static void beginnings_stand_for_longer_words(void)
{
    add_json(1, "{\"t\":\"c co cow cows\"}");
    add_json(2, "{\"t\":\"Crow\"}");
    add_json(3, "{\"t\":\"c\"}");
    add_json(4, "{\"t\":\"co\"}");
    add_json(5, "{\"t\":\"cow\"}");
    add_json(6, "{\"t\":\"\xD0\xBF\xD1\x80\xD0\xB8 \xD0\xBF\"}");    /* three letters and one */
    add_json(7, "{\"t\":\"\xD0\xBF\xD0\xBE\"}");                     /* two */
    add_json(8, "{\"t\":\"\xE6\x9D\xB1\xE4\xBA\xAC\xE9\x83\xBD\"}"); /* of pairs */
    add_json(9, "{\"t\":\"\xE6\x9D\xB1\"}");
    flush();
    open_reader();
    CU_ASSERT_STRING_EQUAL(prefix_text("c"), "1 2 4 5");
    CU_ASSERT_STRING_EQUAL(prefix_text("co"), "1 5");
    CU_ASSERT_STRING_EQUAL(prefix_text("cow"), "1");
    CU_ASSERT_STRING_EQUAL(prefix_text("cows"), "none");
    CU_ASSERT_STRING_EQUAL(prefix_text("cr"), "2");
    CU_ASSERT_STRING_EQUAL(prefix_text("d"), "none");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xD0\xBF"), "6 7");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xD0\xBF\xD1\x80"), "6");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xE6\x9D\xB1"), "8");
    CU_ASSERT_STRING_EQUAL(prefix_text("\xE6\x9D\xB1\xE4\xBA\xAC"), "none");
    /* co, cr and the two that have three letters or more in two, and the pairs' first ones */
    CU_ASSERT_EQUAL(fixture_keys(KEY_POSTING_PREFIX), 5);
}

static void of_very_many_words_the_first_are_looked_at(void)
{
    struct buf json;
    uint32_t i;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"t\":\"");
    for (i = 0; i < PREFIX_WORDS_MAX; i++)
        (void)buf_printf(&json, "abc%04u ", i);
    (void)buf_str(&json, "\"}");
    add_json(1, "{\"t\":\"abc5000\"}");
    add_json(2, buf_cstr(&json));
    add_json(3, "{\"t\":\"abc4999\"}");
    buf_done(&json);
    flush();
    open_reader();
    CU_ASSERT_STRING_EQUAL(prefix_text("abc"), "2 3");
    CU_ASSERT_STRING_EQUAL(prefix_text("abc5"), "1");
    CU_ASSERT_STRING_EQUAL(prefix_text("ab"), "1 2 3"); /* a list knows no limit */
    CU_ASSERT_STRING_EQUAL(prefix_text("a"), "1 2 3");
}

static void only_searched_fields_have_words(void)
{
    plan_unref(plan);
    plan = NULL;
    posting_builder__free(builder);
    builder = NULL;
    {
        struct buf settings;

        buf_init(&settings, BUF_NO_LIMIT);
        OK(settings__apply(settings_defaults(), B("{\"searchableAttributes\":[\"a\"]}"), &settings,
                           &fx.err));
        OK(plan_new(buf_view(&settings), &plan, &fx.err));
        buf_done(&settings);
    }
    builder = posting_builder__new(plan, fields);
    add_json(3, "{\"a\":{\"b\":\"inside\"},\"ab\":\"beside\"}");
    flush();
    open_reader();
    CU_ASSERT_STRING_EQUAL(word_text("inside"), "3");
    CU_ASSERT_STRING_EQUAL(word_text("beside"), "none");
}

static void positions_end_where_the_limit_is(void)
{
    struct buf json;
    size_t i;

    buf_init(&json, BUF_NO_LIMIT);
    (void)buf_str(&json, "{\"title\":[\"");
    for (i = 0; i < TEXT_POSITION_MAX; i++)
        (void)buf_str(&json, "a ");
    (void)buf_str(&json, "last over\",\"behind\"],\"note\":\"other\"}");
    add_json(9, buf_cstr(&json));
    buf_done(&json);
    flush();
    open_reader();
    CU_ASSERT_STRING_EQUAL(word_text("last"), "9");
    CU_ASSERT_STRING_EQUAL(word_text("over"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("behind"), "none");
    CU_ASSERT_STRING_EQUAL(word_text("other"), "9");
}

static void damage_in_the_store_is_reported(void)
{
    static struct tile all;
    const struct posting *found;
    struct postings *p = NULL;
    struct key k;
    struct bytes list;
    size_t n;

    memset(&all, 0xff, sizeof all);
    list = posting_key__list(&k, POSTING_WORD, WORDS_NUMBER, B("aa"));
    store_batch_put(batch, posting_key__row(&k, list.n, 3), B("\x01\x05"));
    list = posting_key__list(&k, POSTING_WORD, WORDS_NUMBER, B("bb"));
    /* one row, one occurrence, in field 4 of 4 */
    store_batch_put(batch, posting_key__row(&k, list.n, 3), B("\x23\x80"));
    list = posting_key__list(&k, POSTING_WORD, WORDS_NUMBER, B("cc"));
    /* two chunks with the same row */
    store_batch_put(batch, posting_key__row(&k, list.n, 3), B("\x01\x02\x00\x80\x80"));
    store_batch_put(batch, posting_key__row(&k, list.n, 4), B("\x03\x80"));
    OK(store_commit(fx.store, batch, &fx.err));
    open_reader();
    OK(postings_open(reader, POSTING_WORD, B("aa"), &p, &fx.err));
    FAILS(postings_rows(p, 0, &all, &fx.err), RC_CORRUPT, "", "a chunk of postings is damaged");
    postings_close(p);
    OK(postings_open(reader, POSTING_WORD, B("bb"), &p, &fx.err));
    OK(postings_rows(p, 0, &all, &fx.err));
    CU_ASSERT_EQUAL(postings_of(p, 0, &all, &found, &n, &fx.err), RC_CORRUPT);
    postings_close(p);
    OK(postings_open(reader, POSTING_WORD, B("cc"), &p, &fx.err));
    CU_ASSERT_EQUAL(postings_of(p, 0, &all, &found, &n, &fx.err), RC_CORRUPT);
    postings_close(p);
}

static void fields_keep_their_numbers(void)
{
    CU_ASSERT_EQUAL(search_fields__number(fields, B("note")), 3);
    CU_ASSERT_EQUAL(search_fields__number(fields, B("new")), 4);
    CU_ASSERT_EQUAL(search_fields__number(fields, B("new")), 4);
    CU_ASSERT_EQUAL(search_fields__count(fields), 5);
    CU_ASSERT(bytes_eq(search_fields__name(fields, 2), B("deep.name")));
}

SUITE(postings, setup, teardown, TEST(lists_are_what_the_documents_have),
      TEST(many_small_commits_leave_few_chunks),
      TEST(a_list_larger_than_memory_is_read_tile_by_tile),
      TEST(numbers_booleans_and_nested_values_are_words), TEST(beginnings_stand_for_longer_words),
      TEST(of_very_many_words_the_first_are_looked_at), TEST(only_searched_fields_have_words),
      TEST(positions_end_where_the_limit_is), TEST(damage_in_the_store_is_reported),
      TEST(fields_keep_their_numbers));

/* SPDX-License-Identifier: MIT */
/*
 * test_posting_model.c -- documents in, commit by commit; rows and places out, as a naive model has
 * them.
 *
 * The model cuts texts of its own making: words of letters, a space between two
 * of them or "! ", which is a hard separator.
 */
#include "posting_world.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>

struct fact {
    enum posting_kind kind;
    char key[12]; /* lengths: "field words" */
    uint32_t row, field, position;
};

static struct rng rng;
static struct fact *facts;
static size_t n_facts, facts_cap;

static void setup(void)
{
    world_setup();
    rng_init(&rng, suite_seed());
    n_facts = 0;
}

static void teardown(void)
{
    xfree(facts);
    facts = NULL;
    facts_cap = 0;
    world_teardown();
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
            (void)buf_printf(&json, ",\"%s\":", world_fields[field]);
        make_member(&json, row, field);
        if (field == 2)
            (void)buf_byte(&json, '}');
    }
    (void)buf_byte(&json, '}');
    world_add(row, buf_cstr(&json));
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
    world_look();
    for (i = 0; i < n_facts; i = j) {
        struct postings *p = NULL;
        uint8_t space[3];

        for (j = i; j < n_facts && facts[j].kind == facts[i].kind &&
                    strcmp(facts[j].key, facts[i].key) == 0;)
            j++;
        reader_words(pw.reader, &words);
        if (facts[i].kind == POSTING_WORD)
            CU_ASSERT(word_cursor_seek(&words, bytes_str(facts[i].key)) &&
                      bytes_eq(words.word, bytes_str(facts[i].key)));
        OK(postings_open(pw.reader, facts[i].kind, key_of(&facts[i], space), &p, &fx.err));
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
        world_flush();
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
        world_flush();
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

            world_add(row, "{\"title\":\"aa aba abb\"}");
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
        world_flush();
    }
    for (i = 0; i < 8; i++) /* other tiles are left out each time */
        check_all(5);
}

SUITE(posting_model, setup, teardown, TEST(lists_are_what_the_documents_have),
      TEST(many_small_commits_leave_few_chunks),
      TEST(a_list_larger_than_memory_is_read_tile_by_tile));

/* SPDX-License-Identifier: MIT */
/* test_column_part.c -- parts of columns as bytes: round trips, sizes, damage. */
#include "index/column_int.h"
#include "support/suite.h"

#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

static struct buf out;
static struct column_room room;
static struct column_part *part;           /* in room */
static const struct column_value *decoded; /* its values */
static struct err err;

static void setup(void)
{
    buf_init(&out, BUF_NO_LIMIT);
    room = (struct column_room){0};
}

static void teardown(void)
{
    buf_done(&out);
    column_part__close(room.part);
}

/* Opens, checks and decodes. */
static enum rc open_part(struct bytes value, uint32_t first)
{
    enum rc rc = column_part__open(value, first, &room, &err);

    part = room.part;
    if (rc == RC_OK)
        rc = column_part__check(part, &err);
    return rc == RC_OK ? column_values(part, &decoded, &err) : rc;
}

/* ---- the dictionary ----------------------------------------------------------------------- */

/* Appends the eight bytes that may be read behind packed numbers, and views what is before them. */
static struct bytes with_slack(struct buf *b)
{
    struct bytes v = bytes_of(NULL, b->n);

    (void)buf_append(b, "\0\0\0\0\0\0\0", 8);
    v.p = b->p;
    return v;
}

static int by_order(const void *a, const void *b)
{
    return column_compare(a, b);
}

/* Sorts, each once; returns how many. */
static size_t tidy(struct column_value *values, size_t n)
{
    size_t i, kept = 0;

    qsort(values, n, sizeof *values, by_order);
    for (i = 0; i < n; i++)
        if (i == 0 || column_compare(&values[i], &values[kept - 1]) != 0)
            values[kept++] = values[i];
    return kept;
}

static double random_number(struct rng *r, unsigned kind)
{
    uint64_t bits;
    double v;

    switch (kind) {
    case 0:
        return (double)rng_below(r, 1000);
    case 1:
        return (double)((int64_t)rng_below(r, 2000000) - 1000000) / 100;
    case 2:
        return (rng_unit(r) - 0.5) * 1e6;
    case 3:
        return (double)((int64_t)rng_below(r, UINT64_C(1) << 54) - (INT64_C(1) << 53));
    default:
        do {
            bits = rng_next(r);
            memcpy(&v, &bits, sizeof v);
        } while (!(v - v == 0)); /* finite ones only */
        return v == 0 ? 0 : v;
    }
}

/* Encodes n numbers alone and takes them back. */
static bool take_numbers(const struct column_value *values, unsigned n, struct column_part *p)
{
    struct bytes v;

    buf_clear(&out);
    column__put_numbers(values, n, &out);
    v = with_slack(&out);
    *p = (struct column_part){.n_values = n, .n_numbers = n};
    return column__take_numbers(&v, p) && v.n == 0;
}

static void numbers_come_back_to_the_last_bit(void)
{
    struct column_value values[400];
    struct column_part p;
    struct rng r;
    unsigned round, n, i, wrong = 0;

    rng_init(&r, suite_seed());
    for (round = 0; round < 400; round++) {
        n = 1 + (unsigned)rng_below(&r, 400);
        for (i = 0; i < n; i++)
            values[i] =
                (struct column_value){.is_number = true, .number = random_number(&r, round % 5)};
        n = (unsigned)tidy(values, n);
        CU_ASSERT_FATAL(take_numbers(values, n, &p));
        for (i = 0; i < n; i++) {
            double v = column_number(&p, i);

            wrong += memcmp(&v, &values[i].number, sizeof v) != 0;
            wrong += column_seek_number(&p, v, false) != i;
            wrong += column_seek_number(&p, v, true) != i + 1;
            if (i && values[i - 1].number < v / 2 && v > 0) /* between two */
                wrong += column_seek_number(&p, v / 2, true) != i;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void extreme_numbers_come_back(void)
{
    static const double extreme[] = {
        -1.7976931348623157e308, -9007199254740993e3,   -1.5, -5e-324, 0, 5e-324, 0.1,
        9007199254740992.0,      1.7976931348623157e308};
    struct column_value values[9];
    struct column_part p;
    uint32_t i, from, to;

    for (i = 0; i < 9; i++)
        values[i] = (struct column_value){.is_number = true, .number = extreme[i]};
    for (from = 0; from < 9; from++) {
        for (to = from + 1; to <= 9; to++) {
            CU_ASSERT_FATAL(take_numbers(values + from, to - from, &p));
            for (i = from; i < to; i++)
                CU_ASSERT_EQUAL(column_number(&p, i - from), extreme[i]);
        }
    }
    CU_ASSERT_EQUAL(column_seek_number(&p, -INFINITY, true), 0);
    CU_ASSERT_EQUAL(column_seek_number(&p, INFINITY, false), p.n_numbers);
}

/* Parts of the first rows with a number each, whose numbers are these bytes. */
static void numbers_that_are_none_are_refused(void)
{
    static const struct {
        const char *p;
        size_t n;
        uint8_t numbers;
    } bad[] = {
        {"", 0, 1},
        {"\x0a\x02\x00", 3, 1},                                  /* no such scale */
        {"\x00", 1, 1},                                          /* cut short */
        {"\x00\x02", 2, 1},                                      /* the same */
        {"\x00\x02\x3a\x00\x00\x00\x00\x00\x00\x00\x00", 11, 1}, /* 58 bits */
        {"\x00\x82\x80\x80\x80\x80\x80\x80\x20\x00", 10, 1},     /* over 2^53 */
        {"\x00\x02\x01\x00", 4, 2},                              /* the same twice */
        {"\x00\x02\x01\x01", 4, 2},                              /* they fall */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9, 1},          /* -0 */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, 1},          /* no number */
        {"\xff\x00\x00\x00\x00\x00\x00\xf0\xff", 9, 1},          /* infinity */
        {"\xff\xff\xff\xff\xff\xff\xff\x0f\x00", 9, 1},          /* -infinity */
        {"\xff\x00\x00\x00\x00\x00\x00\x00", 8, 1},              /* cut short */
        {"\x00\x02\x00\x00", 4, 1},                              /* something is behind */
    };
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t two = bad[i].numbers == 2;

        buf_clear(&out);
        /* numbers, texts, their bytes, places; the first rows exist, none is null or empty, those
         * that exist have values, one each; the places 0, and 1 of two */
        (void)buf_append(&out,
                         (uint8_t[]){bad[i].numbers, 0, 0, bad[i].numbers, 1, two, 0, 0, 4, 0, 2},
                         two ? 11 : 10);
        (void)buf_append(&out, bad[i].p, bad[i].n);
        CU_ASSERT_EQUAL(open_part(buf_view(&out), 0), RC_CORRUPT);
    }
    CU_ASSERT_EQUAL(open_part(B("\x02\0\0\x02\x01\x01\0\0\x04\0\x02\0\x02\x01\x02"), 0), RC_OK);
    CU_ASSERT(decoded[0].number == 1 && decoded[1].number == 2);
}

/* Texts, originals, and what they take; the last argument says whether they are right. */
static void check_texts(struct bytes v, size_t n, size_t room_bytes, bool right)
{
    buf_clear(&out);
    /* texts, the bytes they take, a place; the first row exists and has a value, the first */
    (void)buf_append(&out, (uint8_t[]){0, (uint8_t)n, (uint8_t)room_bytes, 1, 1, 0, 0, 0, 4, 0, 0},
                     n > 1 ? 11 : 10);
    (void)buf_byte(&out, 0); /* one group, which begins behind this */
    (void)buf_bytes(&out, v);
    CU_ASSERT_EQUAL(open_part(buf_view(&out), 0), right ? RC_OK : RC_CORRUPT);
}

static void texts_that_are_none_are_refused(void)
{
    check_texts(B("\x00\x0c"
                  "abc\x02\x04x"),
                2, 6, true);
    check_texts(B("\x00\x0c"
                  "abc\x02\x04x"),
                2, 7, false); /* room is left */
    check_texts(B("\x00\x0c"
                  "abc\x02\x04x"),
                2, 5, false); /* there is too little */
    check_texts(B("\x00\x0c"
                  "abc\x02\x04"
                  "c"),
                2, 6, false); /* the same again */
    check_texts(B("\x00\x0c"
                  "abc\x02\x04"
                  "b"),
                2, 6, false); /* falls */
    check_texts(B("\x00\x0c"
                  "abc\x04\x04x"),
                2, 6, false); /* shares more than there is */
    check_texts(B("\x00\x0c"
                  "abc\x03\x00"),
                2, 6, false);                /* nothing new */
    check_texts(B("\x00\x00"), 1, 0, false); /* empty */
    check_texts(B("\x00\x10"
                  "abc"),
                1, 4, false);                    /* cut short */
    check_texts(B("\x00\x04\xff"), 1, 1, false); /* no UTF-8 */
    check_texts(B("\x00\x08\xc3\xa9\x01\x04\xaa"), 2, 4, true);
    check_texts(B("\x00\x08\xc3\xa9\x01\x04z"), 2, 4, false); /* breaks a character */
    check_texts(B("\x00\x05"
                  "a"),
                1, 2, true); /* "A" */
    check_texts(B("\x00\x05"
                  "A"),
                1, 2, false); /* has no other capitals */
    check_texts(B("\x00\x07"
                  "a\x01"
                  "B"),
                1, 2, true);
    check_texts(B("\x00\x07"
                  "a\x00"),
                1, 1, false); /* an original without bytes */
    check_texts(B("\x00\x07"
                  "a\x01\x80"),
                1, 2, false);
}

/* ---- whole parts ------------------------------------------------------------------------- */

/* A part to be encoded. */
struct made {
    struct column_content part;
    struct column_value *values;
    uint32_t *starts, *places;
    struct buf text;
};

static void made_init(struct made *m, size_t n_values, size_t n_places)
{
    *m = (struct made){0};
    m->values = xcalloc(n_values + 1, sizeof *m->values);
    m->starts = xcalloc(PART_ROWS + 1, sizeof *m->starts);
    m->places = xcalloc(n_places + 1, sizeof *m->places);
    m->part.values = m->values;
    m->part.starts = m->starts;
    m->part.places = m->places;
    buf_init(&m->text, BUF_NO_LIMIT);
    (void)buf_reserve(&m->text, n_values * 2 * COLUMN_TEXT_MAX);
}

static void made_done(struct made *m)
{
    xfree(m->values);
    xfree(m->starts);
    xfree(m->places);
    buf_done(&m->text);
}

static struct bytes put_text(struct made *m, const char *name, unsigned n)
{
    size_t at = m->text.n;

    (void)buf_printf(&m->text, "%s%05u", name, n);
    return bytes_of(m->text.p + at, m->text.n - at);
}

static bool same_parts(const struct column_content *a, const struct column_part *b)
{
    uint32_t i, n = a->starts[PART_ROWS], places[64];

    if (a->n_values != b->n_values || memcmp(a->exists, b->exists, sizeof a->exists) != 0 ||
        memcmp(a->is_null, b->is_null, sizeof a->is_null) != 0 ||
        memcmp(a->is_empty, b->is_empty, sizeof a->is_empty) != 0 || b->n_places != n)
        return false;
    for (i = 0; i <= PART_ROWS; i++) {
        uint32_t row =
            i * 2731 % (PART_ROWS + 1); /* in no order: they are made as they are asked */

        if (column_start(b, row) != a->starts[row])
            return false;
    }
    for (i = 0; i < n; i++) {
        if (i % 64 == 0)
            column_places(b, i, n - i < 64 ? n - i : 64, places);
        if (column_place(b, i) != a->places[i] || places[i % 64] != a->places[i])
            return false;
    }
    for (i = 0; i < a->n_values; i++)
        if (column_compare(&a->values[i], &decoded[i]) != 0 ||
            !bytes_eq(a->values[i].original, decoded[i].original))
            return false;
    return true;
}

/* Every text is found where it stands, and what is not there between its neighbours. */
static bool seeks_are_right(const struct column_part *p)
{
    uint32_t i, at, behind, behind_all, more, place;
    bool found = false;

    for (i = p->n_numbers; i < p->n_values; i++) {
        struct bytes text = decoded[i].text, less = bytes_of(text.p, text.n - 1);

        if (column_seek_text(p, text, SEEK_FROM, &at, &err) != RC_OK ||
            column_seek_text(p, text, SEEK_BEHIND, &behind, &err) != RC_OK ||
            column_seek_text(p, less, SEEK_BEHIND_PREFIX, &behind_all, &err) != RC_OK || at != i ||
            behind != i + 1)
            return false;
        for (more = i; more < p->n_values && bytes_starts(decoded[more].text, less);)
            more++;
        if (behind_all != more)
            return false;
        if (column_find_text(p, text, &place, &found, &err) != RC_OK || !found || place != i)
            return false;
        if (column_find_text(p, less, &place, &found, &err) != RC_OK ||
            found != (i > p->n_numbers && bytes_eq(decoded[place].text, less)))
            return false;
    }
    return column_seek_text(p, B(""), SEEK_FROM, &at, &err) == RC_OK && at == p->n_numbers &&
           column_seek_text(p, B("\xff"), SEEK_FROM, &at, &err) == RC_OK && at == p->n_values;
}

static void check_part(const struct made *m)
{
    buf_clear(&out);
    column_part__encode(&m->part, &out);
    CU_ASSERT_EQUAL_FATAL(open_part(buf_view(&out), 8192), RC_OK);
    CU_ASSERT_EQUAL(part->first, 8192);
    CU_ASSERT(same_parts(&m->part, part));
    CU_ASSERT(seeks_are_right(part));
}

/* About `least` to `most` of n values in every row that exists. */
static void make_rows(struct made *m, struct rng *r, uint32_t n, uint32_t least, uint32_t most)
{
    uint32_t row, i, at = 0;

    for (row = 0; row < PART_ROWS; row++) {
        uint32_t have = n ? least + (uint32_t)rng_below(r, most - least + 1) : 0, place = 0;

        m->starts[row] = at;
        for (i = 0; i < have && place < n; i++) {
            place += (uint32_t)rng_below(r, n / most + 1);
            if (place < n)
                m->places[at++] = place++;
        }
        if (at > m->starts[row] || rng_below(r, 3))
            column__set(m->part.exists, row);
        if (at == m->starts[row] && column__has(m->part.exists, row) && rng_below(r, 2))
            column__set(rng_below(r, 2) ? m->part.is_null : m->part.is_empty, row);
    }
    m->starts[row] = at;
}

static void make_values(struct made *m, struct rng *r, uint32_t n)
{
    static const char *const folded[] = {"name ", "\xc3\xa9t\xc3\xa9-", "z"};
    static const char *const original[] = {"Name ", "\xc3\x89t\xc3\xa9-", "z"};
    uint32_t i;

    for (i = 0; i < n; i++) {
        unsigned k = (unsigned)rng_below(r, 100000), kind = (unsigned)rng_below(r, 4);

        if (kind == 3)
            m->values[i] =
                (struct column_value){.is_number = true, .number = random_number(r, k % 5)};
        else
            m->values[i] = (struct column_value){.text = put_text(m, folded[kind], k),
                                                 .original = put_text(m, original[kind], k)};
    }
    m->part.n_values = (uint32_t)tidy(m->values, n);
}

static void random_parts_come_back(void)
{
    struct rng r;
    int round;

    rng_init(&r, suite_seed());
    for (round = 0; round < 40; round++) {
        uint32_t n = (uint32_t)rng_below(&r, round % 4 ? 30 : 2000);
        struct made m;

        made_init(&m, n, 3 * PART_ROWS);
        make_values(&m, &r, n);
        make_rows(&m, &r, m.part.n_values, 0, 1 + (uint32_t)rng_below(&r, 3));
        check_part(&m);
        made_done(&m);
    }
}

/* Counts of every width, in rows that all have values, that have them here and there, and hardly.
 */
static void rows_begin_where_they_were_put(void)
{
    struct rng r;
    uint32_t most, least;

    rng_init(&r, suite_seed());
    for (most = 1; most <= 40; most += most < 10 ? 1 : 10)
        for (least = 0; least <= 1; least++) {
            struct made m;

            made_init(&m, 300, (size_t)most * PART_ROWS);
            make_values(&m, &r, 300);
            make_rows(&m, &r, m.part.n_values, least, most);
            check_part(&m);
            made_done(&m);
        }
}

/* Asks a part all that can be asked; returns what is out of bounds. */
static uint32_t ask_all(struct column_part *p)
{
    uint32_t row, i, place, at, wrong = 0;
    double number = 0, sum = 0;

    for (row = 0; row < PART_ROWS; row++) {
        sum += column_first_number(p, row, &number) ? number : 0;
        for (i = column_start(p, row); i < column_start(p, row + 1); i++) {
            place = column_place(p, i);
            wrong += place >= p->n_values;
            sum += place < p->n_numbers ? column_number(p, place) : 0;
        }
    }
    wrong += column_seek_number(p, sum, true) > p->n_numbers;
    if (column_seek_text(p, B("name"), SEEK_BEHIND, &at, &err) == RC_OK)
        wrong += at < p->n_numbers || at > p->n_values;
    return wrong;
}

/* Every byte changed, every cut: refused, or harmless, and as parts promise if it passes the check.
 */
static void damage_is_refused_or_harmless(void)
{
    unsigned step = suite_step(7);
    struct rng r;
    struct made m;
    size_t i, cut;

    rng_init(&r, suite_seed());
    made_init(&m, 60, 3 * PART_ROWS);
    make_values(&m, &r, 60);
    make_rows(&m, &r, m.part.n_values, 0, 2);
    check_part(&m);
    for (cut = 0; cut < out.n; cut += step) {
        uint8_t *copy = xmemdup(out.p, cut); /* so that reading behind it is seen */
        enum rc rc = open_part(bytes_of(copy, cut), 0);

        xfree(copy);
        CU_ASSERT_EQUAL_FATAL(rc, RC_CORRUPT);
    }
    for (i = 0; i < out.n; i += step) {
        uint8_t was = out.p[i];
        uint32_t row, j, wrong = 0;
        enum rc rc;

        out.p[i] ^= (uint8_t)(1 + rng_below(&r, 255));
        rc = column_part__open(buf_view(&out), 0, &room, &err);
        part = room.part;
        if (rc == RC_OK)
            wrong += ask_all(part);
        if (rc == RC_OK)
            rc = column_part__check(part, &err);
        if (rc == RC_OK && column_values(part, &decoded, &err) == RC_OK) {
            for (row = 0; row < PART_ROWS; row++)
                for (j = column_start(part, row) + 1; j < column_start(part, row + 1); j++)
                    wrong += column_place(part, j) <= column_place(part, j - 1);
            for (j = 1; j < part->n_values; j++)
                wrong += column_compare(&decoded[j - 1], &decoded[j]) >= 0;
        } else {
            CU_ASSERT_EQUAL(err.rc, RC_CORRUPT);
        }
        CU_ASSERT_EQUAL_FATAL(wrong, 0);
        out.p[i] = was;
    }
    (void)buf_byte(&out, 0);
    CU_ASSERT_EQUAL(open_part(buf_view(&out), 0), RC_CORRUPT);
    made_done(&m);
}

/* A few bytes cannot ask for much memory. */
static void sizes_that_cannot_be_are_refused(void)
{
    CU_ASSERT_EQUAL(open_part(B("\x01\x00\x00\xff\xff\xff\xff\x0f"), 0), RC_CORRUPT);
    CU_ASSERT_EQUAL(open_part(B("\xff\xff\xff\xff\x0f\x00\x00\x01"), 0), RC_CORRUPT);
    CU_ASSERT_EQUAL(open_part(B("\x00\x01\xff\xff\xff\xff\x0f\x01"), 0), RC_CORRUPT);
    CU_ASSERT_EQUAL(open_part(B("\x00\x00\x00\x01\x00\x00\x00\x00\x00"), 0), RC_CORRUPT);
    CU_ASSERT_EQUAL(open_part(B("\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0), RC_OK);
}

static void a_price_takes_four_bytes_a_row_and_genres_two(void)
{
    struct rng r;
    struct made m;
    uint32_t i;

    rng_init(&r, suite_seed());
    made_init(&m, PART_ROWS, PART_ROWS);
    for (i = 0; i < PART_ROWS; i++)
        m.values[i] =
            (struct column_value){.is_number = true, .number = (double)rng_below(&r, 100000) / 100};
    m.part.n_values = (uint32_t)tidy(m.values, PART_ROWS);
    memset(m.part.exists, 0xFF, sizeof m.part.exists);
    for (i = 0; i <= PART_ROWS; i++)
        m.starts[i] = i;
    for (i = 0; i < PART_ROWS; i++)
        m.places[i] = (uint32_t)rng_below(&r, m.part.n_values);
    check_part(&m);
    CU_ASSERT(out.n < 4 * PART_ROWS);
    made_done(&m);
    made_init(&m, 20, 3 * PART_ROWS);
    for (i = 0; i < 20; i++)
        m.values[i] = (struct column_value){.text = put_text(&m, "genre of ", i),
                                            .original = put_text(&m, "Genre of ", i)};
    m.part.n_values = 20;
    make_rows(&m, &r, 20, 0, 3);
    check_part(&m);
    CU_ASSERT(out.n < 2 * PART_ROWS);
    made_done(&m);
}

SUITE(column_part, setup, teardown, TEST(numbers_come_back_to_the_last_bit),
      TEST(extreme_numbers_come_back), TEST(numbers_that_are_none_are_refused),
      TEST(texts_that_are_none_are_refused), TEST(random_parts_come_back),
      TEST(rows_begin_where_they_were_put), TEST(damage_is_refused_or_harmless),
      TEST(sizes_that_cannot_be_are_refused), TEST(a_price_takes_four_bytes_a_row_and_genres_two));

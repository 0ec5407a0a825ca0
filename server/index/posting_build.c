/* SPDX-License-Identifier: MIT */
/*
 * posting_build.c -- documents into a log of words, which flushing turns into chunks.
 *
 * What a document has is appended to one log: a word costs one look-up and one
 * sequential write, whichever list it will end in. A counting sort of the log
 * gives all lists when the builder is flushed (posting_flush.c): by words for
 * the words' lists, by what they begin with for those of beginnings.
 *
 * Positions of a field start at 0 and go on from value to value, as the text
 * room says. Numbers are cut like the text they are in the JSON, booleans are
 * the words true and false.
 *
 * Lengths: a field of a document has n words if one value of it has n (stop words
 * do not count, because queries lose theirs; words that are too long do) and its
 * other values, if any, have none. With words in two values it is in no list: such
 * a field is never exactly what was asked for.
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "text/text.h"

#include <stdlib.h>

struct path_cell {
    uint64_t hash;
    struct bytes path;
    uint32_t number; /* of the field; FIELD_NONE: not searched */
    bool used;
};

enum {
    PATHS_FIRST = 64,
    PATHS_MAX = 65536, /* noted at a time: documents with ever new fields must not fill memory */
};

struct posting_builder *posting_builder__new(const struct plan *plan, struct search_fields *fields)
{
    struct posting_builder *b = xcalloc(1, sizeof *b);

    b->plan = plan;
    b->fields = fields;
    b->tokenizer = tokenizer_new(plan->text);
    buf_init(&b->path, BUF_NO_LIMIT);
    posting_words__init(&b->words);
    posting_words__init(&b->beginnings);
    b->paths_cap = PATHS_FIRST;
    b->paths = xcalloc(b->paths_cap, sizeof *b->paths);
    return b;
}

void posting_builder__free(struct posting_builder *b)
{
    if (!b)
        return;
    tokenizer_free(b->tokenizer);
    buf_done(&b->path);
    posting_words__done(&b->words);
    posting_words__done(&b->beginnings);
    slab__done(&b->path_text);
    xfree(b->paths);
    xfree(b->field_docs);
    xfree(b->touched);
    xfree(b->log);
    xfree(b->rows);
    xfree(b->lengths);
    xfree(b->sorted);
    xfree(b);
}

void posting_builder__renew(struct posting_builder *b)
{
    if (!b->flushed)
        return;
    posting_words__clear(&b->words);
    posting_words__clear(&b->beginnings);
    xfree(b->sorted);
    b->sorted = NULL;
    b->n_log = 0;
    b->n_rows = 0;
    b->n_lengths = 0;
    b->flushed = false;
}

size_t posting_builder__bytes(const struct posting_builder *b)
{
    if (b->flushed)
        return 0;
    /* The log is copied once while it is sorted. */
    return posting_words__bytes(&b->words) + posting_words__bytes(&b->beginnings) +
           b->n_log * (sizeof *b->log + sizeof(struct place)) + b->n_rows * sizeof *b->rows +
           b->n_lengths * 2 * sizeof *b->lengths + b->path_text.bytes +
           b->paths_cap * sizeof *b->paths + b->field_docs_cap * sizeof *b->field_docs;
}

/* ---- fields ---------------------------------------------------------------------------- */

static void grow_paths(struct posting_builder *b)
{
    struct path_cell *old = b->paths;
    size_t i, j, n = b->paths_cap;

    if (b->n_paths >= PATHS_MAX) {
        memset(old, 0, n * sizeof *old);
        slab__done(&b->path_text);
        memset(&b->path_text, 0, sizeof b->path_text);
        b->n_paths = 0;
        return;
    }
    b->paths_cap *= 4;
    b->paths = xcalloc(b->paths_cap, sizeof *b->paths);
    for (i = 0; i < n; i++) {
        if (!old[i].used)
            continue;
        j = (size_t)old[i].hash & (b->paths_cap - 1);
        while (b->paths[j].used)
            j = (j + 1) & (b->paths_cap - 1);
        b->paths[j] = old[i];
    }
    xfree(old);
}

/* The field's number, or FIELD_NONE when it is not searched. */
static uint32_t field_of(struct posting_builder *b, struct bytes path)
{
    uint64_t hash = hash64(path, b->words.seed[0]);
    size_t i;
    struct path_cell *c;

    if (b->n_paths * 2 >= b->paths_cap)
        grow_paths(b);
    i = (size_t)hash & (b->paths_cap - 1);
    for (c = &b->paths[i]; c->used; i = (i + 1) & (b->paths_cap - 1), c = &b->paths[i])
        if (c->hash == hash && bytes_eq(c->path, path))
            return c->number;
    *c = (struct path_cell){hash, slab__dup(&b->path_text, path), FIELD_NONE, true};
    b->n_paths++;
    if (plan_field_rank(b->plan, path) >= 0)
        c->number = search_fields__number(b->fields, path);
    return c->number;
}

/* What the document at hand has of the field so far. */
static struct builder_field *touch_field(struct posting_builder *b, uint32_t number)
{
    struct builder_field *f;
    size_t had = b->field_docs_cap;

    if (number >= had) {
        b->field_docs =
            index__grow(b->field_docs, sizeof *f, (size_t)number + 1, &b->field_docs_cap);
        memset(b->field_docs + had, 0, (b->field_docs_cap - had) * sizeof *f);
    }
    f = &b->field_docs[number];
    if (f->stamp != b->stamp) {
        *f = (struct builder_field){.stamp = b->stamp};
        b->touched = index__grow(b->touched, sizeof *b->touched, b->n_touched + 1, &b->touched_cap);
        b->touched[b->n_touched++] = number;
    }
    return f;
}

/* ---- words ----------------------------------------------------------------------------- */

static void add_word(struct posting_builder *b, uint32_t field, const struct token *t)
{
    uint32_t word;
    bool is_new, ignored;

    if (t->word.n == 0)
        return;
    word = posting_words__add(&b->words, t->word, &is_new);
    if (is_new) {
        size_t n = posting_beginning(t->word);

        ASSERT(!memchr(t->word.p, 0, t->word.n)); /* a NUL ends the word in keys */
        if (n < t->word.n)
            b->words.at[word].beginning =
                posting_words__add(&b->beginnings, bytes_of(t->word.p, n), &ignored);
    }
    if (b->n_log == b->log_cap)
        b->log = index__grow(b->log, sizeof *b->log, b->n_log + 1, &b->log_cap);
    b->log[b->n_log++] = (uint64_t)field << 48 | (uint64_t)t->position << 32 | word;
}

static void add_text(struct posting_builder *b, uint32_t field, struct bytes text)
{
    struct builder_field *f = touch_field(b, field);
    uint32_t words = 0;
    struct token t;

    if (f->next > TEXT_POSITION_MAX)
        return;
    if (field < b->last_field)
        b->unsorted = true;
    b->last_field = field;
    tokenizer_start(b->tokenizer, text, f->next);
    while (tokenizer_next(b->tokenizer, &t)) {
        if (t.kind == TOKEN_SOFT || t.kind == TOKEN_HARD)
            continue;
        words += !t.tail && t.kind != TOKEN_STOP; /* queries do not have them */
        if (t.position > TEXT_POSITION_MAX)
            break; /* positions only rise */
        if (t.kind == TOKEN_WORD)
            add_word(b, field, &t);
    }
    f->next = tokenizer_next_value(b->tokenizer);
    f->words += words;
    f->values += words > 0;
}

static void visit_value(void *arg, struct bytes path, struct json_value v)
{
    struct posting_builder *b = arg;
    enum json_type type = json_type(v);
    uint32_t field;

    if (type == JSON_NULL)
        return;
    field = field_of(b, path);
    if (field == FIELD_NONE)
        return;
    if (type == JSON_STRING)
        add_text(b, field, json_string(v));
    else
        add_text(b, field, json_raw(v)); /* a number's digits, or true or false */
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

void posting_builder__add(struct posting_builder *b, uint32_t row, struct json_value document)
{
    static const struct leaf_visitor none = {0};
    struct leaf_visitor visitor = none;
    size_t i, from;

    posting_builder__renew(b);
    from = b->n_log;
    ASSERT(b->n_rows == 0 ||
           (row > b->rows[b->n_rows - 1].row && row / TILE_ROWS == b->rows[0].row / TILE_ROWS));
    visitor.arg = b;
    visitor.value = visit_value;
    b->stamp++;
    b->n_touched = 0;
    b->last_field = 0;
    b->unsorted = false;
    leaves__walk(document, &b->path, &visitor);
    if (b->unsorted)
        qsort(b->log + from, b->n_log - from, sizeof *b->log, compare_u64);
    for (i = 0; i < b->n_touched; i++) {
        const struct builder_field *f = &b->field_docs[b->touched[i]];

        if (f->values != 1 || f->words > FIELD_WORDS_MAX)
            continue;
        b->lengths = index__grow(b->lengths, sizeof *b->lengths, b->n_lengths + 1, &b->lengths_cap);
        b->lengths[b->n_lengths++] = (struct builder_length){
            b->touched[i] * FIELD_WORDS_MAX + f->words - 1, (uint16_t)(row % TILE_ROWS)};
    }
    b->rows = index__grow(b->rows, sizeof *b->rows, b->n_rows + 1, &b->rows_cap);
    b->rows[b->n_rows++] = (struct builder_row){b->n_log, row};
}

/* SPDX-License-Identifier: MIT */
/*
 * csv.c -- see csv.h. Rows come from csv_cells.c; here they get names and types.
 *
 * A name that stands twice in the header makes one member, at the first one's
 * place with the last one's cells: what json_compact() makes of such an object.
 */
#include "json/csv.h"

#include "base/assert.h"
#include "base/mem.h"
#include "json/csv_cells.h"
#include "json/csv_value.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <stdlib.h>

enum { ROW_DEFAULT = 64 * 1024 * 1024 };

enum kind { KIND_STRING, KIND_NUMBER, KIND_BOOLEAN };

/* A member of every document. */
struct column {
    uint8_t *key; /* owned: the name, quoted, and a colon */
    size_t key_n;
    size_t cell; /* of the row */
    enum kind kind;
};

struct csv {
    csv_fn *fn;
    void *arg; /* borrowed */
    struct csv_cells cells;
    struct column *columns; /* owned */
    size_t n_columns;
    size_t width;    /* cells of the header, 0 before it */
    uint64_t record; /* the row being read, the header is 0 */
    struct buf document;
    bool over;
    struct err failure; /* rc RC_OK while all is well */
};

struct csv *csv_new(const struct csv_opts *opts, csv_fn *fn, void *arg)
{
    static const struct csv_opts defaults;
    struct csv *csv = xcalloc(1, sizeof *csv);
    char delimiter;
    size_t max;

    opts = opts ? opts : &defaults;
    delimiter = (char)(opts->delimiter ? opts->delimiter : ',');
    max = opts->max_row_bytes ? opts->max_row_bytes : ROW_DEFAULT;
    ASSERT((unsigned char)delimiter < 0x80 && !strchr("\"\r\n", delimiter));
    csv->fn = fn;
    csv->arg = arg;
    csv_cells_init(&csv->cells, (uint8_t)delimiter, max);
    buf_init(&csv->document, max);
    return csv;
}

void csv_free(struct csv *csv)
{
    size_t i;

    if (!csv)
        return;
    for (i = 0; i < csv->n_columns; i++)
        xfree(csv->columns[i].key);
    xfree(csv->columns);
    csv_cells_done(&csv->cells);
    buf_done(&csv->document);
    xfree(csv);
}

/* "price:number" -> "price". What is behind the last colon and no type belongs to the name. */
static enum kind split_type(struct bytes *name)
{
    static const struct {
        const char *suffix;
        enum kind kind;
    } kinds[] = {{":number", KIND_NUMBER}, {":boolean", KIND_BOOLEAN}, {":string", KIND_STRING}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(kinds); i++) {
        struct bytes s = bytes_str(kinds[i].suffix);

        if (name->n >= s.n && memcmp(name->p + name->n - s.n, s.p, s.n) == 0) {
            name->n -= s.n;
            return kinds[i].kind;
        }
    }
    return KIND_STRING;
}

struct named {
    struct bytes name;
    enum kind kind;
    size_t cell, first; /* first cell of that name: where its member stands */
};

static int by_name_then_cell(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int c = bytes_cmp(x->name, y->name);

    return c ? c : (x->cell > y->cell) - (x->cell < y->cell);
}

static int by_first(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

/* Of several cells with one name the last stays, at the place of the first. */
static size_t drop_replaced(struct named *names, size_t n)
{
    size_t i, kept = 0;

    qsort(names, n, sizeof *names, by_name_then_cell);
    for (i = 0; i < n; i++) {
        size_t first = names[i].cell;

        if (kept && bytes_eq(names[kept - 1].name, names[i].name))
            first = names[--kept].first;
        names[kept] = names[i];
        names[kept++].first = first;
    }
    qsort(names, kept, sizeof *names, by_first);
    return kept;
}

static void take_header(struct csv *csv)
{
    size_t n = csv->cells.n_cells, i;
    struct named *names = xcalloc(n, sizeof *names);

    for (i = 0; i < n; i++) {
        names[i].name = csv_cells_get(&csv->cells, i);
        names[i].kind = split_type(&names[i].name);
        names[i].cell = i;
    }
    csv->width = n;
    n = drop_replaced(names, n);
    csv->columns = xcalloc(n, sizeof *csv->columns);
    for (i = 0; i < n; i++) {
        struct column *c = &csv->columns[i];
        struct buf key;

        buf_init(&key, BUF_NO_LIMIT);
        json_quote(&key, names[i].name);
        (void)buf_byte(&key, ':');
        c->key = buf_take(&key, &c->key_n);
        c->cell = names[i].cell;
        c->kind = names[i].kind;
    }
    csv->n_columns = n;
    xfree(names);
}

static bool fail_cell(struct csv *csv, const char *kind, struct bytes cell, const char *why)
{
    struct buf quoted;

    buf_init(&quoted, BUF_NO_LIMIT); /* a cell is held by max_row_bytes */
    csv__quote_debug(&quoted, cell);
    (void)err_set(&csv->failure, RC_INVALID, NULL, "Error parsing %s %s at line %llu: %s", kind,
                  buf_cstr(&quoted), (unsigned long long)csv->record, why);
    buf_done(&quoted);
    return false;
}

static bool put_number(struct csv *csv, struct json_writer *w, struct bytes cell)
{
    struct bytes text = csv__trim(cell);
    int64_t whole;
    double v;

    if (!text.n)
        json_put_null(w);
    else if (csv__parse_integer(text, &whole))
        json_put_i64(w, whole);
    else if (csv__parse_float(text, &v))
        json_put_double(w, v);
    else
        return fail_cell(csv, "number", cell, "invalid float literal");
    return true;
}

static bool put_boolean(struct csv *csv, struct json_writer *w, struct bytes cell)
{
    struct bytes text = csv__trim(cell);

    if (!text.n)
        json_put_null(w);
    else if (bytes_eq(text, B("true")) || bytes_eq(text, B("false")))
        json_put_bool(w, text.p[0] == 't');
    else
        return fail_cell(csv, "boolean", cell, "provided string was not `true` or `false`");
    return true;
}

static bool put_cell(struct csv *csv, struct json_writer *w, const struct column *column)
{
    struct bytes cell = csv_cells_get(&csv->cells, column->cell);

    json_put_raw(w, bytes_of(column->key, column->key_n));
    w->comma = false; /* the key brings its colon */
    if (column->kind == KIND_NUMBER)
        return put_number(csv, w, cell);
    if (column->kind == KIND_BOOLEAN)
        return put_boolean(csv, w, cell);
    if (cell.n)
        json_put_string(w, cell);
    else
        json_put_null(w);
    return true;
}

static bool put_row(struct csv *csv)
{
    struct json_writer w;
    size_t i;

    buf_clear(&csv->document);
    json_writer_init(&w, &csv->document);
    json_begin_object(&w);
    for (i = 0; i < csv->n_columns; i++)
        if (!put_cell(csv, &w, &csv->columns[i]))
            return false;
    json_end_object(&w);
    if (!buf_ok(&csv->document)) {
        (void)err_set(&csv->failure, RC_TOO_LARGE, NULL,
                      "CSV error: record %llu makes a document over %zu bytes",
                      (unsigned long long)csv->record, csv->document.limit);
        return false;
    }
    if (csv->fn(csv->arg, buf_view(&csv->document)))
        return true;
    (void)err_set(&csv->failure, RC_CANCELLED, NULL, "stopped");
    return false;
}

/* Names the place of the running row: what says "CSV error" counts rows from the header. */
static bool fail_row(struct csv *csv, enum rc rc, const char *what)
{
    const struct csv_place *at = &csv->cells.row;

    (void)err_set(&csv->failure, rc, NULL, "CSV error: record %llu (line: %llu, byte: %llu): %s",
                  (unsigned long long)csv->record, (unsigned long long)at->line,
                  (unsigned long long)at->byte, what);
    return false;
}

static bool check_width(struct csv *csv)
{
    size_t n = csv->cells.n_cells;
    const struct csv_place *at = &csv->cells.row;

    if (!csv->width && n > CSV_CELLS_MAX)
        return fail_row(csv, RC_TOO_LARGE, "found record with more than 65535 fields");
    if (!csv->width || n == csv->width)
        return true;
    (void)err_set(&csv->failure, RC_INVALID, NULL,
                  "CSV error: record %llu (line: %llu, byte: %llu): found record with %zu fields, "
                  "but the previous record has %zu fields",
                  (unsigned long long)csv->record, (unsigned long long)at->line,
                  (unsigned long long)at->byte, n, csv->width);
    return false;
}

/* The first byte of b that begins no UTF-8 character; b.n when all is well. */
static size_t find_bad_utf8(struct bytes b)
{
    size_t i = 0, n;
    uint64_t word;

    while (i < b.n) {
        for (; b.n - i >= sizeof word; i += sizeof word) { /* ASCII, a word at a time */
            memcpy(&word, b.p + i, sizeof word);
            if (word & 0x8080808080808080u)
                break;
        }
        if (i == b.n)
            break;
        n = json__utf8_len(b.p + i, b.p + b.n);
        if (!n)
            return i;
        i += n;
    }
    return b.n;
}

static bool check_utf8(struct csv *csv)
{
    const struct csv_place *at = &csv->cells.row;
    size_t cell;

    for (cell = 0; cell < csv->cells.n_cells; cell++) {
        struct bytes b = csv_cells_get(&csv->cells, cell);
        size_t bad = find_bad_utf8(b);

        if (bad == b.n)
            continue;
        (void)err_set(&csv->failure, RC_INVALID, NULL,
                      "CSV parse error: record %llu (line %llu, field: %zu, byte: %llu): "
                      "invalid utf-8: invalid UTF-8 in field %zu near byte index %zu",
                      (unsigned long long)csv->record, (unsigned long long)at->line, cell,
                      (unsigned long long)at->byte, cell, bad);
        return false;
    }
    return true;
}

static bool take_row(struct csv *csv)
{
    if (!check_width(csv) || !check_utf8(csv))
        return false;
    if (!csv->width)
        take_header(csv);
    else if (!put_row(csv))
        return false;
    csv->record++;
    return true;
}

static enum rc report(const struct csv *csv, struct err *err)
{
    if (csv->failure.rc != RC_OK && err)
        *err = csv->failure;
    return csv->failure.rc;
}

enum rc csv_feed(struct csv *csv, struct bytes piece, struct err *err)
{
    ASSERT(!csv->over || csv->failure.rc != RC_OK);
    while (csv->failure.rc == RC_OK) {
        enum csv_found found = csv_cells_step(&csv->cells, &piece);

        if (found == CSV_MORE)
            break;
        if (found == CSV_ROW_TOO_LARGE)
            (void)fail_row(csv, RC_TOO_LARGE, "the record is too large");
        else
            (void)take_row(csv);
    }
    return report(csv, err);
}

enum rc csv_end(struct csv *csv, struct err *err)
{
    if (csv->failure.rc == RC_OK && !csv->over && csv_cells_end(&csv->cells))
        (void)take_row(csv);
    csv->over = true;
    return report(csv, err);
}

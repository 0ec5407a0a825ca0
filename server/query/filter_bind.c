/* SPDX-License-Identifier: MIT */
/*
 * filter_bind.c -- a tree's fields to columns, its values to what columns hold.
 *
 * Children of AND and OR are put in order of what they cost, so that dear
 * conditions look at few rows, or at none.
 */
#include "query/filter_int.h"

#include "text/text.h"

#include <math.h>
#include <stdlib.h>

enum { NUMBER_MAX = 400 }; /* characters of a number worth reading */

/* ---- numbers ------------------------------------------------------------------------------ */

static bool same_letters(struct bytes text, const char *word)
{
    size_t i;

    if (text.n != strlen(word))
        return false;
    for (i = 0; i < text.n; i++)
        if ((text.p[i] | 0x20) != (uint8_t)word[i])
            return false;
    return true;
}

static size_t count_digits(struct bytes b, size_t from)
{
    size_t i = from;

    while (i < b.n && b.p[i] >= '0' && b.p[i] <= '9')
        i++;
    return i - from;
}

/* Whether strtod() may have it: no spaces, no hexadecimal, nothing behind it. */
static bool is_decimal(struct bytes b)
{
    size_t at = b.n && (*b.p == '+' || *b.p == '-'), whole, part = 0, n;

    whole = count_digits(b, at);
    at += whole;
    if (at < b.n && b.p[at] == '.') {
        part = count_digits(b, at + 1);
        at += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (at < b.n && (b.p[at] | 0x20) == 'e') {
        at++;
        at += at < b.n && (b.p[at] == '+' || b.p[at] == '-');
        n = count_digits(b, at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == b.n;
}

bool filter__number(struct bytes text, double *ret)
{
    struct bytes rest = text;
    char copy[NUMBER_MAX + 1];
    bool minus;

    if (text.n == 0 || text.n > NUMBER_MAX)
        return false;
    minus = *text.p == '-';
    if (minus || *text.p == '+')
        rest = bytes_of(text.p + 1, text.n - 1);
    if (same_letters(rest, "inf") || same_letters(rest, "infinity")) {
        *ret = minus ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (same_letters(rest, "nan")) {
        *ret = (double)NAN;
        return true;
    }
    if (!is_decimal(text))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *ret = strtod(copy, NULL);
    return true;
}

/* ---- values ------------------------------------------------------------------------------- */

static enum rc want(const struct search *s, struct filter_node *n, const char *word,
                    struct err *err)
{
    struct buf folded;
    size_t i;

    n->wanted = arena_alloc(s->arena, (n->n_values + 1) * sizeof *n->wanted);
    if (!n->wanted)
        return filter__too_large(word, err);
    buf_init(&folded, BUF_NO_LIMIT); /* a few times the filter's own bytes */
    for (i = 0; i < n->n_values; i++) {
        struct filter_wanted *w = &n->wanted[i];

        w->is_number = filter__number(n->values[i].text, &w->number) && isfinite(w->number);
        buf_clear(&folded);
        text_facet_fold(n->values[i].text, &folded);
        w->text = column_cut(buf_view(&folded));
        w->text = arena_dup(s->arena, w->text);
        if (folded.n && !w->text.p) {
            buf_done(&folded);
            return filter__too_large(word, err);
        }
    }
    buf_done(&folded);
    return RC_OK;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
    return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* IN: two sorted lists, to be walked beside a part's sorted values. */
static enum rc sort_wanted(const struct search *s, struct filter_node *n, const char *word,
                           struct err *err)
{
    size_t i;

    n->numbers = arena_alloc(s->arena, (n->n_values + 1) * sizeof *n->numbers);
    n->texts = arena_alloc(s->arena, (n->n_values + 1) * sizeof *n->texts);
    if (!n->numbers || !n->texts)
        return filter__too_large(word, err);
    for (i = 0; i < n->n_values; i++) {
        if (n->wanted[i].is_number)
            n->numbers[n->n_numbers++] = n->wanted[i].number;
        n->texts[n->n_texts++] = n->wanted[i].text;
    }
    qsort(n->numbers, n->n_numbers, sizeof *n->numbers, by_number);
    qsort(n->texts, n->n_texts, sizeof *n->texts, by_text);
    return RC_OK;
}

/* ---- conditions ---------------------------------------------------------------------------- */

static enum rc find_column(const struct search *s, struct bytes name, struct column **ret_column,
                           struct err *err)
{
    enum rc rc = reader_column(s->reader, name, ret_column, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    *ret_column = NULL;
    return RC_OK;
}

static enum rc bind_geo(const struct search *s, struct filter_node *n, struct err *err)
{
    double v[4] = {0};
    size_t i;
    enum rc rc;

    for (i = 0; i < (n->op == FILTER_GEO_BOX ? 4 : 3); i++)
        (void)filter__number(n->values[i].text, &v[i]); /* checked before */
    if (n->op == FILTER_GEO_BOX)
        memcpy(n->box, v, sizeof v);
    else
        geo__circle_init(&n->circle, v[0], v[1], v[2]);
    n->cost = n->op == FILTER_GEO_BOX ? 8 : 12;
    rc = find_column(s, B("_geo.lat"), &n->column, err);
    if (rc == RC_OK)
        rc = find_column(s, B("_geo.lng"), &n->lng, err);
    if (rc == RC_OK && (!n->column || !n->lng))
        n->op = FILTER_NONE;
    return rc;
}

static unsigned cost_of(enum filter_op op)
{
    switch (op) {
    case FILTER_NONE:
        return 0;
    case FILTER_EXISTS:
    case FILTER_NULL:
    case FILTER_EMPTY:
        return 1;
    case FILTER_EQUAL:
        return 2;
    case FILTER_IN:
    case FILTER_STARTS:
        return 3;
    case FILTER_NOT_EQUAL:
    case FILTER_GREATER:
    case FILTER_GREATER_EQUAL:
    case FILTER_LESS:
    case FILTER_LESS_EQUAL:
    case FILTER_TO:
        return 4;
    case FILTER_CONTAINS:
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT:
    case FILTER_GEO_RADIUS:
    case FILTER_GEO_BOX:
    case FILTER_GEO_POLYGON:
        break;
    }
    return 6;
}

/*
 * "f != v" is NOT "f = v", but for a field that nobody ever had it holds for no
 * document, while NOT written out holds for all of them.
 */
static enum rc bind_not_equal(const struct search *s, struct filter_node *n, const char *word,
                              struct err *err)
{
    struct filter_node *equal = arena_alloc(s->arena, sizeof *equal);

    if (!equal)
        return filter__too_large(word, err);
    *equal = *n;
    equal->op = FILTER_EQUAL;
    equal->next = NULL;
    n->op = FILTER_NOT;
    n->child = equal;
    return RC_OK;
}

static enum rc bind_condition(const struct search *s, struct filter_node *n, const char *word,
                              struct err *err)
{
    enum rc rc;

    if (n->op == FILTER_GEO_RADIUS || n->op == FILTER_GEO_BOX)
        return bind_geo(s, n, err);
    rc = find_column(s, n->field.text, &n->column, err);
    if (rc == RC_OK)
        rc = want(s, n, word, err);
    if (rc == RC_OK && n->op == FILTER_IN)
        rc = sort_wanted(s, n, word, err);
    if (rc != RC_OK)
        return rc;
    if (!n->column)
        n->op = FILTER_NONE;
    else if (n->op == FILTER_STARTS && n->wanted[0].text.n == 0)
        n->op = FILTER_EXISTS;
    n->cost = cost_of(n->op);
    return n->op == FILTER_NOT_EQUAL ? bind_not_equal(s, n, word, err) : RC_OK;
}

/* Cheapest first; what costs the same stays as it was written. Arrays of a request may be long. */
static void sort_children(struct filter_node *n)
{
    enum { DEAREST = 32 };
    struct filter_node *lists[DEAREST + 1] = {0}, **tails[DEAREST + 1], **tail = &n->child, *child;
    unsigned i;

    for (i = 0; i <= DEAREST; i++)
        tails[i] = &lists[i];
    for (child = n->child; child; child = child->next) {
        i = child->cost < DEAREST ? child->cost : DEAREST;
        *tails[i] = child;
        tails[i] = &child->next;
    }
    for (i = 0; i <= DEAREST; i++) {
        if (!lists[i])
            continue;
        *tail = lists[i];
        tail = tails[i];
    }
    *tail = NULL;
}

enum rc filter__bind(const struct search *s, struct filter_node *node, const char *word,
                     struct err *err)
{
    struct filter_node *child;
    enum rc rc;

    if (node->op != FILTER_AND && node->op != FILTER_OR && node->op != FILTER_NOT)
        return bind_condition(s, node, word, err);
    node->cost = 1;
    for (child = node->child; child; child = child->next) {
        rc = filter__bind(s, child, word, err);
        if (rc != RC_OK)
            return rc;
        node->cost += child->cost;
    }
    sort_children(node);
    return RC_OK;
}

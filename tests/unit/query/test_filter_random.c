/* SPDX-License-Identifier: MIT */
/*
 * test_filter_random.c -- random filters over random documents, against a reader of the rules.
 *
 * The expected answer is worked out document by document from the values they
 * were made of, without columns, tiles or dictionaries. The index spans several
 * parts of columns, and some documents are replaced.
 */
#include "filter_asking.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdio.h>

enum { DOCUMENTS = 9000, CHANGES = 300, FIELDS = 4, FILTERS = 300, MODEL_TEXT_MAX = 32 };

enum model_kind { ABSENT, NIL, EMPTY, NUMBER, TEXT, BOTH }; /* BOTH: [number, text] */
struct model_value {
    enum model_kind kind;
    int number;
    char text[MODEL_TEXT_MAX];
};
struct model_document {
    struct model_value fields[FIELDS];
};

static struct model_document *model;
static struct rng rng;

static void setup(void)
{
    corpus_setup();
    asking_contains(true);
    rng_init(&rng, suite_seed());
    model = xcalloc(DOCUMENTS, sizeof *model);
}

static void teardown(void)
{
    corpus_teardown();
    xfree(model);
}

static struct model_value random_value(void)
{
    struct model_value v = {.kind = (enum model_kind)rng_below(&rng, 6)};

    v.number = (int)rng_below(&rng, 20) - 5;
    (void)snprintf(v.text, sizeof v.text, "%c%c%d", (int)('a' + rng_below(&rng, 3)),
                   (int)('x' + rng_below(&rng, 3)), (int)rng_below(&rng, 4));
    if (rng_below(&rng, 4) == 0) /* a text that reads as a number */
        (void)snprintf(v.text, sizeof v.text, "%d", v.number);
    return v;
}

static void put_value(struct buf *out, size_t field, const struct model_value *v)
{
    if (v->kind == ABSENT)
        return;
    buf_printf(out, ",\"f%zu\":", field);
    if (v->kind == NIL)
        buf_str(out, "null");
    else if (v->kind == EMPTY)
        buf_str(out, field % 2 ? "[]" : "\"\"");
    else if (v->kind == NUMBER)
        buf_printf(out, "%d", v->number);
    else if (v->kind == TEXT)
        buf_printf(out, "\"%s\"", v->text);
    else
        buf_printf(out, "[%d,\"%s\"]", v->number, v->text);
}

/* The JSON of document i, newly made up; xfree() it. */
static char *make_document(size_t i)
{
    struct buf out;
    char *json;
    size_t f;

    buf_init(&out, BUF_NO_LIMIT);
    buf_printf(&out, "{\"id\":%zu", i);
    for (f = 0; f < FIELDS; f++) {
        model[i].fields[f] = random_value();
        put_value(&out, f, &model[i].fields[f]);
    }
    buf_str(&out, "}");
    json = xstrdup(buf_cstr(&out));
    buf_done(&out);
    return json;
}

static void make_corpus(void)
{
    char **documents = xcalloc(DOCUMENTS + 1, sizeof *documents);
    char **newer = xcalloc(CHANGES + 1, sizeof *newer);
    size_t i;

    for (i = 0; i < DOCUMENTS; i++)
        documents[i] = make_document(i);
    corpus_make("{\"filterableAttributes\":[\"f0\",\"f1\",\"f2\",\"f3\"]}",
                (const char *const *)documents);
    for (i = 0; i < CHANGES; i++)
        newer[i] = make_document((size_t)rng_below(&rng, DOCUMENTS));
    corpus_add((const char *const *)newer);
    for (i = 0; i < DOCUMENTS; i++)
        xfree(documents[i]);
    for (i = 0; i < CHANGES; i++)
        xfree(newer[i]);
    xfree(documents);
    xfree(newer);
}

/* ---- the rules, read one by one ------------------------------------------------------------- */

enum kind { ALL, ANY, NOT, LEAF };
enum leaf { EQ, NE, GT, GE, LT, LE, TO, IN, EXISTS, NUL, EMP, CONTAINS, STARTS, N_LEAVES };
struct expression {
    enum kind kind;
    struct expression *a, *b;
    enum leaf leaf;
    size_t field;
    struct model_value v, w;
};

static bool is_number(const struct model_value *v, int *ret)
{
    int used = 0;

    return sscanf(v->text, "%d%n", ret, &used) == 1 && v->text[used] == 0;
}

/* sign of a - b, where texts that are numbers are numbers to numbers only */
static bool compares(enum leaf op, int sign)
{
    return op == EQ   ? sign == 0
           : op == GT ? sign > 0
           : op == GE ? sign >= 0
           : op == LT ? sign < 0
                      : sign <= 0;
}

static bool any_value(const struct model_value *has, enum leaf op, const struct model_value *wanted)
{
    bool number = has->kind == NUMBER || has->kind == BOTH;
    bool text = has->kind == TEXT || has->kind == BOTH;
    int n;

    if (number && is_number(wanted, &n) && compares(op, has->number - n))
        return true;
    return text && compares(op, strcmp(has->text, wanted->text));
}

static bool within(const struct model_value *has, const struct model_value *v,
                   const struct model_value *w)
{
    bool number = has->kind == NUMBER || has->kind == BOTH;
    bool text = has->kind == TEXT || has->kind == BOTH;
    int low, high;

    if (number && is_number(v, &low) && is_number(w, &high) && has->number >= low &&
        has->number <= high)
        return true;
    return text && strcmp(has->text, v->text) >= 0 && strcmp(has->text, w->text) <= 0;
}

static bool leaf_holds(const struct expression *e, const struct model_value *has)
{
    bool text = has->kind == TEXT || has->kind == BOTH;

    switch (e->leaf) {
    case NE:
        return !any_value(has, EQ, &e->v);
    case TO:
        return within(has, &e->v, &e->w);
    case IN:
        return any_value(has, EQ, &e->v) || any_value(has, EQ, &e->w);
    case EXISTS:
        return has->kind != ABSENT;
    case NUL:
        return has->kind == NIL;
    case EMP:
        return has->kind == EMPTY;
    case CONTAINS:
        return text && strstr(has->text, e->v.text);
    case STARTS:
        return text && strncmp(has->text, e->v.text, strlen(e->v.text)) == 0;
    case EQ:
    case GT:
    case GE:
    case LT:
    case LE:
    case N_LEAVES:
        break;
    }
    return any_value(has, e->leaf, &e->v);
}

static bool holds(const struct expression *e, const struct model_document *d)
{
    switch (e->kind) {
    case ALL:
        return holds(e->a, d) && holds(e->b, d);
    case ANY:
        return holds(e->a, d) || holds(e->b, d);
    case NOT:
        return !holds(e->a, d);
    case LEAF:
        break;
    }
    return leaf_holds(e, &d->fields[e->field]);
}

static struct expression *random_expression(struct arena *arena, unsigned depth)
{
    struct expression *e = arena_zalloc(arena, sizeof *e);

    e->kind = depth ? (enum kind)rng_below(&rng, 4) : LEAF;
    if (e->kind == LEAF) {
        e->leaf = (enum leaf)rng_below(&rng, N_LEAVES);
        e->field = (size_t)rng_below(&rng, FIELDS);
        e->v = random_value();
        e->w = random_value();
        if (e->leaf == CONTAINS || e->leaf == STARTS)
            e->v.text[1 + rng_below(&rng, 2)] = 0;
        return e;
    }
    e->a = random_expression(arena, depth - 1);
    if (e->kind != NOT)
        e->b = random_expression(arena, depth - 1);
    return e;
}

static void write_expression(struct buf *out, const struct expression *e)
{
    static const char *const symbols[] = {"=", "!=", ">", ">=", "<", "<="};

    if (e->kind == LEAF) {
        buf_printf(out, "f%zu ", e->field);
        if (e->leaf <= LE)
            buf_printf(out, "%s '%s'", symbols[e->leaf], e->v.text);
        else if (e->leaf == TO)
            buf_printf(out, "%s TO %s", e->v.text, e->w.text);
        else if (e->leaf == IN)
            buf_printf(out, "IN [%s, %s]", e->v.text, e->w.text);
        else if (e->leaf <= EMP)
            buf_str(out, e->leaf == EXISTS ? "EXISTS" : e->leaf == NUL ? "IS NULL" : "IS EMPTY");
        else
            buf_printf(out, "%s '%s'", e->leaf == CONTAINS ? "CONTAINS" : "STARTS WITH", e->v.text);
        return;
    }
    buf_str(out, e->kind == NOT ? "NOT (" : "(");
    write_expression(out, e->a);
    if (e->kind != NOT) {
        buf_str(out, e->kind == ALL ? ") AND (" : ") OR (");
        write_expression(out, e->b);
    }
    buf_str(out, ")");
}

static size_t count_wrong(const char *filter, const struct expression *e)
{
    const struct search *s = &corpus.run.search;
    struct query_spec spec;
    struct buf json;
    struct tile rows;
    size_t wrong = 0;
    uint32_t t, i;

    buf_init(&json, BUF_NO_LIMIT);
    buf_printf(&json, "\"%s\"", filter);
    query_spec_init(&spec);
    spec.contains_filter = true;
    spec.filter = buf_view(&json);
    CU_ASSERT_EQUAL_FATAL(corpus_open(&spec), RC_OK);
    for (t = 0; t < reader_n_tiles(s->reader); t++) {
        struct tile live;

        (void)reader_live(s->reader, t, &live);
        CU_ASSERT_EQUAL_FATAL(filter__tile(corpus.run.filter, t, &live, &rows, &corpus.err), RC_OK);
        for (i = 0; i < TILE_ROWS; i++) {
            bool is_live = live.bits[i / 64] >> i % 64 & 1;
            bool found = rows.bits[i / 64] >> i % 64 & 1;
            uint32_t doc = is_live ? reader_doc_of(s->reader, t * TILE_ROWS + i) : 0;

            wrong += found != (is_live && holds(e, &model[doc]));
        }
    }
    buf_done(&json);
    return wrong;
}

static void random_filters_find_what_the_rules_say(void)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct buf text;
    size_t i, wrong;

    make_corpus();
    buf_init(&text, BUF_NO_LIMIT);
    for (i = 0; i < FILTERS; i++) {
        struct expression *e = random_expression(arena, (unsigned)(i % 5));

        buf_clear(&text);
        write_expression(&text, e);
        wrong = count_wrong(buf_cstr(&text), e);
        if (wrong)
            printf("\n    %zu wrong: %s", wrong, buf_cstr(&text));
        CU_ASSERT_EQUAL(wrong, 0);
        arena_reset(arena);
    }
    buf_done(&text);
    arena_free(arena);
}

SUITE(filter_random, setup, teardown, TEST(random_filters_find_what_the_rules_say));

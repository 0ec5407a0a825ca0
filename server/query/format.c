/* SPDX-License-Identifier: MIT */
/*
 * format.c -- _formatted and _matchesPosition of a document.
 *
 * A rule says what is done to a field and all in it; where several cover a value
 * it is marked if any says so, and cut to the length of the first that has one.
 * Texts are tokenised again: nothing about them is stored but where words are.
 */
#include "query/format_int.h"

#include "base/mem.h"

#include <stdlib.h>

struct format_rule {
    struct bytes field; /* n == 0: all */
    bool highlight, crop;
    uint32_t length;
};

/* One match, for _matchesPosition. */
struct found {
    size_t path, n_path;       /* in paths */
    size_t indices, n_indices; /* in indices */
    uint32_t start, length;
    size_t order;
};

struct formatter {
    const struct search *search;
    struct format_marks *marks;
    struct format_rule *rules; /* in the arena */
    size_t n_rules;
    bool known; /* one of the rules' fields is known to the index */
    struct field_set fields, displayed;
    struct buf path, text;
    struct buf paths; /* of found */
    struct found *found;
    size_t n_found, cap_found;
    uint32_t *indices; /* of found */
    size_t n_indices, cap_indices;
    uint32_t at[JSON_DEPTH_MAX]; /* where the walk is in arrays */
    size_t depth;
};

/* ---- rules --------------------------------------------------------------------------------------
 */

static bool parse_length(struct bytes text, uint32_t *ret_length)
{
    uint64_t v;

    if (!json_parse_u64(text, &v))
        return false;
    *ret_length = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
    return true;
}

static struct format_rule crop_rule(const struct query_spec *spec, struct bytes name)
{
    struct format_rule rule = {.field = name, .crop = true, .length = spec->crop_length};
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] != ':')
        n--;
    if (n > 0) {
        (void)parse_length(bytes_of(name.p + n, name.n - n), &rule.length);
        rule.field.n = n - 1;
    }
    return rule;
}

/* Hidden fields are not formatted; "*" and displayed ones are. */
static void add_rule(struct formatter *f, struct format_rule rule)
{
    if (bytes_eq(rule.field, B("*")))
        rule.field.n = 0;
    else if (rule.field.n == 0 || field_set__covers(&f->displayed, rule.field) == FIELD_NONE)
        return;
    f->rules[f->n_rules++] = rule;
}

/* All that _formatted has: what is retrieved, and what rules name. */
static enum rc choose_fields(struct formatter *f, const struct field_set *shown, struct err *err)
{
    struct arena *arena = f->search->arena;
    struct names named = {.given = true};
    struct field_set set;
    struct bytes *names;
    enum rc rc;
    size_t i;

    names = arena_alloc(arena, (f->n_rules + 1) * sizeof *names);
    if (!names)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    for (i = 0; i < f->n_rules; i++)
        names[i] = f->rules[i].field.n ? f->rules[i].field : B("*");
    named.at = names;
    named.n = f->n_rules;
    rc = field_set__shown(f->search->plan, &named, arena, &set, err);
    if (rc != RC_OK)
        return rc;
    f->fields = *shown;
    return field_set__join(&f->fields, &set, arena, err);
}

enum rc formatter__new(const struct search *s, const struct graph *g, const struct field_set *shown,
                       struct formatter **ret_formatter, struct err *err)
{
    static const struct names all;
    const struct query_spec *spec = s->spec;
    struct formatter *f = xcalloc(1, sizeof *f);
    enum rc rc;
    size_t i;

    f->search = s;
    buf_init(&f->path, BUF_NO_LIMIT);
    buf_init(&f->text, BUF_NO_LIMIT);
    buf_init(&f->paths, BUF_NO_LIMIT);
    f->marks = format_marks__new(g, s->plan->text);
    f->rules = arena_alloc(s->arena, (spec->crop.n + spec->highlight.n + 1) * sizeof *f->rules);
    rc = f->rules ? RC_OK : err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    if (rc == RC_OK)
        rc = field_set__shown(s->plan, &all, s->arena, &f->displayed, err);
    for (i = 0; rc == RC_OK && i < spec->highlight.n; i++)
        add_rule(f, (struct format_rule){.field = spec->highlight.at[i], .highlight = true});
    for (i = 0; rc == RC_OK && i < spec->crop.n; i++)
        add_rule(f, crop_rule(spec, spec->crop.at[i]));
    if (rc == RC_OK && f->n_rules > 0)
        rc = choose_fields(f, shown, err);
    if (rc == RC_OK)
        *ret_formatter = f;
    else
        formatter__free(f);
    return rc;
}

void formatter__free(struct formatter *f)
{
    if (!f)
        return;
    format_marks__free(f->marks);
    buf_done(&f->path);
    buf_done(&f->text);
    buf_done(&f->paths);
    xfree(f->found);
    xfree(f->indices);
    xfree(f);
}

/* ---- _formatted ---------------------------------------------------------------------------------
 */

static struct format_rule rule_of(const struct formatter *f, struct bytes path)
{
    struct format_rule sum = {0};
    size_t i;

    for (i = 0; i < f->n_rules; i++) {
        const struct format_rule *r = &f->rules[i];

        if (r->field.n > 0 && !plan_covers(r->field, path))
            continue;
        sum.highlight = sum.highlight || r->highlight;
        if (r->crop && !sum.crop) {
            sum.crop = true;
            sum.length = r->length;
        }
    }
    sum.crop = sum.crop && sum.length > 0;
    return sum;
}

static void put_part(struct formatter *f, struct bytes text, size_t from, size_t to)
{
    (void)buf_append(&f->text, text.p + from, to - from);
}

/* Bytes [from, end) of the text, with marks where it was matched. */
static void put_marked(struct formatter *f, const struct format_view *v, size_t from, size_t end)
{
    const struct query_spec *spec = f->search->spec;
    size_t i;

    for (i = 0; i < v->n_matches && v->matches[i].start < end; i++) {
        size_t a = v->matches[i].start, b = v->matches[i].end;

        if (b <= from)
            continue;
        a = a < from ? from : a; /* a phrase that the window cuts */
        b = b > end ? end : b;
        put_part(f, v->text, from, a);
        (void)buf_bytes(&f->text, spec->pre_tag);
        put_part(f, v->text, a, b);
        (void)buf_bytes(&f->text, spec->post_tag);
        from = b;
    }
    put_part(f, v->text, from, end);
}

static void format_text(struct formatter *f, const struct format_rule *rule, struct bytes text)
{
    const struct query_spec *spec = f->search->spec;
    struct format_view v;
    size_t start = 0, end = text.n;

    buf_clear(&f->text);
    format_marks__view(f->marks, text, &v);
    if (rule->crop)
        format_crop__window(&v, rule->length, &start, &end);
    if (start > 0)
        (void)buf_bytes(&f->text, spec->crop_marker);
    if (rule->highlight)
        put_marked(f, &v, start, end);
    else
        put_part(f, text, start, end);
    if (end < text.n)
        (void)buf_bytes(&f->text, spec->crop_marker);
}

static void format_leaf(void *arg, struct bytes path, struct json_value v, struct buf *out)
{
    struct formatter *f = arg;
    bool number = json_type(v) == JSON_NUMBER, string = json_type(v) == JSON_STRING;
    struct format_rule rule;

    if (!number && !string) {
        (void)buf_bytes(out, json_raw(v));
        return;
    }
    rule = rule_of(f, path);
    rule.highlight = rule.highlight && !format_marks__none(f->marks);
    if (rule.highlight || rule.crop) {
        format_text(f, &rule, number ? json_raw(v) : json_string(v));
        json_quote(out, buf_view(&f->text));
    } else if (number) {
        json_quote(out, json_raw(v));
    } else {
        (void)buf_bytes(out, json_raw(v));
    }
}

/* ---- _matchesPosition
 * ----------------------------------------------------------------------------- */

static void add_found(struct formatter *f, struct bytes path, const struct format_match *match)
{
    struct found *x;

    if (f->n_found == f->cap_found) {
        f->cap_found = f->cap_found ? 2 * f->cap_found : 64;
        f->found = xrealloc(f->found, f->cap_found * sizeof *f->found);
    }
    if (f->cap_indices - f->n_indices < f->depth) {
        f->cap_indices = 2 * f->cap_indices + JSON_DEPTH_MAX;
        f->indices = xrealloc(f->indices, f->cap_indices * sizeof *f->indices);
    }
    x = &f->found[f->n_found];
    *x = (struct found){.path = f->paths.n,
                        .n_path = path.n,
                        .indices = f->n_indices,
                        .n_indices = f->depth,
                        .start = match->start,
                        .length = match->end - match->start,
                        .order = f->n_found};
    if (f->n_found > 0 && x[-1].n_path == path.n &&
        memcmp(f->paths.p + x[-1].path, path.p, path.n) == 0)
        x->path = x[-1].path;
    else
        (void)buf_bytes(&f->paths, path);
    if (f->depth > 0)
        memcpy(f->indices + f->n_indices, f->at, f->depth * sizeof f->at[0]);
    f->n_indices += f->depth;
    f->n_found++;
}

/* Matches of all displayed values under the path. */
static void find_matches(struct formatter *f, struct json_value v, bool shown)
{
    size_t path_n = f->path.n, i;
    struct format_view view;
    struct json_iter it;

    switch (json_type(v)) {
    case JSON_NULL:
    case JSON_BOOL:
        break;
    case JSON_NUMBER:
    case JSON_STRING:
        if (!shown)
            break;
        format_marks__view(f->marks, json_type(v) == JSON_NUMBER ? json_raw(v) : json_string(v),
                           &view);
        for (i = 0; i < view.n_matches; i++)
            add_found(f, buf_view(&f->path), &view.matches[i]);
        break;
    case JSON_ARRAY:
        f->depth++;
        for (json_iter_init(&it, v); json_iter_next(&it);) {
            f->at[f->depth - 1] = (uint32_t)it.index;
            find_matches(f, it.value, shown);
        }
        f->depth--;
        break;
    case JSON_OBJECT:
        for (json_iter_init(&it, v); json_iter_next(&it);) {
            enum field_cover cover;

            if (path_n > 0)
                (void)buf_byte(&f->path, '.');
            else if (bytes_eq(it.key, B("_vectors")))
                continue;
            (void)buf_bytes(&f->path, it.key);
            cover = shown ? FIELD_ALL : field_set__covers(&f->displayed, buf_view(&f->path));
            if (cover != FIELD_NONE)
                find_matches(f, it.value, cover == FIELD_ALL);
            buf_cut(&f->path, path_n);
        }
        break;
    }
}

static struct bytes path_of(const struct formatter *f, const struct found *x)
{
    return bytes_of(f->paths.p + x->path, x->n_path);
}

struct sorted {
    struct bytes path;
    const struct found *found;
};

static int by_path(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int c = bytes_cmp(x->path, y->path);

    return c ? c : (x->found->order > y->found->order) - (x->found->order < y->found->order);
}

static void put_found(const struct formatter *f, const struct found *x, struct json_writer *w)
{
    size_t i;

    json_begin_object(w);
    json_key(w, "start");
    json_put_u64(w, x->start);
    json_key(w, "length");
    json_put_u64(w, x->length);
    if (x->n_indices > 0) {
        json_key(w, "indices");
        json_begin_array(w);
        for (i = 0; i < x->n_indices; i++)
            json_put_u64(w, f->indices[x->indices + i]);
        json_end_array(w);
    }
    json_end_object(w);
}

/* Fields by name, each with its matches in the order of the document. */
static void put_matches(struct formatter *f, struct json_value document, struct json_writer *w)
{
    struct sorted *sorted;
    size_t i;

    f->n_found = f->n_indices = f->depth = 0;
    buf_clear(&f->paths);
    buf_clear(&f->path);
    if (!format_marks__none(f->marks))
        find_matches(f, document, f->displayed.all);
    sorted = xcalloc(f->n_found + 1, sizeof *sorted);
    for (i = 0; i < f->n_found; i++)
        sorted[i] = (struct sorted){path_of(f, &f->found[i]), &f->found[i]};
    qsort(sorted, f->n_found, sizeof *sorted, by_path);
    json_begin_object(w);
    for (i = 0; i < f->n_found; i++) {
        bool first = i == 0 || !bytes_eq(sorted[i].path, sorted[i - 1].path);

        if (first && i > 0)
            json_end_array(w);
        if (first) {
            json_put_key(w, sorted[i].path);
            json_begin_array(w);
        }
        put_found(f, sorted[i].found, w);
    }
    if (f->n_found > 0)
        json_end_array(w);
    json_end_object(w);
    xfree(sorted);
}

void formatter__know(struct formatter *f, struct bytes field)
{
    size_t i;

    for (i = 0; i < f->n_rules && !f->known; i++)
        f->known = f->rules[i].field.n == 0 || plan_covers(f->rules[i].field, field);
}

/* Whether v has a member of that path, in itself or in the objects of an array. */
static bool has_field(struct json_value v, struct bytes path)
{
    struct json_iter it;
    bool object = json_type(v) == JSON_OBJECT;

    if (path.n == 0)
        return true;
    if (!object && json_type(v) != JSON_ARRAY)
        return false;
    for (json_iter_init(&it, v); json_iter_next(&it);) {
        struct bytes rest = path;

        if (object && !plan_covers(it.key, path))
            continue;
        if (object) {
            size_t n = it.key.n < path.n ? it.key.n + 1 : path.n;

            rest = bytes_of(path.p + n, path.n - n);
        }
        if (has_field(it.value, rest))
            return true;
    }
    return false;
}

/* A rule for what is in no document is none: without others there is no _formatted. */
static bool has_rules(const struct formatter *f, struct json_value document)
{
    size_t i;

    for (i = 0; i < f->n_rules; i++)
        if (f->known || has_field(document, f->rules[i].field))
            return true;
    return false;
}

void formatter__members(struct formatter *f, struct json_value document, struct json_writer *w)
{
    if (has_rules(f, document)) {
        struct field_writer fields = {.fields = &f->fields,
                                      .vectors = f->search->spec->retrieve_vectors,
                                      .path = &f->path,
                                      .out = w->out,
                                      .leaf = format_leaf,
                                      .arg = f};

        json_key(w, "_formatted");
        field_writer__object(&fields, document);
        w->comma = true;
    }
    if (f->search->spec->show_matches) {
        json_key(w, "_matchesPosition");
        put_matches(f, document, w);
    }
}

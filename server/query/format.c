/* SPDX-License-Identifier: MIT */
/*
 * format.c -- _formatted of a document.
 *
 * A rule says what is done to a field and all in it; where several cover a value
 * it is marked if any says so, and cut to the length of the first that has one.
 * Texts are tokenised again: nothing about them is stored but where words are.
 */
#include "query/format_int.h"

#include "base/mem.h"

struct format_rule {
    struct bytes field; /* n == 0: all */
    bool highlight, crop;
    uint32_t length;
};

struct formatter {
    const struct search *search;
    struct format_marks *marks;
    struct format_rule *rules; /* in the arena */
    size_t n_rules;
    bool known; /* one of the rules' fields is known to the index */
    struct field_set fields, displayed;
    struct format_found *found; /* NULL: not asked for */
    struct buf path, text;
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
    f->marks = format_marks__new(g, s->plan->text);
    f->rules = arena_alloc(s->arena, (spec->crop.n + spec->highlight.n + 1) * sizeof *f->rules);
    rc = f->rules ? RC_OK : err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    if (rc == RC_OK)
        rc = field_set__shown(s->plan, &all, s->arena, &f->displayed, err);
    if (rc == RC_OK && spec->show_matches)
        f->found = format_found__new(f->marks, &f->displayed);
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
    format_found__free(f->found);
    format_marks__free(f->marks);
    buf_done(&f->path);
    buf_done(&f->text);
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

static void format_text(struct formatter *f, const struct format_rule *rule,
                        struct json_value value)
{
    const struct query_spec *spec = f->search->spec;
    struct format_view v;
    size_t start = 0, end;

    buf_clear(&f->text);
    format_marks__view(f->marks, value, &v);
    end = v.text.n;
    if (rule->crop)
        format_crop__window(&v, rule->length, &start, &end);
    if (start > 0)
        (void)buf_bytes(&f->text, spec->crop_marker);
    if (rule->highlight)
        put_marked(f, &v, start, end);
    else
        put_part(f, v.text, start, end);
    if (end < v.text.n)
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
        format_text(f, &rule, v);
        json_quote(out, buf_view(&f->text));
    } else if (number) {
        json_quote(out, json_raw(v));
    } else {
        (void)buf_bytes(out, json_raw(v));
    }
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
    format_marks__begin(f->marks);
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
    if (f->found) {
        json_key(w, "_matchesPosition");
        format_found__put(f->found, document, w);
    }
}

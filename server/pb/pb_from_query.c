/* SPDX-License-Identifier: MIT */
/*
 * pb_from_query.c -- messages from query strings, path variables and defaults.
 *
 * Parameters are visited in the order sent; of a repeated one the last counts.
 * A list is one parameter with commas. The texts are http-errors' section on
 * query strings.
 */
#include "pb_int.h"

#include "base/assert.h"

#include <stdio.h>

#define NOT_PARAMETERS (PB_FIELD_HIDDEN | PB_FIELD_IMMUTABLE | PB_FIELD_BODY_ONLY)

enum { NAME_MAX_BYTES = 128 }; /* of a parameter with its element index */

static const char *word_of(const struct pb_field_meta *meta)
{
    return meta->error ? meta->error : "bad_request";
}

/* Sets a singular field from text. */
static enum rc set_text(const struct pb__text *t, const struct pb_message_meta *meta, int i,
                        struct bytes text, ProtobufCMessage *msg)
{
    const ProtobufCFieldDescriptor *f = &meta->desc->fields[i];
    union pb__slot slot;
    enum rc rc;

    memset(&slot, 0, sizeof(slot));
    rc = pb__parse_text(t, f, &meta->fields[i], text, &slot);
    if (rc == RC_OK)
        pb__set(msg, f, &slot);
    return rc;
}

static enum rc apply_default(struct arena *arena, const struct pb_message_meta *meta, int i,
                             ProtobufCMessage *msg, struct err *err)
{
    const struct pb_field_meta *fm = &meta->fields[i];
    struct pb__text t = {.arena = arena, .name = fm->json_name, .word = word_of(fm), .err = err};

    return set_text(&t, meta, i, bytes_str(fm->default_value), msg);
}

enum rc pb_apply_defaults(struct arena *arena, const struct pb_message_meta *meta,
                          ProtobufCMessage *msg, struct err *err)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++) {
        enum rc rc;

        if (!meta->fields[i].default_value)
            continue;
        rc = apply_default(arena, meta, (int)i, msg, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

enum rc pb_set_text(struct arena *arena, const struct pb_message_meta *meta, const char *field,
                    struct bytes text, ProtobufCMessage *msg, struct err *err)
{
    int i = pb__find(meta, field);
    struct pb__text t = {.arena = arena, .err = err};

    ASSERT(i >= 0 && meta->desc->fields[i].label != PROTOBUF_C_LABEL_REPEATED);
    t.name = meta->fields[i].json_name;
    t.word = word_of(&meta->fields[i]);
    return set_text(&t, meta, i, text, msg);
}

/* ---- lists --------------------------------------------------------------------------- */

/* End of the element that starts at `from`: its comma or the end. Commas in parentheses belong to
 * it. */
static size_t element_end(struct bytes text, size_t from)
{
    size_t i;

    for (i = from; i < text.n && text.p[i] != ','; i++) {
        const uint8_t *close;

        if (text.p[i] != '(')
            continue;
        close = memchr(text.p + i, ')', text.n - i);
        if (!close)
            continue;
        i = (size_t)(close - text.p);
    }
    return i;
}

static size_t count_elements(struct bytes text)
{
    size_t n = 1;
    size_t end;

    for (end = element_end(text, 0); end < text.n; end = element_end(text, end + 1))
        n++;
    return n;
}

/* Fills the repeated field i of msg; name, word and err are those of t. */
static enum rc read_list(const struct pb__text *t, const struct pb_message_meta *meta, unsigned i,
                         struct bytes text, ProtobufCMessage *msg)
{
    const ProtobufCFieldDescriptor *f = &meta->desc->fields[i];
    size_t n = count_elements(text);
    char *array = pb__new_elements(t->arena, msg, f, n);
    struct pb__text element = *t;
    char name[NAME_MAX_BYTES];
    size_t from = 0;
    size_t k;

    if (!array)
        return pb__out_of_room(t->arena, t->err);
    for (k = 0; k < n; k++) {
        size_t end = element_end(text, from);
        enum rc rc;

        if (n > 1) {
            (void)snprintf(name, sizeof(name), "%s[%zu]", t->name, k);
            element.name = name;
        }
        rc = pb__parse_text(&element, f, &meta->fields[i], bytes_of(text.p + from, end - from),
                            array + k * pb__element_size(f));
        if (rc != RC_OK) {
            pb__clear(msg, f);
            return rc;
        }
        from = end + 1;
    }
    return RC_OK;
}

static enum rc read_list_message(const struct pb__text *t, const struct pb_message_meta *meta,
                                 unsigned i, struct bytes text, ProtobufCMessage *msg)
{
    const struct pb_message_meta *inner_meta = meta->fields[i].message;
    ProtobufCMessage *inner = pb_new(t->arena, inner_meta->desc);
    union pb__slot slot = {.pointer = inner};
    enum rc rc;

    if (!inner)
        return pb__out_of_room(t->arena, t->err);
    rc = read_list(t, inner_meta, 0, text, inner);
    if (rc == RC_OK)
        pb__set(msg, &meta->desc->fields[i], &slot);
    return rc;
}

/* "*" alone: no restriction. */
static void read_star(const struct pb_message_meta *meta, unsigned i, ProtobufCMessage *msg)
{
    int any = pb__find(meta, "any");

    pb__clear(msg, &meta->desc->fields[i]);
    if (any >= 0 && meta->desc->fields[any].type == PROTOBUF_C_TYPE_BOOL)
        *(protobuf_c_boolean *)pb__at(msg, meta->desc->fields[any].offset) = 1;
}

/* ---- parameters ---------------------------------------------------------------------- */

static enum rc read_param(struct arena *arena, const struct pb_message_meta *meta, unsigned i,
                          struct bytes value, ProtobufCMessage *msg, struct err *err)
{
    const ProtobufCFieldDescriptor *f = &meta->desc->fields[i];
    const struct pb_field_meta *fm = &meta->fields[i];
    bool repeated = f->label == PROTOBUF_C_LABEL_REPEATED;
    bool date = (fm->flags & (PB_FIELD_DATE_BEFORE | PB_FIELD_DATE_AFTER)) != 0;
    struct pb__text t = {.arena = arena,
                         .name = fm->json_name,
                         .word = word_of(fm),
                         .fold_case = repeated,
                         .err = err};

    if ((date || fm->flags & PB_FIELD_COMMA_LIST) && !(fm->flags & PB_FIELD_KEEP_STAR) &&
        bytes_eq(value, B("*"))) {
        read_star(meta, i, msg);
        return RC_OK;
    }
    if (repeated)
        return read_list(&t, meta, i, value, msg);
    if (fm->message && fm->message->shape == PB_SHAPE_LIST)
        return read_list_message(&t, meta, i, value, msg);
    return set_text(&t, meta, (int)i, value, msg);
}

static enum rc refuse_unknown(const struct pb_message_meta *meta, struct bytes name,
                              const char *const *taken, struct err *err)
{
    struct bytes quoted = pb__quotable(name);
    struct buf out;

    buf_init(&out, ERR_MSG_MAX);
    pb__list_members(&out, meta, NOT_PARAMETERS, taken, name, true);
    (void)err_set(err, RC_INVALID, "bad_request", "Unknown parameter `%.*s`: %s", BYTES_ARG(quoted),
                  buf_cstr(&out));
    buf_done(&out);
    return RC_INVALID;
}

static enum rc check_required(const struct pb_message_meta *meta, const bool *seen,
                              const char *const *taken, struct err *err)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++) {
        const struct pb_field_meta *fm = &meta->fields[i];

        if (fm->flags & PB_FIELD_REQUIRED && !seen[i] &&
            !pb__is_listed(taken, meta->desc->fields[i].name))
            return err_set(err, RC_INVALID, fm->missing ? fm->missing : "bad_request",
                           "Missing parameter `%s`", fm->json_name);
    }
    return RC_OK;
}

enum rc pb_from_query(struct arena *arena, const struct pb_message_meta *meta,
                      const struct pb_param *params, size_t n_params, const char *const *taken,
                      ProtobufCMessage *msg, struct err *err)
{
    bool *seen = arena_zalloc(arena, meta->desc->n_fields + 1);
    enum rc rc;
    size_t k;

    if (!seen)
        return pb__out_of_room(arena, err);
    for (k = 0; k < meta->desc->n_fields; k++) {
        if (!meta->fields[k].default_value || pb__is_listed(taken, meta->desc->fields[k].name))
            continue;
        rc = apply_default(arena, meta, (int)k, msg, err);
        if (rc != RC_OK)
            return rc;
    }
    for (k = 0; k < n_params; k++) {
        int i = pb__find_json(meta, params[k].name);

        if (i < 0 || !pb__is_member(meta, (size_t)i, NOT_PARAMETERS, taken))
            return refuse_unknown(meta, params[k].name, taken, err);
        seen[i] = true;
        rc = read_param(arena, meta, (unsigned)i, params[k].value, msg, err);
        if (rc != RC_OK)
            return rc;
    }
    return check_required(meta, seen, taken, err);
}

/* SPDX-License-Identifier: MIT */
/*
 * fuzz_transcode.c -- JSON, wire bytes and query strings through the gateway's reading and writing.
 *
 * The first byte picks the type, the second the way in: 'j' JSON, 'w' wire, 'q'
 * a query string. JSON that was taken, written and taken again must say the
 * same; every refusal has a word and a sentence.
 */
#include "pb_types.h"

#include "base/assert.h"
#include "json/json.h"

struct run {
    const struct pb_message_meta *meta;
    struct json_parser *parser;
    struct arena *arena;
    struct err err;
};

#ifdef LODE_PLANTED_BUG
/* Deep enough: two settings, each in its range, the wrong way round. */
static void planted_bug(const struct run *run, const ProtobufCMessage *msg)
{
    const Lode__V1__Settings *s = (const Lode__V1__Settings *)msg;
    const Lode__V1__MinWordSizeForTypos *sizes;

    if (run->meta != &lode__v1__settings__meta || !s->typo_tolerance)
        return;
    sizes = s->typo_tolerance->min_word_size_for_typos;
    if (sizes && sizes->one_case && sizes->two_case && sizes->one_typo > sizes->two_typos)
        NEVER("planted bug");
}
#endif

static bool holds_raw_json(const struct pb_message_meta *meta)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++)
        if (meta->fields[i].flags & PB_FIELD_RAW_JSON ||
            (meta->fields[i].message && holds_raw_json(meta->fields[i].message)))
            return true;
    return false;
}

static void check_refusal(const struct run *run, enum rc rc)
{
    ASSERT(rc == RC_INVALID || rc == RC_TOO_LARGE);
    ASSERT(run->err.rc == rc && run->err.word && run->err.msg[0]);
}

/* NULL when it was refused. The message does not depend on the text once it is made. */
static ProtobufCMessage *read_json(struct run *run, struct bytes json)
{
    ProtobufCMessage *msg = pb_new(run->arena, run->meta->desc);
    struct json_value root;
    enum rc rc;

    if (!msg || json_parse(run->parser, json, NULL, &root, NULL) != RC_OK)
        return NULL;
    rc = pb_apply_defaults(run->arena, run->meta, msg, &run->err);
    if (rc == RC_OK)
        rc = pb_from_json(run->arena, run->meta, &root, NULL, msg, &run->err);
    if (rc == RC_OK)
        return msg;
    check_refusal(run, rc);
    return NULL;
}

static void write_json(struct run *run, const ProtobufCMessage *msg, struct buf *out)
{
    enum rc rc = pb_to_json(msg, run->meta, out, &run->err);

    ASSERT(rc == RC_OK);
}

/* What was written and is taken must be written the same again, and pack the same. */
static void check_fixed_point(struct run *run, const ProtobufCMessage *msg, bool may_be_refused)
{
    const ProtobufCMessage *second;
    const ProtobufCMessage *third;
    struct buf a;
    struct buf b;

    buf_init(&a, BUF_NO_LIMIT);
    buf_init(&b, BUF_NO_LIMIT);
    write_json(run, msg, &a);
    second = read_json(run, buf_view(&a));
    if (!second) {
        /* An absent member can be one that must be sent. */
        ASSERT(may_be_refused || run->err.rc == RC_TOO_LARGE ||
               strncmp(run->err.msg, "Missing field", 13) == 0);
    } else {
        write_json(run, second, &b);
        ASSERT(may_be_refused || bytes_eq(buf_view(&a), buf_view(&b)));
        buf_clear(&a);
        third = read_json(run, buf_view(&b));
        if (third) {
            write_json(run, third, &a);
            ASSERT(bytes_eq(buf_view(&a), buf_view(&b)));
            ASSERT(protobuf_c_message_get_packed_size(second) ==
                   protobuf_c_message_get_packed_size(third));
        }
    }
    buf_done(&b);
    buf_done(&a);
}

static void from_json(struct run *run, struct bytes input)
{
    const ProtobufCMessage *msg = read_json(run, input);

    if (!msg)
        return;
#ifdef LODE_PLANTED_BUG
    planted_bug(run, msg);
#endif
    check_fixed_point(run, msg, false);
}

static void from_wire(struct run *run, struct bytes input)
{
    ProtobufCMessage *msg = NULL;
    struct json_value root;
    struct buf json;

    if (pb_unpack(run->arena, run->meta->desc, input, &msg, &run->err) != RC_OK)
        return;
    if (holds_raw_json(run->meta))
        return; /* any bytes can come there, so the text around them may be no JSON */
    buf_init(&json, BUF_NO_LIMIT);
    write_json(run, msg, &json);
    ASSERT(json_parse(run->parser, buf_view(&json), NULL, &root, NULL) == RC_OK);
    buf_done(&json);
    check_fixed_point(run, msg, true);
}

static void from_query(struct run *run, struct bytes input)
{
    ProtobufCMessage *msg = pb_new(run->arena, run->meta->desc);
    struct pb_param params[32];
    struct buf json;
    size_t n = 0;
    enum rc rc;

    while (input.n > 0 && n < ARRAY_LEN(params)) {
        const uint8_t *end = memchr(input.p, '&', input.n);
        size_t whole = end ? (size_t)(end - input.p) : input.n;
        const uint8_t *equals = memchr(input.p, '=', whole);
        size_t name = equals ? (size_t)(equals - input.p) : whole;

        params[n].name = bytes_of(input.p, name);
        params[n++].value = equals ? bytes_of(equals + 1, whole - name - 1) : B("");
        input.p += whole + (end != NULL);
        input.n -= whole + (end != NULL);
    }
    if (!msg)
        return;
    rc = pb_from_query(run->arena, run->meta, params, n, NULL, msg, &run->err);
    if (rc != RC_OK) {
        check_refusal(run, rc);
        return;
    }
    buf_init(&json, BUF_NO_LIMIT);
    write_json(run, msg, &json);
    buf_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {0};
    struct bytes input;

    if (size < 2)
        return 0;
    input = bytes_of(data + 2, size - 2);
    run.meta = pb_type_of(data[0]);
    run.parser = json_parser_new();
    run.arena = arena_new(8 * pb_arena_limit(size));
    if (data[1] == 'j')
        from_json(&run, input);
    else if (data[1] == 'w')
        from_wire(&run, input);
    else if (data[1] == 'q')
        from_query(&run, input);
    arena_free(run.arena);
    json_parser_free(run.parser);
    return 0;
}

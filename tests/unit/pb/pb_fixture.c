/* SPDX-License-Identifier: MIT */
/* pb_fixture.c -- what the suites of the pb room share. */
#include "pb_fixture.h"

#include <stdio.h>

struct pb_fixture fx;

void pb_setup(void)
{
    memset(&fx, 0, sizeof(fx));
    fx.arena = arena_new(1024 * 1024);
    fx.parser = json_parser_new();
    buf_init(&fx.out, 1024 * 1024);
}

void pb_teardown(void)
{
    buf_done(&fx.out);
    json_parser_free(fx.parser);
    arena_free(fx.arena);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

enum rc pb_read(const struct pb_message_meta *meta, const char *json,
                const struct pb_json_opts *opts)
{
    struct json_value root;

    CU_ASSERT_EQUAL_FATAL(json_parse(fx.parser, bytes_str(json), NULL, &root, NULL), RC_OK);
    fx.msg = pb_new(fx.arena, meta->desc);
    CU_ASSERT_EQUAL_FATAL(pb_apply_defaults(fx.arena, meta, fx.msg, &fx.err), RC_OK);
    return pb_from_json(fx.arena, meta, &root, opts, fx.msg, &fx.err);
}

enum rc pb_read_field(const struct pb_message_meta *meta, const char *field, const char *json)
{
    struct json_value root;

    CU_ASSERT_EQUAL_FATAL(json_parse(fx.parser, bytes_str(json), NULL, &root, NULL), RC_OK);
    fx.msg = pb_new(fx.arena, meta->desc);
    return pb_field_from_json(fx.arena, meta, field, &root, NULL, fx.msg, &fx.err);
}

enum rc pb_read_query(const struct pb_message_meta *meta, const char *query,
                      const char *const *taken)
{
    struct pb_param params[16];
    size_t n = 0;

    while (*query && n < ARRAY_LEN(params)) {
        size_t whole = strcspn(query, "&");
        size_t name = strcspn(query, "=");

        params[n].name = bytes_of(query, name);
        params[n++].value = bytes_of(query + name + 1, whole - name - 1);
        query += whole + (query[whole] == '&');
    }
    fx.msg = pb_new(fx.arena, meta->desc);
    return pb_from_query(fx.arena, meta, params, n, taken, fx.msg, &fx.err);
}

const char *pb_json(const void *msg, const struct pb_message_meta *meta)
{
    buf_clear(&fx.out);
    if (pb_to_json(msg, meta, &fx.out, &fx.err) != RC_OK)
        return "";
    return buf_cstr(&fx.out);
}

void pb_assert_text(const char *got, const char *want, int line)
{
    if (got && strcmp(got, want) == 0) {
        CU_PASS("equal");
        return;
    }
    printf("\n  line %d\n    got:  %s\n    want: %s\n", line, got ? got : "(null)", want);
    CU_FAIL("texts differ");
}

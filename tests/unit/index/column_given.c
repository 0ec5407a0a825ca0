/* SPDX-License-Identifier: MIT */
/* column_given.c -- see column_given.h. */
#include "column_given.h"

#include "base/mem.h"

struct given given[PARTS_MAX];
size_t n_given;
struct plan *given_plan;
struct column_builder *given_builder;
static struct json_parser *parser;

void given_forget(void)
{
    size_t i;

    for (i = 0; i < n_given; i++) {
        xfree((void *)(uintptr_t)given[i].field.p);
        xfree((void *)(uintptr_t)given[i].part.p);
    }
    n_given = 0;
}

void given_setup(void)
{
    fixture_setup();
    given_plan = NULL;
    given_builder = NULL;
    parser = json_parser_new();
    OK(plan_new(B("{\"filterableAttributes\":[\"a\",\"n\"],\"sortableAttributes\":[\"_geo\"]}"),
                &given_plan, &fx.err));
    given_builder = column_builder__new(given_plan, NULL, 0);
}

void given_teardown(void)
{
    given_forget();
    column_builder__free(given_builder);
    plan_unref(given_plan);
    json_parser_free(parser);
    fixture_teardown();
}

struct bytes given_copy(struct bytes b)
{
    return bytes_of(xmemdup(b.p, b.n), b.n);
}

void given_keep(struct bytes field, uint32_t first, struct bytes part)
{
    CU_ASSERT_FATAL(n_given < PARTS_MAX);
    given[n_given++] = (struct given){given_copy(field), given_copy(part), first};
}

static enum rc take_part(void *arg, struct bytes field, uint32_t first_row, struct bytes part,
                         struct err *err)
{
    (void)arg;
    (void)err;
    given_keep(field, first_row, part);
    return RC_OK;
}

void given_flush(void)
{
    given_forget();
    OK(column_builder__flush(given_builder, take_part, NULL, &fx.err));
    CU_ASSERT(column_builder__bytes(given_builder) <= 100000);
}

void given_add(uint32_t row, struct bytes json)
{
    struct json_value root;
    struct json_error at;

    CU_ASSERT_EQUAL_FATAL(json_parse(parser, json, &index__json_limits, &root, &at), RC_OK);
    column_builder__add(given_builder, row, root);
}

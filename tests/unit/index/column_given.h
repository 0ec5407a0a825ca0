/* SPDX-License-Identifier: MIT */
/* column_given.h -- a builder of columns "a", "n" and "_geo", and the parts that it gave. */
#pragma once

#include "fixture.h"
#include "index/column_int.h"

enum { PARTS_MAX = 64 };

/* Parts as the builder gave them, in order. */
struct given {
    struct bytes field; /* owned, both */
    struct bytes part;
    uint32_t first;
};
extern struct given given[PARTS_MAX];
extern size_t n_given;
extern struct plan *given_plan;
extern struct column_builder *given_builder;

void given_setup(void); /* the fixture too */
void given_teardown(void);
/* A row's document to the builder. */
void given_add(uint32_t row, struct bytes json);
/* Replaces what was given by what the builder has by now. */
void given_flush(void);
void given_forget(void);
/* A copy of the part as the next one given. */
void given_keep(struct bytes field, uint32_t first, struct bytes part);
/* Owned by the caller. */
struct bytes given_copy(struct bytes b);

/* SPDX-License-Identifier: MIT */
/* plan_int.h -- what the files that make a plan share. */
#pragma once

#include "base/arena.h"
#include "index/plan.h"
#include "text/text.h"
#include "json/json.h"

#include <stdatomic.h>

/* A plan and what it is made of. plan comes first: the one is cast to the other. */
struct plan_own {
    struct plan plan;
    atomic_uint refs;
    struct arena *memory;  /* owned: all that the plan points to */
    struct text_opts cuts; /* what plan.text was made of, to compare */
};

/* A setting on the way to its place in the plan. */
struct plan_reading {
    struct plan_own *own;
    struct json_value root, defaults; /* settings; those that are absent or null */
    struct err *err;
};

void *plan__alloc(struct plan_own *own, size_t item, size_t n); /* zeroed; lives as the plan */
struct bytes plan__keep(struct plan_own *own, struct bytes b);
/* The setting itself, or the default's. */
struct json_value plan__member(const struct plan_reading *x, const char *name);
/* RC_CORRUPT, naming the setting. */
enum rc plan__bad(const struct plan_reading *x, const char *name);
/* Copies of the strings of a list. */
enum rc plan__strings(const struct plan_reading *x, struct json_value list, const char *name,
                      const struct bytes **ret, size_t *ret_n) MUST_CHECK;
/* The same of a setting. */
enum rc plan__named_strings(const struct plan_reading *x, const char *name,
                            const struct bytes **ret, size_t *ret_n) MUST_CHECK;
/* Whether the object has the member, and it is not null. */
bool plan__has_value(struct json_value object, const char *name, struct json_value *ret);
/* Fills all of own->plan. */
enum rc plan__read(struct plan_reading *x) MUST_CHECK;
/* plan_fields.c */
enum rc plan__read_fields(struct plan_reading *x) MUST_CHECK;
/* plan_synonyms.c; plan.text is made. */
enum rc plan__read_synonyms(struct plan_reading *x) MUST_CHECK;

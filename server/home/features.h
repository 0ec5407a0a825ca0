/* SPDX-License-Identifier: MIT */
/*
 * features.h -- experimental features: which are on, kept in the home.
 *
 * The names are those of the HTTP API. All are kept and told again, whatever
 * this version makes of them; it is the rooms above that ask for those they know.
 *
 *   FEATURES   a name a line, of those that are on; absent: none
 *
 * Ownership  features_open() .. features_close(), before the home is closed.
 * Threads    Any.
 * Errors     RC_CORRUPT for a file that is none of ours; RC_IO, RC_NO_SPACE.
 */
#pragma once

#include "home/home.h"

#include <stdint.h>

enum feature {
    FEATURE_METRICS,
    FEATURE_LOGS_ROUTE,
    FEATURE_EDIT_DOCUMENTS_BY_FUNCTION,
    FEATURE_CONTAINS_FILTER,
    FEATURE_DYNAMIC_SEARCH_RULES,
    FEATURE_NETWORK,
    FEATURE_GET_TASK_DOCUMENTS_ROUTE,
    FEATURE_TASK_QUEUE_COMPACTION_ROUTE,
    FEATURE_COMPOSITE_EMBEDDERS,
    FEATURE_CHAT_COMPLETIONS,
    FEATURE_MULTIMODAL,
    FEATURE_FOREIGN_KEYS,
    FEATURE_DISABLE_DOCUMENTS_FETCH_QUEUE,
    FEATURE_LEGACY_SEARCH,
    FEATURE_RENDER_ROUTE,
    FEATURE_COUNT
};

/* A set of features: feature_bit() of each, added up. */
typedef uint32_t feature_set;

static inline feature_set feature_bit(enum feature f)
{
    return (feature_set)1 << f;
}

/* "containsFilter". */
const char *feature_name(enum feature f);
/* False: no feature of this version. */
bool feature_by_name(const char *name, enum feature *ret_feature);

struct features;

enum rc features_open(struct home *home, struct features **ret_features,
                      struct err *err) MUST_CHECK;
void features_close(struct features *f); /* NULL is fine */
feature_set features_on(struct features *f);
/*
 * Those of `which` become as in `on`, durably; the others stay. *ret_on: all that are on
 * then. After a failure nothing has changed here; what a restart finds is unknown if RC_IO.
 */
enum rc features_change(struct features *f, feature_set which, feature_set on, feature_set *ret_on,
                        struct err *err) MUST_CHECK;
/* Import: what a home begins with. Nobody may have its features open. */
enum rc features_write(struct home *home, feature_set on, struct err *err) MUST_CHECK;

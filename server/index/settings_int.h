/* SPDX-License-Identifier: MIT */
/* settings_int.h -- the table of settings, shared by settings.c and settings_check.c. */
#pragma once

#include "index/index_int.h"

enum setting_kind {
    SETTING_LIST_OR_STAR, /* ordered names; "*" among them means all */
    SETTING_FILTERABLE,
    SETTING_SET, /* sorted, each once */
    SETTING_RULES,
    SETTING_SYNONYMS,
    SETTING_NAME,
    SETTING_PRECISION,
    SETTING_TYPO,
    SETTING_FACETING,
    SETTING_PAGINATION,
    SETTING_EMBEDDERS,
    SETTING_CUTOFF,
    SETTING_LOCALIZED,
    SETTING_BOOL,
    SETTING_PREFIX,
};

struct setting {
    const char *name;
    const char *word; /* of its errors */
    enum setting_kind kind;
    const char *initial; /* JSON */
};

enum { SETTINGS_COUNT = 20 };

/* In the order of the answer and of "expected one of". */
extern const struct setting settings__table[SETTINGS_COUNT];

enum { TYPO_SIZE_MAX = 255 };

/* The one sentence about typo sizes; `at` is put between "Invalid value" and it, or NULL. */
enum rc settings__typo_clash(uint64_t one, uint64_t two, const char *at, struct err *err);

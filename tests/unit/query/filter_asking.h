/* SPDX-License-Identifier: MIT */
/* filter_asking.h -- filters put to the corpus, answers as text. */
#pragma once

#include "corpus.h"

/* Documents that match, "0 2 5"; or what is wrong. filter is JSON; good until the next call. */
const char *asked_json(const char *json);
/* The same for a filter string. */
const char *asked(const char *filter);
/* CONTAINS may be used from now on, or not. */
void asking_contains(bool on);

/* SPDX-License-Identifier: MIT */
/* pb_types.h -- the message types that fuzz inputs choose from by their first byte. Append only. */
#pragma once

#include "pb/pb.h"

#include "grpc/reflection/v1/reflection.meta.h"
#include "lode/dump/v1/dump.meta.h"
#include "lode/v1/common.meta.h"
#include "lode/v1/documents.meta.h"
#include "lode/v1/dumps.meta.h"
#include "lode/v1/indexes.meta.h"
#include "lode/v1/keys.meta.h"
#include "lode/v1/search.meta.h"
#include "lode/v1/settings.meta.h"
#include "lode/v1/system.meta.h"
#include "lode/v1/tasks.meta.h"

static const struct pb_message_meta *const pb_types[] = {
    &lode__v1__task__meta,                                  /* @ */
    &lode__v1__settings__meta,                              /* A */
    &lode__v1__search_request__meta,                        /* B */
    &lode__v1__create_key_request__meta,                    /* C */
    &lode__v1__update_key_request__meta,                    /* D */
    &lode__v1__swap_indexes_request__meta,                  /* E */
    &lode__v1__list_tasks_response__meta,                   /* F */
    &lode__v1__stats_response__meta,                        /* G */
    &lode__dump__v1__record__meta,                          /* H */
    &lode__v1__select_tasks_request__meta,                  /* I */
    &lode__v1__list_documents_request__meta,                /* J */
    &lode__v1__fetch_documents_request__meta,               /* K */
    &lode__v1__update_index_request__meta,                  /* L */
    &lode__v1__batch__meta,                                 /* M */
    &lode__v1__update_setting_request__meta,                /* N */
    &grpc__reflection__v1__server_reflection_request__meta, /* O */
};

/* Any letter names a type, so that corpus files can be read and written by hand. */
static inline const struct pb_message_meta *pb_type_of(uint8_t byte)
{
    return pb_types[(byte & 0x1f) % ARRAY_LEN(pb_types)];
}

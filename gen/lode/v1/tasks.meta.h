/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/tasks.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/tasks.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta lode__v1__task__meta;
extern const struct pb_message_meta lode__v1__task_progress__meta;
extern const struct pb_message_meta lode__v1__task_details__meta;
extern const struct pb_message_meta lode__v1__document_addition_details__meta;
extern const struct pb_message_meta lode__v1__document_deletion_details__meta;
extern const struct pb_message_meta lode__v1__document_clear_details__meta;
extern const struct pb_message_meta lode__v1__settings_update_details__meta;
extern const struct pb_message_meta lode__v1__index_creation_details__meta;
extern const struct pb_message_meta lode__v1__index_update_details__meta;
extern const struct pb_message_meta lode__v1__index_deletion_details__meta;
extern const struct pb_message_meta lode__v1__index_swap_details__meta;
extern const struct pb_message_meta lode__v1__task_cancelation_details__meta;
extern const struct pb_message_meta lode__v1__task_deletion_details__meta;
extern const struct pb_message_meta lode__v1__dump_creation_details__meta;
extern const struct pb_message_meta lode__v1__get_task_request__meta;
extern const struct pb_message_meta lode__v1__list_tasks_request__meta;
extern const struct pb_message_meta lode__v1__list_tasks_response__meta;
extern const struct pb_message_meta lode__v1__select_tasks_request__meta;
extern const struct pb_message_meta lode__v1__batch__meta;
extern const struct pb_message_meta lode__v1__batch_progress__meta;
extern const struct pb_message_meta lode__v1__batch_step__meta;
extern const struct pb_message_meta lode__v1__batch_stats__meta;
extern const struct pb_message_meta lode__v1__batch_stats__status_entry__meta;
extern const struct pb_message_meta lode__v1__batch_stats__types_entry__meta;
extern const struct pb_message_meta lode__v1__batch_stats__index_uids_entry__meta;
extern const struct pb_message_meta lode__v1__get_batch_request__meta;
extern const struct pb_message_meta lode__v1__list_batches_response__meta;
extern const struct pb_file lode_v1_tasks_proto__file;

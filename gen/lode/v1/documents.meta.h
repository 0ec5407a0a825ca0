/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/documents.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/documents.pb-c.h"
#include "pb/meta.h"

extern const struct pb_message_meta lode__v1__get_document_request__meta;
extern const struct pb_message_meta lode__v1__get_document_response__meta;
extern const struct pb_message_meta lode__v1__list_documents_request__meta;
extern const struct pb_message_meta lode__v1__fetch_documents_request__meta;
extern const struct pb_message_meta lode__v1__string_list_or_star__meta;
extern const struct pb_message_meta lode__v1__document_ids__meta;
extern const struct pb_message_meta lode__v1__list_documents_response__meta;
extern const struct pb_message_meta lode__v1__add_documents_request__meta;
extern const struct pb_message_meta lode__v1__delete_document_request__meta;
extern const struct pb_message_meta lode__v1__delete_documents_request__meta;
extern const struct pb_message_meta lode__v1__delete_by_filter_request__meta;
extern const struct pb_message_meta lode__v1__delete_all_documents_request__meta;
extern const struct pb_file lode_v1_documents_proto__file;

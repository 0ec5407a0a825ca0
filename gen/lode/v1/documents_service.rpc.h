/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from lode/v1/documents_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "lode/v1/common.meta.h"
#include "lode/v1/documents.meta.h"
#include "rpc/method.h"

/* lode.v1.Documents: a slot a method; arg is the service's own. */
struct lode__v1__documents__handlers {
    void (*get)(struct rpc_call *call, const Lode__V1__GetDocumentRequest *request, void *arg);
    void (*list)(struct rpc_call *call, const Lode__V1__ListDocumentsRequest *request, void *arg);
    void (*fetch)(struct rpc_call *call, const Lode__V1__FetchDocumentsRequest *request, void *arg);
    void (*add)(struct rpc_call *call, const Lode__V1__AddDocumentsRequest *request, void *arg); /* messages in; request is NULL */
    void (*update)(struct rpc_call *call, const Lode__V1__AddDocumentsRequest *request, void *arg); /* messages in; request is NULL */
    void (*delete)(struct rpc_call *call, const Lode__V1__DeleteDocumentRequest *request, void *arg);
    void (*delete_batch)(struct rpc_call *call, const Lode__V1__DeleteDocumentsRequest *request, void *arg);
    void (*delete_by_filter)(struct rpc_call *call, const Lode__V1__DeleteByFilterRequest *request, void *arg);
    void (*delete_all)(struct rpc_call *call, const Lode__V1__DeleteAllDocumentsRequest *request, void *arg);
};

/* Places in the service's methods. */
enum {
    LODE__V1__DOCUMENTS__GET = 0,
    LODE__V1__DOCUMENTS__LIST = 1,
    LODE__V1__DOCUMENTS__FETCH = 2,
    LODE__V1__DOCUMENTS__ADD = 3,
    LODE__V1__DOCUMENTS__UPDATE = 4,
    LODE__V1__DOCUMENTS__DELETE = 5,
    LODE__V1__DOCUMENTS__DELETE_BATCH = 6,
    LODE__V1__DOCUMENTS__DELETE_BY_FILTER = 7,
    LODE__V1__DOCUMENTS__DELETE_ALL = 8,
};

extern const struct rpc_service lode__v1__documents__service;

extern const struct pb_file lode_v1_documents_service_proto__file;

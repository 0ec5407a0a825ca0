/* SPDX-License-Identifier: MIT */
/* api_int.h -- what the service files of this room share. */
#pragma once

#include "api/api.h"
#include "base/arena.h"
#include "base/buf.h"
#include "home/features.h"
#include "pb/pb.h"
#include "rpc/call.h"
#include "task/task.h"

#include <lode/v1/common.meta.h>
#include <lode/v1/documents.meta.h>
#include <lode/v1/indexes.meta.h>
#include <lode/v1/system.meta.h>
#include <lode/v1/tasks.meta.h>

struct api {
    struct api_opts opts;
    size_t n_searches; /* waiting and running */
};

enum {
    API_ANSWER_MAX = 256 << 20, /* bytes of one gathered answer; beyond, ask for fewer */
};

/* ---- deferred work ------------------------------------------------------------------- */

struct api_job;

/* Runs on a worker: sets job->answer, or returns an error. */
typedef enum rc api_work_fn(struct api_job *job, struct err *err);

struct api_job {
    struct api *api;
    struct rpc_call *call;
    struct arena *arena; /* the call's; the worker's while work runs */
    const ProtobufCMessage *request;
    ProtobufCMessage *answer; /* in the arena */
    api_work_fn *work;
    void (*leave)(struct api_job *job); /* on the loop, before the answer; may be NULL */
    int64_t begun_ns;                   /* clock_mono_ns() when it left the loop */
    int64_t run_ns;                     /* and when a worker began with it */
    enum rc rc;
    struct err err;
};

/* Runs work on the pool, then replies with its answer or fails the call. */
void api_defer(struct api *api, struct rpc_call *call, const ProtobufCMessage *request,
               api_work_fn *work);
/* The same, with something to do on the loop when the work has ended, however it ended. */
void api_defer_then(struct api *api, struct rpc_call *call, const ProtobufCMessage *request,
                    api_work_fn *work, void (*leave)(struct api_job *job));

/*
 * Submits a task and replies with its summary when it is durable. The strings
 * of *task must live in the call's arena. The queue takes the payload (or NULL).
 */
void api_submit(struct api *api, struct rpc_call *call, const task_record *task,
                struct payload *payload);

/* Any thread. */
bool api_has_feature(const struct api *api, enum feature f);

/* Fails the call with RC_INVALID and a formatted sentence. */
void api_refuse(struct rpc_call *call, const char *word, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* True, or the call has failed with invalid_index_uid; prefix ("" for none) stands before the text.
 */
bool api_uid_ok(struct rpc_call *call, const char *uid, const char *prefix);

/* ---- messages ------------------------------------------------------------------------- */

/* An initialised message in the arena, whose limit must allow it (see arena_unlimit). */
#define API_NEW(arena, Type, prefix) ((Type *)(void *)api_new_message(arena, &prefix##__descriptor))
ProtobufCMessage *api_new_message(struct arena *arena, const ProtobufCMessageDescriptor *desc);
void *api_alloc(struct arena *arena, size_t n);

Google__Protobuf__Timestamp *api_timestamp(struct arena *arena, int64_t wall_ns);
int64_t api_timestamp_ns(const Google__Protobuf__Timestamp *t);
Google__Protobuf__Duration *api_duration(struct arena *arena, int64_t ns);

Lode__V1__TaskSummary *api_task_summary(struct arena *arena, const task_record *task);
/* progress: NULL unless the task is processing. */
Lode__V1__Task *api_task(struct arena *arena, const task_record *task,
                         const struct task_progress *progress);
Lode__V1__TaskDetails *api_task_details(struct arena *arena, const task_record *task);
Lode__V1__TaskProgress *api_task_progress(struct arena *arena,
                                          const struct task_progress *progress);

/* JSON name of an enum's number; "" for one that is none. */
const char *api_enum_name(const struct pb_enum_meta *meta, int number);

/* ---- services -------------------------------------------------------------------------- */

void serve_documents_register(struct api *api, struct rpc_server *server);
void serve_dumps_register(struct api *api, struct rpc_server *server);
void serve_indexes_register(struct api *api, struct rpc_server *server);
void serve_search_register(struct api *api, struct rpc_server *server);
void serve_settings_register(struct api *api, struct rpc_server *server);
void serve_system_register(struct api *api, struct rpc_server *server);
void serve_tasks_register(struct api *api, struct rpc_server *server);

/* ---- parts of System and Indexes (serve_features.c, serve_fields.c) */

void features_get(struct rpc_call *call, const Lode__V1__GetExperimentalFeaturesRequest *request,
                  void *arg);
void features_update(struct rpc_call *call,
                     const Lode__V1__UpdateExperimentalFeaturesRequest *request, void *arg);
void fields_list(struct rpc_call *call, const Lode__V1__ListFieldsRequest *request, void *arg);

/* ---- parts of Tasks (serve_tasks.c, serve_task_watch.c, serve_batches.c) */

/* Digits only, or the call has failed with word: "Task uid `x` is invalid. ..." */
bool api_read_uid(struct rpc_call *call, const char *text, const char *noun, const char *word,
                  uint64_t *ret_uid);
/* Of text that api_read_uid() took. */
uint64_t api_known_uid(const char *digits);
bool api_index_uids_ok(struct rpc_call *call, char *const *uids, size_t n);
enum rc tasks_fetch(struct api *api, struct arena *arena, uint64_t uid, Lode__V1__Task **ret_task,
                    struct err *err);
/* The filter lives in the arena and borrows from the request. */
struct task_list_opts tasks_list_opts(struct arena *arena,
                                      const Lode__V1__ListTasksRequest *request);
void tasks_watch(struct rpc_call *call, const Lode__V1__GetTaskRequest *request, void *arg);
void batches_list(struct rpc_call *call, const Lode__V1__ListTasksRequest *request, void *arg);
void batches_get(struct rpc_call *call, const Lode__V1__GetBatchRequest *request, void *arg);

/* Documents.Get, .List and .Fetch, in serve_documents_read.c. */
void documents_get(struct rpc_call *call, const Lode__V1__GetDocumentRequest *request, void *arg);
void documents_list(struct rpc_call *call, const Lode__V1__ListDocumentsRequest *request,
                    void *arg);
void documents_fetch(struct rpc_call *call, const Lode__V1__FetchDocumentsRequest *request,
                     void *arg);
/* Documents.Add and .Update, in serve_upload.c. */
void upload_start(struct api *api, struct rpc_call *call, bool replace);

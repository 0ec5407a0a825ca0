/* SPDX-License-Identifier: MIT */
/*
 * status.h -- the one table of error words and their statuses.
 *
 * errors.def lists every public error word with its HTTP status and type; rc
 * gives the gRPC code. No other room knows a status number.
 *
 * Threads    Pure functions.
 */
#pragma once

#include "rpc/call.h"

/* Every error links here, with its word behind. */
#define RPC_ERROR_LINK "https://docs.meilisearch.com/errors#"

/* Fills *status from *err (rc RC_OK allowed). link is put into the arena. */
void rpc_status_from_err(struct arena *arena, const struct err *err, struct rpc_status *status);
int rpc_grpc_status(enum rc rc);
const char *rpc_grpc_status_name(int grpc_status); /* "NOT_FOUND" */
/* HTTP status and type of a word; 500 and "internal" for an unknown one. */
int rpc_word_http_status(const char *word);
const char *rpc_word_type(const char *word);
/* {"message":...,"code":...,"type":...,"link":...} */
void rpc_status_to_json(const struct rpc_status *status, struct buf *out);

/* SPDX-License-Identifier: MIT */
/*
 * api.h -- the services: message in, domain call, message out.
 *
 * One file a service. Handlers check what a message says, hand blocking work
 * to rpc_call_defer(), and turn what comes back into the answer; they know
 * neither door.
 *
 * Ownership  api_new() .. api_free() after the last call has ended. The parts
 *            in api_opts are borrowed.
 * Threads    Loop thread.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct api;
struct backup;
struct catalog;
struct features;
struct pool;
struct rpc_server;
struct task_queue;

struct api_opts {
    struct catalog *catalog;
    struct task_queue *tasks;
    struct backup *backup;
    struct features *features;
    struct pool *pool;      /* uploads are parsed on it, in strands */
    const char *db_path;    /* for its size */
    uint64_t payload_limit; /* bytes of one upload */
    size_t max_searches;    /* waiting and running at once; beyond, they are turned away */
};

struct api *api_new(const struct api_opts *opts);
void api_free(struct api *api);
/* Registers every service of lode.v1 that this version serves. */
void api_register(struct api *api, struct rpc_server *server);

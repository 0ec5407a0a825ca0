/* SPDX-License-Identifier: MIT */
/*
 * config.h -- what one server was told: flags, environment, defaults.
 *
 * One table in config.c gives every option its flag, variables, type, limits,
 * default and sentence; parsing, --help and errors all walk it.
 *
 * Ownership  Strings point into argv, the environment or static text.
 * Errors     RC_INVALID with a sentence for the person at the terminal.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct config {
    const char *db_path;
    const char *dumps_dir;
    const char *import_dump; /* "" for none */
    bool ignore_missing_dump;
    bool ignore_dump_if_db_exists;
    const char *dump_barrier; /* "full" or "read" */
    const char *http_addr;
    const char *env;        /* "development" or "production" */
    const char *master_key; /* "" for none */
    const char *log_level;
    uint64_t payload_limit; /* bytes */
    uint64_t threads;       /* workers; 0: one a core */
    uint64_t max_connections;
    uint64_t search_queue_size;
    uint64_t max_queued_tasks;
    uint64_t free_space_floor; /* bytes */
    uint64_t drain_ms;
    bool reflection;
    const char *fault; /* "" for none */
};

enum config_action { CONFIG_RUN, CONFIG_HELP, CONFIG_VERSION, CONFIG_LIST_FAULTS };

/* Flags win over LODE_* variables, these over MEILI_* ones, these over defaults. */
enum rc config_read(int argc, char **argv, char **environment, struct config *ret_config,
                    enum config_action *ret_action, struct err *err) MUST_CHECK;

/* The text of --help. */
void config_help(struct buf *out);

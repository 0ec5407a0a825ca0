/* SPDX-License-Identifier: MIT */
/*
 * main.c -- assembly: builds the parts, joins them, runs the loop, takes them
 * down in reverse.
 *
 * There is no `struct server`: main() keeps the parts in one local struct and
 * hands each room the two or three it needs. Nothing listens before an import
 * has finished.
 */
#include "config.h"

#include "api/api.h"
#include "backup/backup.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/thread.h"
#include "grpc/grpc.h"
#include "home/features.h"
#include "home/home.h"
#include "http/http.h"
#include "index/index.h"
#include "net/net.h"
#include "rpc/server.h"
#include "store/store.h"
#include "task/barrier.h"
#include "task/task.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

struct parts {
    struct config config;
    struct home *home;
    struct features *features;
    struct store *store;
    struct pool *pool;   /* answers: reads of the database, parsing of uploads */
    struct pool *helper; /* the writer's: encoding blocks in parallel */
    struct catalog *catalog;
    struct barrier *barrier;
    struct task_queue *tasks;
    struct backup *backup;
    struct net_loop *loop;
    struct rpc_server *rpc;
    struct api *api;
    struct grpc_server *grpc;
    struct http_gateway *http;
    struct net_listener *listener;
    struct net_timer *drain_timer;
    bool draining;
};

/* ---- the executor: how a call's work leaves the loop and comes back ------------------- */

static void run_on_pool(void *arg, void (*fn)(void *), void *job)
{
    struct parts *p = arg;

    pool_submit(p->pool, fn, job);
}

static void post_to_loop(void *arg, void (*fn)(void *), void *job)
{
    struct parts *p = arg;

    net_post(p->loop, fn, job);
}

static void *start_timer(void *arg, int64_t mono_ns, void (*fn)(void *), void *job)
{
    struct parts *p = arg;

    return net_timer_start(p->loop, mono_ns, fn, job);
}

static void cancel_timer(void *arg, void *timer)
{
    struct parts *p = arg;

    net_timer_cancel(p->loop, timer);
}

/* ---- import ------------------------------------------------------------------------------ */

struct import_screen {
    bool terminal;
    int64_t started_ns;
    int64_t shown_ns;
};

/* Reading the dump and indexing what was read count half and half. */
static double import_share(const struct import_progress *p)
{
    double read = p->total_bytes ? (double)p->bytes / (double)p->total_bytes : 1;
    double indexed = p->total_documents ? (double)p->indexed / (double)p->total_documents : 1;

    return p->ended ? 1 : (read + indexed) / 2;
}

static void show_import(void *arg, const struct import_progress *p)
{
    struct import_screen *screen = arg;
    int64_t now = clock_mono_ns();
    double seconds = (double)(now - screen->started_ns) / (double)NS_PER_S, share = import_share(p);
    double rate = seconds > 0 ? (double)p->bytes / seconds : 0;
    double left = share > 0 ? seconds * (1 - share) / share : 0;
    int64_t interval = screen->terminal ? NS_PER_S / 10 : 2 * NS_PER_S;

    if (!p->ended && now - screen->shown_ns < interval)
        return;
    screen->shown_ns = now;
    if (screen->terminal)
        (void)fprintf(stderr,
                      "\rimporting %3.0f %%  %llu / %llu documents, %llu indexed  %.0f MB/s  "
                      "%.0f s left \033[K%s",
                      100 * share, (unsigned long long)p->documents,
                      (unsigned long long)p->total_documents, (unsigned long long)p->indexed,
                      rate / 1e6, left, p->ended ? "\n" : "");
    else
        log_event(LOG_INFO, "main", "importing",
                  "documents=%llu total_documents=%llu indexed=%llu bytes=%llu total_bytes=%llu "
                  "rate_mb_s=%.0f left_s=%.0f",
                  (unsigned long long)p->documents, (unsigned long long)p->total_documents,
                  (unsigned long long)p->indexed, (unsigned long long)p->bytes,
                  (unsigned long long)p->total_bytes, rate / 1e6, left);
}

static enum rc import_dump(const struct config *config, struct err *err)
{
    struct import_screen screen = {isatty(STDERR_FILENO) == 1, clock_mono_ns(), 0};
    struct import_opts opts = {
        .dump_path = config->import_dump,
        .db_path = config->db_path,
        .ignore_missing_dump = config->ignore_missing_dump,
        .ignore_dump_if_db_exists = config->ignore_dump_if_db_exists,
        .progress = show_import,
        .progress_arg = &screen,
    };
    enum import_result result = IMPORT_DONE;
    const char *what = "";
    char path[512];
    enum rc rc;

    rc = import_run(&opts, &result, err);
    if (rc != RC_OK)
        return rc;
    switch (result) {
    case IMPORT_DONE:
        what = "dump imported";
        break;
    case IMPORT_SKIPPED_MISSING:
        what = "dump not found, going on without (--ignore-missing-dump)";
        break;
    case IMPORT_SKIPPED_DB_EXISTS:
        what = "database exists, dump not imported (--ignore-dump-if-db-exists)";
        break;
    case IMPORT_ALREADY_DONE:
        what = "this dump was imported before, nothing to do";
        break;
    }
    log_event(LOG_INFO, "main", what, "dump=%s ms=%lld",
              log_quote(path, sizeof path, config->import_dump),
              (long long)((clock_mono_ns() - screen.started_ns) / NS_PER_MS));
    return RC_OK;
}

/* ---- building ---------------------------------------------------------------------------- */

static enum rc open_data(struct parts *p, struct err *err)
{
    const struct config *config = &p->config;
    struct store_opts store_opts = {.free_floor = config->free_space_floor};
    struct task_queue_opts task_opts;
    struct backup_opts backup_opts;
    unsigned threads = config->threads ? (unsigned)config->threads : thread_cpu_count();
    enum rc rc;

    rc = home_open(config->db_path, &p->home, err);
    if (rc == RC_OK)
        rc = features_open(p->home, &p->features, err);
    if (rc != RC_OK)
        return rc;
    rc = store_open(home_store_path(p->home), &store_opts, &p->store, err);
    if (rc != RC_OK)
        return rc;
    p->pool = pool_new("worker", threads);
    p->helper = pool_new("encoder", threads);
    rc = catalog_open(p->store, p->helper, &p->catalog, err);
    if (rc != RC_OK)
        return rc;
    p->barrier = barrier_new();
    task_opts = (struct task_queue_opts){
        .store = p->store,
        .catalog = p->catalog,
        .barrier = p->barrier,
        .dir = home_dir(p->home),
        .pool = p->helper,
        .max_queued = (size_t)config->max_queued_tasks,
        .free_floor = config->free_space_floor,
    };
    rc = task_queue_open(&task_opts, &p->tasks, err);
    if (rc != RC_OK)
        return rc;
    backup_opts = (struct backup_opts){
        .catalog = p->catalog,
        .tasks = p->tasks,
        .barrier = p->barrier,
        .features = p->features,
        .dumps_dir = config->dumps_dir,
        .instance_uid = home_instance_uid(p->home),
        .lower_after_read = strcmp(config->dump_barrier, "read") == 0,
    };
    return backup_open(&backup_opts, &p->backup, err);
}

static enum rc open_doors(struct parts *p, struct err *err)
{
    const struct config *config = &p->config;
    struct rpc_server_opts rpc_opts = {
        .executor = {run_on_pool, post_to_loop, start_timer, cancel_timer, p},
    };
    struct api_opts api_opts = {
        .catalog = p->catalog,
        .tasks = p->tasks,
        .backup = p->backup,
        .features = p->features,
        .pool = p->pool,
        .db_path = config->db_path,
        .payload_limit = config->payload_limit,
        .max_searches = (size_t)config->search_queue_size,
    };
    struct grpc_server_opts grpc_opts = {
        .no_reflection = !config->reflection,
        .drain_grace_ms = (unsigned)config->drain_ms,
    };
    struct http_opts http_opts = {.payload_limit = config->payload_limit};
    struct net_protocol protocols[2];
    struct net_listener_opts listen_opts = {
        .addr = config->http_addr,
        .protocols = protocols,
        .n_protocols = ARRAY_LEN(protocols),
        .max_conns = (unsigned)config->max_connections,
        .max_conns_per_peer = (unsigned)config->max_connections,
    };

    p->rpc = rpc_server_new(&rpc_opts);
    p->api = api_new(&api_opts);
    api_register(p->api, p->rpc);
    p->grpc = grpc_server_new(p->rpc, &grpc_opts);
    p->http = http_gateway_new(p->rpc, &http_opts);
    protocols[0] = *grpc_server_protocol(p->grpc);
    protocols[1] = http_gateway_protocol(p->http);
    return net_listen(p->loop, &listen_opts, &p->listener, err);
}

/* ---- ending -------------------------------------------------------------------------- */

static void drain_over(void *arg)
{
    struct parts *p = arg;

    p->drain_timer = NULL;
    rpc_server_cancel_all(p->rpc);
    net_stop(p->loop);
}

/* Looks every 20 ms whether the last connection has gone; drain_over() bounds it. */
static void drain_check(void *arg)
{
    struct parts *p = arg;

    if (!p->drain_timer)
        return;
    if (net_listener_n_conns(p->listener) == 0) {
        net_timer_cancel(p->loop, p->drain_timer);
        p->drain_timer = NULL;
        net_stop(p->loop);
        return;
    }
    (void)net_timer_start(p->loop, clock_mono_ns() + 20 * NS_PER_MS, drain_check, p);
}

static void on_terminate(void *arg, int signo)
{
    struct parts *p = arg;

    if (p->draining) { /* asked twice: at once */
        net_stop(p->loop);
        return;
    }
    p->draining = true;
    log_event(LOG_INFO, "main", "draining", "signal=%d connections=%zu", signo,
              net_listener_n_conns(p->listener));
    p->drain_timer = net_timer_start(
        p->loop, clock_mono_ns() + (int64_t)p->config.drain_ms * NS_PER_MS, drain_over, p);
    net_listener_drain(p->listener);
    drain_check(p);
}

static void on_describe(void *arg, int signo)
{
    struct parts *p = arg;
    struct buf text;

    (void)signo;
    buf_init(&text, 1 << 20);
    rpc_server_describe_calls(p->rpc, &text);
    (void)fputs(buf_cstr(&text), stderr);
    buf_done(&text);
}

/* Ends every injected fault, and with it every pause: how a test goes on. */
static void on_release(void *arg, int signo)
{
    (void)arg;
    (void)signo;
    fault_clear();
}

/*
 * Calls hold references into everything below them, so the doors close first
 * (which cancels every call), and what workers, queue and dump thread still
 * post is run before the next part goes.
 */
static void close_parts(struct parts *p)
{
    net_listener_close(p->listener);
    net_run_pending(p->loop);
    pool_stop(p->pool); /* stays: what was on its way back may end uploads on it */
    net_run_pending(p->loop);
    backup_close(p->backup);
    task_queue_close(p->tasks);
    net_run_pending(p->loop);
    net_loop_free(p->loop);
    http_gateway_free(p->http);
    grpc_server_free(p->grpc);
    api_free(p->api);
    rpc_server_free(p->rpc);
    catalog_close(p->catalog);
    pool_free(p->pool);
    pool_free(p->helper);
    barrier_free(p->barrier);
    store_close(p->store);
    features_close(p->features);
    home_close(p->home);
}

static void print_fault(const char *name, void *arg)
{
    (void)arg;
    (void)puts(name);
}

static int answer_question(enum config_action action)
{
    struct buf text;

    switch (action) {
    case CONFIG_RUN:
        break;
    case CONFIG_HELP:
        buf_init(&text, 1 << 20);
        config_help(&text);
        (void)fwrite(text.p, 1, text.n, stdout);
        buf_done(&text);
        break;
    case CONFIG_VERSION:
        (void)puts("lode-server " LODE_VERSION);
        break;
    case CONFIG_LIST_FAULTS:
        fault_list(print_fault, NULL);
        break;
    }
    return 0;
}

static enum rc serve(struct parts *p, struct err *err)
{
    char addr[128], path[512];
    enum rc rc;

    rc = import_sweep(p->config.db_path, err);
    if (rc != RC_OK)
        return rc;
    if (p->config.import_dump[0]) {
        rc = import_dump(&p->config, err);
        if (rc != RC_OK)
            return rc;
    }
    rc = open_data(p, err);
    if (rc != RC_OK)
        return rc;
    p->loop = net_loop_new();
    rc = open_doors(p, err);
    if (rc != RC_OK)
        return rc;
    net_on_signal(p->loop, SIGTERM, on_terminate, p);
    net_on_signal(p->loop, SIGINT, on_terminate, p);
    net_on_signal(p->loop, SIGUSR1, on_describe, p);
    if (p->config.fault[0])
        net_on_signal(p->loop, SIGUSR2, on_release, p);
    task_queue_start(p->tasks);
    if (p->config.master_key[0])
        log_event(LOG_WARN, "main", "the master key is kept, but this version checks no keys",
                  "hint=\"let only trusted hosts reach the port\"");
    log_event(LOG_INFO, "main", "listening", "addr=%s db=%s version=" LODE_VERSION,
              log_quote(addr, sizeof addr, net_listener_addr(p->listener)),
              log_quote(path, sizeof path, p->config.db_path));
    net_run(p->loop);
    log_event(LOG_INFO, "main", "stopped", "calls=%zu", rpc_server_live_calls(p->rpc));
    return RC_OK;
}

int main(int argc, char **argv)
{
    extern char **environ;
    struct parts parts;
    struct err err = {0};
    enum config_action action = CONFIG_RUN;
    enum rc rc;

    mem_setup();
    memset(&parts, 0, sizeof parts);
    rc = config_read(argc, argv, environ, &parts.config, &action, &err);
    if (rc == RC_OK && action == CONFIG_RUN)
        rc = log_configure(parts.config.log_level, &err);
    if (rc == RC_OK && action == CONFIG_RUN && parts.config.fault[0])
        rc = fault_set(parts.config.fault, &err);
    if (rc != RC_OK) {
        (void)fprintf(stderr, "lode-server: %s\n", err.msg);
        return EXIT_USAGE;
    }
    if (action != CONFIG_RUN)
        return answer_question(action);
    rc = serve(&parts, &err);
    if (rc != RC_OK)
        (void)fprintf(stderr, "lode-server: %s\n", err.msg);
    close_parts(&parts);
    return rc == RC_OK ? 0 : EXIT_FAILED;
}

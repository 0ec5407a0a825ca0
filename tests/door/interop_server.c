/* SPDX-License-Identifier: MIT */
/*
 * interop_server.c -- serves grpc.testing.TestService on 127.0.0.1, any port.
 *
 *     interop_server [option=value ...]
 *
 * Prints "listening <port>". SIGTERM drains and ends; the exit status is 0 only
 * if no call and no arena is left. Options are fields of struct grpc_server_opts.
 */
#include "interop_service.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "grpc/grpc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct app {
    struct net_loop *loop;
    struct net_listener *listener;
    struct pool *pool;
    struct rpc_server *rpc;
    struct grpc_server *grpc;
    int64_t give_up_ns;
};

static void ex_run(void *arg, void (*fn)(void *), void *job)
{
    struct app *app = arg;

    pool_submit(app->pool, fn, job);
}

static void ex_post(void *arg, void (*fn)(void *), void *job)
{
    struct app *app = arg;

    net_post(app->loop, fn, job);
}

static void *ex_timer(void *arg, int64_t mono_ns, void (*fn)(void *), void *job)
{
    struct app *app = arg;

    return net_timer_start(app->loop, mono_ns, fn, job);
}

static void ex_cancel_timer(void *arg, void *timer)
{
    struct app *app = arg;

    net_timer_cancel(app->loop, timer);
}

static void look_for_end(void *arg)
{
    struct app *app = arg;
    int64_t now = clock_mono_ns();

    if (net_listener_n_conns(app->listener) == 0 || now > app->give_up_ns) {
        net_stop(app->loop);
        return;
    }
    (void)net_timer_start(app->loop, now + 10 * NS_PER_MS, look_for_end, app);
}

static void on_term(void *arg, int signo)
{
    struct app *app = arg;

    (void)signo;
    app->give_up_ns = clock_mono_ns() + 20 * NS_PER_S;
    net_listener_drain(app->listener);
    look_for_end(app);
}

struct setting {
    const char *name;
    unsigned *value;
};

static int set_option(struct grpc_server_opts *opts, const char *text)
{
    unsigned header_bytes = 0, compress_min = 0, conn_input = 0;
    const struct setting settings[] = {
        {"max_streams", &opts->max_streams},
        {"stream_window", &opts->stream_window},
        {"conn_window", &opts->conn_window},
        {"max_header_bytes", &header_bytes},
        {"max_conn_input", &conn_input},
        {"resets_burst", &opts->resets.burst},
        {"own_resets_burst", &opts->own_resets.burst},
        {"empty_burst", &opts->empty.burst},
        {"ping_min_ms", &opts->ping_min_ms},
        {"keepalive_ms", &opts->keepalive_ms},
        {"keepalive_timeout_ms", &opts->keepalive_timeout_ms},
        {"idle_ms", &opts->idle_ms},
        {"max_age_ms", &opts->max_age_ms},
        {"header_ms", &opts->header_ms},
        {"stall_ms", &opts->stall_ms},
        {"slow_body_ms", &opts->slow_body_ms},
        {"drain_ack_ms", &opts->drain_ack_ms},
        {"drain_grace_ms", &opts->drain_grace_ms},
        {"tick_ms", &opts->tick_ms},
        {"compress_min", &compress_min},
    };
    const char *equals = strchr(text, '=');
    size_t i;

    for (i = 0; equals && i < sizeof settings / sizeof settings[0]; i++) {
        if (strlen(settings[i].name) != (size_t)(equals - text) ||
            strncmp(settings[i].name, text, (size_t)(equals - text)) != 0)
            continue;
        *settings[i].value = (unsigned)strtoul(equals + 1, NULL, 10);
        if (header_bytes)
            opts->max_header_bytes = header_bytes;
        if (compress_min)
            opts->compress_min = compress_min;
        if (conn_input)
            opts->max_conn_input = conn_input;
        return 0;
    }
    (void)fprintf(stderr, "no such option: %s\n", text);
    return -1;
}

static void take_down(struct app *app)
{
    rpc_server_cancel_all(app->rpc);
    net_listener_close(app->listener);
    pool_stop(app->pool);     /* waits for work; what it posts is run by the loop's end ... */
    net_loop_free(app->loop); /* ... and may be more work, which runs at once */
    grpc_server_free(app->grpc);
    pool_free(app->pool);
}

int main(int argc, char **argv)
{
    struct app app = {0};
    struct rpc_server_opts rpc_opts = {.executor = {.run = ex_run,
                                                    .post = ex_post,
                                                    .timer = ex_timer,
                                                    .cancel_timer = ex_cancel_timer,
                                                    .arg = &app}};
    struct grpc_server_opts grpc_opts = {.compress_min = 1};
    struct net_listener_opts listen_opts = {.addr = "127.0.0.1:0", .n_protocols = 1};
    struct err err;
    size_t calls;
    int i;

    for (i = 1; i < argc; i++)
        if (set_option(&grpc_opts, argv[i]) != 0)
            return 2;
    if (log_configure("off", &err) != RC_OK)
        return 2;
    app.loop = net_loop_new();
    app.pool = pool_new("work", 2);
    app.rpc = rpc_server_new(&rpc_opts);
    interop_service_add(app.rpc, app.loop);
    app.grpc = grpc_server_new(app.rpc, &grpc_opts);
    listen_opts.protocols = grpc_server_protocol(app.grpc);
    if (net_listen(app.loop, &listen_opts, &app.listener, &err) != RC_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    printf("listening %s\n", strrchr(net_listener_addr(app.listener), ':') + 1);
    (void)fflush(stdout);
    net_on_signal(app.loop, SIGTERM, on_term, &app);
    net_run(app.loop);
    take_down(&app);
    calls = rpc_server_live_calls(app.rpc);
    if (calls == 0)
        rpc_server_free(app.rpc);
    printf("ended calls=%zu arenas=%zu\n", calls, arena_live_count());
    return calls == 0 && arena_live_count() == 0 ? 0 : 1;
}

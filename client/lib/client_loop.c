/* SPDX-License-Identifier: MIT */
/*
 * client_loop.c -- the one thread of a client, and the client's birth and end.
 *
 * A pass: timers, the channel's next step, callbacks, bytes out, poll, bytes
 * in. The lock is held all the time but while it polls and while a callback
 * runs, so whatever a pass looks at after a callback it looks at afresh.
 *
 * A client is one of Lode's two refcounted things: a stream may be closed
 * after its client, by another thread that was waiting on it.
 */
#include "client_int.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool client__on_loop(const struct lode_client *client)
{
    return client->running && pthread_equal(pthread_self(), client->thread.t);
}

void client__wake(struct lode_client *client)
{
    uint64_t one = 1;

    if (client->woken || client->wake_fd < 0 || client__on_loop(client))
        return;
    client->woken = true;
    (void)!write(client->wake_fd, &one, sizeof(one)); /* a full counter wakes as well */
}

static void sweep(struct lode_client *client)
{
    struct client_conn **at = &client->conns;

    while (*at) {
        struct client_conn *conn = *at;

        if (conn->state != CONN_CLOSED) {
            at = &conn->next;
            continue;
        }
        *at = conn->next;
        client__conn_free(conn);
    }
}

struct poll_set {
    struct pollfd *fds;         /* owned; [0] is the wake-up */
    struct client_conn **conns; /* owned; parallel */
    size_t n, cap;
};

static void poll_set_add(struct poll_set *set, int fd, short events, struct client_conn *conn)
{
    if (set->n == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 4;
        set->fds = xrealloc(set->fds, set->cap * sizeof(*set->fds));
        set->conns = xrealloc(set->conns, set->cap * sizeof(struct client_conn *));
    }
    set->fds[set->n] = (struct pollfd){.fd = fd, .events = events};
    set->conns[set->n++] = conn;
}

static int poll_timeout(struct lode_client *client)
{
    int64_t next = client__timers_next(&client->timers);
    int64_t left;

    if (client->ready)
        return 0;
    if (next == INT64_MAX)
        return -1;
    left = next - clock_mono_ns();
    if (left <= 0)
        return 0;
    left = left / NS_PER_MS + 1; /* rounded up: a pass too early would find nothing to do */
    return left < 3600000 ? (int)left : 3600000;
}

static void wait_for_bytes(struct lode_client *client, struct poll_set *set)
{
    struct client_conn *conn;
    uint64_t count;
    int timeout;
    int n;

    set->n = 0;
    poll_set_add(set, client->wake_fd, POLLIN, NULL);
    for (conn = client->conns; conn; conn = conn->next)
        if (conn->fd >= 0)
            poll_set_add(set, conn->fd, client__conn_events(conn), conn);
    timeout = poll_timeout(client);
    mutex_unlock(&client->lock);
    n = poll(set->fds, (nfds_t)set->n, timeout);
    mutex_lock(&client->lock);
    client->woken = false;
    if (n > 0 && set->fds[0].revents)
        (void)!read(client->wake_fd, &count, sizeof(count));
}

static void pass(struct lode_client *client, struct poll_set *set)
{
    struct client_conn *conn;
    enum client_state state;
    size_t i;

    client__timers_fire(&client->timers, clock_mono_ns());
    client__channel_step(client);
    state = client->state;
    for (conn = client->conns; conn; conn = conn->next)
        client__conn_flush(conn);
    client__callbacks_run(client);
    sweep(client);
    for (conn = client->conns; conn; conn = conn->next)
        if (conn->flush && client__conn_events(conn) == POLLIN)
            return; /* a callback asked for something: send it before waiting */
    if (client->shutdown || client->state != state || !client__channel_settled(client))
        return; /* the channel has another step to make first */
    wait_for_bytes(client, set);
    for (i = 1; i < set->n; i++)
        if (set->fds[i].revents)
            client__conn_ready(set->conns[i], set->fds[i].revents);
}

static void loop_main(void *arg)
{
    struct lode_client *client = arg;
    struct poll_set set = {0};

    mutex_lock(&client->lock); /* not before start_thread() has stored the thread */
    client__channel_connect(client);
    while (!client->shutdown)
        pass(client, &set);
    client__channel_shutdown(client);
    client__callbacks_run(client);
    sweep(client);
    mutex_unlock(&client->lock);
    xfree(set.fds);
    xfree(set.conns);
}

static void start_thread(struct lode_client *client)
{
    mutex_lock(&client->lock);
    thread_start(&client->thread, "lode-client", loop_main, client);
    client->running = true;
    mutex_unlock(&client->lock);
}

void client__unref(struct lode_client *client)
{
    if (client->n_refs > 0) {
        mutex_unlock(&client->lock);
        return;
    }
    ASSERT(!client->calls && !client->conns);
    mutex_unlock(&client->lock);
    mutex_done(&client->lock);
    if (client->wake_fd >= 0)
        close(client->wake_fd);
    client__timers_done(&client->timers);
    client__target_done(&client->target);
    xfree(client->api_key);
    xfree(client->user_agent);
    xfree(client);
}

static char *joined(const char *a, const char *b)
{
    struct buf text;
    char *all;

    buf_init(&text, CLIENT_METADATA_MAX);
    buf_str(&text, a);
    buf_str(&text, b);
    all = xstrdup(buf_cstr(&text));
    buf_done(&text);
    return all;
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static enum lode_status take_opts(struct lode_client *client, const struct lode_client_opts *opts,
                                  struct lode_error *error)
{
    static const char own[] = "grpc-c-lode/" LODE_VERSION;
    bool named = opts->user_agent && *opts->user_agent;

    if (opts->api_key && (!printable(opts->api_key) || strlen(opts->api_key) > 1024))
        return client__error(error, LODE_INVALID_ARGUMENT,
                             "the API key is no printable ASCII text of at most 1024 bytes");
    if (named && (!printable(opts->user_agent) || strlen(opts->user_agent) > 1024))
        return client__error(error, LODE_INVALID_ARGUMENT,
                             "the user agent is no printable ASCII text of at most 1024 bytes");
    client->api_key = opts->api_key && *opts->api_key ? joined("Bearer ", opts->api_key) : NULL;
    client->user_agent =
        named ? joined(opts->user_agent, " grpc-c-lode/" LODE_VERSION) : xstrdup(own);
    client->connect_ms = opts->connect_ms ? opts->connect_ms : 20000;
    client->max_message = opts->max_message ? opts->max_message : CLIENT_MAX_MESSAGE;
    client->keepalive_ms = opts->keepalive_ms;
    if (client->keepalive_ms && client->keepalive_ms < client->tuning.keepalive_min_ms)
        client->keepalive_ms = client->tuning.keepalive_min_ms;
    return LODE_OK;
}

enum lode_status client__open(const char *target, const struct lode_client_opts *opts,
                              const struct client_tuning *tuning, bool with_thread,
                              struct lode_client **ret_client, struct lode_error *error)
{
    static const struct lode_client_opts no_opts;
    struct lode_client *client = xcalloc(1, sizeof(*client));
    enum lode_status status = LODE_INVALID_ARGUMENT;
    uint64_t seed;

    client__error_clear(error);
    client->tuning = *tuning;
    client->backoff_ms = tuning->backoff_first_ms;
    client->wake_fd = -1;
    mutex_init(&client->lock);
    if (client__target_parse(target ? target : "", &client->target, error))
        status = take_opts(client, opts ? opts : &no_opts, error);
    if (status == LODE_OK && with_thread) {
        client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (client->wake_fd < 0)
            status = client__error(error, LODE_RESOURCE_EXHAUSTED,
                                   "no descriptor is left for a client: %s", strerror(errno));
    }
    if (status != LODE_OK) {
        mutex_lock(&client->lock);
        client__unref(client);
        return status;
    }
    rng_secret(&seed, sizeof(seed)); /* clients started together must not retry together */
    rng_init(&client->rng, seed);
    client->n_refs = 1;
    if (with_thread)
        start_thread(client);
    *ret_client = client;
    return LODE_OK;
}

enum lode_status lode_client_open(const char *target, const struct lode_client_opts *opts,
                                  struct lode_client **ret_client, struct lode_error *error)
{
    return client__open(target, opts, &client__default_tuning, true, ret_client, error);
}

void lode_client_close(struct lode_client *client)
{
    bool running;

    if (!client)
        return;
    mutex_lock(&client->lock);
    ASSERT(!client__on_loop(client));
    client->shutdown = true;
    running = client->running;
    client__wake(client);
    mutex_unlock(&client->lock);
    if (running)
        thread_join(&client->thread);
    mutex_lock(&client->lock);
    client->running = false;
    if (!running) { /* tests and the fuzz target drive it by hand */
        client__channel_shutdown(client);
        client__callbacks_run(client);
        sweep(client);
    }
    client->n_refs--;
    client__unref(client);
}

/* SPDX-License-Identifier: MIT */
/* net_world.c -- see net_world.h. */
#include "net_world.h"

#include "base/assert.h"
#include "base/clock.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

struct net_world world;

static void *probe_open(void *arg, struct net_conn *conn)
{
    struct net_probe *p = arg; /* a probe of its own, or the next free one */

    if (!p) {
        ASSERT(world.n_probes < 8);
        p = &world.probes[world.n_probes];
        world.n_probes++;
    }
    p->conn = conn;
    buf_str(&p->log, "open ");
    return p;
}

static size_t probe_data(void *state, struct bytes data)
{
    struct net_probe *p = state;
    size_t used = data.n > p->leave ? data.n - p->leave : 0;

    if (p->at_a_time && used > p->at_a_time)
        used = p->at_a_time;
    p->n_data++;
    if (data.n > p->max_shown)
        p->max_shown = data.n;
    buf_append(&p->seen, data.p, used);
    p->in_callback = true;
    if (p->echo)
        net_conn_write(p->conn, bytes_of(data.p, used));
    if (p->pause_on_data || p->at_a_time)
        net_conn_pause(p->conn);
    if (p->abort_on_data)
        net_conn_abort(p->conn);
    if (p->close_on_data)
        net_conn_close(p->conn);
    p->in_callback = false;
    return used;
}

static void probe_flush(void *state)
{
    struct net_probe *p = state;

    p->n_flush++;
    if (p->at_a_time)
        net_conn_resume(p->conn);
}

static void probe_drained(void *state)
{
    struct net_probe *p = state;

    p->n_drained++;
}

static void probe_eof(void *state)
{
    struct net_probe *p = state;

    buf_str(&p->log, "eof ");
}

static void probe_drain_begin(void *state)
{
    struct net_probe *p = state;

    buf_str(&p->log, "drain ");
}

static void probe_close(void *state, enum net_close_reason reason)
{
    static const char *const names[] = {"peer", "local", "timeout", "error", "shutdown"};
    struct net_probe *p = state;

    p->closed_inside |= p->in_callback;
    p->conn = NULL;
    buf_printf(&p->log, "close:%s ", names[reason]);
}

static enum net_match match_hello(struct bytes first)
{
    struct bytes want = B("HELLO");

    if (first.n >= want.n)
        return bytes_starts(first, want) ? NET_MATCH_YES : NET_MATCH_NO;
    return bytes_starts(want, first) ? NET_MATCH_MORE : NET_MATCH_NO;
}

static enum net_match match_number(struct bytes first)
{
    return first.p[0] >= '0' && first.p[0] <= '9' ? NET_MATCH_YES : NET_MATCH_NO;
}

#define PROBE_CALLBACKS                                                                            \
    .on_open = probe_open, .on_data = probe_data, .on_flush = probe_flush,                         \
    .on_drained = probe_drained, .on_close = probe_close

const struct net_protocol world_protocol = {.name = "plain", PROBE_CALLBACKS};
const struct net_protocol world_eof_protocol = {
    .name = "eof", PROBE_CALLBACKS, .on_eof = probe_eof, .on_drain_begin = probe_drain_begin};
const struct net_protocol world_hello_protocol = {
    .name = "hello", .match = match_hello, PROBE_CALLBACKS};
const struct net_protocol world_number_protocol = {
    .name = "number", .match = match_number, PROBE_CALLBACKS};

void world_setup(void)
{
    size_t i;

    world = (struct net_world){.loop = net_loop_new()};
    for (i = 0; i < 8; i++) {
        buf_init(&world.probes[i].seen, 64 << 20);
        buf_init(&world.probes[i].log, 4096);
        world.fds[i] = -1;
    }
}

void world_teardown(void)
{
    size_t i;

    for (i = 0; i < 8; i++)
        if (world.fds[i] >= 0)
            close(world.fds[i]);
    net_listener_close(world.listener);
    net_loop_free(world.loop);
    clock_fake_off();
    for (i = 0; i < 8; i++) {
        buf_done(&world.probes[i].seen);
        buf_done(&world.probes[i].log);
    }
}

void world_listen(const struct net_listener_opts *opts)
{
    struct net_listener_opts o = *opts;

    if (!o.addr)
        o.addr = "127.0.0.1:0";
    CU_ASSERT_EQUAL_FATAL(net_listen(world.loop, &o, &world.listener, &world.err), RC_OK);
}

void world_listen_plain(const struct net_protocol *protocol)
{
    world_listen(&(struct net_listener_opts){.protocols = protocol, .n_protocols = 1});
}

int world_client(void)
{
    struct net_addr to;
    int fd;

    CU_ASSERT_EQUAL_FATAL(net__addr_parse(net_listener_addr(world.listener), &to, &world.err),
                          RC_OK);
    fd = socket(to.u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0 && world.n_fds < 8);
    world.fds[world.n_fds] = fd;
    world.n_fds++;
    CU_ASSERT_EQUAL_FATAL(connect(fd, &to.u.sa, to.n), 0);
    return fd;
}

void world_hang_up(int fd)
{
    size_t i;

    for (i = 0; i < 8; i++)
        if (world.fds[i] == fd)
            world.fds[i] = -1;
    close(fd);
}

void world_say(int fd, const char *text)
{
    CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void world_turn(unsigned passes)
{
    while (passes-- > 0)
        net__loop_pass(world.loop, false);
}

bool world_until(bool (*done)(void))
{
    int i;

    for (i = 0; i < 2000; i++) {
        net__loop_pass(world.loop, false);
        if (done())
            return true;
        if (i > 20)
            poll(NULL, 0, 1); /* another CPU still carries the bytes over */
    }
    return false;
}

size_t world_hear(int fd, char *dst, size_t n)
{
    size_t got = 0;
    int idle = 0;

    while (got < n && idle < 2000) {
        ssize_t r;

        net__loop_pass(world.loop, false);
        r = recv(fd, dst + got, n - got, MSG_DONTWAIT);
        if (r == 0)
            break;
        if (r > 0) {
            got += (size_t)r;
            idle = 0;
        } else if (idle++ > 20) {
            poll(NULL, 0, 1);
        }
    }
    return got;
}

bool world_at_end(int fd)
{
    int i;

    for (i = 0; i < 2000; i++) {
        char c;
        ssize_t r;

        net__loop_pass(world.loop, false);
        r = recv(fd, &c, 1, MSG_DONTWAIT);
        if (r == 0)
            return true;
        if (r > 0 || errno != EAGAIN)
            return false;
        poll(NULL, 0, 1);
    }
    return false;
}

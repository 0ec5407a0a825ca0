/* SPDX-License-Identifier: MIT */
/* test_net_listener.c -- addresses, limits of connections, draining, outgoing connections. */
#include "net_world.h"

#include "base/clock.h"
#include "support/suite.h"
#include "support/tempdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir; /* of the tests with unix sockets */
static struct rlimit saved_limit;
static bool limit_changed;

static void teardown(void)
{
    if (limit_changed)
        setrlimit(RLIMIT_NOFILE, &saved_limit);
    limit_changed = false;
    world_teardown();
    tempdir_remove(dir);
    dir = NULL;
}

static bool is_open(void)
{
    return world.n_probes > 0;
}

static bool two_are_open(void)
{
    return world.n_probes > 1;
}

static bool has_closed(void)
{
    return world.n_probes > 0 && !world.probes[0].conn;
}

static bool log_is(const struct net_probe *p, const char *want)
{
    return bytes_eq(buf_view(&p->log), bytes_str(want));
}

static void addresses_are_read_strictly(void)
{
    static const char *const good[] = {"127.0.0.1:0", "127.0.0.1:65535", "[::1]:7700",
                                       "localhost:7700", "unix:/tmp/x"};
    static const char *const bad[] = {"",
                                      ":",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      ":7700",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:+1",
                                      "127.0.0.1:77x",
                                      "127.0.0.1:000000",
                                      "::1:7700",
                                      "[::1]7700",
                                      "[]:7700",
                                      "[::1",
                                      "unix:"};
    struct net_addr addr;
    size_t i;

    for (i = 0; i < ARRAY_LEN(good); i++)
        CU_ASSERT_EQUAL(net__addr_parse(good[i], &addr, &world.err), RC_OK);
    for (i = 0; i < ARRAY_LEN(bad); i++)
        CU_ASSERT_EQUAL(net__addr_parse(bad[i], &addr, &world.err), RC_INVALID);
}

static void addresses_print_as_they_are_written(void)
{
    static const char *const texts[] = {"127.0.0.1:7700", "[::1]:7700", "unix:/tmp/lode.sock"};
    char got[NET_ADDR_MAX];
    struct net_addr addr;
    size_t i;

    for (i = 0; i < ARRAY_LEN(texts); i++) {
        CU_ASSERT_EQUAL_FATAL(net__addr_parse(texts[i], &addr, &world.err), RC_OK);
        net__addr_format(&addr, got, sizeof(got));
        CU_ASSERT_STRING_EQUAL(got, texts[i]);
    }
}

static void a_taken_address_is_busy(void)
{
    struct net_listener_opts opts = {.protocols = &world_protocol, .n_protocols = 1};
    struct net_listener *second = NULL;
    char addr[NET_ADDR_MAX];

    world_listen_plain(&world_protocol);
    (void)snprintf(addr, sizeof(addr), "%s", net_listener_addr(world.listener));
    opts.addr = addr;
    CU_ASSERT_EQUAL(net_listen(world.loop, &opts, &second, &world.err), RC_BUSY);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_PTR_NOT_NULL(strstr(world.err.msg, addr));
}

static void an_address_that_is_not_ours_is_invalid(void)
{
    struct net_listener_opts opts = {
        .addr = "192.0.2.1:0", .protocols = &world_protocol, .n_protocols = 1};
    struct net_listener *l = NULL;

    CU_ASSERT_EQUAL(net_listen(world.loop, &opts, &l, &world.err), RC_INVALID);
}

static void the_listener_tells_its_real_port(void)
{
    world_listen_plain(&world_protocol);
    CU_ASSERT(strncmp(net_listener_addr(world.listener), "127.0.0.1:", 10) == 0);
    CU_ASSERT_STRING_NOT_EQUAL(net_listener_addr(world.listener), "127.0.0.1:0");
}

static void ipv6_works_where_there_is_some(void)
{
    struct net_listener_opts opts = {
        .addr = "[::1]:0", .protocols = &world_protocol, .n_protocols = 1};

    if (net_listen(world.loop, &opts, &world.listener, &world.err) != RC_OK) {
        suite_skip("no IPv6 loopback");
        return;
    }
    world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    CU_ASSERT(strncmp(net_conn_peer(world.probes[0].conn), "[::1]:", 6) == 0);
}

static void unix_sockets_work_and_replace_a_dead_servers_file(void)
{
    struct net_listener_opts opts = {.protocols = &world_protocol, .n_protocols = 1};
    struct net_listener *second = NULL;
    char addr[NET_ADDR_MAX];
    struct stat st;
    struct net_addr dead;
    int fd;

    dir = tempdir_make();
    (void)snprintf(addr, sizeof(addr), "unix:%s/s", dir);
    CU_ASSERT_EQUAL_FATAL(net__addr_parse(addr, &dead, &world.err), RC_OK);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, &dead.u.sa, dead.n), 0);
    close(fd); /* leaves the file behind, as a killed server does */
    opts.addr = addr;
    world_listen(&opts);
    CU_ASSERT_STRING_EQUAL(net_listener_addr(world.listener), addr);
    world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    CU_ASSERT_STRING_EQUAL(net_conn_peer(world.probes[0].conn), "unix");
    CU_ASSERT_EQUAL(net_listen(world.loop, &opts, &second, &world.err), RC_BUSY); /* a live one */
    net_listener_close(world.listener);
    world.listener = NULL;
    CU_ASSERT(stat(dead.u.un.sun_path, &st) < 0);
}

static void one_address_may_hold_only_so_many_connections(void)
{
    int fd;

    world_listen(&(struct net_listener_opts){
        .protocols = &world_protocol, .n_protocols = 1, .max_conns_per_peer = 2});
    world_client();
    fd = world_client();
    CU_ASSERT_FATAL(world_until(two_are_open));
    CU_ASSERT(world_at_end(world_client())); /* the third is hung up on */
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 2);
    world_hang_up(fd);
    world_turn(50);
    world_client();
    world_turn(50);
    CU_ASSERT_EQUAL(world.n_probes, 3);
}

static void accepting_waits_while_there_are_too_many(void)
{
    int fd;

    world_listen(&(struct net_listener_opts){
        .protocols = &world_protocol, .n_protocols = 1, .max_conns = 2});
    world_client();
    fd = world_client();
    world_client();
    world_turn(100);
    CU_ASSERT_EQUAL(world.n_probes, 2);
    /* The kernel still says "readable": watching that would spin. */
    CU_ASSERT_FALSE(event_pending(world.listener->ev_accept, EV_READ, NULL));
    world_hang_up(fd);
    world_turn(100);
    CU_ASSERT_EQUAL(world.n_probes, 3); /* the one that waited */
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 2);
}

static void accepting_rests_when_descriptors_run_out(void)
{
    struct rlimit tight;
    int fd;

    clock_fake_set(1);
    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &saved_limit), 0);
    limit_changed = true;
    tight = saved_limit;
    tight.rlim_cur = (rlim_t)fd + 1; /* the highest descriptor there is */
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &tight), 0);
    world_turn(100);
    CU_ASSERT_EQUAL(world.n_probes, 0);
    CU_ASSERT_PTR_NOT_NULL(world.listener->pause); /* it does not spin */
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &saved_limit), 0);
    world_turn(100);
    CU_ASSERT_EQUAL(world.n_probes, 0);
    clock_fake_advance(NET_ACCEPT_PAUSE_MS * NS_PER_MS);
    CU_ASSERT(world_until(is_open));
}

static void draining_tells_connections_and_takes_no_more(void)
{
    struct net_addr to;
    int fd;

    world_listen_plain(&world_eof_protocol);
    world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    net_listener_drain(world.listener);
    world_turn(2);
    CU_ASSERT(log_is(&world.probes[0], "open drain "));
    CU_ASSERT_EQUAL(net__addr_parse(net_listener_addr(world.listener), &to, &world.err), RC_OK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT(connect(fd, &to.u.sa, to.n) < 0);
    close(fd);
    net_conn_close(world.probes[0].conn);
    world_hang_up(world.fds[0]);
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 0);
}

static void draining_ends_connections_that_said_nothing(void)
{
    int fd;

    world_listen_plain(&world_hello_protocol);
    fd = world_client();
    world_turn(50);
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 1);
    net_listener_drain(world.listener);
    CU_ASSERT(world_at_end(fd));
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 0);
}

static void closing_the_listener_ends_its_connections(void)
{
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    net_listener_close(world.listener);
    world.listener = NULL;
    world_turn(1);
    CU_ASSERT(log_is(&world.probes[0], "open close:shutdown "));
    CU_ASSERT(world_at_end(fd));
}

static void connecting_leads_to_a_talk(void)
{
    struct net_protocol out = world_eof_protocol;
    struct net_probe *mine = &world.probes[7];

    world_listen_plain(&world_protocol);
    out.protocol_arg = mine;
    CU_ASSERT_EQUAL_FATAL(
        net_connect(world.loop, net_listener_addr(world.listener), &out, 1000, &world.err), RC_OK);
    CU_ASSERT_FATAL(world_until(is_open));
    world.probes[0].echo = true;
    world_turn(10);
    CU_ASSERT_FATAL(log_is(mine, "open "));
    net_conn_write(mine->conn, B("hello"));
    world_turn(100);
    CU_ASSERT(bytes_eq(buf_view(&mine->seen), B("hello")));
    net_conn_close(mine->conn);
    CU_ASSERT(world_until(has_closed));
    world_turn(20);
    CU_ASSERT(log_is(mine, "open close:local "));
}

static void a_refused_connection_is_told_too(void)
{
    struct net_protocol out = world_eof_protocol;
    struct net_probe *mine = &world.probes[7];
    char addr[NET_ADDR_MAX];

    world_listen_plain(&world_protocol);
    (void)snprintf(addr, sizeof(addr), "%s", net_listener_addr(world.listener));
    net_listener_close(world.listener);
    world.listener = NULL;
    out.protocol_arg = mine;
    if (net_connect(world.loop, addr, &out, 1000, &world.err) == RC_OK) {
        world_turn(100);
        CU_ASSERT(log_is(mine, "open close:error "));
    }
    CU_ASSERT_EQUAL(net_connect(world.loop, "nonsense", &out, 1000, &world.err), RC_INVALID);
}

SUITE(net_listener, world_setup, teardown, TEST(addresses_are_read_strictly),
      TEST(addresses_print_as_they_are_written), TEST(a_taken_address_is_busy),
      TEST(an_address_that_is_not_ours_is_invalid), TEST(the_listener_tells_its_real_port),
      TEST(ipv6_works_where_there_is_some), TEST(unix_sockets_work_and_replace_a_dead_servers_file),
      TEST(one_address_may_hold_only_so_many_connections),
      TEST(accepting_waits_while_there_are_too_many),
      TEST(accepting_rests_when_descriptors_run_out),
      TEST(draining_tells_connections_and_takes_no_more),
      TEST(draining_ends_connections_that_said_nothing),
      TEST(closing_the_listener_ends_its_connections), TEST(connecting_leads_to_a_talk),
      TEST(a_refused_connection_is_told_too));

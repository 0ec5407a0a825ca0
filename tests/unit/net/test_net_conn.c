/* SPDX-License-Identifier: MIT */
/* test_net_conn.c -- what a connection promises its protocol, over real sockets. */
#include "net_world.h"

#include "base/clock.h"
#include "base/mem.h"
#include "support/suite.h"

#include <unistd.h>

static struct net_probe *first(void)
{
    return &world.probes[0];
}

static bool is_open(void)
{
    return world.n_probes > 0;
}

static bool has_closed(void)
{
    return world.n_probes > 0 && !first()->conn;
}

static bool saw_five(void)
{
    return first()->seen.n >= 5;
}

static bool nobody_is_left(void)
{
    return net_listener_n_conns(world.listener) == 0;
}

static bool log_is(const struct net_probe *p, const char *want)
{
    return bytes_eq(buf_view(&p->log), bytes_str(want));
}

static void bytes_go_in_and_out(void)
{
    char got[5];
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->echo = true;
    world_say(fd, "hello");
    CU_ASSERT_EQUAL(world_hear(fd, got, 5), 5);
    CU_ASSERT(memcmp(got, "hello", 5) == 0);
    CU_ASSERT_EQUAL(first()->n_data, 1);
    CU_ASSERT(first()->n_flush >= 1);
}

static void unused_bytes_are_shown_again_with_what_follows(void)
{
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->leave = 3;
    world_say(fd, "abcd");
    world_turn(50);
    CU_ASSERT(bytes_eq(buf_view(&first()->seen), B("a")));
    first()->leave = 0;
    world_say(fd, "e");
    CU_ASSERT_FATAL(world_until(saw_five));
    CU_ASSERT(bytes_eq(buf_view(&first()->seen), B("abcde")));
    CU_ASSERT_EQUAL(first()->max_shown, 4);
}

static void a_protocol_that_uses_nothing_for_ever_is_cut_off(void)
{
    static char block[64 * 1024];
    int fd;
    int i;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->leave = SIZE_MAX;
    for (i = 0; i < 64 && first()->conn; i++) {
        if (send(fd, block, sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            world_turn(4);
        world_turn(2);
    }
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT(log_is(first(), "open close:error "));
    CU_ASSERT(first()->max_shown <= NET_KEPT_MAX);
}

static void pausing_stops_reads_and_resuming_shows_what_was_left(void)
{
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->pause_on_data = true;
    first()->leave = 2;
    world_say(fd, "abc");
    world_turn(50);
    CU_ASSERT_EQUAL(first()->n_data, 1);
    world_say(fd, "de");
    world_turn(50);
    CU_ASSERT_EQUAL(first()->n_data, 1);
    first()->leave = 0;
    first()->pause_on_data = false;
    net_conn_resume(first()->conn);
    CU_ASSERT(world_until(saw_five));
    CU_ASSERT(bytes_eq(buf_view(&first()->seen), B("abcde")));
}

static void resuming_needs_no_new_bytes(void)
{
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->pause_on_data = true;
    first()->leave = 5;
    world_say(fd, "abcde");
    world_turn(50);
    first()->leave = 0;
    net_conn_resume(first()->conn);
    world_turn(1);
    CU_ASSERT(bytes_eq(buf_view(&first()->seen), B("abcde")));
}

static bool saw_four_mib(void)
{
    return first()->seen.n == 4 << 20 || !first()->conn;
}

/* Each resume shows what is left before it reads more, or the rest would grow without end. */
static void a_peer_that_is_faster_than_its_protocol_is_held_back(void)
{
    static char block[64 * 1024];
    ssize_t sent = 0, n;
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->at_a_time = 5000;
    while (sent < 4 << 20 && first()->conn) {
        n = send(fd, block, sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            sent += n;
        world_turn(1);
    }
    CU_ASSERT(world_until(saw_four_mib));
    CU_ASSERT_PTR_NOT_NULL(first()->conn);
    CU_ASSERT(first()->max_shown <= 2 * NET_READ_SIZE);
}

static void the_protocol_of_the_first_bytes_gets_the_connection(void)
{
    const struct net_protocol both[] = {world_hello_protocol, world_number_protocol};
    int fd;

    world_listen(&(struct net_listener_opts){.protocols = both, .n_protocols = 2});
    fd = world_client();
    world_say(fd, "HEL");
    world_turn(50);
    CU_ASSERT_EQUAL(world.n_probes, 0); /* may still become HELLO */
    world_say(fd, "LO you");
    CU_ASSERT_FATAL(world_until(is_open));
    CU_ASSERT(bytes_eq(buf_view(&first()->seen), B("HELLO you")));
    fd = world_client();
    world_say(fd, "12345");
    world_turn(50);
    CU_ASSERT_EQUAL(world.n_probes, 2);
    CU_ASSERT(bytes_eq(buf_view(&world.probes[1].seen), B("12345")));
}

static void first_bytes_that_nobody_knows_end_the_connection(void)
{
    const struct net_protocol both[] = {world_hello_protocol, world_number_protocol};
    int fd;

    world_listen(&(struct net_listener_opts){.protocols = both, .n_protocols = 2});
    fd = world_client();
    world_turn(20);
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 1);
    world_say(fd, "HELP");
    CU_ASSERT(world_until(nobody_is_left));
    CU_ASSERT_EQUAL(world.n_probes, 0);
}

static void silence_at_the_start_is_cut_off(void)
{
    int fd;

    clock_fake_set(1);
    world_listen(&(struct net_listener_opts){.protocols = &world_hello_protocol, .n_protocols = 1});
    fd = world_client();
    world_say(fd, "HEL");
    world_turn(50);
    clock_fake_advance(9999 * NS_PER_MS);
    world_turn(2);
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 1);
    clock_fake_advance(2 * NS_PER_MS);
    world_turn(2);
    CU_ASSERT_EQUAL(net_listener_n_conns(world.listener), 0);
}

enum { BIG = 8 << 20 };

static void much_output_reaches_a_slow_reader_whole(void)
{
    char *out = xmalloc(BIG);
    char *in = xmalloc(BIG);
    size_t i;
    int fd;

    for (i = 0; i < BIG; i++)
        out[i] = (char)(i * 2654435761U >> 13);
    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    for (i = 0; i < BIG; i += BIG / 8)
        net_conn_write(first()->conn, bytes_of(out + i, BIG / 8));
    world_turn(20);
    CU_ASSERT(net_conn_out_queued(first()->conn) > 0); /* the socket is full */
    CU_ASSERT_EQUAL(first()->n_drained, 0);
    CU_ASSERT_EQUAL(world_hear(fd, in, BIG), BIG);
    CU_ASSERT(memcmp(in, out, BIG) == 0);
    world_turn(5);
    CU_ASSERT_EQUAL(net_conn_out_queued(first()->conn), 0);
    CU_ASSERT_EQUAL(first()->n_drained, 1);
    xfree(out);
    xfree(in);
}

static void a_peer_that_takes_nothing_is_cut_off(void)
{
    static const char block[1 << 20];
    int i;

    clock_fake_set(1);
    world_listen(&(struct net_listener_opts){
        .protocols = &world_protocol, .n_protocols = 1, .write_stall_ms = 5000});
    world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    for (i = 0; i < 8; i++)
        net_conn_write(first()->conn, bytes_of(block, sizeof(block)));
    world_turn(20);
    clock_fake_advance(4000 * NS_PER_MS);
    world_turn(2);
    CU_ASSERT_PTR_NOT_NULL(first()->conn);
    clock_fake_advance(1001 * NS_PER_MS);
    world_turn(2);
    CU_ASSERT(log_is(first(), "open close:timeout "));
}

static void closing_sends_the_rest_and_ends_cleanly_under_fire(void)
{
    char got[16];
    int fd;
    int i;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->echo = true;
    first()->close_on_data = true;
    world_say(fd, "abcde");
    world_turn(50);
    for (i = 0; i < 10; i++) { /* an upload that nobody wants any more */
        world_say(fd, "more and more");
        world_turn(5);
    }
    CU_ASSERT_EQUAL(world_hear(fd, got, sizeof(got)), 5);
    CU_ASSERT(memcmp(got, "abcde", 5) == 0);
    CU_ASSERT_EQUAL(first()->n_data, 1);
    CU_ASSERT_PTR_NOT_NULL(first()->conn); /* lingers while we do not hang up */
    world_hang_up(fd);
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT(log_is(first(), "open close:local "));
}

static void lingering_ends_after_a_second(void)
{
    int fd;

    clock_fake_set(1);
    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    net_conn_close(first()->conn);
    CU_ASSERT(world_at_end(fd));
    CU_ASSERT_PTR_NOT_NULL(first()->conn);
    clock_fake_advance(NET_LINGER_MS * NS_PER_MS);
    world_turn(2);
    CU_ASSERT(log_is(first(), "open close:local "));
}

static void aborting_inside_a_callback_is_safe(void)
{
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    first()->echo = true;
    first()->abort_on_data = true;
    world_say(fd, "abc");
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT_FALSE(first()->closed_inside);
    CU_ASSERT(log_is(first(), "open close:local "));
}

static void the_end_of_input_is_told_after_the_last_byte(void)
{
    char got[4];
    int fd;

    world_listen_plain(&world_eof_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    world_say(fd, "abcde");
    shutdown(fd, SHUT_WR);
    CU_ASSERT_FATAL(world_until(saw_five));
    world_turn(50);
    CU_ASSERT(log_is(first(), "open eof "));
    net_conn_write(first()->conn, B("bye!")); /* the other direction still works */
    net_conn_close(first()->conn);
    CU_ASSERT_EQUAL(world_hear(fd, got, 4), 4);
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT(log_is(first(), "open eof close:local "));
}

static void without_on_eof_the_end_of_input_ends_the_connection(void)
{
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    shutdown(fd, SHUT_WR);
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT(log_is(first(), "open close:peer "));
}

static void count_done(void *arg)
{
    unsigned *n = arg;

    (*n)++;
}

static void references_are_given_back_once_sent_or_dropped(void)
{
    static const char block[4 << 20];
    unsigned n_done = 0;
    char got[5];
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    net_conn_write(first()->conn, B("ab"));
    net_conn_write_ref(first()->conn, B("cd"), count_done, &n_done);
    net_conn_write(first()->conn, B("e"));
    CU_ASSERT_EQUAL(n_done, 0);
    CU_ASSERT_EQUAL(world_hear(fd, got, 5), 5);
    CU_ASSERT(memcmp(got, "abcde", 5) == 0);
    CU_ASSERT_EQUAL(n_done, 1);
    net_conn_write_ref(first()->conn, bytes_of(block, sizeof(block)), count_done, &n_done);
    net_conn_write_ref(first()->conn, bytes_of(block, sizeof(block)), count_done, &n_done);
    net_conn_abort(first()->conn);
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT_EQUAL(n_done, 3);
}

static void writing_to_a_closed_connection_drops_the_bytes(void)
{
    unsigned n_done = 0;
    int fd;

    world_listen_plain(&world_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    net_conn_close(first()->conn);
    net_conn_write(first()->conn, B("late"));
    net_conn_write_ref(first()->conn, B("late"), count_done, &n_done);
    CU_ASSERT_EQUAL(n_done, 1);
    CU_ASSERT(world_at_end(fd));
}

static void a_reset_is_told_as_the_peer_going(void)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    int fd;

    world_listen_plain(&world_eof_protocol);
    fd = world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    world_hang_up(fd);
    CU_ASSERT(world_until(has_closed));
    CU_ASSERT(log_is(first(), "open close:peer "));
}

static void a_connection_knows_its_peer_and_its_loop(void)
{
    world_listen_plain(&world_protocol);
    world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    CU_ASSERT(strncmp(net_conn_peer(first()->conn), "127.0.0.1:", 10) == 0);
    CU_ASSERT_PTR_EQUAL(net_conn_loop(first()->conn), world.loop);
}

static void want_flush_after_a_post_leads_to_one_flush(void)
{
    unsigned before;

    world_listen_plain(&world_protocol);
    world_client();
    CU_ASSERT_FATAL(world_until(is_open));
    world_turn(2);
    before = first()->n_flush;
    net_conn_want_flush(first()->conn);
    net_conn_want_flush(first()->conn);
    world_turn(3);
    CU_ASSERT_EQUAL(first()->n_flush, before + 1);
}

SUITE(net_conn, world_setup, world_teardown, TEST(bytes_go_in_and_out),
      TEST(unused_bytes_are_shown_again_with_what_follows),
      TEST(a_protocol_that_uses_nothing_for_ever_is_cut_off),
      TEST(pausing_stops_reads_and_resuming_shows_what_was_left), TEST(resuming_needs_no_new_bytes),
      TEST(a_peer_that_is_faster_than_its_protocol_is_held_back),
      TEST(the_protocol_of_the_first_bytes_gets_the_connection),
      TEST(first_bytes_that_nobody_knows_end_the_connection), TEST(silence_at_the_start_is_cut_off),
      TEST(much_output_reaches_a_slow_reader_whole), TEST(a_peer_that_takes_nothing_is_cut_off),
      TEST(closing_sends_the_rest_and_ends_cleanly_under_fire), TEST(lingering_ends_after_a_second),
      TEST(aborting_inside_a_callback_is_safe), TEST(the_end_of_input_is_told_after_the_last_byte),
      TEST(without_on_eof_the_end_of_input_ends_the_connection),
      TEST(references_are_given_back_once_sent_or_dropped),
      TEST(writing_to_a_closed_connection_drops_the_bytes), TEST(a_reset_is_told_as_the_peer_going),
      TEST(a_connection_knows_its_peer_and_its_loop),
      TEST(want_flush_after_a_post_leads_to_one_flush));

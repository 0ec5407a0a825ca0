/* SPDX-License-Identifier: MIT */
/* test_client_target.c -- target text to host, port and authority. */
#include "support/suite.h"

#include "client_int.h"

#include <string.h>

static struct client_target target;
static struct lode_error error;

static void teardown(void)
{
    client__target_done(&target);
}

static void targets_of_every_form_are_read(void)
{
    static const struct {
        const char *text, *host, *port, *authority;
    } rows[] = {
        {"127.0.0.1:7700", "127.0.0.1", "7700", "127.0.0.1:7700"},
        {"search.example", "search.example", "7700", "search.example:7700"},
        {"[::1]:80", "::1", "80", "[::1]:80"},
        {"[::1]", "::1", "7700", "[::1]:7700"},
        {"::1", "::1", "7700", "[::1]:7700"},
        {"ipv4:10.0.0.1:9", "10.0.0.1", "9", "10.0.0.1:9"},
        {"ipv6:[fe80::1]:9", "fe80::1", "9", "[fe80::1]:9"},
        {"dns:///host:1", "host", "1", "host:1"},
        {"dns:host:65535", "host", "65535", "host:65535"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CU_ASSERT_TRUE_FATAL(client__target_parse(rows[i].text, &target, &error));
        CU_ASSERT_STRING_EQUAL(target.host, rows[i].host);
        CU_ASSERT_STRING_EQUAL(target.port, rows[i].port);
        CU_ASSERT_STRING_EQUAL(target.authority, rows[i].authority);
        client__target_done(&target);
    }
}

static void unix_paths_are_read(void)
{
    struct client_addr addrs[CLIENT_MAX_ADDRS];
    size_t n = 0;

    CU_ASSERT_TRUE_FATAL(client__target_parse("unix:/run/lode.sock", &target, &error));
    CU_ASSERT_STRING_EQUAL(target.authority, "localhost");
    CU_ASSERT_EQUAL(client__target_resolve(&target, true, addrs, &n), 0);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_STRING_EQUAL(addrs[0].u.un.sun_path, "/run/lode.sock");
    client__target_done(&target);
    CU_ASSERT_TRUE_FATAL(client__target_parse("unix:///run/lode.sock", &target, &error));
    CU_ASSERT_STRING_EQUAL(target.un.u.un.sun_path, "/run/lode.sock");
}

static void what_is_no_target_is_refused_by_name(void)
{
    static const char *const bad[] = {
        "",        ":7700",       "host:",       "host:0", "host:65536",
        "host:x",  "host:-1",     "[::1",        "[::1]x", "http://host:1",
        "ho st:1", "user@host:1", "host/path:1", "unix:",  "host:77000000000"};
    char long_path[200] = "unix:/";
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CU_ASSERT_FALSE(client__target_parse(bad[i], &target, &error));
        CU_ASSERT_EQUAL(error.status, LODE_INVALID_ARGUMENT);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.message, bad[i]));
        client__target_done(&target);
    }
    memset(long_path + 6, 'x', sizeof(long_path) - 7);
    CU_ASSERT_FALSE(client__target_parse(long_path, &target, &error));
}

SUITE(target, NULL, teardown, TEST(targets_of_every_form_are_read), TEST(unix_paths_are_read),
      TEST(what_is_no_target_is_refused_by_name));

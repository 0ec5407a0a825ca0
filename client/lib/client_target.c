/* SPDX-License-Identifier: MIT */
/*
 * client_target.c -- where to connect, from text.
 *
 *   host:port  [v6]:port  ipv4:a.b.c.d:port  ipv6:[v6]:port
 *   dns:host:port  dns:///host:port  unix:path  unix:///path
 *
 * The port may be left out: 7700. Resolving blocks unless the host is a
 * number; the channel runs it on a thread of its own.
 */
#include "client_int.h"

#include "base/buf.h"
#include "base/mem.h"

#include <netdb.h>

static const char default_port[] = "7700";

static bool bad(struct lode_error *error, const char *text, const char *why)
{
    client__error(error, LODE_INVALID_ARGUMENT,
                  "\"%.200s\" is no target: %s (use host:port, [v6]:port or unix:path)", text, why);
    return false;
}

static bool parse_unix(const char *text, const char *path, struct client_target *ret,
                       struct lode_error *error)
{
    size_t n = strlen(path);

    if (n == 0)
        return bad(error, text, "the path is empty");
    if (n >= sizeof(ret->un.u.un.sun_path))
        return bad(error, text, "the path is too long for a socket");
    ret->un.u.un.sun_family = AF_UNIX;
    memcpy(ret->un.u.un.sun_path, path, n + 1);
    ret->un.n = (socklen_t)sizeof(ret->un.u.un);
    ret->authority = xstrdup("localhost");
    ret->text = xstrdup(text);
    return true;
}

static bool good_port(const char *p)
{
    unsigned v = 0;
    size_t n;

    for (n = 0; p[n] >= '0' && p[n] <= '9' && n < 6; n++)
        v = v * 10 + (unsigned)(p[n] - '0');
    return p[n] == '\0' && v >= 1 && v <= 65535;
}

static bool good_host(struct bytes host)
{
    size_t i;

    for (i = 0; i < host.n; i++)
        if (host.p[i] <= ' ' || host.p[i] >= 0x7f || strchr("/@?#[]\"<>\\", host.p[i]))
            return false;
    return host.n > 0 && host.n <= 253;
}

/* Splits "host:port", "[v6]:port", "v6" or "host". */
static bool split(const char *rest, struct bytes *ret_host, const char **ret_port, bool *ret_v6)
{
    const char *colon = strrchr(rest, ':');

    *ret_port = default_port;
    *ret_v6 = rest[0] == '[';
    if (*ret_v6) {
        const char *end = strchr(rest, ']');

        if (!end)
            return false;
        *ret_host = bytes_of(rest + 1, (size_t)(end - rest - 1));
        if (end[1] == ':')
            *ret_port = end + 2;
        return end[1] == ':' || end[1] == '\0';
    }
    *ret_host = bytes_str(rest);
    if (!colon)
        return true;
    if (colon != strchr(rest, ':')) { /* more than one colon: a bare IPv6 address */
        *ret_v6 = true;
        return true;
    }
    ret_host->n = (size_t)(colon - rest);
    *ret_port = colon + 1;
    return true;
}

static const char *without(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

bool client__target_parse(const char *text, struct client_target *ret, struct lode_error *error)
{
    static const char *const prefixes[] = {"dns:///", "dns:", "ipv4:", "ipv6:"};
    const char *rest = without(text, "unix:");
    struct buf authority;
    struct bytes host;
    const char *port;
    size_t i;
    bool v6;

    *ret = (struct client_target){0};
    if (rest)
        return parse_unix(text, strncmp(rest, "///", 3) == 0 ? rest + 2 : rest, ret, error);
    rest = text;
    for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes) && rest == text; i++)
        rest = without(text, prefixes[i]) ? without(text, prefixes[i]) : text;
    if (strstr(rest, "://"))
        return bad(error, text, "only plain HTTP/2 targets without a scheme are known");
    if (!split(rest, &host, &port, &v6) || !good_host(host))
        return bad(error, text, "the host is not valid");
    if (!good_port(port))
        return bad(error, text, "the port is not a number from 1 to 65535");
    buf_init(&authority, 512);
    buf_printf(&authority, v6 ? "[%.*s]:%s" : "%.*s:%s", BYTES_ARG(host), port);
    ret->authority = xstrdup(buf_cstr(&authority));
    buf_done(&authority);
    ret->host = xstrndup(host.p, host.n);
    ret->port = xstrdup(port);
    ret->text = xstrdup(text);
    return true;
}

void client__target_done(struct client_target *t)
{
    xfree(t->text);
    xfree(t->host);
    xfree(t->port);
    xfree(t->authority);
    *t = (struct client_target){0};
}

int client__target_resolve(const struct client_target *t, bool numeric_only,
                           struct client_addr addrs[CLIENT_MAX_ADDRS], size_t *ret_n)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    struct addrinfo *a;
    size_t n = 0;
    int code;

    if (!t->host) {
        addrs[0] = t->un;
        *ret_n = 1;
        return 0;
    }
    if (numeric_only)
        hints.ai_flags |= AI_NUMERICHOST;
    code = getaddrinfo(t->host, t->port, &hints, &list);
    if (code != 0)
        return code;
    for (a = list; a && n < CLIENT_MAX_ADDRS; a = a->ai_next) {
        if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) ||
            a->ai_addrlen > sizeof(addrs[n].u))
            continue;
        memcpy(&addrs[n].u, a->ai_addr, a->ai_addrlen);
        addrs[n++].n = a->ai_addrlen;
    }
    freeaddrinfo(list);
    *ret_n = n;
    return n ? 0 : EAI_NODATA;
}

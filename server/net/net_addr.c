/* SPDX-License-Identifier: MIT */
/*
 * net_addr.c -- addresses between text and sockets.
 *
 * "127.0.0.1:7700", "localhost:7700", "[::1]:7700", "unix:/run/lode.sock".
 * A name is looked up with the system's resolver, which may block: only
 * listeners at start and outgoing connections come here with one.
 */
#include "net/net_int.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

enum { HOST_MAX = 254 };

static bool port_ok(const char *s)
{
    unsigned v = 0;
    size_t i;

    for (i = 0; s[i]; i++) {
        if (s[i] < '0' || s[i] > '9' || i == 5)
            return false;
        v = v * 10 + (unsigned)(s[i] - '0');
    }
    return i > 0 && v <= 65535;
}

static enum rc parse_unix(const char *path, struct net_addr *ret_addr, struct err *err)
{
    struct net_addr a = {.n = sizeof(a.u.un)};
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof(a.u.un.sun_path))
        return err_set(err, RC_INVALID, NULL, "The socket path `%s` must have 1 to %zu bytes.",
                       path, sizeof(a.u.un.sun_path) - 1);
    a.u.un.sun_family = AF_UNIX;
    memcpy(a.u.un.sun_path, path, n);
    *ret_addr = a;
    return RC_OK;
}

enum rc net__addr_parse(const char *text, struct net_addr *ret_addr, struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[HOST_MAX];
    const char *begin = text;
    const char *colon = strrchr(text, ':');
    const char *end = colon;
    struct net_addr a = {0};
    int code;

    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, ret_addr, err);
    if (colon && *begin == '[' && colon > begin + 1 && colon[-1] == ']') {
        begin++;
        end--;
    } else if (colon && memchr(begin, ':', (size_t)(colon - begin))) {
        colon = NULL; /* a bare IPv6 address: which colon is the port's? */
    }
    if (!colon || end == begin || (size_t)(end - begin) >= sizeof(host) || !port_ok(colon + 1))
        return err_set(err, RC_INVALID, NULL,
                       "`%s` is not an address: use HOST:PORT, [IPv6]:PORT or unix:PATH.", text);
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    code = getaddrinfo(host, colon + 1, &hints, &found);
    if (code != 0)
        return err_set(err, RC_INVALID, NULL, "The address `%s` was not found: %s.", text,
                       gai_strerror(code));
    a.n = found->ai_addrlen;
    memcpy(&a.u.storage, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    *ret_addr = a;
    return RC_OK;
}

void net__addr_format(const struct net_addr *addr, char *dst, size_t cap)
{
    char host[INET6_ADDRSTRLEN] = "";

    if (addr->u.sa.sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, &addr->u.storage, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host));
        (void)snprintf(dst, cap, "%s:%u", host, (unsigned)ntohs(in.sin_port));
    } else if (addr->u.sa.sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, &addr->u.storage, sizeof(in6));
        inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host));
        (void)snprintf(dst, cap, "[%s]:%u", host, (unsigned)ntohs(in6.sin6_port));
    } else if (addr->n > offsetof(struct sockaddr_un, sun_path)) {
        (void)snprintf(dst, cap, "unix:%s", addr->u.un.sun_path);
    } else {
        (void)snprintf(dst, cap, "unix"); /* the client's end has no name */
    }
}

struct net_peer_key net__addr_key(const struct net_addr *addr)
{
    struct net_peer_key key = {{0}};

    if (addr->u.sa.sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, &addr->u.storage, sizeof(in));
        key.addr[10] = 0xff;
        key.addr[11] = 0xff;
        memcpy(key.addr + 12, &in.sin_addr, 4);
    } else if (addr->u.sa.sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, &addr->u.storage, sizeof(in6));
        memcpy(key.addr, &in6.sin6_addr, 16);
    }
    return key;
}

/* SPDX-License-Identifier: MIT */
/*
 * net_peers.c -- how many connections each remote address holds.
 *
 * A table of chains under a random seed, so that nobody can choose addresses
 * which fall together. Entries exist only while an address has connections.
 */
#include "net/net_int.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

enum { PEER_BUCKETS = 1024 };

struct peer {
    struct peer *next;
    struct net_peer_key key;
    unsigned n_conns;
};

struct net_peers {
    uint64_t seed;
    struct peer *buckets[PEER_BUCKETS];
};

struct net_peers *net__peers_new(void)
{
    struct net_peers *peers = xcalloc(1, sizeof(*peers));

    rng_secret(&peers->seed, sizeof(peers->seed));
    return peers;
}

void net__peers_free(struct net_peers *peers)
{
    size_t i;

    if (!peers)
        return;
    for (i = 0; i < PEER_BUCKETS; i++)
        ASSERT(!peers->buckets[i]);
    xfree(peers);
}

static struct peer **find(struct net_peers *peers, const struct net_peer_key *key)
{
    uint64_t h = hash64(bytes_of(key->addr, sizeof(key->addr)), peers->seed);
    struct peer **at = &peers->buckets[h % PEER_BUCKETS];

    while (*at && memcmp((*at)->key.addr, key->addr, sizeof(key->addr)) != 0)
        at = &(*at)->next;
    return at;
}

bool net__peers_enter(struct net_peers *peers, const struct net_peer_key *key, unsigned max)
{
    struct peer **at = find(peers, key);

    if (!*at) {
        *at = xcalloc(1, sizeof(**at));
        (*at)->key = *key;
    }
    if ((*at)->n_conns >= max)
        return false;
    (*at)->n_conns++;
    return true;
}

void net__peers_leave(struct net_peers *peers, const struct net_peer_key *key)
{
    struct peer **at = find(peers, key);
    struct peer *p = *at;

    ASSERT(p && p->n_conns > 0);
    p->n_conns--;
    if (p->n_conns == 0) {
        *at = p->next;
        xfree(p);
    }
}

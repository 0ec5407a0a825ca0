/* SPDX-License-Identifier: MIT */
/*
 * document_cache.c -- the JSON of documents that were read lately, bounded in bytes.
 *
 * The hits of a search are scattered: twenty documents out of twenty blocks. So
 * what is kept are documents, not their blocks, which take fifty times the room.
 *
 * A document's key is its row under the number of its blocks. A row is one
 * version and never changes, and numbers are never given again, so an entry is
 * never wrong, only never asked for again: views ask for rows that are live in
 * them. That a block is written again does not matter to its rows.
 *
 * Entries stand one behind the other in a ring of each shard (many views read at
 * once), in the order in which they came: no memory is asked for, none is lost
 * between them. Room is made at the oldest. One that was asked for meanwhile
 * goes to the front again, with one chance less: documents that nobody asks for
 * a second time pass by those that are asked for often.
 *
 * (1) Entries are [0, head), or, behind a wrap, [tail, end), the older ones, and
 *     [0, head). Only then one is ever taken away.
 */
#include "index/index_int.h"

#include "base/mem.h"

enum {
    SHARDS = 8,
    BUCKETS = 2048,
    ENTRY_SHARE = 4, /* an entry may take a 4th of its shard */
    CHANCES_MAX = 3,
    MOVES_MAX = 64, /* for one that comes: it does not wait until a whole shard has moved */
    ALIGN = 4,
};

#define NOWHERE UINT32_MAX

struct entry {
    uint32_t chain; /* place of the next one of the bucket, or NOWHERE */
    uint32_t blocks, row;
    uint32_t n; /* bytes behind the struct */
    uint32_t chances;
};

struct shard {
    struct mutex lock; /* guards what follows */
    uint8_t *ring;     /* part of the cache's memory */
    uint32_t head, tail, end;
    bool wrapped;
    uint32_t buckets[BUCKETS];
};

struct document_cache {
    uint32_t ring; /* bytes of each */
    struct shard shards[SHARDS];
    uint8_t *memory; /* owned: all rings; pages that were never written take no room */
};

static void empty(struct shard *s)
{
    s->head = s->tail = s->end = 0;
    s->wrapped = false;
    memset(s->buckets, 0xff, sizeof s->buckets);
}

struct document_cache *document_cache__new(size_t max_bytes)
{
    struct document_cache *cache = xcalloc(1, sizeof *cache);
    size_t rings = max_bytes > sizeof *cache ? max_bytes - sizeof *cache : 0, i;

    cache->ring = (uint32_t)(rings / SHARDS / ALIGN * ALIGN);
    cache->memory = xmalloc((size_t)cache->ring * SHARDS);
    for (i = 0; i < SHARDS; i++) {
        mutex_init(&cache->shards[i].lock);
        cache->shards[i].ring = cache->memory + i * cache->ring;
        empty(&cache->shards[i]);
    }
    return cache;
}

void document_cache__clear(struct document_cache *cache)
{
    size_t i;

    for (i = 0; i < SHARDS; i++) {
        mutex_lock(&cache->shards[i].lock);
        empty(&cache->shards[i]);
        mutex_unlock(&cache->shards[i].lock);
    }
}

void document_cache__free(struct document_cache *cache)
{
    size_t i;

    if (!cache)
        return;
    for (i = 0; i < SHARDS; i++)
        mutex_done(&cache->shards[i].lock);
    xfree(cache->memory);
    xfree(cache);
}

static uint32_t mix(uint32_t blocks, uint32_t row)
{
    uint64_t h = ((uint64_t)blocks << 32 | row) * 0x9E3779B97F4A7C15u;

    return (uint32_t)(h >> 32);
}

static struct entry *entry_at(struct shard *s, uint32_t at)
{
    return (struct entry *)(void *)(s->ring + at);
}

static uint32_t size_of(size_t n)
{
    return (uint32_t)(sizeof(struct entry) + (n + ALIGN - 1) / ALIGN * ALIGN);
}

static uint32_t *bucket_of(struct shard *s, uint32_t h)
{
    return &s->buckets[h / SHARDS % BUCKETS];
}

static struct entry *find(struct shard *s, uint32_t h, uint32_t blocks, uint32_t row)
{
    uint32_t at = *bucket_of(s, h);

    while (at != NOWHERE) {
        struct entry *e = entry_at(s, at);

        if (e->blocks == blocks && e->row == row)
            return e;
        at = e->chain;
    }
    return NULL;
}

bool document_cache__get(struct document_cache *cache, uint32_t blocks, uint32_t row,
                         struct buf *out)
{
    uint32_t h = mix(blocks, row);
    struct shard *s = &cache->shards[h % SHARDS];
    struct entry *e;

    mutex_lock(&s->lock);
    e = find(s, h, blocks, row);
    if (e) {
        e->chances += e->chances < CHANCES_MAX ? 1 : 0;
        buf_clear(out);
        (void)buf_append(out, e + 1, e->n);
    }
    mutex_unlock(&s->lock);
    return e != NULL;
}

/* The place that says where the entry at `at` is: the bucket's, or the chain of another. */
static uint32_t *link_to(struct shard *s, uint32_t at)
{
    const struct entry *e = entry_at(s, at);
    uint32_t *p = bucket_of(s, mix(e->blocks, e->row));

    while (*p != at)
        p = &entry_at(s, *p)->chain;
    return p;
}

/* Takes the oldest entry away, or, if it may and has chances, brings it to the front. */
static bool pass_oldest(struct shard *s, bool may_move)
{
    struct entry *e = entry_at(s, s->tail);
    uint32_t size = size_of(e->n), *link = link_to(s, s->tail);
    bool moves = may_move && e->chances > 0;

    if (moves) { /* into the gap, which stays as large as it is */
        e->chances--;
        *link = s->head;
        memmove(s->ring + s->head, e, size);
        s->head += size;
    } else {
        *link = e->chain;
    }
    s->tail += size;
    if (s->tail == s->end) {
        s->tail = 0;
        s->wrapped = false;
    }
    return moves;
}

/* Makes a gap of `size` bytes at head. */
static void make_gap(const struct document_cache *cache, struct shard *s, uint32_t size)
{
    int moves = 0;

    while ((s->wrapped ? s->tail : cache->ring) - s->head < size) {
        if (s->wrapped) {
            moves += pass_oldest(s, moves < MOVES_MAX) ? 1 : 0;
        } else {
            s->end = s->head;
            s->head = 0;
            s->wrapped = true;
        }
    }
}

void document_cache__put(struct document_cache *cache, uint32_t blocks, uint32_t row,
                         struct bytes json)
{
    uint32_t h = mix(blocks, row);
    struct shard *s = &cache->shards[h % SHARDS];
    struct entry *e;

    if (json.n > cache->ring / ENTRY_SHARE || size_of(json.n) > cache->ring / ENTRY_SHARE)
        return;
    mutex_lock(&s->lock);
    if (!find(s, h, blocks, row)) { /* else another view was faster */
        uint32_t *bucket = bucket_of(s, h);

        make_gap(cache, s, size_of(json.n));
        e = entry_at(s, s->head);
        *e = (struct entry){.chain = *bucket, .blocks = blocks, .row = row, .n = (uint32_t)json.n};
        if (json.n)
            memcpy(e + 1, json.p, json.n);
        *bucket = s->head;
        s->head += size_of(json.n);
    }
    mutex_unlock(&s->lock);
}

size_t document_cache__bytes(struct document_cache *cache)
{
    size_t i, n = 0;

    for (i = 0; i < SHARDS; i++) {
        struct shard *s = &cache->shards[i];

        mutex_lock(&s->lock);
        n += s->wrapped ? s->end - s->tail + s->head : s->head - s->tail;
        mutex_unlock(&s->lock);
    }
    return n;
}

/* SPDX-License-Identifier: MIT */
/*
 * block_cache.c -- inflated blocks that were read lately, bounded in bytes.
 *
 * An entry's key has the version of the block, which changes whenever the block
 * is written again: an old entry is never wrong, only never asked for again.
 * Documents are copied out under the lock of the shard (a copy of a document
 * takes less time than counting references on entries would), so nothing
 * outside points into an entry.
 *
 * Shards: views of many workers read at once.
 */
#include "index/index_int.h"

#include "base/mem.h"

enum { SHARDS = 8, BUCKETS = 1024, ENTRY_SHARE = 4 /* an entry may take a 4th of a shard */ };

struct entry {
    struct entry *chain;         /* of the bucket */
    struct entry *newer, *older; /* in order of use */
    struct block_key key;
    size_t bytes;
    uint32_t n;
    bool gaps;
    struct block_span *spans; /* behind the struct, as the next two */
    uint32_t *ids;            /* only with gaps */
    uint8_t *content;
    size_t content_n;
};

struct shard {
    struct mutex lock; /* guards what follows */
    size_t bytes;
    struct entry *newest, *oldest;
    struct entry *buckets[BUCKETS];
};

struct block_cache {
    size_t shard_max;
    struct shard shards[SHARDS];
};

struct block_cache *block_cache__new(size_t max_bytes)
{
    struct block_cache *cache = xcalloc(1, sizeof *cache);
    size_t i;

    cache->shard_max = max_bytes / SHARDS;
    for (i = 0; i < SHARDS; i++)
        mutex_init(&cache->shards[i].lock);
    return cache;
}

static uint64_t mix(struct block_key key)
{
    uint64_t h = (uint64_t)key.blocks << 32 | key.first;

    h = (h ^ key.version) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static struct shard *shard_of(struct block_cache *cache, uint64_t h)
{
    return &cache->shards[h % SHARDS];
}

static struct entry **bucket_of(struct shard *s, uint64_t h)
{
    return &s->buckets[h / SHARDS % BUCKETS];
}

static bool same(struct block_key a, struct block_key b)
{
    return a.blocks == b.blocks && a.first == b.first && a.version == b.version;
}

static void unlink_use(struct shard *s, struct entry *e)
{
    *(e->newer ? &e->newer->older : &s->newest) = e->older;
    *(e->older ? &e->older->newer : &s->oldest) = e->newer;
}

static void link_newest(struct shard *s, struct entry *e)
{
    e->newer = NULL;
    e->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
}

static struct entry *find(struct shard *s, struct block_key key, uint64_t h)
{
    struct entry *e;

    for (e = *bucket_of(s, h); e && !same(e->key, key); e = e->chain)
        ;
    if (e && e != s->newest) {
        unlink_use(s, e);
        link_newest(s, e);
    }
    return e;
}

static void drop_oldest(struct shard *s)
{
    struct entry *e = s->oldest, **p = bucket_of(s, mix(e->key));

    while (*p != e)
        p = &(*p)->chain;
    *p = e->chain;
    unlink_use(s, e);
    s->bytes -= e->bytes;
    xfree(e);
}

static void shrink(struct shard *s, size_t max)
{
    while (s->oldest && s->bytes > max)
        drop_oldest(s);
}

void block_cache__clear(struct block_cache *cache)
{
    size_t i;

    for (i = 0; i < SHARDS; i++) {
        mutex_lock(&cache->shards[i].lock);
        shrink(&cache->shards[i], 0);
        mutex_unlock(&cache->shards[i].lock);
    }
}

void block_cache__free(struct block_cache *cache)
{
    size_t i;

    if (!cache)
        return;
    block_cache__clear(cache);
    for (i = 0; i < SHARDS; i++)
        mutex_done(&cache->shards[i].lock);
    xfree(cache);
}

size_t block_cache__bytes(struct block_cache *cache)
{
    size_t i, n = 0;

    for (i = 0; i < SHARDS; i++) {
        mutex_lock(&cache->shards[i].lock);
        n += cache->shards[i].bytes;
        mutex_unlock(&cache->shards[i].lock);
    }
    return n;
}

static size_t place_in(const struct entry *e, uint32_t doc)
{
    if (e->gaps)
        return block__place(e->ids, e->n, doc);
    return doc >= e->key.first && doc - e->key.first < e->n ? doc - e->key.first : e->n;
}

enum cache_answer block_cache__get(struct block_cache *cache, struct block_key key, uint32_t doc,
                                   struct buf *out)
{
    uint64_t h = mix(key);
    struct shard *s = shard_of(cache, h);
    enum cache_answer answer = CACHE_MISS;
    struct entry *e;

    mutex_lock(&s->lock);
    e = find(s, key, h);
    if (e) {
        size_t i = place_in(e, doc);

        answer = i < e->n ? CACHE_HIT : CACHE_ABSENT;
        if (i < e->n) {
            buf_clear(out);
            (void)buf_append(out, e->content + e->spans[i].at, e->spans[i].n);
        }
    }
    mutex_unlock(&s->lock);
    return answer;
}

bool block_cache__copy(struct block_cache *cache, struct block_key key, struct buf *out,
                       struct block_docs *docs)
{
    uint64_t h = mix(key);
    struct shard *s = shard_of(cache, h);
    struct entry *e;
    uint32_t i;

    mutex_lock(&s->lock);
    e = find(s, key, h);
    if (e) {
        buf_clear(out);
        (void)buf_append(out, e->content, e->content_n);
        docs->spans = index__grow(docs->spans, sizeof *docs->spans, e->n, &docs->spans_cap);
        docs->ids = index__grow(docs->ids, sizeof *docs->ids, e->n, &docs->ids_cap);
        memcpy(docs->spans, e->spans, e->n * sizeof *docs->spans);
        for (i = 0; i < e->n; i++)
            docs->ids[i] = e->gaps ? e->ids[i] : e->key.first + i;
        docs->n = e->n;
        docs->content = buf_view(out);
    }
    mutex_unlock(&s->lock);
    return e != NULL;
}

static struct entry *entry_new(struct block_key key, const struct block_docs *docs)
{
    bool gaps = docs->ids[docs->n - 1] - docs->ids[0] != docs->n - 1;
    size_t spans = docs->n * sizeof *docs->spans, ids = gaps ? docs->n * sizeof *docs->ids : 0;
    size_t bytes = sizeof(struct entry) + spans + ids + docs->content.n;
    struct entry *e = xmalloc(bytes);

    *e = (struct entry){.key = key, .bytes = bytes, .n = (uint32_t)docs->n, .gaps = gaps};
    e->spans = (struct block_span *)(e + 1);
    e->ids = (uint32_t *)(e->spans + docs->n);
    e->content = (uint8_t *)e->ids + ids;
    e->content_n = docs->content.n;
    memcpy(e->spans, docs->spans, spans);
    if (ids)
        memcpy(e->ids, docs->ids, ids);
    memcpy(e->content, docs->content.p, docs->content.n);
    return e;
}

void block_cache__put(struct block_cache *cache, struct block_key key,
                      const struct block_docs *docs)
{
    uint64_t h = mix(key);
    struct shard *s = shard_of(cache, h);
    struct entry *e;

    if (docs->n == 0 || docs->content.n > cache->shard_max / ENTRY_SHARE)
        return;
    e = entry_new(key, docs);
    mutex_lock(&s->lock);
    if (find(s, key, h)) { /* another view was faster */
        xfree(e);
    } else {
        e->chain = *bucket_of(s, h);
        *bucket_of(s, h) = e;
        link_newest(s, e);
        s->bytes += e->bytes;
        shrink(s, cache->shard_max);
    }
    mutex_unlock(&s->lock);
}

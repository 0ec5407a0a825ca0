/* SPDX-License-Identifier: MIT */
/*
 * fuzz_search_request.c -- any bytes as the body of a search, as far as the answer's JSON.
 *
 * The first byte picks the method ('f' one search, 'm' several, 'v' values of a
 * facet), the rest is the JSON body. It goes the way of the gateway: defaults,
 * message, rpc, handler, the query room over two small indexes, answer, JSON.
 *
 * Held: a refusal has a word and a sentence and blames the request, an answer is
 * JSON, a search has no more hits than asked for, and a shorter window is the
 * beginning of a longer one.
 */
#include "mutate.h"

#include "api/api.h"
#include "base/assert.h"
#include "base/rng.h"
#include "home/features.h"
#include "index/index.h"
#include "pb/pb.h"
#include "rpc/server.h"
#include "rpc/status.h"
#include "store/store.h"
#include "support/fake_executor.h"
#include "support/tempdir.h"
#include "json/json.h"

#include <lode/v1/search.meta.h>
#include <lode/v1/search_service.rpc.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* ---- bodies ------------------------------------------------------------------------------ */

static const char *const members[] = {
    "\"q\":\"dark knight\"",
    "\"q\":\"\\\"new york\\\" -boat\"",
    "\"q\":\"prin\"",
    "\"limit\":3",
    "\"offset\":1",
    "\"page\":2",
    "\"hitsPerPage\":2",
    "\"filter\":\"year > 1990 AND genres = drama\"",
    "\"filter\":[\"year = 2008\",[\"genres = action\",\"NOT price EXISTS\"]]",
    "\"sort\":[\"year:desc\",\"_geoPoint(48.8,2.3):asc\"]",
    "\"filter\":\"genres CONTAINS ra\"",
    "\"sort\":[\"genres:asc\"]",
    "\"facets\":[\"genres\",\"year\"]",
    "\"facets\":[\"*\"]",
    "\"distinct\":\"year\"",
    "\"attributesToRetrieve\":[\"title\",\"cast.name\"]",
    "\"attributesToCrop\":[\"plot:3\"],\"cropLength\":4",
    "\"attributesToHighlight\":[\"*\"]",
    "\"attributesToSearchOn\":[\"plot\"]",
    "\"showMatchesPosition\":true",
    "\"showRankingScore\":true",
    "\"showRankingScoreDetails\":true",
    "\"rankingScoreThreshold\":0.5",
    "\"matchingStrategy\":\"frequency\"",
    "\"matchingStrategy\":\"all\"",
    "\"facetName\":\"genres\"",
    "\"facetQuery\":\"dra\"",
    "\"exhaustiveFacetCount\":true",
    "\"queries\":[{\"indexUid\":\"films\"},{\"indexUid\":\"plain\",\"q\":\"a\"}]",
    "\"indexUid\":\"films\"",
    "\"federation\":{\"limit\":5,\"mergeFacets\":{}}",
    "\"facetsByIndex\":{\"films\":[\"genres\"]}",
    "\"federationOptions\":{\"weight\":0.5}",
};

/* Bytes changed at random are seldom a body; most times a member is put into some object. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    const char *member;
    size_t at, k, tail;
    struct rng r;

    rng_init(&r, seed);
    member = members[rng_below(&r, ARRAY_LEN(members))];
    at = n ? (size_t)rng_below(&r, n) : 0;
    for (k = 0; k < n && data[at] != '{'; k++)
        at = (at + 1) % n;
    k = strlen(member) + 1;
    if (n == 0 || data[at] != '{' || n + k > max || rng_below(&r, 4) == 0)
        return LLVMFuzzerMutate(data, n, max);
    at++;
    if (at == n || data[at] == '}')
        k--; /* no comma */
    tail = n - at;
    memmove(data + at + k, data + at, tail);
    memcpy(data + at, member, strlen(member));
    if (k > strlen(member))
        data[at + k - 1] = ',';
    return n + k;
}

/* ---- two indexes, a server --------------------------------------------------------------------
 */

static const char films_settings[] =
    "{\"searchableAttributes\":[\"title\",\"plot\",\"cast.name\"],"
    "\"filterableAttributes\":[\"genres\",\"year\",\"price\",\"_geo\",\"cast.name\"],"
    "\"sortableAttributes\":[\"year\",\"price\",\"genres\",\"_geo\"],"
    "\"rankingRules\":[\"words\",\"typo\",\"proximity\",\"attribute\",\"sort\",\"exactness\","
    "\"price:asc\"],\"stopWords\":[\"the\",\"of\"],"
    "\"synonyms\":{\"nyc\":[\"new york\"],\"boat\":[\"ship\"]}}";

static const char *const films[] = {
    "{\"id\":0,\"title\":\"The Dark Knight\",\"plot\":\"Batman against the joker, in the dark\","
    "\"genres\":[\"action\",\"drama\"],\"year\":2008,\"cast\":[{\"name\":\"Bale\"},"
    "{\"name\":\"Ledger\"}],\"_geo\":{\"lat\":41.9,\"lng\":-87.6}}",
    "{\"id\":1,\"title\":\"Dark Night of the Soul\",\"plot\":\"A night in New York\","
    "\"genres\":\"drama\",\"year\":1999,\"price\":3.5}",
    "{\"id\":2,\"title\":\"Knights\",\"plot\":\"Darker than a knight at night\",\"genres\":[],"
    "\"year\":null,\"price\":\"free\",\"_geo\":{\"lat\":\"48.85\",\"lng\":\"2.35\"}}",
    "{\"id\":3,\"title\":\"Princess and princes\",\"plot\":\"Prince, princess, prints; principle\","
    "\"genres\":[\"Drama\",\"comedy\"],\"year\":2008,\"price\":0}",
    "{\"id\":4,\"title\":\"A boat to New York\",\"plot\":\"The ship of the dark "
    "sea\",\"year\":1912,"
    "\"genres\":[\"history\",\"drama\"],\"cast\":{\"name\":\"Dark Vader\"}}",
    "{\"id\":5,\"title\":\"\xE6\x9D\xB1\xE4\xBA\xAC\xE7\x89\xA9\xE8\xAA\x9E\",\"plot\":"
    "\"caf\xC3\xA9 "
    "na\xC3\xAFve \xF0\x9F\x98\x80 dark knight dark knight\",\"genres\":\"drama\",\"year\":1953}",
};

static const char *const plain[] = {
    "{\"key\":\"a-1\",\"text\":\"a dark knight\",\"n\":[1,2,{\"deep\":[true,null,\"night\"]}]}",
    "{\"key\":\"a-2\",\"text\":\"new york, a knight of the dark\",\"n\":2}",
    "{\"key\":\"a-3\"}",
};

static struct {
    char *dir;
    struct home *home;
    struct features *features;
    struct store *store;
    struct catalog *catalog;
    struct api *api;
    struct rpc_server *server;
    struct fake_executor executor;
    struct json_parser *parser;
} world;

static void must(enum rc rc)
{
    ASSERT(rc == RC_OK);
}

static void close_world(void)
{
    rpc_server_free(world.server);
    api_free(world.api);
    fake_executor_done(&world.executor);
    json_parser_free(world.parser);
    catalog_close(world.catalog);
    store_close(world.store);
    features_close(world.features);
    home_close(world.home);
    tempdir_remove(world.dir);
}

static void make_index(const char *uid, const char *settings, const char *const *documents,
                       size_t n_documents, const char *key)
{
    const struct document_opts how = {.replace = true, .primary_key = bytes_str(key)};
    struct store_batch *batch = store_batch_new();
    struct change *c;
    struct err err;
    uint32_t id;
    size_t i;

    must(change_begin(world.catalog, &c, &err));
    must(change_create_index(c, bytes_str(uid), bytes_str(key), 1, &id, &err));
    if (settings)
        must(change_settings(c, id, bytes_str(settings), 1, &err));
    must(change_documents_begin(c, id, &how, bytes_str(documents[0]), 1, &err));
    for (i = 0; i < n_documents; i++)
        must(change_document(c, id, bytes_str(documents[i]), &how, &err));
    must(change_finish(c, batch, &err));
    must(store_commit(world.store, batch, &err));
    change_committed(c);
    store_batch_free(batch);
}

static void open_world(void)
{
    const struct store_opts store_opts = {.write_buffer = 1 << 20};
    struct api_opts api_opts = {.max_searches = 1};
    struct rpc_server_opts opts = {0};
    struct err err;

    world.dir = tempdir_make();
    must(home_open(world.dir, &world.home, &err));
    must(features_write(world.home, feature_bit(FEATURE_CONTAINS_FILTER), &err));
    must(features_open(world.home, &world.features, &err));
    must(store_open(home_store_path(world.home), &store_opts, &world.store, &err));
    must(catalog_open(world.store, NULL, &world.catalog, &err));
    make_index("films", films_settings, films, ARRAY_LEN(films), "id");
    make_index("plain", NULL, plain, ARRAY_LEN(plain), "key");
    fake_executor_init(&world.executor);
    opts.executor = fake_executor_ops(&world.executor);
    world.server = rpc_server_new(&opts);
    api_opts.catalog = world.catalog;
    api_opts.features = world.features; /* a search needs nothing else */
    world.api = api_new(&api_opts);
    api_register(world.api, world.server);
    world.parser = json_parser_new();
    (void)atexit(close_world);
}

/* ---- one call ------------------------------------------------------------------------------ */

struct asked {
    const struct rpc_method *method;
    struct bytes body;
    uint64_t limit; /* instead of the body's; UINT64_MAX: the body's */
    struct rpc_call *call;
    bool ended, answered;
    bool windowed; /* by offset and limit */
    size_t n_hits;
    struct buf hits; /* one after the other */
};

static void take_search(struct asked *a, const Lode__V1__SearchResponse *answer)
{
    uint64_t most = answer->limit_given_case ? answer->limit : answer->hits_per_page;
    size_t i;

    a->windowed = answer->limit_given_case;
    a->n_hits = answer->n_hits;
    ASSERT(answer->n_hits <= most);
    if (answer->total_case)
        ASSERT(answer->n_hits <= answer->total_hits);
    for (i = 0; i < answer->n_hits; i++)
        ASSERT(buf_append(&a->hits, answer->hits[i].data, answer->hits[i].len));
#ifdef LODE_PLANTED_BUG
    if (answer->n_hits > 1 && answer->distribution_case && answer->pages_case &&
        answer->total_pages > 1)
        NEVER("planted bug");
#endif
}

static void op_send_initial(void *door)
{
    (void)door;
}

static void op_send_message(void *door, const ProtobufCMessage *msg, bool compress)
{
    struct asked *a = door;
    struct json_value root;
    struct buf json;
    struct err err;

    (void)compress;
    ASSERT(!a->answered);
    a->answered = true;
    buf_init(&json, BUF_NO_LIMIT);
    must(pb_to_json(msg, a->method->out, &json, &err));
    must(json_parse(world.parser, buf_view(&json), NULL, &root, NULL));
    buf_done(&json);
    if (a->method == &lode__v1__search__service.methods[LODE__V1__SEARCH__FIND])
        take_search(a, (const void *)msg);
}

static size_t op_queued(void *door)
{
    (void)door;
    return 0;
}

static void op_consumed(void *door, size_t n_messages)
{
    (void)door;
    (void)n_messages;
}

static void op_finish(void *door, const struct rpc_status *status)
{
    struct asked *a = door;
    enum rc rc = status->err.rc;

    ASSERT(!a->ended && a->answered == (rc == RC_OK));
    a->ended = true;
    if (rc != RC_OK) {
        ASSERT(rc == RC_INVALID || rc == RC_NOT_FOUND || rc == RC_TOO_LARGE);
        ASSERT(status->err.word && status->err.msg[0] && status->code);
    }
}

/* As the gateway makes it; NULL: refused there. */
static ProtobufCMessage *read_body(const struct asked *a, struct arena *arena)
{
    static const char *const taken[] = {"index_uid", NULL};
    bool in_path = *a->method->index_field != 0;
    const struct pb_json_opts opts = {.taken = in_path ? taken : NULL, .at = ""};
    ProtobufCMessage *msg = pb_new(arena, a->method->in->desc);
    struct json_value root;
    struct err err;

    if (!msg || json_parse(world.parser, a->body, NULL, &root, NULL) != RC_OK)
        return NULL;
    must(pb_apply_defaults(arena, a->method->in, msg, &err));
    if (in_path)
        must(pb_set_text(arena, a->method->in, "index_uid", B("films"), msg, &err));
    if (pb_from_json(arena, a->method->in, &root, &opts, msg, &err) != RC_OK)
        return NULL;
    if (a->limit != UINT64_MAX) {
        Lode__V1__SearchRequest *search = (void *)msg;

        search->limit_given_case = LODE__V1__SEARCH_REQUEST__LIMIT_GIVEN_LIMIT;
        search->limit = a->limit;
    }
    return msg;
}

static void ask(struct asked *a)
{
    static const struct rpc_door_ops ops = {
        .send_initial = op_send_initial,
        .send_message = op_send_message,
        .queued = op_queued,
        .consumed = op_consumed,
        .finish = op_finish,
    };
    const struct rpc_call_start start = {
        .method = a->method,
        .door_ops = &ops,
        .door = a,
        .peer = "127.0.0.1:5",
        .query_string = "",
        .deadline_mono_ns = INT64_MAX,
        .ret_call = &a->call,
    };
    ProtobufCMessage *msg;

    (void)rpc_call_new(world.server, &start);
    msg = read_body(a, rpc_call_arena(a->call));
    if (msg) {
        rpc_call_message(a->call, msg);
        rpc_call_end(a->call);
        while (fake_executor_work(&world.executor) || fake_executor_posts(&world.executor))
            ;
        ASSERT(a->ended);
    }
    rpc_call_door_gone(a->call);
    ASSERT(rpc_server_live_calls(world.server) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct asked first = {.limit = UINT64_MAX}, second;

    if (!world.store)
        open_world();
    if (n == 0)
        return 0;
    first.body = bytes_of(data + 1, n - 1);
    first.method =
        &lode__v1__search__service.methods[data[0] == 'm'   ? LODE__V1__SEARCH__FIND_MANY
                                           : data[0] == 'v' ? LODE__V1__SEARCH__FIND_FACETS
                                                            : LODE__V1__SEARCH__FIND];
    second = first;
    buf_init(&first.hits, BUF_NO_LIMIT);
    ask(&first);
    if (first.windowed && first.n_hits > 1) {
        second.limit = first.n_hits / 2;
        buf_init(&second.hits, BUF_NO_LIMIT);
        ask(&second);
        ASSERT(second.answered && second.n_hits == second.limit);
        ASSERT(bytes_eq(buf_view(&second.hits), bytes_of(first.hits.p, second.hits.n)));
        buf_done(&second.hits);
    }
    buf_done(&first.hits);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* test_http_route.c -- which method serves which path, over the product's own tables. */
#include "http/http_route.h"
#include "support/suite.h"

#include <lode/v1/documents_service.rpc.h>
#include <lode/v1/indexes_service.rpc.h>
#include <lode/v1/settings_service.rpc.h>
#include <lode/v1/tasks_service.rpc.h>

static struct http_router *router;
static struct http_match match;

static const struct rpc_service *const services[] = {
    &lode__v1__documents__service,
    &lode__v1__indexes__service,
    &lode__v1__settings_service__service,
    &lode__v1__tasks__service,
};

static void setup(void)
{
    size_t i;

    router = http_router_new();
    for (i = 0; i < ARRAY_LEN(services); i++)
        http_router_add(router, services[i]);
}

static void teardown(void)
{
    http_router_free(router);
}

/* The path of the method that serves it; "" for none. */
static const char *find(const char *verb, const char *path)
{
    static char copy[256];
    struct bytes segments[HTTP_MAX_SEGMENTS];
    struct err err;
    size_t n = strlen(path);
    size_t n_segments = 0;

    memcpy(copy, path, n + 1);
    CU_ASSERT_EQUAL_FATAL(http_path_split((uint8_t *)copy, n, segments, &n_segments, &err), RC_OK);
    http_router_find(router, http_verb_of(bytes_str(verb)), segments, n_segments, &match);
    return match.route ? match.route->method->path : "";
}

static void every_declared_route_leads_to_its_method(void)
{
    size_t s;
    unsigned m, r;

    for (s = 0; s < ARRAY_LEN(services); s++) {
        for (m = 0; m < services[s]->n_methods; m++) {
            const struct rpc_method *method = &services[s]->methods[m];

            for (r = 0; r < method->n_routes; r++) {
                CU_ASSERT_STRING_EQUAL(find(method->routes[r].verb, method->routes[r].pattern),
                                       method->path);
                CU_ASSERT_PTR_EQUAL(match.route->rule, &method->routes[r]);
            }
        }
    }
}

static void variables_are_captured_in_order(void)
{
    CU_ASSERT_STRING_EQUAL(find("GET", "/indexes/movies/documents/a%20b"),
                           "/lode.v1.Documents/Get");
    CU_ASSERT_EQUAL_FATAL(match.route->n_vars, 2);
    CU_ASSERT_STRING_EQUAL(match.route->vars[0], "index_uid");
    CU_ASSERT_STRING_EQUAL(match.route->vars[1], "document_id");
    CU_ASSERT(bytes_eq(match.vars[0], B("movies")));
    CU_ASSERT(bytes_eq(match.vars[1], B("a b")));
}

static void literals_win_but_give_way_to_what_they_cannot_serve(void)
{
    CU_ASSERT_STRING_EQUAL(find("POST", "/indexes/i/documents/fetch"), "/lode.v1.Documents/Fetch");
    CU_ASSERT_STRING_EQUAL(find("GET", "/indexes/i/documents/fetch"), "/lode.v1.Documents/Get");
    CU_ASSERT(bytes_eq(match.vars[1], B("fetch")));
    CU_ASSERT_STRING_EQUAL(find("GET", "/indexes/documents/documents"), "/lode.v1.Documents/List");
    CU_ASSERT_STRING_EQUAL(find("POST", "/tasks/cancel"), "/lode.v1.Tasks/Cancel");
    CU_ASSERT_STRING_EQUAL(find("GET", "/tasks/cancel"), "/lode.v1.Tasks/Get");
}

static void unknown_paths_and_verbs_are_told_apart(void)
{
    CU_ASSERT_STRING_EQUAL(find("GET", "/nothing"), "");
    CU_ASSERT_EQUAL(match.allow, 0);
    CU_ASSERT_STRING_EQUAL(find("GET", "/indexes/a/b/c/d"), "");
    CU_ASSERT_EQUAL(match.allow, 0);
    CU_ASSERT_STRING_EQUAL(find("GET", "/indexes//documents"), ""); /* a variable is never empty */
    CU_ASSERT_EQUAL(match.allow, 0);
    CU_ASSERT_STRING_EQUAL(find("GET", "/INDEXES"), "");
    CU_ASSERT_EQUAL(match.allow, 0);
    CU_ASSERT_STRING_EQUAL(find("PUT", "/indexes"), "");
    CU_ASSERT_EQUAL(match.allow, 1U << HTTP_GET | 1U << HTTP_POST);
    CU_ASSERT_STRING_EQUAL(find("PATCH", "/indexes/i/documents/fetch"), "");
    CU_ASSERT_EQUAL(match.allow, 1U << HTTP_GET | 1U << HTTP_POST | 1U << HTTP_DELETE);
    CU_ASSERT_STRING_EQUAL(find("get", "/indexes"), "");
    CU_ASSERT_STRING_EQUAL(find("OPTIONS", "/indexes"), "");
    CU_ASSERT_STRING_EQUAL(find("TRACE", "/indexes"), "");
    CU_ASSERT_EQUAL(match.allow, 1U << HTTP_GET | 1U << HTTP_POST);
    CU_ASSERT_STRING_EQUAL(find("GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"), "");
    CU_ASSERT_EQUAL(match.allow, 0);
}

static void head_is_looked_up_as_get(void)
{
    CU_ASSERT_STRING_EQUAL(find("HEAD", "/indexes"), "/lode.v1.Indexes/List");
}

static void constants_are_taken_apart(void)
{
    find("GET", "/indexes/i/settings/stop-words");
    CU_ASSERT_PTR_NOT_NULL_FATAL(match.route);
    CU_ASSERT_EQUAL_FATAL(match.route->n_constants, 1);
    CU_ASSERT_STRING_EQUAL(match.route->constants[0].field, "name");
    CU_ASSERT(bytes_eq(match.route->constants[0].value, B("stopWords")));
}

static bool is_taken(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static void it_is_known_where_each_field_comes_from(void)
{
    find("POST", "/indexes/i/documents/delete-batch");
    CU_ASSERT(match.route->takes_query); /* customMetadata */
    CU_ASSERT(match.route->body_is_list);
    CU_ASSERT(is_taken(match.route->taken, "ids"));
    CU_ASSERT(is_taken(match.route->taken, "index_uid"));
    CU_ASSERT_FALSE(is_taken(match.route->taken, "custom_metadata"));
    CU_ASSERT_FALSE(is_taken(match.route->taken_by_path, "ids"));

    find("POST", "/indexes");
    CU_ASSERT_FALSE(match.route->takes_query); /* all is the body's */
    CU_ASSERT_FALSE(match.route->body_is_list);

    find("POST", "/indexes/i/documents");
    CU_ASSERT(match.route->takes_query);
    CU_ASSERT(match.route->stream_field >= 0);
    CU_ASSERT(match.route->content_type_field >= 0);
    CU_ASSERT(is_taken(match.route->taken, "chunk"));

    find("GET", "/indexes/i");
    CU_ASSERT_FALSE(match.route->takes_query); /* ignore_query */
    find("GET", "/indexes");
    CU_ASSERT(match.route->takes_query);
}

SUITE(http_route, setup, teardown, TEST(every_declared_route_leads_to_its_method),
      TEST(variables_are_captured_in_order),
      TEST(literals_win_but_give_way_to_what_they_cannot_serve),
      TEST(unknown_paths_and_verbs_are_told_apart), TEST(head_is_looked_up_as_get),
      TEST(constants_are_taken_apart), TEST(it_is_known_where_each_field_comes_from));

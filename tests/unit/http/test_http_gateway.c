/* SPDX-License-Identifier: MIT */
/* test_http_gateway.c -- requests and answers: routes, payloads, rights, errors, headers. */
#include "gateway_world.h"

#include "support/suite.h"

#include <stdio.h>
#include <zstd.h>

/* Sends one request on a connection of its own and hears the answer. */
static int ask(const char *text)
{
    int fd = gateway_client();

    gateway_say(fd, text);
    CU_ASSERT(gateway_hear(fd, false) > 0);
    gateway_hang_up(fd);
    gw.n_fds--;
    gateway_turn(5);
    return gw.answer.status;
}

static bool body_is(const char *want)
{
    bool same = bytes_eq(buf_view(&gw.answer.body), bytes_str(want));

    if (!same)
        printf("got: %.*s\n", BYTES_ARG(buf_view(&gw.answer.body)));
    return same;
}

static bool is_error(int status, const char *code, const char *message)
{
    char want[1024];

    (void)snprintf(want, sizeof(want), "{\"message\":\"%s\",\"code\":\"%s\",\"type\":", message,
                   code);
    return gw.answer.status == status && answer_body_has(want) &&
           answer_has("Content-Type: application/json");
}

/* ---- answers ----------------------------------------------------------------- */

static void a_document_is_answered_byte_for_byte(void)
{
    gw.document = "{\"n\":1.0000000000000000001 , \"s\":\"\\u00e9\"}";
    CU_ASSERT_EQUAL(ask("GET /indexes/movies/documents/42 HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    CU_ASSERT(body_is(gw.document));
    CU_ASSERT(answer_has("Content-Type: application/json"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw.answer.head, "\r\nTrace-Id: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw.answer.head, "\r\nDate: "));
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Connection:"));
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Access-Control"));
    CU_ASSERT(gateway_log_is("get(movies,42,0) "));
}

static void messages_are_answered_as_json_with_the_routes_status(void)
{
    CU_ASSERT_EQUAL(ask("GET /indexes?offset=3&limit=5 HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    CU_ASSERT(body_is("{\"results\":[],\"offset\":3,\"limit\":5,\"total\":0}"));
    CU_ASSERT_EQUAL(ask("GET /indexes HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    CU_ASSERT(body_is("{\"results\":[],\"offset\":0,\"limit\":20,\"total\":0}"));
    CU_ASSERT_EQUAL(ask("POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        "Content-Length: 15\r\n\r\n{\"uid\":\"movies\"}"),
                    400); /* one byte too few was announced */
    CU_ASSERT_EQUAL(ask("POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        "Content-Length: 16\r\n\r\n{\"uid\":\"movies\"}"),
                    202);
    CU_ASSERT(answer_body_has("\"taskUid\":7"));
    CU_ASSERT(answer_body_has("\"status\":\"enqueued\""));
    CU_ASSERT(gateway_log_is("create(movies,-) "));
}

static void no_content_has_no_body_and_no_length(void)
{
    CU_ASSERT_EQUAL(ask("DELETE /keys/abc HTTP/1.1\r\nHost: x\r\n\r\n"), 204);
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Content-Length"));
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Content-Type"));
    CU_ASSERT_EQUAL(gw.answer.body.n, 0);
}

static void head_is_get_without_the_body(void)
{
    int fd = gateway_client();

    gateway_say(fd, "HEAD /indexes/m/documents/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, true), 200);
    CU_ASSERT(answer_has("Content-Length: 8"));
    CU_ASSERT(gateway_silent(fd));
}

static void unknown_paths_and_verbs_have_empty_answers(void)
{
    CU_ASSERT_EQUAL(ask("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    CU_ASSERT(answer_has("Content-Length: 0"));
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Content-Type"));
    CU_ASSERT_EQUAL(ask("PUT /indexes HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    CU_ASSERT(answer_has("Content-Length: 0"));
    CU_ASSERT(answer_has("Allow: GET, HEAD, POST"));
    CU_ASSERT_EQUAL(ask("BREW /indexes HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    CU_ASSERT_EQUAL(ask("POST / HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    CU_ASSERT_EQUAL(gw.n_calls, 0);
}

static void the_root_says_who_is_there(void)
{
    CU_ASSERT_EQUAL(ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    CU_ASSERT(body_is("{\"status\":\"Lode is running\"}"));
}

static void trailing_slashes_do_not_count(void)
{
    CU_ASSERT_EQUAL(ask("GET /health/ HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    CU_ASSERT(body_is("{\"status\":\"available\"}"));
    CU_ASSERT(answer_has("x-extra: yes")); /* the handler's own header */
}

static void malformed_paths_and_queries_are_told(void)
{
    CU_ASSERT_EQUAL(ask("GET /indexes/a%00b HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    CU_ASSERT(is_error(400, "bad_request", "The path of the request is malformed."));
    CU_ASSERT_EQUAL(ask("GET /indexes?limit=%zz HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    CU_ASSERT(is_error(400, "bad_request", "The query string of the request is malformed."));
    ask("GET /indexes?limit=x HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT(is_error(400, "invalid_index_limit",
                       "Invalid value in parameter `limit`: could not parse `x` as a positive "
                       "integer"));
    ask("GET /indexes?limti=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 400);
    CU_ASSERT(answer_body_has(
        "Unknown parameter `limti`: did you mean `limit`? expected one of `offset`, "
        "`limit`"));
    /* A route that declares no parameters ignores them. */
    CU_ASSERT_EQUAL(ask("GET /health?a=b HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    CU_ASSERT_EQUAL(gw.n_calls, 1);
}

static void handlers_errors_are_json_with_word_and_link(void)
{
    gw.document = NULL;
    ask("GET /indexes/m/documents/9 HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 404);
    CU_ASSERT(body_is("{\"message\":\"Document `9` not found.\",\"code\":\"document_not_found\","
                      "\"type\":\"invalid_request\",\"link\":\"https://docs.meilisearch.com/errors#"
                      "document_not_found\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw.answer.head, "\r\nTrace-Id: "));
    ask("GET /stats HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 503);
    CU_ASSERT(answer_has("Retry-After: 10"));
    ask("GET /indexes/m HTTP/1.1\r\nHost: x\r\n\r\n"); /* its handler is missing */
    CU_ASSERT_EQUAL(gw.answer.status, 501);
}

static void the_trace_id_comes_from_the_request_if_it_has_one(void)
{
    ask("GET /health HTTP/1.1\r\nHost: x\r\n"
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
    CU_ASSERT(answer_has("Trace-Id: 4bf92f3577b34da6a3ce929d0e0e4736"));
}

static void browsers_of_any_origin_are_served(void)
{
    ask("GET /health HTTP/1.1\r\nHost: x\r\nOrigin: http://a.example\r\n\r\n");
    CU_ASSERT(answer_has("Access-Control-Allow-Origin: *"));
    ask("OPTIONS /indexes/m/documents HTTP/1.1\r\nHost: x\r\nOrigin: http://a.example\r\n"
        "Access-Control-Request-Method: PUT\r\n"
        "Access-Control-Request-Headers: authorization,x-meilisearch-client\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 200);
    CU_ASSERT(answer_has("Access-Control-Allow-Origin: *"));
    CU_ASSERT(answer_has("Access-Control-Allow-Headers: authorization,x-meilisearch-client"));
    CU_ASSERT(answer_has("Access-Control-Max-Age: 86400"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw.answer.head, "Access-Control-Allow-Methods: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw.answer.head, "PATCH"));
    ask("GET /nope HTTP/1.1\r\nHost: x\r\nOrigin: null\r\n\r\n");
    CU_ASSERT(answer_has("Access-Control-Allow-Origin: *"));
    ask("GET /a b HTTP/1.1\r\nHost: x\r\nOrigin: null\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 400);
    ask("OPTIONS /indexes HTTP/1.1\r\nHost: x\r\n\r\n"); /* no preflight */
    CU_ASSERT_EQUAL(gw.answer.status, 405);
    ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 200);
}

/* ---- payloads ---------------------------------------------------------------- */

/* POST path with a body; type NULL: no Content-Type. */
static int post(const char *path, const char *type, const char *body)
{
    char text[4096];

    (void)snprintf(text, sizeof(text),
                   "POST %s HTTP/1.1\r\nHost: x\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", path,
                   type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "", strlen(body),
                   body);
    return ask(text);
}

#define JSON_TYPES "Accepted values for the Content-Type header are: `application/json`"
#define DOCUMENT_TYPES JSON_TYPES ", `application/x-ndjson`, `text/csv`"

static void payload_errors_come_in_their_order(void)
{
    post("/indexes", NULL, "");
    CU_ASSERT(
        is_error(415, "missing_content_type", "A Content-Type header is missing. " JSON_TYPES));
    post("/indexes", NULL, "{");
    CU_ASSERT_EQUAL(gw.answer.status, 415);
    post("/indexes", "text/plain", "{");
    CU_ASSERT(is_error(415, "invalid_content_type",
                       "The Content-Type `text/plain` is invalid. " JSON_TYPES));
    post("/indexes", "", "{}");
    CU_ASSERT(is_error(415, "invalid_content_type", "The Content-Type `` is invalid. " JSON_TYPES));
    post("/indexes", "application/json", "");
    CU_ASSERT(is_error(400, "missing_payload", "A json payload is missing."));
    post("/indexes", "application/json; charset=utf-8", "{\"uid\": \"movies\" ");
    CU_ASSERT(is_error(400, "malformed_payload",
                       "The json payload provided is malformed. `EOF while parsing an object at "
                       "line 1 column 17`."));
    post("/indexes", "application/json", "[]");
    CU_ASSERT(is_error(400, "bad_request",
                       "Invalid value type: expected an object, but found an array: `[]`"));
    post("/indexes", "application/json", "{\"uid\":1}");
    CU_ASSERT(is_error(400, "invalid_index_uid",
                       "Invalid value type at `.uid`: expected a string, but found a positive "
                       "integer: `1`"));
    post("/indexes", "application/json", "{\"primaryKey\":\"a\"}");
    CU_ASSERT(is_error(400, "missing_index_uid", "Missing field `uid`"));
    CU_ASSERT_EQUAL(gw.n_calls, 0);
    CU_ASSERT_EQUAL(post("/indexes", "application/json", "{\"uid\":\"m\",\"primaryKey\":\"id\"}"),
                    202);
    CU_ASSERT(gateway_log_is("create(m,id) "));
}

static void a_list_body_is_refused_in_the_words_of_the_json_library(void)
{
    static const struct {
        const char *body, *what;
    } cases[] = {
        {"\"doggo\"", "invalid type: string \\\"doggo\\\", expected a sequence at line 1 column 7"},
        {"null", "invalid type: null, expected a sequence at line 1 column 4"},
        {"\n true", "invalid type: boolean `true`, expected a sequence at line 2 column 5"},
        {"13", "invalid type: integer `13`, expected a sequence at line 1 column 2"},
        {"1.5", "invalid type: floating point `1.5`, expected a sequence at line 1 column 3"},
        {"{\"a\":1}", "invalid type: map, expected a sequence at line 1 column 0"},
    };
    char want[256];
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        post("/indexes/m/documents/delete-batch", "application/json", cases[i].body);
        (void)snprintf(want, sizeof(want), "Json deserialize error: %s", cases[i].what);
        CU_ASSERT(is_error(400, "bad_request", want));
    }
    CU_ASSERT_EQUAL(gw.n_calls, 0);
    CU_ASSERT_EQUAL(
        post("/indexes/m/documents/delete-batch?customMetadata=x", "application/json", "[1,\"b\"]"),
        202);
    CU_ASSERT(gateway_log_is("delete(m,1,b;x) "));
}

static void routes_without_a_body_ignore_one(void)
{
    CU_ASSERT_EQUAL(post("/tasks/cancel?uids=1,2", "application/json", "null"), 200);
    CU_ASSERT_EQUAL(post("/tasks/cancel?uids=3", NULL, "anything at all"), 200);
    CU_ASSERT(gateway_log_is("cancel(uids=1,2) cancel(uids=3) "));
}

static void a_json_body_may_come_encoded_and_in_chunks(void)
{
    static const char body[] = "{\"uid\":\"compressed\"}";
    char packed[128];
    size_t n = ZSTD_compress(packed, sizeof(packed), body, sizeof(body) - 1, 1);
    int fd = gateway_client();
    size_t i;

    gateway_say(fd, "POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    "Content-Encoding: zstd\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (i = 0; i < n; i++) {
        gateway_say(fd, "1\r\n");
        gateway_say_bytes(fd, bytes_of(packed + i, 1));
        gateway_say(fd, "\r\n");
    }
    gateway_say(fd, "0\r\n\r\n");
    CU_ASSERT_EQUAL(gateway_hear(fd, false), 202);
    CU_ASSERT(gateway_log_is("create(compressed,-) "));
}

static void a_json_body_over_the_limit_is_refused(void)
{
    static const struct http_opts small = {.payload_limit = 64};
    char body[66];

    gateway_restart(&small);
    memset(body, ' ', sizeof(body));
    body[65] = '\0';
    post("/indexes", "application/json", body);
    CU_ASSERT(is_error(413, "payload_too_large",
                       "The provided payload reached the size limit. The maximum accepted payload "
                       "size is 64 B."));
    ask("POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "40\r\n{\"uid\":\"a\"}                                                     \r\n"
        "1\r\n \r\n0\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 413);
    CU_ASSERT_EQUAL(gw.n_calls, 0);
}

static void unknown_encodings_are_refused(void)
{
    ask("POST /indexes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}");
    CU_ASSERT(is_error(400, "bad_request",
                       "The Content-Encoding `br` is not supported. Accepted values for the "
                       "Content-Encoding header are: `gzip`, `deflate`, `zstd`, `identity`"));
}

/* ---- rights ------------------------------------------------------------------ */

static void the_right_is_asked_before_anything_is_told(void)
{
    gw.needed_key = "Bearer good";
    post("/indexes", NULL, "");
    CU_ASSERT(is_error(403, "invalid_api_key", "The provided API key is invalid."));
    post("/indexes", "application/json", "{");
    CU_ASSERT_EQUAL(gw.answer.status, 403);
    post("/indexes/m/documents", "text/plain", "x");
    CU_ASSERT_EQUAL(gw.answer.status, 403);
    CU_ASSERT_STRING_EQUAL(gw.seen_index, "m"); /* the path's index is known to the check */
    post("/indexes/m/documents?nonsense=1", "application/json", "x");
    CU_ASSERT_EQUAL(gw.answer.status, 403);
    ask("GET /indexes?limit=x HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 403);
    ask("GET /indexes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bad\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 403);
    CU_ASSERT(gateway_log_is("")); /* no handler saw a message */
    gw.n_access = 0;
    ask("GET /indexes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.status, 200);
    CU_ASSERT_EQUAL(gw.n_access, 1);
    CU_ASSERT_EQUAL(ask("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
}

/* ---- encodings of answers ---------------------------------------------------- */

static void long_answers_are_encoded_as_the_client_likes(void)
{
    static char document[5000];
    static char plain[5000];

    memset(document, 'a', sizeof(document));
    memcpy(document, "{\"a\":\"", 6);
    memcpy(document + sizeof(document) - 2, "\"}", 2);
    gw.document = document;
    gw.document_n = sizeof(document);
    ask("GET /indexes/m/documents/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(gw.answer.body.n, sizeof(document));
    CU_ASSERT(answer_has("Vary: Accept-Encoding"));
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Content-Encoding"));
    ask("GET /indexes/m/documents/1 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, zstd\r\n\r\n");
    CU_ASSERT(answer_has("Content-Encoding: zstd"));
    CU_ASSERT(gw.answer.body.n < 200);
    CU_ASSERT_EQUAL(ZSTD_decompress(plain, sizeof(plain), gw.answer.body.p, gw.answer.body.n),
                    sizeof(plain));
    CU_ASSERT(memcmp(plain, document, sizeof(plain)) == 0);
    gw.document_n = 0;
    gw.document = "{\"short\":true}";
    ask("GET /indexes/m/documents/1 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, zstd\r\n\r\n");
    CU_ASSERT(body_is(gw.document));
    CU_ASSERT_PTR_NULL(strstr(gw.answer.head, "Vary"));
}

SUITE(http_gateway, gateway_setup, gateway_teardown, TEST(a_document_is_answered_byte_for_byte),
      TEST(messages_are_answered_as_json_with_the_routes_status),
      TEST(no_content_has_no_body_and_no_length), TEST(head_is_get_without_the_body),
      TEST(unknown_paths_and_verbs_have_empty_answers), TEST(the_root_says_who_is_there),
      TEST(trailing_slashes_do_not_count), TEST(malformed_paths_and_queries_are_told),
      TEST(handlers_errors_are_json_with_word_and_link),
      TEST(the_trace_id_comes_from_the_request_if_it_has_one),
      TEST(browsers_of_any_origin_are_served), TEST(payload_errors_come_in_their_order),
      TEST(a_list_body_is_refused_in_the_words_of_the_json_library),
      TEST(routes_without_a_body_ignore_one), TEST(a_json_body_may_come_encoded_and_in_chunks),
      TEST(a_json_body_over_the_limit_is_refused), TEST(unknown_encodings_are_refused),
      TEST(the_right_is_asked_before_anything_is_told),
      TEST(long_answers_are_encoded_as_the_client_likes));

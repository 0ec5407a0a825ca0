# SPDX-License-Identifier: MIT
"""What tests/cases cannot say of searches: query strings, headers, tasks, and the limit on searches."""
import json
import os
import re
import socket
import struct
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import h2_client  # noqa: E402
from product_common import Server, documents_pb2, equal, error_of, main, search_pb2  # noqa: E402

FILMS = [{"id": 1, "title": "Carol", "year": 2015, "genre": ["Drama", "Romance"], "_geo": {"lat": 48.85, "lng": 2.35}},
         {"id": 2, "title": "Carnage", "year": 2011, "genre": "Drama", "_geo": {"lat": 45.76, "lng": 4.83}},
         {"id": 3, "title": "Up", "year": 2009, "genre": "Animation"}]


def films(server):
    server.write("PATCH", "/indexes/films/settings",
                 {"filterableAttributes": ["year", "genre"], "sortableAttributes": ["year", "_geo"]})
    server.write("POST", "/indexes/films/documents", FILMS)


def get(server, route="search", status=200, **params):
    return server.get("/indexes/films/%s?%s" % (route, urllib.parse.urlencode(params)), status)


def ids(answer):
    return [hit["id"] for hit in answer.get("hits", answer.get("results"))]


def test_query_strings():
    with Server() as server:
        films(server)
        equal(ids(get(server, q="car", sort="year:asc", attributesToRetrieve="id,title")), [2, 1])
        equal(ids(get(server, filter="year > 2010")), [1, 2])
        equal(ids(get(server, filter='[["year = 2009","genre = Romance"],"year > 2000"]')), [1, 3])
        equal(ids(get(server, sort="_geoPoint(45.7,4.8):asc")), [2, 1, 3])
        equal(get(server, facets="genre,year", limit=0)["facetDistribution"]["genre"],
              {"Animation": 1, "Drama": 2, "Romance": 1})
        equal(set(get(server, facets="*", limit=0)["facetDistribution"]), {"genre", "year"})
        equal(get(server, q="car", attributesToHighlight="*", highlightPreTag="[", highlightPostTag="]",
                  limit=1, attributesToRetrieve="title")["hits"][0]["_formatted"]["title"], "[Car]ol")
        equal(get(server, limit="two", status=400),
              error_of("invalid_search_limit", "Invalid value in parameter `limit`: could not parse `two` as a positive integer"))
        equal(get(server, matchingStrategy="some", status=400)["code"], "invalid_search_matching_strategy")
        equal(get(server, doggo=1, status=400)["code"], "bad_request")


def test_values_that_are_refused_in_query_strings():
    with Server() as server:
        films(server)
        equal(get(server, rankingScoreThreshold="1.5", status=400), error_of(
            "invalid_search_ranking_score_threshold", "Invalid value in parameter `rankingScoreThreshold`: the value of "
            "`rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`."))
        for sent, place in (("xx", "locales"), ("en,xx", "locales[1]")):
            answer = get(server, locales=sent, status=400)
            equal(answer["code"], "invalid_search_locales")
            start = "Invalid value in parameter `%s`: Unsupported locale `xx`, expected one of af, ak, am, " % place
            equal(answer["message"][:len(start)], start)
            equal(answer["message"][-15:], ", yid, zho, zul, cmn"[-15:])
        equal(ids(get(server, q="up", locales="en,fra")), [3])
        for member, code in (("hybridEmbedder", "invalid_search_embedder"), ("vector", "invalid_search_embedder"),
                             ("hybridSemanticRatio", "invalid_search_embedder"),
                             ("personalizeUserContext", "feature_not_enabled")):
            answer = get(server, status=400, **{member: "x"})
            equal((answer["code"], answer["message"].split(":")[0]), (code, "Using `%s` is not possible" % member))
        equal(get(server, useNetwork="true", status=400)["code"], "feature_not_enabled")
        equal(ids(get(server, q="up", useNetwork="false")), [3])
        for member in ("media", "hybrid", "personalize"):  # of a body only
            answer = get(server, status=400, **{member: "{}"})
            equal((answer["code"], answer["message"][:20]), ("bad_request", "Unknown parameter `%s" % member[0]))
            assert "`locales`, `hybridEmbedder`, `hybridSemanticRatio`, `vector`, `retrieveVectors`, " \
                   "`personalizeUserContext`, `useNetwork`, `showRankingScore`" in answer["message"], answer


def test_documents_calls_have_their_defaults():
    with Server() as server:
        server.write("POST", "/indexes/many/documents", [{"id": i} for i in range(25)])
        for method in ("Documents.List", "Documents.Fetch"):
            answer = server.grpc(method, index_uid="many")
            equal((len(answer.results), answer.offset, answer.limit, answer.total), (20, 0, 20, 25))
            answer = server.grpc(method, index_uid="many", limit=0)
            equal((len(answer.results), answer.limit, answer.total), (0, 0, 25))
            equal(len(server.grpc(method, index_uid="many", offset=22).results), 3)


def test_vectors_are_hidden():
    path = "/indexes/v/documents"
    with Server() as server:
        server.write("POST", path, [{"id": 1, "_vectors": {"a": [1, 2]}, "t": "x"}, {"id": 2, "t": {"_vectors": 3}}])
        shown = [{"id": 1, "_vectors": {"a": [1, 2]}, "t": "x"}, {"id": 2, "t": {"_vectors": 3}, "_vectors": {}}]
        hidden = [{"id": 1, "t": "x"}, {"id": 2, "t": {"_vectors": 3}}]
        equal(server.get(path)["results"], hidden)
        equal(server.get(path + "?retrieveVectors=true")["results"], shown)
        equal(server.get(path + "?retrieveVectors=true&fields=id")["results"],
              [{"id": 1, "_vectors": {"a": [1, 2]}}, {"id": 2, "_vectors": {}}])
        equal(server.get(path + "?fields=id,_vectors")["results"], [{"id": 1}, {"id": 2}])
        equal(server.get(path + "/1"), hidden[0])
        equal(server.get(path + "/1?retrieveVectors=true"), shown[0])
        equal(server.http("POST", path + "/fetch", {}).json["results"], hidden)
        equal(server.http("POST", path + "/fetch", {"retrieveVectors": True}).json["results"], shown)
        answer = server.http("POST", path + "/fetch", {"useNetwork": True})
        equal((answer.status, answer.json["code"]), (400, "feature_not_enabled"))


def test_documents_by_filter_and_sort():
    with Server() as server:
        films(server)
        equal(ids(get(server, "documents", filter="year > 2010", sort="year:asc")), [2, 1])
        equal(ids(get(server, "documents", filter='["year > 2010"]', ids="3,1")), [1])
        answer = get(server, "documents", sort="year:desc", limit=1, offset=1, fields="id")
        equal(answer, {"results": [{"id": 2}], "offset": 1, "limit": 1, "total": 3})
        equal(get(server, "documents", filter="id = 1", status=400), error_of(
            "invalid_document_filter", "Attribute `id` is not filterable. Available filterable attribute patterns are: "
            "`genre`, `year`.\n1:3 id = 1"))
        equal(get(server, "documents", sort="title:asc", status=400)["code"], "invalid_document_sort")


def test_deletion_by_filter():
    path = "/indexes/films/documents"
    with Server() as server:
        films(server)
        task = server.write("POST", path + "/delete", {"filter": "year = 2015"})
        equal(task["type"], "documentDeletion")
        equal(task["details"], {"providedIds": 0, "deletedDocuments": 1, "originalFilter": '"year = 2015"'})
        task = server.write("POST", path + "/delete", {"filter": [["year = 2011", "genre = x"]]})
        equal(task["details"]["deletedDocuments"], 1)
        equal(json.loads(task["details"]["originalFilter"]), [["year = 2011", "genre = x"]])
        equal([d["id"] for d in server.documents("films")], [3])
        task = server.write("POST", path + "/delete", {"filter": "id = 3"}, status="failed")
        equal(task["details"]["deletedDocuments"], 0)
        equal(task["error"]["code"], "invalid_document_filter")
        assert task["error"]["message"].startswith("Index `films`: Attribute `id` is not filterable."), task
        task = server.write("POST", "/indexes/none/documents/delete", {"filter": "id = 3"}, status="failed")
        equal(task["error"]["code"], "index_not_found")
        for body, code in (({}, "missing_document_filter"), ({"filter": ""}, "invalid_document_filter"),
                           ({"filter": []}, "invalid_document_filter"), ({"filter": "a"}, "invalid_document_filter"),
                           ({"filter": None}, "invalid_document_filter"), ({"doggo": 1}, "bad_request")):
            answer = server.http("POST", path + "/delete", body)
            equal((answer.status, answer.json["code"]), (400, code), body)


def test_deletion_by_filter_sees_what_was_sent_before():
    """Tasks sent at once are merged into batches, but a filter must see all that came before it, and no more."""
    path = "/indexes/films/documents"
    with Server() as server:
        films(server)
        for i in range(20):
            for method, where, body in (("POST", path, [{"id": 100 + i, "year": 1900}]),
                                        ("POST", path + "/delete", {"filter": "year = 1900"}),
                                        ("POST", path, [{"id": 200 + i, "year": 1900}])):
                answer = server.http(method, where, body)
                equal(answer.status, 202, answer.body)
        server.idle()
        tasks = server.get("/tasks?types=documentDeletion&limit=100&reverse=true")["results"]
        equal([t["details"]["deletedDocuments"] for t in tasks], [1] + [2] * 19)
        equal([d["id"] for d in server.documents("films")], [1, 2, 3, 219])


def test_what_an_answer_says_of_itself():
    with Server() as server:
        films(server)
        answer = server.http("POST", "/indexes/films/search", {"q": "up", "showPerformanceDetails": True},
                             {"Content-Type": "application/json", "Meili-Include-Metadata": "true"}).json
        equal({k: v for k, v in answer["metadata"].items() if k != "queryUid"},
              {"query": "up", "indexUid": "films", "primaryKey": "id"})
        assert set(answer["performanceDetails"]) >= {"search"} and answer["requestUid"][14] == "7", answer
        answer = server.http("POST", "/indexes/films/search", {"q": "up"}).json
        equal(list(answer), ["hits", "query", "processingTimeMs", "limit", "offset", "estimatedTotalHits", "requestUid"])
        answer = server.http("POST", "/multi-search", {"queries": [{"indexUid": "none"}]})
        equal((answer.status, answer.json["code"]), (400, "index_not_found"))
        equal(server.http("POST", "/indexes/none/search", {}).status, 404)


def test_a_call_has_so_many_queries():
    with Server() as server:
        films(server)
        for federation in ({}, {"federation": {}}):
            answer = server.http("POST", "/multi-search", dict(federation, queries=[{"indexUid": "films"}] * 1000))
            equal(answer.status, 200)
            answer = server.http("POST", "/multi-search", dict(federation, queries=[{"indexUid": "films"}] * 1001))
            equal((answer.status, answer.json["code"], answer.json["message"]), (
                400, "bad_request", "Invalid value at `.queries`: expected at most 1000 queries in one call, but got 1001. "
                "Please send the others in calls of their own."))


def test_searches_over_the_limit_are_refused():
    """Two calls that come in one piece are both there before the first can have ended."""
    request = search_pb2.SearchRequest(index_uid="films", q="car").SerializeToString()
    with Server("--search-queue-size", "1") as server:
        films(server)
        raw = h2_client.Raw(server.port)
        pieces = []
        raw.send = pieces.append
        streams = []
        for _ in range(3):
            streams.append(raw.open(h2_client.grpc_headers("/lode.v1.Search/Find")))
            raw.data(streams[-1], h2_client.message(request), True, check_window=False)
        del raw.send
        raw.send(b"".join(pieces))
        statuses = [raw.finish(stream).grpc_status for stream in streams]
        equal(statuses, [0, 14, 14])
        equal(ids(get(server, q="up")), [3])  # and its place is free again
        raw.socket.close()


# ---- searches that nobody waits for -----------------------------------------------------------------------

UNDER_WAY = ("--log-level", "debug", "--fault", "search_under_way=pause")
LEFT = "left undone: the caller has gone.*Search/Find"


def hold(server):
    """The first search stands still in the middle of its work; searches after the release do not."""
    films(server)
    assert not re.search(LEFT, server.log()), "no search has begun"


def cancelled(method, request, begin):
    """The call stands still in its work, its client resets the stream, and it ends before it has an answer."""
    with Server(*UNDER_WAY) as server, h2_client.Raw(server.port) as raw:
        begin(server)
        stream = raw.open(h2_client.grpc_headers(f"/lode.v1.{method}"))
        raw.data(stream, h2_client.message(request.SerializeToString()), True)
        server.wait_paused("search_under_way")
        raw.send(h2_client.frame(h2_client.RST_STREAM, 0, stream, (8).to_bytes(4, "big")))
        raw.ping()  # answered in order: the reset has been read
        server.release_faults()
        server.wait_log(LEFT.replace("Search/Find", method))
        equal(ids(get(server, q="up")), [3])


def test_a_search_ends_when_its_grpc_client_cancels():
    cancelled("Search/Find", search_pb2.SearchRequest(index_uid="films", q="car"), hold)


def test_a_listing_ends_when_its_grpc_client_cancels():
    """Of documents by filter, and by sort."""
    for wish in ({"filter": b'"year > 2000"'}, {"sort": {"values": ["year:asc"]}}):
        cancelled("Documents/Fetch", documents_pb2.FetchDocumentsRequest(index_uid="films", **wish), films)


def test_a_search_ends_when_its_grpc_deadline_passes():
    request = search_pb2.SearchRequest(index_uid="films", q="car").SerializeToString()
    with Server(*UNDER_WAY) as server, h2_client.Raw(server.port) as raw:
        hold(server)
        stream = raw.open(h2_client.grpc_headers("/lode.v1.Search/Find", ("grpc-timeout", "300m")))
        raw.data(stream, h2_client.message(request), True)
        server.wait_paused("search_under_way")
        equal(raw.finish(stream).grpc_status, 4)
        server.release_faults()
        server.wait_log(LEFT)
        equal(ids(get(server, q="up")), [3])


def test_a_search_ends_when_its_http_client_goes():
    with Server(*UNDER_WAY) as server:
        hold(server)
        body = b'{"q":"car"}'
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(b"POST /indexes/films/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        server.wait_paused("search_under_way")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()  # a reset, which is there before the next connection is, and is looked at before it
        server.get("/health")
        server.release_faults()
        server.wait_log(LEFT)
        equal(ids(get(server, q="up")), [3])


if __name__ == "__main__":
    main(globals())

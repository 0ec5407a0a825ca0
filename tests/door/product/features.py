# SPDX-License-Identifier: MIT
"""Experimental features: switched, kept, carried by dumps; CONTAINS with and without its own."""
from product_common import Server, equal, main

NAMES = ["metrics", "logsRoute", "editDocumentsByFunction", "containsFilter", "dynamicSearchRules", "network",
         "getTaskDocumentsRoute", "taskQueueCompactionRoute", "compositeEmbedders", "chatCompletions", "multimodal",
         "foreignKeys", "disableDocumentsFetchQueue", "legacySearch", "renderRoute"]
ROUTE = "/experimental-features"
REFUSED = ("Using `CONTAINS` in a filter requires enabling the `contains filter` experimental feature. "
           "See https://github.com/orgs/meilisearch/discussions/763\n")


def switch(server, status=200, **features):
    answer = server.http("PATCH", ROUTE, features)
    equal(answer.status, status, answer.body)
    return answer.json


def on(*names):
    return {n: n in names for n in NAMES}


def films(server):
    server.write("PATCH", "/indexes/films/settings", {"filterableAttributes": ["title"]})
    server.write("POST", "/indexes/films/documents", [
        {"id": 1, "title": "Carol"}, {"id": 2, "title": "The Carpet"}, {"id": 3, "title": "Up"}])


def asked(server, expression):
    """The ids that each route that filters finds, or the error of each."""
    found = []
    for method, path, body in (("POST", "/indexes/films/search", {"filter": expression}),
                               ("POST", "/indexes/films/documents/fetch", {"filter": expression}),
                               ("POST", "/indexes/films/documents/fetch", {"filter": [expression], "ids": [1, 2, 3]}),
                               ("POST", "/indexes/films/facet-search", {"facetName": "title", "filter": expression}),
                               ("POST", "/multi-search", {"queries": [{"indexUid": "films", "filter": expression}]})):
        answer = server.http(method, path, body)
        assert answer.status in (200, 400), answer
        json = answer.json["results"][0] if path == "/multi-search" and answer.status == 200 else answer.json
        if answer.status == 400:
            found.append((json["code"], json["message"]))
        elif "facetHits" in json:
            found.append(sorted(h["value"] for h in json["facetHits"]))
        else:
            found.append(sorted(d["id"] for d in json.get("hits", json.get("results"))))
    return found


def test_switched_and_kept():
    with Server() as server:
        equal(list(server.get(ROUTE).items()), list(on().items()), "all, in order, and off")
        equal(switch(server, metrics=True, renderRoute=True), on("metrics", "renderRoute"))
        equal(switch(server, metrics=None, renderRoute=False, network=True), on("metrics", "network"))
        equal(switch(server), on("metrics", "network"))
        server.kill()
        with Server(home=server.home) as again:
            equal(again.get(ROUTE), on("metrics", "network"))


def test_refused_shapes_change_nothing():
    with Server() as server:
        error = switch(server, 400, containsFilter="yes")
        equal((error["code"], error["message"]), (
            "bad_request", 'Invalid value type at `.containsFilter`: expected a boolean, but found a string: `"yes"`'))
        error = switch(server, 400, metrics=True, containFilter=True)
        equal((error["code"], error["message"]), (
            "bad_request", "Unknown field `containFilter`: did you mean `containsFilter`? expected one of %s" %
            ", ".join("`%s`" % n for n in NAMES)))
        equal(server.http("PATCH", ROUTE, [True]).status, 400)
        equal(server.get(ROUTE), on())


def test_contains():
    expression = "title CONTAINS car"
    with Server() as server:
        films(server)
        refused = ("feature_not_enabled", REFUSED + "7:15 " + expression)
        answers = asked(server, expression)
        equal(answers[:4], [refused] * 4)
        equal(answers[4], (refused[0], "Inside `.queries[0]`: " + refused[1]))
        answer = server.http("POST", "/indexes/films/documents/delete", {"filter": expression})
        equal((answer.status, answer.json["code"], answer.json["message"]), (400, *refused))
        equal(asked(server, "title STARTS WITH car")[0], [1], "needs no feature")
        switch(server, containsFilter=True)
        equal(asked(server, expression), [[1, 2], [1, 2], [1, 2], ["Carol", "The Carpet"], [1, 2]])
        equal(asked(server, "title NOT CONTAINS CAR")[0], [3])
        equal(server.get("/indexes/films/documents?filter=title%20CONTAINS%20rpe")["results"],
              [{"id": 2, "title": "The Carpet"}])
        switch(server, containsFilter=False)
        equal(asked(server, expression)[0], refused)


def test_a_deletion_may_use_what_was_on_when_it_was_taken():
    with Server("--fault", "task_before_commit=pause") as server:
        switch(server, containsFilter=True)
        first = server.http("POST", "/indexes", {"uid": "held"}).json["taskUid"]
        server.wait_paused("task_before_commit")
        server.http("PATCH", "/indexes/films/settings", {"filterableAttributes": ["title"]})
        server.http("POST", "/indexes/films/documents", [{"id": 1, "title": "Carol"}, {"id": 2, "title": "Up"}])
        answer = server.http("POST", "/indexes/films/documents/delete", {"filter": ["title CONTAINS aro"]})
        equal(answer.status, 202, answer.body)
        switch(server, containsFilter=False)
        server.release_faults()
        server.wait_task(first)
        task = server.wait_task(answer.json["taskUid"])
        equal((task["status"], task["details"]["deletedDocuments"]), ("succeeded", 1))
        equal([d["id"] for d in server.documents("films")], [2])


def test_a_dump_carries_them():
    with Server() as server:
        films(server)
        switch(server, containsFilter=True, legacySearch=True)
        dump = server.dump()
        switch(server, containsFilter=False)
        server.stop()
        with Server("--import-dump", dump, home=server.home, db="imported") as again:
            equal(again.get(ROUTE), on("containsFilter", "legacySearch"))
            equal(asked(again, "title CONTAINS car")[0], [1, 2])
            again.stop()
            with Server(home=server.home, db="imported") as third:
                equal(third.get(ROUTE), on("containsFilter", "legacySearch"))


FIELDS = [{"id": 1, "title": "Carol", "o": {"x": 1, "y_ja": "z"}, "price": 2, "sku": "a"}]
SETTINGS = {"displayedAttributes": ["id", "title"], "searchableAttributes": ["title", "o"],
            "filterableAttributes": ["o", {"attributePatterns": ["pr*"], "features": {
                "facetSearch": False, "filter": {"equality": False, "comparison": True}}}],
            "sortableAttributes": ["price"], "rankingRules": ["words", "price:desc"], "distinctAttribute": "sku",
            "faceting": {"sortFacetValuesBy": {"o.x": "count"}},
            "localizedAttributes": [{"attributePatterns": ["*_ja"], "locales": ["jpn"]}]}


def listed(server, **body):
    answer = server.http("POST", "/indexes/f/fields", body)
    equal(answer.status, 200, answer.body)
    return answer.json


def names(server, **wish):
    return [f["name"] for f in listed(server, filter=wish)["results"]]


def test_fields():
    plain = {"displayed": {"enabled": True}, "searchable": {"enabled": True}, "sortable": {"enabled": False},
             "distinct": {"enabled": False}, "rankingRule": {"enabled": False},
             "filterable": {"enabled": False, "sortBy": "alpha", "facetSearch": False, "equality": False,
                            "comparison": False}, "localized": {"locales": []}}
    with Server() as server:
        server.write("POST", "/indexes/f/documents", FIELDS)
        every = sorted(server.get("/indexes/f/stats")["fieldDistribution"])
        answer = listed(server)
        equal(list(answer), ["results", "offset", "limit", "total"])
        equal([answer["offset"], answer["limit"], answer["total"]], [0, 20, len(every)])
        equal(answer["results"], [dict(name=n, **plain) for n in every])
        equal(list(answer["results"][0]), ["name", *plain])
        server.write("PATCH", "/indexes/f/settings", SETTINGS)
        fields = {f["name"]: f for f in listed(server)["results"]}
        equal(fields["price"], {
            "name": "price", "displayed": {"enabled": False}, "searchable": {"enabled": False},
            "sortable": {"enabled": True}, "distinct": {"enabled": False},
            "rankingRule": {"enabled": True, "order": "desc"},
            "filterable": {"enabled": True, "sortBy": "alpha", "facetSearch": False, "equality": False,
                           "comparison": True}, "localized": {"locales": []}})
        equal(fields["o.x"]["filterable"], {"enabled": True, "sortBy": "count", "facetSearch": True, "equality": True,
                                            "comparison": True})
        equal([n for n in every if fields[n]["localized"]["locales"] == ["jpn"]], ["o.y_ja"])
        equal(names(server, distinct=True), ["sku"])
        equal(names(server, displayed=True), ["id", "title"])
        equal(names(server, rankingRule=True, sortable=True), ["price"])
        equal(names(server, searchable=False), ["id", "price", "sku"])
        equal(names(server, attributePatterns=["*i*"], filterable=False), ["id", "title"])
        equal(names(server, attributePatterns=[]), [])
        equal(names(server, attributePatterns=None, sortable=None), every)
        page = listed(server, offset=1, limit=2)
        equal([[f["name"] for f in page["results"]], page["offset"], page["limit"], page["total"]],
              [every[1:3], 1, 2, len(every)])
        equal(listed(server, limit=0)["results"], [])
        for body, code in (({"limit": -1}, "invalid_index_limit"), ({"offset": "a"}, "invalid_index_offset"),
                           ({"filter": 1}, "invalid_index_fields_filter"),
                           ({"filter": {"doggo": 1}}, "invalid_index_fields_filter"),
                           ({"filter": {"displayed": 1}}, "invalid_index_fields_filter_displayed"),
                           ({"filter": {"rankingRule": "a"}}, "invalid_index_fields_filter_ranking_rule"),
                           ({"filter": {"attributePatterns": "t*"}}, "invalid_index_fields_filter_attribute_patterns"),
                           ({"doggo": 1}, "bad_request")):
            answer = server.http("POST", "/indexes/f/fields", body)
            equal((answer.status, answer.json["code"]), (400, code), body)
        equal(server.http("POST", "/indexes/none/fields", {}).json["code"], "index_not_found")


if __name__ == "__main__":
    main(globals())

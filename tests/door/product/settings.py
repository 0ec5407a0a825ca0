# SPDX-License-Identifier: MIT
"""Settings: defaults, every member and route, merges, resets."""
import copy
import json

from product_common import Server, equal, main

DEFAULTS = json.loads("""{
  "displayedAttributes": ["*"],
  "searchableAttributes": ["*"],
  "filterableAttributes": [],
  "sortableAttributes": [],
  "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
  "stopWords": [],
  "nonSeparatorTokens": [],
  "separatorTokens": [],
  "dictionary": [],
  "synonyms": {},
  "distinctAttribute": null,
  "proximityPrecision": "byWord",
  "typoTolerance": {
    "enabled": true,
    "minWordSizeForTypos": { "oneTypo": 5, "twoTypos": 9 },
    "disableOnWords": [],
    "disableOnAttributes": [],
    "disableOnNumbers": false
  },
  "faceting": { "maxValuesPerFacet": 100, "sortFacetValuesBy": { "*": "alpha" } },
  "pagination": { "maxTotalHits": 1000 },
  "embedders": {},
  "searchCutoffMs": null,
  "localizedAttributes": null,
  "facetSearch": true,
  "prefixSearch": "indexingTime"
}""")
ALL = "/indexes/films/settings"
RULE = {"attributePatterns": ["genre", "*_id"], "features": {"facetSearch": True, "filter": {"comparison": True}}}
FULL_RULE = {"attributePatterns": ["genre", "*_id"],
             "features": {"facetSearch": True, "filter": {"equality": True, "comparison": True}}}
BARE_RULE = {"attributePatterns": ["a.*"]}
FULL_BARE_RULE = {"attributePatterns": ["a.*"],
                  "features": {"facetSearch": False, "filter": {"equality": True, "comparison": False}}}

# member -> (route, verb, [(value as sent, value as read)])
MEMBERS = {
    "displayedAttributes": ("displayed-attributes", "PUT", [(["title", "id"], ["title", "id"]), ([], []),
                                                            (["title", "*"], ["*"])]),
    "searchableAttributes": ("searchable-attributes", "PUT", [(["title", "a.b"], ["title", "a.b"]), (["*", "x"], ["*"])]),
    "filterableAttributes": ("filterable-attributes", "PUT", [
        (["z", RULE, "a", BARE_RULE], ["z", FULL_RULE, "a", FULL_BARE_RULE]), ([], [])]),
    "sortableAttributes": ("sortable-attributes", "PUT", [(["b", "a", "b"], ["a", "b"])]),
    "rankingRules": ("ranking-rules", "PUT", [
        (["words", "typo", "year:desc", "a.b:asc", "attribute", "exactness"],
         ["words", "typo", "year:desc", "a.b:asc", "attribute", "exactness"]), ([], []),
        (["sort", "wordPosition", "attributeRank", "proximity"], ["sort", "wordPosition", "attributeRank", "proximity"])]),
    "stopWords": ("stop-words", "PUT", [(["the", "a", "The"], ["The", "a", "the"])]),
    "nonSeparatorTokens": ("non-separator-tokens", "PUT", [(["@", "#"], ["#", "@"])]),
    "separatorTokens": ("separator-tokens", "PUT", [(["|", "&sep"], ["&sep", "|"])]),
    "dictionary": ("dictionary", "PUT", [(["W. E. B.", "J. R. R."], ["J. R. R.", "W. E. B."])]),
    "synonyms": ("synonyms", "PUT", [({"xmen": ["wolverine", "logan"], "a": []}, {"a": [], "xmen": ["wolverine", "logan"]})]),
    "distinctAttribute": ("distinct-attribute", "PUT", [("sku", "sku")]),
    "proximityPrecision": ("proximity-precision", "PUT", [("byAttribute", "byAttribute"), ("byWord", "byWord")]),
    "typoTolerance": ("typo-tolerance", "PATCH", [
        ({"enabled": False, "minWordSizeForTypos": {"oneTypo": 0, "twoTypos": 255}, "disableOnWords": ["b", "a"],
          "disableOnAttributes": ["t"], "disableOnNumbers": True},
         {"enabled": False, "minWordSizeForTypos": {"oneTypo": 0, "twoTypos": 255}, "disableOnWords": ["a", "b"],
          "disableOnAttributes": ["t"], "disableOnNumbers": True})]),
    "faceting": ("faceting", "PATCH", [
        ({"maxValuesPerFacet": 7, "sortFacetValuesBy": {"genre": "count", "*": "count"}},
         {"maxValuesPerFacet": 7, "sortFacetValuesBy": {"*": "count", "genre": "count"}}),
        ({"sortFacetValuesBy": {"x": "alpha"}},
         {"maxValuesPerFacet": 7, "sortFacetValuesBy": {"*": "alpha", "x": "alpha"}})]),
    "pagination": ("pagination", "PATCH", [({"maxTotalHits": 1}, {"maxTotalHits": 1})]),
    "embedders": ("embedders", "PATCH", [({}, {})]),
    "searchCutoffMs": ("search-cutoff-ms", "PUT", [(0, 0), (150, 150)]),
    "localizedAttributes": ("localized-attributes", "PUT", [
        ([{"attributePatterns": ["*_ja"], "locales": ["jpn", "en"]}],
         [{"attributePatterns": ["*_ja"], "locales": ["jpn", "en"]}]), ([], [])]),
    "facetSearch": ("facet-search", "PUT", [(False, False), (True, True)]),
    "prefixSearch": ("prefix-search", "PUT", [("disabled", "disabled")]),
}


def change(server, patch, status="succeeded"):
    task = server.write("PATCH", ALL, patch, status)
    equal((task["type"], task["indexUid"]), ("settingsUpdate", "films"))
    return task


def one(server, verb, path, value):
    """A bare JSON value as the body, whatever its type."""
    return server.write(verb, path, json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def test_defaults():
    with Server() as server:
        server.write("POST", "/indexes", {"uid": "films"})
        got = server.get(ALL)
        equal(got, DEFAULTS)
        equal(list(got), list(DEFAULTS), "order of members")
        for name, (route, _, _) in MEMBERS.items():
            equal(server.get(ALL + "/" + route), DEFAULTS[name], name)
        equal(server.http("GET", ALL + "/proximity-precision").body, b'"byWord"')
        equal(server.http("GET", ALL + "/search-cutoff-ms").body, b"null")
        equal(server.http("GET", ALL + "/facet-search").body, b"true")


def test_every_member_by_patch():
    with Server() as server:
        wanted = copy.deepcopy(DEFAULTS)
        server.write("POST", "/indexes", {"uid": "films"})
        for name, (_, _, values) in MEMBERS.items():
            for sent, read in values:
                task = change(server, {name: sent})
                equal(task["details"], {name: sent}, "details as sent")
                wanted[name] = read
                equal(server.get(ALL), wanted, name)
        for name in MEMBERS:
            task = change(server, {name: None})
            shown = ["*"] if name in ("displayedAttributes", "searchableAttributes") else None
            equal(task["details"], {name: shown})
            wanted[name] = DEFAULTS[name]
            equal(server.get(ALL), wanted, "null resets " + name)
        equal(wanted, DEFAULTS)


def test_every_member_by_its_route():
    with Server() as server:
        for name, (route, verb, values) in MEMBERS.items():
            path = ALL + "/" + route
            for sent, read in values:
                task = one(server, verb, path, sent)
                equal((task["type"], task["details"]), ("settingsUpdate", {name: sent}), name)
                equal(server.get(path), read, name)
            one(server, verb, path, None)
            equal(server.get(path), DEFAULTS[name], "null resets " + name)
            one(server, verb, path, values[0][0])
            task = server.write("DELETE", path)
            shown = ["*"] if name in ("displayedAttributes", "searchableAttributes") else None
            equal(task["details"], {name: shown})
            equal(server.get(path), DEFAULTS[name], "DELETE resets " + name)
            other = "PATCH" if verb == "PUT" else "PUT"
            equal(server.http(other, path, b"null", {"Content-Type": "application/json"}).status, 405, other + path)
            equal(server.http("POST", path, b"null", {"Content-Type": "application/json"}).status, 405)


def test_many_members_at_once_and_delete():
    with Server() as server:
        patch = {name: values[0][0] for name, (_, _, values) in MEMBERS.items()}
        task = change(server, patch)
        equal(task["details"], patch)
        wanted = {name: values[0][1] for name, (_, _, values) in MEMBERS.items()}
        equal(server.get(ALL), wanted)
        task = change(server, {})
        equal(task["details"], {})
        equal(server.get(ALL), wanted)
        task = server.write("DELETE", ALL)
        equal(task["details"], {n: ["*"] if n in ("displayedAttributes", "searchableAttributes") else None for n in MEMBERS})
        equal(server.get(ALL), DEFAULTS)


def test_merges_inside_of_members():
    typo = DEFAULTS["typoTolerance"]
    with Server() as server:
        for patch, wanted in (
                ({"disableOnWords": ["a", "b"]}, dict(typo, disableOnWords=["a", "b"])),
                ({"minWordSizeForTypos": {"twoTypos": 20}},
                 dict(typo, disableOnWords=["a", "b"], minWordSizeForTypos={"oneTypo": 5, "twoTypos": 20})),
                ({"minWordSizeForTypos": {"oneTypo": 10}, "enabled": False},
                 dict(typo, disableOnWords=["a", "b"], minWordSizeForTypos={"oneTypo": 10, "twoTypos": 20}, enabled=False)),
                ({"disableOnWords": ["c"]},
                 dict(typo, disableOnWords=["c"], minWordSizeForTypos={"oneTypo": 10, "twoTypos": 20}, enabled=False)),
                ({"minWordSizeForTypos": {"oneTypo": None}, "disableOnWords": None},
                 dict(typo, minWordSizeForTypos={"oneTypo": 5, "twoTypos": 20}, enabled=False)),
                ({"minWordSizeForTypos": None}, dict(typo, enabled=False)),
                ({"enabled": None}, typo)):
            task = change(server, {"typoTolerance": patch})
            equal(task["details"], {"typoTolerance": patch})
            equal(server.get(ALL + "/typo-tolerance"), wanted, patch)
        for patch, wanted in (
                ({"sortFacetValuesBy": {"a": "count"}},
                 {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha", "a": "count"}}),
                ({"maxValuesPerFacet": 3}, {"maxValuesPerFacet": 3, "sortFacetValuesBy": {"*": "alpha", "a": "count"}}),
                ({"sortFacetValuesBy": {"*": "count"}}, {"maxValuesPerFacet": 3, "sortFacetValuesBy": {"*": "count"}}),
                ({"sortFacetValuesBy": {"b": "count"}},
                 {"maxValuesPerFacet": 3, "sortFacetValuesBy": {"*": "alpha", "b": "count"}}),
                ({"maxValuesPerFacet": None, "sortFacetValuesBy": None}, DEFAULTS["faceting"])):
            one(server, "PATCH", ALL + "/faceting", patch)
            equal(server.get(ALL + "/faceting"), wanted, patch)
        change(server, {"pagination": {"maxTotalHits": 5}})
        change(server, {"pagination": {"maxTotalHits": None}})
        equal(server.get(ALL), DEFAULTS)


def test_missing_index():
    with Server() as server:
        equal(server.http("GET", ALL).status, 404)
        equal(server.http("GET", ALL + "/stop-words").status, 404)
        change(server, {"stopWords": ["a"]})
        equal(server.get(ALL), dict(DEFAULTS, stopWords=["a"]))
        equal(server.get("/indexes/films")["primaryKey"], None)
        server.write("DELETE", "/indexes/other/settings")
        equal(server.get("/indexes/other/settings"), DEFAULTS, "a reset creates the index too")
        server.write("DELETE", "/indexes/films")
        server.write("POST", "/indexes", {"uid": "films"})
        equal(server.get(ALL), DEFAULTS, "a new index of an old name knows nothing of it")


def test_settings_survive_documents_and_restart():
    with Server() as server:
        patch = {name: values[0][0] for name, (_, _, values) in MEMBERS.items()}
        change(server, patch)
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        wanted = server.get(ALL)
        updated = server.get("/indexes/films")
        server.stop()
        with Server(home=server.home) as again:
            equal(again.get(ALL), wanted)
            equal(again.get("/indexes/films"), updated)


if __name__ == "__main__":
    main(globals())

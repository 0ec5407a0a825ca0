# SPDX-License-Identifier: MIT
"""gRPC and HTTP say the same thing: every method with a route, asked through both doors on equal state.

Two servers start empty. One is only ever spoken to through gRPC, the other only through HTTP; each
case is one operation, said in both ways. What comes back must be the same JSON (the gRPC answer is
turned into JSON here, by the options of the .proto files), every error the same four members with
statuses that belong together, and in the end both servers hold the same. The list of methods and
routes comes from the descriptors: one without a case fails the test.
"""
import json
import os

from product_common import (Failure, Server, bindings, common_pb2, dumps_pb2, equal, indexes_pb2, main, method_proto,
                            methods, normal, options_pb2, rule_of, search_pb2, settings_pb2, tasks_pb2,
                            upload_messages)

SERVED = {"Documents", "Dumps", "Indexes", "Search", "SettingsService", "System", "Tasks"}
NOT_YET = {"Keys"}
# gRPC has no shapes to get wrong here, and what there is cannot be refused.
NEVER_FAILS = {"System.Health", "System.Version", "System.Stats", "Indexes.List", "Dumps.Create",
               "System.GetExperimentalFeatures", "System.UpdateExperimentalFeatures"}
HTTP_OF = {3: {400, 415}, 5: {404}, 6: {409}, 8: {413, 422}}

# ---- a gRPC answer as JSON ---------------------------------------------------------------------------


def lower_camel(name):
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def enum_name(enum, number):
    value = enum.values_by_number[number]
    option = value.GetOptions().Extensions[options_pb2.value]
    prefix = "".join("_" + c if c.isupper() else c for c in enum.name).upper().lstrip("_") + "_"
    return option.json_name or lower_camel(value.name[len(prefix):])


def plain(field, rule, value):
    if field.message_type:
        return to_json(value)
    if field.enum_type:
        return enum_name(field.enum_type, value)
    return json.loads(value) if rule.raw_json else value


def field_json(message, field):
    rule = field.GetOptions().Extensions[options_pb2.field]
    value = getattr(message, field.name)
    if field.message_type and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {k: plain(inner, rule, value[k]) for k in sorted(value)}
    if field.label == field.LABEL_REPEATED:
        return [plain(field, rule, v) for v in value]
    return plain(field, rule, value)


def to_json(message):
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        return "<time>"
    if message.DESCRIPTOR.full_name == "google.protobuf.Duration":
        return "<duration>"
    rules = {f: f.GetOptions().Extensions[options_pb2.field] for f in message.DESCRIPTOR.fields}
    fields = [f for f in rules if not rules[f].hidden]
    if message.DESCRIPTOR.GetOptions().Extensions[options_pb2.message].transparent:
        if fields[0].label == fields[0].LABEL_REPEATED:
            value = field_json(message, fields[0])
            return (value or [None])[0] if rules[fields[0]].raw_json and len(value) < 2 else value
        return next(field_json(message, f) for f in fields if message.HasField(f.name))
    shown = {}
    for field in fields:
        has_presence = field.label != field.LABEL_REPEATED and (field.message_type or field.containing_oneof)
        name = rules[field].json_name or lower_camel(field.name)
        if not has_presence or message.HasField(field.name):
            shown[name] = field_json(message, field)
        elif rules[field].null_if_absent:
            shown[name] = None
    return shown


def comparable(answer):
    """Without what no two servers share: bytes on disk, milliseconds behind the barrier."""
    answer = normal(answer)
    if isinstance(answer, dict):
        for name in ("databaseSize", "barrierWaitMs", "barrierHeldMs", "processingTimeMs", "requestUid"):
            if name in answer:
                answer[name] = "<%s>" % type(answer[name]).__name__
        answer = {k: comparable(v) for k, v in answer.items()}
    return [comparable(v) for v in answer] if isinstance(answer, list) else answer


# ---- the cases -------------------------------------------------------------------------------------------

FILMS = b'[{"id":1,"title":"Carol","price":1.50},{"id":2,"title":"Ponyo"},{"id":"x-3","title":"Up"}]'
PATCH = [{"id": 2, "year": 2008}, {"id": 4, "title": "Pi", "n": 12345678901234567890}]
SETTINGS = {
    "displayedAttributes": ["id", "title"], "searchableAttributes": ["title"],
    "filterableAttributes": ["year", {"attributePatterns": ["genre*"], "features": {"facetSearch": True}}],
    "sortableAttributes": ["year", "id"], "rankingRules": ["words", "typo", "year:desc"], "stopWords": ["the", "a"],
    "nonSeparatorTokens": ["#"], "separatorTokens": ["|"], "dictionary": ["J. R. R."],
    "synonyms": {"wolverine": ["logan", "xmen"]}, "distinctAttribute": "sku", "proximityPrecision": "byAttribute",
    "typoTolerance": {"minWordSizeForTypos": {"oneTypo": 4}, "disableOnNumbers": True},
    "faceting": {"maxValuesPerFacet": 5, "sortFacetValuesBy": {"genre": "count"}}, "pagination": {"maxTotalHits": 50},
    "embedders": {}, "searchCutoffMs": 150, "localizedAttributes": [{"attributePatterns": ["*_ja"], "locales": ["jpn"]}],
    "facetSearch": False, "prefixSearch": "disabled"}
WORDS = common_pb2.StringList
UPDATE = settings_pb2.Settings(
    stop_words=WORDS(values=["of"]), ranking_rules=WORDS(values=["words", "sort"]), facet_search=True,
    synonyms=settings_pb2.Synonyms(entries={"a": WORDS(values=["b"])}),
    typo_tolerance=settings_pb2.TypoTolerance(enabled=False, reset=["disableOnNumbers"]),
    faceting=settings_pb2.Faceting(sort_facet_values_by=settings_pb2.FacetOrders(
        entries={"*": settings_pb2.FACET_ORDER_COUNT})),
    filterable_attributes=settings_pb2.FilterableAttributes(values=[
        settings_pb2.FilterableAttribute(name="genre"),
        settings_pb2.FilterableAttribute(rule=settings_pb2.FilterableRule(attribute_patterns=["a.*"]))]),
    prefix_search=settings_pb2.PREFIX_SEARCH_INDEXING_TIME, reset=["distinctAttribute", "searchableAttributes"])
UPDATE_JSON = {
    "stopWords": ["of"], "rankingRules": ["words", "sort"], "facetSearch": True, "synonyms": {"a": ["b"]},
    "typoTolerance": {"enabled": False, "disableOnNumbers": None}, "faceting": {"sortFacetValuesBy": {"*": "count"}},
    "filterableAttributes": ["genre", {"attributePatterns": ["a.*"]}], "prefixSearch": "indexingTime",
    "distinctAttribute": None, "searchableAttributes": None}


def swap(*pairs, rename=False):
    return [indexes_pb2.IndexSwap(indexes=p, rename=rename) for p in pairs]


STATUS, KIND = common_pb2.TaskStatus.Value, common_pb2.TaskType.Value
# (method, fields of the gRPC request, HTTP request, body or None)
CASES = [
    ("System.Health", {}, "GET /health", None),
    ("System.Version", {}, "GET /version", None),
    ("Indexes.Create", {"uid": "films", "primary_key": "id"}, "POST /indexes", {"uid": "films", "primaryKey": "id"}),
    ("Indexes.Create", {"uid": "empty"}, "POST /indexes", {"uid": "empty"}),
    ("Indexes.Create", {"uid": "films"}, "POST /indexes", {"uid": "films"}),
    ("Documents.Add", {"index_uid": "films", "payload": FILMS}, "POST /indexes/films/documents", FILMS),
    ("Documents.Add", {"index_uid": "rows", "payload": b"id;n:number\n1;2\n2;0.5\n", "content_type": "text/csv",
                       "csv_delimiter": ";", "custom_metadata": "batch 7"},
     "POST /indexes/rows/documents?csvDelimiter=;&customMetadata=batch%207", b"id;n:number\n1;2\n2;0.5\n"),
    ("Documents.Add", {"index_uid": "lines", "payload": b'{"k":1,"aId":2}\n{"k":2,"aId":3}\n',
                       "content_type": "application/x-ndjson", "primary_key": "k"},
     "POST /indexes/lines/documents?primaryKey=k", b'{"k":1,"aId":2}\n{"k":2,"aId":3}\n'),
    ("Documents.Add", {"index_uid": "films", "payload": b'[{"id":"no good"}]'}, "POST /indexes/films/documents",
     [{"id": "no good"}]),
    ("Documents.Update", {"index_uid": "films", "payload": json.dumps(PATCH).encode()}, "PUT /indexes/films/documents",
     PATCH),
    ("Documents.Update", {"index_uid": "films", "payload": b'[{"id":77,"title":"new"},{"id":1,"seen":true}]',
                          "skip_creation": "true"}, "PUT /indexes/films/documents?skipCreation=true",
     [{"id": 77, "title": "new"}, {"id": 1, "seen": True}]),
    ("Documents.Get", {"index_uid": "films", "document_id": "x-3"}, "GET /indexes/films/documents/x-3", None),
    ("Documents.Get", {"index_uid": "films", "document_id": "1", "fields": ["price", "id"]},
     "GET /indexes/films/documents/1?fields=price,id", None),
    ("Documents.List", {"index_uid": "films", "limit": 20}, "GET /indexes/films/documents", None),
    ("Documents.List", {"index_uid": "films", "offset": 1, "limit": 2, "fields": ["title"]},
     "GET /indexes/films/documents?offset=1&limit=2&fields=title", None),
    ("Documents.List", {"index_uid": "films", "limit": 20, "ids": ["4", "1", "nope"]},
     "GET /indexes/films/documents?ids=4,1,nope", None),
    ("Documents.Fetch", {"index_uid": "films", "limit": 20}, "POST /indexes/films/documents/fetch", {}),
    ("Documents.Fetch", {"index_uid": "films", "limit": 1, "offset": 1, "ids": {"values": ["4", "x-3"]},
                         "fields": {"values": ["id"]}}, "POST /indexes/films/documents/fetch",
     {"limit": 1, "offset": 1, "ids": [4, "x-3"], "fields": ["id"]}),
    ("Documents.Fetch", {"index_uid": "films", "limit": 20, "ids": {}}, "POST /indexes/films/documents/fetch",
     {"ids": []}),
    ("Search.Find", {"index_uid": "films", "q": "carol"}, "POST /indexes/films/search", {"q": "carol"}),
    ("Search.Find", {"index_uid": "films", "q": "carol", "attributes_to_highlight": WORDS(values=["title"]), "limit": 1,
                     "show_ranking_score": True},
     "GET /indexes/films/search?q=carol&attributesToHighlight=title&limit=1&showRankingScore=true", None),
    ("Search.Find", {"index_uid": "films", "hits_per_page": 1}, "GET /indexes/films/search?hitsPerPage=1", None),
    ("Search.FindMany", {"queries": [search_pb2.MultiSearchQuery(index_uid="films", q="up")]}, "POST /multi-search",
     {"queries": [{"indexUid": "films", "q": "up"}]}),
    ("Search.FindMany", {"queries": [search_pb2.MultiSearchQuery(index_uid="films", q="up")],
                         "federation": search_pb2.Federation()}, "POST /multi-search",
     {"queries": [{"indexUid": "films", "q": "up"}], "federation": {}}),
    ("SettingsService.Update", {"index_uid": "films", "settings": settings_pb2.Settings(
        filterable_attributes=settings_pb2.FilterableAttributes(values=[
            settings_pb2.FilterableAttribute(name="title")]))}, "PATCH /indexes/films/settings",
     {"filterableAttributes": ["title"]}),
    ("Search.FindFacets", {"index_uid": "films", "facet_name": "title", "facet_query": "c"},
     "POST /indexes/films/facet-search", {"facetName": "title", "facetQuery": "c"}),
    ("Documents.Add", {"index_uid": "films", "payload": b'[{"id":90,"title":"Gone"}]'},
     "POST /indexes/films/documents", b'[{"id":90,"title":"Gone"}]'),
    ("Documents.DeleteByFilter", {"index_uid": "films", "filter": b'"title = gone"'},
     "POST /indexes/films/documents/delete", {"filter": "title = gone"}),
    ("Documents.DeleteByFilter", {"index_uid": "films", "filter": b'"nope = gone"', "custom_metadata": "x"},
     "POST /indexes/films/documents/delete?customMetadata=x", {"filter": "nope = gone"}),
    ("Search.Find", {"index_uid": "films", "filter": b'"title CONTAINS aro"'}, "POST /indexes/films/search",
     {"filter": "title CONTAINS aro"}),
    ("Documents.DeleteByFilter", {"index_uid": "films", "filter": b'"title CONTAINS aro"'},
     "POST /indexes/films/documents/delete", {"filter": "title CONTAINS aro"}),
    ("System.GetExperimentalFeatures", {}, "GET /experimental-features", None),
    ("System.UpdateExperimentalFeatures", {"contains_filter": True, "render_route": True},
     "PATCH /experimental-features", {"containsFilter": True, "renderRoute": True}),
    ("System.UpdateExperimentalFeatures", {"render_route": False}, "PATCH /experimental-features",
     {"renderRoute": False, "metrics": None}),
    ("System.GetExperimentalFeatures", {}, "GET /experimental-features", None),
    ("Search.Find", {"index_uid": "films", "filter": b'"title CONTAINS aro"'}, "POST /indexes/films/search",
     {"filter": "title CONTAINS aro"}),
    ("Indexes.ListFields", {"index_uid": "films"}, "POST /indexes/films/fields", {}),
    ("Indexes.ListFields", {"index_uid": "films", "offset": 1, "limit": 1, "filter": indexes_pb2.FieldsFilter(
        attribute_patterns=WORDS(values=["t*", "*d"]), filterable=False)}, "POST /indexes/films/fields",
     {"offset": 1, "limit": 1, "filter": {"attributePatterns": ["t*", "*d"], "filterable": False}}),
    ("SettingsService.Reset", {"index_uid": "films"}, "DELETE /indexes/films/settings", None),
    ("Indexes.List", {"limit": 20}, "GET /indexes", None),
    ("Indexes.List", {"offset": 1, "limit": 1}, "GET /indexes?offset=1&limit=1", None),
    ("Indexes.List", {"limit": 0}, "GET /indexes?limit=0", None),
    ("Indexes.Get", {"index_uid": "films"}, "GET /indexes/films", None),
    ("Indexes.Get", {"index_uid": "empty"}, "GET /indexes/empty", None),
    ("Indexes.Update", {"index_uid": "empty", "primary_key": "key"}, "PATCH /indexes/empty", {"primaryKey": "key"}),
    ("Indexes.Update", {"index_uid": "empty", "uid": "hollow"}, "PATCH /indexes/empty", {"uid": "hollow"}),
    ("Indexes.Swap", {"swaps": swap(("films", "rows"))}, "POST /swap-indexes", [{"indexes": ["films", "rows"]}]),
    ("Indexes.Swap", {"swaps": swap(("rows", "renamed"), rename=True)}, "POST /swap-indexes",
     [{"indexes": ["rows", "renamed"], "rename": True}]),
    ("Indexes.Swap", {"swaps": []}, "POST /swap-indexes", []),
    ("System.IndexStats", {"index_uid": "renamed"}, "GET /indexes/renamed/stats", None),
    ("System.IndexStats", {"index_uid": "renamed", "show_internal_database_sizes": True, "size_format": 2},
     "GET /indexes/renamed/stats?showInternalDatabaseSizes=true&sizeFormat=human", None),
    ("System.Stats", {}, "GET /stats", None),
    ("System.Stats", {"size_format": 2}, "GET /stats?sizeFormat=human", None),
    ("SettingsService.Get", {"index_uid": "renamed"}, "GET /indexes/renamed/settings", None),
    ("SettingsService.Update", {"index_uid": "renamed", "settings": UPDATE}, "PATCH /indexes/renamed/settings",
     UPDATE_JSON),
    ("SettingsService.Update", {"index_uid": "made-by-settings"}, "PATCH /indexes/made-by-settings/settings", {}),
    ("SettingsService.Get", {"index_uid": "renamed"}, "GET /indexes/renamed/settings", None),
    ("SettingsService.Reset", {"index_uid": "renamed"}, "DELETE /indexes/renamed/settings", None),
    ("SettingsService.Get", {"index_uid": "renamed"}, "GET /indexes/renamed/settings", None),
    ("Documents.Delete", {"index_uid": "renamed", "document_id": "2", "custom_metadata": "why"},
     "DELETE /indexes/renamed/documents/2?customMetadata=why", None),
    ("Documents.DeleteBatch", {"index_uid": "renamed", "ids": ["1", "x-3", "nope"]},
     "POST /indexes/renamed/documents/delete-batch", [1, "x-3", "nope"]),
    ("Documents.DeleteAll", {"index_uid": "lines"}, "DELETE /indexes/lines/documents", None),
    ("Documents.Delete", {"index_uid": "none", "document_id": "2"}, "DELETE /indexes/none/documents/2", None),
    ("Indexes.Delete", {"index_uid": "lines"}, "DELETE /indexes/lines", None),
    ("Indexes.Delete", {"index_uid": "lines"}, "DELETE /indexes/lines", None),
    ("Tasks.Get", {"task_uid": "4"}, "GET /tasks/4", None),
    ("Tasks.List", {"limit": 1000}, "GET /tasks?limit=1000", None),
    ("Tasks.List", {"limit": 3}, "GET /tasks?limit=3", None),
    ("Tasks.List", {"limit": 2, "from": 5, "reverse": True}, "GET /tasks?limit=2&from=5&reverse=true", None),
    ("Tasks.List", {"limit": 20, "statuses": [STATUS("TASK_STATUS_FAILED")],
                    "types": [KIND("TASK_TYPE_INDEX_DELETION"), KIND("TASK_TYPE_INDEX_CREATION")]},
     "GET /tasks?statuses=failed&types=indexDeletion,indexCreation", None),
    ("Tasks.List", {"limit": 20, "index_uids": ["renamed", "none"], "uids": [1, 3, 5, 7, 9, 30, 31]},
     "GET /tasks?indexUids=renamed,none&uids=1,3,5,7,9,30,31", None),
    ("Tasks.List", {"limit": 20, "index_uids": ["nothing"]}, "GET /tasks?indexUids=nothing", None),
    ("Tasks.ListBatches", {"limit": 1000}, "GET /batches?limit=1000", None),
    ("Tasks.ListBatches", {"limit": 2, "reverse": True, "index_uids": ["renamed"]},
     "GET /batches?limit=2&reverse=true&indexUids=renamed", None),
    ("Tasks.GetBatch", {"batch_uid": "3"}, "GET /batches/3", None),
    ("Tasks.Cancel", {"uids": [1, 2], "statuses": [STATUS("TASK_STATUS_ENQUEUED")]},
     "POST /tasks/cancel?uids=1,2&statuses=enqueued", None),
    ("Tasks.Delete", {"uids": [0, 2, 999]}, "DELETE /tasks?uids=0,2,999", None),
    ("Dumps.Create", {}, "POST /dumps", None),
    ("Dumps.GetStatus", {"dump_uid": "<dump>"}, "GET /dumps/<dump>/status", None),
    # What fails, at once and alike.
    ("Indexes.Create", {"uid": "a b"}, "POST /indexes", {"uid": "a b"}),
    ("Indexes.Create", {"uid": ""}, "POST /indexes", {"uid": ""}),
    ("Indexes.Get", {"index_uid": "none"}, "GET /indexes/none", None),
    ("Indexes.ListFields", {"index_uid": "none"}, "POST /indexes/none/fields", {}),
    ("Indexes.ListFields", {"index_uid": "a b"}, "POST /indexes/a%20b/fields", {}),
    ("Indexes.Get", {"index_uid": "a b"}, "GET /indexes/a%20b", None),
    ("Indexes.Update", {"index_uid": "films", "created_at": "x"}, "PATCH /indexes/films", {"createdAt": "x"}),
    ("Indexes.Update", {"index_uid": "films", "uid": "a b"}, "PATCH /indexes/films", {"uid": "a b"}),
    ("Indexes.Delete", {"index_uid": "a.b"}, "DELETE /indexes/a.b", None),
    ("Indexes.Swap", {"swaps": swap(("a", "b", "c"))}, "POST /swap-indexes", [{"indexes": ["a", "b", "c"]}]),
    ("Indexes.Swap", {"swaps": swap(("a", "b"), ("c", "a"))}, "POST /swap-indexes",
     [{"indexes": ["a", "b"]}, {"indexes": ["c", "a"]}]),
    ("Indexes.Swap", {"swaps": swap(("a", "b c"))}, "POST /swap-indexes", [{"indexes": ["a", "b c"]}]),
    ("System.IndexStats", {"index_uid": "none"}, "GET /indexes/none/stats", None),
    ("Documents.Get", {"index_uid": "films", "document_id": "nope"}, "GET /indexes/films/documents/nope", None),
    ("Documents.Get", {"index_uid": "none", "document_id": "1"}, "GET /indexes/none/documents/1", None),
    ("Documents.List", {"index_uid": "none", "limit": 20}, "GET /indexes/none/documents", None),
    ("Documents.List", {"index_uid": "films", "limit": 20, "ids": ["1", "a b"]},
     "GET /indexes/films/documents?ids=1,a%20b", None),
    ("Documents.List", {"index_uid": "films", "limit": 20, "filter": "a = 1"},
     "GET /indexes/films/documents?filter=a%20=%201", None),
    ("Documents.List", {"index_uid": "films", "limit": 20, "sort": ["a:asc"]},
     "GET /indexes/films/documents?sort=a:asc", None),
    ("Documents.Fetch", {"index_uid": "films", "limit": 20, "ids": {"values": ["a b"]}},
     "POST /indexes/films/documents/fetch", {"ids": ["a b"]}),
    ("Documents.Fetch", {"index_uid": "films", "limit": 20, "filter": b'"a = 1"'},
     "POST /indexes/films/documents/fetch", {"filter": "a = 1"}),
    ("Search.Find", {"index_uid": "none"}, "POST /indexes/none/search", {}),
    ("Search.Find", {"index_uid": "films", "sort": ["title:asc"]}, "GET /indexes/films/search?sort=title:asc", None),
    ("Search.FindMany", {"queries": [search_pb2.MultiSearchQuery(index_uid="none")]}, "POST /multi-search",
     {"queries": [{"indexUid": "none"}]}),
    ("Search.FindFacets", {"index_uid": "films", "facet_name": "title"}, "POST /indexes/films/facet-search",
     {"facetName": "title"}),
    ("Documents.DeleteByFilter", {"index_uid": "films", "filter": b'""'}, "POST /indexes/films/documents/delete",
     {"filter": ""}),
    ("Documents.DeleteByFilter", {"index_uid": "films", "filter": b'"a"'}, "POST /indexes/films/documents/delete",
     {"filter": "a"}),
    ("Documents.Add", {"index_uid": "a b", "payload": b"[]"}, "POST /indexes/a%20b/documents", b"[]"),
    ("Documents.Add", {"index_uid": "films", "payload": b'[{"id":}]'}, "POST /indexes/films/documents", b'[{"id":}]'),
    ("Documents.Add", {"index_uid": "films", "payload": b""}, "POST /indexes/films/documents", b""),
    ("Documents.Add", {"index_uid": "films", "payload": b"1,2\n1\n", "content_type": "text/csv"},
     "POST /indexes/films/documents", b"1,2\n1\n"),
    ("Documents.Add", {"index_uid": "films", "payload": b"[]", "csv_delimiter": ";"},
     "POST /indexes/films/documents?csvDelimiter=;", b"[]"),
    ("Documents.Add", {"index_uid": "films", "payload": b"x", "csv_delimiter": "ab", "content_type": "text/csv"},
     "POST /indexes/films/documents?csvDelimiter=ab", b"x"),
    ("Documents.Update", {"index_uid": "films", "payload": b"[]", "content_type": "text/plain"},
     "PUT /indexes/films/documents", b"[]"),
    ("Documents.Update", {"index_uid": "films", "payload": b"[]", "skip_creation": "maybe"},
     "PUT /indexes/films/documents?skipCreation=maybe", b"[]"),
    ("Documents.Delete", {"index_uid": "a b", "document_id": "1"}, "DELETE /indexes/a%20b/documents/1", None),
    ("Documents.DeleteBatch", {"index_uid": "a b", "ids": ["1"]}, "POST /indexes/a%20b/documents/delete-batch", [1]),
    ("Documents.DeleteAll", {"index_uid": "a b"}, "DELETE /indexes/a%20b/documents", None),
    ("SettingsService.Get", {"index_uid": "none"}, "GET /indexes/none/settings", None),
    ("SettingsService.Update", {"index_uid": "films", "settings": settings_pb2.Settings(
        ranking_rules=WORDS(values=["words", "doggo"]))}, "PATCH /indexes/films/settings",
     {"rankingRules": ["words", "doggo"]}),
    ("SettingsService.Update", {"index_uid": "films", "settings": settings_pb2.Settings(
        pagination=settings_pb2.Pagination(max_total_hits=0))}, "PATCH /indexes/films/settings",
     {"pagination": {"maxTotalHits": 0}}),
    ("SettingsService.Reset", {"index_uid": "a b"}, "DELETE /indexes/a%20b/settings", None),
    ("SettingsService.GetOne", {"index_uid": "none", "name": "stopWords"}, "GET /indexes/none/settings/stop-words", None),
    ("SettingsService.UpdateOne", {"index_uid": "films", "name": "stopWords", "value": b'["a",1]'},
     "PUT /indexes/films/settings/stop-words", ["a", 1]),
    ("SettingsService.UpdateOne", {"index_uid": "films", "name": "typoTolerance", "value": b'{"doggo":1}'},
     "PATCH /indexes/films/settings/typo-tolerance", {"doggo": 1}),
    ("SettingsService.UpdateOne", {"index_uid": "films", "name": "rankingRules", "value": b'["_geo:asc"]'},
     "PUT /indexes/films/settings/ranking-rules", ["_geo:asc"]),
    ("SettingsService.UpdateOne", {"index_uid": "films", "name": "stopWords", "value": b"doggo"},
     "PUT /indexes/films/settings/stop-words", b"doggo"),
    ("SettingsService.ResetOne", {"index_uid": "a b", "name": "stopWords"}, "DELETE /indexes/a%20b/settings/stop-words",
     None),
    ("Tasks.Get", {"task_uid": "doggo"}, "GET /tasks/doggo", None),
    ("Tasks.Get", {"task_uid": "99999"}, "GET /tasks/99999", None),
    ("Tasks.List", {"limit": 20, "index_uids": ["ok", "a b"]}, "GET /tasks?indexUids=ok,a%20b", None),
    ("Tasks.ListBatches", {"limit": 20, "index_uids": ["a b"]}, "GET /batches?indexUids=a%20b", None),
    ("Tasks.GetBatch", {"batch_uid": "-1"}, "GET /batches/-1", None),
    ("Tasks.GetBatch", {"batch_uid": "99999"}, "GET /batches/99999", None),
    ("Tasks.Cancel", {}, "POST /tasks/cancel", None),
    ("Tasks.Delete", {}, "DELETE /tasks", None),
    ("Tasks.Delete", {"index_uids": ["a b"]}, "DELETE /tasks?indexUids=a%20b", None),
    ("Dumps.GetStatus", {"dump_uid": "doggo"}, "GET /dumps/doggo/status", None),
    ("Dumps.GetStatus", {"dump_uid": "20200929-114144097"}, "GET /dumps/20200929-114144097/status", None),
]


def setting_cases():
    """The routes of each setting, whichever there are: read, change, read, reset, read."""
    cases = []
    for verb, pattern, rule in bindings(methods()["SettingsService.UpdateOne"]):
        name = rule.set[0].split("=")[1]
        path = pattern.replace("{index_uid}", "tuned")
        one = {"index_uid": "tuned", "name": name}
        cases += [("SettingsService.UpdateOne", dict(one, value=json.dumps(SETTINGS[name]).encode()),
                   "%s %s" % (verb, path), SETTINGS[name]),
                  ("SettingsService.GetOne", one, "GET " + path, None),
                  ("SettingsService.UpdateOne", dict(one, value=b"null"), "%s %s" % (verb, path), b"null"),
                  ("SettingsService.ResetOne", one, "DELETE " + path, None),
                  ("SettingsService.GetOne", one, "GET " + path, None)]
    return cases


# ---- asking ------------------------------------------------------------------------------------------------


def ask_grpc(server, method, fields):
    fields = dict(fields)
    if method in ("Documents.Add", "Documents.Update"):
        return server.grpc(method, upload_messages(fields.pop("index_uid"), fields.pop("payload"),
                                                   fields.pop("content_type", "application/json"), **fields))
    return server.grpc(method, **fields)


def ask_http(server, fields, request, body):
    verb, path = request.split(" ", 1)
    headers = {"Content-Type": fields.get("content_type", "application/json")} if body is not None else None
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return server.http(verb, path, body, headers)


def compare_failure(failure, answer, what):
    assert failure.info is not None, "%s: no ErrorInfo in the details: %s" % (what, failure)
    equal(to_json(failure.info), answer.json, what)
    equal(failure.message, answer.json["message"], what)
    equal(failure.status.message, answer.json["message"], what)
    assert answer.status in HTTP_OF[failure.code], "%s: gRPC %d, HTTP %d" % (what, failure.code, answer.status)


def finished(server_g, server_h, answer, uid):
    """Both wait for the end of a task, each through its own door; the ends must be alike."""
    last = None
    for last in server_g.stream("Tasks.Watch", task_uid=str(uid)):
        pass
    server_h.wait_task(uid, None)
    equal(comparable(to_json(last)), comparable(server_h.get("/tasks/%d" % uid)), "the task of %s" % (answer,))


def run_case(server_g, server_h, case, dumps):
    method, fields, request, body = case
    g = {k: v.replace("<dump>", dumps[0]) if isinstance(v, str) else v for k, v in fields.items()}
    answer = ask_http(server_h, fields, request.replace("<dump>", dumps[1]), body)
    try:
        message = ask_grpc(server_g, method, g)
    except Failure as failure:
        assert failure.code != 12, "%s is UNIMPLEMENTED" % method
        assert answer.status >= 400, "%s fails, %s does not: %s / %s" % (method, request, failure, answer)
        compare_failure(failure, answer, "%s / %s" % (method, request))
        return False
    verb, status = request.split(" ")[0], [s for v, _, r in bindings(methods()[method])
                                           for s in [r.status or 200] if v == request.split(" ")[0]][0]
    equal(answer.status, status, "%s %s" % (verb, request))
    rule = rule_of(methods()[method]).http
    shown = to_json(message)
    if rule.response_body:
        shown = shown[lower_camel(rule.response_body)]
    equal(comparable(shown), comparable(answer.json), "%s / %s" % (method, request))
    equal(json.dumps(comparable(shown)), json.dumps(comparable(answer.json)), "order of members, " + request)
    if method == "Dumps.Create":
        dumps[:] = [message.uid, answer.json["uid"]]
        equal(list(server_g.stream("Dumps.Watch", dump_uid=message.uid))[-1].status, dumps_pb2.DUMP_STATE_DONE)
        equal(server_h.wait_dump(answer.json["uid"])["status"], "done")
    if "taskUid" in (answer.json if isinstance(answer.json, dict) else {}):
        finished(server_g, server_h, case, answer.json["taskUid"])
    return True


def route_of(method, request):
    """The binding a request takes."""
    verb, path = request.split(" ", 1)
    parts = path.split("?")[0].strip("/").split("/")
    fit = []
    for v, pattern, _ in bindings(method):
        names = pattern.strip("/").split("/")
        if v == verb and len(names) == len(parts) and all(n.startswith("{") or n == p for n, p in zip(names, parts)):
            fit.append((v, pattern))
    assert len(fit) == 1, "%s fits %s" % (request, fit)
    return fit[0]


def test_every_method_and_route_answers_alike():
    cases = CASES[:CASES.index(next(c for c in CASES if c[0] == "Tasks.Get"))] + setting_cases() + \
        CASES[CASES.index(next(c for c in CASES if c[0] == "Tasks.Get")):]
    wanted = {n: m for n, m in methods().items() if n.split(".")[0] in SERVED and bindings(m)}
    routes = {(n, v, p) for n, m in wanted.items() for v, p, _ in bindings(m)}
    succeeded, failed, wrong, dumps = set(), set(), [], ["", ""]
    with Server() as server_g, Server() as server_h:
        for case in cases:
            try:
                (succeeded if run_case(server_g, server_h, case, dumps) else failed).add(case[0])
                routes.discard((case[0], *route_of(methods()[case[0]], case[2])))
            except AssertionError as e:
                wrong.append(str(e))
        print("        %d cases, %d methods" % (len(cases), len(wanted)))
        assert not wrong, "%d of %d (a wrong one may shift what follows):\n%s" % (len(wrong), len(cases),
                                                                                  "\n".join(wrong[:10]))
        for path in ("/tasks?limit=1000", "/indexes?limit=100", "/stats", "/batches?limit=1000",
                     "/indexes/tuned/settings", "/indexes/renamed/documents", "/indexes/films/documents"):
            equal(comparable(server_g.get(path)), comparable(server_h.get(path)), "both hold the same: " + path)
    equal(sorted(routes), [], "routes without a case")
    equal(sorted(set(wanted) - succeeded), [], "methods without a case that succeeds")
    equal(sorted(set(wanted) - failed - NEVER_FAILS), [], "methods without a case that fails")


def test_the_methods_of_later_versions_are_not_there():
    services = {n.split(".")[0] for n, m in methods().items() if rule_of(m)}
    equal(services, SERVED | NOT_YET)
    with Server() as server:
        for name, method in methods().items():
            if name.split(".")[0] not in NOT_YET:
                continue
            try:
                server.grpc(name)
            except Failure as e:
                equal(e.code, 12, name)
            else:
                raise AssertionError(name + " is served: move it to SERVED and give it cases")
            for verb, pattern, _ in bindings(method):
                answer = server.http(verb, pattern.replace("{", "").replace("}", ""), b"{}" if verb != "GET" else None)
                equal((answer.status, answer.body), (404, b""), "%s %s" % (verb, pattern))


# ---- what only gRPC has: server streams ---------------------------------------------------------------------


def failure_of(server, method, **fields):
    try:
        list(server.stream(method, **fields))
    except Failure as e:
        assert e.code != 12, method + " is UNIMPLEMENTED"
        return e
    raise AssertionError("%s %s did not fail" % (method, fields))


def test_every_stream_has_a_check():
    streams = {n for n, m in methods().items() if n.split(".")[0] in SERVED and method_proto(m).server_streaming}
    equal(streams, {"Tasks.Watch", "Dumps.Watch", "Dumps.Download"})


def test_tasks_watch():
    with Server("--fault", "task_before_commit=pause") as server:
        uid = server.grpc("Indexes.Create", uid="films").task_uid
        server.wait_paused("task_before_commit")
        watch = server.stream("Tasks.Watch", task_uid=str(uid))
        equal(next(watch).status, common_pb2.TASK_STATUS_PROCESSING, "the first message comes at once")
        server.release_faults()
        rest = list(watch)
        equal(rest[-1].status, common_pb2.TASK_STATUS_SUCCEEDED)
        equal(comparable(to_json(rest[-1])), comparable(server.get("/tasks/%d" % uid)))
        again = list(server.stream("Tasks.Watch", task_uid=str(uid)))
        equal([m.status for m in again], [common_pb2.TASK_STATUS_SUCCEEDED], "a task that has ended: one message")
        for bad in ("doggo", "99999", ""):
            failure = failure_of(server, "Tasks.Watch", task_uid=bad)
            if bad:
                compare_failure(failure, server.http("GET", "/tasks/" + bad), "Tasks.Watch " + bad)
            else:
                equal(failure.code, 3)


def test_tasks_watch_cancelled_by_the_client_leaves_nothing():
    with Server("--fault", "task_before_commit=pause") as server:
        uid = server.grpc("Indexes.Create", uid="films").task_uid
        server.wait_paused("task_before_commit")
        for _ in range(20):
            watch = server.stub("Tasks.Watch")(tasks_pb2.GetTaskRequest(task_uid=str(uid)))
            next(watch)
            watch.cancel()
        server.release_faults()
        server.wait_task(uid)


def test_dumps_watch():
    with Server("--fault", "dump_before_read=pause") as server:
        server.write("POST", "/indexes/films/documents", [{"id": i} for i in range(50)])
        uid = server.grpc("Dumps.Create").uid
        watch = server.stream("Dumps.Watch", dump_uid=uid)
        equal(next(watch).status, dumps_pb2.DUMP_STATE_IN_PROGRESS, "the first message comes at once")
        server.wait_paused("dump_before_read")
        server.release_faults()
        last = list(watch)[-1]
        equal((last.status, last.documents, last.total_documents), (dumps_pb2.DUMP_STATE_DONE, 50, 50))
        size = os.path.getsize(os.path.join(server.dumps, uid + ".dump"))
        equal(last.written_bytes, size)
        assert 0 < last.verified_bytes <= size and last.barrier_held_ms > 0, last
        equal([m.status for m in server.stream("Dumps.Watch", dump_uid=uid)], [dumps_pb2.DUMP_STATE_DONE])
        for bad in ("doggo", "20200929-114144097"):
            compare_failure(failure_of(server, "Dumps.Watch", dump_uid=bad),
                            server.http("GET", "/dumps/%s/status" % bad), bad)


def test_dumps_download():
    with Server() as server:
        documents = [{"id": i, "noise": os.urandom(600).hex()} for i in range(4000)]
        server.write("POST", "/indexes/films/documents", documents)
        path = server.dump()
        uid = os.path.basename(path)[:-5]
        with open(path, "rb") as f:
            data = f.read()
        assert len(data) > 2 << 20, "too small to come in several chunks"
        for offset in (0, 1, 1 << 20, len(data) - 1, len(data)):
            pieces = list(server.stream("Dumps.Download", dump_uid=uid, offset=offset))
            equal(pieces[0].total_bytes, len(data))
            equal({p.total_bytes for p in pieces[1:]}, {0} if pieces[1:] else set())
            assert b"".join(p.chunk for p in pieces) == data[offset:], "other bytes from %d on" % offset
            assert max(len(p.chunk) for p in pieces) < 4 << 20, "more than a stock client takes"
        equal(failure_of(server, "Dumps.Download", dump_uid=uid, offset=len(data) + 1).code, 3)
        with open(os.path.join(server.home, "secret.dump"), "wb") as f:
            f.write(b"secret")
        for bad in ("doggo", "20200929-114144097", "../secret", "..", "", "x" * 5000, uid + ".dump"):
            failure = failure_of(server, "Dumps.Download", dump_uid=bad)
            equal((failure.code, failure.info.code), (5, "dump_not_found"), bad)
        os.symlink(os.path.join(server.home, "secret.dump"), os.path.join(server.dumps, "20200929-114144097.dump"))
        assert failure_of(server, "Dumps.Download", dump_uid="20200929-114144097").code != 0, "a link was followed"


if __name__ == "__main__":
    main(globals())

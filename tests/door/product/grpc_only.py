# SPDX-License-Identifier: MIT
"""What gRPC can say and JSON cannot: numbers without names, names that are none, odd streams, far dates.

Each of these must end with OK or with an error that names what is wrong; never with UNKNOWN, INTERNAL
or a server that is gone.
"""
from google.protobuf.timestamp_pb2 import Timestamp
from product_common import Failure, Server, common_pb2, documents_pb2, equal, indexes_pb2, main, settings_pb2

S, WORDS = settings_pb2.Settings, common_pb2.StringList
ADD = documents_pb2.AddDocumentsRequest
JSON = "application/json"


def outcome(server, method, request):
    """(code, word) of a call; (0, None) for OK."""
    try:
        if isinstance(request, list):
            server.grpc(method, iter(request))
        else:
            server.grpc(method, **request)
    except Failure as e:
        assert e.info is not None and e.info.message[:1000] == e.message[:1000], e  # details are cut at 4 KiB
        return e.code, e.info.code
    return 0, None


def update(**members):
    return "SettingsService.Update", {"index_uid": "films", "settings": S(**members)}


def one(value, name="stopWords"):
    return "SettingsService.UpdateOne", {"index_uid": "films", "name": name, "value": value}


def typo(**members):
    return update(typo_tolerance=settings_pb2.TypoTolerance(**members))


BAD, OK = (3, "bad_request"), (0, None)
ROWS = [
    # Enumerations are open on the wire.
    (*update(proximity_precision=77), (3, "invalid_settings_proximity_precision")),
    (*update(prefix_search=-1), (3, "invalid_settings_prefix_search")),
    (*update(faceting=settings_pb2.Faceting(sort_facet_values_by=settings_pb2.FacetOrders(entries={"a": 77}))),
     (3, "invalid_settings_faceting")),
    (*update(faceting=settings_pb2.Faceting(sort_facet_values_by=settings_pb2.FacetOrders(entries={"a": 0}))),
     (3, "invalid_settings_faceting")),
    ("Tasks.List", {"types": [77]}, OK), ("Tasks.List", {"types": [0], "statuses": [6, 99]}, OK),
    ("Tasks.Cancel", {"types": [77]}, OK), ("System.Stats", {"size_format": 77}, OK),
    # Members to be reset are named by text.
    (*update(reset=["doggo"]), BAD), (*update(reset=["stop_words"]), BAD), (*update(reset=["reset"]), BAD),
    (*update(reset=["stopWords", "stopWords"]), OK), (*update(reset=["stopWords"], stop_words=WORDS(values=["a"])), OK),
    (*typo(reset=["doggo"]), BAD), (*typo(reset=["enabled"]), OK),
    (*typo(min_word_size_for_typos=settings_pb2.MinWordSizeForTypos(one_typo=300)), (3, "invalid_settings_typo_tolerance")),
    (*update(filterable_attributes=settings_pb2.FilterableAttributes(values=[settings_pb2.FilterableAttribute()])),
     (3, "invalid_settings_filterable_attributes")),
    (*update(ranking_rules=WORDS(values=["words", ""])), (3, "invalid_settings_ranking_rules")),
    # JSON inside of bytes.
    (*one(b""), (3, "malformed_payload")), (*one(b"{"), (3, "malformed_payload")), (*one(b"nul"), (3, "malformed_payload")),
    (*one(b"\xff"), (3, "malformed_payload")), (*one(b"null null"), (3, "malformed_payload")), (*one(b" null "), OK),
    (*one(b"[1]"), (3, "invalid_settings_stop_words")), (*one(b'["a\\u0000b"]'), (3, "invalid_settings_stop_words")),
    (*one(b"[" * 2000 + b"]" * 2000), (3, "malformed_payload")),
    (*one(b"null", ""), BAD), (*one(b"null", "doggo"), BAD), (*one(b"null", "stop-words"), BAD),
    ("SettingsService.GetOne", {"index_uid": "films", "name": "reset"}, BAD),
    ("SettingsService.ResetOne", {"index_uid": "films", "name": ""}, BAD),
    # What is absent is empty text.
    ("Indexes.Get", {}, (3, "invalid_index_uid")), ("Documents.Get", {"index_uid": "films"}, (5, "document_not_found")),
    ("Documents.List", {}, (3, "invalid_index_uid")), ("Tasks.Get", {}, (3, "invalid_task_uids")),
    ("Tasks.GetBatch", {}, (3, "invalid_batch_uids")), ("Dumps.GetStatus", {}, (5, "dump_not_found")),
    ("Documents.Delete", {"index_uid": "films"}, OK), ("Documents.DeleteBatch", {"index_uid": "films", "ids": [""]}, OK),
    ("Indexes.Swap", {"swaps": [indexes_pb2.IndexSwap()]}, (3, "invalid_swap_indexes")),
    # Numbers and texts without measure.
    ("Tasks.List", {"limit": 2**32 - 1, "from": 2**64 - 1}, OK), ("Tasks.Get", {"task_uid": "9" * 40},
                                                                   (3, "invalid_task_uids")),
    ("Tasks.Get", {"task_uid": str(10**18)}, (5, "task_not_found")),
    ("Tasks.Get", {"task_uid": "+1"}, (3, "invalid_task_uids")),
    ("Documents.List", {"index_uid": "films", "limit": 2**32 - 1, "offset": 2**32 - 1}, OK),
    ("Documents.Get", {"index_uid": "films", "document_id": "1", "fields": ["", ".", "a..b", "*"]}, OK),
    ("Indexes.Get", {"index_uid": "a" * 100000}, (3, "invalid_index_uid")),
    ("Documents.Get", {"index_uid": "films", "document_id": "a" * 100000}, (5, "document_not_found")),
    ("Documents.DeleteBatch", {"index_uid": "films", "ids": ["x" * 50000] * 40}, OK),
    ("Documents.DeleteBatch", {"index_uid": "films", "ids": [str(i) for i in range(10, 50000)]}, OK),
    ("Documents.DeleteAll", {"index_uid": "spare", "custom_metadata": "x" * 500000}, OK),
    ("Dumps.Create", {"recompress_level": -1}, BAD), ("Dumps.Create", {"recompress_level": 2**31 - 1}, BAD),
    # Hidden fields of JSON are plain ones here.
    ("Tasks.Cancel", {"any": True}, OK), ("Tasks.Cancel", {"uids": [1], "original_filter": "?doggo"}, OK),
    # Uploads: the first message names, later ones only carry.
    ("Documents.Add", [], BAD), ("Documents.Add", [ADD()], (3, "missing_content_type")),
    ("Documents.Add", [ADD(index_uid="films", chunk=b"[]")], (3, "missing_content_type")),
    ("Documents.Add", [ADD(content_type=JSON, chunk=b"[]")], (3, "invalid_index_uid")),
    ("Documents.Add", [ADD(chunk=b"[]"), ADD(index_uid="films", content_type=JSON)], (3, "missing_content_type")),
    ("Documents.Add", [ADD(index_uid="films", content_type=JSON)], (3, "missing_payload")),
    ("Documents.Add", [ADD(index_uid="films", content_type=JSON, chunk=b'[{"id":'), ADD(chunk=b"5}]")], OK),
    ("Documents.Add", [ADD(index_uid="films", content_type=JSON), ADD(), ADD(chunk=b"[]"), ADD()], OK),
    ("Documents.Add", [ADD(index_uid="films", content_type=JSON),
                       ADD(index_uid="other", content_type="text/csv", chunk=b'[{"id":6}]')], OK),
    ("Documents.Add", [ADD(index_uid="films", content_type=JSON, csv_delimiter="")], (3, "invalid_document_csv_delimiter")),
]
ROWS += [("Tasks.List", {member: Timestamp(seconds=seconds, nanos=nanos)}, OK)
         for member in ("after_enqueued_at", "before_finished_at")
         for seconds, nanos in ((0, 0), (2**62, 0), (-2**62, 0), (2**63 - 1, 999999999), (5, -1), (5, 2**31 - 1))]


def test_rows():
    wrong = []
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        for method, request, wanted in ROWS:
            got = outcome(server, method, request)
            if got != wanted:
                wrong.append("%s %.200s: %s, not %s" % (method, str(request), got, wanted))
        server.idle()
        equal(server.documents("films"), [{"id": 1}, {"id": 5}, {"id": 6}], "the later message named no other index")
        equal(server.get("/tasks?statuses=failed")["results"][1:], [], "only the clearing of an index that is not there")
        equal(server.http("GET", "/indexes/other").status, 404)
    print("        %d rows" % len(ROWS))
    assert not wrong, "\n".join(wrong)


def test_dates_filter_as_they_do_in_http():
    with Server() as server:
        for uid in "abc":
            server.write("POST", "/indexes", {"uid": uid})
        at = server.get("/tasks/1")["enqueuedAt"]
        stamp = Timestamp()
        stamp.FromJsonString(at)
        for member, query in (("after_enqueued_at", "afterEnqueuedAt"), ("before_enqueued_at", "beforeEnqueuedAt")):
            found = server.grpc("Tasks.List", limit=20, **{member: stamp})
            equal([t.uid for t in found.results],
                  [t["uid"] for t in server.get("/tasks?%s=%s" % (query, at))["results"]], member)
            equal(len(found.results), 1)


def test_what_a_filter_was_is_spelt_as_a_query():
    with Server() as server:
        for fields, text in (({"uids": [1, 2], "statuses": [1]}, "?uids=1,2&statuses=enqueued"),
                             ({"types": [5, 1], "index_uids": ["a", "b"]},
                              "?types=indexCreation,documentAdditionOrUpdate&indexUids=a,b"),
                             ({"batch_uids": [3], "canceled_by": [4]}, "?batchUids=3&canceledBy=4")):
            uid = server.grpc("Tasks.Cancel", **fields).task_uid
            equal(server.wait_task(uid)["details"]["originalFilter"], text)


if __name__ == "__main__":
    main(globals())

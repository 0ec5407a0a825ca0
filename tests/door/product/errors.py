# SPDX-License-Identifier: MIT
"""Error bodies, word for word: requests that are refused (error_rows.py), tasks that fail, limits, transport.

Every answer is compared whole: status, the four members in their order, the header.
"""
import json
import socket

from error_rows import BODY_ROWS, DOCUMENT_ROWS, ID_RULE, PATH_ROWS, QUERY_ROWS, SETTINGS_ROWS
from product_common import ROOT, SERVICE_FILES, Server, equal, error_of, main, options_pb2


def ask(server, row):
    request, body = row[0], row[1]
    method, path = request.split(" ", 1)
    headers = {}
    content_type = row[5] if len(row) > 5 else "application/json" if body is not None else None
    if content_type is not None:
        headers["Content-Type"] = content_type
    return server.http(method, path, body, headers)


def check_rows(rows):
    wrong = []
    with Server() as server:
        server.write("POST", "/indexes", {"uid": "films", "primaryKey": "id"})
        for row in rows:
            answer = ask(server, row)
            wanted = error_of(row[3], row[4])
            if (answer.status != row[2] or answer.json != wanted or list(answer.json) != list(wanted)
                    or answer.headers.get("Content-Type") != "application/json"):
                wrong.append("%s  %s\n    got    %d %s\n    wanted %d %s" % (
                    row[0][:90], (row[1] or "")[:90], answer.status, answer.body.decode("utf-8", "replace")[:1500],
                    row[2], json.dumps(wanted, ensure_ascii=False)))
        tasks = server.get("/tasks")["total"]
    equal(tasks, 1, "a refused request has left a task")
    print("        %d rows" % len(rows))
    assert not wrong, "%d of %d rows:\n%s" % (len(wrong), len(rows), "\n".join(wrong))


def test_query_strings():
    check_rows(QUERY_ROWS)


def test_paths():
    check_rows(PATH_ROWS)


def test_json_bodies():
    check_rows(BODY_ROWS)


def test_documents():
    check_rows(DOCUMENT_ROWS)


def test_settings():
    check_rows(SETTINGS_ROWS)


# ---- failed tasks: the same four members, kept in the task ---------------------------------------------------------

CANDIDATES = ("The primary key inference failed as the engine found %d fields ending with `id` in their names: '%s' and "
              "'%s'. Please specify the primary key manually using the `primaryKey` query parameter.")
NO_CANDIDATE = ("The primary key inference failed as the engine did not find any field ending with `id` in its name. Please "
                "specify the primary key manually using the `primaryKey` query parameter.")

TASK_ROWS = [
    ("POST /indexes", {"uid": "films"}, "index_already_exists", "Index `films` already exists."),
    ("DELETE /indexes/none", None, "index_not_found", "Index `none` not found."),
    ("PATCH /indexes/none", {"primaryKey": "id"}, "index_not_found", "Index `none` not found."),
    ("PATCH /indexes/films", {"primaryKey": "other"}, "index_primary_key_already_exists",
     "Index `films`: Index already has a primary key: `id`."),
    ("PATCH /indexes/films", {"uid": "songs"}, "index_already_exists",
     "Cannot rename `films` to `songs` as the index already exists. Hint: You can remove `songs` first and then do your "
     "remove."),
    ("POST /swap-indexes", [{"indexes": ["films", "none"]}], "index_not_found", "Index `none` not found."),
    ("POST /swap-indexes", [{"indexes": ["none", "nil"]}], "index_not_found", "Indexes `nil`, `none` not found."),
    ("POST /swap-indexes", [{"indexes": ["films", "songs"], "rename": True}], "index_already_exists",
     "Cannot rename `films` to `songs` as the index already exists. Hint: You can remove `songs` first and then do your "
     "remove."),
    ("POST /swap-indexes", [{"indexes": ["films", "songs"], "rename": True},
                            {"indexes": ["new", "nested"], "rename": True}], "index_not_found",
     "Index `new` not found."),
    ("POST /swap-indexes", [{"indexes": ["films", "songs"], "rename": True},
                            {"indexes": ["spare", "full"], "rename": True}], "index_already_exists",
     "The following indexes are being renamed but cannot because their new name conflicts with an already existing index: "
     "`full`, `songs`. Renaming doesn't overwrite the other index name."),
    ("DELETE /indexes/none/documents", None, "index_not_found", "Index `none` not found."),
    ("DELETE /indexes/none/documents/1", None, "index_not_found", "Index `none` not found."),
    ("POST /indexes/none/documents/delete-batch", [1], "index_not_found", "Index `none` not found."),
    ("POST /indexes/films/documents?primaryKey=key", [{"id": 2, "key": 1}], "index_primary_key_already_exists",
     "Index `films`: Index already has a primary key: `id`."),
    ("POST /indexes/new/documents", [{"title": "x"}], "index_primary_key_no_candidate_found", NO_CANDIDATE),
    ("POST /indexes/new/documents", [], "index_primary_key_no_candidate_found", NO_CANDIDATE),
    ("POST /indexes/new/documents", [{"zid": 1, "aID": 2}], "index_primary_key_multiple_candidates_found",
     CANDIDATES % (2, "aID", "zid")),
    ("POST /indexes/new/documents", [{"c_id": 1, "bId": 2, "a_id": 3}], "index_primary_key_multiple_candidates_found",
     CANDIDATES % (3, "a_id", "bId")),
    ("POST /indexes/films/documents", [{"id": 2}, {"id": "a b"}], "invalid_document_id",
     "Document identifier `\"a b\"` " + ID_RULE),
    ("POST /indexes/films/documents", [{"id": 1.5}], "invalid_document_id", "Document identifier `1.5` " + ID_RULE),
    ("POST /indexes/films/documents", [{"id": True}], "invalid_document_id", "Document identifier `true` " + ID_RULE),
    ("POST /indexes/films/documents", [{"id": None}], "invalid_document_id", "Document identifier `null` " + ID_RULE),
    ("POST /indexes/films/documents", [{"id": ""}], "invalid_document_id", "Document identifier `\"\"` " + ID_RULE),
    ("POST /indexes/films/documents", [{"id": [1]}], "invalid_document_id", "Document identifier `[1]` " + ID_RULE),
    ("PUT /indexes/films/documents", [{"id": "x" * 512}], "invalid_document_id",
     "Document identifier `\"%s\"` " % ("x" * 512) + ID_RULE),
    ("POST /indexes/films/documents", [{"id": 2}, {"title": "x", "n": 1}], "missing_document_id",
     "Document doesn't have a `id` attribute: `{\"title\":\"x\",\"n\":1}`."),
    ("POST /indexes/nested/documents?primaryKey=a.id", [{"a": {"b": 1}}], "missing_document_id",
     "Document doesn't have a `a.id` attribute: `{\"a\":{\"b\":1}}`."),
    ("POST /indexes/nested/documents?primaryKey=a.id", [{"a": {"id": 1}, "a.id": 2}], "invalid_document_id",
     "Document have too many matching `a.id` attribute: `{\"a\":{\"id\":1},\"a.id\":2}`."),
    ("PATCH /indexes/films/settings", {"typoTolerance": {"minWordSizeForTypos": {"oneTypo": 20}}},
     "invalid_settings_typo_tolerance",
     "Index `films`: `minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between `0` and "
     "`255`, and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: 20` and twoTypos: 9`."),
    ("POST /indexes/wide/documents", [dict([("id", 1)] + [("f%d" % i, 0) for i in range(65535)])],
     "max_fields_limit_exceeded", "Index `wide`: A document cannot contain more than 65,535 fields."),
]


def test_failed_tasks():
    wrong = []
    with Server() as server:
        server.write("POST", "/indexes", {"uid": "films", "primaryKey": "id"})
        for uid in ("songs", "spare", "full"):
            server.write("POST", "/indexes", {"uid": uid})
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        before = server.get("/indexes/films/documents")
        for request, body, word, message in TASK_ROWS:
            task = server.write(*request.split(" ", 1), body, status=None)
            if (task["status"], task["error"]) != ("failed", error_of(word, message)):
                wrong.append("%s  %s\n    got    %s %s\n    wanted %s" % (
                    request, json.dumps(body)[:90], task["status"], task["error"], error_of(word, message)))
        equal(server.get("/indexes/films/documents"), before, "a failed task has written something")
        equal(server.get("/indexes/films/settings/typo-tolerance")["minWordSizeForTypos"],
              {"oneTypo": 5, "twoTypos": 9})
    print("        %d rows" % len(TASK_ROWS))
    assert not wrong, "%d of %d rows:\n%s" % (len(wrong), len(TASK_ROWS), "\n".join(wrong))


# ---- limits ----------------------------------------------------------------------------------------------------------


def test_payload_limit():
    for flag, shown in (("1MiB", "1 MiB"), ("2000000", "2 MB"), ("10 KiB", "10 KiB")):
        with Server("--http-payload-size-limit", flag) as server:
            big = b'[{"id":1,"text":"' + b"x" * 2100000 + b'"}]'
            wanted = error_of("payload_too_large", "The provided payload reached the size limit. The maximum accepted "
                                                   "payload size is %s." % shown)
            answer = server.http("POST", "/indexes/films/documents", big, {"Content-Type": "application/json"})
            equal((answer.status, answer.json), (413, wanted), flag)
            pieces = iter([big[i:i + 5000] for i in range(0, len(big), 5000)])
            answer = server.http("PUT", "/indexes/films/documents", pieces, {"Content-Type": "application/json"})
            equal((answer.status, answer.json), (413, wanted), flag + ", chunked")
            answer = server.http("PATCH", "/indexes/films/settings", b'{"stopWords":["' + big[17:-3] + b'"]}',
                                 {"Content-Type": "application/json"})
            equal((answer.status, answer.json["code"]), (413, "payload_too_large"), "a JSON route")
            equal(server.get("/tasks")["total"], 0)


def test_every_word_of_the_protos_has_a_status():
    """An error word that an option names but errors.def does not know would be an internal error."""
    with open(ROOT + "/server/rpc/errors.def") as f:
        known = {line[len("ERROR_WORD("):].split(",")[0] for line in f if line.startswith("ERROR_WORD(")}
    words, seen = set(), set()

    def look(message):
        if message.full_name in seen:
            return
        seen.add(message.full_name)
        rule = message.GetOptions().Extensions[options_pb2.message]
        words.add(rule.error)
        for field in message.fields:
            rule = field.GetOptions().Extensions[options_pb2.field]
            words.update((rule.error, rule.missing))
            if field.message_type:
                look(field.message_type)

    for module in SERVICE_FILES:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                look(method.input_type)
                words.update(r.body_error for r in method.GetOptions().Extensions[options_pb2.rule].more_http)
    words.discard("")
    assert len(words) > 80, len(words)
    equal(sorted(words - known), [])


def test_full_queue():
    with Server("--max-queued-tasks", "2", "--fault", "task_before_commit=pause") as server:
        for _ in range(2):
            equal(server.http("POST", "/indexes", {"uid": "a"}).status, 202)
        answer = server.http("POST", "/indexes", {"uid": "a"})
        equal((answer.status, answer.json), (422, error_of(
            "no_space_left_on_device", "Lode cannot receive write operations because the limit of the task queue (2 tasks) "
            "has been reached. Please cancel tasks, or wait for their end, to continue performing write operations.",
            "system")))
        server.wait_paused("task_before_commit")
        server.release_faults()
        server.idle()
        equal(server.http("POST", "/indexes", {"uid": "b"}).status, 202)


def test_no_space():
    with Server("--free-space-floor", "1000TB") as server:
        answer = server.http("POST", "/indexes", {"uid": "a"})
        equal((answer.status, answer.json), (422, error_of(
            "no_space_left_on_device", "There is no more space left on the device. Consider increasing the size of the "
            "disk/partition.", "system")))
        equal(server.get("/tasks")["total"], 0)


# ---- transport (12) ----------------------------------------------------------------------------------------------------


def test_unknown_paths_and_methods():
    with Server() as server:
        for request, status in (
                ("GET /doggo", 404), ("POST /indexes/films/doggo", 404), ("GET /indexes/films/documents/1/2", 404),
                ("GET /indexes/films/settings/doggo", 404), ("GET //indexes", 404), ("GET /keys", 404),
                ("DELETE /indexes", 405), ("PUT /indexes", 405), ("POST /indexes/films", 405), ("PUT /dumps", 405),
                ("GET /swap-indexes", 405), ("PATCH /tasks", 405), ("POST /health", 405),
                ("PATCH /indexes/films/settings/stop-words", 405), ("PUT /indexes/films/settings/typo-tolerance", 405),
                ("PUT /indexes/films/settings", 405), ("DELETE /dumps/1/status", 405), ("GET /tasks/cancel", 400)):
            answer = server.http(*request.split(" "))
            equal(answer.status, status, request)
            if status != 400:
                equal(answer.body, b"", request + " has a body")
        for path in ("/health/", "/indexes/", "/stats/", "/tasks/"):
            equal(server.http("GET", path).status, 200, path)


def test_cors():
    with Server() as server:
        answer = server.http("OPTIONS", "/indexes/films/search", headers={
            "Origin": "https://example.org", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-meilisearch-client"})
        assert answer.status in (200, 204), answer
        equal(answer.headers.get("Access-Control-Allow-Origin"), "*")
        equal(answer.headers.get("Access-Control-Max-Age"), "86400")
        assert "x-meilisearch-client" in answer.headers.get("Access-Control-Allow-Headers", "").lower() or \
            answer.headers.get("Access-Control-Allow-Headers") == "*", answer.headers
        assert "POST" in answer.headers.get("Access-Control-Allow-Methods", "") or \
            answer.headers.get("Access-Control-Allow-Methods") == "*"
        for path, status in (("/version", 200), ("/indexes/none", 404), ("/indexes?limit=a", 400), ("/doggo", 404)):
            answer = server.http("GET", path, headers={"Origin": "https://example.org"})
            equal((answer.status, answer.headers.get("Access-Control-Allow-Origin")), (status, "*"), path)


def raw_exchange(server, head, body):
    """What comes back for bytes after which the client shuts its sending side."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(head.encode() + b"\r\n\r\n" + body)
        s.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            more = s.recv(65536)
            if not more:
                return got
            got += more


def test_truncated_uploads():
    wanted = error_of("bad_request", "The provided payload is incomplete and cannot be parsed")
    head = "%s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n%s"
    with Server() as server:
        for request in ("POST /indexes/films/documents", "PUT /indexes/films/documents", "POST /indexes",
                        "PATCH /indexes/films/settings"):
            for framing, body in (("Content-Length: 100", b'[{"id":1}]'), ("Transfer-Encoding: chunked", b"5\r\n[{}]"),
                                  ("Transfer-Encoding: chunked", b"2\r\n[]\r\n")):
                got = raw_exchange(server, head % (request, framing), body)
                equal((got[:12], json.loads(got.split(b"\r\n\r\n", 1)[1] or b"0")), (b"HTTP/1.1 400", wanted), request)
        equal(server.get("/tasks")["total"], 0)


def test_a_client_that_asks_before_it_sends():
    """Expect: 100-continue is answered, and a refusal comes without the body."""
    with Server() as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        head = b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        s.sendall(head % (b"/indexes/films/documents", b"application/json"))
        equal(s.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(b'[{"a":1}]')
        equal(s.recv(1000)[:12], b"HTTP/1.1 202")
        s.sendall(head % (b"/indexes/films/documents", b"text/plain"))
        equal(s.recv(1000)[:12], b"HTTP/1.1 415")


def test_content_types_that_are_fine():
    with Server() as server:
        for kind in ("application/json; charset=utf-8", "application/JSON", "application/vnd.api+json"):
            equal(server.http("POST", "/indexes", b'{"uid":"a"}', {"Content-Type": kind}).status, 202, kind)
        for kind in ("application/json;charset=utf-8", "application/json ; charset=utf-8"):
            equal(server.http("POST", "/indexes/a/documents", b"[]", {"Content-Type": kind}).status, 202, kind)
        # Routes without a body take what clients send there all the same.
        for method, path in (("POST", "/tasks/cancel?uids=99"), ("DELETE", "/indexes/a/documents"), ("POST", "/dumps")):
            answer = server.http(method, path, b"null", {"Content-Type": "application/json"})
            assert answer.status in (200, 202), (method, path, answer)
        poll_dump = server.get("/tasks?types=dumpCreation")["results"][0]
        server.wait_task(poll_dump["uid"])


if __name__ == "__main__":
    main(globals())

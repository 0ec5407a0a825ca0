# SPDX-License-Identifier: MIT
"""Indexes: made, read, renamed, swapped, deleted."""
from product_common import TIME, Server, equal, main


def index(server, uid):
    found = server.get("/indexes/" + uid)
    equal(list(found), ["uid", "createdAt", "updatedAt", "primaryKey"])
    assert TIME.match(found["createdAt"]) and TIME.match(found["updatedAt"]), found
    return found


def uids(server):
    return [i["uid"] for i in server.get("/indexes?limit=100")["results"]]


def test_create():
    with Server() as server:
        answer = server.http("POST", "/indexes", {"uid": "films", "primaryKey": "key"})
        equal(answer.status, 202)
        equal(list(answer.json), ["taskUid", "indexUid", "status", "type", "enqueuedAt"])
        assert TIME.match(answer.json.pop("enqueuedAt"))
        equal(answer.json, {"taskUid": 0, "indexUid": "films", "status": "enqueued", "type": "indexCreation"})
        task = server.wait_task(0)
        equal(task["details"], {"primaryKey": "key"})
        found = index(server, "films")
        equal((found["primaryKey"], found["createdAt"]), ("key", found["updatedAt"]))
        equal(server.write("POST", "/indexes", {"uid": "bare", "primaryKey": None})["details"], {"primaryKey": None})
        equal(index(server, "bare")["primaryKey"], None)
        server.write("POST", "/indexes", {"uid": "a" * 400})
        equal(index(server, "a" * 400)["uid"], "a" * 400)


def test_lists_are_sorted_by_bytes():
    with Server() as server:
        names = ["b", "a", "A", "_", "-", "10", "9", "ab"]
        for name in names:
            server.write("POST", "/indexes", {"uid": name})
        equal(uids(server), sorted(names))
        page = server.get("/indexes?offset=2&limit=3")
        equal(([i["uid"] for i in page["results"]], page["offset"], page["limit"], page["total"]),
              (sorted(names)[2:5], 2, 3, 8))
        equal(list(page), ["results", "offset", "limit", "total"])
        equal(server.get("/indexes?offset=100")["results"], [])
        equal(server.get("/indexes?limit=0"), {"results": [], "offset": 0, "limit": 0, "total": 8})


def test_update():
    with Server() as server:
        server.write("POST", "/indexes", {"uid": "films"})
        task = server.write("PATCH", "/indexes/films", {"primaryKey": "key"})
        equal((task["type"], task["details"]), ("indexUpdate", {"primaryKey": "key"}))
        equal(index(server, "films")["primaryKey"], "key")
        server.write("PATCH", "/indexes/films", {"primaryKey": "id"})
        before = index(server, "films")
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        assert index(server, "films")["updatedAt"] > before["updatedAt"]
        equal(index(server, "films")["createdAt"], before["createdAt"])
        server.write("PATCH", "/indexes/films", {"primaryKey": "other"}, status="failed")
        server.write("PATCH", "/indexes/films", {"primaryKey": "id"})
        equal(index(server, "films")["primaryKey"], "id")
        equal(server.write("PATCH", "/indexes/films", {})["details"], {"primaryKey": None})


def test_rename():
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        server.write("PATCH", "/indexes/films/settings", {"stopWords": ["a"]})
        created = index(server, "films")["createdAt"]
        task = server.write("PATCH", "/indexes/films", {"uid": "movies"})
        equal((task["indexUid"] in ("films", "movies"), task["details"]),
              (True, {"primaryKey": None, "oldIndexUid": "films", "newIndexUid": "movies"}))
        equal(uids(server), ["movies"])
        equal(server.documents("movies"), [{"id": 1}])
        equal(server.get("/indexes/movies/settings/stop-words"), ["a"])
        equal(index(server, "movies")["createdAt"], created)
        server.write("PATCH", "/indexes/films", {"uid": "x"}, status="failed")
        server.write("POST", "/indexes", {"uid": "films"})
        server.write("PATCH", "/indexes/films", {"uid": "movies"}, status="failed")
        equal(uids(server), ["films", "movies"])


def test_swap():
    with Server() as server:
        for uid, pk in (("a", "id"), ("b", "key"), ("c", "id"), ("d", "id")):
            server.write("POST", "/indexes/%s/documents?primaryKey=%s" % (uid, pk), [{pk: uid}])
        server.write("PATCH", "/indexes/a/settings", {"stopWords": ["of-a"]})
        history = {t["uid"]: t["indexUid"] for t in server.get("/tasks?limit=100")["results"]}
        task = server.write("POST", "/swap-indexes", [{"indexes": ["a", "b"]}, {"indexes": ["c", "d"], "rename": False}])
        equal((task["type"], task["indexUid"], task["details"]), ("indexSwap", None, {"swaps": [
            {"indexes": ["a", "b"], "rename": False}, {"indexes": ["c", "d"], "rename": False}]}))
        equal([server.documents(u) for u in "abcd"], [[{"key": "b"}], [{"id": "a"}], [{"id": "d"}], [{"id": "c"}]])
        equal((index(server, "a")["primaryKey"], index(server, "b")["primaryKey"]), ("key", "id"))
        equal(server.get("/indexes/b/settings/stop-words"), ["of-a"])
        equal(server.get("/indexes/a/settings/stop-words"), [])
        other = {"a": "b", "b": "a", "c": "d", "d": "c"}
        for uid, name in history.items():
            equal(server.get("/tasks/%d" % uid)["indexUid"], other[name], "history moves along")
        equal({t["uid"] for t in server.get("/tasks?indexUids=b")["results"]}, {u for u, n in history.items() if n == "a"})
        server.write("POST", "/swap-indexes", [{"indexes": ["a", "new"], "rename": True}])
        equal(uids(server), ["b", "c", "d", "new"])
        equal(server.documents("new"), [{"key": "b"}])
        before = [server.documents(u) for u in uids(server)]
        server.write("POST", "/swap-indexes", [{"indexes": ["b", "c"]}, {"indexes": ["d", "none"]}], status="failed")
        equal([server.documents(u) for u in uids(server)], before, "all or none")
        server.write("POST", "/swap-indexes", [])


def test_delete():
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [{"id": i} for i in range(7)])
        task = server.write("DELETE", "/indexes/films")
        equal((task["type"], task["details"]), ("indexDeletion", {"deletedDocuments": 7}))
        equal(uids(server), [])
        equal(server.http("GET", "/indexes/films/documents").status, 404)
        task = server.write("DELETE", "/indexes/films", status="failed")
        equal(task["details"], {"deletedDocuments": 0})
        server.write("POST", "/indexes/films/documents", [{"key_id": 1}])
        equal(server.documents("films"), [{"key_id": 1}], "nothing of the old one is left")


def test_many_indexes_and_a_restart():
    with Server() as server:
        for n in range(60):
            server.http("POST", "/indexes/i%02d/documents" % n, [{"id": 1, "n": n}])
        server.idle()
        server.stop()
        with Server(home=server.home) as again:
            equal(uids(again), ["i%02d" % n for n in range(60)])
            for n in range(60):
                equal(again.documents("i%02d" % n), [{"id": 1, "n": n}])


if __name__ == "__main__":
    main(globals())

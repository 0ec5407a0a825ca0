# SPDX-License-Identifier: MIT
"""Tasks and batches: states, lists and their filters, canceling, deleting."""
import time

from product_common import DURATION, TIME, Server, equal, main

MEMBERS = ["uid", "batchUid", "indexUid", "status", "type", "canceledBy", "details", "error", "duration", "enqueuedAt",
           "startedAt", "finishedAt"]
PAUSED = ("--fault", "task_before_commit=pause")


def uids(server, query=""):
    return [t["uid"] for t in server.get("/tasks" + query)["results"]]


def fill(server):
    """Tasks 0..9 of several kinds, indexes and ends."""
    server.write("POST", "/indexes", {"uid": "films"})                                   # 0
    server.write("POST", "/indexes", {"uid": "films"}, status="failed")                  # 1
    server.write("POST", "/indexes/films/documents", [{"id": 1}])                        # 2
    server.write("POST", "/indexes/songs/documents", [{"id": 1}])                        # 3
    server.write("PATCH", "/indexes/songs/settings", {"stopWords": ["a"]})               # 4
    server.write("DELETE", "/indexes/films/documents/1")                                 # 5
    server.write("POST", "/swap-indexes", [{"indexes": ["films", "none"]}], "failed")    # 6
    server.write("PATCH", "/indexes/songs", {"primaryKey": "id"})                        # 7
    server.write("DELETE", "/indexes/none", status="failed")                             # 8
    server.write("POST", "/tasks/cancel?uids=0", None)                                   # 9


def test_shape_of_ended_tasks():
    with Server() as server:
        task = server.write("POST", "/indexes/films/documents", [{"id": 1}])
        equal(list(task), MEMBERS)
        for name in ("enqueuedAt", "startedAt", "finishedAt"):
            assert TIME.match(task[name]), task
        assert task["enqueuedAt"] <= task["startedAt"] <= task["finishedAt"] and DURATION.match(task["duration"]), task
        equal({k: task[k] for k in MEMBERS[:8]}, {
            "uid": 0, "batchUid": 0, "indexUid": "films", "status": "succeeded", "type": "documentAdditionOrUpdate",
            "canceledBy": None, "details": {"receivedDocuments": 1, "indexedDocuments": 1}, "error": None})
        failed = server.write("POST", "/indexes/films/documents", [{"title": 1}], status="failed")
        equal(list(failed), MEMBERS)
        equal(list(failed["error"]), ["message", "code", "type", "link"])
        equal(failed["details"], {"receivedDocuments": 1, "indexedDocuments": 0})


def test_details_in_every_state():
    """While the writer stands still: one task processing, the others queued; then their ends."""
    queued = [
        ("POST", "/indexes/films/documents", [{"id": 1}, {"id": 2}], {"receivedDocuments": 2, "indexedDocuments": None},
         {"receivedDocuments": 2, "indexedDocuments": 2}),
        ("PUT", "/indexes/films/documents", [{"id": "no good"}], {"receivedDocuments": 1, "indexedDocuments": None},
         {"receivedDocuments": 1, "indexedDocuments": 0}),
        ("POST", "/indexes/films/documents/delete-batch", [1, 7],
         {"providedIds": 2, "deletedDocuments": None, "originalFilter": None},
         {"providedIds": 2, "deletedDocuments": 1, "originalFilter": None}),
        ("DELETE", "/indexes/films/documents", None, {"deletedDocuments": None}, {"deletedDocuments": 1}),
        ("PATCH", "/indexes/films/settings", {"facetSearch": False}, {"facetSearch": False}, {"facetSearch": False}),
        ("POST", "/indexes", {"uid": "b", "primaryKey": "k"}, {"primaryKey": "k"}, {"primaryKey": "k"}),
        ("PATCH", "/indexes/b", {"uid": "c"}, {"primaryKey": None, "oldIndexUid": "b", "newIndexUid": "c"},
         {"primaryKey": None, "oldIndexUid": "b", "newIndexUid": "c"}),
        ("POST", "/swap-indexes", [{"indexes": ["films", "c"]}],
         {"swaps": [{"indexes": ["films", "c"], "rename": False}]},
         {"swaps": [{"indexes": ["films", "c"], "rename": False}]}),
        ("DELETE", "/indexes/c", None, {"deletedDocuments": None}, {"deletedDocuments": 0}),
    ]
    with Server(*PAUSED) as server:
        first = server.http("POST", "/indexes", {"uid": "films"}).json["taskUid"]
        server.wait_paused("task_before_commit")
        running = server.get("/tasks/%d" % first)
        equal((running["status"], running["finishedAt"], running["duration"]), ("processing", None, None))
        assert TIME.match(running["startedAt"]), running
        equal(server.http("GET", "/indexes/films").status, 404, "nobody sees half a batch")
        for method, path, body, before, _ in queued:
            uid = server.http(method, path, body).json["taskUid"]
            task = server.get("/tasks/%d" % uid)
            equal((task["status"], task["details"]), ("enqueued", before), path)
            equal([task[k] for k in ("batchUid", "startedAt", "finishedAt", "duration", "error", "canceledBy")],
                  [None] * 6)
        equal(server.get("/tasks?statuses=enqueued")["total"], len(queued))
        equal(server.get("/stats")["indexes"], {})
        server.release_faults()
        server.idle()
        for n, (_, path, _, _, after) in enumerate(queued):
            task = server.get("/tasks/%d" % (n + 1))
            equal((task["status"], task["details"]), ("failed" if n == 1 else "succeeded", after), path)


def test_lists_and_pages():
    with Server() as server:
        equal(server.get("/tasks"), {"results": [], "total": 0, "limit": 20, "from": None, "next": None})
        fill(server)
        whole = server.get("/tasks")
        equal(list(whole), ["results", "total", "limit", "from", "next"])
        equal((uids(server), whole["total"], whole["from"], whole["next"]), (list(range(9, -1, -1)), 10, 9, None))
        for task in whole["results"]:
            equal(server.get("/tasks/%d" % task["uid"]), task)
        page = server.get("/tasks?limit=4")
        equal(([t["uid"] for t in page["results"]], page["total"], page["from"], page["next"]), ([9, 8, 7, 6], 10, 9, 5))
        page = server.get("/tasks?limit=4&from=5")
        equal(([t["uid"] for t in page["results"]], page["from"], page["next"]), ([5, 4, 3, 2], 5, 1))
        page = server.get("/tasks?limit=2&from=1")
        equal(([t["uid"] for t in page["results"]], page["next"]), ([1, 0], None))
        page = server.get("/tasks?limit=3&reverse=true")
        equal(([t["uid"] for t in page["results"]], page["from"], page["next"]), ([0, 1, 2], 0, 3))
        equal(uids(server, "?reverse=true&from=8"), [8, 9])
        equal(uids(server, "?reverse=false&from=1000&limit=1"), [9])
        equal(server.get("/tasks?limit=0"), {"results": [], "total": 10, "limit": 0, "from": None, "next": 9})


def test_filters():
    with Server() as server:
        fill(server)
        for query, wanted in (
                ("uids=3", [3]), ("uids=3,1,99", [3, 1]), ("uids=*", list(range(9, -1, -1))), ("batchUids=2", [2]),
                ("statuses=failed", [8, 6, 1]), ("statuses=FAILED,enqueued", [8, 6, 1]),
                ("statuses=*", list(range(9, -1, -1))), ("statuses=processing", []),
                ("types=indexCreation", [1, 0]), ("types=indexCREATION,indexSwap", [6, 1, 0]),
                ("types=snapshotCreation", []), ("indexUids=songs", [7, 4, 3]), ("indexUids=songs,none", [8, 7, 4, 3]),
                ("indexUids=*", list(range(9, -1, -1))), ("indexUids=nothing", []),
                ("indexUids=films&statuses=succeeded", [5, 2, 0]), ("canceledBy=9", []),
                ("types=documentDeletion&indexUids=songs", []),
                ("indexUids=films&limit=1&from=3", [2]), ("statuses=failed&reverse=true&limit=2", [1, 6])):
            equal(uids(server, "?" + query), wanted, query)
        page = server.get("/tasks?statuses=failed&limit=1")
        equal((page["total"], page["from"], page["next"]), (3, 8, 6), "next is the next that matches")


def test_dates():
    with Server() as server:
        fill(server)
        tasks = {t["uid"]: t for t in server.get("/tasks")["results"]}
        for kind in ("Enqueued", "Started", "Finished"):
            at = tasks[4][kind.lower() + "At"]
            # Only the strictly later and the strictly earlier ones.
            after = [u for u, t in sorted(tasks.items(), reverse=True) if t[kind.lower() + "At"] > at]
            before = [u for u, t in sorted(tasks.items(), reverse=True) if t[kind.lower() + "At"] < at]
            equal(uids(server, "?after%sAt=%s" % (kind, at)), after, kind)
            equal(uids(server, "?before%sAt=%s" % (kind, at)), before, kind)
            equal((after, before), ([9, 8, 7, 6, 5], [3, 2, 1, 0]))
        day = time.strftime("%Y-%m-%d", time.gmtime())
        everything = list(range(9, -1, -1))
        for query, wanted in (("afterEnqueuedAt=2000-01-01", everything), ("beforeEnqueuedAt=2000-01-01", []),
                              ("afterEnqueuedAt=2100-01-01", []), ("beforeFinishedAt=2100-01-01", everything),
                              ("beforeStartedAt=" + day, []), ("afterStartedAt=" + day, []),
                              ("beforeEnqueuedAt=2100-01-01T00:00:00%2B01:00", everything),
                              ("afterEnqueuedAt=*", everything),
                              ("afterEnqueuedAt=2000-01-01&beforeEnqueuedAt=2100-01-01T00:00:00Z", everything)):
            if time.strftime("%Y-%m-%d", time.gmtime()) == day:  # not at midnight
                equal(uids(server, "?" + query), wanted, query)


def test_cancel():
    with Server(*PAUSED) as server:
        server.http("POST", "/indexes", {"uid": "films"})
        server.wait_paused("task_before_commit")
        for n in range(5):
            server.http("POST", "/indexes/films/documents", [{"id": n}])          # 1..5
        server.http("DELETE", "/indexes/films/documents/1")                       # 6
        query = "?uids=2,3,6,999&statuses=enqueued"
        answer = server.http("POST", "/tasks/cancel" + query)
        equal((answer.status, answer.json["type"], answer.json["indexUid"], answer.json["status"]),
              (200, "taskCancelation", None, "enqueued"))
        cancel = answer.json["taskUid"]
        equal(server.get("/tasks/%d" % cancel)["details"],
              {"matchedTasks": 3, "canceledTasks": None, "originalFilter": query})
        server.release_faults()
        done = server.wait_task(cancel)
        equal(done["details"], {"matchedTasks": 3, "canceledTasks": 3, "originalFilter": query})
        server.idle()
        for uid in (2, 3, 6):
            task = server.get("/tasks/%d" % uid)
            equal([task[k] for k in ("status", "canceledBy", "batchUid", "startedAt", "finishedAt", "error")],
                  ["canceled", cancel] + [done[k] for k in ("batchUid", "startedAt", "finishedAt")] + [None])
            equal(list(task["details"].values())[:2], [1, 0], "counters are 0")
        equal(server.documents("films"), [{"id": 0}, {"id": 3}, {"id": 4}])
        equal(uids(server, "?canceledBy=%d" % cancel), [6, 3, 2])
        equal(uids(server, "?statuses=canceled&reverse=true"), [2, 3, 6])
        equal(server.write("POST", "/tasks/cancel?statuses=*")["details"]["canceledTasks"], 0)


def test_cancel_of_what_is_processing():
    with Server(*PAUSED) as server:
        server.http("POST", "/indexes", {"uid": "films"})
        server.wait_paused("task_before_commit")
        cancel = server.http("POST", "/tasks/cancel?indexUids=films").json["taskUid"]
        server.release_faults()
        server.wait_task(cancel)
        server.idle()
        task = server.get("/tasks/0")
        # It was about to be committed: either the commit or the cancelation came first, but one wholly.
        if task["status"] == "canceled":
            equal((task["canceledBy"], server.http("GET", "/indexes/films").status), (cancel, 404))
        else:
            equal((task["status"], server.http("GET", "/indexes/films").status), ("succeeded", 200))


def test_delete():
    with Server() as server:
        fill(server)
        task = server.write("DELETE", "/tasks?uids=0,3,999&indexUids=films,songs")
        equal((task["type"], task["details"]), ("taskDeletion", {
            "matchedTasks": 2, "deletedTasks": 2, "originalFilter": "?uids=0,3,999&indexUids=films,songs"}))
        equal(uids(server, "?reverse=true"), [1, 2, 4, 5, 6, 7, 8, 9, 10])
        equal(server.http("GET", "/tasks/3").status, 404)
        equal(server.http("GET", "/batches/3").status, 404)
        equal(server.write("DELETE", "/tasks?statuses=failed")["details"]["deletedTasks"], 3)
        equal(server.write("DELETE", "/tasks?uids=*")["status"], "succeeded")
        equal(uids(server), [12], "all that had ended, but not the deletion itself")
        equal(server.write("POST", "/indexes", {"uid": "z"})["uid"], 13, "uids are never used twice")
        server.stop()
        with Server(home=server.home) as again:
            equal(uids(again), [13, 12])
            equal(again.write("POST", "/indexes", {"uid": "y"})["uid"], 14)


def test_delete_spares_what_is_unfinished():
    with Server(*PAUSED) as server:
        server.http("POST", "/indexes", {"uid": "films"})
        server.wait_paused("task_before_commit")
        server.http("POST", "/indexes", {"uid": "songs"})
        uid = server.http("DELETE", "/tasks?statuses=enqueued,processing,succeeded").json["taskUid"]
        server.release_faults()
        server.wait_task(uid)
        server.idle()
        # Deletions go before what waits; the running task may have ended by then.
        left = uids(server)
        assert 1 in left and uid in left, left
        equal(server.get("/indexes/songs")["uid"], "songs")


def test_batches():
    with Server(*PAUSED) as server:
        equal(server.get("/batches"), {"results": [], "total": 0, "limit": 20, "from": None, "next": None})
        server.http("POST", "/indexes", {"uid": "other"})
        server.wait_paused("task_before_commit")
        for n in range(6):
            server.http("POST", "/indexes/films/documents", [{"id": n}, {"id": n + 100}])
        server.http("PATCH", "/indexes/films/settings", {"stopWords": ["a"]})
        server.http("DELETE", "/indexes/none")
        server.release_faults()
        server.idle()
        tasks = server.get("/tasks?limit=100&reverse=true")["results"]
        by_batch = {}
        for task in tasks:
            by_batch.setdefault(task["batchUid"], []).append(task)
        batches = server.get("/batches?limit=100&reverse=true")
        equal([b["uid"] for b in batches["results"]], sorted(by_batch))
        equal((batches["total"], batches["from"], batches["next"]), (len(by_batch), 0, None))
        for batch in batches["results"]:
            members = by_batch[batch["uid"]]
            equal(list(batch), ["uid", "progress", "details", "stats", "duration", "startedAt", "finishedAt",
                                "batchStrategy"])
            equal(server.get("/batches/%d" % batch["uid"]), batch)
            stats = batch["stats"]
            equal(stats["totalNbTasks"], len(members))
            equal(sum(stats["status"].values()), len(members))
            equal(stats["types"], {members[0]["type"]: len(members)})
            equal(stats["indexUids"], {members[0]["indexUid"]: len(members)})
            equal({t["startedAt"] for t in members} | {t["finishedAt"] for t in members},
                  {batch["startedAt"], batch["finishedAt"]})
            assert DURATION.match(batch["duration"]), batch
            equal(batch["progress"], None)
            if members[0]["type"] == "documentAdditionOrUpdate":
                equal(batch["details"], {"receivedDocuments": 2 * len(members), "indexedDocuments": 2 * len(members)})
        additions = [t for t in tasks if t["type"] == "documentAdditionOrUpdate"]
        assert len({t["batchUid"] for t in additions}) < len(additions), "consecutive additions are merged"
        one = additions[0]
        equal([b["uid"] for b in server.get("/batches?uids=%d" % one["uid"])["results"]], [one["batchUid"]])
        equal([b["uid"] for b in server.get("/batches?batchUids=0")["results"]], [0])
        equal([b["uid"] for b in server.get("/batches?indexUids=other")["results"]], [0])
        equal(server.get("/batches?statuses=failed")["total"], 1)
        page = server.get("/batches?limit=1")
        equal((page["from"], page["next"], page["total"]),
              (sorted(by_batch)[-1], sorted(by_batch)[-2], len(by_batch)))
        equal([b["uid"] for b in server.get("/batches?limit=1&from=%d" % page["next"])["results"]], [page["next"]])


def test_history_survives_a_restart():
    with Server() as server:
        fill(server)
        tasks, batches = server.get("/tasks?limit=100"), server.get("/batches?limit=100")
        server.stop()
        with Server(home=server.home) as again:
            equal(again.get("/tasks?limit=100"), tasks)
            equal(again.get("/batches?limit=100"), batches)


def test_queued_tasks_survive_a_kill():
    with Server(*PAUSED) as server:
        for n in range(20):
            server.http("POST", "/indexes/films/documents", [{"id": n, "n": n}])
        server.wait_paused("task_before_commit")
        equal(server.get("/tasks?statuses=enqueued,processing")["total"], 20)
        server.kill()
        with Server(home=server.home) as again:
            again.idle()
            equal(again.get("/tasks?statuses=succeeded")["total"], 20)
            equal(again.documents("films"), [{"id": n, "n": n} for n in range(20)])


def test_progress_of_a_change_of_settings():
    """A commit in the midst of an index being built anew is held up: how far it is can be seen until it goes on."""
    n = 3000
    with Server() as first:
        first.write("POST", "/indexes/films/documents", [{"id": i, "title": "film %d" % i} for i in range(n)])
        home = first.home
        first.stop()
        with Server("--fault", "store_commit=pause@2", home=home) as server:
            uid = server.http("PATCH", "/indexes/films/settings", {"filterableAttributes": ["id"]}).json["taskUid"]
            server.wait_paused("store_commit")
            task = server.get("/tasks/%d" % uid)
            equal(task["status"], "processing")
            equal(task["progress"]["totalToIndex"], n)
            assert 0 <= task["progress"]["indexed"] <= n, task
            batch = server.get("/batches/%d" % task["batchUid"])
            step = batch["progress"]["steps"][-1]
            equal((step["currentStep"], step["total"]), ("indexing anew", n))
            equal(list(step), ["currentStep", "finished", "total"])
            equal(list(batch["progress"]), ["steps", "percentage"])
            equal(batch["progress"]["percentage"], 100.0 * step["finished"] / n)
            equal(server.get("/batches?statuses=processing")["results"][0]["progress"]["steps"][-1]["total"], n)
            equal(server.get("/indexes/films/stats")["isIndexing"], True)
            server.release_faults()
            task = server.wait_task(uid)
            equal(task["status"], "succeeded")
            assert "progress" not in task, task
            equal(server.get("/batches/%d" % task["batchUid"])["progress"], None)
            equal(server.get("/indexes/films/stats")["isIndexing"], False)
            server.wait_log(r'msg="indexed anew" index=films documents=%d' % n)


if __name__ == "__main__":
    main(globals())

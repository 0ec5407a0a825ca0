# SPDX-License-Identifier: MIT
"""Dumps: the answers, the file, the barrier, failures, and dumps under eight writers."""
import json
import os
import re
import shutil
import stat
import subprocess

from product_common import TIME, Failure, Server, common_pb2, dump_pb2, equal, error_of, main
from product_dumps import DumpContent, check_dump_of_load, check_file
from product_writers import INDEXES, Load, all_tasks, check_ended, seed_of_run, stored

BUSY = error_of("dump_already_processing", "A dump is already processing. You must wait until the current process is "
                                           "finished before requesting another dump.")
FILMS = [{"id": i, "title": "t%d" % i, "price": 1.5} for i in range(300)]


def fill(server):
    server.write("POST", "/indexes/films/documents", FILMS)
    server.write("PATCH", "/indexes/films/settings", {"stopWords": ["a"], "facetSearch": False})
    server.write("POST", "/indexes", {"uid": "empty", "primaryKey": "key"})
    server.write("DELETE", "/indexes/none", status="failed")


def names(server):
    return sorted(os.listdir(server.dumps))


# ---- the answers ----------------------------------------------------------------------------------------


def test_answers():
    with Server() as server:
        answer = server.http("POST", "/dumps")
        equal((answer.status, answer.headers["Content-Type"]), (202, "application/json"))
        equal(list(answer.json), ["uid", "status", "startedAt", "taskUid", "indexUid", "type", "enqueuedAt"])
        uid, started = answer.json["uid"], answer.json["startedAt"]
        assert re.fullmatch(r"\d{8}-\d{9}", uid) and TIME.match(started) and TIME.match(answer.json["enqueuedAt"])
        equal(uid, re.sub(r"\D", "", started[:10]) + "-" + re.sub(r"\D", "", started[11:23]), "the uid is the time")
        equal({k: v for k, v in answer.json.items() if k not in ("uid", "startedAt", "enqueuedAt")},
              {"status": "in_progress", "taskUid": 0, "indexUid": None, "type": "dumpCreation"})
        done = server.wait_dump(uid)
        equal(list(done), ["uid", "status", "startedAt", "finishedAt"])
        equal((done["uid"], done["status"], done["startedAt"]), (uid, "done", started))
        assert TIME.match(done["finishedAt"]) and done["finishedAt"] >= started
        equal(names(server), [uid + ".dump"])
        equal(stat.S_IMODE(os.stat(os.path.join(server.dumps, uid + ".dump")).st_mode), 0o600)
        task = server.wait_task(0)
        equal((task["type"], task["indexUid"], task["details"]["dumpUid"]), ("dumpCreation", None, uid))
        assert task["details"]["barrierHeldMs"] > 0 and task["details"]["barrierWaitMs"] >= 0, task
        second = server.http("POST", "/dumps", b'{"what":"ever"}', {"Content-Type": "text/plain"})
        equal(second.status, 202, "no body is needed, any is fine")
        equal(server.wait_dump(second.json["uid"])["status"], "done")
        assert second.json["uid"] > uid
        server.stop()
        with Server(home=server.home) as again:
            answer = again.http("GET", "/dumps/%s/status" % uid)
            equal((answer.status, answer.json), (404, error_of("dump_not_found", "Dump `%s` not found." % uid)))
            equal(len(names(again)), 2, "the files stay")
            equal([p.total_bytes for p in again.stream("Dumps.Download", dump_uid=uid)][0],
                  os.path.getsize(os.path.join(server.dumps, uid + ".dump")), "and can be downloaded")


def test_one_at_a_time():
    with Server("--fault", "dump_before_read=pause") as server:
        first = server.http("POST", "/dumps").json
        server.wait_paused("dump_before_read")
        for _ in range(3):
            answer = server.http("POST", "/dumps")
            equal((answer.status, answer.json), (409, BUSY))
        try:
            server.grpc("Dumps.Create")
        except Failure as e:
            equal((e.code, e.info.code, e.message), (6, "dump_already_processing", BUSY["message"]))
        else:
            raise AssertionError("a second dump")
        running = server.get("/dumps/%s/status" % first["uid"])
        equal(running, {"uid": first["uid"], "status": "in_progress", "startedAt": first["startedAt"]})
        task = server.get("/tasks/%d" % first["taskUid"])
        equal((task["status"], task["details"]), ("processing", {"dumpUid": None}))
        equal(names(server), [], "nothing is visible before it is whole")
        server.release_faults()
        equal(server.wait_dump(first["uid"])["status"], "done")
        equal(server.wait_dump(server.http("POST", "/dumps").json["uid"])["status"], "done")


# ---- the file -----------------------------------------------------------------------------------------------


def test_content():
    with Server() as server:
        fill(server)
        path = server.dump()
        manifest = check_file(path)
        content = DumpContent(path)
        equal((content.header.format_version, content.header.dump_uid), (1, os.path.basename(path)[:-5]))
        assert content.header.writer_version.startswith("lode "), content.header
        equal(sorted(content.indexes), ["empty", "films"])
        films = content.indexes["films"]
        equal([json.loads(d) for d in films["documents"]], FILMS)
        equal(films["documents"][0], b'{"id":0,"title":"t0","price":1.5}')
        equal((films["index"].primary_key, films["index"].documents), ("id", len(FILMS)))
        equal(films["settings"], server.get("/indexes/films/settings"))
        equal(content.indexes["empty"]["index"].primary_key, "key")
        equal([(t.uid, t.status) for t, _ in content.tasks], [(0, 3), (1, 3), (2, 3), (3, 4)], "all but its own")
        equal(content.tasks[3][0].error_word, "index_not_found")
        equal(content.instance.next_task_uid, 5)
        equal((manifest.indexes, manifest.documents, manifest.tasks, manifest.queued_tasks), (2, len(FILMS), 4, 0))
        pool = dump_pb2.DESCRIPTOR.name
        assert pool.encode() in content.header.descriptor_set, "the file describes itself"
        server.write("POST", "/indexes/films/documents/delete-batch", [d["id"] for d in FILMS[1:]])
        smaller = server.dump()
        equal([json.loads(d) for d in DumpContent(smaller).indexes["films"]["documents"]], FILMS[:1])
        raw = subprocess.run(["zstdcat", smaller], stdout=subprocess.PIPE, check=True).stdout
        assert b'"t299"' not in raw, "a dump carries deleted documents"


def test_recompressed():
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [dict(d, text="word " * (d["id"] % 9)) for d in FILMS * 10])
        documents = server.documents("films")
        plain = server.dump()
        uid = server.grpc("Dumps.Create", recompress_level=9).uid
        equal(server.wait_dump(uid)["status"], "done")
        small = os.path.join(server.dumps, uid + ".dump")
        check_file(small)
        assert os.path.getsize(small) < os.path.getsize(plain)
        equal([json.loads(d) for d in DumpContent(small).indexes["films"]["documents"]], documents)
        with Server("--import-dump", small, home=server.home, db="second", dumps="dumps2") as second:
            equal(second.documents("films"), documents)
        for level in (-1, 20):
            try:
                server.grpc("Dumps.Create", recompress_level=level)
            except Failure as e:
                equal(e.code, 3)
            else:
                raise AssertionError("level %d" % level)


# ---- the directory -----------------------------------------------------------------------------------------------


def test_directory_is_made_and_made_again():
    for flag in ("--dumps-dir", "--dump-dir"):
        with Server(wait=False) as helper:  # only for its directory
            helper.wait_listening()
            target = os.path.join(helper.home, "a", "b", "dumps")
            with Server(flag, target, home=helper.home, db="other") as server:
                server.dumps = target
                assert os.path.isdir(target), flag
                first = server.dump()
                shutil.rmtree(os.path.join(helper.home, "a"))
                second = server.dump()
                assert os.path.exists(second) and not os.path.exists(first)


def test_directory_deleted_while_a_dump_runs():
    with Server("--fault", "dump_after_read=pause") as server:
        fill(server)
        uid = server.http("POST", "/dumps").json["uid"]
        server.wait_paused("dump_after_read")
        shutil.rmtree(server.dumps)
        server.release_faults()
        status = server.wait_dump(uid)
        equal(list(status), ["uid", "status", "error", "startedAt", "finishedAt"])
        equal(status["status"], "failed")
        assert isinstance(status["error"], str) and uid in status["error"] and "removed" in status["error"], status
        task = server.wait_task(4, "failed")
        equal((task["error"]["code"], task["error"]["message"], task["details"]["dumpUid"]),
              ("dump_process_failed", status["error"], uid))
        check_file(server.dump())


def test_a_file_in_place_of_the_directory():
    with Server() as server:
        server.dump()
        shutil.rmtree(server.dumps)
        with open(server.dumps, "w") as f:
            f.write("in the way")
        answer = server.http("POST", "/dumps")
        assert answer.status >= 400 and list(answer.json) == ["message", "code", "type", "link"], answer
        assert server.dumps in answer.json["message"] or "director" in answer.json["message"], answer.json
        total = server.get("/tasks")["total"]
        server.write("POST", "/indexes", {"uid": "films"})
        os.unlink(server.dumps)
        check_file(server.dump())
        equal(total, 1, "what was refused has left a task")
        server.stop()
        shutil.rmtree(server.dumps)
        with open(server.dumps, "w") as f:
            f.write("in the way")
        refused = Server(home=server.home, wait=False)
        equal(refused.wait_exit(), 1)
        assert server.dumps in refused.log() and "listening" not in refused.log(), refused.log()


def test_an_unwritable_directory():
    if os.geteuid() == 0:
        print("        SKIPPED: root writes where it likes; only the file in place of the directory was tried")
        return
    with Server() as server:
        os.chmod(server.dumps, 0o500)
        answer = server.http("POST", "/dumps")
        failed = answer.status >= 400 or server.wait_dump(answer.json["uid"])["status"] == "failed"
        os.chmod(server.dumps, 0o700)
        assert failed and names(server) == []
        server.dump()


# ---- the barrier -----------------------------------------------------------------------------------------------------


def barrier_round(server, point):
    """With the dump standing at point: writes are taken, nothing moves; afterwards all is applied."""
    fill(server)
    paths = ["/indexes", "/indexes/films/documents?limit=1000", "/indexes/films/settings", "/indexes/films/stats"]

    def reads():
        found = [server.get(path) for path in paths]
        found[-1].pop("isIndexing")  # the next batch may be made ready; it is not committed
        return found

    dump = server.http("POST", "/dumps").json
    server.wait_paused(point)
    before = reads()
    writes = [("POST", "/indexes/films/documents", [{"id": 1, "title": "new"}]),
              ("DELETE", "/indexes/films/documents/2", None), ("PATCH", "/indexes/films/settings", {"stopWords": ["b"]}),
              ("POST", "/indexes", {"uid": "made"}), ("DELETE", "/indexes/empty", None)]
    uids = [server.http(*w).json["taskUid"] for w in writes]
    uids.append(server.upload("films", [{"id": 3, "title": "grpc"}]).task_uid)
    for _ in range(20):
        equal(reads(), before, "reads go on, and nothing changes")
        assert {server.get("/tasks/%d" % u)["status"] for u in uids} <= {"enqueued", "processing"}
    equal(server.get("/dumps/%s/status" % dump["uid"])["status"], "in_progress")
    server.release_faults()
    equal(server.wait_dump(dump["uid"])["status"], "done")
    for uid in uids:
        server.wait_task(uid)
    equal(server.get("/indexes/films/documents/1"), {"id": 1, "title": "new"})
    equal(server.get("/indexes/films/documents/3"), {"id": 3, "title": "grpc"})
    equal(server.http("GET", "/indexes/films/documents/2").status, 404)
    equal(server.http("GET", "/indexes/empty").status, 404)
    return dump, uids, os.path.join(server.dumps, dump["uid"] + ".dump")


def test_barrier_before_the_queue_was_read():
    with Server("--fault", "dump_before_read=pause") as server:
        _, uids, path = barrier_round(server, "dump_before_read")
        content = DumpContent(path)
        equal([json.loads(d) for d in content.indexes["films"]["documents"]], FILMS, "the commits before the barrier")
        queued = {t.uid: documents for t, documents in content.tasks if t.status == common_pb2.TASK_STATUS_ENQUEUED}
        equal(sorted(queued), uids, "what was accepted while the dump had not read the queue yet is queued in it")
        equal(queued[uids[0]], [b'{"id":1,"title":"new"}'], "with its payload")
        equal(content.instance.next_task_uid, uids[-1] + 1)


def test_barrier_after_all_was_read():
    with Server("--fault", "dump_before_name=pause") as server:
        _, uids, path = barrier_round(server, "dump_before_name")
        content = DumpContent(path)
        equal([json.loads(d) for d in content.indexes["films"]["documents"]], FILMS)
        equal([t.uid for t, _ in content.tasks if t.uid in uids], [], "these came after it")
        equal(content.instance.next_task_uid, uids[0])


def test_barrier_read_is_lowered_when_the_data_was_read():
    with Server("--dump-barrier", "read", "--fault", "dump_before_name=pause") as server:
        fill(server)
        dump = server.http("POST", "/dumps").json
        server.wait_paused("dump_before_name")
        server.write("POST", "/indexes/films/documents", [{"id": 1, "title": "new"}])
        equal(server.get("/indexes/films/documents/1"), {"id": 1, "title": "new"})
        equal(server.get("/dumps/%s/status" % dump["uid"])["status"], "in_progress")
        equal(server.http("POST", "/dumps").status, 409)
        server.release_faults()
        equal(server.wait_dump(dump["uid"])["status"], "done")
        content = DumpContent(os.path.join(server.dumps, dump["uid"] + ".dump"))
        equal([json.loads(d) for d in content.indexes["films"]["documents"]], FILMS)


def test_barrier_waits_for_the_running_commit():
    with Server("--fault", "task_before_commit=pause") as server:
        first = server.http("POST", "/indexes/films/documents", FILMS).json["taskUid"]
        server.wait_paused("task_before_commit")
        second = server.http("POST", "/indexes", {"uid": "later"}).json["taskUid"]
        dump = server.http("POST", "/dumps").json
        equal(server.get("/dumps/%s/status" % dump["uid"])["status"], "in_progress")
        equal(server.get("/tasks/%d" % first)["status"], "processing")
        server.release_faults()
        equal(server.wait_dump(dump["uid"])["status"], "done")
        server.wait_task(second)
        content = DumpContent(os.path.join(server.dumps, dump["uid"] + ".dump"))
        states = {t.uid: t.status for t, _ in content.tasks}
        equal(states[first], common_pb2.TASK_STATUS_SUCCEEDED, "the commit that ran is in it")
        equal(len(content.indexes["films"]["documents"]), len(FILMS))
        equal("later" in content.indexes, states[second] == common_pb2.TASK_STATUS_SUCCEEDED, "the next one may be")


# ---- failures -------------------------------------------------------------------------------------------------------------


def test_failed_dumps_leave_nothing_but_their_status():
    for fault in ("barrier_raised=eio", "dump_before_read=eio", "dump_after_read=eio", "dump_before_name=enospc",
                  "dump_after_name=eio"):
        with Server("--fault", fault) as server:
            fill(server)
            answer = server.http("POST", "/dumps").json
            status = server.wait_dump(answer["uid"])
            task = server.wait_task(answer["taskUid"], None)
            if status["status"] == "done":
                equal((task["status"], names(server)), ("succeeded", [answer["uid"] + ".dump"]), fault)
                assert fault.startswith("dump_after_name"), fault
            else:
                equal(status["status"], "failed", fault)
                assert status["error"].startswith("The creation of the dump `%s` failed due to `" % answer["uid"]), status
                equal((task["status"], task["error"]),
                      ("failed", error_of("dump_process_failed", status["error"], "internal")), fault)
                equal(os.listdir(server.dumps), [], fault)
            server.write("POST", "/indexes/films/documents", [{"id": 1}])
            check_file(server.dump())


def test_killed_dumps():
    """At each named point: after the restart only whole dumps are visible, and nothing else is."""
    for point, visible in (("barrier_raised", False), ("dump_before_read", False), ("dump_after_read", False),
                           ("dump_before_name", False), ("dump_after_name", True)):
        with Server("--fault", point + "=abort") as server:
            fill(server)
            wanted = server.documents("films")
            try:
                server.http("POST", "/dumps")
            except OSError:
                pass  # killed before it could answer
            except Exception as e:  # http.client's words for the same
                assert "closed" in str(e) or "IncompleteRead" in repr(e), repr(e)
            server.process.wait(60)
            server.kill()
            with Server(home=server.home) as again:
                left = os.listdir(again.dumps)
                equal([n for n in left if not re.fullmatch(r"\d{8}-\d{9}\.dump", n)], [], point)
                equal(len(left), 1 if visible else 0, point)
                for name in left:
                    check_file(os.path.join(again.dumps, name))
                again.idle()
                equal(again.documents("films"), wanted)
                ended = [t["status"] for t in again.get("/tasks?types=dumpCreation")["results"]]
                assert ended in ([], ["failed"], ["succeeded"], ["canceled"]), (point, ended)
                check_file(again.dump())


def test_sigterm_while_a_dump_runs():
    with Server("--fault", "dump_before_name=delay:300", "--drain-ms", "3000") as server:
        fill(server)
        uid = server.http("POST", "/dumps").json["uid"]
        server.stop()
        left = os.listdir(server.dumps)
        assert left in ([], [uid + ".dump"]), left
        for name in left:
            check_file(os.path.join(server.dumps, name))
        with Server(home=server.home) as again:
            again.idle()
            check_file(again.dump())


# ---- dumps under eight writers ------------------------------------------------------------------------------------------------


def test_dumps_under_eight_writers():
    load = Load(seed_of_run())
    with Server() as server:
        load.prepare(server)
        load.start(server)
        taken = []
        for _ in range(8):
            load.wait_acks(25)
            with load.changed:
                known = set(load.acked)
            taken.append((server.dump(), known))
        load.wait_acks(20)
        load.stop()
        server.idle()
        whole = check_ended(server, load)
        n_queued = 0
        for path, known in taken:
            check_file(path)
            order, content = check_dump_of_load(load, path)
            equal(sorted(known - {name for _, name in order}), [], "answered before the dump, and not in it")
            equal(order, whole[:len(order)], "a prefix of the order of all")
            n_queued += sum(1 for t, _ in content.tasks if t.status == 1)
        print("        %d writes, 8 dumps, %d tasks queued in them" % (len(whole), n_queued))
        # A server from one of them runs what was queued, and has the rest of that moment.
        path, _ = taken[5]
        order, _ = check_dump_of_load(load, path)
        state, _ = load.states(order)
        with Server("--import-dump", path, home=server.home, db="second", dumps="dumps2") as second:
            second.idle()
            for index in INDEXES:
                equal(stored(second, index), state[index], "after the import, " + index)
            names_there = [t.get("customMetadata") for t in all_tasks(second) if t.get("customMetadata")]
            equal(names_there, [name for _, name in order])


if __name__ == "__main__":
    main(globals(), seconds=240)

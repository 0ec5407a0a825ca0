# SPDX-License-Identifier: MIT
"""--import-dump: all or nothing, whatever the dump, the target and the flags; and what comes back."""
import contextlib
import hashlib
import json
import os
import pty
import random
import shutil
import socket
import struct
import subprocess
import tempfile

from product_common import Server, clean_environment, equal, main, poll, server_program
from product_writers import seed_of_run

FILMS = [{"id": i, "title": "Film %d é" % i, "nested": {"a": [i, None, 1.50]}} for i in range(300)]
RAW = b'{"id":"raw","n":1.50,"big":12345678901234567890123,"e":1e5,"s":"\\u00e9\\/"}'


def fill(server):
    """Everything a dump can hold, but for queued tasks."""
    server.write("POST", "/indexes/films/documents", FILMS)
    server.write("PUT", "/indexes/films/documents", RAW, headers={"Content-Type": "application/json"})
    server.write("POST", "/indexes/films/documents/delete-batch", [3, 5, 7])
    server.write("PATCH", "/indexes/films/settings", {
        "stopWords": ["a"], "synonyms": {"x": ["y"]}, "rankingRules": ["words", "year:desc"], "distinctAttribute": "title",
        "typoTolerance": {"minWordSizeForTypos": {"oneTypo": 4}}, "filterableAttributes": ["id"], "facetSearch": False})
    server.write("POST", "/indexes", {"uid": "empty"})
    server.write("POST", "/indexes/keyed/documents?primaryKey=k", [{"k": "a"}, {"k": "b"}])
    server.write("DELETE", "/indexes/none", status="failed")
    server.write("POST", "/indexes/films/documents?customMetadata=note", [{"id": "no good"}], status="failed")


QUEUED = [("POST", "/indexes/films/documents", [{"id": 0, "title": "replaced"}, {"id": 1000}]),
          ("PUT", "/indexes/films/documents", [{"id": 1, "more": True}]), ("DELETE", "/indexes/films/documents/2", None),
          ("PATCH", "/indexes/films/settings", {"stopWords": ["b"]}), ("POST", "/indexes", {"uid": "films"}),
          ("DELETE", "/indexes/empty", None)]


def tree(path):
    """Name, kind and content of all below; None for nothing there."""
    if not os.path.lexists(path):
        return None
    found = []
    for folder, folders, files in os.walk(path):
        found += [(os.path.relpath(os.path.join(folder, f), path), "dir") for f in folders]
        for name in files:
            with open(os.path.join(folder, name), "rb") as f:
                found.append((os.path.relpath(os.path.join(folder, name), path), hashlib.sha256(f.read()).hexdigest()))
    return sorted(found)


def content(server):
    """All that a client can read of what is stored, raw where it is documents."""
    uids = [i["uid"] for i in server.get("/indexes?limit=1000")["results"]]
    return {"indexes": server.get("/indexes?limit=1000"), "tasks": server.get("/tasks?limit=1000"),
            "batches": server.get("/batches?limit=1000"),
            "documents": {u: server.http("GET", "/indexes/%s/documents?limit=100000" % u).body for u in uids},
            "settings": {u: server.get("/indexes/%s/settings" % u) for u in uids},
            "fields": {u: server.get("/indexes/%s/stats" % u)["fieldDistribution"] for u in uids}}


def without_dumps(found):
    """Of two servers only one has the task of the dump itself."""
    found = json.loads(json.dumps({k: v for k, v in found.items() if k != "documents"}))
    for name in ("tasks", "batches"):
        kept = [r for r in found[name]["results"] if "dumpCreation" not in (r.get("type"), *r.get("stats", {}).get("types", {}))]
        found[name] = kept
    return found


class Source:
    """One server's dump, made once for all tests: with queued tasks in it, and what was stored then."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="lode-product-import-")
        with Server("--fault", "dump_before_read=pause", home=self.home) as server:
            fill(server)
            self.before = content(server)
            uid = server.http("POST", "/dumps").json["uid"]
            server.wait_paused("dump_before_read")
            self.queued = [server.http(*w).json["taskUid"] for w in QUEUED]
            server.release_faults()
            equal(server.wait_dump(uid)["status"], "done")
            server.idle()
            self.after = content(server)
            self.dump = os.path.join(server.dumps, uid + ".dump")
            self.next_uid = self.queued[-1] + 1
        with Server(home=self.home, db="other-db", dumps="other-dumps") as server:
            server.write("POST", "/indexes/other/documents", [{"id": "other"}])
            self.other = server.dump()


_source = []


def source():
    if not _source:
        _source.append(Source())
    return _source[0]


@contextlib.contextmanager
def workplace():
    home = tempfile.mkdtemp(prefix="lode-product-import-")
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def leftovers(home):
    return [n for n in os.listdir(home) if "importing" in n]


# ---- what comes back -----------------------------------------------------------------------------------------


def test_everything_comes_back():
    src = source()
    with workplace() as home, Server("--import-dump", src.dump, home=home) as server:
        server.idle()
        got = content(server)
        equal(got["documents"], src.after["documents"], "byte for byte, with the queued tasks applied")
        for name in ("settings", "fields"):
            equal(got[name], src.after[name], name)
        equal([(i["uid"], i["primaryKey"], i["createdAt"]) for i in got["indexes"]["results"]],
              [(i["uid"], i["primaryKey"], i["createdAt"]) for i in src.after["indexes"]["results"]])
        wanted = {t["uid"]: t for t in without_dumps(src.after)["tasks"]}
        for task in without_dumps(got)["tasks"]:
            other = wanted.pop(task["uid"])
            times = ("startedAt", "finishedAt", "duration", "batchUid") if task["uid"] in src.queued else ()
            equal({k: v for k, v in task.items() if k not in times}, {k: v for k, v in other.items() if k not in times},
                  "task %d" % task["uid"])
        equal(wanted, {}, "tasks that did not come")
        task = server.write("POST", "/indexes", {"uid": "next"})
        equal(task["uid"], src.next_uid, "uids go on")
        assert task["batchUid"] > max(b["uid"] for b in src.before["batches"]["results"]), "a batch uid is used twice"
        assert RAW in got["documents"]["films"], "digits and escapes"
        again = server.dump()
        with workplace() as second, Server("--import-dump", again, home=second) as copy:
            copy.idle()
            equal(content(copy)["documents"], content(server)["documents"], "and once more")


def test_history_is_exact():
    """Without queued tasks the lists of tasks and batches are the same to the last digit."""
    with Server() as server:
        fill(server)
        dump = server.dump()
        before = content(server)
        with workplace() as home, Server("--import-dump", dump, home=home) as copy:
            equal(without_dumps(content(copy)), without_dumps(before))
            equal(content(copy)["documents"], before["documents"])


def test_the_same_flag_again_is_a_no_op():
    src = source()
    with workplace() as home:
        with Server("--import-dump", src.dump, home=home) as server:
            assert server.wait_log(r'msg="dump imported"')
            server.idle()
            server.write("POST", "/indexes/films/documents", [{"id": "later"}])
            before = content(server)
        for _ in range(2):
            with Server("--import-dump", src.dump, home=home) as server:
                assert server.wait_log(r"imported before, nothing to do") and "dump imported" not in server.log()
                equal(content(server), before)


def test_progress_and_order_of_the_log():
    src = source()
    with workplace() as home, Server("--import-dump", src.dump, home=home) as server:
        lines = [line for line in server.log().splitlines()]
        progress = [n for n, line in enumerate(lines) if 'msg="importing"' in line]
        imported = next(n for n, line in enumerate(lines) if 'msg="dump imported"' in line)
        listening = next(n for n, line in enumerate(lines) if 'msg="listening"' in line)
        assert progress and progress[-1] < imported < listening, lines
        size = os.path.getsize(src.dump)
        assert "bytes=%d total_bytes=%d" % (size, size) in lines[progress[-1]], lines[progress[-1]]


def test_progress_on_a_terminal():
    src = source()
    with workplace() as home:
        ours, theirs = pty.openpty()
        process = subprocess.Popen([server_program(), "--http-addr", "127.0.0.1:0", "--db-path", home + "/data",
                                    "--dumps-dir", home + "/dumps", "--import-dump", src.dump], stderr=theirs,
                                   env=clean_environment())
        os.close(theirs)
        seen = b""
        try:
            while b"listening" not in seen:
                seen += os.read(ours, 4096)
        finally:
            process.terminate()
            status = process.wait(60)
            os.close(ours)
        equal(status, 0)
        assert b"\rimporting 100 %" in seen and b"documents" in seen and b" MB/s" in seen, seen
        assert b'msg="importing"' not in seen, "lines and a bar at once"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_nothing_listens_before_the_import_has_finished():
    src, port = source(), free_port()
    for point in ("import_before_rename", "import_after_rename"):
        with workplace() as home:
            server = Server("--import-dump", src.dump, "--http-addr", "127.0.0.1:%d" % port, "--fault", point + "=pause",
                            home=home, wait=False)
            server.wait_paused(point)
            with socket.socket() as s:
                equal(s.connect_ex(("127.0.0.1", port)) != 0, True, "the port answers during the import")
            equal(os.path.exists(server.db), point == "import_after_rename")
            server.kill()
            with Server("--import-dump", src.dump, home=home) as again:
                again.idle()
                equal(content(again)["documents"], src.after["documents"])
                equal(leftovers(home), [])


# ---- dumps of earlier releases ------------------------------------------------------------------------------------

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


def view(server):
    """What must be the same for ever, whatever the server's version."""
    found = content(server)
    tasks = [{k: t.get(k) for k in ("uid", "indexUid", "type", "status", "details", "error", "enqueuedAt", "customMetadata")}
             for t in without_dumps(found)["tasks"]]
    return {"documents": {u: d.decode() for u, d in found["documents"].items()}, "settings": found["settings"],
            "indexes": [{k: i[k] for k in ("uid", "primaryKey", "createdAt")} for i in found["indexes"]["results"]],
            "tasks": tasks}


def test_dumps_of_every_release():
    """An older dump opens in a newer server. LODE_GOLDEN=0.2.0 adds the pair of a release, kept for ever."""
    src, release = source(), os.environ.get("LODE_GOLDEN")
    if release:
        os.makedirs(GOLDEN, exist_ok=True)
        shutil.copy(src.dump, os.path.join(GOLDEN, release + ".dump"))
    names = sorted(n[:-5] for n in os.listdir(GOLDEN) if n.endswith(".dump"))
    for name in names:
        path = os.path.join(GOLDEN, name)
        with workplace() as home, Server("--import-dump", path + ".dump", home=home) as server:
            server.idle()
            if name == release:
                with open(path + ".json", "w") as f:
                    json.dump(view(server), f, indent=1, ensure_ascii=False)
            with open(path + ".json") as f:
                equal(view(server), json.load(f), name)
    assert names, "no dump of a release"


# ---- the matrix ---------------------------------------------------------------------------------------------------


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 & -(crc & 1))
    return crc ^ 0xffffffff


def make_sources(folder):
    """Files of every kind: name -> (path, what the refusal says, or None for a good one)."""
    src = source()
    with open(src.dump, "rb") as f:
        data = f.read()

    def write(name, content_):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content_)
        return os.path.join(folder, name)

    def flipped(at):
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]

    newer = bytearray(data[-128:])
    struct.pack_into("<I", newer, 16, 2)
    struct.pack_into("<I", newer, 124, crc32c(newer[:124]))
    os.makedirs(os.path.join(folder, "a-directory"))
    os.mkfifo(os.path.join(folder, "a-fifo"))
    os.symlink(src.dump, os.path.join(folder, "a-link"))
    return {
        "whole": (src.dump, None), "another": (src.other, None), "link": (os.path.join(folder, "a-link"), None),
        "missing": (os.path.join(folder, "missing.dump"), "there is no dump to import"),
        "cut in the trailer": (write("cut1", data[:-1]), ""), "cut before it": (write("cut2", data[:-128]), ""),
        "cut in the middle": (write("cut3", data[:len(data) // 2]), ""), "one byte more": (write("more", data + b"x"), ""),
        "empty": (write("empty", b""), ""), "twice": (write("twice", data + data), ""),
        "flip in the header": (write("flip1", flipped(20)), ""), "flip in a block": (write("flip2", flipped(2000)), ""),
        "flip in the middle": (write("flip3", flipped(len(data) // 2)), ""),
        "flip in the manifest": (write("flip4", flipped(len(data) - 150)), ""),
        "flip in the hash": (write("flip5", flipped(len(data) - 60)), ""),
        "newer": (write("newer", data[:-128] + bytes(newer)), "version 2"),
        "no dump": (write("text", b"{\"hello\": 1}\n" * 100), ""),
        "directory": (os.path.join(folder, "a-directory"), ""), "fifo": (os.path.join(folder, "a-fifo"), "")}


TARGETS = ("missing", "empty directory", "database", "same dump", "foreign directory")
FLAGS = ((), ("--ignore-missing-dump",), ("--ignore-dump-if-db-exists",),
         ("--ignore-missing-dump", "--ignore-dump-if-db-exists"))


def make_targets(folder):
    """Database directories to be copied, and what is served from each."""
    src, made = source(), {}
    with Server(home=folder, db="database") as server:
        server.write("POST", "/indexes/mine/documents", [{"id": "mine"}])
        made["database"] = (server.db, content(server)["documents"])
    with Server("--import-dump", src.dump, home=folder, db="same") as server:
        server.idle()
        made["same dump"] = (server.db, content(server)["documents"])
    os.makedirs(os.path.join(folder, "empty"))
    os.makedirs(os.path.join(folder, "foreign/sub"))
    with open(os.path.join(folder, "foreign/precious.txt"), "w") as f:
        f.write("precious")
    made["empty directory"] = (os.path.join(folder, "empty"), {})
    made["foreign directory"] = (os.path.join(folder, "foreign"), None)
    made["missing"] = (None, {})
    return made


def outcome(kind, refusal, target, flags):
    """What must happen: "imported", "kept" (served as it is), or "refused"."""
    there = target in ("database", "same dump")
    good = refusal is None
    if there and "--ignore-dump-if-db-exists" in flags:
        return "kept"
    if kind == "missing" and "--ignore-missing-dump" in flags and target != "foreign directory":
        return "kept"
    # Whether this dump made the database is asked of its trailer; its blocks are not read for that.
    if target == "same dump" and kind in ("whole", "link", "flip in a block", "flip in the middle"):
        return "kept"
    if good and target in ("missing", "empty directory"):
        return "imported"
    return "refused"


def test_matrix():
    src, wrong, count = source(), [], 0
    with workplace() as folder, workplace() as homes:
        sources, targets = make_sources(folder), make_targets(homes)
        rng = random.Random(seed_of_run())
        for kind, (path, refusal) in sources.items():
            for target in TARGETS:
                # All flags where they matter; elsewhere one choice of them stands for all.
                choices = FLAGS if kind in ("whole", "another", "missing", "flip in the middle") else (rng.choice(FLAGS),)
                for flags in choices:
                    count += 1
                    try:
                        one_cell(src, kind, path, refusal, target, targets[target], flags)
                    except AssertionError as e:
                        wrong.append("%s dump, %s, %s: %s" % (kind, target, " ".join(flags) or "no flags", e))
    print("        %d cells" % count)
    assert not wrong, "%d of %d:\n%s" % (len(wrong), count, "\n".join(wrong[:12]))


def one_cell(src, kind, path, refusal, target, made, flags):
    wanted = outcome(kind, refusal, target, flags)
    with workplace() as home:
        db = os.path.join(home, "data")
        if made[0]:
            shutil.copytree(made[0], db)
        before = tree(db)
        server = Server("--import-dump", path, *flags, home=home, wait=False)
        if wanted == "refused":
            if server.wait_log(r'msg="listening"'):
                server.kill()
                raise AssertionError("it is served")
            status = server.wait_exit()
            log = server.log()
            assert status == 1 and "listening" not in log, "status %d:\n%s" % (status, log)
            assert tree(db) == before, "the target was touched"
            equal(leftovers(home), [], "left behind")
            said = [line for line in log.splitlines() if line.startswith("lode-server: ")]
            if kind != "missing" or "--ignore-missing-dump" not in flags:
                assert len(said) == 1 and (refusal or "") in said[0], log
            # It names what is wrong: the dump or the target.
            assert db in said[0] or path in said[0], said[0]
            return
        with server.wait_listening():
            server.idle()
            documents = content(server)["documents"]
            if wanted == "imported":
                if kind == "another":
                    equal(sorted(documents), ["other"])
                else:
                    equal(documents, src.after["documents"])
            else:
                equal(documents, made[1] or {})
            equal(leftovers(home), [])


# ---- kills ------------------------------------------------------------------------------------------------------------


def test_killed_imports():
    """Dead at a named point, or before some call on the disk; the same flag then makes it whole."""
    src = source()
    rng = random.Random(seed_of_run())
    faults = ["import_before_rename=abort", "import_after_rename=abort"]
    faults += ["any_io=abort@%d" % n for n in sorted(rng.sample(range(1, 60), 12))]
    ended = 0
    for fault in faults:
        with workplace() as home:
            dead = Server("--import-dump", src.dump, "--fault", fault, home=home, wait=False)
            match = dead.wait_log(r'msg="listening"')
            ended += match is None
            dead.kill()
            before_rename = not os.path.exists(dead.db)
            with Server("--import-dump", src.dump, home=home) as server:
                equal('msg="dump imported"' in server.log(), before_rename, fault)
                server.idle()
                equal(content(server)["documents"], src.after["documents"], fault)
                equal(leftovers(home), [], fault)
            with Server("--import-dump", src.dump, home=home) as server:
                assert "nothing to do" in server.log(), fault
    assert ended >= 6, "only %d of the imports died" % ended


def test_a_failing_disk():
    """Each of these refuses with a sentence, leaves the target as it was, and a later start succeeds."""
    src = source()
    for fault in ("fs_sync=eio@1", "fs_sync_dir=eio@1", "fs_rename=eio@1", "store_open=eio@1", "fs_read=eio@2",
                  "import_before_rename=enospc", "store_commit=enospc@1"):
        with workplace() as home:
            server = Server("--import-dump", src.dump, "--fault", fault, home=home, wait=False)
            if server.wait_log(r'msg="listening"'):  # this point is not on the way any more
                server.wait_listening().stop()
                continue
            equal(server.wait_exit(), 1, fault)
            equal(os.path.exists(server.db), False, fault)
            with Server("--import-dump", src.dump, home=home) as again:
                again.idle()
                equal(content(again)["documents"], src.after["documents"], fault)
                equal(leftovers(home), [], fault)


def test_a_dump_on_the_way_is_refused():
    """What is still being written has no trailer yet."""
    src = source()
    with open(src.dump, "rb") as f:
        data = f.read()
    with workplace() as home:
        growing = os.path.join(home, "growing.dump")
        with open(growing, "wb") as f:
            f.write(data[:-500])
            f.flush()
            equal(Server("--import-dump", growing, home=home, wait=False).wait_exit(), 1)
            f.write(data[-500:])
        with Server("--import-dump", growing, home=home) as server:
            poll(lambda: server.get("/indexes")["total"] > 0, "the indexes")


def cleanup():
    for made in _source:
        shutil.rmtree(made.home, ignore_errors=True)


if __name__ == "__main__":
    import atexit
    atexit.register(cleanup)
    main(globals(), seconds=240)

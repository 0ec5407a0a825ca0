# SPDX-License-Identifier: MIT
"""What a server must hold after a crash: dumps read from outside, a model of indexes, and a fixture of known content."""
import base64
import json
import os
import random
import shutil
import subprocess
import sys
import time

from crash_common import CLI, HELD, poll

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import dump_file  # noqa: E402


# ---- dumps, read from outside ---------------------------------------------------------------------------

def fields(raw):
    """A protobuf message as (number, value) pairs, in order."""
    at, found = 0, []
    while at < len(raw):
        tag, at = dump_file.varint(raw, at)
        kind = tag & 7
        if kind == 0:
            value, at = dump_file.varint(raw, at)
        else:
            if kind == 2:
                size, at = dump_file.varint(raw, at)
            else:
                size = {1: 8, 5: 4}[kind]
            value = raw[at:at + size]
            assert len(value) == size, "a record is cut"
            at += size
        found.append((tag >> 3, value))
    return found


INDEX, SETTINGS, DOCUMENT, TASK, TASK_DOCUMENT = 2, 3, 4, 6, 7
DUMP_CREATION = 11
# What may differ between two dumps of one state: status, batch, start; where the payload was.
VOLATILE = {3, 5, 6, 10, 40, 41}


def dump_content(path):
    """All a dump says, but for its own name and time and the tasks of dumps."""
    content, skipping = [], False
    for raw in dump_file.records(path):
        record = fields(raw)
        assert len(record) == 1, "a record of %d kinds" % len(record)
        kind, value = record[0]
        if kind == TASK:
            task = fields(value)
            skipping = (2, DUMP_CREATION) in task
            unfinished = 11 not in [n for n, _ in task]
            if not skipping:
                content.append((kind, [f for f in task if not (unfinished and f[0] in VOLATILE)]))
        elif kind in (INDEX, SETTINGS, DOCUMENT) or (kind == TASK_DOCUMENT and not skipping):
            content.append((kind, value))
    return content


def verify(path):
    got = subprocess.run([CLI, "dump", "verify", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert got.returncode == 0, "%s is visible and not good: %s" % (os.path.basename(path), got.stdout.decode())


def check_visible(room, reference, but=()):
    """Promise 1: what is called *.dump is a whole dump, of just that content."""
    found = room.visible_dumps()
    for path in found:
        if path not in but:
            verify(path)
            assert dump_content(path) == reference, "%s holds something else" % os.path.basename(path)
    return found


# ---- what a server must hold ------------------------------------------------------------------------------

class Model:
    """Indexes as operations leave them. An operation is a tuple: its name, an index, what it brings."""

    def __init__(self):
        self.indexes = {}  # uid -> [documents by id, settings]

    def copy(self):
        other = Model()
        other.indexes = {uid: [dict(d), dict(s)] for uid, (d, s) in self.indexes.items()}
        return other

    def apply(self, op):
        """True: the task succeeds; False: it fails and changes nothing."""
        name, uid, what = op
        there = uid in self.indexes
        if name == "add":
            documents = self.indexes.setdefault(uid, [{}, {}])[0]
            documents.update({d["id"]: d for d in what})
        elif name == "settings":
            self.indexes.setdefault(uid, [{}, {}])[1].update(what)
        elif name == "create":
            if there:
                return False
            self.indexes[uid] = [{}, {}]
        elif name == "swap":
            if not there or what not in self.indexes:
                return False
            self.indexes[uid], self.indexes[what] = self.indexes[what], self.indexes[uid]
        elif not there:
            return False
        elif name == "delete":
            for i in what:
                self.indexes[uid][0].pop(i, None)
        elif name == "drop":
            del self.indexes[uid]
        return True

    def check(self, room):
        listed = room.get("/indexes?limit=1000")["results"]
        assert sorted(i["uid"] for i in listed) == sorted(self.indexes), "indexes: %s, not %s" % (
            sorted(i["uid"] for i in listed), sorted(self.indexes))
        for uid, (documents, settings) in self.indexes.items():
            got = room.get("/indexes/%s/documents?limit=100000" % uid)["results"]
            ids = [d["id"] for d in got]
            assert len(set(ids)) == len(ids), "%s has a document twice" % uid
            assert {d["id"]: d for d in got} == documents, "%s has documents %s, not %s" % (
                uid, sorted(ids), sorted(documents))
            if settings:
                has = room.get("/indexes/%s/settings" % uid)
                for key, value in settings.items():
                    assert has[key] == value, "%s: %s is %s, not %s" % (uid, key, has[key], value)


REQUESTS = {
    "add": lambda uid, what: ("POST", "/indexes/%s/documents" % uid, what),
    "delete": lambda uid, what: ("POST", "/indexes/%s/documents/delete-batch" % uid, what),
    "settings": lambda uid, what: ("PATCH", "/indexes/%s/settings" % uid, what),
    "create": lambda uid, what: ("POST", "/indexes", {"uid": uid, "primaryKey": "id"}),
    "drop": lambda uid, what: ("DELETE", "/indexes/%s" % uid, None),
    "swap": lambda uid, what: ("POST", "/swap-indexes", [{"indexes": [uid, what]}]),
}
TYPES = {"add": "documentAdditionOrUpdate", "delete": "documentDeletion", "settings": "settingsUpdate",
         "create": "indexCreation", "drop": "indexDeletion", "swap": "indexSwap"}


def submit(room, op, label=None):
    """Sends an operation. Only documents carry a label (customMetadata)."""
    method, path, body = REQUESTS[op[0]](op[1], op[2])
    if label and op[0] in ("add", "delete"):
        path += "?customMetadata=" + label
    return room.call(method, path, body)


def noise(seed, size):
    """Text that does not compress below about three quarters."""
    return base64.b64encode(random.Random(seed).randbytes(size * 3 // 4)).decode()


BASE_OPS = [
    ("create", "films", None),
    ("add", "films", [{"id": i, "title": "film %d" % i, "year": 1950 + i} for i in range(16)]),
    ("settings", "films", {"filterableAttributes": ["year"], "stopWords": ["the"]}),
    ("add", "books", [{"id": "b%d" % i, "title": "book %d" % i, "text": noise(i, 300)} for i in range(14)]),
    ("add", "songs", [{"id": i, "title": "song %d" % i} for i in range(10)]),
    ("settings", "songs", {"synonyms": {"song": ["tune"]}}),
    ("drop", "nowhere", None),  # a task that failed
]
QUEUED_OPS = [
    ("add", "films", [{"id": i, "title": "late film %d" % i} for i in (3, 100, 101)]),
    ("delete", "books", ["b1", "b2"]),
    ("add", "songs", [{"id": 50 + i, "title": "long song", "text": noise(99 + i, 50000)} for i in range(3)]),
    ("settings", "songs", {"sortableAttributes": ["title"]}),
    ("delete", "films", [5]),
]


def parse_tasks(content):
    """uid -> (finished, documents of its payload) of the tasks of a dump."""
    tasks, uid = {}, None
    for kind, value in content:
        if kind == TASK:
            got = dict(value)
            uid = got.get(1, 0)
            assert uid not in tasks, "a dump has task %d twice" % uid
            tasks[uid] = [11 in got, 0]
        elif kind == TASK_DOCUMENT:
            tasks[uid][1] += 1
    return tasks


def parse_documents(content):
    """index -> documents by id."""
    found, current = {}, None
    for kind, value in content:
        if kind == INDEX:
            current = found.setdefault(dict(fields(value))[1].decode(), {})
        elif kind == DOCUMENT:
            document = json.loads(value)
            assert document["id"] not in current, "a dump has a document twice"
            current[document["id"]] = document
    return found


class Fixture:
    """3 indexes, 40 documents (and n_large big ones) and 5 tasks that wait: the folder, and what is in it."""

    def __init__(self, bench, n_large=0):
        room = bench.rooms[0]
        room.load(None)
        assert room.start(), room.log()
        self.before = Model()
        self.statuses = {}
        large = ("add", "books", [{"id": "l%d" % i, "text": noise(1000 + i, 50000)} for i in range(n_large)])
        for op in BASE_OPS + [large] * bool(n_large):
            self._send(room, op, self.before)
        room.idle()
        room.shim.set(hold=HELD)
        self.after = self.before.copy()
        self.queued = [self._send(room, op, self.after) for op in QUEUED_OPS]
        poll(lambda: room.shim.get("held"), "the writer to be held", room.log)
        self.n_documents = sum(len(d) for d, _ in self.before.indexes.values())
        assert (len(self.before.indexes), self.n_documents - n_large, len(self.queued)) == (3, 40, 5)
        self.path = bench.keep(room, "fixture-%s" % time.monotonic_ns())
        room.load(self.path)
        assert room.start(hold=HELD), room.log()
        self.dump_path = self.path + ".dump"
        shutil.copy(room.dump(), self.dump_path)
        room.kill()
        verify(self.dump_path)
        self.content = dump_content(self.dump_path)
        self._check_reader()

    def _send(self, room, op, model):
        answer = submit(room, op)
        assert answer.status == 202, answer
        self.statuses[answer.json["taskUid"]] = (TYPES[op[0]], model.apply(op))
        return answer.json["taskUid"]

    def _check_reader(self):
        """Our reader of dumps and `lode dump cat` and `inspect` see the same."""
        got = subprocess.run([CLI, "dump", "cat", self.dump_path], stdout=subprocess.PIPE, check=True).stdout
        ours = [v for k, v in self.content if k == DOCUMENT]
        assert got.splitlines() == ours and len(ours) == self.n_documents
        got = json.loads(subprocess.run([CLI, "--json", "dump", "inspect", self.dump_path], stdout=subprocess.PIPE,
                                        check=True).stdout)
        assert (got["indexes"], got["documents"], got["queuedTasks"]) == (3, self.n_documents, 5), got
        assert len([1 for k, _ in self.content if k == TASK]) == len(self.statuses)
        assert len([1 for k, _ in self.content if k == TASK_DOCUMENT]) == 6

    def check_tasks(self, room, over):
        """All tasks are there, once; ended well or not as they must when it is `over`, else waiting."""
        tasks = room.tasks()
        for uid, (kind, good) in self.statuses.items():
            assert uid in tasks, "task %d is lost" % uid
            assert tasks[uid]["type"] == kind, tasks[uid]
            if uid not in self.queued or over:
                assert tasks[uid]["status"] == ("succeeded" if good else "failed"), tasks[uid]
            else:
                assert tasks[uid]["status"] in ("enqueued", "processing"), tasks[uid]
        extra = [t for uid, t in tasks.items() if uid not in self.statuses]
        assert all(t["type"] == "dumpCreation" for t in extra), "tasks from nowhere: %s" % extra
        assert not over or all(t["status"] in ("succeeded", "failed") for t in extra), extra
        return {t["uid"]: t for t in extra}

    def check_content(self, content):
        """A dump made at any time: each task is in it once, ended with its effects or queued with its payload."""
        tasks = parse_tasks(content)
        assert set(self.statuses) <= set(tasks), "tasks %s are not in the dump" % sorted(set(self.statuses) - set(tasks))
        model = self.before.copy()
        for uid, op in zip(self.queued, QUEUED_OPS):
            finished, n_documents = tasks[uid]
            if finished:
                model.apply(op)
            else:
                assert n_documents == (len(op[2]) if op[0] == "add" else 0), "the payload of task %d is cut" % uid
        got, wanted = parse_documents(content), {uid: d for uid, (d, _) in model.indexes.items()}
        assert got == wanted, "the dump's documents are not what its tasks made"

    def check_end(self, room):
        """A server that is let go: everything is done, and a dump says so."""
        room.idle()
        self.check_tasks(room, over=True)
        self.after.check(room)
        path = room.dump()
        verify(path)
        self.check_content(dump_content(path))
        assert not room.leftovers(), "left over: %s" % room.leftovers()

    def check_whole(self, room):
        """A running server whose writer is held: everything is there, a dump says so, and the rest is done."""
        self.check_tasks(room, over=False)
        path = room.dump()
        verify(path)
        assert dump_content(path) == self.content, "a dump afterwards holds something else"
        room.idle()
        self.check_tasks(room, over=True)
        self.after.check(room)
        assert not room.leftovers(), "left over: %s" % room.leftovers()

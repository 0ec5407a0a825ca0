# SPDX-License-Identifier: MIT
"""What the crash tests share: the shim's control page, servers in rooms of their own, trials, dumps read
from outside, and the model that says what a server must hold.

A trial copies a fixture into a worker's room, starts the real server under the shim, does something,
and judges what is left after a SIGKILL or a failed call. Rooms lie in memory (/dev/shm): a killed process
loses nothing that was written, so what syncing means is another test's subject.
"""
import atexit
import collections
import http.client
import json
import mmap
import os
import queue
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77
SERVER, CLI, SHIM = (sys.argv[1:4] + [None] * 3)[:3]
WAIT_SECONDS = 60  # only a hanging server takes that long
TICK = 0.001


def skip(reason):
    print("SKIPPED: " + reason, flush=True)
    sys.exit(SKIP)


# ---- the shim ---------------------------------------------------------------------------------------

CALLS = ("open", "write", "sync", "datasync", "range", "rename", "link", "unlink", "truncate", "mkdir", "rmdir",
         "close", "allocate", "listen")
COUNTED = (1 << CALLS.index("listen")) - 1
COUNT, KILL, FAIL, SHORT = range(4)
HELD_UNTIL_STRUCK, HELD = 1, 2  # the writer thread, before it reads the queue
Entry = collections.namedtuple("Entry", "number call struck path")


class Shim:
    """The page shared with the server; layout: struct control of shim.c."""

    FIELDS = ("armed", "action", "error", "at", "sticky", "mask", "lacks", "name_first", "count", "struck", "hold", "held",
              "n_entries")
    ROOT, SWALLOW, SPARE, ENTRIES, ENTRY, N = 52, 308, 372, 436, 256, 16384

    def __init__(self, path, root):
        self.path = path
        self.root = root
        with open(path, "wb") as f:
            f.truncate(self.ENTRIES + self.N * self.ENTRY)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 0)
        self.page[self.ROOT:self.ROOT + len(root) + 1] = root.encode() + b"\0"

    def get(self, field):
        return struct.unpack_from("<I", self.page, 4 * self.FIELDS.index(field))[0]

    def set(self, **values):
        for field, value in values.items():
            struct.pack_into("<I", self.page, 4 * self.FIELDS.index(field), value)

    def swallow(self, text):
        self.page[self.SWALLOW:self.SWALLOW + len(text) + 1] = text.encode() + b"\0"

    def arm(self, action=COUNT, at=0, error=0, sticky=False, mask=COUNTED, spare=""):
        """From now on calls are counted, and the at-th goes wrong; those on paths with `spare` in them are not."""
        self.clear()
        self.page[self.SPARE:self.SPARE + len(spare) + 1] = spare.encode() + b"\0"
        self.set(action=action, at=at, error=error, sticky=int(sticky), mask=mask)
        self.set(armed=1)

    def disarm(self):
        """The fault is gone; gives how often it struck. The record stays."""
        self.set(armed=0)
        struck = self.get("struck")
        self.set(struck=0)  # else nobody is held any more
        return struck

    def clear(self):
        self.set(armed=0, count=0, struck=0, n_entries=0)

    @property
    def struck(self):
        return self.get("struck")

    def entries(self):
        found = []
        for i in range(min(self.get("n_entries"), self.N)):
            number, call, struck, _, seq, path = struct.unpack_from("<IBBHI244s", self.page,
                                                                    self.ENTRIES + i * self.ENTRY)
            if seq == i + 1:  # else its thread was killed while it wrote it
                path = path.split(b"\0", 1)[0].decode(errors="replace")
                found.append(Entry(number, CALLS[call], bool(struck), os.path.relpath(path, self.root)
                                   if path.startswith("/") else path))
        return found

    def hit(self):
        """The first call that went wrong, for messages; None: none did."""
        return next((e for e in self.entries() if e.struck), None)


# ---- a server in its room -----------------------------------------------------------------------------

class Gone(Exception):
    """The server closed the connection, or nobody listens."""


Answer = collections.namedtuple("Answer", "status json")


class Room:
    """A worker's place: root/ (what the shim watches) with db and dumps, the control page, the log."""

    def __init__(self, base, name):
        self.base = os.path.join(base, name)
        self.root = os.path.join(self.base, "root")
        os.makedirs(self.root)
        self.root = os.path.realpath(self.root)
        self.db = os.path.join(self.root, "db")
        self.dumps = os.path.join(self.root, "dumps")
        self.log_path = os.path.join(self.base, "log")
        self.shim = Shim(os.path.join(self.base, "control"), self.root)
        self.process = None
        self.port = None
        self.floor = "0"
        self.flags = []

    def load(self, fixture):
        """Makes root a copy of a fixture folder (None: empty); nothing is armed or held."""
        self.kill()
        shutil.rmtree(self.root)
        if fixture:
            shutil.copytree(fixture, self.root, symlinks=True)
        else:
            os.mkdir(self.root)
        self.shim.clear()
        self.shim.set(hold=0, held=0, lacks=0, name_first=0)
        self.shim.swallow("")
        open(self.log_path, "wb").close()

    # -- its life

    def start(self, *flags, wait=True, hold=None):
        """True when it listens; False when it ended before (or `wait` is off)."""
        assert self.process is None
        if hold is not None:
            self.shim.set(hold=hold, held=0)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LODE_", "MEILI_", "LD_"))}
        env.update(LD_PRELOAD=SHIM, CRASH_SHIM=self.shim.path)
        self.port = None
        self.log_from = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [SERVER, "--http-addr", "127.0.0.1:0", "--db-path", self.db, "--dumps-dir", self.dumps,
                 "--free-space-floor", self.floor, "--threads", "2", "--drain-ms", "2000", *self.flags, *flags],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=env, cwd=self.base)
        LIVE.add(self.process)
        return self.wait_listening() if wait else False

    def log(self):
        """Of the run that is on, or was last."""
        with open(self.log_path, "rb") as f:
            f.seek(self.log_from)
            return f.read().decode(errors="replace")

    def wait_listening(self):
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            ended = self.process.poll() is not None
            text = self.log()
            at = text.find('msg="listening" addr=127.0.0.1:')
            if at >= 0 and "\n" in text[at:]:
                self.port = int(text[at:].split(":", 1)[1].split()[0])
                return True
            if ended:
                return False
            assert time.monotonic() < deadline, "the server neither listens nor ends:\n" + text
            time.sleep(TICK)

    def ended(self):
        return self.process is None or self.process.poll() is not None

    def wait_exit(self, seconds=WAIT_SECONDS):
        """The exit status; minus the signal's number if one ended it."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("the server does not end:\n" + self.log()) from None
        LIVE.discard(self.process)
        self.process = None
        return status

    def kill(self):
        if self.process is not None:
            self.process.kill()
            return self.wait_exit()
        return None

    def stop(self):
        """SIGTERM, and status 0."""
        self.process.send_signal(signal.SIGTERM)
        status = self.wait_exit()
        assert status == 0, "after SIGTERM the server ended with %d:\n%s" % (status, self.log())

    # -- its door

    def call(self, method, path, body=None, timeout=WAIT_SECONDS):
        headers = {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            raw = response.read()
        except TimeoutError:
            raise AssertionError("no answer to %s %s:\n%s" % (method, path, self.log())) from None
        except (OSError, http.client.HTTPException) as e:
            raise Gone(str(e)) from None
        finally:
            connection.close()
        return Answer(response.status, json.loads(raw) if raw else None)

    def get(self, path):
        answer = self.call("GET", path)
        assert answer.status == 200, "GET %s: %d %s" % (path, answer.status, answer.json)
        return answer.json

    def tasks(self):
        """All tasks, by uid."""
        listed = self.get("/tasks?limit=100000")["results"]
        return {t["uid"]: t for t in listed}

    def idle(self):
        self.shim.set(hold=0)
        poll(lambda: self.get("/tasks?statuses=enqueued,processing&limit=1")["total"] == 0,
             "an empty queue", self.log)

    def wait_dump(self, uid):
        """The final status of a dump; None when the server went first."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                status = self.get("/dumps/%s/status" % uid)
            except Gone:
                return None
            if status["status"] != "in_progress":
                return status
            assert time.monotonic() < deadline, "the dump does not end:\n" + self.log()
            time.sleep(TICK)

    def dump(self):
        """A whole dump, which must go well: its path."""
        answer = self.call("POST", "/dumps")
        assert answer.status == 202, "POST /dumps: %d %s" % answer
        status = self.wait_dump(answer.json["uid"])
        assert status and status["status"] == "done", "a dump without a fault: %s\n%s" % (status, self.log())
        return os.path.join(self.dumps, answer.json["uid"] + ".dump")

    # -- its files

    def leftovers(self):
        """Temporary files and folders anywhere in root."""
        return [os.path.relpath(os.path.join(d, n), self.root) for d, folders, files in os.walk(self.root)
                for n in folders + files if n.endswith(".part") or ".importing-" in n]

    def visible_dumps(self):
        if not os.path.isdir(self.dumps):
            return []
        return sorted(os.path.join(self.dumps, n) for n in os.listdir(self.dumps) if n.endswith(".dump"))


LIVE = set()


def _end_all():
    for process in list(LIVE):
        process.kill()
        process.wait()


atexit.register(_end_all)
signal.signal(signal.SIGTERM, lambda signo, frame: sys.exit(128 + signo))  # so that atexit tidies up


def poll(condition, what, log=lambda: ""):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long for %s\n%s" % (what, log())
        time.sleep(TICK)


# ---- trials -------------------------------------------------------------------------------------------

class Bench:
    """Rooms for the workers, and the account of what was tried."""

    def __init__(self, workers=2, base="/dev/shm"):
        if not os.path.isdir(base):
            base = None
        self.base = tempfile.mkdtemp(prefix="lode-crash-", dir=base)
        atexit.register(shutil.rmtree, self.base, ignore_errors=True)
        self.rooms = [Room(self.base, "room%d" % i) for i in range(workers)]
        self.trials = 0
        self.failures = []
        self.lock = threading.Lock()

    def path(self, name):
        return os.path.join(self.base, name)

    def keep(self, room, name):
        """What is in the room's root becomes a fixture, but for the room that the store keeps for recovery."""
        room.kill()
        path = self.path(name)
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(room.root, path, symlinks=True, ignore=shutil.ignore_patterns("reserve"))
        return path

    def run(self, title, specs, trial):
        """trial(room, spec) for each, on all rooms at once. An assertion that fails is a failure."""
        todo = queue.Queue()
        for spec in specs:
            todo.put(spec)
        began = time.monotonic()
        n, failures = todo.qsize(), []

        def work(room):
            while True:
                try:
                    spec = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    trial(room, spec)
                except Exception as e:  # each is shown, and the rest still run
                    failures.append("%s, trial %s, struck %s: %s: %s" % (
                        title, spec, room.shim.hit(), type(e).__name__, e))
                    self._evidence(room, title, spec)
                finally:
                    room.kill()

        workers = [threading.Thread(target=work, args=(room,)) for room in self.rooms]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.trials += n
        self.failures += failures
        print("%-46s trials %4d, failures %d, %.1f s" % (title, n, len(failures), time.monotonic() - began), flush=True)
        for text in failures[:5]:
            print("  FAILED " + text[:3000].replace("\n", "\n    "), flush=True)
        return failures

    def must_fail(self, title, specs, trial, *because):
        """A planted bug: the trials must find it, for one of these reasons, or they prove nothing."""
        failures = [f for f in self.run_quiet(specs, trial) if any(b in f for b in because)]
        print("%-46s trials %4d, caught %d" % ("self-test: " + title, len(specs), len(failures)), flush=True)
        if not failures:
            self.failures.append("self-test: %s was not caught" % title)
        return failures

    def run_quiet(self, specs, trial):
        failures = []
        room = self.rooms[0]
        for spec in specs:
            try:
                trial(room, spec)
            except (AssertionError, Gone) as e:
                failures.append(str(e))
            finally:
                room.kill()
        self.trials += len(specs)
        return failures

    def _evidence(self, room, title, spec):
        """LODE_CRASH_KEEP=dir: the rooms of failed trials are kept there."""
        keep = os.environ.get("LODE_CRASH_KEEP")
        if keep:
            room.kill()
            name = "".join(c if c.isalnum() else "-" for c in "%s-%s" % (title, spec))
            shutil.copytree(room.base, os.path.join(keep, name), symlinks=True, dirs_exist_ok=True)

    def end(self):
        for text in self.failures:
            if text.startswith("self-test"):
                print("  FAILED " + text)
        n = len(self.failures)
        print("tests: %d passed, %d failed, 0 skipped" % (max(0, self.trials - n), n), flush=True)
        sys.exit(1 if self.failures or not self.trials else 0)


def strided(n, limit):
    """1..n, or every k-th of it when there are more than `limit`; says so. LODE_CRASH_ALL=1: all."""
    step = 1 if os.environ.get("LODE_CRASH_ALL") else max(1, -(-n // limit))
    if step > 1:
        print("  (every %d. of %d)" % (step, n))
    return range(1, n + 1, step)


# ---- dumps, read from outside ---------------------------------------------------------------------------

def varint(raw, at):
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(raw):
    """A protobuf message as (number, value) pairs, in order."""
    at, found = 0, []
    while at < len(raw):
        tag, at = varint(raw, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(raw, at)
        else:
            if kind == 2:
                size, at = varint(raw, at)
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
    got = subprocess.run(["zstdcat", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert got.returncode == 0, "zstdcat does not read %s: %s" % (path, got.stderr)
    raw, at, content, skipping = got.stdout, 0, [], False
    while at < len(raw):
        size, at = varint(raw, at)
        record = fields(raw[at:at + size])
        at += size
        assert at <= len(raw) and len(record) == 1, "a dump's last record is cut"
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
    import base64
    import random
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

# SPDX-License-Identifier: MIT
"""What the crash tests share: the shim's control page, servers in rooms of their own, and trials.

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
        def look():
            ended = self.process.poll() is not None
            text = self.log()
            at = text.find('msg="listening" addr=127.0.0.1:')
            if at >= 0 and "\n" in text[at:]:
                self.port = int(text[at:].split(":", 1)[1].split()[0])
                return "listens"
            return "ended" if ended else None

        return poll(look, "the server to listen or to end", self.log) == "listens"

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

    def wait_task(self, uid):
        """The task when it has ended."""
        def ended():
            task = self.get("/tasks/%d" % uid)
            return task if task["status"] not in ("enqueued", "processing") else None

        return poll(ended, "the end of task %d" % uid, self.log)

    def wait_dump(self, uid):
        """The final status of a dump; None when the server went first."""
        def ended():
            status = self.get("/dumps/%s/status" % uid)
            return status if status["status"] != "in_progress" else None

        try:
            return poll(ended, "the end of a dump", self.log)
        except Gone:
            return None

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
    """Asks until it is true, less and less often: what is waited for needs the processor too. Gives what it was."""
    began = time.monotonic()
    while not (found := condition()):
        waited = time.monotonic() - began
        assert waited < WAIT_SECONDS, "waited too long for %s\n%s" % (what, log())
        time.sleep(min(max(TICK, waited / 8), 50 * TICK))
    return found


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

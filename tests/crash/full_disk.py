# SPDX-License-Identifier: MIT
"""A real disk that is full: 16 MiB of ext4 on a loop device, or of tmpfs. Needs root.

The server writes until there is no room, gets room, goes on, and is killed: LevelDB alone loses what it has
acknowledged after such a moment (DESIGN.md 6), this server must not. A dump and an import that find no room fail,
say so, leave nothing, and go well when there is room. A server that was killed on a full disk, by what it holds
itself or by somebody else to the last byte, starts again and searches; deleting an index makes room for documents.

usage: full_disk.py lode-server lode shim.so
"""
import atexit
import errno
import os
import shutil
import subprocess
import threading

from crash_commit import History
from crash_common import HELD, Bench, Room, Shim, poll, skip
from crash_model import Fixture, noise, verify

MIB = 1 << 20
DISK = 16 * MIB
FULL = "no_space_left_on_device"
SEARCHED = 1000  # the text of documents over so many bytes is one word, too long to be searched


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def mount(bench):
    """(where, what) of a fresh filesystem of DISK bytes."""
    if os.geteuid() != 0:
        skip("only root can mount a small filesystem")
    where = bench.path("disk")
    os.mkdir(where)
    image = bench.path("image")
    with open(image, "wb") as f:
        f.truncate(DISK)
    kind = "ext4"
    got = run("mkfs.ext4", "-q", "-m", "0", image) if shutil.which("mkfs.ext4") else None
    if not got or got.returncode != 0 or run("mount", "-o", "loop", image, where).returncode != 0:
        kind = "tmpfs"
        got = run("mount", "-t", "tmpfs", "-o", "size=%d" % DISK, "tmpfs", where)
        if got.returncode != 0:
            skip("cannot mount here: " + got.stdout.decode().strip())
    atexit.register(run, "umount", "-l", where)
    return os.path.realpath(where), kind


class DiskRoom(Room):
    """A room whose database lies on the small disk."""

    def __init__(self, base, name, disk):
        super().__init__(base, name)
        self.root = os.path.join(disk, "root")
        os.mkdir(self.root)
        self.db = os.path.join(self.root, "db")
        self.dumps = os.path.join(self.root, "dumps")
        self.shim = Shim(self.shim.path, self.root)
        self.ballast = os.path.join(disk, "ballast")

    def load(self, fixture):
        self.kill()
        self.release()
        self.release(".taken")
        super().load(fixture)

    def sync(self):
        """This disk alone, not what all others have to write: it puts off deciding what is free."""
        subprocess.run(["sync", "--file-system", os.path.dirname(self.root)], check=True)

    def fill(self, leave, name=""):
        """Takes all the disk's room but so many bytes."""
        self.sync()
        left = os.statvfs(self.root).f_bavail * os.statvfs(self.root).f_frsize - leave
        with open(self.ballast + name, "wb") as f:
            try:
                for _ in range(max(0, left) // 4096):
                    f.write(b"ballast." * 512)
                    f.flush()
                os.fsync(f.fileno())
            except OSError as e:
                assert e.errno == errno.ENOSPC, e

    def release(self, name=""):
        if os.path.exists(self.ballast + name):
            os.unlink(self.ballast + name)
            self.sync()


class Full:
    def __init__(self, bench, disk):
        self.bench = bench
        self.room = DiskRoom(bench.base, "disk-room", disk)
        bench.rooms = [self.room]
        self.commits_failed = self.refused = self.acked = self.tasks_failed = 0

    # -- writing

    def send(self, history, w, k, size):
        """One document of writer w; true when it was accepted."""
        label = "w%d-%d" % (w, k)
        before = len(history.writers.setdefault(w, []))
        one = History()
        one.writers = {0: []}
        text = noise(k, size)
        if size > SEARCHED:  # else it is all words that nobody else has: their index takes three times its room
            text = text.replace("+", "x").replace("/", "y").replace("=", "z")
        one.write(self.room, [[(("add", "docs%d" % w, [{"id": label, "text": text}]), label)]], go_on=True)
        history.writers[w] += one.writers[0]
        return len(history.writers[w]) > before and history.writers[w][-1].uid is not None

    def write_until_full(self, history, size):
        """Two clients write until ten requests in a row were refused."""
        def client(w):
            k, refused = 0, 0
            while refused < 10:
                if self.send(history, w, k, size):
                    refused = 0
                else:
                    refused += 1
                    self.refused += 1
                k += 1
            next_k[w] = k

        next_k = {}
        threads = [threading.Thread(target=client, args=(w,)) for w in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(next_k) == 2, "a client has failed:\n" + self.room.log()
        return next_k

    def fill_and_go_on(self, room, spec):
        size, leave, plant = spec
        room.load(None)
        assert room.start(), room.log()
        room.fill(leave)
        history = History()
        next_k = self.write_until_full(history, size)
        assert room.get("/health") and not room.ended()
        assert room.get("/indexes?limit=100")["total"] <= 2, "reads go on"
        self.commits_failed += room.log().count("a commit has failed")
        room.release()
        if plant:
            room.shim.swallow("/queue/log-")
        else:
            room.idle()  # it heals by itself
        for w in range(2):
            for k in range(next_k[w], next_k[w] + 10):
                assert self.send(history, w, k, 500), "there is room, and nothing is accepted:\n" + room.log()
        self.acked += history.n_acked()
        room.kill()
        room.shim.swallow("")
        assert room.start(), "after a full disk and a kill the server does not start:\n" + room.log()
        room.idle()
        history.check(room, machine=(FULL,))

    # -- searches

    def add(self, room, uid, k):
        """20 documents of a few words each: the task's status, None when it was refused."""
        documents = [{"id": 20 * k + i, "title": "number%d of thing%d" % (i, k), "year": k % 7,
                      "text": " ".join(noise(20 * k + i, 400)[j:j + 7] for j in range(0, 400, 8))} for i in range(20)]
        answer = room.call("POST", "/indexes/%s/documents" % uid, documents)
        if answer.status == 422:
            assert answer.json["code"] == FULL, answer
            self.refused += 1
            return None
        return self.end_of(room, answer)

    def end_of(self, room, answer):
        assert answer.status == 202, "%s\n%s" % (answer, room.log())
        task = room.wait_task(answer.json["taskUid"])
        if task["status"] == "failed":
            assert task["error"]["code"] == FULL, task
            self.tasks_failed += 1
        else:
            self.acked += 1
        return task["status"]

    def check_searches(self, room, uid, there, settings):
        def total(**query):
            answer = room.call("POST", "/indexes/%s/search" % uid, dict(query, hitsPerPage=1))
            assert answer.status == 200, answer
            return answer.json["totalHits"]

        got = room.get("/indexes/%s/settings" % uid)
        assert all(got[k] == v for k, v in settings.items()), got
        assert total(q="") == 20 * len(there), (total(q=""), len(there))
        assert total(q="", filter="year = 3") == 20 * sum(k % 7 == 3 for k in there)
        for k in there[:3] + there[-3:]:
            assert total(q='"number7 of thing%d"' % k) == 1
        got = room.get("/indexes/%s/documents?limit=%d" % (uid, 20 * len(there)))["results"]
        assert [d["id"] for d in got] == [20 * k + i for k in there for i in range(20)]

    def search(self, room, spec):
        """Fills the disk with documents, then by settings that index them anew; SIGKILL; all must be there and searched.

        `taken`: somebody else takes the rest of the disk, to the last byte, before the server starts again."""
        taken, leave = spec
        room.load(None)
        room.floor = "512KiB"
        room.dumps = self.bench.path("dumps-elsewhere")
        try:
            self._search(room, taken, leave)
        finally:
            room.kill()
            room.floor = "0"
            room.dumps = os.path.join(room.root, "dumps")

    def _search(self, room, taken, leave):
        assert room.start(), room.log()
        room.fill(leave)
        settings = {"filterableAttributes": ["year"], "searchableAttributes": ["*"], "pagination": {"maxTotalHits": 100000}}
        for uid in ("old", "kept"):
            assert self.end_of(room, room.call("PATCH", "/indexes/%s/settings" % uid, settings)) == "succeeded"
        there = {"old": [], "kept": []}
        k = refused = 0
        while refused < 6:
            uid = "old" if k % 3 else "kept"
            if self.add(room, uid, k) == "succeeded":
                there[uid].append(k)
                refused = 0
            else:
                refused += 1
            k += 1
        assert len(there["kept"]) > 3, "the disk was full at once"
        wanted = dict(settings, searchableAttributes=["title", "text"], sortableAttributes=["year"])
        for _ in range(2):
            answer = room.call("PATCH", "/indexes/kept/settings", wanted)
            if answer.status == 202 and self.end_of(room, answer) == "succeeded":
                settings = wanted
        room.kill()
        if taken:
            room.fill(0, ".taken")
        assert room.start(), "on a full disk the server does not start again:\n" + room.log()
        room.idle()
        self.check_searches(room, "kept", there["kept"], settings)
        room.release(".taken")
        verify(room.dump())
        self.check_searches(room, "old", there["old"], {"filterableAttributes": ["year"]})
        status = self.end_of(room, room.call("DELETE", "/indexes/old"))
        assert status == "succeeded", "a deletion must find room"
        poll(lambda: self.add(room, "kept", k) == "succeeded", "room for documents", room.log)
        self.check_searches(room, "kept", there["kept"] + [k], settings)
        room.kill()
        assert room.start(), room.log()
        self.check_searches(room, "kept", there["kept"] + [k], settings)

    # -- dumps

    def dump(self, room, where):
        """The dumps go to the full disk; the database is on it too, or not."""
        room.load(self.fixture.path)
        if where == "elsewhere":
            shutil.move(room.db, self.bench.path("db-elsewhere"))
            room.db = self.bench.path("db-elsewhere")
        try:
            self._dump(room)
        finally:
            room.kill()
            shutil.rmtree(self.bench.path("db-elsewhere"), ignore_errors=True)
            room.db = os.path.join(room.root, "db")

    def _dump(self, room):
        assert room.start(hold=HELD), room.log()
        room.fill(300000)
        answer = room.call("POST", "/dumps")
        if answer.status == 202:
            status = room.wait_dump(answer.json["uid"])
            assert status and status["status"] == "failed" and "space" in status["error"].lower(), status
        else:
            assert answer.json["code"] == "no_space_left_on_device", answer
        assert not os.listdir(room.dumps), "left on the full disk: %s" % os.listdir(room.dumps)
        assert not room.ended()
        room.release()
        self.fixture.check_whole(room)

    # -- imports

    def load(self, room, target):
        room.load(None)
        if target == "empty":
            os.mkdir(room.db)
        room.fill(400000)
        before = sorted(os.listdir(room.root))
        assert not room.start("--import-dump", self.fixture.dump_path), "an import without room"
        status = room.wait_exit()
        assert status == 1 and "lode-server: " in room.log() and "space" in room.log(), room.log()
        assert sorted(os.listdir(room.root)) == before, "left on the full disk: %s" % os.listdir(room.root)
        assert target != "empty" or not os.listdir(room.db)
        room.release()
        assert room.start("--import-dump", self.fixture.dump_path, hold=HELD), room.log()
        self.fixture.check_whole(room)


def main():
    bench = Bench(1)
    fixture = Fixture(bench, n_large=10)  # its dump takes about half a MiB
    disk, kind = mount(bench)
    full = Full(bench, disk)
    full.fixture = fixture
    print("%d bytes of %s" % (DISK, kind), flush=True)
    # What is written until then must fit once more into what the ballast gives back: recovery needs it.
    rounds = [(size, leave * MIB // 4, False) for size in (500, 5000, 20000, 100000) for leave in (3, 5, 8)]
    rounds += [(200, leave * MIB // 8, False) for leave in (2, 3, 5)]
    bench.run("write until full, go on, kill", rounds, full.fill_and_go_on)
    print("  %d writes acknowledged, %d refused, %d commits of the database failed" % (
        full.acked, full.refused, full.commits_failed), flush=True)
    bench.run("search settings until full, kill, delete", [(taken, leave * MIB) for taken in (False, True) for leave in (5, 8, 12)],
              full.search)
    print("  %d writes acknowledged, %d refused, %d tasks failed for room" % (full.acked, full.refused, full.tasks_failed), flush=True)
    if not full.refused:
        bench.failures.append("self-test: the disk was never full")
    bench.run("dump onto a full disk", ["its own", "elsewhere"], full.dump)
    bench.run("import onto a full disk", ["absent", "empty"], full.load)
    bench.must_fail("a log that does not write", [(5000, MIB, True)], full.fill_and_go_on,
                    "is lost", "should have succeeded")
    bench.end()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""A server is killed before each call that changes files while settings make its search index anew, and while an
import builds it; and each of these calls fails.

Afterwards the settings are the old ones or the new ones, whole; searches answer as those settings say; the next
start ends the task; the same change again works; and nothing of a given up index is left in the store: its keys
are counted.

usage: crash_search.py lode-server lode shim.so store_keys
"""
import collections
import errno
import os
import shutil
import subprocess
import sys

from crash_common import FAIL, HELD, KILL, Bench, Gone, strided

STORE_KEYS = sys.argv[4]
TRASH = "x"
TASKS = "tT"
N = 120
OLD = {"searchableAttributes": ["title"], "filterableAttributes": ["year"], "sortableAttributes": ["year"]}
NEW = {"searchableAttributes": ["text", "title"], "filterableAttributes": ["kind"], "sortableAttributes": ["kind"]}
SOME = ("id", "title", "text", "year", "kind")


def document(i):
    return {"id": i, "title": "movie number%d" % i, "text": "story about %s" % ("rivers" if i % 3 else "mountains"),
            "year": 1900 + i % 10, "kind": "even" if i % 2 == 0 else "odd"}


def search(room, **body):
    answer = room.call("POST", "/indexes/films/search", dict(body, hitsPerPage=1000, attributesToRetrieve=["id"]))
    return answer.status, answer.json.get("totalHits"), [h["id"] for h in answer.json.get("hits", ())], answer.json.get("code")


def found(room):
    """Which state searches see: "old" or "new"; anything between fails."""
    mountains = list(range(0, N, 3))
    got = {
        "text": search(room, q="mountains"), "title": search(room, q='"movie number7"'), "typo": search(room, q="moive", limit=1000)[1],
        "year": search(room, q="", filter="year = 1903"), "kind": search(room, q="", filter="kind = odd"),
        "by year": search(room, q="", sort=["year:desc"]), "by kind": search(room, q="", sort=["kind:desc"])}
    refused, refused_sort = (400, None, [], "invalid_search_filter"), (400, None, [], "invalid_search_sort")
    by_year = sorted(range(N), key=lambda i: (-(i % 10), i))
    by_kind = sorted(range(N), key=lambda i: (-(i % 2), i))
    years, odd = list(range(3, N, 10)), list(range(1, N, 2))
    wanted = {
        "old": dict(got, text=(200, 0, [], None), year=(200, len(years), years, None), kind=refused),
        "new": dict(got, text=(200, len(mountains), mountains, None), year=refused, kind=(200, len(odd), odd, None))}
    wanted["old"].update({"title": (200, 1, [7], None), "typo": N, "by year": (200, N, by_year, None), "by kind": refused_sort})
    wanted["new"].update({"title": (200, 1, [7], None), "typo": N, "by year": refused_sort, "by kind": (200, N, by_kind, None)})
    settings = room.get("/indexes/films/settings")
    named = {json_key: settings[json_key] for json_key in NEW}
    for name, values in (("old", OLD), ("new", NEW)):
        if all(sorted(named[k]) == sorted(v) for k, v in values.items()):
            assert got == wanted[name], "settings are the %s ones, searches say %s" % (
                name, {k: (v, wanted[name][k]) for k, v in got.items() if v != wanted[name][k]})
            return name
    raise AssertionError("half of the settings: %s" % named)


def numbers(store):
    """Kind of key -> the numbers (of bodies, words, columns, rows) that have such keys."""
    got = subprocess.run([STORE_KEYS, store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert got.returncode == 0, got.stderr.decode()
    found = collections.defaultdict(set)
    for line in got.stdout.decode().splitlines():
        kind, number, _ = line.split()
        found[kind].add(int(number))
    return found


def shape(found):
    """How many numbers each kind has. Rows that died or moved depend on what was done again."""
    return {kind: len(those) for kind, those in found.items() if kind not in TASKS + "DR"}


class Searching:
    def __init__(self, bench):
        self.bench = bench
        self.trash_left = 0
        self.swept = None
        room = bench.rooms[0]
        room.load(None)
        assert room.start(), room.log()
        self.send(room, "POST", "/indexes", {"uid": "films", "primaryKey": "id"})
        for at in range(0, N, 40):
            self.send(room, "POST", "/indexes/films/documents", [document(i) for i in range(at, at + 40)])
        self.send(room, "PATCH", "/indexes/films/settings", OLD)
        assert found(room) == "old"
        self.dump_path = os.path.join(bench.base, "films.dump")
        os.rename(room.dump(), self.dump_path)
        self.fixture = bench.keep(room, "films")
        room.load(self.fixture)
        assert room.start(), room.log()
        self.end(room)
        self.swept = shape(numbers(os.path.join(room.db, "store")))
        assert self.swept["w"] == self.swept["W"] == self.swept["b"] == 1 and self.swept["c"] >= 1, self.swept

    def look_for_trash(self, room):
        """In a copy: looking changes a store."""
        copy = room.base + "/store-copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(os.path.join(room.db, "store"), copy)
        self.trash_left += len(numbers(copy)[TRASH]) > 0

    def check_swept(self, room):
        """The server has stopped: what was given up is gone, after some starts at the latest."""
        for _ in range(50):
            found = numbers(os.path.join(room.db, "store"))
            if not found[TRASH]:
                break
            assert room.start(), room.log()
            room.idle()
            room.stop()
        assert not found[TRASH], "numbers are never swept: %s" % sorted(found[TRASH])
        del found[TRASH]
        assert self.swept in (None, shape(found)), "keys of given up numbers are left: %s, not %s" % (shape(found), self.swept)

    @staticmethod
    def send(room, method, path, body):
        answer = room.call(method, path, body)
        assert answer.status == 202, answer
        room.idle()
        return room.tasks()[answer.json["taskUid"]]

    # -- a change of settings

    def change(self, room):
        """Sends it and waits for its end, or the server's; None: it was not answered."""
        answer = None
        try:
            answer = room.call("PATCH", "/indexes/films/settings", NEW)
            room.idle()
        except Gone:
            pass
        return answer

    def count(self):
        room = self.bench.rooms[0]
        room.load(self.fixture)
        assert room.start(), room.log()
        room.shim.arm()
        assert self.change(room).status == 202
        room.shim.disarm()
        assert found(room) == "new"
        n = room.shim.get("count")
        room.kill()
        return n

    def end(self, room):
        """Whatever was left: the same again, and back, and the server ends well."""
        assert self.send(room, "PATCH", "/indexes/films/settings", NEW)["status"] == "succeeded"
        assert found(room) == "new"
        task = self.send(room, "POST", "/indexes/films/documents", [dict(document(0), title="replaced thing")])
        assert task["status"] == "succeeded", task
        assert search(room, q="replaced")[2] == [0]
        self.send(room, "POST", "/indexes/films/documents", [document(0)])
        assert self.send(room, "PATCH", "/indexes/films/settings", OLD)["status"] == "succeeded"
        assert found(room) == "old"
        room.stop()
        assert not room.leftovers(), room.leftovers()
        self.check_swept(room)

    def kill_changing(self, room, at):
        room.load(self.fixture)
        assert room.start(), room.log()
        room.shim.arm(KILL, at)
        answer = self.change(room)
        room.kill()
        room.shim.disarm()
        self.look_for_trash(room)
        assert room.start(hold=HELD), "the server does not start again:\n" + room.log()
        state = found(room)  # before the queue is read
        room.idle()
        tasks = [t for t in room.tasks().values() if t["type"] == "settingsUpdate"]
        assert all(t["status"] == "succeeded" for t in tasks), tasks
        assert answer is None or len(tasks) == 2, "an acknowledged change is lost"
        assert found(room) == ("new" if len(tasks) == 2 else state)
        self.end(room)

    def kill_twice(self, room, spec):
        at, again = spec
        room.load(self.fixture)
        assert room.start(), room.log()
        room.shim.arm(KILL, at)
        self.change(room)
        room.kill()
        room.shim.arm(KILL, again)
        try:
            if room.start():
                room.idle()
        except Gone:
            pass
        room.kill()
        room.shim.disarm()
        assert room.start(), "the server does not start again:\n" + room.log()
        room.idle()
        found(room)
        self.end(room)

    def fail_changing(self, room, spec):
        """The task fails or succeeds; either way searches go on, and without the fault all works."""
        at, error, sticky = spec
        room.load(self.fixture)
        assert room.start(), room.log()
        room.shim.arm(FAIL, at, error, sticky)
        answer = room.call("PATCH", "/indexes/films/settings", NEW)
        if answer.status == 202 and not sticky:
            room.idle()
        if not sticky:  # else the store may have closed, and says so
            found(room)
        room.shim.disarm()
        room.idle()
        found(room)
        room.kill()
        assert room.start(), "after a failed call the server does not start:\n" + room.log()
        room.idle()
        found(room)
        self.end(room)

    # -- an import

    def count_import(self):
        room = self.bench.rooms[0]
        room.load(None)
        room.shim.arm()
        assert room.start("--import-dump", self.dump_path, hold=HELD), room.log()
        room.shim.disarm()
        assert found(room) == "old"
        n = room.shim.get("count")
        room.kill()
        return n

    def kill_importing(self, room, at):
        room.load(None)
        room.shim.arm(KILL, at)
        room.start("--import-dump", self.dump_path, hold=HELD)
        room.kill()
        room.shim.disarm()
        assert room.start("--import-dump", self.dump_path, hold=HELD), room.log()
        assert found(room) == "old"
        self.end(room)

    def fail_importing(self, room, spec):
        at, error = spec
        room.load(None)
        room.shim.arm(FAIL, at, error)
        if room.start("--import-dump", self.dump_path, hold=HELD):
            assert found(room) == "old"
            room.kill()
        else:
            assert room.wait_exit() == 1 and "lode-server: " in room.log(), room.log()
        room.shim.disarm()
        assert room.start("--import-dump", self.dump_path, hold=HELD), room.log()
        assert found(room) == "old"
        self.end(room)

    def kill_planted(self, room, _):
        """A queue's log that says it wrote: an acknowledged change is not there."""
        room.load(self.fixture)
        room.shim.swallow("/queue/log-")
        assert room.start(hold=HELD), room.log()
        assert room.call("PATCH", "/indexes/films/settings", NEW).status == 202
        room.kill()
        room.shim.swallow("")
        assert room.start(hold=0), room.log()
        room.idle()
        assert found(room) == "new", "an acknowledged change is lost"


def main():
    bench = Bench()
    searching = Searching(bench)
    n, n_import = max(searching.count() for _ in range(3)), searching.count_import()
    print("N = %d calls for a change of settings, %d for an import" % (n, n_import), flush=True)
    assert n >= 8 and n_import >= 40, "the shim sees too little"
    bench.run("kill while settings change", range(1, n + 2), searching.kill_changing)
    print("  %d kills left something to be swept" % searching.trash_left, flush=True)
    if not searching.trash_left:
        bench.failures.append("self-test: no kill left anything to be swept")
    bench.run("kill while starting after a kill", [(at, again) for at in range(1, n + 1, 2) for again in range(1, 24, 4)],
              searching.kill_twice)
    bench.run("a call fails while settings change", [(at, error, sticky) for at in range(1, n + 1) for sticky in (False, True)
                                                    for error in (errno.EIO, errno.ENOSPC)], searching.fail_changing)
    bench.run("kill while an import builds the index", strided(n_import + 1, 80), searching.kill_importing)
    bench.run("a call fails while an import builds it", [(at, errno.ENOSPC) for at in strided(n_import, 40)], searching.fail_importing)
    bench.must_fail("a log that does not write", range(2), searching.kill_planted, "lost")
    bench.end()


if __name__ == "__main__":
    main()

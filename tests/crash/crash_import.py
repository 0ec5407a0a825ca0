# SPDX-License-Identifier: MIT
"""Promise 4: a server is killed before each call that changes files while it starts with --import-dump (recipe D).

The target is absent, empty, surrounded by leftovers, holds another database, or holds the imported one
already. After the kill it is as it was or wholly new; the same command then succeeds, and once more does nothing.

usage: crash_import.py lode-server lode shim.so
"""
import os

from crash_common import HELD, KILL, Bench, strided
from crash_model import Fixture, Model, submit

NO_OP = "this dump was imported before"
REFUSED = "holds a database that was not made from"
OTHER = [("add", "other", [{"id": 1, "title": "kept"}]), ("settings", "other", {"stopWords": ["kept"]})]
LATER = ("add", "films", [{"id": 900, "title": "after the import"}])


def tree(path):
    """Every name below path, with content; None: no such thing. Locks and LevelDB's text log do not count."""
    if not os.path.lexists(path):
        return None
    found = {}
    for d, folders, files in os.walk(path):
        for n in folders:
            found[os.path.relpath(os.path.join(d, n), path)] = None
        for n in files:
            if n not in ("lock", "LOCK", "LOG", "LOG.old"):
                with open(os.path.join(d, n), "rb") as f:
                    found[os.path.relpath(os.path.join(d, n), path)] = f.read()
    return found


def check_order(room):
    """All below the new name is synced before it gets it, and the name before the port opens."""
    entries = room.shim.entries()
    done = [(e.call, e.path) for e in entries if not e.struck]
    renamed = done.index(("rename", "db")) if ("rename", "db") in done else -1
    if ("listen", "port") in done:
        assert ("sync", ".") in done[renamed + 1:done.index(("listen", "port"))], "the port opens before the name is durable"
    written, synced = {}, {}
    for i, (call, path) in enumerate(done[:max(renamed, 0)]):
        if call == "write":
            written[path] = i
        elif call in ("sync", "datasync"):
            synced[path] = i
    for path, at in written.items():
        kept = os.path.join(room.db, path.partition("/")[2])
        if ".importing-" in path and os.path.lexists(kept):
            assert synced.get(path, -1) > at, "%s is renamed before it is synced" % path


class Importing:
    def __init__(self, bench, n_large=0):
        self.bench = bench
        self.fixture = Fixture(bench, n_large)
        self.flag = ("--import-dump", self.fixture.dump_path)
        self.targets = {"absent": None}

    def make_targets(self):
        room = self.bench.rooms[0]
        room.load(None)
        os.mkdir(room.db)
        self.targets["empty"] = self.bench.keep(room, "empty")
        self._make_other(room)
        self._make_imported(room)
        self._make_leftovers(room)

    def _make_other(self, room):
        room.load(None)
        assert room.start(), room.log()
        self.other = Model()
        for op in OTHER:
            submit(room, op)
            assert self.other.apply(op)
        room.idle()
        self.targets["other"] = self.bench.keep(room, "other")

    def _make_imported(self, room):
        """The imported database after a write: an import must never come over it again."""
        room.load(None)
        assert room.start(*self.flag), room.log()
        room.idle()
        submit(room, LATER)
        room.idle()
        self.later = self.fixture.after.copy()
        self.later.apply(LATER)
        self.targets["imported"] = self.bench.keep(room, "imported")

    def _make_leftovers(self, room):
        n = self.count("absent")[0]
        room.load(None)
        self.start_killed(room, n // 2)
        assert room.leftovers(), "a kill in the middle leaves nothing behind?"
        old = os.path.join(room.root, "db.importing-0123456789abcdef")
        os.makedirs(os.path.join(old, "store", "deep"))
        with open(os.path.join(old, "FORMAT"), "w") as f:
            f.write("lode-db 7 of another time\n")
        os.mkdir(os.path.join(room.root, "db.importing-not-ours"))
        self.targets["leftovers"] = self.bench.keep(room, "leftovers")

    # -- pieces of a trial

    def start_killed(self, room, at):
        room.shim.arm(KILL, at)
        room.start(*self.flag, hold=HELD)
        room.kill()
        struck = room.shim.disarm()
        check_order(room)
        return struck

    def count(self, target):
        room = self.bench.rooms[0]
        room.load(self.targets[target])
        room.shim.arm()
        started = room.start(*self.flag, hold=HELD)
        room.shim.disarm()
        assert started == (target != "other"), room.log()
        n, entries = room.shim.get("count"), room.shim.entries()
        check_order(room)
        room.kill()
        return n, entries

    def judge(self, room, target):
        """The kill left the old state or the new one; the next two starts."""
        before = tree(room.db)
        was = tree(os.path.join(self.targets[target], "db")) if self.targets[target] else None
        is_old = before == was or (was == {} and before is None)
        assert is_old or "IMPORTED" in before, "neither old nor new: %s" % sorted(before)
        assert room.start(*self.flag, hold=HELD), "the second start fails:\n" + room.log()
        assert is_old != (NO_OP in room.log()), "old: %s\n%s" % (is_old, room.log())
        self.fixture.check_whole(_no_strangers(room))
        room.kill()
        assert room.start(*self.flag), "the third start fails:\n" + room.log()
        assert NO_OP in room.log(), room.log()
        self.fixture.check_tasks(room, over=True)
        self.fixture.after.check(room)

    # -- trials

    def kill_importing(self, room, spec):
        target, at = spec
        room.load(self.targets[target])
        self.start_killed(room, at)
        self.judge(room, target)

    def kill_twice(self, room, spec):
        target, at, again = spec
        room.load(self.targets[target])
        self.start_killed(room, at)
        self.start_killed(room, again)
        self.judge(room, target)

    def kill_refusing(self, room, at):
        """Another database is there: refused, and not a byte of it changes, however often it is tried."""
        room.load(self.targets["other"])
        before = tree(room.root)
        self.start_killed(room, at)
        assert tree(room.root) == before, "a refused import changes the target"
        assert not room.start(*self.flag), "an import over another database"
        assert room.wait_exit() == 1 and REFUSED in room.log(), room.log()
        assert tree(room.root) == before, "a refused import changes the target"
        assert room.start("--ignore-dump-if-db-exists", *self.flag), room.log()
        self.other.check(room)

    def kill_imported(self, room, at):
        """It was imported before, and written to since: nothing of that may go."""
        room.load(self.targets["imported"])
        self.start_killed(room, at)
        assert room.start(*self.flag), room.log()
        assert NO_OP in room.log(), room.log()
        room.idle()
        self.later.check(room)

    def kill_planted(self, room, at):
        """A queue that is not written while importing: the new database has a name and lacks tasks."""
        room.load(None)
        room.shim.swallow("/queue/log-")
        self.start_killed(room, at)
        room.shim.swallow("")
        self.judge(room, "absent")


def _no_strangers(room):
    """A folder that only looks like a leftover stays, and is no leftover to complain about."""
    stranger = os.path.join(room.root, "db.importing-not-ours")
    if os.path.isdir(stranger):
        os.rmdir(stranger)
    return room


def main():
    bench = Bench()
    importing = Importing(bench)
    importing.make_targets()
    n = {}
    for target in importing.targets:
        n[target] = importing.count(target)[0]
    print("N = " + ", ".join("%d calls (%s)" % (v, k) for k, v in n.items()), flush=True)
    assert n["absent"] >= 40, "the shim sees too little"
    for target in ("absent", "empty", "leftovers"):
        bench.run("kill while importing, target " + target, [(target, at) for at in range(1, n[target] + 2)],
                  importing.kill_importing)
    bench.run("kill while refusing to import", range(1, n["other"] + 2), importing.kill_refusing)
    bench.run("kill while finding it imported", range(1, n["imported"] + 2), importing.kill_imported)
    pairs = [(at, again) for at in range(2, n["absent"] + 1, 3) for again in range(1, n["absent"] + 2)]
    bench.run("kill while importing after a kill",
              [("absent", *pairs[i - 1]) for i in strided(len(pairs), 400)], importing.kill_twice)
    large = Importing(bench, n_large=400)
    n_large = large.count("absent")[0]
    print("N = %d calls for 400 documents of 50 kB" % n_large)
    bench.run("kill while importing a large dump", [("absent", at) for at in strided(n_large, 24)], large.kill_importing)
    bench.must_fail("an import that forgets tasks", range(n["absent"] // 2, n["absent"] + 2, 4), importing.kill_planted,
                    "is lost")
    bench.end()


if __name__ == "__main__":
    main()

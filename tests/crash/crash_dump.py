# SPDX-License-Identifier: MIT
"""Promise 1 and 3: a server is killed before each call that changes files while it dumps (recipe A).

usage: crash_dump.py lode-server lode shim.so
"""
import os

from crash_common import HELD, KILL, Bench, Gone
from crash_model import Fixture, check_visible


# What the filesystem cannot do; each makes another sequence of calls to give the file its name.
LACKS = {"": 0, "O_TMPFILE": 1, "O_TMPFILE and RENAME_NOREPLACE": 3}


class Dumping:
    def __init__(self, bench, n_large=0, lacks=""):
        self.bench = bench
        self.fixture = Fixture(bench, n_large)
        self.lacks = lacks

    def load(self, room):
        room.load(self.fixture.path)
        room.shim.set(lacks=LACKS[self.lacks])

    # -- pieces of a trial

    def ask(self, room):
        """POST /dumps and its end: (the accepted answer or None, the final status or None)."""
        try:
            answer = room.call("POST", "/dumps")
        except Gone:
            return None, None
        assert answer.status == 202, "POST /dumps: %d %s" % answer
        return answer.json, room.wait_dump(answer.json["uid"])

    def killed_dump(self, room, at, plant=False):
        """A dump that dies at its at-th call; what the client knows of it."""
        self.load(room)
        room.shim.set(name_first=int(plant))
        assert room.start(hold=HELD), room.log()
        room.shim.arm(KILL, at)
        accepted, status = self.ask(room)
        room.kill()
        room.shim.disarm()
        room.shim.set(name_first=0)
        return accepted, status

    def judge(self, room, accepted, status):
        """The files as the kill left them, then the next start."""
        found = check_visible(room, self.fixture.content)
        if status:
            assert status["status"] == "done", status
            assert os.path.join(room.dumps, accepted["uid"] + ".dump") in found, "a finished dump is gone"
        self.judge_start(room, accepted)

    def judge_start(self, room, accepted):
        before = {p: open(p, "rb").read() for p in room.visible_dumps()}
        assert room.start(hold=HELD), "the server does not start again:\n" + room.log()
        assert not room.leftovers(), "left over: %s" % room.leftovers()
        extra = self.fixture.check_tasks(room, over=False)
        assert not accepted or accepted["taskUid"] in extra, "the dump's own task is lost"
        self.fixture.check_whole(room)
        for path, raw in before.items():
            assert open(path, "rb").read() == raw, "%s has changed" % os.path.basename(path)

    # -- trials

    def kill_dumping(self, room, at):
        self.judge(room, *self.killed_dump(room, at))

    def kill_starting(self, room, spec):
        """Killed at `at` while dumping, and at `again` while starting."""
        at, again = spec
        accepted, status = self.killed_dump(room, at)
        room.shim.arm(KILL, again)
        room.start(hold=HELD)
        room.kill()
        room.shim.disarm()
        self.judge(room, accepted, status)

    def kill_planted(self, room, at):
        """The final name first: what this script exists to refuse."""
        self.killed_dump(room, at, plant=True)
        check_visible(room, self.fixture.content)

    # -- how many calls there are

    def count(self, *, starting):
        room = self.bench.rooms[0]
        self.load(room)
        if starting:
            room.shim.arm()
            assert room.start(hold=HELD), room.log()
        else:
            assert room.start(hold=HELD), room.log()
            room.shim.arm()
            accepted, status = self.ask(room)
            assert status["status"] == "done", status
        room.shim.disarm()
        n, entries = room.shim.get("count"), room.shim.entries()
        room.kill()
        return n, entries


def check_order(entries, naming):
    """The counted run itself: data, its sync, the name, the directory's sync, and only then the commit."""
    calls = [(e.call, e.path) for e in entries]
    name = next(i for i, (call, path) in enumerate(calls) if call == naming and path.startswith("dumps/"))
    synced = [i for i, (call, path) in enumerate(calls[:name]) if call == "sync" and path.startswith("dumps/")]
    written = [i for i, (call, path) in enumerate(calls) if call == "write" and path.startswith("dumps/")]
    assert synced and written and max(written) < max(synced) < name, calls
    directory = [i for i, c in enumerate(calls) if c == ("sync", "dumps") and i > name]
    commit = [i for i, (call, path) in enumerate(calls) if call == "write" and path.startswith("db/store/")]
    assert directory and commit and directory[0] < commit[0], "its task ends before the name is durable: %s" % calls


def check_start_order(entries):
    """A kill may have come between a change of names and its sync: a start makes durable what it builds on."""
    synced = {e.path for e in entries if e.call in ("sync", "datasync")}
    for path in (".", "db", "dumps", "db/queue", "db/queue/log-000001"):
        assert path in synced, "a start does not sync %s, only %s" % (path, sorted(synced))


def main():
    bench = Bench()
    dumping = Dumping(bench)
    n, entries = dumping.count(starting=False)
    check_order(entries, "link")
    n_start, start_entries = dumping.count(starting=True)
    check_start_order(start_entries)
    print("N = %d calls from POST /dumps to done, %d of a start" % (n, n_start), flush=True)
    assert n >= 15 and n_start >= 20, "the shim sees too little"
    bench.run("kill while dumping", range(1, n + 2), dumping.kill_dumping)
    bench.run("kill while starting after a kill",
              [(at, again) for at in range(1, n + 1) for again in range(1, n_start + 2)], dumping.kill_starting)
    for lacks, naming in (("O_TMPFILE", "rename"), ("O_TMPFILE and RENAME_NOREPLACE", "link")):
        other = Dumping(bench, lacks=lacks)
        n_other, entries = other.count(starting=False)
        check_order(entries, naming)
        bench.run("kill while dumping without " + lacks, range(1, n_other + 2), other.kill_dumping)
    large = Dumping(bench, n_large=120)
    n_large, entries = large.count(starting=False)
    check_order(entries, "link")
    assert n_large > n, "a large dump takes no more calls than a small one"
    bench.run("kill while writing a large dump", range(1, n_large + 2), large.kill_dumping)
    bench.must_fail("final name first", range(1, n + 1), dumping.kill_planted,
                    "is visible and not good")
    bench.end()


if __name__ == "__main__":
    main()

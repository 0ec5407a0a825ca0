# SPDX-License-Identifier: MIT
"""Disk errors never corrupt: each call that changes files fails, once or from then on (recipe C).

For a dump, for writes, an import, a start and a shutdown, and for the i-th call of each: EIO, ENOSPC, EINTR, a
short write, and no descriptor left. Interrupted calls and short writes must not be noticed. All others end in
an answer that says so, or in a server that says why it ends; nothing visible is wrong, nothing that was
acknowledged is lost, and when the fault is gone everything works again without a restart.

usage: fault_calls.py lode-server lode shim.so
"""
import collections
import errno
import functools
import signal
import sys

from crash_common import CALLS, COUNT, FAIL, HELD, HELD_UNTIL_STRUCK, KILL, SHORT, Bench, Gone, strided
from crash_commit import History, script
from crash_import import NO_OP, tree
from crash_model import Fixture, dump_content, verify

Fault = collections.namedtuple("Fault", "name action error sticky mask spare", defaults=[""])


def only(*calls):
    return sum(1 << CALLS.index(c) for c in calls)


ALL = only(*CALLS[:-1])
# Those that POSIX lets be interrupted.
SLOW = only("open", "write", "sync", "datasync", "truncate", "close")
WRITES, OPENS = only("write"), only("open")
FAULTS = [
    Fault("EIO", FAIL, errno.EIO, False, ALL),
    Fault("EIO from then on", FAIL, errno.EIO, True, ALL),
    Fault("EIO from then on, but in the queue", FAIL, errno.EIO, True, ALL, "/queue"),
    Fault("ENOSPC", FAIL, errno.ENOSPC, False, ALL),
    Fault("ENOSPC from then on", FAIL, errno.ENOSPC, True, ALL),
    Fault("EINTR", FAIL, errno.EINTR, False, SLOW),
    # LevelDB takes an interrupted sync for a failed one: it can heal from one, not from one each time.
    Fault("EINTR at each first try", FAIL, errno.EINTR, True, SLOW, "/store/"),
    Fault("short write", SHORT, 0, False, WRITES),
    Fault("only short writes", SHORT, 0, True, WRITES),
    Fault("EMFILE", FAIL, errno.EMFILE, False, OPENS),
    Fault("EMFILE from then on", FAIL, errno.EMFILE, True, OPENS),
]
BROKEN = ("internal", "no_space_left_on_device")  # what tasks may say after a fault that stays
KINDS = sorted({(f.mask, f.spare) for f in FAULTS})


def harmless(fault):
    """Must not be noticed at all."""
    return fault.action != FAIL or fault.error == errno.EINTR


def arm(room, fault, at):
    room.shim.arm(fault.action, at, fault.error, fault.sticky, fault.mask, fault.spare)


def in_store(room):
    """Something of LevelDB's was struck: it takes an interruption for an error."""
    return any(e.struck and "store/" in e.path + "/" for e in room.shim.entries())


def must_run(room):
    assert not room.ended(), "the server is gone (status %s):\n%s" % (room.process and room.process.poll(), room.log())


def check_exit(room, fault):
    """A start that failed did so on purpose, and says why."""
    status = room.wait_exit()
    assert status == 1 and "lode-server: " in room.log(), "status %d:\n%s" % (status, room.log())
    assert not harmless(fault) or in_store(room), "%s must not be noticed:\n%s" % (fault.name, room.log())


class Failing:
    def __init__(self, bench):
        self.bench = bench
        self.fixture = Fixture(bench)
        room = bench.rooms[0]
        room.load(None)
        assert room.start(), room.log()
        self.empty = bench.keep(room, "empty")
        self._cut_off(room)
        self.scripts = [script(w) for w in range(2)]
        self.flag = ("--import-dump", self.fixture.dump_path)

    def _cut_off(self, room):
        """The fixture, and the task of a dump that was killed."""
        room.load(self.fixture.path)
        assert room.start(hold=HELD), room.log()
        room.shim.arm(KILL, 1, mask=only("link"))
        try:
            room.wait_dump(room.call("POST", "/dumps").json["uid"])
        except Gone:
            pass
        room.kill()
        assert room.shim.disarm(), "the dump was not killed"
        self.cut_off = self.bench.keep(room, "cut-off")

    # -- a dump

    def dump(self, room, fault, at):
        room.load(self.fixture.path)
        assert room.start(hold=HELD_UNTIL_STRUCK), room.log()
        arm(room, fault, at)
        answer = room.call("POST", "/dumps")
        status = room.wait_dump(answer.json["uid"]) if answer.status == 202 else None
        must_run(room)
        room.shim.disarm()
        self.check_dump(room, fault, answer, status)
        self.fixture.check_end(room)
        room.kill()
        assert room.start(), room.log()
        self.fixture.check_end(room)

    def check_dump(self, room, fault, answer, status):
        found = room.visible_dumps()
        struck = [e for e in room.shim.entries() if e.struck]
        for path in found:
            verify(path)
            self.fixture.check_content(dump_content(path))
        if status and status["status"] == "done":
            assert len(found) == 1, "done, and there are %s" % found
            lost = [e for e in struck if e.path.startswith("dumps") and e.call in ("open", "write", "sync", "link")]
            assert harmless(fault) or not lost, "a dump is done although %s" % (lost,)
            return
        assert not harmless(fault), "%s makes a dump fail: %s %s" % (fault.name, answer, status)
        if status is None:
            assert answer.status >= 400 and answer.json["message"], answer
        else:
            assert status["status"] == "failed" and status["error"], status
        kept = [e for e in struck if e.call == "unlink" and e.path.endswith(".dump")]
        assert not found or kept, "a failed dump is visible: %s" % found

    # -- writes

    def commit(self, room, fault, at):
        room.load(self.empty)
        assert room.start(), room.log()
        arm(room, fault, at)
        history = History()
        history.write(room, self.scripts, go_on=not harmless(fault))
        must_run(room)
        if not fault.sticky:
            room.idle()  # it heals by itself
        room.shim.disarm()
        room.idle()
        must_run(room)
        history.check(room, machine=BROKEN if fault.sticky else ())
        room.kill()
        assert room.start(), "after %s, SIGKILL: %s" % (fault.name, room.log())
        room.idle()
        history.check(room, machine=BROKEN if fault.sticky else ())
        if harmless(fault):
            assert history.n_acked() == sum(map(len, self.scripts)), "%s is noticed" % fault.name

    # -- an import

    def import_(self, room, fault, at):
        room.load(None)
        arm(room, fault, at)
        listens = room.start(*self.flag, hold=HELD)
        if not listens:
            check_exit(room, fault)
        room.shim.disarm()
        if listens:
            room.idle()
        room.kill()
        before = tree(room.db)
        assert before is None or "IMPORTED" in before, "neither old nor new: %s" % sorted(before)
        assert room.start(*self.flag), "the next start fails:\n" + room.log()
        assert (NO_OP in room.log()) == (before is not None), room.log()
        self.fixture.check_end(room)

    # -- a start

    def start(self, room, fault, at):
        room.load(self.fixture.path)
        arm(room, fault, at)
        listens = room.start(hold=HELD)
        if not listens:
            check_exit(room, fault)
        room.shim.disarm()
        if not listens:
            assert room.start(), "the next start fails:\n" + room.log()
        self.fixture.check_end(room)
        room.kill()
        assert room.start(), room.log()
        self.fixture.check_end(room)

    # -- a start after a killed dump, and the work that was left

    def recover(self, room, fault, at):
        room.load(self.cut_off)
        arm(room, fault, at)
        listens = room.start()
        if listens:
            room.idle()  # it heals by itself
            room.shim.disarm()
        else:
            check_exit(room, fault)
            room.shim.disarm()
            assert room.start(), "the next start fails:\n" + room.log()
        self.fixture.check_end(room)
        room.kill()
        assert room.start(), room.log()
        self.fixture.check_end(room)

    # -- a shutdown, in the middle of work

    def shutdown(self, room, fault, at):
        room.load(self.fixture.path)
        assert room.start(hold=HELD), room.log()
        arm(room, fault, at)
        room.shim.set(hold=0)
        room.process.send_signal(signal.SIGTERM)
        status = room.wait_exit()
        assert status == 0, "after SIGTERM the server ended with %d:\n%s" % (status, room.log())
        room.shim.disarm()
        assert room.start(), "the next start fails:\n" + room.log()
        self.fixture.check_end(room)


AREAS = {"dump": Failing.dump, "commit": Failing.commit, "import": Failing.import_, "start": Failing.start,
         "recover": Failing.recover, "shutdown": Failing.shutdown}
LIMIT = 200  # trials of one fault in one area


def trial(failing, area, fault, room, at):
    AREAS[area](failing, room, fault, at)


def count(failing, area, kind):
    """The most calls of a kind seen in three runs in which nothing fails."""
    room, found = failing.bench.rooms[0], []
    for _ in range(3):
        trial(failing, area, Fault("nothing", COUNT, 0, False, *kind), room, 0)
        found.append(room.shim.get("count"))
        room.kill()
    return max(found)


def main():
    bench = Bench(8)  # much of it is waiting, for what is tried again
    failing = Failing(bench)
    for area in sys.argv[4:] or AREAS:
        n = {kind: count(failing, area, kind) for kind in KINDS}
        print("%s: N = %d calls, %d that may be interrupted, %d writes, %d opens" % (
            area, n[ALL, ""], n[SLOW, ""], n[WRITES, ""], n[OPENS, ""]), flush=True)
        for fault in FAULTS:
            if area == "recover" and fault.sticky and not harmless(fault):
                continue  # it would not end
            bench.run("%s, %s" % (area, fault.name), strided(n[fault.mask, fault.spare] + 1, LIMIT),
                      functools.partial(trial, failing, area, fault))
    bench.end()


if __name__ == "__main__":
    main()

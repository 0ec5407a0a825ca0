# SPDX-License-Identifier: MIT
"""Promise 2: a server is killed before each call that changes files while five clients write.

Each client sends its operations one after the other and notes what was acknowledged. After the kill a model
judges: each acknowledged task is there once and in order, the one a client had no answer to is there or not,
and the indexes are what all tasks there are make of them, in the order of their uids.

usage: crash_commit.py lode-server lode shim.so
"""
import threading

from crash_common import KILL, Bench, Gone
from crash_model import TYPES, Model, noise, submit

WRITERS = 5
SPOOLED = 90000  # bytes of noise; more than a log entry may hold itself


def script(w):
    """What writer w does. Its own indexes are created, filled, swapped and dropped; "shared" is everybody's."""
    a, b, name = "w%da" % w, "w%db" % w, "w%d" % w
    big = [{"id": "%s-big" % name, "text": noise(w, SPOOLED)}]
    ops = [
        ("create", a, None),
        ("add", a, [{"id": i, "by": name} for i in range(3)]),
        ("settings", a, {"stopWords": ["the", name]}),
        ("add", "shared", [{"id": name, "k": 1}, {"id": "last", "by": name}]),
        ("create", b, None),
        ("add", b, [{"id": 10, "by": name}]),
        ("swap", a, b),
        ("delete", b, [0, 1]),
        ("drop", "never%d" % w, None),
        ("add", "shared", [{"id": name, "k": 2}] + (big if w < 2 else [])),
        ("add", a, [{"id": 11, "by": name}]),
        ("settings", "shared", {"synonyms": {name: ["writer"]}}),
        ("drop", b, None),
        ("delete", "shared", ["last"]),
    ]
    return [(op, "%s-%d" % (name, k)) for k, op in enumerate(ops)]


class Sent:
    """An operation that was sent, and what is known of its task."""

    def __init__(self, op, label, uid):
        self.op = op
        self.label = label
        self.uid = uid  # None: no answer, or one that leaves it open


class History:
    def __init__(self):
        self.writers = {}  # number -> [Sent] in the order of sending

    def write(self, room, scripts, go_on=False):
        """Runs the clients until all are done, or the server is gone. `go_on`: errors are answers too."""
        def client(w, ops):
            sent = self.writers.setdefault(w, [])
            for op, label in ops:
                entry = Sent(op, label, None)
                sent.append(entry)
                try:
                    answer = submit(room, op, label)
                except Gone:
                    return
                if answer.status == 202:
                    entry.uid = answer.json["taskUid"]
                elif not go_on:
                    raise AssertionError("%s: %d %s" % (op[:2], answer.status, answer.json))
                elif answer.status != 500:
                    sent.remove(entry)  # refused for certain

        errors = []

        def guarded(w, ops):
            try:
                client(w, ops)
            except Exception as e:  # shown by the trial's own thread
                errors.append(e)

        threads = [threading.Thread(target=guarded, args=(w, ops)) for w, ops in enumerate(scripts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def n_acked(self):
        return sum(s.uid is not None for sent in self.writers.values() for s in sent)

    # -- judging

    def check(self, room, known=(), model=None, machine=()):
        """A server that is idle, against what was sent. `machine`: codes with which tasks may have failed."""
        tasks = {uid: t for uid, t in room.tasks().items() if uid not in known}
        ops = self._identify(tasks)
        model = model or Model()
        for uid in sorted(tasks):
            task = tasks[uid]
            assert task["status"] in ("succeeded", "failed"), task
            if machine and task["status"] == "failed" and task["error"]["code"] in machine:
                continue
            good = model.apply(ops[uid])
            assert task["status"] == ("succeeded" if good else "failed"), "%s should have %s: %s" % (
                ops[uid][:2], "succeeded" if good else "failed", task)
        model.check(room)

    def _identify(self, tasks):
        """uid -> operation; asserts that none is lost, doubled, from nowhere or out of order."""
        ops = {}
        for sent in self.writers.values():
            for s in sent:
                if s.uid is None:
                    continue
                assert s.uid in tasks, "task %d (%s) was acknowledged and is lost" % (s.uid, s.op[:2])
                assert s.uid not in ops, "uid %d was given twice" % s.uid
                task = tasks[s.uid]
                assert task["type"] == TYPES[s.op[0]] and task.get("customMetadata") in (None, s.label), task
                ops[s.uid] = s.op
        for uid in sorted(set(tasks) - set(ops)):
            match = self._match(tasks, uid)
            match.uid = uid
            ops[uid] = match.op
        for w, sent in self.writers.items():
            uids = [s.uid for s in sent if s.uid is not None]
            assert uids == sorted(uids), "the tasks of writer %d are out of order: %s" % (w, uids)
        return ops

    def _match(self, tasks, uid):
        """The operation without an answer that task `uid` comes from."""
        task = tasks[uid]
        for w, sent in self.writers.items():
            name = task["indexUid"]
            for other in tasks.values():  # a swap renames the tasks before it
                if (other["type"] == TYPES["swap"] and other["uid"] > uid and other["status"] == "succeeded"
                        and name in other["details"]["swaps"][0]["indexes"]):
                    name = [i for i in other["details"]["swaps"][0]["indexes"] if i != name][0]
            for s in sent:
                if s.uid is not None or TYPES[s.op[0]] != task["type"]:
                    continue
                if task.get("customMetadata"):
                    same = task["customMetadata"] == s.label
                elif s.op[0] == "swap":
                    same = sorted(task["details"]["swaps"][0]["indexes"]) == sorted(s.op[1:])
                elif s.op[0] == "settings":
                    same = name == s.op[1] and all(task["details"].get(k) == v for k, v in s.op[2].items())
                else:
                    same = name == s.op[1]
                if same:
                    return s
        raise AssertionError("a task from nowhere, or one that was doubled: %s" % task)


class Committing:
    def __init__(self, bench):
        self.bench = bench
        room = bench.rooms[0]
        room.load(None)
        assert room.start(), room.log()
        self.empty = bench.keep(room, "empty")
        self.scripts = [script(w) for w in range(WRITERS)]

    def count(self):
        """The calls from the first request to the last task's end, of a run without a kill."""
        room = self.bench.rooms[0]
        room.load(self.empty)
        assert room.start(), room.log()
        room.shim.arm()
        history = History()
        history.write(room, self.scripts)
        room.idle()
        room.shim.disarm()
        n = room.shim.get("count")
        history.check(room)
        assert history.n_acked() == sum(map(len, self.scripts))
        assert any("spool-" in e.path for e in room.shim.entries()), "nothing was spooled"
        room.kill()
        return n

    def killed(self, room, at, swallow=""):
        room.load(self.empty)
        room.shim.swallow(swallow)
        assert room.start(), room.log()
        room.shim.arm(KILL, at)
        history = History()
        history.write(room, self.scripts)
        try:
            room.idle()
        except Gone:
            pass
        room.kill()
        room.shim.disarm()
        room.shim.swallow("")
        return history

    def judge(self, room, history):
        assert room.start(), "the server does not start again:\n" + room.log()
        room.idle()
        history.check(room)
        assert not room.leftovers(), room.leftovers()
        spools = [n for n in listing(room) if n.startswith("spool-")]
        assert not spools, "payloads of ended tasks are left: %s" % spools

    def kill_writing(self, room, at):
        self.judge(room, self.killed(room, at))

    def kill_starting(self, room, spec):
        at, again = spec
        history = self.killed(room, at)
        room.shim.arm(KILL, again)
        if room.start():
            try:
                room.idle()
            except Gone:
                pass
        room.kill()
        room.shim.disarm()
        self.judge(room, history)

    def kill_planted(self, room, at):
        """A log that says it wrote: what was acknowledged is not there."""
        self.judge(room, self.killed(room, at, swallow="/queue/log-"))


def listing(room):
    import os
    return os.listdir(os.path.join(room.db, "queue"))


def main():
    bench = Bench()
    committing = Committing(bench)
    counts = [committing.count() for _ in range(5)]
    n = max(counts)
    print("N = %d calls while %d clients send %d operations (%s)" % (
        n, WRITERS, sum(map(len, committing.scripts)), ", ".join(map(str, counts))), flush=True)
    assert n >= 60, "the shim sees too little"
    bench.run("kill while writing", range(1, n + 2), committing.kill_writing)
    bench.run("kill while starting after a kill",
              [(at, 1 + at * 7 % 45) for at in range(1, n + 1)], committing.kill_starting)
    bench.must_fail("a log that does not write", range(20, n, 20), committing.kill_planted, "is lost")
    bench.end()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""Kill -9 under eight writers: what was answered is there once and in order, and nothing by half.

Half of the rounds die at a moment that only the number of answers decides, the others at a named
point of the server. LODE_SEED chooses another run.
"""
import http.client
import os
import random
import threading

from product_common import Server, equal, main
from product_dumps import check_dump_of_load, check_file
from product_writers import INDEXES, Load, all_tasks, canonical, check_ended, seed_of_run

ROUNDS = 20
POINTS = ("store_commit", "store_after_commit", "task_before_commit", "task_after_commit", "fs_sync", "fs_write",
          "fs_rename", "fs_open")


class Reader(threading.Thread):
    """Looks at documents while they are written: each answer must be a state between two tasks."""

    def __init__(self, server, rng):
        super().__init__(daemon=True)
        self.server, self.rng = server, rng
        self.seen = set()  # (index, canonical documents)
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            index = self.rng.choice(INDEXES)
            try:
                answer = self.server.http("GET", "/indexes/%s/documents?limit=1000" % index, timeout=30)
            except OSError:
                return
            except Exception:  # a cut answer: the server is gone
                return
            if answer.json:
                self.seen.add((index, canonical({d["id"]: d for d in answer.json["results"]})))


def one_round(home, load, rng, number):
    flags, acks = [], rng.randrange(1, 160)
    if number % 2:
        flags = ["--fault", "%s=abort@%d" % (rng.choice(POINTS), rng.randrange(1, 60))]
    server = Server(*flags, home=home, wait=False)
    if server.wait_log(r'msg="listening"') is None:  # the point was reached while starting
        server.kill()
        return set()
    server.wait_listening()
    reader = Reader(server, rng)
    load.start(server)
    reader.start()
    load.wait_acks(acks)
    server.kill()
    reader.over.set()
    load.stop()
    reader.join(30)
    return reader.seen


def test_kill_under_eight_writers():
    seed = seed_of_run()
    rng = random.Random(seed)
    load = Load(seed)
    seen = set()
    with Server() as server:
        load.prepare(server)
        server.stop()
        for number in range(ROUNDS):
            seen |= one_round(server.home, load, rng, number)
            with Server(home=server.home) as again:
                # At once: every answered write has its task, ended or queued.
                order = load.named([(t["uid"], t.get("customMetadata")) for t in all_tasks(again)])
                equal(load.lost(order), [], "answered and lost, round %d" % number)
                again.idle()
                order = check_ended(again, load)
                equal([uid for uid, _ in order], list(range(order[0][0], order[0][0] + len(order))) if order else [],
                      "uids leave no hole")
        _, states = load.states(order)
    known = {(index, text) for index, texts in states.items() for text in texts}
    halves = [(i, t[:300]) for i, t in seen if (i, t) not in known]
    equal(halves, [], "a reader saw half a task")
    print("        %d writes answered, %d in the log, %d states seen" % (len(load.acked), len(order), len(seen)))
    assert len(load.acked) > 50 * ROUNDS // 2, "too little was written to prove anything"


def test_clean_ends_under_eight_writers():
    """SIGTERM instead: the drain answers what it took, and status is 0."""
    seed = seed_of_run()
    load = Load(seed + 1)
    with Server("--drain-ms", "5000") as server:
        load.prepare(server)
        server.stop()
        for _ in range(3):
            running = Server("--drain-ms", "5000", home=server.home)
            load.start(running)
            load.wait_acks(60)
            load.stopping.set()
            running.stop()
            load.stop()
        with Server(home=server.home) as again:
            again.idle()
            check_ended(again, load)


class Dumper(threading.Thread):
    """One dump after the other until the server is gone; keeps what was said to be done."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.done, self.wrong = server, [], []
        self.ended = threading.Semaphore(0)

    def run(self):
        try:
            while True:
                uid = self.server.http("POST", "/dumps", timeout=60).json["uid"]
                status = self.server.wait_dump(uid)
                (self.done if status["status"] == "done" else self.wrong).append(status)
                self.ended.release()
        except (OSError, http.client.HTTPException):
            pass

    def wait_ended(self, n):
        for _ in range(n):
            assert self.ended.acquire(timeout=60), "no dump ends"


def test_kill_under_writers_and_dumps():
    """Whatever is visible afterwards is a whole dump of one moment, and what was `done` is there."""
    seed = seed_of_run() + 2
    rng = random.Random(seed)
    load = Load(seed)
    count = 0
    with Server() as server:
        load.prepare(server)
        server.stop()
        for number in range(10):
            flags = []
            if number % 2:
                point = rng.choice(("dump_before_read", "dump_after_read", "dump_before_name", "dump_after_name",
                                    "fs_sync", "fs_sync_dir", "fs_write", "store_commit"))
                flags = ["--fault", "%s=abort@%d" % (point, rng.randrange(1, 5) if "dump" in point else
                                                     rng.randrange(10, 80))]
            running = Server(*flags, home=server.home, wait=False)
            if running.wait_log(r'msg="listening"') is None:  # the point was reached while starting
                running.kill()
                continue
            dumper = Dumper(running.wait_listening())
            load.start(running)
            dumper.start()
            load.wait_acks(rng.randrange(30, 120))
            if not flags:
                dumper.wait_ended(2)  # and dies in a later one
            running.kill()
            load.stop()
            dumper.join(60)
            equal(dumper.wrong, [], "a dump failed")
            with Server(home=server.home) as again:
                left = sorted(os.listdir(again.dumps))
                equal([n for n in left if not n.endswith(".dump")], [], "left behind, round %d" % number)
                equal(sorted({s["uid"] + ".dump" for s in dumper.done} - set(left)), [], "done, and not there")
                for name in left:
                    path = os.path.join(again.dumps, name)
                    check_file(path)
                    check_dump_of_load(load, path)
                    os.unlink(path)
                count += len(left)
                again.idle()
                check_ended(again, load)
    print("        %d dumps, %d writes answered" % (count, len(load.acked)))
    assert count >= 10, "too few dumps"


if __name__ == "__main__":
    main(globals(), seconds=300)

# SPDX-License-Identifier: MIT
"""Eight writers through both doors, and a model of what must have become of what they wrote.

Every write carries a name of its own (customMetadata), so that the task list of the server, read
later or in a dump, says which writes there are and in which order. The model applies the same writes
in that order. A write without an answer may have happened or not; an answered one must have, once.
"""
import http.client
import json
import os
import random
import threading
import urllib.parse

import grpc
from product_common import Failure, Server, documents_pb2, equal, message_class, methods, upload_messages

INDEXES = ("alpha", "beta", "gamma")
IDS = 40


def seed_of_run():
    seed = int(os.environ.get("LODE_SEED", "20260801"))
    print("        LODE_SEED=%d" % seed, flush=True)
    return seed


def make_op(rng, name):
    """(kind, index, payload)"""
    kind = rng.choices(("add", "update", "bad", "delete", "batch", "clear"), (40, 25, 8, 12, 12, 3))[0]
    index = rng.choice(INDEXES)
    if kind in ("add", "update", "bad"):
        documents = [{"id": rng.randrange(IDS), "by": name, "m%d" % rng.randrange(5): rng.randrange(1000)}
                     for _ in range(rng.randrange(1, 9))]
        if kind == "bad":
            documents.insert(rng.randrange(len(documents) + 1), {"id": "no good"})
        return kind, index, documents
    if kind == "delete":
        return kind, index, rng.randrange(IDS)
    return kind, index, [rng.randrange(IDS) for _ in range(rng.randrange(1, 6))] if kind == "batch" else None


def apply(state, op):
    """What the write does to {index: {id: document}}; documents are never changed in place."""
    kind, index, payload = op
    documents = state[index]
    if kind == "add":
        documents.update((d["id"], d) for d in payload)
    elif kind == "update":
        for d in payload:
            documents[d["id"]] = dict(documents.get(d["id"], {}), **d)
    elif kind == "delete":
        documents.pop(payload, None)
    elif kind == "batch":
        for i in payload:
            documents.pop(i, None)
    elif kind == "clear":
        documents.clear()


class HttpWriter:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def send(self, name, op):
        kind, index, payload = op
        base, query = "/indexes/%s/documents" % index, "?customMetadata=" + urllib.parse.quote(name)
        method, path, body = {
            "add": ("POST", base, payload), "bad": ("POST", base, payload), "update": ("PUT", base, payload),
            "delete": ("DELETE", "%s/%s" % (base, payload), None), "batch": ("POST", base + "/delete-batch", payload),
            "clear": ("DELETE", base, None)}[kind]
        self.connection.request(method, path + query, None if body is None else json.dumps(body),
                                {} if body is None else {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 202, text
        return json.loads(text)["taskUid"]

    def close(self):
        self.connection.close()


class GrpcWriter:
    def __init__(self, server):
        self.channel = grpc.insecure_channel("127.0.0.1:%d" % server.port, options=[
            ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0)])

    def call(self, name, request):
        method = methods()["Documents." + name]
        make = self.channel.stream_unary if hasattr(request, "__next__") else self.channel.unary_unary
        return make("/lode.v1.Documents/" + name,
                    request_serializer=message_class(method.input_type).SerializeToString,
                    response_deserializer=message_class(method.output_type).FromString)(request, timeout=60).task_uid

    def send(self, name, op):
        kind, index, payload = op
        if kind in ("add", "bad", "update"):
            return self.call("Update" if kind == "update" else "Add", upload_messages(
                index, json.dumps(payload).encode(), piece=50, custom_metadata=name))
        if kind == "delete":
            return self.call("Delete", documents_pb2.DeleteDocumentRequest(
                index_uid=index, document_id=str(payload), custom_metadata=name))
        if kind == "batch":
            return self.call("DeleteBatch", documents_pb2.DeleteDocumentsRequest(
                index_uid=index, ids=[str(i) for i in payload], custom_metadata=name))
        return self.call("DeleteAll", documents_pb2.DeleteAllDocumentsRequest(index_uid=index, custom_metadata=name))

    def close(self):
        self.channel.close()


class Load:
    """The writers, what they sent, and what was acknowledged, over any number of servers in a row."""

    def __init__(self, seed):
        self.seed = seed
        self.round = 0
        self.sent = {}      # name -> op
        self.acked = {}     # name -> uid
        self.changed = threading.Condition()
        self.refused = []
        self.threads = []
        self.alive = 0
        self.stopping = threading.Event()

    @staticmethod
    def prepare(server):
        for uid in INDEXES:
            server.write("POST", "/indexes", {"uid": uid, "primaryKey": "id"})

    def start(self, server):
        self.round += 1
        self.stopping.clear()
        self.alive = 8
        self.threads = [threading.Thread(target=self._write, args=(server, n), daemon=True) for n in range(8)]
        for thread in self.threads:
            thread.start()

    def _write(self, server, n):
        rng = random.Random("%d/%d/%d" % (self.seed, self.round, n))
        writer = (HttpWriter if n % 2 else GrpcWriter)(server)
        try:
            count = 0
            while not self.stopping.is_set():
                name = "r%d w%d %d" % (self.round, n, count)
                count += 1
                op = make_op(rng, name)
                with self.changed:
                    self.sent[name] = op
                uid = writer.send(name, op)
                with self.changed:
                    self.acked[name] = uid
                    self.changed.notify_all()
        except (grpc.RpcError, http.client.HTTPException, OSError):
            pass  # the server is gone: what was on its way may have happened or not
        except (AssertionError, Failure) as e:
            self.refused.append("%s: %s" % (name, e))
        finally:
            writer.close()
            with self.changed:
                self.alive -= 1
                self.changed.notify_all()

    def wait_acks(self, more, seconds=60):
        """Until that many more writes were answered, or the writers have all ended."""
        with self.changed:
            goal = len(self.acked) + more
            self.changed.wait_for(lambda: len(self.acked) >= goal or not self.alive, seconds)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a writer hangs"
        equal(self.refused, [], "a good write was refused")

    # -- the model

    def named(self, tasks):
        """Those of [(uid, name)] that writers made, in the order of uids, checked against what was sent and acked."""
        order = sorted((uid, name) for uid, name in tasks if name)
        names = [name for _, name in order]
        equal(len(set(names)), len(names), "a write is there twice")
        equal(sorted(set(names) - set(self.sent)), [], "a write that nobody made")
        uids = {name: uid for uid, name in order}
        for name in names:
            if name in self.acked:
                equal(uids[name], self.acked[name], "the answer to %s named another task" % name)
        last = {}
        for uid, name in order:  # a writer waits for each answer, so its writes are in order
            r, w, count = name.split()
            key, count = (int(r[1:]), w), int(count)
            assert last.get(key, -1) < count, "%s comes after a later write of its writer" % name
            last[key] = count
        return order

    def lost(self, order):
        """Answered writes that are not there."""
        names = {name for _, name in order}
        return sorted(set(self.acked) - names)

    def states(self, order):
        """The documents after each of these writes, beginning with none: canonical text, by index."""
        state = {index: {} for index in INDEXES}
        seen = {index: [canonical({})] for index in INDEXES}
        for _, name in order:
            op = self.sent[name]
            if op[0] != "bad":
                apply(state, op)
                seen[op[1]].append(canonical(state[op[1]]))
        return state, seen


def canonical(documents):
    return json.dumps([documents[i] for i in sorted(documents)], sort_keys=True)


def stored(server, index):
    return {d["id"]: d for d in server.documents(index)}


def all_tasks(server):
    """Every task, oldest first, by pages."""
    tasks, start = [], None
    while True:
        page = server.get("/tasks?reverse=true&limit=1000" + ("" if start is None else "&from=%d" % start))
        tasks += page["results"]
        start = page["next"]
        if start is None:
            equal([t["uid"] for t in tasks], sorted({t["uid"] for t in tasks}), "uids of the list")
            return tasks


def check_ended(server, load):
    """All is idle: what is there is what the model says, task by task."""
    tasks = all_tasks(server)
    by_name = {t.get("customMetadata"): t for t in tasks}
    order = load.named([(t["uid"], t.get("customMetadata")) for t in tasks])
    equal(load.lost(order), [], "answered and lost")
    state, _ = load.states(order)
    for index in INDEXES:
        equal(stored(server, index), state[index], "documents of " + index)
    for _, name in order:
        kind, _, payload = load.sent[name]
        task = by_name[name]
        equal(task["status"], "failed" if kind == "bad" else "succeeded", name)
        if kind in ("add", "update", "bad"):
            equal(task["details"], {"receivedDocuments": len(payload),
                                    "indexedDocuments": 0 if kind == "bad" else len(payload)}, name)
    return order


__all__ = ["INDEXES", "Load", "Server", "all_tasks", "canonical", "check_ended", "seed_of_run", "stored"]

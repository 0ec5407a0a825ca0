# SPDX-License-Identifier: MIT
"""Dumps read from outside: zstd, the .proto file and the format's description are all that is needed."""
import collections
import hashlib
import json
import os
import struct
import subprocess
import sys

from product_common import dump_pb2, equal
from product_writers import INDEXES, canonical

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
import dump_file  # noqa: E402


def read_dump(path):
    """Every record of a dump."""
    return [dump_pb2.Record.FromString(raw) for raw in dump_file.records(path)]


class DumpContent:
    """A dump as a reader sees it: indexes with settings and raw documents, tasks with payloads."""

    def __init__(self, path):
        self.indexes = collections.OrderedDict()  # uid -> {"index", "settings", "documents"}
        self.tasks = []  # (Task, [raw document])
        self.header = self.instance = self.manifest = None
        current = None
        for record in read_dump(path):
            kind = record.WhichOneof("kind")
            if kind == "header":
                self.header = record.header
            elif kind == "index":
                current = {"index": record.index, "settings": None, "documents": []}
                self.indexes[record.index.uid] = current
            elif kind == "settings":
                current["settings"] = json.loads(record.settings.json)
            elif kind == "document":
                current["documents"].append(record.document)
            elif kind == "task":
                self.tasks.append((record.task, []))
            elif kind == "task_document":
                self.tasks[-1][1].append(record.task_document)
            elif kind == "instance":
                self.instance = record.instance
            elif kind == "manifest":
                self.manifest = record.manifest
            else:
                raise AssertionError("a record of no kind")



def check_file(path):
    """Trailer, hash and manifest, by what the format's description says; and zstd's own opinion."""
    subprocess.run(["zstd", "-q", "-t", path], check=True)
    with open(path, "rb") as f:
        data = f.read()
    trailer = data[-128:]
    equal(struct.unpack_from("<II8sI", trailer), (0x184D2A50, 120, b"LODEDUMP", 1))
    offset, size = struct.unpack_from("<QQ", trailer, 24)
    equal(offset + size, len(data) - 128)
    equal(trailer[40:72], hashlib.sha256(data[:-128]).digest())
    manifest = DumpContent(path).manifest
    at = 0
    for section in manifest.sections:
        equal(section.offset, at, "sections tile the file")
        at += section.compressed_bytes
        raw = subprocess.run(["zstdcat"], input=data[section.offset:at], stdout=subprocess.PIPE, check=True).stdout
        equal(len(raw), section.content_bytes)
    equal(at, offset)
    return manifest


def check_dump_of_load(load, path):
    """The dump is one moment: of each index the ended tasks are a prefix of the accepted ones, the documents are
    what they make, the rest is queued."""
    content = DumpContent(path)
    tasks = [t for t, _ in content.tasks]
    uids = [t.uid for t in tasks]
    equal(uids, sorted(set(uids)), "tasks in order, each once")
    own = content.header.dump_uid
    ended = [t for t in tasks if t.status not in (1, 2)]
    queued = [t for t in tasks if t.status in (1, 2)]
    writes = [t for t in tasks if t.has_metadata]
    # Only dump tasks may be missing below the next uid: this one, whose end is not in it.
    missing = set(range(content.instance.next_task_uid)) - set(uids)
    equal(len(missing), 1, "uids that are not in the dump %s: %s" % (own, sorted(missing)))
    for index in INDEXES:
        done = [t.uid for t in ended if t.index_uid == index]
        equal([t.uid for t in queued if t.index_uid == index and t.uid < max(done, default=0)], [], "order of " + index)
    order = load.named([(t.uid, t.custom_metadata) for t in writes])
    done = {t.uid for t in ended}
    state, _ = load.states([(u, n) for u, n in order if u in done])
    for index in INDEXES:
        documents = [json.loads(d) for d in content.indexes[index]["documents"]]
        equal(len({d["id"] for d in documents}), len(documents), "a document twice")
        equal(canonical({d["id"]: d for d in documents}), canonical(state[index]), "documents of " + index)
    for task, payload in content.tasks:
        if task.has_metadata and task in queued:
            kind, _, sent = load.sent[task.custom_metadata]
            if kind in ("add", "update", "bad"):
                equal([json.loads(d) for d in payload], sent, "payload of a queued task")
            else:
                equal(payload, [])
    return order, content

# SPDX-License-Identifier: MIT
"""search_bench.py -- searching beside groonga, Sphinx and Xapian: building, queries, changes, disk, memory."""
import argparse
import itertools
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import search_anchors as anchors
import search_queries
from harness import AnonPeak, Server, data_set, emit, median, process_anon

SETTINGS = {"searchableAttributes": ["title", "overview"], "filterableAttributes": ["genres", "price"],
            "sortableAttributes": ["price"]}
P99_AIM = "p99 <= Xapian's"


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


class Wire:
    """One kept connection, as bare as Python can be: what is measured is the server."""

    def __init__(self, port, keep=True):
        self.port, self.keep, self.socket = port, keep, None

    def ask(self, request):
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        data = self.socket.recv(1 << 20)
        head = data.find(b"\r\n\r\n")
        while head < 0:
            data += self.socket.recv(1 << 20)
            head = data.find(b"\r\n\r\n")
        if not data.startswith(b"HTTP/1.1 200"):
            sys.exit(f"a query failed: {request!r}: {data[:600]!r}")
        lower = data[:head].lower()
        at = lower.find(b"content-length:")
        if at < 0:  # groonga answers in chunks and closes
            while chunk := self.socket.recv(1 << 20):
                data += chunk
            self.close()
            return data[head + 4:]
        want = head + 4 + int(lower[at + 15:].split(b"\r\n", 1)[0])
        parts, have = [data], len(data)
        while have < want:
            parts.append(self.socket.recv(1 << 20))
            have += len(parts[-1])
        if b"connection: close" in lower or not self.keep:
            self.close()
        return b"".join(parts)[head + 4:]

    def close(self):
        self.socket.close()
        self.socket = None


def port_of(server):
    return int(server.addr.rsplit(":", 1)[1])


def lode_request(kind, query):
    body = {"q": query[0], "filter": f'genres = "{query[1]}"', "sort": ["price:asc"]} if kind == "sorted" else {"q": query}
    text = json.dumps(body).encode()
    return (b"POST /indexes/movies/search HTTP/1.1\r\nHost: lode\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(text)) + text


def times_of(port, requests, rounds):
    wire, times = Wire(port), []
    for _ in range(rounds):
        for request in requests:
            start = time.perf_counter()
            wire.ask(request)
            times.append(time.perf_counter() - start)
    return times


def mib(n):
    return round(n / 2**20, 1)


def show(times):
    return {f"p{p}_ms": round(percentile(times, p) * 1000, 2) for p in (50, 95, 99)}


def show_warm(times, n):
    """Of all rounds but the first, of n queries, which has a figure of its own: nothing was asked before."""
    return {**show(times[n:]), "first_p99_ms": show(times[:n])["p99_ms"]}


# ---- building ------------------------------------------------------------------------------------------

def import_once(args, dump, db):
    """A server on an imported dump; wall and cpu seconds to listening, peak anonymous memory."""
    shutil.rmtree(db, ignore_errors=True)
    box = {}
    real = Server._read
    Server._read = lambda self: (box.update(pid=self.proc.pid), real(self))
    try:
        with AnonPeak(lambda: process_anon(box["pid"]) if box else 0) as memory:
            server = Server(args, db, "--import-dump", str(dump))
    finally:
        Server._read = real
    return server, server.listening - server.started, server.cpu(), memory.peak


def search_dump(args, data):
    """A dump of the documents with their search settings; made once."""
    dump = args.work / (data.stem + ".search.dump")
    if dump.exists():
        return dump
    db = args.work / "db-search"
    shutil.rmtree(db, ignore_errors=True)
    with Server(args, db) as server:
        server.call("POST", "/indexes", b'{"uid":"movies","primaryKey":"id"}')
        server.call("PATCH", "/indexes/movies/settings", json.dumps(SETTINGS).encode())
        start, cpu = time.monotonic(), server.cpu()
        subprocess.run([str(args.bin / "lode"), "--server", server.addr, "--quiet", "doc", "add", "movies", str(data)], check=True)
        emit(what="search: fill over gRPC", wall_s=round(time.monotonic() - start, 2), cpu_s=round(server.cpu() - cpu, 2))
        uid = server.call("POST", "/dumps")["uid"]
        while server.call("GET", f"/dumps/{uid}/status")["status"] == "in_progress":
            time.sleep(0.05)
        os.replace(args.work / "dumps" / f"{uid}.dump", dump)
    shutil.rmtree(db)
    return dump


def bench_build(args, data, dump):
    ours, restore, sphinx = [], [], []
    for run in range(max(1, args.runs // 2)):
        server, wall, cpu, peak = import_once(args, dump, args.work / "db-search")
        server.stop()
        ours.append((wall, cpu, peak))
        restore.append(anchors.groonga_restore(args, data, args.work / "groonga"))
        sphinx.append(anchors.sphinx_index(args, data))
    wall, cpu, peak = median([o[0] for o in ours]), median([o[1] for o in ours]), max(o[2] for o in ours)
    g_wall, g_cpu, g_peak = median([g[0] for g in restore]), median([g[1] for g in restore]), max(g[2] for g in restore)
    s_wall, s_cpu = median([s[0] for s in sphinx]), median([s[1] for s in sphinx])
    emit(what="dump to searchable, wall", wall_s=round(wall, 2), anchor="groonga < dump", anchor_wall_s=round(g_wall, 2),
         times=round(wall / g_wall, 3), aim="<= 0.4")
    emit(what="dump to searchable, cpu", wall_s=round(cpu, 2), anchor="groonga < dump", anchor_wall_s=round(g_cpu, 2),
         times=round(cpu / g_cpu, 3), aim="<= 0.65")
    emit(what="dump to searchable, to Sphinx", wall_s=round(wall, 2), anchor="indexer", anchor_wall_s=round(s_wall, 2),
         anchor_cpu_s=round(s_cpu, 2), times=round(wall / s_wall, 3), aim="<= 1.0")
    emit(what="dump to searchable, peak memory", mib=mib(peak), anchor="groonga < dump", anchor_mib=mib(g_peak), aim="< 512 MiB")
    small = half_peak(args)
    emit(what="peak memory, to half the documents", mib=mib(peak), anchor="half", anchor_mib=mib(small),
         times=round(peak / small, 2), aim="<= 1.1")


def half_peak(args):
    half = argparse.Namespace(**{**vars(args), "documents": args.documents // 2})
    server, _, _, peak = import_once(half, search_dump(half, data_set(half)), args.work / "db-search")
    server.stop()
    return peak


# ---- queries -------------------------------------------------------------------------------------------

def groonga_requests(groonga, kind, queries):
    return [f"GET {groonga.path(kind, q)} HTTP/1.1\r\nHost: g\r\n\r\n".encode() for q in queries]


def bench_queries(args, data, server, groonga, sets):
    port, p95 = port_of(server), {}
    for kind, queries in sets.items():
        n, rounds = len(queries), max(1, -(-1000 // len(queries)))
        lode = show_warm(times_of(port, [lode_request(kind, q) for q in queries], rounds + 1), n)
        xapian = show_warm(anchors.xapian_times(args, data, kind, queries * (rounds + 1)), n) if kind != "typo" else None
        grn = show(times_of(groonga.port, groonga_requests(groonga, kind, queries), 1))
        p95[kind], theirs = lode["p95_ms"], xapian or {**grn, "first_p99_ms": grn["p99_ms"]}
        aim = {"prefix": "p99 < 20 ms", "typo": "p95 < 7 ms"}.get(kind, P99_AIM)
        emit(what=f"search: {kind}", queries=rounds * n, **lode, anchor="Xapian" if xapian else "groonga",
             anchor_p99_ms=theirs["p99_ms"], anchor_first_p99_ms=theirs["first_p99_ms"], xapian=xapian, groonga=grn,
             times=round(lode["p99_ms"] / theirs["p99_ms"], 2), aim=aim)
    emit(what="one typo to the exact word, p95", p95_ms=p95["typo"], anchor="mid words", anchor_p95_ms=p95["mid"],
         times=round(p95["typo"] / p95["mid"], 2), aim="<= 1.5")


def client(port, requests, stop, pipe):
    wire, done = Wire(port), 0
    for request in itertools.cycle(requests):
        if time.monotonic() >= stop:
            break
        wire.ask(request)
        done += 1
    pipe.send(done)


def rate(port, requests, clients, seconds=5):
    """Queries a second. Each client is a process: two threads of one Python would wait for each other."""
    context, stop = multiprocessing.get_context("fork"), time.monotonic() + seconds
    pipes = [context.Pipe(duplex=False) for _ in range(clients)]
    turned = [requests[i * len(requests) // clients:] + requests[:i * len(requests) // clients] for i in range(clients)]
    procs = [context.Process(target=client, args=(port, turned[i], stop, pipes[i][1])) for i in range(clients)]
    for p in procs:
        p.start()
    done = sum(reader.recv() for reader, _ in pipes)
    for p in procs:
        p.join()
    return done / seconds


def bench_throughput(server, groonga, sets):
    """Two client processes to one, all on the same cores."""
    kinds = ("common", "mid", "two")
    requests = [lode_request(k, q) for k in kinds for q in sets[k]]
    theirs = [r for k in kinds for r in groonga_requests(groonga, k, sets[k])]
    rate(port_of(server), requests, 1)
    one, two = (rate(port_of(server), requests, n) for n in (1, 2))
    g_one, g_two = (rate(groonga.port, theirs, n) for n in (1, 2))
    emit(what="throughput, 2 clients to 1", per_s=round(two), one_client_per_s=round(one), anchor="groonga",
         anchor_per_s=round(g_two), anchor_one_client_per_s=round(g_one), anchor_times=round(g_two / g_one, 2),
         times=round(two / one, 2), aim=">= 1.5")


def bench_dump_meanwhile(args, server, sets):
    """For as long as some dumps take: quiet and busy in turns, so that the hour is the same for both."""
    port, requests = port_of(server), [lode_request("mid", q) for q in sets["mid"]]
    quiet, busy, taken = [], [], []
    for _ in range(3):
        quiet += times_of(port, requests, 10)
        over, start = threading.Event(), time.monotonic()

        def dump():
            uid = server.call("POST", "/dumps")["uid"]
            while server.call("GET", f"/dumps/{uid}/status")["status"] == "in_progress":
                time.sleep(0.01)
            taken.append(time.monotonic() - start)
            over.set()
            (args.work / "dumps" / f"{uid}.dump").unlink()

        thread = threading.Thread(target=dump)
        thread.start()
        while not over.is_set():
            busy += times_of(port, requests, 1)
        thread.join()
    emit(what="search p99 while dumps are written", queries=len(busy), **show(busy), dump_s=round(median(taken), 2),
         anchor="quiet", anchor_p99_ms=show(quiet)["p99_ms"], times=round(percentile(busy, 99) / percentile(quiet, 99), 2),
         aim="<= 2")


# ---- changes -------------------------------------------------------------------------------------------

def task(server, verb, path, body, kind="application/json"):
    """Seconds of wall and cpu until the task has ended."""
    cpu, start = server.cpu(), time.monotonic()
    request = urllib.request.Request(f"http://{server.addr}{path}", method=verb, data=body, headers={"Content-Type": kind})
    with urllib.request.urlopen(request) as answer:
        uid = json.loads(answer.read())["taskUid"]
    while (t := server.call("GET", f"/tasks/{uid}"))["status"] in ("enqueued", "processing"):
        time.sleep(0.01)
    if t["status"] != "succeeded":
        sys.exit(f"a task failed: {t}")
    return time.monotonic() - start, server.cpu() - cpu


def bench_changes(args, data, server, build_cpu):
    n, lines = args.documents // 100, []
    with open(data, "rb") as f:
        for i, line in enumerate(f):
            if i % 100 == 7:
                lines.append(line)
    moved = [json.loads(line) for line in lines]
    fresh = "\n".join(json.dumps({**d, "id": d["id"] + 10_000_000}) for d in moved).encode()
    ndjson, path = "application/x-ndjson", "/indexes/movies/documents"
    add = task(server, "POST", path, fresh, ndjson)
    replaced = "\n".join(json.dumps({**d, "title": d["title"] + " again"}) for d in moved).encode()
    replace = task(server, "POST", path, replaced, ndjson)
    delete = task(server, "POST", path + "/delete-batch", json.dumps([d["id"] + 10_000_000 for d in moved]).encode())
    for name, cost in (("replace", replace), ("delete", delete)):
        emit(what=f"{name} 1 % of the documents, cpu", documents=n, wall_s=round(cost[1], 2), anchor="adding 1 %",
             anchor_wall_s=round(add[1], 2), times=round(cost[1] / add[1], 2), aim="<= 2")
    settings = "/indexes/movies/settings"
    filterable = task(server, "PUT", settings + "/filterable-attributes", b'["genres","price","rating","in_stock"]')
    searchable = task(server, "PUT", settings + "/searchable-attributes", b'["title","overview","tagline"]')
    for name, cost, aim in (("filterableAttributes", filterable, 0.3), ("searchableAttributes", searchable, 1.0)):
        emit(what=f"change {name}, cpu", wall_s=round(cost[1], 2), anchor="dump to searchable", anchor_wall_s=round(build_cpu, 2),
             times=round(cost[1] / build_cpu, 2), aim=f"<= {aim}")


def bench_online(args):
    """Debian's packages in batches of 10,000, the indexes present; settings as in README.md."""
    packages = args.work / "packages.ndjson"
    if not packages.exists():
        with open(packages, "wb") as out:
            subprocess.run(f"apt-cache dumpavail | '{args.bin}/lode-corpus' packages", shell=True, check=True, stdout=out)
    lines = packages.read_bytes().splitlines()
    rows = []
    for i, line in enumerate(lines):
        d = json.loads(line)
        rows.append(json.dumps({"_key": i + 1, "title": d["id"], "overview": f"{d.get('summary', '')} {d.get('description', '')}",
                                "genres": [d.get("section", "")], "price": d.get("size", 0), "json": line.decode()}))
    theirs = anchors.groonga_online(args, rows, 10000, args.work / "groonga-online")
    db = args.work / "db-online"
    shutil.rmtree(db, ignore_errors=True)
    with Server(args, db) as server:
        server.call("POST", "/indexes", b'{"uid":"packages","primaryKey":"id"}')
        task(server, "PATCH", "/indexes/packages/settings", json.dumps(
            {"searchableAttributes": ["summary", "id", "description"], "filterableAttributes": ["section", "size"],
             "sortableAttributes": ["size"]}).encode())
        cpu = sum(task(server, "POST", "/indexes/packages/documents", b"\n".join(lines[i:i + 10000]), "application/x-ndjson")[1]
                  for i in range(0, len(lines), 10000))
    shutil.rmtree(db)
    shutil.rmtree(args.work / "groonga-online")
    emit(what="online adds, batches of 10,000", per_s=round(len(lines) / cpu), anchor="groonga", unit="documents a cpu second",
         anchor_per_s=round(len(lines) / theirs[1]), times_faster=round(theirs[1] / cpu, 2), aim=">= 2")


def bench_disk(args, data):
    ndjson, ours = data.stat().st_size, disk_bytes(args.work / "db-search")
    theirs = {name: round(disk_bytes(path) / ndjson, 2)
              for name, path in (("groonga", args.work / "groonga"), ("xapian", anchors.xapian_database(args, data)))}
    emit(what="disk, documents and index", bytes=ours, anchor="NDJSON", anchor_bytes=ndjson, **theirs,
         times=round(ours / ndjson, 3), aim="<= 1.0")


def disk_bytes(path):
    return sum(f.stat().st_blocks * 512 for f in path.rglob("*") if f.is_file())


def bench_search(args):
    data = data_set(args)
    sets = search_queries.load(args, data, anchors.documents)
    dump = search_dump(args, data)
    bench_build(args, data, dump)
    server, _, build_cpu, _ = import_once(args, dump, args.work / "db-search")
    groonga = anchors.Groonga(args.work / "groonga")
    try:
        bench_disk(args, data)
        bench_queries(args, data, server, groonga, sets)
        emit(what="serving, anonymous memory after the queries", mib=mib(server.anon_bytes()), anchor="groonga",
             anchor_mib=mib(process_anon(groonga.proc.pid)), aim="< 96 MiB")
        bench_throughput(server, groonga, sets)
        groonga.stop()
        bench_dump_meanwhile(args, server, sets)
        bench_changes(args, data, server, build_cpu)
    finally:
        groonga.stop()
        server.stop()
    bench_online(args)
    shutil.rmtree(args.work / "db-search", ignore_errors=True)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py -- Lode's figures, each beside its anchor, run in turn in the same minutes.

  benchmarks/run.py [dump] [import] [grpc] [http] [search]      the first four when none is named

search wants `server/deps.sh bench` (groonga, Xapian, Sphinx) and takes half an hour the first time.

  --documents N   made-up documents (default 1,000,000, seed 1)
  --runs N        interleaved runs of each pair (default 5; medians are printed)
  --bin DIR       where lode-server, lode and lode-corpus are (default build/bin)
  --work DIR      scratch folder; the data set is kept there between runs (default /tmp/lode-bench)

Every row is printed as one JSON line, and all of them as a table at the end. Wall time is what a
person waits; cpu is user + system seconds of the process (a server's: of that work alone). The
machines are shared and noisy: trust ratios of cpu before ratios of wall.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from harness import ROOT, AnonPeak, Server, data_set, emit, free_port, median, process_anon, process_cpu, table, timed
from search_bench import bench_search


def filled(args, *options):
    """A server with the data set in it (the database is kept between runs of this script)."""
    db = args.work / f"db-{args.documents}"
    data = data_set(args)
    fresh = not (args.work / f"filled-{args.documents}").exists()
    if fresh:
        shutil.rmtree(db, ignore_errors=True)
    server = Server(args, db, *options)
    if fresh:
        # Documents alone: what searching costs is measured in search_bench.py.
        server.call("POST", "/indexes", b'{"uid":"movies","primaryKey":"id"}')
        server.call("PUT", "/indexes/movies/settings/searchable-attributes", b'["none"]')
        wall, _ = timed([str(args.bin / "lode"), "--server", server.addr, "--quiet", "doc", "add", "movies", str(data),
                         "--primary-key", "id"])
        emit(what="fill", documents=args.documents, wall_s=round(wall, 2), cpu_s=round(server.cpu(), 2),
             documents_per_s=round(args.documents / wall))
        (args.work / f"filled-{args.documents}").touch()
    return server


def dump_once(args, server, body=None):
    """One dump from POST to done; its file, wall and cpu seconds, task details, peak extra memory."""
    quiet, cpu = server.anon_bytes(), server.cpu()
    with AnonPeak(server.anon_bytes) as memory:
        start = time.monotonic()
        answer = server.call("POST", "/dumps", body)
        while True:
            status = server.call("GET", f"/dumps/{answer['uid']}/status")
            if status["status"] != "in_progress":
                break
            time.sleep(0.002)
        wall = time.monotonic() - start
    if status["status"] != "done":
        sys.exit(f"the dump failed: {status}")
    time.sleep(0.05)  # the clock that /proc/PID/stat counts by has ticks of 10 ms
    details = server.call("GET", f"/tasks/{answer['taskUid']}")["details"]
    file = args.work / "dumps" / f"{answer['uid']}.dump"
    return file, wall, server.cpu() - cpu, details, max(0, memory.peak - quiet)


def recompressed_dump(args, server, level):
    out = subprocess.run([str(args.bin / "lode"), "--server", server.addr, "--json", "dump", "create", "--no-wait",
                          "--recompress", str(level)], check=True, capture_output=True, text=True).stdout
    uid = json.loads(out.splitlines()[0])["uid"]
    while server.call("GET", f"/dumps/{uid}/status")["status"] == "in_progress":
        time.sleep(0.01)
    return args.work / "dumps" / f"{uid}.dump"


def zstd_synced(data, out):
    return timed(["sh", "-c", f"zstd -q -f -T0 -3 '{data}' -o '{out}' && sync '{out}'"])


def bench_dump(args):
    data, out = data_set(args), args.work / "anchor.zst"
    anchors, dumps, reads = [], [], []
    with filled(args) as server:
        dump_once(args, server)[0].unlink()  # warm-up
        for _ in range(args.runs):
            anchors.append(zstd_synced(data, out))
            dumps.append(dump_once(args, server))
            if len(dumps) > 1:
                dumps[-2][0].unlink()
        small = recompressed_dump(args, server, 3)
    with filled(args, "--dump-barrier", "read") as server:
        dump_once(args, server)[0].unlink()
        for _ in range(args.runs):
            reads.append(dump_once(args, server))
            reads[-1][0].unlink()
    subprocess.run(["zstd", "-q", "-t", str(dumps[-1][0])], check=True)
    anchor_wall, anchor_cpu = median([a[0] for a in anchors]), median([a[1] for a in anchors])
    wall, cpu = median([d[1] for d in dumps]), median([d[2] for d in dumps])
    read = median([r[3]["barrierHeldMs"] for r in reads]) / 1000
    size, anchor_size = dumps[-1][0].stat().st_size, out.stat().st_size
    emit(what="dump, POST to done", wall_s=round(wall, 3), cpu_s=round(cpu, 3), anchor="zstd -T0 -3, synced",
         anchor_wall_s=round(anchor_wall, 3), anchor_cpu_s=round(anchor_cpu, 3), times_faster=round(anchor_wall / wall, 2),
         aim=">= 2.5")
    emit(what="dump, reading and writing alone", wall_s=round(read, 3), anchor="the same",
         anchor_wall_s=round(anchor_wall, 3), times_faster=round(anchor_wall / read, 2), aim=">= 5")
    emit(what="barrier held", wall_s=round(median([d[3]["barrierHeldMs"] for d in dumps]) / 1000, 3),
         wait_ms=round(median([d[3]["barrierWaitMs"] for d in dumps]), 2), aim="< 1 s")
    emit(what="dump size", bytes=size, anchor="zstd -3", anchor_bytes=anchor_size, times=round(size / anchor_size, 3),
         aim="<= 1.30")
    emit(what="dump size, recompressed at 3", bytes=small.stat().st_size, anchor="zstd -3", anchor_bytes=anchor_size,
         times=round(small.stat().st_size / anchor_size, 3), aim="<= 1.05")
    emit(what="dump, peak extra memory", mib=round(max(d[4] for d in dumps) / 2**20, 1), aim="< 256 MiB")
    small.unlink()
    os.replace(dumps[-1][0], args.work / f"bench-{args.documents}.dump")


def bench_import(args):
    dump = args.work / f"bench-{args.documents}.dump"
    if not dump.exists():
        with filled(args) as server:
            os.replace(dump_once(args, server)[0], dump)
    walls, cpus, anchors, peaks = [], [], [], []
    for run in range(args.runs + 1):
        db = args.work / "db-import"
        shutil.rmtree(db, ignore_errors=True)
        anchor = timed(["sh", "-c", f"zstd -q -dc '{dump}' > /dev/null"])
        pid = {}

        real = Server._read

        def note(self):
            pid["it"] = self.proc.pid
            real(self)

        Server._read = note
        with AnonPeak(lambda: process_anon(pid["it"]) if pid else 0) as memory:
            server = Server(args, db, "--import-dump", str(dump))
        Server._read = real
        wall, cpu = server.listening - server.started, server.cpu()
        documents = server.call("GET", "/indexes/movies/stats")["numberOfDocuments"]
        server.stop()
        if documents != args.documents:
            sys.exit(f"imported {documents} of {args.documents} documents")
        if run:  # the first is the warm-up
            walls.append(wall), cpus.append(cpu), anchors.append(anchor), peaks.append(memory.peak)
    shutil.rmtree(args.work / "db-import", ignore_errors=True)
    anchor = median([a[0] for a in anchors])
    emit(what="import to listening", wall_s=round(median(walls), 3), cpu_s=round(median(cpus), 3), anchor="zstd -dc of it",
         anchor_wall_s=round(anchor, 3), anchor_cpu_s=round(median([a[1] for a in anchors]), 3),
         times=round(median(walls) / anchor, 2), aim="<= 4")
    emit(what="import, peak memory", mib=round(max(peaks) / 2**20, 1), aim="< 256 MiB")


# ---- gRPC ------------------------------------------------------------------------------------------

def build_anchor(args):
    program = args.work / "anchor_grpc"
    source = ROOT / "benchmarks/load/anchor_grpc.cc"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    made = args.work / "anchor-gen"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    protos = ["lode/options.proto", "lode/v1/common.proto", "lode/v1/system.proto", "lode/v1/system_service.proto"]
    plugin = shutil.which("grpc_cpp_plugin")
    subprocess.run(["protoc", f"-I{ROOT}/proto", f"--cpp_out={made}", f"--grpc_out={made}",
                    f"--plugin=protoc-gen-grpc={plugin}", *protos], check=True)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "grpc++", "protobuf"], check=True, capture_output=True,
                           text=True).stdout.split()
    subprocess.run(["g++", "-O2", "-std=c++17", f"-I{made}", str(source), *map(str, sorted(made.rglob("*.cc"))), "-o",
                    str(program), *flags], check=True)
    return program


def h2load(port, streams, calls, body):
    out = subprocess.run(["h2load", "-n", str(calls), "-c", "1", "-m", str(streams), "-d", str(body), "-H",
                          "content-type: application/grpc", "-H", "te: trailers",
                          f"http://127.0.0.1:{port}/lode.v1.System/Version"], check=True, capture_output=True, text=True).stdout
    done = int(re.search(r"(\d+) succeeded", out).group(1))
    if done != calls:
        sys.exit(f"h2load: {done} of {calls} calls succeeded:\n{out}")
    return float(re.search(r"([\d.]+) req/s", out).group(1))


def bench_grpc(args):
    body = args.work / "empty-message"
    body.write_bytes(b"\0\0\0\0\0")
    anchor = subprocess.Popen([str(build_anchor(args))], stdout=subprocess.PIPE, text=True)
    anchor_port = int(anchor.stdout.readline().split()[1])
    try:
        with Server(args, args.work / "db-grpc") as server:
            port = int(server.addr.rsplit(":", 1)[1])
            for streams, calls, aim in ((1, 30000, 0.75), (64, 200000, 0.25), (256, 200000, 0.25)):
                ours, theirs = [], []
                h2load(port, streams, calls // 10, body)
                h2load(anchor_port, streams, calls // 10, body)
                for _ in range(args.runs):
                    for pid, p, into in ((server.proc.pid, port, ours), (anchor.pid, anchor_port, theirs)):
                        cpu = process_cpu(pid)
                        rate = h2load(p, streams, calls, body)
                        into.append(((process_cpu(pid) - cpu) / calls * 1e6, rate))
                us, them = median([o[0] for o in ours]), median([t[0] for t in theirs])
                emit(what=f"gRPC unary, {streams} stream{'s' * (streams > 1)}", cpu_us=round(us, 2),
                     calls_per_s=round(median([o[1] for o in ours])), anchor="grpc++ async", anchor_cpu_us=round(them, 2),
                     anchor_calls_per_s=round(median([t[1] for t in theirs])), times=round(us / them, 3), aim=f"<= {aim}")
    finally:
        anchor.kill()
        anchor.wait()
        shutil.rmtree(args.work / "db-grpc", ignore_errors=True)


# ---- HTTP ------------------------------------------------------------------------------------------

def start_nginx(args, port, size):
    root = args.work / "nginx"
    shutil.rmtree(root, ignore_errors=True)
    (root / "www").mkdir(parents=True)
    (root / "www/1").write_bytes(b"x" * size)
    os.chmod(args.work, 0o755)
    (root / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {root}/pid; error_log {root}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000; open_file_cache max=100;
  server {{ listen 127.0.0.1:{port}; root {root}/www; default_type application/json; }} }}
""")
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    proc = subprocess.Popen([binary, "-c", str(root / "nginx.conf"), "-p", str(root)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/1").read()
            return proc
        except OSError:
            time.sleep(0.02)
    sys.exit("nginx did not start")


def wrk(url):
    out = subprocess.run(["wrk", "-t1", "-c64", "-d5s", url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def bench_http(args):
    with filled(args) as server:
        url = f"http://{server.addr}/indexes/movies/documents/1"
        size = len(urllib.request.urlopen(url).read())
        port = free_port()
        nginx = start_nginx(args, port, size)
        try:
            ours, theirs = [], []
            wrk(url)
            for _ in range(args.runs):
                ours.append(wrk(url))
                theirs.append(wrk(f"http://127.0.0.1:{port}/1"))
            emit(what="HTTP GET of one document, 64 connections", per_s=round(median(ours)), bytes=size,
                 anchor="nginx, a file of that size", anchor_per_s=round(median(theirs)),
                 times=round(median(ours) / median(theirs), 3), aim=">= 0.5")
        finally:
            nginx.send_signal(signal.SIGTERM)
            nginx.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=["dump", "import", "grpc", "http", "search", []])
    parser.add_argument("--documents", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bin", type=Path, default=ROOT / "build/bin")
    parser.add_argument("--work", type=Path, default=Path("/tmp/lode-bench"))
    args = parser.parse_args()
    args.bin = args.bin.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    emit(what="machine", commit=commit, cores=os.cpu_count(), date=time.strftime("%Y-%m-%d"), runs=args.runs)
    for name in args.names or ["dump", "import", "grpc", "http"]:
        globals()[f"bench_{name}"](args)
    table()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""harness.py -- what the benchmarks share: a server that is watched, rows that are printed."""
import json
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
rows = []


def median(values):
    return statistics.median(values)


def emit(**row):
    rows.append(row)
    print(json.dumps(row), flush=True)


class Server:
    """lode-server on a free port; knows its cpu seconds and its anonymous memory."""

    def __init__(self, args, db, *options):
        self.db = db
        self.started = time.monotonic()
        self.log = []
        self.proc = subprocess.Popen(
            [str(args.bin / "lode-server"), "--http-addr", "127.0.0.1:0", "--db-path", str(db), "--dumps-dir",
             str(args.work / "dumps"), *options], stderr=subprocess.PIPE, text=True)
        self.addr = None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.ready = threading.Event()
        self.thread.start()
        if not self.ready.wait(600) or not self.addr:
            self.stop()
            sys.exit("lode-server did not start:\n" + "".join(self.log[-20:]))

    def _read(self):
        for line in self.proc.stderr:
            self.log.append(line)
            m = re.search(r"listening.* addr=(\S+)", line)
            if m:
                self.listening = time.monotonic()
                self.addr = m.group(1).strip('"')
                self.ready.set()
        self.ready.set()

    def cpu(self):
        return process_cpu(self.proc.pid)

    def anon_bytes(self):
        return process_anon(self.proc.pid)

    def call(self, verb, path, body=None):
        request = urllib.request.Request(f"http://{self.addr}{path}", method=verb, data=body,
                                         headers={"Content-Type": "application/json"} if body else {})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def stop(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(60)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class AnonPeak:
    """Highest anonymous memory of a process while the block runs, looked at every 5 ms."""

    def __init__(self, read):
        self.read, self.peak, self.over = read, 0, False

    def __enter__(self):
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def _look(self):
        while not self.over:
            try:
                self.peak = max(self.peak, self.read())
            except (OSError, ValueError):
                return
            time.sleep(0.005)

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


def timed(command, **kwargs):
    """Wall and cpu seconds of a finished command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, **kwargs)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def data_set(args):
    path = args.work / f"documents-{args.documents}.ndjson"
    if not path.exists():
        print(f"making {args.documents} documents", file=sys.stderr)
        with open(str(path) + ".part", "wb") as out:
            subprocess.run([str(args.bin / "lode-corpus"), "documents", str(args.documents)], stdout=out, check=True)
        os.rename(str(path) + ".part", path)
    return path


def process_cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def process_anon(pid):
    with open(f"/proc/{pid}/status") as f:
        m = re.search(r"RssAnon:\s+(\d+) kB", f.read())
    return int(m.group(1)) * 1024 if m else 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def table():
    units = (("cpu_us", "us cpu"), ("per_s", "/s"), ("wall_s", "s"), ("bytes", "B"), ("mib", "MiB"), ("p99_ms", "ms p99"),
             ("p95_ms", "ms p95"))

    def first(row, prefix):
        return next((f"{row[prefix + k]:,} {u}" for k, u in units if prefix + k in row), "")

    def cold(row):
        """Where all was asked again and again: how the first time was, Lode's and the anchor's."""
        return f"  first {row['first_p99_ms']} / {row['anchor_first_p99_ms']} ms" if "first_p99_ms" in row else ""

    print(f"\n{'work':44} {'Lode':>14} {'anchor':>14} {'ratio':>8}  aim")
    for r in rows:
        ratio = r.get("times_faster", r.get("times", ""))
        print(f"{r['what']:44} {first(r, ''):>14} {first(r, 'anchor_') or '-':>14} {ratio!s:>8}  {r.get('aim', '')}{cold(r)}")

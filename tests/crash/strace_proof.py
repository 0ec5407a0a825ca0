# SPDX-License-Identifier: MIT
"""The proof that shim.c misses no call that changes files: strace watches the same run, and both must agree.

A server under both starts, takes documents (small ones and spooled ones), settings and deletions, dumps,
and ends; then another one starts by importing. Each call that strace saw below the root is one the shim
recorded, is known to change nothing, or fails the test, also when nobody here has thought of its name.

usage: strace_proof.py lode-server lode shim.so
"""
import collections
import glob
import os
import re
import shutil
import signal
import subprocess

from crash_common import Bench, skip
from crash_model import BASE_OPS, QUEUED_OPS, submit

CHANGES = {
    "write": "write", "pwrite64": "write", "writev": "write", "fsync": "sync", "fdatasync": "datasync",
    "sync_file_range": "range", "rename": "rename", "renameat": "rename", "renameat2": "rename", "link": "link",
    "linkat": "link", "unlink": "unlink", "ftruncate": "truncate", "fallocate": "allocate", "mkdir": "mkdir", "mkdirat": "mkdir",
    "rmdir": "rmdir",
}
HARMLESS = {
    "access", "chdir", "dup", "dup2", "epoll_ctl", "execve", "faccessat", "faccessat2", "fadvise64", "fcntl", "flock",
    "fstat", "fstatfs", "getcwd", "getdents64", "ioctl", "lseek", "lstat", "munmap", "newfstatat", "poll", "pread64",
    "read", "readlink", "readlinkat", "readv", "stat", "statfs", "statx",
}
LINE = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\) += (-?\d+|\?)(.*)$")
FD = re.compile(r"^(AT_FDCWD|\d+)(?:<([^>]*)>(?:\(deleted\))?)?$")


def arguments(text):
    """The arguments of a call as strace prints them: split at commas outside strings and brackets."""
    found, depth, quoted, now, i = [], 0, False, "", 0
    while i < len(text):
        c = text[i]
        if quoted and c == "\\":
            now += text[i:i + 2]
            i += 2
            continue
        if c == '"':
            quoted = not quoted
        elif not quoted and c in "[{<":
            depth += 1
        elif not quoted and c in "]}>":
            depth -= 1
        if c == "," and not quoted and depth == 0:
            found.append(now.strip())
            now = ""
        else:
            now += c
        i += 1
    return found + [now.strip()]


def tidy(path):
    return os.path.normpath(path.replace(" (deleted)", ""))


class Watch:
    """What strace saw, as (call, path below root) with counts."""

    def __init__(self, prefix, root):
        self.root = root
        self.seen = collections.Counter()
        self.strange = []
        self.writable = {}  # descriptor -> opened for writing
        self.n_lines = 0
        lines = []
        for name in glob.glob(prefix + ".*"):
            with open(name, errors="replace") as f:
                lines += [m.groups() for m in map(LINE.match, f) if m]
        for _, call, text, result, rest in sorted(lines, key=lambda line: float(line[0])):
            self.n_lines += 1
            self.take(call, arguments(text), result, rest)

    def ours(self, path):
        return path == self.root or path.startswith(self.root + "/")

    def path_of(self, fd, name=None):
        """Of a descriptor, or of a name below one."""
        match = FD.match(fd)
        base = match.group(2) if match else ""
        if name is None:
            return tidy(base or "")
        name = name.strip('"')
        return tidy(name if name.startswith("/") else (base or "") + "/" + name)

    def note(self, kind, path):
        if self.ours(path):
            self.seen[kind, os.path.relpath(path, self.root)] += 1

    def take(self, call, args, result, rest):
        fd = args[0].split("<")[0]
        if call in ("open", "openat", "creat"):
            if call == "openat":
                path, flags = self.path_of(args[0], args[1]), args[2]
            else:
                path, flags = self.path_of("AT_FDCWD", args[0]), args[1] if call == "open" else "O_WRONLY"
            if re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", flags):
                self.note("open", path)
            self.writable[result] = bool(re.search("O_WRONLY|O_RDWR", flags))
        elif call == "fcntl" and args[1].startswith("F_DUPFD"):
            self.writable[result] = self.writable.get(fd, False)
        elif call == "close":
            if self.writable.pop(fd, False):
                self.note("close", self.path_of(args[0]))
        elif call == "unlinkat":
            self.note("rmdir" if "AT_REMOVEDIR" in args[2] else "unlink", self.path_of(args[0], args[1]))
        elif call in ("rename", "link"):
            self.note(call, self.path_of("AT_FDCWD", args[1]))
        elif call in ("renameat", "renameat2", "linkat"):
            self.note(CHANGES[call], self.path_of(args[2], args[3]))
        elif call in ("unlink", "mkdir", "rmdir"):
            self.note(call, self.path_of("AT_FDCWD", args[0]))
        elif call == "mkdirat":
            self.note("mkdir", self.path_of(args[0], args[1]))
        elif call in CHANGES:
            self.note(CHANGES[call], self.path_of(args[0]))
        elif call == "mmap" and ("PROT_WRITE" not in args[2] or "MAP_PRIVATE" in args[3]):
            pass
        elif call not in HARMLESS and any(self.root in a for a in args):
            self.strange.append("%s(%s)" % (call, ", ".join(args)))


def start(room, prefix, *flags):
    """The room's server, its parent strace."""
    real = subprocess.Popen

    def traced(command, env, **kw):
        preload = {k: env.pop(k) for k in ("LD_PRELOAD", "CRASH_SHIM")}
        options = [x for k, v in preload.items() for x in ("-E", "%s=%s" % (k, v))]
        return real(["strace", "-f", "-ff", "-y", "-qq", "-ttt", "-s", "16", "-o", prefix, "-e", "trace=%file,%desc",
                     "-e", "signal=none", *options, *command], env=env, **kw)

    subprocess.Popen = traced
    try:
        assert room.start(*flags), room.log()
    finally:
        subprocess.Popen = real


def stop(room):
    """SIGTERM to the server, strace's only child."""
    with open("/proc/%d/task/%d/children" % (room.process.pid, room.process.pid)) as f:
        child = int(f.read().split()[0])
    os.kill(child, signal.SIGTERM)
    status = room.wait_exit()
    assert status == 0, "the server ended with %d:\n%s" % (status, room.log())


def compare(room, prefix):
    """Both records of one run, call by call and path by path."""
    watch = Watch(prefix, room.root)
    shim = collections.Counter((e.call, tidy(e.path)) for e in room.shim.entries() if e.call != "listen")
    strace = watch.seen
    for counter in (shim, strace):
        for key in [k for k in counter if k[1].endswith("store/LOG") and k[0] in ("write", "close")]:
            del counter[key]  # LevelDB's own text log, written by stdio: shim.c says so
    assert room.shim.get("n_entries") < room.shim.N, "the shim's record is full"
    assert not watch.strange, "calls that nobody here knows: %s" % watch.strange[:10]
    assert shim == strace, "the shim misses %s, and has %s too much" % (dict(strace - shim), dict(shim - strace))
    print("%d lines of strace; %d calls that change files, of %d kinds: the shim saw them all" % (
        watch.n_lines, sum(strace.values()), len({k[0] for k in strace})), flush=True)
    return strace


def need(seen, *wanted):
    """The run had these calls in it; without them the comparison would be of nothing."""
    for call, pattern in wanted:
        assert any(k[0] == call and re.fullmatch(pattern, k[1]) for k in seen), "no %s of %s was seen" % (call, pattern)


def main():
    if not shutil.which("strace"):
        skip("strace is not installed")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("strace may not trace here (ptrace is forbidden)")
    bench = Bench(1)
    room = bench.rooms[0]
    room.load(None)
    room.shim.arm()
    start(room, bench.path("serving"))
    for op in BASE_OPS + QUEUED_OPS:
        assert submit(room, op).status == 202
    room.idle()
    dump = bench.path("moved.dump")
    shutil.copy(room.dump(), dump)
    stop(room)
    room.shim.set(armed=0)
    seen = compare(room, bench.path("serving"))
    need(seen, ("write", r"db/store/\d+\.log"), ("datasync", r"db/store/\d+\.log"), ("rename", "db/store/CURRENT"),
         ("write", r"db/queue/log-\d+"), ("datasync", r"db/queue/log-\d+"), ("write", r"db/queue/spool-\d+"),
         ("unlink", r"db/queue/spool-\d+"), ("sync", r"dumps/#\d+"), ("link", r"dumps/[-\d]+\.dump"), ("sync", "dumps"),
         ("mkdir", "db/store"), ("open", "db/lock"), ("close", r"db/store/\d+\.log"))
    room.load(None)
    room.shim.arm()
    start(room, bench.path("importing"), "--import-dump", dump)
    stop(room)
    room.shim.set(armed=0)
    seen = compare(room, bench.path("importing"))
    need(seen, ("rename", "db"), ("sync", r"\."), ("write", r"db\.importing-\w+/store/\d+\.log"),
         ("sync", r"db\.importing-\w+/store"))
    bench.trials = 2
    bench.end()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""run_cli.py LODE SERVER -- the lode command against a real server, as a shell uses it.

Each test gets the running server and an empty folder; what it checks is stdout, stderr and exit code.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback

SLOW = float(os.environ.get("LODE_TEST_SLOW", "1"))  # a sanitizer's programs take longer, and may
LODE, SERVER = (os.path.abspath(p) for p in sys.argv[1:3])


class Server:
    """A lode-server on a free port, with its data in a temporary folder."""

    def __init__(self, folder):
        self.folder = folder
        self.start("127.0.0.1:0")

    def start(self, addr):
        self.log = []
        self.process = subprocess.Popen(
            [SERVER, "--http-addr", addr, "--db-path", os.path.join(self.folder, "db"),
             "--dumps-dir", os.path.join(self.folder, "dumps")],
            stderr=subprocess.PIPE, text=True)
        while True:
            line = self.process.stderr.readline()
            if not line:
                sys.exit("the server ended: " + "".join(self.log))
            self.log.append(line)
            found = re.search(r"listening.*addr=(\S+)", line)
            if found:
                self.addr = found.group(1)
                break
        threading.Thread(target=self.drain, args=(self.process.stderr,), daemon=True).start()

    def drain(self, pipe):
        for line in pipe:
            self.log.append(line)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30 * SLOW)


class Lode:
    """Runs the command; keeps what it said for the report of a failed test."""

    def __init__(self, server, cwd):
        self.server, self.cwd, self.last = server, cwd, ""

    def __call__(self, *args, code=0, stdin="", env=None):
        run = subprocess.run([LODE, *args], input=stdin, capture_output=True, text=True, cwd=self.cwd, timeout=120,
                             env={"PATH": os.environ["PATH"], "LODE_SERVER": self.server.addr, **(env or {})})
        self.last = f"$ lode {' '.join(args)}\n{run.stdout}{run.stderr}-> {run.returncode}"
        assert run.returncode == code, f"exit code {run.returncode}, not {code}"
        self.err = run.stderr
        return run.stdout

    def on_terminal(self, columns, *args):
        """What the command writes to a terminal that is so wide."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        run = subprocess.Popen([LODE, *args], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=self.cwd,
                               env={"PATH": os.environ["PATH"], "LODE_SERVER": self.server.addr, "TERM": "xterm"})
        os.close(slave)
        out = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # how Linux says that nobody has the other side any more
                break
            if not piece:
                break
            out += piece
        os.close(master)
        assert run.wait(60 * SLOW) == 0, out
        return out.decode().replace("\r\n", "\n")

    def json(self, *args, **kw):
        return json.loads(self(*args, "--json", **kw))

    def file(self, name, text):
        with open(os.path.join(self.cwd, name), "w", encoding="utf-8") as f:
            f.write(text)


def test_health_and_version(lode):
    assert lode("health") == "available\n"
    assert lode("health", "--quiet") == ""
    assert lode.json("health") == {"status": "available"}
    assert lode("version").startswith("lode    0.")
    assert "pkgVersion" in lode.json("version")


def test_help_has_every_command_and_no_crooked_line(lode):
    text = lode("help")
    options = text[text.index("\nOptions"):text.index("\n\nWrites")].splitlines()[2:]
    assert len(options) > 4 and len({re.match(r"  (-|    --)[^ ]+ ?(--\w[\w-]*)?( [A-Z:]+)? +(?=\w)", o).end() for o in options}) == 1, options
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)", text[:text.index("\nOptions")], re.M)
    assert len(names) > 25
    for name in names:
        usage = re.search(r"^usage: (.*)$", lode("help", *name.split()), re.M).group(1)
        assert usage.startswith("lode " + name) and "  " not in usage and usage == usage.strip(), usage


def test_indexes(lode):
    assert "succeeded" in lode("index", "create", "movies", "--primary-key", "id")
    lode("index", "create", "movies", code=1)
    assert "index_already_exists" in lode.err
    assert lode.json("index", "get", "movies")["primaryKey"] == "id"
    uid = lode("index", "create", "books", "--no-wait").strip()
    lode("task", "wait", uid)
    assert [i["uid"] for i in lode.json("index", "list")["results"]] == ["books", "movies"]
    lode("index", "swap", "books", "movies")
    assert lode.json("index", "get", "books")["primaryKey"] == "id"
    lode("index", "swap", "books", code=2)
    lode("index", "update", "books", "--rename", "films")
    lode("index", "update", "films", code=2)
    lode("index", "get", "books", code=1)
    assert "index_not_found" in lode.err
    lode("index", "delete", "films", "movies", "nope", code=1)
    assert lode.json("index", "list")["total"] == 0


def test_documents_of_every_format(lode):
    lode.file("a.json", '[{"id":1,"t":"one"},{"id":2,"t":"two"}]')
    lode.file("b.csv", 'id:number;t;n:number\n3;"three;";3\n')
    assert "2 documents indexed" in lode("doc", "add", "d", "a.json")
    assert "1 document indexed" in lode("doc", "add", "d", "b.csv", "--csv-delimiter", ";")
    lode("doc", "add", "d", "-", "--format", "ndjson", stdin='{"id":4,"t":"four"}\n{"id":5}\n')
    lode("doc", "add", "d", stdin="{}", code=2)  # nobody says what it is
    assert "--format" in lode.err
    assert json.loads(lode("doc", "get", "d", "3")) == {"id": 3, "t": "three;", "n": 3}
    assert lode("doc", "get", "d", "1", "--fields", "t", "--json") == '{"t":"one"}\n'
    lode("doc", "add", "d", "-", "--format", "json", "--update", stdin='{"id":1,"u":true}')
    assert lode.json("doc", "get", "d", "1") == {"id": 1, "t": "one", "u": True}
    assert len(lode("doc", "list", "d").splitlines()) == 5
    assert lode("doc", "list", "d", "--offset", "1", "--limit", "1", "--fields", "id") == '{"id":2}\n'
    assert "1 document deleted" in lode("doc", "delete", "d", "1", "99")
    lode("doc", "get", "d", "1", code=1)
    assert "document_not_found" in lode.err
    lode("doc", "delete", "d", code=2)
    lode("doc", "delete", "d", "1", "--all", code=2)
    assert "4 documents deleted" in lode("doc", "delete", "d", "--all")


def test_search(lode):
    lode.file("films.json", json.dumps([{"id": 1, "title": "The Dark Knight", "genre": ["Drama", "War"]},
                                        {"id": 2, "title": "Knight\x1b[31m Rider", "genre": "Drama"}]))
    lode("doc", "add", "found", "films.json")
    lode("settings", "set", "found", "filterableAttributes", '["genre"]')
    out = lode("search", "found", "dark knight")
    assert "The Dark Knight" in out and out.endswith(" ms\n") and "1 hit, " in out, out
    assert "\x1b[1;4mDark\x1b[0m" in lode("search", "found", "dark", "--color")
    out = lode("search", "found", "rider", "--color", "--score")
    assert "Knight?[31m" in out and "score " in out, out  # no control character of a document gets through
    out = lode("search", "found", "knight", "--facets", "genre", "-n", "1")
    assert re.search(r"^genre +Drama +2\n +War +1$", out, re.M) and "1 of about 2 hits" in out, out
    assert [h["id"] for h in lode.json("search", "found", "--filter", "genre = War")["hits"]] == [1]
    assert lode("search", "found", "zzz", "--quiet") == ""
    lode.file("wide.json", json.dumps([{"id": 1, "text": "dark " + "word " * 28, "tags": ["tag%d" % i for i in range(30)]}]))
    lode("doc", "add", "wide", "wide.json")
    out = lode.on_terminal(50, "search", "wide", "dark")
    assert "\x1b[1;4mdark\x1b[0m word" in out, out
    plain = re.sub("\x1b\\[[0-9;]*m", "", out)
    lines = plain.split("\n")
    assert max(map(len, lines)) == 50 and not any(line.endswith(" ") for line in lines), plain
    assert plain.count("word") == 28 and re.search(r"^        tags  tag0, .*\.\.\.$", plain, re.M), plain
    assert plain.count("tag") < 15 and lode.on_terminal(50, "search", "wide", "dark", "--full").count("tag") == 31
    piped = lode("search", "wide", "dark")
    assert "\x1b" not in piped and "tag29" in piped and piped.count("\n") == 5, piped  # nothing is broken or cut
    lode("search", "found", "--filter", "title = x", code=1)
    assert "invalid_search_filter" in lode.err and "not filterable" in lode.err, lode.err
    lode("search", "found", "--filter", "genre = \x1b[31m", code=1)
    first, excerpt, end = lode.err.split("\n")  # where in the filter it is stands on a line of its own
    assert first.endswith(" (invalid_search_filter)") and re.match(r"      \d+:\d+ genre = \?\[31m$", excerpt) and not end, lode.err
    lode("search", "nowhere", code=1)
    assert "index_not_found" in lode.err
    lode("search", "found", "a", "--matching", "some", code=2)
    lode("search", code=2)


def test_documents_that_are_refused(lode):
    lode("doc", "add", "r", "-", "--format", "json", stdin='[{"id":1},', code=1)
    assert "malformed_payload" in lode.err, lode.err
    lode("doc", "add", "r", "-", "--format", "json", stdin='[{"id":"not good!"}]', code=1)
    assert "invalid_document_id" in lode.err
    lode("doc", "add", "r", "missing.json", code=2)
    lode("doc", "add", "r", "-", "--format", "xml", code=2)


def test_a_big_file_becomes_several_tasks(lode):
    lines = [json.dumps({"id": i, "text": "word " * (i % 50)}) for i in range(20000)]
    lode.file("big.ndjson", "\n".join(lines) + "\n\n")
    out = lode("doc", "add", "big", "big.ndjson", "--batch", "500k")
    tasks = re.findall(r"([\d,]+) documents? indexed", out)
    assert 4 < len(tasks) < 12, out
    assert sum(int(t.replace(",", "")) for t in tasks) == 20000
    assert "indexes" in lode.json("stats")
    assert lode.json("stats", "big")["numberOfDocuments"] == 20000
    listed = lode("doc", "list", "big", "--limit", "20000", "--json").splitlines()
    assert [json.loads(d) for d in listed] == [json.loads(d) for d in lines]


def test_settings(lode):
    lode("index", "create", "s")
    lode("settings", "set", "s", "stop-words", '["the","a"]')
    assert lode.json("settings", "get", "s", "stopWords") == ["a", "the"]
    lode.file("s.json", '{"sortableAttributes":["year"],"stopWords":null}')
    lode("settings", "set", "s", "@s.json")
    settings = lode.json("settings", "get", "s")
    assert settings["sortableAttributes"] == ["year"] and settings["stopWords"] == []
    lode("settings", "set", "s", "-", stdin='{"synonyms":{"a":["b"]}}')
    lode("settings", "reset", "s", "sortable_attributes")
    settings = lode.json("settings", "get", "s")
    assert settings["sortableAttributes"] == [] and settings["synonyms"] == {"a": ["b"]}
    lode("settings", "reset", "s")
    assert lode.json("settings", "get", "s", "synonyms") == {}
    lode("settings", "set", "s", "stopWrds", "[]", code=2)
    assert "did you mean \"stopWords\"" in lode.err
    lode("settings", "set", "s", "proximityPrecision", "byWord", code=2)
    assert "quotes" in lode.err
    lode("settings", "set", "s", '{"stopWords":5}', code=2)
    assert "expected an array" in lode.err


def test_tasks(lode):
    uid = lode("index", "create", "t", "--no-wait").strip()
    lode("task", "wait", uid)
    lode("index", "create", "t", code=1)
    failed = lode.json("task", "list", "--status", "failed", "--index", "t")["results"]
    assert len(failed) == 1 and failed[0]["error"]["code"] == "index_already_exists"
    assert lode.json("task", "list", "--reverse", "--limit", "1", "--index", "t")["results"][0]["uid"] == int(uid)
    assert lode.json("task", "get", uid)["status"] == "succeeded"
    lode("task", "wait", uid, str(failed[0]["uid"]), code=1)
    steps = [json.loads(line)["status"] for line in lode("task", "watch", uid, "--json").splitlines()]
    assert steps[-1] == "succeeded"
    lode("task", "watch", str(failed[0]["uid"]), code=1)
    lode("task", "list", "--status", "fialed", code=2)
    assert "`fialed` is not a valid task status" in lode.err
    lode("task", "list", "--limit", "many", code=2)
    lode("task", "delete", code=2)
    assert "1 task deleted" in lode("task", "delete", str(failed[0]["uid"]))
    lode("task", "get", str(failed[0]["uid"]), code=1)
    assert "0 tasks canceled" in lode("task", "cancel", "--status", "enqueued")
    lode("task", "get", "first", code=1)


def test_dumps(lode):
    docs = [{"id": i, "text": "hello %d" % i} for i in range(3000)]
    lode("doc", "add", "dumped", "-", "--format", "json", stdin=json.dumps(docs))
    assert "done" in lode("dump", "create", "-o", "one.dump")
    assert "good" in lode("dump", "verify", "one.dump")
    lode("dump", "create", "-o", "one.dump", code=1)
    assert "is there already" in lode.err
    info = lode.json("dump", "inspect", "one.dump")
    assert info["documents"] >= 3000 and any(s["indexUid"] == "dumped" for s in info["sections"])
    assert "dumped" in lode("dump", "inspect", "one.dump")
    cat = [json.loads(line) for line in lode("dump", "cat", "one.dump", "--index", "dumped").splitlines()]
    assert sorted(cat, key=lambda d: d["id"]) == docs
    lode("dump", "cat", "one.dump", "--index", "nope", code=1)
    uid = lode("dump", "create", "--no-wait").strip()
    steps = [json.loads(line) for line in lode("dump", "watch", uid, "--json").splitlines()]
    assert steps[-1]["status"] == "done" and steps[-1]["documents"] >= 3000
    assert lode.json("dump", "status", uid)["status"] == "done"
    lode("dump", "status", "20000101-000000000", code=1)
    assert "dump_not_found" in lode.err
    lode("dump", "download", "../etc", code=2)
    lode("dump", "create", "--recompress", "20", code=2)
    assert "done" in lode("dump", "create", "--recompress", "10")


def test_a_download_goes_on_where_it_stopped(lode):
    lode("doc", "add", "part", "-", "--format", "ndjson",
         stdin="".join('{"id":%d,"x":"%s"}\n' % (i, os.urandom(40).hex()) for i in range(5000)))
    out = lode("dump", "create", "-o", "whole.dump")
    uid = re.search(r"dump (\S+)", out).group(1)
    whole = open(os.path.join(lode.cwd, "whole.dump"), "rb").read()
    part = os.path.join(lode.cwd, f"again.dump.{uid}.part")
    with open(part, "wb") as f:
        f.write(whole[:100000])
    lode("dump", "download", uid, "-o", "again.dump")
    assert "going on" in lode.err
    assert open(os.path.join(lode.cwd, "again.dump"), "rb").read() == whole
    assert not os.path.exists(part)
    # A part that was never of this dump: refused, thrown away, and the next try is whole.
    with open(f"{lode.cwd}/third.dump.{uid}.part", "wb") as f:
        f.write(b"x" * 100000)
    lode("dump", "download", uid, "-o", "third.dump", code=4)
    assert not os.path.exists(os.path.join(lode.cwd, "third.dump"))
    lode("dump", "download", uid, "-o", "third.dump")
    assert open(os.path.join(lode.cwd, "third.dump"), "rb").read() == whole


def test_damaged_dumps_are_told(lode):
    lode("doc", "add", "dam", "-", "--format", "ndjson", stdin="".join('{"id":%d}\n' % i for i in range(3000)))
    lode("dump", "create", "-o", "good.dump")
    data = open(os.path.join(lode.cwd, "good.dump"), "rb").read()
    for name, damaged in (("cut", data[:-1]), ("head", data[:1000]), ("empty", b""), ("more", data + b"x"),
                          ("flip", data[:3000] + bytes([data[3000] ^ 1]) + data[3001:])):
        with open(os.path.join(lode.cwd, name + ".dump"), "wb") as f:
            f.write(damaged)
        lode("dump", "verify", name + ".dump", code=4)
        assert lode.err.startswith("lode: ") and lode.err.count(name + ".dump") == 1, lode.err
    lode("dump", "verify", "good.dump", "flip.dump", code=4)


def test_nobody_listens(lode):
    lode("health", "--server", "127.0.0.1:1", code=3)
    assert "Connection refused" in lode.err and "hint:" in lode.err
    began = time.monotonic()
    lode("health", "--server", "127.0.0.1:1", "--wait", "0.3", code=3)
    assert 0.3 <= time.monotonic() - began < 5 * SLOW
    lode("health", "--server", "http://x", code=2)


def test_a_restart_while_waiting(lode):
    """lode health --wait bridges the time in which a server is away."""
    server = lode.server
    addr = server.addr
    server.stop()
    waiting = subprocess.Popen([LODE, "health", "--wait", str(30 * SLOW), "--server", addr],
                               stdout=subprocess.PIPE, text=True)
    time.sleep(0.2)
    server.start(addr)
    assert waiting.communicate(timeout=30 * SLOW)[0] == "available\n"


def test_colours_only_on_a_terminal(lode):
    assert "\x1b" not in lode("task", "list")

    def on_terminal(**env):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(LODE, [LODE, "task", "list"], {"LODE_SERVER": lode.server.addr, "TERM": "xterm", **env})
        out = b""
        while select.select([fd], [], [], 20)[0]:
            try:
                out += os.read(fd, 65536)
            except OSError:
                break
        os.waitpid(pid, 0)
        os.close(fd)
        return out

    lode("index", "create", "c")
    assert b"\x1b[32msucceeded\x1b[0m" in on_terminal()
    assert b"\x1b" not in on_terminal(NO_COLOR="1")
    assert b"\x1b" not in on_terminal(TERM="dumb")


def test_output_that_cannot_be_written(lode):
    with open("/dev/full", "w") as full:
        run = subprocess.run([LODE, "help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 1 and "cannot be written" in run.stderr


def main():
    tests = {n: f for n, f in globals().items() if n.startswith("test_")}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        for name, test in tests.items():
            if len(sys.argv) > 3 and name not in sys.argv[3:]:
                continue
            with tempfile.TemporaryDirectory() as cwd:
                lode = Lode(server, cwd)
                try:
                    test(lode)
                    print("ok", name, flush=True)
                except Exception:  # a failed test is told, the next one runs
                    failed += 1
                    print("FAILED", name, "\n" + traceback.format_exc() + lode.last, flush=True)
        code = server.stop()
        if code != 0:
            failed += 1
            print("FAILED the server ended with", code, "\n", "".join(server.log[-20:]))
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    sys.exit(1 if failed else 0)


main()

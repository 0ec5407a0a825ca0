# SPDX-License-Identifier: MIT
"""Flags, variables and what stands in a server's way when it starts."""
import http.client
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from product_common import (ROOT, Server, clean_environment, equal, health_pb2, main, reflection_pb2,
                            server_program)


def run(*args, env=None):
    """A start that must end by itself: status, stdout, stderr."""
    home = tempfile.mkdtemp(prefix="lode-product-config-")
    try:
        done = subprocess.run([server_program(), *args], env=clean_environment(env), cwd=home, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        equal(os.listdir(home), [], "a start that was refused left something: %s" % (args,))
        return done.returncode, done.stdout, done.stderr
    finally:
        shutil.rmtree(home, ignore_errors=True)


def options():
    """Flag -> (alias, MEILI_ variable), as the one table of the source has them."""
    with open(os.path.join(ROOT, "server/config.c")) as f:
        rows = re.findall(r'\{"([a-z-]+)", (NULL|"[a-z-]+"), (NULL|"[A-Z_]+"),\s+(?:TEXT|FLAG|NUMBER|SIZE|CHOICE)', f.read())
    assert len(rows) >= 18, rows
    return {flag: tuple(None if x == "NULL" else x.strip('"') for x in rest) for flag, *rest in rows}


REFUSED = [
    (["--db-pth", "x"], "the option --db-pth is not known; did you mean --db-path?"),
    (["--http-adr=x"], "the option --http-adr is not known; did you mean --http-addr?"),
    (["--dumpdir", "x"], "the option --dumpdir is not known; did you mean --dumps-dir?"),
    (["--import"], None),
    (["-x"], "`-x` is no option; options begin with --, see --help"),
    (["data.lode"], "`data.lode` is no option; options begin with --, see --help"),
    (["--"], "`--` is no option; options begin with --, see --help"),
    (["--db-path"], "--db-path needs a value: --db-path DIR"),
    (["--db-path", "--env", "development"], "--db-path needs a value: --db-path DIR"),
    (["--db-path="], "--db-path needs a value: --db-path DIR"),
    (["--dump-dir"], "--dump-dir needs a value: --dump-dir DIR"),
    (["--import-dump", ""], "--import-dump needs a value: --import-dump FILE"),
    (["--env", "staging"], "--env takes development|production, not `staging`"),
    (["--dump-barrier", "never"], "--dump-barrier takes full|read, not `never`"),
    (["--reflection", "maybe"], None),
    (["--reflection=maybe"], "--reflection takes true or false, not `maybe`"),
    (["--threads", "many"], "--threads takes a number, not `many`"),
    (["--threads", "-1"], "--threads takes a number, not `-1`"),
    (["--threads", "1025"], "--threads must lie between 0 and 1024, `1025` does not"),
    (["--max-connections", "0"], "--max-connections must lie between 1 and 1000000, `0` does not"),
    (["--max-queued-tasks", "99999999999999999999"], "--max-queued-tasks takes a number, not `99999999999999999999`"),
    (["--env", "production"], "--env production needs a --master-key of at least 16 bytes, this one has 0"),
    (["--env", "production", "--master-key", "x" * 15],
     "--env production needs a --master-key of at least 16 bytes, this one has 15"),
    (["--log-level", "loud"], None),
    (["--fault", "nonsense"], "fault 'nonsense' is not of the form name=action[@n][+]"),
    (["--fault", "nonsense=eio"], "there is no fault point 'nonsense'"),
    (["--fault", "fs_sync=explode"], None),
] + [
    (["--http-payload-size-limit", size],
     "--http-payload-size-limit takes a size such as `100 MB` or `64MiB`, not `%s`" % size)
    for size in ("10 XB", "-1", "1.5MB", "MB", "10 MB/s", "99999999999999999999", "18446744073709551615 KB", "10 MiBB")
] + [
    (["--http-payload-size-limit", "1000"], "--http-payload-size-limit must lie between 1024 and 1099511627776, `1000` "
                                            "does not"),
]


def test_refusals():
    wrong = []
    for args, sentence in REFUSED:
        status, out, err = run(*args)
        if status != 2 or out or not err.startswith("lode-server: ") or err.count("\n") != 1 or (
                sentence and err != "lode-server: %s\n" % sentence):
            wrong.append("%s\n    got    %d %r\n    wanted 2 %r" % (args, status, err, sentence))
    assert not wrong, "\n".join(wrong)


def test_unknown_variables():
    for name, guess in (("LODE_DB_PTH", "LODE_DB_PATH"), ("LODE_DUMP_DIRS", "LODE_DUMPS_DIR"),
                        ("LODE_MASTERKEY", "LODE_MASTER_KEY"), ("LODE_", None)):
        status, _, err = run(env={name: "x"})
        equal(status, 2, name)
        assert "the variable %s is not known; did you mean %s" % (name, guess or "LODE_") in err, err
    # Those of Lode's other programs are no mistake, and Meilisearch's own others are none of ours.
    with Server(env={"LODE_SERVER": "x", "LODE_API_KEY": "y", "MEILI_NO_ANALYTICS": "true", "LODE_SEED": "5"}):
        pass


def test_values_of_variables_are_checked_too():
    for env, sentence in (({"LODE_THREADS": "many"}, "LODE_THREADS takes a number, not `many`"),
                          ({"MEILI_ENV": "staging"}, "MEILI_ENV takes development|production, not `staging`"),
                          ({"MEILI_HTTP_PAYLOAD_SIZE_LIMIT": "lots"},
                           "MEILI_HTTP_PAYLOAD_SIZE_LIMIT takes a size such as `100 MB` or `64MiB`, not `lots`"),
                          ({"LODE_DB_PATH": ""}, "LODE_DB_PATH needs a value: LODE_DB_PATH DIR")):
        status, _, err = run(env=env)
        equal((status, err), (2, "lode-server: %s\n" % sentence))


def test_flags_win_over_lode_over_meili():
    for flags, env, wanted in (
            ([], {"MEILI_DB_PATH": "meili"}, "meili"),
            ([], {"MEILI_DB_PATH": "meili", "LODE_DB_PATH": "lode"}, "lode"),
            (["--db-path", "flag"], {"MEILI_DB_PATH": "meili", "LODE_DB_PATH": "lode"}, "flag"),
            (["--db-path=first", "--db-path", "last"], {}, "last"), ([], {}, "data.lode")):
        with Server("--http-addr=127.0.0.1:0", *flags, bare=True, env=env) as server:
            equal(sorted(os.listdir(server.home)), sorted([wanted, "dumps"]), "%s %s" % (flags, env))
    with Server(bare=True, env={"MEILI_HTTP_ADDR": "127.0.0.1:0", "MEILI_DUMP_DIR": "elsewhere",
                                "MEILI_HTTP_PAYLOAD_SIZE_LIMIT": "2KiB"}) as server:
        server.dumps = os.path.join(server.home, "elsewhere")
        assert os.path.exists(server.dump())
        answer = server.http("POST", "/indexes/a/documents", [{"id": "x" * 3000}])
        equal((answer.status, answer.json["message"].split()[-2:]), (413, ["2", "KiB."]))


def test_meili_import_dump():
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        dump = server.dump()
        with Server(home=server.home, db="second", env={"MEILI_IMPORT_DUMP": dump}) as second:
            equal(second.documents("films"), [{"id": 1}])
        missing = {"MEILI_IMPORT_DUMP": dump + ".gone", "MEILI_IGNORE_MISSING_DUMP": "true"}
        with Server(home=server.home, db="third", env=missing) as third:
            equal(third.get("/indexes")["total"], 0)


def test_questions():
    status, out, err = run("--help")
    equal((status, err), (0, ""))
    for flag, (alias, meili) in options().items():
        assert re.search(r"^  --%s\b" % flag, out, re.M), flag
        for name in (flag.upper().replace("-", "_").join(["LODE_", ""]), alias and "--" + alias, meili):
            assert not name or name in out, "%s is not in --help" % name
    for flag in ("--help", "--version", "--list-faults"):
        assert "  %s\n" % flag in out, flag
    longest = max(len(line) for line in out.splitlines())
    assert longest <= 120, "a line of %d characters" % longest
    equal(run("-h"), (status, out, err))
    status, out, err = run("--version")
    assert status == 0 and re.fullmatch(r"lode-server \d+\.\d+\.\d+\n", out), out
    equal(run("-V")[1], out)
    equal(run("--nonsense", "--version")[0], 0)
    status, out, _ = run("--list-faults")
    assert status == 0 and "DUMP_BEFORE_READ" in out.split() and "FS_SYNC" in out.split(), out
    equal(run("--help", env={"LODE_NONSENSE": "1"})[0], 0, "help is never refused")


def test_production():
    with Server("--env", "production", "--master-key", "0123456789abcdef") as server:
        equal(server.get("/health"), {"status": "available"})
        assert "0123456789abcdef" not in server.log(), "the key is in the log"


def test_flags_without_values():
    with Server("--reflection", "--ignore-missing-dump", "--import-dump", "nowhere.dump") as server:
        equal(server.get("/health"), {"status": "available"})


# ---- what stands in the way ----------------------------------------------------------------------------


def refused(*flags, home, db="data"):
    server = Server(*flags, home=home, db=db, wait=False)
    status = server.wait_exit()
    log = server.log()
    assert status == 1 and "listening" not in log, "%d\n%s" % (status, log)
    said = [line for line in log.splitlines() if line.startswith("lode-server: ")]
    equal(len(said), 1, log)
    return said[0]


def test_port_taken():
    with Server() as server, socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        address = "127.0.0.1:%d" % s.getsockname()[1]
        assert address in refused("--http-addr", address, home=server.home, db="other")
        address = "127.0.0.1:%d" % server.port
        assert address in refused("--http-addr", address, home=server.home, db="other")
        equal(server.get("/health"), {"status": "available"})


def test_addresses_that_are_none():
    home = tempfile.mkdtemp(prefix="lode-product-config-")
    try:
        for address in ("nonsense", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", ":", "256.0.0.1:7700"):
            assert address in refused("--http-addr", address, home=home), address
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_database_in_use():
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        for _ in range(3):
            said = refused(home=server.home)
            assert server.db in said, said
        with Server(home=server.home, db="other", dumps="other-dumps") as second:
            second.write("POST", "/indexes/songs/documents", [{"id": 2}])
            equal(server.documents("films"), [{"id": 1}])
            equal(second.documents("songs"), [{"id": 2}])
        server.write("POST", "/indexes/films/documents", [{"id": 2}])
    # A server that was killed has let go.
    with Server() as server:
        server.write("POST", "/indexes/films/documents", [{"id": 1}])
        server.kill()
        with Server(home=server.home) as again:
            equal(again.documents("films"), [{"id": 1}])


def test_database_paths():
    home = tempfile.mkdtemp(prefix="lode-product-config-")
    try:
        with open(os.path.join(home, "file"), "w") as f:
            f.write("not a directory")
        said = refused(home=home, db="file")
        assert os.path.join(home, "file") in said, said
        os.makedirs(os.path.join(home, "foreign"))
        with open(os.path.join(home, "foreign", "precious.txt"), "w") as f:
            f.write("precious")
        said = refused(home=home, db="foreign")
        assert os.path.join(home, "foreign") in said and "precious.txt" in said, said
        equal(os.listdir(os.path.join(home, "foreign")), ["precious.txt"])
        with Server(home=home, db="a/b/c") as server:
            server.write("POST", "/indexes", {"uid": "films"})
        os.symlink(os.path.join(home, "a/b/c"), os.path.join(home, "link"))
        with Server(home=home, db="link") as server:
            equal(server.get("/indexes")["total"], 1)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_signals():
    with Server("--fault", "task_before_commit=pause") as server:
        server.process.send_signal(signal.SIGUSR1)  # nothing runs: nothing to say, and nothing breaks
        uid = server.grpc("Indexes.Create", uid="films").task_uid
        server.wait_paused("task_before_commit")
        watch = server.stream("Tasks.Watch", task_uid=str(uid))
        next(watch)
        server.process.send_signal(signal.SIGUSR1)
        assert server.wait_log("Tasks.*Watch"), "the live calls are described"
        server.release_faults()
        server.wait_task(uid)
        equal(len(list(watch)) > 0, True)
        server.channel.close()
        server.channel = None
        server.process.send_signal(signal.SIGINT)
        equal(server.wait_exit(), 0, "SIGINT ends as SIGTERM does")
        assert 'msg="draining"' in server.log() and 'msg="stopped" calls=0' in server.log(), server.log()



def test_the_drain_waits_for_work_and_for_nothing_else():
    """An hour is allowed; who is idle, half way into a request's head or only watching does not use it."""
    with Server("--drain-ms", "3600000") as server:
        idle = http.client.HTTPConnection("127.0.0.1", server.port)
        idle.request("GET", "/health")
        idle.getresponse().read()
        silent = socket.create_connection(("127.0.0.1", server.port))
        half = socket.create_connection(("127.0.0.1", server.port))
        half.sendall(b"POST /indexes HTTP/1.1\r\nHo")
        health = server.stub("Health.Watch")(health_pb2.HealthCheckRequest())
        equal(next(health).status, health_pb2.HealthCheckResponse.SERVING)
        requests = queue.Queue()
        reflection = server.stub("ServerReflection.ServerReflectionInfo")(iter(requests.get, None))
        requests.put(reflection_pb2.ServerReflectionRequest(list_services=""))
        next(reflection)
        server.get("/health")  # all that was sent before has been read
        server.process.send_signal(signal.SIGTERM)
        equal(server.wait_exit(), 0)
        requests.put(None)
        for connection in (idle, silent, half):
            connection.close()


def test_the_drain_ends_with_work_unfinished():
    with Server("--drain-ms", "50") as server:
        upload = socket.create_connection(("127.0.0.1", server.port))
        upload.sendall(b"POST /indexes/a/documents HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 100\r\n\r\n[{")
        server.get("/health")
        server.process.send_signal(signal.SIGTERM)
        equal(server.wait_exit(), 0)
        upload.close()
        with Server(home=server.home) as again:
            equal(again.get("/tasks")["total"], 0, "half an upload is no task")


def test_the_drain_finishes_what_was_begun():
    with Server("--drain-ms", "60000") as server:
        upload = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        upload.sendall(b"POST /indexes/a/documents HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 10\r\n\r\n[{")
        server.get("/health")
        server.process.send_signal(signal.SIGTERM)
        assert server.wait_log('msg="draining"')
        upload.sendall(b'"id":1}]')
        equal(upload.recv(4096)[:12], b"HTTP/1.1 202")
        equal(server.wait_exit(), 0)
        upload.close()
        with Server(home=server.home) as again:
            again.idle()
            equal(again.documents("a"), [{"id": 1}])


if __name__ == "__main__":
    main(globals())

# SPDX-License-Identifier: MIT
"""What the whole-server tests share: a lode-server of one's own, both doors to it, a runner.

Everything speaks to the server from outside: HTTP by http.client, gRPC by Debian's grpcio with
messages that protoc makes from proto/ when a test begins. Nothing here sleeps for things to settle:
what must come is waited for on a condition or polled until a deadline.
"""
import atexit
import collections
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import door_common  # noqa: E402 -- beside this folder
from door_common import ROOT, pool_of, skip  # noqa: E402,F401

try:
    import grpc
except ImportError:
    skip("python3-grpcio is not installed")

# Limits that only a hanging server reaches; a slow machine must not.
WAIT_SECONDS = 60
TICK_SECONDS = 0.005

STATUS_PROTO = """syntax = "proto3";
package google.rpc;
import "google/protobuf/any.proto";
message Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
"""


def _generate():
    """Compiles all of proto/, and google.rpc.Status, which Debian ships nowhere."""
    out = tempfile.mkdtemp(prefix="lode-product-protos-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    root = os.path.join(ROOT, "proto")
    names = [os.path.relpath(os.path.join(d, f), root)
             for d, _, files in os.walk(root) for f in files if f.endswith(".proto")]
    os.makedirs(os.path.join(out, "google/rpc"))
    with open(os.path.join(out, "google/rpc/status.proto"), "w") as f:
        f.write(STATUS_PROTO)
    try:
        subprocess.run(["protoc", "--python_out=" + out, "-I" + root, "-I" + out, *sorted(names),
                        "google/rpc/status.proto"], check=True)
    except FileNotFoundError:
        skip("protoc is not installed")
    sys.path.insert(0, out)
    grpc.__path__.append(os.path.join(out, "grpc"))  # grpc.health and grpc.reflection are protos of that name
    import google
    google.__path__.append(os.path.join(out, "google"))


_generate()
from google.protobuf import any_pb2  # noqa: E402,F401
from google.rpc import status_pb2  # noqa: E402
from grpc.health.v1 import health_pb2, health_service_pb2  # noqa: E402,F401
from grpc.reflection.v1 import reflection_pb2, reflection_service_pb2  # noqa: E402,F401
from lode import options_pb2  # noqa: E402
from lode.dump.v1 import dump_pb2  # noqa: E402
from lode.v1 import (common_pb2, documents_pb2, documents_service_pb2, dumps_pb2,  # noqa: E402,F401
                     dumps_service_pb2, indexes_pb2, indexes_service_pb2, keys_pb2, keys_service_pb2,
                     search_pb2, search_service_pb2, settings_pb2, settings_service_pb2, system_pb2,
                     system_service_pb2, tasks_pb2, tasks_service_pb2)
from google.protobuf import message_factory  # noqa: E402

SERVICE_FILES = [documents_service_pb2, dumps_service_pb2, indexes_service_pb2, keys_service_pb2,
                 search_service_pb2, settings_service_pb2, system_service_pb2, tasks_service_pb2,
                 health_service_pb2, reflection_service_pb2]


def services():
    """Every service of the .proto files: full name -> descriptor."""
    return {s.full_name: s for module in SERVICE_FILES for s in module.DESCRIPTOR.services_by_name.values()}


def methods():
    """Every method by the short name tests use: "Indexes.Create" -> descriptor."""
    return {"%s.%s" % (s.name, m.name): m for s in services().values() for m in s.methods}


def rule_of(method):
    """The (lode.rule) of a method, or None."""
    options = method.GetOptions()
    return options.Extensions[options_pb2.rule] if options.HasExtension(options_pb2.rule) else None


def bindings(method):
    """(verb, pattern, HttpRule) of each HTTP route of a method."""
    rule = rule_of(method)
    found = []
    for http_rule in ([rule.http] if rule and rule.HasField("http") else []) + list(rule.more_http if rule else []):
        for verb in ("get", "put", "post", "delete", "patch"):
            if getattr(http_rule, verb):
                found.append((verb.upper(), getattr(http_rule, verb), http_rule))
    return found


def message_class(descriptor):
    return message_factory.MessageFactory().GetPrototype(descriptor)


# ---- answers ------------------------------------------------------------------------------------

Answer = collections.namedtuple("Answer", "status headers body json")
"""One HTTP answer; json is None when the body is empty or no JSON."""


class Failure(Exception):
    """A gRPC call that did not end with OK: code is a number, info the lode.v1.ErrorInfo or None."""

    def __init__(self, error):
        self.code = error.code().value[0]
        self.message = error.details()
        self.trailers = dict(error.trailing_metadata() or ())
        self.info = None
        details = self.trailers.get("grpc-status-details-bin")
        if details:
            self.status = status_pb2.Status.FromString(details)
            assert self.status.code == self.code, "details say %d, the trailer %d" % (self.status.code, self.code)
            for any_ in self.status.details:
                if any_.Is(common_pb2.ErrorInfo.DESCRIPTOR):
                    self.info = common_pb2.ErrorInfo()
                    any_.Unpack(self.info)
        super().__init__("%d %s (%s)" % (self.code, self.message, self.info and self.info.code))


def http_call(port, method, path, body=None, headers=None, timeout=WAIT_SECONDS):
    """One request on a connection of its own. A dict, list or None-in-a-list body goes as JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)) and not hasattr(body, "__next__"):
        body = json.dumps(body, ensure_ascii=False)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers, encode_chunked=hasattr(body, "__next__"))
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    try:
        parsed = json.loads(raw) if raw else None
    except ValueError:
        parsed = None
    return Answer(response.status, response.headers, raw, parsed)


# ---- a server -----------------------------------------------------------------------------------

ALIVE = set()
SANITIZERS = re.compile(r"AddressSanitizer|UndefinedBehaviorSanitizer|runtime error:|ThreadSanitizer|LeakSanitizer")


def _end_all():
    for server in list(ALIVE):
        server.kill()


atexit.register(_end_all)


def server_program():
    return sys.argv[1]


def clean_environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LODE_", "MEILI_"))}
    env.setdefault("ASAN_OPTIONS", "abort_on_error=0:detect_leaks=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "second_deadlock_stack=1:suppressions=" + os.path.join(ROOT, "tests/support/tsan.supp"))
    env.update(extra or {})
    return env


class Server:
    """lode-server as a child, in a directory that goes with it unless it was given.

    Ends by stop() (SIGTERM, which must give status 0) or kill(). `with` stops it, but only kills
    it when the test has failed already. `bare` gives the program nothing but the flags.
    """

    def __init__(self, *flags, home=None, env=None, wait=True, db="data", dumps="dumps", bare=False):
        self.owned = home is None
        self.home = home or tempfile.mkdtemp(prefix="lode-product-")
        self.db = os.path.join(self.home, db)
        self.dumps = os.path.join(self.home, dumps)
        self.lines = []
        self.changed = threading.Condition()
        self.port = None
        self.channel = None
        command = [server_program()]
        if not bare:
            command += ["--http-addr", "127.0.0.1:0", "--db-path", self.db, "--free-space-floor", "0"]
        if not bare and not any(f.split("=")[0] in ("--dumps-dir", "--dump-dir") for f in flags):
            command += ["--dumps-dir", self.dumps]
        self.process = subprocess.Popen(command + list(flags), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        text=True, errors="replace", env=clean_environment(env), cwd=self.home)
        ALIVE.add(self)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if wait:
            self.wait_listening()

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)  # the end
            self.changed.notify_all()

    # -- its log

    def log(self):
        with self.changed:
            return "\n".join(line for line in self.lines if line is not None)

    def wait_log(self, pattern, timeout=WAIT_SECONDS, count=1):
        """Waits for `count` lines that match; gives the last of them, or None when the log ends first."""
        wanted = re.compile(pattern)
        found = []

        def look():
            found[:] = [m for m in (wanted.search(line) for line in self.lines if line is not None) if m]
            return len(found) >= count or self.lines[-1:] == [None]

        with self.changed:
            assert self.changed.wait_for(look, timeout), "no %r in the log:\n%s" % (pattern, "\n".join(
                line for line in self.lines if line))
            return found[count - 1] if len(found) >= count else None

    def wait_listening(self):
        match = self.wait_log(r'msg="listening" addr="?127\.0\.0\.1:(\d+)')
        if not match:
            status = self.process.wait(WAIT_SECONDS)
            raise AssertionError("the server did not start (status %d):\n%s" % (status, self.log()))
        self.port = int(match.group(1))
        self.channel = grpc.insecure_channel("127.0.0.1:%d" % self.port, options=[
            ("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_http_proxy", 0)])
        return self

    def wait_paused(self, point):
        """Waits until a thread stands at a `--fault point=pause`."""
        assert self.wait_log(r'msg="paused at a fault point" point=(?i:%s)\b' % point), "the server ended"

    def release_faults(self):
        self.process.send_signal(signal.SIGUSR2)

    # -- its end

    def _over(self):
        ALIVE.discard(self)
        if self.channel:
            self.channel.close()
            self.channel = None
        self.reader.join(10)
        self.process.stderr.close()
        log = self.log()
        assert not SANITIZERS.search(log), "a sanitizer has something to say:\n" + log

    def kill(self):
        """SIGKILL to this process alone; fine when it is gone already."""
        if self in ALIVE:
            self.process.kill()
            self.process.wait()
            self._over()

    def wait_exit(self, timeout=WAIT_SECONDS):
        """The exit status of a server that ends by itself."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server does not end:\n" + self.log())
        self._over()
        return status

    def stop(self):
        """SIGTERM must lead to status 0, and leave no report of a sanitizer."""
        if self not in ALIVE:
            return
        if self.channel:
            self.channel.close()  # or it would keep a connection open through the drain
            self.channel = None
        self.process.send_signal(signal.SIGTERM)
        status = self.wait_exit()
        assert status == 0, "after SIGTERM the server ended with %d:\n%s" % (status, self.log())

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind:
                self.kill()
            else:
                self.stop()
        finally:
            if self.owned:
                shutil.rmtree(self.home, ignore_errors=True)

    # -- its doors

    def http(self, method, path, body=None, headers=None, **kw):
        return http_call(self.port, method, path, body, headers, **kw)

    def get(self, path, status=200):
        answer = self.http("GET", path)
        assert answer.status == status, "GET %s: %d %s" % (path, answer.status, answer.body[:500])
        return answer.json

    def stub(self, name):
        """The callable of a method by its short name, whatever its streaming kind."""
        method = methods()[name]
        kind = {(False, False): "unary_unary", (True, False): "stream_unary",
                (False, True): "unary_stream", (True, True): "stream_stream"}[
            (method_proto(method).client_streaming, method_proto(method).server_streaming)]
        return getattr(self.channel, kind)(
            "/%s/%s" % (method.containing_service.full_name, method.name),
            request_serializer=message_class(method.input_type).SerializeToString,
            response_deserializer=message_class(method.output_type).FromString)

    def grpc(self, method, _request=None, _timeout=WAIT_SECONDS, /, **fields):
        """One call with one answer; fields make the request unless one (or an iterator) is given."""
        request = _request
        if request is None:
            request = message_class(methods()[method].input_type)(**fields)
        try:
            return self.stub(method)(request, timeout=_timeout)
        except grpc.RpcError as e:
            raise Failure(e) from None

    def stream(self, method, _timeout=WAIT_SECONDS, /, **fields):
        """The answers of a server-streaming call, one by one."""
        try:
            yield from self.stub(method)(message_class(methods()[method].input_type)(**fields), timeout=_timeout)
        except grpc.RpcError as e:
            raise Failure(e) from None

    def upload(self, index_uid, payload, update=False, content_type="application/json", piece=0, **fields):
        """Documents.Add or .Update; the payload goes in pieces of that many bytes."""
        if not isinstance(payload, bytes):
            payload = json.dumps(payload, ensure_ascii=False).encode()
        return self.grpc("Documents.Update" if update else "Documents.Add",
                         upload_messages(index_uid, payload, content_type, piece, **fields))

    # -- tasks

    def wait_task(self, uid, status="succeeded"):
        """Polls until the task has ended, which must be with that status (None: any)."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            task = self.get("/tasks/%d" % uid)
            if task["status"] not in ("enqueued", "processing"):
                break
            assert time.monotonic() < deadline, "task %d does not end: %s" % (uid, task)
            time.sleep(TICK_SECONDS)
        assert status is None or task["status"] == status, "task %d: %s" % (uid, task)
        return task

    def idle(self):
        """Waits until nothing is queued, in both senses of the word."""
        poll(lambda: self.get("/tasks?statuses=enqueued,processing&limit=1")["total"] == 0, "an empty queue")

    def write(self, method, path, body=None, status="succeeded", headers=None):
        """A write over HTTP, its 202 and its end: gives the finished task."""
        answer = self.http(method, path, body, headers)
        assert answer.status in (200, 202) and "taskUid" in (answer.json or {}), "%s %s: %d %s" % (
            method, path, answer.status, answer.body)
        return self.wait_task(answer.json["taskUid"], status)

    def documents(self, uid):
        """All documents of an index, in their order."""
        return self.get("/indexes/%s/documents?limit=1000000" % uid)["results"]

    def dump(self):
        """A whole dump by POST /dumps: gives its path."""
        answer = self.http("POST", "/dumps")
        assert answer.status == 202, answer
        uid = answer.json["uid"]
        status = self.wait_dump(uid)
        assert status["status"] == "done", status
        return os.path.join(self.dumps, uid + ".dump")

    def wait_dump(self, uid):
        poll(lambda: self.get("/dumps/%s/status" % uid)["status"] != "in_progress", "the end of a dump")
        return self.get("/dumps/%s/status" % uid)


def upload_messages(index_uid, payload, content_type="application/json", piece=0, **fields):
    message = documents_pb2.AddDocumentsRequest
    yield message(index_uid=index_uid, content_type=content_type, **fields)
    step = piece or max(len(payload), 1)
    for at in range(0, len(payload), step):
        yield message(chunk=payload[at:at + step])


_protos = {}


def method_proto(method):
    """The MethodDescriptorProto of a method: only it knows about streaming in this protobuf version."""
    if method.full_name not in _protos:
        from google.protobuf import descriptor_pb2
        service = descriptor_pb2.ServiceDescriptorProto()
        method.containing_service.CopyToProto(service)
        for m in service.method:
            _protos["%s.%s" % (method.containing_service.full_name, m.name)] = m
    return _protos[method.full_name]


def poll(condition, what, timeout=WAIT_SECONDS):
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "waited too long for " + what
        time.sleep(TICK_SECONDS)


# ---- comparing ------------------------------------------------------------------------------------

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
DURATION = re.compile(r"^P(\d+D)?T\d+(\.\d{3}|\.\d{6}|\.\d{9})?S$")
DUMP_UID = re.compile(r"^\d{8}-\d{9}$")


def normal(value):
    """The same JSON with every time, duration and dump uid replaced by a word for its form."""
    if isinstance(value, dict):
        return {k: normal(v) for k, v in value.items()}
    if isinstance(value, list):
        return [normal(v) for v in value]
    if isinstance(value, str):
        for pattern, word in ((TIME, "<time>"), (DURATION, "<duration>"), (DUMP_UID, "<dump uid>")):
            if pattern.match(value):
                return word
    return value


def difference(got, wanted, at=""):
    """The first place where two values differ, and what is there."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        for key in wanted:
            if key in got and got[key] != wanted[key]:
                return difference(got[key], wanted[key], "%s.%s" % (at, key))
    if isinstance(got, (list, tuple)) and isinstance(wanted, (list, tuple)) and len(got) == len(wanted):
        for i, pair in enumerate(zip(got, wanted)):
            if pair[0] != pair[1]:
                return difference(*pair, "%s[%d]" % (at, i))
    return "%s\n  got    %.3000r\n  wanted %.3000r" % (at, got, wanted)


def equal(got, wanted, what=""):
    assert got == wanted, "%s  %s" % (what, difference(got, wanted))


def error_of(code, message, kind="invalid_request"):
    """The whole error object of a word."""
    return {"message": message, "code": code, "type": kind, "link": "https://docs.meilisearch.com/errors#" + code}


# ---- running --------------------------------------------------------------------------------------

def main(namespace, seconds=120):
    """Runs every test_ function of a module, in the order of the file."""
    door_common.TEST_SECONDS = seconds
    tests = [(name[5:], value) for name, value in namespace.items() if name.startswith("test_")]
    sys.exit(door_common.run(tests))

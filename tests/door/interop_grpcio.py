#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""gRPC's interop tests, with Debian's grpcio as the foreign client.

    interop_grpcio.py PROGRAM [test ...]
"""
import concurrent.futures
import itertools
import sys
import threading
import time

from door_common import SLOW, Server, generate, pool_of, run, skip

try:
    import grpc
    from google.protobuf import descriptor_pb2, message_factory
except ImportError:
    skip("python3-grpcio and python3-protobuf are not installed")

GENERATED = generate("testing.proto", "grpc/health/v1/health.proto",
                     "grpc/reflection/v1/reflection.proto")
grpc.__path__.append(GENERATED.name + "/grpc")  # our health beside grpcio's own modules
import testing_pb2 as pb  # noqa: E402
from grpc.health.v1 import health_pb2  # noqa: E402
from grpc.reflection.v1 import reflection_pb2  # noqa: E402

PROGRAM = sys.argv[1]
SERVER = Server(PROGRAM, "tick_ms=20")
SERVICE = "/grpc.testing.TestService/"
Status = grpc.StatusCode
LIMIT = 4 * 1024 * 1024
NO_CLIENT_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Stub:
    """The methods of the test service on one channel."""

    def __init__(self, channel, service=SERVICE):
        def unary(name, request, answer):
            return channel.unary_unary(service + name, request.SerializeToString,
                                       answer.FromString)
        self.empty = unary("EmptyCall", pb.Empty, pb.Empty)
        self.unary = unary("UnaryCall", pb.SimpleRequest, pb.SimpleResponse)
        self.unimplemented = unary("UnimplementedCall", pb.Empty, pb.Empty)
        self.output = channel.unary_stream(
            service + "StreamingOutputCall", pb.StreamingOutputCallRequest.SerializeToString,
            pb.StreamingOutputCallResponse.FromString)
        self.input = channel.stream_unary(
            service + "StreamingInputCall", pb.StreamingInputCallRequest.SerializeToString,
            pb.StreamingInputCallResponse.FromString)
        self.duplex = channel.stream_stream(
            service + "FullDuplexCall", pb.StreamingOutputCallRequest.SerializeToString,
            pb.StreamingOutputCallResponse.FromString)
        self.half = channel.stream_stream(
            service + "HalfDuplexCall", pb.StreamingOutputCallRequest.SerializeToString,
            pb.StreamingOutputCallResponse.FromString)


NUMBERS = itertools.count()


def new_channel(*options):
    # Every channel its own connection: a shared one would hide what a test does to it.
    unique = ("lode.unique", next(NUMBERS))
    return grpc.insecure_channel(SERVER.target, options=[unique, *options])


CHANNEL = new_channel()
STUB = Stub(CHANNEL)


def large_request(**more):
    return pb.SimpleRequest(response_size=314159, payload=pb.Payload(body=b"\0" * 271828), **more)


def output_request(*sizes, **more):
    return pb.StreamingOutputCallRequest(
        response_parameters=[pb.ResponseParameters(size=s) for s in sizes], **more)


class Feed:
    """An iterator of requests that is fed from outside."""

    def __init__(self):
        self.items = []
        self.open = True
        self.changed = threading.Condition()

    def put(self, item):
        with self.changed:
            self.items.append(item)
            self.changed.notify()

    def close(self):
        with self.changed:
            self.open = False
            self.changed.notify()

    def __iter__(self):
        return self

    def __next__(self):
        with self.changed:
            self.changed.wait_for(lambda: self.items or not self.open)
            if not self.items:
                raise StopIteration
            return self.items.pop(0)


def fails(status, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == status, (error.code(), error.details())
        return error
    raise AssertionError("the call did not fail")


# ---- the interop list ---------------------------------------------------------------------


def empty_unary():
    assert STUB.empty(pb.Empty()) == pb.Empty()


def large_unary():
    answer = STUB.unary(large_request())
    assert answer.payload.body == b"\0" * 314159


def client_compressed_unary():
    yes, no = pb.BoolValue(value=True), pb.BoolValue(value=False)
    fails(Status.INVALID_ARGUMENT, lambda: STUB.unary(large_request(expect_compressed=yes)))
    for coding in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        answer = STUB.unary(large_request(expect_compressed=yes), compression=coding)
        assert len(answer.payload.body) == 314159
    assert len(STUB.unary(large_request(expect_compressed=no)).payload.body) == 314159


def server_compressed_unary():
    for on in (True, False):
        answer = STUB.unary(large_request(response_compressed=pb.BoolValue(value=on)))
        assert answer.payload.body == b"\0" * 314159


def client_streaming():
    sizes = (27182, 8, 1828, 45904)
    answer = STUB.input(iter([pb.StreamingInputCallRequest(payload=pb.Payload(body=b"\0" * n))
                              for n in sizes]))
    assert answer.aggregated_payload_size == 74922


def client_compressed_streaming():
    def request(size, on):
        return pb.StreamingInputCallRequest(payload=pb.Payload(body=b"\0" * size),
                                            expect_compressed=pb.BoolValue(value=on))
    fails(Status.INVALID_ARGUMENT, lambda: STUB.input(iter([request(27182, True)])))
    answer = STUB.input(iter([request(27182, True), request(45904, True)]),
                        compression=grpc.Compression.Gzip)
    assert answer.aggregated_payload_size == 73086


def server_streaming():
    sizes = [31415, 9, 2653, 58979]
    assert [len(a.payload.body) for a in STUB.output(output_request(*sizes))] == sizes


def server_compressed_streaming():
    parameters = [pb.ResponseParameters(size=31415, compressed=pb.BoolValue(value=True)),
                  pb.ResponseParameters(size=92653, compressed=pb.BoolValue(value=False))]
    answers = STUB.output(pb.StreamingOutputCallRequest(response_parameters=parameters))
    assert [len(a.payload.body) for a in answers] == [31415, 92653]


def ping_pong():
    feed = Feed()
    answers = STUB.duplex(feed)
    for ask, send in ((31415, 27182), (9, 8), (2653, 1828), (58979, 45904)):
        feed.put(output_request(ask, payload=pb.Payload(body=b"\0" * send)))
        assert len(next(answers).payload.body) == ask
    feed.close()
    assert list(answers) == []
    assert answers.code() == Status.OK


def half_duplex():
    answers = STUB.half(iter([output_request(5), output_request(7, 9)]))
    assert [len(a.payload.body) for a in answers] == [5, 7, 9]


def empty_stream():
    assert list(STUB.duplex(iter([]))) == []


def custom_metadata():
    metadata = (("x-grpc-test-echo-initial", "test_initial_metadata_value"),
                ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"))

    def check(call):
        assert metadata[0] in [tuple(m) for m in call.initial_metadata()]
        assert metadata[1] in [tuple(m) for m in call.trailing_metadata()]
    _, call = STUB.unary.with_call(large_request(), metadata=metadata)
    check(call)
    call = STUB.duplex(iter([output_request(314159)]), metadata=metadata)
    assert len(list(call)) == 1
    check(call)


def status_code_and_message():
    status = pb.EchoStatus(code=2, message="test status message")
    error = fails(Status.UNKNOWN, lambda: STUB.unary(pb.SimpleRequest(response_status=status)))
    assert error.details() == status.message
    error = fails(Status.UNKNOWN, lambda: list(STUB.duplex(
        iter([pb.StreamingOutputCallRequest(response_status=status)]))))
    assert error.details() == status.message


def special_status_message():
    text = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001F608\t\n"
    status = pb.EchoStatus(code=2, message=text)
    error = fails(Status.UNKNOWN, lambda: STUB.unary(pb.SimpleRequest(response_status=status)))
    assert error.details() == text


def unimplemented_method():
    fails(Status.UNIMPLEMENTED, lambda: STUB.unimplemented(pb.Empty()))


def unimplemented_service():
    other = Stub(CHANNEL, "/grpc.testing.UnimplementedService/")
    fails(Status.UNIMPLEMENTED, lambda: other.unimplemented(pb.Empty()))


def cancel_after_begin():
    line = "cancelled " + SERVICE + "StreamingInputCall"
    before = SERVER.lines.count(line)
    feed = Feed()
    call = STUB.input.future(feed)
    for _ in call.initial_metadata():  # waits for the server's headers
        pass
    call.cancel()
    feed.close()
    assert call.code() == Status.CANCELLED
    assert SERVER.wait_line(line, before + 1), "the handler was not told"


def cancel_after_first_response():
    line = "cancelled " + SERVICE + "FullDuplexCall"
    before = SERVER.lines.count(line)
    feed = Feed()
    call = STUB.duplex(feed)
    feed.put(output_request(31415, payload=pb.Payload(body=b"\0" * 27182)))
    assert len(next(call).payload.body) == 31415
    call.cancel()
    feed.close()
    fails(Status.CANCELLED, lambda: next(call))
    assert SERVER.wait_line(line, before + 1), "the handler was not told"


def cancel_reaches_running_work():
    line = "cancelled " + SERVICE + "UnaryCall"
    before = SERVER.lines.count(line)
    call = STUB.unary.future(pb.SimpleRequest(response_size=600000, fill_username=True))
    STUB.unary(pb.SimpleRequest(response_size=20, fill_username=True))  # the first is under way
    call.cancel()
    assert SERVER.wait_line(line, before + 1)
    started = time.monotonic()  # both workers must be free again
    for _ in range(4):
        STUB.unary(pb.SimpleRequest(response_size=1, fill_username=True), timeout=20 * SLOW)
    assert time.monotonic() - started < 20 * SLOW


def timeout_on_sleeping_server():
    request = pb.StreamingOutputCallRequest(
        payload=pb.Payload(body=b"\0" * 27182),
        response_parameters=[pb.ResponseParameters(size=1, interval_us=10000000)])
    fails(Status.DEADLINE_EXCEEDED, lambda: list(STUB.duplex(iter([request]), timeout=0.001)))
    error = fails(Status.DEADLINE_EXCEEDED,
                  lambda: list(STUB.duplex(iter([request]), timeout=0.3)))
    assert error.details()


def rpc_soak():
    for _ in range(300):
        assert len(STUB.unary(large_request()).payload.body) == 314159


def channel_soak():
    for _ in range(60):
        with new_channel() as channel:
            assert len(Stub(channel).unary(large_request()).payload.body) == 314159


def concurrent_large_unary():
    calls = [STUB.unary.future(large_request()) for _ in range(1000)]
    for call in calls:
        assert len(call.result(120).payload.body) == 314159


# ---- beyond the list -------------------------------------------------------------------------


def largest_request():
    with new_channel(*NO_CLIENT_LIMIT) as channel:
        stub = Stub(channel)
        overhead = len(pb.SimpleRequest(payload=pb.Payload(body=b"\0" * LIMIT)).SerializeToString())
        fits = LIMIT - (overhead - LIMIT)
        request = pb.SimpleRequest(payload=pb.Payload(body=b"\0" * fits))
        assert len(request.SerializeToString()) == LIMIT
        stub.unary(request)
        request.payload.body += b"\0"
        fails(Status.RESOURCE_EXHAUSTED, lambda: stub.unary(request))
        # The same when it is the decompressed size that passes the limit.
        fails(Status.RESOURCE_EXHAUSTED,
              lambda: stub.unary(request, compression=grpc.Compression.Gzip))
        stub.empty(pb.Empty())


def messages_larger_than_the_window():
    big = pb.StreamingInputCallRequest(payload=pb.Payload(body=b"x" * 3000000))
    with new_channel(*NO_CLIENT_LIMIT) as channel:
        answer = Stub(channel).input(iter([big] * 12))
        assert answer.aggregated_payload_size == 36000000
        parameters = [pb.ResponseParameters(size=5000000)] * 8
        total = sum(len(a.payload.body) for a in Stub(channel).output(
            pb.StreamingOutputCallRequest(response_parameters=parameters)))
        assert total == 40000000


def slow_streams_do_not_stop_others():
    # Ten calls whose client reads nothing: their answers fill their stream windows ...
    with new_channel() as channel:
        stub = Stub(channel)
        parameters = [pb.ResponseParameters(size=1000000)] * 40
        slow = [stub.output(pb.StreamingOutputCallRequest(response_parameters=parameters))
                for _ in range(10)]
        for call in slow:
            next(call)
        # ... and an eleventh goes on beside them.
        assert len(stub.unary(large_request(), timeout=20 * SLOW).payload.body) == 314159
        for call in slow:
            call.cancel()


def errors_with_large_texts_arrive():
    status = pb.EchoStatus(code=3, message="\u263a" * 600)
    error = fails(Status.INVALID_ARGUMENT,
                  lambda: STUB.unary(pb.SimpleRequest(response_status=status)))
    assert error.details() == "\u263a" * 113  # 9 bytes each, of 1024


def health_check_and_list():
    check = CHANNEL.unary_unary("/grpc.health.v1.Health/Check",
                                health_pb2.HealthCheckRequest.SerializeToString,
                                health_pb2.HealthCheckResponse.FromString)
    list_all = CHANNEL.unary_unary("/grpc.health.v1.Health/List",
                                   health_pb2.HealthListRequest.SerializeToString,
                                   health_pb2.HealthListResponse.FromString)
    serving = health_pb2.HealthCheckResponse.SERVING
    for name in ("", "grpc.testing.TestService", "grpc.health.v1.Health"):
        assert check(health_pb2.HealthCheckRequest(service=name)).status == serving
    fails(Status.NOT_FOUND, lambda: check(health_pb2.HealthCheckRequest(service="no.Such")))
    statuses = list_all(health_pb2.HealthListRequest()).statuses
    assert statuses[""].status == serving and "grpc.testing.TestService" in statuses


def health_watch_sees_the_drain():
    server = Server(PROGRAM, "tick_ms=20", "drain_grace_ms=600000")
    with grpc.insecure_channel(server.target) as channel:
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch",
                                     health_pb2.HealthCheckRequest.SerializeToString,
                                     health_pb2.HealthCheckResponse.FromString)
        known = watch(health_pb2.HealthCheckRequest(service="grpc.testing.TestService"))
        unknown = watch(health_pb2.HealthCheckRequest(service="no.Such"))
        assert next(known).status == health_pb2.HealthCheckResponse.SERVING
        assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        started = time.monotonic()
        server.terminate()
        assert next(known).status == health_pb2.HealthCheckResponse.NOT_SERVING
        fails(Status.UNAVAILABLE, lambda: next(known))
        server.stop()
        assert time.monotonic() - started < 8 * SLOW, "a watch must not hold the drain for its grace"


def reflect(version, *requests):
    call = CHANNEL.stream_stream("/grpc.reflection.%s.ServerReflection/ServerReflectionInfo" % version,
                                 reflection_pb2.ServerReflectionRequest.SerializeToString,
                                 reflection_pb2.ServerReflectionResponse.FromString)
    return list(call(iter([reflection_pb2.ServerReflectionRequest(host="h", **r) for r in requests])))


def files_of(answer):
    return [descriptor_pb2.FileDescriptorProto.FromString(f)
            for f in answer.file_descriptor_response.file_descriptor_proto]


def reflection_lists_and_resolves():
    for version in ("v1", "v1alpha"):
        answers = reflect(version, {"list_services": "*"},
                          {"file_containing_symbol": "grpc.testing.TestService"},
                          {"file_by_filename": "testing.proto"}, {})
        names = {s.name for s in answers[0].list_services_response.service}
        assert names >= {"grpc.testing.TestService", "grpc.health.v1.Health",
                         "grpc.reflection.v1.ServerReflection",
                         "grpc.reflection.v1alpha.ServerReflection"}, names
        assert {f.name for f in files_of(answers[1])} == {"testing_service.proto", "testing.proto"}
        assert [f.name for f in files_of(answers[2])] == ["testing.proto"]
        assert answers[3].error_response.error_code == 3
        for a in answers:
            assert a.valid_host == "h" and a.HasField("original_request")


def reflection_finds_every_kind_of_symbol():
    found = ["grpc.testing.TestService.UnaryCall", "grpc.testing.SimpleRequest",
             "grpc.testing.SimpleRequest.response_size", "grpc.testing.PayloadType",
             "grpc.testing.COMPRESSABLE", "grpc.reflection.v1.ServerReflectionRequest.message_request",
             "grpc.health.v1.HealthCheckResponse.ServingStatus",
             "grpc.health.v1.HealthCheckResponse.SERVING"]
    absent = ["grpc.testing.NoSuch", "grpc.testing", "", ".grpc.testing.Empty",
              "grpc.testing.SimpleRequest.no_such", "grpc.testing.SimpleRequest."]
    answers = reflect("v1", *[{"file_containing_symbol": s} for s in found + absent])
    for name, answer in zip(found, answers):
        assert files_of(answer), name
    for name, answer in zip(absent, answers[len(found):]):
        assert answer.error_response.error_code == 5, name


def reflection_is_closed_and_usable():
    """The sequence of a generic client: list, resolve, build, call."""
    answers = reflect("v1", {"list_services": ""})
    services = [s.name for s in answers[0].list_services_response.service]
    files = {}
    for answer in reflect("v1", *[{"file_containing_symbol": s} for s in services]):
        files.update((f.name, f) for f in files_of(answer))
    pool = pool_of(files)
    for name in services:
        assert pool.FindServiceByName(name).full_name == name
    method = pool.FindServiceByName("grpc.testing.TestService").methods_by_name["UnaryCall"]
    factory = message_factory.MessageFactory(pool)
    request = factory.GetPrototype(method.input_type)(response_size=3)
    answer = CHANNEL.unary_unary(SERVICE + "UnaryCall", lambda m: m.SerializeToString(),
                                 factory.GetPrototype(method.output_type).FromString)(request)
    assert answer.payload.body == b"\0\0\0"


def drain_loses_no_running_call():
    server = Server(PROGRAM, "tick_ms=20")
    with grpc.insecure_channel(server.target) as channel:
        stub = Stub(channel)
        calls = [stub.unary.future(pb.SimpleRequest(response_size=700, fill_username=True))
                 for _ in range(8)]
        stub.empty(pb.Empty())
        server.terminate()
        for call in calls:
            assert len(call.result(20 * SLOW).payload.body) == 700
        server.stop()


def drain_under_load():
    """Calls that fail while a server drains fail with UNAVAILABLE: safe to send elsewhere."""
    server = Server(PROGRAM, "tick_ms=20")
    with grpc.insecure_channel(server.target) as channel:
        stub = Stub(channel)
        stub.empty(pb.Empty())
        stopped = threading.Event()

        def load():
            done = 0
            while not stopped.is_set():
                try:
                    stub.unary(large_request(), timeout=20 * SLOW)
                    done += 1
                except grpc.RpcError as error:
                    assert error.code() == Status.UNAVAILABLE, error
                    return done
            return done
        with concurrent.futures.ThreadPoolExecutor(16) as workers:
            results = [workers.submit(load) for _ in range(16)]
            time.sleep(0.3)
            server.terminate()
            server.stop()
            stopped.set()
            assert sum(r.result() for r in results) > 0


def drain_cancels_what_outlives_the_grace():
    server = Server(PROGRAM, "tick_ms=20", "drain_grace_ms=300")
    with grpc.insecure_channel(server.target) as channel:
        feed = Feed()
        call = Stub(channel).duplex(feed)
        feed.put(output_request(1))
        next(call)
        server.terminate()
        error = fails(Status.UNAVAILABLE, lambda: next(call))
        assert "shutting down" in error.details(), error.details()
        feed.close()
        server.stop()


def idle_connections_are_ended_politely():
    server = Server(PROGRAM, "tick_ms=20", "idle_ms=200")
    with grpc.insecure_channel(server.target) as channel:
        stub = Stub(channel)
        for _ in range(3):
            stub.empty(pb.Empty(), wait_for_ready=True, timeout=10 * SLOW)
            time.sleep(0.4)
    server.stop()


def stop_server():
    CHANNEL.close()
    SERVER.stop()


TESTS = [(f.__name__, f) for f in (
    empty_unary, large_unary, client_compressed_unary, server_compressed_unary, client_streaming,
    client_compressed_streaming, server_streaming, server_compressed_streaming, ping_pong,
    half_duplex, empty_stream, custom_metadata, status_code_and_message, special_status_message,
    unimplemented_method, unimplemented_service, cancel_after_begin, cancel_after_first_response,
    cancel_reaches_running_work, timeout_on_sleeping_server, rpc_soak, channel_soak,
    concurrent_large_unary, largest_request, messages_larger_than_the_window,
    slow_streams_do_not_stop_others, errors_with_large_texts_arrive, health_check_and_list,
    health_watch_sees_the_drain, reflection_lists_and_resolves,
    reflection_finds_every_kind_of_symbol, reflection_is_closed_and_usable,
    drain_loses_no_running_call, drain_under_load, drain_cancels_what_outlives_the_grace,
    idle_connections_are_ended_politely)]

if __name__ == "__main__":
    result = run(TESTS)
    ended = run([("nothing_is_left", stop_server)]) if len(sys.argv) == 2 else 0
    if len(sys.argv) > 2:
        stop_server()
    sys.exit(result or ended)

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a well-behaved client never sends, and what exactly comes back, frame by frame.

    h2_raw.py PROGRAM [test ...]
"""
import gzip
import struct
import time
import zlib

from door_common import SLOW
from h2_world import *  # noqa: F403

ECHO_BIN = "x-grpc-test-echo-trailing-bin"


# ---- the shape of an ordinary exchange -----------------------------------------------------


def settings_come_first():
    with raw(start=False) as c:
        for byte in PREFACE:
            c.send(bytes((byte,)))
            time.sleep(0.001)
        c.send(frame(SETTINGS, 0, 0))
        assert c.until(lambda: len(c.frames) >= 3)
        assert c.frames[0][:3] == (SETTINGS, 0, 0)
        assert dict(c.settings) == {3: 1000, 4: 1 << 20, 6: 16384}, c.settings
        assert c.frames[1][0] == WINDOW_UPDATE and c.window == LIMIT, c.window
        assert c.call("EmptyCall").grpc_status == 0


def unary_frames_are_exact():
    with raw() as c:
        answer = c.call("UnaryCall", simple(3))
        assert answer.order == ["headers", "data", "headers", "end"], answer.order
        assert answer.blocks[0] == [(":status", "200"), ("content-type", "application/grpc"),
                                    ("grpc-accept-encoding", "identity,deflate,gzip")]
        assert answer.blocks[1] == [("grpc-status", "0")]
        assert answer.data == message(pb.SimpleResponse(
            payload=pb.Payload(body=b"\0\0\0")).SerializeToString())


def failures_are_trailers_only():
    status = pb.EchoStatus(code=5, message="no \u263a 100%\n")
    with raw() as c:
        answer = c.call("UnaryCall", simple(response_status=status))
        assert answer.order == ["headers", "end"]
        assert answer.blocks[0] == [
            (":status", "200"), ("content-type", "application/grpc"),
            ("grpc-accept-encoding", "identity,deflate,gzip"), ("grpc-status", "5"),
            ("grpc-message", "no %E2%98%BA 100%25%0A")]


def early_end_resets_after_trailers():
    with raw() as c:
        stream = c.open(grpc_headers("/no.Such/Method"))
        answer = c.answers[stream]
        assert c.until(lambda: answer.reset is not None)
        assert answer.order == ["headers", "end", "rst:0"], answer.order
        assert answer.grpc_status == 12
        c.data(stream, message(b"late"), True)  # was under way: no harm
        assert c.call("EmptyCall").grpc_status == 0


def streams_get_headers_at_once():
    with raw() as c:
        stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
        answer = c.answers[stream]
        assert c.until(lambda: answer.blocks)
        assert answer.status == "200" and not answer.ended
        c.data(stream, b"", True)
        c.finish(stream)
        assert answer.grpc_status == 0 and answer.data == b""


# ---- requests that are not gRPC, or not whole -----------------------------------------------


def methods_other_than_post():
    with raw() as c:
        for verb in ("GET", "PUT", "post"):
            answer = c.finish(c.open(grpc_headers(SERVICE + "EmptyCall", method=verb), True))
            assert answer.blocks == [[(":status", "405"), ("allow", "POST")]], answer.blocks
        assert c.call("EmptyCall").grpc_status == 0


def content_types():
    good = {"application/grpc": "application/grpc", "application/grpc+proto": "application/grpc+proto",
            "application/grpc;charset=utf-8": "application/grpc"}
    bad = [None, "application/json", "application/grpc-web", "application/grpc-web+proto",
           "application/grpc+json", "application/grpcx", "text/plain", "application/grp", ""]
    with raw() as c:
        for sent, back in good.items():
            answer = c.call("EmptyCall", content_type=sent)
            assert (answer.grpc_status, answer.header("content-type")) == (0, back), sent
        for sent in bad:
            stream = c.open(grpc_headers(SERVICE + "EmptyCall", content_type=sent), True)
            assert c.finish(stream).blocks == [[(":status", "415")]], sent


def te_may_be_missing():
    with raw() as c:
        assert c.call("EmptyCall", te=False).grpc_status == 0


def unknown_paths():
    with raw() as c:
        for path in ("/", "/x", "/grpc.testing.TestService/", "/grpc.testing.TestService/emptyCall",
                     "/grpc.testing.TestService/EmptyCall/", "/grpc.testing.TestService%2FEmptyCall"):
            answer = c.finish(c.open(grpc_headers(path), True))
            assert (answer.status, answer.grpc_status) == ("200", 12), path


def timeouts():
    with raw() as c:
        for good in ("1H", "5M", "10S", "30000m", "30000000u", "99999999n", "99999999H", "00000005S"):
            assert c.call("EmptyCall", b"", ("grpc-timeout", good)).grpc_status == 0, good
        for bad in ("", "S", "5", "5s", "-1S", "+1S", "1.5S", "5 S", "123456789S", "5SS", "0x5S"):
            answer = c.finish(c.open(grpc_headers(SERVICE + "EmptyCall", ("grpc-timeout", bad)), True))
            assert (answer.status, answer.grpc_status) == ("400", 13), (bad, answer.blocks)
        for zero in ("0S", "00000000n"):
            answer = c.finish(c.open(grpc_headers(SERVICE + "EmptyCall", ("grpc-timeout", zero)), True))
            assert (answer.status, answer.grpc_status, answer.order) == ("200", 4, ["headers", "end"])


def cardinality():
    with raw() as c:
        two = message(simple(1)) + message(simple(1))
        for body in (b"", two, message(b"") * 3):
            stream = c.open(grpc_headers(SERVICE + "UnaryCall"))
            c.data(stream, body, True)
            assert c.finish(stream).grpc_status == 13, body
        stream = c.open(grpc_headers(SERVICE + "UnaryCall"), True)
        assert c.finish(stream).grpc_status == 13


def requests_cut_short():
    body = message(simple(1, payload=pb.Payload(body=b"xyz")))
    with raw() as c:
        for n in range(1, len(body)):
            stream = c.open(grpc_headers(SERVICE + "UnaryCall"))
            c.data(stream, body[:n], True)
            assert c.finish(stream).grpc_status == 13, n


def bad_flags():
    with raw() as c:
        for flag in (2, 128, 255):
            stream = c.open(grpc_headers(SERVICE + "UnaryCall"))
            c.data(stream, message(simple(1), flag))
            answer = c.finish(stream)
            assert answer.grpc_status == 13 and answer.order[:2] == ["headers", "end"], flag


def garbage_messages():
    with raw() as c:
        for body in (b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0b", b"\x3a\x04\x12\x02\xff\xfe"):
            assert c.call("UnaryCall", body).grpc_status == 13, body


def oversize_is_refused_at_the_prefix():
    with raw() as c:
        before = SERVER.rss_kib()
        for length in (LIMIT + 1, 0xffffffff):
            for method in ("UnaryCall", "FullDuplexCall"):
                stream = c.open(grpc_headers(SERVICE + method))
                c.data(stream, b"\0" + struct.pack(">I", length))  # not a byte of the body
                assert c.finish(stream).grpc_status == 8, (length, method)
        streams = []
        for _ in range(500):  # what is allowed is not reserved either
            streams.append(c.open(grpc_headers(SERVICE + "UnaryCall")))
            c.data(streams[-1], b"\0" + struct.pack(">I", LIMIT))
        assert c.ping()
        assert SERVER.rss_kib() - before < 64 * 1024, "prefixes alone take memory"
        for stream in streams:
            c.send(frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))
    probe()


# ---- framing ------------------------------------------------------------------------------


def one_byte_data_frames():
    body = message(duplex(3)) + message(duplex(5, 0)) + message(b"")
    with raw() as c:
        stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
        for byte in body:
            c.send(frame(DATA, 0, stream, bytes((byte,))))
        c.data(stream, b"", True)
        answer = c.finish(stream)
        assert answer.grpc_status == 0 and duplex_sizes(answer) == [3, 5, 0]


def every_split_of_three_messages():
    body = message(duplex(3)) + message(b"") + message(duplex(2, 1))
    with raw() as c:
        for at in range(len(body) + 1):
            stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
            c.data(stream, body[:at])
            c.data(stream, body[at:], True)
            answer = c.finish(stream)
            assert answer.grpc_status == 0 and duplex_sizes(answer) == [3, 2, 1], at


def padding_means_nothing():
    body = message(duplex(4))
    with raw() as c:
        stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
        for i in range(len(body)):
            c.send(frame(DATA, PADDED, stream, bytes((200,)) + body[i:i + 1] + b"\0" * 200))
        c.data(stream, b"", True)
        assert duplex_sizes(c.finish(stream)) == [4]
        # And padded bytes come back to the window: far more of them than it is large.
        stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
        for _ in range(40000):
            while c.window < 256:
                assert c.step(10 * SLOW), "padding leaks the connection's window"
            c.window -= 256
            c.send(frame(DATA, PADDED, stream, bytes((254,)) + b"\0" + b"\0" * 254))
            if c.answers[stream].ended:
                break
        c.send(frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))


# ---- compression -----------------------------------------------------------------------------


def compressed_requests():
    body = simple(7, expect_compressed=pb.BoolValue(value=True))
    with raw() as c:
        for coding, packed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
            stream = c.open(grpc_headers(SERVICE + "UnaryCall", ("grpc-encoding", coding)))
            c.data(stream, message(packed, 1), True)
            assert c.finish(stream).grpc_status == 0, coding
        # A coding may be declared and not used.
        for coding in ("gzip", "snappy", "identity"):
            assert c.call("EmptyCall", b"", ("grpc-encoding", coding)).grpc_status == 0


def broken_compression():
    good = gzip.compress(simple(7))
    raw_deflate = zlib.compressobj(wbits=-15)
    cases = [
        (None, good, 13), ("identity", good, 13), ("snappy", good, 12), ("gzip", b"", 13),
        ("gzip", b"not gzip", 13), ("gzip", good[:-1], 13), ("gzip", good[:-9], 13),
        ("gzip", good + b"x", 13), ("gzip", good[:-8] + b"\0" * 8, 13), ("gzip", zlib.compress(b"x"), 13),
        ("deflate", good, 13),
        ("deflate", raw_deflate.compress(simple(7)) + raw_deflate.flush(), 13),
        ("gzip", gzip.compress(b"\0" * (LIMIT + 1)), 8),
        ("gzip", gzip.compress(b"\0" * (256 << 20), 9), 8),
    ]
    with raw() as c:
        before = SERVER.rss_kib()
        for coding, body, status in cases:
            more = [("grpc-encoding", coding)] if coding else []
            stream = c.open(grpc_headers(SERVICE + "UnaryCall", *more))
            c.data(stream, message(body, 1), True)
            answer = c.finish(stream)
            assert answer.grpc_status == status, (coding, body[:20], answer.blocks)
            if status == 12:
                assert "snappy" in answer.header("grpc-message", -1)
                assert answer.header("grpc-accept-encoding") == "identity,deflate,gzip"
        assert SERVER.rss_kib() - before < 64 * 1024


def response_compression_is_per_message():
    yes, no = pb.BoolValue(value=True), pb.BoolValue(value=False)
    request = pb.StreamingOutputCallRequest(response_parameters=[
        pb.ResponseParameters(size=31415, compressed=yes), pb.ResponseParameters(size=92653, compressed=no),
        pb.ResponseParameters(size=10, compressed=yes)]).SerializeToString()
    unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}
    with raw(settings=[(4, 1 << 24)]) as c:
        c.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24)))
        for accept, coding in (("identity,deflate,gzip", "gzip"), ("deflate", "deflate"), ("gzip , x", "gzip")):
            answer = c.call("StreamingOutputCall", request, ("grpc-accept-encoding", accept))
            assert answer.header("grpc-encoding") == coding, accept
            flags = [f for f, _ in answer.messages()]
            assert flags == [1, 0, 1], flags
            sizes = [len(pb.StreamingOutputCallResponse.FromString(unpack[coding](b) if f else b).payload.body)
                     for f, b in answer.messages()]
            assert sizes == [31415, 92653, 10], sizes
        for accept in (None, "identity", "br"):  # nothing the peer did not list
            more = [("grpc-accept-encoding", accept)] if accept else []
            answer = c.call("StreamingOutputCall", request, *more)
            assert answer.header("grpc-encoding") is None
            assert [f for f, _ in answer.messages()] == [0, 0, 0]


# ---- metadata ----------------------------------------------------------------------------------


def binary_metadata():
    value = b"\xab\xcd\xef\x01"
    with raw() as c:
        for text in (b64(value), b64(value).rstrip("="), b64(value) + "," + b64(b"second"), b64(value) + ", AAA"):
            answer = c.call("UnaryCall", simple(1), (ECHO_BIN, text))
            assert answer.header(ECHO_BIN, -1) == b64(value).rstrip("="), text
        assert c.call("UnaryCall", simple(1), (ECHO_BIN, "")).header(ECHO_BIN, -1) == ""
        for text in ("A", "AAAAA", "A===", "AA=A", "****", "AA\u00e4", "_-_-"):
            answer = c.call("UnaryCall", simple(1), (ECHO_BIN, text))
            assert answer.grpc_status == 13, text


def reserved_names_are_ignored():
    with raw() as c:
        answer = c.call("EmptyCall", b"", ("grpc-future-thing", "x"), ("grpc-message-type", "x.Y"),
                        ("grpc-previous-rpc-attempts", "1"), ("grpc-trace-bin", "AAAA"), ("content-length", "5"))
        assert answer.grpc_status == 0


def broken_http_is_reset():
    with raw() as c:
        for field in (("connection", "close"), ("transfer-encoding", "chunked"), ("x\u0041", "y"), ("te", "gzip")):
            answer = c.finish(c.open(grpc_headers(SERVICE + "EmptyCall", field, te=False), True))
            assert answer.reset == PROTOCOL_ERROR, (field, answer.order)
        answer = c.finish(c.open(grpc_headers(SERVICE + "EmptyCall", ("host", "a"), ("host", "b")), True))
        assert answer.status == "400" or answer.reset == PROTOCOL_ERROR
        assert c.call("EmptyCall").grpc_status == 0


def large_headers_are_431():
    with raw() as c:
        for more in ([("x-a", "v" * 17000)], [("x-%d" % i, "v") for i in range(101)],
                     [("x-a", "v" * 9000), ("x-b", "v" * 9000)]):
            stream, c.next_id = c.next_id, c.next_id + 2
            c.answers[stream] = Answer()
            block = c.encoder.encode(grpc_headers(SERVICE + "EmptyCall", *more))
            pieces = [block[i:i + 16384] for i in range(0, len(block), 16384)]
            for i, piece in enumerate(pieces):
                last = END_HEADERS if i == len(pieces) - 1 else 0
                if i == 0:
                    c.send(frame(HEADERS, END_STREAM | last, stream, piece))
                else:
                    c.send(frame(CONTINUATION, last, stream, piece))
            answer = c.finish(stream)
            assert answer.blocks == [[(":status", "431")]], (answer.blocks, answer.order)
        assert c.call("EmptyCall").grpc_status == 0
        # 15 KiB in many fields are fine.
        assert c.call("EmptyCall", b"", *[("x-%d" % i, "v" * 150) for i in range(80)]).grpc_status == 0


def many_binary_values_are_bounded():
    with raw() as c:
        answer = c.finish(c.open(grpc_headers(SERVICE + "EmptyCall", ("x-bin", "," * 10000)), True))
        assert answer.status == "431" or answer.grpc_status == 13, answer.blocks


run_all(
    settings_come_first, unary_frames_are_exact, failures_are_trailers_only, early_end_resets_after_trailers,
    streams_get_headers_at_once, methods_other_than_post, content_types, te_may_be_missing, unknown_paths, timeouts,
    cardinality, requests_cut_short, bad_flags, garbage_messages, oversize_is_refused_at_the_prefix,
    one_byte_data_frames, every_split_of_three_messages, padding_means_nothing, compressed_requests,
    broken_compression, response_compression_is_per_message, binary_metadata, reserved_names_are_ignored,
    broken_http_is_reset, large_headers_are_431, many_binary_values_are_bounded)

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Attacks, windows that stay closed, slow peers, and how connections end, frame by frame.

    h2_hostile.py PROGRAM [test ...]
"""
import struct
import time

from door_common import SLOW, Server
from h2_world import *  # noqa: F403


# ---- attacks -----------------------------------------------------------------------------------


def hpack_bomb():
    before = SERVER.rss_kib()
    started = time.monotonic()
    with raw() as c:
        bomb = b"\x40" + b"\x01x" + b"\x7f\x81\x1e" + b"v" * 4000  # one table entry of 4 KiB
        fields = c.encoder.encode(grpc_headers(SERVICE + "EmptyCall"))
        for i in range(50):
            stream, c.next_id = c.next_id, c.next_id + 2
            c.answers[stream] = Answer()
            block = fields + (bomb if i == 0 else b"") + b"\xbe" * 12000
            if not c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block)):
                break
        expect_goaway(c, ENHANCE_YOUR_CALM)
        heard = [a for a in c.answers.values() if a.blocks or a.reset is not None]
        assert len(heard) < 8 and not any(a.blocks for a in heard), "a bomb is read to its end"
    assert time.monotonic() - started < 10 * SLOW
    assert SERVER.rss_kib() - before < 32 * 1024
    probe()


def rapid_reset():
    with raw() as c:
        sent = 0
        for sent in range(2000):
            stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
            if not c.send(frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))):
                break
        assert c.wait_closed(), "%d resets and still open" % sent
        assert c.goaways
    probe()


def made_to_reset():
    with raw() as c:
        for _ in range(1000):  # a window beyond 2^31 - 1: RST_STREAM(FLOW_CONTROL_ERROR)
            stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
            if not c.send(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 0x7fffffff))):
                break
            if not c.until(lambda: c.answers[stream].reset == FLOW_CONTROL_ERROR):
                break
        expect_goaway(c, ENHANCE_YOUR_CALM)
        assert sum(1 for f in c.frames if f[0] == RST_STREAM) < 200
    probe()


def continuation_flood():
    with raw() as c:
        c.send(frame(HEADERS, 0, 1, c.encoder.encode(grpc_headers(SERVICE + "EmptyCall"))))
        sent = 0
        for sent in range(10000):
            if not c.send(frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b")):
                break
        assert c.wait_closed(), "%d CONTINUATION frames and still open" % sent
    probe()


def ping_flood():
    server = Server(PROGRAM, "tick_ms=20")
    with Raw(server.port) as c:
        assert c.call("EmptyCall").grpc_status == 0
        for _ in range(20):
            c.send(frame(PING, 0, 0, b"12345678"))
        assert expect_goaway(c, ENHANCE_YOUR_CALM) == b"too_many_pings"
    with Raw(server.port) as c:  # pings between answers are a client measuring its bandwidth
        for _ in range(50):
            c.send(frame(PING, 0, 0, b"12345678"))
            assert c.call("EmptyCall").grpc_status == 0
        assert not c.goaways
    server.stop()


def unread_acks():
    with raw() as c:
        for _ in range(3000):
            if not c.send(frame(SETTINGS, 0, 0) * 100):
                break
        c.socket.settimeout(5)
        assert c.wait_closed(20)
    probe()


def settings_with_many_entries():
    with raw() as c:
        c.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 0x7777, 1) * 33))
        assert c.wait_closed() and c.goaways[-1][1] == ENHANCE_YOUR_CALM
    with raw(settings=[(0xfe03, 1), (0x7777, 5)]) as c:  # unknown ones are ignored
        assert c.call("EmptyCall").grpc_status == 0


def empty_frame_floods():
    floods = {
        "data": lambda s: frame(DATA, 0, s),
        "padding": lambda s: frame(DATA, PADDED, s, b"\x03\0\0\0"),
        "priority": lambda s: frame(PRIORITY, 0, s, struct.pack(">IB", 0, 1)),
    }
    for name, make in floods.items():
        with raw() as c:
            stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
            for _ in range(500):  # some are no crime
                c.send(make(stream))
            assert c.ping() and not c.goaways, name
            for _ in range(200):
                if not c.send(make(stream) * 100):
                    break
            assert expect_goaway(c, ENHANCE_YOUR_CALM) == b"too_many_empty_frames", name
    probe()


def too_many_streams():
    server = Server(PROGRAM, "max_streams=10", "tick_ms=20")
    with Raw(server.port) as c:
        streams = [c.open(grpc_headers(SERVICE + "FullDuplexCall")) for _ in range(15)]
        for stream in streams[10:]:
            assert c.finish(stream).reset == REFUSED_STREAM
        for stream in streams[:10]:
            c.data(stream, b"", True)
            assert c.finish(stream).grpc_status == 0
    server.stop()


def window_overrun():
    with raw() as c:
        stream = c.open(grpc_headers(SERVICE + "UnaryCall"))
        c.data(stream, b"\0" + struct.pack(">I", LIMIT))
        answer = c.answers[stream]
        for _ in range(1000):  # deaf to every window
            if not c.send(frame(DATA, 0, stream, b"x" * 16384)):
                break
        assert c.until(lambda: c.closed or answer.reset is not None or answer.ended)
    probe()


# ---- windows and slowness -----------------------------------------------------------------------


def window_is_full_again():
    """Bytes of calls that fail, end early or are reset all return to the connection's window."""
    with raw() as c:
        assert c.until(lambda: c.window == LIMIT), c.window  # an ack of a ping may overtake it
        for i in range(60):  # 60 MiB through a window of 4
            kind = i % 4
            path = ("/no.Such/Method", SERVICE + "FullDuplexCall", SERVICE + "UnaryCall", SERVICE + "EmptyCall")[kind]
            stream = c.open(grpc_headers(path))
            c.data(stream, b"\0" + struct.pack(">I", LIMIT) + b"x" * 1000000)
            if kind in (1, 2):
                c.send(frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))
            else:
                c.data(stream, b"", True)
                c.finish(stream)
        assert c.until(lambda: c.window > LIMIT // 2), c.window  # updates come in halves
        assert c.call("EmptyCall").grpc_status == 0


def stalled_readers_are_cut_off():
    server = Server(PROGRAM, "tick_ms=20", "stall_ms=300")
    with Raw(server.port, settings=[(4, 0)]) as c:  # no window at all
        stream = c.open(grpc_headers(SERVICE + "UnaryCall"))
        c.data(stream, message(simple(100000)), True)
        answer = c.finish(stream)
        assert answer.reset == CANCEL and answer.data == b""
        answer = c.finish(c.open(grpc_headers("/no.Such/Method"), True))
        assert answer.grpc_status == 12  # headers need no window
    server.stop()


def deadline_behind_a_closed_window():
    with raw(settings=[(4, 100)]) as c:
        stream = c.open(grpc_headers(SERVICE + "StreamingOutputCall", ("grpc-timeout", "300m")))
        request = pb.StreamingOutputCallRequest(response_parameters=[
            pb.ResponseParameters(size=5000), pb.ResponseParameters(size=1, interval_us=9000000)])
        c.data(stream, message(request.SerializeToString()), True)
        answer = c.finish(stream)
        assert answer.reset == CANCEL, answer.order


def slow_headers():
    server = Server(PROGRAM, "tick_ms=20", "header_ms=200")
    with Raw(server.port, ack=False) as c:
        c.send(frame(HEADERS, 0, 1, c.encoder.encode(grpc_headers(SERVICE + "EmptyCall"))))
        assert expect_goaway(c, ENHANCE_YOUR_CALM) == b"slow_headers"
    server.stop()


def slow_bodies():
    server = Server(PROGRAM, "tick_ms=20", "slow_body_ms=200")
    with Raw(server.port) as c:
        stream = c.open(grpc_headers(SERVICE + "UnaryCall"))
        silent = c.open(grpc_headers(SERVICE + "FullDuplexCall"))  # a stream may be silent
        c.data(stream, message(simple(1))[:3])
        assert c.finish(stream).grpc_status == 4
        time.sleep(0.5)
        c.data(silent, b"", True)
        assert c.finish(silent).grpc_status == 0
    server.stop()


def input_is_bounded():
    server = Server(PROGRAM, "tick_ms=20", "max_conn_input=1000000")
    with Raw(server.port) as c:
        streams = [c.open(grpc_headers(SERVICE + "UnaryCall")) for _ in range(10)]
        for stream in streams:
            c.data(stream, b"\0" + struct.pack(">I", LIMIT) + b"x" * 150000)
        assert c.until(lambda: sum(c.answers[s].grpc_status == 8 for s in streams) >= 3)
        assert c.call("EmptyCall").grpc_status == 0
    server.stop()


def keepalive():
    server = Server(PROGRAM, "tick_ms=20", "keepalive_ms=100", "keepalive_timeout_ms=300")
    with Raw(server.port) as c:
        assert c.until(lambda: len(c.pings) >= 3), "no pings"  # answered, so it goes on
        assert c.call("EmptyCall").grpc_status == 0
    with Raw(server.port, ack=False) as c:
        assert c.wait_closed() and len(c.pings) == 1, c.pings
    server.stop()


def max_age():
    server = Server(PROGRAM, "tick_ms=20", "max_age_ms=200")
    with Raw(server.port) as c:
        assert c.call("EmptyCall").grpc_status == 0
        assert c.wait_closed(5)
        assert [g[:2] for g in c.goaways] == [(0x7fffffff, NO_ERROR), (1, NO_ERROR)], c.goaways
    server.stop()


# ---- the end ---------------------------------------------------------------------------------------


def drain_order():
    server = Server(PROGRAM, "tick_ms=20")
    with Raw(server.port, ack=False) as c:
        running = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
        c.data(running, message(duplex(1)))
        assert c.until(lambda: c.answers[running].data)
        server.terminate()
        assert c.until(lambda: c.goaways and c.pings)
        assert c.goaways == [(0x7fffffff, NO_ERROR, b"")], c.goaways
        late = c.open(grpc_headers(SERVICE + "EmptyCall"))  # was under way: still served
        c.data(late, message(b""), True)
        assert c.finish(late).grpc_status == 0
        c.send(frame(PING, ACK, 0, c.pings[0]))
        assert c.until(lambda: len(c.goaways) == 2)
        assert c.goaways[1][:2] == (late, NO_ERROR), c.goaways
        too_late = c.open(grpc_headers(SERVICE + "EmptyCall"), True)
        c.data(running, message(duplex(2)), True)  # and the running call ends well
        answer = c.finish(running)
        assert answer.grpc_status == 0 and duplex_sizes(answer) == [1, 2]
        assert c.wait_closed() and not c.answers[too_late].blocks
    server.stop()


def drain_without_an_ack():
    server = Server(PROGRAM, "tick_ms=20", "drain_ack_ms=200", "drain_grace_ms=300")
    with Raw(server.port, ack=False) as c:
        stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
        assert c.until(lambda: c.answers[stream].blocks)
        server.terminate()
        assert c.wait_closed()
        assert len(c.goaways) == 2 and c.answers[stream].grpc_status == 14
    server.stop()


def connection_lost_in_every_state():
    line = "cancelled " + SERVICE + "FullDuplexCall"
    before = SERVER.lines.count(line)
    body = message(duplex(10))
    for n in range(len(body) + 1):
        with raw() as c:
            stream = c.open(grpc_headers(SERVICE + "FullDuplexCall"))
            c.data(stream, body[:n])
            assert c.until(lambda: c.answers[stream].blocks)
    assert SERVER.wait_line(line, before + len(body) + 1), "some handler was not told"


def bytes_that_are_no_http2():
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"\0" * 100,
                 PREFACE + b"\0" * 50, PREFACE + frame(DATA, 0, 1, b"x"), PREFACE + b"\xff" * 100):
        with raw(start=False) as c:
            c.send(data)
            assert c.wait_closed(), data
    probe()


run_all(
    hpack_bomb, rapid_reset, made_to_reset, continuation_flood, ping_flood, unread_acks, settings_with_many_entries,
    empty_frame_floods, too_many_streams, window_overrun, window_is_full_again, stalled_readers_are_cut_off,
    deadline_behind_a_closed_window, slow_headers, slow_bodies, input_is_bounded, keepalive, max_age, drain_order,
    drain_without_an_ack, connection_lost_in_every_state, bytes_that_are_no_http2)

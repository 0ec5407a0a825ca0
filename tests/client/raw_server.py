# SPDX-License-Identifier: MIT
"""raw_server.py -- an HTTP/2 server that misbehaves on request.

A call says with "x-case" (and "x-arg") what should happen to it. Good answers are a SimpleResponse
whose payload has as many bytes as the answer is meant to say: a count, as unary() reports it.
"""
import gzip
import socket
import struct
import threading
import time

import h2.config
import h2.connection
import h2.events
import h2.settings

OK = [("grpc-status", "0")]
HEADERS = [(":status", "200"), ("content-type", "application/grpc")]


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def answer(n):
    """SimpleResponse{payload{body: n bytes}}, also a StreamingOutputCallResponse."""
    body = b"\x12" + varint(n) + bytes(n)
    return b"\x0a" + varint(len(body)) + body


def frame(message, flag=0):
    return struct.pack(">BI", flag, len(message)) + message


class Shared:
    """What outlives a connection."""

    def __init__(self):
        self.lock = threading.Lock()
        self.connections = 0
        self.attempts = {}

    def attempt(self, key):
        with self.lock:
            self.attempts[key] = self.attempts.get(key, 0) + 1
            return self.attempts[key]


class Connection:
    def __init__(self, sock, shared):
        self.sock = sock
        self.shared = shared
        with shared.lock:
            shared.connections += 1
            self.number = shared.connections
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8",
                                           validate_outbound_headers=False, normalize_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        self.streams = {}
        self.open_now = self.open_most = 0
        self.acks = 0
        self.waiting_for_acks = None
        self.silent = False

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.sock.sendall(data)

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        while True:
            data = self.sock.recv(65536)
            if not data:
                return
            if self.silent:
                continue
            for event in self.h2.receive_data(data):
                self.on_event(event)
            self.flush()

    def on_event(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.streams[event.stream_id] = {"headers": dict(event.headers), "body": b""}
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
            self.begin(event.stream_id)
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self.streams:
                self.streams[event.stream_id]["body"] += event.data
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.streams:
            stream = self.streams[event.stream_id]
            name = "case_" + stream["headers"].get("x-case", "good")
            if hasattr(self, name):
                getattr(self, name)(event.stream_id, stream)
        elif isinstance(event, h2.events.PingAckReceived):
            self.acks += 1
            if self.waiting_for_acks and self.acks == 20:
                self.good(self.waiting_for_acks, 20)

    def begin(self, sid):
        """Cases that do not wait for the end of the request."""
        headers = self.streams[sid]["headers"]
        case = headers.get("x-case", "")
        if case == "goaway_refuse" and self.shared.attempt(case) == 1:
            self.h2.close_connection(last_stream_id=0)
            del self.streams[sid]
        elif case in ("refuse_once", "refuse_always"):
            if self.shared.attempt(case) == 1 or case == "refuse_always":
                self.h2.reset_stream(sid, 7)
                del self.streams[sid]
                self.open_now -= 1
        elif case == "server_first":
            self.h2.send_headers(sid, HEADERS)
            self.h2.send_data(sid, frame(answer(77)))
        elif case == "silent":
            self.silent = True

    def good(self, sid, n):
        self.h2.send_headers(sid, HEADERS)
        self.h2.send_data(sid, frame(answer(n)))
        self.h2.send_headers(sid, OK, end_stream=True)
        self.open_now -= 1

    def data(self, sid, payload, headers=HEADERS, trailers=OK):
        self.h2.send_headers(sid, headers)
        for i in range(0, len(payload), 16000):
            self.h2.send_data(sid, payload[i:i + 16000])
        self.h2.send_headers(sid, trailers, end_stream=True)

    def case_good(self, sid, stream):
        self.good(sid, self.number)

    def case_goaway(self, sid, stream):
        self.good(sid, self.number)
        self.h2.close_connection(last_stream_id=sid)

    case_goaway_refuse = case_refuse_once = case_good

    def case_server_first(self, sid, stream):
        self.h2.send_headers(sid, OK, end_stream=True)

    def case_rst_after_header(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        self.h2.reset_stream(sid, 0)

    def case_rst_during_data(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        self.h2.send_data(sid, frame(answer(10))[:6])
        self.h2.reset_stream(sid, 0)

    def case_rst_after_data(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        self.h2.send_data(sid, frame(answer(10)))
        self.h2.reset_stream(sid, 0)

    def case_rst_code(self, sid, stream):
        self.h2.reset_stream(sid, int(stream["headers"]["x-arg"]))

    def case_ping(self, sid, stream):
        self.waiting_for_acks = sid
        for i in range(20):
            self.h2.ping(struct.pack(">Q", i))

    def case_one_stream(self, sid, stream):
        """Answers with the most streams seen open at once, after letting others come."""
        time.sleep(0.01)
        self.good(sid, self.open_most)

    def case_max_streams(self, sid, stream):
        self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        self.good(sid, 1)
        self.open_most = 0

    def case_http(self, sid, stream):
        self.h2.send_headers(sid, [(":status", stream["headers"]["x-arg"]), ("content-type", "text/html")])
        self.h2.send_data(sid, b"<h1>no gRPC here</h1>", end_stream=True)

    def case_no_trailers(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        self.h2.send_data(sid, frame(answer(10)), end_stream=True)

    def case_trailers(self, sid, stream):
        """x-arg: name=value of the one trailer."""
        name, value = stream["headers"]["x-arg"].split("=", 1)
        self.data(sid, frame(answer(10)), trailers=[(name, value)])

    def case_body(self, sid, stream):
        a = frame(answer(10))
        bodies = {
            "flag": b"\x07" + a[1:],
            "huge": b"\x00\xff\xff\xff\xff" + a,
            "cut": a[:-1],
            "cut_prefix": a + b"\x00\x00",
            "two": a + a,
            "none": b"",
            "protobuf": frame(b"\x0a\xff\xff\xff\xff\x0f"),
        }
        self.data(sid, bodies[stream["headers"]["x-arg"]])

    def case_bytes(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        for b in frame(answer(300)):
            self.h2.send_data(sid, bytes([b]))
        self.h2.send_data(sid, b"")
        self.h2.send_headers(sid, OK, end_stream=True)

    def case_headers(self, sid, stream):
        n = int(stream["headers"]["x-arg"])
        self.data(sid, frame(answer(10)), headers=HEADERS + [("x-big-%d" % i, "v" * 1000) for i in range(n)])

    def case_coded(self, sid, stream):
        a = answer(5000)
        z = gzip.compress(a)
        bodies = {
            "good": ("gzip", frame(z, 1)),
            "plain": ("gzip", frame(a)),
            "corrupt": ("gzip", frame(z[:20] + b"\x55\x55\x55" + z[23:], 1)),
            "cut": ("gzip", frame(z[:-9], 1)),
            "behind": ("gzip", frame(z + b"x", 1)),
            "unknown": ("snappy", frame(z, 1)),
            "undeclared": (None, frame(z, 1)),
            "bomb": ("gzip", frame(gzip.compress(bytes(200 << 20)), 1)),
        }
        coding, body = bodies[stream["headers"]["x-arg"]]
        self.data(sid, body, headers=HEADERS + ([("grpc-encoding", coding)] if coding else []))

    def case_is_compressed(self, sid, stream):
        body = stream["body"]
        good = (stream["headers"].get("grpc-encoding") == "gzip" and body[0] == 1
                and struct.unpack(">I", body[1:5])[0] == len(body) - 5 and len(gzip.decompress(body[5:])) > 271828)
        self.good(sid, 1 if good else 0)

    def case_request(self, sid, stream):
        """Answers 1 if the request is as the specification wants it."""
        h = stream["headers"]
        good = (h[":method"] == "POST" and h["te"] == "trailers" and h["content-type"] == "application/grpc"
                and h[":scheme"] == "http" and h[":authority"].startswith("127.0.0.1:") and "gzip" in h["grpc-accept-encoding"]
                and h["user-agent"].startswith("tester/1 grpc-c-lode/") and h["authorization"] == "Bearer k-e-y"
                and h["grpc-timeout"][-1] in "mu" and h["x-a-bin"] == "AP/+")
        self.good(sid, 1 if good else 0)

    def case_bin(self, sid, stream):
        values = {"padded": "q6ur", "odd": "qw==", "unpadded": "qw", "list": "qw,q6s", "broken": "q*w", "one": "q"}
        value = values[stream["headers"]["x-arg"]]
        self.data(sid, frame(answer(10)), trailers=OK + [("x-echo-bin", value)])

    def case_middle(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        self.h2.send_data(sid, frame(answer(10)))
        # h2 refuses to say this: HEADERS without END_STREAM in the middle, by hand.
        self.flush()
        block = self.h2.encoder.encode([("x-more", "1")])
        self.sock.sendall(struct.pack(">I", len(block))[1:] + b"\x01\x04" + struct.pack(">I", sid) + block)

    def case_early_hints(self, sid, stream):
        self.h2.send_headers(sid, [(":status", "103"), ("link", "x")])
        self.good(sid, 10)

    def case_drop(self, sid, stream):
        self.h2.send_headers(sid, HEADERS)
        self.h2.send_data(sid, frame(answer(10))[:7])
        self.flush()
        self.sock.shutdown(socket.SHUT_RDWR)

    def case_break(self, sid, stream):
        self.flush()
        self.sock.sendall(b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00")  # WINDOW_UPDATE of 0


def serve(connection):
    try:
        connection.run()
    except (OSError, h2.exceptions.ProtocolError):
        pass
    finally:
        connection.sock.close()


def accept_all(listener, on_connection):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=on_connection, args=(sock,), daemon=True).start()


def listen(on_connection):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept_all, args=(listener, on_connection), daemon=True).start()
    return listener.getsockname()[1]


def start():
    """Ports: the HTTP/2 server, one that answers in HTTP/1.1, one that says nothing, one that hangs up."""
    shared = Shared()

    def http1(sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        sock.close()

    def goaway(sock):
        """Says SETTINGS and GOAWAY to everyone at once."""
        sock.sendall(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(8))
        sock.recv(65536)
        time.sleep(0.05)
        sock.close()

    return [listen(lambda sock: serve(Connection(sock, shared))), listen(http1),
            listen(lambda sock: time.sleep(30)), listen(lambda sock: sock.close()), listen(goaway)]

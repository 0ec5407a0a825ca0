# SPDX-License-Identifier: MIT
"""A client that may break every rule: HTTP/2 frames by hand, on a plain socket."""
import base64
import socket
import struct
import time

from door_common import SLOW
from hpack import Decoder, Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 7, 8, 11
SERVICE = "/grpc.testing.TestService/"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def message(body, flag=0):
    return bytes((flag,)) + struct.pack(">I", len(body)) + body


def grpc_headers(path, *more, method="POST", content_type="application/grpc", te=True):
    fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "door")]
    if te:
        fields.append(("te", "trailers"))
    if content_type is not None:
        fields.append(("content-type", content_type))
    return fields + list(more)


class Answer:
    """What came on one stream."""

    def __init__(self):
        self.blocks = []   # header blocks, as lists of (name, value)
        self.data = b""
        self.order = []    # "headers", "data", "end", "rst:N"
        self.reset = None  # code
        self.ended = False

    def header(self, name, block=0):
        values = [v for n, v in self.blocks[block] if n == name]
        return values[0] if values else None

    @property
    def status(self):
        return self.header(":status") if self.blocks else None

    @property
    def grpc_status(self):
        value = self.header("grpc-status", -1) if self.blocks else None
        return None if value is None else int(value)

    def messages(self):
        """(flag, body) of every whole message; bytes left over are an error."""
        out, data = [], self.data
        while data:
            assert len(data) >= 5, "the answer ends inside a prefix"
            n = struct.unpack(">I", data[1:5])[0]
            assert len(data) >= 5 + n, "the answer ends inside a message"
            out.append((data[0], data[5:5 + n]))
            data = data[5 + n:]
        return out


class Raw:
    """One connection. Frames that come are sorted into answers; nothing is sent unasked but acks."""

    def __init__(self, port, settings=(), start=True, ack=True):
        self.socket = socket.create_connection(("127.0.0.1", port), 20 * SLOW)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder, self.decoder = Encoder(), Decoder()
        self.answers, self.frames, self.buffer = {}, [], b""
        self.goaways, self.pings, self.acked_pings, self.settings = [], [], [], []
        self.window = 65535  # what the server lets us send on the connection
        self.closed = False
        self.ack = ack
        self.next_id = 1
        self.block = b""
        if start:
            self.send(PREFACE + frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *s) for s in settings)))

    def send(self, data):
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            self.closed = True
            return False

    # ---- requests

    def open(self, fields, end=False, flags=END_HEADERS):
        stream, self.next_id = self.next_id, self.next_id + 2
        self.answers[stream] = Answer()
        self.send(frame(HEADERS, flags | (END_STREAM if end else 0), stream, self.encoder.encode(fields)))
        return stream

    def data(self, stream, payload, end=False, check_window=True):
        """DATA frames of at most 16 KiB; waits for the connection's window."""
        while True:
            piece, payload = payload[:16384], payload[16384:]
            while check_window and self.window < len(piece):
                assert self.step(10 * SLOW), "the server opens no window"
            self.window -= len(piece)
            self.send(frame(DATA, END_STREAM if end and not payload else 0, stream, piece))
            if not payload:
                return

    def call(self, method, body=b"", *more, **keywords):
        """A unary request with one message; the answer when it is whole."""
        stream = self.open(grpc_headers(SERVICE + method, *more, **keywords))
        self.data(stream, message(body), True)
        return self.finish(stream)

    # ---- answers

    def step(self, timeout=5.0):
        """Takes one frame; False at the end of the connection or after the timeout."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            self.socket.settimeout(timeout)
            try:
                data = self.socket.recv(1 << 20)
            except socket.timeout:
                return False
            except OSError:
                data = b""
            if not data:
                self.closed = True
                return False
            self.buffer += data
        n = int.from_bytes(self.buffer[:3], "big")
        kind, flags = self.buffer[3], self.buffer[4]
        stream = int.from_bytes(self.buffer[5:9], "big") & 0x7fffffff
        payload, self.buffer = self.buffer[9:9 + n], self.buffer[9 + n:]
        self.frames.append((kind, flags, stream, payload))
        self._take(kind, flags, stream, payload)
        return True

    def _take(self, kind, flags, stream, payload):
        answer = self.answers.get(stream)
        if kind == SETTINGS and not flags & ACK:
            self.settings = [struct.unpack(">HI", payload[i:i + 6]) for i in range(0, len(payload), 6)]
            if self.ack:
                self.send(frame(SETTINGS, ACK, 0))
        elif kind == WINDOW_UPDATE and stream == 0:
            self.window += struct.unpack(">I", payload)[0]
        elif kind == PING:
            (self.acked_pings if flags & ACK else self.pings).append(payload)
            if not flags & ACK and self.ack:
                self.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            last, code = struct.unpack(">II", payload[:8])
            self.goaways.append((last, code, payload[8:]))
        elif kind in (HEADERS, CONTINUATION):
            self.block += payload
            if flags & END_HEADERS:
                block = [(n, v) for n, v in self.decoder.decode(self.block)]
                self.block = b""
                answer.blocks.append(block)
                answer.order.append("headers")
        elif kind == DATA:
            answer.data += payload
            answer.order.append("data")
        elif kind == RST_STREAM:
            if answer:
                answer.reset = struct.unpack(">I", payload)[0]
                answer.order.append("rst:%d" % answer.reset)
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            answer.ended = True
            answer.order.append("end")

    def until(self, condition, timeout=10.0):
        deadline = time.monotonic() + timeout * SLOW
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or not self.step(left):
                return condition()
        return True

    def finish(self, stream, timeout=10.0):
        answer = self.answers[stream]
        assert self.until(lambda: answer.ended or answer.reset is not None, timeout), \
            "stream %d has no end (goaway %r)" % (stream, self.goaways)
        return answer

    def wait_closed(self, timeout=10.0):
        return self.until(lambda: self.closed, timeout)

    def ping(self):
        """True when everything sent before has been handled."""
        before = len(self.acked_pings)
        self.send(frame(PING, 0, 0, b"door-tst"))
        return self.until(lambda: len(self.acked_pings) > before)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


def b64(data):
    return base64.b64encode(data).decode()

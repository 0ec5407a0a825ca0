# SPDX-License-Identifier: MIT
"""h2_world.py -- the interop server on its port, and raw clients for the tests that speak to it frame by frame."""
import sys

from door_common import Server, generate, run, skip

try:
    import hpack  # noqa: F401
except ImportError:
    skip("python3-hpack is not installed")

GENERATED = generate("testing.proto")
import testing_pb2 as pb  # noqa: E402
from h2_client import *  # noqa: E402,F403

PROGRAM = sys.argv[1]
SERVER = Server(PROGRAM, "tick_ms=20", "ping_min_ms=1")
LIMIT = 4 * 1024 * 1024  # bytes of a message


def raw(**keywords):
    return Raw(SERVER.port, **keywords)


def simple(size=0, **more):
    return pb.SimpleRequest(response_size=size, **more).SerializeToString()


def duplex(*sizes):
    return pb.StreamingOutputCallRequest(
        response_parameters=[pb.ResponseParameters(size=s) for s in sizes]).SerializeToString()


def duplex_sizes(answer):
    return [len(pb.StreamingOutputCallResponse.FromString(b).payload.body) for _, b in answer.messages()]


def probe():
    """Another client is served as if nothing happened."""
    with raw() as c:
        assert c.call("EmptyCall").grpc_status == 0


def expect_goaway(c, code, timeout=10):
    assert c.wait_closed(timeout), "the connection stays open"
    assert c.goaways, "closed without GOAWAY: %r" % c.frames[-3:]
    assert c.goaways[-1][1] == code, c.goaways
    return c.goaways[-1][2]


def run_all(*tests):
    result = run([(f.__name__, f) for f in tests])
    SERVER.stop()  # ends with 0 only if no call and no arena is left
    sys.exit(result)

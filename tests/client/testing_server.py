# SPDX-License-Identifier: MIT
"""testing_server.py -- grpc.testing.TestService on grpcio, the server our client is tried against.

Knows a few metadata names of its own: x-sleep-ms delays, x-refuse ends a call before it is read,
x-lode-error answers with the details a Lode server sends.
"""
import time
from concurrent import futures

import grpc


def error_details():
    """google.rpc.Status{5, text, [Any{lode.v1.ErrorInfo}]} by hand: three levels of tag and length."""
    def field(number, data):
        return bytes([number << 3 | 2]) + varint(len(data)) + data

    def varint(n):
        out = b""
        while n >= 0x80:
            out += bytes([n & 0x7F | 0x80])
            n >>= 7
        return out + bytes([n])

    text = b"Index `movies` not found."
    info = field(1, text) + field(2, b"index_not_found") + field(3, b"invalid_request")
    other = field(1, b"type.googleapis.com/google.rpc.Help") + field(2, b"\xff\xff")
    any_info = field(1, b"type.googleapis.com/lode.v1.ErrorInfo") + field(2, info)
    return b"\x08\x05" + field(2, text) + field(3, other) + field(3, any_info)


class Testing:
    def __init__(self, pb):
        self.pb = pb

    def begin(self, context):
        meta = dict(context.invocation_metadata())
        if "x-grpc-test-echo-initial" in meta:
            context.send_initial_metadata([("x-grpc-test-echo-initial", meta["x-grpc-test-echo-initial"])])
        if "x-grpc-test-echo-trailing-bin" in meta:
            context.set_trailing_metadata([("x-grpc-test-echo-trailing-bin", meta["x-grpc-test-echo-trailing-bin"])])
        if "x-lode-error" in meta:
            context.set_trailing_metadata([("grpc-status-details-bin", error_details())])
            context.abort(grpc.StatusCode.NOT_FOUND, "Index `movies` not found.")
        if "x-refuse" in meta:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "not today")
        time.sleep(int(meta.get("x-sleep-ms", 0)) / 1000)

    def check_status(self, request, context):
        if request.HasField("response_status") and request.response_status.code:
            code = [c for c in grpc.StatusCode if c.value[0] == request.response_status.code][0]
            context.abort(code, request.response_status.message)

    def EmptyCall(self, request, context):
        return self.pb.Empty()

    def UnaryCall(self, request, context):
        self.begin(context)
        self.check_status(request, context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return self.pb.SimpleResponse(payload=self.pb.Payload(body=bytes(request.response_size)))

    def outputs(self, request, context):
        for parameter in request.response_parameters:
            time.sleep(parameter.interval_us / 1e6)
            if not parameter.compressed.value:
                context.disable_next_message_compression()
            yield self.pb.StreamingOutputCallResponse(payload=self.pb.Payload(body=bytes(parameter.size)))

    def StreamingOutputCall(self, request, context):
        self.begin(context)
        if any(p.compressed.value for p in request.response_parameters):
            context.set_compression(grpc.Compression.Deflate)
        self.check_status(request, context)
        yield from self.outputs(request, context)

    def StreamingInputCall(self, requests, context):
        self.begin(context)
        return self.pb.StreamingInputCallResponse(
            aggregated_payload_size=sum(len(r.payload.body) for r in requests))

    def FullDuplexCall(self, requests, context):
        self.begin(context)
        for request in requests:
            self.check_status(request, context)
            yield from self.outputs(request, context)


def handlers(pb):
    t = Testing(pb)

    def h(make, fn, request, response):
        return make(fn, request_deserializer=request.FromString, response_serializer=response.SerializeToString)

    out_request, out_response = pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse
    return grpc.method_handlers_generic_handler("grpc.testing.TestService", {
        "EmptyCall": h(grpc.unary_unary_rpc_method_handler, t.EmptyCall, pb.Empty, pb.Empty),
        "UnaryCall": h(grpc.unary_unary_rpc_method_handler, t.UnaryCall, pb.SimpleRequest, pb.SimpleResponse),
        "StreamingOutputCall": h(grpc.unary_stream_rpc_method_handler, t.StreamingOutputCall, out_request, out_response),
        "StreamingInputCall": h(grpc.stream_unary_rpc_method_handler, t.StreamingInputCall,
                                pb.StreamingInputCallRequest, pb.StreamingInputCallResponse),
        "FullDuplexCall": h(grpc.stream_stream_rpc_method_handler, t.FullDuplexCall, out_request, out_response),
    })


def start(pb, addresses):
    """A running server and the ports of its addresses."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=[
        ("grpc.max_receive_message_length", 32 << 20), ("grpc.max_concurrent_streams", 100)])
    server.add_generic_rpc_handlers((handlers(pb),))
    ports = [server.add_insecure_port(a) for a in addresses]
    server.start()
    return server, ports

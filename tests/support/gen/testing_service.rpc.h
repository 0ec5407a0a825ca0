/* SPDX-License-Identifier: MIT */
/* Made by protoc-gen-lode 1 from testing_service.proto; do not edit, see gen/README.md. */
#pragma once

#include "testing.meta.h"
#include "rpc/method.h"

/* grpc.testing.TestService: a slot a method; arg is the service's own. */
struct grpc__testing__test_service__handlers {
    void (*empty_call)(struct rpc_call *call, const Grpc__Testing__Empty *request, void *arg);
    void (*unary_call)(struct rpc_call *call, const Grpc__Testing__SimpleRequest *request, void *arg);
    void (*streaming_output_call)(struct rpc_call *call, const Grpc__Testing__StreamingOutputCallRequest *request, void *arg); /* messages out */
    void (*streaming_input_call)(struct rpc_call *call, const Grpc__Testing__StreamingInputCallRequest *request, void *arg); /* messages in; request is NULL */
    void (*full_duplex_call)(struct rpc_call *call, const Grpc__Testing__StreamingOutputCallRequest *request, void *arg); /* messages both ways; request is NULL */
    void (*half_duplex_call)(struct rpc_call *call, const Grpc__Testing__StreamingOutputCallRequest *request, void *arg); /* messages both ways; request is NULL */
    void (*unimplemented_call)(struct rpc_call *call, const Grpc__Testing__Empty *request, void *arg);
};

/* Places in the service's methods. */
enum {
    GRPC__TESTING__TEST_SERVICE__EMPTY_CALL = 0,
    GRPC__TESTING__TEST_SERVICE__UNARY_CALL = 1,
    GRPC__TESTING__TEST_SERVICE__STREAMING_OUTPUT_CALL = 2,
    GRPC__TESTING__TEST_SERVICE__STREAMING_INPUT_CALL = 3,
    GRPC__TESTING__TEST_SERVICE__FULL_DUPLEX_CALL = 4,
    GRPC__TESTING__TEST_SERVICE__HALF_DUPLEX_CALL = 5,
    GRPC__TESTING__TEST_SERVICE__UNIMPLEMENTED_CALL = 6,
};

extern const struct rpc_service grpc__testing__test_service__service;

extern const struct pb_file testing_service_proto__file;

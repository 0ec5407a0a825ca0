/* SPDX-License-Identifier: MIT */
/*
 * interop_service.h -- grpc.testing.TestService, as gRPC's interop document wants it.
 *
 * Ownership  interop_service_add() registers static handlers; the loop outlives the calls.
 * Threads    Loop thread; unary calls with fill_username go through a worker.
 */
#pragma once

#include "net/net.h"
#include "rpc/server.h"

/* Cancelled calls are told on stdout: "cancelled <path>". */
void interop_service_add(struct rpc_server *server, struct net_loop *loop);

/* SPDX-License-Identifier: MIT */
/*
 * guard.c -- what one peer does too often.
 *
 * nghttp2 itself counts streams the peer resets, CONTINUATION frames, settings
 * and unread acks; here is what it does not: resets the peer provokes, frames
 * that carry nothing, pings, and header blocks over the limit.
 */
#include "base/clock.h"
#include "grpc/grpc_int.h"

enum { MILLI = 1000, HEAD_STRIKES = 16 };

static const int64_t ping_min_idle_ns = 2LL * 3600 * NS_PER_S;

bool grpc__bucket_take(struct grpc__bucket *b, const struct grpc_rate *rate, int64_t now_ns)
{
    int64_t most = (int64_t)rate->burst * MILLI;
    int64_t passed_ms = (now_ns - b->filled_ns) / NS_PER_MS;

    if (b->filled_ns == 0 || passed_ms > most) { /* the first time, or long ago */
        b->tokens_milli = most;
        b->filled_ns = now_ns;
    } else if (passed_ms > 0) {
        b->tokens_milli += passed_ms * rate->per_second;
        b->filled_ns += passed_ms * NS_PER_MS;
        if (b->tokens_milli > most)
            b->tokens_milli = most;
    }
    if (b->tokens_milli < MILLI)
        return false;
    b->tokens_milli -= MILLI;
    return true;
}

void grpc__guard_empty(struct grpc__session *ss)
{
    if (!grpc__bucket_take(&ss->empties, &ss->server->opts.empty, clock_mono_ns()))
        grpc__session_kick(ss, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_empty_frames");
}

void grpc__guard_own_reset(struct grpc__session *ss, uint32_t code)
{
    /* An early end, a refusal and a missed deadline are our own doing. */
    if (code == NGHTTP2_NO_ERROR || code == NGHTTP2_REFUSED_STREAM || code == NGHTTP2_CANCEL)
        return;
    if (!grpc__bucket_take(&ss->own_resets, &ss->server->opts.own_resets, clock_mono_ns()))
        grpc__session_kick(ss, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_bad_streams");
}

void grpc__guard_head(struct grpc__session *ss, unsigned weight)
{
    ss->head_strikes += weight;
    if (ss->head_strikes > HEAD_STRIKES)
        grpc__session_kick(ss, NGHTTP2_ENHANCE_YOUR_CALM, "too_large_headers");
}

/* gRFC A8: a ping may come every ping_min_ms, or at once after we sent something. */
void grpc__guard_ping(struct grpc__session *ss)
{
    const struct grpc_server_opts *opts = &ss->server->opts;
    int64_t now = clock_mono_ns();
    int64_t limit = (int64_t)opts->ping_min_ms * NS_PER_MS;

    if (ss->n_streams == 0 && !opts->ping_without_calls)
        limit = ping_min_idle_ns;
    if (ss->ping_valid_ns != 0 && now - ss->ping_valid_ns < limit) {
        if (++ss->ping_strikes > opts->ping_strikes)
            grpc__session_kick(ss, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
        return;
    }
    ss->ping_valid_ns = now;
}

void grpc__guard_sent(struct grpc__session *ss)
{
    ss->ping_valid_ns = 0;
    ss->ping_strikes = 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * http_text.h -- the small grammars inside a request: paths, queries, media types.
 *
 * Threads    Pure functions.
 * Errors     RC_INVALID, word bad_request.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "pb/pb.h"

enum { HTTP_MAX_SEGMENTS = 16 };

/*
 * Splits "/a/b%20c/" into "a" and "b c", decoding in place, once. Trailing slashes
 * do not count. *ret_n above HTTP_MAX_SEGMENTS means more than anybody has; only
 * that many are filled. Refuses a bad escape, an escaped NUL or '/', and what is
 * not UTF-8.
 */
enum rc http_path_split(uint8_t *path, size_t n, struct bytes segments[HTTP_MAX_SEGMENTS],
                        size_t *ret_n, struct err *err) MUST_CHECK;

/* "a=1&b=x+y": decoded copies in the arena. Refuses as paths do, but '/' is fine. */
enum rc http_query_parse(struct arena *arena, struct bytes query, struct pb_param **ret_params,
                         size_t *ret_n, struct err *err) MUST_CHECK;

/*
 * "Application/JSON; charset=utf-8" -> "application/json" in dst (lower case, without
 * parameters). False when it is no media type or longer than dst.
 */
enum { HTTP_MEDIA_MAX = 128 };
bool http_media_type(struct bytes value, char dst[HTTP_MEDIA_MAX]);
/* application/json, text/json, application/geo+json ... */
bool http_media_is_json(const char *media);

/* "100 MB" for 100,000,000, "10 MiB" for 10,485,760, "1.5 kB". Returns dst. */
enum { HTTP_SIZE_TEXT_MAX = 32 };
char *http_size_text(char dst[HTTP_SIZE_TEXT_MAX], uint64_t bytes);

/* "Thu, 08 Aug 2024 17:05:55 GMT". Returns dst. */
enum { HTTP_DATE_MAX = 32 };
char *http_date_text(char dst[HTTP_DATE_MAX], int64_t wall_ns);

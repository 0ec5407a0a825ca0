/* SPDX-License-Identifier: MIT */
/*
 * fuzz_settings.c -- changes of settings, laid over one another.
 *
 * The input is JSON texts with newlines between them, each laid over what the
 * ones before left. Checked: what settings_check() lets pass can be applied (or
 * clashes in its typo sizes), what it refuses cannot; the outcome is complete,
 * passes the check itself, and laid over the defaults gives itself again.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "index/index_int.h"
#include "index/settings_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_outcome(struct bytes settings)
{
    struct bytes value = {0};
    struct buf again;
    size_t i;

    for (i = 0; i < SETTINGS_COUNT; i++)
        ASSERT(settings_member(settings, settings__table[i].name, &value, NULL) == RC_OK);
    ASSERT(settings_check(settings, false, NULL) == RC_OK);
    buf_init(&again, BUF_NO_LIMIT);
    ASSERT(settings__apply(settings_defaults(), settings, &again, NULL) == RC_OK);
    ASSERT(bytes_eq(buf_view(&again), settings));
    buf_done(&again);
}

#ifdef LODE_PLANTED_BUG
/* Only settings that were understood and laid over others have a size that no seed has. */
static void planted(struct bytes settings)
{
    struct json_parser *parser = json_parser_new();
    struct json_value v, one;
    struct json_error at;

    if (json_parse(parser, settings, NULL, &v, &at) == RC_OK &&
        json_get(v, B("typoTolerance"), &v) && json_get(v, B("minWordSizeForTypos"), &v) &&
        json_get(v, B("oneTypo"), &one) && !bytes_eq(json_raw(one), B("3")) &&
        !bytes_eq(json_raw(one), B("5")))
        NEVER("planted bug");
    json_parser_free(parser);
}
#endif

static void lay(struct buf *current, struct bytes patch)
{
    struct err err = {.rc = RC_OK};
    struct buf out;
    enum rc checked = settings_check(patch, false, &err), rc;

    ASSERT(checked == RC_OK || (err.rc == checked && err.word && err.msg[0]));
    rc = settings_check(patch, true, NULL); /* other paths in the texts, the same judgement */
    ASSERT(rc == checked);
    buf_init(&out, BUF_NO_LIMIT);
    rc = settings__apply(buf_view(current), patch, &out, &err);
    ASSERT(checked == RC_OK || rc == checked);
    ASSERT(rc == RC_OK || rc == RC_INVALID);
    if (rc == RC_OK) {
        check_outcome(buf_view(&out));
#ifdef LODE_PLANTED_BUG
        planted(buf_view(&out));
#endif
        buf_clear(current);
        (void)buf_bytes(current, buf_view(&out));
    }
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf current;
    size_t from = 0;

    buf_init(&current, BUF_NO_LIMIT);
    (void)buf_bytes(&current, settings_defaults());
    while (from < n) {
        const uint8_t *eol = memchr(data + from, '\n', n - from);
        size_t end = eol ? (size_t)(eol - data) : n;

        lay(&current, bytes_of(data + from, end - from));
        from = end + 1;
    }
    buf_done(&current);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* err.c -- see err.h. */
#include "base/err.h"

#include "base/assert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts s, which vsnprintf filled to the brim, before a character that lost its tail. */
static void cut_half_char(char *s)
{
    size_t n = strlen(s), lead = n, want;
    unsigned char c;

    while (lead > 0 && n - lead < 4 && ((unsigned char)s[lead - 1] & 0xC0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    c = (unsigned char)s[lead - 1];
    want = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    if (n - (lead - 1) < want)
        s[lead - 1] = '\0';
}

static void format_msg(char *dst, size_t cap, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);

static void format_msg(char *dst, size_t cap, const char *fmt, va_list ap)
{
    int n = vsnprintf(dst, cap, fmt, ap);

    if (n < 0)
        dst[0] = '\0';
    else if ((size_t)n >= cap)
        cut_half_char(dst);
}

enum rc err_set(struct err *err, enum rc rc, const char *word, const char *fmt, ...)
{
    char msg[ERR_MSG_MAX]; /* apart, so that fmt's arguments may quote err->msg */
    va_list ap;

    ASSERT(rc != RC_OK);
    if (!err)
        return rc;
    va_start(ap, fmt);
    format_msg(msg, sizeof msg, fmt, ap);
    va_end(ap);
    err->rc = rc;
    err->word = word;
    memcpy(err->msg, msg, strlen(msg) + 1);
    return rc;
}

static enum rc rc_of_errno(int sys_errno)
{
    switch (sys_errno) {
    case ENOSPC:
    case EDQUOT:
        return RC_NO_SPACE;
    case ENOENT:
        return RC_NOT_FOUND;
    case EEXIST:
        return RC_EXISTS;
    default:
        return RC_IO;
    }
}

enum rc err_set_sys(struct err *err, int sys_errno, const char *fmt, ...)
{
    enum rc rc = rc_of_errno(sys_errno);
    char msg[ERR_MSG_MAX], text[128];
    va_list ap;

    if (!err)
        return rc;
    va_start(ap, fmt);
    format_msg(msg, sizeof msg, fmt, ap);
    va_end(ap);
    return err_set(err, rc, NULL, "%s: %s", msg, strerror_r(sys_errno, text, sizeof text));
}

enum rc err_prefix(struct err *err, const char *fmt, ...)
{
    char prefix[ERR_MSG_MAX];
    va_list ap;

    ASSERT(err && err->rc != RC_OK);
    va_start(ap, fmt);
    format_msg(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    return err_set(err, err->rc, err->word, "%s%s", prefix, err->msg);
}

const char *rc_name(enum rc rc)
{
    switch (rc) {
    case RC_OK:
        return "ok";
    case RC_INVALID:
        return "invalid";
    case RC_NOT_FOUND:
        return "not_found";
    case RC_EXISTS:
        return "exists";
    case RC_DENIED:
        return "denied";
    case RC_TOO_LARGE:
        return "too_large";
    case RC_TOO_MANY:
        return "too_many";
    case RC_BUSY:
        return "busy";
    case RC_CANCELLED:
        return "cancelled";
    case RC_DEADLINE:
        return "deadline";
    case RC_UNIMPLEMENTED:
        return "unimplemented";
    case RC_IO:
        return "io";
    case RC_NO_SPACE:
        return "no_space";
    case RC_CORRUPT:
        return "corrupt";
    case RC_INTERNAL:
        return "internal";
    }
    return "unknown";
}

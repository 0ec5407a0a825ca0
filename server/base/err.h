/* SPDX-License-Identifier: MIT */
/*
 * err.h -- how every fallible Lode function says what went wrong.
 *
 * Three readers, three fields: code branches on rc, clients on word, people
 * on msg. Context is added to the sentence (err_prefix), never to the word.
 *
 * Ownership  A struct err lives on the caller's stack and is never freed.
 * Threads    Plain data; one thread at a time.
 */
#pragma once

#include "base/attr.h"

/* What kind of failure; the only thing code may branch on. */
enum rc {
    RC_OK = 0,
    RC_INVALID,       /* the caller's input is wrong; retrying cannot help */
    RC_NOT_FOUND,     /* a named thing is absent */
    RC_EXISTS,        /* a named thing is already there */
    RC_DENIED,        /* the caller may not */
    RC_TOO_LARGE,     /* one thing is over its limit */
    RC_TOO_MANY,      /* a count or a rate is over its limit */
    RC_BUSY,          /* try again later, nothing is wrong */
    RC_CANCELLED,     /* the caller went away */
    RC_DEADLINE,      /* the caller's deadline passed */
    RC_UNIMPLEMENTED, /* the method or coding is not known here */
    RC_IO,            /* the disk or the network failed; the outcome may be unknown */
    RC_NO_SPACE,      /* the disk is (nearly) full; nothing was written */
    RC_CORRUPT,       /* stored or received bytes do not mean what they should */
    RC_INTERNAL,      /* a promise inside Lode was broken */
};

enum {
    ERR_MSG_MAX = 2048, /* bytes of err.msg with its NUL; error texts quote documents */
};

/* Filled on failure only. msg is UTF-8, cut at a whole character. */
struct err {
    enum rc rc;
    const char *word;      /* stable public word, a string literal: "index_not_found"; or NULL */
    char msg[ERR_MSG_MAX]; /* one sentence for a person; names the thing and the limit */
};

/* Fills *err (err may be NULL) and returns rc, so a failure is one line. */
enum rc err_set(struct err *err, enum rc rc, const char *word, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Like err_set, with ": " and the text of the errno value `sys_errno` behind the sentence. */
enum rc err_set_sys(struct err *err, int sys_errno, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts a formatted prefix in front of err->msg; rc and word stay. Returns err->rc. */
enum rc err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The name of rc, for logs: "not_found". Never NULL. */
const char *rc_name(enum rc rc);

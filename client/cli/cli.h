/* SPDX-License-Identifier: MIT */
/*
 * cli.h -- what the commands of `lode` share.
 *
 * Results go to stdout, everything else to stderr. A command returns the
 * program's exit code and has said why when it is not CLI_OK.
 *
 * Ownership  A command frees what it got; struct cli is main's.
 * Threads    One.
 */
#pragma once

#include "cli_args.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "pb/meta.h"

#include <lode/client.h>
#include <lode/v1/common.pb-c.h>
#include <lode/v1/dumps.pb-c.h>
#include <lode/v1/tasks.pb-c.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1,     /* the server or a task said no */
    CLI_USAGE = 2,       /* the command line is wrong */
    CLI_UNREACHABLE = 3, /* no server, or no answer in time */
    CLI_DAMAGED = 4,     /* data are not what they should be */
};

struct cli {
    const char *server;
    const char *api_key; /* may be NULL */
    int64_t timeout_ms;  /* -1: not given */
    bool json, quiet;
    bool colour_out, colour_err;
    bool terminal_err; /* progress may be drawn */
    struct lode_client *client;
    struct lode_error error; /* of the last call */
};

/* One sub-command; tables of them end with a NULL name. */
struct cli_command {
    const char *name;                 /* "index list" */
    const char *words;                /* "INDEX [NAME]" */
    unsigned min_words, max_words;    /* behind the name */
    const char *summary;              /* one line */
    const char *more;                 /* paragraphs and examples */
    const struct cli_option *options; /* ends with a NULL name; may be NULL */
    int (*run)(struct cli *cli, const struct cli_args *args);
};

extern const struct cli_command cmd_health[], cmd_version[], cmd_stats[], cmd_index[], cmd_doc[],
    cmd_search[], cmd_settings[], cmd_task[], cmd_dump[], cmd_help[];
/* All of the above, ends with NULL. */
extern const struct cli_command *const cli_commands[];
extern const struct cli_option cli_global_options[];

/* ---- talking to the server ----------------------------------------------------------- */

enum { CLI_CALL_MS = 30000 }; /* longest wait for one answer, unless --timeout says otherwise */

/* Opens the client if it is not open. */
int cli_connect(struct cli *cli);
struct lode_call_opts cli_call(const struct cli *cli);   /* one answer */
struct lode_call_opts cli_stream(const struct cli *cli); /* takes as long as it takes */
/* Says what went wrong in cli->error and with which exit code the program should end. */
int cli_failed(struct cli *cli);
int cli_exit_of(enum lode_status status);

/* For a request's field: protobuf-c's have no const, and nothing writes through them. */
static inline char *cli_text(const char *text)
{
    return (char *)(uintptr_t)text;
}
/* "a,b" to a list in the arena; commas within brackets belong to their element. */
char **cli_split(struct arena *arena, const char *list, size_t *ret_n);
/* --offset and --limit; each stays when it was not given. CLI_USAGE has been said. */
int cli_window(struct cli *cli, const struct cli_args *args, uint32_t *offset, uint32_t *limit);

/* ---- saying things ------------------------------------------------------------------- */

/* "lode: ..." on stderr; returns code. */
int cli_say_error(struct cli *cli, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int cli_say_err(struct cli *cli, const struct err *err); /* exit code by its rc */
void cli_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A remark on stderr, unless --quiet. */
void cli_note(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The message as one line of JSON on stdout. */
int cli_print_message(struct cli *cli, const ProtobufCMessage *msg,
                      const struct pb_message_meta *meta);
/* JSON text on stdout: as it is with --json, else indented. */
int cli_print_json(struct cli *cli, struct bytes json);

/* Control characters of untrusted text are shown as "?". Returns dst. */
char *cli_clean(char *dst, size_t cap, const char *text);
enum { CLI_TEXT = 32 };
char *cli_bytes(char dst[CLI_TEXT], uint64_t bytes);   /* "12.3 MiB" */
char *cli_seconds(char dst[CLI_TEXT], double seconds); /* "0.42 s", "3 min 5 s" */
char *cli_number(char dst[CLI_TEXT], uint64_t v);      /* "1,234,567" */
char *cli_count(char dst[CLI_TEXT + CLI_TEXT], uint64_t n,
                const char *noun); /* "1 document", "2 documents" */
char *cli_time(char dst[CLI_TEXT + 8], const Google__Protobuf__Timestamp *t); /* "" for NULL */

/* Columns of the terminal that stdout is; 0: it is none, or does not say. */
size_t cli_width(void);

/* Characters in a text that switch marks on and off, and what is printed for them. */
#define CLI_MARK_ON 0x02
#define CLI_MARK_OFF 0x03
struct cli_marks {
    const char *on, *off;
};
/*
 * Text without control characters but marks, from column `indent` on; broken at spaces so
 * that it stays within `width` columns (0: never broken).
 */
void cli_put_wrapped(struct bytes text, size_t indent, size_t width, const struct cli_marks *marks);

/* Rows in aligned columns. heads: "UID|NAME|>SIZE", ">" for the right side. */
struct cli_table;
struct cli_table *cli_table_new(const char *heads);
/* One text for each column, copied. */
void cli_table_row(struct cli_table *t, const char *const *cells);
void cli_table_print(struct cli *cli, struct cli_table *t); /* and frees it */
/* A word in the colour of its meaning, when stdout is a terminal. */
enum cli_colour { CLI_PLAIN, CLI_GOOD, CLI_BAD, CLI_BUSY, CLI_DIM };
const char *cli_colour_on(bool wanted, enum cli_colour colour);
const char *cli_colour_off(bool wanted);

/* ---- progress ------------------------------------------------------------------------ */

/* One line that is redrawn on a terminal, a line now and then elsewhere, nothing with --quiet. */
struct cli_progress {
    const struct cli *cli;
    const char *verb;       /* "sending" */
    bool bytes;             /* amounts are bytes */
    const char *unit;       /* "documents", when they are not */
    int64_t started, drawn; /* clock_mono_ns() */
    bool shown;
};

void cli_progress_begin(struct cli_progress *p, const struct cli *cli, const char *verb,
                        const char *unit);
/* total 0: not known. */
void cli_progress_step(struct cli_progress *p, uint64_t done, uint64_t total, const char *extra);
void cli_progress_end(struct cli_progress *p); /* takes the line away */

/* ---- tasks --------------------------------------------------------------------------- */

/* The name a task type or status has in JSON. */
const char *cli_task_type(Lode__V1__TaskType type);
const char *cli_task_status(Lode__V1__TaskStatus status);
enum cli_colour cli_status_colour(Lode__V1__TaskStatus status);
/*
 * Waits until the task has ended, with a progress line. CLI_OK: *ret_task is
 * the caller's to lode_message_free(), however it ended.
 */
int cli_task_wait(struct cli *cli, uint64_t uid, Lode__V1__Task **ret_task);
/* Says on stdout or stderr how a task ended; the exit code for it. */
int cli_task_report(struct cli *cli, const Lode__V1__Task *task);
/* What a write does with its answer: --no-wait prints the uid, else waits and reports. Frees it. */
int cli_task_finish(struct cli *cli, const struct cli_args *args, Lode__V1__TaskSummary *summary);
/* The options of every write. */
#define CLI_WAIT_OPTIONS                                                                           \
    {                                                                                              \
        "no-wait", 0, NULL, "print the task's uid and do not wait for its end"                     \
    }

/* ---- dumps --------------------------------------------------------------------------- */

/* Downloads a finished dump to path, going on where an earlier try stopped, and verifies it. */
int cli_dump_download(struct cli *cli, const char *uid, const char *path);
/* Verifies the file, with a progress line. */
int cli_dump_verify(struct cli *cli, const char *path);
/* The same without a word when it is good. */
int cli_dump_verify_part(struct cli *cli, const char *path);
int cli_dump_inspect(struct cli *cli, const char *path);
int cli_dump_cat(struct cli *cli, const char *path, const char *index_uid);

/* ---- files --------------------------------------------------------------------------- */

enum { CLI_VALUE_MAX = 4 << 20 }; /* JSON from a command line, @file or - */
/* TEXT, @file or - (standard input). */
int cli_read_value(struct cli *cli, const char *text, struct buf *out);

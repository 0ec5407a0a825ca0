/* SPDX-License-Identifier: MIT */
/*
 * dump_download.c -- a dump from the server to a file, in as many tries as it takes.
 *
 *   NAME.UID.part   grows as bytes come; a later try goes on at its end
 *   NAME            the verified, synced file, never half of one
 *
 * The part is verified before it gets its name, so that bytes of an older try
 * are trusted no more than new ones.
 */
#include "cli.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <lode/v1/dumps_service.client.h>
#include <stdio.h>
#include <unistd.h>

enum { RETRIES = 5, RETRY_MS = 10000 };

struct download {
    struct cli *cli;
    const char *uid;
    struct fs_dir *dir; /* owned */
    char *name, *part;  /* owned; in dir */
    int fd;
    uint64_t have, total; /* total 0: not known yet */
    struct cli_progress progress;
};

/* "dir/", an existing directory or a file: the directory and the name in it. */
static int take_path(struct download *d, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct cli *cli = d->cli;
    struct buf text;
    struct err err;
    int code = CLI_OK;

    buf_init(&text, 8192);
    if (fs_dir_open(path, false, &d->dir, &err) == RC_OK) {
        buf_printf(&text, "%s.dump", d->uid);
    } else {
        buf_printf(&text, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
        if (fs_dir_open(buf_cstr(&text), false, &d->dir, &err) != RC_OK)
            code = cli_say_error(cli, CLI_USAGE, "%s", err.msg);
        buf_clear(&text);
        buf_str(&text, slash ? slash + 1 : path);
    }
    if (code == CLI_OK && (text.n == 0 || text.n > 200 || memchr(text.p, '/', text.n)))
        code = cli_say_error(cli, CLI_USAGE, "\"%s\" is no file name", path);
    d->name = xstrdup(buf_cstr(&text));
    buf_printf(&text, ".%s.part", d->uid);
    d->part = xstrdup(buf_cstr(&text));
    buf_done(&text);
    if (code == CLI_OK && fs_exists(d->dir, d->name))
        code = cli_say_error(cli, CLI_REFUSED, "%s is there already", d->name);
    return code;
}

static char *path_of(struct download *d, const char *name)
{
    struct buf path;
    char *copy;

    buf_init(&path, 16384);
    buf_printf(&path, "%s/%s", fs_dir_path(d->dir), name);
    copy = xstrdup(buf_cstr(&path));
    buf_done(&path);
    return copy;
}

static int open_part(struct download *d)
{
    char *path = path_of(d, d->part);
    struct err err;
    int code = CLI_OK;

    d->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->fd < 0) {
        err_set_sys(&err, errno, "cannot write %s", path);
        code = cli_say_error(d->cli, CLI_REFUSED, "%s", err.msg);
    } else if (fs_size(d->fd, &d->have, &err) != RC_OK) {
        code = cli_say_err(d->cli, &err);
    } else if (d->have > 0) {
        char text[CLI_TEXT];

        cli_note(d->cli, "going on at %s of an earlier try", cli_bytes(text, d->have));
    }
    xfree(path);
    return code;
}

/* One try from d->have on. LODE_END: all is here; *ret_code when the disk said no. */
static enum lode_status fetch(struct download *d, int *ret_code)
{
    Lode__V1__DownloadDumpRequest request = LODE__V1__DOWNLOAD_DUMP_REQUEST__INIT;
    const struct lode_call_opts opts = cli_stream(d->cli);
    struct lode_stream *stream = NULL;
    struct cli *cli = d->cli;
    enum lode_status status;

    request.dump_uid = (char *)(uintptr_t)d->uid; /* protobuf-c has no const */
    request.offset = d->have;
    status = lode_v1_dumps_download_open(cli->client, &request, &opts, &stream, &cli->error);
    while (status == LODE_OK && *ret_code == CLI_OK) {
        Lode__V1__DownloadDumpResponse *piece = NULL;
        struct err err;

        status = lode_v1_dumps_download_receive(stream, &piece, &cli->error);
        if (status != LODE_OK)
            break;
        if (piece->total_bytes)
            d->total = piece->total_bytes;
        if (fs_write(d->fd, bytes_of(piece->chunk.data, piece->chunk.len), &err) != RC_OK)
            *ret_code = cli_say_err(cli, &err);
        d->have += piece->chunk.len;
        lode_message_free(piece);
        cli_progress_step(&d->progress, d->have, d->total, "");
    }
    lode_stream_close(stream);
    return status;
}

static int fetch_all(struct download *d)
{
    const struct lode_call_opts again = {.timeout_ms = RETRY_MS, .wait_for_ready = true};
    Lode__V1__GetDumpStatusRequest request = LODE__V1__GET_DUMP_STATUS_REQUEST__INIT;
    struct cli *cli = d->cli;
    enum lode_status status;
    int code = CLI_OK;
    int tries;

    request.dump_uid = (char *)(uintptr_t)d->uid;
    cli_progress_begin(&d->progress, cli, "downloading", NULL);
    for (tries = 0;; tries++) {
        Lode__V1__DumpStatus *answer = NULL;

        status = fetch(d, &code);
        if (code != CLI_OK || status != LODE_UNAVAILABLE || tries == RETRIES)
            break;
        /* Waits for the server to be back; what it says of the dump is for the next try. */
        if (lode_v1_dumps_get_status(cli->client, &request, &again, &answer, &cli->error) ==
            LODE_OK)
            lode_message_free(answer);
    }
    cli_progress_end(&d->progress);
    if (code != CLI_OK)
        return code;
    if (status != LODE_END)
        return cli_failed(cli);
    if (d->total && d->have != d->total)
        return cli_say_error(cli, CLI_DAMAGED, "the server sent %llu bytes of %llu",
                             (unsigned long long)d->have, (unsigned long long)d->total);
    return CLI_OK;
}

/* Verified and synced, the part gets its name. */
static int publish(struct download *d)
{
    char *path = path_of(d, d->part);
    struct cli *cli = d->cli;
    bool quiet = cli->quiet;
    struct err err;
    enum rc rc;
    int code;

    rc = fs_sync(d->fd, &err);
    if (rc != RC_OK) {
        xfree(path);
        return cli_say_err(cli, &err);
    }
    cli->quiet = quiet || cli->json;
    code = cli_dump_verify_part(cli, path);
    cli->quiet = quiet;
    xfree(path);
    if (code == CLI_DAMAGED) {
        cli_hint("what was downloaded is thrown away; try again");
        if (fs_unlink(d->dir, d->part, &err) != RC_OK)
            cli_say_err(cli, &err);
    }
    if (code != CLI_OK)
        return code;
    rc = fs_rename_new(d->dir, d->part, d->dir, d->name, &err);
    if (rc == RC_OK)
        rc = fs_dir_sync(d->dir, &err);
    return rc == RC_OK ? CLI_OK : cli_say_err(cli, &err);
}

int cli_dump_download(struct cli *cli, const char *uid, const char *path)
{
    struct download d = {.cli = cli, .uid = uid, .fd = -1};
    char text[CLI_TEXT];
    int code;

    if (*uid == '\0' || strspn(uid, "0123456789-") != strlen(uid) || strlen(uid) > 40)
        return cli_say_error(cli, CLI_USAGE, "\"%s\" is not a dump's uid", uid);
    code = take_path(&d, path);
    if (code == CLI_OK)
        code = open_part(&d);
    if (code == CLI_OK)
        code = fetch_all(&d);
    if (code == CLI_OK)
        code = publish(&d);
    if (code == CLI_OK && !cli->quiet && !cli->json)
        printf("%s/%s  %s, verified\n", fs_dir_path(d.dir), d.name, cli_bytes(text, d.have));
    if (d.fd >= 0 && d.have == 0) { /* nothing came: nothing to go on with */
        struct err err;

        (void)!fs_unlink(d.dir, d.part, &err);
    }
    fs_close(d.fd);
    fs_dir_close(d.dir);
    xfree(d.name);
    xfree(d.part);
    return code;
}

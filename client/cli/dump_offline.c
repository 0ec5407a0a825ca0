/* SPDX-License-Identifier: MIT */
/*
 * dump_offline.c -- dump files without a server: verify, inspect, cat.
 *
 * The reader of the dump room does the work; on damage it names the file, the
 * section and the offset.
 */
#include "cli.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/thread.h"
#include "dump/dump.h"
#include "json/json_write.h"

#include <stdio.h>

static int open_dump(struct cli *cli, const char *path, struct dump_reader **ret_reader)
{
    struct err err;
    enum rc rc = dump_reader_open(path, ret_reader, &err);

    if (rc == RC_OK)
        return CLI_OK;
    return cli_say_err(cli, &err);
}

/* ---- verify -------------------------------------------------------------------------- */

struct check {
    struct dump_reader *reader;
    struct dump_progress progress;
    struct mutex lock;
    struct cond changed;
    bool done;
    enum rc rc;
    struct err err;
};

static void check_main(void *arg)
{
    struct check *c = arg;
    enum rc rc = dump_reader_verify(c->reader, 0, &c->progress, &c->err);

    mutex_lock(&c->lock);
    c->rc = rc;
    c->done = true;
    cond_signal(&c->changed);
    mutex_unlock(&c->lock);
}

/* Verifies on other threads and draws on this one. */
static void check_with_progress(struct cli *cli, struct check *c)
{
    uint64_t total = dump_reader_info(c->reader)->file_bytes;
    struct cli_progress progress;
    struct thread thread;

    mutex_init(&c->lock);
    cond_init(&c->changed);
    cli_progress_begin(&progress, cli, "verifying", NULL);
    thread_start(&thread, "lode-verify", check_main, c);
    mutex_lock(&c->lock);
    while (!c->done) {
        (void)cond_wait_until(&c->changed, &c->lock, clock_mono_ns() + 100 * NS_PER_MS);
        cli_progress_step(&progress, atomic_load(&c->progress.bytes), total, "");
    }
    mutex_unlock(&c->lock);
    thread_join(&thread);
    cli_progress_end(&progress);
    cond_done(&c->changed);
    mutex_done(&c->lock);
}

static int verify(struct cli *cli, const char *path, bool say)
{
    struct check c = {0};
    const struct dump_info *info;
    char documents[2 * CLI_TEXT];
    char bytes[CLI_TEXT];
    int code = open_dump(cli, path, &c.reader);

    if (code != CLI_OK)
        return code;
    check_with_progress(cli, &c);
    info = dump_reader_info(c.reader);
    if (c.rc != RC_OK)
        code = cli_say_err(cli, &c.err);
    else if (say && !cli->quiet)
        printf("%s: %sgood%s, %s, %s\n", path, cli_colour_on(cli->colour_out, CLI_GOOD),
               cli_colour_off(cli->colour_out),
               cli_count(documents, info->manifest->documents, "document"),
               cli_bytes(bytes, info->file_bytes));
    dump_reader_close(c.reader);
    return code;
}

int cli_dump_verify(struct cli *cli, const char *path)
{
    return verify(cli, path, true);
}

int cli_dump_verify_part(struct cli *cli, const char *path)
{
    return verify(cli, path, false);
}

/* ---- inspect ------------------------------------------------------------------------- */

static const char *kind_name(Lode__Dump__V1__SectionKind kind)
{
    static const char *const names[] = {"unknown", "header", "index", "documents", "keys", "tasks"};

    return (size_t)kind < ARRAY_LEN(names) ? names[kind] : names[0];
}

static void inspect_json(const struct dump_info *info)
{
    const Lode__Dump__V1__Manifest *m = info->manifest;
    char hex[SHA256_HEX];
    char when[CLOCK_RFC3339_MAX];
    struct json_writer w;
    struct buf out;
    size_t i;

    buf_init(&out, BUF_NO_LIMIT);
    json_writer_init(&w, &out);
    json_begin_object(&w);
    json_key(&w, "formatVersion");
    json_put_u64(&w, info->format_version);
    json_key(&w, "writerVersion");
    json_str(&w, info->writer_version);
    json_key(&w, "dumpUid");
    json_str(&w, info->dump_uid);
    json_key(&w, "instanceUid");
    json_str(&w, info->instance_uid);
    json_key(&w, "createdAt");
    json_str(&w, clock_format_rfc3339(when, info->created_ns));
    json_key(&w, "bytes");
    json_put_u64(&w, info->file_bytes);
    json_key(&w, "sha256");
    json_str(&w, sha256_hex(hex, info->sha256));
    json_key(&w, "indexes");
    json_put_u64(&w, m->indexes);
    json_key(&w, "documents");
    json_put_u64(&w, m->documents);
    json_key(&w, "tasks");
    json_put_u64(&w, m->tasks);
    json_key(&w, "queuedTasks");
    json_put_u64(&w, m->queued_tasks);
    json_key(&w, "keys");
    json_put_u64(&w, m->keys);
    json_key(&w, "sections");
    json_begin_array(&w);
    for (i = 0; i < m->n_sections; i++) {
        const Lode__Dump__V1__Section *s = m->sections[i];

        json_begin_object(&w);
        json_key(&w, "kind");
        json_str(&w, kind_name(s->kind));
        json_key(&w, "indexUid");
        json_str(&w, *s->index_uid ? s->index_uid : NULL);
        json_key(&w, "offset");
        json_put_u64(&w, s->offset);
        json_key(&w, "bytes");
        json_put_u64(&w, s->compressed_bytes);
        json_key(&w, "contentBytes");
        json_put_u64(&w, s->content_bytes);
        json_key(&w, "frames");
        json_put_u64(&w, s->frames);
        json_key(&w, "records");
        json_put_u64(&w, s->records);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    buf_byte(&out, '\n');
    fwrite(out.p, 1, out.n, stdout);
    buf_done(&out);
}

static void inspect_text(struct cli *cli, const struct dump_info *info)
{
    const Lode__Dump__V1__Manifest *m = info->manifest;
    struct cli_table *table =
        cli_table_new("SECTION|INDEX|>OFFSET|>BYTES|>CONTENT|>FRAMES|>RECORDS");
    char clean[128];
    char hex[SHA256_HEX];
    char when[CLOCK_RFC3339_MAX];
    char n[5][CLI_TEXT];
    size_t i;

    printf("dump       %s\n", cli_clean(clean, sizeof(clean), info->dump_uid));
    printf("made       %s by %s\n", clock_format_rfc3339(when, info->created_ns),
           cli_clean(clean, sizeof(clean), info->writer_version));
    printf("instance   %s\n", cli_clean(clean, sizeof(clean), info->instance_uid));
    printf("format     %u\n", info->format_version);
    printf("size       %s (%llu bytes)\n", cli_bytes(n[0], info->file_bytes),
           (unsigned long long)info->file_bytes);
    printf("sha256     %s (of all before the trailer)\n", sha256_hex(hex, info->sha256));
    printf("holds      %s indexes, %s documents, %s tasks (%s queued), %s keys\n\n",
           cli_number(n[0], m->indexes), cli_number(n[1], m->documents), cli_number(n[2], m->tasks),
           cli_number(n[3], m->queued_tasks), cli_number(n[4], m->keys));
    for (i = 0; i < m->n_sections; i++) {
        const Lode__Dump__V1__Section *s = m->sections[i];
        char offset[CLI_TEXT];
        const char *cells[] = {kind_name(s->kind),
                               s->index_uid,
                               offset,
                               cli_bytes(n[0], s->compressed_bytes),
                               cli_bytes(n[1], s->content_bytes),
                               cli_number(n[2], s->frames),
                               cli_number(n[3], s->records)};

        snprintf(offset, sizeof(offset), "%llu", (unsigned long long)s->offset);
        cli_table_row(table, cells);
    }
    cli_table_print(cli, table);
}

int cli_dump_inspect(struct cli *cli, const char *path)
{
    struct dump_reader *reader = NULL;
    int code = open_dump(cli, path, &reader);

    if (code != CLI_OK)
        return code;
    if (cli->json)
        inspect_json(dump_reader_info(reader));
    else
        inspect_text(cli, dump_reader_info(reader));
    dump_reader_close(reader);
    return CLI_OK;
}

/* ---- cat ----------------------------------------------------------------------------- */

struct cat {
    const char *wanted; /* NULL: every index */
    bool on;            /* the index being shown is wanted */
    bool seen;
};

static enum rc cat_index(void *arg, const Lode__Dump__V1__Index *index, struct bytes settings,
                         struct err *err)
{
    struct cat *cat = arg;

    (void)settings;
    (void)err;
    cat->on = !cat->wanted || strcmp(index->uid, cat->wanted) == 0;
    cat->seen |= cat->on;
    return RC_OK;
}

static enum rc cat_block(void *arg, struct bytes frame, struct bytes content, uint32_t n_documents,
                         struct err *err)
{
    const struct cat *cat = arg;
    enum rc rc = RC_OK;
    struct record record;

    (void)frame;
    (void)n_documents;
    if (!cat->on)
        return RC_OK;
    while (record_next(&content, &record, &rc, err)) {
        fwrite(record.document.p, 1, record.document.n, stdout);
        putchar('\n');
    }
    if (rc == RC_OK && ferror(stdout))
        rc = err_set(err, RC_IO, NULL, "the output cannot be written");
    return rc;
}

int cli_dump_cat(struct cli *cli, const char *path, const char *index_uid)
{
    struct cat cat = {.wanted = index_uid};
    const struct dump_visitor visitor = {.index = cat_index, .block = cat_block, .arg = &cat};
    struct dump_reader *reader = NULL;
    struct err err;
    enum rc rc;
    int code = open_dump(cli, path, &reader);

    if (code != CLI_OK)
        return code;
    rc = dump_reader_walk(reader, &visitor, &err);
    if (rc != RC_OK)
        code = cli_say_err(cli, &err);
    else if (index_uid && !cat.seen)
        code = cli_say_error(cli, CLI_REFUSED, "%s holds no index \"%s\"", path, index_uid);
    dump_reader_close(reader);
    return code;
}

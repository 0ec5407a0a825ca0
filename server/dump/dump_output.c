/* SPDX-License-Identifier: MIT */
/*
 * dump_output.c -- frames to the file, read back and checked while more are written.
 *
 * The caller's thread fills one buffer and writes it out whole; two kinds of
 * threads read what was written back from the file, one hashing in order, the
 * others decoding every frame. Write-back to the disk begins at once, so that
 * the final fsync has little left to wait for.
 *
 * (1) Sections are written in the order the manifest lists them, and a piece
 *     belongs to one section.
 * (2) A piece goes to the checkers when all its bytes are in the file.
 */
#include "base/mem.h"
#include "base/spare.h"
#include "dump/dump_int.h"

enum { MAX_THREADS = 8 };

struct dump__output *dump__output_new(int fd, const struct dump_writer_opts *opts)
{
    struct dump__output *o = xcalloc(1, sizeof *o);

    o->fd = fd;
    o->opts = opts;
    buf_init(&o->out, DUMP__FRAME_BYTES_MAX + DUMP__PIECE);
    buf_init(&o->pieces, BUF_NO_LIMIT);
    o->checker = dump__checker_new(fd, dump__threads(), opts->progress);
    o->hasher = dump__hasher_new(fd);
    return o;
}

void dump__output_free(struct dump__output *o)
{
    size_t i;

    if (!o)
        return;
    dump__checker_free(o->checker);
    dump__hasher_free(o->hasher);
    for (i = 0; i < o->n_sections; i++) {
        xfree(o->sections[i]->index_uid);
        xfree(o->sections[i]);
    }
    xfree(o->sections);
    buf_done(&o->out);
    buf_done(&o->pieces);
    xfree(o);
}

unsigned dump__threads(void)
{
    unsigned n = thread_cpu_count();

    return n > MAX_THREADS ? MAX_THREADS : n;
}

Lode__Dump__V1__Section *dump__output_section(struct dump__output *o)
{
    return o->n_sections > 0 ? o->sections[o->n_sections - 1] : NULL;
}

void dump__output_begin(struct dump__output *o, Lode__Dump__V1__SectionKind kind, const char *uid)
{
    Lode__Dump__V1__Section *s = xmalloc(sizeof *s);

    lode__dump__v1__section__init(s);
    s->kind = kind;
    s->index_uid = xstrdup(uid);
    s->offset = o->n_bytes;
    if (o->n_sections == o->cap_sections) {
        o->cap_sections = o->cap_sections ? 2 * o->cap_sections : 16;
        o->sections = xrealloc(o->sections, o->cap_sections * sizeof(*o->sections));
    }
    o->sections[o->n_sections++] = s;
}

bool dump__output_stopped(const struct dump__output *o)
{
    return o->opts->stop && o->opts->stop(o->opts->stop_arg);
}

static struct dump__piece *last_piece(struct dump__output *o)
{
    size_t n = o->pieces.n / sizeof(struct dump__piece);

    return n > 0 ? (struct dump__piece *)(void *)o->pieces.p + (n - 1) : NULL;
}

/* What a failed check was about: the section's name and where in the file. */
static enum rc name_piece(struct dump__output *o, const struct dump__piece *bad, enum rc rc,
                          struct err *err)
{
    (void)err_prefix(err, "what was written cannot be read: ");
    return dump__at_section(err, rc, o->sections[bad->section], bad->section, bad->offset);
}

enum rc dump__output_wait(struct dump__output *o, struct err *err)
{
    struct dump__piece bad = {0};
    enum rc rc;

    rc = dump__checker_wait(o->checker, o->opts->stop, o->opts->stop_arg, &bad, err);
    if (rc == RC_OK || rc == RC_CANCELLED)
        return rc;
    return name_piece(o, &bad, rc, err);
}

enum rc dump__output_flush(struct dump__output *o, struct err *err)
{
    uint64_t at = o->n_bytes - o->out.n;
    size_t i, n = o->pieces.n / sizeof(struct dump__piece);
    const struct dump__piece *pieces = (const struct dump__piece *)(void *)o->pieces.p;
    enum rc rc;

    if (o->out.n == 0)
        return RC_OK;
    if (dump__output_stopped(o))
        return err_set(err, RC_CANCELLED, NULL, "the dump was stopped");
    rc = fs_write(o->fd, buf_view(&o->out), err);
    if (rc != RC_OK)
        return rc;
    fs_start_writeback(o->fd, at, o->out.n);
    buf_clear(&o->out);
    dump__hasher_grow(o->hasher, o->n_bytes);
    for (i = 0; i < n; i++)
        if (!dump__checker_add(o->checker, &pieces[i]))
            return dump__output_wait(o, err);
    buf_clear(&o->pieces);
    if (o->opts->progress)
        atomic_store(&o->opts->progress->bytes, o->n_bytes);
    return RC_OK;
}

enum rc dump__output_append(struct dump__output *o, struct bytes frame, uint64_t content,
                            uint64_t n_records, struct err *err)
{
    Lode__Dump__V1__Section *s = dump__output_section(o);
    struct dump__piece *p = last_piece(o);
    uint32_t before = s->crc32c;

    spare_pause();
    if (!p || p->section != o->n_sections - 1 || p->n + frame.n > DUMP__PIECE) {
        struct dump__piece fresh = {.offset = o->n_bytes,
                                    .section = o->n_sections - 1,
                                    .kind = s->kind,
                                    .crc_before = before};

        (void)buf_append(&o->pieces, &fresh, sizeof fresh);
        p = last_piece(o);
    }
    if (!buf_bytes(&o->out, frame))
        return err_set(err, RC_TOO_LARGE, NULL, "a frame of %zu bytes is over the limit", frame.n);
    s->crc32c = crc32c(before, frame);
    s->compressed_bytes += frame.n;
    s->content_bytes += content;
    s->records += n_records;
    s->frames++;
    p->n += frame.n;
    p->frames++;
    p->content += content;
    p->records += n_records;
    p->crc_after = s->crc32c;
    o->n_bytes += frame.n;
    o->n_records += n_records;
    o->n_frames++;
    return o->out.n >= DUMP__PIECE ? dump__output_flush(o, err) : RC_OK;
}

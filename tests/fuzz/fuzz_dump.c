/* SPDX-License-Identifier: MIT */
/*
 * fuzz_dump.c -- the dump reader over files that somebody else made.
 *
 * The first byte picks the way in:
 *
 *   0   the rest is the file as it stands
 *   1   the rest is the file, but its trailer is made right again (SHA-256,
 *       manifest's place and CRC-32C), so that damage gets past the trailer
 *   2   the rest is a recipe: { kind(1), uid(1), n(2, little-endian), content(n) }*
 *       A step of kind 1..5 begins a section of that kind, of the index whose name
 *       is one letter; kind 6 adds a frame to the running section; kind 7 adds
 *       to one number of the manifest at the end. Frames, counts and all
 *       checksums are right, so that what records say is reached.
 *
 * Held: a walk and a verification agree, nothing is shown after a failure, and
 * an accepted dump shows as many documents and tasks as its manifest says.
 */
#include "base/fs.h"
#include "support/dump_forge.h"

#include <sys/mman.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 16, MAX_TWEAKS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seen {
    uint64_t documents, indexes, keys, tasks, ends;
};

static enum rc see_index(void *arg, const Lode__Dump__V1__Index *index, struct bytes settings,
                         struct err *err UNUSED)
{
    ASSERT(index->uid && index->primary_key && (settings.n == 0 || settings.p));
    ((struct seen *)arg)->indexes++;
    return RC_OK;
}

static enum rc see_block(void *arg, struct bytes frame, struct bytes content, uint32_t n_documents,
                         struct err *err UNUSED)
{
    ASSERT(frame.n > 0 && content.n >= 3 * (size_t)n_documents);
    ((struct seen *)arg)->documents += n_documents;
    return RC_OK;
}

static enum rc see_end(void *arg, struct err *err UNUSED)
{
    ((struct seen *)arg)->ends++;
    return RC_OK;
}

static enum rc see_key(void *arg, const Lode__Dump__V1__Key *key, struct err *err UNUSED)
{
    ASSERT(key->uid && strlen(key->name) < INPUT_MAX * 40);
    ((struct seen *)arg)->keys++;
    return RC_OK;
}

static enum rc see_task(void *arg, const Lode__Dump__V1__Task *task, struct err *err UNUSED)
{
#ifdef LODE_PLANTED_BUG
    if (task->status != 0) /* only a dump whose every checksum is right gets here */
        NEVER("planted bug");
#endif
    ASSERT(task->index_uid);
    ((struct seen *)arg)->tasks++;
    return RC_OK;
}

static enum rc see_payload(void *arg, struct bytes frame, struct bytes content,
                           uint32_t n_documents, struct err *err UNUSED)
{
    ASSERT(((struct seen *)arg)->tasks > 0);
    ASSERT(frame.n > 0 && content.n >= 3 * (size_t)n_documents);
    return RC_OK;
}

static enum rc see_instance(void *arg UNUSED, const Lode__Dump__V1__Instance *instance,
                            struct err *err UNUSED)
{
    ASSERT(instance);
    return RC_OK;
}

static void read_file(int fd)
{
    struct seen seen = {0};
    struct dump_visitor v = {.index = see_index,
                             .block = see_block,
                             .index_end = see_end,
                             .key = see_key,
                             .task = see_task,
                             .task_payload = see_payload,
                             .instance = see_instance,
                             .arg = &seen};
    const Lode__Dump__V1__Manifest *m;
    struct dump_reader *r = NULL;
    struct err err;
    enum rc rc;

    rc = dump__reader_open_fd(fd, "fuzz.dump", &r, &err);
    if (rc != RC_OK) {
        ASSERT(rc == RC_CORRUPT || rc == RC_TOO_LARGE || rc == RC_INVALID);
        return;
    }
    m = dump_reader_info(r)->manifest;
    rc = dump_reader_walk(r, &v, &err);
    ASSERT(rc == RC_OK || rc == RC_CORRUPT || rc == RC_TOO_LARGE);
    if (rc == RC_OK) {
        ASSERT(seen.documents == m->documents && seen.indexes == m->indexes);
        ASSERT(seen.tasks == m->tasks && seen.keys == m->keys && seen.ends == m->indexes);
        ASSERT(dump_reader_verify(r, 1, NULL, &err) == RC_OK);
    }
    dump_reader_close(r);
}

static void read_bytes(struct bytes bytes)
{
    static int fd = -1;
    struct err err;
    enum rc rc;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    ASSERT(fd >= 0);
    rc = fs_truncate(fd, 0, &err);
    if (rc == RC_OK)
        rc = fs_pwrite(fd, bytes, 0, &err);
    ASSERT(rc == RC_OK);
    read_file(fd);
}

/* The input with a trailer behind it that is right; its own last frame is the manifest. */
static void read_repaired(struct bytes in)
{
    struct forge f;
    size_t at = 0, last = 0, n;
    uint64_t content;

    forge_begin(&f);
    (void)buf_bytes(&f.file, in);
    while (frame_measure(bytes_of(in.p + at, in.n - at), &n, &content, NULL) == RC_OK) {
        last = at;
        at += n;
    }
    buf_cut(&f.file, at);
    f.trailer.manifest_offset = last;
    f.trailer.manifest_bytes = at - last;
    f.trailer.manifest_crc32c = crc32c(0, bytes_of(in.p + last, at - last));
    forge_trailer(&f);
    read_bytes(buf_view(&f.file));
    forge_done(&f);
}

/* Adds delta to the which-th number of the manifest. */
static void tweak(struct forge *f, uint8_t which, uint16_t delta)
{
    uint64_t *totals[] = {&f->m.indexes, &f->m.documents, &f->m.tasks, &f->m.queued_tasks,
                          &f->m.keys,    &f->m.records,   &f->m.frames};
    Lode__Dump__V1__Section *s;

    if (which < ARRAY_LEN(totals)) {
        *totals[which] += delta;
        return;
    }
    if (f->m.n_sections == 0)
        return;
    s = f->list[which % f->m.n_sections];
    switch (which / 8 % 6) {
    case 0:
        s->offset += delta;
        break;
    case 1:
        s->compressed_bytes += delta;
        break;
    case 2:
        s->records += delta;
        break;
    case 3:
        s->frames += delta;
        break;
    case 4:
        s->content_bytes += delta;
        break;
    default:
        s->crc32c += delta;
        break;
    }
}

static void cook(struct bytes in)
{
    struct bytes tweaks[MAX_TWEAKS];
    size_t n_tweaks = 0, i;
    struct forge f;

    forge_begin(&f);
    while (in.n >= 4) {
        uint8_t kind = in.p[0] % 8;
        char uid[2] = {(char)(in.p[1] % 26 + 'a'), '\0'};
        size_t n = (size_t)in.p[2] | (size_t)in.p[3] << 8;
        struct bytes content;

        if (n > in.n - 4)
            n = in.n - 4;
        content = bytes_of(in.p + 4, n);
        if (kind >= 1 && kind <= 5 && f.m.n_sections < FORGE_SECTIONS)
            forge_section(&f, kind, kind == 2 || kind == 3 ? uid : "");
        if (kind >= 1 && kind <= 6 && n > 0 && f.m.n_sections > 0)
            forge_frame(&f, content);
        if (kind == 7 && n_tweaks < MAX_TWEAKS)
            tweaks[n_tweaks++] = bytes_of(in.p, 4 + n);
        in = bytes_of(in.p + 4 + n, in.n - 4 - n);
    }
    forge_totals(&f);
    for (i = 0; i < n_tweaks; i++)
        tweak(&f, tweaks[i].p[1], tweaks[i].n > 4 ? tweaks[i].p[4] : 1);
    forge_finish(&f);
    read_bytes(buf_view(&f.file));
    forge_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0 || n > INPUT_MAX)
        return 0;
    switch (data[0] % 3) {
    case 0:
        read_bytes(bytes_of(data + 1, n - 1));
        break;
    case 1:
        read_repaired(bytes_of(data + 1, n - 1));
        break;
    default:
        cook(bytes_of(data + 1, n - 1));
        break;
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * dump_reader.c -- opening a dump: trailer, manifest, header; nothing else is read yet.
 *
 * The trailer comes first, so that a cut file is refused before anything of it
 * is believed, then the manifest it points to (both under their own CRC-32C),
 * then the header frame, which says who wrote the file and what it needs.
 * What the sections hold is dump_walk.c's.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "dump/dump_int.h"

enum {
    MANIFEST_MAX = 64 << 20, /* content bytes; about half a million indexes */
};

#define RECORD(name) LODE__DUMP__V1__RECORD__KIND_##name

static bool starts_with(const uint8_t *p, size_t n, const char *magic, size_t n_magic)
{
    return n >= n_magic && memcmp(p, magic, n_magic) == 0;
}

/* What a file without our trailer is, for a person. */
static enum rc describe_foreign(struct dump_reader *r, struct err *err)
{
    uint8_t head[8];
    size_t n = 0;
    enum rc rc;

    rc = fs_pread(r->fd, head, sizeof head, 0, &n, err);
    if (rc != RC_OK)
        return rc;
    if (n == 0)
        return err_set(err, RC_CORRUPT, NULL, "the file is empty");
    if (starts_with(head, n, "\x28\xb5\x2f\xfd", 4))
        return err_set(err, RC_CORRUPT, NULL,
                       "the trailer is missing: the file was cut after %llu bytes, something was "
                       "added to it, or it is no Lode dump",
                       (unsigned long long)r->n_bytes);
    if (starts_with(head, n, "\x1f\x8b", 2))
        return err_set(err, RC_CORRUPT, NULL,
                       "this is a gzip file, not a Lode dump (Meilisearch dumps are gzip files)");
    return err_set(err, RC_CORRUPT, NULL, "this is not a Lode dump");
}

static enum rc read_trailer(struct dump_reader *r, struct err *err)
{
    uint8_t bytes[DUMP_TRAILER_SIZE] = {0};
    size_t n = 0;
    enum rc rc;

    rc = fs_size(r->fd, &r->n_bytes, err);
    if (rc != RC_OK)
        return rc;
    if (r->n_bytes >= DUMP_TRAILER_SIZE) {
        rc = fs_pread(r->fd, bytes, sizeof bytes, r->n_bytes - sizeof bytes, &n, err);
        if (rc != RC_OK)
            return rc;
    }
    if (n != sizeof bytes || get_u32le(bytes) != 0x184D2A50 ||
        memcmp(bytes + 8, "LODEDUMP", 8) != 0)
        return describe_foreign(r, err);
    rc = dump__trailer_decode(bytes, &r->trailer, err);
    if (rc != RC_OK)
        return rc;
    if (r->trailer.manifest_offset > r->n_bytes - DUMP_TRAILER_SIZE ||
        r->trailer.manifest_bytes != r->n_bytes - DUMP_TRAILER_SIZE - r->trailer.manifest_offset)
        return err_set(err, RC_CORRUPT, NULL,
                       "the file has %llu bytes, but its trailer is of one of another length",
                       (unsigned long long)r->n_bytes);
    return RC_OK;
}

/* Reads n bytes at `at` and decodes them as one frame of one record of `kind`. */
static enum rc read_record(struct dump_reader *r, uint64_t at, uint64_t n, uint32_t crc,
                           size_t max_content, uint32_t kind,
                           const Lode__Dump__V1__Record **ret_msg, struct err *err)
{
    struct bytes content;
    struct record record;
    uint8_t *p = NULL;
    size_t got = 0;
    enum rc rc;

    if (n > max_content + DUMP__PIECE)
        return err_set(err, RC_TOO_LARGE, NULL, "a frame of %llu bytes is over the limit",
                       (unsigned long long)n);
    p = xmalloc((size_t)n + 1);
    rc = fs_pread(r->fd, p, (size_t)n, at, &got, err);
    if (rc != RC_OK)
        goto out;
    if (got != n || crc32c(0, bytes_of(p, got)) != crc) {
        rc = err_set(err, RC_CORRUPT, NULL, "the checksum is wrong");
        goto out;
    }
    rc = frame_decode(r->decoder, bytes_of(p, got), max_content, &content, err);
    if (rc != RC_OK)
        goto out;
    if (!record_next(&content, &record, &rc, err) || record.kind != kind || content.n != 0) {
        rc = err_set(err, RC_CORRUPT, NULL, "there is not one record of the right kind");
        goto out;
    }
    arena_set_limit(r->arena, arena_used(r->arena) + record_arena_limit(record.wire.n));
    rc = record_unpack(&record, r->arena, ret_msg, err);

out:
    xfree(p);
    return rc;
}

static enum rc read_manifest(struct dump_reader *r, struct err *err)
{
    const Lode__Dump__V1__Record *msg = NULL;
    enum rc rc;

    rc = read_record(r, r->trailer.manifest_offset, r->trailer.manifest_bytes,
                     r->trailer.manifest_crc32c, MANIFEST_MAX, RECORD(MANIFEST), &msg, err);
    if (rc != RC_OK) {
        (void)err_prefix(err,
                         "manifest, offset %llu: ", (unsigned long long)r->trailer.manifest_offset);
        return rc;
    }
    r->info.manifest = msg->manifest;
    return dump__manifest_check(msg->manifest, r->trailer.manifest_offset, err);
}

static enum rc read_header(struct dump_reader *r, struct err *err)
{
    const Lode__Dump__V1__Section *s = r->info.manifest->sections[0];
    const Lode__Dump__V1__Record *msg = NULL;
    const Lode__Dump__V1__Header *h;
    enum rc rc;

    rc = read_record(r, 0, s->compressed_bytes, s->crc32c, DUMP__HEADER_MAX, RECORD(HEADER), &msg,
                     err);
    if (rc != RC_OK)
        return dump__at_section(err, rc, s, 0, 0);
    h = msg->header;
    rc = dump__check_version(h->format_version, h->required_features, h->writer_version, err);
    if (rc == RC_OK && h->format_version != r->trailer.version)
        rc = err_set(err, RC_CORRUPT, NULL, "header and trailer have different format versions");
    if (rc != RC_OK)
        return rc;
    r->info.format_version = h->format_version;
    r->info.writer_version = h->writer_version;
    r->info.dump_uid = h->dump_uid;
    r->info.instance_uid = h->instance_uid;
    r->info.created_ns = h->created_unix_ns;
    r->info.required_features = h->required_features;
    return RC_OK;
}

enum rc dump__reader_open_fd(int fd, const char *name, struct dump_reader **ret_reader,
                             struct err *err)
{
    struct dump_reader *r = xcalloc(1, sizeof *r);
    struct err why = {0};
    enum rc rc;

    r->fd = fd;
    r->name = xstrdup(name);
    r->arena = arena_new(0);
    r->decoder = frame_decoder_new();
    rc = read_trailer(r, &why);
    if (rc == RC_OK)
        rc = read_manifest(r, &why);
    if (rc == RC_OK)
        rc = read_header(r, &why);
    if (rc != RC_OK) {
        (void)err_prefix(&why, "'%s': ", name);
        if (err)
            *err = why;
        dump_reader_close(r);
        return rc;
    }
    r->info.file_bytes = r->n_bytes;
    memcpy(r->info.sha256, r->trailer.sha256, sizeof r->info.sha256);
    *ret_reader = r;
    return RC_OK;
}

enum rc dump_reader_open(const char *path, struct dump_reader **ret_reader, struct err *err)
{
    int fd = -1;
    enum rc rc;

    rc = fs_open_path(path, &fd, err);
    if (rc != RC_OK)
        return rc;
    rc = dump__reader_open_fd(fd, path, ret_reader, err);
    if (rc != RC_OK) {
        fs_close(fd);
        return rc;
    }
    (*ret_reader)->owns_fd = true;
    return RC_OK;
}

void dump_reader_close(struct dump_reader *r)
{
    if (!r)
        return;
    if (r->owns_fd)
        fs_close(r->fd);
    frame_decoder_free(r->decoder);
    arena_free(r->arena);
    xfree(r->name);
    xfree(r);
}

const struct dump_info *dump_reader_info(const struct dump_reader *r)
{
    return &r->info;
}

/* SPDX-License-Identifier: MIT */
/* dump_fixture.c -- see dump_fixture.h. */
#include "dump_fixture.h"

#include "base/mem.h"
#include "support/tempdir.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct fixture fx;

static struct frame_encoder *encoder;

void fixture_setup(void)
{
    fx = (struct fixture){.opts = {.dump_uid = B("20200929-114144097"),
                                   .instance_uid = B("b0ba5a3c-0000-4000-8000-000000000001"),
                                   .created_ns = 1601379704097000000}};
    fx.path = tempdir_make();
    CU_ASSERT_EQUAL_FATAL(fs_dir_open(fx.path, false, &fx.dir, &fx.err), RC_OK);
    buf_init(&fx.file, BUF_NO_LIMIT);
    encoder = frame_encoder_new(RECORD_FRAME_LEVEL);
}

void fixture_teardown(void)
{
    fault_clear();
    dump_writer_close(fx.writer);
    fx.writer = NULL;
    fs_dir_close(fx.dir);
    tempdir_remove(fx.path);
    buf_done(&fx.file);
    frame_encoder_free(encoder);
}

void fixture_frame(struct bytes content, struct buf *out)
{
    CU_ASSERT_EQUAL_FATAL(frame_encode(encoder, content, out, &fx.err), RC_OK);
}

/* ---- a digest of what a dump says, in order ----------------------------------------------------
 */

struct digest {
    uint64_t h;
};

static void mix(struct digest *d, struct bytes b)
{
    d->h = hash64(b, d->h);
}

static void mix_number(struct digest *d, uint64_t n)
{
    mix(d, bytes_of(&n, sizeof n));
}

static void mix_documents(struct digest *d, struct bytes content)
{
    struct record r;
    enum rc rc;

    while (record_next(&content, &r, &rc, NULL))
        mix(d, r.document);
}

static enum rc see_index(void *arg, const Lode__Dump__V1__Index *index, struct bytes settings,
                         struct err *err UNUSED)
{
    mix(arg, bytes_str(index->uid));
    mix(arg, bytes_str(index->primary_key));
    mix_number(arg, index->documents);
    mix(arg, settings);
    return RC_OK;
}

static enum rc see_block(void *arg, struct bytes frame UNUSED, struct bytes content,
                         uint32_t n_documents UNUSED, struct err *err UNUSED)
{
    mix_documents(arg, content);
    return RC_OK;
}

static enum rc see_index_end(void *arg, struct err *err UNUSED)
{
    mix(arg, B("end"));
    return RC_OK;
}

static enum rc see_key(void *arg, const Lode__Dump__V1__Key *key, struct err *err UNUSED)
{
    mix(arg, bytes_str(key->uid));
    mix_number(arg, key->n_actions);
    return RC_OK;
}

static enum rc see_task(void *arg, const Lode__Dump__V1__Task *task, struct err *err UNUSED)
{
    mix_number(arg, task->uid);
    mix_number(arg, task->status);
    mix(arg, bytes_str(task->index_uid));
    return RC_OK;
}

static enum rc see_instance(void *arg, const Lode__Dump__V1__Instance *instance,
                            struct err *err UNUSED)
{
    mix_number(arg, instance->next_task_uid);
    return RC_OK;
}

static struct dump_visitor watcher(struct digest *d)
{
    return (struct dump_visitor){.index = see_index,
                                 .block = see_block,
                                 .index_end = see_index_end,
                                 .key = see_key,
                                 .task = see_task,
                                 .task_payload = see_block,
                                 .instance = see_instance,
                                 .arg = d};
}

/* ---- the sample, told to a visitor -------------------------------------------------------------
 */

/* Words that come again within a block and far away, as in real documents. */
static void format_document(char *dst, size_t cap, const struct sample *s, unsigned index,
                            unsigned i)
{
    static const char *const words[] = {"apple",  "river", "mountain", "yesterday", "green",
                                        "window", "paper", "thousand", "song",      "winter"};
    uint64_t h = hash64(bytes_of(&i, sizeof i), index);

    (void)snprintf(dst, cap, "{\"id\":%u,\"of\":%u,\"title\":\"%s %s %s %s %x\"}", i, index,
                   s->salt ? s->salt : "", words[h % 10], words[h / 10 % 10], words[h / 100 % 10],
                   (unsigned)(h >> 52));
}

static enum rc tell_documents(const struct dump_visitor *v, const struct sample *s, unsigned index,
                              struct err *err)
{
    struct buf content, frame;
    uint32_t n = 0;
    unsigned i;
    enum rc rc = RC_OK;

    buf_init(&content, BUF_NO_LIMIT);
    buf_init(&frame, BUF_NO_LIMIT);
    for (i = 0; rc == RC_OK && i < s->n_documents; i++) {
        char json[128];

        format_document(json, sizeof json, s, index, i);
        CU_ASSERT(record_put_document(&content, bytes_str(json), false));
        n++;
        if (content.n < (s->block ? s->block : 400) && i + 1 < s->n_documents)
            continue;
        buf_clear(&frame);
        fixture_frame(buf_view(&content), &frame);
        rc = v->block(v->arg, buf_view(&frame), buf_view(&content), n, err);
        buf_clear(&content);
        n = 0;
    }
    if (rc == RC_OK && s->big && index == 0) {
        uint8_t *json = xmalloc(s->big);
        size_t at;

        for (at = 0; at < s->big; at++)
            json[at] = (uint8_t)(hash64(bytes_of(&at, sizeof at), 1) & 0x7f);
        CU_ASSERT(record_put_document(&content, bytes_of(json, s->big), false));
        buf_clear(&frame);
        fixture_frame(buf_view(&content), &frame);
        rc = v->block(v->arg, buf_view(&frame), buf_view(&content), 1, err);
        xfree(json);
    }
    buf_done(&content);
    buf_done(&frame);
    return rc;
}

static enum rc tell_indexes(const struct dump_visitor *v, const struct sample *s, struct err *err)
{
    unsigned i;
    enum rc rc = RC_OK;

    for (i = 0; rc == RC_OK && i < s->n_indexes; i++) {
        Lode__Dump__V1__Index index;
        char uid[32], key[] = "id";

        lode__dump__v1__index__init(&index);
        (void)snprintf(uid, sizeof uid, "index%u", i);
        index.uid = uid;
        index.primary_key = key;
        index.documents = s->n_documents + (s->big && i == 0);
        rc = v->index(v->arg, &index, B("{\"stopWords\":[\"the\"]}"), err);
        if (rc == RC_OK)
            rc = tell_documents(v, s, i, err);
        if (rc == RC_OK && v->index_end)
            rc = v->index_end(v->arg, err);
    }
    return rc;
}

static enum rc tell_task(const struct dump_visitor *v, const struct sample *s, unsigned i,
                         struct err *err)
{
    Lode__Dump__V1__Task task;
    char uid[] = "index0";
    struct buf content, frame;
    enum rc rc;

    lode__dump__v1__task__init(&task);
    task.uid = i;
    task.type = 1;
    task.status = i % 3 == 2 ? 1 : 3; /* enqueued, succeeded */
    task.index_uid = uid;
    rc = v->task(v->arg, &task, err);
    if (rc != RC_OK || i % 3 != 2)
        return rc;
    buf_init(&content, BUF_NO_LIMIT);
    buf_init(&frame, BUF_NO_LIMIT);
    CU_ASSERT(record_put_document(&content, B("{\"id\":\"queued\"}"), true));
    CU_ASSERT(record_put_document(&content, bytes_str(s->salt ? s->salt : "x"), true));
    fixture_frame(buf_view(&content), &frame);
    rc = v->task_payload(v->arg, buf_view(&frame), buf_view(&content), 2, err);
    buf_done(&content);
    buf_done(&frame);
    return rc;
}

static enum rc tell(const struct dump_visitor *v, const struct sample *s, struct err *err)
{
    Lode__Dump__V1__Instance instance = LODE__DUMP__V1__INSTANCE__INIT;
    char action[] = "search", *actions[] = {action, action};
    unsigned i;
    enum rc rc;

    rc = tell_indexes(v, s, err);
    for (i = 0; rc == RC_OK && i < s->n_keys; i++) {
        Lode__Dump__V1__Key key;
        char uid[40];

        lode__dump__v1__key__init(&key);
        (void)snprintf(uid, sizeof uid, "74c9c733-3368-4738-bbe5-%012u", i);
        key.uid = uid;
        key.actions = actions;
        key.n_actions = 2;
        rc = v->key(v->arg, &key, err);
    }
    for (i = 0; rc == RC_OK && i < s->n_tasks; i++)
        rc = tell_task(v, s, i, err);
    instance.next_task_uid = s->n_tasks;
    return rc == RC_OK ? v->instance(v->arg, &instance, err) : rc;
}

uint64_t fixture_expected(const struct sample *sample)
{
    struct digest d = {0};
    struct dump_visitor v = watcher(&d);

    CU_ASSERT_EQUAL(tell(&v, sample, &fx.err), RC_OK);
    return d.h;
}

/* ---- writing ------------------------------------------------------------------------- */

static enum rc pour_block(void *arg, struct bytes frame, struct bytes content UNUSED,
                          uint32_t n_documents, struct err *err)
{
    return dump_writer_block(arg, frame, n_documents, err);
}

static enum rc pour_payload(void *arg, struct bytes frame, struct bytes content UNUSED,
                            uint32_t n_documents, struct err *err)
{
    return dump_writer_task_payload(arg, frame, n_documents, err);
}

static enum rc pour_index(void *arg, const Lode__Dump__V1__Index *index, struct bytes settings,
                          struct err *err)
{
    return dump_writer_index(arg, index, settings, err);
}

static enum rc pour_key(void *arg, const Lode__Dump__V1__Key *key, struct err *err)
{
    return dump_writer_key(arg, key, err);
}

static enum rc pour_task(void *arg, const Lode__Dump__V1__Task *task, struct err *err)
{
    return dump_writer_task(arg, task, err);
}

static enum rc pour_instance(void *arg, const Lode__Dump__V1__Instance *instance, struct err *err)
{
    return dump_writer_instance(arg, instance, err);
}

enum rc fixture_pour(const struct sample *sample)
{
    struct dump_visitor v = {.index = pour_index,
                             .block = pour_block,
                             .key = pour_key,
                             .task = pour_task,
                             .task_payload = pour_payload,
                             .instance = pour_instance};
    enum rc rc;

    rc = dump_writer_open(fx.dir, &fx.opts, &fx.writer, &fx.err);
    if (rc != RC_OK)
        return rc;
    v.arg = fx.writer;
    return tell(&v, sample, &fx.err);
}

enum rc fixture_dump(const struct sample *sample, const char *name)
{
    enum rc rc;

    rc = fixture_pour(sample);
    if (rc == RC_OK)
        rc = dump_writer_publish(fx.writer, name, &fx.err);
    dump_writer_close(fx.writer);
    fx.writer = NULL;
    return rc;
}

void fixture_make(const struct sample *sample)
{
    uint8_t *p = NULL;
    size_t n = 0;

    CU_ASSERT_EQUAL_FATAL(fixture_dump(sample, "made.dump"), RC_OK);
    CU_ASSERT_EQUAL_FATAL(fs_read_all(fx.dir, "made.dump", SIZE_MAX / 2, &p, &n, &fx.err), RC_OK);
    buf_clear(&fx.file);
    (void)buf_append(&fx.file, p, n);
    xfree(p);
    CU_ASSERT_EQUAL(fs_unlink(fx.dir, "made.dump", &fx.err), RC_OK);
}

static enum rc count_entry(void *arg, const char *name UNUSED, struct err *err UNUSED)
{
    ++*(unsigned *)arg;
    return RC_OK;
}

unsigned fixture_n_files(void)
{
    unsigned n = 0;

    CU_ASSERT_EQUAL(fs_dir_each(fx.dir, count_entry, &n, &fx.err), RC_OK);
    return n;
}

/* ---- reading ------------------------------------------------------------------------- */

int fixture_file(struct bytes bytes)
{
    int fd = memfd_create("dump", MFD_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(fs_write(fd, bytes, &fx.err), RC_OK);
    return fd;
}

enum rc fixture_read_file(int fd, uint64_t *ret_digest)
{
    struct dump_reader *r = NULL;
    struct digest d = {0};
    struct dump_visitor v = watcher(&d);
    enum rc rc;

    rc = dump__reader_open_fd(fd, "x.dump", &r, &fx.err);
    if (rc == RC_OK)
        rc = dump_reader_walk(r, &v, &fx.err);
    dump_reader_close(r);
    if (ret_digest)
        *ret_digest = d.h;
    return rc;
}

enum rc fixture_read(struct bytes bytes, uint64_t *ret_digest)
{
    int fd = fixture_file(bytes);
    enum rc rc = fixture_read_file(fd, ret_digest);

    fs_close(fd);
    return rc;
}

enum rc fixture_verify(struct bytes bytes, unsigned threads)
{
    struct dump_reader *r = NULL;
    int fd = fixture_file(bytes);
    enum rc rc;

    rc = dump__reader_open_fd(fd, "x.dump", &r, &fx.err);
    if (rc == RC_OK)
        rc = dump_reader_verify(r, threads, NULL, &fx.err);
    dump_reader_close(r);
    fs_close(fd);
    return rc;
}

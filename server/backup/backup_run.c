/* SPDX-License-Identifier: MIT */
/*
 * backup_run.c -- one dump.
 *
 *   raise the barrier (waits for the running commit) .. freeze a view .. stream
 *   indexes, tasks, counters .. [barrier=read: lower] .. decode what was written,
 *   sync, name, sync the directory .. commit the task's end .. say `done` and lower
 *
 * (1) From the raising to the lowering nothing is written to the database but the
 *     end of the dump's own task: the content is a prefix of the order of commits,
 *     and each task is in it once, ended or queued with its payload.
 * (2) The file has its name only when it is whole, durable and decoded once; before
 *     that a failure leaves nothing behind, after it only the commit of the
 *     task's end can fail, and then the file is taken back.
 * (3) Every way out lowers the barrier and ends the task.
 * (4) The view is closed before anything is committed: a store that must reopen
 *     waits for its views.
 *
 * The model of this order is tests/model/barrier.pml.
 */
#include "backup/backup_int.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/spare.h"
#include "home/features.h"
#include "index/index.h"
#include "task/barrier.h"
#include "task/task.h"

#include <stdio.h>

#define END_TRY_NS (2 * NS_PER_S)

struct job {
    struct backup *b;
    struct backup_status status; /* as it began */
    bool raised;
    int64_t raise_ns, raised_ns; /* when it was asked for, and when it was up */
    uint64_t wait_ns, held_ns;
};

static uint64_t since(int64_t ns)
{
    int64_t now = clock_mono_ns();

    return now > ns ? (uint64_t)(now - ns) : 0;
}

static enum rc raise_barrier(struct job *job, struct err *err)
{
    enum rc rc;

    job->raise_ns = clock_mono_ns();
    rc = barrier_raise(job->b->opts.barrier, job->b->opts.barrier_timeout_ns, err);
    job->wait_ns = since(job->raise_ns);
    if (rc != RC_OK)
        return rc;
    job->raised = true;
    job->raised_ns = clock_mono_ns();
    return fault_rc(FAULT(BARRIER_RAISED), err);
}

static void lower_barrier(struct job *job)
{
    if (!job->raised)
        return;
    job->held_ns = since(job->raised_ns);
    job->raised = false;
    barrier_lower(job->b->opts.barrier);
}

/* ---- content ------------------------------------------------------------------------------------
 */

struct pour {
    struct job *job;
    struct fs_dir *dir;
    struct dump_writer *writer;
    struct catalog_view *view;
    struct task_cut cut;
};

static bool should_stop(void *arg)
{
    struct backup *b = arg;

    backup__tell(b, NULL);
    return atomic_load(&b->stop);
}

static enum rc pour_block(void *arg, struct bytes frame, uint32_t n_documents, struct err *err)
{
    struct pour *p = arg;

    backup__tell(p->job->b, NULL);
    return dump_writer_block(p->writer, frame, n_documents, err);
}

/* Messages have plain char pointers; packing does not write through them. */
static char *borrow(const char *s)
{
    union {
        const char *in;
        char *out;
    } u = {s};

    return u.out;
}

static enum rc pour_index(struct pour *p, const struct index_info *info, struct err *err)
{
    Lode__Dump__V1__Index index = LODE__DUMP__V1__INDEX__INIT;
    enum rc rc;

    index.uid = borrow(info->uid);
    if (info->primary_key)
        index.primary_key = borrow(info->primary_key);
    index.created_unix_ns = info->created_ns;
    index.updated_unix_ns = info->updated_ns;
    index.documents = info->n_documents;
    rc = dump_writer_index(p->writer, &index, catalog_view_settings(p->view, info->id), err);
    if (rc == RC_OK)
        rc = block_each(p->view, info->id, pour_block, p, err);
    return rc;
}

static enum rc pour_task(void *arg, const task_record *task, struct err *err)
{
    struct pour *p = arg;

    return dump_writer_task(p->writer, task, err);
}

static enum rc pour_payload(void *arg, struct bytes frame, uint32_t n_documents, struct err *err)
{
    struct pour *p = arg;

    return dump_writer_task_payload(p->writer, frame, n_documents, err);
}

static enum rc pour_tasks(struct pour *p, struct err *err)
{
    Lode__Dump__V1__Instance instance = LODE__DUMP__V1__INSTANCE__INIT;
    feature_set on = features_on(p->job->b->opts.features);
    char *features[FEATURE_COUNT];
    struct task_export to = {pour_task, pour_payload, p};
    enum rc rc;
    unsigned i;

    instance.features = features;
    for (i = 0; i < FEATURE_COUNT; i++)
        if (on & feature_bit((enum feature)i))
            features[instance.n_features++] = borrow(feature_name((enum feature)i));
    instance.next_task_uid = p->cut.next_task_uid;
    instance.next_batch_uid = p->cut.next_batch_uid;
    rc = task_export_all(p->job->b->opts.tasks, p->view, &p->cut, &to, err);
    if (rc == RC_OK)
        rc = dump_writer_instance(p->writer, &instance, err);
    return rc;
}

static void count_documents(struct pour *p)
{
    uint64_t n = 0;
    size_t i;

    for (i = 0; i < catalog_view_count(p->view); i++)
        n += catalog_view_at(p->view, i).n_documents;
    atomic_store(&p->job->b->total_documents, n);
}

/* The header comes first and says what a reader must know, so it waits for the cut. */
static enum rc begin_file(struct pour *p, struct err *err)
{
    struct backup *b = p->job->b;
    struct dump_writer_opts opts = {.dump_uid = bytes_str(p->job->status.uid),
                                    .instance_uid = bytes_str(b->instance_uid),
                                    .created_ns = p->job->status.started_ns,
                                    .recompress_level = b->recompress_level,
                                    .progress = &b->progress,
                                    .stop = should_stop,
                                    .stop_arg = b};

    task_cut_now(b->opts.tasks, p->job->status.task_uid, &p->cut);
    if (p->cut.has_filtered_deletion)
        opts.required_features |= DUMP_NEEDS_FILTERED_DELETIONS;
    return dump_writer_open(p->dir, &opts, &p->writer, err);
}

static enum rc pour_all(struct pour *p, struct err *err)
{
    enum rc rc;
    size_t i;

    rc = fault_rc(FAULT(DUMP_BEFORE_READ), err);
    if (rc == RC_OK)
        rc = catalog_view_open(p->job->b->opts.catalog, &p->view, err);
    if (rc == RC_OK)
        rc = begin_file(p, err);
    if (rc != RC_OK)
        return rc;
    count_documents(p);
    for (i = 0; rc == RC_OK && i < catalog_view_count(p->view); i++) {
        struct index_info info = catalog_view_at(p->view, i);

        rc = pour_index(p, &info, err);
    }
    if (rc == RC_OK)
        rc = pour_tasks(p, err);
    if (rc == RC_OK)
        rc = fault_rc(FAULT(DUMP_AFTER_READ), err);
    return rc;
}

/* From the barrier up to the name. */
static enum rc produce(struct job *job, struct err *err)
{
    struct backup *b = job->b;
    struct pour pour = {.job = job};
    char file[BACKUP__FILE_NAME];
    enum rc rc;

    rc = backup__dir(b, &pour.dir, err);
    if (rc == RC_OK)
        rc = raise_barrier(job, err);
    if (rc == RC_OK)
        rc = pour_all(&pour, err);
    catalog_view_close(pour.view);
    if (rc == RC_OK && b->opts.lower_after_read)
        lower_barrier(job);
    if (rc == RC_OK && !fs_dir_still_there(pour.dir))
        rc = err_set(err, RC_NOT_FOUND, NULL, "the directory '%s' was removed", b->dumps_dir);
    backup__file_name(file, job->status.uid);
    if (rc == RC_OK)
        rc = dump_writer_publish(pour.writer, file, err);
    dump_writer_close(pour.writer);
    return rc;
}

/* ---- its end ------------------------------------------------------------------------- */

static void describe(const struct job *job, struct err *failure)
{
    struct err why = *failure;

    (void)err_set(failure, why.rc, "dump_process_failed",
                  "The creation of the dump `%s` failed due to `%s`.", job->status.uid, why.msg);
}

/* A moment's rest between two tries; false: closing. */
static bool rest(struct backup *b, int64_t ns)
{
    int64_t until = clock_mono_ns() + ns;
    bool closing;

    mutex_lock(&b->lock);
    while (!b->closing && cond_wait_until(&b->changed, &b->lock, until))
        ;
    closing = b->closing;
    mutex_unlock(&b->lock);
    return !closing;
}

static uint64_t held(const struct job *job)
{
    return job->raised ? since(job->raised_ns) : job->held_ns;
}

/*
 * Commits the end of the dump's task, at first with the barrier up. A store that
 * reopens needs the writer to let go of its view, so the barrier goes down
 * before the next try. A disk that stays broken must not keep a dump "in progress"
 * for ever: after some time the writer gets the task, to end it when it can.
 */
static enum rc end_task(struct job *job, const struct err *failure, struct err *err)
{
    int64_t until = clock_mono_ns() + END_TRY_NS;
    enum rc rc;

    rc = task_dump_end(job->b->opts.tasks, job->status.task_uid, failure, job->wait_ns, held(job),
                       err);
    while (rc != RC_OK && rc != RC_CANCELLED && clock_mono_ns() < until) {
        lower_barrier(job);
        if (!rest(job->b, 50 * NS_PER_MS))
            until = 0; /* closing: once more */
        rc = task_dump_end(job->b->opts.tasks, job->status.task_uid, failure, job->wait_ns,
                           job->held_ns, err);
    }
    return rc;
}

static void take_back(struct job *job)
{
    char file[BACKUP__FILE_NAME];
    struct fs_dir *dir = NULL;
    struct err err;
    enum rc rc;

    backup__file_name(file, job->status.uid);
    rc = backup__dir(job->b, &dir, &err);
    if (rc == RC_OK)
        rc = fs_unlink(dir, file, &err);
    if (rc == RC_OK)
        rc = fs_dir_sync(dir, &err);
    if (rc != RC_OK)
        log_event(LOG_ERROR, "backup", "cannot take back a dump that is called failed",
                  "file=%s rc=%s", file, rc_name(rc));
}

/* In one step: the final status is seen, another dump may begin, the barrier is down. */
static void finish(struct job *job, enum rc rc, const struct err *failure)
{
    struct backup *b = job->b;
    struct backup_status *s, final;

    mutex_lock(&b->lock);
    s = &b->statuses[b->n_statuses - 1];
    s->documents = atomic_load(&b->progress.documents);
    s->total_documents = atomic_load(&b->total_documents);
    s->written_bytes = atomic_load(&b->progress.bytes);
    s->verified_bytes = atomic_load(&b->progress.verified);
    s->barrier_wait_ns = job->wait_ns;
    s->barrier_held_ns = held(job);
    s->finished_ns = clock_wall_ns();
    if (s->finished_ns < s->started_ns)
        s->finished_ns = s->started_ns;
    s->state = rc == RC_OK ? BACKUP_DONE : BACKUP_FAILED;
    if (rc != RC_OK)
        (void)snprintf(s->error, sizeof s->error, "%.*s", (int)sizeof s->error - 1, failure->msg);
    lower_barrier(job);
    b->busy = false; /* who begins the next one joins this thread first */
    final = *s;
    mutex_unlock(&b->lock);
    backup__tell(b, &final);
}

void backup__run(void *arg)
{
    struct backup *b = arg;
    struct job job = {.b = b};
    struct err failure, err;
    enum rc rc, ended;

    thread_stand_back(); /* and those that pack and hash with it */
    spare_begin();
    mutex_lock(&b->lock);
    job.status = b->statuses[b->n_statuses - 1];
    mutex_unlock(&b->lock);
    b->told_ns = 0;
    rc = produce(&job, &failure);
    if (rc != RC_OK)
        describe(&job, &failure);
    ended = end_task(&job, rc == RC_OK ? NULL : &failure, &err);
    if (ended != RC_OK && rc == RC_OK) { /* the disk may be full: the file is what fills it */
        take_back(&job);
        rc = ended;
        failure = err;
        describe(&job, &failure);
        ended = end_task(&job, &failure, &err);
    }
    if (ended != RC_OK) {
        log_event(LOG_ERROR, "backup", "cannot commit the end of a dump's task", "dump=%s rc=%s",
                  job.status.uid, rc_name(ended));
        task_dump_leave(b->opts.tasks, job.status.task_uid);
    }
    log_event(rc == RC_OK ? LOG_INFO : LOG_ERROR, "backup",
              rc == RC_OK ? "dump done" : "dump failed", "dump=%s wait_us=%llu held_us=%llu",
              job.status.uid, (unsigned long long)(job.wait_ns / 1000),
              (unsigned long long)(held(&job) / 1000));
    finish(&job, rc, &failure);
    spare_end();
}

/* SPDX-License-Identifier: MIT */
/*
 * task_int.h -- what the files of the task room share.
 *
 *   task_queue.c    opening, recovering, closing; task_submit.c: the log thread
 *   task_log.c      the log's segments: bytes, recovery, trimming
 *   task_table.c    facts: what is known in memory of every task; task_names.c
 *   task_ended.c    ended tasks in the database, and the one commit function
 *   task_writer.c   the writer thread; kind_*.c: what each change does
 *   task_list.c     looking; task_filter.c
 *   payload.c, payload_reader.c    documents on their way through the queue
 *
 * Locks, in this order: commit_lock, lock. The watches have their own, taken alone.
 */
#pragma once

#include "base/fs.h"
#include "base/thread.h"
#include "store/store.h"
#include "task/task.h"

#include <stdatomic.h>

enum {
    TASK__INLINE_MAX = 64 * 1024, /* payload bytes kept in the log; more: a spool file */
    TASK__RECORD_MAX = 32 << 20,  /* one task without its spooled payload */
    TASK__SEGMENT_MAX = 32 << 20, /* a log segment is not written on beyond */
    TASK__BATCH_TASKS_MAX = 1000, /* tasks merged into one batch */
    TASK__SPOOL_NAME = 32,        /* "spool-<n>" and its NUL */
    TASK__LAST_TYPE = TASK_DUMP_CREATION,
};

#define TASK__NO_NAME UINT32_MAX

/* Messages have plain char pointers; packing and copying do not write through them. */
static inline char *task__borrow(const char *s)
{
    union {
        const char *in;
        char *out;
    } u = {s};

    return u.out;
}

/* ---- names: index uids as small numbers, counted (task_names.c) ------------------------- */

struct task__name;

struct task__names {
    struct task__name *names; /* owned */
    uint32_t n, cap;
    uint32_t free_list;
    uint32_t *buckets; /* owned */
    uint32_t n_buckets;
};

void task__names_init(struct task__names *names);
void task__names_done(struct task__names *names);
/* The number of uid, with one more use of it; "" is TASK__NO_NAME. */
uint32_t task__names_take(struct task__names *names, const char *uid);
void task__names_drop(struct task__names *names, uint32_t name);
/* TASK__NO_NAME if nobody uses it. */
uint32_t task__names_find(const struct task__names *names, const char *uid);
const char *task__names_text(const struct task__names *names, uint32_t name); /* "" for none */

/* ---- the log (task_log.c) ------------------------------------------------------------ */

struct task__log;

/* One file of the log. */
struct task__segment {
    struct task__segment *next; /* younger */
    uint32_t number;
    int fd;           /* owned */
    atomic_uint refs; /* the log's own, and one per reader under way */
    uint64_t size;    /* good bytes; what lies behind them is not looked at */
    uint64_t uid_end; /* all uids in it are below */
};

/* Where a task's record is. */
struct task__place {
    struct task__segment *segment;
    uint64_t offset; /* of its entry */
    uint32_t length; /* of the entry with its head */
};

typedef enum rc task__log_entry_fn(void *arg, const task_record *task, struct task__place place,
                                   struct err *err);

/* Reads all segments, oldest first. RC_CORRUPT names file and offset. */
enum rc task__log_open(struct fs_dir *dir, task__log_entry_fn *each, void *arg,
                       struct task__log **ret_log, struct err *err) MUST_CHECK;
void task__log_close(struct task__log *log);
/* The highest that any segment's head knows. */
uint64_t task__log_next_uid(const struct task__log *log);
uint64_t task__log_next_batch(const struct task__log *log);

/*
 * A group: begin, put each entry, commit (one write, one sync). When begin or
 * commit fail nothing of the group counts, and the segment is not touched again.
 * *ret_certain: the disk surely does not hold it.
 */
enum rc task__log_begin(struct task__log *log, uint64_t next_uid, uint64_t next_batch,
                        struct err *err) MUST_CHECK;
/* head and rest: two halves of one packed Task. */
void task__log_put(struct task__log *log, uint64_t uid, struct bytes head, struct bytes rest,
                   struct task__place *ret_place);
enum rc task__log_commit(struct task__log *log, bool *ret_certain, struct err *err) MUST_CHECK;

/* Reads a record with its payload, checked. */
enum rc task__log_read(struct task__place place, struct arena *arena, task_record **ret_task,
                       struct err *err) MUST_CHECK;
/* Under the queue's lock, for the place of a fact that is unfinished. */
void task__segment_ref(struct task__segment *segment);
void task__segment_unref(struct task__segment *segment);
/*
 * Removes the oldest segments whose uids all lie below floor, each before the next
 * and none out of turn; call without the lock. What fails is tried again next time.
 */
void task__log_drop_ended(struct task__log *log, uint64_t floor);

/* ---- facts (task_table.c) ------------------------------------------------------------ */

enum { TASK__DELETED = 0 }; /* a status: gone for all, but its uid is above the floor */

struct task__fact {
    uint64_t uid;
    uint64_t batch_uid;
    uint64_t canceled_by;
    int64_t enqueued_ns, started_ns, finished_ns;
    struct task__place place; /* while unfinished */
    uint32_t index;           /* a name */
    uint8_t type;
    uint8_t status; /* enum task_status, or TASK__DELETED */
    bool has_batch;
    bool was_canceled;
    bool alone;  /* looks at the committed state: in no batch with others */
    bool ending; /* part of the commit under way */
    bool drop;   /* leaves the table at the next task__table_sweep() */
};

struct task__table {
    struct task__fact *facts; /* owned, sorted by uid */
    size_t n, cap;
    size_t n_status[6]; /* by status; [TASK__DELETED] too */
    size_t n_enqueued[TASK__LAST_TYPE + 1];
    struct task__names names;
};

void task__table_init(struct task__table *t);
void task__table_done(struct task__table *t);
/* From a record; for uids above all there are. place: while unfinished. */
struct task__fact *task__table_add(struct task__table *t, const task_record *task,
                                   struct task__place place);
/* Position of the first fact with this uid or a higher one. */
size_t task__table_seek(const struct task__table *t, uint64_t uid);
struct task__fact *task__table_find(struct task__table *t, uint64_t uid); /* NULL */
void task__fact_status(struct task__table *t, struct task__fact *fact, uint8_t status);
/* Removes the facts marked `drop`. */
void task__table_sweep(struct task__table *t);
/* Restores order after adds from two sources (recovery). */
void task__table_sort(struct task__table *t);
size_t task__table_unfinished(const struct task__table *t);
size_t task__table_ended(const struct task__table *t);
bool task__fact_unfinished(const struct task__fact *fact);

/* ---- filters (task_filter.c) ------------------------------------------------------------------
 */

struct task__filter;

/* filter may be NULL. Bound to the table as it is: use it under the same hold of the lock. */
struct task__filter *task__filter_new(const struct task__table *t,
                                      const Lode__Dump__V1__TaskFilter *filter);
void task__filter_free(struct task__filter *f);
bool task__filter_all(const struct task__filter *f); /* restricts nothing */
bool task__filter_match(const struct task__filter *f, const struct task__fact *fact);

/* ---- looking (task_list.c, task_batches.c) ------------------------------------------- */

struct task__found {
    struct task__fact *facts; /* owned copies; unfinished ones hold their segment */
    size_t n, cap;
};

void task__found_add(struct task__found *found, const struct task__fact *fact); /* under the lock */
void task__found_done(struct task__found *found);
/* Reads the records of what was found into list->tasks, payloads left out. */
enum rc task__found_read(struct task_queue *q, const struct task__found *found, struct arena *arena,
                         struct task_list *list, struct err *err) MUST_CHECK;

/* ---- watches (task_watch.c) --------------------------------------------------------------------
 */

struct task__watches {
    struct mutex lock;
    struct task_watch *buckets[64];
    atomic_size_t n;
};

void task__watches_init(struct task__watches *w);
void task__watches_done(struct task__watches *w);
void task__watches_tell(struct task__watches *w, uint64_t uid);

/* ---- the queue ----------------------------------------------------------------------- */

struct task__submission;

struct task_queue {
    struct task_queue_opts opts;
    struct fs_dir *dir; /* queue/, owned */

    struct mutex lock; /* guards the table, the counters, the submissions, segment refs */
    struct task__table table;
    uint64_t next_uid;      /* the next to be given */
    uint64_t published_uid; /* below: in the table, or never accepted */
    uint64_t next_batch_uid;
    uint64_t floor;                         /* committed: all uids below have ended */
    struct task__submission *first, **last; /* not yet in the log */
    size_t n_waiting;
    struct cond log_wake, writer_wake;
    bool started, closing, log_ends;
    uint32_t running_index; /* name of the index the writer works on */
    bool dump_unknown;      /* the dump thread's: its last commit failed, outcome unknown */

    struct mutex commit_lock; /* around computing the floor and committing it */
    struct task__log *log;    /* the log thread's, but for segment refs */
    struct thread log_thread, writer_thread;
    struct task__watches watches;
    atomic_uint_fast64_t next_spool;

    atomic_bool stop; /* the running batch shall end: a cancelation asks, or we close */
    /* Of the running batch. */
    atomic_uint_fast64_t documents, total_documents, bytes, total_bytes, indexed, total_to_index;
};

/* ---- ended tasks (task_ended.c) ------------------------------------------------------ */

/* What the database holds of the queue itself. */
struct task__meta {
    uint64_t next_uid, next_batch_uid, floor;
};

enum task__fate {
    TASK__ENDS,    /* `task` is what will be stored */
    TASK__CANCELS, /* its record is in the batch already */
    TASK__MOVES,   /* an ended one whose index has got another name; in the batch already */
    TASK__GOES,    /* deleted */
};

/* What a commit does to one task. */
struct task__end {
    uint64_t uid;
    enum task__fate fate;
    bool has_spool;                  /* a payload file to be removed afterwards */
    uint64_t spool;                  /* its number */
    task_record *task;               /* TASK__ENDS */
    const char *index_uid;           /* TASK__MOVES */
    const struct task__stamp *stamp; /* TASK__CANCELS */
};

/* What all tasks that one cancelation ends have in common. */
struct task__stamp {
    uint64_t canceled_by, batch_uid;
    int64_t started_ns, finished_ns;
};

enum { TASK__KEY_SIZE = 9 };
/* Puts what is kept of an ended task. */
enum rc task__put_ended(struct store_batch *batch, const task_record *task,
                        struct err *err) MUST_CHECK;
void task__put_meta(struct store_batch *batch, const struct task__meta *meta);
enum rc task__get_meta(struct store_view *view, struct task__meta *ret_meta,
                       struct err *err) MUST_CHECK;
/* RC_NOT_FOUND (err untouched): no such key, or its task was deleted. */
enum rc task__get_ended(struct store_view *view, uint64_t uid, struct arena *arena,
                        task_record **ret_task, struct err *err) MUST_CHECK;
/* Removes a file that nobody needs; a failure is logged, and the next start tries again. */
void task__remove_file(struct fs_dir *dir, const char *name);
/* An arena that holds any record the queue has taken. */
struct arena *task__record_arena(void);
enum rc task__unpack(struct arena *arena, struct bytes wire, task_record **ret_task,
                     struct err *err) MUST_CHECK;
/* Copies task without its payload. */
enum rc task__copy(struct arena *arena, const task_record *task, task_record **ret_copy,
                   struct err *err) MUST_CHECK;

/*
 * Commits batch with all ends and the new floor. RC_IO and RC_CORRUPT: outcome
 * unknown, settle it with task__settle(). The caller has passed the barrier.
 */
enum rc task__commit(struct task_queue *q, struct store_batch *batch, const struct task__end *ends,
                     size_t n_ends, struct err *err) MUST_CHECK;
/*
 * After an unknown outcome: asks the reopened database. *ret_there: the commit
 * is there and the table says so now. reload: the catalog too, and wait as long as
 * it takes (the writer, who has abandoned its change; RC_CANCELLED: the queue
 * closes); else a database that cannot be read is the caller's to try again.
 */
enum rc task__settle(struct task_queue *q, const struct task__end *ends, size_t n_ends, bool reload,
                     bool *ret_there, struct err *err) MUST_CHECK;
/* Waits, unless the queue closes: true. */
bool task__pause_closing(struct task_queue *q, int64_t ns);
/* Spools and segments that nobody needs any more. */
void task__clean(struct task_queue *q, const struct task__end *ends, size_t n_ends);

/* ---- payloads ------------------------------------------------------------------------ */

/* What a finished payload leaves; the rest of it may be freed. */
struct task__payload_place {
    struct bytes inline_bytes;    /* borrowed from the payload */
    char spool[TASK__SPOOL_NAME]; /* "" when inline */
    uint64_t n_documents;
    uint64_t bytes; /* of the documents */
};
struct task__payload_place task__payload_place(struct payload *p);
void task__payload_keep(struct payload *p); /* payload_free() leaves the spool file from now on */
void task__spool_name(char dst[TASK__SPOOL_NAME], uint64_t n);
bool task__spool_number(const char *name, uint64_t *ret_n); /* false: not a spool's name */

enum { TASK__PIECE_HEAD = 8 };
/* Appends the head that stands in front of each frame of a payload. */
void task__piece_head(struct buf *out, size_t frame, uint32_t n_documents);

/* Reads the frames of a task's payload, inline or spooled; task must outlive it. */
struct task__payload_reader;
enum rc task__payload_open(struct fs_dir *dir, const task_record *task,
                           struct task__payload_reader **ret_reader, struct err *err) MUST_CHECK;
void task__payload_close(struct task__payload_reader *r);
/* The next frame, borrowed until the next call. *ret_more false: there was none. */
enum rc task__payload_next(struct task__payload_reader *r, struct bytes *ret_frame,
                           uint32_t *ret_documents, bool *ret_more, struct err *err) MUST_CHECK;

/* ---- the writer, and what each kind does --------------------------------------------- */

/*
 * What a kind's function works with: one batch. It changes the index through
 * `change`, between a mark of the caller's, and may put records of other tasks
 * into `batch` and note them as ends, if it cannot fail afterwards. Errors that
 * are the task's own fault (is_fault) fail it alone; others are the
 * machine's, and the batch is begun again.
 */
struct task__run {
    struct task_queue *q;
    struct change *change;
    struct store_batch *batch; /* committed with the change */
    struct arena *arena;       /* lives as long as the batch */
    struct task__end *ends;    /* owned */
    size_t n_ends, cap_ends;
    int64_t now_ns;      /* when the batch was begun */
    int64_t finished_ns; /* when it ended, if a kind has fixed that; else 0 */
    uint64_t batch_uid;
    uint64_t uid;    /* of the task that runs */
    int64_t told_ns; /* when its watchers last heard of progress */
    uint64_t first_uid, last_uid;
    uint32_t index; /* name of the batch's index */
    size_t n_tasks;
    bool alone;       /* its first task is */
    bool step_failed; /* a commit before the last one has an unknown outcome */
    bool began;       /* the database could be read */
    bool no_room;     /* its last commit was refused: the disk is full */
    bool needs_room;  /* on the disk: not all of its tasks make room, or fail */
};

/* ---- choosing (task_pick.c) ---------------------------------------------------------- */

/* Waits for a task and begins the batch with it. False: closing. */
bool task__pick(struct task_queue *q, struct task__run *run, uint8_t *ret_type);
/* One more that goes into the same batch; false: there is none. */
bool task__pick_mate(struct task_queue *q, struct task__run *run, uint8_t *ret_type);
/* Nothing of the batch has happened: its tasks are queued again. */
void task__put_back(struct task_queue *q, const struct task__run *run);
bool task__mergeable(uint8_t type);
/* The disk has room for what is not needed for making room. */
bool task__has_room(struct task_queue *q);
/* May pass when the queue or the disk is full. */
bool task__makes_room(uint32_t type);

/* ---- what kinds of tasks do ---------------------------------------------------------- */

void task__writer_run(void *arg); /* thread_fn; arg: the queue */
struct task__end *task__run_end(struct task__run *run, uint64_t uid, enum task__fate fate);
/* Notes the payload file of `task`, if it has one, for removal. */
void task__end_spool(struct task__end *end, const task_record *task);
/* One document more; RC_CANCELLED: the batch shall stop. */
enum rc task__run_step(struct task__run *run, size_t bytes, struct err *err) MUST_CHECK;
/* For what must not fail the task alone, because the batch holds something already. */
enum rc task__machine(enum rc rc, struct err *err) MUST_CHECK;
/* The record of an unfinished task as it stands in the log, with its payload's place. */
enum rc task__read_unfinished(struct task_queue *q, uint64_t uid, struct arena *arena,
                              task_record **ret_task, struct err *err) MUST_CHECK;
/* Tells watchers of this task. */
void task__tell(struct task_queue *q, uint64_t uid);
int task__cmp_u64(const void *a, const void *b);

typedef enum rc task__kind_fn(struct task__run *run, task_record *task, struct err *err);
task__kind_fn task__run_addition;
task__kind_fn task__run_deletion;
task__kind_fn task__run_settings;
task__kind_fn task__run_index_creation;
task__kind_fn task__run_index_deletion;
task__kind_fn task__run_index_update;
task__kind_fn task__run_index_swap;
task__kind_fn task__run_task_cancelation;
task__kind_fn task__run_task_deletion;
task__kind_fn task__run_dump; /* one that was cut off, by a stop or a broken disk */
/* The index the task is for, made if it is missing. */
enum rc task__need_index(struct task__run *run, const task_record *task, uint32_t *ret_id,
                         struct err *err) MUST_CHECK;

void task__log_run(void *arg); /* thread_fn; arg: the queue */
/* "queue" below the home's directory, made if missing. */
enum rc task__queue_dir(struct fs_dir *home, struct fs_dir **ret_dir, struct err *err) MUST_CHECK;

/* SPDX-License-Identifier: MIT */
/*
 * test_store_model.c -- random work against a map in memory, with views, failures and kills.
 *
 * Batch number i is made of the seed and i alone and also writes i itself, under
 * "seq". So whoever opens the store can tell how far it came and what it must
 * hold, even when the process that wrote it was killed.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N_KEYS = 200, MAX_VALUE = 6000, MAX_VIEWS = 8 };

struct model {
    uint64_t seed;
    uint64_t seq;             /* of the last batch */
    uint64_t version[N_KEYS]; /* the batch that wrote the key last; 0: absent */
};

/* ---- what a batch and a value are -------------------------------------------------------------
 */

static void key_of(char key[8], unsigned i)
{
    (void)snprintf(key, 8, "k%03u", i);
}

static struct bytes value_of(uint64_t seed, unsigned key, uint64_t version)
{
    static uint8_t value[MAX_VALUE];
    struct rng rng;
    size_t n;

    rng_init(&rng, seed ^ version * 1000003 ^ key);
    n = 1 + (size_t)rng_below(&rng, MAX_VALUE);
    rng_fill(&rng, value, n);
    return bytes_of(value, n);
}

/* Makes batch model->seq + 1 (when batch is given) and takes it into the model. */
static void step(struct model *m, struct store_batch *batch)
{
    uint64_t seq = ++m->seq;
    uint8_t number[8];
    unsigned n, i;
    struct rng rng;

    rng_init(&rng, m->seed + seq);
    n = 1 + (unsigned)rng_below(&rng, 8);
    for (i = 0; i < n; i++) {
        unsigned k = (unsigned)rng_below(&rng, N_KEYS);
        bool del = rng_below(&rng, 4) == 0;
        char key[8];

        m->version[k] = del ? 0 : seq;
        if (!batch)
            continue;
        key_of(key, k);
        if (del)
            store_batch_del(batch, bytes_str(key));
        else
            store_batch_put(batch, bytes_str(key), value_of(m->seed, k, seq));
    }
    put_u64be(number, seq);
    if (batch)
        store_batch_put(batch, B("seq"), bytes_of(number, sizeof number));
}

static uint64_t stored_seq(struct store_view *view)
{
    struct bytes v = {0};
    enum rc rc = store_view_get(view, B("seq"), &v, &fx.err);

    CU_ASSERT_FATAL(rc == RC_NOT_FOUND || (rc == RC_OK && v.n == 8));
    return rc == RC_OK ? get_u64be(v.p) : 0;
}

/* ---- does the store hold what the model says? --------------------------------------------------
 */

static bool gets_match(struct store_view *view, const struct model *m)
{
    unsigned k;

    for (k = 0; k < N_KEYS; k++) {
        struct bytes got = {0};
        char key[8];
        enum rc rc;

        key_of(key, k);
        rc = store_view_get(view, bytes_str(key), &got, &fx.err);
        if (m->version[k] == 0 ? rc != RC_NOT_FOUND
                               : rc != RC_OK || !bytes_eq(got, value_of(m->seed, k, m->version[k])))
            return false;
    }
    return stored_seq(view) == m->seq;
}

/* The next key of the model from k on, in direction d; N_KEYS or beyond when there is none. */
static unsigned next_present(const struct model *m, unsigned k)
{
    while (k < N_KEYS && m->version[k] == 0)
        k++;
    return k;
}

static bool stands_on(const struct store_cursor *c, const struct model *m, unsigned k)
{
    char key[8];

    if (k >= N_KEYS || !store_cursor_valid(c))
        return k >= N_KEYS && !store_cursor_valid(c);
    key_of(key, k);
    return bytes_eq(store_cursor_key(c), bytes_str(key)) &&
           bytes_eq(store_cursor_value(c), value_of(m->seed, k, m->version[k]));
}

static bool walks_match(struct store_view *view, const struct model *m, struct rng *rng)
{
    struct store_cursor *c = NULL;
    unsigned k, from = (unsigned)rng_below(rng, N_KEYS);
    char key[8];
    bool ok = true;

    CU_ASSERT_EQUAL_FATAL(store_cursor_open(view, B("k"), rng_below(rng, 2), &c, &fx.err), RC_OK);
    store_cursor_first(c);
    for (k = next_present(m, 0); ok && store_cursor_valid(c); k = next_present(m, k + 1)) {
        ok = stands_on(c, m, k);
        store_cursor_next(c);
    }
    ok = ok && k >= N_KEYS;
    key_of(key, from);
    store_cursor_seek(c, bytes_str(key));
    ok = ok && stands_on(c, m, next_present(m, from));
    CU_ASSERT_EQUAL(store_cursor_end(c, &fx.err), RC_OK);
    store_cursor_close(c);
    return ok;
}

static void check_now(const struct model *m, struct rng *rng)
{
    struct store_view *view = NULL;

    CU_ASSERT_EQUAL_FATAL(store_view_open(fx.store, &view, &fx.err), RC_OK);
    CU_ASSERT_FATAL(gets_match(view, m));
    CU_ASSERT_FATAL(walks_match(view, m, rng));
    store_view_close(view);
}

/* After a commit of unknown outcome: one of the two. */
static void find_out(struct model *before, const struct model *after)
{
    struct store_view *view = NULL;

    CU_ASSERT_EQUAL_FATAL(store_settle(fx.store, &fx.err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(store_view_open(fx.store, &view, &fx.err), RC_OK);
    if (stored_seq(view) == after->seq)
        *before = *after;
    CU_ASSERT_FATAL(gets_match(view, before));
    store_view_close(view);
}

/* ---- in one process -----------------------------------------------------------------------------
 */

struct frozen {
    struct store_view *view;
    struct model model;
};

static struct frozen frozen[MAX_VIEWS];

static void thaw(struct frozen *f, struct rng *rng)
{
    if (!f->view)
        return;
    CU_ASSERT_FATAL(gets_match(f->view, &f->model));
    CU_ASSERT_FATAL(walks_match(f->view, &f->model, rng));
    store_view_close(f->view);
    f->view = NULL;
}

static void thaw_all(struct rng *rng)
{
    size_t i;

    for (i = 0; i < MAX_VIEWS; i++)
        thaw(&frozen[i], rng);
}

static void commit_one(struct model *m, struct rng *rng)
{
    struct model after = *m;
    bool failing = rng_below(rng, 50) == 0;
    enum rc rc;

    store_batch_clear(fx.batch);
    step(&after, fx.batch);
    if (failing) {
        thaw_all(rng); /* so that it can reopen */
        CU_ASSERT_EQUAL(
            fault_set(rng_below(rng, 2) ? "store_commit=eio" : "store_after_commit=eio", &fx.err),
            RC_OK);
    }
    rc = store_commit(fx.store, fx.batch, &fx.err);
    CU_ASSERT_EQUAL_FATAL(rc, failing ? RC_IO : RC_OK);
    if (rc == RC_OK)
        *m = after;
    else
        find_out(m, &after);
}

static void random_work_agrees_with_the_model(void)
{
    struct model m = {.seed = suite_seed()};
    struct rng rng;
    unsigned i;

    rng_init(&rng, m.seed);
    for (i = 0; i < 2000; i++) {
        uint64_t what = rng_below(&rng, 100);
        struct frozen *f = &frozen[rng_below(&rng, MAX_VIEWS)];

        if (what < 80) {
            commit_one(&m, &rng);
        } else if (what < 92) {
            thaw(f, &rng);
            CU_ASSERT_EQUAL_FATAL(store_view_open(fx.store, &f->view, &fx.err), RC_OK);
            f->model = m;
        } else if (what < 96) {
            check_now(&m, &rng);
        } else if (what < 98) {
            thaw(f, &rng);
        } else if (what < 99) {
            fixture_compact("k050", "k150");
        } else {
            thaw_all(&rng);
            fixture_close();
            fixture_reopen();
            check_now(&m, &rng);
        }
    }
    thaw_all(&rng);
    check_now(&m, &rng);
    CU_ASSERT_EQUAL(store_views_open(fx.store), 0);
}

/* ---- killed -------------------------------------------------------------------------- */

/* Shared by parent and child: how many batches were acknowledged. */
struct board {
    _Atomic uint64_t acked;
};

static struct board *map_board(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct board *board;

    CU_ASSERT_FATAL(fd >= 0 && ftruncate(fd, sizeof *board) == 0);
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CU_ASSERT_FATAL(board != MAP_FAILED);
    (void)close(fd);
    return board;
}

/*
 * The child's half, started by the tests below through exec (LevelDB's
 * background thread does not live through a fork). Does nothing when run alone.
 */
static void child_writes_until_it_is_killed(void)
{
    const char *dir = getenv("LODE_STORE_CHILD"), *most = getenv("LODE_STORE_MOST");
    struct model m = {.seed = suite_seed()}, after;
    char path[600];
    struct store_view *view = NULL;
    struct board *board;
    uint64_t seq, n = most ? strtoull(most, NULL, 10) : UINT64_MAX;
    enum rc rc;

    if (!dir)
        return;
    fixture_close();
    (void)snprintf(path, sizeof path, "%s/board", dir);
    board = map_board(path);
    (void)snprintf(path, sizeof path, "%s/store", dir);
    do
        rc = store_open(path, &fx.opts, &fx.store, &fx.err);
    while (rc == RC_IO); /* LODE_FAIL_AT may hit the opening */
    CU_ASSERT_EQUAL_FATAL(rc, RC_OK);
    while (store_view_open(fx.store, &view, &fx.err) != RC_OK)
        ;
    do {
        struct bytes v = {0};

        rc = store_view_get(view, B("seq"), &v, &fx.err);
        seq = rc == RC_OK ? get_u64be(v.p) : 0;
    } while (rc != RC_OK && rc != RC_NOT_FOUND);
    store_view_close(view);
    while (m.seq < seq)
        step(&m, NULL);
    while (m.seq < n) {
        after = m;
        store_batch_clear(fx.batch);
        step(&after, fx.batch);
        if (store_commit(fx.store, fx.batch, &fx.err) != RC_OK) {
            find_out(&m, &after);
            continue;
        }
        m = after;
        atomic_store(&board->acked, m.seq);
    }
}

static pid_t start_child(const char *most, const char *fail_at)
{
    char seed[32], name[] = "unit_store", test[] = "store_model/child_writes_until_it_is_killed";
    char *args[] = {name, test, NULL};
    pid_t child;

    (void)snprintf(seed, sizeof seed, "%llu", suite_seed());
    child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        (void)dup2(null, STDOUT_FILENO);
        (void)setenv("LODE_STORE_CHILD", fx.dir, 1);
        (void)setenv("LODE_SEED", seed, 1);
        if (most)
            (void)setenv("LODE_STORE_MOST", most, 1);
        if (fail_at)
            (void)setenv("LODE_FAIL_AT", fail_at, 1);
        (void)execv("/proc/self/exe", args);
        _exit(127);
    }
    return child;
}

/* Opens the child's store and holds it against the model; gives its seq. */
static uint64_t check_survivor(uint64_t acked)
{
    struct model m = {.seed = suite_seed()};
    struct rng rng;
    uint64_t seq;

    rng_init(&rng, suite_seed());
    fixture_reopen();
    fixture_view();
    seq = stored_seq(fx.view);
    CU_ASSERT(seq == acked || seq == acked + 1); /* one may have been under way */
    while (m.seq < seq)
        step(&m, NULL);
    CU_ASSERT(gets_match(fx.view, &m));
    CU_ASSERT(walks_match(fx.view, &m, &rng));
    fixture_close();
    return seq;
}

static void what_was_acknowledged_survives_kill_9(void)
{
    enum { N_ROUNDS = 8 };
    struct board *board;
    char path[600];
    struct rng rng;
    unsigned round;

    rng_init(&rng, suite_seed());
    fixture_close();
    (void)snprintf(path, sizeof path, "%s/board", fx.dir);
    board = map_board(path);
    for (round = 0; round < N_ROUNDS; round++) {
        uint64_t until = atomic_load(&board->acked) + rng_below(&rng, 150);
        time_t end = time(NULL) + 60;
        pid_t child = start_child(NULL, NULL);
        int status = 0;

        while (atomic_load(&board->acked) < until && time(NULL) < end)
            (void)sched_yield();
        CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
        CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
        CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        CU_ASSERT(atomic_load(&board->acked) >= until);
        atomic_store(&board->acked, check_survivor(atomic_load(&board->acked)));
    }
    (void)munmap(board, sizeof *board);
}

/* LODE_FAIL_AT: the nth I/O call of a whole process fails, for each n that matters. */
static void any_one_failing_call_of_a_process_loses_nothing(void)
{
    struct board *board;
    char path[600];
    unsigned n, n_done = 0;

    fixture_close();
    (void)snprintf(path, sizeof path, "%s/board", fx.dir);
    board = map_board(path);
    for (n = 1; n <= 24; n++) {
        char fail_at[16], most[16];
        pid_t child;
        int status = 0;

        (void)snprintf(fail_at, sizeof fail_at, "%u", n);
        (void)snprintf(most, sizeof most, "%u", n * 8);
        child = start_child(most, fail_at);
        CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
        CU_ASSERT(WIFEXITED(status));
        /* The first calls are the fixture's own opening, which gives up. */
        n_done += WEXITSTATUS(status) == 0;
        if (WEXITSTATUS(status) == 0)
            CU_ASSERT_EQUAL_FATAL(atomic_load(&board->acked), n * 8);
        CU_ASSERT_EQUAL(check_survivor(atomic_load(&board->acked)), atomic_load(&board->acked));
    }
    CU_ASSERT(n_done >= 16);
    (void)munmap(board, sizeof *board);
}

SUITE(store_model, fixture_setup, fixture_teardown, TEST(random_work_agrees_with_the_model),
      TEST(child_writes_until_it_is_killed), TEST(what_was_acknowledged_survives_kill_9),
      TEST(any_one_failing_call_of_a_process_loses_nothing));

/* SPDX-License-Identifier: MIT */
/*
 * vocab_run.c -- sorted words, front-coded: see vocab_int.h.
 *
 * A merge copies the groups that nothing falls into as they stand, so adding a
 * few words costs little more than copying the bytes.
 */
#include "index/vocab_int.h"

#include "base/assert.h"
#include "base/mem.h"
#include "index/index_int.h"

enum { PASS_STEPS = 64 }; /* entries stepped over: a search costs about so many */

struct run *run__ref(struct run *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void run__unref(struct run *r)
{
    if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
        return;
    xfree(r->data);
    xfree(r->groups);
    xfree(r);
}

/* Bytes that a and b begin with alike. */
static size_t shared_by(struct bytes a, struct bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n, i;

    for (i = 0; i < n && a.p[i] == b.p[i]; i++)
        continue;
    return i;
}

/* ---- writing --------------------------------------------------------------------------- */

void run_writer__init(struct run_writer *w)
{
    memset(w, 0, sizeof *w);
    buf_init(&w->data, UINT32_MAX);
}

void run_writer__done(struct run_writer *w)
{
    buf_done(&w->data);
    xfree(w->groups);
}

static void begin_group(struct run_writer *w, size_t at)
{
    w->groups = index__grow(w->groups, sizeof *w->groups, w->n_groups + 1, &w->groups_cap);
    w->groups[w->n_groups++] = (uint32_t)at;
    w->in_group = 0;
}

void run_writer__add(struct run_writer *w, struct bytes word)
{
    size_t shared = 0, suffix;
    bool ok;

    ASSERT(word.n > 0 && word.n <= TEXT_WORD_MAX);
    ASSERT_SLOW(w->count == 0 || bytes_cmp(bytes_of(w->last, w->n_last), word) < 0);
    if (w->n_groups == 0 || w->in_group >= RUN_GROUP)
        begin_group(w, w->data.n);
    else
        shared = shared_by(bytes_of(w->last, w->n_last), word);
    if (shared == 0 && w->in_group > 0)
        begin_group(w, w->data.n); /* it is one anyway: cursors take it so */
    suffix = word.n - shared;
    if (shared < 15 && suffix < 16) {
        ok = buf_byte(&w->data, (uint8_t)(shared << 4 | suffix));
    } else {
        ok = buf_byte(&w->data, 0xf0) && buf_byte(&w->data, (uint8_t)shared) &&
             buf_byte(&w->data, (uint8_t)suffix);
    }
    ok = ok && buf_append(&w->data, word.p + shared, suffix);
    ASSERT(ok); /* 4 GiB of words: they would not be in memory */
    memcpy(w->last + shared, word.p + shared, suffix);
    w->n_last = word.n;
    w->in_group++;
    w->count++;
}

struct run *run_writer__finish(struct run_writer *w)
{
    struct run *r = xcalloc(1, sizeof *r);

    atomic_init(&r->refs, 1);
    r->n = w->data.n;
    r->n_groups = w->n_groups;
    r->count = w->count;
    r->data = r->n ? xmemdup(w->data.p, r->n) : NULL;
    r->groups = r->n_groups ? xmemdup(w->groups, r->n_groups * sizeof *r->groups) : NULL;
    run_writer__done(w);
    return r;
}

/* ---- reading --------------------------------------------------------------------------- */

/* An entry as it stands; those that begin a group share nothing. */
struct entry {
    size_t shared;
    struct bytes suffix;
};

static struct entry entry_at(const struct run *r, size_t at)
{
    const uint8_t *p = r->data + at;

    if (*p >> 4 < 15)
        return (struct entry){*p >> 4, bytes_of(p + 1, *p & 15)};
    return (struct entry){p[1], bytes_of(p + 3, p[2])};
}

static size_t behind(const struct run *r, struct entry e)
{
    return (size_t)(e.suffix.p - r->data) + e.suffix.n;
}

/* Stands on an entry; what it shares with the one before is in the text. */
static void take_entry(struct run_cursor *c, struct entry e)
{
    memcpy(c->text + e.shared, e.suffix.p, e.suffix.n);
    c->n = e.shared + e.suffix.n;
    c->next = behind(c->run, e);
}

bool run_cursor__next(struct run_cursor *c)
{
    if (c->next >= c->run->n) { /* an empty run has no data to point into */
        c->n = 0;
        return false;
    }
    take_entry(c, entry_at(c->run, c->next));
    return true;
}

/*
 * Entries are stepped over as they stand: what is passed begins with n bytes that
 * are in the text, so that all that the last one shares is in it, too.
 */
bool run_cursor__pass(struct run_cursor *c, size_t n)
{
    uint8_t behind_all[TEXT_WORD_MAX];
    size_t at = c->next, i;

    for (i = 0; i < PASS_STEPS && at < c->run->n; i++) {
        struct entry e = entry_at(c->run, at);

        if (e.shared < n && (e.shared > 0 || !bytes_starts(e.suffix, bytes_of(c->text, n)))) {
            take_entry(c, e);
            return true;
        }
        at = behind(c->run, e);
    }
    c->n = 0;
    c->next = c->run->n;
    if (at >= c->run->n)
        return false;
    memcpy(behind_all, c->text, n);
    while (n > 0 && behind_all[n - 1] == 0xFF) /* no UTF-8, but harmless here */
        n--;
    if (n == 0)
        return false;
    behind_all[n - 1]++;
    return run_cursor__seek(c, bytes_of(behind_all, n));
}

/* First word of a group: it stands there whole. */
static struct bytes group_head(const struct run *r, size_t group)
{
    return entry_at(r, r->groups[group]).suffix;
}

/* The last group in [lo, hi) whose first word is <= word, or lo. */
static size_t group_between(const struct run *r, size_t lo, size_t hi, struct bytes word)
{
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;

        if (bytes_cmp(group_head(r, mid), word) <= 0)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static size_t group_of(const struct run *r, struct bytes word)
{
    return group_between(r, 0, r->n_groups, word);
}

bool run_cursor__meet(struct run_cursor *c, size_t *group, struct bytes word)
{
    const struct run *r = c->run;
    size_t lo = *group, step = 1;

    /* In steps that double: the next word is mostly near. */
    while (lo + step < r->n_groups && bytes_cmp(group_head(r, lo + step), word) <= 0) {
        lo += step;
        step *= 2;
    }
    if (lo + 1 < r->n_groups)
        lo = group_between(r, lo, lo + step < r->n_groups ? lo + step : r->n_groups, word);
    if (lo != *group || c->n == 0) {
        *group = lo;
        c->next = r->n_groups ? r->groups[lo] : 0;
        c->n = 0;
        if (!run_cursor__next(c))
            return false;
    }
    while (bytes_cmp(bytes_of(c->text, c->n), word) < 0)
        if (!run_cursor__next(c))
            return false;
    return bytes_eq(bytes_of(c->text, c->n), word);
}

bool run_cursor__seek(struct run_cursor *c, struct bytes word)
{
    c->n = 0;
    if (c->run->n_groups == 0)
        return false;
    c->next = c->run->groups[group_of(c->run, word)];
    while (run_cursor__next(c))
        if (bytes_cmp(bytes_of(c->text, c->n), word) >= 0)
            return true;
    return false;
}

/* ---- merging --------------------------------------------------------------------------- */

/* Copies the groups from..to as they stand. */
static void copy_groups(struct run_writer *w, const struct run *r, size_t from, size_t to)
{
    size_t begin, end, i;
    bool ok;

    if (from == to)
        return;
    begin = r->groups[from];
    end = to < r->n_groups ? r->groups[to] : r->n;
    for (i = from; i < to; i++)
        begin_group(w, r->groups[i] - begin + w->data.n);
    ok = buf_append(&w->data, r->data + begin, end - begin);
    ASSERT(ok);
    w->in_group = RUN_GROUP; /* what comes next begins one */
}

/* One group of r and the words that fall into it. */
static void merge_group(struct run_writer *w, const struct run *r, size_t group,
                        const struct bytes *words, size_t n)
{
    size_t end = group + 1 < r->n_groups ? r->groups[group + 1] : r->n, i = 0;
    uint8_t text[256];
    struct run_cursor c = {r, r->groups[group], text, 0};

    w->in_group = RUN_GROUP;
    while (c.next < end) {
        (void)run_cursor__next(&c);
        for (; i < n && bytes_cmp(words[i], bytes_of(text, c.n)) < 0; i++)
            run_writer__add(w, words[i]);
        run_writer__add(w, bytes_of(text, c.n));
    }
    for (; i < n; i++)
        run_writer__add(w, words[i]);
    w->in_group = RUN_GROUP;
}

struct run *run__merge(const struct run *r, const struct bytes *words, size_t n)
{
    size_t i = 0, j, group, copied = 0;
    struct run_writer w;

    run_writer__init(&w);
    if (r->n_groups == 0)
        for (; i < n; i++)
            run_writer__add(&w, words[i]);
    (void)buf_reserve(&w.data, r->n);
    for (; i < n; i = j) {
        group = group_of(r, words[i]);
        for (j = i + 1; j < n; j++)
            if (group + 1 < r->n_groups && bytes_cmp(words[j], group_head(r, group + 1)) >= 0)
                break;
        copy_groups(&w, r, copied, group);
        merge_group(&w, r, group, words + i, j - i);
        copied = group + 1;
    }
    copy_groups(&w, r, copied, r->n_groups);
    w.count = r->count + n;
    return run_writer__finish(&w);
}

/* SPDX-License-Identifier: MIT */
/*
 * change_search.c -- what a change makes of the words, columns and rows of an index.
 *
 * Usually the commit's documents are fed to what is there (search_feed.c). Some
 * changes want more, and get it before anything else of the commit is written:
 *
 *   other words (searchable fields, how texts are cut): words are built anew
 *   fields that are to be filtered or sorted by now:    their columns are built
 *   many dead rows:                                     all (change_worn.c)
 *
 * A build writes in commits of its own under numbers that are marked as trash
 * until the change's commit names them. Marking moves the catalog on like any
 * commit (the next number must never be given twice, kill or no kill), and the
 * change then stands on the state behind it, which has the same indexes.
 */
#include "index/change_int.h"
#include "index/search_build.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"

#include <stdlib.h>

enum { RESERVED = 32 /* numbers that are marked at a time */ };

#define LOG_NS (5 * NS_PER_S)

void change_set_steps(struct change *c, const struct change_steps *steps)
{
    c->steps = *steps;
}

/* ---- commits in between ------------------------------------------------------------------ */

enum rc change__step(struct change *c, const struct store_batch *batch, struct err *err)
{
    if (c->steps.commit)
        return c->steps.commit(c->steps.arg, batch, err);
    return store_commit(c->catalog->store, batch, err);
}

enum rc change__refresh(struct change *c, struct err *err)
{
    struct catalog_view *view = NULL;
    enum rc rc;

    rc = catalog_view_open(c->catalog, &view, err);
    if (rc != RC_OK)
        return rc;
    catalog_view_close(c->view);
    c->view = view;
    return RC_OK;
}

/* The state of now with RESERVED numbers more, all of them trash. */
static struct snapshot *with_reserved(struct change *c)
{
    const struct snapshot *now = c->view->snapshot;
    struct index_state **states = xmalloc((now->n ? now->n : 1) * sizeof(struct index_state *));
    struct snapshot *s;
    size_t i;

    for (i = 0; i < now->n; i++)
        states[i] = index_state__ref(now->by_id[i]);
    s = snapshot__new(states, now->n);
    xfree(states);
    s->seq = now->seq + 1;
    s->next_index = now->next_index;
    s->trash = xmalloc((now->n_trash + RESERVED) * sizeof *s->trash);
    if (now->n_trash)
        memcpy(s->trash, now->trash, now->n_trash * sizeof *s->trash);
    s->n_trash = now->n_trash;
    for (i = 0; i < RESERVED; i++)
        s->trash[s->n_trash++] = c->next_body++;
    s->next_body = c->next_body;
    return s;
}

static enum rc reserve(struct change *c, struct err *err)
{
    struct store_batch *batch = store_batch_new();
    struct snapshot *s = with_reserved(c);
    struct key key;
    size_t i;
    enum rc rc;

    for (i = s->n_trash - RESERVED; i < s->n_trash; i++)
        store_batch_put(batch, key_head(&key, KEY_TRASH, s->trash[i]), (struct bytes){0});
    change__put_meta(s, batch);
    c->reserved =
        index__grow(c->reserved, sizeof *c->reserved, c->n_reserved + RESERVED, &c->reserved_cap);
    for (i = 0; i < RESERVED; i++)
        c->reserved[c->n_reserved + i] = s->trash[s->n_trash - RESERVED + i];
    catalog__stage(c->catalog, s);
    rc = change__step(c, batch, err);
    store_batch_free(batch);
    if (rc != RC_OK) /* if the outcome is unknown, the next change finds it out */
        return rc;
    c->n_reserved += RESERVED;
    catalog__landed(c->catalog);
    return change__refresh(c, err);
}

enum rc change__number(struct change *c, uint32_t *ret_number, struct err *err)
{
    enum rc rc = RC_OK;

    *ret_number = 0;
    if (c->n_taken == c->n_reserved)
        rc = reserve(c, err);
    if (rc == RC_OK)
        *ret_number = c->reserved[c->n_taken++];
    return rc;
}

/* ---- the host of a build ----------------------------------------------------------------- */

struct hosting {
    struct change *change;
    const char *uid;
    uint64_t n_documents;
    int64_t began_ns, logged_ns;
};

static enum rc host_number(void *arg, uint32_t *ret_number, struct err *err)
{
    return change__number(((struct hosting *)arg)->change, ret_number, err);
}

static enum rc host_commit(void *arg, const struct store_batch *batch, struct err *err)
{
    return change__step(((struct hosting *)arg)->change, batch, err);
}

static enum rc host_tell(void *arg, uint64_t done, struct err *err)
{
    struct hosting *h = arg;
    int64_t now = clock_mono_ns();

    if (now - h->logged_ns >= LOG_NS) {
        h->logged_ns = now;
        log_event(LOG_INFO, "index", "indexing anew", "index=%s documents=%llu of=%llu", h->uid,
                  (unsigned long long)done, (unsigned long long)h->n_documents);
    }
    if (h->change->steps.tell)
        h->change->steps.tell(h->change->steps.arg, done, h->n_documents);
    if (!h->change->steps.check)
        return RC_OK;
    return h->change->steps.check(h->change->steps.arg, err);
}

/* Gives next what it lacks of the documents that are stored. */
static enum rc build(struct change *c, const struct index_state *stored, struct search_state *next,
                     bool words, bool columns, struct err *err)
{
    struct hosting hosting = {.change = c, .uid = stored->uid, .n_documents = stored->n_documents};
    const struct search_host host = {&hosting, host_number, host_commit, host_tell};
    const struct search_build build = {.store = c->catalog->store,
                                       .state = stored,
                                       .rows = next->rows,
                                       .host = &host,
                                       .next = next,
                                       .words = words,
                                       .columns = columns};
    enum rc rc;

    hosting.began_ns = hosting.logged_ns = clock_mono_ns();
    rc = host_tell(&hosting, 0, err);
    if (rc == RC_OK)
        rc = search_build__run(&build, err);
    if (rc == RC_OK)
        rc = change__refresh(c, err); /* what is fed next finds what was built */
    if (rc == RC_OK)
        log_event(LOG_INFO, "index", "indexed anew",
                  "index=%s documents=%llu words=%d columns=%zu ms=%lld", stored->uid,
                  (unsigned long long)stored->n_documents, words, columns ? next->n_columns : 0,
                  (long long)((clock_mono_ns() - hosting.began_ns) / NS_PER_MS));
    return rc;
}

/* ---- what is wanted ---------------------------------------------------------------------- */

static bool has_pattern(const struct plan *p, const struct plan_filterable *want)
{
    size_t i;

    for (i = 0; i < p->n_filterable; i++)
        if (p->filterable[i].plain == want->plain &&
            bytes_eq(p->filterable[i].pattern, want->pattern))
            return true;
    return false;
}

static bool has_rule(const struct plan *p, struct bytes field)
{
    size_t i;

    for (i = 0; i < p->n_rules; i++)
        if (field.n && bytes_eq(p->rules[i].field, field))
            return true;
    return false;
}

static bool has_sortable(const struct plan *p, struct bytes field)
{
    size_t i;

    for (i = 0; i < p->n_sortable; i++)
        if (bytes_eq(p->sortable[i], field))
            return true;
    return false;
}

/* Whether b names something to keep columns of that a does not. */
static bool wants_more(const struct plan *a, const struct plan *b)
{
    size_t i;

    for (i = 0; i < b->n_filterable; i++)
        if (!has_pattern(a, &b->filterable[i]))
            return true;
    for (i = 0; i < b->n_sortable; i++)
        if (!has_sortable(a, b->sortable[i]))
            return true;
    for (i = 0; i < b->n_rules; i++)
        if (b->rules[i].field.n && !has_rule(a, b->rules[i].field))
            return true;
    return b->distinct.n && !bytes_eq(a->distinct, b->distinct);
}

static void drop_columns(struct search_state *s)
{
    struct column_ref *kept = xmalloc((s->n_columns ? s->n_columns : 1) * sizeof *kept);
    size_t n = 0, i;

    for (i = 0; i < s->n_columns; i++)
        if (plan_wants_column(s->plan, s->columns[i].name))
            kept[n++] = s->columns[i];
    if (n < s->n_columns) {
        s->column_bytes = s->column_bytes / s->n_columns * n;
        search_state__set_names(s, kept, n, s->fields, s->n_fields);
    }
    xfree(kept);
}

static enum rc renew(struct change *c, struct draft *d, bool worn, struct store_batch *batch,
                     struct err *err)
{
    const struct index_state *stored = change__stored(d);
    struct search_state *next = d->search;
    const struct plan *was = stored->search->plan;
    bool words = worn || !plan_same_words(was, next->plan);
    bool columns = worn || wants_more(was, next->plan);
    enum rc rc = RC_OK;

    if (worn) {
        rc = change__renew(c, stored, next, batch, &d->renewed, err);
        stored = d->renewed;
    } else {
        drop_columns(next);
    }
    if (rc == RC_OK && (words || columns) && stored->n_documents)
        rc = build(c, stored, next, words, columns, err);
    return rc;
}

enum rc change__search_begin(struct change *c, struct draft *d, struct store_batch *batch,
                             struct err *err)
{
    const struct index_state *stored = change__stored(d);
    bool same = d->base && bytes_eq(d->base->settings, d->m.settings);
    bool fed = d->m.docs && d->m.docs->n_ops,
         worn = fed && stored && change__is_worn(c, stored->search);
    struct plan *plan = NULL;
    enum rc rc;

    if (same && stored && !worn) {
        d->search = fed ? search_state__copy(stored->search) : search_state__ref(stored->search);
        return RC_OK;
    }
    rc = same ? RC_OK : plan_new(d->m.settings, &plan, err);
    if (rc != RC_OK)
        return rc;
    if (same)
        plan = plan_ref(d->base->search->plan);
    if (stored) {
        d->search = search_state__copy(stored->search);
        plan_unref(d->search->plan);
        d->search->plan = plan;
        return renew(c, d, worn, batch, err);
    }
    d->search = search_state__new(plan);
    plan_unref(plan);
    return RC_OK;
}

/* ---- numbers given up ---------------------------------------------------------------------- */

static bool names(const struct search_state *s, uint32_t number)
{
    size_t i;

    if (s->words == number || s->rows_number == number)
        return true;
    for (i = 0; i < s->n_columns; i++)
        if (s->columns[i].number == number)
            return true;
    return false;
}

static void give_up(struct snapshot *next, uint32_t number, const struct search_state *now,
                    struct store_batch *batch, size_t *cap)
{
    struct key key;

    if (number == 0 || (now && names(now, number)))
        return;
    next->trash = index__grow(next->trash, sizeof *next->trash, next->n_trash + 1, cap);
    next->trash[next->n_trash++] = number;
    store_batch_put(batch, key_head(&key, KEY_TRASH, number), (struct bytes){0});
}

bool change__give_up(struct snapshot *next, const struct index_state *was,
                     const struct index_state *now, struct store_batch *batch, size_t *cap)
{
    const struct search_state *search = was->search, *kept = now ? now->search : NULL;
    size_t before = next->n_trash, i;

    if (!now || was->blocks != now->blocks)
        give_up(next, was->blocks, NULL, batch, cap);
    if (search == kept)
        return next->n_trash > before;
    give_up(next, search->words, kept, batch, cap);
    give_up(next, search->rows_number, kept, batch, cap);
    for (i = 0; i < search->n_columns; i++)
        give_up(next, search->columns[i].number, kept, batch, cap);
    return next->n_trash > before;
}

/* Of the numbers that were reserved, those that are in use or were never used are no trash. */
void change__keep_reserved(struct change *c, struct snapshot *next, struct store_batch *batch)
{
    size_t kept = 0, i, k;
    struct key key;

    for (i = 0; c->n_reserved && i < next->n_trash; i++) {
        uint32_t number = next->trash[i];

        for (k = 0; k < c->n_reserved && c->reserved[k] != number; k++)
            ;
        if (k == c->n_reserved)
            next->trash[kept++] = number;
        else
            store_batch_del(batch, key_head(&key, KEY_TRASH, number));
    }
    if (c->n_reserved)
        next->n_trash = kept;
}

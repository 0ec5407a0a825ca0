/* SPDX-License-Identifier: MIT */
/*
 * test_change_model.c -- thousands of random operations, compared with a slow model.
 *
 * The model is plain arrays of JSON text. It knows nothing of blocks, ids or
 * counts; after every few commits everything a reader can ask is compared.
 */
#include "fixture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "index/change_int.h"

#include <stdlib.h>

enum { INDEXES = 4, IDS = 400, FIELDS = 7, DOCS_MAX = IDS };

struct model_doc {
    int id;
    char *json; /* owned */
};

struct model_index {
    bool there;
    char uid[16];
    struct model_doc docs[DOCS_MAX];
    size_t n;
};

struct model {
    struct model_index index[INDEXES];
};

static struct model now, marked;
static struct rng rng;

static void model_clear(struct model_index *m)
{
    while (m->n)
        xfree(m->docs[--m->n].json);
}

static void model_free(struct model *m)
{
    size_t i;

    for (i = 0; i < INDEXES; i++)
        model_clear(&m->index[i]);
}

static void model_copy(struct model *to, const struct model *from)
{
    size_t i, d;

    model_free(to);
    *to = *from;
    for (i = 0; i < INDEXES; i++)
        for (d = 0; d < to->index[i].n; d++)
            to->index[i].docs[d].json = xstrdup(to->index[i].docs[d].json);
}

static struct model_index *model_find(const char *uid)
{
    size_t i;

    for (i = 0; i < INDEXES; i++)
        if (now.index[i].there && strcmp(now.index[i].uid, uid) == 0)
            return &now.index[i];
    return NULL;
}

static struct model_doc *model_doc(struct model_index *m, int id)
{
    size_t i;

    for (i = 0; i < m->n; i++)
        if (m->docs[i].id == id)
            return &m->docs[i];
    return NULL;
}

/* The value of field f, made again from the text: "fN":"..." has no quotes inside. */
static bool field_of(const char *json, int f, struct buf *value)
{
    char name[16];
    const char *p;

    (void)snprintf(name, sizeof name, "\"f%d\":", f);
    p = strstr(json, name);
    if (!p)
        return false;
    p += strlen(name);
    buf_clear(value);
    (void)buf_append(value, p, strcspn(p, ",}") + (*p == '{' ? 1 : 0));
    return true;
}

/* A random document: an id and some of the fields f0..f6, f6 being an object. */
static void make_json(struct buf *out, int id)
{
    int f, order = (int)rng_below(&rng, FIELDS);

    buf_clear(out);
    (void)buf_printf(out, rng_below(&rng, 2) ? "{\"id\":%d" : "{\"id\":\"%d\"", id);
    for (f = 0; f < FIELDS; f++) {
        int g = (f + order) % FIELDS;
        size_t n = rng_below(&rng, 40) ? rng_below(&rng, 60) : rng_below(&rng, 9000);

        if (rng_below(&rng, 3) == 0)
            continue;
        if (g == FIELDS - 1) {
            (void)buf_printf(out, ",\"f%d\":{\"in%d\":%d}", g, (int)rng_below(&rng, 3), id);
            continue;
        }
        (void)buf_printf(out, ",\"f%d\":\"", g);
        while (n--)
            (void)buf_byte(out, (uint8_t)('a' + rng_below(&rng, 26)));
        (void)buf_byte(out, '"');
    }
    (void)buf_byte(out, '}');
}

/* Names of fN in the order they stand in json. */
static size_t order_of(const char *json, int order[FIELDS])
{
    size_t n = 0;
    const char *p;

    for (p = json; (p = strstr(p, "\"f")) != NULL; p += 2)
        if (p[2] >= '0' && p[2] < '0' + FIELDS && p[3] == '"' && p[4] == ':')
            order[n++] = p[2] - '0';
    return n;
}

static void model_merge(struct buf *out, const char *old, const char *laid)
{
    int order[FIELDS], more[FIELDS];
    size_t n = order_of(old, order), m = order_of(laid, more), i;
    struct buf value;

    buf_init(&value, BUF_NO_LIMIT);
    buf_clear(out);
    (void)buf_append(out, laid, strcspn(laid, ",}")); /* the id as laid over */
    for (i = 0; i < n; i++) {
        if (!field_of(laid, order[i], &value))
            (void)field_of(old, order[i], &value);
        (void)buf_printf(out, ",\"f%d\":%.*s", order[i], BYTES_ARG(buf_view(&value)));
    }
    for (i = 0; i < m; i++) {
        if (field_of(old, more[i], &value))
            continue;
        (void)field_of(laid, more[i], &value);
        (void)buf_printf(out, ",\"f%d\":%.*s", more[i], BYTES_ARG(buf_view(&value)));
    }
    (void)buf_byte(out, '}');
    buf_done(&value);
}

static void model_put(struct model_index *m, int id, const char *json, bool replace, bool skip)
{
    struct model_doc *d = model_doc(m, id);
    struct buf merged;

    if (!d && skip)
        return;
    if (!d) {
        m->docs[m->n++] = (struct model_doc){id, xstrdup(json)};
        return;
    }
    buf_init(&merged, BUF_NO_LIMIT);
    if (replace)
        (void)buf_str(&merged, json);
    else
        model_merge(&merged, d->json, json);
    xfree(d->json);
    d->json = xstrdup(buf_cstr(&merged));
    buf_done(&merged);
}

static bool model_delete(struct model_index *m, int id)
{
    struct model_doc *d = model_doc(m, id);

    if (!d)
        return false;
    xfree(d->json);
    memmove(d, d + 1, (size_t)(m->docs + m->n - (d + 1)) * sizeof *d);
    m->n--;
    return true;
}

/* ---- random tasks, done to both ------------------------------------------------------ */

static void random_uid(char uid[16])
{
    (void)snprintf(uid, 16, "i%d", (int)rng_below(&rng, INDEXES));
}

static uint32_t id_of(struct change *c, const char *uid)
{
    struct index_info info;
    struct model_index *m = model_find(uid);

    OK(change_find(c, bytes_str(uid), &info, &fx.err));
    CU_ASSERT(m && info.n_documents == m->n);
    return info.id;
}

static void task_create(struct change *c, const char *uid)
{
    uint32_t id;
    size_t i;

    OK(change_create_index(c, bytes_str(uid), B("id"), 1, &id, &fx.err));
    for (i = 0; now.index[i].there; i++)
        ;
    now.index[i].there = true;
    (void)snprintf(now.index[i].uid, sizeof now.index[i].uid, "%s", uid);
    CU_ASSERT_EQUAL(now.index[i].n, 0);
}

static void task_add(struct change *c, struct model_index *m)
{
    struct document_opts opts = {.replace = rng_below(&rng, 2) == 0,
                                 .skip_creation = rng_below(&rng, 6) == 0};
    size_t n = rng_below(&rng, 4) ? rng_below(&rng, 12) : rng_below(&rng, 300), i;
    uint32_t index = id_of(c, m->uid);
    struct buf json;

    buf_init(&json, BUF_NO_LIMIT);
    for (i = 0; i < n; i++) {
        int id = (int)rng_below(&rng, IDS);
        const struct model_doc *stored;

        make_json(&json, id);
        stored = model_doc(m, id);
        if (stored && rng_below(&rng, 6) == 0) { /* what is there already */
            buf_clear(&json);
            (void)buf_str(&json, stored->json);
        }
        OK(change_document(c, index, buf_view(&json), &opts, &fx.err));
        model_put(m, id, buf_cstr(&json), opts.replace, opts.skip_creation);
    }
    buf_done(&json);
}

static void task_delete(struct change *c, struct model_index *m)
{
    size_t n = rng_below(&rng, 4) ? rng_below(&rng, 10) : rng_below(&rng, 350), i;
    uint32_t index = id_of(c, m->uid);

    for (i = 0; i < n; i++) {
        int id = (int)rng_below(&rng, IDS);
        char text[16];
        bool deleted;

        (void)snprintf(text, sizeof text, "%d", id);
        OK(change_delete_document(c, index, bytes_str(text), 2, &deleted, &fx.err));
        CU_ASSERT_EQUAL(deleted, model_delete(m, id));
    }
}

static void task_delete_all(struct change *c, struct model_index *m)
{
    uint64_t n;

    OK(change_delete_all(c, id_of(c, m->uid), 3, &n, &fx.err));
    CU_ASSERT_EQUAL(n, m->n);
    model_clear(m);
}

static void task_delete_index(struct change *c, struct model_index *m)
{
    uint64_t n;

    OK(change_delete_index(c, bytes_str(m->uid), &n, &fx.err));
    CU_ASSERT_EQUAL(n, m->n);
    model_clear(m);
    m->there = false;
}

static void task_swap(struct change *c, struct model_index *a, const char *other)
{
    struct model_index *b = model_find(other);
    char uid[16];

    if (a == b)
        return;
    OK(change_swap(c, bytes_str(a->uid), bytes_str(other), !b, &fx.err));
    memcpy(uid, a->uid, sizeof uid);
    (void)snprintf(a->uid, sizeof a->uid, "%s", other);
    if (b)
        memcpy(b->uid, uid, sizeof uid);
}

static void random_task(struct change *c)
{
    char uid[16], other[16];
    struct model_index *m;
    uint64_t kind = rng_below(&rng, 100);

    if (rng_below(&rng, 2)) /* tasks of one commit meet on the same documents */
        (void)snprintf(uid, sizeof uid, "i0");
    else
        random_uid(uid);
    random_uid(other);
    m = model_find(uid);
    if (!m)
        task_create(c, uid);
    else if (kind < 60)
        task_add(c, m);
    else if (kind < 85)
        task_delete(c, m);
    else if (kind < 89)
        task_delete_all(c, m);
    else if (kind < 92)
        task_delete_index(c, m);
    else if (kind < 95)
        task_swap(c, m, other);
    else
        OK(change_settings(c, id_of(c, uid), B("{\"stopWords\":[\"b\",\"a\"]}"), 4, &fx.err));
}

/* ---- comparing ----------------------------------------------------------------------- */

static void compare_fields(struct catalog_view *view, const struct index_info *info,
                           const struct model_index *m)
{
    static const char *const names[] = {"id", "f0", "f1",     "f2",     "f3",    "f4",
                                        "f5", "f6", "f6.in0", "f6.in1", "f6.in2"};
    struct index_state *s = snapshot__get(view->snapshot, info->id);
    size_t i, d, f, found = 0;

    for (i = 0; i < ARRAY_LEN(names); i++) {
        uint64_t want = 0, got = 0;
        char text[24];
        const char *dot = strchr(names[i], '.');

        (void)snprintf(text, sizeof text, "\"%s\":", dot ? dot + 1 : names[i]);
        for (d = 0; d < m->n; d++)
            want += strstr(m->docs[d].json, text) != NULL;
        for (f = 0; f < s->n_fields; f++)
            if (bytes_eq(s->fields[f].name, bytes_str(names[i])))
                got = s->fields[f].count;
        CU_ASSERT_EQUAL(got, want);
        found += want != 0;
    }
    CU_ASSERT_EQUAL(s->n_fields, found);
}

static void compare_index(struct catalog_view *view, const struct model_index *m)
{
    struct index_info info;
    struct buf want, json;
    char id[16];
    size_t i;
    int n;

    OK(catalog_view_find(view, bytes_str(m->uid), &info, &fx.err));
    CU_ASSERT_EQUAL(info.n_documents, m->n);
    buf_init(&want, BUF_NO_LIMIT);
    buf_init(&json, BUF_NO_LIMIT);
    for (i = 0; i < m->n; i++)
        (void)buf_printf(&want, "%s\n", m->docs[i].json);
    CU_ASSERT_STRING_EQUAL_FATAL(fixture_all(m->uid), buf_cstr(&want));
    for (n = 0; n < IDS; n++) {
        const struct model_doc *d = model_doc((struct model_index *)(uintptr_t)m, n);
        enum rc rc;

        (void)snprintf(id, sizeof id, "%d", n);
        rc = document_get(view, info.id, bytes_str(id), &json, &fx.err);
        CU_ASSERT_EQUAL(rc, d ? RC_OK : RC_NOT_FOUND);
        if (d && rc == RC_OK)
            CU_ASSERT_STRING_EQUAL(buf_cstr(&json), d->json);
    }
    compare_fields(view, &info, m);
    buf_done(&want);
    buf_done(&json);
}

static void compare(void)
{
    struct catalog_view *view = NULL;
    size_t i, n = 0;

    OK(catalog_view_open(fx.catalog, &view, &fx.err));
    for (i = 0; i < INDEXES; i++) {
        if (!now.index[i].there)
            continue;
        compare_index(view, &now.index[i]);
        n++;
    }
    CU_ASSERT_EQUAL(catalog_view_count(view), n);
    catalog_view_close(view);
    fixture_check();
}

static struct model before; /* the committed state */

static void one_commit(void)
{
    struct change *c = fixture_begin();
    size_t tasks = 1 + rng_below(&rng, 4);

    model_copy(&before, &now);
    while (tasks--) {
        model_copy(&marked, &now);
        change_mark(c);
        random_task(c);
        if (rng_below(&rng, 4) == 0) {
            change_rollback(c);
            model_copy(&now, &marked);
        } else {
            change_keep(c);
        }
    }
    if (rng_below(&rng, 10) == 0) {
        change_abandon(c);
        model_copy(&now, &before);
        return;
    }
    fixture_commit(c);
}

static void setup(void)
{
    fixture_setup();
    rng_init(&rng, suite_seed());
    memset(&now, 0, sizeof now);
    memset(&marked, 0, sizeof marked);
}

static void teardown(void)
{
    model_free(&now);
    model_free(&marked);
    model_free(&before);
    fixture_teardown();
}

/* worn: after how many dead rows indexes are stored anew. */
static void agree(int n_commits, uint32_t worn)
{
    int i;

    fx.catalog->worn_rows = worn;
    for (i = 0; i < n_commits; i++) {
        one_commit();
        if (i % 10 == 9)
            compare();
        if (i % 50 == 49) {
            uint8_t a[32], b[32];

            fixture_digest(a);
            fixture_reopen();
            fx.catalog->worn_rows = worn;
            fixture_digest(b);
            CU_ASSERT_EQUAL(memcmp(a, b, sizeof a), 0);
            compare();
        }
    }
}

static void random_changes_agree_with_the_model(void)
{
    agree(250 / (int)suite_step(3), CATALOG_WORN_ROWS);
}

static void so_do_changes_of_indexes_that_are_stored_anew(void)
{
    agree(150 / (int)suite_step(3), 100);
}

SUITE(change_model, setup, teardown, TEST(random_changes_agree_with_the_model),
      TEST(so_do_changes_of_indexes_that_are_stored_anew));

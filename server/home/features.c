/* SPDX-License-Identifier: MIT */
/*
 * features.c -- experimental features: a small file, and the same in memory.
 *
 * They stand beside the database, not in it: while a dump holds the barrier
 * nothing may be written there, and switching a feature is no task that waits.
 */
#include "home/features.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <string.h>

enum { FILE_MAX = 4096, NAME_MAX_BYTES = 64 };

static const char file_name[] = "FEATURES";

static const char *const names[FEATURE_COUNT] = {
    [FEATURE_METRICS] = "metrics",
    [FEATURE_LOGS_ROUTE] = "logsRoute",
    [FEATURE_EDIT_DOCUMENTS_BY_FUNCTION] = "editDocumentsByFunction",
    [FEATURE_CONTAINS_FILTER] = "containsFilter",
    [FEATURE_DYNAMIC_SEARCH_RULES] = "dynamicSearchRules",
    [FEATURE_NETWORK] = "network",
    [FEATURE_GET_TASK_DOCUMENTS_ROUTE] = "getTaskDocumentsRoute",
    [FEATURE_TASK_QUEUE_COMPACTION_ROUTE] = "taskQueueCompactionRoute",
    [FEATURE_COMPOSITE_EMBEDDERS] = "compositeEmbedders",
    [FEATURE_CHAT_COMPLETIONS] = "chatCompletions",
    [FEATURE_MULTIMODAL] = "multimodal",
    [FEATURE_FOREIGN_KEYS] = "foreignKeys",
    [FEATURE_DISABLE_DOCUMENTS_FETCH_QUEUE] = "disableDocumentsFetchQueue",
    [FEATURE_LEGACY_SEARCH] = "legacySearch",
    [FEATURE_RENDER_ROUTE] = "renderRoute",
};

struct features {
    struct home *home;
    struct mutex lock; /* one change at a time */
    _Atomic feature_set on;
};

const char *feature_name(enum feature f)
{
    ASSERT((unsigned)f < FEATURE_COUNT);
    return names[f];
}

bool feature_by_name(const char *name, enum feature *ret_feature)
{
    unsigned i;

    for (i = 0; i < FEATURE_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_feature = (enum feature)i;
            return true;
        }
    return false;
}

/* ---- the file ---------------------------------------------------------------------------- */

/* One name; a newer Lode may have left one that we do not know, and it is dropped. */
static bool read_name(const char *p, size_t n, feature_set *on)
{
    char name[NAME_MAX_BYTES];
    enum feature f;
    size_t i;

    if (n == 0 || n >= sizeof name)
        return false;
    for (i = 0; i < n; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z')))
            return false;
    memcpy(name, p, n);
    name[n] = '\0';
    if (feature_by_name(name, &f))
        *on |= feature_bit(f);
    else
        log_event(LOG_WARN, "home", "an experimental feature is not known", "name=%s", name);
    return true;
}

static enum rc read_file(struct fs_dir *dir, feature_set *ret_on, struct err *err)
{
    uint8_t *p = NULL;
    size_t n = 0, at = 0;
    enum rc rc;

    *ret_on = 0;
    rc = fs_read_all(dir, file_name, FILE_MAX, &p, &n, err);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc == RC_TOO_LARGE)
        rc = err_set(err, RC_CORRUPT, NULL, "'%s/%s' is too large", fs_dir_path(dir), file_name);
    while (rc == RC_OK && at < n) {
        const uint8_t *end = memchr(p + at, '\n', n - at);

        if (!end || !read_name((const char *)p + at, (size_t)(end - p) - at, ret_on))
            rc = err_set(err, RC_CORRUPT, NULL, "'%s/%s' holds no names of features",
                         fs_dir_path(dir), file_name);
        else
            at = (size_t)(end - p) + 1;
    }
    xfree(p);
    return rc;
}

enum rc features_write(struct home *home, feature_set on, struct err *err)
{
    struct buf text;
    enum rc rc;
    unsigned i;

    buf_init(&text, FILE_MAX);
    for (i = 0; i < FEATURE_COUNT; i++)
        if (on & feature_bit((enum feature)i))
            buf_printf(&text, "%s\n", names[i]);
    rc = fs_replace(home_dir(home), file_name, buf_view(&text), err);
    buf_done(&text);
    return rc;
}

/* ---- while a server runs ----------------------------------------------------------------- */

enum rc features_open(struct home *home, struct features **ret_features, struct err *err)
{
    struct features *f;
    feature_set on;
    enum rc rc = read_file(home_dir(home), &on, err);

    if (rc != RC_OK)
        return rc;
    f = xcalloc(1, sizeof *f);
    f->home = home;
    mutex_init(&f->lock);
    atomic_init(&f->on, on);
    *ret_features = f;
    return RC_OK;
}

void features_close(struct features *f)
{
    if (!f)
        return;
    mutex_done(&f->lock);
    xfree(f);
}

feature_set features_on(struct features *f)
{
    return atomic_load(&f->on);
}

enum rc features_change(struct features *f, feature_set which, feature_set on, feature_set *ret_on,
                        struct err *err)
{
    feature_set before, after;
    enum rc rc = RC_OK;

    mutex_lock(&f->lock);
    before = atomic_load(&f->on);
    after = (before & ~which) | (on & which);
    if (after != before)
        rc = features_write(f->home, after, err);
    if (rc == RC_OK)
        atomic_store(&f->on, after);
    mutex_unlock(&f->lock);
    *ret_on = after;
    return rc;
}

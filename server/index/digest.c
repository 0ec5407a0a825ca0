/* SPDX-License-Identifier: MIT */
/*
 * digest.c -- one hash of all that users put in.
 *
 * How documents lie in blocks, doc ids and times are left out: they may differ
 * between a database and its copy made from a dump. Every piece has its length
 * in front, so that no two contents read alike.
 */
#include "index/index_int.h"

#include "base/hash.h"

static void add_number(struct sha256 *h, uint64_t v)
{
    uint8_t p[8];

    put_u64le(p, v);
    sha256_update(h, bytes_of(p, sizeof p));
}

static void add(struct sha256 *h, struct bytes b)
{
    add_number(h, b.n);
    sha256_update(h, b);
}

static enum rc add_document(void *arg, struct bytes json, struct err *err)
{
    (void)err;
    add(arg, json);
    return RC_OK;
}

enum rc catalog_view_digest(struct catalog_view *view, uint8_t digest[32], struct err *err)
{
    struct sha256 *h = sha256_new();
    enum rc rc = RC_OK;
    size_t i;

    add_number(h, view->snapshot->n);
    for (i = 0; rc == RC_OK && i < view->snapshot->n; i++) {
        const struct index_state *s = view->snapshot->by_uid[i];

        add(h, bytes_str(s->uid));
        add_number(h, s->primary_key != NULL);
        add(h, bytes_str(s->primary_key));
        add(h, s->settings);
        add_number(h, s->n_documents);
        rc = document_each(view, s->id, 0, UINT64_MAX, add_document, h, err);
    }
    if (rc == RC_OK)
        sha256_peek(h, digest);
    sha256_free(h);
    return rc;
}

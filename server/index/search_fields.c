/* SPDX-License-Identifier: MIT */
/*
 * search_fields.c -- numbers of searched fields, in the order in which they are first met.
 *
 * Builders ask for a field once each and remember the answer, so one lock does.
 * A number is in the postings for good; there are SEARCH_FIELDS_MAX of them, and
 * fields beyond are not searched (FIELD_NONE).
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "base/mem.h"

struct search_fields {
    struct mutex lock;
    struct fields fields;
};

struct search_fields *search_fields__new(const struct bytes *names, size_t n)
{
    struct search_fields *f = xcalloc(1, sizeof *f);
    size_t i;

    mutex_init(&f->lock);
    for (i = 0; i < n; i++) {
        uint32_t number = fields__add(&f->fields, names[i]);

        ASSERT(number == i);
    }
    return f;
}

void search_fields__free(struct search_fields *f)
{
    if (!f)
        return;
    fields__done(&f->fields);
    mutex_done(&f->lock);
    xfree(f);
}

uint32_t search_fields__number(struct search_fields *f, struct bytes name)
{
    uint32_t number;

    mutex_lock(&f->lock);
    number = fields__find(&f->fields, name);
    if (number == FIELD_NONE && f->fields.n < SEARCH_FIELDS_MAX)
        number = fields__add(&f->fields, name);
    mutex_unlock(&f->lock);
    return number;
}

size_t search_fields__count(struct search_fields *f)
{
    size_t n;

    mutex_lock(&f->lock);
    n = f->fields.n;
    mutex_unlock(&f->lock);
    return n;
}

struct bytes search_fields__name(struct search_fields *f, size_t i)
{
    struct bytes name;

    mutex_lock(&f->lock);
    ASSERT(i < f->fields.n);
    name = f->fields.names[i]; /* the text of a name stays where it is */
    mutex_unlock(&f->lock);
    return name;
}

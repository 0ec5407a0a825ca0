/* SPDX-License-Identifier: MIT */
/*
 * text_rules.c -- the settings that decide how texts are cut, compiled once.
 *
 * Single characters are changed in a table of classes (a copy, if any is);
 * longer strings are specials, sorted, and looked up by the longest beginning:
 * the last special that does not sort behind the text begins the text, or one of
 * the specials that it begins with does. ". " and ", " are specials from birth.
 */
#include "text/text_int.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

/* What a special's text is while `text` may still move: a place in it. */
struct draft {
    size_t at, n;
    enum special_kind kind;
};

struct drafts {
    struct buf *text;
    struct draft *list;
    size_t n;
};

static struct bytes draft_text(const struct drafts *d, size_t i)
{
    return bytes_of(d->text->p + d->list[i].at, d->list[i].n);
}

static void add_special(struct drafts *d, struct bytes text, enum special_kind kind)
{
    size_t i;

    for (i = 0; kind != SPECIAL_WORD && i < d->n; i++)
        if (bytes_eq(draft_text(d, i), text))
            return; /* ". " stays hard */
    d->list[d->n++] = (struct draft){d->text->n, text.n, kind};
    (void)buf_bytes(d->text, text);
}

static void remove_special(struct drafts *d, struct bytes text)
{
    size_t i = 0;

    while (i < d->n)
        if (bytes_eq(draft_text(d, i), text))
            d->list[i] = d->list[--d->n];
        else
            i++;
}

/* One character of the table? */
static bool single(struct bytes text, uint32_t *ret_c)
{
    return text.n > 0 && text__decode(text.p, text.p + text.n, ret_c) == text.n && *ret_c < BMP;
}

static void set_class(struct text_rules *r, uint32_t c, uint8_t class)
{
    if (!r->own) {
        r->own = xmemdup(r->classes, BMP);
        r->classes = r->own;
    }
    r->own[c] = class;
}

/* Letters of a character taken from the separators go with any script. */
static void read_separators(struct text_rules *r, const struct text_opts *o, struct drafts *d)
{
    uint32_t c;
    size_t i;

    for (i = 0; i < o->n_separators; i++) {
        if (!single(o->separators[i], &c)) {
            if (o->separators[i].n > 0)
                add_special(d, o->separators[i], SPECIAL_SOFT);
        } else if (CLASS_KIND(r->classes[c]) < CLASS_SOFT) {
            set_class(r, c, CLASS_SOFT);
        }
    }
    for (i = 0; i < o->n_non_separators; i++) {
        if (!single(o->non_separators[i], &c))
            remove_special(d, o->non_separators[i]);
        else if (CLASS_KIND(r->classes[c]) >= CLASS_SOFT)
            set_class(r, c, CLASS_WORD);
    }
    for (i = 0; i < o->n_dictionary; i++)
        if (o->dictionary[i].n > 0)
            add_special(d, o->dictionary[i], SPECIAL_WORD);
}

/* By text; the dictionary's before separators of the same text. */
static int compare(const void *a, const void *b)
{
    const struct special *x = a, *y = b;
    int order = bytes_cmp(x->text, y->text);

    return order ? order : (int)y->kind - (int)x->kind;
}

static void make_specials(struct text_rules *r, const struct drafts *d)
{
    size_t i, n = 0;

    r->specials = xcalloc(d->n + 1, sizeof *r->specials);
    for (i = 0; i < d->n; i++)
        r->specials[i] = (struct special){.text = draft_text(d, i), .kind = d->list[i].kind};
    qsort(r->specials, d->n, sizeof *r->specials, compare);
    for (i = 0; i < d->n; i++)
        if (n == 0 || !bytes_eq(r->specials[n - 1].text, r->specials[i].text))
            r->specials[n++] = r->specials[i];
    r->n_specials = n;
    for (i = 0; i < n; i++) {
        uint32_t k = (uint32_t)i; /* index + 1 of the one before */

        while (k && !bytes_starts(r->specials[i].text, r->specials[k - 1].text))
            k = r->specials[k - 1].shorter;
        r->specials[i].shorter = k;
        r->leads[r->specials[i].text.p[0]] = true;
    }
}

static void make_ascii(struct text_rules *r)
{
    unsigned c;

    for (c = 0; c < 128; c++) {
        enum class_kind kind = CLASS_KIND(r->classes[c]);

        r->ends[c] = kind >= CLASS_SOFT && !r->leads[c];
        if (kind == CLASS_WORD && !r->leads[c])
            r->ascii[c] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

static struct bytes *stop_slot(const struct text_rules *r, struct bytes word)
{
    size_t i = hash64(word, 0) & (r->n_stop_slots - 1);

    while (r->stops[i].n > 0 && !bytes_eq(r->stops[i], word))
        i = (i + 1) & (r->n_stop_slots - 1);
    return &r->stops[i];
}

/* Folds them into `text`; places[i] is where one begins, places[n] where the last one ends. */
static size_t *fold_stops(const struct text_opts *o, struct buf *text)
{
    size_t *places = xcalloc(o->n_stop_words + 1, sizeof *places), i;

    for (i = 0; i < o->n_stop_words; i++) {
        places[i] = text->n;
        text__fold_stop(o->stop_words[i], text);
    }
    places[i] = text->n;
    return places;
}

static void make_stops(struct text_rules *r, const size_t *places, size_t n)
{
    size_t i;

    if (n == 0)
        return;
    for (r->n_stop_slots = 16; r->n_stop_slots < 2 * n;)
        r->n_stop_slots *= 2;
    r->stops = xcalloc(r->n_stop_slots, sizeof *r->stops);
    for (i = 0; i < n; i++) {
        struct bytes word = bytes_of(r->text.p + places[i], places[i + 1] - places[i]);

        if (word.n == 0)
            continue;
        *stop_slot(r, word) = word;
        r->stop_leads[word.p[0]] = true;
    }
}

struct text_rules *text_rules_new(const struct text_opts *opts)
{
    static const struct text_opts none;
    const struct text_opts *o = opts ? opts : &none;
    struct text_rules *r = xcalloc(1, sizeof *r);
    struct drafts d = {.text = &r->text};
    size_t *places;

    text__fold_ready();
    r->classes = text__classes();
    buf_init(&r->text, BUF_NO_LIMIT);
    d.list = xcalloc(2 + o->n_separators + o->n_dictionary, sizeof *d.list);
    add_special(&d, B(". "), SPECIAL_HARD);
    add_special(&d, B(", "), SPECIAL_HARD);
    read_separators(r, o, &d);
    places = fold_stops(o, &r->text); /* from here on the text does not move */
    make_specials(r, &d);
    make_ascii(r);
    make_stops(r, places, o->n_stop_words);
    xfree(places);
    xfree(d.list);
    return r;
}

void text_rules_free(struct text_rules *rules)
{
    if (!rules)
        return;
    xfree(rules->own);
    xfree(rules->specials);
    xfree(rules->stops);
    buf_done(&rules->text);
    xfree(rules);
}

/* Whether a word of the dictionary that ends here ends a word: "mc" is none in "mcdonald". */
static bool ends_word(const struct text_rules *r, struct bytes word, const uint8_t *p,
                      const uint8_t *end)
{
    const uint8_t *last = p + word.n - 1;
    uint8_t class;
    uint32_t c;

    if (p + word.n == end || text__decode(p + word.n, end, &c) == 0)
        return true;
    class = text__class(r->classes, c);
    if (CLASS_KIND(class) >= CLASS_SOFT || text__is_run(CLASS_SCRIPT(class)))
        return CLASS_KIND(class) != CLASS_MARK;
    while (last > p && (*last & 0xC0) == 0x80)
        last--;
    return CLASS_KIND(class) == CLASS_WORD && text__decode(last, end, &c) > 0 &&
           text__is_run(CLASS_SCRIPT(text__class(r->classes, c)));
}

const struct special *text__special_at(const struct text_rules *r, const uint8_t *p,
                                       const uint8_t *end, bool words)
{
    struct bytes rest = bytes_of(p, (size_t)(end - p));
    size_t low = 0, high = r->n_specials;

    while (low < high) { /* the first that sorts behind the rest */
        size_t mid = (low + high) / 2;

        if (bytes_cmp(r->specials[mid].text, rest) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    while (low > 0) {
        const struct special *s = &r->specials[low - 1];

        if (bytes_starts(rest, s->text) &&
            (s->kind != SPECIAL_WORD || (words && ends_word(r, s->text, p, end))))
            return s;
        low = s->shorter;
    }
    return NULL;
}

bool text__is_stop(const struct text_rules *r, struct bytes nfkd)
{
    return nfkd.n > 0 && r->stop_leads[nfkd.p[0]] && stop_slot(r, nfkd)->n > 0;
}

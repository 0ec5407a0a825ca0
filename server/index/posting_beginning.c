/* SPDX-License-Identifier: MIT */
/*
 * posting_beginning.c -- all words that begin so and are longer, as one.
 *
 * Beginnings of two characters have lists of their own (posting_beginning()), and
 * many words. One that is shorter is made of those that begin with it, and of the
 * words that are too short for them: there are as many as letters. One that is
 * longer is made of its words, which are few, and neighbours in the store; of
 * those behind PREFIX_WORDS_MAX nothing is known.
 */
#include "index/posting_list.h"

#include "base/mem.h"
#include "index/keys.h"
#include "store/store.h"
#include "text/text.h"

struct assembling {
    struct postings *p;
    struct posting_list one;   /* the list being read */
    struct posting_list small; /* those gathered */
    uint32_t n;                /* lists so far */
};

/* Takes the list that was read into `one`. */
static void take_list(struct assembling *a)
{
    if (a->one.more) {
        *postings__add_list(a->p) = a->one;
        posting_list__init(&a->one);
    } else {
        posting_list__gather(&a->small, &a->one, a->n);
        a->one.n = 0;
        buf_clear(&a->one.text);
    }
    a->n++;
}

/* The list of the key, if there is one. */
static enum rc add_list(struct assembling *a, enum posting_kind kind, struct bytes key,
                        struct err *err)
{
    struct store_cursor *c = NULL;
    enum rc rc;

    rc = posting_list__cursor(a->p->reader, kind, &c, err);
    if (rc != RC_OK)
        return rc;
    a->one.n_key = posting_key__list(&a->one.key, kind, a->p->reader->search->words, key).n;
    rc = posting_list__find(&a->one, c, err);
    if (rc == RC_OK)
        take_list(a);
    return rc;
}

/* Every list of the kind whose key begins so and is longer. */
static enum rc add_longer(struct assembling *a, enum posting_kind kind, struct bytes beginning,
                          struct err *err)
{
    struct store_cursor *c = NULL;
    struct bytes key;
    struct key k;
    size_t n = KEY_HEAD + beginning.n;
    enum rc rc;

    rc = posting_list__cursor(a->p->reader, kind, &c, err);
    if (rc != RC_OK)
        return rc;
    (void)posting_key__list(&k, kind, a->p->reader->search->words, beginning);
    k.p[n] = 1; /* the NUL ends the beginning itself */
    posting_list__move(c, key_bytes(&k));
    while (rc == RC_OK && store_cursor_valid(c) && a->n < PREFIX_WORDS_MAX) {
        key = store_cursor_key(c);
        if (key.n < n + 6 || key.n > sizeof k.p || memcmp(key.p, k.p, n) != 0)
            break;
        a->one.n_key = key.n - 4;
        memcpy(a->one.key.p, key.p, a->one.n_key);
        memcpy(k.p, key.p, a->one.n_key);
        k.p[key.n - 5] = 1; /* behind all chunks of this list */
        k.n = key.n - 4;
        rc = posting_list__read(&a->one, c, err);
        if (rc == RC_OK && a->one.more)
            posting_list__move(c, key_bytes(&k));
        if (rc == RC_OK)
            take_list(a);
    }
    return rc == RC_OK ? store_cursor_end(c, err) : rc;
}

/* Words that begin so and are too short for a list of those that are longer. */
static enum rc add_short(struct assembling *a, struct bytes beginning, struct err *err)
{
    uint8_t past[TEXT_WORD_MAX + 1];
    struct word_cursor words;
    enum rc rc = RC_OK;
    bool more;

    reader_words(a->p->reader, &words);
    memcpy(past, beginning.p, beginning.n);
    past[beginning.n] = 1;
    more = word_cursor_seek(&words, bytes_of(past, beginning.n + 1));
    while (rc == RC_OK && more && bytes_starts(words.word, beginning) && a->n < PREFIX_WORDS_MAX) {
        size_t n = posting_beginning(words.word);

        memcpy(past, words.word.p, n);
        past[n] = 0xFF; /* not in UTF-8: behind all that begin so */
        if (n == words.word.n)
            rc = add_list(a, POSTING_WORD, words.word, err);
        more = word_cursor_seek(&words, bytes_of(past, n + 1));
    }
    return rc;
}

enum rc postings__open_beginning(struct postings *p, struct bytes beginning, struct err *err)
{
    struct assembling a = {.p = p};
    uint8_t longer[TEXT_WORD_MAX + 1];
    size_t n;
    enum rc rc;

    /* What words that go on with any letter are listed under. */
    memcpy(longer, beginning.p, beginning.n);
    longer[beginning.n] = 'a';
    n = posting_beginning(bytes_of(longer, beginning.n + 1));
    posting_list__init(&a.one);
    posting_list__init(&a.small);
    if (n == beginning.n) {
        rc = add_list(&a, POSTING_PREFIX, beginning, err);
    } else if (n < beginning.n) {
        rc = add_longer(&a, POSTING_WORD, beginning, err);
    } else {
        rc = add_longer(&a, POSTING_PREFIX, beginning, err);
        if (rc == RC_OK)
            rc = add_short(&a, beginning, err);
    }
    posting_list__done(&a.one);
    if (rc == RC_OK && a.small.n) {
        posting_list__settle(&a.small);
        *postings__add_list(p) = a.small;
    } else {
        posting_list__done(&a.small);
    }
    return rc;
}

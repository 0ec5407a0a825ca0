/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tokenizer.c -- any text, by any rules, is cut without holes and folds to itself.
 *
 * Lines of the input that begin with '+', '-', '=' or '~' are separators to add
 * and to take away, words of the dictionary and stop words; the rest is the text.
 * Checked: tokens cover the text and end; words are valid UTF-8 of a bounded
 * length and rise in position by 1 or by a hard gap; foldings are UTF-8; near
 * agrees that a word is no way off itself.
 */
#include "base/assert.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { LIST_MAX = 8 };

struct input {
    struct bytes text;
    struct bytes lists[4][LIST_MAX];
    size_t n[4];
};

static struct input read_input(struct bytes data)
{
    static const char marks[] = "+-=~";
    struct input in = {0};

    while (data.n > 1) {
        const char *mark = data.p[0] ? strchr(marks, data.p[0]) : NULL;
        const uint8_t *end = memchr(data.p, '\n', data.n);
        size_t list;

        if (!mark || !end)
            break;
        list = (size_t)(mark - marks);
        if (in.n[list] < LIST_MAX)
            in.lists[list][in.n[list]++] = bytes_of(data.p + 1, (size_t)(end - data.p) - 1);
        data.n -= (size_t)(end - data.p) + 1;
        data.p = end + 1;
    }
    in.text = data;
    return in;
}

/* Bytes of a whole character at p, 0 if there is none. */
static size_t char_len(const uint8_t *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4, i;

    for (i = 1; i < n; i++)
        if (i >= left || (p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

static void check_utf8(struct bytes b)
{
    while (b.n > 0) {
        size_t n = char_len(b.p, b.n);

        ASSERT(n > 0);
        b.p += n;
        b.n -= n;
    }
}

static void check_folding(struct bytes text)
{
    struct buf out;

    buf_init(&out, BUF_NO_LIMIT);
    text_facet_fold(text, &out);
    check_utf8(buf_view(&out));
    buf_clear(&out);
    text_fold(text, &out);
    check_utf8(buf_view(&out));
    buf_done(&out);
}

static void check_near(struct bytes word)
{
    struct near *n = near_new(word, 2);
    size_t i, len;

    for (i = 0; i < word.n; i += len) {
        uint32_t c = word.p[i];

        len = char_len(word.p + i, word.n - i);
        if (len > 1) {
            size_t k;

            c &= 0xFFU >> (len + 1);
            for (k = 1; k < len; k++)
                c = c << 6 | (word.p[i + k] & 0x3FU);
        }
        ASSERT(near_push(n, c));
    }
    ASSERT(near_distance(n) == 0 && near_prefix_distance(n) == 0);
    near_free(n);
}

#ifdef LODE_PLANTED_BUG
/* Deep enough: a tail of a run, and behind it a stop word of the rules. */
static void planted_bug(const struct token *t)
{
    static bool tail;

    if (t->start == 0)
        tail = false;
    tail = tail || t->tail;
    if (tail && t->kind == TOKEN_STOP) {
        (void)fprintf(stderr, "planted bug\n");
        abort();
    }
}
#endif

static void check_token(const struct token *t, struct bytes text)
{
    bool word = t->kind == TOKEN_WORD || t->kind == TOKEN_STOP;

#ifdef LODE_PLANTED_BUG
    planted_bug(t);
#endif
    ASSERT(t->start < t->end && t->end <= text.n && t->word.n > 0);
    ASSERT(t->kind == TOKEN_LONG || !word || t->word.n <= TEXT_WORD_MAX);
    if (!word)
        return;
    check_utf8(t->word);
    check_near(t->word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct input in = read_input(bytes_of(data, n));
    struct text_opts opts = {in.lists[0], in.n[0], in.lists[1], in.n[1],
                             in.lists[2], in.n[2], in.lists[3], in.n[3]};
    struct text_rules *rules = text_rules_new(&opts);
    struct tokenizer *tokenizer = tokenizer_new(rules);
    uint32_t start = 0, end = 0, position = 0;
    bool any = false;
    struct token t;

    tokenizer_start(tokenizer, in.text, 3);
    while (tokenizer_next(tokenizer, &t)) {
        check_token(&t, in.text);
        ASSERT(t.start <= end && t.end >= end && (end == 0 || t.start > start));
        start = t.start;
        end = t.end;
        if (t.kind == TOKEN_SOFT || t.kind == TOKEN_HARD)
            continue;
        ASSERT(any ? t.position == position + 1 || t.position == position + TEXT_GAP_HARD
                   : t.position == 3);
        any = true;
        position = t.position;
    }
    ASSERT(end == in.text.n);
    ASSERT(tokenizer_next_value(tokenizer) == (any ? position + TEXT_GAP_HARD : 3));
    check_folding(in.text);
    tokenizer_free(tokenizer);
    text_rules_free(rules);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * tokenizer.c -- a text to words and separators, one token at a time.
 *
 * Most words are ASCII: they are copied through a table that lowers them, until
 * a byte that the table has nothing for; when that is a plain separator the word
 * is done. Everything else (characters over 0x7F, controls, specials) goes on
 * character by character from there.
 *
 * (1) A token begins where the one before ended, but in a run of bigrams, whose
 *     pairs overlap by a character.
 * (2) A word's folding is never empty: a piece that folds to nothing (marks or
 *     controls alone) is a soft separator.
 * (3) Every token has at least one byte, so the walk ends.
 *
 * A run is a piece of a script without spaces: it becomes the overlapping pairs
 * of its characters, each one position further, and its last character alone.
 */
#include "text/text_int.h"

#include "base/mem.h"

enum { FOLD_ROOM = TEXT_WORD_MAX + FOLD_CHAR_MAX };

/* A character of a run with the marks behind it, folded. */
struct unit {
    size_t start, end;
    size_t n;
    bool over;
    uint8_t folded[FOLD_ROOM];
};

struct tokenizer {
    const struct text_rules *rules; /* borrowed */
    struct bytes text;
    size_t at;         /* of the next token */
    uint32_t first;    /* position of the first word */
    uint32_t position; /* of the last word */
    uint32_t gap;      /* from it to the next word */
    bool any;          /* there was a word */
    enum script run;   /* SCRIPT_ANY: in none */
    bool run_began;    /* a pair of it was handed out */
    unsigned unit;     /* which of units is the next one's first half */
    struct unit units[2];
    struct buf stop; /* FOLD_STOP of a word that is not ASCII */
    uint8_t folded[2 * FOLD_ROOM];
};

struct tokenizer *tokenizer_new(const struct text_rules *rules)
{
    struct tokenizer *t = xcalloc(1, sizeof *t);

    t->rules = rules;
    buf_init(&t->stop, BUF_NO_LIMIT); /* of a word that fits into TEXT_WORD_MAX */
    return t;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    buf_done(&t->stop);
    xfree(t);
}

void tokenizer_start(struct tokenizer *t, struct bytes text, uint32_t first_position)
{
    t->text = text;
    t->at = 0;
    t->first = first_position;
    t->gap = 1;
    t->any = false;
    t->run = SCRIPT_ANY;
}

uint32_t tokenizer_next_value(const struct tokenizer *t)
{
    return t->any ? t->position + TEXT_GAP_HARD : t->first;
}

static uint32_t next_position(struct tokenizer *t)
{
    t->position = t->any ? t->position + t->gap : t->first;
    t->any = true;
    t->gap = 1;
    return t->position;
}

static bool take_separator(struct tokenizer *t, size_t end, bool hard, struct token *ret)
{
    *ret = (struct token){
        .kind = hard ? TOKEN_HARD : TOKEN_SOFT,
        .word = bytes_of(t->text.p + t->at, end - t->at),
        .start = (uint32_t)t->at,
        .end = (uint32_t)end,
    };
    if (hard)
        t->gap = TEXT_GAP_HARD;
    t->at = end;
    return true;
}

/* A word of bytes [start, end): stop word, long one or just a word. */
static void give_word(struct tokenizer *t, size_t start, size_t end, struct bytes folded,
                      struct token *ret)
{
    *ret = (struct token){
        .kind = folded.n > TEXT_WORD_MAX ? TOKEN_LONG : TOKEN_WORD,
        .word = folded,
        .start = (uint32_t)start,
        .end = (uint32_t)end,
        .position = next_position(t),
    };
}

/* FOLD_STOP is not the folding: it keeps case and marks. */
static bool is_stop(struct tokenizer *t, struct bytes raw)
{
    if (!t->rules->stops || raw.n > 4 * TEXT_WORD_MAX) /* bytes that fold away: let it be a word */
        return false;
    buf_clear(&t->stop);
    text__fold_stop(raw, &t->stop);
    return text__is_stop(t->rules, buf_view(&t->stop));
}

/* What was folded of bytes [start, end), which are no run. */
static bool finish(struct tokenizer *t, size_t end, const struct fold *f, struct token *ret)
{
    size_t start = t->at;
    size_t n = f->over ? TEXT_WORD_MAX + 1 : f->n;

    if (n == 0)
        return take_separator(t, end, false, ret);
    t->at = end;
    give_word(t, start, end, bytes_of(t->folded, n), ret);
    if (ret->kind == TOKEN_WORD && is_stop(t, bytes_of(t->text.p + start, end - start)))
        ret->kind = TOKEN_STOP;
    return true;
}

static enum script script_of_ascii(const uint8_t *p, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z')
            return SCRIPT_LATIN;
    return SCRIPT_ANY;
}

/* A letter of this script in a word of that: false, it is another word's. */
static bool goes_with(enum script letter, enum script *word)
{
    if (letter == SCRIPT_ANY || letter == *word)
        return true;
    if (*word != SCRIPT_ANY || text__is_run(letter))
        return false;
    *word = letter;
    return true;
}

/* The rest of a word whose first n bytes are folded already. */
static bool take_slowly(struct tokenizer *t, size_t n, struct token *ret)
{
    const struct text_rules *r = t->rules;
    const uint8_t *start = t->text.p + t->at, *end = t->text.p + t->text.n, *p = start + n;
    enum script script = script_of_ascii(start, n);
    struct fold f = {.mode = FOLD_WORD, .p = t->folded, .n = n, .cap = FOLD_ROOM};

    f.base = n ? script_of_ascii(p - 1, 1) : SCRIPT_ANY;
    while (p < end) {
        uint8_t class;
        uint32_t c;
        size_t len;

        if (r->leads[*p] && p > start && text__special_at(r, p, end, false))
            break;
        len = text__decode(p, end, &c);
        if (len == 0)
            break;
        class = text__class(r->classes, c);
        if (CLASS_KIND(class) >= CLASS_SOFT || !goes_with(CLASS_SCRIPT(class), &script))
            break;
        p += len;
        if (f.over)
            continue;
        if (len == 1 && r->ascii[c]) {
            f.p[f.n++] = r->ascii[c];
            f.base = CLASS_SCRIPT(class);
        } else {
            text__fold_char(&f, c);
        }
        f.over = f.over || f.n > TEXT_WORD_MAX;
    }
    return finish(t, (size_t)(p - t->text.p), &f, ret);
}

static bool take_word(struct tokenizer *t, struct token *ret)
{
    const struct text_rules *r = t->rules;
    const uint8_t *start = t->text.p + t->at, *p = start;
    size_t left = t->text.n - t->at, n = 0, max = left < TEXT_WORD_MAX ? left : TEXT_WORD_MAX;

    for (; n < max; n++) {
        uint8_t c = r->ascii[p[n]];

        if (!c)
            break;
        t->folded[n] = c;
    }
    if (n < left && (p[n] >= 0x80 || !r->ends[p[n]]))
        return take_slowly(t, n, ret);
    give_word(t, t->at, t->at + n, bytes_of(t->folded, n), ret);
    if (r->stops && text__is_stop(r, bytes_of(start, n)))
        ret->kind = TOKEN_STOP;
    t->at += n;
    return true;
}

static bool take_special(struct tokenizer *t, const struct special *s, struct token *ret)
{
    struct fold f = {.mode = FOLD_WORD, .p = t->folded, .cap = FOLD_ROOM};
    const uint8_t *p = s->text.p, *end = p + s->text.n;

    if (s->kind != SPECIAL_WORD)
        return take_separator(t, t->at + s->text.n, s->kind == SPECIAL_HARD, ret);
    while (p < end && !f.over) {
        uint32_t c;
        size_t n = text__decode(p, end, &c);

        text__fold_char(&f, n ? c : 0xFFFD);
        f.over = f.over || f.n > TEXT_WORD_MAX;
        p += n ? n : 1;
    }
    return finish(t, t->at + s->text.n, &f, ret);
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* The next character of the run, with what belongs to it; false: the run ends at `at`. */
static bool read_unit(const struct tokenizer *t, size_t at, struct unit *u)
{
    const struct text_rules *r = t->rules;
    const uint8_t *start = t->text.p + at, *end = t->text.p + t->text.n, *p = start;
    struct fold f = {.mode = FOLD_WORD, .p = u->folded, .cap = FOLD_ROOM};
    bool joined = true; /* the next letter belongs to this one: the first; one behind a coeng */

    while (p < end) {
        uint8_t class;
        uint32_t c;
        size_t len;

        if (r->leads[*p] && text__special_at(r, p, end, p == start))
            break;
        len = text__decode(p, end, &c);
        class = len ? text__class(r->classes, c) : CLASS_SOFT;
        if (CLASS_KIND(class) == CLASS_WORD ? CLASS_SCRIPT(class) != t->run || !joined
                                            : CLASS_KIND(class) >= CLASS_SOFT || p == start)
            break;
        joined = c == 0x17D2; /* Khmer: what follows is written under it */
        if (!f.over)
            text__fold_char(&f, c);
        f.over = f.over || f.n > TEXT_WORD_MAX;
        p += len;
    }
    u->start = at;
    u->end = at + (size_t)(p - start);
    u->n = f.n;
    u->over = f.over;
    return p > start;
}

static bool next_of_run(struct tokenizer *t, struct token *ret)
{
    struct unit *a = &t->units[t->unit], *b = &t->units[1 - t->unit];
    bool more = read_unit(t, a->end, b);
    size_t end = more ? b->end : a->end, n = a->n;
    bool over = a->over || (more && b->over);

    memcpy(t->folded, a->folded, n);
    if (more) {
        memcpy(t->folded + n, b->folded, b->n);
        n += b->n;
        t->unit = 1 - t->unit;
        t->at = b->start;
    } else {
        t->at = a->end;
        t->run = SCRIPT_ANY;
    }
    give_word(t, a->start, end, bytes_of(t->folded, over ? TEXT_WORD_MAX + 1 : n), ret);
    ret->tail = !more && t->run_began;
    ret->lone = !more && !t->run_began;
    t->run_began = true;
    if (ret->kind == TOKEN_WORD && is_stop(t, bytes_of(t->text.p + a->start, end - a->start)))
        ret->kind = TOKEN_STOP;
    return true;
}

static bool take_other(struct tokenizer *t, struct token *ret)
{
    const struct text_rules *r = t->rules;
    const uint8_t *p = t->text.p + t->at, *end = t->text.p + t->text.n;
    const struct special *s = r->leads[*p] ? text__special_at(r, p, end, true) : NULL;
    uint8_t class;
    uint32_t c;
    size_t len;

    if (s)
        return take_special(t, s, ret);
    len = text__decode(p, end, &c);
    if (len == 0)
        return take_separator(t, t->at + 1, false, ret);
    class = text__class(r->classes, c);
    if (CLASS_KIND(class) >= CLASS_SOFT)
        return take_separator(t, t->at + len, CLASS_KIND(class) == CLASS_HARD, ret);
    if (!text__is_run(CLASS_SCRIPT(class)))
        return take_slowly(t, 0, ret);
    t->run = CLASS_SCRIPT(class);
    t->run_began = false;
    t->unit = 0;
    (void)read_unit(t, t->at, &t->units[0]);
    return next_of_run(t, ret);
}

bool tokenizer_next(struct tokenizer *t, struct token *ret_token)
{
    if (t->run != SCRIPT_ANY)
        return next_of_run(t, ret_token);
    if (t->at == t->text.n)
        return false;
    if (t->rules->ascii[t->text.p[t->at]])
        return take_word(t, ret_token);
    return take_other(t, ret_token);
}

/* SPDX-License-Identifier: MIT */
/* test_derive.c -- which words stand for a term: rows of the rules, and brute force. */
#include "base/rng.h"
#include "support/suite.h"
#include "support/word_list.h"

static struct word_list list;
static struct edge edge;
static struct err err;

static void setup(void)
{
    word_list_open(&list, NULL);
}

static void teardown(void)
{
    word_list_close(&list);
    CU_ASSERT_EQUAL(arena_live_count(), 0);
}

static void derive(const char *word, bool prefix)
{
    struct graph_input in = word_list_input(&list, B(""), MATCH_LAST);
    struct bytes w = bytes_str(word);

    edge = (struct edge){.to = 1, .word = w, .prefix = prefix};
    CU_ASSERT_EQUAL_FATAL(derive__word(&in, &edge, &w, 1, &err), RC_OK);
}

static void show(struct buf *out, const struct edge *e)
{
    size_t i, j;

    for (i = 0; i < e->n_derivations; i++) {
        const struct derivation *d = &e->derivations[i];

        (void)buf_str(out, i ? " " : "");
        for (j = 0; j < d->n_words; j++)
            (void)buf_printf(out, "%s%.*s", j ? "_" : "", BYTES_ARG(d->words[j].word));
        (void)buf_printf(out, "%s%u%s%s", d->kind == POSTING_PREFIX ? "*" : "/", d->typos,
                         d->exact ? "x" : "", d->original ? "o" : "");
    }
}

/* word/typos, x: exact, o: original; "*" for all that begins so and is longer; "_" between words of one. */
static void expect(const char *word, bool prefix, const char *want)
{
    struct buf out;

    derive(word, prefix);
    buf_init(&out, BUF_NO_LIMIT);
    show(&out, &edge);
    if (strcmp(buf_cstr(&out), want) != 0)
        printf("\n    %s: got %s, want %s\n", word, buf_cstr(&out), want);
    CU_ASSERT_STRING_EQUAL(buf_cstr(&out), want);
    buf_done(&out);
}

static void the_word_itself_costs_nothing(void)
{
    word_list_text(&list, "dark knight");
    expect("dark", false, "dark/0xo");
    expect("dar", false, "");
    CU_ASSERT_EQUAL(edge.n_derivations, 0);
    CU_ASSERT_EQUAL(edge.allowance, 0);
    CU_ASSERT_EQUAL(edge.max_typos, 1);
}

static void a_prefix_stands_for_what_begins_so(void)
{
    word_list_text(&list, "prim prime primes print pr\xC3\xB8");
    expect("prim", true, "prim/0xo prim*0o");
    expect("prim", false, "prim/0xo");
    expect("pr", true, "pr*0o");
    expect("p", true, "p*0o");
    expect("print", true, "print/0xo");
    expect("q", true, "");
    CU_ASSERT_EQUAL(edge.n_derivations, 0);
}

static void allowances_follow_characters(void)
{
    struct bytes off[] = {B("keyboards")};
    struct plan *p = &list.plan;

    CU_ASSERT_EQUAL(derive__allowance(p, B("four")), 0);
    CU_ASSERT_EQUAL(derive__allowance(p, B("fives")), 1);
    CU_ASSERT_EQUAL(derive__allowance(p, B("\xC3\xB8\xC3\xB8\xC3\xB8\xC3\xB8")), 0);
    CU_ASSERT_EQUAL(derive__allowance(p, B("eighteen")), 1);
    CU_ASSERT_EQUAL(derive__allowance(p, B("keyboards")), 2);
    p->typo_words = off;
    p->n_typo_words = 1;
    CU_ASSERT_EQUAL(derive__allowance(p, B("keyboards")), 0);
    CU_ASSERT_EQUAL(derive__allowance(p, B("keyboardz")), 2);
    p->typo_enabled = false;
    CU_ASSERT_EQUAL(derive__allowance(p, B("keyboardz")), 0);
}

static void one_typo_keeps_the_first_letter(void)
{
    word_list_text(&list, "batman badman bantam ubatman atman catman btaman batmans batmanly");
    expect("badman", false, "badman/0xo batman/1");
    expect("batman", false, "batman/0xo badman/1 batmans/1 btaman/1");
}

static void two_typos_reach_other_first_letters_by_one_edit(void)
{
    word_list_text(&list, "xnowledges nowledges kknowledges knowledges nkowledges qknowledges "
                          "xnowledge knwledge xowledges knowledgex aknowledgesx");
    expect("knowledges", false,
           "knowledges/0xo kknowledges/1 knowledgex/1 knwledge/2 nkowledges/2 nowledges/2 "
           "qknowledges/2 xnowledges/2");
}

static void prefixes_may_have_typos(void)
{
    word_list_text(&list, "helloworld hallowed hallo hell yellow");
    expect("hello", true, "hello*0o hallo/1 hallowed/1 hell/1");
}

static void numbers_can_be_no_targets(void)
{
    word_list_text(&list, "12345 12346 1234x");
    expect("12345", false, "12345/0xo 12346/1 1234x/1");
    list.plan.typo_numbers = false;
    expect("12345", false, "12345/0xo 1234x/1");
}

static void a_split_is_chosen_by_its_rows(void)
{
    static const struct word_pair pairs[] = {{"sun", "flower", 3}, {"sunf", "lower", 4}, {0}};

    word_list_text(&list, "sun flower sunf lower note book");
    expect("notebook", false, "note_book/1");
    CU_ASSERT_EQUAL(list.asked, 0);
    expect("sunflower", false, ""); /* nowhere side by side */
    list.pairs = pairs;
    expect("sunflower", false, "sunf_lower/1");
    CU_ASSERT_EQUAL(list.asked, 4);
    expect("s", false, "");
}

static void synonyms_are_looked_up_by_the_exact_key(void)
{
    static const struct bytes ny[] = {{(const uint8_t *)"new", 3}, {(const uint8_t *)"york", 4}};
    static const struct bytes nyc[] = {{(const uint8_t *)"nyc", 3}};
    static const struct bytes big[] = {{(const uint8_t *)"big", 3}, {(const uint8_t *)"apple", 5}};
    static const struct plan_synonym synonyms[] = {
        {ny, 2, nyc, 1}, {nyc, 1, big, 2}, {nyc, 1, ny, 2}};
    struct graph_input in = word_list_input(&list, B(""), MATCH_LAST);
    struct edge e = {.to = 2, .base_typos = 2, .word = B("newyork")};

    list.plan.synonyms = synonyms;
    list.plan.n_synonyms = 3;
    word_list_text(&list, "new york nyc");
    expect("nyc", true, "nyc/0xo new_york/0o"); /* no apple here */
    expect("ny", true, "ny*0o");
    CU_ASSERT_EQUAL_FATAL(derive__word(&in, &e, ny, 2, &err), RC_OK);
    CU_ASSERT_EQUAL_FATAL(e.n_derivations, 1); /* and not split where it was joined */
    CU_ASSERT(bytes_eq(e.derivations[0].words[0].word, B("nyc")));
    CU_ASSERT_EQUAL(e.max_typos, 3);
}

static void limits_cut_in_word_order(void)
{
    struct bytes words[900];
    uint8_t text[900][8], want[8];
    size_t i, n = 0;

    for (i = 0; i < 900; i++) {
        (void)snprintf((char *)text[i], sizeof text[i], "aaa%03u", (unsigned)i);
        words[i] = bytes_of(text[i], 6);
    }
    word_list_fill(&list, words, 900);
    derive("aaa00", true);
    for (i = 0; i < edge.n_derivations; i++) {
        const struct derivation *d = &edge.derivations[i];

        if (d->typos == 0)
            continue;
        /* All from aaa010 on are near: those in front are taken. */
        (void)snprintf((char *)want, sizeof want, "aaa%03u", (unsigned)(10 + n++));
        if (n <= 90)
            CU_ASSERT(bytes_eq(d->words[0].word, bytes_of(want, 6)));
    }
    CU_ASSERT_EQUAL(n, DERIVE_ONE_TYPO_MAX);
    derive("aa", true);
    CU_ASSERT_EQUAL(edge.n_derivations, 1);
}

/* ---- brute force ---------------------------------------------------------------------------- */

enum { LETTERS_MAX = 16 };

static size_t decode(struct bytes s, uint32_t *out)
{
    size_t i, n = 0;

    for (i = 0; i < s.n; i++)
        if ((s.p[i] & 0xC0) == 0x80)
            out[n - 1] = out[n - 1] << 6 | (s.p[i] & 0x3F);
        else
            out[n++] = s.p[i];
    return n;
}

/* Optimal string alignment, the whole table; prefix: smallest over beginnings of b. */
static unsigned distance(struct bytes sa, struct bytes sb, bool prefix, bool *ret_same_first)
{
    uint32_t a[64], b[64];
    unsigned t[64][64], best = UINT32_MAX;
    size_t n = decode(sa, a), m = decode(sb, b), i, j;

    for (j = 0; j <= m; j++)
        for (i = 0; i <= n; i++) {
            unsigned d = i ? (j ? UINT32_MAX : (unsigned)i) : (unsigned)j;

            if (i && j) {
                d = t[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
                d = t[i - 1][j] + 1 < d ? t[i - 1][j] + 1 : d;
                d = t[i][j - 1] + 1 < d ? t[i][j - 1] + 1 : d;
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                    t[i - 2][j - 2] + 1 < d)
                    d = t[i - 2][j - 2] + 1;
            }
            t[i][j] = d;
        }
    for (j = 0; j <= m; j++)
        best = t[n][j] < best ? t[n][j] : best;
    *ret_same_first = a[0] == b[0];
    return prefix ? best : t[n][m];
}

static unsigned rule(struct bytes term, struct bytes word, unsigned max, bool prefix)
{
    bool same;
    unsigned d = distance(term, word, prefix, &same);

    if (d == 0 || d > max)
        return 0;
    if (same)
        return d;
    return max == 2 && d == 1 ? 2 : 0;
}

struct found {
    struct bytes words[4096];
    unsigned typos[4096];
    size_t n;
};
static struct found found;
static uint8_t found_text[4096][64];

static bool keep(void *arg, struct bytes word, unsigned typos)
{
    (void)arg;
    CU_ASSERT_FATAL(found.n < 4096 && word.n <= 64);
    memcpy(found_text[found.n], word.p, word.n);
    found.words[found.n] = bytes_of(found_text[found.n], word.n);
    found.typos[found.n++] = typos;
    return true;
}

static size_t random_word(struct rng *r, uint8_t *out)
{
    static const char *const letters[] = {
        "a", "b", "c", "1", "\xC3\xB8", "\xE6\x9D\xB1", "\xF0\x9F\x98\x80"};
    size_t n = 1 + rng_below(r, LETTERS_MAX - 4), at = 0, i;

    for (i = 0; i < n; i++) {
        const char *c = letters[rng_below(r, 8) < 5 ? rng_below(r, 2) : rng_below(r, 7)];

        memcpy(out + at, c, strlen(c));
        at += strlen(c);
    }
    return at;
}

static void compare(struct bytes term, const struct bytes *words, size_t n, unsigned max,
                    bool prefix)
{
    struct graph_input in = word_list_input(&list, B(""), MATCH_LAST);
    size_t i, j, want = 0;

    found.n = 0;
    derive__near(&in, term, max, prefix, keep, NULL);
    for (i = 0; i < n; i++) {
        unsigned typos = rule(term, words[i], max, prefix), got = 0, times = 0;

        if (i && bytes_eq(words[i], words[i - 1]))
            continue;
        want += typos > 0;
        for (j = 0; j < found.n; j++)
            if (bytes_eq(found.words[j], words[i])) {
                got = found.typos[j];
                times++;
            }
        if (got != typos)
            printf("\n    %.*s (max %u, prefix %d): %.*s has %u, want %u\n", BYTES_ARG(term), max,
                   prefix, BYTES_ARG(words[i]), got, typos);
        CU_ASSERT_EQUAL_FATAL(got, typos);
        CU_ASSERT(times <= 1);
    }
    CU_ASSERT_EQUAL(found.n, want);
    for (j = 1; j < found.n; j++)
        CU_ASSERT(bytes_cmp(found.words[j - 1], found.words[j]) < 0);
}

static void typos_are_those_of_brute_force(void)
{
    static uint8_t text[2000][64];
    static struct bytes words[2000], kept[2000];
    uint8_t term[64];
    struct rng r;
    size_t round, i, n;

    rng_init(&r, suite_seed());
    for (round = 0; round < 6; round++) {
        n = 50 + rng_below(&r, 1950);
        for (i = 0; i < n; i++)
            kept[i] = words[i] = bytes_of(text[i], random_word(&r, text[i]));
        vocab__unref(list.vocab);
        list.vocab = vocab__new();
        word_list_fill(&list, words, n / 2); /* one run and another */
        word_list_fill(&list, words + n / 2, n - n / 2);
        qsort(kept, n, sizeof kept[0], word_list_cmp);
        for (i = 0; i < 40; i++) {
            struct bytes t = i % 2 ? kept[rng_below(&r, n)] : bytes_of(term, random_word(&r, term));

            compare(t, kept, n, 1 + i / 2 % 2, i / 4 % 2);
        }
    }
}

static void a_full_arena_is_an_error(void)
{
    struct graph_input in = word_list_input(&list, B(""), MATCH_LAST);
    struct bytes w = B("prime");

    word_list_text(&list, "prime primes");
    in.arena = arena_new(16);
    edge = (struct edge){.to = 1, .word = w, .prefix = true};
    CU_ASSERT_EQUAL(derive__word(&in, &edge, &w, 1, &err), RC_TOO_LARGE);
    arena_free(in.arena);
}

SUITE(derive, setup, teardown, TEST(the_word_itself_costs_nothing),
      TEST(a_prefix_stands_for_what_begins_so), TEST(allowances_follow_characters),
      TEST(one_typo_keeps_the_first_letter), TEST(two_typos_reach_other_first_letters_by_one_edit),
      TEST(prefixes_may_have_typos), TEST(numbers_can_be_no_targets),
      TEST(a_split_is_chosen_by_its_rows), TEST(synonyms_are_looked_up_by_the_exact_key),
      TEST(limits_cut_in_word_order), TEST(typos_are_those_of_brute_force),
      TEST(a_full_arena_is_an_error));

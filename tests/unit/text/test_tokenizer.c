/* SPDX-License-Identifier: MIT */
/*
 * test_tokenizer.c -- how texts are cut, told as one line per text.
 *
 * Words are shown as position:word, stop words in parentheses, long ones as
 * position:!, soft separators not at all, hard ones as a bar; tails have a "~"
 * and lone characters a "^" behind them.
 */
#include "base/attr.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/suite.h"
#include "text/text.h"

#include <stdio.h>

static struct buf shown;
static struct text_rules *rules;
static struct tokenizer *tokenizer;

static void use(const struct text_opts *opts)
{
    tokenizer_free(tokenizer);
    text_rules_free(rules);
    rules = text_rules_new(opts);
    tokenizer = tokenizer_new(rules);
}

static void setup(void)
{
    buf_init(&shown, BUF_NO_LIMIT);
    use(NULL);
}

static void teardown(void)
{
    tokenizer_free(tokenizer);
    text_rules_free(rules);
    tokenizer = NULL;
    rules = NULL;
    buf_done(&shown);
}

static void show(const struct token *t)
{
    if (t->kind == TOKEN_SOFT)
        return;
    if (shown.n)
        (void)buf_byte(&shown, ' ');
    if (t->kind == TOKEN_HARD)
        (void)buf_byte(&shown, '|');
    else if (t->kind == TOKEN_LONG)
        (void)buf_printf(&shown, "%u:!", t->position);
    else
        (void)buf_printf(&shown, t->kind == TOKEN_STOP ? "%u:(%.*s)" : "%u:%.*s", t->position,
                         BYTES_ARG(t->word));
    if (t->tail)
        (void)buf_byte(&shown, '~');
    if (t->lone)
        (void)buf_byte(&shown, '^');
}

static const char *cut_bytes(struct bytes text)
{
    struct token t;

    buf_clear(&shown);
    tokenizer_start(tokenizer, text, 0);
    while (tokenizer_next(tokenizer, &t))
        show(&t);
    return buf_cstr(&shown);
}

static const char *cut(const char *text)
{
    return cut_bytes(bytes_str(text));
}

static void words_are_cut_at_separators_and_lowered(void)
{
    CU_ASSERT_STRING_EQUAL(cut(""), "");
    CU_ASSERT_STRING_EQUAL(cut("Hello World"), "0:hello 1:world");
    CU_ASSERT_STRING_EQUAL(cut("snake_case kebab-case camelCase"),
                           "0:snake 1:case 2:kebab 3:case 4:camelcase");
    CU_ASSERT_STRING_EQUAL(cut("c++ a=b $5 <x> a^b ~c d|e"),
                           "0:c 1:a=b 2:$5 3:<x> 4:a^b 5:~c 6:d|e");
    CU_ASSERT_STRING_EQUAL(cut("it's `x` \"y\" (z) [a] {b} #c %d &e *f /g :h @i \\j"),
                           "0:it 1:s 2:x 3:y 4:z 5:a 6:b 7:c 8:d 9:e 10:f 11:g 12:h 13:i 14:j");
    CU_ASSERT_STRING_EQUAL(cut("a\tb\nc\rd\ve\ff"), "0:a 1:b 2:c 3:d 4:e 5:f");
    CU_ASSERT_STRING_EQUAL(cut("a\xC2\xA0"
                               "b\xE2\x80\xA9"
                               "c\xE2\x80\x89"
                               "d\xC2\xB1"
                               "e\xC3\x97"
                               "f\xC3\xB7"
                               "g\xE2\x88\x92h\xE2\x8B\xBFi"),
                           "0:a 1:b 2:c 3:d 4:e 5:f 6:g 7:h 8:i");
    CU_ASSERT_STRING_EQUAL(cut("«a» „b“ ‘c’ d–e—f"), "0:a 1:b 2:c 3:d 4:e 5:f");
}

static void numbers_are_cut_at_dot_and_comma(void)
{
    CU_ASSERT_STRING_EQUAL(cut("32.3 1,000 42 2nd 1=2"), "0:32 1:3 2:1 3:000 4:42 5:2nd 6:1=2");
}

static void sentences_end_with_hard_separators(void)
{
    static const char *const hard[] = {
        ". ", ", ", "!",  "?",  ";",  "¡", "¿", "§", "¶", "…", "‼", "‽", "⁇", "。", "、", "！",
        "？", "；", "：", "，", "．", "،", "؛", "؟", "।", "॥", "։", "።", "។", "།",  "⁈"};
    static const char *const soft[] = {" ", "\n", "._", ",-", ".\n", ":", "•", "—", "\xE2\x80\x8B"};
    char text[16];
    size_t i;

    for (i = 0; i < ARRAY_LEN(hard); i++) {
        (void)snprintf(text, sizeof text, "a%sb", hard[i]);
        if (strcmp(cut(text), "0:a | 8:b") != 0)
            CU_FAIL_FATAL("not hard");
        CU_PASS("");
    }
    for (i = 0; i < ARRAY_LEN(soft); i++) {
        (void)snprintf(text, sizeof text, "a%sb", soft[i]);
        CU_ASSERT_STRING_EQUAL(cut(text), "0:a 1:b");
    }
    CU_ASSERT_STRING_EQUAL(cut_bytes(B("a\0b")), "0:a | 8:b");
    CU_ASSERT_STRING_EQUAL(cut("end. Next, word. "), "0:end | 8:next | 16:word |");
    CU_ASSERT_STRING_EQUAL(cut("end."), "0:end");
    CU_ASSERT_STRING_EQUAL(cut("a , b"), "0:a | 8:b");
}

static void gaps_are_one_or_eight(void)
{
    struct token t;

    CU_ASSERT_STRING_EQUAL(cut("a - - b"), "0:a 1:b");
    CU_ASSERT_STRING_EQUAL(cut("a!? - !b"), "0:a | | | 8:b");
    CU_ASSERT_STRING_EQUAL(cut("!?; a"), "| | | 0:a");
    tokenizer_start(tokenizer, B("x y!"), 5);
    CU_ASSERT_EQUAL(tokenizer_next_value(tokenizer), 5);
    while (tokenizer_next(tokenizer, &t))
        ;
    CU_ASSERT_EQUAL(tokenizer_next_value(tokenizer), 6 + TEXT_GAP_HARD);
    tokenizer_start(tokenizer, B(" ; "), 14);
    while (tokenizer_next(tokenizer, &t))
        ;
    CU_ASSERT_EQUAL(tokenizer_next_value(tokenizer), 14);
}

static void words_are_folded(void)
{
    CU_ASSERT_STRING_EQUAL(cut("Éléphant ÀÉÎÕÜ ñ Ç"), "0:elephant 1:aeiou 2:n 3:c");
    CU_ASSERT_STRING_EQUAL(cut("e\xCC\x81t\xCC\x82\xCC\xA3"), "0:et");
    CU_ASSERT_STRING_EQUAL(cut("Œuvre cæsar ÆØ"), "0:oeuvre 1:caesar 2:aeø");
    CU_ASSERT_STRING_EQUAL(cut("Straße Łódź đa"), "0:straße 1:łodz 2:đa");
    CU_ASSERT_STRING_EQUAL(cut("ﬁn Ｆｕｌｌ ① ²"), "0:fin 1:full 2:1 3:2");
    CU_ASSERT_STRING_EQUAL(cut("İstanbul ΟΔΌΣ οδός"), "0:istanbul 1:οδοσ 2:οδοσ");
    CU_ASSERT_STRING_EQUAL(cut("МОСКВА й"), "0:москва 1:и\xCC\x86"); /* Cyrillic keeps marks */
    CU_ASSERT_STRING_EQUAL(cut("a\x01"
                               "b\x7F"
                               "c soft\xC2\xADhyphen"),
                           "0:abc 1:softhyphen");
    CU_ASSERT_STRING_EQUAL(cut("שָׁלוֹם مَرحَبا"), "0:שלום 1:مرحبا");
}

static void marks_come_in_one_order(void)
{
    /* Hindi keeps marks; nukta (class 7) goes before virama (class 9), however it was written. */
    char one[64];

    (void)snprintf(one, sizeof one, "%s", cut("क\xE0\xA5\x8D\xE0\xA4\xBC"));
    CU_ASSERT_STRING_EQUAL(cut("क\xE0\xA4\xBC\xE0\xA5\x8D"), one);
    CU_ASSERT_STRING_EQUAL(one, "0:क\xE0\xA4\xBC\xE0\xA5\x8D");
}

static void pieces_that_fold_to_nothing_separate(void)
{
    CU_ASSERT_STRING_EQUAL(cut("a \x01 b \xCC\x81 c \xC2\xB4 d"), "0:a 1:b 2:c 3:d");
}

static void bytes_that_are_no_utf8_separate(void)
{
    CU_ASSERT_STRING_EQUAL(cut("a\xFF"
                               "b\xC3 \xE2\x82 c\xED\xA0\x80"
                               "d\xC0\xAF"
                               "e\xF5"),
                           "0:a 1:b 2:c 3:d 4:e");
}

static void scripts_are_cut_apart_but_not_from_digits(void)
{
    CU_ASSERT_STRING_EQUAL(cut("abcабвαβγ"), "0:abc 1:абв 2:αβγ");
    CU_ASSERT_STRING_EQUAL(cut("a1б2 3г"), "0:a1 1:б2 2:3г");
    CU_ASSERT_STRING_EQUAL(cut("hi😀"), "0:hi😀");
}

static void scripts_without_spaces_become_pairs(void)
{
    CU_ASSERT_STRING_EQUAL(cut("東京都"), "0:東京 1:京都 2:都~");
    CU_ASSERT_STRING_EQUAL(cut("猫 猫"), "0:猫^ 1:猫^");
    CU_ASSERT_STRING_EQUAL(cut("カメラ。犬"), "0:カメ 1:メラ 2:ラ~ | 10:犬^");
    CU_ASSERT_STRING_EQUAL(cut("iPhone手机3台"), "0:iphone 1:手机 2:机~ 3:3 4:台^");
    CU_ASSERT_STRING_EQUAL(cut("ไทย"), "0:ไท 1:ทย 2:ย~");
    CU_ASSERT_STRING_EQUAL(cut("\xE1\x84\x92\xE1\x85\xA1"),
                           "0:\xE1\x84\x92\xE1\x85\xA1 1:\xE1\x85\xA1~");
    /* Hangul syllables are folded to their letters, so half a syllable is a beginning too. */
    CU_ASSERT_STRING_EQUAL(cut("하"), "0:\xE1\x84\x92\xE1\x85\xA1^");
    /* A Thai mark belongs to its letter, a Khmer letter under another one too. */
    CU_ASSERT_STRING_EQUAL(cut("ที่ดี"), "0:ทด 1:ด~");
    CU_ASSERT_STRING_EQUAL(cut("ក្ខគ"), "0:ក្ខគ 1:គ~");
}

static void long_words_take_a_position_and_are_none(void)
{
    char text[600];
    size_t n;

    for (n = 248; n < 254; n++) {
        (void)snprintf(text, sizeof text, "a %0*d b", (int)n, 7);
        CU_ASSERT_EQUAL(strstr(cut(text), "1:!") != NULL, n > TEXT_WORD_MAX);
        CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&shown), "2:b"));
    }
    memset(text, 'a', 249);
    (void)snprintf(text + 249, sizeof text - 249, "é x"); /* 250 folded bytes of 251 */
    CU_ASSERT_PTR_NULL(strstr(cut(text), "!"));
    (void)snprintf(text + 249, sizeof text - 249, "éé x");
    CU_ASSERT_STRING_EQUAL(cut(text), "0:! 1:x");
}

static void separators_can_be_added(void)
{
    const struct bytes added[] = {B("="), B("&sep"), B("ß"), B("&s"), B("|"), B("😀")};
    const struct text_opts opts = {.separators = added, .n_separators = ARRAY_LEN(added)};

    use(&opts);
    CU_ASSERT_STRING_EQUAL(cut("a=b c&sepd e&sf gßh i|j k😀l"),
                           "0:a 1:b 2:c 3:d 4:e 5:f 6:g 7:h 8:i 9:j 10:k 11:l");
    CU_ASSERT_STRING_EQUAL(cut("end. x"), "0:end | 8:x");
}

static void separators_can_be_taken_away(void)
{
    const struct bytes taken[] = {B("@"), B("’"), B("."), B("!"), B(", "), B("😀")};
    const struct text_opts opts = {.non_separators = taken, .n_non_separators = ARRAY_LEN(taken)};

    use(&opts);
    CU_ASSERT_STRING_EQUAL(cut("Me@Home it’s v1.2 wow! x, y end. z"),
                           "0:me@home 1:it's 2:v1.2 3:wow! 4:x 5:y 6:end | 14:z");
}

static void words_of_the_dictionary_are_not_cut(void)
{
    const struct bytes words[] = {B("J. R. R."), B("J. R."), B("C++"), B("mc"), B("京都")};
    const struct text_opts opts = {.dictionary = words, .n_dictionary = ARRAY_LEN(words)};

    use(&opts);
    CU_ASSERT_STRING_EQUAL(cut("J. R. R. Tolkien"), "0:j. r. r. 1:tolkien");
    CU_ASSERT_STRING_EQUAL(cut("J. R. Ewing"), "0:j. r. 1:ewing");
    CU_ASSERT_STRING_EQUAL(cut("C++ and C+"), "0:c++ 1:and 2:c");
    CU_ASSERT_STRING_EQUAL(cut("mc mcdonald x-mc"), "0:mc 1:mcdonald 2:x 3:mc");
    CU_ASSERT_STRING_EQUAL(cut("東京都"), "0:東^ 1:京都");
}

static void stop_words_are_compared_before_lower_case(void)
{
    const struct bytes words[] = {B("the"), B("é"), B(""), B("的")};
    const struct text_opts opts = {.stop_words = words, .n_stop_words = ARRAY_LEN(words)};

    use(&opts);
    CU_ASSERT_STRING_EQUAL(cut("the The theo"), "0:(the) 1:the 2:theo");
    CU_ASSERT_STRING_EQUAL(cut("é e\xCC\x81 e É"), "0:(e) 1:(e) 2:e 3:e");
    CU_ASSERT_STRING_EQUAL(cut("ｔｈｅ 的"), "0:(the) 1:(的)^");
}

static void many_stop_words_are_all_found(void)
{
    struct bytes words[1000];
    char text[1000][8];
    size_t i;

    for (i = 0; i < ARRAY_LEN(words); i++) {
        (void)snprintf(text[i], sizeof text[i], "w%zu", i);
        words[i] = bytes_str(text[i]);
    }
    use(&(struct text_opts){.stop_words = words, .n_stop_words = ARRAY_LEN(words)});
    for (i = 0; i < ARRAY_LEN(words); i++)
        if (cut(text[i])[2] != '(')
            CU_FAIL("a stop word was not found");
    CU_ASSERT_STRING_EQUAL(cut("w1000"), "0:w1000");
}

/* Tokens cover any bytes; the fuzz target has the same promise for many more. */
static void tokens_cover_random_bytes(void)
{
    static const char *const pieces[] = {"a",    "Б", ". ",   "東", "\xFF", "é", "-", "!",
                                         "\x01", "ที่", "\xE1", "3",  "하",   " ", "ក្"};
    struct rng r;
    unsigned round;

    rng_init(&r, suite_seed());
    for (round = 0; round < 2000; round++) {
        struct buf text;
        struct token t;
        uint32_t end = 0;
        size_t i;

        buf_init(&text, BUF_NO_LIMIT);
        for (i = rng_below(&r, 12); i > 0; i--)
            (void)buf_str(&text, pieces[rng_below(&r, ARRAY_LEN(pieces))]);
        tokenizer_start(tokenizer, buf_view(&text), 0);
        while (tokenizer_next(tokenizer, &t)) {
            if (t.start > end || t.end < end || t.start >= t.end || t.word.n == 0)
                CU_FAIL("a hole");
            end = t.end;
        }
        CU_ASSERT_EQUAL(end, text.n);
        buf_done(&text);
    }
}

SUITE(tokenizer, setup, teardown, TEST(words_are_cut_at_separators_and_lowered),
      TEST(numbers_are_cut_at_dot_and_comma), TEST(sentences_end_with_hard_separators),
      TEST(gaps_are_one_or_eight), TEST(words_are_folded), TEST(marks_come_in_one_order),
      TEST(pieces_that_fold_to_nothing_separate), TEST(bytes_that_are_no_utf8_separate),
      TEST(scripts_are_cut_apart_but_not_from_digits), TEST(scripts_without_spaces_become_pairs),
      TEST(long_words_take_a_position_and_are_none), TEST(separators_can_be_added),
      TEST(separators_can_be_taken_away), TEST(words_of_the_dictionary_are_not_cut),
      TEST(stop_words_are_compared_before_lower_case), TEST(many_stop_words_are_all_found),
      TEST(tokens_cover_random_bytes));

/* SPDX-License-Identifier: MIT */
/* test_cli_cut.c -- NDJSON cut into tasks: nothing lost, no line cut, sizes kept where lines allow.
 */
#include "support/suite.h"

#include "base/mem.h"
#include "base/rng.h"
#include "cmd_doc.h"

#include <string.h>

enum { TEXT = 20000 };

/* Reads text in pieces as doc_add.c does; checks every cut. */
static void cut_all(struct bytes text, struct rng *rng, uint64_t batch, size_t longest)
{
    uint64_t sent = 0;
    size_t done = 0;

    while (done < text.n) {
        size_t n = 1 + (size_t)rng_below(rng, 3000);
        struct bytes piece = bytes_of(text.p + done, n < text.n - done ? n : text.n - done);

        while (piece.n) {
            bool end = false;
            size_t take = cli_cut(piece, sent, batch, &end);

            CU_ASSERT_TRUE_FATAL(take > 0 && take <= piece.n);
            sent += take;
            done += take;
            if (end) {
                CU_ASSERT_EQUAL(text.p[done - 1], '\n');
                CU_ASSERT_TRUE(sent <= batch || sent <= batch + longest);
                sent = 0;
            } else {
                CU_ASSERT_EQUAL(take, piece.n); /* not at its end: all of the piece */
            }
            piece = bytes_of(piece.p + take, piece.n - take);
        }
        CU_ASSERT_TRUE(sent <= batch + longest);
    }
}

static void cuts_fall_at_line_ends_for_any_lines_and_pieces(void)
{
    uint8_t *text = xmalloc(TEXT);
    struct rng rng;
    int round;

    rng_init(&rng, suite_seed());
    for (round = 0; round < 300; round++) {
        size_t longest = 1 + (size_t)rng_below(&rng, 800);
        size_t n = 0;

        while (n < TEXT) {
            size_t line = 1 + (size_t)rng_below(&rng, longest);

            line = line < TEXT - n ? line : TEXT - n;
            memset(text + n, 'x', line);
            text[n + line - 1] = '\n';
            n += line;
        }
        cut_all(bytes_of(text, n), &rng, 1 + rng_below(&rng, 4000), longest);
    }
    xfree(text);
}

static void a_text_without_lines_is_one_task(void)
{
    bool end = true;

    CU_ASSERT_EQUAL(cli_cut(B("aaaaaaaaaa"), 5, 7, &end), 10);
    CU_ASSERT_FALSE(end);
    CU_ASSERT_EQUAL(cli_cut(B("aa\naa\naa"), 0, UINT64_MAX, &end), 8);
    CU_ASSERT_FALSE(end);
    CU_ASSERT_EQUAL(cli_cut(B("aa\naa\naa"), 0, 7, &end), 6); /* the last end that fits */
    CU_ASSERT_TRUE(end);
    CU_ASSERT_EQUAL(cli_cut(B("aa\naa\naa"), 9, 7, &end), 3); /* late already: the next one */
    CU_ASSERT_TRUE(end);
}

static void formats_are_told_by_name_or_ending(void)
{
    CU_ASSERT_STRING_EQUAL(cli_content_type(NULL, "a/b.json"), "application/json");
    CU_ASSERT_STRING_EQUAL(cli_content_type(NULL, "b.NDJSON"), "application/x-ndjson");
    CU_ASSERT_STRING_EQUAL(cli_content_type(NULL, "b.jsonl"), "application/x-ndjson");
    CU_ASSERT_STRING_EQUAL(cli_content_type("csv", "b.json"), "text/csv");
    CU_ASSERT_PTR_NULL(cli_content_type(NULL, "-"));
    CU_ASSERT_PTR_NULL(cli_content_type(NULL, "json"));
    CU_ASSERT_PTR_NULL(cli_content_type(NULL, "x.json/file"));
    CU_ASSERT_PTR_NULL(cli_content_type("xml", "b.json"));
}

SUITE(cut, NULL, NULL, TEST(cuts_fall_at_line_ends_for_any_lines_and_pieces),
      TEST(a_text_without_lines_is_one_task), TEST(formats_are_told_by_name_or_ending));

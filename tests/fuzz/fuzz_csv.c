/* SPDX-License-Identifier: MIT */
/*
 * fuzz_csv.c -- CSV to documents: every split answers the same, every document is JSON.
 *
 * The first byte chooses the delimiter and seeds the splits, the rest is the text.
 */
#include "pieces.h"

#include "json/csv.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct answer {
    struct buf documents; /* one a line */
    struct err err;
    struct json_parser *parser;
};

#ifdef LODE_PLANTED_BUG
/* Deep enough: a number column beside a text that only quotes can hold. */
static void planted_bug(struct json_value root)
{
    bool number = false, newline = false;
    struct json_iter it;

    for (json_iter_init(&it, root); json_iter_next(&it);) {
        number |= json_type(it.value) == JSON_NUMBER;
        newline |= json_type(it.value) == JSON_STRING && json_string(it.value).n > 2 &&
                   memchr(json_string(it.value).p, '\n', json_string(it.value).n);
    }
    if (number && newline) {
        (void)fprintf(stderr, "planted bug\n");
        abort();
    }
}
#endif

static bool take(void *arg, struct bytes document)
{
    struct answer *a = arg;
    struct json_value root;
    struct buf compact;

    ASSERT(json_parse(a->parser, document, NULL, &root, NULL) == RC_OK);
    ASSERT(json_type(root) == JSON_OBJECT);
#ifdef LODE_PLANTED_BUG
    planted_bug(root);
#endif
    buf_init(&compact, BUF_NO_LIMIT); /* compact, and no member twice */
    json_compact_value(root, &compact);
    ASSERT(bytes_eq(buf_view(&compact), document));
    buf_done(&compact);
    (void)buf_bytes(&a->documents, document);
    return buf_byte(&a->documents, '\n');
}

static void run(const struct csv_opts *opts, struct bytes text, struct rng *r, size_t step_max,
                struct answer *a)
{
    struct csv *csv = csv_new(opts, take, a);
    struct pieces pieces = {.rest = text, .rng = r, .step_max = step_max};
    struct bytes piece;
    enum rc rc = RC_OK;

    a->parser = json_parser_new();
    buf_init(&a->documents, BUF_NO_LIMIT);
    a->err.rc = RC_OK;
    a->err.msg[0] = '\0';
    while (rc == RC_OK && pieces_next(&pieces, &piece))
        rc = csv_feed(csv, piece, &a->err);
    pieces_done(&pieces);
    if (rc == RC_OK)
        rc = csv_end(csv, &a->err);
    ASSERT(rc == a->err.rc);
    csv_free(csv);
    json_parser_free(a->parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char delimiters[] = ",;\t|";
    static struct answer whole, cut; /* large */
    struct csv_opts opts = {.max_row_bytes = 2000};
    struct bytes text;
    struct rng r;
    size_t k;

    if (n == 0)
        return 0;
    opts.delimiter = delimiters[data[0] % 4];
    rng_init(&r, data[0]);
    text = bytes_of(data + 1, n - 1);
    run(&opts, text, &r, 0, &whole);
    for (k = text.n > 256 ? 8 : 1; k <= 64; k *= 8) {
        run(&opts, text, &r, k, &cut);
        ASSERT(bytes_eq(buf_view(&whole.documents), buf_view(&cut.documents)));
        ASSERT(whole.err.rc == cut.err.rc && strcmp(whole.err.msg, cut.err.msg) == 0);
        buf_done(&cut.documents);
    }
    buf_done(&whole.documents);
    return 0;
}

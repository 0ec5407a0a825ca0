/* SPDX-License-Identifier: MIT */
#include "filter_asking.h"

#include "json/json_write.h"

#include <stdio.h>

static bool contains_on;

void asking_contains(bool on)
{
    contains_on = on;
}

const char *asked_json(const char *json)
{
    static char text[8192];
    const struct search *s = &corpus.run.search;
    struct query_spec spec;
    struct tile rows;
    size_t n = 0;
    uint32_t t, i;

    query_spec_init(&spec);
    spec.filter = bytes_str(json);
    spec.contains_filter = contains_on;
    if (corpus_open(&spec) != RC_OK) {
        (void)snprintf(text, sizeof text, "%s", corpus.err.msg);
        return text;
    }
    text[0] = 0;
    for (t = 0; t < reader_n_tiles(s->reader); t++) {
        (void)reader_live(s->reader, t, &rows);
        if (corpus.run.filter)
            CU_ASSERT_EQUAL_FATAL(filter__tile(corpus.run.filter, t, &rows, &rows, &corpus.err),
                                  RC_OK);
        for (i = 0; i < TILE_ROWS; i++)
            if (rows.bits[i / 64] >> i % 64 & 1 && n + 16 < sizeof text)
                n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", n ? " " : "",
                                      reader_doc_of(s->reader, t * TILE_ROWS + i));
    }
    return text;
}

const char *asked(const char *filter)
{
    struct buf json;
    const char *answer;

    buf_init(&json, BUF_NO_LIMIT);
    json_quote(&json, bytes_str(filter));
    answer = asked_json(buf_cstr(&json));
    buf_done(&json);
    return answer;
}

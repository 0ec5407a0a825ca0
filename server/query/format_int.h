/* SPDX-License-Identifier: MIT */
/*
 * format_int.h -- what the files that write hits share.
 *
 *   hit.c           a row to the JSON of a hit
 *   hit_fields.c    which members of a document are shown
 *   hit_score.c     _rankingScoreDetails
 *   format.c        _formatted of a document
 *   format_found.c  _matchesPosition of it
 *   format_marks.c  a text to tokens, and which parts of it the query matched
 *   format_crop.c   which words of a text are shown
 */
#pragma once

#include "query/query_int.h"

#include "text/text.h"
#include "json/json.h"
#include "json/json_write.h"

/* ---- format_marks.c ------------------------------------------------------------------------- */

/*
 * Where a token begins; it ends where the next one does, so that texts of
 * overlapping pairs are cut into their characters.
 */
struct format_token {
    uint32_t start;
    uint32_t words; /* words before it */
    bool word, hard;
};

/* A part of the text that the query matched. */
struct format_match {
    uint32_t start, end;  /* bytes */
    uint32_t first, last; /* words, counted from 0 */
    uint16_t terms;       /* of the query, as bits */
};

struct format_marks;
struct format_marks *format_marks__new(const struct graph *g, const struct text_rules *rules);
void format_marks__free(struct format_marks *m); /* NULL is fine */
/* The query has no words: nothing is ever matched. */
bool format_marks__none(const struct format_marks *m);

/* A string or a number, seen through the query; good until the next call. */
struct format_view {
    struct bytes text;
    const struct format_token *tokens; /* one more than n_tokens, at the text's end */
    size_t n_tokens;
    const struct format_match *matches; /* rising, apart from each other */
    size_t n_matches;
};
/* Before each document. Its values are viewed as they stand in it, then asked for their matches. */
void format_marks__begin(struct format_marks *m);
void format_marks__view(struct format_marks *m, struct json_value v, struct format_view *ret_view);
/* Only the matches, and how many; of a value that was viewed it has them. Good until the next call.
 */
size_t format_marks__matches(struct format_marks *m, struct json_value v,
                             const struct format_match **ret_matches);

/* ---- format_crop.c ----------------------------------------------------------------------------
 */

/* The bytes of the text that n_words words around its best matches take; n_words > 0. */
void format_crop__window(const struct format_view *v, uint32_t n_words, size_t *ret_start,
                         size_t *ret_end);

/* ---- hit_fields.c ------------------------------------------------------------------------------
 */

/* Some fields of documents, with all that is inside of them. */
struct field_set {
    bool all;
    const struct bytes *names; /* borrowed, or in the arena */
    size_t n;
};
enum field_cover { FIELD_NONE, FIELD_INSIDE, FIELD_ALL };
enum field_cover field_set__covers(const struct field_set *f, struct bytes path);
/* Those of `names` (all, if not given or "*" is among them) that are displayed. */
enum rc field_set__shown(const struct plan *plan, const struct names *names, struct arena *arena,
                         struct field_set *ret_set, struct err *err) MUST_CHECK;
/* Adds those of other that are not there yet; the set's memory is new. */
enum rc field_set__join(struct field_set *f, const struct field_set *other, struct arena *arena,
                        struct err *err) MUST_CHECK;

/*
 * Walks the members of a document that are in the set, and writes an object of
 * them. `leaf` writes a value that is neither array nor object; NULL: values go
 * as they stand.
 */
struct field_writer {
    const struct field_set *fields;
    bool vectors; /* _vectors is a member like others */
    struct buf *path, *out;
    void (*leaf)(void *arg, struct bytes path, struct json_value v, struct buf *out);
    void *arg;
};
void field_writer__object(struct field_writer *w, struct json_value document);

/* ---- format_found.c -------------------------------------------------------------------------- */

struct format_found;
/* marks and displayed are borrowed. */
struct format_found *format_found__new(struct format_marks *marks,
                                       const struct field_set *displayed);
void format_found__free(struct format_found *f); /* NULL is fine */
/* Puts an object of all matches in displayed fields. */
void format_found__put(struct format_found *f, struct json_value document, struct json_writer *w);

/* ---- format.c -----------------------------------------------------------------------------------
 */

struct formatter;
enum rc formatter__new(const struct search *s, const struct graph *g, const struct field_set *shown,
                       struct formatter **ret_formatter, struct err *err) MUST_CHECK;
void formatter__free(struct formatter *f); /* NULL is fine */
/* Says that some document of the index has the field. */
void formatter__know(struct formatter *f, struct bytes field);
/* Appends ,"_formatted":{...} and ,"_matchesPosition":{...}, as asked for. */
void formatter__members(struct formatter *f, struct json_value document, struct json_writer *w);

/* ---- hit_score.c
 * --------------------------------------------------------------------------------- */

void hit_score__details(const struct plan *plan, const struct ranked *r, struct json_writer *w);

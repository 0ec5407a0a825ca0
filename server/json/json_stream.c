/* SPDX-License-Identifier: MIT */
/*
 * json_stream.c -- see json_stream.h.
 *
 * A small machine reads what stands between documents. Inside one only its end
 * is looked for: depth is counted without telling brackets from braces, and
 * strings are stepped over. Then json__parse() judges the whole of it, and it
 * says what is wrong and where; so the pieces cannot make a difference.
 *
 * (1) When the counted depth comes to zero the parser is at its end too, or has
 *     failed before: both see the same brackets outside of strings.
 * (2) A control character in a string, a wrong "\\u" and too much depth end the
 *     search early: the parser fails on what there is, and a broken document is
 *     not collected up to its limit. The four bytes behind "\\u" are always taken
 *     whole, because the parser asks for four before it looks at them.
 * (3) A document that lies within one piece is parsed where it lies, and most are
 *     parsed at once, without the search; only one that is cut is copied.
 * (4) A scalar ends at the byte behind it, which is shown to the parser too: it
 *     makes the difference between "expected ident" and an end of the text.
 */
#include "json/json_stream.h"

#include "base/assert.h"
#include "base/mem.h"
#include "json/json_int.h"
#include "json/json_scan.h"

enum state {
    AT_START,     /* nothing but whitespace yet */
    AT_FIRST,     /* behind '[' */
    AT_VALUE,     /* behind a comma of the array */
    AT_COMMA,     /* behind an element */
    AT_LINE,      /* NDJSON: between documents */
    AT_END,       /* only whitespace may follow */
    IN_CONTAINER, /* inside a document that began with a bracket */
    IN_STRING,    /* in a string of it, or in a document that is a string */
    IN_ESCAPE,    /* behind a backslash there */
    IN_HEX,       /* behind "\\u" */
    IN_SCALAR,    /* in a number or a word */
    IS_OVER,      /* ended or failed */
};

/* A place in the stream. */
struct place {
    uint64_t offset, line, line_start;
};

struct json_stream {
    enum json_stream_mode mode;
    struct json_limits limits;
    json_stream_fn *fn;
    void *arg;                  /* borrowed */
    struct json_parser *parser; /* owned */
    enum state state;
    unsigned depth;
    unsigned n_hex;          /* bytes behind "\\u" so far */
    bool bad_hex;            /* one of them is no digit */
    struct buf part;         /* the document so far, if it began in an earlier piece */
    struct buf compact;      /* scratch */
    struct place at;         /* of the first byte not yet taken */
    struct json_error error; /* code JSON_OK while all is well */
};

struct json_stream *json_stream_new(enum json_stream_mode mode, const struct json_limits *limits,
                                    json_stream_fn *fn, void *arg)
{
    struct json_stream *s = xcalloc(1, sizeof *s);

    s->mode = mode;
    if (limits)
        s->limits = *limits;
    if (!s->limits.max_bytes)
        s->limits.max_bytes = JSON_DOCUMENT_DEFAULT;
    if (!s->limits.max_depth)
        s->limits.max_depth = JSON_DEPTH_DEFAULT;
    s->fn = fn;
    s->arg = arg;
    s->parser = json_parser_new();
    s->state = mode == JSON_STREAM_ARRAY ? AT_START : AT_LINE;
    buf_init(&s->part, BUF_NO_LIMIT); /* max_bytes is kept in take_document() */
    buf_init(&s->compact, BUF_NO_LIMIT);
    s->at.line = 1;
    return s;
}

void json_stream_free(struct json_stream *s)
{
    if (!s)
        return;
    json_parser_free(s->parser);
    buf_done(&s->part);
    buf_done(&s->compact);
    xfree(s);
}

static void move_place(struct place *at, const uint8_t *p, size_t n)
{
    const uint8_t *from = p, *end = p + n, *newline;

    while (from < end && (newline = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        from = newline + 1;
        at->line++;
        at->line_start = at->offset + (uint64_t)(from - p);
    }
    at->offset += n;
}

/* Fails at serde_json's index `at` of doc, which begins at s->at. */
static bool fail(struct json_stream *s, enum json_code code, struct bytes doc, size_t at)
{
    struct place place = s->at;

    if (at)
        move_place(&place, doc.p, at);
    s->error.code = code;
    s->error.offset = place.offset;
    s->error.line = place.line;
    s->error.column = place.offset - place.line_start;
    s->state = IS_OVER;
    return false;
}

/* The byte at p, in front of which all has been taken, is wrong. */
static bool fail_byte(struct json_stream *s, enum json_code code, const uint8_t *p)
{
    return fail(s, code, bytes_of(p, 1), 1);
}

/* Hands out the object that the parser holds. */
static bool hand_out(struct json_stream *s)
{
    struct json_value root = {s->parser, 0};
    struct bytes document = json_raw(root);

    if (s->parser->spaced || json__has_duplicates(root)) {
        buf_clear(&s->compact);
        json_compact_value(root, &s->compact);
        document = buf_view(&s->compact);
    }
    return s->fn(s->arg, document) || fail(s, JSON_STOPPED, document, 0);
}

/* Parses a whole document (behind which stands what does not belong to it) and hands it out. */
static bool take_document(struct json_stream *s, struct bytes doc)
{
    struct json_limits limits = s->limits;
    enum json_code code;
    size_t at;

    limits.max_bytes = doc.n; /* has been looked at, and here may be one byte more: (4) */
    code = json__parse(s->parser, doc, &limits, JSON_END_VALUE, &at);
    if (code != JSON_OK)
        return fail(s, code, doc, at);
    if (json_type((struct json_value){s->parser, 0}) != JSON_OBJECT)
        return fail(s, JSON_NOT_OBJECT, doc, 1);
    return hand_out(s);
}

/* What comes behind a document. */
static enum state state_after(const struct json_stream *s, bool in_array)
{
    if (s->mode == JSON_STREAM_LINES)
        return AT_LINE;
    return in_array ? AT_COMMA : AT_END;
}

/* The bits of s->depth: how deep in the document, and whether the document is in an array. */
enum { IN_ARRAY = 1 << 16, DEPTH_BITS = IN_ARRAY - 1 };

static void begin_document(struct json_stream *s, uint8_t first)
{
    bool in_array = s->state == AT_FIRST || s->state == AT_VALUE;

    s->depth = in_array ? IN_ARRAY : 0;
    if (first == '{' || first == '[')
        s->state = IN_CONTAINER;
    else if (first == '"')
        s->state = IN_STRING;
    else
        s->state = IN_SCALAR;
    if (s->state == IN_CONTAINER)
        s->depth++;
}

static void skip_spaces(struct json_stream *s, const uint8_t **pp, const uint8_t *end)
{
    const uint8_t *p = *pp;

    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    move_place(&s->at, *pp, (size_t)(p - *pp));
    *pp = p;
}

/* Between documents, at a byte that is no space. True: it is taken, or a document begun. */
static bool step_between(struct json_stream *s, const uint8_t **p)
{
    uint8_t c = **p;

    if (s->state == AT_END)
        return fail_byte(s, JSON_TRAILING_CHARACTERS, *p);
    if (s->state == AT_COMMA) {
        if (c != ',' && c != ']')
            return fail_byte(s, JSON_EXPECTED_LIST_COMMA, *p);
        s->state = c == ',' ? AT_VALUE : AT_END;
        move_place(&s->at, (*p)++, 1);
        return true;
    }
    if (s->state == AT_VALUE && c == ']')
        return fail_byte(s, JSON_TRAILING_COMMA, *p);
    if ((s->state == AT_START && c == '[') || (s->state == AT_FIRST && c == ']')) {
        s->state = c == '[' ? AT_FIRST : AT_END;
        move_place(&s->at, (*p)++, 1);
        return true;
    }
    begin_document(s, c);
    return true;
}

static bool ends_scalar(uint8_t c)
{
    switch (c) {
    case ' ':
    case '\n':
    case '\r':
    case '\t':
    case ',':
    case ':':
    case '"':
    case '[':
    case ']':
    case '{':
    case '}':
        return true;
    default:
        return false;
    }
}

enum found {
    FOUND_NOTHING, /* the piece ends before the document */
    FOUND_END,     /* *p is behind the document */
    FOUND_BAD,     /* it is broken before *p: (2) */
};

/* Walks through brackets and words, up to where a string begins. */
static enum found skip_container(struct json_stream *s, const uint8_t **pp, const uint8_t *end)
{
    const uint8_t *p = *pp;
    enum found found = FOUND_NOTHING;

    while (p < end && found == FOUND_NOTHING && s->state == IN_CONTAINER) {
        switch (*p++) {
        case '"':
            s->state = IN_STRING;
            break;
        case '{':
        case '[':
            s->depth++;
            if ((s->depth & DEPTH_BITS) > s->limits.max_depth)
                found = FOUND_BAD;
            break;
        case '}':
        case ']':
            s->depth--;
            if (!(s->depth & DEPTH_BITS))
                found = FOUND_END;
            break;
        default:
            break;
        }
    }
    *pp = p;
    return found;
}

static enum found skip_string(struct json_stream *s, const uint8_t **pp, const uint8_t *end)
{
    const uint8_t *p = json__skip_string(*pp, end);

    *pp = p;
    if (p == end)
        return FOUND_NOTHING;
    *pp = p + 1;
    if (*p == '\\') {
        s->state = IN_ESCAPE;
        return FOUND_NOTHING;
    }
    if (*p != '"')
        return FOUND_BAD;
    s->state = IN_CONTAINER;
    return s->depth & DEPTH_BITS ? FOUND_NOTHING : FOUND_END;
}

static enum found skip_hex(struct json_stream *s, uint8_t c)
{
    bool digit = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');

    s->bad_hex |= !digit;
    if (++s->n_hex < 4)
        return FOUND_NOTHING;
    s->state = IN_STRING;
    return s->bad_hex ? FOUND_BAD : FOUND_NOTHING;
}

/* Looks for the end of the document from *p on. first: *p is its first byte. */
static enum found find_end(struct json_stream *s, const uint8_t **p, const uint8_t *end, bool first)
{
    enum found found = FOUND_NOTHING;

    if (first && s->state != IN_SCALAR)
        ++*p; /* begin_document() has counted it */
    while (*p < end && found == FOUND_NOTHING) {
        if (s->state == IN_CONTAINER) {
            found = skip_container(s, p, end);
        } else if (s->state == IN_STRING) {
            found = skip_string(s, p, end);
        } else if (s->state == IN_ESCAPE) {
            s->state = *(*p)++ == 'u' ? IN_HEX : IN_STRING;
            s->n_hex = 0;
            s->bad_hex = false;
        } else if (s->state == IN_HEX) {
            found = skip_hex(s, *(*p)++);
        } else if (ends_scalar(**p) && !first) {
            found = FOUND_END;
        } else {
            ++*p;
        }
        first = false;
    }
    return found;
}

/*
 * The quick way for an object that begins at *from and ends in this piece; false
 * when it does not, or when anything is wrong with it: the search for its end
 * then decides, so that every split of the text is judged in the same way.
 */
static bool take_at_once(struct json_stream *s, const uint8_t **from, const uint8_t *end)
{
    struct bytes rest = bytes_of(*from, (size_t)(end - *from));
    const struct json_node *root;
    size_t at;

    if (**from != '{')
        return false;
    if (rest.n > s->limits.max_bytes)
        rest.n = s->limits.max_bytes;
    if (json__parse(s->parser, rest, &s->limits, JSON_END_VALUE, &at) != JSON_OK)
        return false;
    root = &s->parser->nodes[0];
    if (hand_out(s)) {
        move_place(&s->at, *from, root->end);
        *from += root->end;
        s->state = state_after(s, s->depth & IN_ARRAY);
    }
    return true;
}

/* Inside a document, which began at *from of this piece or in an earlier one. */
static bool step_inside(struct json_stream *s, const uint8_t **from, const uint8_t *end, bool first)
{
    const uint8_t *p = *from;
    bool scalar = s->state == IN_SCALAR;
    enum found found = find_end(s, &p, end, first);
    struct bytes doc = bytes_of(*from, (size_t)(p - *from));
    size_t room = s->limits.max_bytes - s->part.n;

    if (doc.n > room)
        return fail(s, JSON_TOO_LARGE, doc, 0);
    if (found == FOUND_NOTHING || s->part.n) {
        (void)buf_bytes(&s->part, doc);
        *from = p;
        if (found == FOUND_NOTHING)
            return true;
        doc = buf_view(&s->part);
    }
    if (scalar && s->part.n) { /* (4) */
        (void)buf_byte(&s->part, *p);
        doc = buf_view(&s->part);
    } else if (scalar) {
        doc.n++;
    }
    if (!take_document(s, doc))
        return false;
    ASSERT(!scalar && found == FOUND_END); /* (2): else it has failed */
    move_place(&s->at, doc.p, doc.n);
    buf_clear(&s->part);
    s->state = state_after(s, s->depth & IN_ARRAY);
    *from = p;
    return true;
}

static enum rc report(const struct json_stream *s, struct json_error *err)
{
    if (s->error.code != JSON_OK && err)
        *err = s->error;
    return json__rc(s->error.code);
}

enum rc json_stream_feed(struct json_stream *s, struct bytes piece, struct json_error *err)
{
    const uint8_t *p = piece.p, *end = piece.n ? piece.p + piece.n : piece.p;

    ASSERT(s->state != IS_OVER || s->error.code != JSON_OK);
    while (p < end && s->state != IS_OVER) {
        bool first = s->state < IN_CONTAINER;

        if (first) {
            skip_spaces(s, &p, end);
            if (p == end || !step_between(s, &p))
                break;
        }
        if (s->state < IN_CONTAINER || (first && take_at_once(s, &p, end)))
            continue;
        if (!step_inside(s, &p, end, first))
            break;
    }
    return report(s, err);
}

enum rc json_stream_end(struct json_stream *s, struct json_error *err)
{
    struct bytes none = {0};

    switch (s->state) {
    case AT_START:
    case AT_VALUE:
        (void)fail(s, JSON_EOF_VALUE, none, 0);
        break;
    case AT_FIRST:
    case AT_COMMA:
        (void)fail(s, JSON_EOF_LIST, none, 0);
        break;
    case IN_CONTAINER:
    case IN_STRING:
    case IN_ESCAPE:
    case IN_HEX:
    case IN_SCALAR:
        /* The parser finds what is missing, or that it is no object. */
        if (take_document(s, buf_view(&s->part)))
            NEVER("an unfinished document was accepted");
        break;
    case AT_LINE:
    case AT_END:
        s->state = IS_OVER;
        break;
    case IS_OVER:
        ASSERT(s->error.code != JSON_OK);
        break;
    }
    return report(s, err);
}

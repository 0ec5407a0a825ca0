/* SPDX-License-Identifier: MIT */
/*
 * json_parse.c -- one strict pass over the text, leaving a tape of nodes.
 *
 * (1) No recursion: open containers are on a stack of JSON_DEPTH_MAX places.
 * (2) Every byte is looked at once; strings 16 at a time, to the next quote,
 *     backslash, control character or byte over 0x7F.
 * (3) Codes and places are serde_json's. Its places are indexes *behind* the
 *     bad byte (or the length, at the end of the text), and so are ours here.
 * (4) In a string that is not UTF-8 serde_json reads on to the closing quote
 *     and complains there; what is wrong with escapes before that comes first.
 * (5) A string's unescaped form is never longer than its raw form, so room for
 *     the rest of the text is enough scratch for all strings to come.
 */
#include "json/json_int.h"

#include "base/assert.h"
#include "base/attr.h"
#include "base/mem.h"
#include "json/json_scan.h"

enum {
    NODES_FIRST = 64,
    KEEP_NODES = 64 * 1024,     /* nodes and scratch kept for the next text, */
    KEEP_SCRATCH = 1024 * 1024, /* however large the last one was */
};

struct open {
    uint32_t node;
    uint32_t count;
};

struct scan {
    const uint8_t *p, *end, *text;
    struct json_parser *to;
    uint32_t max_nodes;
    unsigned depth, max_depth;
    enum json_code code;
    const uint8_t *at; /* of the failure; (3) */
    bool spaced;
    struct open open[JSON_DEPTH_MAX];
};

static bool fail(struct scan *s, enum json_code code, const uint8_t *at)
{
    s->code = code;
    s->at = at;
    return false;
}

/* The byte at p is wrong: serde_json's place is behind it. */
static bool fail_here(struct scan *s, enum json_code code)
{
    return fail(s, code, s->p + 1);
}

static bool grow_nodes(struct scan *s)
{
    struct json_parser *to = s->to;
    uint32_t cap = to->cap_nodes ? to->cap_nodes : NODES_FIRST / 2;

    if (to->n_nodes >= s->max_nodes)
        return fail_here(s, JSON_TOO_MANY);
    cap = cap > UINT32_MAX / 2 ? UINT32_MAX : cap * 2;
    to->nodes = xrealloc(to->nodes, cap * sizeof *to->nodes);
    to->cap_nodes = cap;
    return true;
}

/* A node for the value that begins at start; NULL after failing. */
static inline struct json_node *add_node(struct scan *s, const uint8_t *start)
{
    struct json_parser *to = s->to;
    struct json_node *node;

    if (to->n_nodes >= to->cap_nodes || to->n_nodes >= s->max_nodes) {
        if (!grow_nodes(s))
            return NULL;
    }
    node = &to->nodes[to->n_nodes++];
    node->start = (uint32_t)(start - s->text);
    return node;
}

static bool skip_spaces(struct scan *s)
{
    const uint8_t *p = s->p;

    while (p < s->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    s->spaced |= p != s->p;
    s->p = p;
    return p < s->end;
}

/* Moves to the next token; false at the end of the text. */
static inline bool next_token(struct scan *s)
{
    if (s->p<s->end && * s->p> ' ')
        return true;
    return skip_spaces(s);
}

/* A string that is not all plain; u has been filled up to there. */
static bool take_escaped(struct scan *s, struct json_node *node, struct json_unescape *u)
{
    struct json_parser *to = s->to;
    size_t need = to->n_scratch + (size_t)(u->end - u->from);
    enum json_code code;

    if (to->cap_scratch < need) { /* once a text, see (5) */
        to->scratch = xrealloc(to->scratch, need);
        to->cap_scratch = need;
    }
    u->to = to->scratch + to->n_scratch;
    code = json__unescape(u);
    if (code != JSON_OK)
        return fail(s, code, u->at);
    s->p = u->from;
    node->end = (uint32_t)(s->p - s->text);
    node->a = (uint32_t)to->n_scratch;
    node->b = (uint32_t)((size_t)(u->to - to->scratch) - to->n_scratch);
    to->n_scratch += node->b;
    return true;
}

static inline bool take_string(struct scan *s)
{
    const uint8_t *from = s->p + 1, *p;
    struct json_node *node = add_node(s, s->p);
    bool bad = false;

    if (!node)
        return false;
    p = json__skip_text(from, s->end, &bad);
    if (p == s->end)
        return fail(s, JSON_EOF_STRING, p);
    if (*p != '"') {
        struct json_unescape u = {.from = from, .p = p, .end = s->end, .bad = bad};

        return take_escaped(s, node, &u);
    }
    s->p = p + 1;
    if (bad)
        return fail(s, JSON_INVALID_UNICODE, s->p);
    node->end = (uint32_t)(s->p - s->text);
    node->a = JSON__IN_TEXT;
    node->b = (uint32_t)(p - from);
    return true;
}

static inline bool is_digit(const uint8_t *p, const uint8_t *end)
{
    return p < end && (uint8_t)(*p - '0') <= 9;
}

/* A digit must stand at p. */
static bool fail_digit(struct scan *s, const uint8_t *p)
{
    return p == s->end ? fail(s, JSON_EOF_VALUE, p) : fail(s, JSON_INVALID_NUMBER, p + 1);
}

static inline bool take_number(struct scan *s)
{
    const uint8_t *p = s->p, *end = s->end;
    struct json_node *node = add_node(s, p);

    if (!node)
        return false;
    p += *p == '-';
    if (!is_digit(p, end))
        return fail_digit(s, p);
    if (*p++ == '0') {
        if (is_digit(p, end))
            return fail_digit(s, p);
    } else {
        while (is_digit(p, end))
            p++;
    }
    if (p < end && *p == '.') {
        p++;
        if (!is_digit(p, end))
            return fail_digit(s, p);
        while (is_digit(p, end))
            p++;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        if (!is_digit(p, end))
            return fail_digit(s, p);
        while (is_digit(p, end))
            p++;
    }
    s->p = p;
    node->end = (uint32_t)(p - s->text);
    return true;
}

static bool take_word(struct scan *s, const char *word, size_t n)
{
    struct json_node *node = add_node(s, s->p);
    size_t i;

    if (!node)
        return false;
    for (i = 1; i < n; i++) { /* the first letter brought us here */
        if (s->p + i == s->end)
            return fail(s, JSON_EOF_VALUE, s->end);
        if (s->p[i] != (uint8_t)word[i])
            return fail(s, JSON_EXPECTED_IDENT, s->p + i + 1);
    }
    s->p += n;
    node->end = (uint32_t)(s->p - s->text);
    return true;
}

/* A key and its colon. */
static inline bool take_key(struct scan *s)
{
    if (!take_string(s))
        return false;
    if (!next_token(s))
        return fail(s, JSON_EOF_OBJECT, s->end);
    if (*s->p != ':')
        return fail_here(s, JSON_EXPECTED_COLON);
    s->p++;
    return true;
}

static inline void close_container(struct scan *s)
{
    struct open *top = &s->open[--s->depth];
    struct json_node *node = &s->to->nodes[top->node];

    s->p++;
    node->end = (uint32_t)(s->p - s->text);
    node->a = s->to->n_nodes;
    node->b = top->count;
}

enum step { STEP_FAILED, STEP_VALUE, STEP_CLOSED };

/* Takes '[' or '{'; then a value comes, or it was empty and is closed. */
static inline enum step open_container(struct scan *s)
{
    bool object = *s->p == '{';

    if (s->depth == s->max_depth) {
        (void)fail_here(s, JSON_TOO_DEEP);
        return STEP_FAILED;
    }
    if (!add_node(s, s->p))
        return STEP_FAILED;
    s->open[s->depth++] = (struct open){s->to->n_nodes - 1, 0};
    s->p++;
    if (!next_token(s)) {
        (void)fail(s, object ? JSON_EOF_OBJECT : JSON_EOF_LIST, s->end);
        return STEP_FAILED;
    }
    if (*s->p == (object ? '}' : ']')) {
        close_container(s);
        return STEP_CLOSED;
    }
    s->open[s->depth - 1].count = 1;
    if (!object)
        return STEP_VALUE;
    if (*s->p != '"') {
        (void)fail_here(s, JSON_KEY_NOT_STRING);
        return STEP_FAILED;
    }
    return take_key(s) ? STEP_VALUE : STEP_FAILED;
}

/* Behind a value inside a container: a comma and what must follow it, or the end. */
static inline enum step after_value(struct scan *s)
{
    struct open *top = &s->open[s->depth - 1];
    bool object = s->text[s->to->nodes[top->node].start] == '{';
    uint8_t closing = object ? '}' : ']';
    enum json_code code;

    if (!next_token(s)) {
        (void)fail(s, object ? JSON_EOF_OBJECT : JSON_EOF_LIST, s->end);
        return STEP_FAILED;
    }
    if (*s->p == closing) {
        close_container(s);
        return STEP_CLOSED;
    }
    if (*s->p != ',') {
        (void)fail_here(s, object ? JSON_EXPECTED_OBJECT_COMMA : JSON_EXPECTED_LIST_COMMA);
        return STEP_FAILED;
    }
    s->p++;
    if (!next_token(s)) {
        (void)fail(s, JSON_EOF_VALUE, s->end);
        return STEP_FAILED;
    }
    top->count++;
    if (*s->p != closing && (!object || *s->p == '"'))
        return !object || take_key(s) ? STEP_VALUE : STEP_FAILED;
    code = *s->p == closing ? JSON_TRAILING_COMMA : JSON_KEY_NOT_STRING;
    (void)fail_here(s, code);
    return STEP_FAILED;
}

/* What begins at the next token: a scalar as a whole, or the opening of a container. */
static inline enum step begin_value(struct scan *s)
{
    bool ok;

    if (!next_token(s)) {
        (void)fail(s, JSON_EOF_VALUE, s->end);
        return STEP_FAILED;
    }
    switch (*s->p) {
    case '"':
        ok = take_string(s);
        break;
    case '{':
    case '[':
        return open_container(s);
    case 't':
        ok = take_word(s, "true", 4);
        break;
    case 'f':
        ok = take_word(s, "false", 5);
        break;
    case 'n':
        ok = take_word(s, "null", 4);
        break;
    default:
        if (*s->p != '-' && !is_digit(s->p, s->end))
            ok = fail_here(s, JSON_EXPECTED_VALUE);
        else
            ok = take_number(s);
    }
    return ok ? STEP_CLOSED : STEP_FAILED;
}

static bool take_value(struct scan *s)
{
    for (;;) {
        enum step step = begin_value(s);

        while (step == STEP_CLOSED && s->depth > 0)
            step = after_value(s);
        if (step != STEP_VALUE)
            return step == STEP_CLOSED;
    }
}

/* One large text must not hold its memory through a thousand small ones. */
static void begin_text(struct json_parser *parser, struct bytes text)
{
    if (parser->cap_nodes > KEEP_NODES && text.n < KEEP_NODES) {
        xfree(parser->nodes);
        parser->nodes = NULL;
        parser->cap_nodes = 0;
    }
    if (parser->cap_scratch > KEEP_SCRATCH && text.n < KEEP_SCRATCH) {
        xfree(parser->scratch);
        parser->scratch = NULL;
        parser->cap_scratch = 0;
    }
    parser->text = text;
    parser->n_nodes = 0;
    parser->n_scratch = 0;
}

enum json_code json__parse(struct json_parser *parser, struct bytes text,
                           const struct json_limits *limits, enum json_end end, size_t *ret_at)
{
    static const struct json_limits defaults;
    struct scan s;

    limits = limits ? limits : &defaults;
    s.max_depth = limits->max_depth ? limits->max_depth : JSON_DEPTH_DEFAULT;
    ASSERT(s.max_depth <= JSON_DEPTH_MAX);
    *ret_at = 0;
    begin_text(parser, text);
    if (text.n > (limits->max_bytes ? limits->max_bytes : UINT32_MAX - 1) ||
        text.n > UINT32_MAX - 1)
        return JSON_TOO_LARGE;
    if (!text.n) /* also for a NULL, with which no arithmetic may be done */
        return JSON_EOF_VALUE;
    s.p = s.text = text.p;
    s.end = text.p + text.n;
    s.to = parser;
    s.max_nodes = limits->max_values && limits->max_values < UINT32_MAX
                      ? (uint32_t)limits->max_values
                      : UINT32_MAX;
    s.depth = 0;
    s.spaced = false;
    s.code = JSON_OK;
    if (take_value(&s) && end == JSON_END_TEXT && next_token(&s))
        (void)fail_here(&s, JSON_TRAILING_CHARACTERS);
    parser->spaced = s.spaced;
    if (s.code != JSON_OK)
        *ret_at = (size_t)(s.at - s.text);
    return s.code;
}

/* SPDX-License-Identifier: MIT */
/* packages.c -- Debian's control stanzas to NDJSON: a real data set on every Debian machine. */
#include "corpus.h"

#include "base/buf.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 64, STANZA_MAX = 16 << 20 };

struct field {
    struct bytes name;
    struct bytes value; /* continuation lines and all */
};

struct stanza {
    struct buf text; /* whole, so that fields can borrow */
    struct field fields[FIELDS_MAX];
    size_t n_fields;
};

static struct bytes trimmed(struct bytes b)
{
    while (b.n && (b.p[0] == ' ' || b.p[0] == '\t' || b.p[0] == '\n')) {
        b.p++;
        b.n--;
    }
    while (b.n && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t' || b.p[b.n - 1] == '\n'))
        b.n--;
    return b;
}

/* "Name: value" lines; a line that begins with a blank goes on with the one before. */
static void split_stanza(struct stanza *s)
{
    const uint8_t *p = s->text.p, *end = s->text.p + s->text.n;

    s->n_fields = 0;
    while (p < end) {
        const uint8_t *stop = p, *colon;

        do {
            stop = memchr(stop, '\n', (size_t)(end - stop));
            stop = stop ? stop + 1 : end;
        } while (stop < end && (*stop == ' ' || *stop == '\t'));
        colon = memchr(p, ':', (size_t)(stop - p));
        if (colon && s->n_fields < FIELDS_MAX) {
            s->fields[s->n_fields].name = bytes_of(p, (size_t)(colon - p));
            s->fields[s->n_fields++].value =
                trimmed(bytes_of(colon + 1, (size_t)(stop - colon - 1)));
        }
        p = stop;
    }
}

static struct bytes find(const struct stanza *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->n_fields; i++)
        if (bytes_eq(s->fields[i].name, bytes_str(name)))
            return s->fields[i].value;
    return bytes_of(NULL, 0);
}

static void put_id(struct json_writer *w, struct bytes package, struct buf *scratch)
{
    size_t i;

    buf_clear(scratch);
    for (i = 0; i < package.n; i++) {
        if (package.p[i] == '+')
            buf_str(scratch, "_p");
        else if (package.p[i] == '.')
            buf_str(scratch, "_d");
        else
            buf_byte(scratch, package.p[i]);
    }
    json_key(w, "id");
    json_put_string(w, buf_view(scratch));
}

static void put_text(struct json_writer *w, const char *key, struct bytes value)
{
    if (value.n == 0)
        return;
    json_key(w, key);
    json_put_string(w, value);
}

static void put_number(struct json_writer *w, const char *key, struct bytes value)
{
    uint64_t n;

    if (!json_parse_u64(value, &n))
        return;
    json_key(w, key);
    json_put_u64(w, n);
}

/* Extended descriptions: a line ".", alone, is an empty one; each has a blank in front. */
static void put_description(struct json_writer *w, struct bytes value, struct buf *scratch)
{
    const uint8_t *newline = memchr(value.p, '\n', value.n);
    struct bytes first = newline ? bytes_of(value.p, (size_t)(newline - value.p)) : value;
    struct bytes rest = newline ? bytes_of(newline, value.n - first.n) : bytes_of(NULL, 0);

    put_text(w, "summary", first);
    buf_clear(scratch);
    while (rest.n) {
        const uint8_t *stop;
        struct bytes line;

        rest.p++; /* the newline */
        rest.n--;
        stop = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
        line = trimmed(bytes_of(rest.p, stop ? (size_t)(stop - rest.p) : rest.n));
        if (scratch->n)
            buf_byte(scratch, '\n');
        if (!bytes_eq(line, B(".")))
            buf_bytes(scratch, line);
        rest = stop ? bytes_of(stop, rest.n - (size_t)(stop - rest.p)) : bytes_of(NULL, 0);
    }
    put_text(w, "description", buf_view(scratch));
}

/* "a, b" lists and "a (>= 1) | b" relations: the plain names. */
static void put_list(struct json_writer *w, const char *key, struct bytes value)
{
    size_t i = 0;

    if (value.n == 0)
        return;
    json_key(w, key);
    json_begin_array(w);
    while (i < value.n) {
        size_t start, stop;

        while (i < value.n && (value.p[i] == ' ' || value.p[i] == '\n' || value.p[i] == ','))
            i++;
        start = stop = i;
        while (i < value.n && value.p[i] != ',') {
            if (stop == i && value.p[i] != ' ' && value.p[i] != '(' && value.p[i] != '|' &&
                value.p[i] != '\n')
                stop++;
            i++;
        }
        if (stop > start)
            json_put_string(w, bytes_of(value.p + start, stop - start));
    }
    json_end_array(w);
}

static bool write_package(const struct stanza *s, struct buf *line, struct buf *scratch, FILE *out)
{
    struct bytes package = find(s, "Package");
    struct json_writer w;

    if (package.n == 0)
        return true;
    buf_clear(line);
    json_writer_init(&w, line);
    json_begin_object(&w);
    put_id(&w, package, scratch);
    put_text(&w, "package", package);
    put_text(&w, "version", find(s, "Version"));
    put_text(&w, "section", find(s, "Section"));
    put_text(&w, "priority", find(s, "Priority"));
    put_text(&w, "architecture", find(s, "Architecture"));
    put_text(&w, "maintainer", find(s, "Maintainer"));
    put_text(&w, "homepage", find(s, "Homepage"));
    put_number(&w, "size", find(s, "Size"));
    put_number(&w, "installed_size", find(s, "Installed-Size"));
    put_list(&w, "depends", find(s, "Depends"));
    put_list(&w, "tags", find(s, "Tag"));
    put_description(&w, find(s, "Description"), scratch);
    json_end_object(&w);
    buf_byte(line, '\n');
    return buf_ok(line) && fwrite(line->p, 1, line->n, out) == line->n;
}

bool corpus_packages(FILE *in, FILE *out, uint64_t *ret_documents)
{
    struct stanza stanza;
    struct buf line, scratch;
    char *text = NULL;
    size_t cap = 0;
    ssize_t n;
    bool ok = true;

    memset(&stanza, 0, sizeof stanza);
    buf_init(&stanza.text, STANZA_MAX);
    buf_init(&line, STANZA_MAX);
    buf_init(&scratch, STANZA_MAX);
    *ret_documents = 0;
    while (ok) {
        n = getline(&text, &cap, in);
        if (n > 1) {
            buf_append(&stanza.text, text, (size_t)n);
            continue;
        }
        if (stanza.text.n) { /* an empty line or the end: the stanza is whole */
            split_stanza(&stanza);
            ok = buf_ok(&stanza.text) && write_package(&stanza, &line, &scratch, out);
            buf_clear(&stanza.text);
            ++*ret_documents;
        }
        if (n <= 0)
            break;
    }
    ok = ok && !ferror(in) && fflush(out) == 0;
    free(text); /* getline's own */
    buf_done(&scratch);
    buf_done(&line);
    buf_done(&stanza.text);
    return ok;
}

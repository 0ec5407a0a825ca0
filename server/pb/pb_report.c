/* SPDX-License-Identifier: MIT */
/*
 * pb_report.c -- the lists inside refusals: accepted members, accepted values.
 */
#include "pb_int.h"

enum {
    MAX_NAMES = 64,   /* candidates for a hint; more are still listed */
    MAX_QUOTED = 700, /* bytes of a value in a refusal: the rest of the sentence must fit, too */
};

struct names {
    const char *list[MAX_NAMES];
    size_t n;
};

struct bytes pb__quotable(struct bytes text)
{
    size_t n = MAX_QUOTED;

    if (text.n <= n)
        return text;
    while (n > 0 && (text.p[n] & 0xc0) == 0x80)
        n--;
    return bytes_of(text.p, n);
}

static void add(struct buf *out, struct names *names, const char *name)
{
    if (names->n < MAX_NAMES)
        names->list[names->n++] = name;
    buf_printf(out, "%s`%s`", out->n ? ", " : "", name);
}

/* "did you mean `a`? expected one of " and the list. */
static void put_expected(struct buf *out, const struct buf *list, const struct names *names,
                         struct bytes got, bool hint)
{
    const char *candidate = hint ? pb_did_you_mean(got, names->list, names->n) : NULL;

    if (list->n == 0) {
        buf_str(out, "none is expected here");
        return;
    }
    if (candidate)
        buf_printf(out, "did you mean `%s`? ", candidate);
    buf_str(out, "expected one of ");
    buf_bytes(out, buf_view(list));
}

void pb__list_members(struct buf *out, const struct pb_message_meta *meta, uint32_t not_flags,
                      const char *const *taken, struct bytes got, bool hint)
{
    struct names names = {.n = 0};
    struct buf list;
    size_t i;

    buf_init(&list, ERR_MSG_MAX);
    for (i = 0; i < meta->desc->n_fields; i++)
        if (pb__is_member(meta, i, not_flags, taken))
            add(&list, &names, meta->fields[i].json_name);
    put_expected(out, &list, &names, got, hint);
    buf_done(&list);
}

static void list_values(struct buf *list, struct names *names, const struct pb_enum_meta *e)
{
    unsigned i;

    for (i = 0; i < e->desc->n_values; i++)
        if (e->json_names[i] && !(e->output_only && e->output_only[i]))
            add(list, names, e->json_names[i]);
}

void pb__list_values(struct buf *out, const struct pb_enum_meta *e, struct bytes got, bool hint)
{
    struct names names = {.n = 0};
    struct buf list;

    buf_init(&list, ERR_MSG_MAX);
    list_values(&list, &names, e);
    put_expected(out, &list, &names, got, hint);
    buf_done(&list);
}

void pb__fill_enum_error(struct buf *out, const char *pattern, const struct pb_enum_meta *e,
                         struct bytes got)
{
    struct names names = {.n = 0};
    struct buf list;

    buf_init(&list, ERR_MSG_MAX);
    list_values(&list, &names, e);
    while (*pattern) {
        if (strncmp(pattern, "{v}", 3) == 0) {
            buf_bytes(out, pb__quotable(got));
            pattern += 3;
        } else if (strncmp(pattern, "{list}", 6) == 0) {
            buf_bytes(out, buf_view(&list));
            pattern += 6;
        } else {
            buf_byte(out, (uint8_t)*pattern++);
        }
    }
    buf_done(&list);
}

/* SPDX-License-Identifier: MIT */
/*
 * match_fields.c -- the rank of every field, and whether its words count in this search.
 *
 * attributesToSearchOn names fields of which only the words count;
 * disableOnAttributes names fields whose words must be as typed.
 */
#include "query/rank_int.h"

static bool is_asked_for(const struct names *names, struct bytes field)
{
    if (!names->given)
        return true;
    for (size_t i = 0; i < names->n; i++) {
        if (plan_covers(names->at[i], field) || plan_pattern_matches(names->at[i], field))
            return true;
    }
    return false;
}

static bool takes_typos(const struct plan *plan, struct bytes field)
{
    for (size_t i = 0; i < plan->n_typo_fields; i++) {
        if (plan_covers(plan->typo_fields[i], field))
            return false;
    }
    return true;
}

enum rc match__fields(const struct search *s, struct match_fields *ret_fields, struct err *err)
{
    uint32_t n = reader_n_fields(s->reader);
    uint32_t *rank = arena_zalloc(s->arena, (n + 1) * sizeof(*rank));
    uint8_t *flags = arena_zalloc(s->arena, n + 1);

    if (!rank || !flags)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    *ret_fields = (struct match_fields){
        .n = n, .rank = rank, .flags = flags, .all = true, .typos_in_all = true};
    for (uint32_t i = 0; i < n; i++) {
        struct bytes name = reader_field_name(s->reader, i);
        int place = plan_field_rank(s->plan, name);

        rank[i] = place < 0 ? 0 : (uint32_t)place;
        if (place >= 0 && is_asked_for(&s->spec->search_on, name))
            flags[i] |= FIELD_SEARCHED;
        else
            ret_fields->all = false;
        if (takes_typos(s->plan, name))
            flags[i] |= FIELD_TYPOS;
        else
            ret_fields->typos_in_all = false;
    }
    return RC_OK;
}

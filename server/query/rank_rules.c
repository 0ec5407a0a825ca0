/* SPDX-License-Identifier: MIT */
/*
 * rank_rules.c -- the settings' ranking rules as the layout of a cost and steps of a comparison.
 *
 * Text rules that follow each other are one step: bits of the cost that lie
 * side by side. A sort rule is a step of its own. `words` stands before the
 * first text rule even if it is not asked for, and not at all when all terms
 * must match. Without terms there are only sort rules.
 */
#include "query/rank_int.h"

struct maker {
    const struct search *s;
    struct rank_rules *r;
    bool placeholder;
    bool text_seen;
};

static void add_cost(struct rank_rules *r, enum cost which)
{
    if (r->has[which])
        return;
    r->has[which] = true;
    r->order[r->n_order++] = which;
    if (r->n_steps == 0 || r->steps[r->n_steps - 1].mask == 0)
        r->steps[r->n_steps++] = (struct rank_step){0};
    r->steps[r->n_steps - 1].mask |= (uint64_t)1 << which; /* by name until shifts are known */
}

static void add_rule(struct rank_rules *r, enum rule_kind kind, size_t sort)
{
    r->rules[r->n_rules++] = (struct rank_rule){kind, sort};
}

static bool is_sorted_by(const struct rank_rules *r, struct bytes field, bool geo)
{
    for (size_t i = 0; i < r->n_sorts; i++) {
        if (!geo && !r->sorts[i].geo && bytes_eq(r->sorts[i].field, field))
            return true;
    }
    return false;
}

static enum rc add_sort(struct maker *m, const struct sort_rule *rule, struct err *err)
{
    struct rank_rules *r = m->r;
    enum rc rc;

    if (is_sorted_by(r, rule->field, rule->geo))
        return RC_OK;
    r->sorts[r->n_sorts] = *rule;
    rc = sort__open(m->s->reader, &r->sorts[r->n_sorts], err);
    if (rc != RC_OK)
        return rc;
    r->steps[r->n_steps++] = (struct rank_step){.sort = r->n_sorts};
    add_rule(r, rule->kind, r->n_sorts);
    r->n_sorts++;
    return RC_OK;
}

static enum rc add_asked_sorts(struct maker *m, struct err *err)
{
    for (size_t i = 0; i < m->s->spec->sort.n; i++) {
        struct sort_rule rule = {0};
        enum rc rc = sort__parse(m->s->spec->sort.at[i], "invalid_search_sort", &rule, err);

        if (rc == RC_OK)
            rc = add_sort(m, &rule, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc add_custom(struct maker *m, const struct plan_rule *rule, struct err *err)
{
    bool descending = rule->kind == RULE_DESC;
    struct sort_rule sort = {.kind = rule->kind, .field = rule->field, .descending = descending};
    const char *text =
        arena_printf(m->s->arena, "%.*s:%s", BYTES_ARG(rule->field), descending ? "desc" : "asc");

    if (!text)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    sort.text = bytes_str(text);
    return add_sort(m, &sort, err);
}

/* A text rule, all but words; says whether it adds anything. */
static void add_text(struct maker *m, enum rule_kind kind)
{
    static const struct {
        enum rule_kind kind;
        enum cost first, second; /* N_COSTS: one only */
    } table[] = {
        {RULE_TYPO, COST_TYPO, N_COSTS},
        {RULE_PROXIMITY, COST_PROXIMITY, N_COSTS},
        {RULE_ATTRIBUTE, COST_ATTRIBUTE, COST_POSITION},
        {RULE_ATTRIBUTE_RANK, COST_ATTRIBUTE, N_COSTS},
        {RULE_WORD_POSITION, COST_POSITION, N_COSTS},
        {RULE_EXACTNESS, COST_EXACT_ATTRIBUTE, COST_EXACT_WORDS},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].kind != kind || m->r->has[table[i].first])
            continue;
        add_rule(m->r, kind, 0);
        add_cost(m->r, table[i].first);
        if (table[i].second != N_COSTS)
            add_cost(m->r, table[i].second);
    }
}

static void add_words(struct maker *m)
{
    if (m->text_seen)
        return;
    m->text_seen = true;
    if (m->s->spec->strategy == MATCH_ALL)
        return;
    add_rule(m->r, RULE_WORDS, 0);
    add_cost(m->r, COST_WORDS);
}

static enum rc add(struct maker *m, const struct plan_rule *rule, struct err *err)
{
    switch (rule->kind) {
    case RULE_SORT:
        return add_asked_sorts(m, err);
    case RULE_ASC:
    case RULE_DESC:
        return add_custom(m, rule, err);
    case RULE_WORDS:
    case RULE_TYPO:
    case RULE_PROXIMITY:
    case RULE_ATTRIBUTE:
    case RULE_ATTRIBUTE_RANK:
    case RULE_WORD_POSITION:
    case RULE_EXACTNESS:
        break;
    }
    if (m->placeholder)
        return RC_OK;
    add_words(m);
    if (rule->kind != RULE_WORDS)
        add_text(m, rule->kind);
    return RC_OK;
}

/* The last cost gets the lowest bits; masks by name become masks of bits. */
static void lay_out(struct rank_rules *r)
{
    unsigned shift = 0;

    for (size_t i = r->n_order; i-- > 0;) {
        r->shift[r->order[i]] = (uint8_t)shift;
        shift += rank__cost_bits(r->order[i]);
    }
    ASSERT(shift < 64);
    for (size_t i = 0; i < r->n_steps; i++) {
        uint64_t mask = 0;

        for (unsigned c = 0; c < N_COSTS; c++) {
            if (r->steps[i].mask >> c & 1)
                mask |= (((uint64_t)1 << rank__cost_bits(c)) - 1) << r->shift[c];
        }
        r->steps[i].mask = mask;
    }
}

enum rc rank_rules__make(const struct search *s, bool placeholder, struct rank_rules *ret_rules,
                         struct err *err)
{
    size_t room = s->plan->n_rules + s->spec->sort.n + N_COSTS;
    struct maker m = {.s = s, .r = ret_rules, .placeholder = placeholder};

    *ret_rules = (struct rank_rules){0};
    ret_rules->steps = arena_zalloc(s->arena, room * sizeof(*ret_rules->steps));
    ret_rules->rules = arena_zalloc(s->arena, room * sizeof(*ret_rules->rules));
    ret_rules->sorts = arena_zalloc(s->arena, room * sizeof(*ret_rules->sorts));
    if (!ret_rules->steps || !ret_rules->rules || !ret_rules->sorts)
        return err_set(err, RC_TOO_LARGE, NULL, "the search takes too much memory");
    for (size_t i = 0; i < s->plan->n_rules; i++) {
        enum rc rc = add(&m, &s->plan->rules[i], err);

        if (rc != RC_OK)
            return rc;
    }
    if (!placeholder) /* without any text rule dropped terms still come last */
        add_words(&m);
    lay_out(ret_rules);
    return RC_OK;
}

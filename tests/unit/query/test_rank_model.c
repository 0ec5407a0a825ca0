/* SPDX-License-Identifier: MIT */
/*
 * test_rank_model.c -- ranking against a slow reference, on small random indexes.
 *
 * The reference knows the documents' words and the query's graph. For every
 * document it walks all paths one by one, keeps costs as a list of numbers (not
 * packed, not summed on the way), takes the best list rule by rule, and sorts
 * all documents. The engine must agree on order, totals and scores.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "corpus.h"

enum { DOCS = 40, FIELDS = 3, WORDS = 9, ROUNDS = 60, QUERIES = 12 };

static const char *const vocabulary[] = {"sun",    "flower", "sunflower", "flowers", "glower",
                                         "sunny",  "dark",   "darkness",  "bark",    "knight",
                                         "nights", "knihgt", "a",         "an",      "and"};
enum { N_VOCABULARY = sizeof(vocabulary) / sizeof(vocabulary[0]) };

struct text {
    const char *word[WORDS];
    uint32_t position[WORDS];
    size_t n;
};
static struct {
    struct text field[DOCS][FIELDS];
    int price[DOCS]; /* < 0: none */
    char json[DOCS][1024];
    const char *texts[DOCS + 1];
} docs;

static struct {
    uint32_t rank[FIELDS];
    bool searched[FIELDS], typos[FIELDS];
    enum rule_kind rules[8];
    size_t n_rules;
    bool ascending;
} now;

static uint64_t state;

static unsigned any(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* ---- the documents -------------------------------------------------------------------- */

static void make_document(unsigned d)
{
    size_t n = (size_t)snprintf(docs.json[d], sizeof(docs.json[d]), "{\"id\":%u", d);

    for (unsigned f = 0; f < FIELDS; f++) {
        struct text *t = &docs.field[d][f];
        uint32_t position = 0;

        t->n = any(WORDS);
        n += (size_t)snprintf(docs.json[d] + n, sizeof(docs.json[d]) - n, ",\"%c\":\"", 'x' + f);
        for (size_t i = 0; i < t->n; i++) {
            bool hard = i > 0 && any(6) == 0;

            position += i == 0 ? 0 : hard ? 8 : 1;
            t->word[i] = vocabulary[any(N_VOCABULARY)];
            t->position[i] = position;
            n += (size_t)snprintf(docs.json[d] + n, sizeof(docs.json[d]) - n, "%s%s",
                                  i == 0 ? ""
                                  : hard ? ", "
                                         : " ",
                                  t->word[i]);
        }
        n += (size_t)snprintf(docs.json[d] + n, sizeof(docs.json[d]) - n, "\"");
    }
    docs.price[d] = (int)any(6) - 1;
    if (docs.price[d] >= 0)
        n += (size_t)snprintf(docs.json[d] + n, sizeof(docs.json[d]) - n, ",\"price\":%d",
                              docs.price[d]);
    snprintf(docs.json[d] + n, sizeof(docs.json[d]) - n, "}");
    docs.texts[d] = docs.json[d];
}

static void make_settings(char *out, size_t size)
{
    static const char *const names[] = {"typo", "proximity", "attributeRank", "wordPosition",
                                        "exactness"};
    static const enum rule_kind kinds[] = {RULE_TYPO, RULE_PROXIMITY, RULE_ATTRIBUTE_RANK,
                                           RULE_WORD_POSITION, RULE_EXACTNESS};
    unsigned order[5] = {0, 1, 2, 3, 4}, n_rules = 1 + any(5), sort_at = any(7);
    size_t n;

    for (unsigned i = 4; i > 0; i--) {
        unsigned j = any(i + 1), swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
    now.n_rules = 0;
    now.ascending = any(2) == 0;
    n = (size_t)snprintf(out, size, "{\"rankingRules\":[");
    for (unsigned i = 0; i <= n_rules; i++) {
        if (i == sort_at) {
            n += (size_t)snprintf(out + n, size - n, "%s\"price:%s\"", now.n_rules ? "," : "",
                                  now.ascending ? "asc" : "desc");
            now.rules[now.n_rules++] = RULE_ASC;
        }
        if (i == n_rules)
            break;
        n += (size_t)snprintf(out + n, size - n, "%s\"%s\"", now.n_rules ? "," : "",
                              names[order[i]]);
        now.rules[now.n_rules++] = kinds[order[i]];
    }
    n += (size_t)snprintf(out + n, size - n, "]");
    for (unsigned f = 0; f < FIELDS; f++) {
        now.rank[f] = f;
        now.searched[f] = now.typos[f] = true;
    }
    switch (any(3)) {
    case 0:
        for (unsigned f = 0; f < FIELDS; f++)
            now.rank[f] = 0; /* "*" */
        break;
    default:
        n += (size_t)snprintf(out + n, size - n, ",\"searchableAttributes\":[\"x\",\"y\",\"z\"]");
    }
    if (any(3) == 0) {
        now.typos[1] = false;
        n += (size_t)snprintf(out + n, size - n,
                              ",\"typoTolerance\":{\"disableOnAttributes\":[\"y\"]}");
    }
    snprintf(out + n, size - n, "}");
}

/* ---- where a document has an edge, by class ---------------------------------------------- */

struct spot {
    unsigned field;
    uint32_t first, last;
};
struct spots {
    struct spot at[64];
    size_t n;
};

static bool is_word(const char *word, struct bytes want, enum posting_kind kind)
{
    struct bytes w = bytes_str(word);

    return kind == POSTING_PREFIX ? w.n > want.n && bytes_starts(w, want) : bytes_eq(w, want);
}

static bool stands_at(const struct text *t, uint32_t position, const struct derivation *d, size_t i)
{
    for (size_t k = 0; k < t->n; k++) {
        if (t->position[k] == position && is_word(t->word[k], d->words[i].word, d->kind))
            return true;
    }
    return false;
}

static unsigned class_of(const struct derivation *d)
{
    return d->typos == 0 ? (d->exact ? 0 : 1) : d->typos + 1u;
}

static void find_spots(unsigned doc, const struct edge *e, unsigned class, struct spots *out)
{
    out->n = 0;
    for (size_t i = 0; i < e->n_derivations; i++) {
        const struct derivation *d = &e->derivations[i];

        if (class_of(d) != class)
            continue;
        for (unsigned f = 0; f < FIELDS; f++) {
            const struct text *t = &docs.field[doc][f];

            if (!now.searched[f] || (!d->original && !now.typos[f]))
                continue;
            for (size_t k = 0; k < t->n; k++) {
                bool all = true;

                for (size_t w = 0; w < d->n_words; w++)
                    all = all && stands_at(t, t->position[k] + d->words[w].offset, d, w);
                if (all && out->n < 64)
                    out->at[out->n++] = (struct spot){
                        f, t->position[k], t->position[k] + d->words[d->n_words - 1].offset};
            }
        }
    }
}

/* ---- all paths of a document --------------------------------------------------------------- */

struct costs {
    unsigned typo, proximity, attribute, position, exact_attribute, exact_words;
};
struct step {
    const struct edge *edge;
    unsigned class;
};
struct walk {
    unsigned doc, level;
    const struct graph *g;
    struct step steps[QUERY_TERMS_MAX];
    size_t n_steps;
    bool found;
    struct costs best;
};

static bool is_dropped(const struct walk *w, unsigned term)
{
    for (unsigned i = 0; i < w->g->n_droppable; i++) {
        if (w->g->drop_order[i] == term)
            return w->g->drop_step[i] < w->level;
    }
    return false;
}

static unsigned pair_cost(unsigned doc, const struct step *a, const struct step *b)
{
    uint32_t end = a->edge->position + (uint32_t)(a->edge->to - a->edge->from) - 1;
    struct spots left, right;
    unsigned best = 4;

    if (a->edge->phrase)
        end = a->edge->position +
              a->edge->derivations[0].words[a->edge->derivations[0].n_words - 1].offset;
    if (end + 1 != b->edge->position)
        return 0;
    find_spots(doc, a->edge, a->class, &left);
    find_spots(doc, b->edge, b->class, &right);
    for (size_t i = 0; i < left.n; i++) {
        for (size_t j = 0; j < right.n; j++) {
            uint32_t l = left.at[i].last, r = right.at[j].first;
            unsigned d = r > l ? r - l : l - r + 1;

            if (left.at[i].field == right.at[j].field && l != r && d < best)
                best = d;
        }
    }
    return best - 1;
}

static unsigned step_of(uint32_t at, uint32_t expected)
{
    static const uint32_t last[] = {0, 1, 4, 7, 11, 16, 24, 64, 256, 1024};
    uint32_t d = at > expected ? at - expected : expected - at;
    unsigned i = 0;

    while (i < 10 && d > last[i])
        i++;
    return i;
}

static struct costs costs_of(const struct walk *w)
{
    struct costs c = {0};

    for (size_t i = 0; i < w->n_steps; i++) {
        const struct step *s = &w->steps[i];
        unsigned n = 0, rank = 1000, position = 10;
        struct spots spots;

        for (unsigned t = s->edge->from; t < s->edge->to; t++)
            n += !is_dropped(w, t);
        find_spots(w->doc, s->edge, s->class, &spots);
        for (size_t k = 0; k < spots.n; k++) {
            unsigned one = step_of(spots.at[k].first, s->edge->position);

            rank = now.rank[spots.at[k].field] < rank ? now.rank[spots.at[k].field] : rank;
            position = one < position ? one : position;
        }
        c.typo += s->edge->base_typos + (s->class > 1 ? s->class - 1 : 0);
        c.proximity += n - 1 + (i > 0 ? pair_cost(w->doc, s - 1, s) : 0);
        c.attribute += rank * n;
        c.position += position * n;
        c.exact_words += s->class == 0 && s->edge->to - s->edge->from == 1 ? 0 : n;
    }
    return c;
}

/* < 0: a is better by the first rule in which they differ. */
static int compare_costs(const struct costs *a, const struct costs *b)
{
    int c = 0;

    for (size_t i = 0; c == 0 && i < now.n_rules; i++) {
        switch (now.rules[i]) {
        case RULE_TYPO:
            c = (int)a->typo - (int)b->typo;
            break;
        case RULE_PROXIMITY:
            c = (int)a->proximity - (int)b->proximity;
            break;
        case RULE_ATTRIBUTE_RANK:
            c = (int)a->attribute - (int)b->attribute;
            break;
        case RULE_WORD_POSITION:
            c = (int)a->position - (int)b->position;
            break;
        case RULE_EXACTNESS:
            c = (int)a->exact_attribute - (int)b->exact_attribute;
            c = c ? c : (int)a->exact_words - (int)b->exact_words;
            break;
        case RULE_WORDS:
        case RULE_ATTRIBUTE:
        case RULE_SORT:
        case RULE_ASC:
        case RULE_DESC:
            break;
        }
    }
    return c;
}

static void walk_from(struct walk *w, unsigned node)
{
    if (node == w->g->n_terms) {
        struct costs c = costs_of(w);

        if (!w->found || compare_costs(&c, &w->best) < 0)
            w->best = c;
        w->found = true;
        return;
    }
    if (is_dropped(w, node))
        walk_from(w, node + 1);
    for (size_t i = 0; i < w->g->n_edges; i++) {
        const struct edge *e = &w->g->edges[i];
        bool kept = false;

        for (unsigned t = e->from; t < e->to; t++)
            kept = kept || !is_dropped(w, t);
        for (unsigned class = 0; kept && e->from == node && class < 4; class ++) {
            struct spots spots;

            find_spots(w->doc, e, class, &spots);
            if (spots.n == 0)
                continue;
            w->steps[w->n_steps++] = (struct step){e, class};
            walk_from(w, e->to);
            w->n_steps--;
        }
    }
}

/* 0: some field is the query, 1: begins with it, 2: neither. */
static unsigned exact_attribute(const struct walk *w)
{
    unsigned best = 2;
    size_t n_words = 0;

    for (size_t i = 0; i < w->g->n_edges; i++) {
        const struct edge *e = &w->g->edges[i];

        if (e->to - e->from == 1)
            n_words += e->phrase && e->n_derivations > 0 ? e->derivations[0].n_words : 1;
    }
    for (unsigned f = 0; w->level == 0 && f < FIELDS; f++) {
        bool all = true;

        for (size_t i = 0; i < w->g->n_edges; i++) {
            const struct edge *e = &w->g->edges[i];
            struct spots spots;
            bool here = e->to - e->from > 1;

            find_spots(w->doc, e, 0, &spots);
            for (size_t k = 0; k < spots.n; k++)
                here = here || (spots.at[k].field == f && spots.at[k].first == e->position);
            all = all && here;
        }
        if (all && docs.field[w->doc][f].n == n_words)
            best = 0;
        else if (all && best > 1)
            best = 1;
    }
    return best;
}

/* ---- all documents ----------------------------------------------------------------------------
 */

struct judged {
    unsigned doc, level;
    struct costs costs;
};
static struct judged list[DOCS];
static size_t n_list;
static bool words_rule;

static int by_price(int a, int b)
{
    if ((a < 0) != (b < 0))
        return a < 0 ? 1 : -1;
    return now.ascending ? a - b : b - a;
}

/* Rule by rule; `words` stands before the first text rule. */
static int judge(const void *x, const void *y)
{
    const struct judged *a = x, *b = y;
    bool levels = false;
    int c = 0;

    for (size_t i = 0; c == 0 && i < now.n_rules; i++) {
        enum rule_kind kept[8];
        size_t n = now.n_rules;

        if (now.rules[i] == RULE_ASC) {
            c = by_price(docs.price[a->doc], docs.price[b->doc]);
            continue;
        }
        if (!levels && words_rule)
            c = (int)a->level - (int)b->level;
        levels = true;
        if (c != 0)
            break;
        memcpy(kept, now.rules, sizeof(kept));
        now.rules[0] = now.rules[i];
        now.n_rules = 1;
        c = compare_costs(&a->costs, &b->costs);
        memcpy(now.rules, kept, sizeof(kept));
        now.n_rules = n;
    }
    if (c == 0 && !levels && words_rule)
        c = (int)a->level - (int)b->level;
    return c != 0 ? c : (int)a->doc - (int)b->doc;
}

static bool has_any(unsigned doc, const struct derivation *d)
{
    struct edge e = {.derivations = d, .n_derivations = 1};
    struct spots spots;

    find_spots(doc, &e, class_of(d), &spots);
    return spots.n > 0;
}

static void judge_all(const struct graph *g)
{
    n_list = 0;
    for (unsigned d = 0; d < DOCS; d++) {
        struct walk w = {.doc = d, .g = g};
        bool out = false;

        for (size_t i = 0; i < g->n_negatives; i++)
            out = out || has_any(d, &g->negatives[i]);
        for (; !out && !w.found && w.level <= g->n_droppable; w.level += w.found ? 0 : 1)
            walk_from(&w, 0);
        if (!w.found)
            continue;
        w.best.exact_attribute = g->n_terms > 0 ? exact_attribute(&w) : 0;
        list[n_list++] = (struct judged){d, w.level, w.best};
    }
    qsort(list, n_list, sizeof(list[0]), judge);
}

/* ---- queries ------------------------------------------------------------------------------------
 */

static void make_query(char *out, size_t size)
{
    static const char *const others[] = {"nigh",  "sunflowr", "sun flower", "\"sun flower\"",
                                         "knigt", "darknes",  "\"dark\"",   "-bark"};
    unsigned words = 1 + any(4);
    size_t n = 0;

    for (unsigned i = 0; i < words; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s",
                              i == 0        ? ""
                              : any(8) == 0 ? ", "
                                            : " ",
                              any(3) == 0 ? others[any(8)] : vocabulary[any(N_VOCABULARY)]);
    snprintf(out + n, size - n, "%s", any(2) == 0 ? " " : "");
}

/* Paths through n-grams with a dropped term may cost more than the dearest of terms: the worst. */
static bool is_rank(const struct score_part *p, unsigned cost)
{
    return p->rank == (cost < p->max ? p->max - cost : 1);
}

static bool agrees(uint64_t limit)
{
    size_t want = n_list < limit ? n_list : (size_t)limit;

    if (corpus.ranking.n_candidates != n_list || corpus.ranking.n != want)
        return false;
    for (size_t i = 0; i < want; i++) {
        const struct ranked *r = &corpus.ranking.at[i];
        const struct score_part *typo = corpus_part(i, RULE_TYPO);
        const struct score_part *exact = corpus_part(i, RULE_EXACTNESS);
        const struct score_part *near = corpus_part(i, RULE_PROXIMITY);
        const struct score_part *at = corpus_part(i, RULE_WORD_POSITION);

        if (r->doc != list[i].doc)
            return false;
        if (corpus.run.graph.n_terms == 0)
            continue;
        if (typo && typo->a != list[i].costs.typo)
            return false;
        if (exact && (exact->match_type != 3 - list[i].costs.exact_attribute ||
                      exact->b - exact->a != list[i].costs.exact_words))
            return false;
        if (near && !is_rank(near, list[i].costs.proximity))
            return false;
        if (at && !is_rank(at, list[i].costs.position))
            return false;
        if (r->score < 0 || r->score > 1)
            return false;
    }
    return true;
}

static void show(const char *settings, const char *q)
{
    printf("\nsettings %s\nquery [%s]\n%u candidates, reference %zu\nengine    %s\nreference",
           settings, q, (unsigned)corpus.ranking.n_candidates, n_list, corpus_order());
    for (size_t i = 0; i < n_list; i++)
        printf(" %u", list[i].doc);
    printf("\n");
    for (size_t i = 0; i < corpus.ranking.n && i < 6; i++) {
        printf("  engine %u:", corpus.ranking.at[i].doc);
        for (size_t j = 0; j < corpus.ranking.at[i].n_parts; j++)
            printf(" %u/%u", corpus.ranking.at[i].parts[j].rank, corpus.ranking.at[i].parts[j].max);
        printf("\n");
    }
    for (size_t i = 0; i < n_list && i < 6; i++)
        printf("  %u level %u typo %u near %u rank %u at %u exact %u/%u %s\n", list[i].doc,
               list[i].level, list[i].costs.typo, list[i].costs.proximity, list[i].costs.attribute,
               list[i].costs.position, list[i].costs.exact_attribute, list[i].costs.exact_words,
               docs.json[list[i].doc]);
}

static void try_query(const char *settings)
{
    static const enum match_strategy strategies[] = {MATCH_LAST, MATCH_ALL, MATCH_FREQUENCY};
    const struct bytes on[] = {B("x"), B("z")};
    struct query_spec spec;
    char q[256];

    query_spec_init(&spec);
    make_query(q, sizeof(q));
    spec.q = bytes_str(q);
    spec.limit = any(2) == 0 ? DOCS : 1 + any(8);
    spec.strategy = strategies[any(3)];
    now.searched[1] = true;
    if (any(4) == 0) {
        spec.search_on = (struct names){on, 2, true};
        now.searched[1] = false;
    }
    corpus_search(&spec);
    words_rule = spec.strategy != MATCH_ALL;
    judge_all(&corpus.run.graph);
    if (!agrees(spec.limit)) {
        show(settings, q);
        CU_FAIL_FATAL("the engine and the reference differ");
    }
}

static void random_searches_agree_with_the_reference(void)
{
    char settings[512];

    state = suite_seed();
    for (unsigned i = 0; i < ROUNDS; i += suite_step(7)) {
        for (unsigned d = 0; d < DOCS; d++)
            make_document(d);
        make_settings(settings, sizeof(settings));
        corpus_make(settings, docs.texts);
        for (unsigned j = 0; j < QUERIES; j++)
            try_query(settings);
    }
}

SUITE(rank_model, corpus_setup, corpus_teardown, TEST(random_searches_agree_with_the_reference));

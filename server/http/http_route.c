/* SPDX-License-Identifier: MIT */
/*
 * http_route.c -- a tree of path segments.
 *
 * (1) A node has its literal children sorted, and at most one variable child.
 * (2) A literal that leads to no route of the verb gives way to the variable: the
 *     document whose id is "fetch" can still be got, though POST .../fetch exists.
 * (3) What a variable is called differs from route to route; nodes know positions,
 *     routes know names.
 */
#include "http/http_route.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"

struct node {
    struct bytes literal;
    struct node **children; /* sorted by literal; grown in the arena */
    size_t n_children;
    struct node *variable;
    const struct http_route *by_verb[HTTP_N_VERBS];
};

struct http_router {
    struct arena *arena; /* owned: all below */
    struct node *root;
};

static const char *const verb_names[] = {"GET",    "POST", "PUT",    "PATCH",
                                         "DELETE", "HEAD", "OPTIONS"};

enum http_verb http_verb_of(struct bytes method)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(verb_names); i++)
        if (bytes_eq(method, bytes_str(verb_names[i])))
            return (enum http_verb)i;
    return HTTP_OTHER;
}

static void *alloc(struct http_router *router, size_t n)
{
    void *p = arena_zalloc(router->arena, n);

    ASSERT(p);
    return p;
}

struct http_router *http_router_new(void)
{
    struct http_router *router = xcalloc(1, sizeof(*router));

    router->arena = arena_new(BUF_NO_LIMIT);
    router->root = alloc(router, sizeof(*router->root));
    return router;
}

void http_router_free(struct http_router *router)
{
    if (!router)
        return;
    arena_free(router->arena);
    xfree(router);
}

/* ---- building ---------------------------------------------------------------- */

static struct node *literal_child(struct http_router *router, struct node *parent,
                                  struct bytes text)
{
    struct node **grown;
    struct node *child;
    size_t at = 0;
    int order = -1;

    while (at < parent->n_children) {
        order = bytes_cmp(text, parent->children[at]->literal);
        if (order <= 0)
            break;
        at++;
    }
    if (at < parent->n_children && order == 0)
        return parent->children[at];
    child = alloc(router, sizeof(*child));
    child->literal = text;
    grown = alloc(router, (parent->n_children + 1) * sizeof(struct node *));
    if (at > 0)
        memcpy(grown, parent->children, at * sizeof(struct node *));
    grown[at] = child;
    if (at < parent->n_children)
        memcpy(grown + at + 1, parent->children + at,
               (parent->n_children - at) * sizeof(struct node *));
    parent->children = grown;
    parent->n_children++;
    return child;
}

static int field_index(const struct pb_message_meta *meta, const char *name)
{
    unsigned i;

    for (i = 0; i < meta->desc->n_fields; i++)
        if (strcmp(meta->desc->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void push_name(const char **list, size_t *n, const char *name)
{
    list[*n] = name;
    (*n)++;
}

/* "name=displayedAttributes" */
static void fill_constants(struct http_router *router, struct http_route *route)
{
    const char *const *set = route->rule->set;
    struct http_constant *constants;
    size_t n = 0;
    size_t i;

    while (set[n])
        n++;
    constants = alloc(router, (n + 1) * sizeof(*constants));
    for (i = 0; i < n; i++) {
        const char *eq = strchr(set[i], '=');

        ASSERT(eq);
        constants[i].field = arena_strndup(router->arena, set[i], (size_t)(eq - set[i]));
        constants[i].value = bytes_str(eq + 1);
        ASSERT(constants[i].field && field_index(route->method->in, constants[i].field) >= 0);
    }
    route->constants = constants;
    route->n_constants = n;
}

/*
 * Which fields come from where: the path and constants first; then a body of "*"
 * takes all that is left but the query_only ones, a body field itself, and the
 * query string the rest. A route of which nothing is left ignores its query.
 */
static void fill_taken(struct http_router *router, struct http_route *route)
{
    const struct pb_message_meta *in = route->method->in;
    const struct rpc_route *rule = route->rule;
    size_t max = route->n_vars + route->n_constants + in->desc->n_fields + 4;
    const char **by_path = alloc(router, max * sizeof(char *));
    const char **taken = alloc(router, max * sizeof(char *));
    size_t n_by_path = 0, n_taken = 0;
    unsigned i;

    for (i = 0; i < route->n_vars; i++)
        push_name(by_path, &n_by_path, route->vars[i]);
    for (i = 0; i < route->n_constants; i++)
        push_name(by_path, &n_by_path, route->constants[i].field);
    route->taken_by_path = by_path;
    for (i = 0; i < in->desc->n_fields; i++) {
        const char *name = in->desc->fields[i].name;
        uint32_t flags = in->fields[i].flags;
        bool in_path = false;
        size_t k;

        for (k = 0; k < n_by_path; k++)
            in_path |= strcmp(by_path[k], name) == 0;
        if (in_path || strcmp(name, rule->body) == 0 || strcmp(name, rule->body_stream) == 0 ||
            strcmp(name, rule->content_type_field) == 0 ||
            (strcmp(rule->body, "*") == 0 && !(flags & PB_FIELD_QUERY_ONLY)))
            push_name(taken, &n_taken, name);
        else if (!(flags & PB_FIELD_HIDDEN))
            route->takes_query = !rule->ignore_query;
    }
    route->taken = taken;
}

static void fill_body(struct http_route *route)
{
    const struct pb_message_meta *in = route->method->in;
    int body = field_index(in, route->rule->body);

    route->stream_field = field_index(in, route->rule->body_stream);
    route->content_type_field = field_index(in, route->rule->content_type_field);
    ASSERT(route->stream_field >= 0 || !*route->rule->body_stream);
    ASSERT(route->stream_field < 0 ||
           in->desc->fields[route->stream_field].type == PROTOBUF_C_TYPE_BYTES);
    ASSERT(body >= 0 || !*route->rule->body || strcmp(route->rule->body, "*") == 0);
    route->body_is_list = body >= 0 && in->desc->fields[body].label == PROTOBUF_C_LABEL_REPEATED &&
                          !(in->fields[body].flags & (PB_FIELD_MAP | PB_FIELD_RAW_JSON));
}

/* The node of one segment below node; notes the name of a variable. */
static struct node *child_of(struct http_router *router, struct http_route *route,
                             struct node *node, struct bytes segment, const char **vars)
{
    char *name;

    if (segment.p[0] != '{')
        return literal_child(router, node, segment);
    ASSERT(route->n_vars < HTTP_MAX_SEGMENTS && segment.p[segment.n - 1] == '}');
    name = arena_strndup(router->arena, segment.p + 1, segment.n - 2);
    ASSERT(name && field_index(route->method->in, name) >= 0);
    push_name(vars, &route->n_vars, name);
    if (!node->variable)
        node->variable = alloc(router, sizeof(*node));
    return node->variable;
}

static void add_route(struct http_router *router, const struct rpc_method *method,
                      const struct rpc_route *rule)
{
    struct http_route *route = alloc(router, sizeof(*route));
    const char **vars = alloc(router, HTTP_MAX_SEGMENTS * sizeof(char *));
    enum http_verb verb = http_verb_of(bytes_str(rule->verb));
    struct node *node = router->root;
    const char *p = rule->pattern;

    ASSERT(verb < HTTP_N_VERBS && *p == '/');
    route->method = method;
    route->rule = rule;
    route->vars = vars;
    while (*p == '/') {
        struct bytes segment = bytes_of(p + 1, strcspn(p + 1, "/"));

        ASSERT(segment.n > 0);
        node = child_of(router, route, node, segment, vars);
        p += 1 + segment.n;
    }
    fill_constants(router, route);
    fill_taken(router, route);
    fill_body(route);
    ASSERT(!node->by_verb[verb]);
    node->by_verb[verb] = route;
}

void http_router_add(struct http_router *router, const struct rpc_service *service)
{
    unsigned i, k;

    for (i = 0; i < service->n_methods; i++) {
        const struct rpc_method *m = &service->methods[i];

        for (k = 0; k < m->n_routes; k++) {
            /* One answer a request: a stream of answers has no JSON form here. */
            ASSERT(m->shape == RPC_UNARY || m->shape == RPC_CLIENT_STREAM);
            ASSERT((m->shape == RPC_CLIENT_STREAM) == (*m->routes[k].body_stream != '\0'));
            add_route(router, m, &m->routes[k]);
        }
    }
}

/* ---- finding ----------------------------------------------------------------- */

struct search {
    const struct bytes *segments;
    size_t n_segments;
    enum http_verb verb;
    struct http_match *match;
};

static const struct node *find_literal(const struct node *node, struct bytes text)
{
    size_t lo = 0, hi = node->n_children;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = bytes_cmp(text, node->children[mid]->literal);

        if (order == 0)
            return node->children[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

/* Walks on from node at segment i; at most two ways each, and paths are short. */
static void walk(const struct search *s, const struct node *node, size_t i, size_t n_vars)
{
    const struct node *literal;
    unsigned v;

    if (i == s->n_segments) {
        for (v = 0; v < HTTP_N_VERBS; v++)
            s->match->allow |= node->by_verb[v] ? 1U << v : 0;
        s->match->route = node->by_verb[s->verb];
        return;
    }
    literal = find_literal(node, s->segments[i]);
    if (literal)
        walk(s, literal, i + 1, n_vars);
    if (s->match->route || !node->variable || s->segments[i].n == 0)
        return;
    s->match->vars[n_vars] = s->segments[i];
    walk(s, node->variable, i + 1, n_vars + 1);
}

void http_router_find(const struct http_router *router, enum http_verb verb,
                      const struct bytes *segments, size_t n_segments, struct http_match *ret_match)
{
    struct search s = {segments, n_segments, verb, ret_match};

    ret_match->route = NULL;
    ret_match->allow = 0;
    if (n_segments > HTTP_MAX_SEGMENTS)
        return;
    if (verb >= HTTP_N_VERBS) /* HEAD is served by it; others only learn what the path allows */
        s.verb = HTTP_GET;
    walk(&s, router->root, 0, 0);
    if (verb > HTTP_HEAD)
        ret_match->route = NULL;
}

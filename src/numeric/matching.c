/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear programming duality with blossoms. Each vertex has a dual y, each blossom (an odd set of vertices, shrunk to
 * one node) a dual z >= 0, and
 *
 *     slack(u, v) = 4 cost(u, v) - y[u] - y[v] >= 0
 *
 * for vertices of different nodes. A perfect matching of edges without slack, in which every blossom with z > 0 is left
 * by one edge, is of least cost. A phase grows trees of such tight edges from all unmatched nodes at once. Nodes at
 * even distance from a root are OUTER, at odd distance INNER. A tight edge from an outer node
 *
 *     to a node outside the trees   lengthens a tree by that node and its mate,
 *     to an outer node of its tree  closes an odd cycle, which becomes a blossom,
 *     to another tree's outer node  completes an augmenting path: matched and unmatched edges change places along it,
 * one pair more is matched, and the phase ends.
 *
 * Without such an edge, y rises by d in outer vertices and falls by d in inner ones (z by 2d and -2d), d being the most
 * that keeps every slack and z from falling below 0; that makes an edge tight, or lets an inner blossom with z = 0
 * expand.
 *
 * All numbers stay whole: duals start even, so those of all tree vertices have one parity, and the slack between two
 * outer nodes, which is halved, is even.
 */
#include "numeric/matching.h"

#include <assert.h>

enum { NONE = -1 };
enum { FREE, OUTER, INNER };

typedef struct link {
    uint16_t from, to; /* vertices */
} link;

/* Nodes 0 … n - 1 are vertices, n … n_nodes - 1 blossoms, which come and go. `top` nodes are in no blossom. */
typedef struct matcher {
    int32_t n, n_nodes;
    const int64_t *cost;
    int64_t *dual;           /* y, z */
    int32_t *top;            /* node that a node is in; NONE: the blossom does not exist */
    int32_t *parent;         /* blossom of whose cycle a node is part; NONE: it is top */
    int32_t *after, *before; /* neighbours in the parent's cycle */
    int32_t *base;           /* of a blossom: the node of its cycle whose mate lies outside */
    int32_t *mate;           /* vertex at the other end of the node's matched edge, NONE */
    int32_t *label;          /* of top nodes */
    int32_t *via;            /* of inner nodes: outer vertex from which the tree came */
    int32_t *near;           /* of top nodes: outer vertex of least slack to it, NONE */
    int32_t *seen, stamp;
    int32_t *queue, head, tail; /* outer vertices to look from */
    link *best; /* [n / 2 * n_nodes] of a blossom and another node: the edge of least slack between them */
} matcher;

/* The edge of least slack between two nodes. While both stay nodes their duals move as one, so it stays the one. */
static link edge_between(const matcher *m, int32_t a, int32_t b)
{
    if (a >= m->n) return m->best[(int64_t)(a - m->n) * m->n_nodes + b];
    if (b < m->n) return (link){(uint16_t)a, (uint16_t)b};
    const link reverse = m->best[(int64_t)(b - m->n) * m->n_nodes + a];
    return (link){reverse.to, reverse.from};
}

static int64_t slack_of(const matcher *m, link e)
{
    return 4 * m->cost[(int64_t)e.from * m->n + e.to] - m->dual[e.from] - m->dual[e.to];
}

static void note_near(matcher *m, int32_t u, int32_t x)
{
    if (m->near[x] == NONE || slack_of(m, edge_between(m, u, x)) < slack_of(m, edge_between(m, m->near[x], x)))
        m->near[x] = u;
}

static void find_near(matcher *m, int32_t x)
{
    m->near[x] = NONE;
    for (int32_t u = 0; u < m->n; u++)
        if (m->top[u] != x && m->label[m->top[u]] == OUTER) note_near(m, u, x);
}

static void enqueue(matcher *m, int32_t x)
{
    if (x < m->n) {
        m->queue[m->tail++] = x;
        return;
    }
    int32_t child = m->base[x];
    do enqueue(m, child);
    while ((child = m->after[child]) != m->base[x]);
}

static void set_top(matcher *m, int32_t x, int32_t top)
{
    m->top[x] = top;
    if (x < m->n) return;
    int32_t child = m->base[x];
    do set_top(m, child, top);
    while ((child = m->after[child]) != m->base[x]);
}

/* The node of b's cycle that holds the vertex. */
static int32_t child_with(const matcher *m, int32_t b, int32_t vertex)
{
    int32_t x = vertex;
    while (m->parent[x] != b) x = m->parent[x];
    return x;
}

/* The direction in which it is an even number of steps from b's base to the child. */
static const int32_t *even_way(const matcher *m, int32_t b, int32_t child)
{
    int32_t n = 0;
    for (int32_t x = m->base[b]; x != child; x = m->after[x]) n++;
    return n % 2 == 0 ? m->after : m->before;
}

/* Matches node a to node b. Inside a blossom, the cycle is matched anew so that the child at the edge's end is left
 * over. */
static void set_mate(matcher *m, int32_t a, int32_t b)
{
    const link e = edge_between(m, a, b);
    m->mate[a] = e.to;
    if (a < m->n) return;
    const int32_t child = child_with(m, a, e.from), *step = even_way(m, a, child);
    for (int32_t x = m->base[a]; x != child; x = step[step[x]]) {
        set_mate(m, x, step[x]);
        set_mate(m, step[x], x);
    }
    set_mate(m, child, b);
    m->base[a] = child;
}

/* From outer node a, newly matched to b, to the root of its tree. */
static void augment(matcher *m, int32_t a, int32_t b)
{
    for (;;) {
        const int32_t old = m->mate[a] == NONE ? NONE : m->top[m->mate[a]];
        set_mate(m, a, b);
        if (old == NONE) return;
        const int32_t parent = m->top[m->via[old]];
        set_mate(m, old, parent);
        a = parent;
        b = old;
    }
}

/* The outer node two steps nearer to the root, NONE from the root. */
static int32_t outer_before(const matcher *m, int32_t x)
{
    return m->mate[x] == NONE ? NONE : m->top[m->via[m->top[m->mate[x]]]];
}

/* Where the paths to the roots meet; NONE: they have different roots. */
static int32_t meeting_node(matcher *m, int32_t a, int32_t b)
{
    m->stamp++;
    while (a != NONE || b != NONE) {
        if (a != NONE) {
            if (m->seen[a] == m->stamp) return a;
            m->seen[a] = m->stamp;
            a = outer_before(m, a);
        }
        const int32_t swap = a;
        a = b;
        b = swap;
    }
    return NONE;
}

static void join(matcher *m, int32_t first, int32_t second, int32_t b)
{
    m->after[first] = second;
    m->before[second] = first;
    m->parent[first] = b;
}

/* The cycle's edges towards every other node, the best of its children's. */
static void gather_edges(matcher *m, int32_t b)
{
    link *row = m->best + (int64_t)(b - m->n) * m->n_nodes;
    int32_t child = m->base[b];
    do {
        for (int32_t x = 0; x < m->n_nodes; x++) {
            if (m->top[x] == NONE || m->top[x] == b) continue;
            const link e = edge_between(m, child, x);
            if (child == m->base[b] || slack_of(m, e) < slack_of(m, row[x])) row[x] = e;
        }
    } while ((child = m->after[child]) != m->base[b]);
    for (int32_t x = m->n; x < m->n_nodes; x++)
        if (m->top[x] != NONE && m->top[x] != b)
            m->best[(int64_t)(x - m->n) * m->n_nodes + b] = (link){row[x].to, row[x].from};
}

/* The paths from a and b to where they meet, and the edge between them. */
static void shrink(matcher *m, int32_t a, int32_t meeting, int32_t b)
{
    int32_t blossom = m->n;
    while (m->top[blossom] != NONE) blossom++;
    assert(blossom < m->n_nodes);
    join(m, a, b, blossom);
    for (int32_t x = a; x != meeting; x = outer_before(m, x)) {
        const int32_t inner = m->top[m->mate[x]];
        join(m, inner, x, blossom);
        join(m, outer_before(m, x), inner, blossom);
        enqueue(m, inner);
    }
    for (int32_t x = b; x != meeting; x = outer_before(m, x)) {
        const int32_t inner = m->top[m->mate[x]];
        join(m, x, inner, blossom);
        join(m, inner, outer_before(m, x), blossom);
        enqueue(m, inner);
    }
    m->base[blossom] = meeting;
    m->mate[blossom] = m->mate[meeting];
    m->via[blossom] = NONE;
    m->label[blossom] = OUTER;
    m->parent[blossom] = NONE;
    m->dual[blossom] = 0;
    set_top(m, blossom, blossom);
    gather_edges(m, blossom);
    find_near(m, blossom);
}

static void set_outer(matcher *m, int32_t x)
{
    m->label[x] = OUTER;
    find_near(m, x);
    enqueue(m, x);
}

/* An inner blossom becomes its cycle again. The tree passes through the even part, from where it comes in to the base.
 */
static void expand(matcher *m, int32_t b)
{
    const int32_t base = m->base[b], entry = child_with(m, b, edge_between(m, b, m->via[b]).from);
    const int32_t *step = even_way(m, b, entry);
    int32_t x = base;
    do {
        set_top(m, x, x);
        m->parent[x] = NONE;
        m->label[x] = FREE;
        x = m->after[x];
    } while (x != base);
    for (x = base; x != entry; x = step[step[x]]) {
        m->label[x] = INNER;
        m->via[x] = edge_between(m, step[x], x).from;
        m->near[x] = NONE;
        set_outer(m, step[x]);
    }
    m->label[entry] = INNER;
    m->via[entry] = m->via[b];
    m->near[entry] = NONE;
    for (x = step[entry]; x != base; x = step[x]) find_near(m, x);
    m->top[b] = NONE;
}

/* A tight edge from an outer vertex. True: a pair more. */
static bool use_edge(matcher *m, link e)
{
    const int32_t a = m->top[e.from], b = m->top[e.to];
    if (m->label[b] == FREE) {
        const int32_t mate = m->top[m->mate[b]];
        m->label[b] = INNER;
        m->via[b] = e.from;
        m->near[b] = m->near[mate] = NONE;
        m->label[mate] = OUTER;
        enqueue(m, mate);
    } else if (m->label[b] == OUTER) {
        const int32_t meeting = meeting_node(m, a, b);
        if (meeting == NONE) {
            augment(m, a, b);
            augment(m, b, a);
            return true;
        }
        shrink(m, a, meeting, b);
    }
    return false;
}

static bool look_from_queue(matcher *m)
{
    while (m->head < m->tail) {
        const int32_t u = m->queue[m->head++];
        for (int32_t v = 0; v < m->n; v++) {
            const int32_t x = m->top[v];
            if (x == m->top[u] || m->label[x] == INNER) continue;
            const link e = {(uint16_t)u, (uint16_t)v};
            if (slack_of(m, e) > 0)
                note_near(m, u, x);
            else if (use_edge(m, e))
                return true;
        }
    }
    return false;
}

static int64_t largest_step(const matcher *m)
{
    int64_t least = INT64_MAX;
    for (int32_t x = 0; x < m->n_nodes; x++) {
        int64_t step = INT64_MAX;
        if (m->top[x] != x) continue;
        if (m->label[x] == INNER)
            step = x >= m->n ? m->dual[x] / 2 : INT64_MAX;
        else if (m->near[x] != NONE)
            step = slack_of(m, edge_between(m, m->near[x], x)) / (m->label[x] == OUTER ? 2 : 1);
        if (step < least) least = step;
    }
    assert(least < INT64_MAX); /* in a complete graph two unmatched nodes can always meet */
    return least;
}

static void move_duals(matcher *m, int64_t d)
{
    for (int32_t u = 0; u < m->n; u++)
        if (m->label[m->top[u]] != FREE) m->dual[u] += m->label[m->top[u]] == OUTER ? d : -d;
    for (int32_t b = m->n; b < m->n_nodes; b++)
        if (m->top[b] == b && m->label[b] != FREE) m->dual[b] += m->label[b] == OUTER ? 2 * d : -2 * d;
}

static bool use_tight_edges(matcher *m)
{
    m->head = m->tail = 0;
    for (int32_t x = 0; x < m->n_nodes; x++) {
        if (m->top[x] != x || m->near[x] == NONE || m->label[x] == INNER || m->top[m->near[x]] == x) continue;
        const link e = edge_between(m, m->near[x], x);
        if (slack_of(m, e) == 0 && use_edge(m, e)) return true;
    }
    for (int32_t b = m->n; b < m->n_nodes; b++)
        if (m->top[b] == b && m->label[b] == INNER && m->dual[b] == 0) expand(m, b);
    return false;
}

/* False when all are matched. */
static bool match_one_more(matcher *m)
{
    m->head = m->tail = 0;
    for (int32_t x = 0; x < m->n_nodes; x++) {
        m->label[x] = FREE;
        m->near[x] = NONE;
    }
    for (int32_t x = 0; x < m->n_nodes; x++) {
        if (m->top[x] != x || m->mate[x] != NONE) continue;
        m->label[x] = OUTER;
        enqueue(m, x);
    }
    if (m->tail == 0) return false;
    while (!look_from_queue(m)) {
        move_duals(m, largest_step(m));
        if (use_tight_edges(m)) break;
    }
    return true;
}

/* Duals as large as they may be, vertex after vertex, and the pairs that this makes tight. */
static void match_greedily(matcher *m)
{
    for (int32_t u = 0; u < m->n; u++) {
        int64_t least = INT64_MAX;
        for (int32_t v = 0; v < m->n; v++)
            if (v != u && m->cost[(int64_t)u * m->n + v] < least) least = m->cost[(int64_t)u * m->n + v];
        m->dual[u] = 2 * least;
    }
    for (int32_t u = 0; u < m->n; u++) {
        int64_t least = INT64_MAX;
        int32_t with = NONE;
        for (int32_t v = 0; m->mate[u] == NONE && v < m->n; v++) {
            if (v == u) continue;
            const int64_t slack = slack_of(m, (link){(uint16_t)u, (uint16_t)v});
            if (slack > least || (slack == least && m->mate[with] == NONE)) continue;
            least = slack;
            with = v;
        }
        if (with == NONE) continue;
        m->dual[u] += least;
        if (m->mate[with] != NONE) continue;
        m->mate[u] = with;
        m->mate[with] = u;
    }
}

static temoin_status build_matcher(temoin_context *ctx, int32_t n, const int64_t *cost, matcher *m)
{
    *m = (matcher){.n = n, .n_nodes = n + n / 2, .cost = cost};
    TM_SCRATCH(ctx, m->dual, m->n_nodes);
    int32_t **const lists[] = {&m->top,   &m->parent, &m->after, &m->before, &m->base, &m->mate,
                               &m->label, &m->via,    &m->near,  &m->seen,   &m->queue};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) TM_SCRATCH(ctx, *lists[i], m->n_nodes);
    TM_SCRATCH(ctx, m->best, (int64_t)(n / 2) * m->n_nodes);
    for (int32_t x = 0; x < m->n_nodes; x++) {
        m->top[x] = x < n ? x : NONE;
        m->parent[x] = m->mate[x] = NONE;
    }
    return TEMOIN_OK;
}

temoin_status tm_matching_build(temoin_context *ctx, int32_t n, const int64_t *cost, int32_t *mate)
{
    matcher m;
    assert(n >= 0 && n % 2 == 0 && n <= TM_MATCHING_MOST);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build_matcher(ctx, n, cost, &m);
    if (status == TEMOIN_OK) {
        match_greedily(&m);
        while (match_one_more(&m)) {
        }
        for (int32_t v = 0; v < n; v++) mate[v] = m.mate[v];
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

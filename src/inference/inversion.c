/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/inversion.h"

#include <math.h>
#include <stdlib.h>

#include "numeric/polynomial.h"

/* A polynomial of fourth degree is positive in three pieces at most; places where rounding lets it touch zero may come
 * on top, and are then joined to the last. */
enum { PIECES_MOST = 3 };

/* Sides of the inequality this near to each other are equal: rounding must not make a draw that mirrors the trial's own
 * less extreme. */
static const double tie = 1e-9;
/* Ends of pieces this near to each other are one. */
static const double same_end = 1e-10;
/* As a share: p values are whole multiples of a draw's weight but for rounding. */
static const double rounding = 1e-12;

typedef struct piece {
    double low, high;
} piece;

/* The polynomial, and the sum of its terms before they cancel, by which its rounding is judged. */
typedef struct inequality {
    double coefficient[5], size[5];
} inequality;

/* (a - b u)² - u² V(u) >= 0, V(u) = 1 without a variance. */
static inequality make_inequality(const tm_inversion *in, int64_t r)
{
    static const double none[] = {1, 0, 0};
    const double a = in->value[r], b = in->slope[r], *v = in->variance ? in->variance + 3 * r : none;
    return (inequality){{a * a, -2 * a * b, b * b - v[0], -v[1], -v[2]},
                        {a * a, 2 * fabs(a * b), b * b + fabs(v[0]), fabs(v[1]), fabs(v[2])}};
}

static bool holds(const inequality *q, double u)
{
    return tm_polynomial_value(q->coefficient, 4, u) >= -tie * tm_polynomial_value(q->size, 4, fabs(u));
}

/* A leading coefficient that is rounding would put a root where there is none. */
static int find_places(const inequality *q, double *place)
{
    double clean[5];
    double largest = 0;
    for (int k = 0; k < 5; k++) largest = fmax(largest, q->size[k]);
    for (int k = 0; k < 5; k++)
        clean[k] = fabs(q->coefficient[k]) > tie * q->size[k] && q->size[k] > 1e-15 * largest ? q->coefficient[k] : 0;
    return tm_polynomial_places(clean, 4, place);
}

static int add_piece(piece *pieces, int n, double low, double high)
{
    if (n > 0 && (pieces[n - 1].high >= low || n == PIECES_MOST)) {
        pieces[n - 1].high = fmax(pieces[n - 1].high, high);
        return n;
    }
    pieces[n] = (piece){low, high};
    return n + 1;
}

/* Where the inequality holds: between the places where its polynomial is zero or turns its sign cannot change. */
static int find_pieces(const inequality *q, piece *pieces)
{
    double place[7];
    const int n_places = find_places(q, place);
    int n = 0;
    for (int k = 0; k <= n_places; k++) {
        const double low = k == 0 ? -INFINITY : place[k - 1], high = k == n_places ? INFINITY : place[k];
        double inside = 0;
        if (n_places > 0)
            inside = k == 0 ? 2 * high - fabs(high) - 1 : k == n_places ? 2 * low + fabs(low) + 1 : (low + high) / 2;
        if (holds(q, inside)) n = add_piece(pieces, n, low, high);
        if (k < n_places && holds(q, place[k])) n = add_piece(pieces, n, place[k], place[k]);
    }
    return n;
}

/* The end of a piece: a weight above zero begins there and counts from it on, one below zero counts up to it. */
typedef struct step {
    double u, weight;
} step;

static int by_place(const void *a, const void *b)
{
    const step *x = a, *y = b;
    if (x->u != y->u) return x->u > y->u ? 1 : -1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

/* From the left to the right: the weight that holds everywhere so far, whether it is enough, and the set so far. */
typedef struct sweep {
    double weight, least;
    bool open, any; /* now in the set; something was in it before */
    tm_effect_set set;
} sweep;

static void visit(sweep *s, double weight, double from, double to)
{
    const bool in = weight > s->least;
    if (in && !s->any) s->set.low = from;
    if (in && s->any && !s->open) s->set.disjoint = true;
    if (in) s->set.high = to;
    s->any = s->any || in;
    s->open = in;
}

/* Steps at nearly the same place are one: all that begins there counts together with all that ends there. */
static tm_effect_set sweep_steps(const step *steps, int64_t n, double before, double least)
{
    sweep s = {.weight = before, .least = least, .set = {NAN, NAN, false}};
    visit(&s, s.weight, -INFINITY, n > 0 ? steps[0].u : INFINITY);
    for (int64_t k = 0, next; k < n; k = next) {
        double ends = 0;
        for (next = k; next < n && steps[next].u - steps[k].u <= same_end * fmax(1, fabs(steps[k].u)); next++)
            if (steps[next].weight > 0)
                s.weight += steps[next].weight;
            else
                ends += steps[next].weight;
        visit(&s, s.weight, steps[k].u, steps[next - 1].u);
        s.weight += ends;
        visit(&s, s.weight, steps[next - 1].u, next < n ? steps[next].u : INFINITY);
    }
    return s.set;
}

/* The pieces of one draw; everything where its statistic is not defined. */
static int view_pieces(const tm_inversion *in, int64_t r, piece *pieces)
{
    const inequality q = make_inequality(in, r);
    bool known = true;
    for (int k = 0; k < 5; k++) known = known && isfinite(q.coefficient[k]);
    if (known) return find_pieces(&q, pieces);
    pieces[0] = (piece){-INFINITY, INFINITY};
    return 1;
}

temoin_status tm_inversion_run(temoin_context *ctx, const tm_inversion *in, tm_effect_set *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double before = in->exact ? 0 : 1, total = before; /* without listing, the trial's own assignment counts too */
    step *steps;
    int64_t n = 0;
    TM_SCRATCH(ctx, steps, 2 * PIECES_MOST * in->n_draws);
    for (int64_t r = 0; r < in->n_draws; r++) {
        const double weight = in->probability ? in->probability[r] : 1;
        piece pieces[PIECES_MOST];
        const int n_pieces = view_pieces(in, r, pieces);
        total += weight;
        for (int k = 0; k < n_pieces; k++) {
            if (isinf(pieces[k].low))
                before += weight;
            else
                steps[n++] = (step){pieces[k].low, weight};
            if (!isinf(pieces[k].high)) steps[n++] = (step){pieces[k].high, -weight};
        }
    }
    qsort(steps, (size_t)n, sizeof *steps, by_place);
    *out = sweep_steps(steps, n, before, (1 - in->level + rounding) * total);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

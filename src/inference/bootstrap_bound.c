/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which effects the bootstrap rejects. At x = δ / root a draw counts while |t*| >= |x|, that is while
 *
 *     (n0 + n1 x)² - x² (d00 + 2 d01 x + d11 x²) >= 0
 *
 * a polynomial whose sign changes say on which stretches of x. Most draws count from 0 up to one place; the effects at
 * which enough draws count are then an order statistic of these places. Where draws return, stretches are counted. A
 * draw with the same multiplier everywhere is the data themselves or their mirror image: its polynomial is zero but for
 * rounding, and it counts everywhere. */
#include <math.h>
#include <stdlib.h>

#include "inference/bootstrap_draws.h"

static double value_at(const double *c, int degree, double x)
{
    double sum = c[degree];
    for (int k = degree - 1; k >= 0; k--) sum = sum * x + c[k];
    return sum;
}

/* The sign just right of 0. */
static double sign_at_start(const double *c, int degree)
{
    for (int k = 0; k <= degree; k++)
        if (c[k] != 0) return c[k];
    return 0;
}

/* The root between low and high, where the polynomial is monotone and changes its sign: Newton's method, halving where
 * it would leave the bracket or hardly moves. */
static double find_root(const double *c, int degree, double low, double high, bool rises)
{
    double x = 0.5 * (low + high);
    for (int i = 0; i < 200; i++) {
        double y = c[degree], slope = 0;
        for (int k = degree - 1; k >= 0; k--) {
            slope = slope * x + y;
            y = y * x + c[k];
        }
        if (y == 0) return x;
        *((y > 0) == rises ? &high : &low) = x;
        double next = x - y / slope;
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (fabs(next - x) <= 1e-15 * x || next == low || next == high) return next;
        x = next;
    }
    return x;
}

static int quadratic_changes(const double *c, double *root)
{
    double b = 0.5 * c[1], disc = b * b - c[0] * c[2];
    int n = 0;
    if (!(disc > 0)) return 0;
    double q = -(b + copysign(sqrt(disc), b)), r0 = q / c[2], r1 = q != 0 ? c[0] / q : 0;
    if (r0 > r1) {
        double swap = r0;
        r0 = r1;
        r1 = swap;
    }
    if (r0 > 0) root[n++] = r0;
    if (r1 > 0) root[n++] = r1;
    return n;
}

/* Between the places where the derivative changes its sign, the polynomial is monotone. */
static int changes_of(const double *c, int degree, double *root)
{
    while (degree > 0 && c[degree] == 0) degree--;
    if (degree == 0) return 0;
    if (degree == 1) {
        root[0] = -c[0] / c[1];
        return root[0] > 0;
    }
    if (degree == 2) return quadratic_changes(c, root);
    double slope[4], turn[5], low = 0, at_low = sign_at_start(c, degree);
    int n = 0;
    for (int k = 1; k <= degree; k++) slope[k - 1] = k * c[k];
    int n_turns = changes_of(slope, degree - 1, turn);
    for (int k = 0; k <= n_turns; k++) {
        double high, at_high;
        if (k < n_turns) {
            high = turn[k];
            at_high = value_at(c, degree, high);
        } else {
            if ((c[degree] > 0) == (at_low > 0)) break;
            high = fmax(1, low);
            do {
                high *= 2;
                at_high = value_at(c, degree, high);
            } while ((at_high > 0) != (c[degree] > 0) && high < 1e300);
        }
        if ((at_low > 0) != (at_high > 0)) root[n++] = find_root(c, degree, low, high, at_high > 0);
        low = high;
        at_low = at_high;
    }
    return n;
}

int tm_sign_changes(const double *c, double *root)
{
    return changes_of(c, 4, root);
}

/* A draw stops or starts counting. */
typedef struct event {
    double x;
    int change; /* -1, +1 */
} event;

static int by_place(const void *a, const void *b)
{
    const event *e = a, *f = b;
    if (e->x != f->x) return e->x < f->x ? -1 : 1;
    return f->change - e->change; /* a draw that starts where another one stops leaves no gap */
}

/* Where a draw counts: from 0 to stretch[0], and from stretch[1] to stretch[2], …; returns how many places. */
static int find_stretches(const tm_bootstrap_draws *draws, int64_t d, int side, double *stretch)
{
    double n0 = draws->n0[d], n1 = side * draws->n1[d], d00 = draws->d00[d], d01 = side * draws->d01[d];
    const double c[5] = {n0 * n0, 2 * n0 * n1, n1 * n1 - d00, -2 * d01, -draws->d11[d]};
    if (n1 == 0 && draws->d11[d] == 0) { /* unrestricted: t* is the same everywhere */
        stretch[0] = d00 > 0 ? fabs(n0) / sqrt(d00) : INFINITY;
        return 1;
    }
    if (draws->d11[d] == 0 && d01 == 0 && fabs(n0) <= TM_BOOTSTRAP_TIE * fabs(n1) &&
        fabs(c[2]) <= TM_BOOTSTRAP_TIE * d00) {
        stretch[0] = INFINITY;
        return 1;
    }
    int n = 0;
    if (sign_at_start(c, 4) < 0) stretch[n++] = 0;
    n += tm_sign_changes(c, stretch + n);
    if (n % 2 == 0) stretch[n++] = INFINITY;
    return n;
}

typedef struct stretches {
    event *first; /* [n] where each draw stops counting first */
    event *later; /* places behind it, two per return */
    int64_t n_later;
} stretches;

static temoin_status list_stretches(temoin_context *ctx, const tm_bootstrap_draws *draws, int side, stretches *out)
{
    uint8_t *n_places;
    double *places;
    TM_SCRATCH(ctx, out->first, draws->n);
    TM_SCRATCH(ctx, places, 6 * draws->n);
    TM_SCRATCH(ctx, n_places, draws->n);
#pragma omp parallel for num_threads(tm_threads_for(ctx, (double)draws->n * 1000)) schedule(static)
    for (int64_t d = 0; d < draws->n; d++) {
        n_places[d] = (uint8_t)find_stretches(draws, d, side, places + 6 * d);
        out->first[d] = (event){places[6 * d], -1};
    }
    for (int64_t d = 0; d < draws->n; d++) out->n_later += n_places[d] - 1;
    TM_SCRATCH(ctx, out->later, out->n_later);
    int64_t n = 0;
    for (int64_t d = 0; d < draws->n; d++)
        for (int k = 1; k < n_places[d]; k++) out->later[n++] = (event){places[6 * d + k], k % 2 ? 1 : -1};
    return TEMOIN_OK;
}

/* The places behind `start`, in order; *counting is how many draws count there. */
static temoin_status merge_events(temoin_context *ctx, const tm_bootstrap_draws *draws, const stretches *s,
                                  double start, event **out, int64_t *n, int64_t *counting)
{
    TM_SCRATCH(ctx, *out, draws->n + s->n_later);
    *n = *counting = 0;
    for (int64_t d = 0; d < draws->n; d++)
        if (s->first[d].x > start) {
            (*out)[(*n)++] = s->first[d];
            ++*counting;
        }
    for (int64_t k = 0; k < s->n_later; k++) {
        if (s->later[k].x > start)
            (*out)[(*n)++] = s->later[k];
        else
            *counting += s->later[k].change;
    }
    qsort(*out, (size_t)*n, sizeof **out, by_place);
    return TEMOIN_OK;
}

temoin_status tm_bootstrap_bound(temoin_context *ctx, const tm_bootstrap_draws *draws, int side, int64_t needed,
                                 double *bound, bool *disjoint)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    stretches s = {0};
    int64_t wanted = (needed + draws->copies - 1) / draws->copies;
    *bound = INFINITY;
    if (wanted <= 0) return TEMOIN_OK;
    TM_TRY(list_stretches(ctx, draws, side, &s));
    qsort(s.first, (size_t)draws->n, sizeof *s.first, by_place);
    *bound = wanted <= draws->n ? s.first[draws->n - wanted].x : 0;
    if (s.n_later > 0 && !isinf(*bound)) {
        event *events;
        int64_t n = 0, counting = 0;
        double start = *bound;
        bool enough;
        TM_TRY(merge_events(ctx, draws, &s, start, &events, &n, &counting));
        enough = counting >= wanted;
        if (enough) *bound = INFINITY;
        for (int64_t k = 0; k < n && !isinf(events[k].x); k++) {
            counting += events[k].change;
            if (enough && counting < wanted) *bound = events[k].x;
            if (!enough && counting >= wanted) {
                *disjoint = true;
                *bound = INFINITY;
            }
            enough = counting >= wanted;
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

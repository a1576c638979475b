/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>

#include "estimators/two_by_two.h"
#include "numeric/elementary.h"
#include "numeric/lattice.h"

/* How the number of events in the arm is distributed when the odds ratio is exp(theta): h(x) exp(theta x), up to its
 * sum. `log_h` [n] is relative to the observed number, which stands at `at`. Numbers further than some sixty standard
 * deviations away weigh nothing under any odds ratio near the observed one. */
typedef struct tilted {
    double *log_h;
    int64_t n, at;
    bool least, most; /* the observed number is the smallest, the largest that can be */
} tilted;

typedef struct tails {
    double below, at, above, mean; /* probabilities, and the mean of x less the observed number */
} tails;

static double log_ratio(const tm_two_by_two *t, double x)
{
    const double events = t->a + t->c, free = t->n0 - events;
    return tm_log((events - x) * (t->n1 - x) / ((x + 1) * (free + x + 1)));
}

static temoin_status build_tilted(temoin_context *ctx, const tm_two_by_two *t, tilted *d)
{
    const double reach = 20 + floor(15 * sqrt(t->n1 + t->n0));
    const double lowest = fmax(0, t->a + t->c - t->n0), highest = fmin(t->n1, t->a + t->c);
    const int64_t down = (int64_t)fmin(t->a - lowest, reach), up = (int64_t)fmin(highest - t->a, reach);
    *d = (tilted){NULL, down + up + 1, down, t->a == lowest, t->a == highest};
    TM_SCRATCH(ctx, d->log_h, d->n);
    for (int64_t i = down; i < down + up; i++) d->log_h[i + 1] = d->log_h[i] + log_ratio(t, t->a + (double)(i - down));
    for (int64_t i = down; i > 0; i--) d->log_h[i - 1] = d->log_h[i] - log_ratio(t, t->a + (double)(i - 1 - down));
    return TEMOIN_OK;
}

static tails tilt(const tilted *d, double theta)
{
    tails t = {0};
    double largest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < d->n; i++) largest = fmax(largest, d->log_h[i] + theta * (double)(i - d->at));
    for (int64_t i = 0; i < d->n; i++) {
        const double w = tm_exp(d->log_h[i] + theta * (double)(i - d->at) - largest);
        *(i < d->at ? &t.below : i > d->at ? &t.above : &t.at) += w;
        t.mean += w * (double)(i - d->at);
        sum += w;
    }
    t.below /= sum, t.at /= sum, t.above /= sum, t.mean /= sum;
    return t;
}

/* What is to be zero; all grow with theta. */
typedef enum aim { MEAN, UPPER, LOWER } aim;

typedef struct goal {
    aim aim;
    double share;  /* of the observed number that belongs to the tail */
    double target; /* probability of the tail */
} goal;

static double miss(const tilted *d, const goal *g, double theta)
{
    const tails t = tilt(d, theta);
    if (g->aim == MEAN) return t.mean;
    if (g->aim == UPPER) return t.above + g->share * t.at - g->target;
    return g->target - (t.below + g->share * t.at);
}

static double solve(const tilted *d, goal g)
{
    double low = -1, high = 1;
    while (miss(d, &g, low) > 0 && low > -1e4) low *= 2;
    while (miss(d, &g, high) < 0 && high < 1e4) high *= 2;
    for (int i = 0; i < 100; i++) {
        const double middle = low + (high - low) / 2;
        if (!(middle > low && middle < high)) break;
        if (miss(d, &g, middle) < 0)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

/* Under an odds ratio of 1. */
static temoin_status sum_probabilities(temoin_context *ctx, const tm_two_by_two *t, tm_exact_table *out)
{
    tm_lattice h;
    TM_TRY(tm_hypergeometric_build(ctx, (int64_t)(t->n1 + t->n0), (int64_t)(t->a + t->c), (int64_t)t->n1, 0, &h));
    const int64_t x = (int64_t)t->a - h.first;
    const double at = x >= 0 && x < h.n ? h.p[x] : 0, own = at * (1 + 1e-7); /* R's: ties differ in their last digits */
    double below = 0, above = 0, extreme = 0;
    for (int64_t i = 0, j = h.n - 1; i < h.n; i++, j--) {
        if (i < x) below += h.p[i];
        if (j > x) above += h.p[j];
        if (h.p[i] <= own) extreme += h.p[i];
    }
    out->less = fmin(fmax(below + at, DBL_MIN), 1);
    out->greater = fmin(fmax(above + at, DBL_MIN), 1);
    out->two_sided = fmin(fmax(extreme, DBL_MIN), 1);
    out->mid_p = fmin(fmax(2 * fmin(below + at / 2, above + at / 2), DBL_MIN), 1);
    return TEMOIN_OK;
}

static double find_middle(const tilted *d)
{
    const double low = d->least ? NAN : solve(d, (goal){UPPER, 1, 0.5});
    const double high = d->most ? NAN : solve(d, (goal){LOWER, 1, 0.5});
    return d->least ? high : d->most ? low : low + (high - low) / 2;
}

temoin_status tm_exact_table_run(temoin_context *ctx, const tm_two_by_two *t, double level, tm_exact_table *out)
{
    const double tail = (1 - level) / 2;
    tilted d;
    TM_TRY(sum_probabilities(ctx, t, out));
    TM_TRY(build_tilted(ctx, t, &d));
    out->likely = d.least ? -INFINITY : d.most ? INFINITY : solve(&d, (goal){MEAN, 0, 0});
    out->low = d.least ? -INFINITY : solve(&d, (goal){UPPER, 1, tail});
    out->high = d.most ? INFINITY : solve(&d, (goal){LOWER, 1, tail});
    out->median = d.least ? -INFINITY : d.most ? INFINITY : solve(&d, (goal){UPPER, 0.5, 0.5});
    out->mid_low = d.least ? -INFINITY : solve(&d, (goal){UPPER, 0.5, tail});
    out->mid_high = d.most ? INFINITY : solve(&d, (goal){LOWER, 0.5, tail});
    out->middle = find_middle(&d);
    if (d.least && d.most) out->likely = out->median = NAN;
    return TEMOIN_OK;
}

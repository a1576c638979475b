/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>

#include "estimators/two_by_two.h"
#include "numeric/lattice.h"

enum { GRID = 512, COARSE_GRID = 128, REFINED = 3, GOLDEN_STEPS = 30, DELTA_STEPS = 32 };
enum { MOST_TABLES = 250000, MOST_CLIENTS = 1000 };

static const double tie = 1e-9;

/* p [n + 1] of the numbers of events among n, each with probability `chance`: from the mode outwards. */
static void fill_binomial(double *p, int64_t n, double chance)
{
    for (int64_t x = 0; x <= n; x++) p[x] = 0;
    if (chance <= 0 || chance >= 1) {
        p[chance >= 1 ? n : 0] = 1;
        return;
    }
    const double odds = chance / (1 - chance);
    int64_t mode = (int64_t)(((double)n + 1) * chance);
    if (mode > n) mode = n;
    double sum = p[mode] = 1;
    for (int64_t x = mode; x < n && p[x] > 0; x++) sum += p[x + 1] = p[x] * ((double)(n - x) / (double)(x + 1) * odds);
    for (int64_t x = mode; x > 0 && p[x] > 0; x--) sum += p[x - 1] = p[x] / ((double)(n - x + 1) / (double)x * odds);
    for (int64_t x = 0; x <= n; x++) p[x] /= sum;
}

/* A set of tables: for every number x0 of events in the reference those with fewer than below[x0] events in the arm, or
 * with from[x0] and more; and single ones in between. The arms' chances differ by delta. */
typedef struct region {
    int64_t n1, n0;
    int64_t *below, *from; /* [n0 + 1] */
    int64_t n_single, *single1, *single0;
    double delta;
    double *p1, *p0;       /* [n1 + 1], [n0 + 1]: room */
    double *lower, *upper; /* [n1 + 2]: P(fewer than x), P(x or more) in the arm */
} region;

static temoin_status open_region(temoin_context *ctx, const tm_two_by_two *t, region *r)
{
    r->n1 = (int64_t)t->n1, r->n0 = (int64_t)t->n0;
    TM_SCRATCH(ctx, r->below, r->n0 + 1);
    TM_SCRATCH(ctx, r->from, r->n0 + 1);
    TM_SCRATCH(ctx, r->p1, r->n1 + 1);
    TM_SCRATCH(ctx, r->p0, r->n0 + 1);
    TM_SCRATCH(ctx, r->lower, r->n1 + 2);
    TM_SCRATCH(ctx, r->upper, r->n1 + 2);
    return TEMOIN_OK;
}

/* Probability of the set when the reference's chance is p0 and the arm's p0 + delta. */
static double weigh(const region *r, double p0)
{
    double sum = 0;
    fill_binomial(r->p0, r->n0, p0);
    fill_binomial(r->p1, r->n1, p0 + r->delta);
    for (int64_t x = 0; x <= r->n1; x++) r->lower[x + 1] = r->lower[x] + r->p1[x];
    for (int64_t x = r->n1; x >= 0; x--) r->upper[x] = r->upper[x + 1] + r->p1[x];
    for (int64_t x0 = 0; x0 <= r->n0; x0++) sum += r->p0[x0] * (r->lower[r->below[x0]] + r->upper[r->from[x0]]);
    for (int64_t k = 0; k < r->n_single; k++) sum += r->p0[r->single0[k]] * r->p1[r->single1[k]];
    return sum;
}

static double golden(const region *r, double low, double high, double best)
{
    static const double ratio = 0.61803398874989484820;
    double a = high - ratio * (high - low), b = low + ratio * (high - low), fa = weigh(r, a), fb = weigh(r, b);
    for (int i = 0; i < GOLDEN_STEPS; i++) {
        best = fmax(best, fmax(fa, fb));
        if (fa > fb) {
            high = b, b = a, fb = fa, a = high - ratio * (high - low), fa = weigh(r, a);
        } else {
            low = a, a = b, fa = fb, b = low + ratio * (high - low), fb = weigh(r, b);
        }
    }
    return best;
}

/* Its largest value over p0. */
static double largest(const region *r, int n_grid)
{
    const double low = fmax(0, -r->delta), high = fmin(1, 1 - r->delta), step = (high - low) / n_grid;
    double f[GRID + 1], best = 0;
    for (int g = 0; g <= n_grid; g++) best = fmax(best, f[g] = weigh(r, low + g * step));
    for (int k = 0; k < REFINED; k++) {
        int at = 0;
        for (int g = 1; g <= n_grid; g++)
            if (f[g] > f[at]) at = g;
        best = golden(r, fmax(low, low + (at - 1) * step), fmin(high, low + (at + 1) * step), best);
        for (int g = at > 0 ? at - 1 : 0; g <= at + 1 && g <= n_grid; g++) f[g] = -1;
    }
    return best;
}

static double keep_probability(double p)
{
    return fmin(fmax(p, DBL_MIN), 1);
}

static bool too_many(const tm_two_by_two *t)
{
    return (t->n1 + 1) * (t->n0 + 1) > MOST_TABLES;
}

/* The set of the tables of which extreme[x0 * (n1 + 1) + x1] is true. */
static temoin_status set_tables(temoin_context *ctx, region *r, const bool *extreme)
{
    const int64_t width = r->n1 + 1;
    for (int64_t x0 = 0; x0 <= r->n0; x0++) {
        const bool *row = extreme + x0 * width;
        int64_t low = 0, high = width;
        while (low < width && row[low]) low++;
        while (high > low && row[high - 1]) high--;
        r->below[x0] = low, r->from[x0] = high;
        for (int64_t x = low; x < high; x++) r->n_single += row[x];
    }
    TM_SCRATCH(ctx, r->single1, r->n_single);
    TM_SCRATCH(ctx, r->single0, r->n_single);
    r->n_single = 0;
    for (int64_t x0 = 0; x0 <= r->n0; x0++)
        for (int64_t x = r->below[x0]; x < r->from[x0]; x++)
            if (extreme[x0 * width + x]) r->single1[r->n_single] = x, r->single0[r->n_single++] = x0;
    return TEMOIN_OK;
}

static double pooled_z(const region *r, int64_t x1, int64_t x0)
{
    const double n1 = (double)r->n1, n0 = (double)r->n0, p = (double)(x1 + x0) / (n1 + n0);
    const double variance = p * (1 - p) * (1 / n1 + 1 / n0);
    return variance > 0 ? ((double)x1 / n1 - (double)x0 / n0) / sqrt(variance) : 0;
}

temoin_status tm_barnard_run(temoin_context *ctx, const tm_two_by_two *t, double *p, bool *fits)
{
    region r = {.delta = 0};
    bool *extreme;
    *fits = !too_many(t);
    if (!*fits) return TEMOIN_OK;
    TM_TRY(open_region(ctx, t, &r));
    TM_SCRATCH(ctx, extreme, (r.n1 + 1) * (r.n0 + 1));
    const double own = fabs(pooled_z(&r, (int64_t)t->a, (int64_t)t->c)) * (1 - tie);
    for (int64_t x0 = 0; x0 <= r.n0; x0++)
        for (int64_t x1 = 0; x1 <= r.n1; x1++) extreme[x0 * (r.n1 + 1) + x1] = fabs(pooled_z(&r, x1, x0)) >= own;
    TM_TRY(set_tables(ctx, &r, extreme));
    *p = keep_probability(largest(&r, GRID));
    return TEMOIN_OK;
}

/* Two-sided p of Fisher's test of all tables with so many events, [n] as the table's entries: for each, from both ends,
 * what is no more probable. */
static void fisher_p(const tm_lattice *h, double *p)
{
    for (int64_t i = 0; i < h->n; i++) {
        const double own = h->p[i] * (1 + 1e-7);
        double sum = 0;
        int64_t low = 0, high = h->n - 1;
        for (; low <= high && h->p[low] <= own; low++) sum += h->p[low];
        for (; high > low && h->p[high] <= own; high--) sum += h->p[high];
        p[i] = sum;
    }
}

temoin_status tm_boschloo_run(temoin_context *ctx, const tm_two_by_two *t, double *p, bool *fits)
{
    region r = {.delta = 0};
    bool *extreme;
    double *fisher, *room;
    *fits = !too_many(t);
    if (!*fits) return TEMOIN_OK;
    TM_TRY(open_region(ctx, t, &r));
    const int64_t width = r.n1 + 1;
    TM_SCRATCH(ctx, extreme, width * (r.n0 + 1));
    TM_SCRATCH(ctx, fisher, width * (r.n0 + 1));
    TM_SCRATCH(ctx, room, width);
    for (int64_t events = 0; events <= r.n1 + r.n0; events++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        tm_lattice h;
        TM_TRY(tm_hypergeometric_build(ctx, r.n1 + r.n0, events, r.n1, 0, &h));
        fisher_p(&h, room);
        for (int64_t i = 0; i < h.n; i++) fisher[(events - h.first - i) * width + h.first + i] = room[i];
        tm_arena_rewind(&ctx->scratch, mark);
    }
    const double own = fisher[(int64_t)t->c * width + (int64_t)t->a] * (1 + tie);
    for (int64_t i = 0; i < width * (r.n0 + 1); i++) extreme[i] = fisher[i] <= own;
    TM_TRY(set_tables(ctx, &r, extreme));
    *p = keep_probability(largest(&r, GRID));
    return TEMOIN_OK;
}

/* The tables whose score statistic is at least (sign 1) or at most (-1) the observed one. It rises with x1 and falls
 * with x0, so that the border is a staircase, and n1 + n0 scores find it. */
static double tail(const tm_two_by_two *t, region *r, double delta, int sign)
{
    const double own = tm_score_difference(t, delta, true), slack = isfinite(own) ? tie * fmax(fabs(own), 1) : 0;
    int64_t x1 = 0;
    r->delta = delta;
    for (int64_t x0 = 0; x0 <= r->n0; x0++) {
        for (; x1 <= r->n1; x1++) {
            const tm_two_by_two other = {(double)x1, t->n1, (double)x0, t->n0};
            const double z = tm_score_difference(&other, delta, true);
            if (sign > 0 ? z >= own - slack : z > own + slack) break;
        }
        r->below[x0] = sign > 0 ? 0 : x1;
        r->from[x0] = sign > 0 ? x1 : r->n1 + 1;
    }
    return largest(r, COARSE_GRID);
}

/* The outermost delta at which the tail is not too improbable, coming from the end of that side. */
static double find_end(const tm_two_by_two *t, region *r, int sign, double share)
{
    const double d = t->a / t->n1 - t->c / t->n0;
    double out = -sign, in = -sign; /* from -1 upwards for the lower end, sign 1 */
    for (int k = 1; k <= 2 * DELTA_STEPS; k++) {
        in = sign * (-1 + (double)k / DELTA_STEPS);
        if (sign * in >= sign * d) in = d;
        if (in == d || tail(t, r, in, sign) > share) break;
        out = in;
    }
    for (int i = 0; i < 44; i++) {
        const double middle = (in + out) / 2;
        if (tail(t, r, middle, sign) > share)
            in = middle;
        else
            out = middle;
    }
    return out;
}

temoin_status tm_chan_zhang_run(temoin_context *ctx, const tm_two_by_two *t, double level, double *low, double *high,
                                double *p, bool *fits)
{
    region r = {.delta = 0};
    const double share = (1 - level) / 2, d = t->a / t->n1 - t->c / t->n0;
    *fits = t->n1 + t->n0 <= MOST_CLIENTS && !too_many(t);
    if (!*fits) return TEMOIN_OK;
    TM_TRY(open_region(ctx, t, &r));
    *low = d > -1 ? find_end(t, &r, 1, share) : -1;
    *high = d < 1 ? find_end(t, &r, -1, share) : 1;
    *p = keep_probability(2 * fmin(tail(t, &r, 0, 1), tail(t, &r, 0, -1)));
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/exact_sum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

__extension__ typedef __int128 wide;

static const double tie = 1e-9;
static const double work_limit = 2e9;
static const double largest_whole = 0x1p53;

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

typedef struct prepared {
    const tm_exact_trial *trial;
    tm_block_values *block; /* [n_blocks] n = 0: nobody there */
    int64_t x, mean;        /* E is mean + rest: a large number would hide ties */
    double rest, variance;
} prepared;

/* Where scores are few, by counting: table [n_blocks * range], of the scores from `lowest` on. */
static temoin_status tabulate(temoin_context *ctx, const prepared *p, int64_t lowest, int64_t range)
{
    int64_t *table;
    TM_SCRATCH(ctx, table, p->trial->n_blocks * range);
    for (int64_t i = 0; i < p->trial->n; i++) table[p->trial->block[i] * range + p->trial->score[i] - lowest]++;
    for (int32_t b = 0; b < p->trial->n_blocks; b++) {
        int64_t *value, *count = table + b * range;
        int32_t n = 0;
        TM_SCRATCH(ctx, value, range);
        for (int64_t v = 0; v < range; v++) {
            if (!count[v]) continue;
            value[n] = lowest + v;
            count[n++] = count[v];
        }
        p->block[b].n = n, p->block[b].value = value, p->block[b].count = count;
    }
    return TEMOIN_OK;
}

/* The units' scores, block after block and sorted within; start [n_blocks + 1]. */
static temoin_status sort_scores(temoin_context *ctx, const tm_exact_trial *trial, int64_t **score, int64_t **start)
{
    int64_t *next;
    TM_SCRATCH(ctx, *score, trial->n);
    TM_SCRATCH(ctx, *start, trial->n_blocks + 1);
    TM_SCRATCH(ctx, next, trial->n_blocks + 1);
    for (int64_t i = 0; i < trial->n; i++) (*start)[trial->block[i] + 1]++;
    for (int32_t b = 0; b < trial->n_blocks; b++) next[b + 1] = (*start)[b + 1] += (*start)[b];
    for (int64_t i = 0; i < trial->n; i++) (*score)[next[trial->block[i]]++] = trial->score[i];
    for (int32_t b = 0; b < trial->n_blocks; b++)
        qsort(*score + (*start)[b], (size_t)((*start)[b + 1] - (*start)[b]), sizeof **score, by_value);
    return TEMOIN_OK;
}

static temoin_status count_sorted(temoin_context *ctx, const prepared *p)
{
    int64_t *score, *start = NULL;
    TM_TRY(sort_scores(ctx, p->trial, &score, &start));
    for (int32_t b = 0; b < p->trial->n_blocks; b++) {
        const int64_t n = start[b + 1] - start[b], *sorted = score + start[b];
        int64_t *value, *count;
        int32_t n_values = 0;
        TM_SCRATCH(ctx, value, n);
        TM_SCRATCH(ctx, count, n);
        for (int64_t i = 0; i < n; i++) {
            if (i == 0 || sorted[i] != sorted[i - 1]) value[n_values++] = sorted[i];
            count[n_values - 1]++;
        }
        p->block[b].n = n_values, p->block[b].value = value, p->block[b].count = count;
    }
    return TEMOIN_OK;
}

static temoin_status count_values(temoin_context *ctx, const prepared *p)
{
    int64_t lowest = INT64_MAX, highest = INT64_MIN;
    for (int64_t i = 0; i < p->trial->n; i++) {
        lowest = p->trial->score[i] < lowest ? p->trial->score[i] : lowest;
        highest = p->trial->score[i] > highest ? p->trial->score[i] : highest;
    }
    const double cells = ((double)highest - (double)lowest + 1) * p->trial->n_blocks;
    return cells <= 4 * (double)p->trial->n + 1024 ? tabulate(ctx, p, lowest, highest - lowest + 1)
                                                   : count_sorted(ctx, p);
}

static int64_t weight_of(const tm_exact_trial *trial, int32_t block)
{
    return trial->weight ? trial->weight[block] : 1;
}

/* Adds a block's share of E, m Y / n, and of the variance, m (n - m) / n times that of its scores (n - 1). */
static void add_moments(prepared *p, int32_t b)
{
    const tm_block_values *block = &p->block[b];
    const int64_t m = block->n_drawn, weight = weight_of(p->trial, b);
    int64_t n = 0;
    wide sum = 0;
    double square = 0;
    for (int32_t v = 0; v < block->n; v++) {
        n += block->count[v];
        sum += (wide)block->value[v] * block->count[v];
    }
    const wide product = sum * m * weight;
    p->mean += (int64_t)(product / n);
    p->rest += (double)(int64_t)(product % n) / (double)n;
    for (int32_t v = 0; v < block->n; v++) {
        const double d = (double)block->value[v] - (double)sum / (double)n;
        square += d * d * (double)block->count[v];
    }
    const double spread = (double)m * ((double)(n - m) / (double)n) * (double)weight * (double)weight;
    if (n > 1) p->variance += spread * (square / (double)(n - 1));
}

static bool weigh(const prepared *p, int32_t b, tm_lattice *sum)
{
    const int64_t weight = weight_of(p->trial, b);
    const double end = fabs((double)sum->first) + (double)sum->step * (double)sum->n;
    sum->first *= weight;
    sum->step *= weight;
    return end * (double)weight < largest_whole;
}

/* The distribution of X with ends below `cut` left out. */
static temoin_status build_distribution(temoin_context *ctx, const prepared *p, double cut, tm_exact_p *out)
{
    tm_lattice *sums;
    int32_t n = 0;
    double reach = 0;
    bool fits = true;
    TM_SCRATCH(ctx, sums, p->trial->n_blocks);
    for (int32_t b = 0; b < p->trial->n_blocks && fits; b++) {
        if (!p->block[b].n) continue;
        TM_TRY(tm_block_sum_build(ctx, &p->block[b], cut, work_limit, &sums[n], &fits));
        if (!fits) break;
        fits = weigh(p, b, &sums[n]);
        reach += fabs((double)sums[n].first) + (double)sums[n].step * (double)sums[n].n;
        n++;
    }
    out->known = fits && n > 0 && reach < largest_whole;
    if (out->known) TM_TRY(tm_lattices_add(ctx, sums, n, cut, work_limit, &out->distribution, &out->known));
    return TEMOIN_OK;
}

/* Sums from the ends, small before large. */
static void sum_tails(const prepared *p, tm_exact_p *out)
{
    const tm_lattice *d = &out->distribution;
    const double far = fabs((double)(p->x - p->mean) - p->rest), within = far * (1 - tie), beyond = far * (1 + tie);
    double lower = 0, upper = 0, at = 0, outside = 0, edge = 0;
    for (int64_t i = 0, j = d->n - 1; i < d->n; i++, j--) {
        const int64_t low = d->first + i * d->step, high = d->first + j * d->step;
        const double distance = fabs((double)(low - p->mean) - p->rest);
        if (low < p->x) lower += d->p[i];
        if (high > p->x) upper += d->p[j];
        if (low == p->x) at = d->p[i];
        if (distance > beyond)
            outside += d->p[i];
        else if (distance >= within)
            edge += d->p[i];
    }
    out->lower = lower + at, out->upper = upper + at, out->two_sided = outside + edge;
    out->mid_lower = lower + at / 2, out->mid_upper = upper + at / 2, out->mid = outside + edge / 2;
}

static temoin_status prepare(temoin_context *ctx, const tm_exact_trial *trial, prepared *p)
{
    *p = (prepared){.trial = trial};
    TM_SCRATCH(ctx, p->block, trial->n_blocks);
    TM_TRY(count_values(ctx, p));
    for (int64_t i = 0; i < trial->n; i++) {
        p->block[trial->block[i]].n_drawn += trial->treated[i];
        if (trial->treated[i]) p->x += trial->score[i] * weight_of(trial, trial->block[i]);
    }
    for (int32_t b = 0; b < trial->n_blocks; b++)
        if (p->block[b].n) add_moments(p, b);
    return TEMOIN_OK;
}

/* What was cut off must not show: 1e-14 of p at most. Ordinary p values need short tables; a tiny one is computed again
 * with longer ones. */
temoin_status tm_exact_sum_run(temoin_context *ctx, const tm_exact_trial *trial, tm_exact_p *out)
{
    static const double cuts[] = {1e-25, 1e-60, 1e-150, 0};
    prepared p;
    *out = (tm_exact_p){false, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, {0}};
    TM_TRY(prepare(ctx, trial, &p));
    for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
        TM_TRY(build_distribution(ctx, &p, cuts[k], out));
        if (!out->known) return TEMOIN_OK;
        sum_tails(&p, out);
        if (fmin(out->two_sided, fmin(out->lower, out->upper)) > cuts[k] * 1e18) break;
    }
    out->x = (double)p.x, out->mean = (double)p.mean + p.rest, out->sd = sqrt(p.variance);
    double *const ps[] = {&out->two_sided, &out->upper, &out->lower, &out->mid, &out->mid_upper, &out->mid_lower};
    for (size_t k = 0; k < sizeof ps / sizeof *ps; k++) *ps[k] = fmin(fmax(*ps[k], DBL_MIN), 1);
    return TEMOIN_OK;
}

int tm_exact_decimals(const double *y, int64_t n, int64_t *whole)
{
    enum { MOST = 6 };
    double power = 1;
    for (int decimals = 0; decimals <= MOST; decimals++, power *= 10) {
        int64_t i = 0;
        for (; i < n; i++) {
            const double nearest = floor(y[i] * power + 0.5);
            if (!(fabs(nearest) < 0x1p40) || nearest / power != y[i]) break;
            whole[i] = (int64_t)nearest;
        }
        if (i == n) return decimals;
    }
    return -1;
}

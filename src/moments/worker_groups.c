/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/worker_groups.h"

#include <math.h>

typedef struct filling {
    int32_t *arm, *arm_of, *cluster, *group;
    double *n, *mean, *square, *arm_n, *arm_mean;
    int64_t *first; /* [n_groups] 1 + the first row */
    bool *differs;  /* [n_groups] the outcomes do */
} filling;

static double unit_of(const double *y, int64_t n)
{
    double largest = 0;
    int exponent;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(y[i]));
    if (largest == 0) return 1;
    frexp(largest, &exponent);
    return ldexp(1, exponent - 1);
}

/* Numbers the cells with clients, arm by arm. */
static temoin_status number_groups(temoin_context *ctx, const tm_sample *s, filling *f, tm_worker_groups *out)
{
    int32_t *number; /* 1 + group of a cell */
    const int64_t n_cells = (int64_t)s->n_clusters * s->n_arms;
    TM_SCRATCH(ctx, number, n_cells);
    for (int64_t i = 0; i < s->n; i++) number[(int64_t)s->arm[i] * s->n_clusters + s->cluster[i]] = 1;
    for (int64_t k = 0; k < n_cells; k++)
        if (number[k]) number[k] = ++out->n_groups;
    TM_SCRATCH(ctx, f->arm, out->n_groups);
    TM_SCRATCH(ctx, f->cluster, out->n_groups);
    TM_SCRATCH(ctx, f->arm_of, s->n_arms);
    TM_SCRATCH(ctx, f->group, s->n);
    for (int64_t k = 0; k < n_cells; k++) {
        if (!number[k]) continue;
        const int32_t a = (int32_t)(k / s->n_clusters);
        if (out->n_arms == 0 || f->arm_of[out->n_arms - 1] != a) f->arm_of[out->n_arms++] = a;
        f->arm[number[k] - 1] = out->n_arms - 1;
        f->cluster[number[k] - 1] = (int32_t)(k % s->n_clusters);
    }
    for (int64_t i = 0; i < s->n; i++) f->group[i] = number[(int64_t)s->arm[i] * s->n_clusters + s->cluster[i]] - 1;
    return TEMOIN_OK;
}

/* Whether outcomes differ is asked of the outcomes themselves: sums of equal numbers round. */
static temoin_status compare(temoin_context *ctx, const tm_sample *s, filling *f, tm_worker_groups *out)
{
    int64_t *of_arm; /* 1 + first row */
    TM_SCRATCH(ctx, of_arm, out->n_arms);
    TM_SCRATCH(ctx, f->first, out->n_groups);
    TM_SCRATCH(ctx, f->differs, out->n_groups);
    for (int64_t i = 0; i < s->n; i++) {
        const int32_t g = f->group[i], a = f->arm[g];
        if (!of_arm[a]) of_arm[a] = i + 1;
        if (!f->first[g]) f->first[g] = i + 1;
        f->differs[g] = f->differs[g] || s->y[i] != s->y[f->first[g] - 1];
        out->varies = out->varies || s->y[i] != s->y[of_arm[a] - 1];
        out->varies_within = out->varies_within || f->differs[g];
    }
    return TEMOIN_OK;
}

/* Means are taken of what is left when the arm's is gone, so that a large common part costs no digits; a group of equal
 * outcomes has that outcome as its mean, to the last digit. */
static temoin_status average(temoin_context *ctx, const tm_sample *s, filling *f, tm_worker_groups *out)
{
    TM_SCRATCH(ctx, f->n, out->n_groups);
    TM_SCRATCH(ctx, f->mean, out->n_groups);
    TM_SCRATCH(ctx, f->square, out->n_groups);
    TM_SCRATCH(ctx, f->arm_n, out->n_arms);
    TM_SCRATCH(ctx, f->arm_mean, out->n_arms);
    for (int64_t i = 0; i < s->n; i++) {
        const int32_t a = f->arm[f->group[i]];
        f->n[f->group[i]]++;
        f->arm_n[a]++;
        f->arm_mean[a] += s->y[i] / out->unit;
    }
    for (int32_t a = 0; a < out->n_arms; a++) f->arm_mean[a] /= f->arm_n[a];
    for (int64_t i = 0; i < s->n; i++) f->mean[f->group[i]] += s->y[i] / out->unit - f->arm_mean[f->arm[f->group[i]]];
    for (int32_t g = 0; g < out->n_groups; g++)
        f->mean[g] = f->differs[g] ? f->mean[g] / f->n[g] : s->y[f->first[g] - 1] / out->unit - f->arm_mean[f->arm[g]];
    for (int64_t i = 0; i < s->n; i++) {
        const int32_t g = f->group[i];
        const double d = s->y[i] / out->unit - f->arm_mean[f->arm[g]] - f->mean[g];
        if (f->differs[g]) f->square[g] += d * d;
    }
    return TEMOIN_OK;
}

/* Straight from the outcomes: a worker nobody of whose clients had an event has exactly zero. */
static temoin_status average_plainly(temoin_context *ctx, const tm_sample *s, const filling *f, tm_worker_groups *out)
{
    double *plain;
    TM_SCRATCH(ctx, plain, out->n_groups);
    for (int64_t i = 0; i < s->n; i++) plain[f->group[i]] += s->y[i] / out->unit;
    for (int32_t g = 0; g < out->n_groups; g++)
        plain[g] = f->differs[g] ? plain[g] / f->n[g] : s->y[f->first[g] - 1] / out->unit;
    out->plain_mean = plain;
    return TEMOIN_OK;
}

temoin_status tm_worker_groups_build(temoin_context *ctx, const tm_sample *sample, tm_worker_groups *out)
{
    filling f = {0};
    *out = (tm_worker_groups){.unit = unit_of(sample->y, sample->n)};
    TM_TRY(number_groups(ctx, sample, &f, out));
    TM_TRY(compare(ctx, sample, &f, out));
    TM_TRY(average(ctx, sample, &f, out));
    TM_TRY(average_plainly(ctx, sample, &f, out));
    out->arm = f.arm;
    out->arm_of = f.arm_of;
    out->cluster = f.cluster;
    out->n = f.n;
    out->mean = f.mean;
    out->square = f.square;
    out->arm_n = f.arm_n;
    out->arm_mean = f.arm_mean;
    out->group = f.group;
    return TEMOIN_OK;
}

void tm_one_way_end_arm(tm_one_way_sums *sums)
{
    const double share = sums->arm_two / sums->arm_n;
    const double between = sums->arm_square - sums->arm_mean * sums->arm_mean / sums->arm_n;
    sums->n += sums->arm_n;
    sums->n_groups += sums->arm_groups;
    sums->n_arms++;
    sums->between += fmax(0, between); /* of one group it is zero but for rounding */
    sums->within += sums->arm_within;
    sums->n0 += sums->arm_n - share;
    sums->fourth += sums->arm_two - 2 * sums->arm_three / sums->arm_n + share * share;
    sums->weighted += sums->arm_two;
    sums->arm_n = sums->arm_groups = sums->arm_two = sums->arm_three = 0;
    sums->arm_mean = sums->arm_square = sums->arm_within = 0;
}

void tm_one_way_finish(const tm_one_way_sums *sums, bool varies, tm_one_way *out)
{
    *out = (tm_one_way){.n = sums->n, .n_groups = sums->n_groups, .fourth = sums->fourth};
    out->weighted = sums->weighted / sums->n;
    out->df_between = sums->n_groups - sums->n_arms;
    out->df_within = sums->n - sums->n_groups;
    out->ms_between = out->df_between > 0 ? sums->between / out->df_between : NAN;
    out->ms_within = out->df_within > 0 ? sums->within / out->df_within : NAN;
    out->n0 = out->df_between > 0 ? sums->n0 / out->df_between : NAN;
    out->between = (out->ms_between - out->ms_within) / out->n0;
    const double total = out->between + out->ms_within;
    out->icc = varies && total > 0 ? out->between / total : NAN;
}

void tm_one_way_init(const tm_worker_groups *groups, tm_one_way *out)
{
    tm_one_way_sums sums = {0};
    for (int32_t g = 0; g < groups->n_groups; g++) {
        tm_one_way_add(&sums, groups->n[g], groups->mean[g], groups->square[g]);
        if (g + 1 == groups->n_groups || groups->arm[g + 1] != groups->arm[g]) tm_one_way_end_arm(&sums);
    }
    tm_one_way_finish(&sums, groups->varies, out);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "statistics/midranks.h"
#include "statistics/statistic.h"

/* From every outcome the mean of its stratum is taken, what is left is ranked over all strata, and from each rank k the
 * mean rank of the stratum is taken, so that the draw makes the sum over an arm zero in expectation, stratum by
 * stratum: T = Σ_i c_i (k_i - mean k of i's stratum) / Σ_a |c_a|, with two arms the aligned rank sum of one of them
 * about its mean (Hodges & Lehmann 1962, section 3). */
static temoin_status take_out_stratum_means(temoin_context *ctx, const tm_sample *sample, double *x)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *sum, *n;
    TM_SCRATCH(ctx, sum, sample->n_strata);
    TM_SCRATCH(ctx, n, sample->n_strata);
    for (int64_t i = 0; i < sample->n; i++) {
        sum[sample->stratum[i]] += x[i];
        n[sample->stratum[i]]++;
    }
    for (int64_t i = 0; i < sample->n; i++) x[i] -= sum[sample->stratum[i]] / n[sample->stratum[i]];
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Equal outcomes of strata with equal means tie; rounding in the means must not undo it. */
static void round_off(const tm_sample *sample, double *x)
{
    double largest = 0;
    int exponent;
    for (int64_t i = 0; i < sample->n; i++) largest = fmax(largest, fabs(sample->y[i]));
    frexp(largest, &exponent);
    const double grid = ldexp(1, exponent - 40);
    for (int64_t i = 0; i < sample->n && grid > 0; i++) x[i] = nearbyint(x[i] / grid) * grid;
}

static temoin_status score(temoin_context *ctx, const tm_sample *sample, double *rank)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *x;
    TM_SCRATCH(ctx, x, sample->n);
    for (int64_t i = 0; i < sample->n; i++) x[i] = sample->y[i];
    TM_TRY(take_out_stratum_means(ctx, sample, x));
    round_off(sample, x);
    TM_TRY(tm_midranks(ctx, x, sample->n, rank));
    TM_TRY(take_out_stratum_means(ctx, sample, rank));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status of_scores(temoin_context *ctx, const tm_sample *sample, const double *rank,
                               const double *arm_weight, double *value)
{
    double sum = 0, weight = 0;
    (void)ctx;
    for (int64_t i = 0; i < sample->n; i++) sum += arm_weight[sample->arm[i]] * rank[i];
    for (int32_t a = 0; a < sample->n_arms; a++) weight += fabs(arm_weight[a]);
    *value = sum / weight;
    return TEMOIN_OK;
}

static double of_sums(int32_t n_arms, const double *number, const double *sum, const double *arm_weight)
{
    double total = 0, weight = 0;
    (void)number;
    for (int32_t a = 0; a < n_arms; a++) {
        total += arm_weight[a] * sum[a];
        weight += fabs(arm_weight[a]);
    }
    return total / weight;
}

const tm_statistic tm_statistic_aligned_rank = {
    .key = "aligned_rank",
    .title_en = "rank sum of outcomes about the means of their strata",
    .title_fr = "somme des rangs des résultats centrés sur la moyenne de leur strate",
    .cites = "Hodges & Lehmann 1962",
    .ranked = TM_RANKED_ALIGNED,
    .score = score,
    .of_scores = of_scores,
    .of_sums = of_sums,
};

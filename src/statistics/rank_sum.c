/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statistics/midranks.h"
#include "statistics/statistic.h"

/* Ranks among all rows, strata or not: the draw keeps to its strata, the comparison need not. Taken as a difference in
 * mean ranks, which is the rank sum about its mean but for a factor where the numbers in the arms are fixed, and stays
 * comparable between draws where they are not (clusters of different sizes). Weights of rows have no part in it. */
static temoin_status score(temoin_context *ctx, const tm_sample *sample, double *rank)
{
    return tm_midranks(ctx, sample->y, sample->n, rank);
}

static temoin_status of_scores(temoin_context *ctx, const tm_sample *sample, const double *rank,
                               const double *arm_weight, double *value)
{
    (void)ctx;
    *value = tm_difference_of_means(sample, rank, arm_weight);
    return TEMOIN_OK;
}

static double of_sums(int32_t n_arms, const double *number, const double *sum, const double *arm_weight)
{
    double value = 0;
    for (int32_t a = 0; a < n_arms; a++)
        if (arm_weight[a] != 0) value += arm_weight[a] * (sum[a] / number[a]); /* of nobody: NaN */
    return value;
}

const tm_statistic tm_statistic_rank_sum = {
    .key = "rank_sum",
    .title_en = "difference in mean ranks (ties share theirs)",
    .title_fr = "différence de rangs moyens (rang partagé par les ex æquo)",
    .cites = "Wilcoxon 1945; Mann & Whitney 1947; Lehmann 1975, ch. 1",
    .ranked = TM_RANKED_ALL,
    .score = score,
    .of_scores = of_scores,
    .of_sums = of_sums,
};

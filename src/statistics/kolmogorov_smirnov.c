/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "statistics/midranks.h"
#include "statistics/statistic.h"

/* The largest distance between the distribution functions of the arms with a weight above zero and of those with one
 * below: any difference in distribution, not in level alone. The score is twice the midrank, a whole number, which puts
 * outcomes in order without looking at them again. */
static temoin_status score(temoin_context *ctx, const tm_sample *sample, double *rank)
{
    TM_TRY(tm_midranks(ctx, sample->y, sample->n, rank));
    for (int64_t i = 0; i < sample->n; i++) rank[i] *= 2;
    return TEMOIN_OK;
}

static temoin_status of_scores(temoin_context *ctx, const tm_sample *sample, const double *rank,
                               const double *arm_weight, double *value)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int64_t n_places = 2 * sample->n + 1;
    int64_t *above, *below, n_above = 0, n_below = 0, sum_above = 0, sum_below = 0;
    double largest = 0;
    TM_SCRATCH(ctx, above, n_places);
    TM_SCRATCH(ctx, below, n_places);
    for (int64_t i = 0; i < sample->n; i++) {
        const double weight = arm_weight[sample->arm[i]];
        const int64_t place = (int64_t)rank[i];
        if (weight > 0) above[place]++, n_above++;
        if (weight < 0) below[place]++, n_below++;
    }
    for (int64_t k = 0; k < n_places; k++) {
        sum_above += above[k];
        sum_below += below[k];
        largest = fmax(largest, fabs((double)sum_above / (double)n_above - (double)sum_below / (double)n_below));
    }
    *value = n_above && n_below ? largest : NAN;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_statistic tm_statistic_kolmogorov_smirnov = {
    .key = "kolmogorov_smirnov",
    .title_en = "largest distance between the arms' distribution functions",
    .title_fr = "plus grand écart entre les fonctions de répartition des groupes",
    .cites = "Smirnov 1939; Imbens & Rubin 2015, sect. 5.5",
    .score = score,
    .of_scores = of_scores,
};

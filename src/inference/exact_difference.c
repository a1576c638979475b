/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/exact_difference.h"

#include <math.h>

#include "estimators/two_by_two.h"
#include "numeric/counting.h"

/* A stratum's counts, `all` over all arms, and its factor: N_b (m + k) / (m k), of which the difference takes 1 / N. */
typedef struct stratum {
    int64_t m, k, all;
    int64_t above, below; /* in lowest terms */
} stratum;

static temoin_status count_arms(temoin_context *ctx, const tm_sample *sample, const double *arm_weight, stratum **out)
{
    TM_SCRATCH(ctx, *out, sample->n_strata);
    for (int64_t i = 0; i < sample->n; i++) {
        stratum *s = &(*out)[sample->stratum[i]];
        s->all++;
        s->m += arm_weight[sample->arm[i]] > 0;
        s->k += arm_weight[sample->arm[i]] < 0;
    }
    for (int32_t b = 0; b < sample->n_strata; b++) {
        stratum *s = &(*out)[b];
        if (!s->m || !s->k) continue;
        const int64_t weighted = s->all * (s->m + s->k), product = s->m * s->k;
        const int64_t divisor = tm_common_divisor(weighted, product);
        s->above = weighted / divisor, s->below = product / divisor;
    }
    return TEMOIN_OK;
}

/* The factors as whole numbers without a common divisor; *unit is what one of them stands for, 0: they would be too
 * large. */
static void weigh_strata(const stratum *s, int32_t n, int64_t *weight, double *unit)
{
    int64_t multiple = 1, divisor = 0;
    *unit = 0;
    for (int32_t b = 0; b < n; b++) {
        if (!s[b].below) continue;
        const int64_t factor = s[b].below / tm_common_divisor(multiple, s[b].below);
        if ((double)multiple * (double)factor > 0x1p40) return;
        multiple *= factor;
    }
    for (int32_t b = 0; b < n; b++) {
        if (!s[b].below) continue;
        if ((double)s[b].above * (double)(multiple / s[b].below) > 0x1p52) return;
        weight[b] = s[b].above * (multiple / s[b].below);
        divisor = tm_common_divisor(weight[b], divisor);
    }
    for (int32_t b = 0; b < n; b++) weight[b] /= divisor ? divisor : 1;
    *unit = (double)divisor / (double)multiple;
}

/* Strata without a contrast, and arms that it leaves out, are the same in every assignment that is counted. *size: the
 * clients of the strata that stay. */
static temoin_status keep_contrasts(temoin_context *ctx, const tm_sample *sample, const double *arm_weight,
                                    const stratum *s, const int64_t *score, int64_t *size, tm_exact_trial *out)
{
    int32_t *block;
    int64_t *kept;
    bool *treated;
    TM_SCRATCH(ctx, block, sample->n);
    TM_SCRATCH(ctx, kept, sample->n);
    TM_SCRATCH(ctx, treated, sample->n);
    for (int64_t i = 0; i < sample->n; i++) {
        if (!s[sample->stratum[i]].below) continue;
        ++*size;
        if (arm_weight[sample->arm[i]] == 0) continue;
        block[out->n] = sample->stratum[i];
        kept[out->n] = score[i];
        treated[out->n++] = arm_weight[sample->arm[i]] > 0;
    }
    out->block = block;
    out->score = kept;
    out->treated = treated;
    return TEMOIN_OK;
}

temoin_status tm_exact_difference_run(temoin_context *ctx, const tm_sample *sample, const double *arm_weight,
                                      tm_exact_p *out)
{
    tm_exact_trial trial = {.n_blocks = sample->n_strata};
    int64_t *score, *weight;
    stratum *strata;
    int32_t arm, reference;
    int64_t size = 0;
    int decimals;
    double unit;
    *out = (tm_exact_p){false, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, {0}};
    if (sample->weight || !tm_contrast_arms(arm_weight, sample->n_arms, &arm, &reference)) return TEMOIN_OK;
    TM_SCRATCH(ctx, score, sample->n);
    TM_SCRATCH(ctx, weight, sample->n_strata);
    decimals = tm_exact_decimals(sample->y, sample->n, score);
    TM_TRY(count_arms(ctx, sample, arm_weight, &strata));
    weigh_strata(strata, sample->n_strata, weight, &unit);
    if (decimals < 0 || unit == 0) return TEMOIN_OK;
    TM_TRY(keep_contrasts(ctx, sample, arm_weight, strata, score, &size, &trial));
    trial.weight = weight;
    if (!trial.n) return TEMOIN_OK;
    TM_TRY(tm_exact_sum_run(ctx, &trial, out));
    for (; decimals > 0; decimals--) unit /= 10;
    out->x = (out->x - out->mean) * unit / (double)size;
    out->sd *= unit / (double)size;
    out->mean = out->known ? 0 : NAN;
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/effect_size.h"

#include <math.h>

#include "estimators/two_by_two.h"
#include "numeric/elementary.h"
#include "numeric/special.h"

typedef struct arm_sums {
    double n, mean, square; /* square about the mean */
} arm_sums;

static arm_sums sum_up(const tm_sample *sample, int32_t arm)
{
    arm_sums s = {0};
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->arm[i] == arm) s.n++, s.mean += sample->y[i];
    s.mean /= s.n;
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->arm[i] == arm) s.square += (sample->y[i] - s.mean) * (sample->y[i] - s.mean);
    return s;
}

double tm_effect_size(const tm_sample *sample, const double *arm_weight, double effect, tm_spread spread)
{
    int32_t arm, reference;
    if (sample->weight || !tm_contrast_arms(arm_weight, sample->n_arms, &arm, &reference)) return NAN;
    const arm_sums one = sum_up(sample, arm), other = sum_up(sample, reference);
    const double m = one.n + other.n - 2;
    const double variance =
        spread == TM_SPREAD_REFERENCE ? other.square / (other.n - 1) : (one.square + other.square) / m;
    if (!(m > 1) || !(variance > 0)) return NAN;
    const double correction = tm_gamma_half_ratio((m - 1) / 2) / sqrt(m / 2);
    return effect / sqrt(variance) * (spread == TM_SPREAD_CORRECTED ? correction : 1);
}

double tm_cox_index(const tm_sample *sample, const double *arm_weight, double effect)
{
    int32_t arm, reference;
    if (sample->weight || !tm_contrast_arms(arm_weight, sample->n_arms, &arm, &reference)) return NAN;
    const double p0 = sum_up(sample, reference).mean, p1 = p0 + effect;
    if (!(p0 > 0 && p0 < 1 && p1 > 0 && p1 < 1)) return NAN;
    return (tm_log(p1 / (1 - p1)) - tm_log(p0 / (1 - p0))) / 1.65;
}

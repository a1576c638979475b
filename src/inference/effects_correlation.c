/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/effects_correlation.h"

#include <math.h>

/* The contrasts, then the differences a - b of all pairs a < b in order. */
static temoin_status build_weights(temoin_context *ctx, const double *arm_weight, int32_t n_arms, int32_t n,
                                   double **out)
{
    double *next;
    TM_SCRATCH(ctx, *out, ((int64_t)n + (int64_t)n * (n - 1) / 2) * n_arms);
    next = *out;
    for (int32_t i = 0; i < n * n_arms; i++) *next++ = arm_weight[i];
    for (int32_t a = 0; a < n; a++)
        for (int32_t b = a + 1; b < n; b++)
            for (int32_t k = 0; k < n_arms; k++) *next++ = arm_weight[a * n_arms + k] - arm_weight[b * n_arms + k];
    return TEMOIN_OK;
}

temoin_status tm_effects_correlation(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                                     const tm_variance *variance, const double *arm_weight, int32_t n_contrasts,
                                     double *correlation)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int32_t n = n_contrasts, n_all = n + n * (n - 1) / 2;
    double *weight;
    tm_effect *effects;
    for (int32_t i = 0; i < n * n; i++) correlation[i] = i % (n + 1) == 0 ? 1 : NAN;
    if (!estimator->build || estimator->instrumented || sample->n == 0 || n < 2) return TEMOIN_OK;
    TM_TRY(build_weights(ctx, arm_weight, sample->n_arms, n, &weight));
    TM_SCRATCH(ctx, effects, n_all);
    for (int32_t i = 0; i < n_all; i++) tm_notes_init(&effects[i].notes, ctx);
    TM_TRY(tm_effects_run(ctx, sample, estimator, variance, weight, n_all, NAN, effects));
    const tm_effect *difference = effects + n;
    for (int32_t a = 0; a < n; a++)
        for (int32_t b = a + 1; b < n; b++, difference++) {
            const double x = effects[a].se, y = effects[b].se, d = difference->se;
            const double r = (x * x + y * y - d * d) / (2 * x * y);
            correlation[a * n + b] = correlation[b * n + a] = isnan(r) ? NAN : fmax(-1, fmin(r, 1));
        }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

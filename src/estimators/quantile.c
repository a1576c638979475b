/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/estimator.h"
#include "estimators/sample_quantile.h"

/* Σ_a c_a (quantile of the outcome in arm a). A difference of sample quantiles has no standard error of its own here:
 * what is known of its uncertainty comes from redraws of the design, and quantile_regression has formulas. */

static temoin_status quantile_of_arm(temoin_context *ctx, const tm_sample *sample, int32_t arm, double *out)
{
    double *y, *weight = NULL;
    int64_t n = 0;
    TM_SCRATCH(ctx, y, sample->n);
    if (sample->weight) TM_SCRATCH(ctx, weight, sample->n);
    for (int64_t i = 0; i < sample->n; i++) {
        if (sample->arm[i] != arm) continue;
        if (weight) weight[n] = sample->weight[i];
        y[n++] = sample->y[i];
    }
    return tm_sample_quantile(ctx, y, weight, n, sample->quantile, sample->quantile_type, out);
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    const tm_sample *sample = request->sample;
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        const double *weight = request->arm_weight + (int64_t)c * sample->n_arms;
        double value = 0;
        for (int32_t a = 0; a < sample->n_arms; a++) {
            tm_mark mark = tm_arena_mark(&ctx->scratch);
            double quantile = 0;
            if (weight[a] != 0) TM_TRY(quantile_of_arm(ctx, sample, a, &quantile));
            value += weight[a] * quantile;
            tm_arena_rewind(&ctx->scratch, mark);
        }
        out[c].value = value;
        tm_effect_refuse(&out[c], isnan(value) ? "weights_not_taken" : "no_standard_error");
    }
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_quantile = {
    .key = "quantile",
    .title_en = "difference of sample quantiles",
    .title_fr = "différence de quantiles empiriques",
    .cites = "Hyndman & Fan 1996, types 1, 2, 6 and 7",
    .run = run,
    .variances = "none",
    .at_quantile = true,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "estimators/quantile_design.h"

/* What the contrast asks of the coefficients; arms without a column of their own are in the constant. */
static void express(const tm_quantile_design *design, const double *arm_weight, double *a)
{
    memset(a, 0, (size_t)design->p * sizeof *a);
    for (int32_t k = 0; k < design->sample->n_arms; k++)
        if (design->column[k] >= 0) a[design->column[k]] = arm_weight[k];
}

static temoin_status find_error(temoin_context *ctx, const tm_quantile_design *design, const tm_request *request,
                                const double *a, tm_effect *out)
{
    double tau = design->sample->quantile, spread;
    int64_t n_crossed;
    if (design->sample->weight && strcmp(request->variance, "rq_nid") != 0) {
        tm_effect_refuse(out, "weights_not_taken");
        return TEMOIN_OK;
    }
    TM_TRY(tm_quantile_spread(ctx, design, tau, request->variance, a, &spread, &n_crossed));
    if (n_crossed) tm_notes_add_count(&out->notes, "quantiles_cross", n_crossed);
    if (!(spread > 0))
        tm_effect_refuse(out, "density_unknown");
    else
        tm_effect_test(out, sqrt(tau * (1 - tau) * spread), (double)(design->sample->n - design->p), request->level);
    return TEMOIN_OK;
}

static const char *what_refuses(const tm_quantile_design *design)
{
    const tm_sample *sample = design->sample;
    double low = sample->y[0], high = sample->y[0], size = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        low = fmin(low, sample->y[i]);
        high = fmax(high, sample->y[i]);
        size = fmax(size, fabs(design->least[i]));
    }
    if (design->arms_confused) return "no_contrast";
    if (high - low <= 1e-13 * fmax(fabs(low), fabs(high))) return "no_variation";
    if (sample->n <= design->p) return "too_few_units";
    if (size <= 1e-10 * (high - low)) return "perfect_fit";
    return NULL;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    tm_quantile_design design;
    tm_check_loss_fit fit;
    double *a;
    TM_TRY(tm_quantile_design_build(ctx, request->sample, &design));
    TM_TRY(tm_check_loss_run(ctx, &design.loss, request->sample->quantile, &fit));
    TM_SCRATCH(ctx, a, design.p);
    design.fit = &fit;
    const char *refused = fit.solved ? what_refuses(&design) : "not_converged";
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        for (int32_t d = 0; d < design.n_dropped; d++)
            tm_notes_add_name(&out[c].notes, "collinear", request->sample->covariate_name[design.dropped[d]]);
        express(&design, request->arm_weight + (int64_t)c * request->sample->n_arms, a);
        out[c].value = 0;
        for (int32_t j = 0; j < design.p; j++) out[c].value += a[j] * fit.beta[j];
        if (!fit.solved || design.arms_confused) out[c].value = NAN;
        if (!refused && !fit.unique) tm_notes_add(&out[c].notes, "quantile_not_unique");
        if (refused)
            tm_effect_refuse(&out[c], refused);
        else
            TM_TRY(find_error(ctx, &design, request, a, &out[c]));
    }
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_quantile_regression = {
    .key = "quantile_regression",
    .title_en = "regression of a quantile on arms, strata and covariates",
    .title_fr = "régression d’un quantile sur les bras, les strates et les covariables",
    .cites = "Koenker & Bassett 1978; Koenker 2005",
    .takes_covariates = true,
    .run = run,
    .variances = "rq_nid rq_ker rq_iid",
    .at_quantile = true,
};

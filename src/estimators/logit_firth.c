/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_sample.h"
#include "estimators/two_by_two.h"
#include "moments/firth.h"
#include "numeric/distributions.h"

/* NULL when the likelihood may be penalized for these outcomes. */
static const char *refuse_sample(const tm_sample *sample)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < sample->n; i++) {
        if (sample->y[i] != 0 && sample->y[i] != 1) return "outcome_not_binary";
        low = fmin(low, sample->y[i]);
        high = fmax(high, sample->y[i]);
    }
    if (sample->weight) return "weights_scale";
    return low == high ? "no_variation" : NULL;
}

/* Interval and test of the profile in place of Wald's; p is that of chi-square with one degree of freedom. */
static temoin_status set_profile(temoin_context *ctx, const tm_request *request, const tm_model *model,
                                 const tm_firth *top, int32_t contrast, tm_effect *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_firth_profile profile;
    TM_TRY(tm_firth_profile_run(ctx, model, top, contrast, tm_normal_quantile((1 + request->level) / 2), &profile));
    tm_arena_rewind(&ctx->scratch, mark);
    if (!profile.done) {
        tm_effect_refuse(out, "not_converged");
        return TEMOIN_OK;
    }
    out->statistic = profile.root;
    out->p = tm_chi2_upper(profile.root * profile.root, 1);
    out->ci_low = profile.low;
    out->ci_high = profile.high;
    return TEMOIN_OK;
}

static temoin_status set_effect(temoin_context *ctx, const tm_request *request, const tm_glm_model *of,
                                const tm_firth *top, const tm_fit *fit, int32_t c, tm_effect *out)
{
    const double *l = fit->basis + (int64_t)c * fit->n_parameters;
    double variance = 0;
    if (of->left_out[c]) tm_notes_add_count(&out->notes, "stratum_without_contrast", of->left_out[c]);
    if (!of->identified[c] || fit->n <= fit->n_parameters || isnan(fit->value[c])) {
        tm_effect_refuse(out, !of->identified[c] ? "no_contrast" : "too_few_units");
        return TEMOIN_OK;
    }
    out->value = 0;
    for (int32_t j = 0; j < of->model->n_columns; j++)
        out->value += of->model->column_weight[(int64_t)c * of->model->n_columns + j] * top->column[j];
    for (int32_t k = 0; k < fit->n_parameters; k++) variance += l[k] * l[k];
    tm_effect_test(out, sqrt(variance), INFINITY, request->level);
    if (isnan(request->level) || tm_request_is(request, "classical")) return TEMOIN_OK;
    return set_profile(ctx, request, of->model, top, c, out);
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    const char *refused = refuse_sample(request->sample);
    tm_glm_model of;
    tm_firth top = {.done = false};
    const tm_fit *fit;
    if (!refused) {
        TM_TRY(tm_glm_model_build(ctx, request, NULL, &of, out));
        TM_TRY(tm_firth_run(ctx, of.model, &top));
        if (!top.done) refused = "not_converged";
    }
    for (int32_t c = 0; refused && c < request->n_contrasts; c++) tm_effect_refuse(&out[c], refused);
    if (refused) return TEMOIN_OK;
    TM_TRY(tm_firth_fit(ctx, of.model, top.eta, &fit));
    for (int32_t c = 0; c < request->n_contrasts; c++) TM_TRY(set_effect(ctx, request, &of, &top, fit, c, &out[c]));
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_logit_firth = {
    .key = "logit_firth",
    .title_en = "logistic regression by Firth’s penalized likelihood: log odds ratio",
    .title_fr = "régression logistique à vraisemblance pénalisée de Firth : logarithme du rapport des cotes",
    .cites = "Firth 1993; Heinze & Schemper 2002",
    .unit = TM_UNIT_LOG_RATIO,
    .takes_covariates = true,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = "penalized_likelihood classical",
};

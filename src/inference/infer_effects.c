/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/effects.h"

#include <math.h>
#include <string.h>

#include "inference/instrumented.h"
#include "inference/joint.h"

/* Spread of the outcome, or of the residuals, below this share of its size is rounding. */
static const double constant_tolerance = 1e-13;
static const double perfect_tolerance = 1e-10;

/* Whether a row is at one of the waves that an effect is about. */
static bool is_asked(const tm_sample *sample, int32_t contrast, int64_t i)
{
    const tm_panel *panel = sample->panel;
    return !panel || !panel->wave_weight ||
           panel->wave_weight[(int64_t)contrast * panel->n_waves + panel->wave[i]] != 0;
}

static bool is_constant(const tm_sample *sample, int32_t contrast)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < sample->n; i++) {
        if (!is_asked(sample, contrast, i)) continue;
        low = fmin(low, sample->y[i]);
        high = fmax(high, sample->y[i]);
    }
    return !(high - low > constant_tolerance * fmax(fabs(low), fabs(high)));
}

/* The sample without the covariates that are marked. */
static temoin_status leave_out(temoin_context *ctx, const tm_sample *sample, const bool *out, tm_sample *rest)
{
    const double **column;
    const char **name;
    TM_SCRATCH(ctx, column, sample->n_covariates);
    TM_SCRATCH(ctx, name, sample->n_covariates);
    *rest = *sample;
    rest->n_covariates = 0;
    for (int32_t j = 0; j < sample->n_covariates; j++) {
        if (out[j]) continue;
        column[rest->n_covariates] = sample->covariate[j];
        name[rest->n_covariates++] = sample->covariate_name[j];
    }
    rest->covariate = column;
    rest->covariate_name = name;
    return TEMOIN_OK;
}

static temoin_status fit_once(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                              const double *arm_weight, int32_t n_contrasts, int64_t *left_out, const tm_fit **fit)
{
    tm_model *model;
    TM_SCRATCH(ctx, model, 1);
    model->sample = sample;
    model->n_contrasts = n_contrasts;
    model->arm_weight = arm_weight;
    TM_TRY(estimator->build(ctx, model, left_out));
    return tm_fit_build(ctx, model, fit);
}

/* Fits; while an effect hangs on a covariate that does not vary in an arm, fits again without that covariate. */
static temoin_status fit_sample(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                                const double *arm_weight, int32_t n_contrasts, int64_t *left_out, tm_effect *out,
                                const tm_fit **fit)
{
    for (;;) {
        TM_TRY(fit_once(ctx, sample, estimator, arm_weight, n_contrasts, left_out, fit));
        bool *constant, any = false;
        TM_SCRATCH(ctx, constant, sample->n_covariates);
        for (int32_t c = 0; c < n_contrasts; c++) {
            int32_t column = (*fit)->blocking[c];
            if (column < 0 || (*fit)->model->column_covariate[column] < 0) continue;
            constant[(*fit)->model->column_covariate[column]] = any = true;
        }
        if (!any) return TEMOIN_OK;
        for (int32_t c = 0; c < n_contrasts; c++)
            for (int32_t j = 0; j < sample->n_covariates; j++)
                if (constant[j]) tm_notes_add_name(&out[c].notes, "constant_in_arm", sample->covariate_name[j]);
        tm_sample *rest;
        TM_SCRATCH(ctx, rest, 1);
        TM_TRY(leave_out(ctx, sample, constant, rest));
        sample = rest;
    }
}

static void note_model(const tm_fit *fit, const int64_t *left_out, int32_t contrast, tm_effect *effect)
{
    const tm_model *model = fit->model;
    for (int32_t d = 0; d < fit->n_dropped; d++)
        if (model->column_covariate[fit->dropped[d]] >= 0)
            tm_notes_add_name(&effect->notes, "collinear", model->column_name[fit->dropped[d]]);
    if (left_out[contrast] > 0) tm_notes_add_count(&effect->notes, "stratum_without_contrast", left_out[contrast]);
}

/* Where there are waves before, each arm needs somebody both then and after. arm_weight is that of the contrast. */
static bool is_arm_empty(const tm_sample *sample, const double *arm_weight, int32_t contrast)
{
    const bool *before = sample->panel ? sample->panel->before : NULL;
    for (int32_t a = 0; a < sample->n_arms; a++) {
        bool found = arm_weight[a] == 0, found_before = found || !before;
        for (int64_t i = 0; !(found && found_before) && i < sample->n; i++) {
            if (sample->arm[i] != a || !is_asked(sample, contrast, i)) continue;
            if (before && before[sample->panel->wave[i]])
                found_before = true;
            else
                found = true;
        }
        if (!found || !found_before) return true;
    }
    return false;
}

static temoin_status infer(const tm_fit *fit, int32_t contrast, const tm_uncertainty *uncertainty, double level,
                           tm_effect *effect)
{
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    double square = 0;
    for (int32_t k = 0; k < fit->n_parameters; k++) square += l[k] * l[k];
    double smallest = perfect_tolerance * perfect_tolerance * fit->total_ss / (double)fit->n * square;
    if (uncertainty->refused)
        tm_effect_refuse(effect, uncertainty->refused);
    else if (!(uncertainty->variance > smallest))
        tm_effect_refuse(effect, "perfect_fit");
    else if (!(uncertainty->df > 0))
        tm_effect_refuse(effect, "too_few_units");
    else {
        if (uncertainty->warned) tm_notes_add(&effect->notes, uncertainty->warned);
        tm_effect_test(effect, sqrt(uncertainty->variance), uncertainty->df, level);
    }
    return TEMOIN_OK;
}

/* No more than the values. */
static void finish_values(const tm_fit *fit, tm_effect *out)
{
    const tm_sample *sample = fit->model->sample;
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        out[c].value = fit->value[c];
        if (!isnan(out[c].value) && is_constant(sample, c)) out[c].value = 0;
        if (is_arm_empty(sample, fit->model->arm_weight + (int64_t)c * sample->n_arms, c)) out[c].value = NAN;
    }
}

static temoin_status finish(temoin_context *ctx, const tm_fit *fit, const tm_variance *variance,
                            const int64_t *left_out, double level, tm_effect *out)
{
    const tm_sample *sample = fit->model->sample;
    int32_t n_contrasts = fit->model->n_contrasts;
    bool saturated = fit->n <= fit->n_parameters;
    bool perfect = fit->residual_ss <= perfect_tolerance * perfect_tolerance * fit->total_ss;
    tm_uncertainty *uncertainty;
    TM_SCRATCH(ctx, uncertainty, n_contrasts);
    for (int32_t c = 0; c < n_contrasts; c++) uncertainty[c] = (tm_uncertainty){NAN, NAN, NULL, NULL};
    bool blocks_only = variance->blockwise; /* pairs are saturated, and their variance is between blocks */
    const bool constant = !sample->panel && is_constant(sample, 0);
    const bool plain = isnan(level) && variance->run_plain;
    if (!constant && (blocks_only || (!perfect && !saturated)))
        TM_TRY((plain ? variance->run_plain : variance->run)(ctx, fit, uncertainty));
    for (int32_t c = 0; c < n_contrasts; c++) {
        tm_effect *effect = &out[c];
        effect->value = fit->value[c];
        effect->n_clusters = sample->cluster ? sample->n_clusters : -1;
        if (is_arm_empty(sample, fit->model->arm_weight + (int64_t)c * sample->n_arms, c)) {
            effect->value = NAN;
            tm_effect_refuse(effect, "arm_empty");
            continue;
        }
        note_model(fit, left_out, c, effect);
        if (isnan(effect->value))
            tm_effect_refuse(effect, "no_contrast");
        else if (is_constant(sample, c)) {
            effect->value = 0;
            tm_effect_refuse(effect, "no_variation");
        } else if (!blocks_only && saturated)
            tm_effect_refuse(effect, "too_few_units");
        else if (!blocks_only && perfect)
            tm_effect_refuse(effect, "perfect_fit");
        else
            TM_TRY(infer(fit, c, &uncertainty[c], level, effect));
    }
    return TEMOIN_OK;
}

/* Degrees of freedom take fourth powers of the outcome, which far from one do not fit a double. Divided by a power of
 * two, which is exact, they do; *unit is that power. */
static temoin_status scale_outcome(temoin_context *ctx, const tm_sample *sample, tm_sample *scaled, double *unit)
{
    double largest = 0, *y;
    int exponent;
    *scaled = *sample;
    *unit = 1;
    for (int64_t i = 0; i < sample->n; i++) largest = fmax(largest, fabs(sample->y[i]));
    if (largest == 0 || (largest > 1e-30 && largest < 1e30)) return TEMOIN_OK;
    frexp(largest, &exponent);
    TM_SCRATCH(ctx, y, sample->n);
    for (int64_t i = 0; i < sample->n; i++) y[i] = ldexp(sample->y[i], 1 - exponent);
    scaled->y = y;
    *unit = ldexp(1, exponent - 1);
    return TEMOIN_OK;
}

/* All contrasts together. */
static temoin_status test_jointly(temoin_context *ctx, const tm_fit *fit, const tm_variance *variance, tm_effect *out)
{
    tm_joint joint = {NAN, NAN, NAN, NAN, NULL};
    TM_ALLOC(ctx, out->joint, 1);
    for (int32_t c = 0; c < fit->model->n_contrasts; c++)
        if (isnan(out[c].se)) joint.refused = "joint_incomplete";
    if (!joint.refused) TM_TRY(tm_joint_run(ctx, fit, variance->key, &joint));
    *out->joint = (temoin_joint_test){.estimate = "",
                                      .measure = "",
                                      .wave = "",
                                      .subgroup = "",
                                      .test = "contrasts",
                                      .arm = "",
                                      .reference = "",
                                      .variance = variance->key,
                                      .n_contrasts = fit->model->n_contrasts,
                                      .statistic = joint.statistic,
                                      .df1 = joint.df1,
                                      .df2 = joint.df2,
                                      .p = joint.p,
                                      .note = joint.refused ? joint.refused : ""};
    return TEMOIN_OK;
}

temoin_status tm_effects_fit(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                             const double *arm_weight, int32_t n_contrasts, const tm_fit **out, double *unit)
{
    tm_sample *scaled;
    tm_effect *unread;
    int64_t *left_out;
    TM_SCRATCH(ctx, scaled, 1);
    TM_SCRATCH(ctx, unread, n_contrasts);
    TM_SCRATCH(ctx, left_out, n_contrasts);
    for (int32_t c = 0; c < n_contrasts; c++) tm_notes_init(&unread[c].notes, ctx);
    TM_TRY(scale_outcome(ctx, sample, scaled, unit));
    return fit_sample(ctx, scaled, estimator, arm_weight, n_contrasts, left_out, unread, out);
}

static temoin_status run_linear(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                                const tm_variance *variance, const double *arm_weight, int32_t n_contrasts,
                                double level, const tm_clustered_request *clustered, tm_effect *out)
{
    int64_t *left_out;
    const tm_fit *fit;
    tm_sample scaled;
    double unit;
    TM_SCRATCH(ctx, left_out, n_contrasts);
    TM_TRY(scale_outcome(ctx, sample, &scaled, &unit));
    TM_TRY(fit_sample(ctx, &scaled, estimator, arm_weight, n_contrasts, left_out, out, &fit));
    if (variance)
        TM_TRY(finish(ctx, fit, variance, left_out, level, out));
    else
        finish_values(fit, out);
    if (variance && n_contrasts > 1 && !isnan(level)) TM_TRY(test_jointly(ctx, fit, variance, out));
    if (clustered && variance && sample->cluster) TM_TRY(tm_clustered_effects_run(ctx, fit, clustered, unit, out));
    for (int32_t c = 0; c < n_contrasts; c++) {
        out[c].value *= unit;
        out[c].se *= unit;
        out[c].ci_low *= unit;
        out[c].ci_high *= unit;
    }
    return TEMOIN_OK;
}

/* The estimator sees the contrasts whose arms all have somebody. */
static temoin_status run_own(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                             const tm_variance *variance, const double *arm_weight, int32_t n_contrasts, double level,
                             tm_effect *out)
{
    tm_effect *asked;
    double *weight;
    int32_t *at;
    tm_request request = {sample, variance->key, NULL, 0, level};
    TM_SCRATCH(ctx, asked, n_contrasts);
    TM_SCRATCH(ctx, weight, (int64_t)n_contrasts * sample->n_arms);
    TM_SCRATCH(ctx, at, n_contrasts);
    for (int32_t c = 0; c < n_contrasts; c++) {
        const double *wanted = arm_weight + (int64_t)c * sample->n_arms;
        if (is_arm_empty(sample, wanted, c)) {
            tm_effect_refuse(&out[c], "arm_empty");
            continue;
        }
        memcpy(weight + (int64_t)request.n_contrasts * sample->n_arms, wanted, (size_t)sample->n_arms * sizeof *weight);
        out[c].n_clusters = sample->cluster && variance->clustered ? sample->n_clusters : -1;
        asked[request.n_contrasts] = out[c];
        at[request.n_contrasts++] = c;
    }
    request.arm_weight = weight;
    if (request.n_contrasts) TM_TRY(estimator->run(ctx, &request, asked));
    for (int32_t k = 0; k < request.n_contrasts; k++) out[at[k]] = asked[k];
    return TEMOIN_OK;
}

temoin_status tm_effects_run_clustered(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                                       const tm_variance *variance, const double *arm_weight, int32_t n_contrasts,
                                       double level, const tm_clustered_request *clustered, tm_effect *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    for (int32_t c = 0; c < n_contrasts; c++) {
        tm_notes notes = out[c].notes;
        out[c] =
            (tm_effect){.value = NAN, .se = NAN, .df = NAN, .statistic = NAN, .p = NAN, .ci_low = NAN, .ci_high = NAN};
        out[c].p_bootstrap = out[c].ci_bootstrap_low = out[c].ci_bootstrap_high = NAN;
        out[c].n = sample->n, out[c].n_clusters = out[c].n_bootstrap = -1, out[c].notes = notes;
        if (sample->n == 0) tm_effect_refuse(&out[c], "arm_empty");
    }
    if (sample->n == 0) return TEMOIN_OK;
    if (estimator->instrumented) {
        for (int32_t c = 0; c < n_contrasts; c++)
            TM_TRY(tm_instrumented_run(ctx, sample, variance, arm_weight + (int64_t)c * sample->n_arms, level,
                                       estimator->normal, &out[c]));
    } else if (estimator->run)
        TM_TRY(run_own(ctx, sample, estimator, variance, arm_weight, n_contrasts, level, out));
    else
        TM_TRY(run_linear(ctx, sample, estimator, variance, arm_weight, n_contrasts, level, clustered, out));
    bool linear = !estimator->instrumented && !estimator->run, wanted = clustered && clustered->bootstrap;
    for (int32_t c = 0; wanted && !linear && sample->cluster && c < n_contrasts; c++)
        if (!isnan(out[c].se)) tm_notes_add(&out[c].notes, "no_bootstrap");
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_effects_run(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                             const tm_variance *variance, const double *arm_weight, int32_t n_contrasts, double level,
                             tm_effect *out)
{
    return tm_effects_run_clustered(ctx, sample, estimator, variance, arm_weight, n_contrasts, level, NULL, out);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

#include <string.h>

#include "estimators/glm_sample.h"
#include "estimators/glm_variance.h"
#include "numeric/elementary.h"

static const double perfect_tolerance = 1e-10;
static const double rounding = 1e-13;
static const double least_spread = 1e-30;

typedef struct fitting {
    const tm_request *request;
    const tm_glm_family *family;
    tm_glm_target target;
    tm_effect *effects;
    tm_glm_model whole;   /* of all rows: what is identified at all */
    tm_glm_model rest;    /* of the rows that are not separated */
    bool *keep;           /* [n] */
    double separated_sum; /* Σ w times the mean, 0 or 1, to which a separated row goes: in any arm that is compared */
    int64_t n_separated;
    tm_glm glm;
} fitting;

static double prior(const tm_sample *sample, int64_t i)
{
    return sample->weight ? sample->weight[i] : 1;
}

static void refuse_all(const fitting *f, const char *note)
{
    for (int32_t c = 0; c < f->request->n_contrasts; c++) tm_effect_refuse(&f->effects[c], note);
}

/* NULL when the outcome is one that the family takes. */
static const char *refuse_outcome(const tm_glm_family *family, const tm_sample *sample)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < sample->n; i++) {
        const double y = sample->y[i];
        if (family->binary && y != 0 && y != 1) return "outcome_not_binary";
        low = fmin(low, y);
        high = fmax(high, y);
    }
    if (low < 0) return "outcome_negative";
    return low == high ? "no_variation" : NULL;
}

static void set_aside(fitting *f)
{
    for (int64_t i = 0; i < f->rest.sample.n; i++) {
        const int64_t row = f->rest.row[i];
        if (f->glm.divergence[i] == 0) continue;
        f->keep[row] = false;
        f->n_separated++;
        if (f->glm.divergence[i] > 0) f->separated_sum += prior(f->request->sample, row);
    }
}

/* Fits; sets separated rows aside and fits again until none are left, or no row. */
static temoin_status maximize(temoin_context *ctx, fitting *f)
{
    TM_SCRATCH(ctx, f->keep, f->request->sample->n);
    for (int64_t i = 0; i < f->request->sample->n; i++) f->keep[i] = true;
    TM_TRY(tm_glm_model_build(ctx, f->request, NULL, &f->whole, f->effects));
    f->rest = f->whole;
    for (;;) {
        TM_TRY(tm_glm_run(ctx, f->family, f->rest.model, &f->glm));
        if (f->glm.end != TM_GLM_SEPARATED) return TEMOIN_OK;
        set_aside(f);
        if (f->n_separated == f->request->sample->n) return TEMOIN_OK;
        TM_TRY(tm_glm_model_build(ctx, f->request, f->keep, &f->rest, f->effects));
    }
}

/* Mean predictions by arm with their derivatives, and what contrasts make of them. */
typedef struct gradients {
    double *mean;                     /* [n_arms] M_a */
    double *mean_group, *mean_column; /* [n_arms * n_groups], [n_arms * n_columns] dM_a */
    double *value;                    /* [n_contrasts] */
    double *group, *column;           /* [n_contrasts * n_groups], [n_contrasts * n_columns] */
} gradients;

static double arm_shift(const fitting *f, int32_t arm)
{
    const int32_t k = f->rest.arm_column[arm];
    return k < 0 ? 0 : f->glm.column[k];
}

static void predict_arm(const fitting *f, int32_t arm, gradients *g)
{
    const tm_model *model = f->rest.model;
    const tm_sample *fitted = &f->rest.sample;
    double *group = g->mean_group + (int64_t)arm * model->n_groups;
    double *column = g->mean_column + (int64_t)arm * model->n_columns;
    double sum = f->separated_sum, total = 0;
    for (int64_t i = 0; i < f->request->sample->n; i++) total += prior(f->request->sample, i);
    for (int64_t i = 0; i < fitted->n; i++) {
        const double eta = f->glm.eta[i] - arm_shift(f, fitted->arm[i]) + arm_shift(f, arm);
        const tm_glm_point p = f->family->at(eta, fitted->y[i]);
        const double slope = prior(fitted, i) * p.slope / total;
        sum += prior(fitted, i) * p.mean;
        group[model->group[i]] += slope;
        for (int32_t j = 0; j < model->n_columns; j++)
            if (model->column_covariate[j] >= 0) column[j] += slope * model->column[j][i];
        if (f->rest.arm_column[arm] >= 0) column[f->rest.arm_column[arm]] += slope;
    }
    g->mean[arm] = sum / total;
}

static void combine_arms(const fitting *f, int32_t contrast, gradients *g)
{
    const tm_model *model = f->rest.model;
    const double *arm_weight = f->request->arm_weight + (int64_t)contrast * f->request->sample->n_arms;
    double *group = g->group + (int64_t)contrast * model->n_groups;
    double *column = g->column + (int64_t)contrast * model->n_columns;
    for (int32_t a = 0; a < f->request->sample->n_arms; a++) {
        if (arm_weight[a] == 0) continue;
        const bool logarithm = f->target == TM_GLM_LOG_RATIO;
        const double share = arm_weight[a] / (logarithm ? g->mean[a] : 1);
        g->value[contrast] += arm_weight[a] * (logarithm ? tm_log(g->mean[a]) : g->mean[a]);
        for (int32_t k = 0; k < model->n_groups; k++)
            group[k] += share * g->mean_group[(int64_t)a * model->n_groups + k];
        for (int32_t k = 0; k < model->n_columns; k++)
            column[k] += share * g->mean_column[(int64_t)a * model->n_columns + k];
    }
}

static void combine_coefficients(const fitting *f, int32_t contrast, gradients *g)
{
    const int64_t first = (int64_t)contrast * f->rest.model->n_columns;
    for (int32_t j = 0; j < f->rest.model->n_columns; j++) {
        g->column[first + j] = f->rest.model->column_weight[first + j];
        g->value[contrast] += g->column[first + j] * f->glm.column[j];
    }
}

static temoin_status find_gradients(temoin_context *ctx, const fitting *f, gradients *g)
{
    const tm_model *model = f->rest.model;
    int32_t n_contrasts = f->request->n_contrasts, n_arms = f->request->sample->n_arms;
    TM_SCRATCH(ctx, g->mean, n_arms);
    TM_SCRATCH(ctx, g->mean_group, (int64_t)n_arms * model->n_groups);
    TM_SCRATCH(ctx, g->mean_column, (int64_t)n_arms * model->n_columns);
    TM_SCRATCH(ctx, g->group, (int64_t)n_contrasts * model->n_groups);
    TM_SCRATCH(ctx, g->column, (int64_t)n_contrasts * model->n_columns);
    TM_SCRATCH(ctx, g->value, n_contrasts);
    for (int32_t a = 0; f->target != TM_GLM_COEFFICIENT && a < n_arms; a++) predict_arm(f, a, g);
    for (int32_t c = 0; c < n_contrasts; c++) {
        if (!f->rest.identified[c]) continue;
        if (f->target == TM_GLM_COEFFICIENT)
            combine_coefficients(f, c, g);
        else
            combine_arms(f, c, g);
    }
    return TEMOIN_OK;
}

/* The fit at the maximum, for the effects' gradients. */
static temoin_status fit_gradients(temoin_context *ctx, const fitting *f, gradients *g, const tm_fit **fit)
{
    const bool observed =
        strcmp(f->request->variance, "observed_information") == 0 || strcmp(f->request->variance, "hc0_observed") == 0;
    tm_model *model;
    TM_SCRATCH(ctx, model, 1);
    *model = *f->rest.model;
    TM_TRY(find_gradients(ctx, f, g));
    model->group_weight = g->group;
    model->column_weight = g->column;
    return tm_glm_fit(ctx, f->family, model, f->glm.eta, observed, fit);
}

static bool is_perfect(const fitting *f)
{
    double largest = 0, off = 0;
    for (int64_t i = 0; i < f->rest.sample.n; i++) {
        const double y = f->rest.sample.y[i];
        largest = fmax(largest, fabs(y));
        off = fmax(off, fabs(y - f->family->at(f->glm.eta[i], y).mean));
    }
    return off <= perfect_tolerance * largest;
}

/* The model's variance of each outcome. */
static temoin_status find_spread(temoin_context *ctx, const fitting *f, const double **out)
{
    const tm_sample *fitted = &f->rest.sample;
    double *spread;
    TM_SCRATCH(ctx, spread, fitted->n);
    for (int64_t i = 0; i < fitted->n; i++) {
        const tm_glm_point p = f->family->at(f->glm.eta[i], fitted->y[i]);
        spread[i] = fmax(p.slope, least_spread) / fmax(p.expected, least_spread) * fmax(p.slope, least_spread) /
                    prior(fitted, i);
    }
    *out = spread;
    return TEMOIN_OK;
}

static temoin_status finish(temoin_context *ctx, const fitting *f)
{
    const tm_request *request = f->request;
    const tm_fit *fit;
    gradients g = {0};
    const double *spread = NULL;
    bool perfect = is_perfect(f);
    bool scale = request->sample->weight && (strcmp(request->variance, "classical") == 0 ||
                                             strcmp(request->variance, "observed_information") == 0);
    TM_TRY(fit_gradients(ctx, f, &g, &fit));
    TM_TRY(find_spread(ctx, f, &spread));
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        tm_effect *effect = &f->effects[c];
        tm_glm_variance variance = {NAN, NULL, NULL}, classical;
        if (!f->rest.identified[c]) {
            tm_effect_refuse(effect, f->whole.identified[c] ? "separation" : "no_contrast");
            continue;
        }
        effect->value = g.value[c];
        if (fit->n <= fit->n_parameters)
            variance.refused = "too_few_units";
        else if (perfect)
            variance.refused = "perfect_fit";
        else if (scale)
            variance.refused = "weights_scale";
        else {
            TM_TRY(tm_glm_variance_run(ctx, fit, request->variance, c, spread, &variance));
            TM_TRY(tm_glm_variance_run(ctx, fit, "classical", c, spread, &classical));
            const double least = fmax(perfect_tolerance * sqrt(classical.variance), rounding * fabs(effect->value));
            if (!variance.refused && !(variance.variance > least * least)) variance.refused = "perfect_fit";
            if (!variance.refused && isinf(variance.variance)) variance.refused = "not_converged"; /* out of range */
        }
        if (variance.refused) {
            tm_effect_refuse(effect, variance.refused);
            continue;
        }
        if (variance.warned) tm_notes_add(&effect->notes, variance.warned);
        tm_effect_test(effect, sqrt(variance.variance), INFINITY, request->level);
    }
    return TEMOIN_OK;
}

temoin_status tm_glm_effects_run(temoin_context *ctx, const tm_request *request, const tm_glm_family *family,
                                 tm_glm_target target, tm_effect *out)
{
    fitting f = {.request = request, .family = family, .target = target, .effects = out};
    const char *refused = refuse_outcome(family, request->sample);
    if (refused) {
        for (int32_t c = 0; target == TM_GLM_DIFFERENCE && c < request->n_contrasts; c++)
            if (strcmp(refused, "no_variation") == 0) out[c].value = 0;
        refuse_all(&f, refused);
        return TEMOIN_OK;
    }
    TM_TRY(maximize(ctx, &f));
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        if (f.whole.left_out[c]) tm_notes_add_count(&out[c].notes, "stratum_without_contrast", f.whole.left_out[c]);
        if (f.n_separated && f.n_separated < request->sample->n && f.rest.identified[c])
            tm_notes_add_count(&out[c].notes, "separated_clients", f.n_separated);
    }
    if (f.glm.end == TM_GLM_SEPARATED)
        refuse_all(&f, "separation");
    else if (f.glm.end == TM_GLM_STUCK)
        refuse_all(&f, "not_converged");
    else
        return finish(ctx, &f);
    return TEMOIN_OK;
}

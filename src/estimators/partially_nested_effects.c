/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/partially_nested_effects.h"

#include <math.h>
#include <string.h>

#include "estimators/ols_model.h"
#include "moments/partial_moments.h"
#include "moments/worker_cells.h"

static const double few_degrees = 4;
/* Spread below this share of the outcome's, in variance, is rounding. */
static const double constant_share = 1e-20;

/* The clients of the arms that a contrast compares. */
static temoin_status take_arms(temoin_context *ctx, const tm_sample *all, const double *arm_weight, tm_sample *out)
{
    int64_t n = 0, room = all->n;
    double *y, *x;
    const double **covariate;
    int32_t *arm, *stratum, *cluster;
    TM_SCRATCH(ctx, y, room);
    TM_SCRATCH(ctx, arm, room);
    TM_SCRATCH(ctx, stratum, room);
    TM_SCRATCH(ctx, cluster, room);
    TM_SCRATCH(ctx, covariate, all->n_covariates);
    for (int64_t i = 0; i < all->n; i++) {
        if (arm_weight[all->arm[i]] == 0) continue;
        y[n] = all->y[i], arm[n] = all->arm[i], stratum[n] = all->stratum[i];
        cluster[n++] = all->cluster ? all->cluster[i] : (int32_t)i;
    }
    for (int32_t j = 0; j < all->n_covariates; j++) {
        TM_SCRATCH(ctx, x, room);
        for (int64_t i = 0, at = 0; i < all->n; i++)
            if (arm_weight[all->arm[i]] != 0) x[at++] = all->covariate[j][i];
        covariate[j] = x;
    }
    *out = *all;
    out->n = n, out->y = y, out->arm = arm, out->stratum = stratum, out->cluster = cluster, out->covariate = covariate;
    out->n_clusters = all->cluster ? all->n_clusters : (int32_t)all->n;
    out->unit = NULL;
    return TEMOIN_OK;
}

typedef struct fitted {
    tm_sample sample;
    tm_model model;
    const tm_fit *fit;
    double unit;
    tm_partially_nested partial;
    tm_component_fit components;
} fitted;

static const char *refuse_fit(const tm_fit *fit)
{
    if (isnan(fit->value[0])) return "no_contrast";
    if (fit->n <= fit->n_parameters) return "too_few_units";
    if (!(fit->total_ss > 0)) return "no_variation";
    if (fit->residual_ss <= constant_share * fit->total_ss) return "perfect_fit";
    return NULL;
}

/* Without spread within workers, or in the other arm, the likelihood has no top. */
static const char *refuse_blocks(const tm_partially_nested *partial)
{
    double whole = 0, n = 0;
    for (int b = 0; b < 2; b++) whole += partial->data.block[b].square, n += partial->data.block[b].n;
    for (int b = 0; b < 2; b++) {
        const tm_component_block *block = &partial->data.block[b];
        if (partial->data.n_components == 3 && !(block->square > constant_share * whole)) return "no_variation";
        if (partial->data.n_components == 3 && block->n < 2) return "too_few_units";
    }
    return n > partial->data.k && whole > 0 ? NULL : "too_few_units";
}

/* Refused, or with the components fitted. */
static temoin_status fit_contrast(temoin_context *ctx, const tm_request *request, const double *arm_weight,
                                  const tm_partial_model *how, fitted *f, tm_effect *out, const char **refused)
{
    int32_t served;
    int64_t left_out[1];
    double *y;
    TM_TRY(take_arms(ctx, request->sample, arm_weight, &f->sample));
    TM_SCRATCH(ctx, y, f->sample.n);
    f->unit = tm_outcome_unit(f->sample.y, f->sample.n);
    for (int64_t i = 0; i < f->sample.n; i++) y[i] = f->sample.y[i] / f->unit;
    f->sample.y = y;
    f->model = (tm_model){.sample = &f->sample, .n_contrasts = 1, .arm_weight = arm_weight};
    TM_TRY(tm_ols_build(ctx, &f->model, left_out));
    TM_TRY(tm_fit_build(ctx, &f->model, &f->fit));
    for (int32_t d = 0; d < f->fit->n_dropped; d++)
        if (f->model.column_covariate[f->fit->dropped[d]] >= 0)
            tm_notes_add_name(&out->notes, "collinear", f->model.column_name[f->fit->dropped[d]]);
    if (left_out[0]) tm_notes_add_count(&out->notes, "stratum_without_contrast", left_out[0]);
    out->value = f->fit->value[0] * f->unit;
    TM_TRY(tm_served_arm_find(ctx, &f->sample, &served, refused));
    if (!*refused) *refused = refuse_fit(f->fit);
    if (*refused) return TEMOIN_OK;
    TM_TRY(tm_partially_nested_build(ctx, f->fit, served, how->common, &f->partial));
    f->partial.data.restricted = !how->maximum_likelihood;
    *refused = refuse_blocks(&f->partial);
    if (*refused) return TEMOIN_OK;
    TM_TRY(tm_components_fit(ctx, &f->partial.data, &f->components));
    if (f->components.end != TM_COMPONENTS_DONE) *refused = "not_converged";
    return TEMOIN_OK;
}

static temoin_status infer(temoin_context *ctx, const tm_request *request, const fitted *f, tm_effect *out)
{
    const double *l = f->fit->basis, unit = f->partial.unit, *theta = f->components.theta;
    tm_component_variance v;
    double value = f->fit->value[0];
    for (int32_t k = 0; k < f->fit->n_parameters; k++) value += l[k] * f->components.beta[k] * unit;
    if (strcmp(request->variance, "kenward_roger") == 0)
        TM_TRY(tm_components_kenward_roger(ctx, &f->partial.data, &f->components, l, &v));
    else
        TM_TRY(tm_components_satterthwaite(ctx, &f->partial.data, &f->components, l, &v));
    if (strcmp(request->variance, "model_wald_z") == 0) v.df = INFINITY;
    out->value = value;
    if (!(v.df > 0) || !(v.variance > 0)) {
        tm_effect_refuse(out, "not_converged");
        return TEMOIN_OK;
    }
    if (theta[f->partial.component[TM_PARTIAL_WORKER]] == 0) tm_notes_add(&out->notes, "variance_at_zero");
    if (v.df < few_degrees) tm_notes_add(&out->notes, "few_clusters");
    tm_effect_test(out, sqrt(v.variance) * unit, v.df, request->level);
    out->value *= f->unit, out->se *= f->unit, out->ci_low *= f->unit, out->ci_high *= f->unit;
    return TEMOIN_OK;
}

static const char *refuse_contrast(const tm_sample *sample, const double *arm_weight)
{
    int n_arms = 0;
    for (int32_t a = 0; a < sample->n_arms; a++) n_arms += arm_weight[a] != 0;
    return sample->weight ? "weights_not_taken" : n_arms != 2 ? "contrast_of_two" : NULL;
}

temoin_status tm_partially_nested_run(temoin_context *ctx, const tm_request *request, const tm_partial_model *model,
                                      tm_effect *out)
{
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        const double *arm_weight = request->arm_weight + (int64_t)c * request->sample->n_arms;
        const char *refused = refuse_contrast(request->sample, arm_weight);
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        fitted f = {0};
        if (!refused) TM_TRY(fit_contrast(ctx, request, arm_weight, model, &f, &out[c], &refused));
        if (refused)
            tm_effect_refuse(&out[c], refused);
        else
            TM_TRY(infer(ctx, request, &f, &out[c]));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_sample.h"

#include <string.h>

#include "moments/fit.h"

static temoin_status keep_events(temoin_context *ctx, const tm_sample *from, const int64_t *row, int64_t n,
                                 tm_sample *to)
{
    double *event;
    TM_SCRATCH(ctx, event, n);
    for (int64_t i = 0; i < n; i++) event[i] = from->event[row[i]];
    to->event = event;
    return TEMOIN_OK;
}

static temoin_status keep_rows(temoin_context *ctx, const tm_sample *from, const bool *keep, tm_glm_model *out)
{
    int64_t *row, n = 0;
    TM_SCRATCH(ctx, row, from->n);
    for (int64_t i = 0; i < from->n; i++)
        if (!keep || keep[i]) row[n++] = i;
    out->sample = *from;
    out->row = row;
    if (n == from->n) return TEMOIN_OK;
    double *y, *weight, **covariate;
    int32_t *arm, *stratum, *cluster;
    TM_SCRATCH(ctx, y, n);
    TM_SCRATCH(ctx, weight, n);
    TM_SCRATCH(ctx, arm, n);
    TM_SCRATCH(ctx, stratum, n);
    TM_SCRATCH(ctx, cluster, n);
    TM_SCRATCH(ctx, covariate, from->n_covariates);
    for (int64_t i = 0; i < n; i++) {
        y[i] = from->y[row[i]];
        arm[i] = from->arm[row[i]];
        stratum[i] = from->stratum[row[i]];
        if (from->weight) weight[i] = from->weight[row[i]];
        if (from->cluster) cluster[i] = from->cluster[row[i]];
    }
    for (int32_t j = 0; j < from->n_covariates; j++) {
        TM_SCRATCH(ctx, covariate[j], n);
        for (int64_t i = 0; i < n; i++) covariate[j][i] = from->covariate[j][row[i]];
    }
    tm_sample *to = &out->sample;
    to->n = n, to->y = y, to->arm = arm, to->stratum = stratum;
    if (from->weight) to->weight = weight;
    if (from->cluster) to->cluster = cluster;
    to->received = NULL, to->unit = NULL;
    if (from->event) TM_TRY(keep_events(ctx, from, row, n, to));
    to->covariate = (const double *const *)covariate;
    return TEMOIN_OK;
}

static temoin_status build_model(temoin_context *ctx, const tm_request *request, const tm_sample *sample,
                                 int64_t *left_out, tm_model **out)
{
    tm_model *model;
    TM_SCRATCH(ctx, model, 1);
    model->sample = sample;
    model->n_contrasts = request->n_contrasts;
    model->arm_weight = request->arm_weight;
    *out = model;
    return tm_estimator_find("ols")->build(ctx, model, left_out);
}

/* Takes the covariates out that the fit dropped, or that stand in an effect's way; false: there were none. */
static temoin_status drop_covariates(temoin_context *ctx, const tm_fit *fit, int32_t n_contrasts, tm_sample *sample,
                                     tm_effect *effects, bool *any)
{
    const tm_model *model = fit->model;
    bool *out, *blocking;
    TM_SCRATCH(ctx, out, sample->n_covariates);
    TM_SCRATCH(ctx, blocking, sample->n_covariates);
    *any = false;
    for (int32_t d = 0; d < fit->n_dropped; d++)
        if (model->column_covariate[fit->dropped[d]] >= 0) out[model->column_covariate[fit->dropped[d]]] = *any = true;
    for (int32_t c = 0; c < n_contrasts; c++)
        if (fit->blocking[c] >= 0 && model->column_covariate[fit->blocking[c]] >= 0)
            blocking[model->column_covariate[fit->blocking[c]]] = true;
    if (!*any) return TEMOIN_OK;
    const double **column;
    const char **name;
    int32_t n = 0;
    TM_SCRATCH(ctx, column, sample->n_covariates);
    TM_SCRATCH(ctx, name, sample->n_covariates);
    for (int32_t j = 0; j < sample->n_covariates; j++) {
        if (!out[j]) {
            column[n] = sample->covariate[j];
            name[n++] = sample->covariate_name[j];
            continue;
        }
        for (int32_t c = 0; c < n_contrasts; c++)
            tm_notes_add_name(&effects[c].notes, blocking[j] ? "constant_in_arm" : "collinear",
                              sample->covariate_name[j]);
    }
    sample->n_covariates = n;
    sample->covariate = column;
    sample->covariate_name = name;
    return TEMOIN_OK;
}

/* The model without the arms' columns that the fit dropped, and where each arm's column is. */
static temoin_status drop_arms(temoin_context *ctx, const tm_fit *fit, tm_model *model, const int32_t **arm_column)
{
    int32_t n_arms = model->sample->n_arms, n = 0, p = model->n_columns;
    bool *dropped;
    int32_t *place, *covariate;
    const double **column;
    const char **name;
    double *weight;
    TM_SCRATCH(ctx, dropped, p);
    TM_SCRATCH(ctx, place, n_arms);
    TM_SCRATCH(ctx, covariate, p);
    TM_SCRATCH(ctx, column, p);
    TM_SCRATCH(ctx, name, p);
    TM_SCRATCH(ctx, weight, (int64_t)model->n_contrasts * p);
    for (int32_t d = 0; d < fit->n_dropped; d++) dropped[fit->dropped[d]] = true;
    for (int32_t a = 0; a < n_arms; a++) place[a] = -1;
    for (int32_t k = 0; k < p; k++) {
        if (dropped[k]) continue;
        if (k < n_arms - 1) place[k + 1] = n;
        column[n] = model->column[k];
        name[n] = model->column_name[k];
        covariate[n++] = model->column_covariate[k];
    }
    for (int32_t c = 0; c < model->n_contrasts; c++)
        for (int32_t a = 1; a < n_arms; a++)
            if (place[a] >= 0) weight[(int64_t)c * n + place[a]] = model->arm_weight[(int64_t)c * n_arms + a];
    model->n_columns = n;
    model->column = column;
    model->column_name = name;
    model->column_covariate = covariate;
    model->column_weight = weight;
    *arm_column = place;
    return TEMOIN_OK;
}

temoin_status tm_glm_model_build(temoin_context *ctx, const tm_request *request, const bool *keep, tm_glm_model *out,
                                 tm_effect *effects)
{
    const tm_fit *fit = NULL;
    tm_model *model = NULL;
    int64_t *left_out;
    bool *identified, dropped = true;
    TM_SCRATCH(ctx, left_out, request->n_contrasts);
    TM_SCRATCH(ctx, identified, request->n_contrasts);
    TM_TRY(keep_rows(ctx, request->sample, keep, out));
    while (dropped) {
        TM_TRY(build_model(ctx, request, &out->sample, left_out, &model));
        TM_TRY(tm_fit_build(ctx, model, &fit));
        TM_TRY(drop_covariates(ctx, fit, request->n_contrasts, &out->sample, effects, &dropped));
    }
    for (int32_t c = 0; c < request->n_contrasts; c++) identified[c] = !isnan(fit->value[c]);
    TM_TRY(drop_arms(ctx, fit, model, &out->arm_column));
    out->model = model;
    out->identified = identified;
    out->left_out = left_out;
    out->fit = fit->n_dropped ? NULL : fit;
    return TEMOIN_OK;
}

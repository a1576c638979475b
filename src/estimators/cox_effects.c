/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/cox_effects.h"

#include <string.h>

#include "estimators/cox_fit.h"
#include "estimators/glm_sample.h"
#include "estimators/survival_sample.h"

enum { FEW_CLUSTERS = 10 };
static const double least_variance = 1e-20;

/* c'I⁻¹ of one contrast. */
static void influence(const tm_glm_model *model, const tm_cox_fit *fit, int32_t contrast, double *out)
{
    const int32_t p = model->model->n_columns;
    const double *weight = model->model->column_weight + (int64_t)contrast * p;
    for (int32_t k = 0; k < p; k++) {
        out[k] = 0;
        for (int32_t j = 0; j < p; j++) out[k] += weight[j] * fit->inverse[j * p + k];
    }
}

static temoin_status refuse_clusters(temoin_context *ctx, const tm_request *request, const tm_sample *sample,
                                     int32_t contrast, tm_effect *out)
{
    const double *weight = request->arm_weight + (int64_t)contrast * sample->n_arms;
    for (int32_t a = 0; a < sample->n_arms; a++) {
        bool *seen;
        int64_t n = 0;
        if (weight[a] == 0) continue;
        TM_SCRATCH(ctx, seen, sample->n_clusters);
        for (int64_t i = 0; i < sample->n; i++) {
            if (sample->arm[i] != a) continue;
            n += !seen[sample->cluster[i]];
            seen[sample->cluster[i]] = true;
        }
        if (n < 2) {
            tm_effect_refuse(out, sample->n_clusters < 2 ? "one_cluster" : "one_cluster_in_arm");
            return TEMOIN_OK;
        }
        if (n < FEW_CLUSTERS) tm_notes_add(&out->notes, "few_clusters");
    }
    return TEMOIN_OK;
}

/* Σ over clients, or over clusters, of the squared influence. */
static temoin_status robust(temoin_context *ctx, const tm_glm_model *model, const tm_cox_fit *fit,
                            const double *direction, bool clustered, double *variance)
{
    const tm_sample *sample = &model->sample;
    const int32_t p = model->model->n_columns;
    const int64_t n = clustered ? sample->n_clusters : sample->n;
    double *sum;
    TM_SCRATCH(ctx, sum, n);
    for (int64_t i = 0; i < sample->n; i++)
        for (int32_t j = 0; j < p; j++) sum[clustered ? sample->cluster[i] : i] += direction[j] * fit->score[i * p + j];
    *variance = 0;
    for (int64_t g = 0; g < n; g++) *variance += sum[g] * sum[g];
    return TEMOIN_OK;
}

static temoin_status finish(temoin_context *ctx, const tm_request *request, const tm_glm_model *model,
                            const tm_cox_fit *fit, int32_t contrast, tm_effect *out)
{
    const int32_t p = model->model->n_columns;
    const double *weight = model->model->column_weight + (int64_t)contrast * p;
    const bool clustered = strcmp(request->variance, "cr0") == 0;
    double *direction, variance = 0, classical = 0;
    TM_SCRATCH(ctx, direction, p);
    influence(model, fit, contrast, direction);
    out->value = 0;
    for (int32_t j = 0; j < p; j++) {
        out->value += weight[j] * fit->coefficient[j];
        classical += weight[j] * direction[j];
    }
    if (clustered) TM_TRY(refuse_clusters(ctx, request, &model->sample, contrast, out));
    if (tm_notes_refuse(out->notes.text)) return TEMOIN_OK;
    if (strcmp(request->variance, "classical") == 0)
        variance = classical;
    else
        TM_TRY(robust(ctx, model, fit, direction, clustered, &variance));
    if (!(variance > least_variance * classical))
        tm_effect_refuse(out, "perfect_fit");
    else
        tm_effect_test(out, sqrt(variance), INFINITY, request->level);
    return TEMOIN_OK;
}

static temoin_status keep_arms(temoin_context *ctx, const tm_sample *sample, int64_t **events, bool **keep)
{
    TM_SCRATCH(ctx, *events, sample->n_arms);
    TM_SCRATCH(ctx, *keep, sample->n);
    tm_survival_count(sample, *events);
    for (int64_t i = 0; i < sample->n; i++) (*keep)[i] = (*events)[sample->arm[i]] > 0;
    return TEMOIN_OK;
}

static bool lacks_events(const tm_request *request, int32_t contrast, const int64_t *events)
{
    const double *weight = request->arm_weight + (int64_t)contrast * request->sample->n_arms;
    for (int32_t a = 0; a < request->sample->n_arms; a++)
        if (weight[a] != 0 && events[a] == 0) return true;
    return false;
}

temoin_status tm_cox_effects_run(temoin_context *ctx, const tm_request *request, bool efron, tm_effect *out)
{
    const char *refused = tm_survival_refuse(request->sample);
    tm_glm_model model;
    tm_cox_fit fit = {0};
    int64_t *events;
    bool *keep;
    if (refused) {
        tm_survival_refuse_all(request, refused, out);
        return TEMOIN_OK;
    }
    TM_TRY(keep_arms(ctx, request->sample, &events, &keep));
    TM_TRY(tm_glm_model_build(ctx, request, keep, &model, out));
    TM_TRY(tm_cox_fit_run(ctx, model.model, efron, &fit));
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        if (model.left_out[c]) tm_notes_add_count(&out[c].notes, "stratum_without_contrast", model.left_out[c]);
        if (lacks_events(request, c, events))
            tm_effect_refuse(&out[c], "arm_without_events");
        else if (!model.identified[c])
            tm_effect_refuse(&out[c], "no_contrast");
        else if (fit.end == TM_COX_MONOTONE)
            tm_effect_refuse(&out[c], "monotone_likelihood");
        else if (fit.end == TM_COX_STUCK)
            tm_effect_refuse(&out[c], "not_converged");
        else
            TM_TRY(finish(ctx, request, &model, &fit, c, &out[c]));
    }
    return TEMOIN_OK;
}

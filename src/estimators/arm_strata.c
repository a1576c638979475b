/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/arm_strata.h"

#include <math.h>
#include <string.h>

#include "estimators/estimator.h"

const tm_estimator *tm_estimator_find(const char *key)
{
    for (int e = 0; e < tm_n_estimators; e++)
        if (strcmp(tm_estimators[e]->key, key) == 0) return tm_estimators[e];
    return NULL;
}

bool tm_arm_strata_has_contrast(const tm_arm_strata *cells, const double *arm_weight, int32_t n_arms, int32_t n_strata,
                                int32_t stratum)
{
    for (int32_t a = 0; a < n_arms; a++)
        if (arm_weight[a] != 0 && cells->find[a * n_strata + stratum] < 0) return false;
    return true;
}

double tm_stratum_weight_by_size(const tm_arm_strata *cells, const double *arm_weight, int32_t n_arms, int32_t n_strata,
                                 int32_t stratum)
{
    (void)arm_weight, (void)n_arms, (void)n_strata;
    return cells->stratum_total[stratum];
}

static temoin_status number_groups(temoin_context *ctx, tm_model *model, tm_arm_strata *cells)
{
    const tm_sample *sample = model->sample;
    int32_t n_cells = sample->n_arms * sample->n_strata;
    int32_t *group, *group_arm, *group_stratum;
    TM_SCRATCH(ctx, cells->find, n_cells);
    TM_SCRATCH(ctx, cells->cell_total, n_cells);
    TM_SCRATCH(ctx, cells->stratum_total, sample->n_strata);
    TM_SCRATCH(ctx, group, sample->n);
    TM_SCRATCH(ctx, group_arm, n_cells);
    TM_SCRATCH(ctx, group_stratum, n_cells);
    for (int32_t c = 0; c < n_cells; c++) cells->find[c] = -1;
    for (int64_t i = 0; i < sample->n; i++) cells->find[sample->arm[i] * sample->n_strata + sample->stratum[i]] = 0;
    for (int32_t c = 0; c < n_cells; c++) {
        if (cells->find[c] < 0) continue;
        group_arm[model->n_groups] = c / sample->n_strata;
        group_stratum[model->n_groups] = c % sample->n_strata;
        cells->find[c] = model->n_groups++;
    }
    for (int64_t i = 0; i < sample->n; i++) {
        group[i] = cells->find[sample->arm[i] * sample->n_strata + sample->stratum[i]];
        double w = sample->weight ? sample->weight[i] : 1;
        cells->cell_total[group[i]] += w;
        cells->stratum_total[sample->stratum[i]] += w;
    }
    model->group = group;
    model->group_arm = group_arm;
    model->group_stratum = group_stratum;
    return TEMOIN_OK;
}

static void weigh_groups(const tm_sample *sample, const tm_arm_strata *cells, const double *arm_weight,
                         tm_stratum_weight *weigh, double *group_weight)
{
    double total = 0;
    for (int32_t s = 0; s < sample->n_strata; s++)
        if (tm_arm_strata_has_contrast(cells, arm_weight, sample->n_arms, sample->n_strata, s))
            total += weigh(cells, arm_weight, sample->n_arms, sample->n_strata, s);
    if (!(total > 0)) {
        group_weight[0] = NAN;
        return;
    }
    for (int32_t s = 0; s < sample->n_strata; s++) {
        if (!tm_arm_strata_has_contrast(cells, arm_weight, sample->n_arms, sample->n_strata, s)) continue;
        double share = weigh(cells, arm_weight, sample->n_arms, sample->n_strata, s) / total;
        for (int32_t a = 0; a < sample->n_arms; a++)
            if (arm_weight[a] != 0) group_weight[cells->find[a * sample->n_strata + s]] = arm_weight[a] * share;
    }
}

temoin_status tm_arm_strata_build(temoin_context *ctx, tm_model *model, tm_stratum_weight *weigh, tm_arm_strata *cells,
                                  int64_t *left_out)
{
    const tm_sample *sample = model->sample;
    double *group_weight;
    TM_TRY(number_groups(ctx, model, cells));
    TM_SCRATCH(ctx, group_weight, (int64_t)model->n_contrasts * model->n_groups);
    for (int32_t c = 0; c < model->n_contrasts; c++) {
        const double *arm_weight = model->arm_weight + (int64_t)c * sample->n_arms;
        weigh_groups(sample, cells, arm_weight, weigh, group_weight + (int64_t)c * model->n_groups);
        left_out[c] = 0;
        for (int64_t i = 0; i < sample->n; i++)
            left_out[c] +=
                arm_weight[sample->arm[i]] != 0 &&
                !tm_arm_strata_has_contrast(cells, arm_weight, sample->n_arms, sample->n_strata, sample->stratum[i]);
    }
    model->group_weight = group_weight;
    return TEMOIN_OK;
}

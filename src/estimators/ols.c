/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/ols_model.h"

/* y on arm indicators and covariates, strata absorbed: analysis of covariance. Strata with one arm only carry no
 * contrast, but their rows still inform the covariates' slopes and stay in. */

static temoin_status absorb_strata(temoin_context *ctx, tm_model *model, int64_t *without_contrast)
{
    const tm_sample *sample = model->sample;
    int32_t *number, *only_arm, *group;
    int64_t *size;
    TM_SCRATCH(ctx, number, sample->n_strata);
    TM_SCRATCH(ctx, only_arm, sample->n_strata);
    TM_SCRATCH(ctx, size, sample->n_strata);
    TM_SCRATCH(ctx, group, sample->n);
    for (int64_t i = 0; i < sample->n; i++) {
        int32_t s = sample->stratum[i];
        only_arm[s] = size[s]++ == 0 || only_arm[s] == sample->arm[i] ? sample->arm[i] : -1;
    }
    *without_contrast = 0;
    for (int32_t s = 0; s < sample->n_strata; s++) {
        number[s] = size[s] > 0 ? model->n_groups++ : -1;
        if (size[s] > 0 && only_arm[s] >= 0) *without_contrast += size[s];
    }
    for (int64_t i = 0; i < sample->n; i++) group[i] = number[sample->stratum[i]];
    model->group = group;
    return TEMOIN_OK;
}

static temoin_status build_columns(temoin_context *ctx, tm_model *model)
{
    const tm_sample *sample = model->sample;
    const double **column;
    const char **name;
    int32_t *covariate;
    int32_t n_indicators = sample->n_arms - 1;
    model->n_columns = n_indicators + sample->n_covariates;
    TM_SCRATCH(ctx, column, model->n_columns);
    TM_SCRATCH(ctx, name, model->n_columns);
    TM_SCRATCH(ctx, covariate, model->n_columns);
    for (int32_t k = 0; k < n_indicators; k++) {
        double *x;
        TM_SCRATCH(ctx, x, sample->n);
        for (int64_t i = 0; i < sample->n; i++) x[i] = sample->arm[i] == k + 1;
        column[k] = x;
        covariate[k] = -1;
    }
    for (int32_t j = 0; j < sample->n_covariates; j++) {
        column[n_indicators + j] = sample->covariate[j];
        name[n_indicators + j] = sample->covariate_name[j];
        covariate[n_indicators + j] = j;
    }
    model->column = column;
    model->column_name = name;
    model->column_covariate = covariate;
    return TEMOIN_OK;
}

temoin_status tm_ols_build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    int64_t without_contrast = 0;
    double *group_weight, *column_weight;
    TM_TRY(absorb_strata(ctx, model, &without_contrast));
    TM_TRY(build_columns(ctx, model));
    TM_SCRATCH(ctx, group_weight, (int64_t)model->n_contrasts * model->n_groups);
    TM_SCRATCH(ctx, column_weight, (int64_t)model->n_contrasts * model->n_columns);
    for (int32_t c = 0; c < model->n_contrasts; c++) {
        left_out[c] = without_contrast;
        for (int32_t a = 1; a < model->sample->n_arms; a++)
            column_weight[(int64_t)c * model->n_columns + a - 1] =
                model->arm_weight[(int64_t)c * model->sample->n_arms + a];
    }
    model->group_weight = group_weight;
    model->column_weight = column_weight;
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_ols = {
    .key = "ols",
    .title_en = "regression on arms and covariates, strata absorbed (ANCOVA)",
    .title_fr = "régression sur les bras et les covariables, strates absorbées (ANCOVA)",
    .cites = "Imbens & Rubin 2015, ch. 7 and 9; Freedman 2008",
    .takes_covariates = true,
    .build = tm_ols_build,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/arm_strata.h"
#include "estimators/estimator.h"

/* Lin's regression is one regression per arm, with the arm's own slopes and stratum means; the effect compares their
 * predictions at the covariate means and stratum sizes of the whole sample. So arm × stratum is absorbed and every
 * covariate is a column per arm. Equal to the textbook form (centred covariates and stratum dummies times arms) with
 * far fewer columns. The variance treats the means as given, as in Lin 2013. */

static double mean_over_contrast(const tm_sample *sample, const tm_arm_strata *cells, const double *arm_weight,
                                 int32_t j)
{
    double sum = 0, total = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        if (!tm_arm_strata_has_contrast(cells, arm_weight, sample->n_arms, sample->n_strata, sample->stratum[i]))
            continue;
        double w = sample->weight ? sample->weight[i] : 1;
        sum += w * sample->covariate[j][i];
        total += w;
    }
    return total > 0 ? sum / total : 0;
}

static temoin_status build_columns(temoin_context *ctx, tm_model *model)
{
    const tm_sample *sample = model->sample;
    const double **column;
    const char **name;
    int32_t *covariate;
    model->n_columns = sample->n_arms * sample->n_covariates;
    TM_SCRATCH(ctx, column, model->n_columns);
    TM_SCRATCH(ctx, name, model->n_columns);
    TM_SCRATCH(ctx, covariate, model->n_columns);
    for (int32_t k = 0; k < model->n_columns; k++) {
        int32_t a = k / sample->n_covariates, j = k % sample->n_covariates;
        double *x;
        TM_SCRATCH(ctx, x, sample->n);
        for (int64_t i = 0; i < sample->n; i++) x[i] = sample->arm[i] == a ? sample->covariate[j][i] : 0;
        column[k] = x;
        name[k] = sample->covariate_name[j];
        covariate[k] = j;
    }
    model->column = column;
    model->column_name = name;
    model->column_covariate = covariate;
    return TEMOIN_OK;
}

static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    const tm_sample *sample = model->sample;
    tm_arm_strata cells = {0};
    double *column_weight;
    TM_TRY(tm_arm_strata_build(ctx, model, tm_stratum_weight_by_size, &cells, left_out));
    TM_TRY(build_columns(ctx, model));
    TM_SCRATCH(ctx, column_weight, (int64_t)model->n_contrasts * model->n_columns);
    for (int32_t c = 0; c < model->n_contrasts; c++) {
        const double *arm_weight = model->arm_weight + (int64_t)c * sample->n_arms;
        for (int32_t j = 0; j < sample->n_covariates; j++) {
            double mean = mean_over_contrast(sample, &cells, arm_weight, j);
            for (int32_t a = 0; a < sample->n_arms; a++)
                column_weight[(int64_t)c * model->n_columns + a * sample->n_covariates + j] = arm_weight[a] * mean;
        }
    }
    model->column_weight = column_weight;
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_lin = {
    .key = "lin",
    .title_en = "regression with covariates interacted with arms (Lin)",
    .title_fr = "régression avec covariables croisées avec les bras (Lin)",
    .cites = "Lin 2013, eq. 2",
    .takes_covariates = true,
    .compares_within_strata = true,
    .build = build,
};

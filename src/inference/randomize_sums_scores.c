/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of scores by arm, strata together. Ranks are whole or half numbers, and their sums exact. */
#include "inference/randomize_sums.h"

static bool serves(const tm_sum_model *model)
{
    return model->statistic->of_sums != NULL;
}

static temoin_status prepare(temoin_context *ctx, tm_sum_model *model)
{
    double *score;
    TM_SCRATCH(ctx, model->column, 1);
    TM_SCRATCH(ctx, score, model->sample->n);
    TM_TRY(model->statistic->score(ctx, model->sample, score));
    model->column[model->n_columns++] = score;
    model->unit = 1;
    model->room = 2 * (int64_t)model->sample->n_arms;
    return TEMOIN_OK;
}

static bool find(const tm_sum_model *model, const double *cell, double *room, double *statistic)
{
    const int32_t n_arms = model->sample->n_arms;
    double *number = room, *sum = room + n_arms;
    for (int32_t a = 0; a < n_arms; a++) {
        number[a] = sum[a] = 0;
        for (int32_t s = 0; s < model->sample->n_strata; s++) {
            number[a] += tm_sum_cell(model, cell, s, a)[0];
            sum[a] += tm_sum_cell(model, cell, s, a)[1];
        }
    }
    for (int32_t c = 0; c < model->n_contrasts; c++)
        statistic[c] = model->statistic->of_sums(n_arms, number, sum, model->arm_weight + (int64_t)c * n_arms);
    return true;
}

const tm_sum_route tm_sum_route_scores = {.serves = serves, .prepare = prepare, .find = find};

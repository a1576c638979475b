/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/panel_model.h"

int32_t tm_panel_n_waves(const tm_sample *sample)
{
    return sample->panel ? sample->panel->n_waves : 1;
}

static int32_t wave_of(const tm_sample *sample, int64_t i)
{
    return sample->panel ? sample->panel->wave[i] : 0;
}

/* Clients, not rows, in groups that hold one arm only. only_arm [n_groups]: -1 where there are several. */
static int64_t count_without_contrast(const tm_model *model, const int32_t *only_arm)
{
    const tm_sample *sample = model->sample;
    int64_t n = 0, last = -1;
    for (int64_t i = 0; i < sample->n; i++) {
        if (only_arm[model->group[i]] < 0) continue;
        const int64_t unit = sample->unit ? sample->unit[i] : i;
        n += unit != last;
        last = unit;
    }
    return n;
}

static temoin_status absorb(temoin_context *ctx, tm_model *model, const tm_panel_layout *layout, int64_t *left_out)
{
    const tm_sample *sample = model->sample;
    const int64_t n_cells = (int64_t)layout->n_slots * sample->n_strata;
    int32_t *number, *group, *only_arm;
    TM_SCRATCH(ctx, number, n_cells); /* 0: nobody; else 1 + the group */
    TM_SCRATCH(ctx, group, sample->n);
    TM_SCRATCH(ctx, only_arm, n_cells);
    for (int64_t i = 0; i < sample->n; i++) {
        group[i] = layout->slot[wave_of(sample, i)] * sample->n_strata + sample->stratum[i];
        number[group[i]] = 1;
    }
    for (int64_t c = 0; c < n_cells; c++)
        if (number[c]) number[c] = ++model->n_groups;
    for (int32_t f = 0; f < model->n_groups; f++) only_arm[f] = INT32_MAX;
    for (int64_t i = 0; i < sample->n; i++) {
        group[i] = number[group[i]] - 1;
        int32_t *arm = &only_arm[group[i]];
        *arm = *arm == INT32_MAX || *arm == sample->arm[i] ? sample->arm[i] : -1;
    }
    model->group = group;
    *left_out = count_without_contrast(model, only_arm);
    return TEMOIN_OK;
}

static temoin_status add_indicators(temoin_context *ctx, const tm_model *model, const tm_panel_layout *layout,
                                    const double **column)
{
    const tm_sample *sample = model->sample;
    const int32_t n_waves = tm_panel_n_waves(sample), n_arms = sample->n_arms;
    for (int32_t b = 0; b < layout->n_blocks; b++)
        for (int32_t a = 1; a < n_arms; a++) {
            double *x;
            TM_SCRATCH(ctx, x, sample->n);
            for (int64_t i = 0; i < sample->n; i++)
                x[i] = sample->arm[i] == a && layout->on[b * n_waves + wave_of(sample, i)];
            column[b * (n_arms - 1) + a - 1] = x;
        }
    return TEMOIN_OK;
}

static temoin_status build_columns(temoin_context *ctx, tm_model *model, const tm_panel_layout *layout)
{
    const tm_sample *sample = model->sample;
    const int32_t n_indicators = layout->n_blocks * (sample->n_arms - 1);
    const double **column;
    const char **name;
    int32_t *covariate;
    model->n_columns = n_indicators + sample->n_covariates;
    TM_SCRATCH(ctx, column, model->n_columns);
    TM_SCRATCH(ctx, name, model->n_columns);
    TM_SCRATCH(ctx, covariate, model->n_columns);
    TM_TRY(add_indicators(ctx, model, layout, column));
    for (int32_t k = 0; k < n_indicators; k++) covariate[k] = -1;
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

temoin_status tm_panel_model_build(temoin_context *ctx, tm_model *model, const tm_panel_layout *layout,
                                   int64_t *left_out)
{
    const int32_t n_arms = model->sample->n_arms;
    double *group_weight, *column_weight;
    int64_t n_left_out = 0;
    TM_TRY(absorb(ctx, model, layout, &n_left_out));
    TM_TRY(build_columns(ctx, model, layout));
    TM_SCRATCH(ctx, group_weight, (int64_t)model->n_contrasts * model->n_groups);
    TM_SCRATCH(ctx, column_weight, (int64_t)model->n_contrasts * model->n_columns);
    for (int32_t c = 0; c < model->n_contrasts; c++) {
        left_out[c] = n_left_out;
        for (int32_t b = 0; b < layout->n_blocks; b++)
            for (int32_t a = 1; a < n_arms; a++)
                column_weight[(int64_t)c * model->n_columns + b * (n_arms - 1) + a - 1] =
                    layout->block_weight[(int64_t)c * layout->n_blocks + b] *
                    model->arm_weight[(int64_t)c * n_arms + a];
    }
    model->group_weight = group_weight;
    model->column_weight = column_weight;
    return TEMOIN_OK;
}

temoin_status tm_panel_change_build(temoin_context *ctx, tm_model *model, bool each_wave, int64_t *left_out)
{
    const tm_panel *panel = model->sample->panel;
    const int32_t n_waves = tm_panel_n_waves(model->sample);
    int32_t *slot;
    bool *on;
    double *weight;
    TM_SCRATCH(ctx, slot, n_waves);
    TM_SCRATCH(ctx, on, 2 * n_waves);
    TM_SCRATCH(ctx, weight, 2 * model->n_contrasts);
    for (int32_t w = 0; w < n_waves; w++) {
        const bool before = panel && panel->before && panel->before[w];
        slot[w] = each_wave ? w : !before;
        on[w] = true;
        on[n_waves + w] = !before;
    }
    for (int32_t c = 0; c < model->n_contrasts; c++) weight[2 * c + 1] = 1;
    const tm_panel_layout layout = {each_wave ? n_waves : 2, slot, 2, on, weight};
    return tm_panel_model_build(ctx, model, &layout, left_out);
}

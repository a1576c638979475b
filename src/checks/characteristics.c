/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/characteristics.h"

#include <string.h>

enum { LEVELS_SHOWN = 20 }; /* a category with more is not a characteristic but a name */

static void add_column(const temoin_column *column, tm_label label, tm_characteristic *list, int64_t *n)
{
    tm_characteristic c = {.name = column->name, .level = "", .label = label};
    if (column->type == TEMOIN_COLUMN_DATE) return;
    if (column->number) {
        c.number = column->number;
        c.share = column->type == TEMOIN_COLUMN_FLAG;
        list[(*n)++] = c;
        return;
    }
    c.code = column->code;
    c.share = true;
    for (c.which = 0; column->n_levels <= LEVELS_SHOWN && c.which < column->n_levels; c.which++) {
        c.level = column->level[c.which];
        list[(*n)++] = c;
    }
}

static tm_label label_of(const temoin_plan *plan, const char *name)
{
    for (int32_t c = 0; c < plan->n_columns; c++)
        if (strcmp(plan->columns[c].name, name) == 0) return plan->columns[c].label;
    return (tm_label){name, name};
}

static temoin_status list_columns(temoin_context *ctx, const temoin_trial *trial, const temoin_column ***out,
                                  int32_t *n)
{
    const temoin_plan *plan = trial->plan;
    int32_t n_names = 0, room = plan->n_columns + plan->design.strata.n;
    const char **name;
    for (int32_t e = 0; e < plan->n_estimates; e++) room += plan->estimates[e].covariates.n;
    TM_SCRATCH(ctx, name, room);
    TM_SCRATCH(ctx, *out, room);
    for (int32_t s = 0; s < plan->design.strata.n; s++) name[n_names++] = plan->design.strata.name[s];
    for (int32_t c = 0; c < plan->n_columns; c++) name[n_names++] = plan->columns[c].name;
    for (int32_t e = 0; e < plan->n_estimates; e++)
        for (int32_t j = 0; j < plan->estimates[e].covariates.n; j++)
            name[n_names++] = plan->estimates[e].covariates.name[j];
    *n = 0;
    for (int32_t i = 0; i < n_names; i++) {
        const temoin_column *column = temoin_frame_find(trial->clients, name[i]);
        bool known = !column || (plan->providers.column && strcmp(plan->providers.column, name[i]) == 0) ||
                     (plan->design.assigned && strcmp(plan->design.assigned, name[i]) == 0);
        for (int32_t k = 0; !known && k < *n; k++) known = (*out)[k] == column;
        if (!known) (*out)[(*n)++] = column;
    }
    return TEMOIN_OK;
}

temoin_status tm_characteristics_build(temoin_context *ctx, const temoin_trial *trial, tm_characteristic **out,
                                       int64_t *n)
{
    const temoin_column **columns;
    int32_t n_columns;
    TM_TRY(list_columns(ctx, trial, &columns, &n_columns));
    int64_t room = trial->n_measures;
    for (int32_t c = 0; c < n_columns; c++) room += columns[c]->number ? 1 : columns[c]->n_levels;
    TM_SCRATCH(ctx, *out, room);
    *n = 0;
    for (int32_t c = 0; c < n_columns; c++) add_column(columns[c], label_of(trial->plan, columns[c]->name), *out, n);
    for (int32_t m = 0; m < trial->n_measures; m++) {
        const tm_plan_measure *measure = &trial->plan->measures[m];
        const int32_t wave = measure->baseline ? tm_trial_find_wave(trial, measure->baseline) : -1;
        tm_characteristic c = {
            .name = measure->name, .level = "", .label = measure->label, .share = measure->kind == TM_MEASURE_BINARY};
        c.number = wave >= 0 ? tm_trial_value(trial, m, wave) : NULL;
        if (c.number) (*out)[(*n)++] = c;
    }
    return TEMOIN_OK;
}

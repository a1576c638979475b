/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "checks/check_kind.h"

enum { LEVELS_SHOWN = 20 }; /* a category with more is not a characteristic but a name */

/* One line of the table: a number, a flag, or one level of a category; [n_units]. */
typedef struct variable {
    const char *name;
    const char *level;
    tm_label label;
    const double *number;
    const int32_t *code;
    int32_t which; /* level of the category */
    bool share;
} variable;

static double value_of(const variable *v, int64_t u)
{
    if (v->number) return v->number[u];
    return v->code[u] < 0 ? NAN : v->code[u] == v->which;
}

static double variance_of(const temoin_baseline_row *row, bool share)
{
    return share ? row->mean * (1 - row->mean) : row->sd * row->sd;
}

static void summarize(const temoin_assignment *assignment, const variable *v, int32_t arm, temoin_baseline_row *row)
{
    double sum = 0, square = 0;
    *row =
        (temoin_baseline_row){.variable = v->name, .level = v->level, .label = {v->label.en, v->label.fr}, .arm = arm};
    for (int64_t u = 0; u < assignment->trial->n_units; u++) {
        if (assignment->arm[u] != arm) continue;
        double x = value_of(v, u);
        row->missing += isnan(x);
        row->n += !isnan(x);
        if (!isnan(x)) sum += x;
    }
    row->mean = row->n ? sum / (double)row->n : NAN;
    for (int64_t u = 0; u < assignment->trial->n_units; u++) {
        double x = assignment->arm[u] == arm ? value_of(v, u) : NAN;
        if (!isnan(x)) square += (x - row->mean) * (x - row->mean);
    }
    row->sd = v->share || row->n < 2 ? NAN : sqrt(square / (double)(row->n - 1));
    row->smd = NAN;
}

static void add_rows(const temoin_assignment *assignment, const variable *v, temoin_baseline_row *rows,
                     temoin_results *results)
{
    temoin_baseline_row *reference = &rows[results->n_baseline];
    for (int32_t a = 0; a < assignment->trial->n_arms; a++) {
        temoin_baseline_row *row = &rows[results->n_baseline++];
        summarize(assignment, v, a, row);
        double spread = (variance_of(row, v->share) + variance_of(reference, v->share)) / 2;
        if (a > 0 && spread > 0) row->smd = (row->mean - reference->mean) / sqrt(spread);
    }
}

static void add_column(const temoin_assignment *assignment, const temoin_column *column, tm_label label,
                       temoin_baseline_row *rows, temoin_results *results)
{
    variable v = {.name = column->name, .level = "", .label = label};
    if (column->type == TEMOIN_COLUMN_DATE) return;
    if (column->number) {
        v.number = column->number;
        v.share = column->type == TEMOIN_COLUMN_FLAG;
        add_rows(assignment, &v, rows, results);
        return;
    }
    v.code = column->code;
    v.share = true;
    for (v.which = 0; column->n_levels <= LEVELS_SHOWN && v.which < column->n_levels; v.which++) {
        v.level = column->level[v.which];
        add_rows(assignment, &v, rows, results);
    }
}

static tm_label label_of(const temoin_plan *plan, const char *name)
{
    for (int32_t c = 0; c < plan->n_columns; c++)
        if (strcmp(plan->columns[c].name, name) == 0) return plan->columns[c].label;
    return (tm_label){name, name};
}

/* Strata, declared columns, covariates of the estimates, each once, then baselines of the measures. */
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

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_column **columns;
    int32_t n_columns;
    TM_TRY(list_columns(ctx, trial, &columns, &n_columns));
    int64_t n_lines = trial->n_measures;
    for (int32_t c = 0; c < n_columns; c++) n_lines += columns[c]->number ? 1 : columns[c]->n_levels;
    temoin_baseline_row *rows;
    TM_ALLOC(ctx, rows, n_lines * trial->n_arms);
    for (int32_t c = 0; c < n_columns; c++)
        add_column(assignment, columns[c], label_of(trial->plan, columns[c]->name), rows, results);
    for (int32_t m = 0; m < trial->n_measures; m++) {
        const tm_plan_measure *measure = &trial->plan->measures[m];
        int32_t wave = measure->baseline ? tm_trial_find_wave(trial, measure->baseline) : -1;
        variable v = {
            .name = measure->name, .level = "", .label = measure->label, .share = measure->kind == TM_MEASURE_BINARY};
        v.number = wave >= 0 ? tm_trial_value(trial, m, wave) : NULL;
        if (v.number) add_rows(assignment, &v, rows, results);
    }
    results->baseline = rows;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_balance = {
    .key = "balance",
    .title_en = "characteristics at baseline by arm, standardized differences",
    .title_fr = "caractéristiques au départ par groupe, différences standardisées",
    .cites = "Imbens & Rubin 2015, eq. 14.1; Austin 2009 for shares",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "checks/check_kind.h"
#include "moments/survival.h"

/* Appends the curve of one arm: first counts only, rows NULL. */
static temoin_status add_curve(temoin_context *ctx, const temoin_assignment *assignment, int32_t measure, int32_t wave,
                               int32_t arm, temoin_survival_row *rows, int64_t *n_rows)
{
    const temoin_trial *trial = assignment->trial;
    const double *time = tm_trial_value(trial, measure, wave);
    const double *event = tm_trial_value(trial, trial->plan->measures[measure].event, wave);
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_survival_curve curve;
    int64_t *unit, n = 0;
    if (!time || !event) return TEMOIN_OK;
    TM_SCRATCH(ctx, unit, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++)
        if (assignment->arm[u] == arm && !isnan(time[u]) && !isnan(event[u])) unit[n++] = u;
    TM_TRY(tm_survival_curve_build(ctx, time, event, unit, n, &curve));
    for (int64_t k = 0; rows && k < curve.n; k++) {
        const tm_survival_step *step = &curve.step[k];
        const double se = step->survival > 0 ? sqrt(step->variance) : NAN;
        rows[*n_rows + k] = (temoin_survival_row){trial->plan->measures[measure].name,
                                                  trial->wave[wave],
                                                  arm,
                                                  step->time,
                                                  step->at_risk,
                                                  step->events,
                                                  step->survival,
                                                  se};
    }
    *n_rows += curve.n;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status add_curves(temoin_context *ctx, const temoin_assignment *assignment, temoin_survival_row *rows,
                                int64_t *n_rows)
{
    const temoin_trial *trial = assignment->trial;
    *n_rows = 0;
    for (int32_t m = 0; m < trial->n_measures; m++)
        for (int32_t w = 0; w < trial->n_waves && trial->plan->measures[m].event >= 0; w++)
            for (int32_t a = 0; a < trial->n_arms; a++) TM_TRY(add_curve(ctx, assignment, m, w, a, rows, n_rows));
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    temoin_survival_row *rows;
    TM_TRY(add_curves(ctx, assignment, NULL, &results->n_survival));
    TM_ALLOC(ctx, rows, results->n_survival);
    TM_TRY(add_curves(ctx, assignment, rows, &results->n_survival));
    results->survival = rows;
    return TEMOIN_OK;
}

const tm_check tm_check_survival_curves = {
    .key = "survival_curves",
    .title_en = "survival curves by arm",
    .title_fr = "courbes de survie par groupe",
    .cites = "Kaplan & Meier 1958; Greenwood 1926",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/estimate_cells.h"

#include <string.h>

#include "base/number_text.h"
#include "base/sink.h"

enum { RUN_SHORTENED = 3 /* consecutive waves from which on "1..12" stands for all */ };

typedef struct listing {
    const temoin_trial *trial;
    const tm_plan_estimate *estimate;
    const tm_estimator *estimator;
    int32_t measure;
    int index; /* of the estimate in the plan */
} listing;

static const tm_plan_measure *measure_of(const listing *l)
{
    return &l->trial->plan->measures[l->measure];
}

static bool is_baseline(const listing *l, int32_t wave)
{
    const char *baseline = measure_of(l)->baseline;
    return baseline && strcmp(baseline, l->trial->wave[wave]) == 0;
}

static bool is_before(const listing *l, int32_t wave)
{
    const char *baseline = measure_of(l)->baseline, *text = l->trial->wave[wave];
    double zero, time;
    if (!baseline || is_baseline(l, wave)) return baseline != NULL;
    return tm_number_read(baseline, strlen(baseline), '.', &zero) && tm_number_read(text, strlen(text), '.', &time) &&
           time < zero;
}

static bool names_wave(const listing *l, int32_t wave)
{
    for (int32_t w = 0; w < l->estimate->waves.n; w++)
        if (strcmp(l->estimate->waves.name[w], l->trial->wave[wave]) == 0) return true;
    return false;
}

static bool wants_wave(const listing *l, int32_t wave)
{
    const tm_waves_taken taken = l->estimator->waves;
    if (taken == TM_WAVES_CHANGE && is_baseline(l, wave)) return true;
    if (l->estimate->waves.n > 0) return names_wave(l, wave);
    if (is_baseline(l, wave)) return false;
    if ((taken == TM_WAVES_POOLED || taken == TM_WAVES_PATH) && is_before(l, wave)) return false;
    bool anywhere = false;
    for (int32_t w = 0; w < l->trial->n_waves; w++)
        anywhere = anywhere || (!is_baseline(l, w) && tm_trial_value(l->trial, l->measure, w));
    return !anywhere || tm_trial_value(l->trial, l->measure, wave);
}

/* "6+12", or "1..12" where the trial has no other wave in between. */
static void put_waves(const listing *l, const tm_sample_waves *waves, bool before, tm_sink *sink)
{
    int32_t first = -1, last = -1, n = 0;
    for (int32_t k = 0; k < waves->n; k++) {
        if (waves->before && waves->before[k] != before) continue;
        if (first < 0) first = waves->wave[k];
        last = waves->wave[k];
        n++;
    }
    if (n >= RUN_SHORTENED && last - first + 1 == n) {
        tm_sink_printf(sink, "%s..%s", l->trial->wave[first], l->trial->wave[last]);
        return;
    }
    for (int32_t k = 0, put = 0; k < waves->n; k++)
        if (!waves->before || waves->before[k] == before)
            tm_sink_printf(sink, "%s%s", put++ ? "+" : "", l->trial->wave[waves->wave[k]]);
}

static temoin_status label_all(temoin_context *ctx, const listing *l, tm_estimate_cell *cell)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    put_waves(l, &cell->waves, false, &sink);
    if (cell->waves.before) {
        tm_sink_put(&sink, "-");
        put_waves(l, &cell->waves, true, &sink);
    }
    if (sink.out_of_memory) return tm_fail_memory(ctx);
    cell->all = sink.text;
    return TEMOIN_OK;
}

static temoin_status label_path(temoin_context *ctx, const listing *l, tm_estimate_cell *cell)
{
    const int32_t n_waves = cell->waves.n, n_contrasts = l->estimate->n_contrasts;
    const char **label;
    double *weight;
    TM_ALLOC(ctx, label, n_waves);
    TM_ALLOC(ctx, weight, (int64_t)n_waves * n_contrasts * n_waves);
    for (int32_t k = 0; k < n_waves; k++) {
        label[k] = l->trial->wave[cell->waves.wave[k]];
        for (int32_t c = 0; c < n_contrasts; c++) weight[((int64_t)k * n_contrasts + c) * n_waves + k] = 1;
    }
    cell->label = label;
    cell->n_shown = n_waves;
    cell->wave_weight = weight;
    return TEMOIN_OK;
}

static temoin_status check_together(temoin_context *ctx, const listing *l, const tm_estimate_cell *cell)
{
    const temoin_plan *plan = l->trial->plan;
    const char *name = measure_of(l)->name, *key = l->estimator->key;
    bool before = false, after = false;
    for (int32_t k = 0; k < cell->waves.n; k++) {
        before = before || is_baseline(l, cell->waves.wave[k]);
        after = after || !is_before(l, cell->waves.wave[k]);
    }
    if (l->estimator->waves == TM_WAVES_CHANGE && !before)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" compares with the baseline wave, which measure \"%s\" lacks; add "
                "\"baseline: WAVE\" to the measure, or use panel",
                plan->path, tm_plan_line(plan, "estimates[%d].estimator", l->index), key, name);
    if (l->estimator->waves == TM_WAVES_CHANGE && !after)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" needs a wave after the baseline of measure \"%s\"",
                plan->path, tm_plan_line(plan, "estimates[%d].waves", l->index), key, name);
    for (int32_t j = 0; before && j < l->estimate->covariates.n; j++)
        if (strcmp(l->estimate->covariates.name[j], "baseline") == 0)
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: the baseline of measure \"%s\" is among the outcomes of estimate \"%s\" and cannot be "
                "a covariate as well; leave one of them out",
                plan->path, tm_plan_line(plan, "estimates[%d].covariates[%d]", l->index, (int)j), name,
                l->estimate->name);
    return TEMOIN_OK;
}

static temoin_status take_together(temoin_context *ctx, const listing *l, const int32_t *wave, int32_t n,
                                   tm_estimate_cell *cell)
{
    *cell = (tm_estimate_cell){.measure = l->measure, .together = true, .waves = {.n = n, .wave = wave}};
    if (l->estimator->waves == TM_WAVES_CHANGE) {
        bool *before;
        TM_ALLOC(ctx, before, n);
        for (int32_t k = 0; k < n; k++) before[k] = is_before(l, wave[k]);
        cell->waves.before = before;
    }
    TM_TRY(check_together(ctx, l, cell));
    TM_TRY(label_all(ctx, l, cell));
    if (l->estimator->waves == TM_WAVES_PATH) return label_path(ctx, l, cell);
    cell->label = &cell->all;
    cell->n_shown = 1;
    return TEMOIN_OK;
}

/* Those of everybody. */
static temoin_status list_everybody(temoin_context *ctx, const temoin_trial *trial, const tm_plan_estimate *estimate,
                                    const tm_estimator *estimator, int32_t measure, const tm_estimate_cell **out,
                                    int32_t *n)
{
    const listing l = {trial, estimate, estimator, measure, (int)(estimate - trial->plan->estimates)};
    tm_estimate_cell *cells;
    int32_t *wave, n_waves = 0;
    TM_ALLOC(ctx, cells, trial->n_waves);
    TM_ALLOC(ctx, wave, trial->n_waves);
    for (int32_t w = 0; w < trial->n_waves; w++)
        if (wants_wave(&l, w)) wave[n_waves++] = w;
    *out = cells;
    *n = n_waves;
    if (estimator->waves != TM_WAVES_SINGLE && n_waves > 0) {
        *n = 1;
        return take_together(ctx, &l, wave, n_waves, cells);
    }
    for (int32_t k = 0; k < n_waves; k++)
        cells[k] = (tm_estimate_cell){.measure = measure,
                                      .waves = {1, wave + k, NULL},
                                      .n_shown = 1,
                                      .label = &trial->wave[wave[k]],
                                      .all = trial->wave[wave[k]]};
    return TEMOIN_OK;
}

temoin_status tm_estimate_cells_list(temoin_context *ctx, const temoin_trial *trial, const tm_plan_estimate *estimate,
                                     const tm_estimator *estimator, int32_t measure, const tm_estimate_cell **out,
                                     int32_t *n)
{
    const tm_subgroup *subgroup;
    const tm_estimate_cell *everybody;
    tm_estimate_cell *cells;
    int32_t n_subgroups, n_everybody;
    TM_TRY(list_everybody(ctx, trial, estimate, estimator, measure, &everybody, &n_everybody));
    TM_TRY(tm_subgroups_list(ctx, trial, estimate, &subgroup, &n_subgroups));
    TM_ALLOC(ctx, cells, (int64_t)n_everybody * (1 + n_subgroups));
    *out = cells;
    *n = 0;
    for (int32_t k = 0; k < n_everybody; k++)
        for (int32_t s = -1; s < n_subgroups; s++) {
            cells[*n] = everybody[k];
            cells[(*n)++].subgroup = s < 0 ? NULL : &subgroup[s];
        }
    return TEMOIN_OK;
}

const char *tm_estimate_cell_subgroup(const tm_estimate_cell *cell)
{
    return cell->subgroup ? cell->subgroup->text : "";
}

temoin_status tm_estimate_cell_find(temoin_context *ctx, const temoin_trial *trial, const tm_plan_estimate *estimate,
                                    const tm_estimator *estimator, int32_t measure, const char *wave,
                                    const char *subgroup, const tm_estimate_cell **out)
{
    const tm_estimate_cell *cell;
    int32_t n;
    *out = NULL;
    TM_TRY(tm_estimate_cells_list(ctx, trial, estimate, estimator, measure, &cell, &n));
    for (int32_t k = 0; k < n && !*out; k++)
        if (strcmp(cell[k].label[0], wave) == 0 && strcmp(tm_estimate_cell_subgroup(&cell[k]), subgroup) == 0)
            *out = &cell[k];
    return TEMOIN_OK;
}

temoin_status tm_estimate_cell_contrasts(temoin_context *ctx, const tm_plan_estimate *estimate, int32_t n_arms,
                                         const tm_estimate_cell *cell, double **out)
{
    const int32_t n_effects = cell->n_shown * estimate->n_contrasts;
    TM_SCRATCH(ctx, *out, (int64_t)n_effects * n_arms);
    for (int32_t k = 0; k < n_effects; k++)
        memcpy(*out + (int64_t)k * n_arms, estimate->contrasts[k % estimate->n_contrasts].weights,
               (size_t)n_arms * sizeof **out);
    return TEMOIN_OK;
}

/* What estimators that weigh by the design ask for. */
static temoin_status add_chances(temoin_context *ctx, const temoin_assignment *assignment, tm_sample *out)
{
    tm_joint_chances *chances;
    TM_SCRATCH(ctx, chances, 1);
    TM_TRY(tm_joint_chances_build(ctx, assignment, chances));
    out->chances = chances;
    return TEMOIN_OK;
}

temoin_status tm_estimate_cell_sample(temoin_context *ctx, const temoin_assignment *assignment,
                                      const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                      const tm_estimate_cell *cell, tm_sample *out, tm_notes *notes)
{
    const bool strata_suffice =
        estimator->compares_within_strata && estimate->strata && !assignment->trial->plan->design.probability;
    const bool by_design = estimator->weighs_by_design;
    if (!cell->together) {
        TM_TRY(tm_sample_build(ctx, assignment, estimate, cell->measure, cell->waves.wave[0], cell->subgroup,
                               !strata_suffice && !by_design, out, notes));
        return by_design ? add_chances(ctx, assignment, out) : TEMOIN_OK;
    }
    tm_panel *panel;
    TM_TRY(tm_sample_build_panel(ctx, assignment, estimate, cell->measure, &cell->waves, cell->subgroup,
                                 !strata_suffice, out, notes));
    TM_SCRATCH(ctx, panel, 1);
    *panel = *out->panel;
    panel->wave_weight = cell->wave_weight;
    out->panel = panel;
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/estimate_rows.h"

#include <math.h>
#include <string.h>

#include "checks/estimate_methods.h"
#include "checks/row_fill.h"
#include "inference/effect_path.h"
#include "inference/effects.h"
#include "inference/estimate_cells.h"
#include "inference/randomize_estimate.h"
#include "inference/subgroup_tests.h"
#include "result/record.h"

/* What stands beside the rows. */
typedef struct beside {
    temoin_first_stage *stage;
    int64_t n_stages;
    temoin_clusters *clusters;
    int64_t n_clusters;
    temoin_joint_test *joint_tests;
    int64_t n_joint_tests;
} beside;

static temoin_status count_rows(temoin_context *ctx, const temoin_trial *trial, int64_t *out)
{
    int64_t n = 0;
    const tm_subgroup *subgroup;
    int32_t n_subgroups;
    for (int32_t e = 0; e < trial->plan->n_estimates; e++) {
        const tm_plan_estimate *estimate = &trial->plan->estimates[e];
        TM_TRY(tm_subgroups_list(ctx, trial, estimate, &subgroup, &n_subgroups));
        n += (int64_t)estimate->n_measures * trial->n_waves * estimate->n_contrasts * (1 + n_subgroups);
    }
    *out = n;
    return TEMOIN_OK;
}

/* What stands beside a row goes under the names of the row. */
static void keep_beside(const tm_effect *effect, const char *wave, const temoin_row *row, beside *kept)
{
    if (effect->first_stage) {
        temoin_first_stage *stage = &kept->stage[kept->n_stages++];
        *stage = *effect->first_stage;
        tm_record_copy_names(row, &tm_first_stage_record, stage);
    }
    if (effect->clusters) {
        temoin_clusters *clusters = &kept->clusters[kept->n_clusters++];
        *clusters = *effect->clusters;
        tm_record_copy_names(row, &tm_clusters_record, clusters);
    }
    if (effect->joint) {
        temoin_joint_test *joint = &kept->joint_tests[kept->n_joint_tests++];
        *joint = *effect->joint;
        tm_record_copy_names(row, &tm_joint_test_record, joint);
        joint->arm = joint->reference = "";
        joint->wave = wave;
    }
}

/* What a cell is computed with. */
typedef struct cell_run {
    const temoin_assignment *assignment;
    const tm_redraws *redraws; /* NULL: no randomization tests */
    const tm_plan_estimate *estimate;
    const tm_estimator *estimator;
    const tm_variance *variance;
    const tm_estimate_cell *cell;
    tm_sample sample;
} cell_run;

static temoin_status randomize(temoin_context *ctx, const cell_run *run, int32_t effect, tm_notes *notes,
                               temoin_row *row)
{
    const tm_plan_estimate *estimate = run->estimate;
    tm_sample sample = run->sample;
    tm_panel panel;
    if (!run->redraws || !estimate->randomization) return TEMOIN_OK;
    if (sample.panel) {
        panel = *sample.panel;
        if (panel.wave_weight) panel.wave_weight += (int64_t)effect * panel.n_waves;
        sample.panel = &panel;
    }
    const bool weighted = sample.weight && estimate->weighting != TM_WEIGHTS_COLUMN;
    row->randomization_statistic = estimate->randomization;
    const tm_estimate_test test = {run->redraws, estimate, &sample, run->estimator, run->variance, weighted, false};
    return tm_estimate_randomize(ctx, &test, estimate->contrasts[effect % estimate->n_contrasts].weights, notes, row);
}

static temoin_status finish_row(temoin_context *ctx, const cell_run *run, int32_t effect, tm_effect *from,
                                temoin_row *row, beside *kept)
{
    const tm_plan_estimate *estimate = run->estimate;
    const tm_plan_contrast *contrast = &estimate->contrasts[effect % estimate->n_contrasts];
    const tm_row_source source = {run->assignment->trial->plan,
                                  estimate,
                                  contrast,
                                  run->cell,
                                  run->estimator,
                                  run->variance,
                                  &run->sample,
                                  effect};
    tm_row_fill(&source, from, row);
    TM_TRY(randomize(ctx, run, effect, &from->notes, row));
    TM_TRY(tm_notes_finish(&from->notes, &row->note));
    keep_beside(from, run->cell->all, row, kept);
    return TEMOIN_OK;
}

/* Bands of an effect path, whose rows are there. */
static temoin_status add_bands(temoin_context *ctx, const cell_run *run, const double *arm_weight,
                               const tm_effect *effects, temoin_row *rows)
{
    const tm_plan_estimate *estimate = run->estimate;
    const int32_t n_effects = run->cell->n_shown * estimate->n_contrasts;
    tm_band *bands;
    if (run->estimator->waves != TM_WAVES_PATH) return TEMOIN_OK;
    TM_SCRATCH(ctx, bands, n_effects);
    TM_TRY(tm_effect_path_bands(ctx, &run->sample, run->estimator, run->variance, arm_weight, n_effects,
                                estimate->n_contrasts, estimate->level, effects, bands));
    for (int32_t k = 0; k < n_effects; k++) {
        rows[k].p_simultaneous = bands[k].p;
        rows[k].ci_simultaneous_low = bands[k].low;
        rows[k].ci_simultaneous_high = bands[k].high;
    }
    return TEMOIN_OK;
}

/* redraws NULL: no randomization tests. Subgroups have the variance of everybody, which is chosen here if it is not
 * yet.
 */
static temoin_status run_cell(temoin_context *ctx, const temoin_assignment *assignment, const tm_redraws *redraws,
                              const tm_plan_estimate *estimate, tm_estimate_method *m, const tm_estimate_cell *cell,
                              temoin_row *rows, beside *kept)
{
    const temoin_trial *trial = assignment->trial;
    const int32_t n_effects = cell->n_shown * estimate->n_contrasts;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    cell_run run = {assignment, redraws, estimate, m->estimator, m->variance, cell, {0}};
    tm_notes notes;
    tm_effect *effects;
    double *arm_weight;
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, assignment, estimate, m->estimator, cell, &run.sample, &notes));
    TM_TRY(tm_estimate_cell_contrasts(ctx, estimate, trial->n_arms, cell, &arm_weight));
    TM_SCRATCH(ctx, effects, n_effects);
    for (int32_t k = 0; k < n_effects; k++) effects[k].notes = notes;
    if (!m->variance)
        m->variance = tm_default_variance(m->estimator, tm_estimate_cluster(estimate, cell->together), run.sample.n);
    run.variance = m->variance;
    const tm_bootstrap_options bootstrap = tm_bootstrap_choose(trial->plan, estimate);
    const bool drawn = trial->plan->bootstrap.draws > 0 && estimate->bootstrap;
    const tm_clustered_request clustered = {true, drawn ? &bootstrap : NULL};
    TM_TRY(tm_effects_run_clustered(ctx, &run.sample, m->estimator, run.variance, arm_weight, n_effects,
                                    estimate->level, &clustered, effects));
    for (int32_t k = 0; k < n_effects; k++) TM_TRY(finish_row(ctx, &run, k, &effects[k], &rows[k], kept));
    TM_TRY(add_bands(ctx, &run, arm_weight, effects, rows));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* A cell of everybody and those of its subgroups, [n]. */
static temoin_status run_subgroups(temoin_context *ctx, const temoin_assignment *assignment, const tm_redraws *redraws,
                                   const tm_plan_estimate *estimate, tm_estimate_method m, const tm_estimate_cell *cell,
                                   int32_t n, temoin_row *rows, int64_t *n_rows, beside *kept)
{
    const temoin_row *first = rows + *n_rows;
    for (int32_t k = 0; k < n; k++) {
        TM_TRY(run_cell(ctx, assignment, redraws, estimate, &m, &cell[k], rows + *n_rows, kept));
        *n_rows += (int64_t)cell[k].n_shown * estimate->n_contrasts;
    }
    return tm_subgroup_tests_run(ctx, assignment, estimate, m.estimator, cell, n, first, kept->joint_tests,
                                 &kept->n_joint_tests);
}

static temoin_status prepare_redraws(temoin_context *ctx, const temoin_assignment *assignment, tm_redraws **out)
{
    *out = NULL;
    if (assignment->trial->plan->randomization_draws == 0) return TEMOIN_OK;
    TM_SCRATCH(ctx, *out, 1);
    TM_TRY(tm_redraws_build(ctx, assignment, *out));
    return tm_redraws_find_smallest_p(ctx, *out);
}

static temoin_status run_estimates(temoin_context *ctx, const temoin_assignment *assignment, temoin_row *rows,
                                   int64_t *n_rows, beside *kept)
{
    const temoin_trial *trial = assignment->trial;
    const temoin_plan *plan = trial->plan;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_estimate_method *methods;
    tm_redraws *redraws;
    TM_TRY(tm_estimate_methods_build(ctx, plan, &methods)); /* all first: no work for a plan that will be rejected */
    TM_TRY(prepare_redraws(ctx, assignment, &redraws));
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        const tm_plan_estimate *estimate = &plan->estimates[e];
        tm_progress(ctx, "estimates", (double)e / plan->n_estimates);
        for (int32_t m = 0; m < estimate->n_measures; m++) {
            const tm_estimate_cell *cell;
            int32_t n_cells;
            TM_TRY(tm_estimate_cells_list(ctx, trial, estimate, methods[e].estimator, estimate->measures[m], &cell,
                                          &n_cells));
            for (int32_t k = 0, n; k < n_cells; k += n) {
                for (n = 1; k + n < n_cells && cell[k + n].subgroup; n++) continue;
                TM_TRY(run_subgroups(ctx, assignment, redraws, estimate, methods[e], &cell[k], n, rows, n_rows, kept));
            }
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_estimate_rows_build(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results,
                                     temoin_row **out)
{
    temoin_row *rows;
    int64_t most;
    beside kept = {0};
    TM_TRY(count_rows(ctx, assignment->trial, &most));
    TM_ALLOC(ctx, rows, most);
    TM_ALLOC(ctx, kept.stage, most);
    TM_ALLOC(ctx, kept.clusters, most);
    TM_ALLOC(ctx, kept.joint_tests, most);
    TM_TRY(run_estimates(ctx, assignment, rows, &results->n_rows, &kept));
    results->first_stages = kept.stage;
    results->n_first_stages = kept.n_stages;
    results->clusters = kept.clusters;
    results->n_clusters = kept.n_clusters;
    results->joint_tests = kept.joint_tests;
    results->n_joint_tests = kept.n_joint_tests;
    results->rows = *out = rows;
    return TEMOIN_OK;
}

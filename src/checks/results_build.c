/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole analysis: every estimate of the plan, its families, then the checks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "checks/check_kind.h"
#include "inference/adjust_families.h"
#include "inference/effect_path.h"
#include "inference/effect_size.h"
#include "inference/effects.h"
#include "inference/estimate_cells.h"
#include "inference/randomize_estimate.h"
#include "inference/subgroup_tests.h"
#include "numeric/stream.h"
#include "result/record.h"
#include "temoin/estimate.h"
#include "temoin/version.h"

/* What stands beside the rows. */
typedef struct beside {
    temoin_first_stage *stage;
    int64_t n_stages;
    temoin_clusters *clusters;
    int64_t n_clusters;
    temoin_joint_test *joint_tests;
    int64_t n_joint_tests;
} beside;

typedef struct method {
    const tm_estimator *estimator;
    const tm_variance *variance; /* NULL: the plan leaves it to us */
} method;

/* With fewer rows the degrees of freedom of a robust variance matter, and Bell & McCaffrey's are the default. */
enum { FEW_ROWS = 500 };

/* The first in the list of an estimator that runs itself; of a linear model, in the registry. */
static const tm_variance *first_variance(const tm_estimator *estimator, bool clustered)
{
    for (int v = 0; !estimator->run && v < tm_n_variances; v++)
        if (tm_variances[v]->clustered == clustered && tm_variance_serves(tm_variances[v], estimator))
            return tm_variances[v];
    for (const char *at = estimator->variances; at && *at; at += strcspn(at, " "), at += *at == ' ') {
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(at, " "), at);
        const tm_variance *variance = tm_variance_find(key);
        if (variance && variance->clustered == clustered) return variance;
    }
    return NULL;
}

/* cr2 with clusters; without, neyman for differences in means and hc2 for regressions; else the estimator's first. */
static const tm_variance *default_variance(const tm_estimator *estimator, bool clustered, int64_t n_rows)
{
    const char *preferred[] = {"cr2", "neyman", n_rows < FEW_ROWS ? "hc2_bm" : "hc2", "hc2"};
    for (int k = 0; k < 4; k++) {
        const tm_variance *variance = tm_variance_find(preferred[k]);
        if (variance->clustered == clustered && tm_variance_serves(variance, estimator)) return variance;
    }
    return first_variance(estimator, clustered);
}

/* `what` is a registry's entry; the registry is its plural. */
static temoin_status fail_key(temoin_context *ctx, const temoin_plan *plan, int line, const char *what, const char *key,
                              const char *const *known, int n_known)
{
    const char *nearest = tm_nearest(key, known, (size_t)n_known);
    TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: there is no %s \"%s\"; %s%s%s`temoin list %ss` shows all", plan->path,
            line, what, key, nearest ? "did you mean \"" : "", nearest ? nearest : "", nearest ? "\"? " : "", what);
}

static temoin_status find_method(temoin_context *ctx, const temoin_plan *plan, int e, method *out)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    const char *known[64];
    out->estimator = tm_estimator_find(estimate->estimator);
    out->variance = estimate->variance ? tm_variance_find(estimate->variance) : NULL;
    if (!out->estimator) {
        for (int i = 0; i < tm_n_estimators; i++) known[i] = tm_estimators[i]->key;
        return fail_key(ctx, plan, tm_plan_line(plan, "estimates[%d].estimator", e), "estimator", estimate->estimator,
                        known, tm_n_estimators);
    }
    if (estimate->variance && !out->variance) {
        for (int i = 0; i < tm_n_variances; i++) known[i] = tm_variances[i]->key;
        return fail_key(ctx, plan, tm_plan_line(plan, "estimates[%d].variance", e), "variance", estimate->variance,
                        known, tm_n_variances);
    }
    return TEMOIN_OK;
}

/* Some estimators are for outcomes of one kind, and times have estimators of their own. */
static const char *refuse_measure(const tm_estimator *estimator, tm_measure_kind kind)
{
    const bool for_times = estimator->outcome == TM_OUTCOME_TIME;
    if (for_times && kind != TM_MEASURE_TIME) return "is for measures of kind time, which have an event";
    if (!for_times && kind == TM_MEASURE_TIME)
        return "is not for times that may end before the event; use cox, log_rank, kaplan_meier or rmst";
    if (estimator->outcome == TM_OUTCOME_BINARY && kind != TM_MEASURE_BINARY)
        return "is for measures of kind binary; for others there are dim, ols and lin";
    return NULL;
}

static temoin_status check_measures(temoin_context *ctx, const temoin_plan *plan, int e, const tm_estimator *estimator)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    for (int32_t m = 0; m < estimate->n_measures; m++) {
        const tm_plan_measure *measure = &plan->measures[estimate->measures[m]];
        const char *why = refuse_measure(estimator, measure->kind);
        if (why)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: measure \"%s\": estimator \"%s\" %s", plan->path,
                    tm_plan_line(plan, "estimates[%d].measures[%d]", e, (int)m), measure->name, estimator->key, why);
    }
    if (estimate->horizon > 0 && !estimator->takes_horizon)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no horizon; kaplan_meier and rmst have",
                plan->path, tm_plan_line(plan, "estimates[%d].horizon", e), estimator->key);
    return TEMOIN_OK;
}

/* Rows of the same client are not independent. */
static temoin_status check_waves(temoin_context *ctx, const temoin_plan *plan, int e, const method *m)
{
    if (m->estimator->waves != TM_WAVES_SINGLE && m->variance && !m->variance->clustered)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" has a row for each wave of a client, which variance \"%s\" takes for "
                "independent; use cr2",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->estimator->key, m->variance->key);
    return TEMOIN_OK;
}

static temoin_status check_method(temoin_context *ctx, const temoin_plan *plan, int e, const method *m)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    const char *cluster = tm_estimate_cluster(estimate, m->estimator->waves != TM_WAVES_SINGLE);
    if (estimate->covariates.n && !m->estimator->takes_covariates)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" takes no covariates; use ols or lin, or leave them out", plan->path,
                tm_plan_line(plan, "estimates[%d].covariates", e), m->estimator->key);
    TM_TRY(check_measures(ctx, plan, e, m->estimator));
    TM_TRY(check_waves(ctx, plan, e, m));
    if (!m->variance) {
        if (default_variance(m->estimator, cluster, 0)) return TEMOIN_OK;
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no variance that %s clusters; %s", plan->path,
                tm_plan_line(plan, "estimates[%d]", e), m->estimator->key, cluster ? "knows" : "ignores",
                cluster ? "leave `cluster` out" : "add `cluster`");
    }
    if (m->variance->clustered && !cluster)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" needs `cluster`: provider, client or a column",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    if (!m->variance->clustered && cluster)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" ignores clusters; use cr2, or leave `cluster` out",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    if (m->estimator->variances && !tm_variance_serves(m->variance, m->estimator))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no variance \"%s\"; it has %s", plan->path,
                tm_plan_line(plan, "estimates[%d].variance", e), m->estimator->key, m->variance->key,
                m->estimator->variances);
    if (!m->estimator->run && !m->variance->run)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" is not for estimator \"%s\"; use hc2", plan->path,
                tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key, m->estimator->key);
    if (m->variance->blockwise && !m->estimator->blockwise)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: variance \"%s\" is for differences in means (dim, dim_precision); use hc2", plan->path,
                tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    return TEMOIN_OK;
}

/* Receipt is compared between one arm and another. */
static temoin_status check_receipt(temoin_context *ctx, const temoin_plan *plan, int e, const method *m)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    if (m->estimator->instrumented != (estimate->received != NULL))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" %s", plan->path,
                tm_plan_line(plan, estimate->received ? "estimates[%d].received" : "estimates[%d].estimator", e),
                m->estimator->key,
                estimate->received ? "does not ask who took part; use iv or wald_ratio, or leave `received` out"
                                   : "needs `received`: the column of the clients that says who took part, 0 or 1");
    if (!m->estimator->at_quantile && (!isnan(estimate->quantile) || estimate->quantile_type))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" is about means; use quantile or quantile_regression", plan->path,
                tm_plan_line(plan, "estimates[%d].quantile", e), m->estimator->key);
    if (m->estimator->at_quantile && m->estimator->takes_covariates && estimate->quantile_type)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: a regression has no type of sample quantile; leave it out",
                plan->path, tm_plan_line(plan, "estimates[%d].quantile_type", e));
    for (int32_t c = 0; m->estimator->instrumented && c < estimate->n_contrasts; c++) {
        const tm_plan_contrast *contrast = &estimate->contrasts[c];
        int n_arms = 0;
        for (int32_t a = 0; a < plan->n_arms; a++) n_arms += contrast->weights[a] != 0;
        if (n_arms != 2)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "%s: line %d: estimator \"%s\" compares one arm with another; contrast \"%s\" weighs %d arms",
                    plan->path, tm_plan_line(plan, "estimates[%d].contrasts[%d]", e, (int)c), m->estimator->key,
                    contrast->arm, n_arms);
    }
    return TEMOIN_OK;
}

static temoin_status check_statistics(temoin_context *ctx, const temoin_plan *plan)
{
    const char *known[64];
    for (int i = 0; i < tm_n_statistics; i++) known[i] = tm_statistics[i]->key;
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        const char *statistic = plan->estimates[e].randomization;
        if (!statistic || tm_statistic_find(statistic)) continue;
        const bool own = strcmp(statistic, plan->randomization_statistic) != 0;
        return fail_key(ctx, plan,
                        own ? tm_plan_line(plan, "estimates[%d].randomization", (int)e)
                            : tm_plan_line(plan, "randomization.statistic"),
                        "statistic", statistic, known, tm_n_statistics);
    }
    return TEMOIN_OK;
}

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

/* Clients and rows of one side of a contrast. */
typedef struct side {
    int64_t n, n_rows, last;
    double sum;
} side;

static void add_to_side(side *to, const tm_sample *sample, int64_t i)
{
    const int64_t unit = sample->panel ? sample->unit[i] : i;
    to->n += to->n_rows == 0 || unit != to->last;
    to->n_rows++;
    to->last = unit;
    to->sum += sample->y[i];
}

static void describe_arms(const tm_sample *sample, const double *arm_weight, int32_t effect, temoin_row *row)
{
    side arm = {0}, reference = {0}, all = {0};
    for (int64_t i = 0; i < sample->n; i++) {
        const double weight = arm_weight[sample->arm[i]];
        if (!tm_panel_is_about(sample->panel, effect, i)) continue;
        add_to_side(&all, sample, i);
        if (weight > 0) add_to_side(&arm, sample, i);
        if (weight < 0) add_to_side(&reference, sample, i);
    }
    row->n = all.n;
    row->n_arm = arm.n;
    row->n_reference = reference.n;
    row->mean_arm = arm.n ? arm.sum / (double)arm.n_rows : NAN;
    row->mean_reference = reference.n ? reference.sum / (double)reference.n_rows : NAN;
    if (sample->panel) row->n_rows = sample->n;
}

/* Of effects that are differences in means. */
static double effect_size(const tm_plan_measure *measure, const tm_sample *sample, const tm_estimator *estimator,
                          const double *arm_weight, double value)
{
    static const char *const keys[] = {"dim", "dim_precision", "ols", "lin"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(estimator->key, keys[k]) == 0)
            return measure->kind == TM_MEASURE_BINARY ? tm_cox_index(sample, arm_weight, value)
                                                      : tm_effect_size(sample, arm_weight, value, TM_SPREAD_CORRECTED);
    return NAN;
}

static void fill_row(const tm_plan_estimate *estimate, const tm_plan_contrast *contrast, const tm_variance *variance,
                     const tm_effect *effect, temoin_row *row)
{
    row->arm = contrast->arm;
    row->reference = contrast->reference;
    row->estimator = estimate->estimator;
    row->variance = variance->key;
    row->n_clusters = effect->n_clusters;
    row->value = effect->value;
    row->se = effect->se;
    row->df = effect->df;
    row->statistic = effect->statistic;
    row->p = effect->p;
    row->ci_low = effect->ci_low;
    row->ci_high = effect->ci_high;
    row->level = estimate->level;
    row->p_bootstrap = effect->p_bootstrap;
    row->ci_bootstrap_low = effect->ci_bootstrap_low;
    row->ci_bootstrap_high = effect->ci_bootstrap_high;
    row->n_bootstrap = effect->n_bootstrap;
}

/* What an effect of receipt rests on, under the names of its row. */
static void keep_first_stage(const temoin_row *row, const temoin_first_stage *stage, beside *kept)
{
    if (!stage) return;
    temoin_first_stage *out = &kept->stage[kept->n_stages++];
    *out = *stage;
    out->estimate = row->estimate;
    out->measure = row->measure;
    out->wave = row->wave;
    out->subgroup = row->subgroup;
    out->arm = row->arm;
    out->reference = row->reference;
}

static void keep_clusters(const temoin_row *row, const temoin_clusters *clusters, beside *kept)
{
    if (!clusters) return;
    temoin_clusters *out = &kept->clusters[kept->n_clusters++];
    *out = *clusters;
    out->estimate = row->estimate;
    out->measure = row->measure;
    out->wave = row->wave;
    out->subgroup = row->subgroup;
    out->arm = row->arm;
    out->reference = row->reference;
}

static void keep_joint(const temoin_row *row, const char *wave, const temoin_joint_test *joint, beside *kept)
{
    if (!joint) return;
    temoin_joint_test *out = &kept->joint_tests[kept->n_joint_tests++];
    *out = *joint;
    out->estimate = row->estimate;
    out->measure = row->measure;
    out->wave = wave;
    out->subgroup = row->subgroup;
}

/* The bootstrap of the plan. Its stream does not depend on the seed, which may be secret. */
static tm_bootstrap_options choose_bootstrap(const temoin_plan *plan, const tm_plan_estimate *estimate)
{
    const tm_plan_bootstrap *from = &plan->bootstrap;
    tm_bootstrap_options options = {
        .draws = from->draws,
        .weights = (tm_bootstrap_weights)from->weights,
        .unrestricted = from->unrestricted,
        .jackknife_scores = from->jackknife_scores,
        .jackknife_statistic = from->jackknife_statistic,
        .level = estimate->level,
    };
    tm_stream_init(&options.stream, plan->id, "", "bootstrap", "");
    return options;
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
    const char *cluster = tm_estimate_cluster(estimate, run->cell->together);
    tm_record_clear(&tm_row_record, row);
    row->estimate = estimate->name;
    row->measure = run->assignment->trial->plan->measures[run->cell->measure].name;
    row->wave = run->cell->label[effect / estimate->n_contrasts];
    row->subgroup = tm_estimate_cell_subgroup(run->cell);
    row->cluster = cluster ? cluster : "";
    fill_row(estimate, contrast, run->variance, from, row);
    describe_arms(&run->sample, contrast->weights, effect, row);
    if (!run->cell->together) /* of several waves there is no one spread */
        row->effect_size = effect_size(&run->assignment->trial->plan->measures[run->cell->measure], &run->sample,
                                       run->estimator, contrast->weights, from->value);
    TM_TRY(randomize(ctx, run, effect, &from->notes, row));
    TM_TRY(tm_notes_finish(&from->notes, &row->note));
    keep_first_stage(row, from->first_stage, kept);
    keep_clusters(row, from->clusters, kept);
    keep_joint(row, run->cell->all, from->joint, kept);
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
                              const tm_plan_estimate *estimate, method *m, const tm_estimate_cell *cell,
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
        m->variance = default_variance(m->estimator, tm_estimate_cluster(estimate, cell->together), run.sample.n);
    run.variance = m->variance;
    const tm_bootstrap_options bootstrap = choose_bootstrap(trial->plan, estimate);
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
                                   const tm_plan_estimate *estimate, method m, const tm_estimate_cell *cell, int32_t n,
                                   temoin_row *rows, int64_t *n_rows, beside *kept)
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
    method *methods;
    tm_redraws *redraws;
    TM_ALLOC(ctx, methods, plan->n_estimates);
    for (int32_t e = 0; e < plan->n_estimates; e++) { /* all methods first: no work for a plan that will be rejected */
        TM_TRY(find_method(ctx, plan, e, &methods[e]));
        TM_TRY(check_method(ctx, plan, e, &methods[e]));
        TM_TRY(check_receipt(ctx, plan, e, &methods[e]));
    }
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

static temoin_status describe_trial(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_plan *plan = assignment->trial->plan;
    temoin_arm_summary *arms;
    temoin_measure_summary *measures;
    static const char *const kinds[] = {"continuous", "binary", "count", "time"};
    TM_ALLOC(ctx, arms, plan->n_arms);
    TM_ALLOC(ctx, measures, plan->n_measures);
    for (int32_t a = 0; a < plan->n_arms; a++)
        arms[a] = (temoin_arm_summary){
            plan->arms[a].name, {plan->arms[a].label.en, plan->arms[a].label.fr}, assignment->n_in_arm[a]};
    for (int32_t m = 0; m < plan->n_measures; m++) {
        const tm_plan_measure *measure = &plan->measures[m];
        measures[m] = (temoin_measure_summary){measure->name,
                                               kinds[measure->kind],
                                               measure->unit ? measure->unit : "",
                                               {measure->label.en, measure->label.fr}};
    }
    *results = (temoin_results){
        .engine = temoin_version(),
        .trial = plan->id,
        .title = {plan->title.en, plan->title.fr},
        .registry = plan->registry ? plan->registry : "",
        .design = plan->design.kind,
        .drawn = assignment->drawn,
        .seed = plan->design.seed && !tm_plan_hides_seed(plan) ? plan->design.seed : "",
        .n_units = assignment->trial->n_units,
        .n_strata = assignment->trial->n_strata,
        .min_cell = plan->min_cell,
        .languages = plan->languages.name,
        .n_languages = plan->languages.n,
        .arms = arms,
        .n_arms = plan->n_arms,
        .measures = measures,
        .n_measures = plan->n_measures,
    };
    return TEMOIN_OK;
}

temoin_status temoin_results_build(temoin_context *ctx, const temoin_trial *trial, const temoin_assignment *assignment,
                                   const temoin_results **out)
{
    const temoin_plan *plan = trial->plan;
    temoin_results *results;
    TM_ALLOC(ctx, results, 1);
    TM_TRY(check_statistics(ctx, plan));
    TM_TRY(tm_families_validate(ctx, plan));
    TM_TRY(describe_trial(ctx, assignment, results));
    temoin_row *rows;
    int64_t most;
    TM_TRY(count_rows(ctx, trial, &most));
    TM_ALLOC(ctx, rows, most);
    beside kept = {0};
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
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    TM_TRY(tm_families_adjust(ctx, assignment, rows, results->n_rows, &results->families));
    results->n_families = plan->n_families;
    results->rows = rows;
    for (int c = 0; c < tm_n_checks; c++) TM_TRY(tm_checks[c]->run(ctx, assignment, results));
    tm_arena_rewind(&ctx->scratch, mark);
    tm_progress(ctx, "estimates", 1);
    *out = results;
    return TEMOIN_OK;
}

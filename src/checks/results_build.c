/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole analysis: every estimate of the plan, its families, then the checks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "checks/check_kind.h"
#include "inference/adjust_families.h"
#include "inference/effect_size.h"
#include "inference/cell_sample.h"
#include "inference/effects.h"
#include "inference/randomize_estimate.h"
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

static temoin_status check_method(temoin_context *ctx, const temoin_plan *plan, int e, const method *m)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    if (estimate->covariates.n && !m->estimator->takes_covariates)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: estimator \"%s\" takes no covariates; use ols or lin, or leave them out", plan->path,
                tm_plan_line(plan, "estimates[%d].covariates", e), m->estimator->key);
    TM_TRY(check_measures(ctx, plan, e, m->estimator));
    if (!m->variance) {
        if (default_variance(m->estimator, estimate->cluster, 0)) return TEMOIN_OK;
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimator \"%s\" has no variance that %s clusters; %s", plan->path,
                tm_plan_line(plan, "estimates[%d]", e), m->estimator->key, estimate->cluster ? "knows" : "ignores",
                estimate->cluster ? "leave `cluster` out" : "add `cluster`");
    }
    if (m->variance->clustered && !estimate->cluster)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: variance \"%s\" needs `cluster`: provider, client or a column",
                plan->path, tm_plan_line(plan, "estimates[%d].variance", e), m->variance->key);
    if (!m->variance->clustered && estimate->cluster)
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

static temoin_status check_statistic(temoin_context *ctx, const temoin_plan *plan)
{
    const char *known[64];
    if (tm_statistic_find(plan->randomization_statistic)) return TEMOIN_OK;
    for (int i = 0; i < tm_n_statistics; i++) known[i] = tm_statistics[i]->key;
    return fail_key(ctx, plan, tm_plan_line(plan, "randomization.statistic"), "statistic",
                    plan->randomization_statistic, known, tm_n_statistics);
}

static bool is_baseline(const temoin_trial *trial, int32_t measure, int32_t wave)
{
    const char *baseline = trial->plan->measures[measure].baseline;
    return baseline && strcmp(baseline, trial->wave[wave]) == 0;
}

/* Rows that an estimate will have: the waves that it names, or else all but the baseline at which its measure has
 * values. A measure that nobody has a value of keeps its rows, which say so. */
static bool wants_wave(const temoin_trial *trial, const tm_plan_estimate *estimate, int32_t measure, int32_t wave)
{
    for (int32_t w = 0; w < estimate->waves.n; w++)
        if (strcmp(estimate->waves.name[w], trial->wave[wave]) == 0) return true;
    if (estimate->waves.n > 0 || is_baseline(trial, measure, wave)) return false;
    bool anywhere = false;
    for (int32_t w = 0; w < trial->n_waves; w++)
        anywhere = anywhere || (!is_baseline(trial, measure, w) && tm_trial_value(trial, measure, w));
    return !anywhere || tm_trial_value(trial, measure, wave);
}

static int64_t count_rows(const temoin_trial *trial)
{
    int64_t n = 0;
    for (int32_t e = 0; e < trial->plan->n_estimates; e++) {
        const tm_plan_estimate *estimate = &trial->plan->estimates[e];
        n += (int64_t)estimate->n_measures * trial->n_waves * estimate->n_contrasts;
    }
    return n;
}

static void describe_arms(const tm_sample *sample, const double *arm_weight, temoin_row *row)
{
    double sum = 0, sum_reference = 0;
    row->n_arm = row->n_reference = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        double weight = arm_weight[sample->arm[i]];
        row->n_arm += weight > 0;
        row->n_reference += weight < 0;
        if (weight > 0) sum += sample->y[i];
        if (weight < 0) sum_reference += sample->y[i];
    }
    row->mean_arm = row->n_arm ? sum / (double)row->n_arm : NAN;
    row->mean_reference = row->n_reference ? sum_reference / (double)row->n_reference : NAN;
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
                     const tm_sample *sample, const tm_effect *effect, temoin_row *row)
{
    row->arm = contrast->arm;
    row->reference = contrast->reference;
    row->estimator = estimate->estimator;
    row->variance = variance->key;
    row->cluster = estimate->cluster ? estimate->cluster : "";
    row->n = effect->n;
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
    describe_arms(sample, contrast->weights, row);
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
    out->arm = row->arm;
    out->reference = row->reference;
}

static void keep_joint(const temoin_row *row, const temoin_joint_test *joint, beside *kept)
{
    if (!joint) return;
    temoin_joint_test *out = &kept->joint_tests[kept->n_joint_tests++];
    *out = *joint;
    out->estimate = row->estimate;
    out->measure = row->measure;
    out->wave = row->wave;
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

/* redraws NULL: no randomization tests. */
static temoin_status run_cell(temoin_context *ctx, const temoin_assignment *assignment, const tm_redraws *redraws,
                              const tm_plan_estimate *estimate, const method *m, int32_t measure, int32_t wave,
                              temoin_row *rows, beside *kept)
{
    const temoin_trial *trial = assignment->trial;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_sample sample;
    tm_notes notes;
    tm_effect *effects;
    double *arm_weight;
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_cell_sample_build(ctx, assignment, estimate, m->estimator, measure, wave, &sample, &notes));
    TM_TRY(tm_cell_contrasts_build(ctx, estimate, trial->n_arms, &arm_weight));
    TM_SCRATCH(ctx, effects, estimate->n_contrasts);
    for (int32_t c = 0; c < estimate->n_contrasts; c++) effects[c].notes = notes;
    const tm_variance *variance =
        m->variance ? m->variance : default_variance(m->estimator, estimate->cluster, sample.n);
    const tm_bootstrap_options bootstrap = choose_bootstrap(trial->plan, estimate);
    const bool drawn = trial->plan->bootstrap.draws > 0 && estimate->bootstrap;
    const tm_clustered_request clustered = {true, drawn ? &bootstrap : NULL};
    TM_TRY(tm_effects_run_clustered(ctx, &sample, m->estimator, variance, arm_weight, estimate->n_contrasts,
                                    estimate->level, &clustered, effects));
    for (int32_t c = 0; c < estimate->n_contrasts; c++) {
        tm_record_clear(&tm_row_record, &rows[c]);
        rows[c].estimate = estimate->name;
        rows[c].measure = trial->plan->measures[measure].name;
        rows[c].wave = trial->wave[wave];
        fill_row(estimate, &estimate->contrasts[c], variance, &sample, &effects[c], &rows[c]);
        rows[c].effect_size = effect_size(&trial->plan->measures[measure], &sample, m->estimator,
                                          estimate->contrasts[c].weights, effects[c].value);
        if (redraws && estimate->randomization) {
            const bool weighted = sample.weight && estimate->weighting != TM_WEIGHTS_COLUMN;
            const tm_estimate_test test = {redraws, estimate, &sample, m->estimator, variance, weighted, false};
            TM_TRY(tm_estimate_randomize(ctx, &test, estimate->contrasts[c].weights, &effects[c].notes, &rows[c]));
        }
        TM_TRY(tm_notes_finish(&effects[c].notes, &rows[c].note));
        keep_first_stage(&rows[c], effects[c].first_stage, kept);
        keep_clusters(&rows[c], effects[c].clusters, kept);
        keep_joint(&rows[c], effects[c].joint, kept);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
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
        for (int32_t m = 0; m < estimate->n_measures; m++)
            for (int32_t w = 0; w < trial->n_waves; w++) {
                if (!wants_wave(trial, estimate, estimate->measures[m], w)) continue;
                TM_TRY(run_cell(ctx, assignment, redraws, estimate, &methods[e], estimate->measures[m], w,
                                rows + *n_rows, kept));
                *n_rows += estimate->n_contrasts;
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
    TM_TRY(check_statistic(ctx, plan));
    TM_TRY(tm_families_validate(ctx, plan));
    TM_TRY(describe_trial(ctx, assignment, results));
    temoin_row *rows;
    TM_ALLOC(ctx, rows, count_rows(trial));
    beside kept = {0};
    TM_ALLOC(ctx, kept.stage, count_rows(trial));
    TM_ALLOC(ctx, kept.clusters, count_rows(trial));
    TM_ALLOC(ctx, kept.joint_tests, count_rows(trial));
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

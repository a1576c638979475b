/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of the named effects in which workers, not clients, are what chance deals with.
 *
 * Where workers were randomized, their arms are drawn again (permute_workers.h): by a two-stage design within its
 * strata, those whom it drew, as drawn; otherwise within sites. Given how many workers of a stratum got each arm, the
 * design made all arrangements equally likely, so this is its own draw. A worker is the mean of the clients' outcomes,
 * adjusted for the estimate's covariates with slopes from differences within workers (worker_cells.h), which no draw of
 * arms can change. Weights do not enter: the test is as good without. Where they were not, there is a row without p.
 *
 * The placebo distribution (placebo_workers.h) compares plain means, at each correlation that the plan names. */
#include <math.h>
#include <string.h>

#include "base/number_text.h"
#include "checks/check_kind.h"
#include "checks/estimate_methods.h"
#include "estimators/two_by_two.h"
#include "inference/estimate_cells.h"
#include "inference/permute_workers.h"
#include "inference/placebo_workers.h"
#include "moments/worker_cells.h"
#include "result/record.h"

enum { ROWS_PER_EFFECT = 2 }; /* beside the placebos */

typedef struct testing {
    const temoin_assignment *assignment;
    const tm_plan_estimate *estimate;
    const tm_estimate_cell *cell;
    const tm_plan_contrast *contrast;
    tm_sample sample;
    temoin_provider_test *rows;
    int64_t n_rows;
} testing;

static temoin_provider_test *add_row(testing *t, const char *test)
{
    const temoin_plan *plan = t->assignment->trial->plan;
    temoin_provider_test *row = &t->rows[t->n_rows++];
    tm_record_clear(&tm_provider_test_record, row);
    row->estimate = t->estimate->name;
    row->measure = plan->measures[t->cell->measure].name;
    row->wave = t->cell->label[0];
    row->arm = t->contrast->arm;
    row->reference = t->contrast->reference;
    row->test = test;
    row->n_redraws = -1;
    row->note = "";
    return row;
}

/* The workers whose arms are drawn again: [n_units], -1 nobody. */
static const int32_t *drawn_workers(const temoin_assignment *assignment, int32_t *n)
{
    const tm_worker_draw *draw = assignment->workers;
    if (!draw || !draw->arm) return tm_assignment_provider(assignment, n);
    *n = assignment->trial->workers->n;
    return draw->worker;
}

/* The sample by worker, who are numbered anew; a client without one is a cluster of one behind them. worker [n]: who is
 * who. */
static temoin_status cluster_by(temoin_context *ctx, const int32_t *provider, int32_t n_providers, tm_sample *sample,
                                int32_t *n_workers)
{
    int32_t *cluster, *number, n = 0;
    TM_SCRATCH(ctx, cluster, sample->n);
    TM_SCRATCH(ctx, number, n_providers);
    for (int64_t i = 0; i < sample->n; i++)
        if (provider[sample->unit[i]] >= 0) number[provider[sample->unit[i]]] = 1;
    for (int32_t p = 0; p < n_providers; p++) number[p] = number[p] ? n++ : -1;
    *n_workers = n;
    for (int64_t i = 0; i < sample->n; i++) {
        const int32_t p = provider[sample->unit[i]];
        cluster[i] = p < 0 ? n++ : number[p];
    }
    sample->cluster = cluster;
    sample->n_clusters = n;
    sample->subcluster = NULL;
    sample->weight = NULL;
    return TEMOIN_OK;
}

/* Where the arms of workers were drawn: [n_units], -1 not known; NULL: everywhere at once. */
static const int32_t *find_sites(const temoin_trial *trial, int32_t *n)
{
    const temoin_column *column = trial->plan->providers.site && !trial->plan->design.options.workers.file
                                      ? temoin_frame_find(trial->clients, trial->plan->providers.site)
                                      : NULL;
    *n = column ? column->n_levels : trial->n_strata;
    if (column) return column->code;
    return trial->plan->design.options.workers.file ? trial->stratum : NULL;
}

/* arm and site [n_workers] of each; a note, NULL: they are known. Workers without a client in the two arms have arm -1.
 */
static const char *place_workers(const testing *t, const tm_sample *sample, int32_t n_workers, int32_t *arm,
                                 int32_t *site, int32_t *n_sites)
{
    const int32_t *site_of = find_sites(t->assignment->trial, n_sites);
    for (int32_t w = 0; w < n_workers; w++) arm[w] = site[w] = -1;
    for (int64_t i = 0; i < sample->n; i++) {
        const int32_t w = sample->cluster[i], s = site_of ? site_of[sample->unit[i]] : 0;
        if (w >= n_workers || t->contrast->weights[sample->arm[i]] == 0) continue;
        if (arm[w] >= 0 && arm[w] != sample->arm[i]) return "worker_in_several_arms";
        if (site[w] >= 0 && s >= 0 && site[w] != s) return "worker_in_several_sites";
        arm[w] = sample->arm[i];
        if (s >= 0) site[w] = s;
    }
    for (int32_t w = 0; w < n_workers; w++)
        if (site[w] < 0) site[w] = *n_sites; /* one more, of those of whom nothing is known */
    ++*n_sites;
    return NULL;
}

/* Means of workers that no arm enters; NULL: the same of all. */
static temoin_status average(temoin_context *ctx, const tm_sample *by_worker, const double **mean, double *unit)
{
    tm_sample sample = *by_worker;
    tm_worker_cells cells;
    int32_t *arm;
    TM_SCRATCH(ctx, arm, sample.n);
    sample.arm = arm;
    sample.n_arms = 1;
    TM_TRY(tm_worker_cells_build(ctx, &sample, &cells));
    if (cells.saturated) {
        sample.n_covariates = 0;
        TM_TRY(tm_worker_cells_build(ctx, &sample, &cells));
    }
    *mean = cells.mean;
    *unit = cells.unit;
    return TEMOIN_OK;
}

static temoin_status add_permuted(temoin_context *ctx, testing *t, const tm_permuted_workers *workers, double unit,
                                  bool studentized)
{
    const temoin_plan *plan = t->assignment->trial->plan;
    const tm_permute_request request = {
        workers, studentized, plan->randomization_draws, plan->randomization_tolerance, t->estimate->level, plan->id};
    tm_permuted permuted;
    TM_TRY(tm_workers_permute(ctx, &request, &permuted));
    if (studentized && permuted.refused) return TEMOIN_OK; /* the difference says why, or stands alone */
    temoin_provider_test *row = add_row(t, studentized ? "workers_studentized" : "workers_permuted");
    row->statistic = studentized ? permuted.statistic : permuted.statistic * unit;
    row->p = permuted.p;
    row->p_low = permuted.p_low;
    row->p_high = permuted.p_high;
    row->smallest_p = permuted.smallest_p;
    row->n_redraws = permuted.n_redraws;
    row->exact = permuted.exact;
    row->note = permuted.refused ? permuted.refused : "";
    return TEMOIN_OK;
}

/* Workers of the two arms, from all of the sample. */
static temoin_status take_workers(temoin_context *ctx, const testing *t, int32_t n, const int32_t *arm,
                                  const int32_t *site, int32_t n_sites, const double *mean, tm_permuted_workers *out)
{
    double *kept;
    bool *treated;
    int32_t *kept_site;
    *out = (tm_permuted_workers){.n_sites = n_sites};
    TM_SCRATCH(ctx, kept, n);
    TM_SCRATCH(ctx, treated, n);
    TM_SCRATCH(ctx, kept_site, n);
    for (int32_t w = 0; w < n; w++) {
        if (arm[w] < 0) continue;
        kept[out->n] = mean[w];
        treated[out->n] = t->contrast->weights[arm[w]] > 0;
        kept_site[out->n++] = site[w];
    }
    out->mean = kept;
    out->treated = treated;
    out->site = kept_site;
    return TEMOIN_OK;
}

static temoin_status permute(temoin_context *ctx, testing *t)
{
    const tm_plan_providers *providers = &t->assignment->trial->plan->providers;
    tm_sample sample = t->sample;
    tm_permuted_workers workers;
    const double *mean = NULL;
    const char *refused = "workers_not_randomized";
    double unit = 1;
    int32_t n_providers, n_workers, n_sites, *arm, *site;
    const int32_t *provider = drawn_workers(t->assignment, &n_providers);
    TM_TRY(cluster_by(ctx, provider, n_providers, &sample, &n_workers));
    TM_SCRATCH(ctx, arm, n_workers);
    TM_SCRATCH(ctx, site, n_workers);
    if (providers->randomized) refused = place_workers(t, &sample, n_workers, arm, site, &n_sites);
    if (refused) {
        add_row(t, "workers_permuted")->note = refused;
        return TEMOIN_OK;
    }
    TM_TRY(average(ctx, &sample, &mean, &unit));
    TM_TRY(take_workers(ctx, t, n_workers, arm, site, n_sites, mean, &workers));
    TM_TRY(add_permuted(ctx, t, &workers, unit, false));
    return add_permuted(ctx, t, &workers, unit, true);
}

/* "estimate|measure|wave|arm|reference|rho" */
static const char *label_of(temoin_context *ctx, const testing *t, double rho)
{
    char text[TM_NUMBER_TEXT_SIZE];
    return tm_text(ctx, "%s|%s|%s|%s|%s|%s", t->estimate->name,
                   t->assignment->trial->plan->measures[t->cell->measure].name, t->cell->label[0], t->contrast->arm,
                   t->contrast->reference, tm_number_text(rho, text));
}

static temoin_status add_placebo(temoin_context *ctx, testing *t, const tm_placebo_trial *trial, double rho)
{
    const temoin_plan *plan = t->assignment->trial->plan;
    tm_placebo_request request = {trial, rho, plan->randomization_draws, t->estimate->level, plan->id, NULL};
    tm_placebo placebo;
    request.label = label_of(ctx, t, rho);
    if (!request.label) return tm_fail_memory(ctx);
    TM_TRY(tm_placebo_run(ctx, &request, &placebo));
    temoin_provider_test *row = add_row(t, "placebo");
    row->rho = rho;
    row->statistic = trial->difference;
    row->p = placebo.p;
    row->p_low = placebo.p_low;
    row->p_high = placebo.p_high;
    row->n_redraws = placebo.n_redraws;
    row->exact = placebo.exact;
    row->note = placebo.refused ? placebo.refused : "";
    return TEMOIN_OK;
}

static temoin_status add_placebos(temoin_context *ctx, testing *t)
{
    const temoin_plan *plan = t->assignment->trial->plan;
    tm_sample sample = t->sample;
    tm_placebo_trial trial;
    int32_t arm, reference, n_providers, n_workers;
    const int32_t *provider = tm_assignment_provider(t->assignment, &n_providers);
    if (!tm_contrast_arms(t->contrast->weights, sample.n_arms, &arm, &reference)) return TEMOIN_OK;
    TM_TRY(cluster_by(ctx, provider, n_providers, &sample, &n_workers));
    TM_TRY(tm_placebo_trial_build(ctx, &sample, arm, reference,
                                  plan->measures[t->cell->measure].kind == TM_MEASURE_BINARY, &trial));
    for (int32_t k = 0; k < plan->providers.n_placebo; k++)
        TM_TRY(add_placebo(ctx, t, &trial, plan->providers.placebo_icc[k]));
    return TEMOIN_OK;
}

static const char *refuse(const testing *t)
{
    int32_t arm, reference;
    if (t->cell->together) return "several_waves";
    if (t->sample.event) return "waiting_times";
    if (!tm_contrast_arms(t->contrast->weights, t->sample.n_arms, &arm, &reference)) return "contrast_of_two";
    return t->sample.n == 0 ? "no_contrast" : NULL;
}

static temoin_status test_cell(temoin_context *ctx, testing *t, const tm_estimator *estimator)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_notes notes;
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, t->assignment, t->estimate, estimator, t->cell, &t->sample, &notes));
    for (int32_t k = 0; k < t->estimate->n_contrasts; k++) {
        t->contrast = &t->estimate->contrasts[k];
        const char *refused = refuse(t);
        if (refused)
            add_row(t, "workers_permuted")->note = refused;
        else {
            TM_TRY(permute(ctx, t));
            TM_TRY(add_placebos(ctx, t));
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status test_estimate(temoin_context *ctx, testing *t, const tm_estimator *estimator)
{
    for (int32_t m = 0; m < t->estimate->n_measures; m++) {
        const tm_estimate_cell *cell;
        int32_t n;
        TM_TRY(tm_estimate_cells_list(ctx, t->assignment->trial, t->estimate, estimator, t->estimate->measures[m],
                                      &cell, &n));
        for (int32_t k = 0; k < n; k++) {
            t->cell = &cell[k];
            if (!cell[k].subgroup) TM_TRY(test_cell(ctx, t, estimator));
        }
    }
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    const tm_plan_providers *providers = &trial->plan->providers;
    testing t = {.assignment = assignment};
    tm_estimate_method *methods;
    int32_t n_providers;
    int64_t room = 0;
    if (providers->structure == TM_STRUCTURE_NONE || !tm_assignment_provider(assignment, &n_providers))
        return TEMOIN_OK;
    if (n_providers == 0) return TEMOIN_OK;
    TM_TRY(tm_estimate_methods_build(ctx, trial->plan, &methods));
    for (int32_t k = 0; k < providers->n_estimates; k++) {
        const tm_plan_estimate *estimate = &trial->plan->estimates[providers->estimates[k]];
        room += (int64_t)estimate->n_measures * trial->n_waves * estimate->n_contrasts;
    }
    TM_ALLOC(ctx, t.rows, room * (ROWS_PER_EFFECT + providers->n_placebo));
    for (int32_t k = 0; k < providers->n_estimates; k++) {
        t.estimate = &trial->plan->estimates[providers->estimates[k]];
        TM_TRY(test_estimate(ctx, &t, methods[providers->estimates[k]].estimator));
    }
    results->provider_tests = t.rows;
    results->n_provider_tests = t.n_rows;
    return TEMOIN_OK;
}

const tm_check tm_check_provider_tests = {
    .key = "provider_tests",
    .title_en = "had caseworkers been drawn otherwise, or arms done nothing, would the effect be as large",
    .title_fr = "avec un autre tirage des intervenants, ou des groupes sans effet, l’effet serait-il aussi grand",
    .cites = "Fisher 1935; Gail et al. 1996",
    .run = run,
};

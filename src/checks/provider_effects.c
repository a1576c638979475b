/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effects that the dossier is about by every way that respects caseworkers, or does not, side by side. */
#include <math.h>
#include <string.h>

#include "checks/check_kind.h"
#include "checks/estimate_methods.h"
#include "checks/provider_graph.h"
#include "checks/row_fill.h"
#include "inference/effects.h"

typedef struct way {
    const char *estimator; /* NULL: the estimate's own where it is a linear model of one wave, else ols */
    const char *variance;
    bool clustered;
    bool bootstrap; /* with the wild cluster bootstrap beside */
} way;

static const way ways[] = {
    {NULL, "hc2", false, false},
    {NULL, "cr1", true, true},
    {NULL, "cr2", true, false},
    {NULL, "cr3", true, false},
    {NULL, "cr2_working", true, false},
    {"worker_means", "student", true, false},
    {"worker_means", "welch", true, false},
    {"worker_means", "paired", true, false},
    {"mixed", "kenward_roger", true, false},
    {"mixed", "model_satterthwaite", true, false},
    {"partially_nested", "kenward_roger", true, false},
    {"partially_nested", "model_satterthwaite", true, false},
    {"within_workers", "cr2", true, false},
};
enum { N_WAYS = sizeof ways / sizeof *ways, USUAL_DRAWS = 9999 };

typedef struct dossier {
    const temoin_assignment *assignment;
    const tm_provider_graph *graph;
    const tm_plan_estimate *estimate;
    const tm_estimator *own;
    temoin_row *rows;
    int64_t n_rows;
} dossier;

static bool is_linear(const tm_estimator *estimator)
{
    return estimator->build && estimator->waves == TM_WAVES_SINGLE && !estimator->instrumented &&
           !estimator->at_quantile;
}

static bool is_any_crossed(const tm_provider_graph *graph)
{
    for (int32_t p = 0; p < graph->n_providers; p++) {
        int32_t arms = 0;
        for (int32_t a = 0; a < graph->n_arms; a++) arms += graph->n[(int64_t)p * graph->n_arms + a] > 0;
        if (arms > 1) return true;
    }
    return false;
}

/* Ways that the structure has no use for: effects within workers where none serves several arms, means of workers where
 * some do; models of one served arm where both are, and one variance of workers' means where they are not. */
static bool is_of_use(const dossier *d, const way *w)
{
    const bool one_arm = d->assignment->trial->plan->providers.structure == TM_STRUCTURE_ONE_ARM;
    const bool crossed = is_any_crossed(d->graph);
    const char *estimator = w->estimator ? w->estimator : "";
    if (strcmp(estimator, "within_workers") == 0 || strcmp(w->variance, "paired") == 0) return crossed;
    if (strcmp(estimator, "partially_nested") == 0) return one_arm;
    if (strcmp(estimator, "worker_means") == 0) return !crossed && !(one_arm && strcmp(w->variance, "student") == 0);
    return true;
}

/* The estimate as this way takes it. */
static tm_plan_estimate adapt(const dossier *d, const way *w, const tm_estimator *estimator)
{
    tm_plan_estimate e = *d->estimate;
    e.estimator = estimator->key;
    e.variance = w->variance;
    e.cluster = w->clustered ? "provider" : NULL;
    e.missing_cluster_allowed = true;
    if (!estimator->takes_covariates) e.covariates.n = 0;
    return e;
}

static bool is_recommended(const dossier *d, const tm_estimator *estimator, const way *w, const int32_t *arm)
{
    const tm_recommended best = tm_provider_graph_recommended(d->graph, arm, 2);
    const bool own = !w->estimator && strcmp(best.estimator, "ols") == 0;
    return (own || strcmp(best.estimator, estimator->key) == 0) && strcmp(best.variance, w->variance) == 0;
}

/* Where workers cannot be told from the effect, only what ignores them has a number. */
static void judge(const dossier *d, const tm_estimator *estimator, const way *w, const tm_plan_contrast *contrast,
                  tm_effect *effect)
{
    int32_t n = 0, arm[2];
    for (int32_t a = 0; a < d->graph->n_arms; a++)
        if (contrast->weights[a] != 0 && n++ < 2) arm[n - 1] = a;
    if (n != 2 || !w->clustered) return;
    const tm_provider_verdict verdict = tm_provider_verdict_of(d->graph, arm, 2);
    if (tm_provider_verdict_refuses(&verdict)) {
        tm_notes_init(&effect->notes, effect->notes.ctx); /* nothing is left that others would explain */
        tm_effect_refuse(effect, verdict.reason);
        effect->p_bootstrap = effect->ci_bootstrap_low = effect->ci_bootstrap_high = NAN;
        effect->n_bootstrap = -1;
    } else if (is_recommended(d, estimator, w, arm))
        tm_notes_add(&effect->notes, "recommended");
}

static temoin_status run_way(temoin_context *ctx, dossier *d, const tm_estimate_cell *cell, const way *w)
{
    const temoin_plan *plan = d->assignment->trial->plan;
    const tm_estimator *estimator = w->estimator        ? tm_estimator_find(w->estimator)
                                    : is_linear(d->own) ? d->own
                                                        : tm_estimator_find("ols");
    const tm_variance *variance = tm_variance_find(w->variance);
    const tm_plan_estimate estimate = adapt(d, w, estimator);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_sample sample;
    tm_effect *effects;
    tm_notes notes;
    double *arm_weight;
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, d->assignment, &estimate, estimator, cell, &sample, &notes));
    TM_TRY(tm_estimate_cell_contrasts(ctx, &estimate, plan->n_arms, cell, &arm_weight));
    TM_SCRATCH(ctx, effects, estimate.n_contrasts);
    for (int32_t c = 0; c < estimate.n_contrasts; c++) effects[c].notes = notes;
    tm_bootstrap_options bootstrap = tm_bootstrap_choose(plan, &estimate);
    if (!bootstrap.draws) bootstrap.draws = USUAL_DRAWS;
    const tm_clustered_request request = {false, w->bootstrap ? &bootstrap : NULL};
    sample.subcluster = NULL;
    TM_TRY(tm_effects_run_clustered(ctx, &sample, estimator, variance, arm_weight, estimate.n_contrasts, estimate.level,
                                    &request, effects));
    for (int32_t c = 0; c < estimate.n_contrasts; c++) {
        const tm_row_source source = {plan, &estimate, &estimate.contrasts[c], cell, estimator, variance, &sample, c};
        temoin_row *row = &d->rows[d->n_rows++];
        judge(d, estimator, w, &estimate.contrasts[c], &effects[c]);
        tm_row_fill(&source, &effects[c], row);
        TM_TRY(tm_notes_finish(&effects[c].notes, &row->note));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status run_estimate(temoin_context *ctx, dossier *d)
{
    const temoin_trial *trial = d->assignment->trial;
    for (int32_t m = 0; m < d->estimate->n_measures; m++) {
        const tm_estimate_cell *cell;
        int32_t n;
        if (trial->plan->measures[d->estimate->measures[m]].kind == TM_MEASURE_TIME) continue;
        TM_TRY(tm_estimate_cells_list(ctx, trial, d->estimate, d->own, d->estimate->measures[m], &cell, &n));
        for (int32_t k = 0; k < n; k++)
            for (int w = 0; w < N_WAYS && !cell[k].subgroup && !cell[k].together; w++)
                if (is_of_use(d, &ways[w])) TM_TRY(run_way(ctx, d, &cell[k], &ways[w]));
    }
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_plan *plan = assignment->trial->plan;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    dossier d = {.assignment = assignment};
    tm_estimate_method *methods;
    int64_t room = 0;
    TM_TRY(tm_provider_graph_build(ctx, assignment, &d.graph));
    if (d.graph) {
        TM_TRY(tm_estimate_methods_build(ctx, plan, &methods));
        for (int32_t k = 0; k < plan->providers.n_estimates; k++) {
            const tm_plan_estimate *estimate = &plan->estimates[plan->providers.estimates[k]];
            room += (int64_t)estimate->n_measures * assignment->trial->n_waves * estimate->n_contrasts;
        }
        TM_ALLOC(ctx, d.rows, room * N_WAYS);
        for (int32_t k = 0; k < plan->providers.n_estimates; k++) {
            d.estimate = &plan->estimates[plan->providers.estimates[k]];
            d.own = methods[plan->providers.estimates[k]].estimator;
            TM_TRY(run_estimate(ctx, &d));
        }
        results->provider_rows = d.rows;
        results->n_provider_rows = d.n_rows;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_provider_effects = {
    .key = "provider_effects",
    .title_en = "the same effects by every way that respects caseworkers",
    .title_fr = "les mêmes effets par chaque méthode qui tient compte des intervenants",
    .cites = "Pustejovsky & Tipton 2018; Roberts & Roberts 2005; Cameron, Gelbach & Miller 2008",
    .run = run,
};

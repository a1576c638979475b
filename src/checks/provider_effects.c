/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effects that the dossier is about by every way that respects caseworkers, or does not, side by side. */
#include <math.h>
#include <string.h>

#include "checks/check_kind.h"
#include "checks/estimate_methods.h"
#include "checks/provider_graph.h"
#include "checks/row_fill.h"
#include "inference/effects.h"

typedef enum clustering { BY_NOTHING, BY_CLIENT, BY_WORKER } clustering;
typedef enum taken { ONE_WAVE = 1, SEVERAL_WAVES = 2, ANY_WAVES = 3 } taken;

typedef struct way {
    const char *estimator; /* NULL: the estimate's own where it is a linear model, else ols */
    const char *variance;
    clustering clustering;
    taken waves;
    bool bootstrap; /* with the wild cluster bootstrap beside */
} way;

/* The first ignores workers. */
static const way ways[] = {
    {NULL, "hc2", BY_NOTHING, ONE_WAVE, false},
    {NULL, "cr2", BY_CLIENT, SEVERAL_WAVES, false},
    {NULL, "cr1", BY_WORKER, ANY_WAVES, true},
    {NULL, "cr2", BY_WORKER, ANY_WAVES, false},
    {NULL, "cr3", BY_WORKER, ANY_WAVES, false},
    {NULL, "cr2_working", BY_WORKER, ONE_WAVE, false},
    {"worker_means", "student", BY_WORKER, ONE_WAVE, false},
    {"worker_means", "welch", BY_WORKER, ONE_WAVE, false},
    {"worker_means", "paired", BY_WORKER, ONE_WAVE, false},
    {"mixed", "kenward_roger", BY_WORKER, ONE_WAVE, false},
    {"mixed", "model_satterthwaite", BY_WORKER, ONE_WAVE, false},
    {"mixed_nested", "kenward_roger", BY_WORKER, ONE_WAVE, false},
    {"mixed_crossed", "kenward_roger", BY_WORKER, SEVERAL_WAVES, false},
    {"partially_nested", "kenward_roger", BY_WORKER, ONE_WAVE, false},
    {"partially_nested", "model_satterthwaite", BY_WORKER, ONE_WAVE, false},
    {"within_workers", "cr2", BY_WORKER, ONE_WAVE, false},
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
    return estimator->build && !estimator->instrumented && !estimator->at_quantile;
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

/* Strata that are sites leave nothing for random ones to explain. */
static bool is_site_fixed(const temoin_plan *plan, const tm_plan_estimate *estimate)
{
    for (int32_t s = 0; estimate->strata && s < plan->design.strata.n; s++)
        if (strcmp(plan->design.strata.name[s], plan->providers.site) == 0) return true;
    return false;
}

/* Ways that the structure has no use for: effects within workers where none serves several arms, means of workers where
 * some do; models of one served arm where both are, and one variance of workers' means where they are not. */
static bool is_of_use(const dossier *d, const tm_estimate_cell *cell, const way *w)
{
    const temoin_plan *plan = d->assignment->trial->plan;
    const bool one_arm = plan->providers.structure == TM_STRUCTURE_ONE_ARM;
    const bool crossed = is_any_crossed(d->graph);
    const char *estimator = w->estimator ? w->estimator : "";
    if (!(w->waves & (cell->together ? SEVERAL_WAVES : ONE_WAVE))) return false;
    if (strcmp(estimator, "mixed_crossed") == 0) return d->own->waves == TM_WAVES_POOLED;
    if (strcmp(estimator, "mixed_nested") == 0) return plan->providers.site && !is_site_fixed(plan, d->estimate);
    if (strcmp(estimator, "within_workers") == 0 || strcmp(w->variance, "paired") == 0) return crossed;
    if (strcmp(estimator, "partially_nested") == 0) return one_arm;
    if (strcmp(estimator, "worker_means") == 0) return !crossed && !(one_arm && strcmp(w->variance, "student") == 0);
    return true;
}

/* The estimate as this way takes it. */
static tm_plan_estimate adapt(const dossier *d, const way *w, const tm_estimator *estimator)
{
    static const char *const clusters[] = {NULL, "client", "provider"};
    tm_plan_estimate e = *d->estimate;
    e.estimator = estimator->key;
    e.variance = w->variance;
    e.cluster = clusters[w->clustering];
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
    if (n != 2 || w->clustering != BY_WORKER) return;
    const tm_provider_verdict verdict = tm_provider_verdict_of(d->graph, arm, 2);
    if (tm_provider_verdict_refuses(&verdict)) {
        tm_notes_init(&effect->notes, effect->notes.ctx); /* nothing is left that others would explain */
        tm_effect_refuse(effect, verdict.reason);
        effect->p_bootstrap = effect->ci_bootstrap_low = effect->ci_bootstrap_high = NAN;
        effect->n_bootstrap = -1;
    } else if (is_recommended(d, estimator, w, arm))
        tm_notes_add(&effect->notes, "recommended");
}

/* rows: of the first effect; those of the next stand `stride` further. */
static temoin_status run_way(temoin_context *ctx, const dossier *d, const tm_estimate_cell *cell, const way *w,
                             temoin_row *rows, int64_t stride)
{
    const temoin_plan *plan = d->assignment->trial->plan;
    const tm_estimator *estimator = w->estimator        ? tm_estimator_find(w->estimator)
                                    : is_linear(d->own) ? d->own
                                                        : tm_estimator_find("ols");
    const tm_variance *variance = tm_variance_find(w->variance);
    const tm_plan_estimate estimate = adapt(d, w, estimator);
    const int32_t n_effects = cell->n_shown * estimate.n_contrasts;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_sample sample;
    tm_effect *effects;
    tm_notes notes;
    double *arm_weight;
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, d->assignment, &estimate, estimator, cell, &sample, &notes));
    TM_TRY(tm_estimate_cell_contrasts(ctx, &estimate, plan->n_arms, cell, &arm_weight));
    TM_SCRATCH(ctx, effects, n_effects);
    for (int32_t c = 0; c < n_effects; c++) effects[c].notes = notes;
    tm_bootstrap_options bootstrap = tm_bootstrap_choose(plan, &estimate);
    if (!bootstrap.draws) bootstrap.draws = USUAL_DRAWS;
    const tm_clustered_request request = {false, w->bootstrap ? &bootstrap : NULL};
    sample.subcluster = NULL;
    TM_TRY(tm_effects_run_clustered(ctx, &sample, estimator, variance, arm_weight, n_effects, estimate.level, &request,
                                    effects));
    for (int32_t c = 0; c < n_effects; c++) {
        const tm_plan_contrast *contrast = &estimate.contrasts[c % estimate.n_contrasts];
        const tm_row_source source = {plan, &estimate, contrast, cell, estimator, variance, &sample, c};
        temoin_row *row = &rows[c * stride];
        judge(d, estimator, w, contrast, &effects[c]);
        tm_row_fill(&source, &effects[c], row);
        TM_TRY(tm_notes_finish(&effects[c].notes, &row->note));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Effect by effect, each by all ways. */
static temoin_status run_cell(temoin_context *ctx, dossier *d, const tm_estimate_cell *cell)
{
    const way *used[N_WAYS];
    int n_used = 0;
    for (int w = 0; w < N_WAYS; w++)
        if (is_of_use(d, cell, &ways[w])) used[n_used++] = &ways[w];
    for (int w = 0; w < n_used; w++) TM_TRY(run_way(ctx, d, cell, used[w], &d->rows[d->n_rows + w], n_used));
    d->n_rows += (int64_t)n_used * cell->n_shown * d->estimate->n_contrasts;
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
            if (!cell[k].subgroup) TM_TRY(run_cell(ctx, d, &cell[k]));
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

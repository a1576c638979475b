/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/family_members.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "inference/effects_correlation.h"
#include "inference/estimate_cells.h"
#include "inference/randomize_estimate.h"

/* Neighbours that come from one regression, contrasts of the same estimate, measure, wave and subgroup (of several
 * waves that are taken together), and their sample. */
typedef struct cell {
    int64_t first, n; /* members */
    const tm_plan_estimate *estimate;
    const tm_estimator *estimator;
    const tm_variance *variance;
    tm_sample sample;
    double *arm_weight; /* [n * n_arms] of the members first, first + 1, … */
} cell;

static const tm_plan_estimate *find_estimate(const temoin_plan *plan, const char *name)
{
    for (int32_t e = 0; e < plan->n_estimates; e++)
        if (strcmp(plan->estimates[e].name, name) == 0) return &plan->estimates[e];
    return NULL;
}

static int32_t find_measure(const temoin_plan *plan, const char *name)
{
    int32_t m = 0;
    while (strcmp(plan->measures[m].name, name) != 0) m++;
    return m;
}

/* A plan names an estimate's contrasts once each, so rows of a cell differ. */
static temoin_status open_cell(temoin_context *ctx, const tm_family_members *members, int64_t first, cell *out)
{
    const temoin_trial *trial = members->assignment->trial;
    const temoin_row *row = &members->rows[members->at[first]];
    const tm_estimate_cell *at;
    tm_notes notes;
    *out = (cell){.first = first, .estimate = find_estimate(trial->plan, row->estimate)};
    out->estimator = tm_estimator_find(row->estimator);
    out->variance = tm_variance_find(row->variance);
    TM_TRY(tm_estimate_cell_find(ctx, trial, out->estimate, out->estimator, find_measure(trial->plan, row->measure),
                                 row->wave, row->subgroup, &at));
    assert(at && out->variance);
    out->n = (int64_t)at->n_shown * out->estimate->n_contrasts;
    assert(first + out->n <= members->family.n);
    tm_notes_init(&notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, members->assignment, out->estimate, out->estimator, at, &out->sample, &notes));
    return tm_estimate_cell_contrasts(ctx, out->estimate, trial->n_arms, at, &out->arm_weight);
}

temoin_status tm_family_correlate(temoin_context *ctx, tm_family_members *members)
{
    const int64_t n = members->family.n;
    int64_t *fit;
    double *correlation;
    TM_SCRATCH(ctx, fit, n);
    TM_SCRATCH(ctx, correlation, n * n);
    for (int64_t i = 0; i < n * n; i++) correlation[i] = NAN;
    for (int64_t first = 0; first < n;) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        cell c;
        double *own;
        TM_TRY(open_cell(ctx, members, first, &c));
        TM_SCRATCH(ctx, own, c.n * c.n);
        TM_TRY(tm_effects_correlation(ctx, &c.sample, c.estimator, c.variance, c.arm_weight, (int32_t)c.n, own));
        for (int64_t i = 0; i < c.n; i++) {
            fit[first + i] = first + i - i % c.estimate->n_contrasts; /* each wave for itself */
            for (int64_t j = 0; j < c.n; j++) correlation[(first + i) * n + first + j] = own[i * c.n + j];
        }
        first += c.n;
        tm_arena_rewind(&ctx->scratch, mark);
    }
    members->family.fit = fit;
    members->family.correlation = correlation;
    return TEMOIN_OK;
}

/* What is asked of a cell's redraws. *refused: it has none. */
static temoin_status request_cell(temoin_context *ctx, const tm_redraws *redraws, const cell *c, bool never_listed,
                                  tm_randomization_request *request, bool *refused)
{
    const char *why = NULL;
    tm_estimate_test *test;
    *refused = c->sample.n == 0;
    if (*refused) return TEMOIN_OK;
    TM_SCRATCH(ctx, test, 1);
    *test = (tm_estimate_test){.redraws = redraws,
                               .estimate = c->estimate,
                               .sample = &c->sample,
                               .estimator = c->estimator,
                               .variance = c->variance,
                               .weighted = c->sample.weight && c->estimate->weighting != TM_WEIGHTS_COLUMN,
                               .never_listed = never_listed};
    TM_TRY(tm_estimate_test_prepare(ctx, test, c->arm_weight, (int32_t)c->n, false, request, &why));
    *refused = why != NULL;
    return TEMOIN_OK;
}

/* Whether the draws of all members can be listed, and how many there are. */
static temoin_status count_draws(temoin_context *ctx, const tm_redraws *redraws, const tm_family_members *members,
                                 bool *exact, int64_t *n_draws)
{
    *exact = true;
    *n_draws = 0;
    for (int64_t first = 0; first < members->family.n;) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        tm_randomization_request request;
        bool refused;
        cell c;
        TM_TRY(open_cell(ctx, members, first, &c));
        TM_TRY(request_cell(ctx, redraws, &c, false, &request, &refused));
        if (!refused) {
            *exact = *exact && request.source->exact;
            *n_draws = request.source->n_draws;
        }
        first += c.n;
        tm_arena_rewind(&ctx->scratch, mark);
    }
    if (!*exact) *n_draws = members->assignment->trial->plan->randomization_draws;
    return TEMOIN_OK;
}

/* Statistics of the members of one cell: observed, and in every draw. */
static temoin_status fill_cell(temoin_context *ctx, const tm_redraws *redraws, const cell *c, tm_redrawn *redrawn,
                               double *observed, double *unit, double *const *statistic, double *probability)
{
    tm_randomization_request request;
    bool refused;
    TM_TRY(request_cell(ctx, redraws, c, !redrawn->exact, &request, &refused));
    if (refused) return TEMOIN_OK;
    assert(request.source->exact == redrawn->exact && request.source->n_draws == redrawn->n_draws);
    TM_TRY(tm_randomization_observe(ctx, &request, observed));
    for (int64_t i = 0; i < c->n; i++) unit[i] = tm_randomization_unit(request.statistic, &c->sample);
    TM_TRY(tm_randomization_draws(ctx, &request, 0, redrawn->n_draws, statistic));
    redrawn->tolerance = request.tolerance;
    redrawn->studentized = request.statistic->needs_se;
    if (!request.source->probability) return TEMOIN_OK;
    memcpy(probability, request.source->probability, (size_t)redrawn->n_draws * sizeof *probability);
    redrawn->probability = probability;
    return TEMOIN_OK;
}

temoin_status tm_family_redraw(temoin_context *ctx, const tm_redraws *redraws, tm_family_members *members)
{
    tm_redrawn *redrawn = &members->redrawn;
    const int64_t n = members->family.n;
    double *observed, *unit, **statistic, *probability;
    TM_TRY(count_draws(ctx, redraws, members, &redrawn->exact, &redrawn->n_draws));
    TM_SCRATCH(ctx, observed, n);
    TM_SCRATCH(ctx, unit, n);
    TM_SCRATCH(ctx, statistic, n);
    TM_SCRATCH(ctx, probability, redrawn->n_draws);
    for (int64_t i = 0; i < n; i++) {
        observed[i] = NAN;
        TM_SCRATCH(ctx, statistic[i], redrawn->n_draws);
    }
    for (int64_t first = 0; first < n;) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        cell c;
        TM_TRY(open_cell(ctx, members, first, &c));
        TM_TRY(fill_cell(ctx, redraws, &c, redrawn, observed + first, unit + first, statistic + first, probability));
        first += c.n;
        tm_arena_rewind(&ctx->scratch, mark);
    }
    redrawn->observed = observed;
    redrawn->unit = unit;
    redrawn->statistic = (const double *const *)statistic;
    members->family.redrawn = redrawn;
    return TEMOIN_OK;
}

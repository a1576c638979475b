/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much do outcomes differ between caseworkers? For every measure and wave after its baseline, in every arm that has
 * workers and within all of them at once ("" as the arm): the intraclass correlation by the mean squares and by
 * restricted likelihood, of binary measures on the logistic scale too.
 *
 * What is drawn (the permutation test, the bootstrap), Smith's interval and the means of single workers are of the
 * measures and waves that the plan's estimates name: those are what a report speaks of. */
#include <math.h>

#include "checks/check_kind.h"
#include "inference/intraclass_likelihood.h"
#include "inference/shrunken_means.h"
#include "inference/worker_permutation.h"
#include "numeric/stream.h"
#include "result/record.h"

enum {
    ROWS_PER_ARM = 5,    /* anova with three intervals, reml, latent */
    FEWEST_WORKERS = 30, /* below, normal and percentile intervals are too short */
    FEWEST_REDRAWS = 99, /* that are worth it, where the trial is too large for those of the plan */
};
static const double most_dealt = 3e7, most_sampled = 1e8; /* clients of a test, workers of a bootstrap: half a second */

typedef struct variation {
    const temoin_assignment *assignment;
    const int32_t *provider; /* [n_units] */
    int32_t n_providers;
    const char *const *provider_text;
    double level;
    int64_t n_served;   /* arms with workers */
    const bool *served; /* [n_arms] */
    temoin_icc *rows;
    temoin_provider_mean *means;
    int64_t n_rows, n_means;
} variation;

/* A measure at a wave. */
typedef struct asked {
    int32_t measure, wave;
    bool named;
} asked;

/* The clients of an arm, or of all, who have a worker and a value. */
typedef struct clients {
    const char *arm; /* its name, "" all */
    tm_sample sample;
    tm_worker_groups groups;
    tm_one_way table;
    int64_t n_providers;
} clients;

static bool is_named(const temoin_trial *trial, int32_t measure, int32_t wave)
{
    const temoin_plan *plan = trial->plan;
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        const tm_plan_estimate *estimate = &plan->estimates[e];
        bool of_wave = estimate->waves.n == 0, of_measure = false;
        for (int32_t k = 0; k < estimate->waves.n; k++)
            of_wave = of_wave || tm_trial_find_wave(trial, estimate->waves.name[k]) == wave;
        for (int32_t k = 0; k < estimate->n_measures; k++) of_measure = of_measure || estimate->measures[k] == measure;
        if (of_wave && of_measure) return true;
    }
    return false;
}

/* Waiting times are left out: those of clients who were last seen before the event have no mean. */
static bool is_asked(const temoin_trial *trial, int32_t measure, int32_t wave)
{
    const tm_plan_measure *m = &trial->plan->measures[measure];
    const int32_t baseline = m->baseline ? tm_trial_find_wave(trial, m->baseline) : -1;
    return m->kind != TM_MEASURE_TIME && wave > baseline && tm_trial_value(trial, measure, wave);
}

/* arm -1: all. */
static temoin_status take_clients(temoin_context *ctx, const variation *v, const asked *cell, int32_t arm, clients *out)
{
    const temoin_trial *trial = v->assignment->trial;
    const double *value = tm_trial_value(trial, cell->measure, cell->wave);
    double *y;
    int32_t *of_arm, *cluster;
    bool *there;
    tm_sample *s = &out->sample;
    TM_SCRATCH(ctx, y, trial->n_units);
    TM_SCRATCH(ctx, of_arm, trial->n_units);
    TM_SCRATCH(ctx, cluster, trial->n_units);
    TM_SCRATCH(ctx, there, v->n_providers);
    *out = (clients){.arm = arm < 0 ? "" : trial->plan->arms[arm].name};
    *s = (tm_sample){.n_arms = trial->n_arms, .n_strata = 1, .n_clusters = v->n_providers};
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t a = v->assignment->arm[u];
        if (a < 0 || (arm >= 0 && a != arm) || v->provider[u] < 0 || isnan(value[u])) continue;
        out->n_providers += !there[v->provider[u]];
        there[v->provider[u]] = true;
        y[s->n] = value[u];
        of_arm[s->n] = a;
        cluster[s->n++] = v->provider[u];
    }
    s->y = y, s->arm = s->stratum = of_arm, s->cluster = cluster;
    TM_TRY(tm_worker_groups_build(ctx, s, &out->groups));
    tm_one_way_init(&out->groups, &out->table);
    return TEMOIN_OK;
}

static temoin_icc *add_row(variation *v, const asked *cell, const clients *c, const char *method, const char *interval)
{
    const temoin_trial *trial = v->assignment->trial;
    temoin_icc *row = &v->rows[v->n_rows++];
    tm_record_clear(&tm_icc_record, row);
    row->measure = trial->plan->measures[cell->measure].name;
    row->wave = trial->wave[cell->wave];
    row->arm = c->arm;
    row->method = method;
    row->interval = interval;
    row->n = c->sample.n;
    row->n_providers = c->n_providers;
    row->level = v->level;
    row->n_redraws = -1;
    row->note = "";
    return row;
}

static void fill_interval(temoin_icc *row, tm_interval interval)
{
    row->ci_low = interval.low;
    row->ci_high = interval.high;
}

static temoin_icc *add_anova(variation *v, const asked *cell, const clients *c, const tm_intraclass_anova *anova,
                             const char *interval)
{
    temoin_icc *row = add_row(v, cell, c, "anova", interval);
    row->between = anova->between;
    row->within = anova->within;
    row->value = anova->icc;
    row->design_effect = tm_design_effect(&c->table, anova->icc);
    return row;
}

/* "measure|wave", so that an arm alone and all arms with workers are one test where they are the same clients. */
static temoin_status open_stream(temoin_context *ctx, const variation *v, const temoin_icc *row, const char *purpose,
                                 tm_pcg64 *stream)
{
    const char *label = tm_text(ctx, "%s|%s", row->measure, row->wave);
    if (!label) return tm_fail_memory(ctx);
    tm_stream_init(stream, v->assignment->trial->plan->id, "", purpose, label);
    return TEMOIN_OK;
}

/* In place of F's p, unless there are too many clients for redraws: then F is as good. */
static temoin_status permute(temoin_context *ctx, const variation *v, const clients *c, temoin_icc *row)
{
    const int64_t draws = v->assignment->trial->plan->randomization_draws;
    const double room = most_dealt / (double)c->sample.n;
    tm_pcg64 stream;
    tm_worker_permutation permuted;
    if (draws == 0 || room < FEWEST_REDRAWS) return TEMOIN_OK;
    TM_TRY(open_stream(ctx, v, row, "worker permutation", &stream));
    TM_TRY(tm_worker_permutation_run(ctx, &c->sample, &c->groups, &stream, (int64_t)fmin((double)draws, room), v->level,
                                     &permuted));
    row->p = permuted.p;
    row->n_redraws = permuted.exact ? 0 : permuted.n_draws;
    return TEMOIN_OK;
}

static temoin_status add_drawn(temoin_context *ctx, variation *v, const asked *cell, const clients *c,
                               const tm_intraclass_anova *anova)
{
    const int64_t draws = v->assignment->trial->plan->bootstrap.draws;
    const double room = most_sampled / (double)c->groups.n_groups;
    const char *few = c->table.df_between < FEWEST_WORKERS ? "few_clusters" : "";
    tm_pcg64 stream;
    tm_interval interval;
    temoin_icc *row = add_anova(v, cell, c, anova, "smith");
    row->p = anova->p;
    fill_interval(row, anova->smith);
    row->note = isnan(row->ci_low) ? "variance_not_positive" : few;
    if (draws == 0 || room < FEWEST_REDRAWS) return TEMOIN_OK;
    row = add_anova(v, cell, c, anova, "bootstrap");
    TM_TRY(open_stream(ctx, v, row, "worker bootstrap", &stream));
    TM_TRY(tm_intraclass_bootstrap(ctx, &c->groups, &stream, (int64_t)fmin((double)draws, room), v->level, &interval));
    fill_interval(row, interval);
    row->note = isnan(interval.low) ? "resamples_without_variation" : few;
    return TEMOIN_OK;
}

static void add_likelihood(variation *v, const asked *cell, const clients *c, const char *method,
                           const tm_intraclass_likelihood *fit)
{
    temoin_icc *row = add_row(v, cell, c, method, fit->refused ? "" : "profile");
    row->note = fit->refused ? fit->refused : fit->at_zero ? "variance_at_zero" : "";
    if (fit->refused) return;
    row->between = fit->between;
    row->within = fit->within;
    row->value = fit->icc;
    row->p = fit->p;
    fill_interval(row, fit->interval);
}

static temoin_status add_rows(temoin_context *ctx, variation *v, const asked *cell, const clients *c,
                              tm_intraclass_likelihood *reml)
{
    const char *refused = tm_intraclass_refuses(&c->groups, &c->table);
    tm_intraclass_anova anova;
    tm_intraclass_likelihood latent;
    tm_intraclass_anova_run(&c->groups, &c->table, v->level, &anova);
    temoin_icc *row = add_anova(v, cell, c, &anova, refused ? "" : "searle");
    row->note = refused ? refused : "";
    row->p = anova.p;
    fill_interval(row, anova.searle);
    if (!refused && cell->named) {
        TM_TRY(permute(ctx, v, c, row));
        TM_TRY(add_drawn(ctx, v, cell, c, &anova));
    }
    TM_TRY(tm_intraclass_reml_run(ctx, &c->groups, v->level, reml));
    add_likelihood(v, cell, c, "reml", reml);
    if (!reml->refused) v->rows[v->n_rows - 1].design_effect = tm_design_effect(&c->table, reml->icc);
    if (v->assignment->trial->plan->measures[cell->measure].kind != TM_MEASURE_BINARY) return TEMOIN_OK;
    TM_TRY(tm_intraclass_latent_run(ctx, &c->sample, &c->groups, v->level, &latent));
    add_likelihood(v, cell, c, "latent", &latent);
    return TEMOIN_OK;
}

/* By the components within all arms: a single arm has few workers to estimate them from. */
static temoin_status add_means(temoin_context *ctx, variation *v, const asked *cell, const clients *c,
                               const tm_intraclass_likelihood *reml)
{
    const temoin_trial *trial = v->assignment->trial;
    tm_shrunken_mean *mean;
    TM_SCRATCH(ctx, mean, c->groups.n_groups);
    TM_TRY(tm_shrunken_means_run(ctx, &c->groups, reml->between, reml->within, v->level, mean));
    for (int32_t g = 0; g < c->groups.n_groups; g++) {
        temoin_provider_mean *row = &v->means[v->n_means++];
        row->measure = trial->plan->measures[cell->measure].name;
        row->wave = trial->wave[cell->wave];
        row->provider = v->provider_text[c->groups.cluster[g]];
        row->arm = c->groups.arm_of[c->groups.arm[g]];
        row->n = (int64_t)c->groups.n[g];
        row->mean = mean[g].mean;
        row->shrunken = mean[g].shrunken;
        row->level = v->level;
        row->ci_low = mean[g].interval.low;
        row->ci_high = mean[g].interval.high;
    }
    return TEMOIN_OK;
}

static temoin_status describe_cell(temoin_context *ctx, variation *v, const asked *cell)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    clients c;
    tm_intraclass_likelihood reml;
    for (int32_t a = 0; a < v->assignment->trial->n_arms; a++) {
        if (!v->served[a]) continue;
        TM_TRY(take_clients(ctx, v, cell, a, &c));
        TM_TRY(add_rows(ctx, v, cell, &c, &reml));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    TM_TRY(take_clients(ctx, v, cell, -1, &c));
    TM_TRY(add_rows(ctx, v, cell, &c, &reml));
    if (cell->named && !reml.refused) TM_TRY(add_means(ctx, v, cell, &c, &reml));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Who serves whom, and room for all rows. */
static temoin_status open_variation(temoin_context *ctx, const temoin_assignment *assignment, variation *v)
{
    const temoin_trial *trial = assignment->trial;
    const temoin_plan *plan = trial->plan;
    int64_t n_cells = 0, n_named = 0;
    bool *served;
    TM_SCRATCH(ctx, served, trial->n_arms);
    *v = (variation){.assignment = assignment, .served = served, .level = 0.95};
    v->provider = tm_assignment_provider(assignment, &v->n_providers);
    v->provider_text = trial->provider ? trial->provider_text : trial->workers ? trial->workers->id : NULL;
    if (plan->providers.n_estimates) v->level = plan->estimates[plan->providers.estimates[0]].level;
    for (int64_t u = 0; u < trial->n_units && v->provider; u++) {
        const int32_t a = assignment->arm[u];
        if (a < 0 || v->provider[u] < 0 || served[a]) continue;
        served[a] = true;
        v->n_served++;
    }
    for (int32_t m = 0; m < trial->n_measures; m++)
        for (int32_t w = 0; w < trial->n_waves; w++) {
            n_cells += is_asked(trial, m, w);
            n_named += is_asked(trial, m, w) && is_named(trial, m, w);
        }
    TM_ALLOC(ctx, v->rows, n_cells * (v->n_served + 1) * ROWS_PER_ARM);
    TM_ALLOC(ctx, v->means, n_named * v->n_providers * v->n_served);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    variation v;
    if (trial->plan->providers.structure == TM_STRUCTURE_NONE) return TEMOIN_OK;
    TM_TRY(open_variation(ctx, assignment, &v));
    for (int32_t m = 0; m < trial->n_measures && v.n_served; m++)
        for (int32_t w = 0; w < trial->n_waves; w++) {
            const asked cell = {m, w, is_named(trial, m, w)};
            if (is_asked(trial, m, w)) TM_TRY(describe_cell(ctx, &v, &cell));
        }
    results->icc = v.rows;
    results->n_icc = v.n_rows;
    results->provider_means = v.means;
    results->n_provider_means = v.n_means;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_provider_variation = {
    .key = "provider_variation",
    .title_en = "how much outcomes differ between caseworkers",
    .title_fr = "à quel point les résultats diffèrent entre intervenants",
    .cites = "Searle 1971; Smith 1957; Patterson & Thompson 1971; Ukoumunne et al. 2003; Prasad & Rao 1990",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On whom an effect hangs: the named effects without each caseworker, without each site, and as it would be had the
 * best worker been like the others.
 *
 * Without a worker, or a site   the estimate's own method on everybody else, as if those clients had not been in the
 *          files. Who has clients in the two arms compared is left out in turn; the arms of all others stay as drawn.
 * Leverage, partial leverage   of the worker's clients in the estimate's linear model, or in `ols` where it is none:
 *          see inference/cluster_summary.h.
 * Best worker   of the arm, the one without whom its clients' mean is least favourable to the effect: the largest
 *          sign(effect) m_w (ȳ_w - ȳ_-w), with ȳ_-w the mean of the arm's clients of other workers. Had that worker's
 *          clients done on average as those, y_i - (ȳ_w - ȳ_-w) in the place of y_i, a linear effect Σ a_i y_i would be
 *
 *              effect - (ȳ_w - ȳ_-w) Σ_{i of w} a_i,
 *
 *          which of a difference in means takes m_w / n of the difference away. Only of linear models, without
 * interval.
 *
 * Refitting is n_workers, or n_sites, times the work of the estimate: beyond MOST_ROWS rows in all, effects without one
 * are those of the linear model at the covariates' means of everybody, and come without interval. */
#include <math.h>
#include <string.h>

#include "checks/check_kind.h"
#include "checks/row_effect.h"
#include "inference/cluster_summary.h"
#include "inference/effects.h"
#include "moments/leverage.h"
#include "result/record.h"

static const double MOST_ROWS = 4e6; /* some three seconds */

static bool is_linear(const tm_estimator *estimator)
{
    return estimator->build && !estimator->instrumented;
}

static const char *name_of(const temoin_assignment *assignment, int32_t provider)
{
    const temoin_trial *trial = assignment->trial;
    return trial->provider ? trial->provider_text[provider] : trial->workers->id[provider];
}

typedef struct listing {
    const temoin_row *row;
    tm_row_effect effect;
    temoin_influence *entry;
    int64_t n;
} listing;

static temoin_influence *add_entry(listing *l, const char *kind, const char *left_out)
{
    temoin_influence *entry = &l->entry[l->n++];
    tm_record_clear(&tm_influence_record, entry);
    tm_record_copy_names(l->row, &tm_influence_record, entry);
    entry->kind = kind;
    entry->left_out = left_out;
    entry->left_out_arm = "";
    return entry;
}

/* Of all notes, the first that says why a number is missing. */
static temoin_status find_reason(temoin_context *ctx, const tm_notes *notes, const char **out)
{
    const char *all;
    TM_TRY(tm_notes_finish(notes, &all));
    for (const char *at = all; *at; at += strcspn(at, ";"), at += *at == ';') {
        const char *one = tm_text(ctx, "%.*s", (int)strcspn(at, ";"), at);
        if (!one) return tm_fail_memory(ctx);
        const tm_note *note = tm_note_find(one);
        if (!note || !note->refuses) continue;
        *out = one;
        return TEMOIN_OK;
    }
    return TEMOIN_OK;
}

/* The effect of those whose code is not `out`. */
static temoin_status refit(temoin_context *ctx, const listing *l, const int32_t *code, int32_t out,
                           temoin_influence *entry)
{
    const tm_row_effect *e = &l->effect;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int64_t n_units = e->assignment->trial->n_units;
    int32_t *gone;
    tm_estimate_cell cell = *e->cell;
    tm_sample sample;
    tm_effect found = {0};
    TM_SCRATCH(ctx, gone, n_units);
    for (int64_t u = 0; u < n_units; u++) gone[u] = code[u] == out;
    const tm_subgroup others = {.column = "", .text = "", .code = gone, .level = 0};
    cell.subgroup = &others;
    tm_notes_init(&found.notes, ctx);
    TM_TRY(tm_estimate_cell_sample(ctx, e->assignment, e->estimate, e->estimator, &cell, &sample, &found.notes));
    TM_TRY(tm_effects_run(ctx, &sample, e->estimator, e->variance, e->arm_weight, 1, l->row->level, &found));
    entry->value = found.value;
    entry->se = found.se;
    entry->ci_low = found.ci_low;
    entry->ci_high = found.ci_high;
    entry->change = found.value - l->row->value;
    if (isnan(found.se)) TM_TRY(find_reason(ctx, &found.notes, &entry->note));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* The caseworkers of a row, and what they have in it. */
typedef struct caseload {
    int64_t n[2]; /* clients in the arm and in the reference */
    double sum[2];
} caseload;

typedef struct workers {
    tm_provider_sample by_worker;
    caseload *of;                    /* [n_workers] */
    caseload all;                    /* also clients without a worker */
    const tm_fit *fit;               /* NULL: of times, which no linear model is about */
    double unit;                     /* what the fit's outcome was divided by */
    tm_cluster_influence *influence; /* [clusters] in units of the fit */
} workers;

/* What each cluster of a sample does to the effect; *fit is NULL of times. */
static temoin_status find_influence(temoin_context *ctx, const listing *l, const tm_sample *sample, const tm_fit **fit,
                                    double *unit, tm_cluster_influence **out)
{
    const tm_row_effect *e = &l->effect;
    const tm_estimator *linear = is_linear(e->estimator) ? e->estimator : tm_estimator_find("ols");
    *fit = NULL;
    if (sample->event) return TEMOIN_OK;
    TM_TRY(tm_effects_fit(ctx, sample, linear, e->arm_weight, 1, fit, unit));
    TM_SCRATCH(ctx, *out, (*fit)->n_clusters);
    return tm_cluster_influence_run(ctx, *fit, 0, *out);
}

static temoin_status fit_workers(temoin_context *ctx, const listing *l, workers *w)
{
    const tm_row_effect *e = &l->effect;
    const tm_sample *sample;
    TM_TRY(tm_row_effect_sample(ctx, e, &w->by_worker));
    sample = &w->by_worker.sample;
    TM_SCRATCH(ctx, w->of, w->by_worker.n_workers);
    for (int64_t i = 0; i < sample->n; i++) {
        const int side = sample->arm[i] == e->arms[1];
        if (!side && sample->arm[i] != e->arms[0]) continue;
        w->all.n[side]++;
        w->all.sum[side] += sample->y[i];
        if (sample->cluster[i] >= w->by_worker.n_workers) continue;
        w->of[sample->cluster[i]].n[side]++;
        w->of[sample->cluster[i]].sum[side] += sample->y[i];
    }
    return find_influence(ctx, l, sample, &w->fit, &w->unit, &w->influence);
}

/* Where refitting would take too long. */
static void take_closed_form(const listing *l, const tm_fit *fit, double unit, const tm_cluster_influence *of,
                             temoin_influence *entry)
{
    entry->note = "too_many_workers";
    if (!fit || !is_linear(l->effect.estimator)) return;
    entry->value = of->without * unit;
    entry->change = entry->value - l->row->value;
}

static temoin_status add_workers(temoin_context *ctx, listing *l, const workers *w)
{
    const tm_row_effect *e = &l->effect;
    const double work = (double)w->by_worker.n_workers * (double)w->by_worker.sample.n;
    int32_t n_providers;
    const int32_t *code = tm_assignment_provider(e->assignment, &n_providers);
    for (int32_t p = 0; p < w->by_worker.n_workers; p++) {
        const caseload *c = &w->of[p];
        if (c->n[0] + c->n[1] == 0) continue;
        temoin_influence *entry = add_entry(l, "provider", name_of(e->assignment, w->by_worker.provider[p]));
        entry->n = c->n[0] + c->n[1];
        if (c->n[0] == 0 || c->n[1] == 0) entry->left_out_arm = c->n[0] ? l->row->arm : l->row->reference;
        if (w->fit && !isnan(w->fit->value[0])) {
            entry->leverage = w->influence[p].leverage;
            entry->partial_leverage = w->influence[p].partial;
        }
        if (work <= MOST_ROWS)
            TM_TRY(refit(ctx, l, code, w->by_worker.provider[p], entry));
        else
            take_closed_form(l, w->fit, w->unit, w->fit ? &w->influence[p] : NULL, entry);
    }
    return TEMOIN_OK;
}

/* By how much the arm's other clients fall behind those of a worker; NaN: there are no others. */
static double lead_of(const workers *w, int32_t p)
{
    const caseload *c = &w->of[p];
    if (c->n[0] == 0 || c->n[0] == w->all.n[0]) return NAN;
    return c->sum[0] / (double)c->n[0] - (w->all.sum[0] - c->sum[0]) / (double)(w->all.n[0] - c->n[0]);
}

static temoin_status add_best(temoin_context *ctx, listing *l, const workers *w)
{
    const tm_fit *fit = w->fit;
    const double sign = l->row->value < 0 ? -1 : 1;
    double most = 0, weight = 0, *each;
    int32_t best = -1;
    for (int32_t p = 0; p < w->by_worker.n_workers; p++) {
        const double gain = sign * (double)w->of[p].n[0] * lead_of(w, p);
        if (gain > most) most = gain, best = p;
    }
    if (best < 0 || !fit || !is_linear(l->effect.estimator) || isnan(fit->value[0])) return TEMOIN_OK;
    TM_SCRATCH(ctx, each, fit->n);
    tm_row_effect_weight(ctx, fit, 0, each);
    for (int64_t i = 0; i < fit->n; i++)
        if (w->by_worker.sample.cluster[fit->order[i]] == best && fit->arm[i] == l->effect.arms[0])
            weight += fit->root_weight ? each[i] * fit->root_weight[i] : each[i];
    temoin_influence *entry = add_entry(l, "best_provider", name_of(l->effect.assignment, w->by_worker.provider[best]));
    entry->left_out_arm = l->row->arm;
    entry->n = w->of[best].n[0];
    entry->change = -lead_of(w, best) * weight;
    entry->value = l->row->value + entry->change;
    return TEMOIN_OK;
}

/* The sample by site, of which `number` gives the clusters [n_levels], -1 where nobody is; clients without one are a
 * cluster behind them. */
static temoin_status cluster_by_site(temoin_context *ctx, const temoin_column *site, const int64_t *n,
                                     const tm_sample *from, int32_t *number, tm_sample *out)
{
    int32_t *cluster, n_sites = 0;
    bool missing = false;
    TM_SCRATCH(ctx, cluster, from->n);
    for (int32_t s = 0; s < site->n_levels; s++) number[s] = n[s] ? n_sites++ : -1;
    for (int64_t i = 0; i < from->n; i++) {
        const int32_t code = site->code[from->unit[i]];
        cluster[i] = code < 0 ? n_sites : number[code];
        missing |= code < 0;
    }
    *out = *from;
    out->cluster = cluster;
    out->n_clusters = n_sites + missing;
    return TEMOIN_OK;
}

static temoin_status list_sites(temoin_context *ctx, listing *l, const workers *w, const temoin_column *site,
                                const int64_t *n)
{
    const bool refitted = (double)site->n_levels * (double)w->by_worker.sample.n <= MOST_ROWS;
    const tm_fit *fit = NULL;
    tm_sample sample;
    tm_cluster_influence *of = NULL;
    double unit = 1;
    int32_t *number;
    TM_SCRATCH(ctx, number, site->n_levels);
    TM_TRY(cluster_by_site(ctx, site, n, &w->by_worker.sample, number, &sample));
    if (!refitted) TM_TRY(find_influence(ctx, l, &sample, &fit, &unit, &of));
    for (int32_t s = 0; s < site->n_levels; s++) {
        if (!n[s]) continue;
        temoin_influence *entry = add_entry(l, "site", site->level[s]);
        entry->n = n[s];
        if (refitted)
            TM_TRY(refit(ctx, l, site->code, s, entry));
        else
            take_closed_form(l, fit, unit, of ? &of[number[s]] : NULL, entry);
    }
    return TEMOIN_OK;
}

static temoin_status add_sites(temoin_context *ctx, listing *l, const workers *w)
{
    const temoin_trial *trial = l->effect.assignment->trial;
    const tm_sample *sample = &w->by_worker.sample;
    const temoin_column *site =
        trial->plan->providers.site ? temoin_frame_find(trial->clients, trial->plan->providers.site) : NULL;
    int64_t *n;
    if (!site || !site->code) return TEMOIN_OK;
    TM_SCRATCH(ctx, n, site->n_levels);
    for (int64_t i = 0; i < sample->n; i++)
        if (site->code[sample->unit[i]] >= 0) n[site->code[sample->unit[i]]]++;
    return list_sites(ctx, l, w, site, n);
}

static temoin_status add_effect(temoin_context *ctx, const temoin_assignment *assignment, listing *l)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    bool found;
    workers w = {0};
    TM_TRY(tm_row_effect_find(ctx, assignment, l->row, &l->effect, &found));
    if (found && !isnan(l->row->value)) {
        TM_TRY(fit_workers(ctx, l, &w));
        TM_TRY(add_workers(ctx, l, &w));
        TM_TRY(add_best(ctx, l, &w));
        TM_TRY(add_sites(ctx, l, &w));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_trial *trial = assignment->trial;
    const temoin_plan *plan = trial->plan;
    const temoin_column *site = plan->providers.site ? temoin_frame_find(trial->clients, plan->providers.site) : NULL;
    listing l = {0};
    int64_t n_effects = 0;
    int32_t n_providers = 0;
    if (plan->providers.structure == TM_STRUCTURE_NONE || !tm_assignment_provider(assignment, &n_providers))
        return TEMOIN_OK;
    for (int64_t r = 0; r < results->n_rows; r++) n_effects += tm_row_is_in_dossier(plan, &results->rows[r]);
    TM_ALLOC(ctx, l.entry, n_effects * ((int64_t)n_providers + 1 + (site ? site->n_levels : 0)));
    for (int64_t r = 0; r < results->n_rows; r++) {
        l.row = &results->rows[r];
        if (tm_row_is_in_dossier(plan, l.row)) TM_TRY(add_effect(ctx, assignment, &l));
    }
    results->influence = l.entry;
    results->n_influence = l.n;
    return TEMOIN_OK;
}

const tm_check tm_check_influence = {
    .key = "influence",
    .title_en = "the effects without each caseworker, and without each site",
    .title_fr = "les effets sans chacun des intervenants, et sans chacun des sites",
    .cites = "Belsley, Kuh & Welsch 1980; MacKinnon, Nielsen & Webb 2023",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How alike the clients of a caseworker would have to be for an effect to be nothing but who the workers are. */
#include <math.h>
#include <string.h>

#include "checks/check_kind.h"
#include "checks/provider_graph.h"
#include "checks/tipping_rows.h"
#include "inference/recommended_method.h"
#include "numeric/distributions.h"
#include "result/record.h"

typedef struct tipping_lists {
    temoin_tipping_point *point;
    temoin_tipping_curve *curve;
    int64_t n_points, n_curves;
} tipping_lists;

/* All ranges that the plan declares, as one. */
static void find_published(const tm_plan_providers *providers, temoin_tipping_point *point)
{
    for (int32_t k = 0; k < providers->n_published; k++) {
        point->published_low = fmin(point->published_low, providers->published[k].low);
        point->published_high = fmax(point->published_high, providers->published[k].high);
    }
}

/* Of two groups of workers drawn from the same normal distribution: how much of their difference lies below that of
 * the effect. An arm without workers adds nothing. Where the data know of no difference between workers, the middle of
 * what others have found stands in. */
static void measure_workers(const tm_tipping *tipping, temoin_tipping_point *point)
{
    const tm_tipping_arm *arm = tipping->arm;
    const double df = arm[0].df + arm[1].df, middle = (point->published_low + point->published_high) / 2;
    const double pooled = (arm[0].variance * arm[0].df + arm[1].variance * arm[1].df) / df;
    const double rho = point->icc > 0 ? point->icc : middle;
    double groups = 0;
    for (int a = 0; a < 2; a++)
        if (arm[a].n_workers > 0) groups += 1 / (double)arm[a].n_workers;
    point->worker_shift = point->value;
    if (!(rho > 0) || !(pooled > 0) || groups == 0) return;
    point->worker_sd = sqrt(rho * pooled) * tipping->unit;
    point->worker_percentile = tm_normal_cdf(fabs(point->value) / (point->worker_sd * sqrt(groups)));
}

static void describe_arms(const tm_tipping *tipping, temoin_tipping_point *point)
{
    const tm_tipping_arm *arm = &tipping->arm[0], *reference = &tipping->arm[1];
    point->n_providers_arm = arm->n_workers;
    point->n_providers_reference = reference->n_workers;
    point->weighted_arm = arm->weighted;
    point->weighted_reference = reference->weighted;
    point->sd_arm = sqrt(arm->variance) * tipping->unit;
    point->sd_reference = sqrt(reference->variance) * tipping->unit;
    point->value = tipping->value * tipping->unit;
    point->level = tipping->level;
}

static temoin_status describe_point(temoin_context *ctx, const temoin_assignment *assignment,
                                    const temoin_results *results, const tm_tipping *tipping,
                                    temoin_tipping_point *point)
{
    const tm_plan_providers *providers = &assignment->trial->plan->providers;
    const temoin_icc *icc = tm_results_find_icc(results, point->measure, point->wave);
    tm_tipping_interval at;
    tm_notes notes;
    tm_notes_init(&notes, ctx);
    describe_arms(tipping, point);
    find_published(providers, point);
    if (icc) {
        point->icc = icc->value;
        point->icc_low = icc->ci_low;
        point->icc_high = icc->ci_high;
    }
    const char *why = tm_tipping_find(tipping, &point->rho);
    if (why) tm_notes_add(&notes, why);
    for (int a = 0; a < 2; a++)
        if (tipping->arm[a].n_workers > 0 && tipping->arm[a].t1 == 0)
            tm_notes_add_name(&notes, "declared_correlation", a == 0 ? point->arm : point->reference);
    if (!isnan(point->rho)) {
        tm_tipping_at(tipping, point->rho, &at);
        point->df = at.df;
    }
    measure_workers(tipping, point);
    return tm_notes_finish(&notes, &point->note);
}

/* None where workers cannot be told from the arms. */
static temoin_status recommend(temoin_context *ctx, const tm_row_effect *effect, temoin_tipping_point *point)
{
    const tm_provider_graph *graph;
    TM_TRY(tm_provider_graph_build(ctx, effect->assignment, &graph));
    const tm_provider_verdict verdict = tm_provider_verdict_of(graph, effect->arms, 2);
    if (tm_provider_verdict_refuses(&verdict)) return TEMOIN_OK;
    const tm_recommended method = tm_provider_graph_recommended(graph, effect->arms, 2);
    point->estimator = method.estimator;
    point->variance = method.variance;
    return TEMOIN_OK;
}

static void draw_curve(const tm_tipping *tipping, const temoin_row *row, tipping_lists *to)
{
    for (int i = 0; i < TM_TIPPING_GRID; i++) {
        temoin_tipping_curve *curve = &to->curve[to->n_curves];
        tm_tipping_interval at;
        const double rho = tm_tipping_grid(i);
        tm_tipping_at(tipping, rho, &at);
        if (isnan(at.se)) continue;
        *curve = (temoin_tipping_curve){.rho = rho, .se = at.se, .df = at.df, .ci_low = at.low, .ci_high = at.high};
        curve->p = at.p;
        tm_record_copy_names(row, &tm_tipping_curve_record, curve);
        to->n_curves++;
    }
}

static temoin_status add_effect(temoin_context *ctx, const temoin_assignment *assignment, const temoin_results *results,
                                const temoin_row *row, tipping_lists *to)
{
    temoin_tipping_point *point = &to->point[to->n_points];
    tm_row_effect effect;
    tm_tipping tipping;
    bool found;
    TM_TRY(tm_row_effect_find(ctx, assignment, row, &effect, &found));
    if (!found || !tm_compares_means(effect.estimator) || isnan(row->value)) return TEMOIN_OK;
    TM_TRY(tm_row_tipping_build(ctx, &effect, row, &tipping));
    if (tipping.arm[0].n_workers + tipping.arm[1].n_workers == 0) return TEMOIN_OK;
    to->n_points++;
    tm_record_clear(&tm_tipping_point_record, point);
    tm_record_copy_names(row, &tm_tipping_point_record, point);
    TM_TRY(describe_point(ctx, assignment, results, &tipping, point));
    TM_TRY(recommend(ctx, &effect, point));
    draw_curve(&tipping, row, to);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_plan *plan = assignment->trial->plan;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tipping_lists lists = {0};
    int64_t n = 0;
    for (int64_t r = 0; r < results->n_rows; r++) n += tm_row_is_in_dossier(plan, &results->rows[r]);
    TM_ALLOC(ctx, lists.point, n);
    TM_ALLOC(ctx, lists.curve, n * TM_TIPPING_GRID);
    for (int64_t r = 0; r < results->n_rows; r++)
        if (tm_row_is_in_dossier(plan, &results->rows[r]))
            TM_TRY(add_effect(ctx, assignment, results, &results->rows[r], &lists));
    results->tipping_points = lists.point;
    results->n_tipping_points = lists.n_points;
    results->tipping_curves = lists.curve;
    results->n_tipping_curves = lists.n_curves;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_tipping_point = {
    .key = "tipping_point",
    .title_en = "how much caseworkers would have to differ to explain the effects",
    .title_fr = "de combien les intervenants devraient différer pour expliquer les effets",
    .cites = "Kish 1965; Satterthwaite 1946",
    .run = run,
};

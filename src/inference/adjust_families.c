/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/adjust_families.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "estimators/estimator.h"
#include "inference/family_members.h"

static temoin_status fail_adjustment(temoin_context *ctx, const temoin_plan *plan, int line, const char *key)
{
    const char **known;
    TM_SCRATCH(ctx, known, tm_n_adjustments);
    for (int i = 0; i < tm_n_adjustments; i++) known[i] = tm_adjustments[i]->key;
    const char *nearest = tm_nearest(key, known, (size_t)tm_n_adjustments);
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "%s: line %d: there is no adjustment \"%s\"; %s%s%s`temoin list adjustments` shows all", plan->path, line,
            key, nearest ? "did you mean \"" : "", nearest ? nearest : "", nearest ? "\"? " : "");
}

/* Correlations are those of a linear model's coefficients. An estimator that does not exist is somebody else's. */
static temoin_status validate_models(temoin_context *ctx, const temoin_plan *plan, const tm_plan_family *family,
                                     int line, const char *key)
{
    for (int32_t i = 0; i < family->n_estimates; i++) {
        const tm_plan_estimate *estimate = &plan->estimates[family->estimates[i]];
        const tm_estimator *estimator = tm_estimator_find(estimate->estimator);
        if (estimator && (!estimator->build || estimator->instrumented))
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "%s: line %d: adjustment \"%s\" needs a linear model; estimate \"%s\" is by \"%s\"; use holm",
                    plan->path, line, key, estimate->name, estimate->estimator);
    }
    return TEMOIN_OK;
}

static temoin_status validate_adjustments(temoin_context *ctx, const temoin_plan *plan, int f)
{
    const tm_plan_family *family = &plan->families[f];
    for (int k = 0; k < family->adjust.n; k++) {
        const char *key = family->adjust.name[k];
        const int line = tm_plan_line(plan, "families[%d].adjust[%d]", f, k);
        const tm_adjustment *adjustment = tm_adjustment_find(key);
        if (!adjustment) return fail_adjustment(ctx, plan, line, key);
        if (adjustment->need == TM_NEEDS_CORRELATION) TM_TRY(validate_models(ctx, plan, family, line, key));
        if (adjustment->need != TM_NEEDS_REDRAWS) continue;
        if (plan->randomization_draws == 0)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "%s: line %d: adjustment \"%s\" needs redraws; add `randomization: {draws: 10000}` to the plan, or "
                    "use holm",
                    plan->path, line, key);
        if (adjustment->studentized && strcmp(plan->randomization_statistic, "studentized") != 0)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "%s: line %d: adjustment \"%s\" needs `statistic: studentized` in `randomization`, not \"%s\"; or "
                    "use westfall_young",
                    plan->path, line, key, plan->randomization_statistic);
    }
    return TEMOIN_OK;
}

temoin_status tm_families_validate(temoin_context *ctx, const temoin_plan *plan)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const char **family_of;
    TM_SCRATCH(ctx, family_of, plan->n_estimates);
    for (int f = 0; f < plan->n_families; f++) {
        const tm_plan_family *family = &plan->families[f];
        for (int32_t i = 0; i < family->n_estimates; i++) {
            const int32_t e = family->estimates[i];
            if (family_of[e])
                TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: estimate \"%s\" is in family \"%s\" already; put it in one",
                        plan->path, tm_plan_line(plan, "families[%d]", f), plan->estimates[e].name, family_of[e]);
            family_of[e] = family->name;
        }
        TM_TRY(validate_adjustments(ctx, plan, f));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static bool is_member(const temoin_plan *plan, const tm_plan_family *family, const temoin_row *row)
{
    for (int32_t i = 0; i < family->n_estimates; i++)
        if (strcmp(row->estimate, plan->estimates[family->estimates[i]].name) == 0) return true;
    return false;
}

static bool needs(const tm_plan_family *family, tm_adjustment_need need)
{
    for (int32_t k = 0; k < family->adjust.n; k++)
        if (tm_adjustment_find(family->adjust.name[k])->need == need) return true;
    return false;
}

/* Marks the rows of a family and lists their results. */
static temoin_status find_members(temoin_context *ctx, const temoin_plan *plan, const tm_plan_family *family,
                                  temoin_row *rows, int64_t n_rows, tm_family_members *out)
{
    double *p, *statistic, *df;
    int64_t *at, n = 0;
    TM_SCRATCH(ctx, p, n_rows);
    TM_SCRATCH(ctx, statistic, n_rows);
    TM_SCRATCH(ctx, df, n_rows);
    TM_SCRATCH(ctx, at, n_rows);
    for (int64_t r = 0; r < n_rows; r++) {
        if (!is_member(plan, family, &rows[r])) continue;
        rows[r].family = family->name;
        p[n] = rows[r].p;
        statistic[n] = rows[r].statistic;
        df[n] = rows[r].df;
        at[n++] = r;
    }
    out->rows = rows;
    out->at = at;
    out->family = (tm_family){.n = n, .p = p, .statistic = statistic, .df = df};
    return TEMOIN_OK;
}

static temoin_status adjust_family(temoin_context *ctx, const tm_redraws *redraws, const tm_plan_family *family,
                                   temoin_row *rows, int64_t n_rows, tm_family_members *members,
                                   temoin_family_summary *out)
{
    double *adjusted;
    TM_TRY(find_members(ctx, members->assignment->trial->plan, family, rows, n_rows, members));
    *out = (temoin_family_summary){.name = family->name, .p_omnibus = NAN, .n_redraws = -1};
    for (int64_t i = 0; i < members->family.n; i++) out->n_rows += !isnan(members->family.p[i]);
    if (needs(family, TM_NEEDS_CORRELATION)) TM_TRY(tm_family_correlate(ctx, members));
    if (needs(family, TM_NEEDS_REDRAWS)) {
        TM_TRY(tm_family_redraw(ctx, redraws, members));
        TM_TRY(tm_redrawn_omnibus(ctx, &members->redrawn, members->family.n, &out->p_omnibus));
        out->n_redraws = isnan(out->p_omnibus) ? -1 : members->redrawn.n_draws;
        out->exact = !isnan(out->p_omnibus) && members->redrawn.exact;
    }
    TM_SCRATCH(ctx, adjusted, members->family.n);
    for (int32_t k = 0; k < family->adjust.n; k++) {
        const tm_adjustment *adjustment = tm_adjustment_find(family->adjust.name[k]);
        TM_TRY(adjustment->run(ctx, &members->family, adjusted));
        for (int64_t i = 0; i < members->family.n; i++)
            *tm_adjustment_cell(adjustment, &rows[members->at[i]]) = adjusted[i];
    }
    return TEMOIN_OK;
}

temoin_status tm_families_adjust(temoin_context *ctx, const temoin_assignment *assignment, temoin_row *rows,
                                 int64_t n_rows, const temoin_family_summary **out)
{
    const temoin_plan *plan = assignment->trial->plan;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_family_summary *summaries;
    tm_redraws redraws;
    TM_ALLOC(ctx, summaries, plan->n_families);
    if (plan->n_families && plan->randomization_draws > 0) {
        TM_TRY(tm_redraws_build(ctx, assignment, &redraws));
        TM_TRY(tm_redraws_find_smallest_p(ctx, &redraws));
    }
    for (int f = 0; f < plan->n_families; f++) {
        const tm_mark family = tm_arena_mark(&ctx->scratch);
        tm_family_members members = {.assignment = assignment};
        TM_TRY(adjust_family(ctx, &redraws, &plan->families[f], rows, n_rows, &members, &summaries[f]));
        tm_arena_rewind(&ctx->scratch, family);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    *out = summaries;
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/adjust_families.h"

#include <string.h>

#include "base/nearest.h"

static temoin_status validate_adjustments(temoin_context *ctx, const temoin_plan *plan, int f)
{
    const tm_plan_family *family = &plan->families[f];
    for (int k = 0; k < family->adjust.n; k++) {
        const char *key = family->adjust.name[k], **known;
        const tm_adjustment *adjustment = tm_adjustment_find(key);
        if (adjustment && adjustment->need == TM_NEEDS_REDRAWS && plan->randomization_draws == 0)
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: adjustment \"%s\" needs redraws; add `randomization: {draws: 10000}` to the plan, or use "
                "holm",
                plan->path, tm_plan_line(plan, "families[%d].adjust[%d]", f, k), key);
        if (adjustment) continue;
        TM_SCRATCH(ctx, known, tm_n_adjustments);
        for (int i = 0; i < tm_n_adjustments; i++) known[i] = tm_adjustments[i]->key;
        const char *nearest = tm_nearest(key, known, (size_t)tm_n_adjustments);
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: there is no adjustment \"%s\"; %s%s%s`temoin list adjustments` shows all", plan->path,
                tm_plan_line(plan, "families[%d].adjust[%d]", f, k), key, nearest ? "did you mean \"" : "",
                nearest ? nearest : "", nearest ? "\"? " : "");
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

static temoin_status adjust_family(temoin_context *ctx, const temoin_plan *plan, const tm_plan_family *family,
                                   temoin_row *rows, int64_t n_rows)
{
    double *p, *adjusted;
    int64_t *at, n = 0;
    TM_SCRATCH(ctx, p, n_rows);
    TM_SCRATCH(ctx, adjusted, n_rows);
    TM_SCRATCH(ctx, at, n_rows);
    for (int64_t r = 0; r < n_rows; r++) {
        if (!is_member(plan, family, &rows[r])) continue;
        rows[r].family = family->name;
        p[n] = rows[r].p;
        at[n++] = r;
    }
    const tm_family members = {.n = n, .p = p};
    for (int32_t k = 0; k < family->adjust.n; k++) {
        const tm_adjustment *adjustment = tm_adjustment_find(family->adjust.name[k]);
        TM_TRY(adjustment->run(ctx, &members, adjusted));
        for (int64_t i = 0; i < n; i++) *tm_adjustment_cell(adjustment, &rows[at[i]]) = adjusted[i];
    }
    return TEMOIN_OK;
}

temoin_status tm_families_adjust(temoin_context *ctx, const temoin_plan *plan, temoin_row *rows, int64_t n_rows)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    for (int f = 0; f < plan->n_families; f++) TM_TRY(adjust_family(ctx, plan, &plan->families[f], rows, n_rows));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

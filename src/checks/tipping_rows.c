/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/tipping_rows.h"

#include <math.h>
#include <string.h>

#include "inference/effects.h"

temoin_status tm_row_tipping_build(temoin_context *ctx, const tm_row_effect *effect, const temoin_row *row,
                                   tm_tipping *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const tm_estimator *estimator = effect->estimator->build ? effect->estimator : tm_estimator_find("ols");
    tm_provider_sample by_worker;
    const tm_fit *fit;
    *out = (tm_tipping){.level = row->level};
    TM_TRY(tm_row_effect_sample(ctx, effect, &by_worker));
    if (by_worker.sample.n > 0) {
        TM_TRY(tm_effects_fit(ctx, &by_worker.sample, estimator, effect->arm_weight, 1, &fit, &out->unit));
        TM_TRY(tm_tipping_arms_build(ctx, fit, &by_worker, effect->arms, out));
    }
    out->value = row->value / out->unit;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const temoin_icc *tm_results_find_icc(const temoin_results *results, const char *measure, const char *wave)
{
    for (int64_t k = 0; k < results->n_icc; k++) {
        const temoin_icc *icc = &results->icc[k];
        if (strcmp(icc->measure, measure) == 0 && strcmp(icc->wave, wave) == 0 && !icc->arm[0] &&
            strcmp(icc->method, "anova") == 0)
            return icc;
    }
    return NULL;
}

static temoin_status fill_row(temoin_context *ctx, const temoin_assignment *assignment, temoin_row *row)
{
    tm_row_effect effect;
    tm_tipping tipping;
    bool found;
    TM_TRY(tm_row_effect_find(ctx, assignment, row, &effect, &found));
    if (!found || !tm_compares_means(effect.estimator) || isnan(row->value)) return TEMOIN_OK;
    TM_TRY(tm_row_tipping_build(ctx, &effect, row, &tipping));
    if (tipping.arm[0].n_workers + tipping.arm[1].n_workers > 0) tm_tipping_find(&tipping, &row->icc_tipping);
    return TEMOIN_OK;
}

temoin_status tm_tipping_rows_fill(temoin_context *ctx, const temoin_assignment *assignment,
                                   const temoin_results *results, temoin_row *rows)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    if (assignment->trial->plan->providers.structure == TM_STRUCTURE_NONE) return TEMOIN_OK;
    for (int64_t r = 0; r < results->n_rows; r++) {
        const temoin_icc *icc = tm_results_find_icc(results, rows[r].measure, rows[r].wave);
        if (icc && !rows[r].subgroup[0]) {
            rows[r].icc = icc->value;
            rows[r].icc_low = icc->ci_low;
            rows[r].icc_high = icc->ci_high;
        }
        TM_TRY(fill_row(ctx, assignment, &rows[r]));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole analysis: every estimate of the plan, its families, then the checks. */
#include "checks/check_kind.h"
#include "checks/estimate_methods.h"
#include "checks/estimate_rows.h"
#include "checks/provider_columns.h"
#include "checks/tipping_rows.h"
#include "inference/adjust_families.h"
#include "temoin/estimate.h"
#include "temoin/version.h"

static temoin_status describe_trial(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const temoin_plan *plan = assignment->trial->plan;
    temoin_arm_summary *arms;
    temoin_measure_summary *measures;
    static const char *const kinds[] = {"continuous", "binary", "count", "time"};
    TM_ALLOC(ctx, arms, plan->n_arms);
    TM_ALLOC(ctx, measures, plan->n_measures);
    for (int32_t a = 0; a < plan->n_arms; a++)
        arms[a] = (temoin_arm_summary){
            plan->arms[a].name, {plan->arms[a].label.en, plan->arms[a].label.fr}, assignment->n_in_arm[a]};
    for (int32_t m = 0; m < plan->n_measures; m++) {
        const tm_plan_measure *measure = &plan->measures[m];
        measures[m] = (temoin_measure_summary){measure->name,
                                               kinds[measure->kind],
                                               measure->unit ? measure->unit : "",
                                               {measure->label.en, measure->label.fr}};
    }
    *results = (temoin_results){
        .engine = temoin_version(),
        .trial = plan->id,
        .title = {plan->title.en, plan->title.fr},
        .registry = plan->registry ? plan->registry : "",
        .design = plan->design.kind,
        .drawn = assignment->drawn,
        .seed = plan->design.seed && !tm_plan_hides_seed(plan) ? plan->design.seed : "",
        .n_units = assignment->trial->n_units,
        .n_strata = assignment->trial->n_strata,
        .min_cell = plan->min_cell,
        .languages = plan->languages.name,
        .n_languages = plan->languages.n,
        .arms = arms,
        .n_arms = plan->n_arms,
        .measures = measures,
        .n_measures = plan->n_measures,
    };
    return TEMOIN_OK;
}

temoin_status temoin_results_build(temoin_context *ctx, const temoin_trial *trial, const temoin_assignment *assignment,
                                   const temoin_results **out)
{
    const temoin_plan *plan = trial->plan;
    temoin_results *results;
    TM_ALLOC(ctx, results, 1);
    TM_TRY(tm_statistics_validate(ctx, plan));
    TM_TRY(tm_families_validate(ctx, plan));
    TM_TRY(describe_trial(ctx, assignment, results));
    temoin_row *rows;
    TM_TRY(tm_estimate_rows_build(ctx, assignment, results, &rows));
    TM_TRY(tm_provider_columns_fill(ctx, assignment, rows, results->n_rows));
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    TM_TRY(tm_families_adjust(ctx, assignment, rows, results->n_rows, &results->families));
    results->n_families = plan->n_families;
    for (int c = 0; c < tm_n_checks; c++) TM_TRY(tm_checks[c]->run(ctx, assignment, results));
    TM_TRY(tm_tipping_rows_fill(ctx, assignment, results, rows));
    tm_arena_rewind(&ctx->scratch, mark);
    tm_progress(ctx, "estimates", 1);
    *out = results;
    return TEMOIN_OK;
}

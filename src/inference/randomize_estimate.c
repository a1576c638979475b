/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/randomize_estimate.h"

#include <math.h>

#include "numeric/elementary.h"

/* Of the Monte Carlo band: whatever the level of the estimate, as it says how well p is known, not the effect. */
static const double band_level = 0.95;

temoin_status tm_estimate_test_prepare(temoin_context *ctx, const tm_estimate_test *test, const double *arm_weight,
                                       int32_t n_contrasts, bool conditional, tm_randomization_request *out,
                                       const char **refused)
{
    const temoin_plan *plan = test->redraws->assignment->trial->plan;
    const tm_statistic *statistic = tm_statistic_find(plan->randomization_statistic);
    tm_redraw_request *redraw;
    tm_arm_source *source;
    TM_SCRATCH(ctx, redraw, 1);
    TM_SCRATCH(ctx, source, 1);
    *redraw = (tm_redraw_request){.redraws = test->redraws,
                                  .estimate = test->estimate,
                                  .sample = test->sample,
                                  .arm_weight = conditional ? arm_weight : NULL,
                                  .most = plan->randomization_draws,
                                  .never_listed = test->never_listed,
                                  .clusters = statistic->needs_se && test->variance->clustered,
                                  .weighted = test->weighted && test->sample->weight && statistic->of_effect};
    TM_TRY(tm_redraw_source_build(ctx, redraw, source, refused));
    *out = (tm_randomization_request){.sample = test->sample,
                                      .estimator = test->estimator,
                                      .variance = test->variance,
                                      .statistic = statistic,
                                      .arm_weight = arm_weight,
                                      .n_contrasts = n_contrasts,
                                      .source = source,
                                      .stop_at = plan->randomization_stop_at,
                                      .tolerance = plan->randomization_tolerance,
                                      .level = band_level};
    return TEMOIN_OK;
}

temoin_status tm_estimate_randomize(temoin_context *ctx, const tm_estimate_test *test, const double *arm_weight,
                                    tm_notes *notes, temoin_row *row)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_randomization_request request;
    tm_randomization result;
    const char *refused;
    if (test->sample->n == 0) return TEMOIN_OK;
    TM_TRY(tm_estimate_test_prepare(ctx, test, arm_weight, 1, true, &request, &refused));
    if (refused)
        tm_notes_add(notes, refused);
    else {
        TM_TRY(tm_randomization_run(ctx, &request, &result));
        row->p_randomization = result.p;
        row->p_randomization_low = result.p_low;
        row->p_randomization_high = result.p_high;
        row->n_redraws = isnan(result.p) ? -1 : result.n_draws;
        if (result.n_undefined) tm_notes_add_count(notes, "undefined_in_redraws", result.n_undefined);
        if (tm_exp(request.source->log_smallest_p) > 1 - test->estimate->level + 1e-12)
            tm_notes_add(notes, "too_few_assignments");
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

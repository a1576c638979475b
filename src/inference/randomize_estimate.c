/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/randomize_estimate.h"

#include <math.h>
#include <string.h>

#include "inference/exact_difference.h"
#include "inference/invert_estimate.h"
#include "numeric/elementary.h"

/* Of the Monte Carlo band: whatever the level of the estimate, as it says how well p is known, not the effect. */
static const double band_level = 0.95;

/* Whether the estimate's clusters are the caseworkers, who go with the arms. */
static bool is_by_provider(const tm_estimate_test *test)
{
    const char *cluster = test->estimate->cluster;
    const char *column = test->redraws->assignment->trial->plan->providers.column;
    return cluster && (strcmp(cluster, "provider") == 0 || (column && strcmp(cluster, column) == 0));
}

temoin_status tm_estimate_test_prepare(temoin_context *ctx, const tm_estimate_test *test, const double *arm_weight,
                                       int32_t n_contrasts, bool conditional, tm_randomization_request *out,
                                       const char **refused)
{
    const temoin_plan *plan = test->redraws->assignment->trial->plan;
    const tm_statistic *statistic = tm_statistic_find(test->estimate->randomization);
    tm_redraw_request *redraw;
    tm_arm_source *source;
    *refused = "scores_of_waves";
    if (test->sample->panel && !statistic->of_effect) return TEMOIN_OK;
    TM_SCRATCH(ctx, redraw, 1);
    TM_SCRATCH(ctx, source, 1);
    *redraw = (tm_redraw_request){.redraws = test->redraws,
                                  .estimate = test->estimate,
                                  .sample = test->sample,
                                  .arm_weight = conditional ? arm_weight : NULL,
                                  .most = plan->randomization_draws,
                                  .never_listed = test->never_listed,
                                  .clusters = statistic->needs_se && test->variance->clustered && is_by_provider(test),
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

/* Every unit that a redraw moves is a row of its own, in the block that is its stratum, and the numbers in the arms of
 * a block are always the same: then the sums over arms are all that redraws differ in. */
static temoin_status is_plain_shuffle(temoin_context *ctx, const tm_randomization_request *request, bool *plain)
{
    const tm_arm_source *source = request->source;
    const tm_redraw_bits *bits = source->bits;
    const tm_sample *sample = request->sample;
    int32_t *block, *stratum; /* 1 + that of a group, and of a block's rows */
    int64_t *of_stratum;
    *plain = bits && bits->n_rows == 0 && !sample->weight && bits->start[bits->n_blocks] == sample->n;
    if (!*plain) return TEMOIN_OK;
    TM_SCRATCH(ctx, block, bits->n_groups);
    TM_SCRATCH(ctx, stratum, bits->n_blocks);
    TM_SCRATCH(ctx, of_stratum, sample->n_strata);
    for (int32_t b = 0; b < bits->n_blocks; b++)
        for (int64_t i = bits->start[b]; i < bits->start[b + 1]; i++) block[bits->member[i]] = b + 1;
    for (int64_t i = 0; i < sample->n && *plain; i++) {
        const int32_t g = source->row_group[i], s = sample->stratum[i], b = g < 0 ? 0 : block[g];
        *plain = b > 0 && (!stratum[b - 1] || stratum[b - 1] == s + 1) && (!of_stratum[s] || of_stratum[s] == b);
        if (!*plain) break;
        stratum[b - 1] = s + 1;
        of_stratum[s] = b;
        block[g] = 0; /* a second row of the group would not find it */
    }
    return TEMOIN_OK;
}

/* p of the difference in means by convolution, where its distribution is that of sums over a plain shuffle. */
static temoin_status compute_exact(temoin_context *ctx, const tm_randomization_request *request, tm_randomization *out,
                                   bool *known)
{
    tm_exact_p exact;
    *known = false;
    if (request->source->exact || strcmp(request->statistic->key, "difference") != 0) return TEMOIN_OK;
    if (strcmp(request->estimator->key, "dim") != 0) return TEMOIN_OK;
    TM_TRY(is_plain_shuffle(ctx, request, known));
    if (!*known) return TEMOIN_OK;
    TM_TRY(tm_exact_difference_run(ctx, request->sample, request->arm_weight, &exact));
    *known = exact.known;
    *out = (tm_randomization){.exact = true, .p = exact.two_sided, .p_low = exact.two_sided, .p_high = exact.two_sided};
    return TEMOIN_OK;
}

temoin_status tm_estimate_randomize(temoin_context *ctx, const tm_estimate_test *test, const double *arm_weight,
                                    tm_notes *notes, temoin_row *row)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_randomization_request request;
    tm_randomization result;
    const char *refused;
    bool known;
    if (test->sample->n == 0) return TEMOIN_OK;
    TM_TRY(tm_estimate_test_prepare(ctx, test, arm_weight, 1, true, &request, &refused));
    if (refused)
        tm_notes_add(notes, refused);
    else {
        TM_TRY(compute_exact(ctx, &request, &result, &known));
        if (!known) TM_TRY(tm_randomization_run(ctx, &request, &result));
        row->p_randomization = result.p;
        row->p_randomization_low = result.p_low;
        row->p_randomization_high = result.p_high;
        row->n_redraws = known || isnan(result.p) ? -1 : result.n_draws;
        if (known) tm_notes_add(notes, "exact_distribution");
        if (result.n_undefined) tm_notes_add_count(notes, "undefined_in_redraws", result.n_undefined);
        if (!isnan(result.p)) TM_TRY(tm_estimate_invert(ctx, &request, test->estimate->level, notes, row));
        if (!isnan(result.p) && tm_exp(request.source->log_smallest_p) > 1 - test->estimate->level + 1e-12)
            tm_notes_add(notes, "too_few_assignments");
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/cell_sample.h"

#include <string.h>

temoin_status tm_cell_sample_build(temoin_context *ctx, const temoin_assignment *assignment,
                                   const tm_plan_estimate *estimate, const tm_estimator *estimator, int32_t measure,
                                   int32_t wave, tm_sample *out, tm_notes *notes)
{
    const bool strata_suffice =
        estimator->compares_within_strata && estimate->strata && !assignment->trial->plan->design.probability;
    return tm_sample_build(ctx, assignment, estimate, measure, wave, !strata_suffice, out, notes);
}

temoin_status tm_cell_contrasts_build(temoin_context *ctx, const tm_plan_estimate *estimate, int32_t n_arms,
                                      double **out)
{
    TM_SCRATCH(ctx, *out, (int64_t)estimate->n_contrasts * n_arms);
    for (int32_t c = 0; c < estimate->n_contrasts; c++)
        memcpy(*out + (int64_t)c * n_arms, estimate->contrasts[c].weights, (size_t)n_arms * sizeof **out);
    return TEMOIN_OK;
}

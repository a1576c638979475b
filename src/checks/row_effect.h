/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a row came from: what a check needs that asks more of an effect than its row says. */
#ifndef TM_ROW_EFFECT_H
#define TM_ROW_EFFECT_H

#include "inference/estimate_cells.h"
#include "inference/provider_sample.h"
#include "temoin/result.h"
#include "variances/variance.h"

typedef struct tm_row_effect {
    const temoin_assignment *assignment;
    const tm_plan_estimate *estimate;
    const tm_estimator *estimator;
    const tm_variance *variance;
    const tm_estimate_cell *cell;
    const double *arm_weight; /* [n_arms] */
    int32_t arms[2];          /* the arm and the reference */
} tm_row_effect;

/* Of rows that compare two arms, clients at one wave, among everybody; *found is false for others. */
TEMOIN_MUST_CHECK temoin_status tm_row_effect_find(temoin_context *ctx, const temoin_assignment *assignment,
                                                   const temoin_row *row, tm_row_effect *out, bool *found);

/* Whether effects of the estimator are differences of means, in the unit of the measure. */
bool tm_compares_means(const tm_estimator *estimator);

/* The sample of the row, by caseworker; scratch arena. */
TEMOIN_MUST_CHECK temoin_status tm_row_effect_sample(temoin_context *ctx, const tm_row_effect *effect,
                                                     tm_provider_sample *out);

/* Whether the dossier of caseworkers is about the row: its estimate is one of those the plan names. */
bool tm_row_is_in_dossier(const temoin_plan *plan, const temoin_row *row);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_ESTIMATE_H
#define TEMOIN_ESTIMATE_H

#include "temoin/design.h"
#include "temoin/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A line on the randomization tests that the plan asks for: how many redraws, or assignments, and the smallest p value
 * that they can give; empty where it asks for none, or the draw cannot be repeated. */
TEMOIN_MUST_CHECK temoin_status temoin_assignment_render_randomization(temoin_context *context,
                                                                       const temoin_assignment *assignment,
                                                                       const char **text, size_t *length);

/** Computes every estimate of the plan, adjusts p values within its families, and counts flow and baseline.
 *
 * Shapes   rows in the order of the plan: estimate, measure, wave, contrast.
 * Missing  see the notes of each row; a number that is not identified is NaN with a note, never an error.
 * Errors   TEMOIN_ERR_PLAN: an estimator, variance, adjustment or column that does not exist or does not fit;
 *          TEMOIN_ERR_DATA: weights or clusters that cannot be used, with their lines.
 * Cost     per estimate × measure × wave O(n p²) for the fit, see moments/fit.h.
 */
TEMOIN_MUST_CHECK temoin_status temoin_results_build(temoin_context *context, const temoin_trial *trial,
                                                     const temoin_assignment *assignment, const temoin_results **out);

#ifdef __cplusplus
}
#endif
#endif

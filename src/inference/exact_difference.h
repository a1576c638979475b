/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_EXACT_DIFFERENCE_H
#define TM_EXACT_DIFFERENCE_H

#include "moments/sample.h"
#include "numeric/exact_sum.h"

/* Exact p values of the difference in means, strata weighted by their size (estimator `dim`): Σ_b (N_b / N) (mean of
 * the treated - mean of the others), when the outcome is a decimal number of at most six places everywhere; given
 * who is in the arms that the contrast leaves out. The difference is affine in X: x and mean are given in units of the
 * outcome, sd too; the distribution stays that of X.
 *
 * Strata without a client of both arms are left out, as `dim` does. `known` is false as in exact_sum.h, with weights,
 * and for contrasts of more than two arms.
 */
TEMOIN_MUST_CHECK temoin_status tm_exact_difference_run(temoin_context *ctx, const tm_sample *sample,
                                                        const double *arm_weight, tm_exact_p *out);

#endif

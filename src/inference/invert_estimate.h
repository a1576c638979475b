/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interval that belongs to a randomization test: constant effects that it does not reject. */
#ifndef TM_INVERT_ESTIMATE_H
#define TM_INVERT_ESTIMATE_H

#include "inference/randomize_estimate.h"

/* ci_randomization_low and ci_randomization_high of the row of one contrast, from all draws of the request, which is
 * that of its test (one contrast). A constant effect τ of the contrast means that a row of arm a has τ w_a / Σ w² more
 * than it would have had; for two arms, τ more in the one than in the other.
 *
 * Statistics that are the effect itself, or the effect over its standard error, are inverted (inversion.h), if the
 * estimator is linear in the outcome; those of ranks (invert_ranks.h) give value_randomization as well. With others the
 * ends stay empty, and so does an end that the set does not have.
 *
 * Notes    interval_disjoint, interval_unbounded; interval_redraws where each draw is a fit: the first thousand redraws
 *          are taken; or where ranks of many rows are asked for again and again.
 * Cost     two times the draws of the test for the effect, five times for the studentized effect.
 */
TEMOIN_MUST_CHECK temoin_status tm_estimate_invert(temoin_context *ctx, const tm_randomization_request *request,
                                                   double level, tm_notes *notes, temoin_row *row);

#endif

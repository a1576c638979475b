/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_CURVE_EFFECTS_H
#define TM_CURVE_EFFECTS_H

#include "estimators/estimator.h"

/* Differences between two arms' survival curves: of the survival just after the horizon, or of the mean time without
 * the event up to it (the area under the curve). Strata count by their size, as in `dim`.
 *
 * The area's variance is Σ A_i² d_i / (n_i (n_i - d_i)) with A_i the area between the i-th event time and the horizon.
 * Without a horizon it is the earliest of the times at which the last client of an arm was seen.
 *
 * Notes    those of tm_survival_refuse; two_arms_only, stratum_without_contrast, no_contrast, horizon_too_far (an arm's
 *          last client was seen before it, without the event), arm_without_events, arm_without_variation.
 * Cites    Greenwood 1926; Royston & Parmar 2013; Uno et al. 2014 (as survRM2).
 */
TEMOIN_MUST_CHECK temoin_status tm_curve_effects_run(temoin_context *ctx, const tm_request *request, bool area,
                                                     tm_effect *out);

#endif

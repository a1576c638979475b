/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a sample to effects with intervals: estimator, variance, Student's t. */
#ifndef TM_EFFECTS_H
#define TM_EFFECTS_H

#include "estimators/estimator.h"
#include "inference/clustered_effects.h"
#include "variances/variance.h"

/* Effects of the contrasts arm_weight [n_contrasts * n_arms] in a sample.
 *
 * Shapes   out [n_contrasts], its notes initialised by the caller. variance NULL: values only; level NaN: no p value
 * and no interval. Notes    arm_empty, no_contrast, no_variation, perfect_fit, too_few_units, collinear,
 * constant_in_arm (the covariate is left out and the model fitted again), stratum_without_contrast, and those of the
 * variance. Cost     that of the fit and of the variance; scratch is rewound.
 */
TEMOIN_MUST_CHECK temoin_status tm_effects_run(temoin_context *ctx, const tm_sample *sample,
                                               const tm_estimator *estimator, const tm_variance *variance,
                                               const double *arm_weight, int32_t n_contrasts, double level,
                                               tm_effect *out);

/* The same, and what is asked of clustered estimates; NULL: nothing. Those of estimators that are no linear model get a
 * note, no_bootstrap, where one was asked for. */
TEMOIN_MUST_CHECK temoin_status tm_effects_run_clustered(temoin_context *ctx, const tm_sample *sample,
                                                         const tm_estimator *estimator, const tm_variance *variance,
                                                         const double *arm_weight, int32_t n_contrasts, double level,
                                                         const tm_clustered_request *clustered, tm_effect *out);

/* The fit behind the effects of a linear estimator, for whoever asks more of it: the outcome divided by `unit`, without
 * covariates that a contrast cannot be told apart from. Lives on the scratch arena. */
TEMOIN_MUST_CHECK temoin_status tm_effects_fit(temoin_context *ctx, const tm_sample *sample,
                                               const tm_estimator *estimator, const double *arm_weight,
                                               int32_t n_contrasts, const tm_fit **out, double *unit);

#endif

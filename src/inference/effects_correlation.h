/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_EFFECTS_CORRELATION_H
#define TM_EFFECTS_CORRELATION_H

#include "inference/effects.h"

/* Correlations between the effects of contrasts in a sample, [n_contrasts * n_contrasts], by their variance: every
 * variance of a linear model is a quadratic form of the contrast, so that cov(a, b) = (v(a) + v(b) - v(a - b)) / 2, and
 * one fit with the differences among its contrasts gives all. NaN where one of the three is refused, and for estimators
 * that are no linear model. */
TEMOIN_MUST_CHECK temoin_status tm_effects_correlation(temoin_context *ctx, const tm_sample *sample,
                                                       const tm_estimator *estimator, const tm_variance *variance,
                                                       const double *arm_weight, int32_t n_contrasts,
                                                       double *correlation);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MIDRANKS_H
#define TM_MIDRANKS_H

#include "base/failure.h"
#include "moments/sample.h"

/* rank [n], 1 the smallest; equal numbers share the mean of their ranks. x finite. */
TEMOIN_MUST_CHECK temoin_status tm_midranks(temoin_context *ctx, const double *x, int64_t n, double *rank);

/* Σ_a arm_weight[a] × mean score of arm a; NaN when an arm with a weight has nobody. */
double tm_difference_of_means(const tm_sample *sample, const double *score, const double *arm_weight);

#endif

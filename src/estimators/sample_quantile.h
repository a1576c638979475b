/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SAMPLE_QUANTILE_H
#define TM_SAMPLE_QUANTILE_H

#include "base/failure.h"

/* A quantile of x [n], n > 0, in one of the definitions of Hyndman & Fan 1996:
 *
 *   1  the smallest x that has at least the share tau at or below it;
 *   2  the same, but the mean of it and the next one where exactly the share tau lies at or below;
 *   6  linear between the k-th x at k / (n + 1);
 *   7  linear between the k-th x at (k - 1) / (n - 1).
 *
 * Weights count as shares; types 6 and 7 know none (NaN). A share that equals tau but for rounding equals it. */
TEMOIN_MUST_CHECK temoin_status tm_sample_quantile(temoin_context *ctx, const double *x, const double *weight,
                                                   int64_t n, double tau, int32_t type, double *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_ORTHONORMAL_H
#define TM_ORTHONORMAL_H

#include "base/failure.h"

/* Dots of k columns with x: out[j] = Σ q_j x, in blocks of rows that are added in index order (any number of threads,
 * same bits). */
TEMOIN_MUST_CHECK temoin_status tm_columns_dot(temoin_context *ctx, double *const *q, int32_t k, const double *x,
                                               int64_t n, double *out);

/* x -= Σ_j coefficient[j] q_j. */
void tm_columns_subtract(temoin_context *ctx, double *const *q, int32_t k, const double *coefficient, double *x,
                         int64_t n);

/* Makes x orthogonal to the orthonormal columns q, adding what was taken out to coefficient [k]; *length is what is
 * left. */
TEMOIN_MUST_CHECK temoin_status tm_columns_project(temoin_context *ctx, double *const *q, int32_t k, double *x,
                                                   int64_t n, double *coefficient, double *length);

#endif

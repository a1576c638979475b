/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small symmetric positive definite systems. */
#ifndef TM_CHOLESKY_H
#define TM_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* L with L L' = a [n * n]: the lower triangle of a is read and becomes L, the rest is left alone. False when a is not
 * positive definite to the last digit. O(n³). */
bool tm_cholesky_factor(double *a, int32_t n);

/* The same; false when less than that share of some diagonal entry is left beside the entries before it. */
bool tm_cholesky_factor_within(double *a, int32_t n, double least_share);

/* log |a| by the factor. */
double tm_cholesky_log_determinant(const double *factor, int32_t n);

/* x with a x = b; b and x [n] may be the same. O(n²). */
void tm_cholesky_solve(const double *factor, int32_t n, const double *b, double *x);

/* The inverse of a, all of it, by the factor. O(n³). */
void tm_cholesky_inverse(const double *factor, int32_t n, double *inverse);

#endif

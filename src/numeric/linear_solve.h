/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small dense systems by Gaussian elimination with row exchanges. */
#ifndef TM_LINEAR_SOLVE_H
#define TM_LINEAR_SOLVE_H

#include <stdbool.h>
#include <stdint.h>

/* Factors a [n * n], row by row, in place; row [n] takes the exchanges. False when a pivot vanishes: the matrix is
 * singular to the last digit. O(n³). */
bool tm_linear_factor(double *a, int32_t n, int32_t *row);

/* x with a x = b, or with a' x = b, by the factors; b and x [n] may not overlap. O(n²). */
void tm_linear_solve(const double *factor, const int32_t *row, int32_t n, const double *b, double *x);
void tm_linear_solve_transposed(const double *factor, const int32_t *row, int32_t n, const double *b, double *x);

#endif

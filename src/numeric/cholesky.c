/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/cholesky.h"

#include <math.h>
#include <string.h>

#include "numeric/elementary.h"

/* What is left of a diagonal entry below this share of it is rounding. */
static const double singular_share = 1e-14;

bool tm_cholesky_factor_within(double *a, int32_t n, double least_share)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            const double whole = a[i * n + j];
            double left = whole;
            for (int64_t m = 0; m < j; m++) left -= a[i * n + m] * a[j * n + m];
            if (i != j)
                a[i * n + j] = left / a[j * n + j];
            else if (left > least_share * whole)
                a[i * n + i] = sqrt(left);
            else
                return false;
        }
    return true;
}

bool tm_cholesky_factor(double *a, int32_t n)
{
    return tm_cholesky_factor_within(a, n, singular_share);
}

double tm_cholesky_log_determinant(const double *factor, int32_t n)
{
    double sum = 0;
    for (int32_t i = 0; i < n; i++) sum += tm_log(factor[i * n + i]);
    return 2 * sum;
}

/* Both ways along the rows, which are what stands together in memory. */
void tm_cholesky_solve(const double *factor, int32_t n, const double *b, double *x)
{
    for (int64_t i = 0; i < n; i++) {
        double left = b[i];
        for (int64_t m = 0; m < i; m++) left -= factor[i * n + m] * x[m];
        x[i] = left / factor[i * n + i];
    }
    for (int64_t i = (int64_t)n - 1; i >= 0; i--) {
        x[i] /= factor[i * n + i];
        for (int64_t m = 0; m < i; m++) x[m] -= factor[i * n + m] * x[i];
    }
}

void tm_cholesky_inverse(const double *factor, int32_t n, double *inverse)
{
    for (int32_t c = 0; c < n; c++) {
        double *column = inverse + (int64_t)c * n; /* a row, but the inverse is symmetric */
        memset(column, 0, (size_t)n * sizeof *column);
        column[c] = 1;
        tm_cholesky_solve(factor, n, column, column);
    }
}

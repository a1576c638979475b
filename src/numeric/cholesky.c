/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/cholesky.h"

#include <math.h>
#include <string.h>

#include "numeric/elementary.h"

/* What is left of a diagonal entry below this share of it is rounding. */
static const double singular_share = 1e-14;

bool tm_cholesky_factor(double *a, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j <= i; j++) {
            const double whole = a[i * n + j];
            double left = whole;
            for (int32_t m = 0; m < j; m++) left -= a[i * n + m] * a[j * n + m];
            if (i != j)
                a[i * n + j] = left / a[j * n + j];
            else if (left > singular_share * whole)
                a[i * n + i] = sqrt(left);
            else
                return false;
        }
    return true;
}

double tm_cholesky_log_determinant(const double *factor, int32_t n)
{
    double sum = 0;
    for (int32_t i = 0; i < n; i++) sum += tm_log(factor[i * n + i]);
    return 2 * sum;
}

void tm_cholesky_solve(const double *factor, int32_t n, const double *b, double *x)
{
    for (int32_t i = 0; i < n; i++) {
        double left = b[i];
        for (int32_t m = 0; m < i; m++) left -= factor[i * n + m] * x[m];
        x[i] = left / factor[i * n + i];
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        for (int32_t m = i + 1; m < n; m++) x[i] -= factor[m * n + i] * x[m];
        x[i] /= factor[i * n + i];
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/linear_solve.h"

#include <math.h>

static void exchange(double *a, int32_t n, int32_t i, int32_t k)
{
    for (int32_t j = 0; i != k && j < n; j++) {
        const double swap = a[i * n + j];
        a[i * n + j] = a[k * n + j];
        a[k * n + j] = swap;
    }
}

bool tm_linear_factor(double *a, int32_t n, int32_t *row)
{
    for (int32_t k = 0; k < n; k++) {
        row[k] = k;
        for (int32_t i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[row[k] * n + k])) row[k] = i;
        exchange(a, n, k, row[k]);
        if (!(fabs(a[k * n + k]) > 0)) return false;
        for (int32_t i = k + 1; i < n; i++) {
            const double factor = a[i * n + k] /= a[k * n + k];
            for (int32_t j = k + 1; j < n && factor != 0; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return true;
}

void tm_linear_solve(const double *factor, const int32_t *row, int32_t n, const double *b, double *x)
{
    for (int32_t i = 0; i < n; i++) x[i] = b[i];
    for (int32_t k = 0; k < n; k++) {
        const double swap = x[k];
        x[k] = x[row[k]];
        x[row[k]] = swap;
    }
    for (int32_t k = 0; k < n; k++)
        for (int32_t i = k + 1; i < n; i++) x[i] -= factor[i * n + k] * x[k];
    for (int32_t k = n - 1; k >= 0; k--) {
        x[k] /= factor[k * n + k];
        for (int32_t i = 0; i < k; i++) x[i] -= factor[i * n + k] * x[k];
    }
}

void tm_linear_solve_transposed(const double *factor, const int32_t *row, int32_t n, const double *b, double *x)
{
    for (int32_t k = 0; k < n; k++) {
        x[k] = b[k];
        for (int32_t i = 0; i < k; i++) x[k] -= factor[i * n + k] * x[i];
        x[k] /= factor[k * n + k];
    }
    for (int32_t k = n - 1; k >= 0; k--)
        for (int32_t i = k + 1; i < n; i++) x[k] -= factor[i * n + k] * x[i];
    for (int32_t k = n - 1; k >= 0; k--) {
        const double swap = x[k];
        x[k] = x[row[k]];
        x[row[k]] = swap;
    }
}

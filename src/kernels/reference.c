/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The specification of every kernel: plain loops over eight explicit lanes. */
#include "kernels/kernels.h"

static double combine(const double lane[8])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static double sum(const double *x, int64_t n)
{
    double lane[8] = {0};
    for (int64_t i = 0; i < n; i++) lane[i % 8] += x[i];
    return combine(lane);
}

static double dot(const double *x, const double *y, int64_t n)
{
    double lane[8] = {0};
    for (int64_t i = 0; i < n; i++) lane[i % 8] += x[i] * y[i];
    return combine(lane);
}

static double dot3(const double *x, const double *y, const double *z, int64_t n)
{
    double lane[8] = {0};
    for (int64_t i = 0; i < n; i++) lane[i % 8] += x[i] * y[i] * z[i];
    return combine(lane);
}

static void axpy(double a, const double *x, double *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

static void scale(double a, double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] *= a;
}

static void shift(double a, double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] += a;
}

static void gram(const double *const *columns, int k, int64_t n, double *out)
{
    for (int i = 0; i < k; i++)
        for (int j = 0; j <= i; j++) out[i * k + j] = dot(columns[i], columns[j], n);
}

extern const tm_kernels tm_kernels_ref;
const tm_kernels tm_kernels_ref = {"ref", sum, dot, dot3, axpy, scale, shift, gram};

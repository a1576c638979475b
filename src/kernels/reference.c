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

static int64_t count_bits(const uint64_t *words, int64_t n_words)
{
    int64_t n = 0;
    for (int64_t i = 0; i < 64 * n_words; i++) n += words[i / 64] >> i % 64 & 1;
    return n;
}

static void masked_sums(const double *x, int64_t n, const uint64_t *bits, int64_t stride, int64_t n_draws, double *out,
                        int64_t step)
{
    for (int64_t d = 0; d < n_draws; d++) {
        double lane[8] = {0};
        for (int64_t i = 0; i < n; i++) lane[i % 8] += bits[d * stride + i / 64] >> i % 64 & 1 ? x[i] : 0;
        out[d * step] = combine(lane);
    }
}

static void masked_counts(const uint64_t *y, int64_t n_words, const uint64_t *bits, int64_t stride, int64_t n_draws,
                          double *out, int64_t step)
{
    for (int64_t d = 0; d < n_draws; d++) {
        int64_t n = 0;
        for (int64_t i = 0; i < 64 * n_words; i++) n += (y[i / 64] & bits[d * stride + i / 64]) >> i % 64 & 1;
        out[d * step] = (double)n;
    }
}

extern const tm_kernels tm_kernels_ref;
const tm_kernels tm_kernels_ref = {"ref", sum,  dot,        dot3,        axpy,         scale,
                                   shift, gram, count_bits, masked_sums, masked_counts};

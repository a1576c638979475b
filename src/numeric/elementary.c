/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/elementary.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* log 2 in two parts: the first has 32 bits, so that any exponent times it is exact. */
static const double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;

/* Σ_{n >= 0} r^n / (n + first)!, as far as it matters for |r| <= 0.35; first is 1 or 2. */
enum { TERMS = 15 };

static double series(double r, int first)
{
    double sum = 1;
    for (int n = TERMS; n > 0; n--) sum = 1 + r * sum / (n + first);
    return first == 1 ? sum : sum / 2;
}

/* x = k log 2 + r, |r| <= 0.35; r in two parts. */
static int reduce(double x, double *r, double *rest)
{
    const int k = (int)(x / M_LN2 + (x < 0 ? -0.5 : 0.5));
    const double high = x - k * log2_high, low = k * log2_low;
    *r = high - low;
    *rest = high - *r - low;
    return k;
}

/* 2^k, |k| < 1023 */
static double power_of_two(int k)
{
    const uint64_t bits = (uint64_t)(k + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* x 2^k, x near one, also where 2^k itself would over- or underflow: only the second product can round. */
static double scale(double x, int k)
{
    const int half = k / 2;
    return x * power_of_two(half) * power_of_two(k - half);
}

double tm_exp(double x)
{
    if (!(x < 709.8)) return isnan(x) ? x : INFINITY;
    if (x < -745.2) return 0;
    double r, rest;
    const int k = reduce(x, &r, &rest);
    const double less = r + r * r * series(r, 2); /* exp(r) - 1 */
    return scale(1 + (less + rest * (1 + less)), k);
}

double tm_expm1(double x)
{
    if (fabs(x) <= 0.35) return x + x * x * series(x, 2);
    return tm_exp(x) - 1;
}

/* Eight numbers side by side go through the same steps, so that the processor need not wait for one division before it
 * starts the next. */
enum { LANES = 8 };

static void series_lanes(const double *r, double *sum)
{
    for (int i = 0; i < LANES; i++) sum[i] = 1;
    for (int n = TERMS; n > 0; n--)
        for (int i = 0; i < LANES; i++) sum[i] = 1 + r[i] * sum[i] / (n + 2);
    for (int i = 0; i < LANES; i++) sum[i] /= 2;
}

/* x from -746 to 710 */
static void exp_lanes(double *x)
{
    double r[LANES], rest[LANES], sum[LANES];
    int k[LANES];
    for (int i = 0; i < LANES; i++) k[i] = reduce(x[i], &r[i], &rest[i]);
    series_lanes(r, sum);
    for (int i = 0; i < LANES; i++) {
        const double less = r[i] + r[i] * r[i] * sum[i];
        x[i] = scale(1 + (less + rest[i] * (1 + less)), k[i]);
    }
}

void tm_exp_each(double *x, int n)
{
    for (int first = 0; first < n; first += LANES) {
        double lane[LANES] = {0};
        const int most = n - first < LANES ? n - first : LANES;
        bool plain = true;
        for (int i = 0; i < most; i++) {
            plain &= x[first + i] < 709 && x[first + i] > -745;
            lane[i] = x[first + i];
        }
        if (plain) exp_lanes(lane);
        for (int i = 0; i < most; i++) x[first + i] = plain ? lane[i] : tm_exp(lane[i]);
    }
}

void tm_expm1_each(double *x, int n)
{
    for (int first = 0; first < n; first += LANES) {
        double lane[LANES] = {0}, sum[LANES];
        const int most = n - first < LANES ? n - first : LANES;
        bool small = true, large = true;
        for (int i = 0; i < most; i++) {
            lane[i] = x[first + i];
            small &= fabs(lane[i]) <= 0.35;
            large &= lane[i] > 0.35 && lane[i] < 709;
        }
        if (small) series_lanes(lane, sum);
        if (large) exp_lanes(lane);
        for (int i = 0; i < most; i++)
            x[first + i] = small ? lane[i] + lane[i] * lane[i] * sum[i] : large ? lane[i] - 1 : tm_expm1(lane[i]);
    }
}

/* log(1 + f) for -0.3 < f < 0.42: with s = f / (2 + f) it is 2 atanh(s), and 2 s = f - f²/2 + s f²/2, which leaves the
 * largest term exact. */
static double log_near_one(double f)
{
    enum { LAST = 25 };
    const double s = f / (2 + f), square = s * s, half = f * f / 2;
    double sum = 1.0 / LAST;
    for (int n = LAST - 2; n >= 3; n -= 2) sum = 1.0 / n + square * sum;
    return f - (half - s * (half + 2 * square * sum));
}

double tm_log(double x)
{
    if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
    if (isinf(x)) return x;
    int k;
    double m = frexp(x, &k); /* in [1/2, 1) */
    if (m < M_SQRT1_2) m *= 2, k--;
    return k * log2_high + (log_near_one(m - 1) + k * log2_low);
}

double tm_log1p(double x)
{
    if (x > -0.29 && x < 0.41) return log_near_one(x);
    if (!(x > -1) || isinf(x)) return tm_log(1 + x);
    const double u = 1 + x; /* what rounding took from x goes back in, to first order */
    return tm_log(u) + (x >= 1 ? 1 - (u - x) : x - (u - 1)) / u;
}

double tm_sinh(double x)
{
    const double size = fabs(x);
    if (!(size < 22))
        return size < 709 ? copysign(tm_exp(size) / 2, x) : copysign(tm_exp(size / 2) / 2 * tm_exp(size / 2), x);
    const double less = tm_expm1(size);
    return copysign((less + less / (less + 1)) / 2, x);
}

double tm_tanh(double x)
{
    const double size = fabs(x);
    if (size > 22) return copysign(1, x);
    const double less = tm_expm1(2 * size);
    return copysign(less / (less + 2), x);
}

double tm_asinh(double x)
{
    const double size = fabs(x), square = size * size;
    if (!(size < 1e8)) return copysign(tm_log(size) + M_LN2, x);
    return copysign(tm_log1p(size + square / (1 + sqrt(1 + square))), x);
}

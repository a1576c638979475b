/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/elementary.h"

#include <float.h>
#include <math.h>

/* log 2 in two parts: the first has 32 bits, so that any exponent times it is exact. */
static const double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;

/* Σ_{n >= 0} r^n / (n + first)!, as far as it matters for |r| <= 0.35; first is 1 or 2. */
static double series(double r, int first)
{
    enum { TERMS = 15 };
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

/* x 2^k, also where 2^k itself would over- or underflow. */
static double scale(double x, int k)
{
    return ldexp(x, k);
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

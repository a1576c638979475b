/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/special.h"

#include <float.h>
#include <math.h>

#include "numeric/elementary.h"

static const double half_log_2pi = 0.91893853320467274178;
static const double stirling_from = 16;

/* (ζ(k) - 1) / k, k = 2, 3, …: the coefficients of log Γ(2 + z). */
static const double zeta_less_one[] = {
    0x1.4a34cc4a60fa6p-1 / 2,   0x1.9dd002780310ap-3 / 3,   0x1.51322ac7d8483p-4 / 4,   0x1.2e831d94f99b7p-5 / 5,
    0x1.1c26130249124p-6 / 6,   0x1.1196d0a679c47p-7 / 7,   0x1.0b36af86396e9p-8 / 8,   0x1.073e7b02d6ae0p-9 / 9,
    0x1.04b8ce96ee5f8p-10 / 10, 0x1.0318df2459954p-11 / 11, 0x1.020a5b2cd3042p-12 / 12, 0x1.01593a1177bd6p-13 / 13,
    0x1.00e4af2b4e156p-14 / 14, 0x1.0097bcbf11bedp-15 / 15, 0x1.0064cdeb22f0fp-16 / 16, 0x1.0043073686681p-17 / 17,
    0x1.002c9953744ccp-18 / 18, 0x1.001db08f9ba4ap-19 / 19, 0x1.0013c594466eap-20 / 20, 0x1.000d2bab28121p-21 / 21,
    0x1.0008c66cec77dp-22 / 22, 0x1.0005d8f13858cp-23 / 23, 0x1.0003e59ffde12p-24 / 24, 0x1.000298ea55633p-25 / 25,
    0x1.0001bb316ccdap-26 / 26, 0x1.0001276b90845p-27 / 27};
enum { N_ZETA = sizeof zeta_less_one / sizeof *zeta_less_one };

/* log Γ(2 + z) = (1 - γ) z + Σ (-1)^k (ζ(k) - 1) z^k / k for |z| <= 1/2 (Abramowitz & Stegun 1964, 6.1.33, with z
 * moved by one); the terms fall like (z / 2)^k. */
static double log_gamma_near_two(double z)
{
    static const double one_less_euler = 0.42278433509846713939;
    double sum = 0;
    for (int k = N_ZETA - 1; k >= 0; k--) sum = (k % 2 ? -zeta_less_one[k] : zeta_less_one[k]) + z * sum;
    return z * (one_less_euler + z * sum);
}

/* log of Γ*(x) = Γ(x) / (sqrt(2π) x^(x - 1/2) exp(-x)): Stirling's series (Abramowitz & Stegun 1964, 6.1.41), whose
 * eighth term is 2e-20 at x = 16. */
static double stirling_rest(double x)
{
    static const double c[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156};
    const double square = 1 / (x * x);
    double sum = 0;
    for (int k = (int)(sizeof c / sizeof *c) - 1; k >= 0; k--) sum = c[k] + square * sum;
    return sum / x;
}

double tm_log_gamma(double x)
{
    if (!(x > 0)) return NAN;
    if (x < 0.5) return tm_log_gamma(x + 1) - tm_log(x);
    if (x < 1.5) return log_gamma_near_two(x - 1) - tm_log1p(x - 1);
    if (x >= stirling_from) return isinf(x) ? x : (x - 0.5) * (tm_log(x) - 1) + (half_log_2pi - 0.5 + stirling_rest(x));
    double product = 1;
    for (; x > 2.5; x -= 1) product *= x - 1;
    return log_gamma_near_two(x - 2) + tm_log(product);
}

/* log of Γ*(x), whatever x: all that the weights of large arguments need, so that no large logarithms cancel. */
static double log_gamma_star(double x)
{
    if (x >= stirling_from) return stirling_rest(x);
    return tm_log_gamma(x) - (x - 0.5) * tm_log(x) + x - half_log_2pi;
}

/* u - log(1 + u) >= 0; ratio = 1 + u is given too, because u near -1 has lost its digits. */
static double log_defect(double u, double ratio)
{
    if (u < -0.25 || u > 0.25) return u - tm_log(ratio);
    double sum = 0; /* with s = u / (2 + u): u² / (2 + u) - 2 s³ (1/3 + s²/5 + …) */
    const double s = u / (2 + u), square = s * s;
    for (int k = 21; k >= 3; k -= 2) sum = 1.0 / k + square * sum;
    return s * u - 2 * s * square * sum;
}

/* Both by Stirling's series: Γ(x + 1/2) / Γ(x) = sqrt(x) (1 + 1/(2x))^x exp(-1/2) Γ*(x + 1/2) / Γ*(x). Small x by
 * Γ(x + 1/2) / Γ(x) = (x / (x + 1/2)) Γ(x + 3/2) / Γ(x + 1). */
double tm_gamma_half_ratio(double x)
{
    if (!(x > 0)) return NAN;
    double ratio = 1;
    for (; x < stirling_from; x += 1) ratio *= x / (x + 0.5);
    return ratio * sqrt(x) * tm_exp(-x * log_defect(0.5 / x, 1 + 0.5 / x) + stirling_rest(x + 0.5) - stirling_rest(x));
}

/* exp(-size) c: in two factors, so that the first is not below the smallest double when the product is not. */
static double times_exp(double c, double size)
{
    const double half = tm_exp(-size / 2);
    return c * half * half;
}

double tm_gamma_weight(double a, double x)
{
    if (!(a > 0) || !(x >= 0)) return NAN;
    if (x == 0 || isinf(x)) return 0;
    if (a >= stirling_from)
        return times_exp(sqrt(a / (2 * M_PI)), a * log_defect((x - a) / a, x / a) + stirling_rest(a));
    const double power = a * tm_log(x) - tm_log_gamma(a);
    return power - x < -800 ? 0 : times_exp(tm_exp(power), x);
}

/* P(a, x) = weight / a (1 + x / (a + 1) + x² / ((a + 1) (a + 2)) + …), for x up to about a. */
static double lower_series(double a, double x)
{
    double term = 1, sum = 1;
    for (double n = a + 1; term > sum * (DBL_EPSILON / 8) || n < x; n += 1) sum += term *= x / n;
    return tm_gamma_weight(a, x) / a * sum;
}

/* Q(a, x) for a and x up to 1: 1 - x^a / Γ(1 + a) without cancellation, and the rest of the alternating series
 * (Gautschi 1979). */
static double upper_of_small(double a, double x)
{
    const double of_gamma = a < 0.5 ? log_gamma_near_two(a) - tm_log1p(a) : tm_log_gamma(1 + a);
    const double logarithm = a * tm_log(x) - of_gamma;
    double term = 1, sum = 0;
    for (int n = 1; n <= 20; n++) {
        term *= -x / n;
        sum += term / (a + n);
    }
    return -tm_expm1(logarithm) - tm_exp(logarithm) * a * sum;
}

/* Q(a, x) = weight / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - …))), from the front by
 * Lentz's method as Thompson & Barnett 1986 changed it. */
static double upper_fraction(double a, double x)
{
    double b = x + 1 - a, c = INFINITY, d = 1 / b, f = d;
    for (double n = 1; n < 1e6; n += 1) {
        const double numerator = -n * (n - a);
        b += 2;
        d = 1 / (numerator * d + b);
        c = b + numerator / c;
        const double factor = c * d;
        f *= factor;
        if (fabs(factor - 1) < DBL_EPSILON / 2) break;
    }
    return tm_gamma_weight(a, x) * f;
}

static int upper_is_direct(double a, double x)
{
    return x > fmax(a + 1, 1);
}

double tm_gamma_upper(double a, double x)
{
    if (!(a > 0) || isnan(x) || a > 1e6) return NAN;
    if (x <= 0) return 1;
    if (isinf(x)) return 0;
    if (upper_is_direct(a, x)) return upper_fraction(a, x);
    return a < 1 && x <= 1 ? upper_of_small(a, x) : 1 - lower_series(a, x);
}

double tm_gamma_lower(double a, double x)
{
    if (!(a > 0) || isnan(x) || a > 1e6) return NAN;
    if (x <= 0) return 0;
    if (isinf(x)) return 1;
    return upper_is_direct(a, x) ? 1 - upper_fraction(a, x) : lower_series(a, x);
}

/* x^a y^b / B(a, b). With d = x b - y a, x = (a + d) / (a + b) and y = (b - d) / (a + b), so that its logarithm is
 * -a defect(d / a) - b defect(-d / b) and terms that do not cancel (Loader 2000). */
static double beta_weight(double a, double b, double x, double y)
{
    const double n = a + b, d = x * b - y * a;
    const double size = a * log_defect(d / a, x * n / a) + b * log_defect(-d / b, y * n / b);
    return times_exp(sqrt(a * (b / n) / (2 * M_PI)),
                     size - (log_gamma_star(n) - log_gamma_star(a) - log_gamma_star(b)));
}

/* 1 / (1 + d1 / (1 + d2 / (1 + …))) with d(2m) = m (b - m) x / ((a + 2m - 1) (a + 2m)) and d(2m + 1) = -(a + m)
 * (a + b + m) x / ((a + 2m) (a + 2m + 1)) (Abramowitz & Stegun 1964, 26.5.8), from the front as above; quick for x
 * below (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / (1 - (a + b) / (a + 1) * x), f = d;
    for (double m = 1; m < 1e6; m += 1) {
        const double even = m / (a + 2 * m - 1) * ((b - m) / (a + 2 * m)) * x;
        const double odd = -((a + m) / (a + 2 * m)) * ((a + b + m) / (a + 2 * m + 1)) * x;
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        f *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        f *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON / 2) break;
    }
    return f;
}

double tm_beta_lower(double a, double b, double x, double y)
{
    if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0)) return NAN;
    if (x == 0 || y == 0) return y == 0;
    const double weight = beta_weight(a, b, x, y);
    if (x * (a + b + 2) < a + 1) return weight / a * beta_fraction(a, b, x);
    return 1 - weight / b * beta_fraction(b, a, y);
}

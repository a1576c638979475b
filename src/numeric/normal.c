/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The normal distribution from elementary functions that are the same on every processor.
 *
 * Everything follows from Mills' ratio m(x) = P(X > x) / density(x), which never over- or underflows for x >= 0. Near
 * zero it is the series of Φ - 1/2, whose terms are all positive; beyond, the trapezoidal rule for
 *
 *     erfc(z) exp(z²) = (z / π) ∫ exp(-t²) / (t² + z²) dt
 *
 * with step h, in error by less than exp(-π²/h²) once the residue of the pole at t = iz is taken out (Chiarella &
 * Reichel 1968; Matta & Reichel 1971). */
#include "numeric/distributions.h"

#include <math.h>
#include <stdbool.h>

#include "numeric/elementary.h"

static const double inverse_root_2pi = 0x1.9884533d43651p-2;
static const double log_inverse_root_2pi = -0x1.d67f1c864beb5p-1;
static const double root_half_pi = 0x1.40d931ff62706p+0;

/* Below this Φ - 1/2 is summed; its cancellation against 1/2 costs no more than two digits' last units. */
static const double series_end = 1;

/* exp(-x²/2): x is cut so that the square of the larger part is exact. */
double tm_normal_density(double x)
{
    const double size = fabs(x);
    if (size > 40) return isnan(x) ? x : 0;
    const double high = floor(size * 64) / 64, rest = (size - high) * (size + high);
    return inverse_root_2pi * tm_exp(-high * high / 2) * tm_exp(-rest / 2);
}

/* (Φ(x) - 1/2) / density(x) = Σ x^(2k+1) / (1 · 3 ··· (2k+1)). */
static double central_series(double x)
{
    enum { TERMS = 16 };
    const double square = x * x;
    double sum = 1;
    for (int k = TERMS; k > 0; k--) sum = 1 + sum * square / (2 * k + 1);
    return x * sum;
}

/* exp(-k²/4), k = 1 … 12: the nodes of step 1/2. */
static const double node_weight[] = {0x1.8ebef9eac820bp-1,  0x1.78b56362cef38p-2,  0x1.afb718e8457f7p-4,
                                     0x1.2c155b8213cf4p-6,  0x1.fa0e9586aebc7p-10, 0x1.02cf22526545ap-13,
                                     0x1.411fb0da07713p-18, 0x1.e355bbaee85cbp-24, 0x1.b93de1e27ca3bp-30,
                                     0x1.e8a37a45fc32ep-37, 0x1.4835bd010a41bp-44, 0x1.0b6c3afdde064p-52};

static double trapezoidal(double x)
{
    enum { NODES = sizeof node_weight / sizeof *node_weight };
    const double z = x * M_SQRT1_2, square = z * z;
    double sum = 0;
    for (int k = NODES; k > 0; k--) sum += node_weight[k - 1] / (0.25 * k * k + square);
    double scaled = (1 / z + 2 * z * sum) / (2 * M_PI);
    if (z < 2 * M_PI) scaled -= 2 * tm_exp(square) / tm_expm1(4 * M_PI * z);
    return root_half_pi * scaled;
}

double tm_normal_mills(double x)
{
    if (!(x >= 0)) return isnan(x) ? x : (1 - tm_normal_density(x) * tm_normal_mills(-x)) / tm_normal_density(x);
    if (isinf(x)) return 0;
    if (x < series_end) return 0.5 / tm_normal_density(x) - central_series(x);
    return trapezoidal(x);
}

/* P(X > x), x >= 0 */
static double upper_tail(double x)
{
    if (x < series_end) return 0.5 - tm_normal_density(x) * central_series(x);
    return tm_normal_density(x) * trapezoidal(x);
}

double tm_normal_cdf(double x)
{
    if (isnan(x)) return x;
    if (isinf(x)) return x > 0;
    return x <= 0 ? upper_tail(-x) : 1 - upper_tail(x);
}

/* Newton's method on log P(X > x), which is concave: from any start it is at the root's right after one step and then
 * comes down to it. Near the median P(X > x) - 1/2 keeps the digits that the logarithm would lose. */
static double upper_quantile(double q)
{
    const double t = sqrt(-2 * tm_log(q)); /* Abramowitz & Stegun 1964, 26.2.23: four digits to start from */
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    if (x < 0) x = 0;
    for (int i = 0; i < 60; i++) {
        double step;
        if (x < series_end)
            step = ((0.5 - q) / tm_normal_density(x)) - central_series(x);
        else
            step = (log_inverse_root_2pi - x * x / 2 + tm_log(trapezoidal(x)) - tm_log(q)) * trapezoidal(x);
        x += step;
        if (x < 0) x = 0;
        if (!(fabs(step) > 2e-16 * x)) break;
    }
    return x;
}

double tm_normal_quantile(double p)
{
    if (!(p >= 0 && p <= 1)) return NAN;
    if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5) return 0;
    return p < 0.5 ? -upper_quantile(p) : upper_quantile(1 - p);
}

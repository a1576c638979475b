/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Student's t is ours because GSL 2.7's loses digits where reports need them: gsl_cdf_tdist_Q takes a Cornish-Fisher
 * series for df > 30 (5e-7 off at t = 30, df = 100), gsl_cdf_fdist_Q(t * t, 1, df) is 2e-9 off at t = 5 and 0 at t = 12
 * for df = 1e6, and gsl_sf_lnpoch, from which one would build the density, is 1e-8 off at 1e8.
 *
 * With t = sqrt(df) sinh(u), the density becomes proportional to cosh(u)^-df, so
 *
 *     P(T >= t) = cosh(u)^-df I(u) / (2 I(0)),   I(u) = integral over v > 0 of (cosh(u + v) / cosh(u))^-df
 *
 * for every df and t alike: a smooth, positive, decaying integrand, nothing cancels, and no gamma function is needed.
 * The trapezoidal rule after v = L exp(x - exp(-x)) (Takahasi & Mori 1974) gives I to the last digits. I is also the
 * inverse of the hazard, so Newton's method on log P(T >= t) needs nothing else. */
#include "numeric/distributions.h"

#include <math.h>
#include <stdbool.h>

#include "numeric/elementary.h"
#include "numeric/special.h"

/* Beyond this df Student's t is normal: the tails differ by t^4 / (4 df) relative, below 1e-14. */
static const double df_normal = 1e20;

/* Tails cost the square root of df; nobody has asked for more. */
static const double df_chi2_largest = 1e6;

static double log_cosh(double u)
{
    const double half = tm_sinh(u / 2);
    return u < 1 ? tm_log1p(2 * half * half) : u - M_LN2 + tm_log1p(tm_exp(-2 * u));
}

enum { STEPS = 36, PER_UNIT = 8, NODES = 2 * STEPS + 1 }; /* x from -4.5 to 4.5: beyond, terms are below 1e-30 of all */

/* exp(x - exp(-x)) and 1 + exp(-x) at the steps of x. */
typedef struct nodes {
    double v[NODES], weight[NODES];
} nodes;

static void fill_nodes(nodes *at)
{
    for (int k = 0; k < NODES; k++) at->weight[k] = -(double)(k - STEPS) / PER_UNIT;
    tm_exp_each(at->weight, NODES);
    for (int k = 0; k < NODES; k++) at->v[k] = (double)(k - STEPS) / PER_UNIT - at->weight[k];
    tm_exp_each(at->v, NODES);
    for (int k = 0; k < NODES; k++) at->weight[k] = 1 + at->weight[k];
}

/* sinh(x) of numbers from 0 to 30, by their exp(x) - 1. */
static double sinh_of(double less)
{
    return (less + less / (less + 1)) / 2;
}

static double mills_integral(const nodes *at, double u, double df)
{
    const double tanh_u = tm_tanh(u), scale = 1 / (df * tanh_u + fmin(df, sqrt(df)));
    double v[NODES], half[NODES], whole[NODES], sum = 0;
    for (int k = 0; k < NODES; k++) {
        v[k] = scale * at->v[k];
        whole[k] = fmin(v[k], 30);
        half[k] = whole[k] / 2;
    }
    tm_expm1_each(whole, NODES);
    tm_expm1_each(half, NODES);
    for (int k = 0; k < NODES; k++) { /* the logarithm of cosh(u + v) / cosh(u) */
        const double h = sinh_of(half[k]), s = sinh_of(whole[k]);
        const double growth = v[k] > 30 ? v[k] + tm_log((1 + tanh_u) / 2) : tm_log1p(2 * h * h + tanh_u * s);
        whole[k] = -df * growth;
    }
    tm_exp_each(whole, NODES);
    for (int k = 0; k < NODES; k++) sum += whole[k] * v[k] * at->weight[k];
    return sum / PER_UNIT;
}

double tm_student_p_two_sided(double t, double df)
{
    if (isnan(t) || !(df > 0)) return NAN;
    if (df > df_normal) return 2 * tm_normal_cdf(-fabs(t));
    const double u = tm_asinh(fabs(t) / sqrt(df));
    if (isinf(u)) return 0;
    nodes at;
    fill_nodes(&at);
    return fmin(tm_exp(-df * log_cosh(u)) * (mills_integral(&at, u, df) / mills_integral(&at, 0, df)), 1);
}

/* The normal quantile to some four digits, where Newton's method starts: as the result may keep a trace of its start,
 * that too must be the same on every processor. Abramowitz & Stegun 1964, 26.2.23. */
static double rough_normal_upper(double q)
{
    const double t = sqrt(-2 * tm_log(q));
    return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/* u with P(T >= sqrt(df) sinh(u)) = q <= 1/2. The logarithm of that tail is concave in u, so Newton's method, from any
 * start, is at the root's right after one step and then comes down to it. */
static double upper_quantile_u(double q, double df)
{
    nodes at;
    fill_nodes(&at);
    const double target = tm_log(q), at_zero = -M_LN2 - tm_log(mills_integral(&at, 0, df));
    double u = tm_asinh(fmax(rough_normal_upper(q), 0) / sqrt(df));
    for (int i = 0; i < 100; i++) {
        const double mills = mills_integral(&at, u, df);
        const double step = (at_zero - df * log_cosh(u) + tm_log(mills) - target) * mills;
        u = fmax(u + step, 0);
        if (fabs(step) <= 1e-15 * u) break;
    }
    return u;
}

double tm_student_quantile(double p, double df)
{
    if (!(p >= 0 && p <= 1) || !(df > 0)) return NAN;
    if (df > df_normal || p == 0 || p == 1 || p == 0.5) return tm_normal_quantile(p);
    const bool upper = p > 0.5;
    const double t = sqrt(df) * tm_sinh(upper_quantile_u(upper ? 1 - p : p, df));
    return upper ? t : -t;
}

double tm_chi2_upper(double x, double df)
{
    return df <= df_chi2_largest ? tm_gamma_upper(df / 2, x / 2) : NAN;
}

/* Newton's method on the logarithm of the smaller tail, as a function of u = log x: both tails' logarithms are concave
 * there, so that from the second step on u stays on one side of the root and comes to it. Starts from Wilson &
 * Hilferty's normal approximation, or from the leading term of the lower tail where that is smaller still. */
double tm_chi2_quantile(double p, double df)
{
    if (!(p >= 0 && p <= 1) || !(df > 0) || df > df_chi2_largest) return NAN;
    if (p == 0 || p == 1) return p == 0 ? 0 : INFINITY;
    const bool lower = p < 0.5;
    const double target = lower ? tm_log(p) : tm_log1p(-p), third = 2 / (9 * df);
    const double cube = 1 - third + tm_normal_quantile(p) * sqrt(third);
    double u = (tm_log(p) + tm_log_gamma(df / 2 + 1)) / (df / 2) + M_LN2;
    if (cube > 0) u = fmax(u, tm_log(df) + 3 * tm_log(cube));
    for (int i = 0; i < 200; i++) {
        const double x = tm_exp(u) / 2;
        if (!(x > 0)) break;
        const double tail = lower ? tm_gamma_lower(df / 2, x) : tm_gamma_upper(df / 2, x);
        double step = (target - tm_log(tail)) * tail / tm_gamma_weight(df / 2, x) * (lower ? 1 : -1);
        if (!(tail > 0)) step = 1 / sqrt(df); /* too far out for a double; only p below 1e-300 comes here */
        u += step;
        if (!(fabs(step) > 1e-15 * fmax(fabs(u), 1))) break;
    }
    return tm_exp(u);
}

double tm_f_upper(double f, double df1, double df2)
{
    if (isnan(f) || !(df1 > 0) || !(df2 > 0)) return NAN;
    if (f <= 0) return 1;
    if (isinf(df2)) return tm_chi2_upper(f * df1, df1);
    const double whole = df2 + df1 * f;
    return isinf(whole) ? 0 : tm_beta_lower(df2 / 2, df1 / 2, df2 / whole, df1 * f / whole);
}

/* Bisection until two neighbouring doubles are left: the tail is monotone, and nothing depends on a start. */
double tm_beta_quantile(double p, double a, double b)
{
    if (!(p >= 0 && p <= 1) || !(a > 0) || !(b > 0)) return NAN;
    if (p == 0 || p == 1) return p;
    double low = 0, high = 1;
    for (;;) {
        const double middle = low + (high - low) / 2;
        if (!(middle > low && middle < high)) return high;
        if (tm_beta_lower(a, b, middle, 1 - middle) < p)
            low = middle;
        else
            high = middle;
    }
}

/* Of beta's quantile and of its complement, each to its own last digits: f = df2 x / (df1 (1 - x)). */
double tm_f_quantile(double p, double df1, double df2)
{
    if (!(p >= 0 && p <= 1) || !(df1 > 0) || !(df2 > 0)) return NAN;
    if (isinf(df2)) return tm_chi2_quantile(p, df1) / df1;
    const double rest = tm_beta_quantile(1 - p, df2 / 2, df1 / 2);
    return rest == 0 ? INFINITY : df2 / df1 * (tm_beta_quantile(p, df1 / 2, df2 / 2) / rest);
}

void tm_binomial_interval(double successes, double n, double level, double *low, double *high)
{
    const double tail = (1 - level) / 2;
    *low = successes > 0 ? tm_beta_quantile(tail, successes, n - successes + 1) : 0;
    *high = successes < n ? 1 - tm_beta_quantile(tail, n - successes, successes + 1) : 1;
}

/* 2 Σ (-1)^(k - 1) exp(-2 k² x²) where that is quick, else one less sqrt(2 pi) / x Σ exp(-(2k - 1)² pi² / (8 x²)). */
double tm_kolmogorov_upper(double x)
{
    double sum = 0;
    if (!(x >= 0)) return NAN;
    if (x < 0.04) return 1;
    if (x < 1) {
        for (int k = 7; k >= 1; k -= 2) sum += tm_exp(-k * k * M_PI * M_PI / (8 * x * x));
        return 1 - 2.5066282746310005024 / x * sum;
    }
    for (int k = 6; k >= 1; k--) sum += (k % 2 ? 2 : -2) * tm_exp(-2 * k * k * x * x);
    return sum;
}

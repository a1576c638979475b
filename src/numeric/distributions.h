/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tails and quantiles, to 1e-12 relative wherever the result is a normal double and df at least 0.01; the same bits on
 * every processor. NaN in, NaN out. */
#ifndef TM_DISTRIBUTIONS_H
#define TM_DISTRIBUTIONS_H

/* P(|T| >= |t|). df > 0, fractional, huge or infinite (then the normal distribution); NaN for other df. */
double tm_student_p_two_sided(double t, double df);

/* The t with P(T <= t) = p. -inf and inf for p = 0 and 1. Near p = 1/2 the error is 1e-15 absolute. */
double tm_student_quantile(double p, double df);

/* The normal distribution, to 1e-14 relative; the same bits on every processor. Near p = 1/2 the error of a quantile is
 * 1e-16 absolute. */
double tm_normal_cdf(double x);
/* Near p = 1/2 the error is 1e-16 absolute. */
double tm_normal_quantile(double p);
double tm_normal_density(double x);
/* Mills' ratio P(X > x) / density(x): no over- or underflow for x > -38. */
double tm_normal_mills(double x);

/* P(X >= x) for chi-square with df in (0, 1e6] degrees of freedom; NaN for other df. */
double tm_chi2_upper(double x, double df);

/* The x with P(X <= x) = p. 0 and inf for p = 0 and 1. */
double tm_chi2_quantile(double p, double df);

/* P(F >= f) with df1 and df2 degrees of freedom; df2 may be infinite. */
double tm_f_upper(double f, double df1, double df2);

/* The f with P(F <= f) = p. 0 and inf for p = 0 and 1. */
double tm_f_quantile(double p, double df1, double df2);

/* The x with I_x(a, b) = p. */
double tm_beta_quantile(double p, double a, double b);

/* Exact interval of a binomial proportion (Clopper & Pearson 1934): `successes` of `n`. */
void tm_binomial_interval(double successes, double n, double level, double *low, double *high);

/* 1 - K(x), K the limit of the distribution of sqrt(n) times the largest distance between a sample's distribution
 * function and the true one (Kolmogorov 1933); x >= 0. */
double tm_kolmogorov_upper(double x);

#endif

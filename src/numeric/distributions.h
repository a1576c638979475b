/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tails and quantiles, to 1e-12 relative wherever the result is a normal double and df at least 0.01. NaN in, NaN out;
 * GSL's error handler, which is global and ends the program, is never called, whatever the arguments. */
#ifndef TM_DISTRIBUTIONS_H
#define TM_DISTRIBUTIONS_H

/* P(|T| >= |t|). df > 0, fractional, huge or infinite (then the normal distribution); NaN for other df. */
double tm_student_p_two_sided(double t, double df);

/* The t with P(T <= t) = p. -inf and inf for p = 0 and 1. Near p = 1/2 the error is 1e-15 absolute. */
double tm_student_quantile(double p, double df);

double tm_normal_cdf(double x);
double tm_normal_quantile(double p);

/* P(X >= x) for chi-square with df in (0, 1e6] degrees of freedom; NaN for other df. */
double tm_chi2_upper(double x, double df);

/* The x with P(X <= x) = p; beyond df 1e4 to 1e-11 only, as good as GSL's tails. 0 and inf for p = 0 and 1. */
double tm_chi2_quantile(double p, double df);

#endif

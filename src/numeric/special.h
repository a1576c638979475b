/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gamma and beta functions, complete and incomplete, on elementary.h: the same bits on every processor. Relative errors
 * are below 1e-13 for results down to 1e-200, and grow with the result's logarithm beyond (4e-16 of it). NaN for
 * arguments outside the domain, and for NaN. */
#ifndef TM_SPECIAL_H
#define TM_SPECIAL_H

/* log Γ(x), x > 0. */
double tm_log_gamma(double x);

/* Γ(x + 1/2) / Γ(x), x > 0, without the cancellation of two logarithms. */
double tm_gamma_half_ratio(double x);

/* x^a exp(-x) / Γ(a), a > 0, x >= 0. */
double tm_gamma_weight(double a, double x);

/* P(a, x) and Q(a, x) = 1 - P, regularised; a > 0, up to 1e6, x >= 0. Cost: O(sqrt(a)) where x is about a. */
double tm_gamma_lower(double a, double x);
double tm_gamma_upper(double a, double x);

/* I_x(a, b), regularised; y = 1 - x is given too, so that neither end loses digits. */
double tm_beta_lower(double a, double b, double x, double y);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_POLYNOMIAL_H
#define TM_POLYNOMIAL_H

enum { TM_POLYNOMIAL_DEGREE_MOST = 4 };

/* Σ coefficient[k] x^k */
double tm_polynomial_value(const double *coefficient, int degree, double x);

/* Where a polynomial of degree at most 4 is zero or has an extremum, in ascending order; returns how many places there
 * are. Roots are found between the derivative's own roots, where the polynomial is monotone, by halving, to the last
 * digits: no formula whose branches lose them. An extremum that touches zero, and so is a double root but for rounding,
 * is among the places whichever side of zero it falls on.
 *
 * Shapes   coefficient [degree + 1]; place [7]: four roots and three extrema.
 */
int tm_polynomial_places(const double *coefficient, int degree, double *place);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/polynomial.h"

#include <math.h>
#include <stdbool.h>

double tm_polynomial_value(const double *coefficient, int degree, double x)
{
    double value = 0;
    for (int k = degree; k >= 0; k--) value = value * x + coefficient[k];
    return value;
}

/* All roots lie within this of zero (Fujiwara 1916, rounded up). */
static double root_bound(const double *coefficient, int degree)
{
    double bound = 0;
    for (int k = 0; k < degree; k++) {
        double ratio = fabs(coefficient[k] / coefficient[degree]);
        /* the (degree - k)-th root, from above: by square roots, of at least that order */
        double root = degree - k == 1 ? ratio : degree - k == 2 ? sqrt(ratio) : sqrt(sqrt(ratio));
        if (degree - k == 3) root = fmax(root, sqrt(ratio)); /* a third root lies between them */
        bound = fmax(bound, root);
    }
    return 2 * bound * (1 + 1e-9) + 1e-300;
}

/* The root between low and high, at which the signs differ. */
static double halve(const double *coefficient, int degree, double low, double high)
{
    const bool rises = tm_polynomial_value(coefficient, degree, low) < 0;
    for (int i = 0; i < 200; i++) {
        const double middle = low + (high - low) / 2;
        if (!(middle > low && middle < high)) break;
        if ((tm_polynomial_value(coefficient, degree, middle) < 0) == rises)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static int find_roots(const double *coefficient, int degree, double *root);

/* Roots of the derivative: where a polynomial turns, or pauses. */
static int find_extrema(const double *coefficient, int degree, double *extremum)
{
    double slope[TM_POLYNOMIAL_DEGREE_MOST + 1] = {0};
    if (degree < 2) return 0;
    for (int k = 1; k <= degree; k++) slope[k - 1] = k * coefficient[k];
    return find_roots(slope, degree - 1, extremum);
}

static int find_between(const double *coefficient, int degree, const double *extremum, int n_extrema, double *root)
{
    const double bound = root_bound(coefficient, degree);
    int n = 0;
    for (int k = 0; k <= n_extrema; k++) {
        const double low = k == 0 ? -bound : fmax(-bound, fmin(extremum[k - 1], bound));
        const double high = k == n_extrema ? bound : fmax(-bound, fmin(extremum[k], bound));
        const double at_low = tm_polynomial_value(coefficient, degree, low);
        const double at_high = tm_polynomial_value(coefficient, degree, high);
        if (at_low == 0 && (n == 0 || root[n - 1] != low)) root[n++] = low;
        if ((at_low < 0 && at_high > 0) || (at_low > 0 && at_high < 0))
            root[n++] = halve(coefficient, degree, low, high);
    }
    return n;
}

static int find_roots(const double *coefficient, int degree, double *root)
{
    double extremum[TM_POLYNOMIAL_DEGREE_MOST] = {0};
    while (degree > 0 && coefficient[degree] == 0) degree--;
    if (degree == 0) return 0;
    return find_between(coefficient, degree, extremum, find_extrema(coefficient, degree, extremum), root);
}

int tm_polynomial_places(const double *coefficient, int degree, double *place)
{
    double extremum[TM_POLYNOMIAL_DEGREE_MOST] = {0}, root[TM_POLYNOMIAL_DEGREE_MOST + 1];
    int n = 0, r = 0;
    while (degree > 0 && coefficient[degree] == 0) degree--;
    if (degree == 0) return 0;
    const int n_extrema = find_extrema(coefficient, degree, extremum);
    const int n_roots = find_between(coefficient, degree, extremum, n_extrema, root);
    for (int k = 0; k <= n_extrema; k++) {
        for (; r < n_roots && (k == n_extrema || root[r] <= extremum[k]); r++) place[n++] = root[r];
        if (k < n_extrema) place[n++] = extremum[k];
    }
    return n;
}

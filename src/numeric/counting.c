/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/counting.h"

#include <limits.h>
#include <math.h>

#include <gsl/gsl_sf_gamma.h>

#include "numeric/elementary.h"

int64_t tm_common_divisor(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

double tm_log_factorial(int64_t n)
{
    gsl_sf_result result = {NAN, NAN};
    if (n < 0) return NAN;
    if (n <= UINT_MAX)
        gsl_sf_lnfact_e((unsigned)n, &result);
    else
        gsl_sf_lngamma_e((double)n + 1, &result);
    return result.val;
}

double tm_log_plus(double a, double b)
{
    const double larger = fmax(a, b), smaller = fmin(a, b);
    return smaller == -INFINITY ? larger : larger + tm_log1p(tm_exp(smaller - larger));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/counting.h"

#include <math.h>

#include "numeric/elementary.h"
#include "numeric/special.h"

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
    return n < 0 ? NAN : tm_log_gamma((double)n + 1);
}

double tm_log_plus(double a, double b)
{
    const double larger = fmax(a, b), smaller = fmin(a, b);
    return smaller == -INFINITY ? larger : larger + tm_log1p(tm_exp(smaller - larger));
}

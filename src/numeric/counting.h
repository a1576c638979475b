/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of arrangements, as natural logarithms. */
#ifndef TM_COUNTING_H
#define TM_COUNTING_H

#include <stdint.h>

/* log n! to 1e-15 relative; n >= 0. */
double tm_log_factorial(int64_t n);

/* log(exp(a) + exp(b)) without overflow; -inf is the logarithm of nothing. */
double tm_log_plus(double a, double b);

#endif

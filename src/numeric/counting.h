/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole numbers, and numbers of arrangements as natural logarithms. */
#ifndef TM_COUNTING_H
#define TM_COUNTING_H

#include <stdint.h>

/* Greatest common divisor of numbers that are not negative; of 0 and b it is b. */
int64_t tm_common_divisor(int64_t a, int64_t b);

/* log n! to 1e-15 relative; n >= 0. */
double tm_log_factorial(int64_t n);

/* log(exp(a) + exp(b)) without overflow; -inf is the logarithm of nothing. */
double tm_log_plus(double a, double b);

#endif

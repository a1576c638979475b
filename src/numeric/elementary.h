/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elementary functions that give the same bits on every processor. The C library's do not: it chooses among versions
 * with and without fused multiply-add as the program starts, and they differ in the last digit. These use + - * / and
 * square roots only, each of which IEEE 754 defines to the last bit. Errors are below 2 units in the last place; NaN
 * gives NaN. */
#ifndef TM_ELEMENTARY_H
#define TM_ELEMENTARY_H

double tm_exp(double x);
double tm_expm1(double x); /* exp(x) - 1 */
double tm_log(double x);   /* NaN below 0, -inf at 0 */
double tm_log1p(double x); /* log(1 + x) */
double tm_sinh(double x);
double tm_tanh(double x);
double tm_asinh(double x);

/* x [n] becomes exp(x), exp(x) - 1: the same bits, several times faster than one by one. */
void tm_exp_each(double *x, int n);
void tm_expm1_each(double *x, int n);

#endif

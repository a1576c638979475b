/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The array loops. Each level fills the same table; all levels give the same bits.
 *
 * Every reduction has one shape: element i goes to lane i % 8 in order of i, and the eight lanes are added as
 * ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7)). A level may choose registers, never the order.
 */
#ifndef TM_KERNELS_H
#define TM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef struct tm_kernels {
    const char *name;
    double (*sum)(const double *x, int64_t n);                                    /* Σ x */
    double (*dot)(const double *x, const double *y, int64_t n);                   /* Σ x y */
    double (*dot3)(const double *x, const double *y, const double *z, int64_t n); /* Σ (x y) z */
    void (*axpy)(double a, const double *x, double *y, int64_t n);                /* y += a x */
    void (*scale)(double a, double *x, int64_t n);                                /* x *= a */
    void (*shift)(double a, double *x, int64_t n);                                /* x += a */
    /* Lower triangle of the Gram matrix of k columns: out[i * k + j] = Σ x_i x_j for j <= i, each of them a `dot`. */
    void (*gram)(const double *const *columns, int k, int64_t n, double *out);
} tm_kernels;

/* The table of that level; NULL: the best that this machine runs. NULL when there is no such level here. */
const tm_kernels *tm_kernels_find(const char *name);

/* The levels that this machine runs, slowest first, NULL beyond the last. */
const tm_kernels *tm_kernels_level(int index);

#endif

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
    /* Draws as bits: row i is bit i % 64 of word i / 64; bits beyond the last row are 0. */
    int64_t (*count_bits)(const uint64_t *words, int64_t n_words);
    /* out[d * step] = Σ x over the rows that draw d has: `sum` of x with +0 in the place of the other rows. The bits of
     * draw d start at bits + d * stride. */
    void (*masked_sums)(const double *x, int64_t n, const uint64_t *bits, int64_t stride, int64_t n_draws, double *out,
                        int64_t step);
    /* out[d * step] = how many rows draw d and y both have. */
    void (*masked_counts)(const uint64_t *y, int64_t n_words, const uint64_t *bits, int64_t stride, int64_t n_draws,
                          double *out, int64_t step);
} tm_kernels;

/* The table of that level; NULL: the best that this machine runs. NULL when there is no such level here. */
const tm_kernels *tm_kernels_find(const char *name);

/* The levels that this machine runs, slowest first, NULL beyond the last. */
const tm_kernels *tm_kernels_level(int index);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization tests of whole-number outcomes without drawing: the distribution of the treated units' (weighted) sum
 * under all assignments that keep the number of treated units of every block, by convolution. */
#ifndef TM_EXACT_SUM_H
#define TM_EXACT_SUM_H

#include "numeric/lattice.h"

typedef struct tm_exact_trial {
    int64_t n;
    const int32_t *block;  /* [n] below n_blocks */
    const bool *treated;   /* [n] */
    const int64_t *score;  /* [n] outcomes, ranks, … */
    const int64_t *weight; /* [n_blocks] of a block's sum; NULL: all one */
    int32_t n_blocks;
} tm_exact_trial;

/* X is the sum over blocks of weight × (sum of the treated units' scores); x what it was, and E its mean under the null
 * hypothesis that no outcome would have been another. |X - E| and |x - E| are tied when they differ by less than 1e-9
 * of the latter. Ordering by |X - E| or by the standardized |X - E| / sd is the same. */
typedef struct tm_exact_p {
    bool known; /* false: tables would be too large, or a weighted sum leaves 2^53; the rest is NaN then */
    double x, mean, sd;
    double two_sided;                 /* P(|X - E| >= |x - E|) */
    double upper, lower;              /* P(X >= x), P(X <= x) */
    double mid, mid_upper, mid_lower; /* with half of P(X tied with x) instead of the whole */
    tm_lattice distribution;          /* of X, on the scratch arena */
} tm_exact_p;

/* Shapes   as above; nothing is drawn and no unit is ever left out.
 * Units    a p below the smallest normal double is given as that: none is ever 0.
 * Cost     N = 10^6 with outcomes 0 and 1 in 20 blocks: tens of milliseconds. Rich values cost more: see
 *          numeric/lattice.h; `known` is false rather than that it takes longer than about a second.
 * Source   Streitberg & Röhmel 1986 (shift algorithm); Pagano & Tritchler 1983; Lancaster 1961 (mid-p).
 */
TEMOIN_MUST_CHECK temoin_status tm_exact_sum_run(temoin_context *ctx, const tm_exact_trial *trial, tm_exact_p *out);

/* whole [n]: y 10^d as whole numbers, d the fewest decimals (at most six) that give back every y to the last bit, and
 * the result; -1 where none does. */
int tm_exact_decimals(const double *y, int64_t n, int64_t *whole);

#endif

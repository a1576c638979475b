/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hansen & Bowers' d²: how far the arms' means are apart, all covariates at once.
 *
 * With z_ia = 1 for a row in arm a and n_ba of the n_b rows of block b in arm a, the sums d_a = sum_i (z_ia - n_ba /
 * n_b) x_i of all arms but the reference are stacked. Under complete randomization within blocks their covariance is,
 * with S_b the sums of squares and products of x about the means of block b,
 *
 *     V_aa' = sum_b n_ba (n_b [a = a'] - n_ba') / (n_b (n_b - 1)) S_b,
 *
 * and d² = d' V⁻ d, of as many degrees of freedom as V has rank. With two arms this is the statistic of RItools'
 * balanceTest, blocks weighted by n_b1 n_b0 / n_b. Which arm is the reference makes no difference. */
#ifndef TM_OMNIBUS_STATISTIC_H
#define TM_OMNIBUS_STATISTIC_H

#include "base/failure.h"

/* The rows are units, or whole clusters with their sums. */
typedef struct tm_omnibus_rows {
    int64_t n_rows;
    int32_t n_blocks, n_arms, n_x;
    const int32_t *block; /* [n_rows] */
    const double *x;      /* [n_rows * n_x] finite */
} tm_omnibus_rows;

typedef struct tm_omnibus_test {
    tm_omnibus_rows rows;
    int32_t n_d;         /* (n_arms - 1) * n_x */
    const int64_t *row;  /* [n_rows] the rows, block after block … */
    const int64_t *from; /* [n_blocks + 1] … and where each begins */
    double *x;           /* [n_rows * n_x] in that order, about the block's mean, in within-block standard deviations */
    bool ready;          /* what follows is for the counts and the left out of the last call */
    bool *left;          /* [n_rows] in that order: in no arm */
    int64_t *count;      /* [n_blocks * n_arms] */
    int64_t *tally;      /* [n_arms] scratch */
    double *v, *scale, *value, *vector, *work, *products, *sum, *d;
    int32_t rank;
    int64_t room; /* the rank that V has if the covariates tell all rows apart: d² is then the same for all draws */
} tm_omnibus_test;

/* In the caller's scratch. Constant covariates and sums of others are no harm. */
TEMOIN_MUST_CHECK temoin_status tm_omnibus_test_build(temoin_context *ctx, const tm_omnibus_rows *rows,
                                                      tm_omnibus_test *out);

/* arm [n_rows], -1 for rows that are left out.
 * Cost     O(n_rows n_x) when blocks have as many rows of each arm as at the last call, and the same are left out; else
 *          O(n_rows n_x² + n_d³) beside. */
double tm_omnibus_test_run(tm_omnibus_test *test, const int32_t *arm);

/* Column j alone, arm a against arm 0: d / sqrt(V) of the rows in these two; NaN where V is 0. */
double tm_omnibus_z(const tm_omnibus_test *test, const int32_t *arm, int32_t a, int32_t j);

#endif

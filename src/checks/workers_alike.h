/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far apart the clients of different workers are, all covariates at once, or in a yes and no.
 *
 * In block b, of n_b clients and k_b workers, x are the covariates about their means in the block, and S their sums of
 * squares and products over all blocks. Then with
 *
 *     T = Σ_b Σ_w s_w' S⁻ s_w / n_w,   s_w the sum of x over the n_w clients of worker w in the block,
 *
 * the mean of T over all ways of dealing a block's clients to its workers is E = Σ_b (k_b - 1) Σ_{i in b} x_i' S⁻ x_i /
 * (n_b - 1). The statistic is T df / E with df = rank(S) Σ_b (k_b - 1), so that df is its mean exactly. With one block
 * it is Hansen & Bowers' d² of the workers (omnibus_statistic.h), n - 1 times Pillai's trace; with several, one S for
 * all keeps small blocks from fitting their own. The chi-square p leans on the blocks' spreads being alike, that of
 * redraws does not. Blocks with one worker, and those in which no two clients share one, tell nothing and are left
 * out. */
#ifndef TM_WORKERS_ALIKE_H
#define TM_WORKERS_ALIKE_H

#include "base/failure.h"

typedef struct tm_alike_rows {
    int64_t n;
    int32_t n_blocks, n_workers, n_x;
    const int32_t *block;  /* [n] -1: left out */
    const int32_t *worker; /* [n] */
    const double *x;       /* [n * n_x] finite */
} tm_alike_rows;

typedef struct tm_alike_test {
    const tm_alike_rows *rows;
    int64_t *from;   /* [n_blocks + 1] … */
    int64_t *member; /* … rows of the blocks that tell something */
    double *z;       /* [from[n_blocks] * rank] of each: S^(-1/2) x */
    int32_t rank;
    int64_t n, n_workers; /* in these blocks */
    int64_t room;         /* the rank with which T is the same for all: Σ_b (n_b - 1) */
    double df, scale;     /* df / E */
    int64_t *count;       /* [n_workers] scratch, zero between calls; a test is one thread's */
    double *sum;          /* [n_workers * rank] likewise */
} tm_alike_test;

/* In the caller's scratch; the rows must outlive the test. */
TEMOIN_MUST_CHECK temoin_status tm_alike_test_build(temoin_context *ctx, const tm_alike_rows *rows, tm_alike_test *out);

/* worker [n]: the rows' own, or a redraw. Cost   O(n rank). */
double tm_alike_test_run(tm_alike_test *test, const int32_t *worker);

/* The same of a yes and no: Pearson's chi-square of worker by answer, added up over the blocks in which somebody says
 * yes and somebody no. */
typedef struct tm_answers_test {
    const tm_alike_rows *rows; /* n_x 1: x is 0 or 1 */
    int64_t *from, *member;    /* as above, of blocks with both answers */
    int64_t n, n_workers;
    double df;
    int64_t *count, *yes; /* [n_workers] scratch, zero between calls */
} tm_answers_test;

TEMOIN_MUST_CHECK temoin_status tm_answers_test_build(temoin_context *ctx, const tm_alike_rows *rows,
                                                      tm_answers_test *out);
double tm_answers_test_run(tm_answers_test *test, const int32_t *worker);

/* The chance, over all ways of dealing the clients, that the statistic is at least `least`; NaN: there are too many
 * tables to go through. In each block the number of yes of each worker has the multivariate hypergeometric
 * distribution.
 * Cost     at most 10^6 tables of a block, and 10^7 of their sums. */
TEMOIN_MUST_CHECK temoin_status tm_answers_exact(temoin_context *ctx, const tm_answers_test *test, double least,
                                                 double *p);

#endif

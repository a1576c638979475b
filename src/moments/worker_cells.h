/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients by cluster and arm: how many, and the mean of their outcomes, adjusted for covariates. */
#ifndef TM_WORKER_CELLS_H
#define TM_WORKER_CELLS_H

#include "base/failure.h"
#include "moments/sample.h"

typedef struct tm_worker_cells {
    int32_t n_clusters;
    int32_t n_arms;
    const int64_t *n;       /* [n_clusters * n_arms] clients of a cluster in an arm */
    const double *mean;     /* [n_clusters * n_arms] of the outcome in `unit`s; NaN where there is nobody */
    double unit;            /* power of two: 1, or the size of outcomes whose squares or squared squares overflow */
    const bool *dropped;    /* [n_covariates] collinear, or the same for all clients of each cluster */
    bool saturated;         /* not enough clients for the covariates: nothing else is filled but n */
    double within;          /* Σ (y - mean of the cell)², adjusted, in unit² */
    const int64_t *workers; /* [n_arms] clusters with a client in the arm */
    const int64_t *served;  /* [n_arms] those of them with several; 0: nobody shares a worker in this arm */
} tm_worker_cells;

/* With covariates, the outcomes are y - x'b with the slopes b of the regression within cells, clients who are alone in
 * a cluster being one cell per arm. Differences within workers say nothing of differences between them: where errors
 * are normal, b is independent of the workers' means, and these keep the variance that a comparison of them goes by.
 * Slopes from all clients would fit a part of it away, the larger the fewer the workers.
 *
 * Shapes   of a sample without weights; a sample that is not clustered is one of clusters of one. Scratch arena.
 * Cost     O(n p²).
 * Cites    Hayes & Moulton 2017, ch. 10 (adjusted summaries of clusters; there with slopes from all clients and
 *          without the arms).
 */
TEMOIN_MUST_CHECK temoin_status tm_worker_cells_build(temoin_context *ctx, const tm_sample *sample,
                                                      tm_worker_cells *out);

/* 1, or the power of two by which outcomes have to be divided so that their fourth powers are doubles. */
double tm_outcome_unit(const double *y, int64_t n);

#endif

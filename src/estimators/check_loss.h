/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantile regression's minimization, exactly. */
#ifndef TM_CHECK_LOSS_H
#define TM_CHECK_LOSS_H

#include "base/failure.h"

typedef struct tm_check_loss {
    int64_t n;
    int32_t p;
    const double *const *x; /* [p] → [n], linearly independent */
    const double *y;        /* [n] */
    const double *weight;   /* [n] positive; NULL: all one */
    const double *start;    /* [n] residuals of y from some fit on x, such as that of least squares */
} tm_check_loss;

typedef struct tm_check_loss_fit {
    double *beta;   /* [p] */
    int64_t *basis; /* [p] the rows that the solution goes through */
    double objective;
    bool unique; /* false: other coefficients do as well */
    bool solved; /* false: rounding kept the search from an end */
} tm_check_loss_fit;

/* Coefficients that minimize Σ w_i ρ(y_i - x_i'β) with ρ(r) = r (tau - 1[r < 0]), at a vertex: p rows whose residuals
 * are zero.
 *
 * Of several vertices that are as good, the one with the largest mean fit is taken, however the columns are coded: for
 * one arm the upper quantile. Where more than p rows lie on a vertex (which ties in y bring about), outcomes are told
 * apart by perturbations of 1e-8 of the largest residual that depend on the row's number only; what is returned is the
 * solution of the unperturbed problem at that vertex.
 *
 * From a vertex near the given residuals' quantile, the search goes along the edge on which the sum falls most steeply
 * for its length, and on it beyond every breakpoint until the sum would rise: one weighted median a step.
 *
 * Shapes   fit lives on the scratch arena.
 * Cost     O(n p) a step, some p log n steps; n (p + 5) doubles.
 * Cites    Koenker & Bassett 1978; Barrodale & Roberts 1973 (steps beyond breakpoints); Bloomfield & Steiger 1983.
 */
TEMOIN_MUST_CHECK temoin_status tm_check_loss_run(temoin_context *ctx, const tm_check_loss *problem, double tau,
                                                  tm_check_loss_fit *fit);

#endif

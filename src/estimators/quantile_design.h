/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of a quantile regression: a constant, strata, arms and covariates, without those that follow from others;
 * and what its standard errors need of them. */
#ifndef TM_QUANTILE_DESIGN_H
#define TM_QUANTILE_DESIGN_H

#include "estimators/check_loss.h"
#include "estimators/estimator.h"

typedef struct tm_quantile_design {
    const tm_sample *sample;
    int32_t p;
    const double **x;   /* [p] → [n] */
    int32_t *column;    /* [n_arms] of an arm; -1: nobody is in it, or it is in the constant */
    bool arms_confused; /* an arm's column follows from those of strata and other arms */
    int32_t n_dropped;
    int32_t *dropped; /* [n_dropped] covariates that follow from other columns */
    double *least;    /* [n] residuals of least squares */
    tm_check_loss_fit *fit;
    tm_check_loss loss;
} tm_quantile_design;

/* Scratch arena. */
TEMOIN_MUST_CHECK temoin_status tm_quantile_design_build(temoin_context *ctx, const tm_sample *sample,
                                                         tm_quantile_design *out);

/* out [p] = (Σ_i d_i x_i x_i')⁻¹ a for positive d [n] (NULL: all one); *singular when that has no meaning. */
TEMOIN_MUST_CHECK temoin_status tm_quantile_design_solve(temoin_context *ctx, const tm_quantile_design *design,
                                                         const double *d, const double *a, double *out, bool *singular);

/* For rq_iid: the residuals nearest to zero but not zero, put in order, and their ranks over n - p. */
typedef struct tm_quantile_near {
    int64_t n; /* 0: there are too few */
    double *x; /* [n] ranks */
    double *y; /* [n] residuals */
} tm_quantile_near;

TEMOIN_MUST_CHECK temoin_status tm_quantile_near_build(temoin_context *ctx, const tm_quantile_design *design,
                                                       double tau, tm_quantile_near *out);

/* What the large-sample variance is made of, tau (1 - tau) times this: a' D⁻¹ X'X D⁻¹ a with an estimate of
 * D = X'FX, F the density of the outcome at its quantile given x. NaN where the density cannot be estimated.
 *
 *   rq_iid  the same density for everybody: its inverse is the slope of a median regression through the residuals
 * around zero, put in order, on their ranks over n - p; rq_nid  Hendricks & Koenker's: the fits at tau ± h give each
 * row 2 h / (x'(β(tau + h) - β(tau - h))); rows where the two fits cross count nothing, `*n_crossed` of them; rq_ker
 * Powell's kernel estimate, a normal density of the residuals with bandwidth (z(tau + h) - z(tau - h)) times the
 *           smaller of standard deviation and interquartile range / 1.34.
 *
 * h is Hall & Sheather's bandwidth for 95 % intervals, halved until tau ± h lie in (0, 1). */
TEMOIN_MUST_CHECK temoin_status tm_quantile_spread(temoin_context *ctx, const tm_quantile_design *design, double tau,
                                                   const char *kind, const double *a, double *spread,
                                                   int64_t *n_crossed);

#endif

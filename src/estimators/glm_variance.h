/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Variances of functions of maximum-likelihood coefficients, from the weighted fit at the maximum. */
#ifndef TM_GLM_VARIANCE_H
#define TM_GLM_VARIANCE_H

#include "moments/fit.h"

typedef struct tm_glm_variance {
    double variance;     /* NaN when refused */
    const char *refused; /* note; NULL: there is a number */
    const char *warned;  /* note beside the number; NULL: none */
} tm_glm_variance;

/* What the keys of these variances mean, with z the basis of the fit, e its residuals and ℓ the gradient of the effect
 * in that basis: classical |ℓ|²; hc0 Σ (z_i'ℓ e_i)², ml_robust n/(n-1) times that; cr0 Σ_g (ℓ'Z_g'e_g)², cr1 G/(G-1)
 * times that; cr2 with Z_g'A_g e_g where A_g makes it unbiased were the model's own variances right. The reference is
 * normal for all of them.
 *
 * Shapes   spread [n] the model's variance of an outcome, in the order of the sample; only cr2 needs it.
 * Notes    one_cluster, one_cluster_in_arm, few_clusters; cluster_leverage_one: the model fits a cluster whatever its
 *          outcomes.
 * Cost     one pass over the rows, O(p) each; for cr2 O(p²) each, some hundred times.
 * Cites    White 1982; Liang & Zeger 1986; Pustejovsky & Tipton 2018, eq. 6 (as clubSandwich has it for glm).
 */
TEMOIN_MUST_CHECK temoin_status tm_glm_variance_run(temoin_context *ctx, const tm_fit *fit, const char *key,
                                                    int32_t contrast, const double *spread, tm_glm_variance *out);

#endif

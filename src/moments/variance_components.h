/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regressions whose errors are independent with variances that are linear in a few unknown ones, by (restricted)
 * maximum likelihood:
 *
 *     y_i = x_i'β + e_i,   var e_i = v_i = Σ_c a_ic θ_c,   a_ic >= 0
 *
 * A random intercept is such a regression once each cluster of n clients is turned into its mean, times √n, with
 * variance θ_residual + n θ_cluster, and n - 1 differences with variance θ_residual: the covariance matrix has no other
 * eigenvectors. Rows of equal a enter as one block by their moments, so that nothing grows with the number of rows. */
#ifndef TM_VARIANCE_COMPONENTS_H
#define TM_VARIANCE_COMPONENTS_H

#include "base/failure.h"

enum { TM_COMPONENTS = 4 };

typedef struct tm_component_block {
    double n;                     /* rows */
    double share[TM_COMPONENTS];  /* a_c */
    double *gram, *cross, square; /* X'X [k * k], all of it; X'y [k]; y'y */
} tm_component_block;

typedef struct tm_component_row {
    double share[TM_COMPONENTS];
    double *x, y; /* [k] */
} tm_component_row;

typedef struct tm_component_data {
    int32_t k;
    int32_t n_components;
    bool may_be_zero[TM_COMPONENTS]; /* without it every row still has a variance */
    bool restricted;                 /* REML; otherwise maximum likelihood */
    int32_t n_blocks;
    const tm_component_block *block;
    int64_t n_rows;
    const tm_component_row *row;
} tm_component_data;

typedef enum tm_component_end { TM_COMPONENTS_DONE, TM_COMPONENTS_STUCK } tm_component_end;

typedef struct tm_component_fit {
    tm_component_end end;
    double theta[TM_COMPONENTS]; /* 0: at the boundary */
    double log_likelihood;       /* but for a constant */
    double *beta;                /* [k] */
    double *covariance;          /* Φ = (X'V⁻¹X)⁻¹, [k * k] */
    double score[TM_COMPONENTS];
    double expected[TM_COMPONENTS * TM_COMPONENTS], observed[TM_COMPONENTS * TM_COMPONENTS]; /* information of θ */
    double *slope; /* [n_components * k * k] P_c = X'V⁻¹A_cV⁻¹X, the derivative of Φ⁻¹ with its sign turned */
} tm_component_fit;

/* Newton's method on log θ (Fisher's scoring where the likelihood is not concave) with step halving, once with and once
 * without each component that may be zero; the largest likelihood wins.
 *
 * Shapes   the fit lives on the scratch arena.
 * Units    the mean square of what y has beside X should be near one.
 * Cost     O((rows + blocks k) k² + k³) per step, some ten steps.
 * Cites    Patterson & Thompson 1971; Harville 1977, eq. 4.7 (score and information of linear covariances).
 */
TEMOIN_MUST_CHECK temoin_status tm_components_fit(temoin_context *ctx, const tm_component_data *data,
                                                  tm_component_fit *out);

/* The variance of ℓ'β and its degrees of freedom. */
typedef struct tm_component_variance {
    double variance, df;
} tm_component_variance;

/* ℓ'Φℓ with 2 (ℓ'Φℓ)² / (g'I⁻¹g) degrees of freedom, g the gradient ℓ'ΦP_cΦℓ and I the observed information, both of
 * the components that are not zero (Giesbrecht & Burns 1985; Fai & Cornelius 1996). Where all is at its largest, this
 * does not depend on whether θ, its logarithm or ratios are the unknowns. df NaN: the information is not positive. */
TEMOIN_MUST_CHECK temoin_status tm_components_satterthwaite(temoin_context *ctx, const tm_component_data *data,
                                                            const tm_component_fit *fit, const double *l,
                                                            tm_component_variance *out);

/* Kenward & Roger 1997. V is linear in θ, so that there are no second derivatives:
 *
 *     Φ_A = Φ + 2 Φ {Σ_ij W_ij (Q_ij - P_i Φ P_j)} Φ,   Q_ij = X'V⁻¹A_iV⁻¹A_jV⁻¹X,   W = inverse expected information
 *
 * of all components, those at zero too; and for one linear combination their degrees of freedom are 2 (ℓ'Φℓ)² / (g'Wg)
 * and their λ is one (A_1 = A_2 makes m = 2 / A_1 of their equations 6 and 7). Of a restricted likelihood. */
TEMOIN_MUST_CHECK temoin_status tm_components_kenward_roger(temoin_context *ctx, const tm_component_data *data,
                                                            const tm_component_fit *fit, const double *l,
                                                            tm_component_variance *out);

#endif

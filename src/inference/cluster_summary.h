/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_CLUSTER_SUMMARY_H
#define TM_CLUSTER_SUMMARY_H

#include "moments/fit.h"
#include "temoin/result.h"

/* What one cluster does to an effect. */
typedef struct tm_cluster_influence {
    double leverage; /* shares of what the model fits, adding up to the number of its coefficients */
    double partial;  /* shares in the effect, adding up to one */
    double without;  /* the effect of all others; NaN: it needs the cluster */
} tm_cluster_influence;

/* Of each cluster, out [n_clusters]. With S_g = Z_g'Z_g of moments/leverage.h, the leverage of cluster g is the trace
 * of S_g, its partial leverage ℓ'S_g ℓ / ℓ'ℓ, and the effect without it the effect less ℓ'(I - S_g)⁻¹ Z_g'e.
 *
 * Cost     O(n p²).
 * Cites    MacKinnon, Nielsen & Webb 2023.
 */
TEMOIN_MUST_CHECK temoin_status tm_cluster_influence_run(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                                                         tm_cluster_influence *out);

/* What one contrast of a clustered fit rests on; the texts of `out` are left alone. Effective clusters are G / (1 + Γ),
 * Γ being the squared coefficient of variation of a_g' Ω a_g, where a_g are the weights of g's rows in the effect and
 * Ω is I, or all ones.
 *
 * Cost     O(n p²).
 * Cites    MacKinnon, Nielsen & Webb 2023; Carter, Schnepel & Steigerwald 2017, eq. 10.
 */
TEMOIN_MUST_CHECK temoin_status tm_cluster_summary_run(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                                                       temoin_clusters *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small matrices on which likelihood, score, information and Kenward & Roger's adjustment of a mixed model rest, at
 * given ratios θ. In units of σ², with V = I + Σ_k θ_k G_k, G_k = Z_k Z_k', U = (X, y):
 *
 *     a = U'V⁻¹U    b_k = U'V⁻¹G_kV⁻¹U    q_kl = U'V⁻¹G_kV⁻¹G_lV⁻¹U    t_k = tr(V⁻¹G_k)    t_kl = tr(V⁻¹G_kV⁻¹G_l)
 *
 * The residual's own matrix I never appears: the scale of the whole of V takes its place as a parameter, and estimates,
 * information and degrees of freedom do not change when parameters are replaced by linear combinations of them. */
#ifndef TM_RANDOM_FORMS_H
#define TM_RANDOM_FORMS_H

#include "moments/random_moments.h"

typedef struct tm_random_forms {
    const tm_random_moments *moments;
    int32_t m;              /* p + 1 */
    double log_determinant; /* log |V| */
    double *a;              /* [m * m] symmetric, as b_k */
    double *b[TM_RANDOM_MOST_FACTORS];
    double *q[TM_RANDOM_MOST_FACTORS][TM_RANDOM_MOST_FACTORS]; /* [k][l] for l <= k, symmetric part of q_kl */
    double t[TM_RANDOM_MOST_FACTORS];
    double tt[TM_RANDOM_MOST_FACTORS][TM_RANDOM_MOST_FACTORS]; /* both halves */
    double *full[3]; /* [dim * dim] W'V₁⁻¹W and its like; NULL of one factor */
    double *room[6]; /* [n_dense * max(n_dense, m)] */
} tm_random_forms;

/* Room on the scratch arena. */
TEMOIN_MUST_CHECK temoin_status tm_random_forms_init(temoin_context *ctx, const tm_random_moments *moments,
                                                     tm_random_forms *out);

/* At ratio [n_factors], each >= 0 and finite. `likelihood_only`: log_determinant and a, no more. False: V is not
 * positive definite to the last digits.
 *
 * Algorithm  with V₁ = I + θ_0 G_0, every row of which is a level of its own, h = 1 / (1 + n θ_0) and w = θ_0 h per
 * level, W'V₁⁻¹W = W'W - Σ w s s', s = Σ of the level's rows of W (Sherman & Morrison); the other factors follow by
 *            Woodbury's identity in their levels.
 * Cost       Σ over the levels of the squared number of their entries, and O(n_dense² (n_dense + m)). */
bool tm_random_forms_at(const temoin_context *ctx, tm_random_forms *forms, const double *ratio, bool likelihood_only);

#endif

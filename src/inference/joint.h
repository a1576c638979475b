/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_JOINT_H
#define TM_JOINT_H

#include "moments/fit.h"

typedef struct tm_joint {
    double statistic; /* F; NaN with all that follows when refused */
    double df1;       /* contrasts that do not follow from the others */
    double df2;
    double p;
    const char *refused; /* key of a note; NULL: there are numbers */
} tm_joint;

/* Are all contrasts of a fit zero? Wald's test with a variance by its key, F with n - k degrees of freedom in the
 * denominator, or G - 1 when it is clustered:
 *
 *     F = b'V⁻¹b / q
 *
 * With cr2 it is the approximate Hotelling test HTZ instead, rows unweighted: V is like a Wishart matrix whose degrees
 * of freedom η come from the variances of its entries under independent normal errors,
 *
 *     F = (η - q + 1) / (η q) b'V⁻¹b ~ F(q, η - q + 1),   η = q (q + 1) / Σ_st Var(V_st)
 *
 * Contrasts become orthonormal first, so that V is the identity in expectation, up to the variance of the errors.
 *
 * Notes    no_contrast: one is not identified; joint_singular: their covariance has too few degrees of freedom, as with
 *          no more clusters than contrasts; joint_undefined: no such test for this variance, or for cr2 with weights;
 *          leverage_one, cluster_leverage_one.
 * Cost     O(n p²), and O(G² p q²) up to 300 clusters with cr2, O(G p² q²) beyond.
 * Cites    Tipton & Pustejovsky 2015, eq. 16 and 17 (HTZ); Cameron & Miller 2015, eq. 35.
 */
TEMOIN_MUST_CHECK temoin_status tm_joint_run(temoin_context *ctx, const tm_fit *fit, const char *variance,
                                             tm_joint *out);

#endif

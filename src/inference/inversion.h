/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Constant effects that a randomization test does not reject: { τ : p(τ) > 1 - level }, all of them, without a search.
 *
 * If every treated client's outcome is τ more than it would have been, the outcomes without the effect are y - τ z, and
 * in draw r the statistic would have been T_r(τ) = (A_r - τ B_r) / sqrt(V_r(τ)): A and B are the effects that the
 * estimator finds in y and in z under the arms of the draw, and V, the variance, is quadratic in τ, as it is in the
 * outcomes. So a draw is as extreme as the trial itself, |T_r(τ)| >= |T_0(τ)|, where a polynomial of at most fourth
 * degree is not negative: in an interval that holds the estimate (at which T_0 is zero), beyond it in rays, in several
 * pieces or everywhere. p(τ) counts the draws whose pieces hold τ, and steps at their ends only; with one interval per
 * draw the ends of the set are order statistics of theirs.
 *
 * Cites    Garthwaite 1996 (critical values of draws); Luo, Dasgupta, Xie & Liu 2021; Rosenbaum 2002, section 2.6.1.
 */
#ifndef TM_INVERSION_H
#define TM_INVERSION_H

#include "base/failure.h"

/* In units in which the estimate is at 0 and the trial's own statistic is |u|: u = (τ - estimate) / scale, the scale
 * being the trial's standard error, or of a statistic that is the effect itself, anything. */
typedef struct tm_inversion {
    int64_t n_draws;
    const double *value; /* [n_draws] A_r at u = 0, over the scale; NaN: undefined, as extreme whatever the effect */
    const double *slope; /* [n_draws] B_r */
    const double
        *variance; /* [3 * n_draws] of V_r(u) = v0 + v1 u + v2 u², over the scale's square; NULL: no variance */
    const double *probability; /* [n_draws] of the listed assignments; NULL: all are equally likely */
    bool exact;                /* the draws are all assignments; else p = (c + 1) / (n + 1) */
    double level;
} tm_inversion;

typedef struct tm_effect_set {
    double low, high; /* of the smallest interval that holds the set; infinite: no bound on that side */
    bool disjoint;    /* the set has gaps */
} tm_effect_set;

/* The set is never empty: it holds u = 0.
 *
 * Cost     O(n_draws log n_draws).
 */
TEMOIN_MUST_CHECK temoin_status tm_inversion_run(temoin_context *ctx, const tm_inversion *inversion,
                                                 tm_effect_set *out);

#endif

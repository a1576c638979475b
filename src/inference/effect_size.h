/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects in units of the outcome's own spread, for comparison between outcomes and trials. */
#ifndef TM_EFFECT_SIZE_H
#define TM_EFFECT_SIZE_H

#include "moments/sample.h"

typedef enum tm_spread {
    TM_SPREAD_POOLED,    /* of both arms, n - 2: Cohen's d */
    TM_SPREAD_CORRECTED, /* the same, times J(n - 2) on the effect: Hedges' g */
    TM_SPREAD_REFERENCE, /* of the reference arm, n - 1: Glass's delta */
} tm_spread;

/* effect over the standard deviation within arms, of the rows of the two arms of a contrast (one has weight 1, one -1);
 * strata, covariates and clusters do not enter the spread. J(m) = Γ(m / 2) / (sqrt(m / 2) Γ((m - 1) / 2)), exactly
 * (Hedges 1981).
 *
 * NaN for other contrasts, with weights, with too few rows, or where nothing varies within arms.
 */
double tm_effect_size(const tm_sample *sample, const double *arm_weight, double effect, tm_spread spread);

/* Cox's index of a binary outcome: the log odds ratio over 1.65 (Cox 1970; What Works Clearinghouse 2022, appendix E),
 * of the reference's proportion and of that proportion plus the effect. NaN where either is not inside of (0, 1), and
 * as above. */
double tm_cox_index(const tm_sample *sample, const double *arm_weight, double effect);

#endif

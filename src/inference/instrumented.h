/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effect of receiving, not of being offered: assignment is the instrument of receipt. */
#ifndef TM_INSTRUMENTED_H
#define TM_INSTRUMENTED_H

#include "inference/effects.h"

/* Effect of receipt on those whom the assignment moves (compliers), for one contrast of two arms. With one instrument
 * two-stage least squares is the ratio of two regressions on arms, strata and covariates, of the outcome (r) and of the
 * receipt (d): value = r / d. Its variance is that of the effect of arms on y - value · received, over d²: the
 * residuals are those of two-stage least squares and the leverages those of the first stage, so every linear variance
 * applies. The same number is the delta method's for a ratio.
 *
 * Shapes   out, its notes initialised by the caller; sample->received [n] 0 or 1.
 * Notes    no_compliers: receipt is the same in both arms, there is no effect; weak_first_stage: F below 10, value
 *          without a standard error (Anderson & Rubin's set holds nevertheless); and those of
 *          tm_effects_run.
 *          out->first_stage, result arena, has the numbers of the first stage but no names; with one instrument the
 *          estimate itself passes Anderson & Rubin's test, so that their set is never empty.
 * Needs    a contrast of one arm with another; clients of other arms are left out.
 * Cost     that of six fits.
 * Cites    Angrist, Imbens & Rubin 1996; Staiger & Stock 1997 (F below 10); Anderson & Rubin 1949; Wooldridge 2010,
 *          sec. 6.3.1 (test of exogeneity by the first stage's residual).
 *
 * normal: normal reference (the delta method's), otherwise Student's t with the variance's degrees of freedom. */
TEMOIN_MUST_CHECK temoin_status tm_instrumented_run(temoin_context *ctx, const tm_sample *sample,
                                                    const tm_variance *variance, const double *arm_weight, double level,
                                                    bool normal, tm_effect *out);

#endif

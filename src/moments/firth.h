/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logistic regression with the likelihood penalized by the root of the information's determinant (Jeffreys' prior):
 *
 *     l*(β) = l(β) + ½ log |X'WX|,     score  X'(y - π + h (½ - π)),   h the leverages of the fit weighted by W =
 * π(1-π)
 *
 * (Firth 1993; Heinze & Schemper 2002, eq. 2). It removes the estimate's first-order bias and always has a finite
 * maximum, in separated samples too. Held fixed, h makes each row a row of weight 1 + h with some of the other outcome,
 * so that a step is a weighted least-squares fit (moments/fit.h) at the weights (1 + h) W. */
#ifndef TM_FIRTH_H
#define TM_FIRTH_H

#include "moments/fit.h"

typedef struct tm_firth {
    bool done;      /* false: the maximum was not found, nothing else holds */
    double *group;  /* [n_groups] α */
    double *column; /* [n_columns] β */
    double *eta;    /* [n] in the order of the sample */
    double height;  /* l* */
    double slope;   /* of profiles: d l* / d effect along the profile */
} tm_firth;

/* The maximum over all coefficients, to the last digits. No weights in the sample, columns that are not collinear, y 0
 * or 1. Scratch arena; the cost is that of some twenty fits. */
TEMOIN_MUST_CHECK temoin_status tm_firth_run(temoin_context *ctx, const tm_model *model, tm_firth *out);

/* The fit at the weights (1 + h) W, for the model's contrasts: its |ℓ|² are the variances that logistf prints. Heinze &
 * Schemper have W alone there, a little wider. */
TEMOIN_MUST_CHECK temoin_status tm_firth_fit(temoin_context *ctx, const tm_model *model, const double *eta,
                                             const tm_fit **out);

/* What the profile of l* says of one contrast, a combination of the model's columns. */
typedef struct tm_firth_profile {
    bool done;
    double root; /* √(2 (max l* - max l* at effect 0)), with the sign of the effect; standard normal at effect 0 */
    double low, high; /* where that difference is ½ z² */
} tm_firth_profile;

/* The ends by Newton's method on the signed root, whose slope follows from the profile's, inside a bracket. The penalty
 * is that of the whole model everywhere. Cost: some hundred fits. Cites Heinze & Schemper 2002, sec. 2.3. */
TEMOIN_MUST_CHECK temoin_status tm_firth_profile_run(temoin_context *ctx, const tm_model *model, const tm_firth *top,
                                                     int32_t contrast, double z, tm_firth_profile *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An estimator turns a sample into a linear model and says which linear combinations of it are the effects.
 *
 * To add one: write <key>.c with `const tm_estimator tm_estimator_<key>`, add the key to this folder's meson.build. The
 * contract tests, `temoin list estimators` and the report's methods section find it from there. */
#ifndef TM_ESTIMATOR_H
#define TM_ESTIMATOR_H

#include "base/failure.h"
#include "moments/model.h"

typedef struct tm_estimator {
    const char *key;
    const char *title_en;
    const char *title_fr;
    const char *cites;
    bool takes_covariates;
    bool blockwise;              /* the model is block means only: block-wise variances apply */
    bool compares_within_strata; /* needs no weights where probabilities differ between strata */
    /* Fills the model but for its sample, contrasts and arm weights, which are set on entry. left_out [n_contrasts]:
     * rows of strata in which the contrast does not exist. Scratch arena. */
    temoin_status (*build)(temoin_context *ctx, tm_model *model, int64_t *left_out);
} tm_estimator;

extern const tm_estimator *const tm_estimators[];
extern const int tm_n_estimators;

/* NULL when there is no such key. */
const tm_estimator *tm_estimator_find(const char *key);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A variance turns a fit into the squared standard error of each effect and its degrees of freedom.
 *
 * To add one: write <key>.c with `const tm_variance tm_variance_<key>`, add the key to this folder's meson.build. */
#ifndef TM_VARIANCE_H
#define TM_VARIANCE_H

#include "base/failure.h"
#include "estimators/estimator.h"
#include "moments/fit.h"

typedef struct tm_uncertainty {
    double variance;     /* NaN when refused */
    double df;           /* reference: Student's t with these; NaN when refused */
    const char *refused; /* key of the note that says why there is no number, see result/notes.h; NULL: there is one */
    const char *warned;  /* key of a note that stands beside the number; NULL: none */
} tm_uncertainty;

typedef struct tm_variance {
    const char *key;
    const char *title_en;
    const char *title_fr;
    const char *cites;
    bool clustered; /* needs the estimate's `cluster` */
    bool blockwise; /* needs an estimator that is block means only, without weights */
    /* out [n_contrasts]; contrasts whose value is not identified are left alone. NULL: a formula that only estimators
     * with a `run` of their own know. */
    temoin_status (*run)(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out);
    /* The same variance, where its degrees of freedom are most of the work and nobody asks for them; NULL: none such.
     */
    temoin_status (*run_plain)(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out);
} tm_variance;

extern const tm_variance *const tm_variances[];
extern const int tm_n_variances;

/* NULL when there is no such key. */
const tm_variance *tm_variance_find(const char *key);

/* True when the estimator can be asked for that variance. */
bool tm_variance_serves(const tm_variance *variance, const tm_estimator *estimator);

/* Marks a contrast as refused. */
void tm_uncertainty_refuse(tm_uncertainty *out, const char *note);

#endif

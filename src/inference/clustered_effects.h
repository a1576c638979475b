/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_CLUSTERED_EFFECTS_H
#define TM_CLUSTERED_EFFECTS_H

#include "estimators/effect.h"
#include "inference/bootstrap.h"

/* What is asked of clustered estimates beyond the variance. */
typedef struct tm_clustered_request {
    bool summaries;                        /* tm_effect.clusters */
    const tm_bootstrap_options *bootstrap; /* without owner; NULL: none */
} tm_clustered_request;

/* Adds both to the effects that have a standard error; `unit` is what the fit's outcome was divided by.
 *
 * Notes    bootstrap_enumerated, bootstrap_unbounded, bootstrap_disjoint; few_treated_clusters where the null
 * hypothesis is imposed, clusters are drawn and an arm has fewer than six: such a bootstrap hardly ever rejects
 * (MacKinnon & Webb 2018). Errors   of memory only.
 */
TEMOIN_MUST_CHECK temoin_status tm_clustered_effects_run(temoin_context *ctx, const tm_fit *fit,
                                                         const tm_clustered_request *request, double unit,
                                                         tm_effect *out);

#endif

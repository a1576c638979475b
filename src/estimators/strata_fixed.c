/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/strata_pooled.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_strata_pooled_run(ctx, request, false, out);
}

const tm_estimator tm_estimator_strata_fixed = {
    .key = "strata_fixed",
    .title_en = "effects of strata pooled by inverse variance, the same effect everywhere",
    .title_fr = "effets des strates combinés par l’inverse de la variance, un même effet partout",
    .cites = "Hedges & Olkin 1985, ch. 6",
    .compares_within_strata = true,
    .run = run,
    .variances = "inverse_variance",
};

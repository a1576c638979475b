/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/strata_pooled.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_strata_pooled_run(ctx, request, true, out);
}

const tm_estimator tm_estimator_strata_random = {
    .key = "strata_random",
    .title_en = "effects of strata pooled by inverse variance, effects that differ between strata",
    .title_fr = "effets des strates combinés par l’inverse de la variance, des effets qui varient entre strates",
    .cites = "DerSimonian & Laird 1986, eq. 8",
    .compares_within_strata = true,
    .run = run,
    .variances = "inverse_variance",
};

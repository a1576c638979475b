/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_glm_effects_run(ctx, request, &tm_glm_probit, TM_GLM_COEFFICIENT, out);
}

const tm_estimator tm_estimator_probit = {
    .key = "probit",
    .title_en = "probit regression: coefficient",
    .title_fr = "régression probit : coefficient",
    .cites = "Bliss 1934; McCullagh & Nelder 1989, ch. 4",
    .unit = TM_UNIT_NONE,
    .takes_covariates = true,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = TM_GLM_VARIANCES_OBSERVED,
};

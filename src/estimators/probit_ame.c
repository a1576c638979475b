/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_glm_effects_run(ctx, request, &tm_glm_probit, TM_GLM_DIFFERENCE, out);
}

const tm_estimator tm_estimator_probit_ame = {
    .key = "probit_ame",
    .title_en = "probit regression: average marginal effect, a difference in means",
    .title_fr = "régression probit : effet marginal moyen, une différence de moyennes",
    .cites = "Bliss 1934; McCullagh & Nelder 1989, ch. 4; Bartus 2005; Freedman 2008 (“Randomization does not justify "
             "logistic regression”)",
    .takes_covariates = true,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = TM_GLM_VARIANCES_OBSERVED,
};

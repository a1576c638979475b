/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_glm_effects_run(ctx, request, &tm_glm_poisson, TM_GLM_DIFFERENCE, out);
}

const tm_estimator tm_estimator_poisson_ame = {
    .key = "poisson_ame",
    .title_en = "Poisson regression: average marginal effect, a difference in means",
    .title_fr = "régression de Poisson : effet marginal moyen, une différence de moyennes",
    .cites = "McCullagh & Nelder 1989, ch. 6; Gourieroux, Monfort & Trognon 1984; "
             "Bartus 2005; Freedman 2008",
    .takes_covariates = true,
    .outcome = TM_OUTCOME_NOT_NEGATIVE,
    .run = run,
    .variances = TM_GLM_VARIANCES,
};

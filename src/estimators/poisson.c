/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_glm_effects_run(ctx, request, &tm_glm_poisson, TM_GLM_COEFFICIENT, out);
}

const tm_estimator tm_estimator_poisson = {
    .key = "poisson",
    .title_en = "Poisson regression: log rate ratio",
    .title_fr = "régression de Poisson : logarithme du rapport des taux",
    .cites = "McCullagh & Nelder 1989, ch. 6; Gourieroux, Monfort & Trognon 1984",
    .unit = TM_UNIT_LOG_RATIO,
    .takes_covariates = true,
    .outcome = TM_OUTCOME_NOT_NEGATIVE,
    .run = run,
    .variances = TM_GLM_VARIANCES,
};

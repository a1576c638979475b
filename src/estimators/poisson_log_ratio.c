/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_glm_effects_run(ctx, request, &tm_glm_poisson, TM_GLM_LOG_RATIO, out);
}

const tm_estimator tm_estimator_poisson_log_ratio = {
    .key = "poisson_log_ratio",
    .title_en = "Poisson regression: log ratio of average predictions",
    .title_fr = "régression de Poisson : logarithme du rapport des prédictions moyennes",
    .cites = "McCullagh & Nelder 1989, ch. 6; Gourieroux, Monfort & Trognon 1984; "
             "Greenland 2004",
    .unit = TM_UNIT_LOG_RATIO,
    .takes_covariates = true,
    .outcome = TM_OUTCOME_NOT_NEGATIVE,
    .run = run,
    .variances = TM_GLM_VARIANCES,
};

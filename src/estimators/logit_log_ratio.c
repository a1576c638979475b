/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_glm_effects_run(ctx, request, &tm_glm_logit, TM_GLM_LOG_RATIO, out);
}

const tm_estimator tm_estimator_logit_log_ratio = {
    .key = "logit_log_ratio",
    .title_en = "logistic regression: log ratio of average predictions",
    .title_fr = "régression logistique : logarithme du rapport des prédictions moyennes",
    .cites = "McCullagh & Nelder 1989, ch. 4; Greenland 2004",
    .unit = TM_UNIT_LOG_RATIO,
    .takes_covariates = true,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = TM_GLM_VARIANCES,
};

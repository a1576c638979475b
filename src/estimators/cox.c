/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/cox_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_cox_effects_run(ctx, request, true, out);
}

const tm_estimator tm_estimator_cox = {
    .key = "cox",
    .title_en = "proportional hazards, log hazard ratio (ties: Efron)",
    .title_fr = "hasards proportionnels, logarithme du rapport de risques instantanés (ex æquo : Efron)",
    .cites = "Cox 1972; Efron 1977",
    .takes_covariates = true,
    .outcome = TM_OUTCOME_TIME,
    .compares_within_strata = true,
    .run = run,
    .variances = "hc0 classical cr0",
};

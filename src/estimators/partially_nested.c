/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/partially_nested_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_partially_nested_run(ctx, request, &(tm_partial_model){.common = false, .maximum_likelihood = false},
                                   out);
}

const tm_estimator tm_estimator_partially_nested = {
    .key = "partially_nested",
    .title_en = "mixed model, caseworkers in one arm only, a residual variance for each arm, REML",
    .title_fr = "modèle mixte, intervenants dans un seul groupe, une variance résiduelle par groupe, REML",
    .cites = "Lohr, Schochet & Sanders 2014; Candlish et al. 2018",
    .takes_covariates = true,
    .run = run,
    .variances = "kenward_roger model_satterthwaite model_wald_z",
};

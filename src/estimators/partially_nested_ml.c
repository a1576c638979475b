/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/partially_nested_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_partially_nested_run(ctx, request, &(tm_partial_model){.common = false, .maximum_likelihood = true}, out);
}

const tm_estimator tm_estimator_partially_nested_ml = {
    .key = "partially_nested_ml",
    .title_en = "mixed model, caseworkers in one arm only, a residual variance for each arm, ML",
    .title_fr = "modèle mixte, intervenants dans un seul groupe, une variance résiduelle par groupe, ML",
    .cites = "Lohr, Schochet & Sanders 2014; Candlish et al. 2018",
    .takes_covariates = true,
    .run = run,
    .variances = "model_satterthwaite model_wald_z",
};

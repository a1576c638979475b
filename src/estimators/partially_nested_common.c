/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/partially_nested_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_partially_nested_run(ctx, request, &(tm_partial_model){.common = true, .maximum_likelihood = false}, out);
}

const tm_estimator tm_estimator_partially_nested_common = {
    .key = "partially_nested_common",
    .title_en = "mixed model, caseworkers in one arm only, one residual variance, REML",
    .title_fr = "modèle mixte, intervenants dans un seul groupe, une seule variance résiduelle, REML",
    .cites = "Roberts & Roberts 2005; Bauer, Sterba & Hallfors 2008",
    .takes_covariates = true,
    .run = run,
    .variances = "kenward_roger model_satterthwaite model_wald_z",
};

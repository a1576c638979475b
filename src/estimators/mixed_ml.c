/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/mixed_effects.h"

/* As `mixed`, with variances that maximum likelihood estimates: smaller ones, because it takes the fixed effects for
 * known. Kenward & Roger's adjustment is for REML. */
static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_mixed_run(ctx, request, &(tm_mixed_options){.reml = false, .clients = false}, out);
}

const tm_estimator tm_estimator_mixed_ml = {
    .key = "mixed_ml",
    .title_en = "mixed model: a random intercept for each cluster, maximum likelihood",
    .title_fr = "modèle mixte : une ordonnée aléatoire par grappe, maximum de vraisemblance",
    .cites = "Laird & Ware 1982",
    .takes_covariates = true,
    .compares_within_strata = true,
    .run = run,
    .variances = "model_satterthwaite model_wald_z",
};

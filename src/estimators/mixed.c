/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/mixed_effects.h"

/* y = α_stratum + τ arm + x'β + u_cluster + e, u and e normal with variances that REML estimates. */
static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_mixed_run(ctx, request, &(tm_mixed_options){.reml = true, .clients = false}, out);
}

const tm_estimator tm_estimator_mixed = {
    .key = "mixed",
    .title_en = "mixed model: a random intercept for each cluster, REML",
    .title_fr = "modèle mixte : une ordonnée aléatoire par grappe, REML",
    .cites = "Patterson & Thompson 1971; Laird & Ware 1982",
    .takes_covariates = true,
    .compares_within_strata = true,
    .run = run,
    .variances = "kenward_roger model_satterthwaite model_wald_z",
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/mixed_effects.h"

/* y = α_stratum + τ arm + x'β + s_site + u_worker + e: clients of a site are alike beyond what their workers are. Where
 * the design's strata are the sites they are fixed already, and `mixed` is the model. */
static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_mixed_run(ctx, request, &(tm_mixed_options){.reml = true, .sites = true}, out);
}

const tm_estimator tm_estimator_mixed_nested = {
    .key = "mixed_nested",
    .title_en = "mixed model: random intercepts of sites and of the workers in them, REML",
    .title_fr = "modèle mixte : ordonnées aléatoires des sites et de leurs intervenants, REML",
    .cites = "Patterson & Thompson 1971; Harville 1977",
    .takes_covariates = true,
    .compares_within_strata = true,
    .run = run,
    .variances = "kenward_roger model_satterthwaite model_wald_z",
    .takes_sites = true,
};

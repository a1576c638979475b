/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/mixed_effects.h"

/* y_iw = α_(wave, stratum) + τ arm + x'β + u_cluster + v_client + e: the clients of a worker are alike, and a client is
 * like themselves at other waves. Clients who change workers cross the two factors; else clients are nested. Of an
 * estimate that is clustered by clients, u is left out. */
static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_mixed_run(ctx, request, &(tm_mixed_options){.reml = true, .clients = true}, out);
}

const tm_estimator tm_estimator_mixed_crossed = {
    .key = "mixed_crossed",
    .title_en = "mixed model of all waves: random intercepts of clusters and of clients, crossed or nested, REML",
    .title_fr = "modèle mixte de toutes les vagues : ordonnées aléatoires des grappes et des clients, croisées ou "
                "emboîtées, REML",
    .cites = "Patterson & Thompson 1971; Baayen, Davidson & Bates 2008",
    .takes_covariates = true,
    .compares_within_strata = true,
    .run = run,
    .variances = "kenward_roger model_satterthwaite model_wald_z",
    .waves = TM_WAVES_POOLED,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return fit->root_weight ? tm_clustered_reduced_bias_weighted(ctx, fit, out)
                            : tm_clustered_reduced_bias(ctx, fit, out);
}

static temoin_status run_plain(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return fit->root_weight ? tm_clustered_reduced_bias_weighted(ctx, fit, out)
                            : tm_clustered_run(ctx, fit, TM_POWER_INVERSE_ROOT, 1, false, out);
}

const tm_variance tm_variance_cr2 = {
    .key = "cr2",
    .title_en = "bias-reduced cluster-robust, Satterthwaite degrees of freedom (CR2)",
    .title_fr = "robuste par grappes à biais réduit, degrés de liberté de Satterthwaite (CR2)",
    .cites = "Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, eq. 5-11",
    .clustered = true,
    .run = run,
    .run_plain = run_plain,
};

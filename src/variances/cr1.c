/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    double g = fit->n_clusters;
    return tm_clustered_run(ctx, fit, TM_POWER_ZERO, g / (g - 1), false, out);
}

const tm_variance tm_variance_cr1 = {
    .key = "cr1",
    .title_en = "cluster-robust with G / (G - 1) (CR1)",
    .title_fr = "robuste par grappes avec G / (G - 1) (CR1)",
    .cites = "Cameron & Miller 2015, eq. 12",
    .clustered = true,
    .run = run,
};

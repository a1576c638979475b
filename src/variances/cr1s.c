/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    double g = fit->n_clusters, n = (double)fit->n, k = fit->n_parameters;
    return tm_clustered_run(ctx, fit, TM_POWER_ZERO, g / (g - 1) * (n - 1) / (n - k), false, out);
}

const tm_variance tm_variance_cr1s = {
    .key = "cr1s",
    .title_en = "cluster-robust with Stata's factor (CR1S)",
    .title_fr = "robuste par grappes avec le facteur de Stata (CR1S)",
    .cites = "Cameron & Miller 2015, eq. 12",
    .clustered = true,
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    double g = fit->n_clusters;
    return tm_clustered_run(ctx, fit, TM_POWER_INVERSE, (g - 1) / g, false, out);
}

const tm_variance tm_variance_cv3 = {
    .key = "cv3",
    .title_en = "jackknife that leaves out one cluster at a time (CV3)",
    .title_fr = "jackknife par grappe (CV3)",
    .cites = "MacKinnon, Nielsen & Webb 2023, eq. 13",
    .clustered = true,
    .run = run,
};

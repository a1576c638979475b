/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

/* The adjusted score of a cluster is by how much the estimate falls when that cluster is left out, so that taking the
 * scores' mean out centres the jackknife at the mean of its estimates. */
static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    double g = fit->n_clusters;
    return tm_clustered_run(ctx, fit, TM_POWER_INVERSE, (g - 1) / g, true, out);
}

const tm_variance tm_variance_cv3j = {
    .key = "cv3j",
    .title_en = "jackknife that leaves out one cluster at a time, around its own mean (CV3J)",
    .title_fr = "jackknife par grappe, autour de sa propre moyenne (CV3J)",
    .cites = "MacKinnon, Nielsen & Webb 2023",
    .clustered = true,
    .run = run,
};

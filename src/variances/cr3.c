/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_clustered_run(ctx, fit, TM_POWER_INVERSE, 1, false, out);
}

const tm_variance tm_variance_cr3 = {
    .key = "cr3",
    .title_en = "cluster-robust, residuals divided by (I - H) (CR3)",
    .title_fr = "robuste par grappes, résidus divisés par (I - H) (CR3)",
    .cites = "Bell & McCaffrey 2002",
    .clustered = true,
    .run = run,
};

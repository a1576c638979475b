/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_clustered_run(ctx, fit, TM_POWER_ZERO, 1, false, out);
}

const tm_variance tm_variance_cr0 = {
    .key = "cr0",
    .title_en = "cluster-robust (CR0)",
    .title_fr = "robuste par grappes (CR0)",
    .cites = "Liang & Zeger 1986",
    .clustered = true,
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/heteroskedastic.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_heteroskedastic_run(ctx, fit, 1, 1, true, out);
}

static temoin_status run_plain(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_heteroskedastic_run(ctx, fit, 1, 1, false, out);
}

const tm_variance tm_variance_hc2_bm = {
    .key = "hc2_bm",
    .title_en = "HC2 with Bell-McCaffrey degrees of freedom",
    .title_fr = "HC2 avec degrés de liberté de Bell-McCaffrey",
    .cites = "Bell & McCaffrey 2002; Imbens & Kolesár 2016",
    .run = run,
    .run_plain = run_plain,
};

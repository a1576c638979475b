/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/heteroskedastic.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_heteroskedastic_run(ctx, fit, 0, 1, false, out);
}

const tm_variance tm_variance_hc0 = {
    .key = "hc0",
    .title_en = "heteroskedasticity-robust (HC0)",
    .title_fr = "robuste à l'hétéroscédasticité (HC0)",
    .cites = "White 1980",
    .run = run,
};

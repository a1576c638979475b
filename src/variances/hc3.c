/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/heteroskedastic.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_heteroskedastic_run(ctx, fit, 2, 1, false, out);
}

const tm_variance tm_variance_hc3 = {
    .key = "hc3",
    .title_en = "heteroskedasticity-robust, jackknife-like (HC3)",
    .title_fr = "robuste à l'hétéroscédasticité, type jackknife (HC3)",
    .cites = "MacKinnon & White 1985",
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/heteroskedastic.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_heteroskedastic_run(ctx, fit, 1, 1, false, out);
}

const tm_variance tm_variance_hc2 = {
    .key = "hc2",
    .title_en = "heteroskedasticity-robust, leverage-corrected (HC2)",
    .title_fr = "robuste à l'hétéroscédasticité, corrigée du levier (HC2)",
    .cites = "Horn, Horn & Duncan 1975; MacKinnon & White 1985",
    .run = run,
};

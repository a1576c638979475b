/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/heteroskedastic.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_heteroskedastic_run(ctx, fit, 0, (double)fit->n / (double)(fit->n - fit->n_parameters), false, out);
}

const tm_variance tm_variance_hc1 = {
    .key = "hc1",
    .title_en = "heteroskedasticity-robust with n / (n - k) (HC1)",
    .title_fr = "robuste à l'hétéroscédasticité avec n / (n - k) (HC1)",
    .cites = "Hinkley 1977; MacKinnon & White 1985",
    .run = run,
};

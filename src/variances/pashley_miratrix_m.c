/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/mixed_blocks.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_mixed_blocks_run(ctx, fit, false, out);
}

const tm_variance tm_variance_pashley_miratrix_m = {
    .key = "pashley_miratrix_m",
    .title_en = "blocks of mixed shape: Neyman's variance, small blocks by the spread among those of their size",
    .title_fr = "blocs de formes diverses : variance de Neyman, petits blocs par la dispersion de ceux de leur taille",
    .cites = "Pashley & Miratrix 2021 (hybrid, by size)",
    .blockwise = true,
    .run = run,
};

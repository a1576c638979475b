/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/mixed_blocks.h"

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    return tm_mixed_blocks_run(ctx, fit, true, out);
}

const tm_variance tm_variance_pashley_miratrix = {
    .key = "pashley_miratrix",
    .title_en = "blocks of mixed shape: Neyman's variance, small blocks by their spread",
    .title_fr = "blocs de formes diverses : variance de Neyman, petits blocs par leur dispersion",
    .cites = "Pashley & Miratrix 2021 (hybrid, plug-in)",
    .blockwise = true,
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"

static double step(double p, int64_t rank, int64_t n)
{
    return p * (double)n / (double)(rank + 1);
}

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_step_up(ctx, family, step, adjusted);
}

const tm_adjustment tm_adjustment_bh = {
    .key = "bh",
    .name = "BH",
    .title = "false discovery rate, step-up",
    .cites = "Benjamini & Hochberg 1995",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_bh),
    .run = run,
};

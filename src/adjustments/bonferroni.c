/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"

static double step(double p, int64_t rank, int64_t n)
{
    (void)rank;
    return p * (double)n;
}

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_step_down(ctx, family, step, adjusted);
}

const tm_adjustment tm_adjustment_bonferroni = {
    .key = "bonferroni",
    .name = "Bonferroni",
    .title = "family-wise error rate, single step",
    .cites = "Dunn 1961",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_bonferroni),
    .run = run,
};

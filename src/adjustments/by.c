/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"

static double step(double p, int64_t rank, int64_t n)
{
    double harmonic = 0;
    for (int64_t j = n; j >= 1; j--) harmonic += 1 / (double)j;
    return p * harmonic * (double)n / (double)(rank + 1);
}

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_step_up(ctx, family, step, adjusted);
}

const tm_adjustment tm_adjustment_by = {
    .key = "by",
    .name = "BY",
    .title = "false discovery rate, step-up, for any dependence",
    .cites = "Benjamini & Yekutieli 2001",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_by),
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"

static double step(double p, int64_t rank, int64_t n)
{
    return p * (double)(n - rank);
}

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_step_up(ctx, family, step, adjusted);
}

const tm_adjustment tm_adjustment_hochberg = {
    .key = "hochberg",
    .name = "Hochberg",
    .title = "family-wise error rate, step-up, for independent or positively dependent statistics",
    .cites = "Hochberg 1988",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_hochberg),
    .run = run,
};

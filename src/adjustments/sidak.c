/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"
#include "numeric/elementary.h"

/* 1 - (1 - p)^n, to the last digits however small p is. */
static double step(double p, int64_t rank, int64_t n)
{
    (void)rank;
    return -tm_expm1((double)n * tm_log1p(-p));
}

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_step_down(ctx, family, step, adjusted);
}

const tm_adjustment tm_adjustment_sidak = {
    .key = "sidak",
    .name = "Šidák",
    .title = "family-wise error rate, single step, for independent or normal statistics",
    .cites = "Šidák 1967",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_sidak),
    .run = run,
};

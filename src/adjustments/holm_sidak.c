/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"
#include "numeric/elementary.h"

/* 1 - (1 - p)^(n - rank) */
static double step(double p, int64_t rank, int64_t n)
{
    return -tm_expm1((double)(n - rank) * tm_log1p(-p));
}

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_step_down(ctx, family, step, adjusted);
}

const tm_adjustment tm_adjustment_holm_sidak = {
    .key = "holm_sidak",
    .name = "Holm-Šidák",
    .title = "family-wise error rate, step-down, for independent or normal statistics",
    .cites = "Holm 1979; Šidák 1967",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_holm_sidak),
    .run = run,
};

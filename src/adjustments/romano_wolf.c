/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Redraws hold for every member at once, and so need no centring: the procedure is then Westfall & Young's with largest
 * statistics, but for its demand that these be studentized, without which the error rate holds for sharp hypotheses
 * only. p = (c + 1) / (n + 1) as in the paper of 2016. */
#include <math.h>

#include "adjustments/adjustment.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    if (!family->redrawn || !family->redrawn->studentized) return TEMOIN_OK;
    return tm_redrawn_max_t(ctx, family->redrawn, family->n, true, adjusted);
}

const tm_adjustment tm_adjustment_romano_wolf = {
    .key = "romano_wolf",
    .name = "Romano-Wolf",
    .title = "family-wise error rate by redraws: largest studentized statistics, step-down",
    .cites = "Romano & Wolf 2005; Romano & Wolf 2016",
    .need = TM_NEEDS_REDRAWS,
    .studentized = true,
    .column = offsetof(temoin_row, p_romano_wolf),
    .run = run,
};

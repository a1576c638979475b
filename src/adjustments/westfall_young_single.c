/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "adjustments/adjustment.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    if (!family->redrawn) return TEMOIN_OK;
    return tm_redrawn_max_t(ctx, family->redrawn, family->n, false, adjusted);
}

const tm_adjustment tm_adjustment_westfall_young_single = {
    .key = "westfall_young_single",
    .name = "Westfall-Young, single step",
    .title = "family-wise error rate by redraws: largest statistic, single step",
    .cites = "Westfall & Young 1993",
    .need = TM_NEEDS_REDRAWS,
    .column = offsetof(temoin_row, p_westfall_young_single),
    .run = run,
};

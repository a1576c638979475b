/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "adjustments/adjustment.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    if (!family->redrawn) return TEMOIN_OK;
    return tm_redrawn_min_p(ctx, family->redrawn, family->n, adjusted);
}

const tm_adjustment tm_adjustment_westfall_young_min_p = {
    .key = "westfall_young_min_p",
    .name = "Westfall-Young, min p",
    .title = "family-wise error rate by redraws: smallest p values, step-down",
    .cites = "Westfall & Young 1993",
    .need = TM_NEEDS_REDRAWS,
    .column = offsetof(temoin_row, p_westfall_young_min_p),
    .run = run,
};

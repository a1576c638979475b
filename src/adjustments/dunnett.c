/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/several_arms.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_several_arms_adjust(ctx, family, false, adjusted);
}

const tm_adjustment tm_adjustment_dunnett = {
    .key = "dunnett",
    .name = "Dunnett",
    .title = "family-wise error rate among the contrasts of one measure and wave, single step",
    .cites = "Dunnett 1955; Hothorn, Bretz & Westfall 2008",
    .need = TM_NEEDS_CORRELATION,
    .column = offsetof(temoin_row, p_dunnett),
    .run = run,
};

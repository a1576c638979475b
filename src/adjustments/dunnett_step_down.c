/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/several_arms.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    return tm_several_arms_adjust(ctx, family, true, adjusted);
}

const tm_adjustment tm_adjustment_dunnett_step_down = {
    .key = "dunnett_step_down",
    .name = "Dunnett, step-down",
    .title = "family-wise error rate among the contrasts of one measure and wave, step-down",
    .cites = "Dunnett & Tamhane 1991; Westfall 1997",
    .need = TM_NEEDS_CORRELATION,
    .column = offsetof(temoin_row, p_dunnett_step_down),
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `blocked` with a single stratum, whose canonical text is "". */
#include "designs/design_kind.h"

extern const tm_design tm_design_blocked;

static temoin_status check_no_strata(temoin_context *ctx, const tm_design_units *units)
{
    if (units->n_strata != 1 || units->stratum_text[0][0])
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"complete\" draws all units as one group, but design.strata divides them; use kind "
                "\"blocked\" or leave out design.strata");
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_design_blocked.draw(ctx, units, arm);
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm, double *probability,
                              double *error)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_design_blocked.received(ctx, units, arm, probability, error);
}

const tm_design tm_design_complete = {
    .key = "complete",
    .title = "Fixed numbers per arm among all units",
    .cites = "Cox 1987; Deville & Tillé 1998",
    .draw = draw,
    .received = received,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/panel_model.h"

/* y_iw = α_(wave, stratum) + γ arm_i + τ arm_i 1[w after] + x_i'β + e_iw. Where every client has every wave, τ is the
 * mean after less the mean before, in the arm less in the reference. */
static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    return tm_panel_change_build(ctx, model, true, left_out);
}

const tm_estimator tm_estimator_panel_did = {
    .key = "panel_did",
    .title_en = "difference in differences: waves after less the baseline wave, by arm, each wave absorbed",
    .title_fr =
        "différence de différences : vagues suivantes moins la vague initiale, par groupe, chaque vague absorbée",
    .cites = "Angrist & Pischke 2009, section 5.2; McKenzie 2012; Bertrand, Duflo & Mullainathan 2004",
    .takes_covariates = true,
    .build = build,
    .waves = TM_WAVES_CHANGE,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/panel_model.h"

/* The textbook's four means: y_iw = α_(before or after, stratum) + γ arm_i + τ arm_i 1[w after] + x_i'β + e_iw. Waves
 * after are one period: where arms lack different waves, what changes from wave to wave goes into τ, and panel_did is
 * the one to use. */
static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    return tm_panel_change_build(ctx, model, false, left_out);
}

const tm_estimator tm_estimator_panel_did_means = {
    .key = "panel_did_means",
    .title_en = "difference in differences of the mean of all rows after and of all rows before",
    .title_fr = "différence de différences entre la moyenne des lignes suivantes et celle des lignes initiales",
    .cites = "Angrist & Pischke 2009, section 5.2",
    .takes_covariates = true,
    .build = build,
    .waves = TM_WAVES_CHANGE,
};

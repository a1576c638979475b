/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/panel_model.h"

/* y_iw = α_(wave, stratum) + τ arm_i + x_i'β + e_iw: one effect of all waves, each row counting the same. With the
 * measure's own `baseline` among the covariates it is McKenzie's ANCOVA. */
static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    const int32_t n_waves = tm_panel_n_waves(model->sample);
    int32_t *slot;
    bool *on;
    double *weight;
    TM_SCRATCH(ctx, slot, n_waves);
    TM_SCRATCH(ctx, on, n_waves);
    TM_SCRATCH(ctx, weight, model->n_contrasts);
    for (int32_t w = 0; w < n_waves; w++) {
        slot[w] = w;
        on[w] = true;
    }
    for (int32_t c = 0; c < model->n_contrasts; c++) weight[c] = 1;
    const tm_panel_layout layout = {n_waves, slot, 1, on, weight};
    return tm_panel_model_build(ctx, model, &layout, left_out);
}

const tm_estimator tm_estimator_panel = {
    .key = "panel",
    .title_en = "all waves in one regression, one effect; with the covariate baseline, ANCOVA over the waves",
    .title_fr = "toutes les vagues dans une régression, un seul effet ; avec la covariable baseline, ANCOVA sur les "
                "vagues",
    .cites = "McKenzie 2012; Liang & Zeger 1986",
    .takes_covariates = true,
    .build = build,
    .waves = TM_WAVES_POOLED,
};

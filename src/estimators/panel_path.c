/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/panel_model.h"

/* y_iw = α_(wave, stratum) + τ_w arm_i + x_i'β + e_iw: an effect for each wave, from one regression, so that it is
 * known how these effects vary together. Without covariates each is that of its wave alone. A sample that asks for no
 * wave gets the plain mean of these effects. */
static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    const tm_panel *panel = model->sample->panel;
    const int32_t n_waves = tm_panel_n_waves(model->sample);
    int32_t *slot;
    bool *on;
    double *mean;
    TM_SCRATCH(ctx, slot, n_waves);
    TM_SCRATCH(ctx, on, n_waves * n_waves);
    TM_SCRATCH(ctx, mean, (int64_t)model->n_contrasts * n_waves);
    for (int32_t w = 0; w < n_waves; w++) {
        slot[w] = w;
        on[w * n_waves + w] = true;
    }
    for (int64_t k = 0; k < (int64_t)model->n_contrasts * n_waves; k++) mean[k] = 1.0 / n_waves;
    const double *weight = panel && panel->wave_weight ? panel->wave_weight : mean;
    const tm_panel_layout layout = {n_waves, slot, n_waves, on, weight};
    return tm_panel_model_build(ctx, model, &layout, left_out);
}

const tm_estimator tm_estimator_panel_path = {
    .key = "panel_path",
    .title_en = "an effect for each wave, from one regression, with bands that hold for all waves at once",
    .title_fr = "un effet par vague, d’une même régression, avec des bandes valables pour toutes à la fois",
    .cites = "McKenzie 2012; Hothorn, Bretz & Westfall 2008; Montiel Olea & Plagborg-Møller 2019 (bands)",
    .takes_covariates = true,
    .build = build,
    .waves = TM_WAVES_PATH,
};

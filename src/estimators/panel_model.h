/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regressions on rows client × wave: wave × stratum absorbed, arm indicators that are switched on in sets of waves,
 * then the covariates, whose slopes all waves share. */
#ifndef TM_PANEL_MODEL_H
#define TM_PANEL_MODEL_H

#include "estimators/estimator.h"

typedef struct tm_panel_layout {
    int32_t n_slots;
    const int32_t *slot; /* [n_waves] what of the waves is absorbed, with the strata; below n_slots */
    int32_t n_blocks;
    const bool *on; /* [n_blocks * n_waves] the waves of each set of arm indicators */
    /* [n_contrasts * n_blocks] how the contrasts of the sets make up each effect */
    const double *block_weight;
} tm_panel_layout;

/* As the `build` of an estimator. A sample without a panel is one wave. */
TEMOIN_MUST_CHECK temoin_status tm_panel_model_build(temoin_context *ctx, tm_model *model,
                                                     const tm_panel_layout *layout, int64_t *left_out);

int32_t tm_panel_n_waves(const tm_sample *sample);

/* One set of indicators at all waves, and one at those that are not `before`, whose contrast is the effect. The arms'
 * waves are absorbed one by one, or as before and after. */
TEMOIN_MUST_CHECK temoin_status tm_panel_change_build(temoin_context *ctx, tm_model *model, bool each_wave,
                                                      int64_t *left_out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/arm_strata.h"
#include "estimators/estimator.h"

/* effect = Σ_b (N_b / N) (mean of the arm in b - mean of the reference in b), N_b over all arms of the trial. */
static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    tm_arm_strata cells = {0};
    model->blockwise = true;
    return tm_arm_strata_build(ctx, model, tm_stratum_weight_by_size, &cells, left_out);
}

const tm_estimator tm_estimator_dim = {
    .key = "dim",
    .title_en = "difference in means, strata weighted by their size",
    .title_fr = "différence de moyennes, strates pondérées par leur taille",
    .cites = "Neyman 1923; Imbens & Rubin 2015, ch. 9",
    .blockwise = true,
    .compares_within_strata = true,
    .build = build,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/design_weighted.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_design_weighted_run(ctx, request, false, out);
}

const tm_estimator tm_estimator_horvitz_thompson = {
    .key = "horvitz_thompson",
    .title_en = "totals weighted by the design's probabilities, over the number of clients",
    .title_fr = "totaux pondérés par les probabilités du plan, divisés par le nombre de clients",
    .cites = "Horvitz & Thompson 1952; Aronow & Middleton 2013",
    .run = run,
    .variances = "aronow_middleton",
    .moves_with_level = true,
    .weighs_by_design = true,
};

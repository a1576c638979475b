/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/design_weighted.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_design_weighted_run(ctx, request, true, out);
}

const tm_estimator tm_estimator_hajek = {
    .key = "hajek",
    .title_en = "means weighted by the design's probabilities",
    .title_fr = "moyennes pondérées par les probabilités du plan",
    .cites = "Hájek 1971; Särndal, Swensson & Wretman 1992, ch. 5; Aronow & Samii 2017",
    .run = run,
    .variances = "aronow_middleton",
    .weighs_by_design = true,
};

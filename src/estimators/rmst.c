/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/curve_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_curve_effects_run(ctx, request, true, out);
}

const tm_estimator tm_estimator_rmst = {
    .key = "rmst",
    .title_en = "difference of the mean time without the event up to a horizon",
    .title_fr = "différence de la durée moyenne sans événement jusqu’à un horizon",
    .cites = "Royston & Parmar 2013; Uno et al. 2014",
    .outcome = TM_OUTCOME_TIME,
    .compares_within_strata = true,
    .takes_horizon = true,
    .run = run,
    .variances = "greenwood",
};

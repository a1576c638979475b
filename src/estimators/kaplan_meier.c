/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/curve_effects.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_curve_effects_run(ctx, request, false, out);
}

const tm_estimator tm_estimator_kaplan_meier = {
    .key = "kaplan_meier",
    .title_en = "difference of the shares still without the event at a time",
    .title_fr = "différence des proportions encore sans événement à une date",
    .cites = "Kaplan & Meier 1958; Greenwood 1926",
    .outcome = TM_OUTCOME_TIME,
    .compares_within_strata = true,
    .takes_horizon = true,
    .run = run,
    .variances = "greenwood",
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/rank_test.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_rank_test_run(ctx, request, 1, out);
}

const tm_estimator tm_estimator_peto_wilcoxon = {
    .key = "peto_wilcoxon",
    .title_en = "Wilcoxon test for times to an event (Peto & Peto), one-step log hazard ratio",
    .title_fr = "test de Wilcoxon pour durées (Peto & Peto), logarithme du rapport de risques instantanés en un pas",
    .cites = "Peto & Peto 1972; Harrington & Fleming 1982",
    .outcome = TM_OUTCOME_TIME,
    .compares_within_strata = true,
    .run = run,
    .variances = "hypergeometric",
};

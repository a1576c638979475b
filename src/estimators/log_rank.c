/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/rank_test.h"

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_rank_test_run(ctx, request, 0, out);
}

const tm_estimator tm_estimator_log_rank = {
    .key = "log_rank",
    .title_en = "log-rank test, one-step log hazard ratio",
    .title_fr = "test du log-rank, logarithme du rapport de risques instantanés en un pas",
    .cites = "Mantel 1966; Yusuf et al. 1985",
    .outcome = TM_OUTCOME_TIME,
    .compares_within_strata = true,
    .run = run,
    .variances = "hypergeometric",
};

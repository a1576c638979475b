/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/permutation_test.h"
#include "numeric/exact_sum.h"

/* The outcomes themselves. */
static temoin_status score(temoin_context *ctx, const tm_two_arms *rows, tm_scores *out)
{
    out->score = rows->y;
    TM_SCRATCH(ctx, out->whole, rows->n);
    if (tm_exact_decimals(rows->y, rows->n, out->whole) < 0) out->whole = NULL;
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_permutation_test_run(ctx, request, score, out);
}

const tm_estimator tm_estimator_permutation_difference = {
    .key = "permutation_difference",
    .title_en = "difference in means, strata weighted by their precision, tested over all assignments",
    .title_fr = "différence de moyennes, strates pondérées par leur précision, testée sur toutes les assignations",
    .cites = "Fisher 1935; Strasser & Weber 1999",
    .compares_within_strata = true,
    .run = run,
    .variances = "permutation_normal permutation_exact",
};

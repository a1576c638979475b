/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/permutation_test.h"
#include "numeric/ranks.h"

/* Midranks over all rows of both arms. The difference of their means over N is P(arm > reference) + P(equal) / 2 - 1/2
 * for two clients drawn at random, the Mann-Whitney U over its largest value; with strata, a mean of what they give. */
static temoin_status score(temoin_context *ctx, const tm_two_arms *rows, tm_scores *out)
{
    TM_SCRATCH(ctx, out->score, rows->n);
    TM_SCRATCH(ctx, out->whole, rows->n);
    TM_TRY(tm_midranks(ctx, rows->y, rows->n, out->score));
    for (int64_t i = 0; i < rows->n; i++) out->whole[i] = (int64_t)(2 * out->score[i]);
    out->unit = (double)rows->n;
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_permutation_test_run(ctx, request, score, out);
}

const tm_estimator tm_estimator_mann_whitney = {
    .key = "mann_whitney",
    .title_en = "how much likelier than one half a client of the arm has the larger outcome (Wilcoxon, Mann-Whitney)",
    .title_fr = "de combien la chance qu’un client du groupe ait le plus grand résultat dépasse un demi (Wilcoxon, "
                "Mann-Whitney)",
    .cites = "Wilcoxon 1945; Mann & Whitney 1947; van Elteren 1960 (strata)",
    .unit = TM_UNIT_NONE,
    .compares_within_strata = true,
    .run = run,
    .variances = "permutation_normal permutation_continuity permutation_exact",
};

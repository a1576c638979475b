/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed procedure: p value i becomes the largest Simes p value min_j s q_(j) / j over the sets of size s that hold
 * i. Among the sets of one size, the one that holds i and the s - 1 largest others has the largest. With P the sorted p
 * values, that one is
 *
 *     min(s min(p_i, P_(n-s+1)), D_s),   D_s = min over j = 2 ... s of s P_(n-s+j) / j,
 *
 * whether or not i is itself among the s largest. O(n^2). */
#include <math.h>

#include "adjustments/ranked_p.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_ranked_p sorted;
    TM_TRY(tm_ranked_p_build(ctx, family->p, family->n, &sorted));
    const int64_t n = sorted.n;
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = isnan(family->p[i]) ? NAN : family->p[i];
    for (int64_t s = 2; s <= n; s++) {
        const double *largest = sorted.p + (n - s);
        double others = INFINITY;
        for (int64_t j = 2; j <= s; j++) others = fmin(others, (double)s * largest[j - 1] / (double)j);
        for (int64_t i = 0; i < n; i++) {
            const double simes = fmin((double)s * fmin(sorted.p[i], largest[0]), others);
            adjusted[sorted.at[i]] = fmax(adjusted[sorted.at[i]], simes);
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_adjustment tm_adjustment_hommel = {
    .key = "hommel",
    .name = "Hommel",
    .title = "family-wise error rate, all Simes tests, for independent or positively dependent statistics",
    .cites = "Hommel 1988; Wright 1992",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_hommel),
    .run = run,
};

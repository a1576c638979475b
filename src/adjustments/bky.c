/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At level q, with l = q / (1 + q): the step-up procedure at l rejects r of n; then the step-up procedure at l n / (n -
 * r) decides, or all are rejected when r = n. A sharpened q value is the smallest q at which a hypothesis is rejected,
 * here exactly; Anderson (2008) tries q = 1, 0.999, ..., and so his are ours rounded up to a thousandth.
 *
 * Let b_k = min over j >= k of n P_(j) / j: the first stage rejects k or more from l = b_k on (b_0 = 0). If it rejects
 * k, the second rejects the i-th smallest from l = b_i (n - k) / n on. More rejections at the first stage never hurt at
 * the second, so the smallest l is the least over k of max(b_k, b_i (n - k) / n): b_k grows with k and the other falls,
 * so k only grows with i. */
#include <math.h>

#include "adjustments/ranked_p.h"

static temoin_status run(temoin_context *ctx, const tm_family *family, double *adjusted)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_ranked_p sorted;
    double *b, smallest = INFINITY;
    TM_TRY(tm_ranked_p_build(ctx, family->p, family->n, &sorted));
    const int64_t n = sorted.n;
    TM_SCRATCH(ctx, b, n + 1);
    for (int64_t j = n; j >= 1; j--) b[j] = smallest = fmin(smallest, (double)n * sorted.p[j - 1] / (double)j);
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    for (int64_t i = 1, k = 0; i <= n; i++) {
        while (k < n && b[k + 1] <= b[i] * (double)(n - k) / (double)n) k++;
        const double l = fmax(b[k], b[i] * (double)(n - k) / (double)n);
        adjusted[sorted.at[i - 1]] = l < 0.5 ? l / (1 - l) : 1;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_adjustment tm_adjustment_bky = {
    .key = "bky",
    .name = "BKY",
    .title = "false discovery rate, two-stage: sharpened q values",
    .cites = "Benjamini, Krieger & Yekutieli 2006, definition 6; Anderson 2008",
    .need = TM_NEEDS_P,
    .column = offsetof(temoin_row, p_bky),
    .run = run,
};

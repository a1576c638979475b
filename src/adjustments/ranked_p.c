/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/ranked_p.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double p;
    int64_t at;
} ranked;

static int by_p(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

temoin_status tm_ranked_p_build(temoin_context *ctx, const double *p, int64_t n, tm_ranked_p *out)
{
    ranked *sorted;
    TM_SCRATCH(ctx, sorted, n);
    TM_SCRATCH(ctx, out->p, n);
    TM_SCRATCH(ctx, out->at, n);
    out->n = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(p[i])) sorted[out->n++] = (ranked){p[i], i};
    qsort(sorted, (size_t)out->n, sizeof *sorted, by_p);
    for (int64_t i = 0; i < out->n; i++) {
        out->p[i] = sorted[i].p;
        out->at[i] = sorted[i].at;
    }
    return TEMOIN_OK;
}

temoin_status tm_step_down(temoin_context *ctx, const tm_family *family, tm_step *step, double *adjusted)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_ranked_p sorted;
    double largest = 0;
    TM_TRY(tm_ranked_p_build(ctx, family->p, family->n, &sorted));
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    for (int64_t i = 0; i < sorted.n; i++) {
        largest = fmax(largest, step(sorted.p[i], i, sorted.n));
        adjusted[sorted.at[i]] = fmin(1, largest);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_step_up(temoin_context *ctx, const tm_family *family, tm_step *step, double *adjusted)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_ranked_p sorted;
    double smallest = 1;
    TM_TRY(tm_ranked_p_build(ctx, family->p, family->n, &sorted));
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    for (int64_t i = sorted.n - 1; i >= 0; i--) {
        smallest = fmin(smallest, step(sorted.p[i], i, sorted.n));
        adjusted[sorted.at[i]] = smallest;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

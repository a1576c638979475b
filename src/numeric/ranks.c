/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/ranks.h"

#include <stdlib.h>

typedef struct placed {
    double x;
    int64_t at;
} placed;

static int by_x(const void *a, const void *b)
{
    const placed *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

temoin_status tm_midranks(temoin_context *ctx, const double *x, int64_t n, double *rank)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    placed *sorted;
    TM_SCRATCH(ctx, sorted, n);
    for (int64_t i = 0; i < n; i++) sorted[i] = (placed){x[i], i};
    qsort(sorted, (size_t)n, sizeof *sorted, by_x);
    for (int64_t first = 0, next; first < n; first = next) {
        next = first + 1;
        while (next < n && sorted[next].x == sorted[first].x) next++;
        for (int64_t k = first; k < next; k++) rank[sorted[k].at] = (double)(first + 1 + next) / 2;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statistics/midranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/statistic.h"

const tm_statistic *tm_statistic_find(const char *key)
{
    for (int s = 0; s < tm_n_statistics; s++)
        if (strcmp(tm_statistics[s]->key, key) == 0) return tm_statistics[s];
    return NULL;
}

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

double tm_difference_of_means(const tm_sample *sample, const double *score, const double *arm_weight)
{
    double value = 0;
    for (int32_t a = 0; a < sample->n_arms; a++) {
        double sum = 0, n = 0;
        if (arm_weight[a] == 0) continue;
        for (int64_t i = 0; i < sample->n; i++) {
            if (sample->arm[i] != a) continue;
            sum += score[i];
            n++;
        }
        value += arm_weight[a] * (sum / n); /* of nobody: NaN */
    }
    return value;
}

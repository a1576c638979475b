/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/survival.h"

#include <stdlib.h>

typedef struct timed {
    double time;
    int64_t row;
} timed;

static int by_time(const void *a, const void *b)
{
    const timed *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

temoin_status tm_survival_sort(temoin_context *ctx, const double *time, bool backwards, int64_t *row, int64_t n)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    timed *sorted;
    TM_SCRATCH(ctx, sorted, n);
    for (int64_t i = 0; i < n; i++) sorted[i] = (timed){backwards ? -time[row[i]] : time[row[i]], row[i]};
    qsort(sorted, (size_t)n, sizeof *sorted, by_time);
    for (int64_t i = 0; i < n; i++) row[i] = sorted[i].row;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_survival_curve_build(temoin_context *ctx, const double *time, const double *event, const int64_t *row,
                                      int64_t n, tm_survival_curve *out)
{
    int64_t *sorted;
    double survival = 1, sum = 0;
    *out = (tm_survival_curve){0};
    TM_SCRATCH(ctx, out->step, n);
    TM_SCRATCH(ctx, sorted, n);
    for (int64_t i = 0; i < n; i++) sorted[i] = row[i];
    TM_TRY(tm_survival_sort(ctx, time, false, sorted, n));
    for (int64_t i = 0, j; i < n; i = j) {
        tm_survival_step *step = &out->step[out->n++];
        *step = (tm_survival_step){.time = time[sorted[i]], .at_risk = n - i};
        for (j = i; j < n && time[sorted[j]] == step->time; j++) {
            if (event[sorted[j]] > 0.5)
                step->events++;
            else
                step->censored++;
        }
        const double at_risk = (double)step->at_risk, events = (double)step->events, left = at_risk - events;
        survival *= left / at_risk;
        if (left > 0) sum += events / (at_risk * left);
        step->survival = survival;
        step->variance = survival * survival * sum;
    }
    return TEMOIN_OK;
}

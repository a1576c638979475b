/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "inference/effects.h"

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

/* The p values that are there, smallest first. */
static temoin_status rank(temoin_context *ctx, const double *p, int64_t n, double *adjusted, ranked **out, int64_t *m)
{
    TM_SCRATCH(ctx, *out, n);
    *m = 0;
    for (int64_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i])) (*out)[(*m)++] = (ranked){p[i], i};
    }
    qsort(*out, (size_t)*m, sizeof **out, by_p);
    return TEMOIN_OK;
}

static temoin_status run_holm(temoin_context *ctx, const double *p, int64_t n, double *adjusted)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    ranked *sorted;
    int64_t m = 0;
    TM_TRY(rank(ctx, p, n, adjusted, &sorted, &m));
    double largest = 0;
    for (int64_t i = 0; i < m; i++) {
        largest = fmax(largest, sorted[i].p * (double)(m - i));
        adjusted[sorted[i].at] = fmin(1, largest);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status run_bh(temoin_context *ctx, const double *p, int64_t n, double *adjusted)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    ranked *sorted;
    int64_t m = 0;
    TM_TRY(rank(ctx, p, n, adjusted, &sorted, &m));
    double smallest = 1;
    for (int64_t i = m - 1; i >= 0; i--) {
        smallest = fmin(smallest, sorted[i].p * (double)m / (double)(i + 1));
        adjusted[sorted[i].at] = smallest;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_adjustment tm_adjustments[] = {
    {"holm", "family-wise error rate, step-down", "Holm 1979", offsetof(temoin_row, p_holm), run_holm},
    {"bh", "false discovery rate, step-up", "Benjamini & Hochberg 1995", offsetof(temoin_row, p_bh), run_bh},
};
const int tm_n_adjustments = sizeof tm_adjustments / sizeof *tm_adjustments;

const tm_adjustment *tm_adjustment_find(const char *key)
{
    for (int a = 0; a < tm_n_adjustments; a++)
        if (strcmp(tm_adjustments[a].key, key) == 0) return &tm_adjustments[a];
    return NULL;
}

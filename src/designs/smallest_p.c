/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "designs/design_kind.h"
#include "numeric/elementary.h"

enum { MOST_LISTED = 1 << 16, MOST_CELLS = 1 << 24 };

/* Assignments with their probabilities, by arms. */
typedef struct listed {
    int64_t n, room, n_units;
    int32_t *arm; /* [room * n_units] */
    double *probability;
    int64_t *sorted;
} listed;

static bool keep(void *data, const int32_t *arm, double probability)
{
    listed *l = data;
    if (l->n == l->room) return false;
    memcpy(l->arm + l->n * l->n_units, arm, (size_t)l->n_units * sizeof *arm);
    l->probability[l->n++] = probability;
    return true;
}

static int order_of(const int32_t *x, const int32_t *y, int64_t n)
{
    for (int64_t u = 0; u < n; u++)
        if (x[u] != y[u]) return x[u] < y[u] ? -1 : 1;
    return 0;
}

static int compare(const void *x, const void *y, void *data)
{
    const listed *l = data;
    return order_of(l->arm + *(const int64_t *)x * l->n_units, l->arm + *(const int64_t *)y * l->n_units, l->n_units);
}

static double probability_of(const listed *l, const int32_t *arm)
{
    for (int64_t low = 0, high = l->n; low < high;) {
        const int64_t middle = low + (high - low) / 2;
        const int order = order_of(l->arm + l->sorted[middle] * l->n_units, arm, l->n_units);
        if (order == 0) return l->probability[l->sorted[middle]];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* Largest probability of a mirror of that assignment; `arm` is room for it. */
static double mirror_of(const listed *l, int64_t k, int32_t n_arms, int32_t *arm)
{
    double largest = 0;
    for (int32_t a = 0; a < n_arms; a++)
        for (int32_t b = a + 1; b < n_arms; b++) {
            bool moved = false;
            for (int64_t u = 0; u < l->n_units; u++) {
                const int32_t was = l->arm[k * l->n_units + u];
                arm[u] = was == a ? b : was == b ? a : was;
                moved |= arm[u] != was;
            }
            if (moved) largest = fmax(largest, probability_of(l, arm));
        }
    return largest;
}

static temoin_status list_all(temoin_context *ctx, const tm_design *design, const tm_design_units *units, int64_t n,
                              double *log_p)
{
    listed l = {.room = n, .n_units = units->n_units};
    int32_t *mirror;
    double largest = 0;
    TM_SCRATCH(ctx, l.arm, n * units->n_units);
    TM_SCRATCH(ctx, l.probability, n);
    TM_SCRATCH(ctx, l.sorted, n);
    TM_SCRATCH(ctx, mirror, units->n_units);
    TM_TRY(design->enumerate(ctx, units, keep, &l));
    for (int64_t k = 0; k < l.n; k++) l.sorted[k] = k;
    qsort_r(l.sorted, (size_t)l.n, sizeof *l.sorted, compare, &l);
    for (int64_t k = 0; k < l.n; k++)
        largest = fmax(largest, l.probability[k] + mirror_of(&l, k, units->n_arms, mirror));
    *log_p = fmin(0, tm_log(largest));
    return TEMOIN_OK;
}

temoin_status tm_design_smallest_p(temoin_context *ctx, const tm_design *design, const tm_design_units *units,
                                   double *log_p)
{
    double log_count = NAN;
    *log_p = NAN;
    if (design->likeliest) {
        TM_TRY(design->likeliest(ctx, units, log_p));
        *log_p = fmin(*log_p, isnan(*log_p) ? NAN : 0);
        if (!isnan(*log_p)) return TEMOIN_OK;
    }
    if (!design->enumerate || !design->count) return TEMOIN_OK;
    TM_TRY(design->count(ctx, units, &log_count));
    const double n = round(tm_exp(log_count));
    if (!(n <= MOST_LISTED && n * (double)units->n_units <= MOST_CELLS)) return TEMOIN_OK;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = list_all(ctx, design, units, (int64_t)n, log_p);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/intraclass.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 64 }; /* draws that follow each other by single jumps */

/* Where the groups of each arm start. */
static temoin_status find_arms(temoin_context *ctx, const tm_worker_groups *groups, int32_t **first)
{
    TM_SCRATCH(ctx, *first, (int64_t)groups->n_arms + 1);
    for (int32_t g = 0; g < groups->n_groups; g++) (*first)[groups->arm[g] + 1] = g + 1;
    return TEMOIN_OK;
}

static double resample(const tm_worker_groups *groups, const int32_t *first, tm_pcg64 rng)
{
    tm_one_way_sums sums = {0};
    tm_one_way table;
    for (int32_t a = 0; a < groups->n_arms; a++) {
        const int32_t n = first[a + 1] - first[a];
        for (int32_t k = 0; k < n; k++) {
            const int32_t g = first[a] + (int32_t)tm_pcg64_bounded(&rng, (uint64_t)n);
            tm_one_way_add(&sums, groups->n[g], groups->mean[g], groups->square[g]);
        }
        tm_one_way_end_arm(&sums);
    }
    tm_one_way_finish(&sums, sums.within > 0, &table);
    return table.icc;
}

static int compare(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* The k-th smallest of R for a tail of k / (R + 1), and between two of them by interpolation. */
static double quantile(const double *sorted, int64_t n, double p)
{
    const double at = p * (double)(n + 1) - 1;
    if (at <= 0) return sorted[0];
    if (at >= (double)(n - 1)) return sorted[n - 1];
    const int64_t k = (int64_t)at;
    return sorted[k] + (at - (double)k) * (sorted[k + 1] - sorted[k]);
}

temoin_status tm_intraclass_bootstrap(temoin_context *ctx, const tm_worker_groups *groups, const tm_pcg64 *stream,
                                      int64_t draws, double level, tm_interval *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t *first;
    double *icc;
    int64_t n = 0;
    const tm_pcg64_stride jump = tm_pcg64_stride_of(stream, TM_PCG64_JUMP);
    *out = (tm_interval){NAN, NAN};
    TM_TRY(find_arms(ctx, groups, &first));
    TM_SCRATCH(ctx, icc, draws);
#pragma omp parallel for num_threads(tm_threads_for(ctx, 20.0 * (double)draws * groups->n_groups)) schedule(static)
    for (int64_t block = 0; block < (draws + BLOCK - 1) / BLOCK; block++) {
        tm_pcg64 rng = *stream;
        tm_pcg64_advance(&rng, (tm_uint128)(block * BLOCK) * TM_PCG64_JUMP);
        for (int64_t r = block * BLOCK; r < draws && r < (block + 1) * BLOCK; r++) {
            tm_pcg64_leap(&rng, jump);
            icc[r] = resample(groups, first, rng);
        }
    }
    for (int64_t r = 0; r < draws; r++)
        if (!isnan(icc[r])) icc[n++] = icc[r];
    if (n > 0 && (double)n >= 0.99 * (double)draws) {
        qsort(icc, (size_t)n, sizeof *icc, compare);
        *out = (tm_interval){quantile(icc, n, (1 - level) / 2), quantile(icc, n, (1 + level) / 2)};
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/orthonormal.h"

#include <math.h>

#include "kernels/kernels.h"

enum { BLOCK = 4096 }; /* rows: a block of x stays in the first cache while the columns pass by */

static int64_t block_count(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

static int64_t block_length(int64_t n, int64_t b)
{
    return b * BLOCK + BLOCK <= n ? BLOCK : n - b * BLOCK;
}

static void dot_block(const temoin_context *ctx, double *const *q, int32_t k, const double *x, int64_t n, int64_t b,
                      double *part)
{
    for (int32_t j = 0; j < k; j++)
        part[b * k + j] = ctx->kernels->dot(q[j] + b * BLOCK, x + b * BLOCK, block_length(n, b));
}

static void subtract_block(const temoin_context *ctx, double *const *q, int32_t k, const double *coefficient, double *x,
                           int64_t n, int64_t b)
{
    for (int32_t j = 0; j < k; j++)
        ctx->kernels->axpy(-coefficient[j], q[j] + b * BLOCK, x + b * BLOCK, block_length(n, b));
}

/* Redraws fit small trials by the hundred thousand, where a parallel region of one thread, which is a system call,
 * would cost more than the loop: with one thread there is none. */
temoin_status tm_columns_dot(temoin_context *ctx, double *const *q, int32_t k, const double *x, int64_t n, double *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t n_blocks = block_count(n);
    double *part;
    TM_SCRATCH(ctx, part, n_blocks * k);
    const int threads = tm_threads_for(ctx, (double)n * k);
    if (threads == 1) {
        for (int64_t b = 0; b < n_blocks; b++) dot_block(ctx, q, k, x, n, b, part);
    } else {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t b = 0; b < n_blocks; b++) dot_block(ctx, q, k, x, n, b, part);
    }
    for (int32_t j = 0; j < k; j++) {
        out[j] = 0;
        for (int64_t b = 0; b < n_blocks; b++) out[j] += part[b * k + j];
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

void tm_columns_subtract(temoin_context *ctx, double *const *q, int32_t k, const double *coefficient, double *x,
                         int64_t n)
{
    int64_t n_blocks = block_count(n);
    const int threads = tm_threads_for(ctx, (double)n * k);
    if (threads == 1) {
        for (int64_t b = 0; b < n_blocks; b++) subtract_block(ctx, q, k, coefficient, x, n, b);
    } else {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t b = 0; b < n_blocks; b++) subtract_block(ctx, q, k, coefficient, x, n, b);
    }
}

temoin_status tm_columns_project(temoin_context *ctx, double *const *q, int32_t k, double *x, int64_t n,
                                 double *coefficient, double *length)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *step;
    TM_SCRATCH(ctx, step, k);
    for (int pass = 0; pass < 2; pass++) {
        TM_TRY(tm_columns_dot(ctx, q, k, x, n, step));
        tm_columns_subtract(ctx, q, k, step, x, n);
        for (int32_t j = 0; j < k; j++) coefficient[j] += step[j];
    }
    double square;
    TM_TRY(tm_columns_dot(ctx, &x, 1, x, n, &square));
    *length = sqrt(square);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimal pairs of n points, squared distances as `pairs` makes them. */
#include "numeric/matching.h"
#include "stopwatch.h"

static double next_uniform(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53;
}

static int run_case(int32_t n, int dimensions, int levels, int n_runs)
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    double *point = malloc((size_t)n * (size_t)dimensions * sizeof *point);
    int64_t *cost = malloc((size_t)n * (size_t)n * sizeof *cost);
    int32_t *mate = malloc((size_t)n * sizeof *mate);
    uint64_t x = 88172645463325252u;
    stopwatch watch = {.n = 0};
    for (int r = 0; r < n_runs; r++) {
        for (int i = 0; i < n * dimensions; i++)
            point[i] = levels ? (double)(int)(next_uniform(&x) * levels) : next_uniform(&x);
        for (int32_t u = 0; u < n; u++)
            for (int32_t v = 0; v < n; v++) {
                double squares = 0;
                for (int j = 0; j < dimensions; j++) {
                    const double d = point[u * dimensions + j] - point[v * dimensions + j];
                    squares += d * d;
                }
                cost[(int64_t)u * n + v] = (int64_t)(squares * 0x1p30);
            }
        const double start = stopwatch_now();
        if (tm_matching_build(ctx, n, cost, mate) != TEMOIN_OK) return 1;
        stopwatch_add(&watch, start);
    }
    stopwatch_finish(&watch);
    printf("  %5d points, %2d dimensions, %s: minimum %8.1f ms, median %8.1f ms\n", (int)n, dimensions,
           levels ? "ties" : "no ties", watch.seconds[0] * 1e3, watch.seconds[watch.n / 2] * 1e3);
    free(point), free(cost), free(mate);
    temoin_context_free(ctx);
    return 0;
}

int main(void)
{
    printf("matching: least-cost pairs, one thread\n");
    return run_case(100, 5, 0, 15) || run_case(1000, 2, 0, 5) || run_case(1000, 10, 0, 5) || run_case(1000, 5, 3, 5) ||
           run_case(2000, 10, 0, 3);
}

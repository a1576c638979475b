/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact p values of a million units, by convolution. */
#include "inference/exact_difference.h"
#include "stopwatch.h"

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return *x >> 32;
}

/* Outcomes below n_values; the first is `first` times as likely as each of the others; arms of shares treated : rest.
 */
static int run_case(const char *what, int32_t n, int32_t n_blocks, int n_values, int first, int treated, int rest,
                    int n_runs)
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    int32_t *block = malloc((size_t)n * sizeof *block), *arm = malloc((size_t)n * sizeof *arm);
    double *y = malloc((size_t)n * sizeof *y);
    static const double contrast[] = {-1, 1};
    stopwatch watch = {.n = 0};
    uint64_t x = 88172645463325252u;
    tm_exact_p p = {0};
    for (int r = 0; r < n_runs; r++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        for (int32_t i = 0; i < n; i++) {
            const int value = (int)(next(&x) % (uint64_t)(n_values - 1 + first)) - first + 1;
            block[i] = i % n_blocks, arm[i] = i / n_blocks % (treated + rest) < treated;
            y[i] = value > 0 ? value : 0;
        }
        const tm_sample sample = {.n = n, .n_arms = 2, .n_strata = n_blocks, .y = y, .arm = arm, .stratum = block};
        const double start = stopwatch_now();
        if (tm_exact_difference_run(ctx, &sample, contrast, &p) != TEMOIN_OK) return 1;
        stopwatch_add(&watch, start);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    stopwatch_finish(&watch);
    printf("  %-34s %8d units, %2d blocks: minimum %7.1f ms, median %7.1f ms%s\n", what, n, n_blocks,
           watch.seconds[0] * 1e3, watch.seconds[watch.n / 2] * 1e3, p.known ? "" : " (not known)");
    free(block), free(arm), free(y);
    temoin_context_free(ctx);
    return 0;
}

int main(void)
{
    printf("exact p values of a difference in means, one thread; limit for a million units: 100 ms\n");
    return run_case("0 or 1, equal shares", 1000000, 20, 2, 1, 1, 1, 11) ||
           run_case("0 or 1, one in ten", 1000000, 20, 2, 9, 1, 1, 11) ||
           run_case("0 or 1, shares 1 : 2", 1200000, 20, 2, 1, 1, 2, 11) ||
           run_case("0, 1, 2", 100000, 20, 3, 1, 1, 1, 3) || run_case("0 to 4", 2000, 4, 5, 1, 1, 1, 3) ||
           run_case("0 to 39", 160, 4, 40, 1, 1, 1, 11);
}

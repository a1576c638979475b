/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rerandomization, one thread: candidates drawn and judged, beside the limit of 100,000 a second at 1,000 units, 10
 * covariates and acceptance 0.001; and whole draws until one is accepted. */
#include <math.h>

#include "designs/balance_rule.h"
#include "stopwatch.h"

enum { COVARIATES = 10, RUNS = 15, CANDIDATES = 20000, DRAWS = 40 };

static double next_normal(uint64_t *x) /* twelve uniforms: near enough for a bench */
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
        sum += (double)(*x >> 11) * 0x1p-53;
    }
    return sum;
}

static int time_candidates(temoin_context *ctx, const tm_design_units *units, stopwatch *watch, int64_t *n_passed)
{
    tm_candidates candidates;
    tm_balance_rule rule;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    if (tm_candidates_build(ctx, units, &candidates) != TEMOIN_OK) return 1;
    if (tm_balance_rule_build(ctx, units, &rule) != TEMOIN_OK) return 1;
    for (int r = 0; r < RUNS; r++) {
        const double start = stopwatch_now();
        for (int64_t k = 0; k < CANDIDATES; k++) {
            if (tm_candidates_draw(ctx, &candidates, r, k) != TEMOIN_OK) return 1;
            *n_passed += tm_balance_rule_passes(&rule, &candidates);
        }
        stopwatch_add(watch, start);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return 0;
}

static int run_case(int64_t n_units, int32_t n_strata, const int64_t *two_shares)
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    double *x = malloc((size_t)n_units * COVARIATES * sizeof *x);
    const double *covariate[COVARIATES];
    int32_t *stratum = malloc((size_t)n_units * sizeof *stratum), *arm = malloc((size_t)n_units * sizeof *arm);
    const char **text = malloc((size_t)n_strata * sizeof *text);
    int64_t *shares = malloc(2 * (size_t)n_strata * sizeof *shares), n_passed = 0;
    uint64_t seed = 88172645463325252u;
    const tm_plan_options options = {.accept = 0.001};
    stopwatch candidates = {.n = 0}, draws = {.n = 0};
    for (int64_t i = 0; i < n_units * COVARIATES; i++) x[i] = next_normal(&seed);
    for (int j = 0; j < COVARIATES; j++) covariate[j] = x + j * n_units;
    for (int64_t u = 0; u < n_units; u++) stratum[u] = (int32_t)(u % n_strata);
    for (int32_t s = 0; s < n_strata; s++)
        text[s] = "", shares[2 * s] = two_shares[0], shares[2 * s + 1] = two_shares[1];
    tm_design_units units = {.n_units = n_units,
                             .n_arms = 2,
                             .n_strata = n_strata,
                             .stratum = stratum,
                             .stratum_text = text,
                             .shares = shares,
                             .trial_id = "bench",
                             .seed = "1",
                             .options = &options,
                             .n_covariates = COVARIATES,
                             .covariate = covariate};
    if (time_candidates(ctx, &units, &candidates, &n_passed)) return 1;
    for (int r = 0; r < DRAWS; r++) {
        const double start = stopwatch_now();
        units.replicate = r;
        if (tm_design_find("rerandomized")->draw(ctx, &units, arm) != TEMOIN_OK) return 1;
        stopwatch_add(&draws, start);
    }
    stopwatch_finish(&candidates);
    stopwatch_finish(&draws);
    printf("  %6lld units %4d strata, shares %lld:%lld: candidate minimum %6.2f us, median %6.2f us: %7.0f a second "
           "(limit "
           "100000); passed %.5f; draw minimum %8.3f ms, median %8.3f ms\n",
           (long long)n_units, (int)n_strata, (long long)two_shares[0], (long long)two_shares[1],
           candidates.seconds[0] / CANDIDATES * 1e6, candidates.seconds[RUNS / 2] / CANDIDATES * 1e6,
           CANDIDATES / candidates.seconds[RUNS / 2], (double)n_passed / RUNS / CANDIDATES, draws.seconds[0] * 1e3,
           draws.seconds[DRAWS / 2] * 1e3);
    free(x), free(stratum), free(arm), free(text), free(shares);
    temoin_context_free(ctx);
    return 0;
}

int main(void)
{
    printf("rerandomize: 10 covariates, accept 0.001, one thread\n");
    return run_case(1000, 1, (int64_t[]){1, 1}) || run_case(1000, 1, (int64_t[]){1, 2}) ||
           run_case(1000, 20, (int64_t[]){1, 1}) || run_case(155, 4, (int64_t[]){1, 1});
}

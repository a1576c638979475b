/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wild cluster bootstrap with its interval, on one thread, a million rows in memory and the model fitted. First the
 * clusters' moments, which rows pay for once, then the draws and both bounds. The limit beside the latter is the time
 * of their multiplications and additions, at eight a nanosecond. */
#include <math.h>
#include <string.h>

#include "estimators/estimator.h"
#include "inference/bootstrap_draws.h"
#include "numeric/stream.h"
#include "stopwatch.h"

enum { ROWS = 1000000, COVARIATES = 2, RUNS = 15 };

static double uniform(tm_pcg64 *rng)
{
    return (double)(tm_pcg64_next(rng) >> 11) * 0x1p-53;
}

static temoin_status make_sample(temoin_context *ctx, int32_t n_clusters, tm_sample *out)
{
    static const char *const names[COVARIATES] = {"x1", "x2"};
    tm_pcg64 rng;
    double *y, *x, *of_cluster;
    const double **covariate;
    int32_t *arm, *stratum, *cluster;
    tm_stream_init(&rng, "bench", "1", "bootstrap", "data");
    TM_ALLOC(ctx, y, ROWS);
    TM_ALLOC(ctx, x, ROWS * COVARIATES);
    TM_ALLOC(ctx, arm, ROWS);
    TM_ALLOC(ctx, stratum, ROWS);
    TM_ALLOC(ctx, cluster, ROWS);
    TM_ALLOC(ctx, of_cluster, n_clusters);
    TM_ALLOC(ctx, covariate, COVARIATES);
    for (int32_t g = 0; g < n_clusters; g++) of_cluster[g] = uniform(&rng);
    for (int j = 0; j < COVARIATES; j++) covariate[j] = x + (int64_t)j * ROWS;
    for (int64_t i = 0; i < ROWS; i++) {
        cluster[i] = (int32_t)(i % n_clusters);
        arm[i] = cluster[i] % 2;
        y[i] = 0.1 * arm[i] + of_cluster[cluster[i]] + 4 * uniform(&rng);
        for (int j = 0; j < COVARIATES; j++) x[(int64_t)j * ROWS + i] = uniform(&rng) - 0.5;
    }
    *out = (tm_sample){.n = ROWS, .n_arms = 2, .n_strata = 1, .n_clusters = n_clusters, .y = y, .arm = arm};
    out->stratum = stratum, out->cluster = cluster;
    out->n_covariates = COVARIATES, out->covariate = covariate, out->covariate_name = names;
    return TEMOIN_OK;
}

static temoin_status time_once(temoin_context *ctx, const tm_fit *fit, const tm_bootstrap_options *options,
                               tm_bootstrap *b, stopwatch *moments, stopwatch *all)
{
    tm_bootstrap_parts parts;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double start = stopwatch_now();
    TM_TRY(tm_bootstrap_parts_build(ctx, fit, 0, options, &parts));
    tm_arena_rewind(&ctx->scratch, mark);
    stopwatch_add(moments, start);
    start = stopwatch_now();
    TM_TRY(tm_bootstrap_run(ctx, fit, 0, options, b));
    stopwatch_add(all, start);
    return TEMOIN_OK;
}

static temoin_status run_case(temoin_context *ctx, int32_t n_clusters, int64_t draws, tm_bootstrap_weights weights,
                              const char *name)
{
    static const double arm_weight[] = {-1, 1};
    tm_sample sample;
    tm_model model = {.sample = &sample, .n_contrasts = 1, .arm_weight = arm_weight};
    tm_bootstrap_options options = {.draws = draws, .weights = weights, .level = 0.95};
    stopwatch moments = {.n = 0}, all = {.n = 0};
    const tm_fit *fit;
    tm_bootstrap b;
    int64_t left_out;
    TM_TRY(make_sample(ctx, n_clusters, &sample));
    TM_TRY(tm_estimator_find("ols")->build(ctx, &model, &left_out));
    TM_TRY(tm_fit_build(ctx, &model, &fit));
    tm_stream_init(&options.stream, "bench", "1", "bootstrap", "");
    for (int r = 0; r < RUNS; r++) TM_TRY(time_once(ctx, fit, &options, &b, &moments, &all));
    stopwatch_finish(&moments);
    stopwatch_finish(&all);
    double before = moments.seconds[0], terms = 2.0 * n_clusters * (4.0 * fit->n_parameters + 2 + 2 + 3);
    printf("  %-10s G %4d, %d rows, %6lld draws: minimum %7.1f ms, median %7.1f ms, limit %6.1f ms; moments %5.1f ms "
           "(p %.4f, %.4f to %.4f)\n",
           name, (int)n_clusters, ROWS, (long long)draws, (all.seconds[0] - before) * 1e3,
           (all.seconds[RUNS / 2] - before) * 1e3, terms * (double)draws / 8e9 * 1e3, before * 1e3, b.p, b.ci_low,
           b.ci_high);
    return TEMOIN_OK;
}

int main(void)
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    printf("bootstrap: wild cluster, null imposed, p and interval, one thread\n");
    temoin_status status = run_case(ctx, 50, 99999, TM_BOOTSTRAP_RADEMACHER, "rademacher");
    if (status == TEMOIN_OK) status = run_case(ctx, 50, 99999, TM_BOOTSTRAP_WEBB, "webb");
    if (status == TEMOIN_OK) status = run_case(ctx, 1000, 9999, TM_BOOTSTRAP_RADEMACHER, "rademacher");
    if (status == TEMOIN_OK) status = run_case(ctx, 12, 9999, TM_BOOTSTRAP_RADEMACHER, "all signs");
    temoin_context_free(ctx);
    return status;
}

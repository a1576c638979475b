/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The estimation step, data in memory, on one thread: the mixed model with a random intercept for each worker by REML,
 * Kenward & Roger's standard error and degrees of freedom of the arm.
 *
 * Beside the median stands the limit: the time to read the regression's columns once at the speed at which this machine
 * reads memory now. `bench-mixed ROWS WORKERS COVARIATES` runs one case and prints `value se df minimum median` to full
 * precision; `bench-mixed … VARIANCE` takes another one; `bench-mixed … VARIANCE FILE` also writes the data as CSV, for
 * a peer. */
#include <math.h>
#include <string.h>

#include "base/number_text.h"
#include "inference/effects.h"
#include "kernels/kernels.h"
#include "numeric/stream.h"
#include "stopwatch.h"

typedef struct data {
    tm_sample sample;
    double *y, *x;
    int32_t *arm, *stratum, *cluster;
} data;

/* Twelve uniforms less six: near enough to a normal. */
static double normal(tm_pcg64 *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += (double)(tm_pcg64_next(rng) >> 11) * 0x1p-53;
    return sum;
}

static temoin_status take_room(temoin_context *ctx, int64_t n, int32_t p, data *out)
{
    const double **covariate;
    const char **name;
    TM_ALLOC(ctx, out->y, n);
    TM_ALLOC(ctx, out->x, n * p);
    TM_ALLOC(ctx, out->arm, n);
    TM_ALLOC(ctx, out->stratum, n);
    TM_ALLOC(ctx, out->cluster, n);
    TM_ALLOC(ctx, covariate, p);
    TM_ALLOC(ctx, name, p);
    for (int32_t j = 0; j < p; j++) {
        covariate[j] = out->x + j * n;
        name[j] = "x";
    }
    out->sample = (tm_sample){.n = n, .n_arms = 2, .n_strata = 1, .y = out->y, .arm = out->arm};
    out->sample.stratum = out->stratum, out->sample.cluster = out->cluster;
    out->sample.n_covariates = p, out->sample.covariate = covariate, out->sample.covariate_name = name;
    return TEMOIN_OK;
}

/* Workers differ by a tenth of the variance, and serve one arm each. */
static temoin_status make_data(temoin_context *ctx, int64_t n, int32_t n_clusters, int32_t p, data *out)
{
    tm_pcg64 rng;
    double *of_cluster;
    tm_stream_init(&rng, "bench", "1", "mixed", "");
    TM_TRY(take_room(ctx, n, p, out));
    TM_ALLOC(ctx, of_cluster, n_clusters);
    for (int32_t g = 0; g < n_clusters; g++) of_cluster[g] = normal(&rng) / 3;
    for (int64_t i = 0; i < n; i++) {
        const int32_t g = (int32_t)tm_pcg64_bounded(&rng, (uint64_t)n_clusters);
        out->cluster[i] = g;
        out->arm[i] = g % 2;
        out->y[i] = 0.1 * out->arm[i] + of_cluster[g] + normal(&rng);
        for (int32_t j = 0; j < p; j++) {
            out->x[j * n + i] = normal(&rng);
            out->y[i] += 0.1 * out->x[j * n + i];
        }
    }
    out->sample.n_clusters = n_clusters;
    return TEMOIN_OK;
}

static int write_csv(const data *d, const char *path)
{
    FILE *file = fopen(path, "w");
    char text[TM_NUMBER_TEXT_SIZE];
    if (!file) return 1;
    fprintf(file, "y,arm,cluster");
    for (int32_t j = 0; j < d->sample.n_covariates; j++) fprintf(file, ",x%d", (int)j + 1);
    for (int64_t i = 0; i < d->sample.n; i++) {
        fprintf(file, "\n%s,%d,%d", tm_number_text(d->y[i], text), (int)d->arm[i], (int)d->cluster[i]);
        for (int32_t j = 0; j < d->sample.n_covariates; j++)
            fprintf(file, ",%s", tm_number_text(d->sample.covariate[j][i], text));
    }
    fprintf(file, "\n");
    return fclose(file);
}

static temoin_status time_fit(temoin_context *ctx, const data *d, const char *variance, int runs, tm_effect *effect,
                              stopwatch *watch)
{
    const double arm_weight[] = {-1, 1};
    for (int r = 0; r <= runs; r++) { /* the first run warms up */
        tm_notes_init(&effect->notes, ctx);
        const double start = stopwatch_now();
        TM_TRY(tm_effects_run(ctx, &d->sample, tm_estimator_find("mixed"), tm_variance_find(variance), arm_weight, 1,
                              0.95, effect));
        if (r) stopwatch_add(watch, start);
    }
    stopwatch_finish(watch);
    return TEMOIN_OK;
}

/* Seconds to read so many doubles once, as the fastest of a few sums over them. */
static double reading_time(temoin_context *ctx, const double *x, int64_t n)
{
    double best = 1e9;
    volatile double sink = 0;
    for (int r = 0; r < 5; r++) {
        const double start = stopwatch_now();
        sink = sink + ctx->kernels->sum(x, n);
        best = fmin(best, stopwatch_now() - start);
    }
    return best;
}

static int run_case(const int64_t size[3], const char *variance, const char *csv, bool terse)
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    data d;
    tm_effect effect;
    stopwatch watch = {.n = 0};
    char text[5][TM_NUMBER_TEXT_SIZE];
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    if (make_data(ctx, size[0], (int32_t)size[1], (int32_t)size[2], &d) != TEMOIN_OK) return 1;
    if (csv && write_csv(&d, csv) != 0) return 1;
    if (time_fit(ctx, &d, variance, size[0] > 500000 ? 5 : 15, &effect, &watch) != TEMOIN_OK) return 1;
    const double minimum = watch.seconds[0], median = watch.seconds[watch.n / 2];
    if (terse)
        printf("%s %s %s %s %s\n", tm_number_text(effect.value, text[0]), tm_number_text(effect.se, text[1]),
               tm_number_text(effect.df, text[2]), tm_number_text(minimum, text[3]), tm_number_text(median, text[4]));
    else {
        const double limit = reading_time(ctx, d.x, size[0] * size[2]) * (double)(size[2] + 2) / (double)size[2];
        printf(
            "  %8lld rows %6lld workers %3lld covariates: minimum %9.3f ms, median %9.3f ms, columns read once %8.3f "
            "ms\n",
            (long long)size[0], (long long)size[1], (long long)size[2], minimum * 1e3, median * 1e3, limit * 1e3);
    }
    temoin_context_free(ctx);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 4) {
        int64_t size[3];
        for (int k = 0; k < 3; k++) size[k] = atoll(argv[k + 1]);
        return run_case(size, argc > 4 ? argv[4] : "kenward_roger", argc > 5 ? argv[5] : NULL, true);
    }
    static const int64_t cases[][3] = {{1000, 20, 2}, {100000, 5000, 2}, {1000000, 5000, 2}, {1000000, 100000, 10}};
    printf("mixed: a random intercept for each worker by REML, Kenward & Roger's standard error, one thread\n");
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        if (run_case(cases[c], "kenward_roger", NULL, false) != 0) return 1;
    return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Re-randomization on one thread: redraws and the sums per arm and stratum that a statistic needs. Goals, per core:
 * 10,000 redraws of 1,000,000 clients in 20 strata at 4e9 unit-draws a second with equal shares, half of that with
 * others, more for a binary outcome; 100,000 redraws of 155 clients in 50 ms. Beside them the limits: the two parts by
 * themselves, each of which the whole has to do; and the same draws as shuffles, one after the other. */
#include <math.h>
#include <string.h>

#include "inference/randomize_sums.h"
#include "inference/redraw_sums.h"
#include "kernels/kernels.h"
#include "stopwatch.h"

enum { RUNS = 7, STRATA_MOST = 2000, ARMS_MOST = 4 };

typedef struct bench_case {
    const char *name;
    int64_t n_units, n_draws;
    int32_t n_strata, n_arms;
    int64_t shares[ARMS_MOST];
    bool binary;
    double goal; /* seconds */
} bench_case;

typedef struct bench_trial {
    const bench_case *given;
    temoin_context *ctx;
    tm_design_units units;
    char text[STRATA_MOST][12];
    const char *stratum_text[STRATA_MOST];
    int64_t shares[STRATA_MOST * ARMS_MOST];
    tm_redraw_bits bits;
    tm_redraw_sums sums;
    int64_t portion; /* redraws whose sums are kept at a time */
    int64_t *number;
    double *sum;
} bench_trial;

static temoin_status build_trial(bench_trial *t)
{
    const bench_case *c = t->given;
    int32_t *stratum;
    double *y;
    const double *column[1];
    TM_SCRATCH(t->ctx, stratum, c->n_units);
    TM_SCRATCH(t->ctx, y, c->n_units);
    for (int64_t u = 0; u < c->n_units; u++) {
        stratum[u] = (int32_t)(u * c->n_strata / c->n_units);
        y[u] = c->binary ? u % 7 == 0 : (double)(u * 7919 % 10007) / 10007 - 0.5;
    }
    for (int32_t s = 0; s < c->n_strata; s++) {
        snprintf(t->text[s], sizeof t->text[s], "%05d", (int)s);
        t->stratum_text[s] = t->text[s];
        memcpy(t->shares + s * c->n_arms, c->shares, (size_t)c->n_arms * sizeof *c->shares);
    }
    t->units = (tm_design_units){.n_units = c->n_units,
                                 .n_arms = c->n_arms,
                                 .n_strata = c->n_strata,
                                 .stratum = stratum,
                                 .stratum_text = t->stratum_text,
                                 .shares = t->shares,
                                 .trial_id = "bench",
                                 .seed = "1"};
    column[0] = y;
    t->portion = c->n_draws < 4096 ? c->n_draws : 4096;
    TM_SCRATCH(t->ctx, t->number, t->portion * c->n_strata * c->n_arms);
    TM_SCRATCH(t->ctx, t->sum, t->portion * c->n_strata * c->n_arms);
    TM_TRY(tm_redraw_bits_build_places(t->ctx, &t->units, &t->bits));
    return tm_redraw_sums_build(t->ctx, &t->bits, 1, column, &t->sums);
}

static temoin_status time_whole(bench_trial *t, stopwatch *watch)
{
    for (int run = 0; run < RUNS; run++) {
        const double start = stopwatch_own();
        for (int64_t at = 0; at < t->given->n_draws; at += t->portion) {
            const int64_t n = t->given->n_draws - at < t->portion ? t->given->n_draws - at : t->portion;
            TM_TRY(tm_redraw_sums_run(t->ctx, &t->sums, 1 + at, n, t->number, t->sum));
        }
        stopwatch_add_own(watch, start);
    }
    stopwatch_finish(watch);
    return TEMOIN_OK;
}

/* Seconds for all redraws of one part: 32 redraws of the first stratum, so often. */
static temoin_status time_parts(bench_trial *t, double *drawing, double *summing)
{
    enum { AT_ONCE = 32 };
    const int64_t n_words = tm_redraw_bits_words(&t->bits, 0), n = tm_redraw_bits_size(&t->bits, 0);
    const int64_t n_masks = t->bits.n_masks, repeats = 1 + 20000000 / (n * AT_ONCE);
    const double scale = (double)t->given->n_draws * (double)t->given->n_units / (double)(n * AT_ONCE * repeats);
    uint64_t *words, *rest;
    int64_t *extra;
    double out[AT_ONCE];
    TM_SCRATCH(t->ctx, words, n_words * n_masks * AT_ONCE);
    TM_SCRATCH(t->ctx, rest, n_words);
    TM_SCRATCH(t->ctx, extra, (int64_t)AT_ONCE * t->bits.n_rows * t->bits.n_arms);
    TM_TRY(tm_redraw_bits_round(t->ctx, &t->bits, 1, AT_ONCE, extra));
    *drawing = *summing = INFINITY;
    for (int run = 0; run < RUNS; run++) {
        double start = stopwatch_own();
        for (int64_t r = 0; r < repeats; r++)
            tm_redraw_bits_draw(&t->bits, t->ctx->kernels, 0, 1 + r * AT_ONCE, AT_ONCE, extra, words, rest);
        *drawing = fmin(*drawing, scale * (stopwatch_own() - start));
        start = stopwatch_own();
        for (int64_t r = 0; r < repeats * n_masks; r++) {
            if (t->given->binary)
                t->ctx->kernels->masked_counts(t->sums.high[0], n_words, words, n_words * n_masks, AT_ONCE, out, 1);
            else
                t->ctx->kernels->masked_sums(t->sums.x[0], n, words, n_words * n_masks, AT_ONCE, out, 1);
        }
        *summing = fmin(*summing, scale * (stopwatch_own() - start));
    }
    return TEMOIN_OK;
}

/* Seconds for all redraws by shuffles, from a few of them. */
static temoin_status time_shuffles(bench_trial *t, double *seconds)
{
    enum { FEW = 3 };
    const int64_t repeats = 1 + 1000000 / t->given->n_units;
    int32_t *arm;
    TM_SCRATCH(t->ctx, arm, t->given->n_units);
    *seconds = INFINITY;
    for (int run = 0; run < FEW; run++) {
        const double start = stopwatch_own();
        for (int64_t r = 1; r <= repeats; r++) {
            t->units.replicate = r;
            TM_TRY(tm_design_find("blocked")->draw(t->ctx, &t->units, arm));
        }
        *seconds = fmin(*seconds, (stopwatch_own() - start) / (double)repeats * (double)t->given->n_draws);
    }
    return TEMOIN_OK;
}

/* Whole tests: what an analysis asks for. */
typedef struct bench_test {
    const char *estimator, *variance, *statistic;
    bench_case trial;
} bench_test;

static temoin_status prepare_test(bench_trial *t, const bench_test *test, tm_randomization_request *request)
{
    const int64_t n = test->trial.n_units;
    int32_t *arm, *group;
    tm_sample *sample;
    tm_arm_source *source;
    static const double weight[] = {-1, 1};
    TM_SCRATCH(t->ctx, arm, n);
    TM_SCRATCH(t->ctx, group, n);
    TM_SCRATCH(t->ctx, sample, 1);
    TM_SCRATCH(t->ctx, source, 1);
    TM_TRY(tm_design_find("blocked")->draw(t->ctx, &t->units, arm));
    for (int64_t u = 0; u < n; u++) group[u] = (int32_t)u;
    double *const y = t->sums.x[0]; /* blocks are in the order of units here */
    *sample = (tm_sample){
        .n = n, .n_arms = 2, .n_strata = t->units.n_strata, .y = y, .arm = arm, .stratum = t->units.stratum};
    *source = (tm_arm_source){.n = n, .n_draws = test->trial.n_draws, .bits = &t->bits, .row_group = group};
    *request = (tm_randomization_request){.sample = sample,
                                          .estimator = tm_estimator_find(test->estimator),
                                          .variance = tm_variance_find(test->variance),
                                          .statistic = tm_statistic_find(test->statistic),
                                          .arm_weight = weight,
                                          .n_contrasts = 1,
                                          .source = source};
    return TEMOIN_OK;
}

static temoin_status time_test(bench_trial *t, const bench_test *test, stopwatch *watch, double *by_fits)
{
    enum { FEW = 20 };
    tm_randomization_request request;
    double *value, start;
    TM_TRY(prepare_test(t, test, &request));
    TM_SCRATCH(t->ctx, value, test->trial.n_draws);
    for (int run = 0; run < RUNS; run++) {
        start = stopwatch_own();
        TM_TRY(tm_randomization_draws(t->ctx, &request, 0, test->trial.n_draws, &value));
        stopwatch_add_own(watch, start);
    }
    stopwatch_finish(watch);
    *by_fits = INFINITY;
    for (int run = 0; run < FEW; run++) {
        start = stopwatch_own();
        TM_TRY(tm_randomization_value(t->ctx, &request, request.sample, NULL, value));
        *by_fits = fmin(*by_fits, (double)test->trial.n_draws * (stopwatch_own() - start));
        if (*by_fits > 100) break;
    }
    return TEMOIN_OK;
}

static int run_test(const bench_test *test)
{
    static bench_trial t;
    const temoin_context_opts opts = {.threads = 1};
    stopwatch watch = {.n = 0};
    double by_fits = 0;
    t = (bench_trial){.given = &test->trial};
    if (temoin_context_build(&opts, &t.ctx) != TEMOIN_OK) return 1;
    if (build_trial(&t) != TEMOIN_OK || time_test(&t, test, &watch, &by_fits) != TEMOIN_OK) return 1;
    printf("  test: %s %s %-12s %-28s %7lld x %6lld: minimum %8.2f ms, median %8.2f ms; by fits %10.0f ms\n",
           test->estimator, test->variance, test->statistic, test->trial.name, (long long)test->trial.n_units,
           (long long)test->trial.n_draws, watch.seconds[0] * 1e3, watch.seconds[RUNS / 2] * 1e3, by_fits * 1e3);
    temoin_context_free(t.ctx);
    return 0;
}

static int run_case(const bench_case *given)
{
    static bench_trial t;
    const temoin_context_opts opts = {.threads = 1};
    stopwatch watch = {.n = 0};
    double drawing = 0, summing = 0, shuffles = 0;
    t = (bench_trial){.given = given};
    if (temoin_context_build(&opts, &t.ctx) != TEMOIN_OK) return 1;
    if (build_trial(&t) != TEMOIN_OK || time_whole(&t, &watch) != TEMOIN_OK ||
        time_parts(&t, &drawing, &summing) != TEMOIN_OK || time_shuffles(&t, &shuffles) != TEMOIN_OK)
        return 1;
    const double unit_draws = (double)given->n_units * (double)given->n_draws, least = watch.seconds[0];
    printf("  %-34s %7lld x %6lld: minimum %8.2f ms, median %8.2f ms: %8.2e unit-draws/s (goal %8.2f ms); bits alone "
           "%7.2f, "
           "sums alone %7.2f; by shuffles %9.0f ms\n",
           given->name, (long long)given->n_units, (long long)given->n_draws, least * 1e3,
           watch.seconds[RUNS / 2] * 1e3, unit_draws / watch.seconds[RUNS / 2], given->goal * 1e3, drawing * 1e3,
           summing * 1e3, shuffles * 1e3);
    temoin_context_free(t.ctx);
    return 0;
}

int main(void)
{
    static const bench_case cases[] = {
        {"20 strata, 1:1, continuous", 1000000, 10000, 20, 2, {1, 1}, false, 2.5},
        {"20 strata, 1:1, binary", 1000000, 10000, 20, 2, {1, 1}, true, 2.5},
        {"20 strata, 1:2, continuous", 1000000, 10000, 20, 2, {1, 2}, false, 5},
        {"20 strata, 37:63, continuous", 1000000, 10000, 20, 2, {37, 63}, false, 5},
        {"20 strata, 37:63, binary", 1000000, 10000, 20, 2, {37, 63}, true, 5},
        {"20 strata, 1:1:1, continuous", 1000000, 10000, 20, 3, {1, 1, 1}, false, 10},
        {"1 stratum, 1:1, continuous", 155, 100000, 1, 2, {1, 1}, false, 0.05},
        {"1 stratum, 1:1, binary", 155, 100000, 1, 2, {1, 1}, true, 0.05},
        {"4 strata, 1:1, continuous", 155, 100000, 4, 2, {1, 1}, false, 0.05},
        {"12 strata, 1:1, binary", 155, 100000, 12, 2, {1, 1}, true, 0.05},
        {"12 strata, 1:1, continuous", 155, 100000, 12, 2, {1, 1}, false, 0.05},
        {"20 strata, 1:1, continuous", 155, 100000, 20, 2, {1, 1}, false, 0.05},
        {"20 strata, 1:1, binary", 155, 100000, 20, 2, {1, 1}, true, 0.05},
        {"20 strata of 8, 1:1, continuous", 160, 100000, 20, 2, {1, 1}, false, 0.05},
        {"20 strata, 1:2, continuous", 155, 100000, 20, 2, {1, 2}, false, 0.05},
        {"4 strata, 2:3, continuous", 155, 100000, 4, 2, {2, 3}, false, 0.05},
        {"1000 pairs, continuous", 2000, 10000, 1000, 2, {1, 1}, false, 0.5},
    };
    static const bench_test tests[] = {
        {"dim", "neyman", "difference", {"20 strata, continuous", 1000000, 10000, 20, 2, {1, 1}, false, 0}},
        {"dim", "neyman", "studentized", {"20 strata, continuous", 1000000, 10000, 20, 2, {1, 1}, false, 0}},
        {"dim", "neyman", "studentized", {"20 strata, binary", 1000000, 10000, 20, 2, {1, 1}, true, 0}},
        {"ols", "hc2", "studentized", {"20 strata, continuous", 1000000, 10000, 20, 2, {1, 1}, false, 0}},
        {"dim", "neyman", "studentized", {"4 strata, binary", 155, 100000, 4, 2, {1, 1}, true, 0}},
        {"dim", "neyman", "studentized", {"1 stratum, continuous", 155, 100000, 1, 2, {1, 1}, false, 0}},
        {"ols", "hc2", "studentized", {"4 strata, continuous", 155, 100000, 4, 2, {1, 1}, false, 0}},
    };
    const tm_kernels *kernels = tm_kernels_find(NULL);
    printf("randomize: processor time of one thread, kernels %s\n", kernels->name);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        if (run_case(&cases[k])) return 1;
    for (size_t k = 0; k < sizeof tests / sizeof *tests; k++)
        if (run_test(&tests[k])) return 1;
    return 0;
}

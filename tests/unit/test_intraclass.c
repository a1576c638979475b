/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intraclass correlations: published analyses, dense matrices in the place of sums, and every sample or arrangement
 * listed where there are few. */
#include "intraclass_samples.h"

#include "inference/intraclass.h"
#include "numeric/distributions.h"

/* Shrout & Fleiss 1979, table 2: six targets, four judges each. Table 3 has the mean squares 11.24 and 6.26, table 4
 * ICC(1,1) = .17; the interval is what the R package psych prints for the same table. */
static void six_targets(void **state)
{
    (void)state;
    static const double rating[] = {9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7};
    static const int m[] = {4, 4, 4, 4, 4, 4};
    temoin_context *ctx = check_context();
    icc_sample s = icc_sample_of(rating, m, 6);
    tm_worker_groups groups;
    tm_one_way table;
    tm_intraclass_anova icc;
    icc_analyze(ctx, &s, &groups, &table, &icc);
    const double unit = groups.unit * groups.unit;
    assert_true(fabs(table.ms_between * unit - 11.24) < 0.005 && fabs(table.ms_within * unit - 6.26) < 0.005);
    assert_true(fabs(icc.icc - 0.17) < 0.005 && fabs(icc.f - 1.79) < 0.01);
    assert_true(fabs(icc.searle.low + 0.133) < 0.0005 && fabs(icc.searle.high - 0.723) < 0.0005);
    check_close(table.n0, 4, 1e-15);
    check_close(tm_design_effect(&table, icc.icc), 1 + 3 * icc.icc, 1e-15);
    temoin_context_free(ctx);
}

/* Snedecor & Cochran 1967, "Statistical Methods", section 10.18: shares of conceptions by bull, samples of 2 to 9. The
 * printed mean squares are 664 and 248. And Davies 1947, dyestuff yields of six batches, in which the component between
 * batches is 1764. */
static void bulls_and_batches(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    icc_sample s = icc_sample_of(icc_bulls, icc_bulls_m, 6);
    tm_worker_groups groups;
    tm_one_way table;
    tm_intraclass_anova icc;
    icc_analyze(ctx, &s, &groups, &table, &icc);
    assert_true(fabs(table.ms_between * groups.unit * groups.unit - 664) < 0.5);
    assert_true(fabs(icc.within - 248) < 0.5 && table.df_between == 5 && table.df_within == 29);
    assert_true(fabs(table.n0 - (35 - 233.0 / 35) / 5) < 1e-14 && fabs(table.weighted - 233.0 / 35) < 1e-14);
    s = icc_sample_of(icc_dyestuff, icc_dyestuff_m, 6);
    icc_analyze(ctx, &s, &groups, &table, &icc);
    check_close(icc.between, 1764.05, 1e-12);
    check_close(icc.within, 2451.25, 1e-12);
    check_close(icc.icc, 1764.05 / 4215.3, 1e-12);
    temoin_context_free(ctx);
}

/* Var(SSB) = 2 tr(AVAV) with A the n × n matrix of the sum of squares, V at the estimated correlation. */
static double dense_variance(const icc_sample *s, double r)
{
    const int64_t n = s->sample.n;
    static double a[ICC_ROWS][ICC_ROWS], av[ICC_ROWS][ICC_ROWS];
    double m[ICC_ROWS] = {0}, arm_n[ICC_ARMS] = {0}, trace = 0;
    for (int64_t i = 0; i < n; i++) m[s->cluster[i]]++, arm_n[s->arm[i]]++;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            a[i][j] = (s->cluster[i] == s->cluster[j]) / m[s->cluster[i]] - (s->arm[i] == s->arm[j]) / arm_n[s->arm[i]];
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            av[i][j] = (1 - r) * a[i][j];
            for (int64_t k = 0; k < n; k++)
                if (s->cluster[k] == s->cluster[j]) av[i][j] += r * a[i][k];
        }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) trace += av[i][j] * av[j][i];
    return 2 * trace;
}

/* Of several arms, and of one. */
static void smith_by_dense_matrices(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 5;
    for (int round = 0; round < 20; round++) {
        icc_sample s = icc_random_sample(&seed, 1 + round % ICC_ARMS, 3, false);
        tm_worker_groups groups;
        tm_one_way t;
        tm_intraclass_anova icc;
        icc_analyze(ctx, &s, &groups, &t, &icc);
        const double r = icc.icc, msb = 1 - r + t.n0 * r;
        const double variance =
            (1 - r) * (1 - r) * dense_variance(&s, r) / (t.n0 * t.n0 * t.df_between * t.df_between) +
            msb * msb * 2 * (1 - r) * (1 - r) / (t.n0 * t.n0 * t.df_within);
        check_close(icc.smith.high - r, tm_normal_quantile(0.975) * sqrt(variance), 1e-10);
        assert_true(close_to(icc.smith.high - r, r - icc.smith.low, 1e-10, 0));
    }
    temoin_context_free(ctx);
}

/* The interval holds the correlations that the F test does not reject: at its ends F has probability 2.5 % beyond. */
static void searle_inverts_f(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 6;
    for (int round = 0; round < 20; round++) {
        icc_sample s = icc_random_sample(&seed, 1 + round % ICC_ARMS, 4, true);
        tm_worker_groups groups;
        tm_one_way t;
        tm_intraclass_anova icc;
        icc_analyze(ctx, &s, &groups, &t, &icc);
        const double low = 1 + t.n0 * icc.searle.low / (1 - icc.searle.low);
        const double high = 1 + t.n0 * icc.searle.high / (1 - icc.searle.high);
        check_close(tm_f_upper(icc.f / low, t.df_between, t.df_within), 0.025, 1e-10);
        check_close(tm_f_upper(icc.f / high, t.df_between, t.df_within), 0.975, 1e-10);
    }
    temoin_context_free(ctx);
}

/* A constant in all outcomes moves nothing, a factor moves the components by its square, and the arms' own levels do
 * not count: outcomes of 1e150 too, whose squares no double holds after a few more multiplications. */
static void scale_and_level(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 7;
    static const double factor[] = {2, -1e150, 1e-150, 3e7};
    for (int k = 0; k < 4; k++) {
        icc_sample s = icc_random_sample(&seed, 2, 4, false), moved = s;
        tm_worker_groups groups;
        tm_one_way table;
        tm_intraclass_anova icc, other;
        moved.sample.y = moved.y, moved.sample.arm = moved.arm, moved.sample.cluster = moved.cluster;
        for (int64_t i = 0; i < s.sample.n; i++) moved.y[i] = factor[k] * (s.y[i] + 10 * s.arm[i]);
        icc_analyze(ctx, &s, &groups, &table, &icc);
        icc_analyze(ctx, &moved, &groups, &table, &other);
        check_close(other.icc, icc.icc, 1e-11);
        check_close(other.searle.low, icc.searle.low, 1e-11);
        check_close(other.within / factor[k] / factor[k], icc.within, 1e-11);
        check_close(other.between / factor[k] / factor[k], icc.between, 1e-11);
    }
    temoin_context_free(ctx);
}

static void expect_refused(temoin_context *ctx, const double *y, const int *m, int n_groups, const char *why)
{
    icc_sample s = icc_sample_of(y, m, n_groups);
    tm_worker_groups groups;
    tm_one_way table;
    tm_intraclass_anova icc;
    icc_analyze(ctx, &s, &groups, &table, &icc);
    assert_string_equal(tm_intraclass_refuses(&groups, &table), why);
    assert_true(isnan(icc.icc) && isnan(icc.searle.low) && isnan(icc.smith.high) && isnan(icc.p) && isnan(icc.between));
}

/* 0.1 three times sums to something else than 0.3, which must not pass for variation. */
static void not_identified(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    expect_refused(ctx, (const double[]){1, 2, 3, 4}, (const int[]){4}, 1, "one_worker");
    expect_refused(ctx, (const double[]){1, 2, 3, 4}, (const int[]){1, 1, 1, 1}, 4, "every_worker_one_client");
    expect_refused(ctx, (const double[]){.1, .1, .1, .1}, (const int[]){3, 1}, 2, "no_variation");
    expect_refused(ctx, (const double[]){.1, .1, .1, .7, .7}, (const int[]){3, 2}, 2, "constant_within_workers");
    temoin_context_free(ctx);
}

/* One client has an event: without that worker, whom a third of the samples leave out, nothing varies. */
static void bootstrap_without_variation(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const int m[] = {5, 4, 6, 3};
    double y[18] = {0};
    y[7] = 1;
    icc_sample s = icc_sample_of(y, m, 4);
    tm_worker_groups groups;
    tm_interval ends;
    tm_pcg64 stream;
    icc_point(&s);
    tm_pcg64_init(&stream, 1, 2);
    check_ok(ctx, tm_worker_groups_build(ctx, &s.sample, &groups));
    check_ok(ctx, tm_intraclass_bootstrap(ctx, &groups, &stream, 999, 0.95, &ends));
    assert_true(isnan(ends.low) && isnan(ends.high));
    temoin_context_free(ctx);
}

/* The correlation of the workers in `from`, each a worker of its own, by building them from their clients. */
static double correlation_of(temoin_context *ctx, const icc_sample *s, const int *from, int n)
{
    icc_sample drawn = {0};
    tm_worker_groups groups;
    tm_one_way table;
    int64_t rows = 0;
    for (int k = 0; k < n; k++)
        for (int64_t i = 0; i < s->sample.n; i++) {
            if (s->cluster[i] != from[k]) continue;
            drawn.y[rows] = s->y[i];
            drawn.cluster[rows++] = k;
        }
    icc_finish(&drawn, rows, n, 1);
    check_ok(ctx, tm_worker_groups_build(ctx, &drawn.sample, &groups));
    tm_one_way_init(&groups, &table);
    return table.icc;
}

static int ascending(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* Four workers: 256 samples of them, against draws. */
static void bootstrap_against_all_samples(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    temoin_context *ctx = check_context();
    static const double y[] = {3, 5, 4, 9, 7, 8, 2, 2, 3, 5, 6, 8, 1};
    static const int m[] = {3, 4, 2, 4};
    icc_sample s = icc_sample_of(y, m, 4);
    tm_worker_groups groups;
    tm_interval ends, again;
    tm_pcg64 stream;
    double all[256];
    for (int k = 0; k < 256; k++) {
        const int from[] = {k % 4, k / 4 % 4, k / 16 % 4, k / 64};
        all[k] = correlation_of(ctx, &s, from, 4);
    }
    qsort(all, 256, sizeof *all, ascending);
    icc_point(&s);
    check_ok(ctx, tm_worker_groups_build(ctx, &s.sample, &groups));
    tm_pcg64_init(&stream, 1, 2);
    check_ok(ctx, tm_intraclass_bootstrap(ctx, &groups, &stream, DRAWS, 0.8, &ends));
    const double error = 4 * sqrt(0.1 * 0.9 / DRAWS) * 256; /* in samples */
    assert_true(ends.low >= all[(int)(25.6 - error)] - 1e-12 && ends.low <= all[(int)(25.6 + error) + 1] + 1e-12);
    assert_true(ends.high >= all[(int)(230.4 - error)] - 1e-12 && ends.high <= all[(int)(230.4 + error) + 1] + 1e-12);
    ctx->threads = 3;
    check_ok(ctx, tm_intraclass_bootstrap(ctx, &groups, &stream, DRAWS, 0.8, &again));
    assert_true(ends.low == again.low && ends.high == again.high);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_targets),
        cmocka_unit_test(bulls_and_batches),
        cmocka_unit_test(smith_by_dense_matrices),
        cmocka_unit_test(searle_inverts_f),
        cmocka_unit_test(scale_and_level),
        cmocka_unit_test(not_identified),
        cmocka_unit_test(bootstrap_without_variation),
        cmocka_unit_test(bootstrap_against_all_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

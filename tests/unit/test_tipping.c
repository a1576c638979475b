/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tipping points against closed forms, dense matrices, means of workers and a published t test. */
#include "randsample.h"

#include "inference/effects.h"
#include "inference/tipping.h"
#include "numeric/distributions.h"

enum { ROWS = 80 };

typedef struct caseloads {
    tm_provider_sample by_worker;
    double y[ROWS], weight[ROWS];
    int32_t arm[ROWS], stratum[ROWS], cluster[ROWS];
} caseloads;

static void add_worker(caseloads *c, int32_t arm, int m)
{
    tm_sample *s = &c->by_worker.sample;
    for (int k = 0; k < m; k++, s->n++) {
        c->arm[s->n] = arm;
        c->cluster[s->n] = s->n_clusters;
    }
    s->n_clusters++;
    c->by_worker.n_workers++;
}

/* m [n] clients of each worker; the first `split` of them are of arm 1. */
static void make(caseloads *c, const int *m, int n, int split)
{
    memset(c, 0, sizeof *c);
    c->by_worker.sample = (tm_sample){.n_arms = 2, .n_strata = 1, .y = c->y, .arm = c->arm, .stratum = c->stratum};
    c->by_worker.sample.cluster = c->cluster;
    for (int g = 0; g < n; g++) add_worker(c, g < split, m[g]);
}

static const double difference[] = {-1, 1};
static const int32_t arms[] = {1, 0};

static double build(temoin_context *ctx, const caseloads *c, tm_tipping *out)
{
    const tm_fit *fit;
    *out = (tm_tipping){.level = 0.95};
    check_ok(ctx, tm_effects_fit(ctx, &c->by_worker.sample, tm_estimator_find("dim"), difference, 1, &fit, &out->unit));
    check_ok(ctx, tm_tipping_arms_build(ctx, fit, &c->by_worker, arms, out));
    out->value = fit->value[0];
    return out->value * out->unit;
}

static tm_effect run(temoin_context *ctx, const caseloads *c, const char *estimator, const char *variance)
{
    tm_effect effect;
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &c->by_worker.sample, tm_estimator_find(estimator), tm_variance_find(variance),
                                 difference, 1, 0.95, &effect));
    return effect;
}

/* "Student" 1908, table of Cushny & Peebles' sleep data; R's documentation of t.test prints Welch's test of the two
 * groups: t = -1.8608, df = 17.776, p = 0.07939, -3.3654832 to 0.2054832. */
static void without_correlation_it_is_welchs(void **state)
{
    (void)state;
    static const double extra[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0,   2,
                                   1.9, 0.8,  1.1,  0.1,  -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    static const int m[] = {5, 5, 3, 7};
    temoin_context *ctx = check_context();
    caseloads c;
    tm_tipping tipping;
    tm_tipping_interval at;
    double rho;
    make(&c, m, 4, 2);
    memcpy(c.y, extra, sizeof extra);
    build(ctx, &c, &tipping);
    tm_tipping_at(&tipping, 0, &at);
    assert_true(fabs(at.df - 17.776) < 0.0005 && fabs(at.p - 0.07939) < 0.000005);
    assert_true(fabs(at.low + 3.3654832) < 5e-8 && fabs(at.high - 0.2054832) < 5e-8);
    assert_string_equal(tm_tipping_find(&tipping, &rho), "touches_zero");
    assert_true(isnan(rho));
    temoin_context_free(ctx);
}

/* With degrees of freedom that do not move, |value| = t sqrt(v0 + (v1 - v0) rho) is solved by hand: known variances,
 * and one worker in each of two arms that are alike. */
static void closed_forms(void **state)
{
    (void)state;
    tm_tipping t = {.value = -1.3, .level = 0.9, .unit = 1};
    double rho, z = tm_normal_quantile(0.95);
    tm_tipping_interval at;
    t.arm[0] = (tm_tipping_arm){.n = 40, .variance = 4, .weighted = 11.5, .df = INFINITY, .t1 = 0.9, .t2 = 0.9};
    t.arm[1] = (tm_tipping_arm){.n = 60, .variance = 9, .weighted = 1, .df = INFINITY, .t1 = 1, .t2 = 1};
    const double v0 = 4 / 40. + 9 / 60., v1 = 4 / 40. * 11.5 + 9 / 60.;
    assert_null(tm_tipping_find(&t, &rho));
    check_close(rho, (1.3 * 1.3 / (z * z) - v0) / (v1 - v0), 1e-13);
    tm_tipping_at(&t, rho, &at);
    assert_true(fabs(at.high) < 1e-14 && isinf(at.df));
    check_close(at.p, 0.1, 1e-12);

    t.arm[0] = t.arm[1] = (tm_tipping_arm){.n = 30, .variance = 2, .weighted = 30, .df = 29, .n_workers = 1};
    const double quantile = tm_student_quantile(0.95, 58), v = 2 * 2 / 30.;
    assert_null(tm_tipping_find(&t, &rho));
    check_close(rho, (1.3 * 1.3 / (quantile * quantile) / v - 1) / 29, 1e-13);
    tm_tipping_at(&t, rho, &at);
    check_close(at.df, 58, 1e-15);
}

static void there_is_none(void **state)
{
    (void)state;
    tm_tipping t = {.value = 9, .level = 0.95, .unit = 1};
    tm_tipping_interval at;
    double rho = 0;
    t.arm[0] = (tm_tipping_arm){.n = 40, .variance = 4, .weighted = 2, .df = 39, .t1 = 0.9, .t2 = 0.9};
    t.arm[1] = t.arm[0];
    assert_string_equal(tm_tipping_find(&t, &rho), "holds_everywhere");
    assert_true(isnan(rho));
    t.arm[0].weighted = t.arm[1].weighted = 1;
    assert_string_equal(tm_tipping_find(&t, &rho), "every_worker_one_client");
    t.value = 0;
    assert_string_equal(tm_tipping_find(&t, &rho), "touches_zero");
    t.arm[0].variance = t.arm[1].variance = 0;
    assert_string_equal(tm_tipping_find(&t, &rho), "no_variation");
    tm_tipping_at(&t, 0.5, &at);
    assert_true(isnan(at.se) && isnan(at.p) && isnan(at.low));
    t.arm[0].variance = 4;
    t.arm[0].df = 0; /* one client */
    assert_string_equal(tm_tipping_find(&t, &rho), "no_variation");
}

/* Of the arm with those caseloads: s² as y'My/(n-1), its degrees of freedom and the variance of the mean from matrices
 * of clients. */
static void dense(const int *m, int n_workers, double rho, double *df, double *design)
{
    static double v[ROWS][ROWS], mv[ROWS][ROWS];
    int of[ROWS], n = 0;
    double trace = 0, square = 0;
    for (int g = 0; g < n_workers; g++)
        for (int k = 0; k < m[g]; k++) of[n++] = g;
    *design = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            v[i][j] = i == j ? 1 : of[i] == of[j] ? rho : 0;
            *design += v[i][j] / n;
        }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double mean = 0;
            for (int k = 0; k < n; k++) mean += v[k][j] / n;
            mv[i][j] = v[i][j] - mean;
        }
    for (int i = 0; i < n; i++) trace += mv[i][i];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) square += mv[i][j] * mv[j][i];
    *df = trace * trace / square;
}

static void degrees_of_freedom_by_dense_matrices(void **state)
{
    (void)state;
    static const int m[][6] = {{5, 5, 5, 5, 5, 5}, {1, 2, 3, 4, 5, 6}, {20, 1, 1, 1, 1, 1}, {9, 1, 14, 2, 2, 3}};
    temoin_context *ctx = check_context();
    uint64_t seed = 11;
    for (int trial = 0; trial < 4; trial++) {
        caseloads c;
        tm_tipping tipping;
        tm_tipping_interval at;
        make(&c, m[trial], 6, 3);
        for (int i = 0; i < ROWS; i++) c.y[i] = rand_normal(&seed);
        build(ctx, &c, &tipping);
        for (int k = 0; k <= 10; k++) {
            const double rho = k / 10.;
            double df[2], design[2], v[2];
            for (int a = 0; a < 2; a++) {
                dense(m[trial] + 3 * a, 3, rho, &df[a], &design[a]);
                v[a] = tipping.arm[a].variance / tipping.arm[a].n * design[a];
            }
            tm_tipping_at(&tipping, rho, &at);
            check_close(at.se, sqrt(v[0] + v[1]) * tipping.unit, 1e-13);
            check_close(at.df, (v[0] + v[1]) * (v[0] + v[1]) / (v[0] * v[0] / df[0] + v[1] * v[1] / df[1]), 1e-12);
        }
    }
    temoin_context_free(ctx);
}

/* Where clients of a worker are all the same and caseloads equal, the correlation is 1 and the interval there has the
 * degrees of freedom of Welch's test of workers' means; s²/n m lacks the share (m - 1)/(n - 1) of its variance. */
static void at_one_it_is_of_workers_means(void **state)
{
    (void)state;
    static const int m[] = {4, 4, 4, 4, 4, 4, 4, 4};
    temoin_context *ctx = check_context();
    uint64_t seed = 3;
    for (int round = 0; round < 5; round++) {
        caseloads c;
        tm_tipping tipping;
        tm_tipping_interval at;
        double of_worker[8];
        make(&c, m, 8, 4);
        for (int g = 0; g < 8; g++) of_worker[g] = rand_normal(&seed) * (g < 4 ? 1 : 3);
        for (int i = 0; i < 32; i++) c.y[i] = of_worker[c.cluster[i]];
        check_close(build(ctx, &c, &tipping), run(ctx, &c, "worker_means", "welch").value, 1e-12);
        tm_tipping_at(&tipping, 1, &at);
        const tm_effect means = run(ctx, &c, "worker_means", "welch");
        check_close(at.df, means.df, 1e-12);
        check_close(at.se / sqrt(4 * 3 / 15.), means.se, 1e-12);
    }
    temoin_context_free(ctx);
}

/* A weighted mean's variance w'Vw / (Σw)², V with rho between clients of a worker. */
static void weights_by_dense_matrices(void **state)
{
    (void)state;
    static const int m[] = {5, 2, 7, 4, 4, 4};
    temoin_context *ctx = check_context();
    uint64_t seed = 8;
    caseloads c;
    tm_tipping tipping;
    tm_tipping_interval at;
    make(&c, m, 6, 3);
    for (int i = 0; i < ROWS; i++) c.y[i] = rand_normal(&seed), c.weight[i] = 0.5 + rand_uniform(&seed);
    c.by_worker.sample.weight = c.weight;
    build(ctx, &c, &tipping);
    for (int k = 0; k <= 4; k++) {
        double want = 0;
        for (int a = 0; a < 2; a++) {
            double all = 0, sum = 0;
            for (int i = 0; i < c.by_worker.sample.n; i++) {
                if (c.arm[i] != arms[a]) continue;
                all += c.weight[i];
                for (int j = 0; j < c.by_worker.sample.n; j++)
                    sum += c.weight[i] * c.weight[j] * (i == j ? 1 : c.cluster[i] == c.cluster[j] ? k / 4. : 0);
            }
            want += tipping.arm[a].variance * sum / (all * all);
        }
        tm_tipping_at(&tipping, k / 4., &at);
        check_close(at.se, sqrt(want) * tipping.unit, 1e-13);
    }
    temoin_context_free(ctx);
}

/* Units do not matter, a client alone is no worker's, and the tipping point is where the interval touches. */
static void laws(void **state)
{
    (void)state;
    static const int m[] = {5, 6, 7, 1, 1, 1, 1, 1, 1, 1, 1};
    temoin_context *ctx = check_context();
    uint64_t seed = 21;
    double first = NAN;
    caseloads c;
    make(&c, m, 11, 3);
    c.by_worker.n_workers = 3;
    for (int i = 0; i < ROWS; i++) c.y[i] = rand_normal(&seed) + 2 * c.arm[i];
    for (int scale = 0; scale < 3; scale++) {
        static const double factor[] = {1, -0x1p900, 0x1p-901};
        tm_tipping tipping;
        tm_tipping_interval at;
        double rho;
        for (int i = 0; i < ROWS; i++) c.y[i] *= factor[scale];
        build(ctx, &c, &tipping);
        assert_null(tm_tipping_find(&tipping, &rho));
        if (scale == 0) first = rho;
        check_close(rho, first, 1e-13);
        tm_tipping_at(&tipping, rho, &at);
        assert_true(fmin(fabs(at.low), fabs(at.high)) < 1e-13 * at.se);
        check_close(at.p, 0.05, 1e-12);
        assert_int_equal(tipping.arm[0].n_workers, 3);
        assert_int_equal(tipping.arm[1].n_workers, 0);
        check_close(tipping.arm[0].weighted, 110 / 18., 1e-15);
        check_close(tipping.arm[1].weighted, 1, 1e-15);
    }
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_correlation_it_is_welchs),
        cmocka_unit_test(closed_forms),
        cmocka_unit_test(there_is_none),
        cmocka_unit_test(degrees_of_freedom_by_dense_matrices),
        cmocka_unit_test(at_one_it_is_of_workers_means),
        cmocka_unit_test(weights_by_dense_matrices),
        cmocka_unit_test(laws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

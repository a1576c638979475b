/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The p × p algebra of the library against n × n matrices, on random samples with weights and absorbed groups. */
#include "oracle.h"
#include "randsample.h"

#include "estimators/estimator.h"
#include "numeric/matrix_power.h"
#include "variances/variance.h"

#include <gsl/gsl_eigen.h>

typedef struct counts {
    int samples, compared, refused;
} counts;

static void differ(const rand_sample *r, const char *estimator, const char *variance, const char *what, double got,
                   double want)
{
    print_error("%s %s (features %d, %d rows, %d strata, %d clusters, %d covariates): %s is %.17g, want %.17g\n",
                estimator, variance, r->features, (int)r->sample.n, r->sample.n_strata, r->sample.n_clusters,
                r->sample.n_covariates, what, got, want);
    fail();
}

static double wanted_variance(const oracle *o, const char *key, int g, double *df)
{
    double n = o->n, k = o->rank;
    *df = key[0] == 'c' && strcmp(key, "classical") != 0 ? g - 1 : n - k;
    if (strcmp(key, "hc2_bm") == 0) *df = o->bm_df;
    if (strcmp(key, "cr2") == 0) *df = o->cr2_df;
    return strcmp(key, "classical") == 0 ? o->classical
           : strcmp(key, "hc0") == 0     ? o->hc0
           : strcmp(key, "hc1") == 0     ? o->hc0 * n / (n - k)
           : strncmp(key, "hc2", 3) == 0 ? o->hc2
           : strcmp(key, "hc3") == 0     ? o->hc3
           : strcmp(key, "cr0") == 0     ? o->cr0
           : strcmp(key, "cr1") == 0     ? o->cr0 * g / (g - 1)
           : strcmp(key, "cr1s") == 0    ? o->cr0 * g / (g - 1) * (n - 1) / (n - k)
           : strcmp(key, "cr2") == 0     ? o->cr2
           : strcmp(key, "cr3") == 0     ? o->cr3
           : strcmp(key, "cv3") == 0     ? o->cv3
           : strcmp(key, "cv3j") == 0    ? o->cv3j
                                         : NAN;
}

static void compare_variance(temoin_context *ctx, const rand_sample *r, const char *estimator, const tm_fit *fit,
                             const oracle *o, const tm_variance *variance, double tolerance, counts *n)
{
    tm_uncertainty u = {NAN, NAN, NULL, NULL};
    double df, want = wanted_variance(o, variance->key, r->sample.n_clusters, &df);
    if (variance->blockwise) return;
    if (isnan(want) || isnan(df)) return; /* too slow for this one */
    check_ok(ctx, variance->run(ctx, fit, &u));
    if (u.refused) {
        assert_true(isnan(u.variance) && isnan(u.df));
        n->refused++;
        return;
    }
    n->compared++;
    if (!close_to(u.variance, want, tolerance, 0)) differ(r, estimator, variance->key, "variance", u.variance, want);
    if (!close_to(u.df, df, 10 * tolerance, 0)) differ(r, estimator, variance->key, "df", u.df, df);
}

static void compare_sample(temoin_context *ctx, const rand_sample *r, const tm_estimator *estimator, double tolerance,
                           counts *n)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double contrast[RAND_ARMS] = {-1, 1};
    int64_t left_out;
    oracle o;
    const tm_fit *fit;
    tm_model model = {.sample = &r->sample, .n_contrasts = 1, .arm_weight = contrast};
    if (r->sample.n_arms == 3) contrast[0] = -0.25, contrast[2] = -0.75;
    check_ok(ctx, estimator->build(ctx, &model, &left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    if (!isnan(fit->value[0]) && r->sample.n > fit->n_parameters + 2) {
        n->samples++;
        oracle_run(&model, 0, fit->n_parameters < 100, &o);
        if (o.rank != fit->n_parameters) differ(r, estimator->key, "", "rank", fit->n_parameters, o.rank);
        if (!close_to(fit->value[0], o.effect, tolerance, sqrt(o.hc0)))
            differ(r, estimator->key, "", "effect", fit->value[0], o.effect);
        for (int v = 0; v < tm_n_variances; v++)
            if (tm_variances[v]->run) compare_variance(ctx, r, estimator->key, fit, &o, tm_variances[v], tolerance, n);
    }
    tm_arena_rewind(&ctx->scratch, mark);
}

typedef struct kind {
    const char *name;
    int features;
    bool weighted;  /* every other sample, at least */
    double outlier; /* what the first row's covariates are multiplied by in every other sample */
    double tolerance;
    int trials, compared;
} kind;

static void random_samples(void **state)
{
    static const kind kinds[] = {
        {"tame", RAND_WEIGHTS | RAND_UNIT_STRATA | RAND_EMPTY_ARM | RAND_GIANT_CLUSTER | RAND_NESTED | RAND_TWIN, true,
         1, 1e-8, 250, 5000},
        {"weights over six magnitudes", RAND_WIDE_WEIGHTS | RAND_NESTED | RAND_GIANT_CLUSTER, false, 1, 1e-6, 250,
         5000},
        {"leverage of nearly one", RAND_WEIGHTS | RAND_NESTED, false, 100, 1e-6, 150, 3000},
    };
    static rand_sample r;
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        temoin_context *ctx = check_context();
        uint64_t seed = 20230311 + k;
        counts n = {0};
        for (int trial = 0; trial < kinds[k].trials; trial++) {
            rand_sample_draw(&seed, kinds[k].features, 70, &r);
            if (trial % 2 && kinds[k].weighted) r.features |= RAND_WEIGHTS;
            for (int j = 0; trial % 2 && j < RAND_COVARIATES; j++) r.x[j][0] *= kinds[k].outlier;
            rand_set_views(&r);
            for (int e = 0; e < tm_n_estimators; e++)
                if (tm_estimators[e]->build) compare_sample(ctx, &r, tm_estimators[e], kinds[k].tolerance, &n);
        }
        temoin_context_free(ctx);
        printf("# %s: %d variances compared on %d fits, %d refused\n", kinds[k].name, n.compared, n.samples, n.refused);
        assert_true(n.compared > kinds[k].compared);
    }
}

/* More parameters than the weighted CR2 keeps a dense table for, and groups that few clusters share. */
static void many_groups(void **state)
{
    (void)state;
    enum { ROWS = 850, STRATA = 401 };
    static double y[ROWS], weight[ROWS], x[ROWS];
    static int32_t arm[ROWS], stratum[ROWS], cluster[ROWS];
    static const double *const covariate[] = {x};
    static const char *const name[] = {"x"};
    static rand_sample r;
    temoin_context *ctx = check_context();
    uint64_t seed = 77;
    for (int weighted = 0; weighted < 2; weighted++) {
        counts n = {0};
        for (int i = 0; i < ROWS; i++) {
            stratum[i] = i % STRATA;
            arm[i] = (i / STRATA + (int)(rand_next(&seed) % 2)) % 2;
            cluster[i] = i < 150 ? i : rand_below(&seed, 150);
            x[i] = rand_normal(&seed);
            weight[i] = 0.5 + rand_uniform(&seed);
            y[i] = x[i] + rand_normal(&seed) + arm[i];
        }
        r.sample = (tm_sample){.n = ROWS,
                               .n_arms = 2,
                               .n_strata = STRATA,
                               .n_clusters = 150,
                               .y = y,
                               .weight = weighted ? weight : NULL,
                               .arm = arm,
                               .stratum = stratum,
                               .cluster = cluster,
                               .n_covariates = 1,
                               .covariate = covariate,
                               .covariate_name = name};
        compare_sample(ctx, &r, tm_estimator_find("ols"), 1e-8, &n);
        assert_true(n.compared >= 9);
    }
    temoin_context_free(ctx);
}

/* A random symmetric matrix with eigenvalues in (0, largest], its eigenvectors, and f of it by them. */
static void check_power(uint64_t *seed, int n, double largest, tm_power power)
{
    double s[64] = {0}, v[8], got[8], want[8] = {0}, work[512];
    gsl_matrix *a = gsl_matrix_alloc((size_t)n, (size_t)n), *q = gsl_matrix_alloc((size_t)n, (size_t)n);
    gsl_vector *values = gsl_vector_alloc((size_t)n);
    gsl_eigen_symmv_workspace *room = gsl_eigen_symmv_alloc((size_t)n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            gsl_matrix_set(a, (size_t)i, (size_t)j, rand_normal(seed));
            gsl_matrix_set(a, (size_t)j, (size_t)i, gsl_matrix_get(a, (size_t)i, (size_t)j));
        }
    gsl_eigen_symmv(a, values, q, room);
    for (int c = 0; c < n; c++) {
        double value = c == 0 ? largest : largest * rand_uniform(seed), along = 0;
        double f = power == TM_POWER_ZERO ? 1 : power == TM_POWER_INVERSE ? 1 / (1 - value) : 1 / sqrt(1 - value);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                s[i * n + j] +=
                    value * gsl_matrix_get(q, (size_t)i, (size_t)c) * gsl_matrix_get(q, (size_t)j, (size_t)c);
        for (int i = 0; i < n; i++) v[i] = c == 0 ? rand_normal(seed) : v[i];
        for (int i = 0; i < n; i++) along += v[i] * gsl_matrix_get(q, (size_t)i, (size_t)c);
        for (int i = 0; i < n; i++) want[i] += f * along * gsl_matrix_get(q, (size_t)i, (size_t)c);
    }
    assert_true(tm_complement_power_room(n) <= 512);
    double lost = tm_complement_power(s, n, power, v, got, work);
    assert_true(lost == 0);
    for (int i = 0; i < n; i++)
        if (fabs(got[i] - want[i]) > 1e-13 / ((1 - largest) * (1 - largest))) {
            print_error("power %d of %d x %d, largest %g: got %.17g, want %.17g\n", power, n, n, largest, got[i],
                        want[i]);
            fail();
        }
    gsl_eigen_symmv_free(room);
    gsl_vector_free(values);
    gsl_matrix_free(a);
    gsl_matrix_free(q);
}

static void matrix_powers(void **state)
{
    (void)state;
    static const double largest[] = {1e-9, 0.01, 0.2, 0.3, 0.49, 0.499999, 0.51, 0.7, 0.99, 0.99999};
    uint64_t seed = 5;
    for (int n = 1; n <= 8; n++)
        for (size_t l = 0; l < sizeof largest / sizeof *largest; l++)
            for (int power = TM_POWER_ZERO; power <= TM_POWER_INVERSE; power++)
                for (int trial = 0; trial < 20; trial++) check_power(&seed, n, largest[l], (tm_power)power);
}

/* A direction of eigenvalue one is left out, and its length returned. */
static void lost_direction(void **state)
{
    (void)state;
    const double s[] = {1, 0, 0, 0.75}, v[] = {3, 5};
    double out[2], work[64];
    assert_true(tm_complement_power(s, 2, TM_POWER_INVERSE_ROOT, v, out, work) == 3);
    assert_true(out[0] == 0);
    check_close(out[1], 10, 1e-15);
    assert_true(tm_complement_power(s, 2, TM_POWER_ZERO, v, out, work) == 3);
    check_close(out[0], 3, 1e-15);
    check_close(out[1], 5, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_samples),
        cmocka_unit_test(many_groups),
        cmocka_unit_test(matrix_powers),
        cmocka_unit_test(lost_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

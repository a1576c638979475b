/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects from workers' means, against the tests of clients with the means in their place. */
#include "randsample.h"

#include "inference/effects.h"
#include "inference/recommended_method.h"

enum { MOST = 60 };

static const double contrast[] = {-1, 1};

typedef struct trial {
    int32_t n, n_clusters, arm[MOST], cluster[MOST], stratum[MOST];
    double y[MOST], x[2][MOST];
    int32_t n_covariates;
} trial;

static tm_effect estimate(temoin_context *ctx, const trial *t, const char *estimator, const char *variance)
{
    const double *const covariate[] = {t->x[0], t->x[1]};
    static const char *const name[] = {"x", "z"};
    const bool clustered = tm_variance_find(variance)->clustered;
    const tm_sample s = {.n = t->n,
                         .n_arms = 2,
                         .n_strata = 1,
                         .y = t->y,
                         .arm = t->arm,
                         .stratum = t->stratum,
                         .cluster = clustered ? t->cluster : NULL,
                         .n_clusters = clustered ? t->n_clusters : 0,
                         .n_covariates = t->n_covariates,
                         .covariate = covariate,
                         .covariate_name = name};
    tm_effect e;
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx,
             tm_effects_run(ctx, &s, tm_estimator_find(estimator), tm_variance_find(variance), contrast, 1, 0.95, &e));
    return e;
}

/* Workers of 2, 3, 4, … clients, those below `treated` in arm 1; or, crossed, every second client of each. */
static trial build(int32_t n_clusters, int32_t treated, bool crossed, uint64_t *seed)
{
    trial t = {.n_clusters = n_clusters};
    for (int32_t g = 0; g < n_clusters; g++) {
        const double own = rand_normal(seed);
        for (int k = 0; k < 2 + g; k++, t.n++) {
            t.cluster[t.n] = g;
            t.arm[t.n] = crossed ? k % 2 : g < treated;
            t.y[t.n] = own + rand_normal(seed);
        }
    }
    return t;
}

/* Each worker as one client whose outcome is the mean. */
static trial means_of(const trial *t)
{
    trial out = {.n = t->n_clusters, .n_clusters = t->n_clusters};
    double n[MOST] = {0};
    for (int32_t i = 0; i < t->n; i++) n[t->cluster[i]]++;
    for (int32_t i = 0; i < t->n; i++) {
        const int32_t g = t->cluster[i];
        out.cluster[g] = g;
        out.arm[g] = t->arm[i];
        out.y[g] += t->y[i] / n[g];
    }
    return out;
}

static void check_same(const tm_effect *got, const tm_effect *want)
{
    check_close(got->value, want->value, 1e-12);
    check_close(got->se, want->se, 1e-12);
    check_close(got->df, want->df, 1e-12);
    check_close(got->p, want->p, 1e-10);
    check_close(got->ci_low, want->ci_low, 1e-10);
}

static void means_are_compared_as_clients_are(void **state)
{
    (void)state;
    static const char *const twin[][2] = {{"welch", "neyman"}, {"student", "classical"}};
    uint64_t seed = 71;
    for (int round = 0; round < 20; round++)
        for (int k = 0; k < 2; k++) {
            temoin_context *ctx = check_context();
            const trial t = build(5 + round % 3, 2 + round % 2, false, &seed), means = means_of(&t);
            const tm_effect got = estimate(ctx, &t, "worker_means", twin[k][0]),
                            want = estimate(ctx, &means, "dim", twin[k][1]);
            check_same(&got, &want);
            const tm_effect single = estimate(ctx, &means, "worker_means", twin[k][0]);
            check_same(&single, &want);
            assert_int_equal(got.n_clusters, t.n_clusters);
            assert_int_equal(got.n, t.n);
            temoin_context_free(ctx);
        }
}

/* A worker with clients in both arms is a pair: the matched-pair test of the pairs' means. */
static void effects_within_workers_are_pairs(void **state)
{
    (void)state;
    uint64_t seed = 72;
    temoin_context *ctx = check_context();
    trial t = build(7, 0, true, &seed), pairs = {.n = 14};
    double n[14] = {0};
    for (int32_t i = 0; i < t.n; i++) n[2 * t.cluster[i] + t.arm[i]]++;
    for (int32_t i = 0; i < t.n; i++) {
        const int32_t at = 2 * t.cluster[i] + t.arm[i];
        pairs.y[at] += t.y[i] / n[at];
    }
    double mean = 0, square = 0;
    for (int g = 0; g < 7; g++) mean += (pairs.y[2 * g + 1] - pairs.y[2 * g]) / 7;
    for (int g = 0; g < 7; g++) square += pow(pairs.y[2 * g + 1] - pairs.y[2 * g] - mean, 2);
    tm_effect e = estimate(ctx, &t, "worker_means", "paired");
    check_close(e.value, mean, 1e-12);
    check_close(e.se, sqrt(square / 6 / 7), 1e-12);
    assert_true(e.df == 6);
    for (int32_t i = 0; i < t.n; i++) /* two workers lose an arm */
        if (t.cluster[i] < 2) t.arm[i] = 0;
    e = estimate(ctx, &t, "worker_means", "paired");
    assert_true(e.df == 4);
    assert_non_null(strstr(e.notes.text, "cluster_without_contrast:2"));
    e = estimate(ctx, &t, "worker_means", "student");
    assert_true(isnan(e.se) && !isnan(e.value));
    assert_string_equal(e.notes.text, "cluster_in_several_arms");
    temoin_context_free(ctx);
}

/* Slopes come from within workers: an outcome of 3 x and a worker's own part gives them exactly, whatever the means of
 * x; a covariate that is the worker's own is left out. */
static void covariates_are_adjusted_for_within_workers(void **state)
{
    (void)state;
    uint64_t seed = 73;
    temoin_context *ctx = check_context();
    trial t = build(6, 3, false, &seed);
    for (int32_t i = 0; i < t.n; i++) t.y[i] = 0.5 * t.cluster[i] * t.cluster[i];
    const tm_effect want = estimate(ctx, &t, "worker_means", "welch");
    for (int32_t i = 0; i < t.n; i++) {
        t.x[0][i] = t.cluster[i] + rand_normal(&seed);
        t.x[1][i] = t.cluster[i] % 3;
        t.y[i] += 3 * t.x[0][i];
    }
    t.n_covariates = 2;
    const tm_effect got = estimate(ctx, &t, "worker_means", "welch");
    check_same(&got, &want);
    assert_non_null(strstr(got.notes.text, "collinear:z"));
    temoin_context_free(ctx);
}

/* clubSandwich 0.5.8, f the regression of the case, λ by analysis of variance of its residuals in each arm:
 *     vcovCR(f, cluster, type = "CR2", target = <I + λ J of each cluster>), coef_test(f, <that>, test =
 * "Satterthwaite")
 */
static const double served_y[] = {12, 15, 11, 14, 21, 19, 24, 9, 7, 12, 8, 10, 17, 15};
static const int32_t served_cluster[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3};
static const double covariate_x[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2};
static const struct {
    double other_y[8];
    int32_t other_cluster[8];
    int32_t n_clusters, n_covariates;
    double value, se, df;
} printed[] = {
    {{11, 8, 14, 9, 16, 12, 7, 13},
     {4, 5, 6, 7, 8, 9, 10, 11},
     12,
     0,
     2.60714285714286,
     3.05544411398437,
     2.40730453538778},
    {{11, 8, 14, 9, 16, 12, 7, 13},
     {4, 5, 6, 7, 8, 9, 10, 11},
     12,
     1,
     2.60798548094374,
     3.04095329182936,
     2.24354572872372},
    {{11, 8, 14, 9, 16, 12, 7, 13},
     {4, 4, 4, 5, 5, 6, 6, 6},
     7,
     1,
     2.60798548094374,
     2.91756619157191,
     2.27423589449829},
    {{11, 8, 14, 19, 16, 2, 3, 4},
     {4, 4, 4, 5, 5, 6, 6, 6},
     7,
     1,
     4.22020568663037,
     4.87132329819043,
     3.36638858530732},
};

static void a_working_covariance_as_others_do(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof printed / sizeof *printed; k++) {
        temoin_context *ctx = check_context();
        trial t = {.n = 22, .n_clusters = printed[k].n_clusters, .n_covariates = printed[k].n_covariates};
        for (int i = 0; i < 22; i++) {
            t.y[i] = i < 14 ? served_y[i] : printed[k].other_y[i - 14];
            t.cluster[i] = i < 14 ? served_cluster[i] : printed[k].other_cluster[i - 14];
            t.arm[i] = i < 14;
            t.x[0][i] = covariate_x[i];
        }
        const tm_effect e = estimate(ctx, &t, "ols", "cr2_working");
        check_close(e.value, printed[k].value, 1e-12);
        check_close(e.se, printed[k].se, 1e-11);
        check_close(e.df, printed[k].df, 1e-10);
        temoin_context_free(ctx);
    }
}

/* Where clusters differ less than chance would have it, λ is zero and this is CR2. */
static void without_differences_it_is_cr2(void **state)
{
    (void)state;
    uint64_t seed = 75;
    int same = 0;
    for (int round = 0; round < 40; round++) {
        temoin_context *ctx = check_context();
        trial t = build(8, 4, round % 2, &seed);
        for (int32_t i = 0; i < t.n; i++)
            t.y[i] = i % 2 ? 1 + rand_uniform(&seed) : -1 - rand_uniform(&seed), t.x[0][i] = rand_normal(&seed);
        t.n_covariates = 1;
        const tm_effect got = estimate(ctx, &t, "ols", "cr2_working"), want = estimate(ctx, &t, "ols", "cr2");
        if (close_to(got.se, want.se, 1e-10, 0) && close_to(got.df, want.df, 1e-9, 0)) same++;
        assert_true(got.value == want.value && got.df > 0);
        temoin_context_free(ctx);
    }
    assert_true(same >= 10);
}

/* What is recommended exists, and takes clusters. */
static void what_is_recommended_exists(void **state)
{
    (void)state;
    static const tm_structure structures[] = {TM_STRUCTURE_NESTED, TM_STRUCTURE_ONE_ARM, TM_STRUCTURE_CROSSED};
    for (int k = 0; k < 3; k++) {
        const tm_recommended m = tm_recommended_method(structures[k], 3, 4);
        const tm_variance *variance = tm_variance_find(m.variance);
        assert_true(variance && variance->clustered && tm_variance_serves(variance, tm_estimator_find(m.estimator)));
    }
    assert_string_equal(tm_recommended_method(TM_STRUCTURE_NESTED, 2, 3).variance, "student");
    assert_string_equal(tm_recommended_method(TM_STRUCTURE_NESTED, 3, 5).variance, "cr2_working");
}

static void what_cannot_be_told_is_refused(void **state)
{
    (void)state;
    uint64_t seed = 74;
    temoin_context *ctx = check_context();
    trial t = build(5, 1, false, &seed);
    assert_string_equal(estimate(ctx, &t, "worker_means", "welch").notes.text, "one_cluster_in_arm");
    t = build(5, 2, false, &seed);
    for (int32_t i = 0; i < t.n; i++) t.y[i] = 3 + t.arm[i];
    const tm_effect same = estimate(ctx, &t, "worker_means", "student");
    assert_true(same.value == 1 && isnan(same.se));
    assert_string_equal(same.notes.text, "no_variation");
    t = build(1, 0, true, &seed);
    assert_string_equal(estimate(ctx, &t, "worker_means", "paired").notes.text, "one_cluster");
    temoin_context_free(ctx);
}

/* Workers absorbed: the average of their effects d_g with weights w_g = n1 n0 / (n1 + n0), and cr0's variance
 * Σ w_g² (d_g - effect)² / (Σ w_g)². Workers in one arm add nothing. */
static void effects_within_workers_are_weighted(void **state)
{
    (void)state;
    uint64_t seed = 73;
    temoin_context *ctx = check_context();
    trial t = build(8, 0, true, &seed);
    double n[16] = {0}, sum[16] = {0}, top = 0, below = 0, square = 0;
    for (int32_t i = 0; i < t.n; i++)
        if (t.cluster[i] == 3) t.arm[i] = 1;
    for (int32_t i = 0; i < t.n; i++) n[2 * t.cluster[i] + t.arm[i]]++, sum[2 * t.cluster[i] + t.arm[i]] += t.y[i];
    for (int pass = 0; pass < 2; pass++)
        for (int g = 0; g < 8; g++) {
            if (g == 3) continue;
            const double n0 = n[2 * g], n1 = n[2 * g + 1], w = n0 * n1 / (n0 + n1);
            const double d = sum[2 * g + 1] / n1 - sum[2 * g] / n0;
            if (pass == 0) top += w * d, below += w;
            if (pass == 1) square += pow(w * (d - top / below), 2);
        }
    const tm_effect e = estimate(ctx, &t, "within_workers", "cr0");
    check_close(e.value, top / below, 1e-12);
    check_close(e.se, sqrt(square) / below, 1e-12);
    assert_non_null(strstr(e.notes.text, "stratum_without_contrast:5"));
    assert_non_null(strstr(estimate(ctx, &t, "within_workers", "hc2").notes.text, "no_contrast"));
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_compared_as_clients_are),
        cmocka_unit_test(effects_within_workers_are_pairs),
        cmocka_unit_test(effects_within_workers_are_weighted),
        cmocka_unit_test(covariates_are_adjusted_for_within_workers),
        cmocka_unit_test(a_working_covariance_as_others_do),
        cmocka_unit_test(without_differences_it_is_cr2),
        cmocka_unit_test(what_is_recommended_exists),
        cmocka_unit_test(what_cannot_be_told_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

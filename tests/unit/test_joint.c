/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of several contrasts: what they are for one, that combinations of the contrasts change nothing, and the degrees
 * of freedom of many clusters by all pairs of rows. */
#include "randsample.h"

#include "estimators/estimator.h"
#include "inference/joint.h"
#include "variances/variance.h"

static const tm_fit *fit_contrasts(temoin_context *ctx, const tm_sample *sample, const double *arm_weight,
                                   int32_t n_contrasts)
{
    tm_model *model = tm_arena_take(&ctx->scratch, 1, sizeof *model);
    int64_t left_out[3];
    const tm_fit *fit;
    *model = (tm_model){.sample = sample, .n_contrasts = n_contrasts, .arm_weight = arm_weight};
    check_ok(ctx, tm_estimator_find("ols")->build(ctx, model, left_out));
    check_ok(ctx, tm_fit_build(ctx, model, &fit));
    return fit;
}

/* F of one contrast is t², and so is its reference; of two, any two of their combinations have the same F. */
static void check_sample(temoin_context *ctx, const rand_sample *r, const tm_variance *variance, int *n)
{
    static const double one[] = {-1, 1, 0}, two[] = {-1, 1, 0, -1, 0, 1}, others[] = {0, 2, -2, -1, 0.5, 0.5};
    tm_uncertainty u = {NAN, NAN, NULL, NULL};
    tm_joint single, first, second;
    const tm_fit *fit = fit_contrasts(ctx, &r->sample, one, 1);
    if (isnan(fit->value[0]) || fit->n <= fit->n_parameters) return;
    check_ok(ctx, variance->run(ctx, fit, &u));
    check_ok(ctx, tm_joint_run(ctx, fit, variance->key, &single));
    if (u.refused || single.refused) return;
    check_close(single.statistic, fit->value[0] * fit->value[0] / u.variance, 1e-9);
    if (strcmp(variance->key, "hc2_bm") != 0) check_close(single.df2, u.df, 1e-8);
    check_ok(ctx, tm_joint_run(ctx, fit_contrasts(ctx, &r->sample, two, 2), variance->key, &first));
    check_ok(ctx, tm_joint_run(ctx, fit_contrasts(ctx, &r->sample, others, 2), variance->key, &second));
    assert_true(!first.refused == !second.refused);
    if (first.refused) return;
    assert_true(first.p >= 0 && first.p <= 1 && first.df1 == 2);
    assert_true(close_to(first.statistic, second.statistic, 1e-7, 0) && close_to(first.df2, second.df2, 1e-7, 0));
    ++*n;
}

static void combinations_change_nothing(void **state)
{
    (void)state;
    static const char *const keys[] = {"classical", "hc0",  "hc1", "hc2", "hc3", "cr0",
                                       "cr1",       "cr1s", "cr2", "cr3", "cv3", "cv3j"};
    uint64_t rng = 41;
    int n = 0;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 150; k++) {
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        rand_sample r;
        rand_sample_draw(&rng, 0, RAND_ROWS, &r);
        for (size_t v = 0; r.sample.n_arms == 3 && v < sizeof keys / sizeof *keys; v++)
            check_sample(ctx, &r, tm_variance_find(keys[v]), &n);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    assert_true(n > 300);
    temoin_context_free(ctx);
}

/* Every row a cluster: p_si'p_tj = a_i a_j w_si w_tj (I - H)_ij, a = 1 / sqrt(1 - h). Arms only, so that H is one over
 * the arm's size between rows of the arm, and w_s the arm's share in the s-th of two orthonormal contrasts. */
static void degrees_of_many_clusters(void **state)
{
    (void)state;
    enum { N = 340 };
    static const double two[] = {-1, 1, 0, -1, 0, 1};
    static const double sizes[] = {40, 100, 200};
    double y[N], total = 0, w[2][3], length = 0;
    int32_t arm[N], cluster[N], stratum[N] = {0};
    tm_joint joint;
    uint64_t rng = 8;
    temoin_context *ctx = check_context();
    for (int i = 0; i < N; i++) {
        arm[i] = i < 40 ? 0 : i < 140 ? 1 : 2;
        cluster[i] = i;
        y[i] = rand_normal(&rng) * (1 + arm[i]);
    }
    for (int a = 0; a < 3; a++)
        w[0][a] = (a == 0 ? -1 : a == 1) / sizes[a], w[1][a] = (a == 0 ? -1 : a == 2) / sizes[a];
    for (int s = 0; s < 2; s++) { /* in the metric Σ_a n_a w_a², by Gram and Schmidt */
        double along = 0;
        length = 0;
        for (int a = 0; s && a < 3; a++) along += sizes[a] * w[0][a] * w[1][a];
        for (int a = 0; a < 3; a++) w[s][a] -= s ? along * w[0][a] : 0;
        for (int a = 0; a < 3; a++) length += sizes[a] * w[s][a] * w[s][a];
        for (int a = 0; a < 3; a++) w[s][a] /= sqrt(length);
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int a = arm[i], b = arm[j];
            double m = (i == j) - (a == b ? 1 / sizes[a] : 0), scale = m * m / (1 - 1 / sizes[a]) / (1 - 1 / sizes[b]);
            for (int s = 0; s < 2; s++)
                for (int t = 0; t < 2; t++)
                    total += scale * (w[s][a] * w[s][b] * w[t][a] * w[t][b] + w[s][a] * w[t][b] * w[t][a] * w[s][b]);
        }
    const tm_sample sample = {.n = N,
                              .n_arms = 3,
                              .n_strata = 1,
                              .n_clusters = N,
                              .y = y,
                              .arm = arm,
                              .stratum = stratum,
                              .cluster = cluster};
    check_ok(ctx, tm_joint_run(ctx, fit_contrasts(ctx, &sample, two, 2), "cr2", &joint));
    check_close(joint.df2, 6 / total - 1, 1e-9);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(combinations_change_nothing),
        cmocka_unit_test(degrees_of_many_clusters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects of receipt: Anderson and Rubin's set against the inversion of the test itself, and closed forms. */
#include "randsample.h"

#include "inference/effects.h"

static const char *const variances[] = {"classical", "hc0", "hc2", "hc3", "cr0", "cr1s", "cr2"};
enum { N_VARIANCES = sizeof variances / sizeof *variances };

static tm_effect run(temoin_context *ctx, const tm_sample *s, const char *estimator, const char *variance)
{
    static const double weights[RAND_ARMS] = {-1, 1};
    tm_effect e;
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx,
             tm_effects_run(ctx, s, tm_estimator_find(estimator), tm_variance_find(variance), weights, 1, 0.9, &e));
    return e;
}

/* The clients of the first two arms, whom the estimator looks at. */
static void keep_two_arms(rand_sample *r)
{
    int64_t n = 0;
    for (int64_t i = 0; i < r->sample.n; i++) {
        if (r->arm[i] > 1) continue;
        r->arm[n] = r->arm[i], r->stratum[n] = r->stratum[i], r->cluster[n] = r->cluster[i];
        r->y[n] = r->y[i], r->weight[n] = r->weight[i], r->received[n] = r->received[i];
        for (int j = 0; j < RAND_COVARIATES; j++) r->x[j][n] = r->x[j][i];
        n++;
    }
    r->sample.n = n;
    r->sample.n_arms = 2;
    rand_number_clusters(r);
}

/* Is the effect of arms on y - b received not rejected? */
static bool passes(temoin_context *ctx, const rand_sample *r, const char *variance, double b)
{
    static double y[RAND_ROWS];
    tm_sample s = r->sample;
    for (int64_t i = 0; i < s.n; i++) y[i] = r->y[i] - b * r->received[i];
    s.y = y;
    const tm_effect e = run(ctx, &s, "ols", variance);
    return isnan(e.p) || e.p >= 0.1; /* the estimate itself fits */
}

static bool is_in(const temoin_first_stage *s, double b)
{
    if (strcmp(s->ar_set, "all") == 0) return true;
    if (strcmp(s->ar_set, "outside") == 0) return b <= s->ar_low || b >= s->ar_high;
    return b >= s->ar_low && b <= s->ar_high;
}

static void check_set(temoin_context *ctx, const rand_sample *r, const char *variance, const tm_effect *e)
{
    const temoin_first_stage *s = e->first_stage;
    static const double step[] = {-1e4, -100, -10, -1, -0.1, 0, 0.1, 1, 10, 100, 1e4};
    assert_true(is_in(s, e->value));
    for (size_t k = 0; k < sizeof step / sizeof *step; k++) {
        const double b = e->value + step[k];
        assert_int_equal(is_in(s, b), passes(ctx, r, variance, b));
    }
    if (strcmp(s->ar_set, "all") == 0) return;
    const double inward = strcmp(s->ar_set, "outside") == 0 ? -1 : 1, width = s->ar_high - s->ar_low;
    assert_true(width > 0);
    for (int side = -1; side <= 1; side += 2) { /* just inside and just outside of both ends */
        const double end = side < 0 ? s->ar_low : s->ar_high, in = -side * inward * 1e-6 * (width + fabs(end));
        assert_true(passes(ctx, r, variance, end + in));
        assert_false(passes(ctx, r, variance, end - in));
    }
}

static void sets_invert_the_test(void **state)
{
    (void)state;
    static rand_sample r;
    uint64_t seed = 41;
    int n_interval = 0, n_outside = 0, n_all = 0;
    for (int trial = 0; trial < 150; trial++) {
        temoin_context *ctx = check_context();
        rand_sample_draw(&seed, RAND_WEIGHTS | RAND_TWIN, RAND_ROWS, &r);
        keep_two_arms(&r);
        for (int64_t i = 0; i < r.sample.n; i++) /* more or less moved by the arms, from trial to trial */
            r.received[i] = rand_below(&seed, 10) < 3 + r.arm[i] * (trial % 5);
        const char *variance = variances[trial % N_VARIANCES];
        const tm_effect e = run(ctx, &r.sample, "iv", variance);
        const char *set = e.first_stage->ar_set;
        if (set[0]) check_set(ctx, &r, variance, &e);
        n_interval += strcmp(set, "interval") == 0;
        n_outside += strcmp(set, "outside") == 0;
        n_all += strcmp(set, "all") == 0;
        temoin_context_free(ctx);
    }
    printf("# sets: %d intervals, %d in two pieces, %d of all numbers\n", n_interval, n_outside, n_all);
    assert_true(n_interval >= 30 && n_outside >= 10 && n_all >= 10);
}

/* y = 2 + 3 received exactly: the effect is 3 whatever the arms do, and there is no error to estimate. */
static void exact_effects_are_found_and_refused(void **state)
{
    (void)state;
    static rand_sample r;
    uint64_t seed = 42;
    temoin_context *ctx = check_context();
    rand_sample_draw(&seed, 0, RAND_ROWS, &r);
    for (int64_t i = 0; i < r.sample.n; i++) r.y[i] = 2 + 3 * r.received[i];
    const tm_effect e = run(ctx, &r.sample, "iv", "hc2");
    check_close(e.value, 3, 1e-12);
    assert_true(isnan(e.se));
    assert_non_null(strstr(e.notes.text, "perfect_fit"));
    temoin_context_free(ctx);
}

/* When all do as assigned, the effect of receipt is that of assignment, with whichever variance. */
static void full_compliance_is_ordinary_regression(void **state)
{
    (void)state;
    static rand_sample r;
    uint64_t seed = 43;
    int n = 0;
    for (int trial = 0; trial < 40; trial++) {
        temoin_context *ctx = check_context();
        rand_sample_draw(&seed, RAND_WEIGHTS | RAND_TWIN, RAND_ROWS, &r);
        keep_two_arms(&r);
        for (int64_t i = 0; i < r.sample.n; i++) r.received[i] = r.arm[i];
        const char *variance = variances[trial % N_VARIANCES];
        const tm_effect e = run(ctx, &r.sample, "iv", variance), ols = run(ctx, &r.sample, "ols", variance);
        if (!isnan(ols.se)) {
            check_close(e.value, ols.value, 1e-12);
            check_close(e.se, ols.se, 1e-10);
            check_close(e.first_stage->ar_low, ols.ci_low, 1e-9);
            check_close(e.first_stage->ar_high, ols.ci_high, 1e-9);
            assert_true(isinf(e.first_stage->f));
            n++;
        }
        temoin_context_free(ctx);
    }
    assert_true(n >= 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_invert_the_test),
        cmocka_unit_test(exact_effects_are_found_and_refused),
        cmocka_unit_test(full_compliance_is_ordinary_regression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

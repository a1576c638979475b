/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws of every test statistic. */
#include "inference/randomization.h"
#include "randsample.h"

enum { SAMPLES = 200, FEATURES = RAND_UNIT_STRATA | RAND_EMPTY_ARM | RAND_CONSTANT | RAND_RARE | RAND_OFFSET };

static const struct {
    const char *estimator, *variance;
} methods[] = {{"dim", "neyman"}, {"ols", "hc2"}, {"ols", "classical"}, {"lin", "hc0"}};
enum { N_METHODS = sizeof methods / sizeof *methods };

static double value_of(temoin_context *ctx, const tm_statistic *statistic, int method, const tm_sample *sample,
                       double sign)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double arm_weight[RAND_ARMS] = {-sign, sign};
    double value, *score = NULL;
    const tm_randomization_request request = {.sample = sample,
                                              .estimator = tm_estimator_find(methods[method].estimator),
                                              .variance = tm_variance_find(methods[method].variance),
                                              .statistic = statistic,
                                              .arm_weight = arm_weight,
                                              .n_contrasts = 1};
    if (statistic->score) {
        score = tm_arena_take(&ctx->scratch, sample->n, sizeof *score);
        check_ok(ctx, statistic->score(ctx, sample, score));
    }
    check_ok(ctx, tm_randomization_value(ctx, &request, sample, score, &value));
    tm_arena_rewind(&ctx->scratch, mark);
    return value;
}

static void check_same(const tm_statistic *statistic, int method, const char *law, double got, double want)
{
    if (close_to(got, want, 1e-8, 1e-3)) return;
    print_error("%s of %s: %s: got %.17g, want %.17g\n", statistic->key, methods[method].estimator, law, got, want);
    fail();
}

/* The same rows from the last to the first. */
static void turn(const rand_sample *r, rand_sample *out)
{
    *out = *r;
    rand_set_views(out);
    out->sample.cluster = NULL;
    for (int64_t i = 0, j = r->sample.n - 1; j >= 0; i++, j--) {
        out->y[i] = r->y[j], out->arm[i] = r->arm[j], out->stratum[i] = r->stratum[j], out->cluster[i] = r->cluster[j];
        out->weight[i] = r->weight[j];
        for (int k = 0; k < RAND_COVARIATES; k++) out->x[k][i] = r->x[k][j];
    }
}

static void check_laws(temoin_context *ctx, const tm_statistic *statistic, int method, const rand_sample *r)
{
    static rand_sample turned;
    double moved[RAND_ROWS], z[RAND_ROWS], less[RAND_ROWS];
    const double value = value_of(ctx, statistic, method, &r->sample, 1);
    tm_sample other = r->sample;
    turn(r, &turned);
    check_same(statistic, method, "rows turned round", value_of(ctx, statistic, method, &turned.sample, 1), value);
    check_same(statistic, method, "contrast turned round", fabs(value_of(ctx, statistic, method, &r->sample, -1)),
               fabs(value));
    for (int64_t i = 0; i < other.n; i++) {
        moved[i] = 5 + 0.25 * r->y[i];
        z[i] = r->arm[i] == 1;
        less[i] = r->y[i] - 0.5 * z[i];
    }
    other.y = moved;
    check_same(statistic, method, "5 + y / 4", value_of(ctx, statistic, method, &other, 1),
               statistic->in_units ? 0.25 * value : value);
    if (!statistic->affine) return;
    other.y = z;
    const double of_arm = value_of(ctx, statistic, method, &other, 1);
    other.y = less;
    check_same(statistic, method, "y less half of the arm", value_of(ctx, statistic, method, &other, 1),
               value - 0.5 * of_arm);
}

static void laws_hold(void **state)
{
    (void)state;
    uint64_t seed = 11;
    static rand_sample r;
    for (int k = 0; k < SAMPLES; k++) {
        temoin_context *ctx = check_context();
        rand_sample_draw(&seed, FEATURES, 60, &r);
        r.sample.cluster = NULL;
        r.sample.n_clusters = 0;
        for (int s = 0; s < tm_n_statistics; s++)
            for (int m = 0; m < (tm_statistics[s]->of_effect ? N_METHODS : 1); m++) {
                tm_sample kept = r.sample;
                if (!tm_estimator_find(methods[m].estimator)->takes_covariates) r.sample.n_covariates = 0;
                check_laws(ctx, tm_statistics[s], m, &r);
                r.sample = kept;
            }
        assert_null(ctx->scratch.last);
        temoin_context_free(ctx);
    }
}

/* What draws have in common must not look at the arms. */
static void scores_do_not_see_arms(void **state)
{
    (void)state;
    uint64_t seed = 12;
    static rand_sample r;
    static const int32_t nobody[RAND_ROWS];
    for (int k = 0; k < 50; k++) {
        temoin_context *ctx = check_context();
        double score[RAND_ROWS], again[RAND_ROWS];
        rand_sample_draw(&seed, FEATURES, 60, &r);
        tm_sample other = r.sample;
        other.arm = nobody;
        for (int s = 0; s < tm_n_statistics; s++) {
            if (!tm_statistics[s]->score) continue;
            check_ok(ctx, tm_statistics[s]->score(ctx, &r.sample, score));
            check_ok(ctx, tm_statistics[s]->score(ctx, &other, again));
            assert_memory_equal(score, again, (size_t)r.sample.n * sizeof *score);
        }
        temoin_context_free(ctx);
    }
}

static void keys_are_found_and_described(void **state)
{
    (void)state;
    assert_true(tm_n_statistics >= 5);
    for (int s = 0; s < tm_n_statistics; s++) {
        const tm_statistic *one = tm_statistics[s];
        assert_ptr_equal(tm_statistic_find(one->key), one);
        assert_true(one->title_en[0] && one->title_fr[0] && one->cites[0]);
        assert_true((one->of_effect != NULL) != (one->score != NULL && one->of_scores != NULL));
    }
    assert_null(tm_statistic_find("no such statistic"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_and_described),
        cmocka_unit_test(laws_hold),
        cmocka_unit_test(scores_do_not_see_arms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

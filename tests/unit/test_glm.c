/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum likelihood: families against their derivatives, two-by-two tables against closed forms, separation. */
#include "randsample.h"

#include "inference/effects.h"
#include "moments/glm.h"
#include "numeric/inverse_root.h"

static void inverse_root_of_numbers(void **state)
{
    (void)state;
    for (double condition = 1; condition < 1e16; condition *= 7) {
        double shift[TM_INVERSE_ROOT_NODES], weight[TM_INVERSE_ROOT_NODES];
        const double smallest = 0.03;
        const int n = tm_inverse_root_nodes(smallest, smallest * condition, shift, weight);
        assert_true(n >= 2 && n <= TM_INVERSE_ROOT_NODES);
        for (double at = 0; at <= 1; at += 1.0 / 64) {
            const double x = smallest * pow(condition, at);
            double sum = 0;
            for (int j = 0; j < n; j++) sum += weight[j] / (x + shift[j]);
            check_close(sum, 1 / sqrt(x), 2e-14);
        }
    }
}

/* Richardson's extrapolation of central differences. */
static double slope_of(const tm_glm_family *family, double eta, double y, int what)
{
    double step = 1e-2, d[2];
    for (int k = 0; k < 2; k++, step /= 2) {
        const tm_glm_point up = family->at(eta + step, y), down = family->at(eta - step, y);
        const double rise = what == 0 ? up.mean - down.mean : what == 1 ? down.loss - up.loss : down.score - up.score;
        d[k] = rise / (2 * step);
    }
    return (4 * d[1] - d[0]) / 3;
}

static void points_are_derivatives(void **state)
{
    (void)state;
    const tm_glm_family *const families[] = {&tm_glm_logit, &tm_glm_probit, &tm_glm_poisson};
    for (int f = 0; f < 3; f++)
        for (double eta = -6; eta <= 6; eta += 0.37)
            for (int y = 0; y < 2; y++) {
                const tm_glm_point p = families[f]->at(eta, y);
                assert_true(fabs(slope_of(families[f], eta, y, 0) - p.slope) < 1e-8 * fmax(1, p.slope));
                assert_true(fabs(slope_of(families[f], eta, y, 1) - p.score) < 1e-7 * fmax(1, fabs(p.score)));
                assert_true(fabs(slope_of(families[f], eta, y, 2) - p.observed) < 1e-7 * fmax(1, p.observed));
                if (!families[f]->binary) continue;
                const tm_glm_point other = families[f]->at(eta, 1 - y);
                const double share = y ? p.mean : 1 - p.mean;
                if (fabs(eta) < 5) /* the expected information is the mean of the observed */
                    check_close(p.expected, share * p.observed + (1 - share) * other.observed, 1e-9);
            }
}

static void extreme_predictors_stay_finite(void **state)
{
    (void)state;
    for (double eta = -700; eta <= 700; eta += 13)
        for (int y = 0; y < 2; y++) {
            const tm_glm_point a = tm_glm_logit.at(eta, y), b = tm_glm_probit.at(eta, y);
            assert_true(isfinite(a.score) && isfinite(a.loss) && a.slope >= 0 && a.observed >= 0);
            assert_true(isfinite(b.score) && isfinite(b.loss) && b.slope >= 0 && b.observed >= 0);
            if (fabs(eta) < 38 && (y == 1) == (eta < 0)) check_close(b.observed, b.score * (b.score + eta), 1e-12);
        }
}

/* events[arm] of n[arm] */
typedef struct table {
    double y[400];
    int32_t arm[400], stratum[400];
    tm_sample sample;
} table;

static void fill_table(table *t, int n_arms, const int *events, const int *n)
{
    memset(t, 0, sizeof *t);
    for (int a = 0; a < n_arms; a++)
        for (int i = 0; i < n[a]; i++) {
            t->y[t->sample.n] = i < events[a];
            t->arm[t->sample.n++] = a;
        }
    t->sample.n_arms = n_arms, t->sample.n_strata = 1;
    t->sample.y = t->y, t->sample.arm = t->arm, t->sample.stratum = t->stratum;
}

static tm_effect run_one(temoin_context *ctx, const tm_sample *s, const char *estimator, const char *variance,
                         const double *weights)
{
    tm_effect effect;
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, s, tm_estimator_find(estimator), tm_variance_find(variance), weights, 1, 0.95,
                                 &effect));
    return effect;
}

/* Woolf's variance of the log odds ratio; the binomial ones of the difference and of the log ratio. */
static void two_by_two_tables_have_closed_forms(void **state)
{
    (void)state;
    static const double weights[] = {-1, 1};
    for (int a = 1; a < 40; a += 7)
        for (int b = 2; b < 50; b += 9) {
            static table t;
            const int events[] = {a, b}, n[] = {41, 57};
            const double p0 = a / 41.0, p1 = b / 57.0, v0 = p0 * (1 - p0) / 41, v1 = p1 * (1 - p1) / 57;
            temoin_context *ctx = check_context();
            fill_table(&t, 2, events, n);
            const double woolf = sqrt(1.0 / a + 1.0 / (41 - a) + 1.0 / b + 1.0 / (57 - b));
            tm_effect e = run_one(ctx, &t.sample, "logit", "classical", weights);
            check_close(e.value, log(p1 / (1 - p1) / (p0 / (1 - p0))), 1e-13);
            check_close(e.se, woolf, 1e-13);
            check_close(e.p, erfc(fabs(e.value / woolf) / sqrt(2)), 1e-12);
            e = run_one(ctx, &t.sample, "logit_ame", "hc0", weights);
            assert_true(fabs(e.value - (p1 - p0)) < 1e-14);
            check_close(e.se, sqrt(v0 + v1), 1e-12);
            e = run_one(ctx, &t.sample, "probit_log_ratio", "classical", weights);
            assert_true(fabs(e.value - log(p1 / p0)) < 1e-13);
            check_close(e.se, sqrt(v0 / p0 / p0 + v1 / p1 / p1), 1e-12);
            e = run_one(ctx, &t.sample, "poisson", "classical", weights);
            assert_true(fabs(e.value - log(p1 / p0)) < 1e-13);
            check_close(e.se, sqrt(1.0 / a + 1.0 / b), 1e-12);
            temoin_context_free(ctx);
        }
}

/* In two arms the penalty is half a client with and half a client without the event, in each (Firth 1993, sec. 3.3);
 * the profile then has its arm's two cells to weigh, found here by golden section over the other arm's log odds. */
static long double cells_height(const double *cell, double control, double effect)
{
    const long double p0 = 1 / (1 + expl(-(long double)control)), p1 = 1 / (1 + expl(-(long double)control - effect));
    return cell[0] * logl(p0) + cell[1] * log1pl(-p0) + cell[2] * logl(p1) + cell[3] * log1pl(-p1);
}

static long double best_height(const double *cell, double effect)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200; i++) {
        const double a = low + (high - low) * 0.382, b = low + (high - low) * 0.618;
        if (cells_height(cell, a, effect) < cells_height(cell, b, effect))
            low = a;
        else
            high = b;
    }
    return cells_height(cell, low, effect);
}

static void penalized_tables_have_half_a_client_more(void **state)
{
    (void)state;
    static const double weights[] = {-1, 1};
    for (int a = 0; a < 20; a += 4)
        for (int b = 1; b < 30; b += 9) {
            static table t;
            const int events[] = {a, b}, n[] = {19, 28};
            const double cell[] = {a + 0.5, 19.5 - a, b + 0.5, 28.5 - b};
            const double want = log(cell[2] / cell[3]) - log(cell[0] / cell[1]);
            temoin_context *ctx = check_context();
            fill_table(&t, 2, events, n);
            const tm_effect e = run_one(ctx, &t.sample, "logit_firth", "penalized_likelihood", weights);
            const long double top = best_height(cell, want), half = 1.9207294103470620;
            assert_true(fabs(e.value - want) < 1e-12 * fmax(1, fabs(want)));
            check_close(e.se, sqrt(1 / cell[0] + 1 / cell[1] + 1 / cell[2] + 1 / cell[3]), 1e-11);
            assert_true(fabsl(top - best_height(cell, e.ci_low) - half) < 1e-8L);
            assert_true(fabsl(top - best_height(cell, e.ci_high) - half) < 1e-8L);
            assert_true(e.ci_low < want && want < e.ci_high);
            check_close(e.p, erfc(sqrt((double)(top - best_height(cell, 0)))), 1e-7);
            const tm_effect wald = run_one(ctx, &t.sample, "logit_firth", "classical", weights);
            check_close(wald.p, erfc(fabs(wald.value / wald.se) / sqrt(2)), 1e-11);
            temoin_context_free(ctx);
        }
}

static void check_refused(temoin_context *ctx, const tm_sample *s, const char *estimator, const double *weights,
                          const char *note)
{
    const tm_effect e = run_one(ctx, s, estimator, "hc0", weights);
    if (isnan(e.se) && strcmp(e.notes.text, note) == 0) return;
    print_error("%s: se is %g beside \"%s\", want \"%s\"\n", estimator, e.se, e.notes.text, note);
    fail();
}

static void arms_without_events_are_refused(void **state)
{
    (void)state;
    static const double weights[] = {-1, 1, 0, 0, -1, 1};
    static table t;
    temoin_context *ctx = check_context();
    fill_table(&t, 2, (int[]){0, 5}, (int[]){20, 20});
    check_refused(ctx, &t.sample, "logit", weights, "separation");
    check_refused(ctx, &t.sample, "logit_ame", weights, "separation");
    check_refused(ctx, &t.sample, "probit", weights, "separation");
    check_refused(ctx, &t.sample, "poisson", weights, "separation");
    fill_table(&t, 2, (int[]){20, 5}, (int[]){20, 20});
    check_refused(ctx, &t.sample, "logit", weights, "separation");
    assert_true(run_one(ctx, &t.sample, "poisson", "hc0", weights).se > 0);
    fill_table(&t, 2, (int[]){0, 20}, (int[]){20, 20});
    check_refused(ctx, &t.sample, "logit", weights, "separation");
    fill_table(&t, 2, (int[]){0, 0}, (int[]){20, 20});
    check_refused(ctx, &t.sample, "logit", weights, "no_variation");
    /* the arm without events says nothing about the others */
    fill_table(&t, 3, (int[]){0, 5, 9}, (int[]){20, 20, 30});
    check_refused(ctx, &t.sample, "logit", (const double[]){-1, 1, 0}, "separation");
    tm_effect e = run_one(ctx, &t.sample, "logit", "classical", weights + 3);
    check_close(e.value, log(9.0 / 21 / (5.0 / 15)), 1e-12);
    check_close(e.se, sqrt(1 / 9.0 + 1 / 21.0 + 1 / 5.0 + 1 / 15.0), 1e-12);
    assert_string_equal(e.notes.text, "separated_clients:20");
    temoin_context_free(ctx);
}

/* A stratum in which nobody, or everybody, has the outcome says nothing about a coefficient, and that the arms do not
 * differ there about a difference. */
static void strata_without_variation_have_no_say(void **state)
{
    (void)state;
    static const double weights[] = {-1, 1};
    static table t;
    temoin_context *ctx = check_context();
    fill_table(&t, 2, (int[]){6, 11}, (int[]){20, 25});
    tm_effect alone = run_one(ctx, &t.sample, "logit", "hc0", weights);
    tm_effect alone_ame = run_one(ctx, &t.sample, "logit_ame", "hc0", weights);
    for (int i = 0; i < 30; i++) {
        const int64_t row = t.sample.n++;
        t.y[row] = i < 10, t.arm[row] = i % 2, t.stratum[row] = i < 10 ? 1 : 2;
    }
    t.sample.n_strata = 3;
    tm_effect e = run_one(ctx, &t.sample, "logit", "hc0", weights);
    check_close(e.value, alone.value, 1e-12);
    check_close(e.se, alone.se, 1e-12);
    assert_string_equal(e.notes.text, "separated_clients:30");
    e = run_one(ctx, &t.sample, "logit_ame", "hc0", weights);
    check_close(e.value, alone_ame.value * 45 / 75, 1e-12);
    check_close(e.se, alone_ame.se * 45 / 75, 1e-12);
    e = run_one(ctx, &t.sample, "probit_log_ratio", "hc0", weights);
    check_close(e.value, log((11.0 / 25 * 45 + 10) / (6.0 / 20 * 45 + 10)), 1e-12);
    temoin_context_free(ctx);
}

/* Quasi-complete separation by a number: the outcome is one above a threshold at which both occur. In the limit only
 * the clients at the threshold have a say. */
static void separation_by_a_covariate(void **state)
{
    (void)state;
    static const double weights[] = {-1, 1};
    static const char *const name[] = {"x"};
    static table t;
    static double x[40];
    const double *const covariate[] = {x};
    temoin_context *ctx = check_context();
    fill_table(&t, 2, (int[]){10, 10}, (int[]){20, 20});
    for (int i = 0; i < 40; i++) x[i] = i % 20 == 9 || i % 20 == 10 ? 0 : (t.y[i] > 0.5 ? 1 : -1) * (1 + i % 7);
    t.sample.n_covariates = 1, t.sample.covariate = covariate, t.sample.covariate_name = name;
    tm_effect e = run_one(ctx, &t.sample, "logit", "hc0", weights);
    assert_string_equal(e.notes.text, "collinear:x;separated_clients:36");
    assert_true(fabs(e.value) < 1e-12);
    check_close(e.se, 2, 1e-12); /* 1/1 + 1/1 + 1/1 + 1/1, of the four clients at the threshold */
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverse_root_of_numbers),
        cmocka_unit_test(points_are_derivatives),
        cmocka_unit_test(extreme_predictors_stay_finite),
        cmocka_unit_test(two_by_two_tables_have_closed_forms),
        cmocka_unit_test(penalized_tables_have_half_a_client_more),
        cmocka_unit_test(arms_without_events_are_refused),
        cmocka_unit_test(strata_without_variation_have_no_say),
        cmocka_unit_test(separation_by_a_covariate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

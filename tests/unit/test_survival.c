/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times until an event: closed forms, brute-force likelihoods, and what is refused. */
#include "randsample.h"

#include "inference/effects.h"
#include "moments/survival.h"

enum { ROWS = 60 };

typedef struct timed {
    double y[ROWS], event[ROWS], x[ROWS];
    int32_t arm[ROWS], stratum[ROWS];
    const double *covariate[1];
    tm_sample s;
} timed;

static const char *const name[] = {"x"};
static const double pair[] = {-1, 1};

static void draw(timed *t, uint64_t *seed, int n_strata, bool covariate)
{
    *t = (timed){.s = {.n = ROWS, .n_arms = 2, .n_strata = n_strata}};
    for (int i = 0; i < ROWS; i++) {
        t->arm[i] = i % 2, t->stratum[i] = rand_below(seed, n_strata), t->x[i] = rand_normal(seed);
        t->y[i] = 1 + rand_below(seed, 9); /* with ties */
        t->event[i] = rand_below(seed, 4) > 0;
    }
    t->covariate[0] = t->x;
    t->s.y = t->y, t->s.event = t->event, t->s.arm = t->arm, t->s.stratum = t->stratum;
    t->s.n_covariates = covariate, t->s.covariate = t->covariate, t->s.covariate_name = name;
}

static tm_effect run(temoin_context *ctx, const tm_sample *s, const char *estimator, const char *variance)
{
    tm_effect effect;
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx,
             tm_effects_run(ctx, s, tm_estimator_find(estimator), tm_variance_find(variance), pair, 1, 0.95, &effect));
    return effect;
}

/* log of Σ at risk exp(βz), for each event anew; Efron: those tied with it count by what is left of them. */
static double log_likelihood(const timed *t, double beta, bool efron)
{
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
        if (!t->event[i]) continue;
        double risk = 0, tied = 0, n_tied = 0, before = 0;
        for (int j = 0; j < ROWS; j++) {
            if (t->stratum[j] != t->stratum[i] || t->y[j] < t->y[i]) continue;
            risk += exp(beta * t->arm[j]);
            if (!t->event[j] || t->y[j] != t->y[i]) continue;
            tied += exp(beta * t->arm[j]), n_tied++;
            before += j < i;
        }
        sum += beta * t->arm[i] - log(risk - (efron ? before / n_tied * tied : 0));
    }
    return sum;
}

static void likelihood_is_at_its_maximum(void **state)
{
    (void)state;
    uint64_t seed = 41;
    for (int trial = 0; trial < 40; trial++)
        for (int efron = 0; efron < 2; efron++) {
            temoin_context *ctx = check_context();
            static timed t;
            draw(&t, &seed, 1 + trial % 3, false);
            const tm_effect e = run(ctx, &t.s, efron ? "cox" : "cox_breslow", "classical");
            const double h = 1e-3, up = log_likelihood(&t, e.value + h, efron), at = log_likelihood(&t, e.value, efron),
                         down = log_likelihood(&t, e.value - h, efron);
            assert_true(fabs(up - down) / (2 * h) < 1e-5);
            check_close(e.se, 1 / sqrt((2 * at - up - down) / (h * h)), 1e-6);
            temoin_context_free(ctx);
        }
}

/* Nobody censored before the horizon: a share, with the binomial variance, and a mean, with the variance by n. */
static void without_censoring_a_curve_is_a_share(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int trial = 0; trial < 20; trial++) {
        temoin_context *ctx = check_context();
        static timed t;
        double share[2] = {0}, mean[2] = {0}, square[2] = {0};
        const double n = ROWS / 2.0, horizon = 5;
        draw(&t, &seed, 1, false);
        t.s.horizon = horizon;
        for (int i = 0; i < ROWS; i++) {
            t.event[i] = 1;
            share[t.arm[i]] += t.y[i] > horizon;
            mean[t.arm[i]] += fmin(t.y[i], horizon) / n;
        }
        for (int i = 0; i < ROWS; i++)
            square[t.arm[i]] += (fmin(t.y[i], horizon) - mean[t.arm[i]]) * (fmin(t.y[i], horizon) - mean[t.arm[i]]);
        tm_effect e = run(ctx, &t.s, "kaplan_meier", "greenwood");
        const double p0 = share[0] / n, p1 = share[1] / n;
        assert_true(fabs(e.value - (p1 - p0)) < 1e-14);
        check_close(e.se, sqrt((p0 * (1 - p0) + p1 * (1 - p1)) / n), 1e-12);
        e = run(ctx, &t.s, "rmst", "greenwood");
        assert_true(fabs(e.value - (mean[1] - mean[0])) < 1e-13);
        check_close(e.se, sqrt(square[0] + square[1]) / n, 1e-12);
        temoin_context_free(ctx);
    }
}

static void check_refused(const timed *t, const char *estimator, const char *variance, const char *note)
{
    temoin_context *ctx = check_context();
    const tm_effect e = run(ctx, &t->s, estimator, variance);
    if (!isnan(e.se) || !strstr(e.notes.text, note)) {
        print_error("%s: se %g, notes \"%s\", want \"%s\"\n", estimator, e.se, e.notes.text, note);
        fail();
    }
    temoin_context_free(ctx);
}

static void what_is_not_identified_is_refused(void **state)
{
    (void)state;
    static timed t;
    uint64_t seed = 43;
    draw(&t, &seed, 1, false);
    t.s.horizon = 100;
    for (int i = 0; i < ROWS; i++) t.event[i] = t.y[i] < 9;
    check_refused(&t, "rmst", "greenwood", "horizon_too_far");
    t.s.horizon = 4;
    for (int i = 0; i < ROWS; i++) t.event[i] = t.arm[i];
    check_refused(&t, "cox", "hc0", "arm_without_events");
    check_refused(&t, "kaplan_meier", "greenwood", "arm_without_events");
    for (int i = 0; i < ROWS; i++) t.event[i] = 0;
    check_refused(&t, "log_rank", "hypergeometric", "no_events");
    for (int i = 0; i < ROWS; i++) t.event[i] = 0.5;
    check_refused(&t, "cox", "classical", "event_not_binary");
    for (int i = 0; i < ROWS; i++) { /* all events of one arm come before any of the other */
        t.event[i] = 1;
        t.y[i] = 1 + t.arm[i] * 10 + i % 5;
    }
    check_refused(&t, "cox", "classical", "monotone_likelihood");
    check_refused(&t, "cox_breslow", "classical", "monotone_likelihood");
    t.y[0] = -1;
    check_refused(&t, "cox", "hc0", "outcome_negative");
}

static void order_of_rows_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 44;
    static timed t, turned;
    temoin_context *ctx = check_context();
    draw(&t, &seed, 3, true);
    turned = t;
    for (int i = 0; i < ROWS; i++) {
        const int k = ROWS - 1 - i;
        turned.y[i] = t.y[k], turned.event[i] = t.event[k], turned.x[i] = t.x[k];
        turned.arm[i] = t.arm[k], turned.stratum[i] = t.stratum[k];
    }
    turned.covariate[0] = turned.x;
    turned.s.y = turned.y, turned.s.event = turned.event, turned.s.arm = turned.arm, turned.s.stratum = turned.stratum;
    turned.s.covariate = turned.covariate;
    const tm_effect a = run(ctx, &t.s, "cox", "hc0"), b = run(ctx, &turned.s, "cox", "hc0");
    check_close(a.value, b.value, 1e-11);
    check_close(a.se, b.se, 1e-11);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihood_is_at_its_maximum),
        cmocka_unit_test(without_censoring_a_curve_is_a_share),
        cmocka_unit_test(what_is_not_identified_is_refused),
        cmocka_unit_test(order_of_rows_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every reference result, number by number, or a reason why not. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

/* Why there is nothing to compare; the first that fits. */
static const struct {
    const char *family, *estimator; /* NULL: any */
    const char *reason;
} apart[] = {
    {"balance", "hansen_bowers", "the program golden-balance compares it"},
    {"balance", "hansen_bowers_z", "the program golden-balance compares it"},
    {"mixed", NULL, "a random intercept in one arm only is not one of the mixed models here"},
    {"partially_nested", NULL, "there are no mixed models here"},
    {"selection", NULL, "there are no bounds for attrition here"},
    {"attrition", "ipw_response", "nothing is weighed by the chance of a response here"},
    {"panel", NULL,
     "working correlations (GEE) are not among the estimators: panels are one regression with clustered "
     "errors"},
    {"blocked", "blocked_clustered_diff_means", "estimatr's variance of matched pairs of clusters is not one of ours"},
};

static const char *reason_for(const golden_result *r)
{
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (strcmp(apart[i].family, r->family) == 0 &&
            (!apart[i].estimator || !strcmp(apart[i].estimator, r->estimator)))
            return apart[i].reason;
    return "an estimator that is not one of ours";
}

static void run_result(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    bool known = false;
    for (int c = 0; golden_comparers[c]; c++) known |= golden_comparers[c](ctx, t, data, r);
    if (!known) golden_leave(t, r, reason_for(r));
}

static void report(const golden_tally *t)
{
    int left = 0;
    for (int i = 0; i < t->n_left; i++) left += t->left[i].n;
    printf("# golden: %d numbers compared in %d results; %d results not compared:\n", t->numbers, t->results, left);
    for (int i = 0; i < t->n_left; i++)
        printf("#   %4d %s/%s: %s\n", t->left[i].n, t->left[i].family, t->left[i].estimator, t->left[i].reason);
    compare_linear_report();
}

static void skip_without_reference(void)
{
    if (golden_folder()) return;
    printf("# SKIPPED: the golden tests need the reference data; set TEMOIN_REFERENCE to their folder\n");
    skip();
}

static void reference_results(void **state)
{
    (void)state;
    static golden_tally t;
    skip_without_reference();
    for (int d = 0; golden_data_sets[d]; d++) {
        temoin_context *ctx = check_context();
        golden_data data;
        golden_open(ctx, golden_data_sets[d], &data);
        for (int i = 0; i < golden_n_results(&data); i++) {
            golden_result r = golden_result_at(&data, i);
            run_result(ctx, &t, &data, &r);
        }
        golden_close(&data);
        temoin_context_free(ctx);
    }
    report(&t);
    assert_int_equal(t.wrong, 0);
    assert_true(compare_linear_is_whole());
    assert_true(compare_iv_is_whole());
    assert_true(compare_quantile_is_whole());
    assert_true(compare_pooled_is_whole());
    assert_true(compare_partial_is_whole());
    assert_true(compare_icc_is_whole());
}

/* Figures of the literature, as printed. */
typedef struct published {
    const char *data, *id, *outcome, *wave, *contrast, *formula, *variance;
    double value, se, unit; /* printed to the nearest `unit` */
    const char *cites;
} published;

static const published literature[] = {
    {"nsw", "64a3c896ece0", "re78", "1978", "treated - control", "y ~ arm", "classical", 1794, 633, 1,
     "Dehejia & Wahba 1999, table 2, RE74 subset"},
    {"nsw", "18ab457cebc2", "re78", "1978", "treated - control", "y ~ arm", "hc1", 1794, 671, 1,
     "heteroskedasticity-robust, as in later replications"},
    {"nsw", "98c353b074f5", "re78", "1978", "treated - control",
     "y ~ arm + age + age2 + education + nodegree + black + hispanic + re74 + re75", "classical", 1672, 638, 1,
     "Dehejia & Wahba 1999, table 2, regression-adjusted"},
    {"nsw_full", "46414ab57fbd", "re78", "1978", "treated - control", "y ~ arm", "classical", 886, 472, 1,
     "LaLonde 1986; Dehejia & Wahba 1999, table 2"},
    {"nsw_full", NULL, "re78", "1978", "treated - control",
     "y ~ arm + age + age2 + education + nodegree + black + hispanic", "classical", 798, 472, 1,
     "Dehejia & Wahba 1999, table 2, regression-adjusted"},
    {"penn_bonus", "61d540b48568", NULL, NULL, NULL, NULL, "hc2", -0.085, 0.036, 0.001,
     "Chernozhukov et al., Applied Causal Inference Powered by ML and AI, ch. 2"},
    {"achievement_awards", "4c85e32a9027", NULL, NULL, NULL, NULL, "cr2", 0.105, 0.061, 0.001,
     "Angrist & Lavy 2009, table 2, girls, bias-reduced standard error"},
};

static tm_effect run_published(temoin_context *ctx, const golden_data *data, const published *p)
{
    golden_result r = {.outcome = p->outcome, .wave = p->wave, .contrast = p->contrast, .formula = p->formula};
    golden_formula formula;
    golden_sample s;
    const char *why;
    tm_effect effect;
    if (p->id) r = golden_result_find(data, p->id);
    assert_true(!p->formula || strcmp(p->formula, r.formula) == 0);
    assert_true(golden_formula_read(r.formula, &formula));
    assert_true(golden_sample_build(ctx, data, &r, &formula, &(golden_options){0}, &s, &why));
    tm_notes_init(&effect.notes, ctx);
    const tm_estimator *ols = tm_estimator_find("ols");
    const tm_variance *variance = tm_variance_find(p->variance);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, ols, variance, s.arm_weight, 1, 0.95, &effect));
    return effect;
}

static void published_figures(void **state)
{
    (void)state;
    skip_without_reference();
    for (size_t i = 0; i < sizeof literature / sizeof *literature; i++) {
        const published *p = &literature[i];
        temoin_context *ctx = check_context();
        golden_data data;
        golden_open(ctx, p->data, &data);
        tm_effect e = run_published(ctx, &data, p);
        golden_close(&data);
        if (fabs(e.value - p->value) > 0.5 * p->unit || fabs(e.se - p->se) > 0.5 * p->unit) {
            print_error("%s: got %.7g (%.7g), printed %g (%g)\n", p->cites, e.value, e.se, p->value, p->se);
            fail();
        }
        temoin_context_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_results),
        cmocka_unit_test(published_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

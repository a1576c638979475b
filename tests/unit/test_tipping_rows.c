/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which effects have a tipping point, from which standard deviations and caseloads, and what workers would be worth. */
#include "trial_case.h"

#include "checks/check_kind.h"
#include "checks/tipping_rows.h"
#include "numeric/distributions.h"
#include "temoin/estimate.h"

static const char clients[] =
    "id,arm,w,s,x,y,z\n"
    "a,control,,1,1,3,0\nb,control,,1,2,5,0\nc,control,,2,1,4,1\nd,control,,2,3,4.5,0\n"
    "e,ocm,p,1,2,9,1\nf,ocm,p,1,1,8,1\ng,ocm,p,2,3,9.5,1\nh,ocm,q,2,2,7,0\ni,ocm,q,1,4,8.5,1\n"
    "j,third,,1,2,5,0\nk,third,,2,3,6,1\nl,third,,2,5,4,1\n";

static run analyze(const char *providers, const char *estimates, const temoin_results **results)
{
    char plan[2048];
    write_file("c.csv", clients);
    snprintf(plan, sizeof plan,
             "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: c.csv, id: id}]\n"
             "arms: [{name: control}, {name: ocm}, {name: third}]\n"
             "design: {kind: blocked, strata: [s], assigned: arm}\n"
             "providers: {column: w, structure: one_arm, arm: ocm%s}\n"
             "measures: [{name: y}, {name: z, kind: binary}]\nestimates:\n%s",
             providers, estimates);
    run r = draw(plan);
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, results));
    return r;
}

static double sd_of(const double *y, int n)
{
    double mean = 0, square = 0;
    for (int i = 0; i < n; i++) mean += y[i] / n;
    for (int i = 0; i < n; i++) square += (y[i] - mean) * (y[i] - mean);
    return sqrt(square / (n - 1));
}

/* A plain difference: standard deviations within arms, caseloads 3 and 2, and nothing of the third arm, which has no
 * workers either. */
static void a_plain_difference(void **state)
{
    (void)state;
    static const double treated[] = {9, 8, 9.5, 7, 8.5}, control[] = {3, 5, 4, 4.5};
    const temoin_results *results;
    run r = analyze("", "  - {name: e, measures: [y], estimator: dim, strata: none}\n", &results);
    assert_int_equal(results->n_tipping_points, 1);
    assert_int_equal(results->n_tipping_curves, TM_TIPPING_GRID);
    const temoin_tipping_point *t = results->tipping_points;
    check_close(t->value, 8.4 - 4.125, 1e-14);
    check_close(t->worker_shift, 8.4 - 4.125, 1e-14);
    check_close(t->sd_arm, sd_of(treated, 5), 1e-14);
    check_close(t->sd_reference, sd_of(control, 4), 1e-14);
    check_close(t->weighted_arm, 13 / 5., 1e-15);
    check_close(t->weighted_reference, 1, 1e-15);
    assert_int_equal(t->n_providers_arm, 2);
    assert_int_equal(t->n_providers_reference, 0);
    for (int64_t k = 0; k < results->n_tipping_curves; k++) {
        const temoin_tipping_curve *c = &results->tipping_curves[k];
        const double v1 = t->sd_arm * t->sd_arm / 5 * (1 + 1.6 * c->rho), v0 = t->sd_reference * t->sd_reference / 4;
        check_close(c->se, sqrt(v1 + v0), 1e-13);
        check_close(c->ci_high - t->value, tm_student_quantile(0.975, c->df) * c->se, 1e-12);
        assert_true(k == 0 ? c->rho == 0 : c->rho > c[-1].rho);
        assert_string_equal(c->arm, "ocm");
    }
    assert_true(results->tipping_curves[TM_TIPPING_GRID - 1].rho == 1);
    check_close(results->rows[0].icc_tipping, t->rho, 1e-15);
    assert_true(isnan(results->rows[1].icc_tipping)); /* of two arms without workers */
    temoin_context_free(r.ctx);
}

/* With covariates and strata s² is that of the residuals, over clients less what the fit takes of the arm: of `lin`,
 * the arm's own regression. Here on one covariate without strata: two coefficients. */
static void residuals_of_the_own_fit(void **state)
{
    (void)state;
    static const double x[] = {2, 1, 3, 2, 4}, y[] = {9, 8, 9.5, 7, 8.5};
    double mx = 0, my = 0, xx = 0, xy = 0, square = 0;
    const temoin_results *results;
    for (int i = 0; i < 5; i++) mx += x[i] / 5, my += y[i] / 5;
    for (int i = 0; i < 5; i++) xx += (x[i] - mx) * (x[i] - mx), xy += (x[i] - mx) * (y[i] - my);
    for (int i = 0; i < 5; i++) square += pow(y[i] - my - xy / xx * (x[i] - mx), 2);
    run r = analyze("",
                    "  - {name: e, measures: [y], estimator: lin, covariates: [x], strata: none}\n"
                    "  - {name: f, measures: [z], estimator: odds_ratio, strata: none}\n",
                    &results);
    check_close(results->tipping_points[0].sd_arm, sqrt(square / 3), 1e-13);
    check_close(results->tipping_points[0].value, results->rows[0].value, 1e-15);
    assert_int_equal(results->n_tipping_points, 1); /* the first estimate unless told */
    assert_false(isnan(results->rows[0].icc_tipping));
    for (int64_t k = 2; k < results->n_rows; k++) assert_true(isnan(results->rows[k].icc_tipping)); /* log odds */
    temoin_context_free(r.ctx);
}

/* Of a correlation in the data, or else of the middle of what was published. */
static void what_workers_would_be_worth(void **state)
{
    (void)state;
    const temoin_results *built;
    static const double value[] = {0.2, -0.1, NAN};
    for (int k = 0; k < 3; k++) {
        run r = analyze(", published_icc: [{low: 0.04, high: 0.06}, {low: 0.02, high: 0.05}]",
                        "  - {name: e, measures: [y], estimator: dim, strata: none}\n", &built);
        temoin_icc icc[] = {
            {.measure = "y", .wave = "", .arm = "ocm", .method = "anova", .value = 0.9},
            {.measure = "z", .wave = "", .arm = "", .method = "anova", .value = 0.8},
            {.measure = "y", .wave = "", .arm = "", .method = "reml", .value = 0.7},
            {.measure = "y", .wave = "", .arm = "", .method = "anova", .value = value[k], .ci_low = -0.2},
        };
        icc[3].ci_high = 0.5;
        temoin_row rows[2] = {built->rows[0], built->rows[1]};
        temoin_results results = *built;
        results.icc = icc;
        results.n_icc = 4;
        results.rows = rows;
        extern const tm_check tm_check_tipping_point;
        check_ok(r.ctx, tm_check_tipping_point.run(r.ctx, r.assignment, &results));
        check_ok(r.ctx, tm_tipping_rows_fill(r.ctx, r.assignment, &results, rows));
        const temoin_tipping_point *t = results.tipping_points;
        const double rho = value[k] > 0 ? value[k] : 0.04;
        const double pooled = (4 * t->sd_arm * t->sd_arm + 3 * t->sd_reference * t->sd_reference) / 7;
        check_close(t->icc, value[k], 0);
        check_close(rows[0].icc, value[k], 0);
        check_close(rows[0].icc_low, -0.2, 0);
        check_close(rows[0].icc_high, 0.5, 0);
        check_close(t->published_low, 0.02, 0);
        check_close(t->published_high, 0.06, 0);
        check_close(t->worker_sd, sqrt(rho * pooled), 1e-14);
        check_close(t->worker_percentile, tm_normal_cdf(4.275 / (t->worker_sd / sqrt(2))), 1e-13);
        temoin_context_free(r.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_difference),
        cmocka_unit_test(residuals_of_the_own_fit),
        cmocka_unit_test(what_workers_would_be_worth),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

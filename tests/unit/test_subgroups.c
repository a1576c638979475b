/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test that effects of subgroups are the same: Welch's against published data in R, and a whole trial by hand. */
#include "scratch.h"

#include <math.h>

#include "inference/subgroup_tests.h"
#include "temoin/estimate.h"

/* Mean, standard error and degrees of freedom of n numbers. */
static void describe(const double *x, int n, double *mean, double *se, double *df)
{
    double sum = 0, square = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    for (int i = 0; i < n; i++) square += (x[i] - sum / n) * (x[i] - sum / n);
    *mean = sum / n;
    *se = sqrt(square / (n - 1) / n);
    *df = n - 1;
}

/* R 4.2: oneway.test(count ~ spray, InsectSprays) and oneway.test(extra ~ group, sleep); the data are Beall 1942 and
 * Cushny & Peebles 1905. */
static void welch_is_that_of_r(void **state)
{
    (void)state;
    static const double sprays[6][12] = {
        {10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13},
        {11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13},
        {0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4},
        {3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4},
        {3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4},
        {11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13},
    };
    static const double sleep[2][10] = {{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0},
                                        {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}};
    double mean[6], se[6], df[6];
    tm_joint joint;
    for (int l = 0; l < 6; l++) describe(sprays[l], 12, &mean[l], &se[l], &df[l]);
    tm_welch_run(mean, se, df, 6, &joint);
    check_close(joint.statistic, 36.065443893577253, 1e-12);
    assert_true(joint.df1 == 5);
    check_close(joint.df2, 30.042560508767380, 1e-12);
    check_close(joint.p, 7.9993794556733478e-12, 1e-9);
    for (int l = 0; l < 2; l++) describe(sleep[l], 10, &mean[l], &se[l], &df[l]);
    tm_welch_run(mean, se, df, 2, &joint);
    check_close(joint.statistic, 3.462626760780445956, 1e-12);
    check_close(joint.df2, 17.776473516178491252, 1e-12);
    check_close(joint.p, 0.079394140187358145, 1e-12);
}

/* Infinite degrees of freedom: Σ w (x - m)² of chi-square, here 2 (1 + 0 + 1) / 4 = 1 with two, upper tail e^(-1/2). */
static void chi_square_without_degrees(void **state)
{
    (void)state;
    static const double value[] = {1e200, 2e200, 3e200},
                        se[] = {1.4142135623730951e200, 1.4142135623730951e200, 1.4142135623730951e200};
    static const double df[] = {INFINITY, INFINITY, INFINITY};
    tm_joint joint;
    tm_welch_run(value, se, df, 3, &joint);
    check_close(joint.statistic, 0.5, 1e-12);
    assert_true(isinf(joint.df2));
    check_close(joint.p, exp(-0.5), 1e-12);
}

static const char clients[] = "id,arm,site,old,y,z\n"
                              "a,t,n,yes,5,1\nb,t,n,no,7,3\nc,c,n,yes,1,2\nd,c,n,no,2,6\n"
                              "e,t,s,no,4,4\nf,t,s,NA,6,9\ng,t,s,yes,8,2\nh,c,s,no,5,5\ni,c,s,yes,9,7\n";
static const char plan_text[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: c.csv, id: id}]\n"
    "arms: [{name: c}, {name: t}]\ndesign: {assigned: arm}\nmeasures: [{name: y}]\n"
    "estimates:\n  - {name: e, measures: [y], estimator: dim, variance: neyman, subgroups: [site, old]}\n";

static const temoin_row *find_row(const temoin_results *results, const char *subgroup)
{
    for (int64_t r = 0; r < results->n_rows; r++)
        if (strcmp(results->rows[r].subgroup, subgroup) == 0) return &results->rows[r];
    fail();
    return NULL;
}

/* North: 6 - 1.5, variances 2 / 2 + 0.5 / 2 = 1.25; south: 6 - 7, variances 4 / 3 + 8 / 2 = 16 / 3. The difference is
 * 5.5, its variance 79 / 12. */
static void a_trial_by_hand(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
    write_file("c.csv", clients);
    write_file("p.yaml", plan_text);
    check_ok(ctx, temoin_plan_read(ctx, "p.yaml", &plan));
    check_ok(ctx, temoin_trial_build(ctx, plan, true, &trial));
    check_ok(ctx, temoin_assignment_draw(ctx, trial, &assignment));
    check_ok(ctx, temoin_results_build(ctx, trial, assignment, &results));
    assert_int_equal(results->n_rows, 5);
    assert_int_equal(results->rows[0].n, 9);
    const temoin_row *north = find_row(results, "site=n"), *south = find_row(results, "site=s");
    check_close(north->value, 4.5, 1e-14);
    check_close(north->se, sqrt(1.25), 1e-14);
    check_close(south->value, -1, 1e-14);
    check_close(south->se, sqrt(16.0 / 3), 1e-14);
    assert_int_equal(north->n, 4);
    assert_int_equal(find_row(results, "old=1")->n, 4);
    assert_int_equal(find_row(results, "old=0")->n, 4);
    assert_string_equal(find_row(results, "old=0")->note, "missing_subgroup:1");
    assert_int_equal(results->n_joint_tests, 2);
    const temoin_joint_test *test = results->joint_tests;
    assert_string_equal(test->test, "subgroups: site");
    assert_string_equal(test[1].test, "subgroups: old");
    check_close(test->statistic, 5.5 * 5.5 / (79.0 / 12), 1e-13);
    check_close(test->df2, 79.0 / 12 * 79.0 / 12 / (1.25 * 1.25 / north->df + 16.0 / 3 * 16 / 3 / south->df), 1e-13);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(welch_is_that_of_r),
        cmocka_unit_test(chi_square_without_degrees),
        cmocka_unit_test(a_trial_by_hand),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tail of the largest of several correlated t statistics: one statistic, independent ones, printed tables, numbers
 * of another program, and random correlations against random draws. */
#include "randsample.h"

#include "adjustments/adjustment.h"
#include "numeric/distributions.h"
#include "numeric/multivariate_t.h"
#include "numeric/normal_table.h"

enum { MOST = 6 };

static double tail(temoin_context *ctx, const double *r, int32_t k, double t, double df)
{
    double p;
    check_ok(ctx, tm_multivariate_t_tail(ctx, r, k, t, df, &p));
    return p;
}

static void fill_equal(double *r, int k, double rho)
{
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) r[i * k + j] = i == j ? 1 : rho;
}

static void normal_table(void **state)
{
    (void)state;
    static tm_normal_table table;
    tm_normal_table_init(&table);
    for (double x = -12; x < 12; x += 0.0137) {
        check_close(tm_normal_table_cdf(&table, x), tm_normal_cdf(x), 1e-13);
        if (fabs(x) < 6) assert_true(fabs(tm_normal_table_quantile(&table, tm_normal_cdf(x)) - x) < 1e-13 * exp(x * x));
    }
    assert_true(tm_normal_table_quantile(&table, 0) == -9 && tm_normal_table_quantile(&table, 1) == 9);
}

static void one_statistic(void **state)
{
    (void)state;
    static const double dfs[] = {1, 2.5, 7, 50, 1e3, 1e6, 1e15, INFINITY};
    temoin_context *ctx = check_context();
    for (size_t d = 0; d < sizeof dfs / sizeof *dfs; d++)
        for (double t = 0; t < 30; t = 3 * t + 0.4)
            if (tm_student_p_two_sided(t, dfs[d]) > 1e-12)
                check_close(tail(ctx, (const double[]){1}, 1, t, dfs[d]), tm_student_p_two_sided(t, dfs[d]), 1e-10);
    temoin_context_free(ctx);
}

/* Normal statistics: independent ones, and the same one several times. */
static void extremes(void **state)
{
    (void)state;
    double r[MOST * MOST];
    temoin_context *ctx = check_context();
    for (int k = 2; k <= MOST; k++)
        for (double t = 0.5; t < 7; t += 0.9) {
            const double p = 2 * tm_normal_cdf(-t);
            fill_equal(r, k, 0);
            check_close(tail(ctx, r, k, t, INFINITY), -expm1(k * log1p(-p)), 1e-11);
            fill_equal(r, k, 1);
            check_close(tail(ctx, r, k, t, INFINITY), p, 1e-11);
            for (int i = 1; i < k; i++) r[i] = r[i * k] = -1;
            check_close(tail(ctx, r, k, t, INFINITY), p, 1e-11);
        }
    temoin_context_free(ctx);
}

/* Dunnett 1964, tables of two-sided 5 % and 1 % points for equal numbers (correlation 1/2), printed to two decimals. */
static void printed_points(void **state)
{
    (void)state;
    static const struct {
        int k;
        double df, t, p;
    } points[] = {{2, 5, 3.03, 0.05},  {3, 10, 2.76, 0.05}, {4, 20, 2.65, 0.05},
                  {6, 60, 2.64, 0.05}, {2, 20, 3.13, 0.01}, {3, INFINITY, 2.35, 0.05}};
    double r[MOST * MOST];
    temoin_context *ctx = check_context();
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        fill_equal(r, points[i].k, 0.5);
        assert_true(tail(ctx, r, points[i].k, points[i].t - 0.0075, points[i].df) > points[i].p);
        assert_true(tail(ctx, r, points[i].k, points[i].t + 0.0075, points[i].df) < points[i].p);
    }
    temoin_context_free(ctx);
}

/* Correlations far from any product: mvtnorm 1.1-3's Miwa integral of the normal within R's quadrature over the scale.
 */
static void other_program(void **state)
{
    (void)state;
    const double three[] = {1, .5, .2, .5, 1, -.3, .2, -.3, 1};
    const double four[] = {1, .6, .1, -.4, .6, 1, .3, .2, .1, .3, 1, .5, -.4, .2, .5, 1};
    temoin_context *ctx = check_context();
    check_close(tail(ctx, three, 3, 2, 10), 0.178634630089, 2e-5);
    check_close(tail(ctx, three, 3, 2, INFINITY), 0.121439079634, 2e-5);
    check_close(tail(ctx, four, 4, 2.5, 20), 0.0709641233607, 2e-5);
    temoin_context_free(ctx);
}

/* Random correlations, some of them singular, by 40,000 draws of the statistics themselves. */
static void random_draws(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    uint64_t seed = 61;
    temoin_context *ctx = check_context();
    for (int trial = 0; trial < 8; trial++) {
        const int k = 2 + rand_below(&seed, MOST - 1), rank = trial % 3 ? k : k - 1, df = 3 + rand_below(&seed, 20);
        double l[MOST][MOST] = {{0}}, r[MOST * MOST], t = 1 + 2 * rand_uniform(&seed);
        int beyond = 0;
        for (int i = 0; i < k; i++) {
            double square = 0;
            for (int j = 0; j < rank; j++) {
                l[i][j] = rand_normal(&seed);
                square += l[i][j] * l[i][j];
            }
            for (int j = 0; j < rank; j++) l[i][j] /= sqrt(square);
        }
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++) {
                r[i * k + j] = 0;
                for (int m = 0; m < rank; m++) r[i * k + j] += l[i][m] * l[j][m];
            }
        for (int d = 0; d < DRAWS; d++) {
            double z[MOST], scale = 0, largest = 0;
            for (int j = 0; j < rank; j++) z[j] = rand_normal(&seed);
            for (int j = 0; j < df; j++) scale += pow(rand_normal(&seed), 2) / df;
            for (int i = 0; i < k; i++) {
                double x = 0;
                for (int j = 0; j < rank; j++) x += l[i][j] * z[j];
                largest = fmax(largest, fabs(x));
            }
            beyond += largest >= t * sqrt(scale);
        }
        const double p = tail(ctx, r, k, t, df), share = (double)beyond / DRAWS;
        assert_true(fabs(p - share) < 4 * sqrt(p * (1 - p) / DRAWS));
    }
    temoin_context_free(ctx);
}

/* Fits stand for themselves, refused members do not count, step-down is at most single step, both between the plain p
 * and Bonferroni's. */
static void families(void **state)
{
    (void)state;
    const double statistic[] = {2.1, -2.6, NAN, 1.2, 2.4}, df[] = {30, 25, NAN, 30, 8};
    const int64_t fit[] = {0, 0, 0, 0, 4};
    double p[5], r[25], single[5], down[5], part[9];
    temoin_context *ctx = check_context();
    fill_equal(r, 5, 0.4);
    fill_equal(part, 3, 0.4);
    for (int i = 0; i < 5; i++) p[i] = tm_student_p_two_sided(statistic[i], df[i]);
    const tm_family family = {.n = 5, .p = p, .statistic = statistic, .df = df, .fit = fit, .correlation = r};
    check_ok(ctx, tm_adjustment_find("dunnett")->run(ctx, &family, single));
    check_ok(ctx, tm_adjustment_find("dunnett_step_down")->run(ctx, &family, down));
    assert_true(isnan(single[2]) && isnan(down[2]));
    check_close(single[4], p[4], 1e-10);
    check_close(down[4], p[4], 1e-10);
    check_close(single[1], tail(ctx, part, 3, 2.6, 25), 1e-12);
    check_close(down[1], single[1], 1e-12);
    fill_equal(part, 2, 0.4);
    check_close(down[0], tail(ctx, part, 2, 2.1, 25), 1e-12);
    assert_true(down[3] == p[3]); /* its own degrees of freedom say more than the smallest */
    for (int i = 0; i < 5; i++)
        assert_true(i == 2 || (p[i] <= down[i] && down[i] <= single[i] && single[i] <= 3 * p[i]));
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_table),   cmocka_unit_test(one_statistic), cmocka_unit_test(extremes),
        cmocka_unit_test(printed_points), cmocka_unit_test(other_program), cmocka_unit_test(random_draws),
        cmocka_unit_test(families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

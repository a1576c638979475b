/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least-squares core against certified values of NIST's Statistical Reference Datasets, linear regression
 * (https://www.itl.nist.gov/div898/strd/lls/lls.shtml): models with an intercept. */
#include "check.h"

#include "moments/fit.h"
#include "variances/variance.h"

enum { MOST_ROWS = 82, MOST_COLUMNS = 10 };

typedef struct strd {
    const char *name;
    int n, n_columns;
    const double *y;
    const double *x; /* [n_columns * n], or one column whose powers are the columns */
    bool powers;
    const double *value, *se; /* certified, [n_columns], without the intercept */
    double residual_sd;
    double value_tolerance, se_tolerance;
} strd;

/* Norris: calibration of ozone monitors (level of difficulty: lower). */
static const double norris_y[] = {0.1, 338.8, 118.1, 888.0, 9.2,   228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3,
                                  0.1, 778.1, 668.8, 339.3, 448.9, 10.8,  557.7, 228.3, 998.0, 888.8, 119.6, 0.3,
                                  0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2,  117.6, 228.9, 668.4, 449.2, 0.2};
static const double norris_x[] = {0.2, 337.4, 118.2, 884.6, 10.1,  226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4,
                                  0.6, 775.5, 666.9, 338.0, 447.5, 11.6,  556.0, 228.1, 995.8, 887.6, 120.2, 0.3,
                                  0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1,  118.3, 229.2, 669.1, 448.9, 0.5};
static const double norris_value[] = {1.00211681802045}, norris_se[] = {0.429796848199937e-03};

/* Pontius: calibration of load cells, quadratic (lower). */
static const double pontius_y[] = {.11019,  .21956,  .32949,  .43899,  .54803,  .65694,  .76562,  .87487,
                                   .98292,  1.09146, 1.20001, 1.30822, 1.41599, 1.52399, 1.63194, 1.73947,
                                   1.84646, 1.95392, 2.06128, 2.16844, .11052,  .22018,  .32939,  .43886,
                                   .54798,  .65739,  .76596,  .87474,  .98300,  1.09150, 1.20004, 1.30818,
                                   1.41613, 1.52408, 1.63159, 1.73965, 1.84696, 1.95445, 2.06177, 2.16829};
static const double pontius_x[] = {150000,  300000,  450000,  600000,  750000,  900000,  1050000, 1200000,
                                   1350000, 1500000, 1650000, 1800000, 1950000, 2100000, 2250000, 2400000,
                                   2550000, 2700000, 2850000, 3000000, 150000,  300000,  450000,  600000,
                                   750000,  900000,  1050000, 1200000, 1350000, 1500000, 1650000, 1800000,
                                   1950000, 2100000, 2250000, 2400000, 2550000, 2700000, 2850000, 3000000};
static const double pontius_value[] = {0.732059160401003e-06, -0.316081871345029e-14};
static const double pontius_se[] = {0.157817399981659e-09, 0.486652849992036e-16};

/* Longley: employment, six regressors that are nearly collinear (higher). */
static const double longley_y[] = {60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                                   66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551};
static const double longley_x[] = {
    83.0,   88.5,   88.2,   89.5,   96.2,   98.1,   99.0,   100.0,  101.2,  104.6,  108.4,  110.8,  112.6,  114.2,
    115.7,  116.9,  234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112, 397469, 419180, 442769, 444546,
    482704, 502601, 518173, 554894, 2356,   2325,   3682,   3351,   2099,   1932,   1870,   3578,   2904,   2822,
    2936,   4681,   3813,   3931,   4806,   4007,   1590,   1456,   1616,   1650,   3099,   3594,   3547,   3350,
    3048,   2857,   2798,   2637,   2552,   2514,   2572,   2827,   107608, 108632, 109773, 110929, 112075, 113270,
    115094, 116219, 117388, 118734, 120445, 121950, 123366, 125368, 127852, 130081, 1947,   1948,   1949,   1950,
    1951,   1952,   1953,   1954,   1955,   1956,   1957,   1958,   1959,   1960,   1961,   1962};
static const double longley_value[] = {15.0618722713733,  -0.358191792925910E-01, -2.02022980381683,
                                       -1.03322686717359, -0.511041056535807E-01, 1829.15146461355};
static const double longley_se[] = {84.9149257747669,  0.334910077722432E-01, 0.488399681651699,
                                    0.214274163161675, 0.226073200069370,     455.478499142212};

/* Wampler1: y is a polynomial of x = 0 … 20 of degree five without error (higher). */
static const double wampler_x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
static const double wampler_ones[] = {1, 1, 1, 1, 1};
static temoin_status fit_strd(temoin_context *ctx, const strd *d, const double *const *column, const tm_fit **fit)
{
    tm_sample *sample;
    tm_model *model;
    int32_t *zeros, *covariate;
    double *group_weight, *column_weight, *arm_weight;
    const char **name;
    TM_SCRATCH(ctx, sample, 1);
    TM_SCRATCH(ctx, model, 1);
    TM_SCRATCH(ctx, zeros, d->n);
    TM_SCRATCH(ctx, covariate, d->n_columns);
    TM_SCRATCH(ctx, name, d->n_columns);
    TM_SCRATCH(ctx, group_weight, d->n_columns);
    TM_SCRATCH(ctx, column_weight, d->n_columns * d->n_columns);
    TM_SCRATCH(ctx, arm_weight, d->n_columns);
    for (int j = 0; j < d->n_columns; j++) column_weight[j * d->n_columns + j] = 1;
    *sample = (tm_sample){.n = d->n, .n_arms = 1, .n_strata = 1, .y = d->y, .arm = zeros, .stratum = zeros};
    *model = (tm_model){.sample = sample,
                        .n_groups = 1,
                        .group = zeros,
                        .n_columns = d->n_columns,
                        .column = column,
                        .column_name = name,
                        .column_covariate = covariate,
                        .n_contrasts = d->n_columns,
                        .group_weight = group_weight,
                        .column_weight = column_weight,
                        .arm_weight = arm_weight};
    return tm_fit_build(ctx, model, fit);
}

static void check_strd(const strd *d)
{
    static double x[MOST_COLUMNS][MOST_ROWS];
    const double *column[MOST_COLUMNS];
    temoin_context *ctx = check_context();
    const tm_fit *fit;
    tm_uncertainty u[MOST_COLUMNS];
    for (int j = 0; j < d->n_columns; j++)
        for (int i = 0; i < d->n; i++) {
            x[j][i] = d->powers ? d->x[i] : d->x[j * d->n + i];
            for (int power = 0; d->powers && power < j; power++) x[j][i] *= d->x[i];
            column[j] = x[j];
        }
    check_ok(ctx, fit_strd(ctx, d, column, &fit));
    assert_int_equal(fit->n_dropped, 0);
    for (int j = 0; j < d->n_columns; j++) u[j] = (tm_uncertainty){NAN, NAN, NULL, NULL};
    check_ok(ctx, tm_variance_find("classical")->run(ctx, fit, u));
    for (int j = 0; j < d->n_columns; j++) {
        if (!close_to(fit->value[j], d->value[j], d->value_tolerance, 0))
            print_error("%s, coefficient %d\n", d->name, j + 1);
        check_close(fit->value[j], d->value[j], d->value_tolerance);
        if (d->se) check_close(sqrt(u[j].variance), d->se[j], d->se_tolerance);
    }
    if (d->residual_sd > 0)
        check_close(sqrt(fit->residual_ss / (d->n - d->n_columns - 1)), d->residual_sd, d->se_tolerance);
    temoin_context_free(ctx);
}

static void norris(void **state)
{
    (void)state;
    check_strd(
        &(strd){"Norris", 36, 1, norris_y, norris_x, false, norris_value, norris_se, 0.884796396144373, 1e-13, 1e-12});
}

static void pontius(void **state)
{
    (void)state;
    check_strd(&(strd){"Pontius", 40, 2, pontius_y, pontius_x, true, pontius_value, pontius_se, 0.205177424076185e-03,
                       1e-11, 1e-11});
}

static void longley(void **state)
{
    (void)state;
    const double sd = 304.854073561965;
    check_strd(&(strd){"Longley", 16, 6, longley_y, longley_x, false, longley_value, longley_se, sd, 1e-10, 1e-11});
}

/* y = Σ x^j exactly, the hardest columns that there are in the collection but one. */
static void wampler1(void **state)
{
    double y[21];
    (void)state;
    for (int i = 0; i < 21; i++) {
        double x = wampler_x[i];
        y[i] = 1 + x * (1 + x * (1 + x * (1 + x * (1 + x))));
    }
    check_strd(&(strd){"Wampler1", 21, 5, y, wampler_x, true, wampler_ones, NULL, 0, 1e-8, 1e-8});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norris),
        cmocka_unit_test(pontius),
        cmocka_unit_test(longley),
        cmocka_unit_test(wampler1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

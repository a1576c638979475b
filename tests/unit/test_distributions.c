/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "numeric/distributions.h"

/* df 1 is Cauchy's, df 2 is algebraic; both written so that nothing cancels in the tail. */
static void closed_forms_of_student(void **state)
{
    (void)state;
    for (double t = 1e-12; t < 1e150; t *= 1.7) {
        check_close(tm_student_p_two_sided(t, 1), t < 1 ? 1 - M_2_PI * atan(t) : M_2_PI * atan(1 / t), 1e-13);
        const double root = hypot(t, M_SQRT2);
        check_close(tm_student_p_two_sided(-t, 2), 2 / root / (root + t), 2e-13);
    }
    for (double p = 1e-300; p < 0.49; p *= 1.7) {
        check_close(tm_student_quantile(p, 1), -1 / tan(M_PI * p), 1e-12);
        check_close(tm_student_quantile(p, 2), -(1 - 2 * p) / sqrt(2 * p * (1 - p)), 1e-12);
    }
}

/* df 4: with s = t / sqrt(4 + t^2) the tail is 1 - s (3 - s^2) / 2 = (1 - s)^2 (2 + s) / 2. */
static void closed_form_of_four(void **state)
{
    (void)state;
    for (double t = 1e-12; t < 1e60; t *= 1.7) {
        const double root = hypot(t, 2), s = t / root, rest = 4 / root / (root + t); /* 1 - s */
        check_close(tm_student_p_two_sided(t, 4), rest * rest * (2 + s) / 2, 2e-13);
    }
}

/* Regularised incomplete beta and, for df of a million and more, quadrature of the density: mpmath, 50 digits. */
static void student_tails_have_twelve_digits(void **state)
{
    (void)state;
    static const double known[][3] = {
        {1.96, 0.5, 0.44972297773837914635},       {3.25, 1.5, 0.11982203965901039578},
        {2.5, 2.75, 0.095375286759935780225},      {2.2, 7.3, 0.062169165400023625193},
        {1e-08, 10.3, 0.99999999221219065173},     {40, 10.3, 1.2209693897427544783e-12},
        {1e5, 29.5, 2.2040630457641541555e-127},   {5, 31, 0.00002147783467017563137},
        {30, 100, 8.3803325586882921694e-52},      {12, 333.25, 8.0911175355444233649e-28},
        {0.1, 1000, 0.92036436902360412671},       {30, 1000, 1.5374687444043482211e-141},
        {25, 12345.5, 1.3202920463722744567e-134}, {2, 1e6, 0.045500533851319208421},
        {12, 1e6, 3.5716851247650898236e-33},      {30, 1e6, 1.2020094233663437883e-197},
        {5, 1e9, 5.7330324039516284309e-7},        {30, 1e13, 9.813428053459651257e-198},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        check_close(tm_student_p_two_sided(known[k][0], known[k][1]), known[k][2], 1e-12);
        check_close(tm_student_p_two_sided(-known[k][0], known[k][1]), known[k][2], 1e-12);
    }
}

static void student_quantiles(void **state)
{
    (void)state;
    static const double known[][3] = {{0.975, 2.75, 3.3525454330616043244},
                                      {0.975, 7.3, 2.3450667365477030519},
                                      {0.995, 31, 2.7440419192942689588},
                                      {0.9, 100.5, 1.2900320722138599783},
                                      {0.975, 0.5, 164.5576734804882408}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_student_quantile(known[k][0], known[k][1]), known[k][2], 1e-12);
    const double dfs[] = {0.3, 1, 2.7, 12.34, 31, 99.9, 1234.5, 1e6, 1e12, 1e19};
    for (size_t d = 0; d < sizeof dfs / sizeof *dfs; d++)
        for (double p = 1e-40; p < 0.4; p *= 3) {
            const double t = tm_student_quantile(p, dfs[d]);
            check_close(tm_student_p_two_sided(t, dfs[d]), 2 * p, 2e-12);
        }
    assert_true(tm_student_quantile(0.5, 3.3) == 0);
    assert_true(fabs(tm_student_quantile(0.5 + 1e-9, 4) - 1e-9 / 0.375) < 1e-15); /* the density of four at 0 is 3/8 */
}

static void very_many_degrees_of_freedom_are_normal(void **state)
{
    (void)state;
    const double ts[] = {0, 1e-5, 1, 2.5, 9, 30, 37};
    for (size_t k = 0; k < sizeof ts / sizeof *ts; k++) {
        const double normal = 2 * tm_normal_cdf(-ts[k]);
        assert_true(tm_student_p_two_sided(ts[k], INFINITY) == normal);
        check_close(tm_student_p_two_sided(ts[k], 1e18), normal, 2e-12); /* t^4 / (4 df) is 5e-13 at 37 */
        check_close(tm_student_p_two_sided(ts[k], 1e20), normal, 1e-12); /* last of one formula … */
        check_close(tm_student_p_two_sided(ts[k], 1.01e20), normal, 0);  /* … first of the other */
    }
    check_close(tm_student_quantile(0.975, INFINITY), 1.9599639845400542355, 1e-15);
    check_close(tm_student_quantile(0.975, 1e20), 1.9599639845400542355, 1e-14);
}

static void normal_tails_and_quantiles(void **state)
{
    (void)state;
    static const double known[][2] = {{-37, 5.7255712225245768227e-300}, {-30, 4.9067139271481870595e-198},
                                      {-10, 7.619853024160526066e-24},   {-1.96, 0.024997895148220436213},
                                      {-0.1, 0.46017216272297101633},    {0, 0.5},
                                      {1, 0.84134474606854294859},       {5, 0.99999971334842812081}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        check_close(tm_normal_cdf(known[k][0]), known[k][1], 1e-13);
        if (known[k][0] < 1) check_close(tm_normal_quantile(tm_normal_cdf(known[k][0])), known[k][0], 1e-13);
    }
}

/* mpmath, 60 digits, at the doubles themselves: distribution function, density, Mills' ratio. */
static void normal_functions_have_fourteen_digits(void **state)
{
    (void)state;
    static const double known[][4] = {
        {-37, 5.7255712225245768227e-300, 2.1200065515246056269e-298, 4.7169665550365805467e+297},
        {-30.3, 5.7317235033154952943e-202, 1.738599780834906741e-200, 5.7517550101138405581e+199},
        {-18.7, 2.475235845142541265e-78, 4.641852941377031947e-77, 2.1543121090418352207e+76},
        {-10, 7.619853024160526066e-24, 7.6945986267064193463e-23, 1.2996129473592022903e+22},
        {-8.123, 2.2739966001665745214e-16, 1.8743714221680769e-15, 533512188765289.81661},
        {-6.3, 1.4882282217623126669e-10, 9.6014333703123344964e-10, 1041511159.0975371123},
        {-5, 2.8665157187919391167e-7, 1.4867195147342977079e-6, 672621.63672287925231},
        {-3.7, 0.00010779973347738826148, 0.00042478027055075140767, 2353.9045233200364555},
        {-2.2, 0.013903447513498604313, 0.035474592846231420621, 27.79726202245215012},
        {-1.96, 0.024997895148220436213, 0.058440944333451464389, 16.683544661575404483},
        {-1.3, 0.096800484585610325542, 0.17136859204780734707, 5.2705078837458189236},
        {-1.0001, 0.15863105806885876032, 0.24194652744677209302, 3.4774995566582011085},
        {-0.9999, 0.15867945221376258366, 0.24199492159151460254, 3.4766041462902243991},
        {-0.71, 0.23885206808998673293, 0.31006028483341613225, 2.4548385238017495954},
        {-0.3, 0.38208857781104736693, 0.38138781546052408688, 1.6201656087067892967},
        {-0.1, 0.46017216272297101633, 0.39695254747701176529, 1.3599304015256165674},
        {-1e-05, 0.49999601057719605216, 0.39894228038148556392, 1.2533241373781662914},
        {0.2, 0.57925970943910302738, 0.39104269397545587714, 1.0759446399152136826},
        {0.77, 0.77935005365735039402, 0.29659475499381571029, 0.74394419532891056151},
        {1, 0.84134474606854294859, 0.2419707245191433498, 0.65567954241879847154},
        {1.9, 0.97128344018399819477, 0.065615814774676602338, 0.43764692878712088236},
        {3.3, 0.99951657585761622249, 0.0017225689390536811513, 0.28064139055552327834},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const double x = known[k][0], cdf = known[k][1];
        check_close(tm_normal_cdf(x), cdf, 2e-15);
        check_close(tm_normal_density(x), known[k][2], 2e-15);
        check_close(tm_normal_mills(x), known[k][3], x < -1 ? 1e-14 : 2e-15);
        if (x < -1e-3) check_close(tm_normal_quantile(cdf), x, 4e-15);
    }
    for (double p = 1e-300; p < 0.5; p *= 1.9) {
        const double x = tm_normal_quantile(p); /* one unit in its last place changes p by x² of them */
        check_close(tm_normal_cdf(x), p, 2.3e-16 * (x * x + 10));
    }
    assert_true(tm_normal_quantile(0) == -INFINITY && tm_normal_quantile(1) == INFINITY);
    assert_true(tm_normal_cdf(-INFINITY) == 0 && tm_normal_cdf(INFINITY) == 1 && tm_normal_mills(INFINITY) == 0);
    assert_true(fabs(tm_normal_quantile(0.5 + 1e-9) - 1e-9 / tm_normal_density(0)) < 1e-16);
}

/* df 2 is exponential and df 4 has one term more; the rest from mpmath's incomplete gamma function, 50 digits. */
static void chi_square_tails(void **state)
{
    (void)state;
    static const double known[][3] = {
        {0.001, 0.5, 0.83504024923158716309},     {3.84, 1, 0.050043521248705103189},
        {1300, 5, 6.3873752344737113864e-279},    {2.5, 2.5, 0.38147122800307368103},
        {124.5, 100, 0.0490117758195008085},      {500, 100, 1.7201210053695374613e-54},
        {999.5, 1000, 0.49851344309613047441},    {1e5, 1e5, 0.49940529189520668861},
        {1.1e5, 1e5, 2.5841772471796375976e-104},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_chi2_upper(known[k][0], known[k][1]), known[k][2], 1e-12);
    for (double x = 1e-10; x < 1400; x *= 1.6) {
        check_close(tm_chi2_upper(x, 2), exp(-x / 2), 1e-12);
        check_close(tm_chi2_upper(x, 4), exp(-x / 2) * (1 + x / 2), 1e-12);
    }
}

/* Bisection on the regularised incomplete gamma function: mpmath, 60 digits. */
static void chi_square_quantiles(void **state)
{
    (void)state;
    static const double known[][3] = {
        {1e-12, 0.5, 1.3499395786223459156e-48}, {1e-12, 3, 2.4179879427180357746e-8},
        {1e-12, 10, 0.020778689705003601031},    {1e-12, 1000, 716.9494787894976062},
        {1e-6, 1, 1.5707963267957189441e-12},    {1e-6, 27.5, 5.1907832275960253516},
        {0.001, 1, 1.5707971492624899447e-6},    {0.001, 3, 0.02429758581569273353},
        {0.001, 10, 1.4787434638356650407},      {0.001, 100, 61.917939206936623192},
        {0.01, 1, 0.00015708785790970198404},    {0.01, 10, 2.5582121601872060709},
        {0.1, 27.5, 18.526163923737366208},      {0.5, 0.5, 0.087347604705746820734},
        {0.5, 10, 9.3418177655919674406},        {0.9, 1, 2.7055434540954149212},
        {0.9, 100, 118.49800381106210561},       {0.999, 0.5, 8.7528885157733728385},
        {0.999, 10, 29.588298445074416426},      {0.999, 1000, 1143.9170926196791705},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_chi2_quantile(known[k][0], known[k][1]), known[k][2], 1e-12);
    for (double p = 1e-300; p < 1; p *= 1.3) check_close(tm_chi2_quantile(p, 2), -2 * log1p(-p), 1e-12);
    for (double df = 0.1; df < 1e4; df *= 1.7)
        for (double p = 1e-9; p < 1; p = p < 0.01 ? p * 10 : p + 0.07) {
            const double x = tm_chi2_quantile(p, df), upper = tm_chi2_upper(x, df);
            if (p > 1e-3 && x > 1e-300) check_close(upper, 1 - p, 1e-12 * fmax(10, sqrt(df))); /* x to 1e-12 */
        }
    assert_true(tm_chi2_quantile(0, 3) == 0 && isinf(tm_chi2_quantile(1, 3)));
    assert_true(isnan(tm_chi2_quantile(0.5, 0)) && isnan(tm_chi2_quantile(0.5, 2e6)) &&
                isnan(tm_chi2_quantile(NAN, 3)));
    assert_true(isnan(tm_chi2_quantile(-0.1, 3)) && isnan(tm_chi2_quantile(1.1, 3)));
}

static void edges_have_no_number_or_the_limit(void **state)
{
    (void)state;
    assert_true(isnan(tm_student_p_two_sided(NAN, 3)) && isnan(tm_student_p_two_sided(1, NAN)));
    assert_true(isnan(tm_student_p_two_sided(1, 0)) && isnan(tm_student_p_two_sided(1, -2)));
    assert_true(tm_student_p_two_sided(0, 2.5) == 1);
    assert_true(tm_student_p_two_sided(INFINITY, 2.5) == 0 && tm_student_p_two_sided(-INFINITY, INFINITY) == 0);
    assert_true(isnan(tm_student_quantile(1.5, 3)) && isnan(tm_student_quantile(NAN, 3)));
    assert_true(isnan(tm_student_quantile(0.9, 0)) && isnan(tm_normal_quantile(-0.1)));
    assert_true(tm_student_quantile(0, 3) == -INFINITY && tm_student_quantile(1, 3) == INFINITY);
    assert_true(isnan(tm_normal_cdf(NAN)) && isnan(tm_normal_quantile(NAN)));
    assert_true(tm_chi2_upper(0, 3) == 1 && tm_chi2_upper(-1, 3) == 1 && tm_chi2_upper(INFINITY, 3) == 0);
    assert_true(tm_chi2_upper(-INFINITY, 3) == 1 && isnan(tm_chi2_upper(NAN, 3)));
    assert_true(isnan(tm_chi2_upper(3, 0)) && isnan(tm_chi2_upper(3, 1e7)) && isnan(tm_chi2_upper(3, NAN)));
}

/* Every tail is a probability, whatever the arguments. */
static void tails_stay_between_zero_and_one(void **state)
{
    (void)state;
    for (double df = 1e-300; df<1e300; df *= df> 1e-3 && df < 1e7 ? 1.3 : 1e6) {
        for (double z = -40; z < 40; z += 0.5) {
            const double p = tm_chi2_upper(fmax(df + z * sqrt(2 * df), 0), df);
            assert_true(isnan(p) ? df > 1e6 : p >= 0 && p <= 1);
        }
        for (double x = 1e-300; x < 1e300; x *= 100) {
            (void)tm_chi2_upper(x, df);
            const double p = tm_student_p_two_sided(x, df);
            assert_true(p >= 0 && p <= 1);
        }
    }
    for (double p = 5e-324; p < 1; p = p < 1e-20 ? p * 1e10 : p * 1.5) {
        for (double df = 0.1; df < 1e6; df *= 3) assert_true(tm_chi2_quantile(p, df) >= 0);
        check_close(tm_normal_cdf(tm_normal_quantile(p)), p, p < 1e-300 ? 1e-9 : 1e-12);
        (void)tm_student_quantile(p, 0.01);
    }
    for (double x = -1e3; x < 1e3; x += 0.7) assert_true(tm_normal_cdf(x) >= 0 && tm_normal_cdf(x) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_forms_of_student),
        cmocka_unit_test(closed_form_of_four),
        cmocka_unit_test(student_tails_have_twelve_digits),
        cmocka_unit_test(student_quantiles),
        cmocka_unit_test(very_many_degrees_of_freedom_are_normal),
        cmocka_unit_test(normal_tails_and_quantiles),
        cmocka_unit_test(normal_functions_have_fourteen_digits),
        cmocka_unit_test(chi_square_tails),
        cmocka_unit_test(chi_square_quantiles),
        cmocka_unit_test(edges_have_no_number_or_the_limit),
        cmocka_unit_test(tails_stay_between_zero_and_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

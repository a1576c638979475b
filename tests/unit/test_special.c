/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of 22 digits by mpmath with 60 digits, except where a closed form is stated. */
#include "check.h"

#include "numeric/counting.h"
#include "numeric/distributions.h"
#include "numeric/special.h"

static void log_gamma_to_thirteen_digits(void **state)
{
    (void)state;
    static const double known[][2] = {
        {1e-300, 690.7755278982137051803},       {0.001, 6.907178885383853661684},
        {0.3, 1.095797994818075560563},          {0.5, 0.5723649429247000870717},
        {0.75, 0.2032809514312953714814},        {0.999, 5.780385328913802381689e-4},
        {1.000001, -5.772148423874146650588e-7}, {1.25, -0.09827183642181316146385},
        {1.5, -0.1207822376352452223455},        {1.75, -0.08440112102048555595779},
        {1.9999, -4.227520877215345801134e-5},   {2.0001, 4.228165811291994631743e-5},
        {2.5, 0.2846828704729191596325},         {3, 0.6931471805599453094172},
        {7.7, 7.926541356269004778873},          {15.99, 27.8718644759400127994},
        {16, 27.89927138384089156609},           {33.3, 82.60372358165494300782},
        {1000.5, 5908.674175848677488684},       {1234567, 16081748.6590714833887},
        {5e15, 1.757410715367239110192e+17},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_log_gamma(known[k][0]), known[k][1], 5e-15);
    assert_true(tm_log_gamma(1) == 0 && tm_log_gamma(2) == 0 && tm_log_factorial(0) == 0 && tm_log_factorial(1) == 0);
    assert_true(isnan(tm_log_gamma(0)) && isnan(tm_log_gamma(-1)) && isnan(tm_log_gamma(NAN)));
    assert_true(isinf(tm_log_gamma(INFINITY)) && isnan(tm_log_factorial(-1)));
}

/* Γ(x + 1) = x Γ(x), in long double so that the check itself does not round. */
static void log_gamma_recurs(void **state)
{
    (void)state;
    for (double x = 1e-3; x < 1e6; x *= 1.037) {
        const double got = tm_log_gamma(x + 1), want = (double)((long double)tm_log_gamma(x) + logl((long double)x));
        if (fabs(want) > 0.1) check_close(got, want, 1e-13 + 2 * x * 0x1p-53);
    }
}

static void half_ratio_to_thirteen_digits(void **state)
{
    (void)state;
    static const double known[][2] = {
        {0.01, 0.0174833538359755193463}, {0.5, 0.5641895835477562869481}, {1, 0.8862269254527580136491},
        {5.25, 2.237457387372030675385},  {15.5, 3.905387041517735886024}, {49.5, 7.0178796285621481853},
        {1e4, 99.99875000781298827484},   {1e9, 31622.77659773094624503},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_gamma_half_ratio(known[k][0]), known[k][1], 1e-14);
    assert_true(isnan(tm_gamma_half_ratio(0)) && isnan(tm_gamma_half_ratio(NAN)));
}

static void incomplete_gamma_to_thirteen_digits(void **state)
{
    (void)state;
    static const double known[][4] = {
        {0.001, 0.5, 0.9994399333435292501113, 5.600666564707498886849e-4},
        {0.005, 0.001, 0.968818313422847064791, 0.03118168657715293520899},
        {0.25, 0.0005, 0.1649597507684128369113, 0.8350402492315871630887},
        {0.5, 0.7, 0.7632764293621426247434, 0.2367235706378573752566},
        {0.5, 1.92, 0.9499564787512948968108, 0.05004352124870510318916},
        {0.5, 1e-20, 1.128379167095512542948e-10, 0.9999999998871620832904},
        {0.9, 1, 0.6753924416740531936365, 0.3246075583259468063635},
        {1, 600, 1.0, 2.650396553004310816339e-261},
        {1.25, 1.25, 0.6185287719969263189724, 0.3814712280030736810276},
        {2.5, 650, 1.0, 6.387375234473711386422e-279},
        {7.3, 3.1, 0.02904649595633842434007, 0.9709535040436615756599},
        {15.9, 40, 0.9999950501034974909275, 4.949896502509072544586e-6},
        {16.1, 9, 0.02062476506793894774886, 0.9793752349320610522511},
        {50, 62.25, 0.9509882241804991915, 0.04901177581950080849999},
        {50, 250, 1.0, 1.720121005369537461272e-54},
        {500, 499.75, 0.5014865569038695255874, 0.4985134430961304744126},
        {500, 700, 0.9999999999999992967854, 7.032145641828589478726e-16},
        {12345.5, 12000, 8.563284211568675121479e-4, 0.9991436715788431324879},
        {50000, 50000, 0.5005947081047933113902, 0.4994052918952066886098},
        {50000, 50500, 0.987131159622766330136, 0.01286884037723366986397},
        {500000, 499000, 0.07858029198714494648338, 0.9214197080128550535166},
        {500000, 502000.25, 0.9976395710564852113972, 0.002360428943514788602822},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        check_close(tm_gamma_lower(known[k][0], known[k][1]), known[k][2], 1e-13);
        check_close(tm_gamma_upper(known[k][0], known[k][1]), known[k][3], 1e-13);
    }
}

/* With a whole a, Q(a, x) is the chance of fewer than a events of a Poisson variable of mean x: a sum. */
static void incomplete_gamma_is_a_poisson_sum(void **state)
{
    (void)state;
    for (int a = 1; a <= 120; a += a < 20 ? 1 : 7)
        for (double x = 0.01; x < 600; x *= 1.31) {
            long double term = expl(-(long double)x), sum = 0;
            for (int k = 0; k < a; k++) {
                sum += term;
                term *= (long double)x / (k + 1);
            }
            check_close(tm_gamma_upper(a, x), (double)sum, 2e-13);
        }
}

static void incomplete_beta_to_twelve_digits(void **state)
{
    (void)state;
    static const double known[][4] = {
        {0.5, 0.5, 0.001, 0.02013504163337749118199},
        {0.01, 3, 0.2, 0.9950871182313159588577},
        {1, 1, 0.3, 0.2999999999999999888978},
        {2.5, 7.25, 0.125, 0.1686855410161758667368},
        {2.5, 7.25, 0.9375, 0.9999999681315553471657},
        {30, 2, 0.5, 1.490116119384765625e-8},
        {16.5, 16.5, 0.5, 0.5},
        {100, 100, 0.25, 1.781475521753681323204e-14},
        {100.5, 50.25, 0.6875, 0.7014156234954100925288},
        {1000, 3, 0.984375, 2.009182199711862760263e-5},
        {5000, 5000, 0.5078125, 0.9409215050528695787111},
        {123456, 100000, 0.5625, 0.9999999999999999999993},
        {123456, 100000, 0.5517578125, 0.2447761476006701289196},
        {3, 1000000, 2.86102294921875e-06, 0.5449659938676878927181},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_beta_lower(known[k][0], known[k][1], known[k][2], 1 - known[k][2]), known[k][3], 1e-12);
}

/* I_x(a, b) = P(Binomial(a + b - 1, x) >= a), and 1 - I with the sides changed. */
static void incomplete_beta_is_a_binomial_sum(void **state)
{
    (void)state;
    for (int n = 1; n <= 60; n += 3)
        for (int a = 1; a <= n; a += 2)
            for (double x = 0x1p-9; x < 1; x += 0x1.3p-5) {
                long double term = powl(1 - (long double)x, n), sum = 0;
                for (int k = 0; k <= n; k++) {
                    if (k >= a) sum += term;
                    term *= (long double)x / (1 - (long double)x) * (n - k) / (k + 1);
                }
                check_close(tm_beta_lower(a, n - a + 1, x, 1 - x), (double)sum, 2e-13);
            }
}

static void f_tails_and_exact_proportions(void **state)
{
    (void)state;
    static const double known[][4] = {
        {2.7576973207736115, 4, 92, 0.03239200492136838091035},
        {1, 1, 1, 0.5},
        {40, 3, 7, 8.954309068869094970776e-5},
        {0.5, 12, 1000, 0.9154793567580338681342},
        {4.5, 7, 30.5, 0.001532011830001789357759},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        check_close(tm_f_upper(known[k][0], known[k][1], known[k][2]), known[k][3], 1e-13);
    check_close(tm_f_upper(3.3, 4, INFINITY), tm_chi2_upper(13.2, 4), 0);
    assert_true(tm_f_upper(0, 2, 3) == 1 && tm_f_upper(INFINITY, 2, 3) == 0 && isnan(tm_f_upper(1, 0, 3)));
    static const double quantiles[][4] = {/* R 4.2: qf */
                                          {0.975, 5, 18, 3.38196780587524293},
                                          {0.025, 5, 18, 0.15718616136624455},
                                          {0.5, 1, 3, 0.58506027405182048},
                                          {0.999, 38, 3782, 1.86914517193651775}};
    for (size_t k = 0; k < sizeof quantiles / sizeof *quantiles; k++)
        check_close(tm_f_quantile(quantiles[k][0], quantiles[k][1], quantiles[k][2]), quantiles[k][3], 1e-13);
    assert_true(tm_f_quantile(0, 2, 3) == 0 && tm_f_quantile(1, 2, 3) == INFINITY && isnan(tm_f_quantile(2, 2, 3)));
    double low, high; /* R 4.2: binom.test(7, 10), binom.test(0, 12) */
    tm_binomial_interval(7, 10, 0.95, &low, &high);
    check_close(low, 0.34754714994000258, 1e-13), check_close(high, 0.93326048882226564, 1e-13);
    tm_binomial_interval(0, 12, 0.95, &low, &high);
    assert_true(low == 0), check_close(high, 1 - pow(0.025, 1.0 / 12), 1e-13);
}

static void edges_have_no_number_or_the_limit(void **state)
{
    (void)state;
    assert_true(isnan(tm_gamma_upper(0, 1)) && isnan(tm_gamma_upper(-1, 1)) && isnan(tm_gamma_upper(1, NAN)));
    assert_true(tm_gamma_upper(2, 0) == 1 && tm_gamma_upper(2, INFINITY) == 0 && tm_gamma_lower(2, 0) == 0);
    assert_true(tm_gamma_lower(2, INFINITY) == 1 && isnan(tm_gamma_lower(2e6, 1)) && tm_gamma_upper(3, 1e300) == 0);
    assert_true(isnan(tm_beta_lower(0, 1, 0.5, 0.5)) && tm_beta_lower(2, 3, 0, 1) == 0 &&
                tm_beta_lower(2, 3, 1, 0) == 1);
    assert_true(tm_beta_quantile(0, 2, 3) == 0 && tm_beta_quantile(1, 2, 3) == 1 && isnan(tm_beta_quantile(2, 2, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_gamma_to_thirteen_digits),      cmocka_unit_test(log_gamma_recurs),
        cmocka_unit_test(half_ratio_to_thirteen_digits),     cmocka_unit_test(incomplete_gamma_to_thirteen_digits),
        cmocka_unit_test(incomplete_gamma_is_a_poisson_sum), cmocka_unit_test(incomplete_beta_to_twelve_digits),
        cmocka_unit_test(incomplete_beta_is_a_binomial_sum), cmocka_unit_test(f_tails_and_exact_proportions),
        cmocka_unit_test(edges_have_no_number_or_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

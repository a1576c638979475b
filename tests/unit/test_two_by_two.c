/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables against the definitions of what they give, by brute force, and against printed examples. */
#include "check.h"

#include "estimators/two_by_two.h"
#include "inference/effect_size.h"
#include "inference/effects.h"
#include "numeric/distributions.h"

static uint64_t seed = 0x2545f4914f6cdd1du;

static int below(int n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int)((seed >> 33) % (uint64_t)n);
}

static tm_two_by_two random_table(int most)
{
    tm_two_by_two t = {.n1 = 1 + below(most), .n0 = 1 + below(most)};
    t.a = below((int)t.n1 + 1), t.c = below((int)t.n0 + 1);
    return t;
}

static long double choose(double n, double k)
{
    return k < 0 || k > n
               ? 0
               : expl(lgammal((long double)n + 1) - lgammal((long double)k + 1) - lgammal((long double)(n - k) + 1));
}

/* P(X > x), P(X = x) under the odds ratio psi, both margins given; `mean` of X. */
static void conditional(const tm_two_by_two *t, long double psi, long double *above, long double *at, long double *mean)
{
    long double sum = 0;
    *above = *at = *mean = 0;
    for (int x = 0; x <= (int)t->n1; x++) {
        const long double w = choose(t->n1, x) * choose(t->n0, t->a + t->c - x) * powl(psi, x);
        sum += w, *mean += w * x;
        *(x > t->a ? above : x == t->a ? at : &(long double){0}) += w;
    }
    *above /= sum, *at /= sum, *mean /= sum;
}

static void near(long double got, long double want, long double within)
{
    if (fabsl(got - want) > within) print_error("got %.15Lg, want %.15Lg\n", got, want);
    assert_true(fabsl(got - want) <= within);
}

/* Each of the six odds ratios solves its equation. */
static void odds_ratios_solve_their_equations(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 300; k++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        const tm_two_by_two t = random_table(k < 250 ? 25 : 120);
        tm_exact_table e;
        long double above, at, mean;
        check_ok(ctx, tm_exact_table_run(ctx, &t, 0.9, &e));
        if (isfinite(e.likely)) conditional(&t, expl(e.likely), &above, &at, &mean), near(mean, t.a, 1e-9L);
        if (isfinite(e.low)) conditional(&t, expl(e.low), &above, &at, &mean), near(above + at, 0.05L, 1e-11L);
        if (isfinite(e.high)) conditional(&t, expl(e.high), &above, &at, &mean), near(1 - above, 0.05L, 1e-11L);
        if (isfinite(e.median)) conditional(&t, expl(e.median), &above, &at, &mean), near(above + at / 2, 0.5L, 1e-11L);
        if (isfinite(e.mid_low))
            conditional(&t, expl(e.mid_low), &above, &at, &mean), near(above + at / 2, 0.05L, 1e-11L);
        if (isfinite(e.mid_high))
            conditional(&t, expl(e.mid_high), &above, &at, &mean), near(1 - above - at / 2, 0.05L, 1e-11L);
        const bool least = t.a == fmax(0, t.a + t.c - t.n0), most = t.a == fmin(t.n1, t.a + t.c);
        assert_true((e.low == -INFINITY) == least && (e.high == INFINITY) == most);
        conditional(&t, 1, &above, &at, &mean);
        near(e.greater, above + at, 1e-12L), near(e.less, 1 - above, 1e-12L);
        near(e.mid_p, fminl(1, 2 * fminl(above + at / 2, 1 - above - at / 2)), 1e-12L);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    temoin_context_free(ctx);
}

/* The root of P(X >= a) = 1/2, or of P(X <= a) = 1/2, by bisection on sums over all tables; NaN: no such root. */
static long double half_tail(const tm_two_by_two *t, bool upper)
{
    long double low = -60, high = 60, above, at, mean;
    for (int i = 0; i < 90; i++) {
        const long double middle = (low + high) / 2;
        conditional(t, expl(middle), &above, &at, &mean);
        *((upper ? above + at : above) < 0.5L ? &low : &high) = middle;
    }
    return fabsl(low) > 50 ? NAN : low;
}

static void median_unbiased_is_the_middle_of_two_roots(void **state)
{
    (void)state;
    static const double forward[] = {-1, 1};
    temoin_context *ctx = check_context();
    int one_ended = 0;
    for (int k = 0; k < 200; k++) {
        double y[50];
        int32_t arm[50], stratum[50] = {0};
        tm_two_by_two t = random_table(20);
        while (t.a + t.c == 0 || t.a + t.c == t.n1 + t.n0) t = random_table(20);
        const int n = (int)(t.n1 + t.n0);
        for (int i = 0; i < n; i++) arm[i] = i < t.n1, y[i] = i < t.n1 ? i < t.a : i - t.n1 < t.c;
        const tm_sample s = {.n = n, .n_arms = 2, .n_strata = 1, .y = y, .arm = arm, .stratum = stratum};
        const long double low = half_tail(&t, true), high = half_tail(&t, false);
        const long double want = isnan(low) ? high : isnan(high) ? low : (low + high) / 2;
        long double above, at, mean;
        conditional(&t, 1, &above, &at, &mean);
        for (int mid = 0; mid < 2; mid++) {
            tm_effect e;
            tm_exact_table exact;
            const char *key = mid ? "median_unbiased_mid_p" : "median_unbiased";
            tm_notes_init(&e.notes, ctx);
            check_ok(ctx, tm_effects_run(ctx, &s, tm_estimator_find("odds_ratio"), tm_variance_find(key), forward, 1,
                                         0.95, &e));
            check_ok(ctx, tm_exact_table_run(ctx, &t, 0.95, &exact));
            near(e.value, want, 1e-12L * fmaxl(1, fabsl(want)));
            assert_true(e.ci_low == (mid ? exact.mid_low : exact.low));
            assert_true(e.ci_high == (mid ? exact.mid_high : exact.high));
            assert_true(e.ci_low < e.value && e.value < e.ci_high && isnan(e.se));
            const long double own = mid ? at / 2 : at;
            near(e.p, fminl(1, 2 * fminl(above + own, 1 - above - at + own)), 1e-12L);
            assert_string_equal(e.notes.text, isnan(low) || isnan(high) ? "one_ended_interval" : "");
            one_ended += isnan(low) || isnan(high);
        }
    }
    assert_true(one_ended > 10);
    temoin_context_free(ctx);
}

static void large_tables_keep_their_tails(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_exact_table e;
    check_ok(ctx, tm_exact_table_run(ctx, &(tm_two_by_two){160000, 500000, 150000, 500000}, 0.95, &e));
    check_close(e.likely, log(160000.0 * 350000 / (340000.0 * 150000)), 1e-5);
    check_close((e.high - e.low) / 2 / 1.959963984540054, sqrt(1 / 16e4 + 1 / 34e4 + 1 / 15e4 + 1 / 35e4),
                2e-3); /* and half a client in 447 */
    const double sd = sqrt(5e5 * 5e5 * 3.1e5 * 6.9e5 / (1e12 * 999999));
    check_close(log(e.two_sided), log(2 * tm_normal_cdf(-4999.5 / sd)), 2e-3);
    check_ok(ctx, tm_exact_table_run(ctx, &(tm_two_by_two){200000, 500000, 150000, 500000}, 0.95, &e));
    assert_true(e.two_sided == 0x1p-1022 && e.greater == 0x1p-1022 && isfinite(e.low) && isfinite(e.high));
    temoin_context_free(ctx);
}

/* Newcombe 1998, table II: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/20. Koopman 1984: 36/40 and 16/80. */
static void printed_intervals(void **state)
{
    (void)state;
    static const struct {
        tm_two_by_two t;
        double newcombe[2], corrected[2];
    } known[] = {
        {{56, 70, 48, 80}, {0.0524, 0.3339}, {0.0528, 0.3382}},
        {{9, 10, 3, 10}, {0.1705, 0.8090}, {0.1700, 0.8406}},
        {{10, 10, 0, 20}, {0.6791, 1}, {0.7156, 1}},
    };
    const double z = tm_normal_quantile(0.975);
    double low, high;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        tm_newcombe_interval(&known[k].t, z, &low, &high);
        assert_true(fabs(low - known[k].newcombe[0]) < 6e-5 && fabs(high - known[k].newcombe[1]) < 6e-5);
        tm_score_difference_interval(&known[k].t, z, true, &low, &high);
        if (fabs(low - known[k].corrected[0]) > 6e-5) print_error("%g %g\n", low, high);
        assert_true(fabs(low - known[k].corrected[0]) < 6e-5 && fabs(high - known[k].corrected[1]) < 6e-5);
    }
    tm_score_ratio_interval(&(tm_two_by_two){36, 40, 16, 80}, z, false, &low, &high);
    assert_true(fabs(exp(low) - 2.94) < 6e-3 && fabs(exp(high) - 7.15) < 6e-3);
}

/* Miettinen & Nurminen's closed form of the restricted maximum, by the arc cosine. */
static double closed_score(const tm_two_by_two *t, double delta)
{
    const double n = t->n1 + t->n0, x = t->a + t->c;
    const double l3 = n, l2 = (t->n1 + 2 * t->n0) * delta - n - x, l1 = (t->n0 * delta - n - 2 * t->c) * delta + x;
    const double l0 = t->c * delta * (1 - delta);
    const double q = pow(l2, 3) / pow(3 * l3, 3) - l1 * l2 / (6 * l3 * l3) + l0 / (2 * l3);
    const double p = copysign(sqrt(fmax(l2 * l2 / pow(3 * l3, 2) - l1 / (3 * l3), 0)), q);
    const double a = (M_PI + acos(fmin(fmax(p == 0 ? 0 : q / pow(p, 3), -1), 1))) / 3;
    const double p0 = fmin(fmax(2 * p * cos(a) - l2 / (3 * l3), 0), 1), p1 = fmin(fmax(p0 + delta, 0), 1);
    const double variance = (p1 * (1 - p1) / t->n1 + p0 * (1 - p0) / t->n0) * n / (n - 1);
    return (t->a / t->n1 - t->c / t->n0 - delta) / sqrt(variance);
}

static void scores_are_those_of_the_closed_form(void **state)
{
    (void)state;
    for (int k = 0; k < 2000; k++) {
        const tm_two_by_two t = random_table(60);
        const double delta = (below(1999) - 999) / 1000.0, got = tm_score_difference(&t, delta, true);
        const double want = closed_score(&t, delta);
        if (isfinite(got) && isfinite(want) && fabs(want) < 1e4) {
            if (!close_to(got, want, 1e-6, 1e-3)) print_error("%g/%g %g/%g %g\n", t.a, t.n1, t.c, t.n0, delta);
            assert_true(close_to(got, want, 1e-6, 1e-3));
        }
    }
}

/* The ends are where the statistic is z, and the ratio's statistic at 1 is the difference's at 0. */
static void intervals_are_inverted_tests(void **state)
{
    (void)state;
    for (int k = 0; k < 500; k++) {
        const tm_two_by_two t = random_table(40);
        const double z = 1.6448536269514722;
        double low, high;
        tm_score_difference_interval(&t, z, true, &low, &high);
        if (low > -1 + 1e-9) check_close(tm_score_difference(&t, low, true), z, 1e-7);
        if (high < 1 - 1e-9) check_close(tm_score_difference(&t, high, true), -z, 1e-7);
        if (t.a + t.c == 0) continue;
        tm_score_ratio_interval(&t, z, false, &low, &high);
        if (isfinite(low)) check_close(tm_score_ratio(&t, low, false), z, 1e-7);
        if (isfinite(high)) check_close(tm_score_ratio(&t, high, false), -z, 1e-7);
        const double one = tm_score_ratio(&t, 0, true), zero = tm_score_difference(&t, 0, true);
        if (isfinite(zero) && t.a + t.c < t.n1 + t.n0) assert_true(close_to(one, zero, 1e-9, 1e-9));
    }
}

/* Two-sided p values of R's Barnard package for such tables (columns are arms), as printed in the tests of scipy. */
static void barnard_of_printed_tables(void **state)
{
    (void)state;
    static const double known[][5] = {
        {43, 40, 10, 39, 0.000362832367}, {2, 7, 8, 2, 0.019210815430},    {5, 1, 10, 10, 0.156277546306},
        {5, 15, 20, 20, 0.066363501421},  {5, 16, 20, 25, 0.116984852192}, {5, 0, 1, 4, 0.013671875000},
        {0, 1, 3, 2, 0.509667991877},     {0, 2, 6, 4, 0.197019618792},
    };
    temoin_context *ctx = check_context();
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const double *x = known[k];
        double p;
        bool fits;
        check_ok(ctx, tm_barnard_run(ctx, &(tm_two_by_two){x[0], x[0] + x[2], x[1], x[1] + x[3]}, &p, &fits));
        assert_true(fits);
        if (fabs(p - x[4]) > 2e-6) print_error("%zu: %.12g, want %.12g\n", k, p, x[4]);
        assert_true(fabs(p - x[4]) <= 2e-6);
    }
    temoin_context_free(ctx);
}

static double binomial(double n, double x, double p)
{
    return (double)(choose(n, x) * powl(p, x) * powl(1 - p, n - x));
}

/* Largest probability, over p0 on a fine grid, of the tables for which the score is at least (at most) the own one. */
static double brute_tail(const tm_two_by_two *t, double delta, int sign)
{
    const double own = tm_score_difference(t, delta, true);
    double largest = 0;
    for (int g = 0; g <= 400; g++) {
        const double low = fmax(0, -delta), high = fmin(1, 1 - delta), p0 = low + (high - low) * g / 400;
        double sum = 0;
        for (double x1 = 0; x1 <= t->n1; x1++)
            for (double x0 = 0; x0 <= t->n0; x0++) {
                const double z = tm_score_difference(&(tm_two_by_two){x1, t->n1, x0, t->n0}, delta, true);
                if (sign * z >= sign * own - 1e-9)
                    sum += binomial(t->n1, x1, fmin(fmax(p0 + delta, 0), 1)) * binomial(t->n0, x0, p0);
            }
        largest = fmax(largest, sum);
    }
    return largest;
}

static void exact_unconditional_intervals_by_brute_force(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 12; k++) {
        const tm_two_by_two t = random_table(9);
        double low, high, p;
        bool fits;
        check_ok(ctx, tm_chan_zhang_run(ctx, &t, 0.9, &low, &high, &p, &fits));
        assert_true(fits && low <= t.a / t.n1 - t.c / t.n0 && high >= t.a / t.n1 - t.c / t.n0);
        near(p, fmin(1, 2 * fmin(brute_tail(&t, 0, 1), brute_tail(&t, 0, -1))), 2e-4L);
        if (low > -0.97)
            assert_true(brute_tail(&t, low - 1e-6, 1) <= 0.05 + 2e-4 && brute_tail(&t, low + 2e-3, 1) > 0.05);
        if (high < 0.97)
            assert_true(brute_tail(&t, high + 1e-6, -1) <= 0.05 + 2e-4 && brute_tail(&t, high - 2e-3, -1) > 0.05);
    }
    temoin_context_free(ctx);
}

/* Fisher's p of every table, by definition; the set by brute force. */
static void boschloo_by_brute_force(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 15; k++) {
        const tm_two_by_two t = random_table(12);
        double own = 0, p, largest = 0;
        bool fits, extreme[13][13];
        for (int pass = 0; pass < 2; pass++)
            for (int x1 = 0; x1 <= t.n1; x1++)
                for (int x0 = 0; x0 <= t.n0; x0++) {
                    tm_exact_table e;
                    check_ok(ctx, tm_exact_table_run(ctx, &(tm_two_by_two){x1, t.n1, x0, t.n0}, 0.95, &e));
                    if (x1 == t.a && x0 == t.c) own = e.two_sided;
                    extreme[x1][x0] = e.two_sided <= own * (1 + 1e-9);
                }
        for (int g = 0; g <= 4000; g++) {
            double sum = 0;
            for (int x1 = 0; x1 <= t.n1; x1++)
                for (int x0 = 0; x0 <= t.n0; x0++)
                    if (extreme[x1][x0]) sum += binomial(t.n1, x1, g / 4000.0) * binomial(t.n0, x0, g / 4000.0);
            largest = fmax(largest, sum);
        }
        check_ok(ctx, tm_boschloo_run(ctx, &t, &p, &fits));
        near(p, largest, 1e-5L);
        assert_true(p >= largest - 1e-12);
    }
    temoin_context_free(ctx);
}

/* One table: the pooled effects are the plain ones. The same table k times: the variance over k. */
static void pooled_effects_of_equal_tables(void **state)
{
    (void)state;
    const tm_two_by_two t = {7, 19, 4, 23}, many[] = {t, t, t, t, t};
    const double b = t.n1 - t.a, d = t.n0 - t.c;
    check_close(tm_mh_difference(&t, 1).value, t.a / t.n1 - t.c / t.n0, 1e-14);
    check_close(tm_mh_log_ratio(&t, 1).value, log(t.a / t.n1 / (t.c / t.n0)), 1e-14);
    check_close(tm_mh_log_ratio(&t, 1).variance, 1 / t.a - 1 / t.n1 + 1 / t.c - 1 / t.n0, 1e-13);
    check_close(tm_mh_log_odds(&t, 1).value, log(t.a * d / (b * t.c)), 1e-14);
    check_close(tm_mh_log_odds(&t, 1).variance, 1 / t.a + 1 / b + 1 / t.c + 1 / d, 1e-13);
    check_close(tm_mh_log_ratio(many, 5).variance, tm_mh_log_ratio(&t, 1).variance / 5, 1e-13);
    check_close(tm_mh_log_odds(many, 5).variance, tm_mh_log_odds(&t, 1).variance / 5, 1e-13);
    check_close(tm_mh_difference(many, 5).variance, tm_mh_difference(&t, 1).variance / 5, 1e-13);
    check_close(tm_mh_score(many, 5, 0), sqrt(5) * tm_mh_score(&t, 1, 0), 1e-13);
    assert_true(isnan(tm_mh_log_ratio(&(tm_two_by_two){0, 3, 1, 3}, 1).value));
}

/* Turned round, tables give the opposite: of all estimators with all their variances. */
static void turned_tables_flip_the_sign(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const char *const keys[] = {"risk_difference",    "risk_ratio",         "odds_ratio",
                                       "mantel_haenszel_rd", "mantel_haenszel_rr", "mantel_haenszel_or"};
    static const double forward[] = {-1, 1}, backward[] = {1, -1};
    for (int k = 0; k < 40; k++) {
        double y[30];
        int32_t arm[30], stratum[30];
        for (int i = 0; i < 30; i++)
            y[i] = below(k % 4 ? 2 : 9) == 0, arm[i] = i < 2 ? i : below(2), stratum[i] = below(2);
        const tm_sample s = {.n = 30, .n_arms = 2, .n_strata = 2, .y = y, .arm = arm, .stratum = stratum};
        for (int e = 0; e < 6; e++)
            for (int v = 0; v < tm_n_variances; v++) {
                const tm_estimator *estimator = tm_estimator_find(keys[e]);
                if (!tm_variance_serves(tm_variances[v], estimator)) continue;
                tm_effect one, other;
                tm_notes_init(&one.notes, ctx), tm_notes_init(&other.notes, ctx);
                check_ok(ctx, tm_effects_run(ctx, &s, estimator, tm_variances[v], forward, 1, 0.95, &one));
                check_ok(ctx, tm_effects_run(ctx, &s, estimator, tm_variances[v], backward, 1, 0.95, &other));
                assert_string_equal(one.notes.text, other.notes.text);
                assert_true(close_to(one.value, -other.value, 1e-8, 1e-3) && close_to(one.p, other.p, 1e-7, 1e-9));
                assert_true(close_to(one.ci_low, -other.ci_high, 1e-7, 1e-7));
                assert_true(close_to(one.ci_high, -other.ci_low, 1e-7, 1e-7));
            }
    }
    temoin_context_free(ctx);
}

static void effect_sizes_refuse_what_has_none(void **state)
{
    (void)state;
    static const double y[] = {1, 2, 3, 4, 5, 6}, flag[] = {0, 1, 0, 1, 1, 0}, same[] = {2, 2, 2, 2, 2, 2};
    static const double contrast[] = {-1, 1, 0}, mean[] = {-0.5, 1, -0.5}, weight[] = {1, 1, 1, 1, 1, 2};
    static const int32_t arm[] = {0, 0, 0, 1, 1, 1}, stratum[6];
    tm_sample s = {.n = 6, .n_arms = 3, .n_strata = 1, .y = y, .arm = arm, .stratum = stratum};
    check_close(tm_effect_size(&s, contrast, 3, TM_SPREAD_POOLED), 3, 1e-14);
    check_close(tm_effect_size(&s, contrast, 3, TM_SPREAD_CORRECTED), 3 * sqrt(2 / M_PI), 1e-14); /* J(4) */
    check_close(tm_effect_size(&s, contrast, 3, TM_SPREAD_REFERENCE), 3, 1e-14);
    assert_true(isnan(tm_effect_size(&s, mean, 3, TM_SPREAD_POOLED)));
    s.y = same;
    assert_true(isnan(tm_effect_size(&s, contrast, 0, TM_SPREAD_POOLED)));
    s.y = flag;
    check_close(tm_cox_index(&s, contrast, 1.0 / 3), log(4) / 1.65, 1e-14);
    assert_true(isnan(tm_cox_index(&s, contrast, 0.9)));
    s.weight = weight;
    assert_true(isnan(tm_cox_index(&s, contrast, 0.1)) && isnan(tm_effect_size(&s, contrast, 1, TM_SPREAD_POOLED)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odds_ratios_solve_their_equations),
        cmocka_unit_test(median_unbiased_is_the_middle_of_two_roots),
        cmocka_unit_test(large_tables_keep_their_tails),
        cmocka_unit_test(printed_intervals),
        cmocka_unit_test(scores_are_those_of_the_closed_form),
        cmocka_unit_test(intervals_are_inverted_tests),
        cmocka_unit_test(barnard_of_printed_tables),
        cmocka_unit_test(exact_unconditional_intervals_by_brute_force),
        cmocka_unit_test(boschloo_by_brute_force),
        cmocka_unit_test(pooled_effects_of_equal_tables),
        cmocka_unit_test(turned_tables_flip_the_sign),
        cmocka_unit_test(effect_sizes_refuse_what_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rerandomization against the textbook's formulas, over every assignment of small trials, and against the theorems of
 * Morgan & Rubin in large ones. */
#include "small_trial.h"

#include "designs/candidates.h"
#include "numeric/distributions.h"
#include "numeric/stream.h"

enum { MOST_COVARIATES = 6, LISTED_UNITS = 12 };

extern const tm_design tm_design_rerandomized;

static double value[MOST_COVARIATES][MOST_UNITS];
static const double *column[MOST_COVARIATES];
static const char *column_name[MOST_COVARIATES] = {"age", "income", "visits", "x3", "x4", "x5"};

static double uniform(uint64_t *x)
{
    return (double)(next_random(x) >> 11) * 0x1p-53;
}

static void give_covariates(small_trial *t, tm_plan_options *options, int32_t p, uint64_t *x)
{
    for (int32_t j = 0; j < p; j++) {
        column[j] = value[j];
        for (int64_t u = 0; u < t->units.n_units; u++)
            value[j][u] = uniform(x) + (j ? 0.7 * value[j - 1][u] : 0) + (double)(t->stratum[u] * (j + 1));
    }
    t->units.n_covariates = p;
    t->units.covariate = column;
    t->units.covariate_name = column_name;
    t->units.options = options;
}

/* m [p * p] symmetric, v [p]: v' inverse(m) v by elimination. */
static double quadratic(int p, const double *matrix, const double *v)
{
    double m[MOST_COVARIATES][MOST_COVARIATES + 1], form = 0;
    for (int i = 0; i < p; i++) {
        for (int j = 0; j < p; j++) m[i][j] = matrix[i * p + j];
        m[i][p] = v[i];
    }
    for (int i = 0; i < p; i++)
        for (int k = 0; k < p; k++) {
            if (k == i) continue;
            const double factor = m[k][i] / m[i][i];
            for (int j = 0; j <= p; j++) m[k][j] -= factor * m[i][j];
        }
    for (int i = 0; i < p; i++) form += v[i] * m[i][p] / m[i][i];
    return form;
}

/* n_0 n_1 / n d' inverse(S) d of columns [begin, end), as Morgan & Rubin write it. */
static double mahalanobis(int64_t n, const int32_t *arm, double x[][LISTED_UNITS], int begin, int end)
{
    const int p = end - begin;
    double mean[MOST_COVARIATES] = {0}, s[MOST_COVARIATES * MOST_COVARIATES] = {0}, d[MOST_COVARIATES] = {0}, n1 = 0;
    for (int64_t u = 0; u < n; u++) n1 += arm[u] == 1;
    for (int j = 0; j < p; j++)
        for (int64_t u = 0; u < n; u++) {
            mean[j] += x[begin + j][u] / (double)n;
            d[j] += arm[u] == 1 ? x[begin + j][u] / n1 : -x[begin + j][u] / ((double)n - n1);
        }
    for (int i = 0; i < p; i++)
        for (int j = 0; j < p; j++)
            for (int64_t u = 0; u < n; u++)
                s[i * p + j] += (x[begin + i][u] - mean[i]) * (x[begin + j][u] - mean[j]) / (double)(n - 1);
    return n1 * ((double)n - n1) / (double)n * quadratic(p, s, d);
}

typedef struct listed {
    int64_t n_units;
    int n;
    uint32_t bits[1000];
    double probability[1000], total;
} listed;

static uint32_t bits_of(const int32_t *arm, int64_t n)
{
    uint32_t bits = 0;
    for (int64_t u = 0; u < n; u++) bits |= (uint32_t)(arm[u] == 1) << u;
    return bits;
}

static bool note_assignment(void *data, const int32_t *arm, double probability)
{
    listed *l = data;
    assert_true(l->n < 1000);
    l->bits[l->n] = bits_of(arm, l->n_units);
    l->probability[l->n++] = probability;
    l->total += probability;
    return true;
}

static void list_assignments(const small_trial *t, listed *l)
{
    double log_count;
    temoin_context *ctx = check_context();
    *l = (listed){.n_units = t->units.n_units};
    check_ok(ctx, tm_design_rerandomized.enumerate(ctx, &t->units, note_assignment, l));
    check_ok(ctx, tm_design_rerandomized.count(ctx, &t->units, &log_count));
    check_close(l->total, 1, 1e-12);
    check_close(exp(log_count), l->n, 1e-12);
    temoin_context_free(ctx);
}

/* Of 252 and 924 assignments, about as many pass as do. Found among 100, with a standard error of a tenth. */
static void estimates_are_near_the_list(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 21;
    for (int64_t n = 10; n <= 12; n += 2) {
        const int64_t shares[] = {1, 1};
        tm_plan_options options = {.accept = 0.3};
        double log_count, log_p;
        temoin_context *ctx = check_context();
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, 2, &x);
        list_assignments(&t, &l);
        check_ok(ctx, tm_design_rerandomized.estimate(ctx, &t.units, &log_count, &log_p));
        assert_true(fabs(log_count - log(l.n)) < 0.35);
        check_close(log_p + log_count, log(2), 1e-9);
        assert_null(ctx->scratch.last);
        temoin_context_free(ctx);
    }
}

static bool is_listed(const listed *l, uint32_t bits)
{
    for (int i = 0; i < l->n; i++)
        if (l->bits[i] == bits) return true;
    return false;
}

/* All 252 or 210 assignments of ten units: those listed are those whose textbook distance is below the quantile. */
static void listed_are_those_below_the_quantile(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 4711;
    for (int trial = 0; trial < 40; trial++) {
        const int64_t n = 10, shares[] = {trial % 2 ? 1 : 2, trial % 2 ? 1 : 3};
        const int p = 1 + trial % 4, n1 = trial % 2 ? 5 : 6;
        tm_plan_options options = {.accept = 0.3};
        double copy[MOST_COVARIATES][LISTED_UNITS];
        int n_expected = 0;
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, p, &x);
        list_assignments(&t, &l);
        for (int j = 0; j < p; j++)
            for (int u = 0; u < n; u++) copy[j][u] = value[j][u];
        for (uint32_t bits = 0; bits < 1024; bits++) {
            if (__builtin_popcount(bits) != n1) continue;
            for (int u = 0; u < n; u++) t.arm[u] = bits >> u & 1;
            const double m = mahalanobis(n, t.arm, copy, 0, p), a = tm_chi2_quantile(0.3, p);
            if (fabs(m / a - 1) < 1e-5) continue;
            assert_int_equal(is_listed(&l, bits), m < a);
            n_expected += m < a;
        }
        assert_true(abs(n_expected - l.n) <= 1 && l.n > 5);
        for (int i = 0; i < l.n; i++) check_close(l.probability[i], 1.0 / l.n, 1e-12);
    }
}

/* The second tier's columns lose their regression on the first's: least squares, by the normal equations. */
static void tiers_are_residuals(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 5;
    const int64_t n = 10, shares[] = {1, 1};
    const char *first[] = {"income"}, *second[] = {"visits", "age"};
    const tm_plan_tier tiers[] = {{{first, 1}, 0.4}, {{second, 2}, 0.7}};
    tm_plan_options options = {.accept = NAN, .tiers = tiers, .n_tiers = 2};
    for (int trial = 0; trial < 20; trial++) {
        double copy[MOST_COVARIATES][LISTED_UNITS], mean[3] = {0};
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, 3, &x);
        list_assignments(&t, &l);
        const int order[] = {1, 2, 0};
        for (int j = 0; j < 3; j++) {
            for (int u = 0; u < n; u++) mean[j] += value[order[j]][u] / (double)n;
            for (int u = 0; u < n; u++) copy[j][u] = value[order[j]][u] - mean[j];
        }
        for (int j = 1; j < 3; j++) {
            double xy = 0, xx = 0;
            for (int u = 0; u < n; u++) xy += copy[0][u] * copy[j][u], xx += copy[0][u] * copy[0][u];
            for (int u = 0; u < n; u++) copy[j][u] -= xy / xx * copy[0][u];
        }
        for (uint32_t bits = 0; bits < 1024; bits++) {
            if (__builtin_popcount(bits) != 5) continue;
            for (int u = 0; u < n; u++) t.arm[u] = bits >> u & 1;
            const double m1 = mahalanobis(n, t.arm, copy, 0, 1), m2 = mahalanobis(n, t.arm, copy, 1, 3);
            const double a1 = tm_chi2_quantile(0.4, 1), a2 = tm_chi2_quantile(0.7, 2);
            if (fabs(m1 / a1 - 1) < 1e-5 || fabs(m2 / a2 - 1) < 1e-5) continue;
            assert_int_equal(is_listed(&l, bits), m1 < a1 && m2 < a2);
        }
    }
}

static void limits_are_standardized_differences(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 6;
    const int64_t size[] = {6, 4}, shares[] = {1, 1, 1, 1};
    const tm_plan_limit limits[] = {{"income", 0.5}, {"age", 0.3}};
    tm_plan_options options = {.accept = NAN, .limits = limits, .n_limits = 2};
    for (int trial = 0; trial < 20; trial++) {
        build_trial(&t, 2, 2, size, shares);
        give_covariates(&t, &options, 3, &x);
        list_assignments(&t, &l);
        for (uint32_t bits = 0; bits < 1024; bits++) {
            if (__builtin_popcount(bits & 63) != 3 || __builtin_popcount(bits >> 6) != 2) continue;
            bool pass = true;
            for (int i = 0; i < 2; i++) {
                const double *v = value[i ? 0 : 1];
                double mean = 0, squares = 0, difference = 0;
                for (int u = 0; u < 10; u++) mean += v[u] / 10;
                for (int u = 0; u < 10; u++) squares += (v[u] - mean) * (v[u] - mean) / 9;
                for (int u = 0; u < 10; u++) difference += (bits >> u & 1 ? v[u] : -v[u]) / 5;
                pass = pass && fabs(difference) / sqrt(squares) <= limits[i].largest;
            }
            assert_int_equal(is_listed(&l, bits), pass);
        }
    }
}

/* Each listed assignment is drawn as often as it should be, strata and leftovers included. */
static void draws_follow_the_listed_probabilities(void **state)
{
    (void)state;
    enum { DRAWS = 30000 };
    static small_trial t;
    static listed l;
    uint64_t x = 7;
    const int64_t size[] = {5, 4}, shares[] = {1, 2, 1, 1};
    tm_plan_options options = {.accept = 0.5};
    build_trial(&t, 2, 2, size, shares);
    give_covariates(&t, &options, 2, &x);
    list_assignments(&t, &l);
    double n_drawn[1000] = {0}, chi2 = 0;
    for (int64_t r = 0; r < DRAWS; r++) {
        temoin_context *ctx = check_context();
        t.units.replicate = r;
        check_ok(ctx, tm_design_rerandomized.draw(ctx, &t.units, t.arm));
        temoin_context_free(ctx);
        int i = 0;
        while (i < l.n && l.bits[i] != bits_of(t.arm, 9)) i++;
        assert_true(i < l.n);
        n_drawn[i]++;
    }
    for (int i = 0; i < l.n; i++) chi2 += pow(n_drawn[i] - DRAWS * l.probability[i], 2) / (DRAWS * l.probability[i]);
    assert_true(l.n > 4);
    const double p = tm_chi2_upper(chi2, l.n - 1);
    assert_true(p > 1e-5);
}

static void probabilities_are_those_of_the_list(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 8;
    for (int trial = 0; trial < 6; trial++) {
        const int64_t n = 9, shares[] = {1, trial % 2 ? 1 : 2};
        double probability[9], error, expected[9] = {0};
        tm_plan_options options = {.accept = 0.15};
        temoin_context *ctx = check_context();
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, 2, &x);
        list_assignments(&t, &l);
        for (int i = 0; i < l.n; i++)
            for (int u = 0; u < n; u++) expected[u] += l.bits[i] >> u & 1 ? l.probability[i] : 0;
        for (int u = 0; u < n; u++) t.arm[u] = 1;
        check_ok(ctx, tm_design_rerandomized.received(ctx, &t.units, t.arm, probability, &error));
        for (int u = 0; u < n; u++) assert_true(fabs(probability[u] - expected[u]) <= 5 * error + 1e-12);
        if (trial % 2) {
            assert_true(error == 0 &&
                        probability[0] == 0.5); /* nine units, one left over: the arms' names are exchangeable */
        } else
            assert_true(error > 0.005 && error < 0.02);
        temoin_context_free(ctx);
    }
}

/* Morgan & Rubin 2012, theorem 3.1: the variance of a covariate's difference in means shrinks by the factor
 * P(chi2_{p+2} <= a) / P(chi2_p <= a); 2015: each tier by its own. */
static void variance_shrinks_as_the_theorem_says(void **state)
{
    (void)state;
    enum { DRAWS = 1500, N = 400 };
    static small_trial t;
    uint64_t x = 9;
    const int64_t n = N, shares[] = {1, 1};
    tm_plan_options options = {.accept = 0.05};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 5, &x);
    double squares = 0, mean = 0, variance = 0;
    for (int u = 0; u < N; u++) mean += value[2][u] / N;
    for (int u = 0; u < N; u++) variance += (value[2][u] - mean) * (value[2][u] - mean) / (N - 1);
    temoin_context *ctx = check_context();
    for (int64_t r = 0; r < DRAWS; r++) {
        double difference = 0;
        t.units.replicate = r;
        check_ok(ctx, tm_design_rerandomized.draw(ctx, &t.units, t.arm));
        for (int u = 0; u < N; u++) difference += (t.arm[u] ? value[2][u] : -value[2][u]) * 2 / N;
        squares += difference * difference / DRAWS;
    }
    temoin_context_free(ctx);
    const double a = tm_chi2_quantile(0.05, 5), factor = (1 - tm_chi2_upper(a, 7)) / 0.05;
    assert_true(fabs(squares / (4 * variance / N) / factor - 1) < 5 * sqrt(2.0 / DRAWS));
}

/* The rule of candidates.h and of rerandomized.c, written again for one stratum of 2m units. */
static void the_first_candidate_that_passes_is_drawn(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 10;
    const int64_t n = 10, shares[] = {1, 1};
    tm_plan_options options = {.accept = 0.1};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 2, &x);
    list_assignments(&t, &l);
    for (int64_t r = 0; r < 200; r++) {
        temoin_context *ctx = check_context();
        char purpose[32] = "candidate";
        t.units.replicate = r;
        check_ok(ctx, tm_design_rerandomized.draw(ctx, &t.units, t.arm));
        temoin_context_free(ctx);
        if (r) snprintf(purpose, sizeof purpose, "candidate/%d", (int)r);
        for (int k = 0;; k++) {
            int unit[10], arm[10];
            char label[16];
            tm_pcg64 rng;
            snprintf(label, sizeof label, "%d", k);
            tm_stream_init(&rng, "t", "s", purpose, label);
            for (int u = 0; u < n; u++) unit[u] = u, arm[u] = 0;
            for (int i = 9; i >= 5; i--) {
                const int j = (int)tm_pcg64_bounded(&rng, (uint64_t)i + 1), swap = unit[i];
                unit[i] = unit[j];
                unit[j] = swap;
                arm[unit[i]] = 1; /* arm 0 has as many places, is first, and so gets the rest */
            }
            if (!is_listed(&l, bits_of(arm, n))) continue;
            assert_memory_equal(arm, t.arm, sizeof arm);
            break;
        }
    }
}

static void scale_and_origin_do_not_matter(void **state)
{
    (void)state;
    static small_trial t;
    int32_t before[MOST_UNITS];
    uint64_t x = 11;
    const int64_t size[] = {31, 40, 29}, shares[] = {1, 2, 2, 1, 2, 2, 1, 2, 2};
    tm_plan_options options = {.accept = 0.01};
    build_trial(&t, 3, 3, size, shares);
    give_covariates(&t, &options, 4, &x);
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_rerandomized.draw(ctx, &t.units, t.arm));
    memcpy(before, t.arm, sizeof before);
    for (int64_t u = 0; u < 100; u++)
        value[0][u] *= 1e300, value[1][u] *= 1e-300, value[2][u] -= 1e5, value[3][u] *= -4;
    check_ok(ctx, tm_design_rerandomized.draw(ctx, &t.units, t.arm));
    assert_memory_equal(before, t.arm, 100 * sizeof *before);
    temoin_context_free(ctx);
}

static void refuse(const small_trial *t, const char *words)
{
    int32_t arm[MOST_UNITS];
    temoin_context *ctx = check_context();
    assert_int_equal(tm_design_rerandomized.draw(ctx, &t->units, arm), TEMOIN_ERR_PLAN);
    if (!strstr(temoin_context_problem(ctx, 0), words)) print_error("%s\n", temoin_context_problem(ctx, 0));
    assert_non_null(strstr(temoin_context_problem(ctx, 0), words));
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static void nonsense_is_refused_by_name(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 12;
    const int64_t n = 20, shares[] = {1, 1}, one_arm[] = {0, 1};
    const char *names[] = {"age", "income"}, *unknown[] = {"height"};
    const tm_plan_tier one[] = {{{names, 1}, 0.1}}, lost[] = {{{unknown, 1}, 0.1}};
    const tm_plan_tier twice[] = {{{names, 2}, 0.1}, {{names, 1}, 0.1}};
    const tm_plan_limit limit[] = {{"height", 0.1}};
    tm_plan_options options = {.accept = NAN};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 2, &x);
    refuse(&t, "needs to know which draws pass");
    options.accept = 1.5;
    refuse(&t, "above 0 and at most 1");
    options = (tm_plan_options){.accept = 0.1, .tiers = one, .n_tiers = 1};
    refuse(&t, "exclude each other");
    options.accept = NAN;
    refuse(&t, "\"income\" stands in no tier");
    options = (tm_plan_options){.accept = NAN, .tiers = twice, .n_tiers = 2};
    refuse(&t, "\"age\" stands in two tiers");
    options = (tm_plan_options){.accept = NAN, .tiers = lost, .n_tiers = 1};
    refuse(&t, "\"height\", which is not in design.covariates");
    options = (tm_plan_options){.accept = 0.1, .limits = limit, .n_limits = 1};
    refuse(&t, "\"height\", which is not in design.covariates");
    options = (tm_plan_options){.accept = 0.001};
    t.units.n_units = 6;
    refuse(&t, "would let about 0 of 20 possible draws pass");
    t.units.n_units = 20;
    for (int u = 0; u < n; u++) value[0][u] = u == 7; /* whatever the draw, the arms differ by that unit */
    t.units.n_covariates = 1;
    refuse(&t, "none of the first 1000000 draws");
    give_covariates(&t, &options, 2, &x);
    options = (tm_plan_options){.accept = 0.1};
    for (int u = 0; u < n; u++) value[1][u] = 3 - 2 * value[0][u];
    refuse(&t, "\"income\" is a combination");
    for (int u = 0; u < n; u++) value[1][u] = 1e9;
    refuse(&t, "\"income\" does not vary");
    t.units.n_covariates = 0;
    refuse(&t, "needs covariates");
    build_trial(&t, 1, 2, &n, one_arm);
    give_covariates(&t, &options, 2, &x);
    refuse(&t, "at least two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_are_those_below_the_quantile),
        cmocka_unit_test(estimates_are_near_the_list),
        cmocka_unit_test(tiers_are_residuals),
        cmocka_unit_test(limits_are_standardized_differences),
        cmocka_unit_test(draws_follow_the_listed_probabilities),
        cmocka_unit_test(probabilities_are_those_of_the_list),
        cmocka_unit_test(variance_shrinks_as_the_theorem_says),
        cmocka_unit_test(the_first_candidate_that_passes_is_drawn),
        cmocka_unit_test(scale_and_origin_do_not_matter),
        cmocka_unit_test(nonsense_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Constrained randomization against every allocation of small trials, scored by the textbook's formula. */
#include "small_trial.h"

#include "designs/constrained_list.h"
#include "numeric/distributions.h"

extern const tm_design tm_design_constrained;

enum { MOST_LISTED = 4000, MOST_COVARIATES = 3 };

static double value[MOST_COVARIATES][MOST_UNITS];
static const double *column[MOST_COVARIATES] = {value[0], value[1], value[2]};
static const char *column_name[MOST_COVARIATES] = {"size", "rate", "rural"};

static void give_covariates(small_trial *t, const tm_plan_options *options, int32_t p, uint64_t *x)
{
    for (int32_t j = 0; j < p; j++)
        for (int64_t u = 0; u < t->units.n_units; u++)
            value[j][u] = j == 2 ? (double)random_below(x, 2) : (double)(next_random(x) >> 40) * (j ? 1e-3 : 1e3);
    value[2][0] = 0, value[2][1] = 1;
    t->units.n_covariates = p;
    t->units.covariate = column;
    t->units.covariate_name = column_name;
    t->units.options = options;
    t->units.cluster = NULL;
}

typedef struct listed {
    int64_t n_units;
    int n;
    uint32_t bits[MOST_LISTED];
    double probability;
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
    assert_true(l->n < MOST_LISTED);
    l->bits[l->n++] = bits_of(arm, l->n_units);
    l->probability = probability;
    return true;
}

static void list_assignments(const tm_design_units *units, listed *l)
{
    double log_count;
    temoin_context *ctx = check_context();
    *l = (listed){.n_units = units->n_units};
    check_ok(ctx, tm_design_constrained.enumerate(ctx, units, note_assignment, l));
    check_ok(ctx, tm_design_constrained.count(ctx, units, &log_count));
    check_close(exp(log_count), l->n, 1e-12);
    check_close(l->probability, 1.0 / l->n, 1e-15);
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

/* Li et al. 2016: B(l2) = Σ_j (mean of arm 1 - mean of arm 0)² / variance_j. */
static double balance(uint32_t bits, int n, int p)
{
    double sum = 0;
    const int n1 = __builtin_popcount(bits);
    for (int j = 0; j < p; j++) {
        double mean = 0, variance = 0, difference = 0;
        for (int u = 0; u < n; u++) mean += value[j][u] / n;
        for (int u = 0; u < n; u++) variance += (value[j][u] - mean) * (value[j][u] - mean) / (n - 1);
        for (int u = 0; u < n; u++) difference += bits >> u & 1 ? value[j][u] / n1 : -value[j][u] / (n - n1);
        sum += difference * difference / variance;
    }
    return sum;
}

static void the_best_fraction_is_allowed(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 2004;
    for (int trial = 0; trial < 30; trial++) {
        const int64_t n = 9 + trial % 2, shares[] = {1, trial % 2 ? 1 : 2};
        const tm_plan_options options = {.fraction = 0.25};
        const int n1 = trial % 2 ? 5 : 6, p = 1 + trial % 3;
        double score[1024], worst = 0;
        int n_all = 0, n_better = 0;
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, p, &x);
        list_assignments(&t.units, &l);
        for (int i = 0; i < l.n; i++) {
            assert_int_equal(__builtin_popcount(l.bits[i]), n1);
            worst = fmax(worst, balance(l.bits[i], (int)n, p));
        }
        for (uint32_t bits = 0; bits < 1u << n; bits++)
            if (__builtin_popcount(bits) == n1) score[n_all++] = balance(bits, (int)n, p);
        int n_tied = 0;
        for (int i = 0; i < n_all; i++)
            n_better += score[i] < worst * (1 - 1e-6), n_tied += fabs(score[i] - worst) <= 1e-6 * worst;
        assert_int_equal(l.n, n_better + n_tied);
        assert_true(n_better < ceil(0.25 * n_all) && l.n >= ceil(0.25 * n_all));
    }
}

static void what_is_said_is_what_is_drawn(void **state)
{
    (void)state;
    enum { DRAWS = 20000, N = 8 };
    static small_trial t;
    static listed l;
    uint64_t x = 5;
    const int64_t n = N, shares[] = {1, 1};
    const tm_plan_options options = {.fraction = 0.4};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 2, &x);
    list_assignments(&t.units, &l);
    assert_true(l.n >= 28 && l.n <= 30);
    temoin_context *ctx = check_context();
    double n_drawn[MOST_LISTED] = {0}, chi2 = 0, probability[N], error;
    for (int64_t r = 0; r < DRAWS; r++) {
        int i = 0;
        t.units.replicate = r;
        check_ok(ctx, tm_design_constrained.draw(ctx, &t.units, t.arm));
        while (i < l.n && l.bits[i] != bits_of(t.arm, N)) i++;
        assert_true(i < l.n);
        n_drawn[i]++;
    }
    for (int i = 0; i < l.n; i++) chi2 += pow(n_drawn[i] - (double)DRAWS / l.n, 2) / ((double)DRAWS / l.n);
    assert_true(tm_chi2_upper(chi2, l.n - 1) > 1e-5);
    for (int64_t u = 0; u < N; u++) t.arm[u] = 1;
    check_ok(ctx, tm_design_constrained.received(ctx, &t.units, t.arm, probability, &error));
    assert_true(error == 0);
    for (int64_t u = 0; u < N; u++) {
        assert_true(probability[u] == 0.5); /* mirrors tie */
        for (int64_t v = 0; v < N; v++) {
            double pair, count = 0;
            for (int i = 0; i < l.n; i++) count += (l.bits[i] >> u & 1) && !(l.bits[i] >> v & 1);
            check_ok(ctx, tm_design_constrained.pairwise(ctx, &t.units, u, 1, v, 0, &pair));
            check_close(pair, count / l.n, 1e-15);
        }
    }
    temoin_context_free(ctx);
}

static void many_allocations_are_sampled_once(void **state)
{
    (void)state;
    static small_trial t;
    static listed l, again;
    uint64_t x = 6;
    const int64_t n = 16, shares[] = {1, 1};
    const tm_plan_options options = {.fraction = 0.1, .candidates = 500};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 3, &x);
    list_assignments(&t.units, &l);
    assert_true(l.n >= 50 && l.n < 70);
    for (int i = 0; i < l.n; i++) {
        assert_int_equal(__builtin_popcount(l.bits[i]), 8);
        for (int k = 0; k < i; k++) assert_true(l.bits[i] != l.bits[k]);
    }
    t.units.replicate = 3; /* redraws are among the same */
    list_assignments(&t.units, &again);
    assert_int_equal(again.n, l.n);
    assert_memory_equal(again.bits, l.bits, (size_t)l.n * sizeof *l.bits);
}

static void clusters_stay_whole(void **state)
{
    (void)state;
    static small_trial t, means;
    static listed l, of_means;
    uint64_t x = 7;
    enum { GROUPS = 8 };
    const int64_t n = 3 * GROUPS, n_groups = GROUPS, shares[] = {1, 1};
    const tm_plan_options options = {.fraction = 0.4};
    double mean[2][GROUPS] = {{0}};
    const double *const mean_column[] = {mean[0], mean[1]};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 2, &x);
    for (int32_t u = 0; u < n; u++) {
        t.cluster[u] = u * 5 % GROUPS; /* not in the order of the units */
        for (int j = 0; j < 2; j++) mean[j][t.cluster[u]] += value[j][u] / 3;
    }
    t.units.cluster = t.cluster;
    t.units.n_clusters = GROUPS;
    for (int g = 0; g < GROUPS; g++) snprintf(t.cluster_name[g], sizeof t.cluster_name[g], "g%d", g);
    t.units.cluster_text = t.cluster_text;
    list_assignments(&t.units, &l);
    build_trial(&means, 1, 2, &n_groups, shares);
    give_covariates(&means, &options, 2, &(uint64_t){1});
    means.units.covariate = mean_column;
    list_assignments(&means.units, &of_means);
    assert_int_equal(l.n, of_means.n);
    for (int i = 0; i < l.n; i++)
        for (int u = 0; u < n; u++) assert_int_equal(l.bits[i] >> u & 1, of_means.bits[i] >> t.cluster[u] & 1);
}

/* Two outliers can only be balanced against each other. */
static void bound_pairs_are_named(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 8;
    const int64_t n = 8, shares[] = {1, 1};
    tm_plan_options options = {.fraction = 0.5};
    tm_constrained_validity validity;
    const char *text;
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 1, &x);
    for (int u = 0; u < n; u++) value[0][u] = u == 2 || u == 5 ? 1e6 + u : pow(1.9, u);
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_constrained_validate(ctx, &t.units, &validity));
    assert_true(validity.all && validity.n_listed == 70 && validity.n_allowed >= 35);
    assert_true(validity.n_apart == 1 && validity.n_together == 0);
    assert_string_equal(validity.apart[0], "u0002");
    assert_string_equal(validity.apart[1], "u0005");
    check_ok(ctx, tm_constrained_warning(ctx, &validity, &text));
    assert_non_null(strstr(text, "\"u0002\" and \"u0005\" never get the same arm; raise design.fraction"));
    options.fraction = 1;
    check_ok(ctx, tm_constrained_validate(ctx, &t.units, &validity));
    assert_true(validity.n_allowed == 70 && validity.n_apart == 0 && validity.n_together == 0);
    check_ok(ctx, tm_constrained_warning(ctx, &validity, &text));
    assert_null(text);
    options.fraction = 0.02;
    check_ok(ctx, tm_constrained_validate(ctx, &t.units, &validity));
    check_ok(ctx, tm_constrained_warning(ctx, &validity, &text));
    assert_non_null(strstr(text, "only 2 of 70 allocations are allowed"));
    assert_true(validity.n_together > 1 && validity.n_apart > 1); /* one allocation and its mirror */
    assert_int_equal(tm_design_constrained.draw(ctx, &t.units, t.arm), TEMOIN_ERR_PLAN);
    assert_non_null(strstr(temoin_context_problem(ctx, 0), "allows 2 of 70 allocations"));
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static void three_arms_and_strata(void **state)
{
    (void)state;
    static small_trial t;
    static listed l;
    uint64_t x = 9;
    const int64_t size[] = {3, 4}, shares[] = {1, 1, 1, 1, 1, 2};
    const tm_plan_options options = {.fraction = 0.5};
    double probability[3][7], error;
    build_trial(&t, 2, 3, size, shares);
    give_covariates(&t, &options, 2, &x);
    list_assignments(&t.units, &l); /* 6 * 12 allocations */
    assert_true(l.n >= 36 && l.n < 72);
    temoin_context *ctx = check_context();
    for (int32_t a = 0; a < 3; a++) {
        for (int u = 0; u < 7; u++) t.arm[u] = a;
        check_ok(ctx, tm_design_constrained.received(ctx, &t.units, t.arm, probability[a], &error));
    }
    for (int u = 0; u < 7; u++) check_close(probability[0][u] + probability[1][u] + probability[2][u], 1, 1e-15);
    temoin_context_free(ctx);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 10;
    const int64_t n = 12, shares[] = {1, 1};
    const tm_plan_options options = {.fraction = 0.2, .candidates = 200};
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, 2, &x);
    for (int64_t k = 1;; k++) {
        temoin_context *ctx = check_context();
        tm_arena_fail_after(k);
        const temoin_status status = tm_design_constrained.draw(ctx, &t.units, t.arm);
        tm_arena_fail_after(0);
        assert_null(ctx->scratch.last);
        temoin_context_free(ctx);
        if (status == TEMOIN_OK) break;
        assert_int_equal(status, TEMOIN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_fraction_is_allowed),
        cmocka_unit_test(what_is_said_is_what_is_drawn),
        cmocka_unit_test(many_allocations_are_sampled_once),
        cmocka_unit_test(clusters_stay_whole),
        cmocka_unit_test(bound_pairs_are_named),
        cmocka_unit_test(three_arms_and_strata),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

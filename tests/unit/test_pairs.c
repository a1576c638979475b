/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs: distances against Rosenbaum's formula, pairs against all ways of pairing, and what a pair's coin implies. */
#include "small_trial.h"

#include "designs/pair_groups.h"

extern const tm_design tm_design_pairs;

enum { COVARIATES = 3 };

static double value[COVARIATES][MOST_UNITS];
static const double *column[COVARIATES] = {value[0], value[1], value[2]};
static const char *column_name[COVARIATES] = {"age", "income", "visits"};

/* Few units may have covariates whose ranks are collinear by chance. */
static bool can_be_matched(const tm_design_units *units)
{
    tm_pair_distances distances;
    temoin_context *ctx = check_context();
    const bool can = tm_pair_distances_build(ctx, units, &distances) == TEMOIN_OK;
    temoin_context_free(ctx);
    return can;
}

static void give_covariates(small_trial *t, const tm_plan_options *options, uint64_t *x)
{
    for (int64_t u = 0; u < t->units.n_units; u++) {
        value[0][u] = random_below(x, 5); /* ties */
        value[1][u] = (double)(next_random(x) >> 40) + 1e6 * value[0][u];
        value[2][u] = exp(random_below(x, 400) * 0.1);
    }
    t->units.n_covariates = COVARIATES;
    t->units.covariate = column;
    t->units.covariate_name = column_name;
    t->units.options = options;
}

static void rank_values(const double *v, int n, double *rank)
{
    for (int u = 0; u < n; u++) {
        int below = 0, equal = 0;
        for (int k = 0; k < n; k++) below += v[k] < v[u], equal += v[k] == v[u];
        rank[u] = below + (equal + 1) / 2.0;
    }
}

/* As published: the covariance of the ranks, rescaled to the variance of untied ranks; its inverse by elimination. */
static void list_distances(int n, double *distance)
{
    double rank[COVARIATES][64], c[COVARIATES][2 * COVARIATES] = {{0}};
    for (int j = 0; j < COVARIATES; j++) rank_values(value[j], n, rank[j]);
    for (int i = 0; i < COVARIATES; i++)
        for (int j = 0; j < COVARIATES; j++)
            for (int u = 0; u < n; u++)
                c[i][j] += (rank[i][u] - (n + 1) / 2.0) * (rank[j][u] - (n + 1) / 2.0) / (n - 1);
    double ratio[COVARIATES];
    for (int j = 0; j < COVARIATES; j++) ratio[j] = sqrt(n * (n + 1) / 12.0 / c[j][j]);
    for (int i = 0; i < COVARIATES; i++) {
        for (int j = 0; j < COVARIATES; j++) c[i][j] *= ratio[i] * ratio[j];
        c[i][COVARIATES + i] = 1;
    }
    for (int i = 0; i < COVARIATES; i++)
        for (int k = 0; k < COVARIATES; k++) {
            const double factor = k == i ? 1 - 1 / c[i][i] : c[k][i] / c[i][i];
            for (int j = 0; j < 2 * COVARIATES; j++)
                if (k != i) c[k][j] -= factor * c[i][j];
        }
    for (int u = 0; u < n; u++)
        for (int v = 0; v < n; v++) {
            distance[u * n + v] = 0;
            for (int i = 0; i < COVARIATES; i++)
                for (int j = 0; j < COVARIATES; j++)
                    distance[u * n + v] +=
                        (rank[i][u] - rank[i][v]) * c[i][COVARIATES + j] / c[i][i] * (rank[j][u] - rank[j][v]);
        }
}

static void distances_are_rosenbaums(void **state)
{
    (void)state;
    static small_trial t;
    static double want[64 * 64];
    uint64_t x = 2010;
    for (int trial = 0; trial < 50; trial++) {
        const int64_t n = 8 + trial, shares[] = {1, 1};
        const tm_plan_options options = {.group_size = 2};
        tm_pair_distances distances;
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, &x);
        list_distances((int)n, want);
        temoin_context *ctx = check_context();
        check_ok(ctx, tm_pair_distances_build(ctx, &t.units, &distances));
        for (int u = 0; u < n; u++)
            for (int v = 0; v < n; v++)
                assert_true(fabs((double)tm_pair_distance(&distances, u, v) * 0x1p-30 - want[u * n + v]) < 2e-9);
        temoin_context_free(ctx);
    }
}

static int64_t least_of_all(const int64_t *cost, int n, uint32_t left)
{
    if (!left) return 0;
    const int u = __builtin_ctz(left);
    int64_t least = INT64_MAX;
    for (int v = u + 1; v < n; v++) {
        if (!(left >> v & 1)) continue;
        const int64_t sum = cost[u * n + v] + least_of_all(cost, n, left & ~(1u << u | 1u << v));
        least = sum < least ? sum : least;
    }
    return least;
}

typedef struct grouped {
    temoin_context *ctx;
    int32_t *group, n_groups;
    tm_pair_distances distances;
} grouped;

static void build_groups(small_trial *t, grouped *g)
{
    g->ctx = check_context();
    check_ok(g->ctx, tm_pair_groups_build(g->ctx, &t->units, &g->group, &g->n_groups));
    check_ok(g->ctx, tm_pair_distances_build(g->ctx, &t->units, &g->distances));
}

static int size_of(const grouped *g, int64_t n, int32_t group)
{
    int size = 0;
    for (int64_t u = 0; u < n; u++) size += g->group[u] == group;
    return size;
}

static void optimal_pairs_cost_least(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 1965;
    for (int trial = 0; trial < 400; trial++) {
        const int64_t n = 5 + trial % 6, shares[] = {1, 1};
        const tm_plan_options options = {.group_size = 2, .matching = "optimal"};
        int64_t cost[100], least = INT64_MAX, got = 0;
        grouped g;
        build_trial(&t, 1, 2, &n, shares);
        do give_covariates(&t, &options, &x);
        while (!can_be_matched(&t.units));
        build_groups(&t, &g);
        for (int u = 0; u < n; u++)
            for (int v = 0; v < n; v++) cost[u * n + v] = tm_pair_distance(&g.distances, u, v);
        for (int out = 0; out < (n % 2 ? n : 1); out++) { /* odd: leave each one out */
            const uint32_t left = ((1u << n) - 1) & ~(n % 2 ? 1u << out : 0);
            const int64_t sum = least_of_all(cost, (int)n, left);
            least = sum < least ? sum : least;
        }
        assert_int_equal(g.n_groups, (n + 1) / 2);
        for (int u = 0; u < n; u++) {
            assert_in_range(size_of(&g, n, g.group[u]), n % 2 ? 1 : 2, 2);
            for (int v = 0; v < u; v++) got += g.group[u] == g.group[v] ? cost[u * n + v] : 0;
        }
        assert_true(got == least);
        temoin_context_free(g.ctx);
    }
}

/* Pairs of the best pairs: the second step against all ways of pairing the pairs of the first. */
static void fours_are_pairs_of_pairs(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 4;
    for (int trial = 0; trial < 100; trial++) {
        const int64_t n = 8 + trial % 12, shares[] = {1, 1};
        tm_plan_options options = {.group_size = 2};
        int64_t cost[100] = {0}, least = INT64_MAX, got = 0;
        grouped pairs, fours;
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, &x);
        build_groups(&t, &pairs);
        options.group_size = 4;
        build_groups(&t, &fours);
        const int m = (int)n / 2;
        int32_t whole[16], k = 0;
        for (int32_t g = 0; g < pairs.n_groups; g++)
            if (size_of(&pairs, n, g) == 2) whole[k++] = g;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++)
                for (int u = 0; u < n; u++)
                    for (int v = 0; v < n; v++)
                        if (pairs.group[u] == whole[i] && pairs.group[v] == whole[j])
                            cost[i * m + j] += tm_pair_distance(&pairs.distances, u, v);
        for (int out = 0; out < (m % 2 ? m : 1); out++) {
            const int64_t sum = least_of_all(cost, m, ((1u << m) - 1) & ~(m % 2 ? 1u << out : 0));
            least = sum < least ? sum : least;
        }
        assert_int_equal(fours.n_groups, (n + 3) / 4);
        for (int u = 0; u < n; u++) {
            const int size = size_of(&fours, n, fours.group[u]);
            assert_true(size == 4 || size == n % 4);
            for (int v = 0; v < u; v++)
                if (fours.group[u] == fours.group[v] && pairs.group[u] != pairs.group[v] && size == 4)
                    got += tm_pair_distance(&fours.distances, u, v);
        }
        assert_true(got == least);
        temoin_context_free(pairs.ctx);
        temoin_context_free(fours.ctx);
    }
}

/* The rule of pairs.c, written again: look for the farthest, then for the nearest, one after the other. */
static void greedy_groups_follow_the_rule(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 12;
    for (int trial = 0; trial < 60; trial++) {
        const int64_t n = 20 + trial, shares[] = {1, 1};
        const int size = 2 + trial % 4;
        const tm_plan_options options = {.group_size = size, .matching = size == 3 ? "optimal" : "greedy"};
        int mine[MOST_UNITS], n_groups = 0;
        grouped g;
        build_trial(&t, 1, 2, &n, shares);
        give_covariates(&t, &options, &x);
        build_groups(&t, &g);
        for (int u = 0; u < n; u++) mine[u] = -1;
        for (int left = (int)n; left >= size; left -= size) {
            int seed = -1;
            double farthest = -1;
            for (int u = 0; u < n; u++) {
                double squares = 0;
                for (int j = 0; j < COVARIATES; j++) squares += pow(g.distances.place[u * COVARIATES + j], 2);
                squares = floor(squares * 0x1p30 + 0.5);
                if (mine[u] < 0 && squares > farthest) farthest = squares, seed = u;
            }
            mine[seed] = n_groups;
            for (int k = 1; k < size; k++) {
                int nearest = -1;
                for (int u = 0; u < n; u++)
                    if (mine[u] < 0 && (nearest < 0 || tm_pair_distance(&g.distances, seed, u) <
                                                           tm_pair_distance(&g.distances, seed, nearest)))
                        nearest = u;
                mine[nearest] = n_groups;
            }
            n_groups++;
        }
        for (int u = 0; u < n; u++)
            for (int v = 0; v < n; v++) assert_int_equal(mine[u] == mine[v], g.group[u] == g.group[v]);
        temoin_context_free(g.ctx);
    }
}

static void ranks_alone_matter_and_strata_hold(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 13;
    const int64_t size[] = {13, 1, 20}, shares[] = {1, 1, 1, 2, 1, 1};
    for (int greedy = 0; greedy < 2; greedy++) {
        const tm_plan_options options = {.group_size = 2, .matching = greedy ? "greedy" : "optimal"};
        grouped g, again;
        build_trial(&t, 3, 2, size, shares);
        give_covariates(&t, &options, &x);
        build_groups(&t, &g);
        for (int u = 0; u < 34; u++) {
            for (int v = 0; v < u; v++) assert_true(g.group[u] != g.group[v] || t.stratum[u] == t.stratum[v]);
            value[0][u] = atan(value[0][u]), value[1][u] = 1e-300 * value[1][u], value[2][u] = log(value[2][u]);
        }
        assert_int_equal(g.n_groups, 7 + 1 + 10);
        build_groups(&t, &again);
        assert_memory_equal(g.group, again.group, 34 * sizeof *g.group);
        temoin_context_free(g.ctx);
        temoin_context_free(again.ctx);
    }
}

static void each_pair_has_one_of_each_arm(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 14;
    const int64_t n = 24, shares[] = {1, 1};
    const tm_plan_options options = {.group_size = 2};
    double log_count, probability, smallest;
    grouped g;
    build_trial(&t, 1, 2, &n, shares);
    give_covariates(&t, &options, &x);
    build_groups(&t, &g);
    for (t.units.replicate = 0; t.units.replicate < 50; t.units.replicate++) {
        int sum[12] = {0};
        check_ok(g.ctx, tm_design_pairs.draw(g.ctx, &t.units, t.arm));
        for (int u = 0; u < n; u++) sum[g.group[u]] += t.arm[u];
        for (int k = 0; k < 12; k++) assert_int_equal(sum[k], 1);
    }
    check_ok(g.ctx, tm_design_pairs.count(g.ctx, &t.units, &log_count));
    check_close(log_count, 12 * M_LN2, 1e-12);
    check_ok(g.ctx, tm_design_smallest_p(g.ctx, &tm_design_pairs, &t.units, &smallest));
    check_close(smallest, -11 * M_LN2, 1e-12);
    for (int u = 1; u < n; u++) {
        check_ok(g.ctx, tm_design_pairs.pairwise(g.ctx, &t.units, 0, 1, u, 1, &probability));
        check_close(probability, g.group[u] == g.group[0] ? 0 : 0.25, 1e-15);
    }
    temoin_context_free(g.ctx);
}

static void refuse(const tm_design_units *units, const char *words)
{
    int32_t arm[MOST_UNITS];
    temoin_context *ctx = check_context();
    assert_int_equal(tm_design_pairs.draw(ctx, units, arm), TEMOIN_ERR_PLAN);
    if (!strstr(temoin_context_problem(ctx, 0), words)) print_error("%s\n", temoin_context_problem(ctx, 0));
    assert_non_null(strstr(temoin_context_problem(ctx, 0), words));
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static void given_pairs_are_blocks(void **state)
{
    (void)state;
    static small_trial t, blocks;
    uint64_t x = 15;
    const int64_t n = 9, sizes[] = {2, 2, 1, 2, 2}, shares[] = {1, 2}, many[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    int32_t pair[9];
    tm_plan_options options = {.group_size = 2};
    double probability[9], error;
    build_trial(&t, 1, 2, &n, shares);
    build_trial(&blocks, 5, 2, sizes, many);
    for (int u = 0; u < n; u++) pair[u] = blocks.stratum[u];
    t.units.n_covariates = 0;
    t.units.options = &options;
    t.units.pair = pair, t.units.n_pairs = 5, t.units.pair_text = blocks.stratum_text;
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_pairs.draw(ctx, &t.units, t.arm));
    check_ok(ctx, tm_design_find("blocked")->draw(ctx, &blocks.units, blocks.arm));
    assert_memory_equal(t.arm, blocks.arm, sizeof pair);
    check_ok(ctx, tm_design_pairs.received(ctx, &t.units, t.arm, probability, &error));
    for (int u = 0; u < n; u++) check_close(probability[u], t.arm[u] ? 2.0 / 3 : 1.0 / 3, 1e-15);
    temoin_context_free(ctx);
    pair[8] = 0;
    refuse(&t.units, "has 3 units, but pairs have at most 2");
    pair[8] = 4;
    t.units.n_strata = 2;
    t.units.stratum_text = blocks.stratum_text;
    for (int u = 0; u < n; u++) t.stratum[u] = u == 8;
    refuse(&t.units, "a pair must lie within one stratum");
    for (int u = 0; u < n; u++) t.stratum[u] = 0;
    give_covariates(&t, &options, &x);
    refuse(&t.units, "leave one of them out");
    t.units.pair = NULL;
    for (int u = 0; u < n; u++) value[1][u] = 5;
    refuse(&t.units, "\"income\" does not vary");
    for (int u = 0; u < n; u++) value[0][u] = u * u, value[1][u] = -u;
    refuse(&t.units, "\"income\" is a combination");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_rosenbaums),
        cmocka_unit_test(optimal_pairs_cost_least),
        cmocka_unit_test(fours_are_pairs_of_pairs),
        cmocka_unit_test(greedy_groups_follow_the_rule),
        cmocka_unit_test(ranks_alone_matter_and_strata_hold),
        cmocka_unit_test(each_pair_has_one_of_each_arm),
        cmocka_unit_test(given_pairs_are_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

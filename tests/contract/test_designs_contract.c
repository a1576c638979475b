/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws of every design. */
#include "small_trial.h"

/* Draws, or finds that the design refuses these units with a text. Each draw has a context of its own. */
static bool draws(const tm_design *design, const tm_design_units *units, int32_t *arm)
{
    temoin_context *ctx = check_context();
    const temoin_status status = design->draw(ctx, units, arm);
    if (status != TEMOIN_OK) {
        assert_int_equal(status, TEMOIN_ERR_PLAN);
        assert_true(temoin_context_n_problems(ctx) > 0);
    }
    assert_null(ctx->scratch.last); /* scratch is given back either way */
    temoin_context_free(ctx);
    return status == TEMOIN_OK;
}

static void keys_are_found_and_described(void **state)
{
    (void)state;
    assert_true(tm_n_designs > 0);
    for (int d = 0; d < tm_n_designs; d++) {
        assert_ptr_equal(tm_design_find(tm_designs[d]->key), tm_designs[d]);
        assert_true(strlen(tm_designs[d]->title) > 0 && strlen(tm_designs[d]->cites) > 0);
    }
    assert_null(tm_design_find("no such design"));
    assert_null(tm_design_find(""));
}

static void same_seed_same_draw(void **state)
{
    (void)state;
    static small_trial t;
    int32_t again[MOST_UNITS];
    uint64_t x = 77;
    for (int trial = 0; trial < 200; trial++) {
        build_random_trial(&t, &x, trial % 2 ? 6 : 1, 40);
        for (int d = 0; d < tm_n_designs; d++) {
            if (!draws(tm_designs[d], &t.units, t.arm)) continue;
            for (int64_t u = 0; u < t.units.n_units; u++) assert_in_range(t.arm[u], 0, t.units.n_arms - 1);
            memset(again, 0xff, sizeof again);
            assert_true(draws(tm_designs[d], &t.units, again));
            assert_memory_equal(again, t.arm, (size_t)t.units.n_units * sizeof *again);
        }
    }
}

static void another_seed_or_trial_is_another_draw(void **state)
{
    (void)state;
    static small_trial t;
    int32_t other[MOST_UNITS];
    const int64_t n = 200, shares[] = {1, 1};
    build_trial(&t, 1, 2, &n, shares);
    for (int d = 0; d < tm_n_designs; d++) {
        assert_true(draws(tm_designs[d], &t.units, t.arm));
        tm_design_units units = t.units;
        units.seed = "s ";
        assert_true(draws(tm_designs[d], &units, other));
        assert_memory_not_equal(other, t.arm, sizeof(int32_t) * 200);
        units = t.units;
        units.trial_id = "u";
        assert_true(draws(tm_designs[d], &units, other));
        assert_memory_not_equal(other, t.arm, sizeof(int32_t) * 200);
    }
}

enum { MOST_LISTED_UNITS = 64 };

/* What a list of all assignments adds up to. */
typedef struct listed {
    const tm_design *design;
    const tm_design_units *units;
    temoin_context *ctx;
    double n, sum;
    double chance[4][MOST_LISTED_UNITS];  /* of arm a for unit u */
    double at_turn[4][MOST_LISTED_UNITS]; /* the same by way of `received`, averaged over the assignments */
    double pair[4][4];                    /* of the units u and v */
    int64_t u, v;
} listed;

static bool add_assignment(void *data, const int32_t *arm, double probability)
{
    listed *l = data;
    l->n++;
    l->sum += probability;
    for (int64_t u = 0; u < l->units->n_units; u++) {
        if (arm[u] < 0) continue;
        l->chance[arm[u]][u] += probability;
        if (arm[l->u] >= 0 && arm[l->v] >= 0 && u == l->u) l->pair[arm[l->u]][arm[l->v]] += probability;
    }
    return true;
}

/* A rolling design's `received` holds at the unit's turn: what is declared beforehand is the sum over all assignments.
 * Returns the error of chances that are simulated. */
static double read_chances(const tm_design *design, small_trial *t, double probability[4][MOST_LISTED_UNITS])
{
    double error = 0;
    temoin_context *ctx = check_context();
    listed l = {.design = design, .units = &t->units};
    if (design->rolling) check_ok(ctx, design->enumerate(ctx, &t->units, add_assignment, &l));
    for (int32_t a = 0; a < t->units.n_arms; a++) {
        for (int64_t u = 0; u < t->units.n_units; u++) t->arm[u] = a;
        if (design->rolling)
            memcpy(probability[a], l.chance[a], sizeof l.chance[a]);
        else
            check_ok(ctx, design->received(ctx, &t->units, t->arm, probability[a], &error));
        assert_true(design->rolling || design->simulated || error == 0);
    }
    temoin_context_free(ctx);
    return error;
}

static void check_frequencies(const tm_design *design, small_trial *t, char seed[32])
{
    enum { DRAWS = 20000 };
    double probability[4][MOST_LISTED_UNITS], count[MOST_LISTED_UNITS][4] = {{0}};
    const double error =
        read_chances(design, t, probability); /* Monte Carlo, of a design whose chances are simulated */
    for (int r = 0; r < DRAWS; r++) {
        snprintf(seed, 32, "%d", r);
        assert_true(draws(design, &t->units, t->arm));
        for (int64_t u = 0; u < t->units.n_units; u++) count[u][t->arm[u]]++;
    }
    for (int64_t u = 0; u < t->units.n_units; u++) {
        double sum = 0;
        for (int32_t a = 0; a < t->units.n_arms; a++) {
            const double p = probability[a][u];
            assert_true(p >= 0 && p <= 1);
            assert_true(fabs(count[u][a] - DRAWS * p) <= 5.5 * (sqrt(DRAWS * p * (1 - p)) + DRAWS * error));
            sum += p;
        }
        check_close(sum, 1, 1e-14);
    }
}

static void empirical_probabilities_are_the_declared_ones(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t size[] = {3, 1, 2}, shares[] = {1, 2, 7, 1, 0, 1, 1, 1, 1};
    for (int d = 0; d < tm_n_designs; d++)
        for (int32_t n_strata = 1; n_strata <= 3; n_strata += 2) {
            build_trial(&t, n_strata, 3, size, shares);
            char seed[32] = "first";
            t.units.seed = seed;
            if (draws(tm_designs[d], &t.units, t.arm)) check_frequencies(tm_designs[d], &t, seed);
        }
}

static bool add_turns(void *data, const int32_t *arm, double probability)
{
    listed *l = data;
    int32_t other[MOST_LISTED_UNITS];
    double chance[MOST_LISTED_UNITS], error;
    for (int64_t u = 0; u < l->units->n_units; u++)
        for (int32_t a = 0; a < l->units->n_arms; a++) {
            memcpy(other, arm, (size_t)l->units->n_units * sizeof *other);
            other[u] = a;
            check_ok(l->ctx, l->design->received(l->ctx, l->units, other, chance, &error));
            l->at_turn[a][u] += probability * chance[u];
        }
    return true;
}

static void check_list(const tm_design *design, const tm_design_units *units, int64_t u, int64_t v)
{
    temoin_context *ctx = check_context();
    listed l = {.design = design, .units = units, .ctx = ctx, .u = u, .v = v};
    double log_count, probability;
    check_ok(ctx, design->enumerate(ctx, units, add_assignment, &l));
    check_close(l.sum, 1, 1e-12);
    check_ok(ctx, design->count(ctx, units, &log_count));
    assert_true(isnan(log_count) || fabs(log_count - log(l.n)) <= 1e-12 * (1 + log(l.n)));
    for (int32_t a = 0; design->pairwise && a < units->n_arms; a++)
        for (int32_t b = 0; b < units->n_arms; b++) {
            check_ok(ctx, design->pairwise(ctx, units, u, a, v, b, &probability));
            assert_true(isnan(probability) || fabs(probability - l.pair[a][b]) <= 1e-12);
        }
    for (int32_t a = 0; !design->rolling && a < units->n_arms; a++) {
        int32_t arm[MOST_LISTED_UNITS];
        double chance[MOST_LISTED_UNITS], error;
        for (int64_t i = 0; i < units->n_units; i++) arm[i] = a;
        check_ok(ctx, design->received(ctx, units, arm, chance, &error));
        for (int64_t i = 0; i < units->n_units; i++)
            assert_true(fabs(chance[i] - l.chance[a][i]) <= 5.5 * error + 1e-12);
    }
    if (design->rolling) {
        check_ok(ctx, design->enumerate(ctx, units, add_turns, &l));
        for (int32_t a = 0; a < units->n_arms; a++)
            for (int64_t i = 0; i < units->n_units; i++) assert_true(fabs(l.at_turn[a][i] - l.chance[a][i]) <= 1e-12);
    }
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static void the_list_of_assignments_says_the_same(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t size[][3] = {{5, 0, 0}, {1, 0, 0}, {3, 1, 2}}, shares[] = {1, 2, 1, 1, 0, 1, 1, 1, 1};
    const int64_t arrival[] = {3, 0, 4, 1, 5, 2};
    for (int d = 0; d < tm_n_designs; d++)
        for (int k = 0; tm_designs[d]->enumerate && k < 3; k++) {
            build_trial(&t, k == 2 ? 3 : 1, 3, size[k], shares);
            if (k == 2) t.units.arrival = arrival;
            if (!draws(tm_designs[d], &t.units, t.arm)) continue;
            for (int64_t u = 0; u < t.units.n_units; u++)
                check_list(tm_designs[d], &t.units, u, t.units.n_units - 1 - u);
        }
}

/* What a trial looked like when only the first n had come: their ids in order, strata that had anyone, levels that were
 * seen. */
static void build_past(const small_trial *t, const int64_t *arrival, int64_t n, small_trial *past,
                       int64_t *past_arrival)
{
    int64_t now[MOST_UNITS], last = 0; /* unit of the past → unit of the trial */
    bool came[MOST_UNITS] = {0}, there[MOST_STRATA] = {0};
    int32_t stratum[MOST_STRATA], turned[2][3] = {{1, 0}, {2, 0, 1}};
    *past = *t;
    past->units.n_strata = 0;
    for (int64_t k = 0; k < n; k++) came[arrival[k]] = there[t->stratum[arrival[k]]] = true;
    for (int32_t s = 0; s < t->units.n_strata; s++) {
        if (!there[s]) continue;
        memcpy(past->shares + past->units.n_strata * t->units.n_arms, t->shares + s * t->units.n_arms,
               (size_t)t->units.n_arms * sizeof *t->shares);
        past->stratum_text[past->units.n_strata] = t->stratum_text[s];
        stratum[s] = past->units.n_strata++;
    }
    for (int64_t u = 0; u < t->units.n_units; u++) {
        if (!came[u]) continue;
        past->id[last] = t->id[u];
        past->stratum[last] = stratum[t->stratum[u]];
        for (int f = 0; f < 2; f++) past->level[f][last] = turned[f][t->level[f][u]];
        for (int64_t k = 0; k < n; k++)
            if (arrival[k] == u) past_arrival[k] = last;
        now[last++] = u;
    }
    assert_true(last == n && now[0] >= 0);
    past->units.n_units = n;
    past->units.stratum = past->stratum, past->units.stratum_text = past->stratum_text,
    past->units.shares = past->shares;
    past->units.id = past->id, past->units.arrival = past_arrival;
    for (int f = 0; f < 2; f++) past->factor[f] = past->level[f];
    past->units.factor = past->factor, past->units.n_levels = past->n_levels;
}

static void check_past(const tm_design *design, const small_trial *t, const int64_t *arrival, const double *probability)
{
    static small_trial past;
    int64_t past_arrival[MOST_UNITS];
    double past_probability[MOST_UNITS], error;
    for (int64_t n = 1; n <= t->units.n_units; n++) {
        build_past(t, arrival, n, &past, past_arrival);
        assert_true(draws(design, &past.units, past.arm));
        temoin_context *ctx = check_context();
        check_ok(ctx, design->received(ctx, &past.units, past.arm, past_probability, &error));
        temoin_context_free(ctx);
        for (int64_t k = 0; k < n; k++) {
            assert_int_equal(past.arm[past_arrival[k]], t->arm[arrival[k]]);
            assert_memory_equal(&past_probability[past_arrival[k]], &probability[arrival[k]], sizeof *probability);
        }
    }
}

/* Rolling: whoever comes later moves nobody, nor the probability that is written beside the arm. */
static void later_units_move_nobody(void **state)
{
    (void)state;
    static small_trial t;
    int64_t arrival[MOST_UNITS];
    double probability[MOST_UNITS], error;
    uint64_t x = 1971;
    for (int trial = 0; trial < 30; trial++) {
        build_random_trial(&t, &x, trial % 2 ? 5 : 1, 30);
        for (int64_t k = 0; k < t.units.n_units; k++) {
            const int64_t j = random_below(&x, (int)k + 1);
            arrival[k] = arrival[j], arrival[j] = k;
        }
        t.units.arrival = arrival;
        for (int d = 0; d < tm_n_designs; d++) {
            if (!tm_designs[d]->rolling || !draws(tm_designs[d], &t.units, t.arm)) continue;
            temoin_context *ctx = check_context();
            check_ok(ctx, tm_designs[d]->received(ctx, &t.units, t.arm, probability, &error));
            temoin_context_free(ctx);
            check_past(tm_designs[d], &t, arrival, probability);
        }
    }
}

static void redraws_are_draws_of_their_own(void **state)
{
    (void)state;
    static small_trial t;
    int32_t other[MOST_UNITS];
    const int64_t n = 200, shares[] = {1, 1};
    build_trial(&t, 1, 2, &n, shares);
    for (int d = 0; d < tm_n_designs; d++) {
        tm_design_units units = t.units;
        if (!draws(tm_designs[d], &units, t.arm)) continue;
        for (units.replicate = 1; units.replicate < 4; units.replicate++) {
            assert_true(draws(tm_designs[d], &units, other));
            assert_memory_not_equal(other, t.arm, sizeof(int32_t) * 200);
            assert_true(draws(tm_designs[d], &units, t.arm));
            assert_memory_equal(other, t.arm, sizeof(int32_t) * 200);
        }
    }
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 50, shares[] = {1, 2, 4};
    build_trial(&t, 1, 3, &n, shares);
    for (int d = 0; d < tm_n_designs; d++)
        for (int64_t k = 1;; k++) {
            temoin_context *ctx = check_context();
            tm_arena_fail_after(k);
            const temoin_status status = tm_designs[d]->draw(ctx, &t.units, t.arm);
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
        cmocka_unit_test(keys_are_found_and_described),
        cmocka_unit_test(same_seed_same_draw),
        cmocka_unit_test(another_seed_or_trial_is_another_draw),
        cmocka_unit_test(empirical_probabilities_are_the_declared_ones),
        cmocka_unit_test(the_list_of_assignments_says_the_same),
        cmocka_unit_test(later_units_move_nobody),
        cmocka_unit_test(redraws_are_draws_of_their_own),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Step-down over redraws: the shortcut against all tests of all sets, ties, weights, and closed forms. */
#include "randsample.h"

#include "adjustments/adjustment.h"

enum { MOST = 6, DRAWS = 40 };

typedef struct trial {
    int n, n_draws;
    double observed[MOST], statistic[MOST][DRAWS], probability[DRAWS];
    const double *view[MOST];
    tm_redrawn redrawn;
} trial;

/* Statistics on a grid, so that ties are many; when exact, one of the draws is the observed assignment. */
static void draw_trial(uint64_t *seed, trial *t)
{
    t->n = 1 + rand_below(seed, MOST);
    t->n_draws = 2 + rand_below(seed, DRAWS - 2);
    const bool exact = rand_below(seed, 2), weighted = exact && rand_below(seed, 2);
    const int own = rand_below(seed, t->n_draws);
    double total = 0;
    for (int i = 0; i < t->n; i++) {
        const double scale = rand_below(seed, 2) ? 1 : 1e6;
        for (int r = 0; r < t->n_draws; r++) t->statistic[i][r] = (rand_below(seed, 13) - 6) * scale / 7;
        t->observed[i] = exact ? t->statistic[i][own] : (rand_below(seed, 13) - 6) * scale / 7;
        t->view[i] = t->statistic[i];
    }
    for (int r = 0; r < t->n_draws; r++) total += t->probability[r] = 1 + rand_below(seed, 4);
    for (int r = 0; r < t->n_draws; r++) t->probability[r] /= total;
    t->redrawn =
        (tm_redrawn){t->n_draws, t->observed, t->view, weighted ? t->probability : NULL, 1e-9, NULL, exact, true};
}

static double size_in(const trial *t, int i, int r)
{
    return r < 0 ? fabs(t->observed[i]) : fabs(t->statistic[i][r]);
}

static double share(const trial *t, const bool *counts) /* counts[r + 1], the observed assignment first */
{
    double part = 0, all = 0;
    for (int r = t->redrawn.exact ? 0 : -1; r < t->n_draws; r++) {
        const double weight = r >= 0 && t->redrawn.probability ? t->probability[r] : 1;
        all += weight;
        part += counts[r + 1] ? weight : 0;
    }
    return part / all;
}

static double plain_p(const trial *t, int i, int draw)
{
    bool counts[DRAWS + 1];
    for (int r = -1; r < t->n_draws; r++) counts[r + 1] = size_in(t, i, r) > size_in(t, i, draw) - 1e-3;
    return share(t, counts);
}

/* How much a member says in a draw: its size, or minus its own p value there. */
static double says(const trial *t, bool by_p, int i, int r)
{
    return by_p ? -plain_p(t, i, r) : size_in(t, i, r);
}

/* Rejected when every set that holds the member is: the set's largest, against the set's largest in each draw. */
static void close_sets(const trial *t, bool by_p, double *adjusted)
{
    static double said[MOST][DRAWS + 1];
    for (int i = 0; i < t->n; i++) adjusted[i] = 0;
    for (int i = 0; i < t->n; i++)
        for (int r = -1; r < t->n_draws; r++) said[i][r + 1] = says(t, by_p, i, r);
    for (unsigned set = 1; set < 1u << t->n; set++) {
        bool counts[DRAWS + 1];
        double own = -INFINITY;
        for (int i = 0; i < t->n; i++)
            if (set >> i & 1) own = fmax(own, said[i][0]);
        for (int r = -1; r < t->n_draws; r++) {
            double largest = -INFINITY;
            for (int i = 0; i < t->n; i++)
                if (set >> i & 1) largest = fmax(largest, said[i][r + 1]);
            counts[r + 1] = largest > own - (by_p ? 1e-9 : 1e-3);
        }
        for (int i = 0; i < t->n; i++)
            if (set >> i & 1) adjusted[i] = fmax(adjusted[i], share(t, counts));
    }
}

static void check_all(const double *got, const double *want, int n)
{
    for (int i = 0; i < n; i++) check_close(got[i], want[i], 1e-12);
}

static void step_down_is_the_closed_procedure(void **state)
{
    (void)state;
    uint64_t seed = 41;
    temoin_context *ctx = check_context();
    for (int i = 0; i < 400; i++) {
        trial t;
        double want[MOST], got[MOST], p;
        draw_trial(&seed, &t);
        close_sets(&t, false, want);
        check_ok(ctx, tm_redrawn_max_t(ctx, &t.redrawn, t.n, true, got));
        check_all(got, want, t.n);
        close_sets(&t, true, want);
        check_ok(ctx, tm_redrawn_min_p(ctx, &t.redrawn, t.n, got));
        check_all(got, want, t.n);
        for (int m = 0; m < t.n; m++) {
            check_ok(ctx, tm_redrawn_p(ctx, &t.redrawn, m, &p));
            check_close(p, plain_p(&t, m, -1), 1e-12);
        }
    }
    temoin_context_free(ctx);
}

/* Each adjusted p is at least the plain one, single step at least step-down; the omnibus p is the smallest of either.
 */
static void orders_hold(void **state)
{
    (void)state;
    uint64_t seed = 43;
    temoin_context *ctx = check_context();
    for (int i = 0; i < 400; i++) {
        trial t;
        double down[MOST], single[MOST], p, omnibus, least_down = 1, least_single = 1;
        draw_trial(&seed, &t);
        check_ok(ctx, tm_redrawn_max_t(ctx, &t.redrawn, t.n, true, down));
        check_ok(ctx, tm_redrawn_max_t(ctx, &t.redrawn, t.n, false, single));
        check_ok(ctx, tm_redrawn_omnibus(ctx, &t.redrawn, t.n, &omnibus));
        for (int m = 0; m < t.n; m++) {
            check_ok(ctx, tm_redrawn_p(ctx, &t.redrawn, m, &p));
            assert_true(p > 0 && p <= down[m] && down[m] <= single[m] && single[m] <= 1);
            least_down = fmin(least_down, down[m]);
            least_single = fmin(least_single, single[m]);
        }
        assert_true(omnibus == least_down && omnibus == least_single);
    }
    temoin_context_free(ctx);
}

/* A member without a test does not count; a draw that defines no statistic counts as infinite; without draws p is 1. */
static void holes(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const double a[] = {1, 3, NAN}, b[] = {2, 0.5, 1}, observed[] = {NAN, 2.5, -1.5};
    const double *const views[] = {NULL, a, b};
    tm_redrawn redrawn = {3, observed, views, NULL, 1e-9, NULL, false, true};
    double got[3];
    check_ok(ctx, tm_redrawn_max_t(ctx, &redrawn, 3, true, got));
    assert_true(isnan(got[0]));
    check_all(got + 1, (const double[]){0.75, 0.75}, 2);
    check_ok(ctx, tm_redrawn_min_p(ctx, &redrawn, 3, got));
    assert_true(isnan(got[0]));
    redrawn.n_draws = 0;
    check_ok(ctx, tm_redrawn_max_t(ctx, &redrawn, 3, true, got));
    check_all(got + 1, (const double[]){1, 1}, 2);
    check_ok(ctx, tm_redrawn_omnibus(ctx, &redrawn, 1, got));
    assert_true(isnan(got[0]));
    temoin_context_free(ctx);
}

/* The rows of the registry: nothing without redraws, and Romano-Wolf for studentized statistics only. */
static void registered(void **state)
{
    (void)state;
    static const char *const keys[] = {"westfall_young", "westfall_young_single", "westfall_young_min_p",
                                       "romano_wolf"};
    uint64_t seed = 47;
    temoin_context *ctx = check_context();
    for (int i = 0; i < 50; i++) {
        trial t;
        double got[4][MOST], want[MOST];
        draw_trial(&seed, &t);
        for (int k = 0; k < 4; k++) {
            tm_redrawn plain = t.redrawn;
            plain.studentized = false;
            const tm_adjustment *adjustment = tm_adjustment_find(keys[k]);
            assert_int_equal(adjustment->need, TM_NEEDS_REDRAWS);
            check_ok(ctx, adjustment->run(ctx, &(tm_family){.n = t.n, .p = t.observed}, got[k]));
            for (int m = 0; m < t.n; m++) assert_true(isnan(got[k][m]));
            check_ok(ctx, adjustment->run(ctx, &(tm_family){.n = t.n, .redrawn = &plain}, got[k]));
            for (int m = 0; m < t.n; m++) assert_true(isnan(got[k][m]) == (k == 3));
            check_ok(ctx, adjustment->run(ctx, &(tm_family){.n = t.n, .redrawn = &t.redrawn}, got[k]));
        }
        assert_memory_equal(got[0], got[3], (size_t)t.n * sizeof(double));
        check_ok(ctx, tm_redrawn_max_t(ctx, &t.redrawn, t.n, false, want));
        assert_memory_equal(got[1], want, (size_t)t.n * sizeof(double));
    }
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_down_is_the_closed_procedure),
        cmocka_unit_test(orders_hold),
        cmocka_unit_test(holes),
        cmocka_unit_test(registered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

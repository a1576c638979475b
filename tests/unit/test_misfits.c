/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of leftover units: every policy against the list of all its assignments, and against figures of others.
 */
#include "small_trial.h"

#include "designs/places.h"
#include "designs/rounding_tables.h"

enum { FEW = 8, LISTED = 100000 };

static tm_plan_options options_of(const char *policy)
{
    return (tm_plan_options){.misfits = policy};
}

/* All assignments of a trial of at most FEW units. */
typedef struct list {
    int64_t n, n_units;
    int32_t arm[LISTED][FEW];
    double probability[LISTED];
} list;

static bool put(void *data, const int32_t *arm, double probability)
{
    list *l = data;
    assert_true(l->n < LISTED && probability > 0);
    memcpy(l->arm[l->n], arm, (size_t)l->n_units * sizeof *arm);
    l->probability[l->n++] = probability;
    return true;
}

static void list_trial(const tm_design *design, const tm_design_units *units, list *l)
{
    temoin_context *ctx = check_context();
    l->n = 0;
    l->n_units = units->n_units;
    check_ok(ctx, design->enumerate(ctx, units, put, l));
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static double chance(const list *l, int64_t u, int32_t a, int64_t v, int32_t b)
{
    double sum = 0;
    for (int64_t k = 0; k < l->n; k++)
        if (l->arm[k][u] == a && l->arm[k][v] == b) sum += l->probability[k];
    return sum;
}

static void check_chances(const tm_design *design, small_trial *t, const list *l)
{
    temoin_context *ctx = check_context();
    double probability[FEW], pair, error;
    for (int32_t a = 0; a < t->units.n_arms; a++) {
        for (int64_t u = 0; u < l->n_units; u++) t->arm[u] = a;
        check_ok(ctx, design->received(ctx, &t->units, t->arm, probability, &error));
        assert_true(error == 0);
        for (int64_t u = 0; u < l->n_units; u++) assert_true(fabs(probability[u] - chance(l, u, a, u, a)) < 1e-13);
    }
    for (int64_t u = 0; u < l->n_units; u++)
        for (int64_t v = 0; v < l->n_units; v++)
            for (int32_t a = -1; a < t->units.n_arms; a++)
                for (int32_t b = -1; b < t->units.n_arms; b++) {
                    check_ok(ctx, design->pairwise(ctx, &t->units, u, a, v, b, &pair));
                    assert_true(fabs(pair - chance(l, u, a, v, b)) < 1e-13);
                }
    temoin_context_free(ctx);
}

static int compare_arms(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(int32_t[FEW]));
}

static void check_numbers(const tm_design *design, const small_trial *t, list *l)
{
    temoin_context *ctx = check_context();
    double sum = 0, log_count, own, listed;
    for (int64_t k = 0; k < l->n; k++) sum += l->probability[k];
    check_close(sum, 1, 1e-12);
    check_ok(ctx, design->count(ctx, &t->units, &log_count));
    check_close(exp(log_count), (double)l->n, 1e-11);
    tm_design by_list = *design;
    by_list.likeliest = NULL;
    check_ok(ctx, tm_design_smallest_p(ctx, design, &t->units, &own));
    check_ok(ctx, tm_design_smallest_p(ctx, &by_list, &t->units, &listed));
    if (l->n <= 65536 && !isnan(own)) check_close(exp(own), exp(listed), 1e-11);
    for (int64_t k = 0; k < l->n; k++)
        for (int64_t u = l->n_units; u < FEW; u++) l->arm[k][u] = 0;
    qsort(l->arm, (size_t)l->n, sizeof *l->arm, compare_arms);
    for (int64_t k = 1; k < l->n; k++) assert_true(compare_arms(l->arm[k - 1], l->arm[k]) != 0);
    temoin_context_free(ctx);
}

static bool is_refused(const tm_design *design, small_trial *t)
{
    temoin_context *ctx = check_context();
    const temoin_status status = design->draw(ctx, &t->units, t->arm);
    assert_true(status == TEMOIN_OK || status == TEMOIN_ERR_PLAN);
    temoin_context_free(ctx);
    return status != TEMOIN_OK;
}

static void every_policy_is_what_its_list_says(void **state)
{
    (void)state;
    static small_trial t;
    static list l;
    const char *const keys[] = {"complete", "blocked", "clustered", "blocked_clustered"};
    uint64_t x = 2463534242u;
    int checked = 0;
    for (int trial = 0; trial < 60; trial++)
        for (int m = 0; m < tm_n_misfits; m++)
            for (int k = 0; k < 4; k++) {
                do build_random_trial(&t, &x, k % 2 ? 3 : 1, 5);
                while (t.units.n_units > (t.units.n_arms > 4 ? 5 : 7));
                const tm_plan_options options = options_of(tm_misfits[m].key);
                t.units.options = &options;
                const tm_design *design = tm_design_find(keys[k]);
                if (is_refused(design, &t)) continue;
                list_trial(design, &t.units, &l);
                check_chances(design, &t, &l);
                check_numbers(design, &t, &l);
                checked++;
            }
    assert_true(checked > 1200);
}

static int64_t place_of(const list *l, const int32_t *arm)
{
    for (int64_t k = 0; k < l->n; k++)
        if (memcmp(l->arm[k], arm, (size_t)l->n_units * sizeof *arm) == 0) return k;
    return -1;
}

/* Chi-square over all assignments that a policy can make. */
static void draws_follow_the_list(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    static small_trial t;
    static list l;
    static double count[LISTED];
    const int64_t size[] = {4, 3}, shares[] = {1, 3, 1, 3};
    build_trial(&t, 2, 2, size, shares);
    for (int m = 0; m < tm_n_misfits; m++) {
        const tm_plan_options options = options_of(tm_misfits[m].key);
        t.units.options = &options;
        t.units.replicate = 0;
        list_trial(tm_design_find("blocked"), &t.units, &l);
        memset(count, 0, sizeof count);
        temoin_context *ctx = check_context();
        for (t.units.replicate = 1; t.units.replicate <= DRAWS; t.units.replicate++) {
            check_ok(ctx, tm_design_find("blocked")->draw(ctx, &t.units, t.arm));
            const int64_t k = place_of(&l, t.arm);
            assert_true(k >= 0);
            count[k]++;
        }
        temoin_context_free(ctx);
        double chi2 = 0;
        for (int64_t k = 0; k < l.n; k++)
            chi2 += pow(count[k] - DRAWS * l.probability[k], 2) / (DRAWS * l.probability[k]);
        const double df = (double)(l.n - 1);
        assert_true(chi2 < df + 5 * sqrt(2 * df) + 10);
    }
}

/* Means of the numbers of places over all ways in which the leftovers fall. */
static void mean_shares(const char *policy, int64_t n, const int64_t shares[3], double mean[3])
{
    static small_trial t;
    tm_places p;
    tm_tables tables;
    temoin_context *ctx = check_context();
    const tm_plan_options options = options_of(policy);
    build_trial(&t, 1, 3, &n, shares);
    t.units.options = &options;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    check_ok(ctx, tm_places_build(ctx, &t.units, &p));
    check_ok(ctx, tm_tables_build(ctx, &p, &tables));
    assert_true(tables.n > 0);
    for (int32_t a = 0; a < 3; a++) {
        mean[a] = 0;
        for (int64_t k = 0; k < tables.n; k++)
            mean[a] += tables.probability[k] *
                       (double)tm_places_number(&p, 0, tm_places_row(&p, tables.extra[k], 0), a) / (double)n;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    temoin_context_free(ctx);
}

/* randomizr 1.0.0 gives each arm floor(N p) places and draws the remaining ones one after the other, without putting
 * back, with chances in proportion to the fractions. This is that rule for two remaining places. */
static void randomizr_shares(int64_t n, const double p[3], double mean[3])
{
    double fraction[3], sum = 0;
    for (int a = 0; a < 3; a++) sum += fraction[a] = (double)n * p[a] - floor((double)n * p[a]);
    assert_true(fabs(sum - 2) < 1e-12);
    for (int a = 0; a < 3; a++) {
        double places = floor((double)n * p[a]) + fraction[a] / 2;
        for (int b = 0; b < 3; b++)
            if (b != a) places += fraction[b] / 2 * (fraction[a] / 2) / (1 - fraction[b] / 2);
        mean[a] = places / (double)n;
    }
}

/* Seven units: randomizr's published .1034/.2102/.6864; seventeen: .1014/.2042/.6944. */
static void declared_shares_are_kept_where_randomizr_misses_them(void **state)
{
    (void)state;
    const int64_t shares[] = {1, 2, 7};
    const double p[] = {.1, .2, .7}, published[2][3] = {{.1034, .2102, .6864}, {.1014, .2042, .6944}};
    for (int k = 0; k < 2; k++) {
        double theirs[3], ours[3];
        randomizr_shares(k ? 17 : 7, p, theirs);
        for (int a = 0; a < 3; a++) {
            assert_true(fabs(theirs[a] - published[k][a]) < 5e-5);
            assert_true(fabs(theirs[a] - p[a]) > 1e-3);
        }
        for (int m = 0; m < tm_n_misfits; m++) {
            if (!tm_misfits[m].keeps_shares) continue;
            mean_shares(tm_misfits[m].key, k ? 17 : 7, shares, ours);
            for (int a = 0; a < 3; a++) assert_true(fabs(ours[a] - p[a]) < 1e-15);
        }
    }
}

static void unweighted_misfits_have_equal_chances(void **state)
{
    (void)state;
    const int64_t shares[] = {1, 2, 7};
    double mean[3];
    mean_shares("strata", 17, shares, mean); /* ten by their shares, seven in thirds */
    for (int a = 0; a < 3; a++) check_close(mean[a], ((double)shares[a] + 7 / 3.0) / 17, 1e-14);
    mean_shares("missing", 17, shares, mean);
    for (int a = 0; a < 3; a++) check_close(mean[a], (double)shares[a] / 17, 1e-14);
}

static double log_count_of(const char *key, small_trial *t)
{
    double log_count;
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_find(key)->count(ctx, &t->units, &log_count));
    temoin_context_free(ctx);
    return log_count;
}

static double log_p_of(const char *key, small_trial *t)
{
    double log_p;
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_smallest_p(ctx, tm_design_find(key), &t->units, &log_p));
    temoin_context_free(ctx);
    return log_p;
}

static double log_choose(int n, int k)
{
    double sum = 0;
    for (int i = 1; i <= k; i++) sum += log(n - k + i) - log(i);
    return sum;
}

static void large_trials_are_counted(void **state)
{
    (void)state;
    static small_trial t;
    int64_t size[MOST_STRATA], shares[2 * MOST_STRATA];
    for (int s = 0; s < MOST_STRATA; s++) size[s] = 5, shares[2 * s] = shares[2 * s + 1] = 1;
    build_trial(&t, 1, 2, (int64_t[]){155}, shares);
    check_close(log_count_of("complete", &t), log(2) + log_choose(155, 77), 1e-13);
    check_close(log_p_of("complete", &t), -log_choose(155, 77), 1e-13);
    build_trial(&t, 1, 2, (int64_t[]){155}, (int64_t[]){1, 4});
    check_close(log_count_of("complete", &t), log_choose(155, 31), 1e-13);
    check_close(log_p_of("complete", &t), -log_choose(155, 31), 1e-13); /* no mirror */
    check_close(log_count_of("simple", &t), 155 * log(2), 1e-13);
    check_close(log_p_of("simple", &t), 155 * log(.8), 1e-10);
    build_trial(&t, 400, 2, size, shares); /* the odd units of two strata in turn balance each other */
    check_close(log_count_of("blocked", &t), 200 * log(2) + 400 * log(10), 1e-13);
    check_close(log_p_of("blocked", &t), -199 * log(2) - 400 * log(10), 1e-13);
    const tm_plan_options options = options_of("within_stratum");
    t.units.options = &options;
    check_close(log_count_of("blocked", &t), 400 * log(2) + 400 * log(10), 1e-13);
    check_close(log_p_of("blocked", &t), -399 * log(2) - 400 * log(10), 1e-13);
    for (int s = 0; s < MOST_STRATA; s++) shares[2 * s] = 2;
    build_trial(&t, 400, 2, size, shares);
    assert_true(isnan(log_count_of("blocked", &t)) && isnan(log_p_of("blocked", &t)));
    t.units.options = &options;
    check_close(log_count_of("blocked", &t), 400 * log(10 + 5), 1e-13); /* 3 + 2 or 4 + 1 */
}

static void units_of_one_stratum_pair_whatever_the_others_do(void **state)
{
    (void)state;
    static small_trial t;
    int64_t size[MOST_STRATA], shares[2 * MOST_STRATA];
    for (int s = 0; s < MOST_STRATA; s++) size[s] = 5, shares[2 * s] = 2, shares[2 * s + 1] = 1;
    build_trial(&t, 400, 2, size, shares);
    double same, across;
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_find("blocked")->pairwise(ctx, &t.units, 0, 1, 4, 1, &same));
    check_ok(ctx, tm_design_find("blocked")->pairwise(ctx, &t.units, 0, 1, 5, 1, &across));
    check_close(same, 2.0 / 3 * (2 * 1 / 20.0), 1e-14); /* two places with probability 2/3, else one */
    assert_true(isnan(across));
    temoin_context_free(ctx);
}

static void a_simple_draw_depends_on_nobody_else(void **state)
{
    (void)state;
    static small_trial all, some;
    const int64_t shares[] = {1, 2, 3, 2, 2, 2};
    build_trial(&all, 2, 3, (int64_t[]){200, 100}, shares);
    build_trial(&some, 1, 3, (int64_t[]){100}, shares);
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_find("simple")->draw(ctx, &all.units, all.arm));
    for (int64_t u = 0; u < 100; u++) some.id[u] = all.id[2 * u];
    check_ok(ctx, tm_design_find("simple")->draw(ctx, &some.units, some.arm));
    for (int64_t u = 0; u < 100; u++) assert_int_equal(some.arm[u], all.arm[2 * u]);
    temoin_context_free(ctx);
}

static void clusters_stay_whole(void **state)
{
    (void)state;
    static small_trial t, clusters;
    build_trial(&t, 2, 2, (int64_t[]){30, 15}, (int64_t[]){1, 1, 1, 2});
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_find("blocked_clustered")->draw(ctx, &t.units, t.arm));
    for (int64_t u = 1; u < 45; u++)
        if (t.cluster[u] == t.cluster[u - 1]) assert_int_equal(t.arm[u], t.arm[u - 1]);
    assert_int_equal(t.units.n_clusters, 30);
    build_trial(&clusters, 2, 2, (int64_t[]){20, 10}, (int64_t[]){1, 1, 1, 2}); /* the clusters as if they were units */
    check_ok(ctx, tm_design_find("blocked")->draw(ctx, &clusters.units, clusters.arm));
    for (int64_t u = 0; u < 45; u++) assert_int_equal(t.arm[u], clusters.arm[t.cluster[u]]);
    temoin_context_free(ctx);
}

static void refuse(const char *key, const tm_design_units *units, const char *text)
{
    int32_t arm[MOST_UNITS];
    temoin_context *ctx = check_context();
    assert_int_equal(tm_design_find(key)->draw(ctx, units, arm), TEMOIN_ERR_PLAN);
    assert_string_equal(temoin_context_problem(ctx, 0), text);
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static small_trial t;
    tm_plan_options options = options_of("wglobl");
    build_trial(&t, 2, 2, (int64_t[]){3, 4}, (int64_t[]){1, 1, 1, 2});
    memcpy(t.text[0], "a", 2);
    memcpy(t.text[1], "b", 2);
    t.units.options = &options;
    refuse("blocked", &t.units,
           "design: there is no misfit policy \"wglobl\"; the policies are pivotal, within_stratum, missing, strata, "
           "wstrata, global, wglobal; did you mean \"wglobal\"?");
    options.misfits = "wglobal";
    refuse("blocked", &t.units,
           "design: misfits \"wglobal\" deals the leftover units of all strata together and needs the same shares in "
           "all of them, but strata \"a\" and \"b\" differ; use \"pivotal\", or \"wstrata\"");
    options.misfits = "global";
    t.shares[0] = 0;
    refuse("blocked", &t.units,
           "design: misfits \"global\" deals the leftover units of all strata together and needs the same arms in all "
           "of them, but strata \"a\" and \"b\" differ; use \"pivotal\", or \"strata\"");
    t.units.options = NULL;
    t.cluster[3] = 0;
    refuse("blocked_clustered", &t.units,
           "design: cluster \"c0000\" has clients in the strata \"a\" and \"b\"; a cluster is drawn as a whole, so "
           "give strata that do not divide it");
    refuse("clustered", &t.units,
           "design: kind \"clustered\" draws all clusters as one group, but design.strata divides them; use kind "
           "\"blocked_clustered\" or leave out design.strata");
    t.units.cluster = NULL;
    refuse(
        "blocked_clustered", &t.units,
        "design: whole clusters are to be drawn, but nothing says which they are; give the column as design.cluster");
}

static bool stop(void *data, const int32_t *arm, double probability)
{
    (void)arm, (void)probability;
    return ++*(int *)data < 3;
}

static void a_list_can_be_left(void **state)
{
    (void)state;
    static small_trial t;
    build_trial(&t, 1, 2, (int64_t[]){40}, (int64_t[]){1, 1});
    const char *const keys[] = {"simple", "complete", "clustered"};
    for (int k = 0; k < 3; k++) {
        int n = 0;
        temoin_context *ctx = check_context();
        check_ok(ctx, tm_design_find(keys[k])->enumerate(ctx, &t.units, stop, &n));
        assert_int_equal(n, 3);
        temoin_context_free(ctx);
    }
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    static small_trial t;
    build_trial(&t, 3, 3, (int64_t[]){4, 5, 6}, (int64_t[]){1, 2, 4, 1, 1, 1, 3, 1, 1});
    const char *const keys[] = {"simple", "blocked", "blocked_clustered"};
    for (int k = 0; k < 3; k++)
        for (int what = 0; what < 4; what++)
            for (int64_t fail_at = 1;; fail_at++) {
                const tm_design *design = tm_design_find(keys[k]);
                double out;
                int n = 0;
                temoin_context *ctx = check_context();
                tm_arena_fail_after(fail_at);
                const temoin_status status = what == 0   ? design->count(ctx, &t.units, &out)
                                             : what == 1 ? design->pairwise(ctx, &t.units, 0, 0, 9, 1, &out)
                                             : what == 2 ? design->enumerate(ctx, &t.units, stop, &n)
                                                         : tm_design_smallest_p(ctx, design, &t.units, &out);
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
        cmocka_unit_test(every_policy_is_what_its_list_says),
        cmocka_unit_test(draws_follow_the_list),
        cmocka_unit_test(declared_shares_are_kept_where_randomizr_misses_them),
        cmocka_unit_test(unweighted_misfits_have_equal_chances),
        cmocka_unit_test(large_trials_are_counted),
        cmocka_unit_test(units_of_one_stratum_pair_whatever_the_others_do),
        cmocka_unit_test(a_simple_draw_depends_on_nobody_else),
        cmocka_unit_test(clusters_stay_whole),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_list_can_be_left),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

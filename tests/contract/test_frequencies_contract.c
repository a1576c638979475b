/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often every design draws what: single arms, whole assignments, and the same under other names of the strata. Who
 * gets which arm is compared with what `received` declares, whole assignments with the list that `enumerate` makes. */
#include "designs/misfits.h"
#include "numeric/distributions.h"
#include "small_trial.h"

#ifdef __SANITIZE_ADDRESS__
enum { DRAWS = 10000 };
#else
enum { DRAWS = 100000 };
#endif
enum { FEWER_DRAWS = DRAWS / 10, MOST_LISTED = 8, MOST_CODES = 65536, FEWEST_EXPECTED = 5 };
static const double least_p = 1e-7; /* some thousand tests are made; seeds are fixed, so nothing fails by chance */

typedef struct shape {
    int32_t n_strata, n_arms;
    int64_t size[3], shares[9];
} shape;

static const shape shapes[] = {
    {1, 3, {5}, {1, 2, 1}},
    {1, 2, {7}, {1, 2}},
    {3, 3, {3, 1, 2}, {1, 2, 7, 1, 0, 1, 1, 1, 1}},
    {2, 2, {4, 4}, {1, 1, 1, 1}},
    {3, 2, {3, 2, 2}, {1, 2, 1, 2, 1, 2}},
    {2, 2, {4, 4}, {1, 2, 1, 2}}, /* leftovers, and assignments enough for designs that refuse some of them */
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

/* How often assignments come, as listed and as drawn, and what follows for units and for numbers of units. */
typedef struct law {
    const tm_design_units *units;
    int n_draws;
    double listed[MOST_CODES];
    int64_t drawn[MOST_CODES];
    double chance[MOST_LISTED][4], cell[3][4][MOST_LISTED + 1]; /* of so many units of a stratum in an arm */
    int64_t count[MOST_LISTED][4];
} law;

static int64_t code_of(const tm_design_units *units, const int32_t *arm)
{
    int64_t code = 0;
    for (int64_t u = 0; u < units->n_units; u++) code = code * (units->n_arms + 1) + arm[u] + 1;
    assert_in_range(code, 0, MOST_CODES - 1);
    return code;
}

static bool add_listed(void *data, const int32_t *arm, double probability)
{
    law *l = data;
    int64_t n[3][4] = {{0}};
    assert_true(probability > 0 && l->listed[code_of(l->units, arm)] == 0); /* each is listed once */
    l->listed[code_of(l->units, arm)] = probability;
    for (int64_t u = 0; u < l->units->n_units; u++) {
        if (arm[u] < 0) continue;
        l->chance[u][arm[u]] += probability;
        n[l->units->stratum[u]][arm[u]]++;
    }
    for (int32_t s = 0; s < l->units->n_strata; s++)
        for (int32_t a = 0; a < l->units->n_arms; a++) l->cell[s][a][n[s][a]] += probability;
    return true;
}

/* False: the design refuses these units. */
static bool read_law(const tm_design *design, small_trial *t, law *l)
{
    temoin_context *ctx = check_context();
    memset(l, 0, sizeof *l);
    l->units = &t->units;
    const temoin_status status = design->draw(ctx, &t->units, t->arm);
    assert_true(status == TEMOIN_OK || status == TEMOIN_ERR_PLAN);
    assert_true(design->enumerate != NULL);
    if (status == TEMOIN_OK) check_ok(ctx, design->enumerate(ctx, &t->units, add_listed, l));
    temoin_context_free(ctx);
    return status == TEMOIN_OK;
}

/* Declared chances are exact, or near the listed ones; for a rolling design those at a unit's turn are another thing.
 */
static void read_declared(const tm_design *design, small_trial *t, law *l)
{
    temoin_context *ctx = check_context();
    double declared[MOST_LISTED], error;
    for (int32_t a = 0; !design->rolling && a < t->units.n_arms; a++) {
        for (int64_t u = 0; u < t->units.n_units; u++) t->arm[u] = a;
        check_ok(ctx, design->received(ctx, &t->units, t->arm, declared, &error));
        for (int64_t u = 0; u < t->units.n_units; u++) {
            assert_true(fabs(declared[u] - l->chance[u][a]) <= 5.5 * error + 1e-12);
            if (error == 0) l->chance[u][a] = declared[u];
        }
    }
    temoin_context_free(ctx);
}

static void draw_many(const tm_design *design, small_trial *t, law *l)
{
    char seed[32];
    temoin_context *ctx = check_context();
    t->units.seed = seed;
    for (int r = 0; r < l->n_draws; r++) {
        snprintf(seed, sizeof seed, "%d", r);
        check_ok(ctx, design->draw(ctx, &t->units, t->arm));
        l->drawn[code_of(&t->units, t->arm)]++;
        for (int64_t u = 0; u < t->units.n_units; u++)
            if (t->arm[u] >= 0) l->count[u][t->arm[u]]++;
    }
    t->units.seed = "s";
    temoin_context_free(ctx);
}

typedef struct chi_square {
    int n_draws;
    double sum, rest; /* rest: expected of those that are expected too seldom to count by themselves */
    int64_t n, n_rest;
} chi_square;

static void add_count(chi_square *c, int64_t count, double probability)
{
    const double expected = c->n_draws * probability;
    if (probability <= 1e-12) assert_int_equal(count, 0);
    if (expected >= FEWEST_EXPECTED)
        c->sum += (count - expected) * (count - expected) / expected, c->n++;
    else
        c->rest += expected, c->n_rest += count;
}

static void check_chi_square(const tm_design *design, const chi_square *c, const char *of)
{
    double sum = c->sum;
    int64_t n = c->n;
    if (c->rest >= FEWEST_EXPECTED) sum += (c->n_rest - c->rest) * (c->n_rest - c->rest) / c->rest, n++;
    if (n < 2) {
        assert_true(sum < 1e-6); /* what is sure always comes */
        return;
    }
    const double p = tm_chi2_upper(sum, (double)n - 1);
    if (!(p >= least_p)) fail_msg("%s, %s: chi-square %g of %d, p = %g", design->key, of, sum, (int)n - 1, p);
}

static void check_frequencies(const tm_design *design, small_trial *t, law *l, int n_draws)
{
    l->n_draws = n_draws;
    read_declared(design, t, l);
    draw_many(design, t, l);
    for (int64_t u = 0; u < t->units.n_units; u++) {
        chi_square c = {.n_draws = n_draws};
        int64_t none = n_draws;
        double rest = 1;
        for (int32_t a = 0; a < t->units.n_arms; a++) {
            add_count(&c, l->count[u][a], l->chance[u][a]);
            none -= l->count[u][a], rest -= l->chance[u][a];
        }
        add_count(&c, none, rest);
        check_chi_square(design, &c, "a unit's arms");
    }
    chi_square c = {.n_draws = n_draws};
    for (int64_t code = 0; code < MOST_CODES; code++) add_count(&c, l->drawn[code], l->listed[code]);
    check_chi_square(design, &c, "whole assignments");
}

/* The same trial, but the strata's names are such that their order is the other way round. */
static void rename_strata(const small_trial *t, small_trial *r)
{
    const int32_t n_arms = t->units.n_arms, last = t->units.n_strata - 1;
    *r = *t;
    for (int64_t u = 0; u < t->units.n_units; u++) r->stratum[u] = last - t->stratum[u];
    for (int32_t s = 0; s <= last; s++) {
        snprintf(r->text[s], sizeof r->text[s], "%c other", 'a' + s);
        r->stratum_text[s] = r->text[s];
        for (int32_t a = 0; a < n_arms; a++) r->shares[s * n_arms + a] = t->shares[(last - s) * n_arms + a];
    }
    r->units.stratum = r->stratum, r->units.stratum_text = r->stratum_text, r->units.shares = r->shares;
}

static bool takes(const char *words, const char *word)
{
    return words && strstr(words, word);
}

/* Who gets which arm, and how many of a stratum do, are the same by law. */
static void check_same_law(const tm_design *design, const law *l, const law *renamed, bool cells)
{
    const int32_t n_strata = l->units->n_strata, n_arms = l->units->n_arms;
    for (int32_t a = 0; a < n_arms; a++) {
        for (int64_t u = 0; u < l->units->n_units; u++)
            if (fabs(l->chance[u][a] - renamed->chance[u][a]) > 1e-12)
                fail_msg("%s: unit %d has arm %d with %.17g, after strata have other names with %.17g", design->key,
                         (int)u, (int)a, l->chance[u][a], renamed->chance[u][a]);
        for (int32_t s = 0; cells && s < n_strata; s++)
            for (int n = 0; n <= MOST_LISTED; n++)
                assert_true(fabs(l->cell[s][a][n] - renamed->cell[n_strata - 1 - s][a][n]) <= 1e-12);
    }
}

/* Which leftover places come together depends on the order of the strata. So then do the numbers in a stratum under the
 * policies that deal from one pack through all strata, and what a rule about balance lets pass. */
static bool depends_on_order(const tm_design *design, const shape *given, bool one_pack)
{
    if (strcmp(design->key, "rerandomized") != 0 && !(one_pack && strcmp(design->key, "constrained") == 0))
        return false;
    for (int32_t s = 0; s < given->n_strata; s++) {
        int64_t sum = 0;
        for (int32_t a = 0; a < given->n_arms; a++) sum += given->shares[s * given->n_arms + a];
        if (given->size[s] % sum) return true;
    }
    return false;
}

static void check_renamed(const tm_design *design, const shape *given, const small_trial *t, const law *l)
{
    static small_trial other;
    static law renamed;
    rename_strata(t, &other);
    other.units.options = &other.options;
    assert_true(read_law(design, &other, &renamed));
    const bool one_pack = takes(t->options.misfits, "global");
    if (!depends_on_order(design, given, one_pack)) check_same_law(design, l, &renamed, !one_pack);
    check_frequencies(design, &other, &renamed, FEWER_DRAWS);
}

/* False: the design refuses the trial. */
static bool check_shape(const tm_design *design, const shape *given, const char *misfits, int n_draws)
{
    static small_trial t;
    static law l;
    build_trial(&t, given->n_strata, given->n_arms, given->size, given->shares);
    t.options.misfits = misfits;
    if (!takes(design->needs, "cluster")) t.units.cluster = NULL, t.units.n_clusters = 0;
    if (!read_law(design, &t, &l)) return false;
    check_frequencies(design, &t, &l, n_draws);
    if (given->n_strata > 1) check_renamed(design, given, &t, &l);
    return true;
}

/* Those that look at covariates take their time: they have fewer draws of all trials but the first that they take. */
static void draws_come_as_often_as_declared(void **state)
{
    (void)state;
    for (int d = 0; d < tm_n_designs; d++) {
        int n = 0;
        for (int k = 0; k < N_SHAPES; k++) {
            const bool slow = takes(tm_designs[d]->options, "covariates");
            n += check_shape(tm_designs[d], &shapes[k], "pivotal", n && slow ? FEWER_DRAWS : DRAWS);
        }
        if (n < 2) fail_msg("%s refuses all but %d of the trials", tm_designs[d]->key, n);
    }
}

static void leftovers_come_as_often_as_declared(void **state)
{
    (void)state;
    for (int m = 0; m < tm_n_misfits; m++) {
        int n = 0;
        for (int d = 0; d < tm_n_designs; d++)
            if (takes(tm_designs[d]->options, "misfits"))
                n += check_shape(tm_designs[d], &shapes[N_SHAPES - 1], tm_misfits[m].key, FEWER_DRAWS);
        assert_true(n >= 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_come_as_often_as_declared),
        cmocka_unit_test(leftovers_come_as_often_as_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

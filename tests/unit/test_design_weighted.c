/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Estimators that weigh by the design, over all assignments of small trials: Horvitz & Thompson's is unbiased, and the
 * mean of its variance is the variance plus what the bound gives away. */
#include "small_trial.h"

#include "inference/effects.h"

typedef struct small_design {
    const char *design, *misfits;
    int n_strata, n_arms;
    int64_t size[3], shares[9];
    bool seen_together; /* any two clients, whatever their arms: no use of Young's inequality */
} small_design;

static const small_design designs[] = {
    {"complete", "pivotal", 1, 2, {6}, {1, 1}, true},
    {"complete", "pivotal", 1, 2, {8}, {3, 5}, true},
    {"complete", "pivotal", 1, 2, {5}, {1, 4}, false}, /* one client alone in an arm */
    {"complete", "pivotal", 1, 2, {7}, {1, 1}, true},  /* leftovers from here on */
    {"complete", "pivotal", 1, 3, {7}, {1, 1, 1}, true},
    {"complete", "pivotal", 1, 3, {6}, {1, 2, 3}, false},
    {"blocked", "pivotal", 2, 2, {4, 4}, {1, 1, 1, 1}, true},
    {"blocked", "pivotal", 2, 2, {6, 4}, {1, 2, 1, 1}, true},
    {"blocked", "pivotal", 3, 2, {2, 2, 4}, {1, 1, 1, 1, 1, 1}, false}, /* pairs */
    {"blocked", "pivotal", 2, 2, {3, 5}, {1, 1, 1, 1}, false},
    {"blocked", "pivotal", 3, 2, {3, 3, 3}, {1, 1, 1, 2, 1, 1}, false},
    {"blocked", "within_stratum", 2, 2, {5, 5}, {1, 1, 1, 1}, true},
    {"blocked", "wglobal", 2, 2, {5, 3}, {1, 1, 1, 1}, false},
    {"blocked", "missing", 2, 2, {5, 4}, {1, 1, 1, 1}, true},
    {"simple", "pivotal", 1, 2, {6}, {1, 1}, true},
    {"simple", "pivotal", 2, 3, {3, 3}, {1, 2, 1, 1, 1, 1}, true},
    {"clustered", "pivotal", 1, 2, {9}, {1, 1}, false},
    {"blocked_clustered", "pivotal", 2, 2, {6, 3}, {1, 1, 1, 1}, false},
    {"permuted", "pivotal", 1, 2, {7}, {1, 1}, false},
    {"biased_coin", "pivotal", 1, 2, {6}, {1, 1}, false},
    {"urn", "pivotal", 1, 2, {6}, {1, 1}, false},
};
enum { N_DESIGNS = sizeof designs / sizeof *designs, FEW = 12 };

typedef struct visit {
    temoin_context *ctx;
    const tm_design *design;
    small_trial *trial;
    const tm_joint_chances *chances;
    double outcome[3][FEW], weight[3];
    double probability, mean, square, variance;
    int n;
    bool brute; /* compare with sums over pairs */
    int64_t unit[FEW];
    int32_t arm[FEW], stratum[FEW];
    double y[FEW];
    tm_sample sample;
} visit;

static void take_sample(visit *v, const int32_t *arm)
{
    const tm_design_units *units = &v->trial->units;
    int64_t n = 0;
    for (int64_t u = 0; u < units->n_units; u++) {
        if (arm[u] < 0) continue;
        v->unit[n] = u, v->arm[n] = arm[u], v->y[n] = v->outcome[arm[u]][u], n++;
    }
    v->sample = (tm_sample){.n = n,
                            .n_arms = units->n_arms,
                            .n_strata = 1,
                            .y = v->y,
                            .arm = v->arm,
                            .stratum = v->stratum,
                            .unit = v->unit,
                            .chances = v->chances};
}

static tm_effect run(visit *v, const char *estimator)
{
    tm_effect e;
    tm_notes_init(&e.notes, v->ctx);
    check_ok(v->ctx, tm_effects_run(v->ctx, &v->sample, tm_estimator_find(estimator),
                                    tm_variance_find("aronow_middleton"), v->weight, 1, 0.95, &e));
    return e;
}

static double chance(visit *v, int64_t u, int32_t a, int64_t w, int32_t b)
{
    double p;
    check_ok(v->ctx, v->design->pairwise(v->ctx, &v->trial->units, u, a, w, b, &p));
    return p < 1e-12 ? 0 : p;
}

/* The formula as it stands, pair by pair. z [n]: what is weighed. */
static double brute_variance(visit *v, const double *z)
{
    const tm_design_units *units = &v->trial->units;
    double sum = 0;
    for (int64_t i = 0; i < v->sample.n; i++) {
        const double p = chance(v, v->unit[i], v->arm[i], v->unit[i], v->arm[i]);
        sum += z[i] / p * z[i] / p;
        for (int64_t u = 0; u < units->n_units; u++)
            for (int32_t b = 0; b < units->n_arms; b++)
                if (u != v->unit[i] && v->weight[b] != 0 && v->weight[v->arm[i]] != 0 &&
                    chance(v, v->unit[i], v->arm[i], u, b) == 0)
                    sum += z[i] * z[i] / p;
        for (int64_t k = 0; k < v->sample.n; k++) {
            const double q = chance(v, v->unit[k], v->arm[k], v->unit[k], v->arm[k]);
            const double both = chance(v, v->unit[i], v->arm[i], v->unit[k], v->arm[k]);
            if (k != i) sum += (both - p * q) / both * z[i] / p * z[k] / q;
        }
    }
    return sum;
}

static void check_se(const tm_effect *e, double variance)
{
    if (isnan(e->se))
        assert_true(variance < 1e-12);
    else
        assert_true(close_to(e->se * e->se, variance, 1e-9, 0));
}

static void check_brute(visit *v)
{
    const tm_design_units *units = &v->trial->units;
    double total[3] = {0}, count[3] = {0}, z[FEW], value = 0, ratio = 0;
    for (int64_t i = 0; i < v->sample.n; i++) {
        const double p = chance(v, v->unit[i], v->arm[i], v->unit[i], v->arm[i]);
        total[v->arm[i]] += v->y[i] / p, count[v->arm[i]] += 1 / p;
    }
    for (int32_t a = 0; a < units->n_arms; a++) {
        if (v->weight[a] == 0) continue;
        value += v->weight[a] * total[a] / (double)units->n_units;
        ratio += v->weight[a] * total[a] / count[a];
    }
    const tm_effect ht = run(v, "horvitz_thompson"), hajek = run(v, "hajek");
    if (isnan(hajek.value)) return; /* nobody in an arm */
    assert_true(close_to(ht.value, value, 1e-10, 1e-12));
    assert_true(close_to(hajek.value, ratio, 1e-10, 1e-12));
    for (int64_t i = 0; i < v->sample.n; i++) z[i] = v->weight[v->arm[i]] * v->y[i] / (double)units->n_units;
    check_se(&ht, brute_variance(v, z));
    for (int64_t i = 0; i < v->sample.n; i++)
        z[i] = v->weight[v->arm[i]] * (v->y[i] - total[v->arm[i]] / count[v->arm[i]]) / count[v->arm[i]];
    for (int64_t i = 0; i < v->sample.n; i++)
        if (v->weight[v->arm[i]] == 0) z[i] = 0;
    check_se(&hajek, brute_variance(v, z));
}

static bool see(void *data, const int32_t *arm, double probability)
{
    visit *v = data;
    double z[FEW];
    take_sample(v, arm);
    if (v->brute) {
        check_brute(v);
        return ++v->n < 20;
    }
    tm_effect e = run(v, "horvitz_thompson");
    double value = 0, variance = 0;
    if (isnan(e.se)) { /* an empty arm, or a negative estimate: the formula itself, for the mean over all draws */
        for (int64_t i = 0; i < v->sample.n; i++) {
            z[i] = v->weight[v->arm[i]] * v->y[i] / (double)v->trial->units.n_units;
            value += z[i] / chance(v, v->unit[i], v->arm[i], v->unit[i], v->arm[i]);
        }
        variance = brute_variance(v, z);
        if (!isnan(e.value)) assert_true(variance < 1e-12);
    } else
        value = e.value, variance = e.se * e.se;
    v->probability += probability;
    v->mean += probability * value;
    v->square += probability * value * value;
    v->variance += probability * variance;
    v->n++;
    return true;
}

static small_trial trial;

static void open_visit(visit *v, const small_design *d, bool brute)
{
    static tm_joint_chances chances;
    static const double contrasts[2][3] = {{-1, 1, 0}, {-0.5, -0.5, 1}};
    uint64_t x = 88172645463325252u + (uint64_t)(d - designs);
    build_trial(&trial, d->n_strata, d->n_arms, d->size, d->shares);
    trial.options.misfits = d->misfits;
    *v = (visit){.ctx = check_context(), .design = tm_design_find(d->design), .trial = &trial, .brute = brute};
    memcpy(v->weight, contrasts[d->n_arms == 3], sizeof v->weight);
    for (int64_t u = 0; u < trial.units.n_units; u++) {
        const double base = 0.1 * random_below(&x, 100) + 3 * trial.stratum[u];
        for (int a = 0; a < d->n_arms; a++) v->outcome[a][u] = base + a + 0.1 * random_below(&x, 40);
    }
    check_ok(v->ctx, tm_joint_chances_ask(v->ctx, v->design, &trial.units, &chances));
    assert_true(chances.known);
    v->chances = &chances;
}

/* The mean over the trial's clients, and of the square of their own effects. */
static double true_effect(const visit *v, double *square)
{
    const double n = (double)v->trial->units.n_units;
    double sum = 0;
    *square = 0;
    for (int64_t u = 0; u < v->trial->units.n_units; u++) {
        double own = 0;
        for (int a = 0; a < v->trial->units.n_arms; a++) own += v->weight[a] * v->outcome[a][u];
        sum += own / n;
        *square += own / n * own / n;
    }
    return sum;
}

static void unbiased_and_conservative(void **state)
{
    (void)state;
    for (int k = 0; k < N_DESIGNS; k++) {
        visit v;
        double square;
        open_visit(&v, &designs[k], false);
        check_ok(v.ctx, v.design->enumerate(v.ctx, &trial.units, see, &v));
        const double effect = true_effect(&v, &square), truth = v.square - v.mean * v.mean;
        print_message("%s, %s, %d clients: %d assignments, variance %.6g, mean of its estimates %.6g\n",
                      designs[k].design, designs[k].misfits, (int)trial.units.n_units, v.n, truth, v.variance);
        check_close(v.probability, 1, 1e-10);
        check_close(v.mean, effect, 1e-10);
        assert_true(v.variance >= truth * (1 - 1e-10));
        if (designs[k].seen_together) check_close(v.variance, truth + square, 1e-9);
        temoin_context_free(v.ctx);
    }
}

static void as_pair_by_pair(void **state)
{
    (void)state;
    for (int k = 0; k < N_DESIGNS; k++) {
        visit v;
        open_visit(&v, &designs[k], true);
        check_ok(v.ctx, v.design->enumerate(v.ctx, &trial.units, see, &v));
        assert_true(v.n > 1);
        temoin_context_free(v.ctx);
    }
}

/* Without leftovers Hájek's variance is (n - 1) / n of Neyman's, and Horvitz & Thompson's the same plus τ² / n; a
 * sample that knows no design counts its own arms. */
static void closed_forms(void **state)
{
    (void)state;
    visit v;
    open_visit(&v, &designs[1], true);
    const int32_t arm[FEW] = {1, 0, 1, 1, 0, 1, 0, 1};
    for (int by_counts = 0; by_counts < 2; by_counts++) {
        take_sample(&v, arm);
        if (by_counts) v.sample.chances = NULL;
        const tm_effect ht = run(&v, "horvitz_thompson"), hajek = run(&v, "hajek");
        tm_effect dim;
        tm_notes_init(&dim.notes, v.ctx);
        check_ok(v.ctx, tm_effects_run(v.ctx, &v.sample, tm_estimator_find("dim"), tm_variance_find("neyman"), v.weight,
                                       1, 0.95, &dim));
        check_close(ht.value, dim.value, 1e-12);
        check_close(hajek.value, dim.value, 1e-12);
        check_close(hajek.se * hajek.se, dim.se * dim.se * 7 / 8, 1e-12);
        check_close(ht.se * ht.se, dim.se * dim.se * 7 / 8 + dim.value * dim.value / 8, 1e-12);
    }
    temoin_context_free(v.ctx);
}

/* Large trials without leftovers need nobody to be asked; beyond the limits nothing is known. */
static void limits(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_joint_chances chances;
    const int64_t large[] = {2000, 1600}, odd[] = {2001, 1601}, shares[] = {1, 1, 1, 3};
    build_trial(&trial, 2, 2, large, shares);
    check_ok(ctx, tm_joint_chances_ask(ctx, tm_design_find("blocked"), &trial.units, &chances));
    assert_true(chances.known && !chances.across);
    check_close(chances.within[4 + 3], 1200.0 * 1199 / (1600.0 * 1599), 1e-15);
    build_trial(&trial, 2, 2, odd, shares);
    check_ok(ctx, tm_joint_chances_ask(ctx, tm_design_find("blocked"), &trial.units, &chances));
    assert_true(chances.known && chances.across);
    check_ok(ctx, tm_joint_chances_ask(ctx, tm_design_find("urn"), &trial.units, &chances));
    assert_false(chances.known);
    check_ok(ctx, tm_joint_chances_ask(ctx, tm_design_find("rerandomized"), &trial.units, &chances));
    assert_false(chances.known);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unbiased_and_conservative),
        cmocka_unit_test(as_pair_by_pair),
        cmocka_unit_test(closed_forms),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Truth by enumeration. Every assignment that the design can draw, with its exact probability: the count table of each
 * way in which the leftovers' coins can fall, times every way to deal a stratum's units onto its counts. Under outcomes
 * that are fixed for each arm, expectations over that list are sums, and what theory claims can be checked to rounding.
 */
#include "check.h"

#include "designs/design_kind.h"
#include "designs/leftovers.h"
#include "inference/effects.h"

enum { MOST_UNITS = 12, MOST_ARMS = 3, MOST_STRATA = 4, MOST_COINS = 16 };

/* A trial, and what is summed over its assignments. */
typedef struct trial {
    int n_units, n_arms, n_strata;
    int32_t stratum[MOST_UNITS];
    int64_t shares[MOST_STRATA][MOST_ARMS];
    double outcome[MOST_ARMS][MOST_UNITS];
} trial;

typedef struct visit visit;
struct visit {
    temoin_context *ctx;
    const trial *t;
    int64_t counts[MOST_STRATA][MOST_ARMS];
    int32_t arm[MOST_UNITS];
    double probability; /* of the assignment */
    double total;       /* of all visited */
    int64_t n;
    void (*see)(visit *v);
    double inclusion[MOST_UNITS][MOST_ARMS];
    const tm_estimator *estimator;
    const tm_variance *variance;
    const double *weight;
    double mean, square, mean_variance; /* of the estimate, and of its estimated variance */
};

static int stratum_size(const trial *t, int s)
{
    int n = 0;
    for (int u = 0; u < t->n_units; u++) n += t->stratum[u] == s;
    return n;
}

static int64_t factorial(int64_t n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

/* Deals unit u and all after it onto the counts that are left; every complete deal is equally likely. */
static void deal(visit *v, int u)
{
    if (u == v->t->n_units) {
        v->total += v->probability;
        v->n++;
        for (int i = 0; i < u; i++) v->inclusion[i][v->arm[i]] += v->probability;
        if (v->see) v->see(v);
        return;
    }
    for (int a = 0; a < v->t->n_arms; a++) {
        int64_t *left = &v->counts[v->t->stratum[u]][a];
        if (*left == 0) continue;
        --*left;
        v->arm[u] = a;
        deal(v, u + 1);
        ++*left;
    }
}

/* A coin that falls as it is told, and multiplies up the probability of having fallen so. */
typedef struct told {
    uint32_t falls;
    int n;
    double probability;
} told;

static bool told_rises(void *data, int64_t up, int64_t down)
{
    told *coin = data;
    assert_true(coin->n < MOST_COINS);
    const bool rises = coin->falls >> coin->n++ & 1;
    coin->probability *= (double)(rises ? down : up) / (double)(up + down);
    return rises;
}

static int64_t share_sum(const trial *t, int s)
{
    int64_t sum = 0;
    for (int a = 0; a < t->n_arms; a++) sum += t->shares[s][a];
    return sum;
}

/* Shares here have sums that divide 60, so that 60 is a common denominator. */
static void lay_table(const trial *t, int64_t table[MOST_STRATA + 1][MOST_ARMS], int64_t base[MOST_STRATA][MOST_ARMS])
{
    memset(table, 0, (MOST_STRATA + 1) * sizeof *table);
    for (int s = 0; s < t->n_strata; s++)
        for (int a = 0; a < t->n_arms; a++) {
            const int64_t product = stratum_size(t, s) * t->shares[s][a], sum = share_sum(t, s);
            assert_int_equal(60 % sum, 0);
            base[s][a] = product / sum;
            table[s][a] = product % sum * (60 / sum);
            table[t->n_strata][a] = (table[t->n_strata][a] + 60 - table[s][a]) % 60;
        }
}

static double deals(const visit *v)
{
    double n = 1;
    for (int s = 0; s < v->t->n_strata; s++) {
        n *= (double)factorial(stratum_size(v->t, s));
        for (int a = 0; a < v->t->n_arms; a++) n /= (double)factorial(v->counts[s][a]);
    }
    return n;
}

/* Visits the assignments of one sequence of coins; the number of coins that were asked for. */
static int enumerate_table(visit *v, uint32_t falls)
{
    const trial *t = v->t;
    int64_t table[MOST_STRATA + 1][MOST_ARMS], base[MOST_STRATA][MOST_ARMS], flat[(MOST_STRATA + 1) * MOST_ARMS];
    told coin = {falls, 0, 1};
    lay_table(t, table, base);
    for (int s = 0; s <= t->n_strata; s++)
        for (int a = 0; a < t->n_arms; a++) flat[s * t->n_arms + a] = table[s][a];
    check_ok(v->ctx,
             tm_leftovers_round(v->ctx, flat, t->n_strata + 1, t->n_arms, 60, (tm_leftover_coin){told_rises, &coin}));
    for (int s = 0; s < t->n_strata; s++)
        for (int a = 0; a < t->n_arms; a++) v->counts[s][a] = base[s][a] + (flat[s * t->n_arms + a] == 60);
    v->probability = coin.probability / deals(v);
    if (falls >> coin.n == 0 && coin.probability > 0) deal(v, 0); /* bits beyond the last coin would count twice */
    return coin.n;
}

static void enumerate(visit *v)
{
    int n_coins = 0;
    for (uint32_t falls = 0; falls < 1u << MOST_COINS; falls++) {
        const int n = enumerate_table(v, falls);
        if (n > n_coins) n_coins = n;
        if (falls + 1 == 1u << n_coins) break;
    }
    check_close(v->total, 1, 1e-12);
}

static tm_sample sample_of(const visit *v, double y[MOST_UNITS], const double *weight)
{
    for (int u = 0; u < v->t->n_units; u++) y[u] = v->t->outcome[v->arm[u]][u];
    return (tm_sample){.n = v->t->n_units,
                       .n_arms = v->t->n_arms,
                       .n_strata = v->t->n_strata,
                       .y = y,
                       .arm = v->arm,
                       .stratum = v->t->stratum,
                       .weight = weight};
}

static tm_effect effect_of(const visit *v, const tm_sample *sample, const tm_estimator *estimator)
{
    static const double second_against_first[] = {-1, 1, 0};
    tm_effect effect;
    tm_notes_init(&effect.notes, v->ctx);
    check_ok(v->ctx, tm_effects_run(v->ctx, sample, estimator, v->variance, second_against_first, 1, 0.95, &effect));
    return effect;
}

static void add_effect(visit *v)
{
    double y[MOST_UNITS];
    const tm_sample sample = sample_of(v, y, v->weight);
    const tm_effect effect = effect_of(v, &sample, v->estimator);
    assert_false(isnan(effect.value));
    v->mean += v->probability * effect.value;
    v->square += v->probability * effect.value * effect.value;
    if (v->variance == tm_variance_find("neyman")) {
        if (isnan(effect.se)) print_error("refused: %s\n", effect.notes.text);
        assert_false(isnan(effect.se));
        v->mean_variance += v->probability * effect.se * effect.se;
    }
}

static visit survey(const trial *t, const char *estimator, const char *variance)
{
    visit v = {.ctx = check_context(), .t = t, .see = add_effect};
    v.estimator = tm_estimator_find(estimator);
    v.variance = tm_variance_find(variance);
    enumerate(&v);
    temoin_context_free(v.ctx);
    return v;
}

/* Fixed outcomes without pattern; effects the same for everyone, or not. Strata differ in level. */
static void fill_outcomes(trial *t, bool heterogeneous)
{
    for (int u = 0; u < t->n_units; u++)
        for (int a = 0; a < t->n_arms; a++)
            t->outcome[a][u] = (u * u * 7 + 3 * u) % 11 + 5 * t->stratum[u] + 2.5 * a +
                               (heterogeneous ? a * ((u * 5 + 2 * a) % 7 - 1.5 * t->stratum[u]) : 0);
}

/* Units by stratum sizes; the same shares everywhere. */
static trial make_trial(int n_strata, const int *size, int n_arms, const int64_t *shares)
{
    trial t = {.n_arms = n_arms, .n_strata = n_strata};
    for (int s = 0; s < n_strata; s++) {
        for (int k = 0; k < size[s]; k++) t.stratum[t.n_units++] = s;
        for (int a = 0; a < n_arms; a++) t.shares[s][a] = shares[a];
    }
    return t;
}

/* The mean effect of the second arm against the first, strata weighted by `weight` (NULL: their size). */
static double true_effect(const trial *t, const double *weight)
{
    double sum = 0, total = 0;
    for (int s = 0; s < t->n_strata; s++) {
        double effect = 0, w = weight ? weight[s] : stratum_size(t, s);
        for (int u = 0; u < t->n_units; u++)
            if (t->stratum[u] == s) effect += t->outcome[1][u] - t->outcome[0][u];
        sum += w * effect / stratum_size(t, s);
        total += w;
    }
    return sum / total;
}

static const int64_t even[] = {1, 1, 1}, one_to_two[] = {1, 2, 2}, thirds[] = {1, 2, 3};

#define SIZES(...)                                                                                                     \
    (const int[])                                                                                                      \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static void dim_is_unbiased(void **state)
{
    (void)state;
    const trial trials[] = {
        make_trial(1, SIZES(6), 2, even),          make_trial(1, SIZES(7), 2, even),
        make_trial(1, SIZES(5), 2, one_to_two),    make_trial(2, SIZES(4, 6), 2, even),
        make_trial(3, SIZES(2, 3, 4), 2, even),    make_trial(4, SIZES(2, 2, 2, 2), 2, even),
        make_trial(2, SIZES(3, 5), 2, one_to_two), make_trial(1, SIZES(7), 3, even),
        make_trial(2, SIZES(4, 4), 3, even),       make_trial(1, SIZES(8), 3, thirds),
    };
    for (size_t k = 0; k < sizeof trials / sizeof *trials; k++)
        for (int heterogeneous = 0; heterogeneous < 2; heterogeneous++) {
            trial t = trials[k];
            fill_outcomes(&t, heterogeneous);
            const visit v = survey(&t, "dim", "hc0");
            check_close(v.mean, true_effect(&t, NULL), 1e-11);
        }
}

/* Where sizes are even, so that counts are fixed, the estimand's weights are n1 n0 / (n1 + n0) of each stratum. */
static void dim_precision_is_unbiased_for_its_own_effect(void **state)
{
    (void)state;
    trial t = make_trial(2, SIZES(3, 6), 2, one_to_two);
    fill_outcomes(&t, true);
    t.shares[1][1] = 1; /* 1 : 2 of three, 3 : 3 of six */
    const visit v = survey(&t, "dim_precision", "hc0");
    check_close(v.mean, true_effect(&t, (const double[]){2.0 / 3, 1.5}), 1e-11);
    assert_true(fabs(v.mean - true_effect(&t, NULL)) > 0.01); /* which is another */
}

static void neymans_variance_is_exact_or_too_large(void **state)
{
    (void)state;
    const trial trials[] = {
        make_trial(1, SIZES(6), 2, even),    make_trial(1, SIZES(6), 2, one_to_two),
        make_trial(2, SIZES(4, 6), 2, even), make_trial(2, SIZES(4, 4), 2, even),
        make_trial(1, SIZES(6), 3, even),    make_trial(1, SIZES(9), 3, even),
    };
    for (size_t k = 0; k < sizeof trials / sizeof *trials; k++) {
        trial t = trials[k];
        fill_outcomes(&t, false);
        visit v = survey(&t, "dim", "neyman");
        check_close(v.mean_variance, v.square - v.mean * v.mean, 1e-10);
        fill_outcomes(&t, true);
        v = survey(&t, "dim", "neyman");
        assert_true(v.mean_variance > v.square - v.mean * v.mean + 1e-3);
    }
}

/* What is overestimated is known too: S²(effects) / n of each stratum, weighted (N_b / N)² (Neyman 1923). */
static void neymans_excess_is_the_variance_of_the_effects(void **state)
{
    (void)state;
    trial t = make_trial(2, SIZES(4, 6), 2, even);
    fill_outcomes(&t, true);
    const visit v = survey(&t, "dim", "neyman");
    double excess = 0;
    for (int s = 0; s < 2; s++) {
        double n = stratum_size(&t, s), sum = 0, square = 0;
        for (int u = 0; u < t.n_units; u++)
            if (t.stratum[u] == s) sum += t.outcome[1][u] - t.outcome[0][u];
        for (int u = 0; u < t.n_units; u++)
            if (t.stratum[u] == s) square += pow(t.outcome[1][u] - t.outcome[0][u] - sum / n, 2);
        excess += n * n / 100 * square / (n - 1) / n;
    }
    check_close(v.mean_variance - (v.square - v.mean * v.mean), excess, 1e-9);
}

/* Shares that differ between strata: the chances that the design declares are those of the list. */
static void declared_probabilities_are_those_of_the_list(void **state)
{
    (void)state;
    trial trials[] = {make_trial(1, SIZES(7), 2, one_to_two), make_trial(3, SIZES(1, 2, 4), 2, even),
                      make_trial(2, SIZES(4, 3), 3, thirds), make_trial(3, SIZES(2, 3, 3), 3, even)};
    trials[1].shares[1][1] = 3;
    trials[3].shares[2][0] = 3;
    for (size_t k = 0; k < sizeof trials / sizeof *trials; k++) {
        const trial *t = &trials[k];
        static const char *const texts[] = {"s0", "s1", "s2", "s3"};
        const char *const one[] = {""};
        int64_t shares[MOST_STRATA * MOST_ARMS];
        double declared[MOST_UNITS], error;
        int32_t asked[MOST_UNITS];
        for (int i = 0; i < t->n_strata * t->n_arms; i++) shares[i] = t->shares[i / t->n_arms][i % t->n_arms];
        const tm_design_units units = {.n_units = t->n_units,
                                       .n_arms = t->n_arms,
                                       .n_strata = t->n_strata,
                                       .stratum = t->stratum,
                                       .stratum_text = t->n_strata > 1 ? texts : one,
                                       .shares = shares,
                                       .trial_id = "t",
                                       .seed = "s"};
        visit v = {.ctx = check_context(), .t = t};
        enumerate(&v);
        assert_true(v.n > 1);
        const tm_design *design = tm_design_find(t->n_strata > 1 ? "blocked" : "complete");
        for (int a = 0; a < t->n_arms; a++) {
            for (int u = 0; u < t->n_units; u++) asked[u] = a;
            check_ok(v.ctx, design->received(v.ctx, &units, asked, declared, &error));
            for (int u = 0; u < t->n_units; u++) check_close(v.inclusion[u][a], declared[u], 1e-12);
        }
        temoin_context_free(v.ctx);
    }
}

/* Hajek: the weighted mean of each arm, strata left out. */
static void check_hajek(visit *v)
{
    double y[MOST_UNITS], weight[MOST_UNITS], sum[MOST_ARMS] = {0}, total[MOST_ARMS] = {0};
    static const int32_t no_stratum[MOST_UNITS];
    for (int u = 0; u < v->t->n_units; u++) {
        const int s = v->t->stratum[u];
        weight[u] = (double)share_sum(v->t, s) / (double)v->t->shares[s][v->arm[u]];
    }
    tm_sample sample = sample_of(v, y, weight);
    sample.stratum = no_stratum;
    sample.n_strata = 1;
    for (int u = 0; u < v->t->n_units; u++) {
        sum[v->arm[u]] += weight[u] * y[u];
        total[v->arm[u]] += weight[u];
    }
    const tm_effect effect = effect_of(v, &sample, v->estimator);
    check_close(effect.value, sum[1] / total[1] - sum[0] / total[0], 1e-11);
    v->mean += v->probability * effect.value;
}

/* Where counts are fixed the weights of an arm sum to N always, and Hajek's estimate is Horvitz and Thompson's:
 * unbiased, where the plain difference in means is not. */
static void probability_weights_are_hajeks(void **state)
{
    (void)state;
    trial t = make_trial(2, SIZES(6, 4), 2, even);
    t.shares[0][1] = 2; /* 2 : 4 of six, 2 : 2 of four */
    fill_outcomes(&t, true);
    visit v = {.ctx = check_context(),
               .t = &t,
               .see = check_hajek,
               .estimator = tm_estimator_find("dim"),
               .variance = tm_variance_find("hc0")};
    enumerate(&v);
    check_close(v.mean, true_effect(&t, NULL), 1e-11);
    temoin_context_free(v.ctx);
    t = make_trial(2, SIZES(5, 4), 3, thirds); /* leftovers are random: checked assignment by assignment */
    t.shares[1][2] = 1;
    fill_outcomes(&t, true);
    for (int u = 0; u < t.n_units; u++) t.outcome[2][u] = 100; /* the third arm has no say */
    v = (visit){
        .ctx = check_context(), .t = &t, .estimator = tm_estimator_find("dim"), .variance = tm_variance_find("hc0")};
    v.see = check_hajek;
    enumerate(&v);
    temoin_context_free(v.ctx);
}

/* lin without covariates is dim; with the dummies of the strata as covariates and no strata it is dim with strata. */
static void check_lin(visit *v)
{
    double y[MOST_UNITS], dummy[2][MOST_UNITS];
    static const int32_t no_stratum[MOST_UNITS];
    const double *const columns[] = {dummy[0], dummy[1]};
    static const char *const names[] = {"second", "third"};
    tm_sample sample = sample_of(v, y, NULL);
    const tm_effect dim = effect_of(v, &sample, tm_estimator_find("dim"));
    const tm_effect lin = effect_of(v, &sample, tm_estimator_find("lin"));
    check_close(lin.value, dim.value, 1e-11);
    for (int d = 0; d < 2; d++)
        for (int u = 0; u < v->t->n_units; u++)
            dummy[d][u] = (v->t->stratum[u] == d + 1) - (double)stratum_size(v->t, d + 1) / v->t->n_units;
    sample.stratum = no_stratum;
    sample.n_strata = 1;
    sample.n_covariates = 2;
    sample.covariate = columns;
    sample.covariate_name = names;
    const tm_effect adjusted = effect_of(v, &sample, tm_estimator_find("lin"));
    check_close(adjusted.value, dim.value, 1e-10);
    v->mean += v->probability * adjusted.value;
}

static void lin_on_strata_is_dim(void **state)
{
    (void)state;
    trial t = make_trial(3, SIZES(4, 2, 5), 2, even);
    fill_outcomes(&t, true);
    visit v = {.ctx = check_context(), .t = &t, .see = check_lin, .variance = tm_variance_find("hc0")};
    enumerate(&v);
    check_close(v.mean, true_effect(&t, NULL), 1e-10);
    temoin_context_free(v.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dim_is_unbiased),
        cmocka_unit_test(dim_precision_is_unbiased_for_its_own_effect),
        cmocka_unit_test(neymans_variance_is_exact_or_too_large),
        cmocka_unit_test(neymans_excess_is_the_variance_of_the_effects),
        cmocka_unit_test(declared_probabilities_are_those_of_the_list),
        cmocka_unit_test(probability_weights_are_hajeks),
        cmocka_unit_test(lin_on_strata_is_dim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization tests of small trials of every kind, from plan to row, against a count over all assignments that the
 * design can make, with statistics of the test's own. */
#include "trial_case.h"

#include "designs/trial_units.h"
#include "randsample.h"
#include "temoin/estimate.h"

enum { MOST = 12, MOST_DRAWS = 20000, TRIALS_OF_KIND = 40 };

typedef struct kind {
    const char *name, *design;
    int most_units;
    bool strata, clusters, pairs, two_arms;
    bool rolling;  /* or balanced: units are not exchangeable */
    bool weighted; /* compared as one stratum, with weights */
} kind;

static const kind kinds[] = {
    {"complete", "seed: s, kind: complete", 9, .strata = false},
    {"complete, leftovers left out", "seed: s, kind: complete, misfits: missing", 9, .strata = false},
    {"blocked", "seed: s, kind: blocked, strata: [s]", 10, .strata = true},
    {"blocked, leftovers dealt together", "seed: s, kind: blocked, strata: [s], misfits: global", 8, .strata = true},
    {"blocked, weighted", "seed: s, kind: blocked, strata: [s], misfits: strata", 9, .strata = true, .weighted = true},
    {"clustered", "seed: s, kind: clustered, cluster: g", MOST, .clusters = true},
    {"blocked_clustered", "seed: s, kind: blocked_clustered, strata: [s], cluster: g", MOST, .strata = true,
     .clusters = true},
    {"pairs", "seed: s, kind: pairs, pair: p", MOST, .pairs = true, .two_arms = true},
    {"simple", "seed: s, kind: simple", 8, .strata = false},
    {"permuted", "seed: s, kind: permuted, block_sizes: [4]", 8, .two_arms = true, .rolling = true},
    {"urn", "seed: s, kind: urn, urn: {start: 1, add: 1}", 8, .two_arms = true, .rolling = true},
    {"biased_coin", "seed: s, kind: biased_coin, coin: 0.7", 8, .two_arms = true, .rolling = true},
    {"minimized", "seed: s, kind: minimized, factors: [{column: h}], coin: 0.8", 8, .two_arms = true, .rolling = true},
    {"constrained", "seed: s, kind: constrained, covariates: [x], fraction: 0.6", 10, .two_arms = true,
     .rolling = true},
    {"rerandomized", "seed: s, kind: rerandomized, covariates: [x], accept: 0.6", 8, .two_arms = true, .rolling = true},
    {"elsewhere", "assigned: arm, kind: blocked, strata: [s]", 10, .strata = true},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

typedef struct trial {
    const kind *k;
    int n, n_arms, share[3];
    const char *statistic;
    int stratum[MOST], cluster[MOST], pair[MOST], drawn[MOST], x[MOST], y[MOST]; /* y -1: missing */
    char plan[2000];
} trial;

static void make_units(trial *t, uint64_t *seed)
{
    const int ties = 2 + rand_below(seed, 9);
    for (int u = 0, g = 0; u < t->n; u++) {
        t->stratum[u] = u ? t->stratum[u - 1] : 0;
        if (t->k->strata && u > 1 && t->stratum[u] < 2 && rand_below(seed, 4) == 0) t->stratum[u]++;
        if (u && (t->stratum[u] != t->stratum[u - 1] || rand_below(seed, 3))) g++;
        t->cluster[u] = g;
        t->pair[u] = u / 2;
        t->drawn[u] = u < t->n_arms ? u : rand_below(seed, t->n_arms);
        t->x[u] = rand_below(seed, 20);
        t->y[u] = rand_below(seed, 12) ? rand_below(seed, ties) : -1;
    }
}

static void make_trial(trial *t, const kind *k, uint64_t *seed)
{
    static const char *const statistics[] = {"difference", "studentized", "rank_sum", "kolmogorov_smirnov"};
    *t = (trial){.k = k, .n_arms = k->two_arms || rand_below(seed, 2) ? 2 : 3};
    t->n = 5 + rand_below(seed, k->most_units - 4 - (t->n_arms > 2));
    t->statistic = statistics[k->weighted ? 0 : rand_below(seed, 4)];
    for (int a = 0; a < 3; a++) t->share[a] = k->rolling || k->pairs ? 1 : 1 + rand_below(seed, 3);
    make_units(t, seed);
}

static void write_trial(trial *t)
{
    char text[4000] = "id,s,h,g,p,arm,x,y\n", third[40] = "";
    for (int u = 0; u < t->n; u++) {
        char y[16] = "";
        if (t->y[u] >= 0) snprintf(y, sizeof y, "%d", t->y[u]);
        const size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "u%02d,s%d,h%d,g%02d,p%d,%c,%d,%s\n", u, t->stratum[u], u % 3 % 2,
                 t->cluster[u], t->pair[u], 'a' + t->drawn[u], t->x[u], y);
    }
    write_file("c.csv", text);
    if (t->n_arms > 2) snprintf(third, sizeof third, ", {name: c, share: %d}", t->share[2]);
    snprintf(t->plan, sizeof t->plan,
             "temoin: 1\n"
             "trial: {id: t}\n"
             "clients: {file: c.csv, id: id}\n"
             "outcomes: [{file: c.csv, id: id}]\n"
             "arms: [{name: a, share: %d}, {name: b, share: %d}%s]\n"
             "design: {%s}\n"
             "measures: [{name: y}]\n"
             "estimates: [{name: e, measures: [y], variance: neyman%s, contrasts: [{arm: b, reference: a}]}]\n"
             "randomization: {draws: %d, statistic: %s}\n",
             t->share[0], t->share[1], third, t->k->design, t->k->weighted ? ", strata: none" : "", MOST_DRAWS,
             t->statistic);
}

/* What is counted over the assignments. */
typedef struct count {
    const trial *t;
    const int32_t *own;
    double chance[3][MOST]; /* of the arm for the unit */
    bool conditional;       /* on the arms of all others, and how many of a block are in each of the two */
    double observed, extreme, total;
    int64_t n;
} count;

static bool takes_part(const count *c, const int32_t *arm, int u)
{
    return c->t->y[u] >= 0 && arm[u] >= 0;
}

static int32_t block_of(const trial *t, int u)
{
    return t->k->pairs ? t->pair[u] : t->stratum[u];
}

/* Strata weighted by all who are in them; NaN without a stratum that has both arms. */
static double difference(const count *c, const int32_t *arm)
{
    double value = 0, total = 0;
    for (int s = 0; s < 3; s++) {
        double sum[3] = {0}, n[3] = {0}, size = 0;
        for (int u = 0; u < c->t->n; u++) {
            if (!takes_part(c, arm, u) || (!c->t->k->weighted && c->t->stratum[u] != s)) continue;
            const double weight = c->t->k->weighted ? 1 / c->chance[arm[u]][u] : 1;
            sum[arm[u]] += weight * c->t->y[u], n[arm[u]] += weight, size++;
        }
        if (n[0] == 0 || n[1] == 0) continue;
        value += size * (sum[1] / n[1] - sum[0] / n[0]), total += size;
    }
    return value / total;
}

/* Neyman's variance with the same weights; a cell of one has none. */
static double studentized(const count *c, const int32_t *arm)
{
    double value = difference(c, arm), variance = 0, total = 0, most = -1, least = 99;
    for (int s = 0; s < 3; s++) {
        double sum[3] = {0}, square[3] = {0}, n[3] = {0}, size = 0;
        for (int u = 0; u < c->t->n; u++) {
            if (!takes_part(c, arm, u) || c->t->stratum[u] != s) continue;
            sum[arm[u]] += c->t->y[u], square[arm[u]] += c->t->y[u] * c->t->y[u], n[arm[u]]++, size++;
            most = fmax(most, c->t->y[u]), least = fmin(least, c->t->y[u]);
        }
        if (n[0] == 0 || n[1] == 0) continue;
        if (n[0] < 2 || n[1] < 2) return NAN;
        for (int a = 0; a < 2; a++) variance += size * size * (square[a] - sum[a] * sum[a] / n[a]) / (n[a] - 1) / n[a];
        total += size;
    }
    if (variance <= 1e-12 || most == least) return NAN;
    return value / (sqrt(variance) / total);
}

static double rank_sum(const count *c, const int32_t *arm)
{
    double sum[3] = {0}, n[3] = {0};
    for (int u = 0; u < c->t->n; u++) {
        if (!takes_part(c, arm, u)) continue;
        double rank = 0.5;
        for (int v = 0; v < c->t->n; v++) /* among all rows of the trial as it was */
            if (takes_part(c, c->own, v)) rank += c->t->y[v] < c->t->y[u] ? 1 : c->t->y[v] == c->t->y[u] ? 0.5 : 0;
        sum[arm[u]] += rank, n[arm[u]]++;
    }
    return sum[1] / n[1] - sum[0] / n[0];
}

static double kolmogorov_smirnov(const count *c, const int32_t *arm)
{
    double largest = 0, n[3] = {0};
    for (int y = 0; y < 12; y++) {
        double below[3] = {0};
        n[0] = n[1] = 0;
        for (int u = 0; u < c->t->n; u++)
            if (takes_part(c, arm, u)) n[arm[u]]++, below[arm[u]] += c->t->y[u] <= y;
        largest = fmax(largest, fabs(below[1] / n[1] - below[0] / n[0]));
    }
    return n[0] > 0 && n[1] > 0 ? largest : NAN;
}

static double statistic(const count *c, const int32_t *arm)
{
    switch (c->t->statistic[0]) {
    case 'd':
        return difference(c, arm);
    case 's':
        return studentized(c, arm);
    case 'r':
        return rank_sum(c, arm);
    default:
        return kolmogorov_smirnov(c, arm);
    }
}

/* Clusters count once, by their first unit. */
static int number_in(const trial *t, const int32_t *arm, int32_t block, int32_t a)
{
    int n = 0;
    for (int u = 0; u < t->n; u++)
        n +=
            arm[u] == a && block_of(t, u) == block && (!t->k->clusters || u == 0 || t->cluster[u] != t->cluster[u - 1]);
    return n;
}

static bool is_alike(const count *c, const int32_t *arm)
{
    for (int u = 0; u < c->t->n; u++)
        if ((arm[u] != 0 && arm[u] != 1) || (c->own[u] != 0 && c->own[u] != 1))
            if (arm[u] != c->own[u]) return false;
    for (int32_t b = 0; b < MOST; b++)
        if (number_in(c->t, arm, b, 0) != number_in(c->t, c->own, b, 0)) return false;
    return true;
}

static bool add(void *data, const int32_t *arm, double probability)
{
    count *c = data;
    if (c->conditional && !is_alike(c, arm)) return true;
    const double value = statistic(c, arm);
    c->n++;
    c->total += probability;
    if (isnan(value) || fabs(value) >= fabs(c->observed) - 1e-9) c->extreme += probability;
    return true;
}

/* All arrangements of the blocks of a trial drawn elsewhere, arm by arm: those that are not alike do not count. */
static void add_all(count *c, int32_t *arm, int u)
{
    if (u == c->t->n)
        add(c, arm, 1);
    else
        for (arm[u] = 0; arm[u] < c->t->n_arms; arm[u]++) add_all(c, arm, u + 1);
}

static void count_all(run *r, count *c)
{
    const temoin_assignment *assignment = r->assignment;
    const tm_design *design = tm_design_find(r->plan->design.kind);
    tm_design_units units;
    int32_t asked[MOST];
    double error;
    bool someone[4] = {false};
    for (int u = 0; u < c->t->n; u++) someone[assignment->arm[u] + 1] = true;
    c->conditional = !c->t->k->rolling && (!assignment->drawn || someone[0] || someone[3]);
    if (!assignment->drawn) {
        c->observed = statistic(c, c->own);
        add_all(c, asked, 0);
        return;
    }
    check_ok(r->ctx, tm_trial_units_build(r->ctx, r->trial, &units));
    for (int32_t a = 0; c->t->k->weighted && a < c->t->n_arms; a++) {
        for (int u = 0; u < c->t->n; u++) asked[u] = a;
        check_ok(r->ctx, design->received(r->ctx, &units, asked, c->chance[a], &error));
    }
    c->observed = statistic(c, c->own);
    check_ok(r->ctx, design->enumerate(r->ctx, &units, add, c));
}

/* What the design refuses is not a trial. */
static bool compare(trial *t, int *n_exact, int64_t *n_listed)
{
    run r = start(t->plan);
    const temoin_results *results;
    count c = {.t = t};
    if (temoin_trial_build(r.ctx, r.plan, true, &r.trial) != TEMOIN_OK ||
        temoin_assignment_draw(r.ctx, r.trial, &r.assignment) != TEMOIN_OK) {
        temoin_context_free(r.ctx);
        return false;
    }
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    const temoin_row *row = &results->rows[0];
    c.own = r.assignment->arm;
    count_all(&r, &c);
    const double p = isnan(c.observed) ? NAN : c.extreme / c.total;
    const bool exact = row->p_randomization_low == row->p_randomization_high && row->n_redraws == c.n;
    if (isnan(p) != isnan(row->p_randomization) || (!isnan(p) && (!exact || fabs(p - row->p_randomization) > 1e-12))) {
        print_error("%s %s: p is %.17g of %lld, want %.17g of %lld (observed %g)\n%s\n", t->k->name, t->statistic,
                    row->p_randomization, (long long)row->n_redraws, p, (long long)c.n, c.observed, t->plan);
        for (int u = 0; u < t->n; u++)
            print_error("%d: stratum %d cluster %d y %d arm %d\n", u, t->stratum[u], t->cluster[u], t->y[u], c.own[u]);
        fail();
    }
    *n_exact += !isnan(p);
    *n_listed += c.n;
    temoin_context_free(r.ctx);
    return true;
}

static void p_is_a_count_over_all_assignments(void **state)
{
    (void)state;
    uint64_t seed = 20;
    int64_t n_listed = 0;
    int n_exact = 0;
    for (int k = 0; k < N_KINDS; k++) {
        const int before = n_exact;
        for (int i = 0; i < TRIALS_OF_KIND; i++) {
            static trial t;
            make_trial(&t, &kinds[k], &seed);
            write_trial(&t);
            compare(&t, &n_exact, &n_listed);
        }
        printf("# %3d %s\n", n_exact - before, kinds[k].name);
        assert_true(n_exact - before >= 8);
    }
    printf("# randomization p values that equal a count: %d, over %lld assignments\n", n_exact, (long long)n_listed);
    assert_true(n_exact >= 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(p_is_a_count_over_all_assignments)};
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Designs that draw clients as they come, against figures of their authors and against chains worked out here. */
#include "small_trial.h"

static tm_plan_options no_options(void)
{
    return (tm_plan_options){
        .misfits = "pivotal", .coin = NAN, .urn_start = NAN, .urn_add = NAN, .accept = NAN, .fraction = NAN};
}

static void draw(const tm_design *design, small_trial *t)
{
    temoin_context *ctx = check_context();
    check_ok(ctx, design->draw(ctx, &t->units, t->arm));
    temoin_context_free(ctx);
}

static void refuses(const tm_design *design, const tm_design_units *units, const char *text)
{
    int32_t arm[MOST_UNITS];
    double number;
    temoin_context *ctx = check_context();
    assert_int_equal(design->draw(ctx, units, arm), TEMOIN_ERR_PLAN);
    if (!strstr(temoin_context_problem(ctx, 0), text)) fail_msg("%s", temoin_context_problem(ctx, 0));
    assert_int_equal(design->count(ctx, units, &number), TEMOIN_ERR_PLAN);
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

/* Distribution of (units in the first arm) - (in the second) over all assignments. */
typedef struct spread {
    int64_t n_units;
    double chance[2 * 32 + 1];
} spread;

static bool add_spread(void *data, const int32_t *arm, double probability)
{
    spread *s = data;
    int d = 0;
    for (int64_t u = 0; u < s->n_units; u++) d += arm[u] == 0 ? 1 : -1;
    s->chance[32 + d] += probability;
    return true;
}

static spread list_spread(const tm_design *design, const small_trial *t)
{
    spread s = {.n_units = t->units.n_units};
    temoin_context *ctx = check_context();
    check_ok(ctx, design->enumerate(ctx, &t->units, add_spread, &s));
    temoin_context_free(ctx);
    return s;
}

/* Efron 1971: |D| goes from 0 to 1, and from j to j + 1 with chance 1 - p, to j - 1 with chance p. */
static void efrons_imbalance_is_his_chain(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t shares[] = {1, 1};
    tm_plan_options options = no_options();
    for (int k = 0; k < 2; k++) {
        const double p = k ? 0.9 : 2.0 / 3;
        double chain[34] = {1};
        if (k) options.coin = 0.9;
        for (int64_t n = 1; n <= 12; n++) {
            double next[34] = {0};
            for (int j = 0; j < 33; j++) {
                next[j + 1] += chain[j] * (j ? 1 - p : 1);
                if (j) next[j - 1] += chain[j] * p;
            }
            memcpy(chain, next, sizeof chain);
            build_trial(&t, 1, 2, &n, shares);
            t.units.options = k ? &options : NULL;
            const spread s = list_spread(design_of("biased_coin"), &t);
            for (int j = 0; j <= n; j++)
                assert_true(fabs(s.chance[32 + j] + (j ? s.chance[32 - j] : 0) - chain[j]) <= 1e-14);
        }
    }
}

/* Efron 1971: with the coin 2/3 half of all long trials of even size end in balance, and 3/4 of those of odd size in a
 * difference of one. */
static void efrons_limits(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    static small_trial t;
    const int64_t shares[] = {1, 1};
    for (int64_t n = 60; n <= 61; n++) {
        int least = 0;
        build_trial(&t, 1, 2, &n, shares);
        for (t.units.replicate = 1; t.units.replicate <= DRAWS; t.units.replicate++) {
            int64_t first = 0;
            draw(design_of("biased_coin"), &t);
            for (int64_t u = 0; u < n; u++) first += t.arm[u] == 0;
            least += llabs(2 * first - n) <= 1;
        }
        const double p = n % 2 ? 0.75 : 0.5;
        assert_true(fabs(least - DRAWS * p) <= 4 * sqrt(DRAWS * p * (1 - p)));
    }
}

/* Wei 1978, UD(start, add): given a difference of D after n units, the first arm's chance is 1/2 - add D / 2(2 start +
 * add n). So E D^2 grows by 1 - 2 add E D^2 / (2 start + add n); for UD(1, 1) it is (n + 2) / 3. */
static void weis_variance(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t shares[] = {3, 3};
    const double ball[][2] = {{1, 1}, {3, 2}, {1, 0}, {1, 1000}};
    for (size_t k = 0; k < 4; k++) {
        double variance = 0;
        tm_plan_options options = no_options();
        options.urn_start = ball[k][0], options.urn_add = ball[k][1];
        for (int64_t n = 1; n <= 12; n++) {
            double found = 0;
            variance += 1 - 2 * ball[k][1] * variance / (2 * ball[k][0] + ball[k][1] * (double)(n - 1));
            build_trial(&t, 1, 2, &n, shares);
            t.units.options = k ? &options : NULL;
            const spread s = list_spread(design_of("urn"), &t);
            for (int d = -32; d <= 32; d++) found += s.chance[32 + d] * d * d;
            assert_true(fabs(found - variance) <= 1e-12);
            if (!k) check_close(found, n < 2 ? 1 : ((double)n + 2) / 3, 1e-13);
        }
    }
}

typedef struct totals {
    const tm_design_units *units;
    double chance[32][MOST_ARMS];
} totals;

static bool add_totals(void *data, const int32_t *arm, double probability)
{
    totals *t = data;
    for (int64_t u = 0; u < t->units->n_units; u++) t->chance[u][arm[u]] += probability;
    return true;
}

/* With any shares: the urn's tickets and a block's places are exchangeable. */
static void urns_and_blocks_keep_shares_at_every_turn(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 7, shares[] = {1, 2, 7};
    const char *keys[] = {"urn", "permuted"};
    for (int k = 0; k < 2; k++) {
        build_trial(&t, 1, 3, &n, shares);
        totals sum = {.units = &t.units};
        temoin_context *ctx = check_context();
        check_ok(ctx, design_of(keys[k])->enumerate(ctx, &t.units, add_totals, &sum));
        temoin_context_free(ctx);
        for (int64_t u = 0; u < n; u++)
            for (int32_t a = 0; a < 3; a++) check_close(sum.chance[u][a], (double)shares[a] / 10, 1e-13);
    }
}

/* Many arms, unequal shares. Blocks of ten end exactly; a coin stays within a unit or two; an urn of W tickets has the
 * variance n share (1 - share) (W - 1) / (W + 1) in the end, which for two equal arms is Wei's n / 12. */
static void long_trials_keep_their_shares(void **state)
{
    (void)state;
    enum { DRAWS = 200 };
    static small_trial t;
    const int64_t n = 1000, shares[] = {1, 2, 7, 0};
    const char *keys[] = {"permuted", "urn", "biased_coin", "minimized"};
    tm_plan_options options = no_options();
    options.coin = 0.85;
    for (int k = 0; k < 4; k++) {
        double sum[4] = {0}, squares[4] = {0};
        build_trial(&t, 1, 4, &n, shares);
        t.units.options = &options;
        for (t.units.replicate = 1; t.units.replicate <= DRAWS; t.units.replicate++) {
            int64_t count[4] = {0};
            draw(design_of(keys[k]), &t);
            for (int64_t u = 0; u < n; u++) count[t.arm[u]]++;
            for (int32_t a = 0; a < 4; a++) {
                const double d = (double)count[a] - (double)(n * shares[a]) / 10;
                sum[a] += d, squares[a] += d * d;
            }
        }
        assert_true(squares[3] == 0 && (k > 0 || squares[0] + squares[1] + squares[2] == 0));
        for (int32_t a = 0; a < 3; a++) {
            const double share = (double)shares[a] / 10, sd = sqrt(squares[a] / DRAWS);
            const double urn = sqrt((double)n * share * (1 - share) * 9 / 11);
            assert_true(k == 1 ? fabs(sd / urn - 1) <= 0.2 : sd <= 2);
            assert_true(fabs(sum[a] / DRAWS) <= (k == 1 ? 4 * urn / sqrt(DRAWS) : 1.2));
        }
    }
}

/* Every block of a stratum that is full has each arm's places exactly, and within a block nobody is further off than
 * that. */
static void blocks_fill_exactly(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t size[] = {400, 30, 7}, shares[] = {1, 2, 3, 1, 1, 2, 2, 2, 2}, block[] = {6, 8, 6},
                  unit[] = {6, 4, 3};
    int64_t arrival[437];
    for (int64_t k = 0; k < 437; k++) arrival[k] = k * 100 % 437;
    build_trial(&t, 3, 3, size, shares);
    t.units.arrival = arrival;
    draw(design_of("permuted"), &t);
    for (int32_t s = 0; s < 3; s++) {
        int64_t count[3] = {0}, n = 0;
        for (int64_t k = 0; k < 437; k++) {
            if (t.stratum[arrival[k]] != s) continue;
            count[t.arm[arrival[k]]]++, n++;
            for (int32_t a = 0; a < 3; a++) {
                const int64_t share = shares[s * 3 + a] / (s == 2 ? 2 : 1), off = count[a] * unit[s] - n * share;
                assert_true(n % block[s] || off == 0);
                assert_true(llabs(off) <= share * block[s] / unit[s] * (unit[s] - share));
            }
        }
        assert_int_equal(n, size[s]);
    }
}

/* Sequences of two arms by blocks of sizes that nobody sees, dealt place by place. */
static void deal(double *chance, const int64_t *size, int n_sizes, int n, int at, int bits, int first, int second,
                 double p)
{
    if (at == n) {
        chance[bits] += p;
        return;
    }
    if (first + second == 0) {
        for (int i = 0; i < n_sizes; i++)
            deal(chance, size, n_sizes, n, at, bits, (int)size[i] / 2, (int)size[i] / 2, p / n_sizes);
        return;
    }
    if (first) deal(chance, size, n_sizes, n, at + 1, bits, first - 1, second, p * first / (first + second));
    if (second)
        deal(chance, size, n_sizes, n, at + 1, bits | 1 << at, first, second - 1, p * second / (first + second));
}

typedef struct sequences {
    const tm_design_units *units;
    double chance[256];
} sequences;

static bool add_sequence(void *data, const int32_t *arm, double probability)
{
    sequences *s = data;
    int bits = 0;
    for (int64_t k = 0; k < s->units->n_units; k++) bits |= arm[s->units->arrival[k]] << k;
    s->chance[bits] += probability;
    return true;
}

static void random_sizes_have_the_chances_of_their_places(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 8, shares[] = {5, 5}, size[] = {2, 6, 4}, arrival[] = {3, 1, 7, 0, 2, 6, 5, 4};
    tm_plan_options options = no_options();
    options.block_sizes = size;
    for (options.n_block_sizes = 1; options.n_block_sizes <= 3; options.n_block_sizes++) {
        double chance[256] = {0}, log_count;
        int n_possible = 0;
        build_trial(&t, 1, 2, &n, shares);
        t.units.options = &options, t.units.arrival = arrival;
        sequences found = {.units = &t.units};
        temoin_context *ctx = check_context();
        check_ok(ctx, design_of("permuted")->enumerate(ctx, &t.units, add_sequence, &found));
        check_ok(ctx, design_of("permuted")->count(ctx, &t.units, &log_count));
        deal(chance, size, options.n_block_sizes, (int)n, 0, 0, 0, 0, 1);
        for (int i = 0; i < 256; i++) {
            assert_true(fabs(found.chance[i] - chance[i]) <= 1e-15);
            n_possible += chance[i] > 0;
        }
        check_close(log_count, log(n_possible), 1e-13);
        temoin_context_free(ctx);
    }
}

/* 6 permutations of AABB and 4 of its beginnings AA, AB, BA, BB; 90 of AABBCC; long ones by factorials. */
static void numbers_of_permutations(void **state)
{
    (void)state;
    static small_trial t;
    double log_count;
    const int64_t n[] = {4, 6, 6, 1000, 6}, shares[][3] = {{1, 1, 0}, {1, 1, 0}, {1, 1, 1}, {1, 1, 0}, {0, 0, 7}};
    const int64_t big = 1000;
    const double want[] = {log(6), log(24), log(90), lgamma(1001) - 2 * lgamma(501), 0};
    tm_plan_options options = no_options();
    options.block_sizes = &big, options.n_block_sizes = 1;
    for (int k = 0; k < 5; k++) {
        build_trial(&t, 1, k == 0 || k == 1 ? 2 : 3, &n[k], shares[k]);
        if (k == 3) t.units.options = &options;
        temoin_context *ctx = check_context();
        check_ok(ctx, design_of("permuted")->count(ctx, &t.units, &log_count));
        assert_true(fabs(log_count - want[k]) <= 1e-12 * (1 + want[k]));
        temoin_context_free(ctx);
    }
}

/* Far down a list of blocks of random sizes, pairs against what 20,000 draws give. */
static void pairs_far_apart(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    static small_trial t;
    const int64_t n = 40, shares[] = {1, 2}, size[] = {3, 6}, other[] = {33, 34, 36, 39};
    double count[4][2][2] = {{{0}}}, p;
    tm_plan_options options = no_options();
    options.block_sizes = size, options.n_block_sizes = 2;
    build_trial(&t, 1, 2, &n, shares);
    t.units.options = &options;
    for (t.units.replicate = 1; t.units.replicate <= DRAWS; t.units.replicate++) {
        draw(design_of("permuted"), &t);
        for (int k = 0; k < 4; k++) count[k][t.arm[35]][t.arm[other[k]]]++;
    }
    temoin_context *ctx = check_context();
    for (int k = 0; k < 4; k++)
        for (int32_t a = 0; a < 2; a++)
            for (int32_t b = 0; b < 2; b++) {
                check_ok(ctx, design_of("permuted")->pairwise(ctx, &t.units, 35, a, other[k], b, &p));
                assert_true(fabs(count[k][a][b] - DRAWS * p) <= 4 * sqrt(DRAWS * p * (1 - p)));
            }
    temoin_context_free(ctx);
}

/* Lim & In 2019, "Randomization in clinical studies", Korean Journal of Anesthesiology 72, table 4. Seven patients in
 * each group; the 15th, a woman of 74 at site 2, makes an imbalance of 3 in the control group and of 5 in the treatment
 * group, and goes to control. */
static void the_fifteenth_patient(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 15, shares[] = {1, 1};
    /*                              control              treatment            the next one */
    static const int32_t site[] = {0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1};
    static const int32_t sex[] = {0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1};
    static const int32_t age[] = {0, 0, 1, 1, 2, 2, 2, 0, 0, 1, 1, 2, 2, 2, 2};
    const int32_t *factor[] = {site, sex, age}, n_levels[] = {2, 2, 3};
    double probability[15], error;
    build_trial(&t, 1, 2, &n, shares);
    set_factors(&t, 3, factor, n_levels);
    for (int32_t last = 0; last < 2; last++) {
        temoin_context *ctx = check_context();
        for (int u = 0; u < 15; u++) t.arm[u] = u < 7 ? 0 : 1;
        t.arm[14] = last;
        check_ok(ctx, design_of("minimized")->received(ctx, &t.units, t.arm, probability, &error));
        check_close(probability[14], last ? 0.2 : 0.8, 1e-15);
        temoin_context_free(ctx);
    }
}

/* The same patient with site and age weighted: the treatment group's distance is smaller where it counts. */
static void weights_count(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 3, shares[] = {1, 1};
    static const int32_t first[] = {0, 1, 0}, second[] = {0, 1, 1};
    const int32_t *factor[] = {first, second}, n_levels[] = {2, 2};
    const struct {
        double weight[2], chance; /* of arm 0 for the third unit, when unit 0 is in arm 0 and unit 1 in arm 1 */
    } cases[] = {{{1, 1}, 0.5}, {{2, 1}, 0.2}, {{1, 1.000000001}, 0.8}, {{0.3, 0.1}, 0.2}, {{0.1, 0.1}, 0.5}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double probability[3], error;
        const tm_plan_factor weights[] = {{"first", cases[k].weight[0]}, {"second", cases[k].weight[1]}};
        tm_plan_options options = no_options();
        options.factors = weights, options.n_factors = 2;
        build_trial(&t, 1, 2, &n, shares);
        set_factors(&t, 2, factor, n_levels);
        t.units.options = &options;
        t.arm[0] = 0, t.arm[1] = 1, t.arm[2] = 0;
        temoin_context *ctx = check_context();
        check_ok(ctx, design_of("minimized")->received(ctx, &t.units, t.arm, probability, &error));
        check_close(probability[2], cases[k].chance, 1e-15);
        temoin_context_free(ctx);
    }
}

/* Each turn again by the definition, in floating point: sums of |n - share of the total|, three arms and their shares.
 */
static void imbalance_is_its_definition(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 1975;
    for (int trial = 0; trial < 50; trial++) {
        const int64_t n = 60, shares[] = {1 + random_below(&x, 2), 1 + random_below(&x, 2), 1 + random_below(&x, 2)};
        const double all = (double)(shares[0] + shares[1] + shares[2]);
        const tm_plan_factor weights[] = {{"first", 1}, {"second", 1 + random_below(&x, 3) * 0.5}};
        double probability[60], error;
        tm_plan_options options = no_options();
        options.factors = weights, options.n_factors = 2, options.coin = 0.7;
        build_trial(&t, 1, 3, &n, shares);
        t.units.options = &options;
        draw(design_of("minimized"), &t);
        temoin_context *ctx = check_context();
        check_ok(ctx, design_of("minimized")->received(ctx, &t.units, t.arm, probability, &error));
        temoin_context_free(ctx);
        for (int64_t u = 0; u < n; u++) {
            double imbalance[3] = {0}, least = INFINITY, want = 0, best = 0;
            for (int32_t c = 0; c < 3; c++)
                for (int f = 0; f < 2; f++) {
                    double count[3] = {0}, total = 1;
                    for (int64_t v = 0; v < u; v++) {
                        if (t.level[f][v] != t.level[f][u]) continue;
                        count[t.arm[v]]++, total++;
                    }
                    count[c]++;
                    for (int32_t a = 0; a < 3; a++)
                        imbalance[c] += weights[f].weight * fabs(count[a] - total * (double)shares[a] / all);
                }
            for (int32_t c = 0; c < 3; c++) least = fmin(least, imbalance[c]);
            for (int32_t c = 0; c < 3; c++)
                if (imbalance[c] < least + 1e-9) best += (double)shares[c];
            const int32_t a = t.arm[u];
            const double share = (double)shares[a];
            for (int32_t c = 0; c < 3; c++) {
                if (!(imbalance[c] < least + 1e-9)) continue;
                const double favourite = (double)shares[c] / best;
                want += best == all ? (c == a ? favourite : 0)
                        : c == a    ? favourite * 0.7
                                    : favourite * 0.3 * share / (all - (double)shares[c]);
            }
            check_close(probability[u], want, 1e-12);
        }
    }
}

/* One factor, two equal arms: minimizing it is Efron's coin within its levels, to the last draw. */
static void one_factor_is_a_biased_coin_in_strata(void **state)
{
    (void)state;
    static small_trial t, whole;
    const int64_t size[] = {40, 60, 1}, n = 101, shares[] = {1, 1, 1, 1, 1, 1};
    const int32_t n_levels = 3;
    tm_plan_options options = no_options();
    options.coin = 0.75;
    build_trial(&t, 3, 2, size, shares);
    build_trial(&whole, 1, 2, &n, shares);
    const int32_t *factor = t.stratum;
    set_factors(&whole, 1, &factor, &n_levels);
    t.units.options = whole.units.options = &options;
    draw(design_of("biased_coin"), &t);
    draw(design_of("minimized"), &whole);
    assert_memory_equal(t.arm, whole.arm, 101 * sizeof *t.arm);
}

static bool count_one(void *data, const int32_t *arm, double probability)
{
    (void)arm;
    assert_true(probability == 1);
    ++*(int *)data;
    return true;
}

/* Nothing is left to chance: one assignment, however many units; and a visitor may stop at the first of many. */
static bool stop(void *data, const int32_t *arm, double probability)
{
    (void)arm;
    assert_true(probability > 0);
    return ++*(int *)data < 3;
}

static void lists_end(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 4000, few = 9, certain[] = {0, 5, 0}, shares[] = {1, 1, 1};
    const char *keys[] = {"permuted", "urn", "biased_coin", "minimized"};
    for (int k = 0; k < 4; k++) {
        int visited = 0;
        double log_count;
        temoin_context *ctx = check_context();
        build_trial(&t, 1, 3, &n, certain);
        check_ok(ctx, design_of(keys[k])->enumerate(ctx, &t.units, count_one, &visited));
        check_ok(ctx, design_of(keys[k])->count(ctx, &t.units, &log_count));
        assert_true(visited == 1 && log_count == 0);
        build_trial(&t, 1, 3, &few, shares);
        visited = 0;
        check_ok(ctx, design_of(keys[k])->enumerate(ctx, &t.units, stop, &visited));
        assert_int_equal(visited, 3);
        temoin_context_free(ctx);
    }
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 10, shares[] = {1, 2}, sizes[] = {6, 4}, size[] = {4, 6}, two[] = {1, 2, 1, 2}, zero = 0;
    const double coins[] = {0, 1, -0.1, 1.5, 0.7123456789012, INFINITY}, starts[] = {0, -1, 1.5, 1e7, INFINITY};
    const char *keys[] = {"biased_coin", "minimized"};
    tm_plan_options options = no_options();
    build_trial(&t, 1, 2, &n, shares);
    t.units.options = &options;
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof coins / sizeof *coins; i++) {
            options.coin = coins[i];
            refuses(design_of(keys[k]), &t.units, "above 0 and below 1");
        }
        options.coin = 0.66;
        refuses(design_of(keys[k]), &t.units, "arm 2 has the share 0.6666666666666666");
        options.coin = 0.67;
        draw(design_of(keys[k]), &t);
    }
    options.block_sizes = sizes, options.n_block_sizes = 2;
    refuses(design_of("permuted"), &t.units, "found 4; with the shares a block must have a multiple of 3 places");
    options.block_sizes = &zero, options.n_block_sizes = 1;
    refuses(design_of("permuted"), &t.units, "found 0");
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        options.urn_start = starts[i];
        refuses(design_of("urn"), &t.units, "\"start\" must be a whole number of balls from 1");
    }
    options.urn_start = NAN, options.urn_add = -1;
    refuses(design_of("urn"), &t.units, "\"add\" must be a whole number of balls from 0");
    for (int f = 0; f < 3; f++) {
        const tm_plan_factor weights[] = {{"site", 1}, {"age", f == 0 ? 0 : f == 1 ? -2 : 1e-10}};
        options.factors = weights, options.n_factors = 2, options.coin = NAN;
        refuses(design_of("minimized"), &t.units, "factor \"age\": found the weight");
    }
    options = no_options();
    t.units.n_factors = 0;
    refuses(design_of("minimized"), &t.units, "needs design.factors");
    build_trial(&t, 2, 2, size, two);
    refuses(design_of("minimized"), &t.units, "has no strata");
    t.shares[2] = t.shares[3] = 0;
    refuses(design_of("urn"), &t.units, "of stratum \"s0001");
}

/* Two arms with shares of 1 and 2: a mean weighted by one over the chance at the turn is right over all draws, one
 * weighted by the shares is not; the second client's chance is 5/9, not 1/3. */
typedef struct weighing {
    const small_trial *t;
    double by_turn, by_share, second, total;
} weighing;

static bool add_weighted(void *data, const int32_t *arm, double probability)
{
    weighing *w = data;
    double chance[MOST_UNITS], error;
    temoin_context *ctx = check_context();
    check_ok(ctx, design_of("biased_coin")->received(ctx, &w->t->units, arm, chance, &error));
    for (int64_t u = 0; u < w->t->units.n_units; u++) {
        const double y = (double)(u * u);
        w->by_turn += arm[u] == 0 ? probability * y / chance[u] : 0;
        w->by_share += arm[u] == 0 ? probability * y * 3 : 0;
    }
    w->second += arm[1] == 0 ? probability : 0;
    w->total += probability;
    temoin_context_free(ctx);
    return true;
}

static void weights_by_turn_are_right(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t size[] = {7}, shares[] = {1, 2};
    weighing w = {.t = &t};
    temoin_context *ctx = check_context();
    build_trial(&t, 1, 2, size, shares);
    check_ok(ctx, design_of("biased_coin")->enumerate(ctx, &t.units, add_weighted, &w));
    check_close(w.total, 1, 1e-12);
    check_close(w.by_turn, 91, 1e-12);
    check_close(w.second, 5.0 / 9, 1e-12);
    assert_true(fabs(w.by_share - 91) > 5);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efrons_imbalance_is_his_chain),
        cmocka_unit_test(efrons_limits),
        cmocka_unit_test(weis_variance),
        cmocka_unit_test(urns_and_blocks_keep_shares_at_every_turn),
        cmocka_unit_test(long_trials_keep_their_shares),
        cmocka_unit_test(blocks_fill_exactly),
        cmocka_unit_test(random_sizes_have_the_chances_of_their_places),
        cmocka_unit_test(numbers_of_permutations),
        cmocka_unit_test(pairs_far_apart),
        cmocka_unit_test(the_fifteenth_patient),
        cmocka_unit_test(weights_count),
        cmocka_unit_test(imbalance_is_its_definition),
        cmocka_unit_test(one_factor_is_a_biased_coin_in_strata),
        cmocka_unit_test(lists_end),
        cmocka_unit_test(weights_by_turn_are_right),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

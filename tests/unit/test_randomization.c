/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization tests: their statistics by hand, their p values and bands in closed forms, the same bytes for any order
 * of rows and number of threads, and caseworkers that go with their arms. */
#include <locale.h>
#include "trial_case.h"

#include "inference/deal_providers.h"
#include "inference/randomization.h"
#include "kernels/kernels.h"
#include "randsample.h"
#include "statistics/midranks.h"
#include "temoin/estimate.h"
#include "temoin/result.h"

static tm_sample sample_of(int64_t n, int32_t n_arms, int32_t n_strata, const double *y, const int32_t *arm,
                           const int32_t *stratum)
{
    return (tm_sample){.n = n, .n_arms = n_arms, .n_strata = n_strata, .y = y, .arm = arm, .stratum = stratum};
}

static double value_of(temoin_context *ctx, const char *statistic, const tm_sample *sample, const double *arm_weight)
{
    const tm_statistic *s = tm_statistic_find(statistic);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *score = NULL, value;
    const tm_randomization_request request = {.sample = sample,
                                              .estimator = tm_estimator_find("dim"),
                                              .variance = tm_variance_find("neyman"),
                                              .statistic = s,
                                              .arm_weight = arm_weight,
                                              .n_contrasts = 1};
    if (s->score) {
        score = tm_arena_take(&ctx->scratch, sample->n, sizeof *score);
        check_ok(ctx, s->score(ctx, sample, score));
    }
    check_ok(ctx, tm_randomization_value(ctx, &request, sample, score, &value));
    tm_arena_rewind(&ctx->scratch, mark);
    return value;
}

static const double second_against_first[] = {-1, 1};

/* Eight outcomes of two strata; every number below is worked out by hand. */
static void statistics_by_hand(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const double y[] = {3, 1, 4, 1, 15, 19, 12, 16};
    static const int32_t arm[] = {1, 0, 1, 0, 0, 1, 0, 1}, stratum[] = {0, 0, 0, 0, 1, 1, 1, 1};
    const tm_sample s = sample_of(8, 2, 2, y, arm, stratum);
    /* Midranks 3 1.5 4 1.5 6 8 5 7: treated 3 4 8 7, others 1.5 1.5 6 5. */
    check_close(value_of(ctx, "rank_sum", &s, second_against_first), 22.0 / 4 - 14.0 / 4, 1e-14);
    /* Strata: 3.5 - 1 and 17.5 - 13.5. */
    check_close(value_of(ctx, "difference", &s, second_against_first), 0.5 * 2.5 + 0.5 * 4, 1e-14);
    /* Their variances: 1/4 (0.5/2 + 0/2) + 1/4 (4.5/2 + 4.5/2). */
    check_close(value_of(ctx, "studentized", &s, second_against_first), 3.25 / sqrt(0.0625 + 1.125), 1e-14);
    /* About the stratum means 2.25 and 15.5: 0.75 -1.25 1.75 -1.25 -0.5 3.5 -3.5 0.5, ranks 6 2.5 7 2.5 4 8 1 5, which
     * are 4.5 each in the mean of both strata. Treated: 6 + 7 + 8 + 5 - 18. */
    check_close(value_of(ctx, "aligned_rank", &s, second_against_first), 8, 1e-14);
    /* At 1: none of the treated, half of the others. */
    check_close(value_of(ctx, "kolmogorov_smirnov", &s, second_against_first), 0.5, 1e-14);
    temoin_context_free(ctx);
}

/* Midranks against the definition: 1/2 + how many are smaller + half of the equal ones. */
static void midranks_are_as_defined(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 4;
    for (int k = 0; k < 200; k++) {
        double x[40], rank[40];
        const int64_t n = 1 + rand_below(&seed, 40);
        for (int64_t i = 0; i < n; i++) x[i] = k % 2 ? rand_normal(&seed) : rand_below(&seed, 6);
        check_ok(ctx, tm_midranks(ctx, x, n, rank));
        for (int64_t i = 0; i < n; i++) {
            double want = 0.5;
            for (int64_t j = 0; j < n; j++) want += x[j] < x[i] ? 1 : x[j] == x[i] ? 0.5 : 0;
            assert_true(rank[i] == want);
        }
    }
    temoin_context_free(ctx);
}

/* Statistics given as they are: the observed one is 10. */
static tm_randomization weigh(double *statistic, int64_t n, int64_t stop_at, bool exact)
{
    tm_randomization out = {.n_draws = n, .exact = exact, .observed = -10, .unit = 1, .statistic = statistic};
    tm_randomization_weigh(&(tm_randomization_request){.stop_at = stop_at, .tolerance = 1e-9, .level = 0.95}, &out);
    return out;
}

/* Clopper & Pearson's limits have closed forms where none, or all, of n are extreme, and for one of them: the low end
 * solves 1 - (1 - p)^n = 0.025. */
static void bands_in_closed_forms(void **state)
{
    (void)state;
    double statistic[200] = {0};
    tm_randomization out = weigh(statistic, 200, 0, false);
    check_close(out.p, 1.0 / 201, 1e-15);
    assert_true(out.p_low == 0);
    check_close(out.p_high, 1 - pow(0.025, 1.0 / 200), 1e-10);
    statistic[50] = 10;
    out = weigh(statistic, 200, 0, false);
    check_close(out.p, 2.0 / 201, 1e-15);
    check_close(out.p_low, 1 - pow(0.975, 1.0 / 200), 1e-10);
    for (int d = 0; d < 200; d++) statistic[d] = -11;
    out = weigh(statistic, 200, 0, false);
    assert_true(out.p == 1 && out.p_high == 1);
    check_close(out.p_low, pow(0.025, 1.0 / 200), 1e-10);
    out = weigh(statistic, 1, 0, false);
    assert_true(out.p == 1);
}

static void ties_and_what_is_not_defined_are_extreme(void **state)
{
    (void)state;
    double statistic[] = {10 - 1e-9, 10 - 3e-8, -10, NAN, 9, INFINITY, 0, 10.5};
    tm_randomization out = weigh(statistic, 8, 0, true);
    assert_int_equal(out.n_extreme, 5);
    assert_int_equal(out.n_undefined, 1);
    assert_true(out.p == 5.0 / 8 && out.p_low == out.p && out.p_high == out.p);
    out = weigh(statistic, 8, 0, false);
    assert_true(out.p == 6.0 / 9);
    out.observed = NAN;
    tm_randomization_weigh(&(tm_randomization_request){.tolerance = 1e-9, .level = 0.95}, &out);
    assert_true(isnan(out.p) && isnan(out.p_low) && isnan(out.p_high));
}

/* Stopped at the h-th: h / L. With h = 1 the L-th is the first, and p is geometric: (1 - p)^(L - 1) = 0.025 at the high
 * end. Not stopped: as ever. */
static void stopped_at_the_hth(void **state)
{
    (void)state;
    double statistic[100] = {0};
    statistic[19] = 12, statistic[39] = -12, statistic[69] = 12;
    tm_randomization out = weigh(statistic, 100, 1, false);
    assert_int_equal(out.n_draws, 20);
    assert_true(out.p == 1.0 / 20);
    check_close(out.p_high, 1 - pow(0.025, 1.0 / 19), 1e-10);
    check_close(out.p_low, 1 - pow(0.975, 1.0 / 20), 1e-10);
    out = weigh(statistic, 100, 3, false);
    assert_int_equal(out.n_draws, 70);
    assert_true(out.p == 3.0 / 70);
    out = weigh(statistic, 100, 4, false);
    assert_int_equal(out.n_draws, 100);
    assert_true(out.p == 4.0 / 101);
}

/* Besag & Clifford's p is valid: over streams of draws, P(p <= a) is no more than a. Here every draw is extreme with
 * chance u, u uniform, so that p should be too. */
static void stopped_p_is_valid(void **state)
{
    (void)state;
    enum { RUNS = 20000, DRAWS = 400 };
    uint64_t seed = 9;
    int below[3] = {0};
    const double level[] = {0.01, 0.05, 0.2};
    for (int k = 0; k < RUNS; k++) {
        static double statistic[DRAWS];
        const double u = rand_uniform(&seed);
        for (int d = 0; d < DRAWS; d++) statistic[d] = rand_uniform(&seed) < u ? 11 : 0;
        const tm_randomization out = weigh(statistic, DRAWS, 5, false);
        for (int l = 0; l < 3; l++) below[l] += out.p <= level[l];
        assert_true(out.p_low <= out.p && out.p <= out.p_high && out.p > 0);
    }
    for (int l = 0; l < 3; l++)
        assert_true(below[l] / (double)RUNS <= level[l] + 4 * sqrt(level[l] * (1 - level[l]) / RUNS));
}

/* A shuffle's arrangements, listed: all different, all with the block's numbers, as many as the multinomials say, and
 * the smallest p. */
typedef struct shuffle_case {
    int32_t n, n_blocks, block[10], arm[10];
    double count, smallest;
} shuffle_case;

static const shuffle_case shuffle_cases[] = {
    {6, 1, {0}, {0, 0, 0, 1, 1, 1}, 20, 2.0 / 20},
    {6, 1, {0}, {0, 0, 0, 0, 1, 1}, 15, 1.0 / 15},
    {8, 4, {0, 0, 1, 1, 2, 2, 3, 3}, {0, 1, 1, 0, 0, 1, 0, 1}, 16, 2.0 / 16},
    {7, 2, {0, 0, 0, 1, 1, 1, 1}, {0, 1, 1, 0, 1, 0, 1}, 18, 1.0 / 18},
    {6, 1, {0}, {0, 0, 1, 1, 2, 2}, 90, 2.0 / 90},
    {6, 1, {0}, {0, 0, 1, -1, 1, -1}, 6, 2.0 / 6},
    {3, 1, {0}, {1, 1, 1}, 1, 1},
};

static void check_listed(temoin_context *ctx, const shuffle_case *c, const tm_arm_source *source)
{
    int32_t seen[100][10];
    void *room;
    check_ok(ctx, source->open(ctx, source, &room));
    for (int64_t d = 0; d < source->n_draws; d++) {
        tm_drawn_rows rows = {.arm = seen[d]};
        check_ok(ctx, source->draw(ctx, source, room, d, &rows));
        for (int32_t b = 0; b < c->n_blocks; b++)
            for (int32_t a = -1; a < 3; a++) {
                int was = 0, is = 0;
                for (int i = 0; i < c->n; i++)
                    was += c->block[i] == b && c->arm[i] == a, is += c->block[i] == b && seen[d][i] == a;
                assert_int_equal(was, is);
            }
        for (int64_t e = 0; e < d; e++) assert_true(memcmp(seen[e], seen[d], (size_t)c->n * sizeof **seen) != 0);
    }
}

static void shuffles_are_listed_whole(void **state)
{
    (void)state;
    static const char *const text[] = {"0", "1", "2", "3"};
    static const int32_t group[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (size_t k = 0; k < sizeof shuffle_cases / sizeof *shuffle_cases; k++) {
        const shuffle_case *c = &shuffle_cases[k];
        temoin_context *ctx = check_context();
        tm_arm_source source;
        const tm_shuffle shuffle = {.n = c->n,
                                    .arm = c->arm,
                                    .group = group,
                                    .n_groups = c->n,
                                    .block = c->block,
                                    .group_arm = c->arm,
                                    .n_blocks = c->n_blocks,
                                    .n_arms = 3,
                                    .trial_id = "t",
                                    .block_text = text};
        check_ok(ctx, tm_shuffle_source_build(ctx, &shuffle, 90, &source));
        assert_true(source.exact && (double)source.n_draws == c->count);
        check_close(exp(source.log_smallest_p), c->smallest, 1e-12);
        check_listed(ctx, c, &source);
        check_ok(ctx, tm_shuffle_source_build(ctx, &shuffle, (int64_t)c->count - 1, &source));
        assert_true(!source.exact || c->count == 1);
        temoin_context_free(ctx);
    }
}

#define PLAN_HEAD                                                                                                      \
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: c.csv, id: id}]\n"                   \
    "arms: [{name: control}, {name: ocm}, {name: other}]\n"

/* Sixty clients of three towns, in the order asked. */
static void write_clients(uint64_t seed, bool shuffled)
{
    enum { N = 60 };
    static char line[N][80];
    char text[N * 80] = "id,town,worker,arm,x,y,z\n";
    uint64_t order = 77;
    for (int u = 0; u < N; u++) {
        const int arm = u % 3;
        char worker[8] = "";
        if (arm == 1) snprintf(worker, sizeof worker, "w%d", u % 4);
        snprintf(line[u], sizeof line[u], "u%02d,t%d,%s,%s,%d,%.3f,%d\n", u, u / 20, worker,
                 arm == 0   ? "control"
                 : arm == 1 ? "ocm"
                            : "other",
                 rand_below(&seed, 9), rand_normal(&seed) + arm, rand_below(&seed, 3) == 0);
    }
    for (int u = N - 1; shuffled && u > 0; u--) {
        char kept[80];
        const int other = rand_below(&order, u + 1);
        memcpy(kept, line[u], 80), memcpy(line[u], line[other], 80), memcpy(line[other], kept, 80);
    }
    for (int u = 0; u < N; u++) strcat(text, line[u]);
    write_file("c.csv", text);
}

static const char *rows_as_text(const char *plan_text, int threads, const char *cpu, char *out, size_t size)
{
    const temoin_context_opts opts = {.threads = threads, .cpu = cpu};
    run r;
    const temoin_results *results;
    const char *text;
    size_t length;
    assert_int_equal(temoin_context_build(&opts, &r.ctx), TEMOIN_OK);
    check_ok(r.ctx, tm_plan_parse(r.ctx, "p.yaml", plan_text, strlen(plan_text), &r.plan));
    check_ok(r.ctx, temoin_trial_build(r.ctx, r.plan, true, &r.trial));
    check_ok(r.ctx, temoin_assignment_draw(r.ctx, r.trial, &r.assignment));
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    check_ok(r.ctx, temoin_results_render_csv(r.ctx, results, &text, &length));
    assert_true(length < size);
    memcpy(out, text, length + 1);
    for (int64_t i = 0; i < results->n_rows; i++) assert_false(isnan(results->rows[i].p_randomization));
    temoin_context_free(r.ctx);
    return out;
}

static void same_bytes_for_threads_orders_and_processors(void **state)
{
    (void)state;
    static const char *const plans[] = {
        PLAN_HEAD
        "design: {assigned: arm, kind: blocked, strata: [town]}\n"
        "providers: {column: worker, structure: one_arm, arm: ocm}\n"
        "measures: [{name: y}, {name: z}]\n"
        "estimates: [{name: e, measures: [y, z], estimator: lin, covariates: [x], variance: cr2, strata: none,\n"
        "  cluster: provider, missing_cluster: own}, {name: f, measures: [y]}]\n"
        "randomization: {draws: 300}\n",
        PLAN_HEAD "design: {seed: s, kind: minimized, factors: [{column: town}], arrival: x}\n"
                  "measures: [{name: y}]\nestimates: [{name: e, measures: [y]}]\n"
                  "randomization: {draws: 300, statistic: aligned_rank}\n",
        PLAN_HEAD
        "design: {seed: s, kind: blocked, strata: [town], misfits: missing}\n"
        "measures: [{name: y}]\nestimates: [{name: e, measures: [y], estimator: ols, covariates: [x], variance: hc2}]\n"
        "randomization: {draws: 5000, stop: besag_clifford, exceedances: 20}\n",
    };
    static char first[20000], again[20000];
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++) {
        static const int threads[] = {1, 2, 3, 5};
        write_clients(5, false);
        rows_as_text(plans[k], 1, NULL, first, sizeof first);
        for (int t = 0; t < 4; t++) {
            write_clients(5, t % 2);
            assert_string_equal(rows_as_text(plans[k], threads[t], NULL, again, sizeof again), first);
        }
        for (int level = 0; tm_kernels_level(level); level++)
            if (tm_kernels_find(tm_kernels_level(level)->name))
                assert_string_equal(rows_as_text(plans[k], 2, tm_kernels_level(level)->name, again, sizeof again),
                                    first);
    }
}

/* Caseloads stay: in every redraw a caseworker of the arm has in each town as many clients as before, if the town has
 * as many in the arm, and nobody else has one. */
static void caseworkers_go_with_their_arm(void **state)
{
    (void)state;
    static const char plan[] = PLAN_HEAD "design: {assigned: arm, kind: blocked, strata: [town]}\n"
                                         "providers: {column: worker, structure: one_arm, arm: ocm}\n"
                                         "measures: [{name: y}]\n";
    write_clients(5, false);
    run r = draw(plan);
    tm_redraws redraws;
    tm_provider_places places;
    bool moves;
    int32_t arm[60], provider[60], moved = 0;
    check_ok(r.ctx, tm_redraws_build(r.ctx, r.assignment, &redraws));
    check_ok(r.ctx, tm_providers_move(r.ctx, &redraws, &moves));
    assert_true(moves);
    check_ok(r.ctx, tm_provider_places_build(r.ctx, r.assignment, &places));
    for (int64_t d = 0; d < 200; d++) {
        int load[2][3][4] = {{{0}}};
        check_ok(r.ctx, tm_redraws_draw(r.ctx, &redraws, d + 1, arm));
        check_ok(r.ctx, tm_provider_places_deal(r.ctx, &places, d, arm, provider));
        for (int u = 0; u < 60; u++) {
            assert_int_equal(provider[u] >= 0, arm[u] == 1);
            if (provider[u] >= 0) load[0][r.trial->stratum[u]][provider[u]]++;
            if (r.trial->provider[u] >= 0) load[1][r.trial->stratum[u]][r.trial->provider[u]]++;
            moved += provider[u] >= 0 && provider[u] != r.trial->provider[u];
        }
        assert_memory_equal(load[0], load[1], sizeof load[0]);
    }
    assert_true(moved > 200 * 10);
    temoin_context_free(r.ctx);
}

/* A town may have one client more in the arm than it has places: that client gets a place that is left, or shares one.
 */
static void nobody_of_the_arm_is_without_a_caseworker(void **state)
{
    (void)state;
    static const char plan[] = PLAN_HEAD "design: {assigned: arm}\n"
                                         "providers: {column: worker, structure: one_arm, arm: ocm}\n"
                                         "measures: [{name: y}]\n";
    write_clients(5, false);
    run r = draw(plan);
    tm_provider_places places;
    int32_t arm[60], provider[60];
    uint64_t seed = 3;
    check_ok(r.ctx, tm_provider_places_build(r.ctx, r.assignment, &places));
    for (int64_t d = 0; d < 200; d++) {
        for (int u = 0; u < 60; u++) arm[u] = rand_below(&seed, 4) - 1;
        check_ok(r.ctx, tm_provider_places_deal(r.ctx, &places, d, arm, provider));
        for (int u = 0; u < 60; u++) assert_int_equal(provider[u] >= 0, arm[u] == 1);
    }
    temoin_context_free(r.ctx);
}

/* Where offices are drawn, with all their caseworkers, nobody changes the caseworker. */
static void whole_offices_keep_theirs(void **state)
{
    (void)state;
    static const char *const plans[] = {
        PLAN_HEAD "design: {seed: s, kind: clustered, cluster: town}\nproviders: {column: site, structure: nested}\n",
        PLAN_HEAD "design: {seed: s, kind: clustered, cluster: pair}\nproviders: {column: town, structure: crossed}\n"};
    char text[4000] = "id,town,site,pair,y\n";
    for (int u = 0; u < 40; u++)
        sprintf(text + strlen(text), "u%02d,t%d,s%02d,p%02d,%d\n", u, u / 4, u / 2, u / 8, u % 7);
    write_file("c.csv", text);
    for (int k = 0; k < 2; k++) {
        run r = draw(plans[k]);
        tm_redraws redraws;
        bool moves;
        check_ok(r.ctx, tm_redraws_build(r.ctx, r.assignment, &redraws));
        check_ok(r.ctx, tm_providers_move(r.ctx, &redraws, &moves));
        assert_false(moves);
        temoin_context_free(r.ctx);
    }
}

/* Sixteen clients in two strata of even size, with outcomes of few values or many. */
static double p_of(int draws, int64_t *n_redraws)
{
    char plan[1000];
    snprintf(plan, sizeof plan,
             "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: c.csv, id: id}]\n"
             "arms: [{name: a}, {name: b}]\ndesign: {seed: s, kind: blocked, strata: [town]}\nmeasures: [{name: y}]\n"
             "estimates: [{name: e, measures: [y]}]\nrandomization: {draws: %d, statistic: difference}\n",
             draws);
    run r = draw(plan);
    const temoin_results *results;
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    const temoin_row row = results->rows[0];
    assert_true(row.p_randomization_low == row.p_randomization && row.p_randomization_high == row.p_randomization);
    *n_redraws = row.n_redraws;
    temoin_context_free(r.ctx);
    return row.p_randomization;
}

/* Without drawing or listing: the same p. */
static void convolution_agrees_with_the_list(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int k = 0; k < 40; k++) {
        char text[1000] = "id,town,y\n";
        for (int u = 0; u < 16; u++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "u%02d,t%d,%d.%02d\n", u, u < 10,
                     rand_below(&seed, k % 2 ? 3 : 20), k % 2 ? 0 : rand_below(&seed, 100));
        write_file("c.csv", text);
        int64_t n_listed, n_none;
        const double listed = p_of(20000, &n_listed), computed = p_of(1000, &n_none);
        assert_int_equal(n_listed, 252 * 20);
        assert_int_equal(n_none, -1); /* nothing is redrawn */
        check_close(computed, listed, 1e-12);
    }
}

static void check_note(const char *design, const char *estimate, const char *note)
{
    char plan[2000];
    snprintf(plan, sizeof plan,
             PLAN_HEAD "design: {%s}\nmeasures: [{name: y}]\nestimates: [{name: e, measures: [y]%s}]\n"
                       "randomization: {draws: 200}\n",
             design, estimate);
    run r = draw(plan);
    const temoin_results *results;
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    for (int64_t i = 0; i < results->n_rows; i++) {
        const temoin_row *row = &results->rows[i];
        assert_non_null(strstr(row->note, note));
        assert_true(isnan(row->p_randomization) && isnan(row->p_randomization_low) && row->n_redraws == -1);
        assert_false(isnan(row->p));
    }
    temoin_context_free(r.ctx);
}

static void what_cannot_be_redrawn_says_so(void **state)
{
    (void)state;
    write_clients(5, false);
    check_note("assigned: arm, kind: minimized, factors: [{column: town}]", "", "no_redraw");
    check_note("assigned: arm, kind: clustered, cluster: town", "", "split_clusters");
    check_note("seed: s, kind: rerandomized, covariates: [x], accept: 0.3", ", weights: probability, variance: hc2",
               "redraw_weights");
}

int main(void)
{
    setlocale(LC_NUMERIC, "C"); /* the data are written by printf; the CLI cases run in other locales */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_by_hand),
        cmocka_unit_test(midranks_are_as_defined),
        cmocka_unit_test(bands_in_closed_forms),
        cmocka_unit_test(ties_and_what_is_not_defined_are_extreme),
        cmocka_unit_test(stopped_at_the_hth),
        cmocka_unit_test(stopped_p_is_valid),
        cmocka_unit_test(shuffles_are_listed_whole),
        cmocka_unit_test(same_bytes_for_threads_orders_and_processors),
        cmocka_unit_test(caseworkers_go_with_their_arm),
        cmocka_unit_test(nobody_of_the_arm_is_without_a_caseworker),
        cmocka_unit_test(whole_offices_keep_theirs),
        cmocka_unit_test(convolution_agrees_with_the_list),
        cmocka_unit_test(what_cannot_be_redrawn_says_so),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests on caseworkers against every assignment and every outcome that there could be. */
#include "randsample.h"

#include "inference/permute_workers.h"
#include "inference/placebo_workers.h"
#include "numeric/count_halves.h"

enum { MOST = 64 };

typedef struct workers {
    int32_t n, n_sites;
    double mean[MOST];
    bool treated[MOST];
    int32_t site[MOST];
} workers;

static tm_permuted permute_with(temoin_context *ctx, const workers *w, bool studentized, int64_t draws)
{
    const tm_permuted_workers of = {w->n, w->n_sites, w->mean, w->treated, w->site};
    const tm_permute_request request = {&of, studentized, draws, 1e-9, 0.95, "t"};
    tm_permuted out;
    check_ok(ctx, tm_workers_permute(ctx, &request, &out));
    return out;
}

/* The definitions, word by word. */
static double statistic(const workers *w, const bool *treated, bool studentized)
{
    double t = 0, v = 0, all = 0;
    for (int s = 0; s < w->n_sites; s++) {
        double n[2] = {0}, sum[2] = {0}, square[2] = {0};
        for (int i = 0; i < w->n; i++) {
            if (w->site[i] != s) continue;
            n[treated[i]]++;
            sum[treated[i]] += w->mean[i];
        }
        if (n[0] == 0 || n[1] == 0) continue;
        for (int i = 0; i < w->n; i++) {
            const double d = w->mean[i] - sum[treated[i]] / n[treated[i]];
            if (w->site[i] == s) square[treated[i]] += d * d / (n[treated[i]] - 1);
        }
        t += (n[0] + n[1]) * (sum[1] / n[1] - sum[0] / n[0]);
        v += (n[0] + n[1]) * (n[0] + n[1]) * (square[0] / n[0] + square[1] / n[1]);
        all += n[0] + n[1];
    }
    return studentized ? t / sqrt(v) : t / all;
}

/* Goes through all 2^n patterns and keeps those with as many treated in each site. */
static double p_of_all(const workers *w, bool studentized, int64_t *n_all)
{
    const double seen = fabs(statistic(w, w->treated, studentized));
    int64_t n = 0, extreme = 0;
    for (uint32_t pattern = 0; pattern < 1u << w->n; pattern++) {
        bool treated[MOST];
        int more[MOST] = {0}, unlike = 0;
        for (int i = 0; i < w->n; i++) {
            treated[i] = pattern >> i & 1;
            more[w->site[i]] += treated[i] - w->treated[i];
        }
        for (int s = 0; s < w->n_sites; s++) unlike += more[s] != 0;
        if (unlike) continue;
        const double t = fabs(statistic(w, treated, studentized));
        extreme += !(t < seen * (1 - 1e-9) - 1e-12);
        n++;
    }
    *n_all = n;
    return (double)extreme / (double)n;
}

static void draw_workers(uint64_t *state, workers *w, int32_t n, int32_t n_sites, bool rough)
{
    *w = (workers){.n = n, .n_sites = n_sites};
    for (int i = 0; i < n; i++) {
        w->mean[i] = rough ? rand_below(state, 4) : 1e3 + rand_normal(state);
        w->treated[i] = rand_below(state, 2);
        w->site[i] = rand_below(state, n_sites);
    }
}

static void two_and_two_give_one_third_at_best(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 11;
    double least = 1;
    for (int k = 0; k < 500; k++) {
        workers w;
        draw_workers(&random, &w, 4, 1, k % 2);
        for (int i = 0; i < 4; i++) w.treated[i] = i % 2;
        const tm_permuted p = permute_with(ctx, &w, false, 0);
        if (p.refused) continue;
        assert_true(p.exact);
        assert_int_equal(p.n_redraws, 6);
        check_close(p.smallest_p, 1.0 / 3, 1e-15);
        assert_true(p.p >= 1.0 / 3 - 1e-15);
        least = fmin(least, p.p);
    }
    check_close(least, 1.0 / 3, 1e-15);
    const workers apart = {4, 1, {10, 11, -5, -7}, {true, true, false, false}, {0}};
    check_close(permute_with(ctx, &apart, false, 0).p, 1.0 / 3, 1e-15);
    check_close(permute_with(ctx, &apart, false, 0).statistic, 16.5, 1e-15);
    const workers one = {2, 1, {1, 2}, {true, false}, {0}};
    assert_true(permute_with(ctx, &one, false, 0).p == 1 && permute_with(ctx, &one, false, 0).smallest_p == 1);
    temoin_context_free(ctx);
}

static void counting_halves_is_going_through_all(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 5;
    int tried[2] = {0};
    for (int k = 0; k < 300; k++) {
        workers w;
        draw_workers(&random, &w, 2 + rand_below(&random, 11), 1 + rand_below(&random, 4), k % 3 == 0);
        for (int studentized = 0; studentized < 2; studentized++) {
            const tm_permuted p = permute_with(ctx, &w, studentized, 0);
            int64_t n;
            if (p.refused) continue;
            tried[studentized]++;
            check_close(p.p, p_of_all(&w, studentized, &n), 1e-12);
            assert_true(close_to(p.statistic, statistic(&w, w.treated, studentized), 1e-9, 1e-3));
            assert_true(p.exact && p.p >= p.smallest_p * (1 - 1e-12) && p.p_low == p.p && p.p_high == p.p);
            if (w.n_sites == 1) assert_int_equal(p.n_redraws, n);
        }
    }
    assert_true(tried[0] > 200 && tried[1] > 40);
    temoin_context_free(ctx);
}

/* Means that are the ranks 1 … 40: the rank sum test, 20 against 20, of which R's pwilcox gives the exact p. */
static void ranks_give_the_rank_sum_test(void **state)
{
    (void)state;
    static const struct {
        int u;
        double p;
    } known[] = {{100, 0.0061449556492357673}, {120, 0.0304112560387648674}, {150, 0.1826308385528775668}};
    temoin_context *ctx = check_context();
    for (int k = 0; k < 3; k++) {
        workers w = {.n = 40, .n_sites = 1};
        int sum = 0, rest = known[k].u; /* the 20 lowest, raised until they are u above 1 + … + 20 */
        for (int i = 19; i >= 0; i--) {
            const int raise = rest < 20 ? rest : 20;
            w.treated[i + raise] = true;
            sum += i + raise + 1;
            rest -= raise;
        }
        assert_int_equal(sum, 210 + known[k].u);
        for (int i = 0; i < 40; i++) w.mean[i] = i + 1;
        const tm_permuted p = permute_with(ctx, &w, false, 0);
        assert_int_equal(p.n_redraws, 137846528820);
        check_close(p.p, known[k].p, 1e-12);
    }
    temoin_context_free(ctx);
}

static void redraws_come_near_all_assignments(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    temoin_context *ctx = check_context();
    uint64_t random = 3;
    workers w;
    draw_workers(&random, &w, MOST, 1, false);
    for (int i = 0; i < MOST; i++) w.treated[i] = i % 2, w.mean[i] += 0.3 * (i % 2);
    assert_string_equal(permute_with(ctx, &w, false, 0).refused, "too_many_assignments");
    const tm_permuted plain = permute_with(ctx, &w, false, DRAWS), studentized = permute_with(ctx, &w, true, DRAWS);
    assert_true(!plain.exact && plain.n_redraws == DRAWS && plain.p_low < plain.p && plain.p < plain.p_high);
    check_close(plain.smallest_p, 1.0 / (DRAWS + 1), 1e-12);
    /* as many in both arms: Student's test is near, and so is that of the statistic divided by its error */
    const double t = studentized.statistic;
    assert_true(fabs(plain.p - studentized.p) < 0.01);
    assert_true(fabs(studentized.p - erfc(fabs(t) * sqrt(63.0 / 64) / M_SQRT2)) < 0.02);
    temoin_context_free(ctx);
}

static void what_cannot_be_tested_is_refused(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const workers apart = {4, 2, {1, 2, 3, 4}, {true, true, false, false}, {0, 0, 1, 1}};
    assert_string_equal(permute_with(ctx, &apart, false, 99).refused, "no_contrast");
    const workers same = {4, 1, {2, 2, 2, 2}, {true, true, false, false}, {0}};
    assert_string_equal(permute_with(ctx, &same, false, 99).refused, "no_variation");
    const workers single = {3, 1, {1, 2, 3}, {true, false, false}, {0}};
    assert_string_equal(permute_with(ctx, &single, true, 99).refused, "single_worker");
    assert_true(isnan(permute_with(ctx, &single, true, 99).p));
    check_close(permute_with(ctx, &single, false, 99).smallest_p, 1.0 / 3, 1e-15);
    const workers flat = {4, 1, {1, 1, 2, 2}, {true, true, false, false}, {0}};
    assert_string_equal(permute_with(ctx, &flat, true, 99).refused, "no_variation");
    check_close(permute_with(ctx, &flat, false, 99).p, 1.0 / 3, 1e-15);
    temoin_context_free(ctx);
}

/* Clients of five workers, of whom the last serves both arms where `crossed`. */
typedef struct clients {
    tm_sample sample;
    double y[64];
    int32_t arm[64], worker[64];
} clients;

static void build_clients(clients *c, const int treated[5], const int control[5])
{
    *c = (clients){.sample = {.n_arms = 2, .n_clusters = 5, .y = c->y, .arm = c->arm, .cluster = c->worker}};
    for (int w = 0; w < 5; w++)
        for (int k = 0; k < treated[w] + control[w]; k++) {
            c->arm[c->sample.n] = k < treated[w];
            c->worker[c->sample.n++] = w;
        }
}

static tm_placebo placebo_with(temoin_context *ctx, const clients *c, bool binary, double rho, int64_t draws)
{
    tm_placebo_trial trial;
    tm_placebo out;
    check_ok(ctx, tm_placebo_trial_build(ctx, &c->sample, 1, 0, binary, &trial));
    const tm_placebo_request request = {&trial, rho, draws, 0.95, "t", "effect"};
    check_ok(ctx, tm_placebo_run(ctx, &request, &out));
    return out;
}

/* The variance by summing the clients' covariances, pair by pair. */
static void normal_outcomes_have_a_normal_tail(void **state)
{
    (void)state;
    static const int treated[] = {4, 7, 0, 0, 2}, control[] = {0, 0, 5, 6, 3};
    static const double rho[] = {0, 0.01, 0.05, 0.3, 1};
    temoin_context *ctx = check_context();
    uint64_t random = 8;
    clients c;
    build_clients(&c, treated, control);
    for (int i = 0; i < c.sample.n; i++) c.y[i] = 1e6 * (rand_normal(&random) + 0.8 * c.arm[i]);
    double mean[2] = {0}, square = 0;
    for (int i = 0; i < c.sample.n; i++) mean[c.arm[i]] += c.y[i] / (c.arm[i] ? 13 : 14);
    for (int i = 0; i < c.sample.n; i++) square += (c.y[i] - mean[c.arm[i]]) * (c.y[i] - mean[c.arm[i]]) / 25;
    for (int k = 0; k < 5; k++) {
        double variance = 0;
        for (int i = 0; i < c.sample.n; i++)
            for (int j = 0; j < c.sample.n; j++) {
                const double sign = (c.arm[i] ? 1.0 / 13 : -1.0 / 14) * (c.arm[j] ? 1.0 / 13 : -1.0 / 14);
                variance += sign * square * (i == j ? 1 : c.worker[i] == c.worker[j] ? rho[k] : 0);
            }
        const tm_placebo p = placebo_with(ctx, &c, false, rho[k], 0);
        assert_true(p.exact && p.n_redraws == 0 && p.p_low == p.p && p.p_high == p.p);
        check_close(p.p, erfc(fabs(mean[1] - mean[0]) / sqrt(2 * variance)), 1e-9);
    }
    temoin_context_free(ctx);
}

/* Beta-binomial probabilities by their definition, with the gamma function. */
static double beta_binomial(int m, int k, double a, double b)
{
    return exp(lgamma(m + 1) - lgamma(k + 1) - lgamma(m - k + 1) + lgamma(k + a) + lgamma(m - k + b) -
               lgamma(m + a + b) - lgamma(a) - lgamma(b) + lgamma(a + b));
}

/* All counts that the five workers can have, one after the other. */
static double all_counts(const int treated[5], const int control[5], double a, double b, const double seen)
{
    double p = 0;
    int m[5], k[5] = {0};
    for (int w = 0; w < 5; w++) m[w] = treated[w] + control[w];
    for (int w = 0; w < 5;) {
        double x = 0, y = 0, one = 1;
        for (int v = 0; v < 5; v++) {
            one *= beta_binomial(m[v], k[v], a, b);
            *(treated[v] ? &x : &y) += k[v];
        }
        if (fabs(x / 11 - y / 14) >= seen - 1e-12) p += one;
        for (w = 0; w < 5 && k[w] == m[w]; w++) k[w] = 0;
        if (w < 5) k[w]++;
    }
    return p;
}

static void binary_outcomes_are_beta_binomial(void **state)
{
    (void)state;
    static const int treated[] = {4, 7, 0, 0, 0}, control[] = {0, 0, 5, 6, 3};
    static const double rho[] = {0.01, 0.05, 0.1, 0.6};
    temoin_context *ctx = check_context();
    clients c;
    for (int ones = 1; ones < 11; ones += 3) {
        build_clients(&c, treated, control);
        for (int i = 0, in_arm = 0; i < c.sample.n; i++) c.y[i] = c.arm[i] ? in_arm++ < ones : i % 5 == 0;
        tm_placebo_trial trial;
        check_ok(ctx, tm_placebo_trial_build(ctx, &c.sample, 1, 0, true, &trial));
        const double share = (double)(trial.ones_treated + trial.ones_control) / 25;
        for (int k = 0; k < 4; k++) {
            const double a = share * (1 - rho[k]) / rho[k], b = (1 - share) * (1 - rho[k]) / rho[k];
            const tm_placebo p = placebo_with(ctx, &c, true, rho[k], 0);
            assert_true(p.exact && p.n_redraws == 0);
            check_close(p.p, all_counts(treated, control, a, b, fabs(trial.difference)), 1e-10);
        }
        /* workers who do not differ: two binomial counts; workers who are all alike inside: one client each */
        double binomial = 0;
        for (int x = 0; x <= 11; x++)
            for (int y = 0; y <= 14; y++) {
                const double one =
                    exp(lgamma(12) - lgamma(x + 1) - lgamma(12 - x) + lgamma(15) - lgamma(y + 1) - lgamma(15 - y)) *
                    pow(share, x + y) * pow(1 - share, 25 - x - y);
                if (fabs(x / 11.0 - y / 14.0) >= fabs(trial.difference) - 1e-12) binomial += one;
            }
        check_close(placebo_with(ctx, &c, true, 0, 0).p, binomial, 1e-10);
        double alike = 0;
        for (int pattern = 0; pattern < 32; pattern++) {
            double x = 0, y = 0, one = 1;
            for (int w = 0; w < 5; w++) {
                one *= pattern >> w & 1 ? share : 1 - share;
                x += (pattern >> w & 1) * treated[w];
                y += (pattern >> w & 1) * control[w];
            }
            if (fabs(x / 11 - y / 14) >= fabs(trial.difference) - 1e-12) alike += one;
        }
        check_close(placebo_with(ctx, &c, true, 1, 0).p, alike, 1e-10);
    }
    temoin_context_free(ctx);
}

/* One worker in both arms: given that worker's probability the counts are independent, so it is integrated out by the
 * beta-binomial count of both arms and the hypergeometric split of it. */
static double shared_worker(double a, double b, double seen)
{
    double p = 0;
    for (int all = 0; all <= 9; all++)
        for (int x = 0; x <= all && x <= 4; x++) {
            if (all - x > 5) continue;
            const double split = exp(lgamma(5) - lgamma(x + 1) - lgamma(5 - x) + lgamma(6) - lgamma(all - x + 1) -
                                     lgamma(6 - all + x) - lgamma(10) + lgamma(all + 1) + lgamma(10 - all));
            if (fabs(x / 4.0 - (all - x) / 5.0) >= seen - 1e-12) p += split * beta_binomial(9, all, a, b);
        }
    return p;
}

static void shared_workers_are_drawn(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    static const int treated[] = {4, 0, 0, 0, 0}, control[] = {5, 0, 0, 0, 0};
    temoin_context *ctx = check_context(), *threads;
    const temoin_context_opts opts = {.threads = 3};
    clients c;
    build_clients(&c, treated, control);
    for (int i = 0; i < 9; i++) c.y[i] = i < 3 || i > 7;
    assert_string_equal(placebo_with(ctx, &c, true, 0.2, 0).refused, "too_many_assignments");
    const double share = 4.0 / 9, p = shared_worker(4 * share, 4 * (1 - share), 0.75 - 0.2);
    const tm_placebo got = placebo_with(ctx, &c, true, 0.2, DRAWS);
    assert_true(!got.exact && got.n_redraws == DRAWS && got.p_low < got.p && got.p < got.p_high);
    assert_true(fabs(got.p - p) < 4 * sqrt(p * (1 - p) / DRAWS));
    assert_int_equal(temoin_context_build(&opts, &threads), TEMOIN_OK);
    assert_true(placebo_with(threads, &c, true, 0.2, 200000).p == placebo_with(ctx, &c, true, 0.2, 200000).p);
    temoin_context_free(threads);
    temoin_context_free(ctx);
}

/* Beyond what can be convolved, the draws from tables; next to it, the exact p of as many clients less one. */
static void large_trials_are_drawn_from_tables(void **state)
{
    (void)state;
    enum { N = 8170, WORKERS = 60, DRAWS = 4000 };
    temoin_context *ctx = check_context();
    int64_t treated[WORKERS] = {0}, control[WORKERS] = {0};
    tm_placebo_trial trial = {WORKERS, treated, control, 0, 0, 0.05, true, 0, 0, 0};
    for (int k = 0; k < 2 * N; k++) (k % 2 ? control : treated)[2 * (k * (k % 7 + 1) / 2 % 30) + k % 2]++;
    for (int w = 0; w < WORKERS; w++) trial.n_treated += treated[w], trial.n_control += control[w];
    assert_true(trial.n_treated == N && trial.n_control == N);
    trial.ones_treated = N * 3 / 10;
    trial.ones_control = N / 4;
    tm_placebo_request request = {&trial, 0.1, 0, 0.99999, "t", "effect"};
    tm_placebo drawn, exact;
    check_ok(ctx, tm_placebo_run(ctx, &request, &drawn));
    assert_string_equal(drawn.refused, "too_many_assignments");
    request.draws = DRAWS;
    check_ok(ctx, tm_placebo_run(ctx, &request, &drawn));
    for (int w = 0; w < WORKERS; w++) { /* all of them one in a hundred smaller */
        treated[w] -= treated[w] / 100;
        control[w] -= control[w] / 100;
    }
    trial.n_treated = trial.n_control = 0;
    for (int w = 0; w < WORKERS; w++) trial.n_treated += treated[w], trial.n_control += control[w];
    trial.ones_treated = trial.n_treated * 3 / 10;
    trial.ones_control = trial.n_control / 4;
    check_ok(ctx, tm_placebo_run(ctx, &request, &exact));
    assert_true(exact.exact && !drawn.exact && drawn.n_redraws == DRAWS);
    assert_true(drawn.p_low < exact.p + 1e-3 && exact.p - 1e-3 < drawn.p_high && exact.p > 0.01);
    temoin_context_free(ctx);
}

/* Under every assignment that there is, with means that no arm moved, p <= alpha comes up no more often than alpha; and
 * of the plain difference as often as its steps allow. */
static void tests_keep_their_level(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    workers w;
    uint64_t random = 77;
    draw_workers(&random, &w, 9, 2, false);
    for (int i = 0; i < 9; i++) w.site[i] = i > 4, w.treated[i] = i % 2;
    for (int studentized = 0; studentized < 2; studentized++) {
        double p[60];
        int n = 0;
        for (int pattern = 0; pattern < 512; pattern++) {
            int k[2] = {0};
            for (int i = 0; i < 9; i++) k[w.site[i]] += pattern >> i & 1;
            if (k[0] != 2 || k[1] != 2) continue;
            for (int i = 0; i < 9; i++) w.treated[i] = pattern >> i & 1;
            p[n++] = permute_with(ctx, &w, studentized, 0).p;
        }
        assert_int_equal(n, 60);
        for (int i = 0; i < n; i++) {
            int below = 0;
            for (int j = 0; j < n; j++) below += p[j] <= p[i];
            check_close(below / 60.0, p[i], 1e-12);
        }
    }
    temoin_context_free(ctx);
}

static void placebos_without_a_number(void **state)
{
    (void)state;
    static const int treated[] = {4, 7, 0, 0, 0}, control[] = {0, 0, 5, 6, 3}, nobody[5] = {0};
    temoin_context *ctx = check_context();
    clients c;
    build_clients(&c, treated, control);
    assert_string_equal(placebo_with(ctx, &c, true, 0.1, 9).refused, "no_variation");
    assert_string_equal(placebo_with(ctx, &c, false, 0.1, 9).refused, "no_variation");
    build_clients(&c, treated, nobody);
    assert_string_equal(placebo_with(ctx, &c, false, 0.1, 9).refused, "no_contrast");
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_and_two_give_one_third_at_best), cmocka_unit_test(counting_halves_is_going_through_all),
        cmocka_unit_test(ranks_give_the_rank_sum_test),       cmocka_unit_test(redraws_come_near_all_assignments),
        cmocka_unit_test(what_cannot_be_tested_is_refused),   cmocka_unit_test(normal_outcomes_have_a_normal_tail),
        cmocka_unit_test(binary_outcomes_are_beta_binomial),  cmocka_unit_test(shared_workers_are_drawn),
        cmocka_unit_test(large_trials_are_drawn_from_tables), cmocka_unit_test(tests_keep_their_level),
        cmocka_unit_test(placebos_without_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients permuted among the workers of their arm: every permutation of the clients, listed one by one. */
#include "intraclass_samples.h"

#include "inference/worker_permutation.h"

static double between(const icc_sample *s, const int *order)
{
    double sum[ICC_ROWS] = {0}, m[ICC_ROWS] = {0}, arm_sum[ICC_ARMS] = {0}, arm_n[ICC_ARMS] = {0}, ss = 0;
    for (int64_t i = 0; i < s->sample.n; i++) {
        const double y = s->y[order[i]];
        sum[s->cluster[i]] += y, m[s->cluster[i]]++;
        arm_sum[s->arm[i]] += y, arm_n[s->arm[i]]++;
    }
    for (int k = 0; k < ICC_ROWS; k++)
        if (m[k] > 0) ss += sum[k] * sum[k] / m[k];
    for (int a = 0; a < ICC_ARMS; a++)
        if (arm_n[a] > 0) ss -= arm_sum[a] * arm_sum[a] / arm_n[a];
    return ss;
}

typedef struct count {
    double observed;
    int64_t all, extreme;
} count;

/* All orders of the clients from place k on that keep each in the arm. */
static void permute(const icc_sample *s, int *order, int k, count *c)
{
    if (k == s->sample.n) {
        c->all++;
        c->extreme += between(s, order) >= c->observed - 1e-9;
        return;
    }
    for (int j = k; j < s->sample.n; j++) {
        if (s->arm[order[j]] != s->arm[order[k]]) continue;
        int kept = order[k];
        order[k] = order[j], order[j] = kept;
        if (s->arm[order[k]] == s->arm[k]) permute(s, order, k + 1, c);
        kept = order[k];
        order[k] = order[j], order[j] = kept;
    }
}

static count count_permutations(const icc_sample *s)
{
    int order[ICC_ROWS];
    for (int i = 0; i < s->sample.n; i++) order[i] = i;
    count c = {.observed = between(s, order)};
    permute(s, order, 0, &c);
    return c;
}

/* Up to eight clients in one arm, or four and four in two; whole-number outcomes have ties. */
static icc_sample small(uint64_t *seed, int round)
{
    icc_sample s = {0};
    const int n = 6 + round % 3, arms = 1 + round % 2;
    for (int i = 0; i < n; i++) {
        s.arm[i] = i % arms;
        s.cluster[i] = s.arm[i] + arms * (i < arms * 2 ? i / arms : rand_below(seed, 3));
        s.y[i] = round % 5 < 3 ? rand_below(seed, 4) : rand_normal(seed);
    }
    s.y[0] = 4;
    icc_finish(&s, n, 3 * arms, arms);
    return s;
}

static void permutation_run(temoin_context *ctx, icc_sample *s, int64_t most, tm_worker_permutation *out)
{
    tm_worker_groups groups;
    tm_pcg64 stream;
    icc_point(s);
    tm_pcg64_init(&stream, 3, 4);
    check_ok(ctx, tm_worker_groups_build(ctx, &s->sample, &groups));
    check_ok(ctx, tm_worker_permutation_run(ctx, &s->sample, &groups, &stream, most, 0.95, out));
}

static void every_permutation(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 11;
    for (int round = 0; round < 12; round++) {
        icc_sample s = small(&seed, round);
        tm_worker_permutation p;
        permutation_run(ctx, &s, 100000, &p);
        icc_point(&s);
        const count c = count_permutations(&s);
        assert_true(p.exact);
        check_close(p.p, (double)c.extreme / (double)c.all, 1e-14);
        assert_true(p.p_low == p.p && p.p_high == p.p && c.all % p.n_draws == 0);
    }
    temoin_context_free(ctx);
}

/* Redraws of the same trials: p of all arrangements is in the band, four times as wide, and threads change nothing. */
static void redraws(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 12;
    for (int round = 0; round < 12; round++) {
        icc_sample s = small(&seed, round);
        tm_worker_permutation all, some, again;
        permutation_run(ctx, &s, 100000, &all);
        ctx->threads = 1;
        permutation_run(ctx, &s, all.n_draws - 1 < 20000 ? all.n_draws - 1 : 20000, &some);
        ctx->threads = 3;
        permutation_run(ctx, &s, some.n_draws, &again);
        const double error = sqrt(all.p * (1 - all.p) / (double)some.n_draws) + 1 / (double)some.n_draws;
        assert_false(some.exact);
        assert_true(fabs(some.p - all.p) < 4.5 * error);
        assert_true(some.p == again.p && some.p_low <= some.p && some.p <= some.p_high + error);
        check_close(some.p, (double)(some.n_extreme + 1) / (double)(some.n_draws + 1), 1e-15);
    }
    temoin_context_free(ctx);
}

/* With one worker per arm nothing moves, and without variation nothing differs. */
static void nothing_to_permute(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    icc_sample s = icc_sample_of((const double[]){1, 2, 3}, (const int[]){3}, 1);
    tm_worker_permutation p;
    permutation_run(ctx, &s, 1000, &p);
    assert_true(isnan(p.p) && isnan(p.statistic) && p.n_draws == 0);
    s = icc_sample_of((const double[]){.1, .1, .1}, (const int[]){2, 1}, 2);
    permutation_run(ctx, &s, 1000, &p);
    assert_true(isnan(p.p));
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_permutation),
        cmocka_unit_test(redraws),
        cmocka_unit_test(nothing_to_permute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

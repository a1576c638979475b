/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact p values against counts over all assignments, and known distributions. */
#include "check.h"

#include "inference/exact_difference.h"
#include "numeric/distributions.h"

enum { MOST = 14, BLOCKS = 3 };

static uint64_t seed = 0x9e3779b97f4a7c15u;

static int below(int n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int)((seed >> 33) % (uint64_t)n);
}

typedef struct small_trial {
    int n, n_blocks;
    int32_t block[MOST];
    bool treated[MOST];
    int64_t score[MOST], weight[BLOCKS];
    int64_t n_in[BLOCKS], m_in[BLOCKS];
} small_trial;

/* Few values, so that many sums are tied; sometimes negative, sometimes far from zero, sometimes blocks of one. */
static void make_trial(small_trial *t)
{
    static const int ranges[] = {2, 3, 5, 40};
    const int range = ranges[below(4)], from = below(3) * 1000 - 1000;
    *t = (small_trial){.n = 1 + below(MOST), .n_blocks = 1 + below(BLOCKS)};
    for (int b = 0; b < t->n_blocks; b++) t->weight[b] = 1 + below(4);
    for (int i = 0; i < t->n; i++) {
        t->block[i] = below(t->n_blocks);
        t->treated[i] = below(2);
        t->score[i] = from + below(range);
        t->n_in[t->block[i]]++;
        t->m_in[t->block[i]] += t->treated[i];
    }
}

typedef struct counted {
    double all, two_sided, upper, lower, tied, same;
} counted;

/* Whole numbers all the way: X and E times the product of the blocks' sizes. */
static void count_all(const small_trial *t, counted *out)
{
    int64_t scale = 1, mean = 0, x = 0;
    for (int b = 0; b < t->n_blocks; b++) scale *= t->n_in[b] ? t->n_in[b] : 1;
    for (int i = 0; i < t->n; i++) {
        const int b = t->block[i];
        mean += t->weight[b] * t->score[i] * t->m_in[b] * (scale / t->n_in[b]);
        if (t->treated[i]) x += t->weight[b] * t->score[i] * scale;
    }
    for (int set = 0; set < 1 << t->n; set++) {
        int64_t m[BLOCKS] = {0}, other = 0;
        for (int i = 0; i < t->n; i++)
            if (set >> i & 1) m[t->block[i]]++, other += t->weight[t->block[i]] * t->score[i] * scale;
        if (memcmp(m, t->m_in, sizeof m) != 0) continue;
        out->all++;
        out->upper += other >= x, out->lower += other <= x, out->same += other == x;
        out->two_sided += llabs(other - mean) >= llabs(x - mean), out->tied += llabs(other - mean) == llabs(x - mean);
    }
}

static void equals_full_enumeration(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 400; k++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        small_trial t;
        counted c = {0};
        tm_exact_p p;
        make_trial(&t);
        count_all(&t, &c);
        const tm_exact_trial trial = {t.n, t.block, t.treated, t.score, t.weight, t.n_blocks};
        check_ok(ctx, tm_exact_sum_run(ctx, &trial, &p));
        assert_true(p.known);
        check_close(p.two_sided, c.two_sided / c.all, 1e-12);
        check_close(p.upper, c.upper / c.all, 1e-12);
        check_close(p.lower, c.lower / c.all, 1e-12);
        check_close(p.mid, (c.two_sided - c.tied / 2) / c.all, 1e-12);
        check_close(p.mid_upper, (c.upper - c.same / 2) / c.all, 1e-12);
        check_close(p.mid_lower, (c.lower - c.same / 2) / c.all, 1e-12);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    temoin_context_free(ctx);
}

/* Mean and variance of the table are those of sampling without replacement (Cochran 1977, th. 2.2). */
static void moments_are_the_formulas(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    enum { N = 3000 };
    static int32_t block[N];
    static bool treated[N];
    static int64_t score[N];
    for (int i = 0; i < N; i++) block[i] = i % 7, treated[i] = below(3) == 0, score[i] = below(3);
    tm_exact_p p;
    check_ok(ctx, tm_exact_sum_run(ctx, &(tm_exact_trial){N, block, treated, score, NULL, 7}, &p));
    assert_true(p.known);
    double sum = 0, mean = 0, square = 0;
    for (int64_t i = 0; i < p.distribution.n; i++) {
        const double x = (double)(p.distribution.first + i * p.distribution.step) - p.mean;
        sum += p.distribution.p[i], mean += p.distribution.p[i] * x, square += p.distribution.p[i] * x * x;
    }
    check_close(sum, 1, 1e-13);
    assert_true(fabs(mean) < 1e-9);
    check_close(sqrt(square), p.sd, 1e-12);
    temoin_context_free(ctx);
}

/* Pairs with one event each and all events treated: 2^-n; the p value is right far below what could be drawn. */
static void tiny_p_values_keep_their_digits(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    enum { PAIRS = 1200 };
    static int32_t block[2 * PAIRS];
    static bool treated[2 * PAIRS];
    static int64_t score[2 * PAIRS];
    for (int i = 0; i < 2 * PAIRS; i++) block[i] = i / 2, treated[i] = i % 2, score[i] = i % 2;
    for (int n = 1; n <= PAIRS; n += n < 40 ? 1 : 97) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        tm_exact_p p;
        check_ok(ctx, tm_exact_sum_run(ctx, &(tm_exact_trial){2 * n, block, treated, score, NULL, n}, &p));
        check_close(p.upper, fmax(ldexp(1, -n), 0x1p-1022), 1e-12);
        check_close(p.two_sided, fmax(ldexp(1, 1 - n), 0x1p-1022), 1e-12);
        check_close(p.lower, 1, 1e-13);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    temoin_context_free(ctx);
}

/* A million units, 20 blocks, equal shares: the p value is near the normal one with continuity correction. */
static void a_million_units(void **state)
{
    (void)state;
    enum { N = 1000000 };
    temoin_context *ctx = check_context();
    int32_t *block = tm_arena_take(&ctx->results, N, sizeof *block);
    bool *treated = tm_arena_take(&ctx->results, N, sizeof *treated);
    int64_t *score = tm_arena_take(&ctx->results, N, sizeof *score);
    assert_true(block && treated && score);
    for (int i = 0; i < N; i++)
        block[i] = i % 20, treated[i] = i / 20 % 2, score[i] = below(1000) < (treated[i] ? 302 : 300);
    tm_exact_p p;
    check_ok(ctx, tm_exact_sum_run(ctx, &(tm_exact_trial){N, block, treated, score, NULL, 20}, &p));
    assert_true(p.known);
    const double z = (fabs(p.x - p.mean) - 0.5) / p.sd;
    check_close(p.two_sided, 2 * tm_normal_cdf(-z), 1e-3);
    check_close(2 * p.mid, p.two_sided + 2 * tm_normal_cdf(-z - 1 / p.sd), 1e-3);
    temoin_context_free(ctx);
}

/* The difference by the definition, over all assignments of a blocked trial with unequal shares. */
static void differences_equal_full_enumeration(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const double contrast[] = {-1, 1};
    for (int k = 0; k < 300; k++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        small_trial t;
        double y[MOST];
        int32_t arm[MOST];
        make_trial(&t);
        for (int i = 0; i < t.n; i++) y[i] = (double)t.score[i] / (k % 3 ? 10 : 1), arm[i] = t.treated[i];
        const tm_sample sample = {
            .n = t.n, .n_arms = 2, .n_strata = t.n_blocks, .y = y, .arm = arm, .stratum = t.block};
        double observed = 0, all = 0, as_large = 0, n_contrast = 0;
        for (int b = 0; b < t.n_blocks; b++) n_contrast += t.m_in[b] && t.m_in[b] < t.n_in[b] ? (double)t.n_in[b] : 0;
        for (int set = -1; set < 1 << t.n; set++) {
            int64_t m[BLOCKS] = {0};
            double difference = 0;
            for (int i = 0; i < t.n; i++) {
                const int b = t.block[i];
                const bool in = set < 0 ? t.treated[i] : set >> i & 1;
                m[b] += in;
                if (!t.m_in[b] || t.m_in[b] == t.n_in[b]) continue;
                const double share = (double)t.n_in[b] / n_contrast;
                difference += in ? share * y[i] / (double)t.m_in[b] : -share * y[i] / (double)(t.n_in[b] - t.m_in[b]);
            }
            if (set < 0) observed = difference;
            if (set < 0 || memcmp(m, t.m_in, sizeof m) != 0) continue;
            all++;
            as_large += fabs(difference) >= fabs(observed) - 1e-9;
        }
        tm_exact_p p;
        check_ok(ctx, tm_exact_difference_run(ctx, &sample, contrast, &p));
        assert_int_equal(p.known, n_contrast > 0);
        if (p.known) {
            assert_true(fabs(p.x - observed) < 1e-9);
            check_close(p.two_sided, as_large / all, 1e-12);
        }
        tm_arena_rewind(&ctx->scratch, mark);
    }
    temoin_context_free(ctx);
}

/* What is not on a lattice, has weights or is no plain contrast has no exact p; a third arm stays where it is. */
static void what_is_not_known_is_nan(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const double contrast[] = {-1, 1, 0}, mean[] = {-0.5, 1, -0.5};
    static const double y[] = {0.1, 1.0 / 3, 1, 0}, whole[] = {0, 1, 1, 0};
    static const int32_t arm[] = {0, 1, 0, 1}, three[] = {0, 1, 2, 1}, stratum[] = {0, 0, 0, 0};
    static const double weight[] = {1, 2, 1, 1};
    tm_sample s = {.n = 4, .n_arms = 3, .n_strata = 1, .y = y, .arm = arm, .stratum = stratum};
    tm_exact_p p;
    check_ok(ctx, tm_exact_difference_run(ctx, &s, contrast, &p));
    assert_true(!p.known && isnan(p.two_sided) && isnan(p.x) && isnan(p.mid));
    s.y = whole;
    check_ok(ctx, tm_exact_difference_run(ctx, &s, mean, &p));
    assert_true(!p.known);
    s.weight = weight;
    check_ok(ctx, tm_exact_difference_run(ctx, &s, contrast, &p));
    assert_true(!p.known);
    s.weight = NULL;
    check_ok(ctx, tm_exact_difference_run(ctx, &s, contrast, &p));
    assert_true(p.known && p.two_sided == 1 && p.x == 0);
    s.arm = three; /* 1 against 0 and 0: three assignments, differences 1/2, 1/2 and -1 */
    check_ok(ctx, tm_exact_difference_run(ctx, &s, contrast, &p));
    assert_true(p.known && p.two_sided == 1), check_close(p.x, 0.5, 1e-14), check_close(p.upper, 2.0 / 3, 1e-14);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_full_enumeration),  cmocka_unit_test(differences_equal_full_enumeration),
        cmocka_unit_test(moments_are_the_formulas), cmocka_unit_test(tiny_p_values_keep_their_digits),
        cmocka_unit_test(a_million_units),          cmocka_unit_test(what_is_not_known_is_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of redraws against adding up, group by group, what the same redraws give. */
#include "small_trial.h"

#include "inference/redraw_sums.h"
#include "kernels/kernels.h"

enum { N = 90, COLUMNS = 5 };

typedef struct outcome {
    small_trial trial;
    double x[COLUMNS][MOST_UNITS];
    const double *column[COLUMNS];
} outcome;

/* Anything; two values; one; two in some strata and more in others; 0 but for one unit. */
static void draw_columns(outcome *o, uint64_t *seed)
{
    for (int64_t u = 0; u < o->trial.units.n_units; u++) {
        const int32_t s = o->trial.stratum[u];
        o->x[0][u] = ldexp(random_below(seed, 2000) - 1000, random_below(seed, 20) - 10);
        o->x[1][u] = random_below(seed, 2) ? 0.1 : -0.25 * s;
        o->x[2][u] = 0.3 * (s + 1);
        o->x[3][u] = s % 2 ? random_below(seed, 5) : random_below(seed, 2);
        o->x[4][u] = u == 3;
    }
    for (int j = 0; j < COLUMNS; j++) o->column[j] = o->x[j];
}

static int64_t room(const tm_redraw_bits *b)
{
    return (int64_t)N * b->n_blocks * b->n_arms;
}

static void *take(temoin_context *ctx, int64_t n, size_t size)
{
    void *taken = tm_arena_take(&ctx->scratch, n, size);
    assert_non_null(taken);
    return taken;
}

/* Redraw `r` of every group, by the masks. */
static void draw_arms(temoin_context *ctx, const tm_redraw_bits *b, int64_t r, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t *extra = take(ctx, (int64_t)b->n_rows * b->n_arms, sizeof *extra);
    check_ok(ctx, tm_redraw_bits_round(ctx, b, r, 1, extra));
    for (int32_t k = 0; k < b->n_blocks; k++) {
        const int64_t n_words = tm_redraw_bits_words(b, k);
        uint64_t *words = take(ctx, n_words * (b->n_masks + 1), sizeof *words);
        tm_redraw_bits_draw(b, ctx->kernels, k, r, 1, extra, words, words + n_words * b->n_masks);
        for (int64_t i = 0; i < tm_redraw_bits_size(b, k); i++) {
            int32_t *own = &arm[b->member[b->start[k] + i]];
            *own = b->n_masks < b->n_arms ? 0 : -1;
            for (int32_t j = 0; j < b->n_masks; j++)
                if (words[j * n_words + i / 64] >> i % 64 & 1) *own = tm_redraw_bits_arm(b, j);
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
}

static void check_redraw(const outcome *o, const tm_redraw_bits *b, const int32_t *arm, const int64_t *number,
                         const double *sum)
{
    for (int32_t s = 0; s < b->n_blocks; s++)
        for (int32_t a = 0; a < b->n_arms; a++, number++)
            for (int j = 0; j < COLUMNS; j++, sum++) {
                double want = 0, size = 0;
                int64_t n = 0;
                for (int64_t u = 0; u < o->trial.units.n_units; u++) {
                    if (o->trial.stratum[u] != s) continue;
                    size += fabs(o->x[j][u]);
                    if (arm[u] == a) want += o->x[j][u], n++;
                }
                assert_int_equal(*number, n);
                if (!(fabs(*sum - want) <= 1e-13 * size)) fail_msg("column %d: %.17g, not %.17g", j, *sum, want);
                if (j == 4) assert_true(*sum == want); /* counts are exact */
            }
}

static void sums_are_those_of_the_arms(void **state)
{
    (void)state;
    static outcome o;
    static int32_t arm[MOST_UNITS];
    uint64_t seed = 5;
    for (int trial = 0; trial < 80; trial++) {
        temoin_context *ctx = check_context();
        tm_redraw_bits b;
        tm_redraw_sums sums;
        const int64_t first = 1 + random_below(&seed, 100000);
        build_random_trial(&o.trial, &seed, 6, trial % 3 ? 30 : 400);
        o.trial.options.misfits = tm_misfits[trial % 4].key;
        draw_columns(&o, &seed);
        check_ok(ctx, tm_redraw_bits_build_places(ctx, &o.trial.units, &b));
        check_ok(ctx, tm_redraw_sums_build(ctx, &b, COLUMNS, o.column, &sums));
        int64_t *number = take(ctx, room(&b), sizeof *number);
        double *sum = take(ctx, room(&b) * COLUMNS, sizeof *sum);
        check_ok(ctx, tm_redraw_sums_run(ctx, &sums, first, N, number, sum));
        for (int64_t d = 0; d < N; d += 13) {
            const int64_t cell = d * b.n_blocks * b.n_arms;
            draw_arms(ctx, &b, first + d, arm);
            check_redraw(&o, &b, arm, number + cell, sum + cell * COLUMNS);
        }
        temoin_context_free(ctx);
    }
}

/* Whatever the threads, the level, and how many are asked for at once. */
static void sums_are_the_same_bits(void **state)
{
    (void)state;
    static outcome o;
    static const int64_t size[] = {3000, 200, 64, 1}, shares[] = {1, 2, 1, 1, 1, 1, 3, 1, 2, 1, 1, 1};
    uint64_t seed = 9;
    double *want = NULL;
    temoin_context *base = check_context();
    build_trial(&o.trial, 4, 3, size, shares);
    draw_columns(&o, &seed);
    for (int level = 0; tm_kernels_level(level); level++)
        for (int threads = 1; threads <= 3; threads++) {
            const temoin_context_opts opts = {.threads = threads, .cpu = tm_kernels_level(level)->name};
            temoin_context *ctx;
            tm_redraw_bits b;
            tm_redraw_sums sums;
            assert_int_equal(temoin_context_build(&opts, &ctx), TEMOIN_OK);
            check_ok(ctx, tm_redraw_bits_build_places(ctx, &o.trial.units, &b));
            check_ok(ctx, tm_redraw_sums_build(ctx, &b, COLUMNS, o.column, &sums));
            int64_t *number = take(ctx, 10 * room(&b), sizeof *number);
            double *sum = take(ctx, 10 * room(&b) * COLUMNS, sizeof *sum);
            const int64_t n = 10 * N, half = level * 100 + 17, step = (int64_t)b.n_blocks * b.n_arms;
            check_ok(ctx, tm_redraw_sums_run(ctx, &sums, 1, half, number, sum));
            check_ok(ctx, tm_redraw_sums_run(ctx, &sums, 1 + half, n - half, number + half * step,
                                             sum + half * step * COLUMNS));
            if (!want) {
                want = take(base, 10 * room(&b) * COLUMNS, sizeof *want);
                memcpy(want, sum, (size_t)(10 * room(&b) * COLUMNS) * sizeof *want);
            }
            assert_memory_equal(sum, want, (size_t)(10 * room(&b) * COLUMNS) * sizeof *want);
            temoin_context_free(ctx);
        }
    temoin_context_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_arms),
        cmocka_unit_test(sums_are_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

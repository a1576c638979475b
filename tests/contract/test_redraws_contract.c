/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Redraws as bits: that they come as often as the design's own list says, with exact numbers, each a function of the
 * trial and its index alone. With --print, redraws of random trials for whoever derives them again. */
#include "designs/redraw_bits.h"
#include "numeric/distributions.h"
#include "small_trial.h"

#ifdef __SANITIZE_ADDRESS__
enum { DRAWS = 10000 };
#else
enum { DRAWS = 100000 };
#endif
enum { MOST_CODES = 65536, FEWEST_EXPECTED = 5, CHUNK = 1000 };
static const double least_p = 1e-6; /* some hundred tests; seeds are fixed, so nothing fails by chance */

static void *take(temoin_context *ctx, int64_t n, size_t size)
{
    void *room = tm_arena_take(&ctx->scratch, n, size);
    assert_non_null(room);
    return room;
}

/* arm [n * n_units] of redraws first … first + n - 1, drawn `at_once` redraws at a time. */
static void draw_arms(temoin_context *ctx, const tm_redraw_bits *b, const tm_kernels *kernels, int64_t first, int64_t n,
                      int64_t at_once, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t *extra;
    uint64_t *words, *rest;
    extra = take(ctx, at_once * b->n_rows * b->n_arms, sizeof *extra);
    words = take(ctx, at_once * b->n_masks * b->word[b->n_blocks], sizeof *words);
    rest = take(ctx, b->word[b->n_blocks], sizeof *rest);
    for (int64_t from = 0; from < n; from += at_once) {
        const int64_t m = n - from < at_once ? n - from : at_once;
        check_ok(ctx, tm_redraw_bits_round(ctx, b, first + from, m, extra));
        for (int32_t k = 0; k < b->n_blocks; k++) {
            const int64_t n_words = tm_redraw_bits_words(b, k), size = tm_redraw_bits_size(b, k);
            tm_redraw_bits_draw(b, kernels, k, first + from, m, extra, words, rest);
            for (int64_t d = 0; d < m; d++)
                for (int64_t i = 0; i < 64 * n_words; i++) {
                    int32_t a = b->n_masks < b->n_arms ? 0 : -1, n_in = 0;
                    for (int32_t j = 0; j < b->n_masks; j++)
                        if (words[(d * b->n_masks + j) * n_words + i / 64] >> i % 64 & 1)
                            a = tm_redraw_bits_arm(b, j), n_in++;
                    assert_true(n_in <= 1 && (i < size || n_in == 0));
                    if (i < size) arm[(from + d) * b->n_groups + b->member[b->start[k] + i]] = a;
                }
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
}

/* How often assignments come, as listed and as drawn. */
typedef struct law {
    const tm_design_units *units;
    double listed[MOST_CODES];
    int64_t drawn[MOST_CODES];
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
    l->listed[code_of(l->units, arm)] += probability;
    return true;
}

static void check_law(const law *l, int64_t n_draws, const char *name)
{
    double sum = 0, rest = 0, n_rest = 0;
    int n = 0;
    for (int64_t c = 0; c < MOST_CODES; c++) {
        const double expected = l->listed[c] * (double)n_draws, count = (double)l->drawn[c];
        if (l->listed[c] <= 1e-12) assert_true(count == 0);
        if (expected >= FEWEST_EXPECTED)
            sum += (count - expected) * (count - expected) / expected, n++;
        else
            rest += expected, n_rest += count;
    }
    if (rest >= FEWEST_EXPECTED) sum += (n_rest - rest) * (n_rest - rest) / rest, n++;
    if (n < 2) return;
    const double p = tm_chi2_upper(sum, n - 1);
    if (!(p >= least_p)) fail_msg("%s: chi-square %g of %d, p = %g", name, sum, n - 1, p);
}

typedef struct shape {
    int32_t n_strata, n_arms;
    int64_t size[3], shares[9];
} shape;

static const shape shapes[] = {
    {1, 2, {8}, {1, 1}},
    {1, 2, {7}, {1, 2}},
    {1, 3, {6}, {1, 1, 1}},
    {1, 3, {5}, {1, 2, 1}},
    {3, 3, {3, 1, 2}, {1, 2, 7, 1, 0, 1, 1, 1, 1}},
    {2, 2, {4, 4}, {1, 1, 1, 1}},
    {3, 2, {3, 2, 2}, {1, 2, 1, 2, 1, 2}},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void check_shape(const shape *given, const char *misfits)
{
    static small_trial t;
    static law l;
    static int32_t arm[CHUNK * 8];
    temoin_context *ctx = check_context();
    tm_redraw_bits bits;
    build_trial(&t, given->n_strata, given->n_arms, given->size, given->shares);
    t.options.misfits = misfits;
    memset(&l, 0, sizeof l);
    l.units = &t.units;
    if (tm_design_find("blocked")->draw(ctx, &t.units, t.arm) != TEMOIN_OK) {
        temoin_context_free(ctx); /* the policy refuses these units */
        return;
    }
    check_ok(ctx, tm_design_find("blocked")->enumerate(ctx, &t.units, add_listed, &l));
    check_ok(ctx, tm_redraw_bits_build_places(ctx, &t.units, &bits));
    for (int64_t first = 1; first <= DRAWS; first += CHUNK) {
        draw_arms(ctx, &bits, ctx->kernels, first, CHUNK, CHUNK, arm);
        for (int64_t d = 0; d < CHUNK; d++) l.drawn[code_of(&t.units, arm + d * t.units.n_units)]++;
    }
    check_law(&l, DRAWS, misfits);
    temoin_context_free(ctx);
}

static void assignments_come_as_often_as_listed(void **state)
{
    (void)state;
    for (int m = 0; m < tm_n_misfits; m++)
        for (int k = 0; k < N_SHAPES; k++) check_shape(&shapes[k], tm_misfits[m].key);
}

/* All arrangements of the given arms within their blocks are equally likely; who has no arm stays so. */
static void shuffles_are_uniform(void **state)
{
    (void)state;
    static const int32_t arm[] = {0, 1, 2, -1, 1, 1, 0, 2}, block[] = {0, 0, 0, 0, 0, 1, 1, 1};
    static const char *const text[] = {"a", "b"};
    static law l;
    static int32_t drawn[CHUNK * 8];
    temoin_context *ctx = check_context();
    const tm_design_units units = {.n_units = 8, .n_arms = 3};
    tm_redraw_bits bits;
    memset(&l, 0, sizeof l);
    l.units = &units;
    check_ok(ctx, tm_redraw_bits_build_shuffle(ctx, "t", 8, 3, arm, 2, block, text, &bits));
    for (int code = 0; code < 6561; code++) { /* 12 orders of 0 1 1 2, times 6 of 0 1 2 */
        int32_t a[8], n[2][3] = {{0}};
        bool fits = true;
        for (int u = 0, rest = code; u < 8; u++, rest /= 3) {
            a[u] = u == 3 ? -1 : rest % 3;
            fits &= u != 3 || rest % 3 == 0;
            if (u != 3) n[block[u]][a[u]]++;
        }
        for (int k = 0; k < 3; k++) fits &= n[0][k] == (k == 1 ? 2 : 1) && n[1][k] == 1;
        if (fits) l.listed[code_of(&units, a)] = 1.0 / 72;
    }
    for (int64_t first = 1; first <= DRAWS; first += CHUNK) {
        memset(drawn, 0xff, sizeof drawn);
        draw_arms(ctx, &bits, ctx->kernels, first, CHUNK, CHUNK, drawn);
        for (int64_t d = 0; d < CHUNK; d++) l.drawn[code_of(&units, drawn + d * 8)]++;
    }
    check_law(&l, DRAWS, "shuffle");
    temoin_context_free(ctx);
}

/* Of a large stratum: how many of the first half are in, against the hypergeometric law. */
static void large_subsets_follow_the_hypergeometric(void **state)
{
    (void)state;
    static const int64_t cases[][2] = {{1000, 500}, {1000, 333}, {1000, 7}, {1001, 64}, {130, 129}, {777, 555}};
    static law l;
    temoin_context *ctx = check_context();
    tm_pcg64 rng;
    tm_pcg64_init(&rng, 12, 34);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const int64_t n = cases[c][0], size = cases[c][1], half = n / 2;
        memset(&l, 0, sizeof l);
        for (int64_t k = 0; k <= size && k <= half; k++)
            if (size - k <= n - half)
                l.listed[k] = exp(lgamma(half + 1.0) - lgamma(k + 1.0) - lgamma(half - k + 1.0) +
                                  lgamma(n - half + 1.0) - lgamma(size - k + 1.0) - lgamma(n - half - size + k + 1.0) -
                                  lgamma(n + 1.0) + lgamma(size + 1.0) + lgamma(n - size + 1.0));
        for (int d = 0; d < DRAWS / 5; d++) {
            uint64_t words[16];
            int64_t in_half = 0, in = 0;
            tm_subset_draw(ctx->kernels, &rng, n, NULL, n, size, words);
            for (int64_t i = 0; i < 64 * tm_words_for(n); i++) {
                in += words[i / 64] >> i % 64 & 1;
                if (i < half) in_half = in;
            }
            assert_int_equal(in, size);
            l.drawn[in_half]++;
        }
        check_law(&l, DRAWS / 5, "hypergeometric");
    }
    temoin_context_free(ctx);
}

/* Streams side by side draw what each draws alone, and then stand where it stands: of every size, of all places and of
 * a part of them. */
static void subsets_side_by_side_are_the_same(void **state)
{
    (void)state;
    enum { N = TM_SUBSETS_AT_ONCE };
    temoin_context *ctx = check_context();
    uint64_t seed = 21;
    for (int round = 0; round < 400; round++) {
        const int64_t n = 1 + random_below(&seed, 64);
        const int32_t n_streams = 1 + (int32_t)random_below(&seed, N);
        tm_pcg64 rng[N];
        tm_uint128 at[N];
        uint64_t from[N], words[2 * N];
        int32_t n_from[N], size[N];
        for (int32_t r = 0; r < n_streams; r++) {
            tm_pcg64_init(&rng[r], (tm_uint128)(1000 * round + r), 5);
            at[r] = rng[r].state;
            n_from[r] = round % 2 ? (int32_t)random_below(&seed, n + 1) : (int32_t)n;
            tm_subset_draw(ctx->kernels, &(tm_pcg64){(tm_uint128)r, 1}, n, NULL, n, n_from[r], &from[r]);
            size[r] = (int32_t)random_below(&seed, n_from[r] + 1);
        }
        tm_subset_draw_each(rng[0].inc, at, n_streams, n, round % 2 ? from : NULL, n_from, size, words, 2);
        for (int32_t r = 0; r < n_streams; r++) {
            uint64_t word;
            tm_subset_draw(ctx->kernels, &rng[r], n, round % 2 ? &from[r] : NULL, n_from[r], size[r], &word);
            assert_true(word == words[2 * r] && rng[r].state == at[r]);
        }
    }
    temoin_context_free(ctx);
}

/* The numbers are those of the places; drawn in any portions, from any start, at any level, the arms are the same. */
static void redraws_are_functions_of_their_index(void **state)
{
    (void)state;
    static small_trial t;
    enum { N = 12 };
    static int32_t whole[N * MOST_UNITS], part[N * MOST_UNITS];
    uint64_t seed = 20;
    for (int trial = 0; trial < 60; trial++) {
        temoin_context *ctx = check_context();
        tm_redraw_bits b;
        const int64_t first = 1 + random_below(&seed, 1000000);
        build_random_trial(&t, &seed, 5, trial % 2 ? 300 : 40);
        t.options.misfits = tm_misfits[trial % 4].key;
        check_ok(ctx, tm_redraw_bits_build_places(ctx, &t.units, &b));
        draw_arms(ctx, &b, ctx->kernels, first, N, N, whole);
        for (int64_t at_once = 1; at_once < N; at_once += 4) {
            const tm_kernels *level = tm_kernels_level((int)(at_once / 4));
            draw_arms(ctx, &b, level ? level : ctx->kernels, first, N, at_once, part);
            assert_memory_equal(part, whole, N * t.units.n_units * sizeof *whole);
        }
        int64_t moved = 0;
        for (int64_t d = 0; d < N; d++)
            for (int32_t s = 0; s < t.units.n_strata; s++) {
                int64_t n[MOST_ARMS] = {0};
                for (int64_t u = 0; u < t.units.n_units; u++) {
                    const int32_t a = whole[d * t.units.n_units + u];
                    if (t.stratum[u] == s && a >= 0) n[a]++;
                    moved += a != whole[u];
                }
                for (int32_t a = 0; a < t.units.n_arms; a++)
                    assert_in_range(n[a] - b.number[s * t.units.n_arms + a], 0,
                                    b.row[s] < 0 ? 0 : b.places.left[b.row[s]]);
            }
        if (t.units.n_units > 100 && t.units.n_arms > 2) assert_true(moved > 0);
        temoin_context_free(ctx);
    }
}

static void print_list(const char *name, const int64_t *x, int64_t n)
{
    printf("\"%s\": [", name);
    for (int64_t i = 0; i < n; i++) printf("%s%lld", i ? ", " : "", (long long)x[i]);
    printf("], ");
}

/* One line of JSON per trial and redraw: strata with sizes and shares, and everybody's arm, the strata one after the
 * other.
 */
static int print_redraws(void)
{
    static small_trial t;
    static int32_t arm[MOST_UNITS];
    uint64_t seed = 7;
    for (int trial = 0; trial < 120; trial++) {
        temoin_context *ctx = check_context();
        tm_redraw_bits b;
        const int64_t r = trial < 40 ? 1 + trial : 1 + random_below(&seed, 1000000);
        build_random_trial(&t, &seed, 4, trial % 3 ? 400 : 20);
        if (tm_redraw_bits_build_places(ctx, &t.units, &b) != TEMOIN_OK) return 1;
        draw_arms(ctx, &b, ctx->kernels, r, 1, 1, arm);
        printf("{\"r\": %lld, ", (long long)r);
        print_list("start", b.start, b.n_blocks + 1);
        print_list("shares", t.shares, (int64_t)b.n_blocks * b.n_arms);
        printf("\"labels\": [");
        for (int32_t s = 0; s < b.n_blocks; s++) { /* the names hold a backslash each */
            const char *text = t.stratum_text[s], *slash = strchr(text, '\\');
            printf("%s\"%.*s%s%s\"", s ? ", " : "", slash ? (int)(slash - text) : 0, text, slash ? "\\" : "",
                   slash ? slash : "");
        }
        printf("], \"arms\": [");
        for (int64_t i = 0; i < b.n_groups; i++) printf("%s%d", i ? ", " : "", (int)arm[b.member[i]]);
        printf("]}\n");
        temoin_context_free(ctx);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignments_come_as_often_as_listed),     cmocka_unit_test(shuffles_are_uniform),
        cmocka_unit_test(large_subsets_follow_the_hypergeometric), cmocka_unit_test(subsets_side_by_side_are_the_same),
        cmocka_unit_test(redraws_are_functions_of_their_index),
    };
    if (argc == 2 && strcmp(argv[1], "--print") == 0) return print_redraws();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matchings against all matchings of up to ten vertices, and against the proof of optimality that duality gives. */
#include "check.h"

#include "numeric/matching.h"

enum { MOST = 64 };

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return *x * UINT64_C(2685821657736338717);
}

static void set_cost(int64_t *cost, int n, int u, int v, int64_t c)
{
    cost[u * n + v] = cost[v * n + u] = c;
}

/* The first vertex left goes with each other one in turn. */
static int64_t least_of_all(const int64_t *cost, int n, uint32_t left)
{
    if (!left) return 0;
    const int u = __builtin_ctz(left);
    int64_t least = INT64_MAX;
    for (int v = u + 1; v < n; v++) {
        if (!(left >> v & 1)) continue;
        const int64_t sum = cost[u * n + v] + least_of_all(cost, n, left & ~(1u << u | 1u << v));
        least = sum < least ? sum : least;
    }
    return least;
}

static int64_t cost_of(const int64_t *cost, int n, const int32_t *mate)
{
    int64_t sum = 0;
    for (int u = 0; u < n; u++) {
        assert_in_range(mate[u], 0, n - 1);
        assert_true(mate[u] != u && mate[mate[u]] == u);
        if (mate[u] > u) sum += cost[u * n + mate[u]];
    }
    return sum;
}

static int64_t find_least(const int64_t *cost, int n, int32_t *mate)
{
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_matching_build(ctx, n, cost, mate));
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
    return cost_of(cost, n, mate);
}

static int64_t nasty_cost(uint64_t *x, int kind, int u, int v, const int64_t *place)
{
    const uint64_t r = next_random(x);
    switch (kind) {
    case 0:
        return (int64_t)(r >> 9 >> (r & 31)); /* many sizes */
    case 1:
        return (int64_t)(r >> 62); /* ties and zeros */
    case 2:
        return (int64_t)(r >> 63); /* a random graph */
    case 3:
        return TM_MATCHING_COST_MOST - (int64_t)(r >> 60); /* as large as they may be */
    case 4:
        return llabs(place[u] - place[v]); /* points on a line */
    case 5:
        return (u % 3 == v % 3 ? 0 : 10) + (int64_t)(r >> 63); /* three clouds: odd ones must cross */
    case 6:
        return (u / 3 == v / 3 ? 1 : 1000) + (int64_t)(r >> 61); /* triangles */
    case 7:
        return (u / 5 == v / 5 ? (int64_t)(r >> 61) : TM_MATCHING_COST_MOST);
    default:
        return 0;
    }
}

static void equal_to_the_best_of_all_matchings(void **state)
{
    (void)state;
    uint64_t x = 2463534242u;
    int64_t cost[100];
    int32_t mate[10];
    for (int trial = 0; trial < 40000; trial++) {
        const int n = 2 * (int)(1 + (next_random(&x) >> 32) % 5), kind = trial % 9;
        int64_t place[10];
        for (int u = 0; u < n; u++) place[u] = (int64_t)(next_random(&x) >> 58);
        for (int u = 0; u < n; u++)
            for (int v = 0; v <= u; v++) set_cost(cost, n, u, v, nasty_cost(&x, kind, u, v, place));
        const int64_t want = least_of_all(cost, n, (1u << n) - 1), got = find_least(cost, n, mate);
        if (got != want) print_error("trial %d: n = %d, kind %d\n", trial, n, kind);
        assert_true(got == want);
    }
}

/* Larger graphs with a known answer: points on a line, even in number, are paired with their neighbours. */
static void points_on_a_line_go_with_their_neighbours(void **state)
{
    (void)state;
    uint64_t x = 99;
    static int64_t cost[MOST * MOST];
    int32_t mate[MOST];
    for (int trial = 0; trial < 300; trial++) {
        const int n = 2 * (1 + trial % (MOST / 2));
        int64_t place[MOST], sorted[MOST], want = 0;
        for (int u = 0; u < n; u++) {
            int k = u;
            place[u] = (int64_t)(next_random(&x) >> (trial % 2 ? 20 : 58));
            for (; k > 0 && sorted[k - 1] > place[u]; k--) sorted[k] = sorted[k - 1];
            sorted[k] = place[u];
        }
        for (int k = 0; k < n; k += 2) want += sorted[k + 1] - sorted[k];
        for (int u = 0; u < n; u++)
            for (int v = 0; v < u; v++) set_cost(cost, n, u, v, llabs(place[u] - place[v]));
        assert_true(find_least(cost, n, mate) == want);
    }
}

/* A matching of least cost cannot gain by an exchange of two pairs, nor of three; and a planted one of cost 0 is found.
 */
static void planted_matchings_are_found(void **state)
{
    (void)state;
    uint64_t x = 7;
    static int64_t cost[MOST * MOST];
    int32_t mate[MOST];
    for (int trial = 0; trial < 400; trial++) {
        const int n = MOST, n_false = trial % 7; /* false zeros make odd cycles */
        int order[MOST];
        for (int u = 0; u < n; u++) order[u] = u;
        for (int u = n - 1; u > 0; u--) {
            const int v = (int)((next_random(&x) >> 32) % (uint64_t)(u + 1)), swap = order[u];
            order[u] = order[v];
            order[v] = swap;
        }
        for (int u = 0; u < n; u++)
            for (int v = 0; v < u; v++)
                set_cost(cost, n, u, v,
                         (int)((next_random(&x) >> 32) % 100) < n_false ? 0 : 1 + (int64_t)(next_random(&x) >> 60));
        for (int k = 0; k < n; k += 2) set_cost(cost, n, order[k], order[k + 1], 0);
        assert_true(find_least(cost, n, mate) == 0);
    }
}

/* Another optimum through dynamic programming over subsets: sixteen vertices. */
static void equal_to_dynamic_programming(void **state)
{
    (void)state;
    enum { N = 16 };
    uint64_t x = 31;
    static int64_t least[1 << N], cost[N * N];
    int32_t mate[N];
    for (int trial = 0; trial < 90; trial++) {
        int64_t place[N];
        for (int u = 0; u < N; u++) place[u] = (int64_t)(next_random(&x) >> 50);
        for (int u = 0; u < N; u++)
            for (int v = 0; v < u; v++) set_cost(cost, N, u, v, nasty_cost(&x, trial % 9, u, v, place));
        for (uint32_t set = 1; set < 1u << N; set++) {
            least[set] = INT64_MAX;
            if (__builtin_popcount(set) % 2) continue;
            const int u = __builtin_ctz(set);
            for (int v = u + 1; v < N; v++) {
                if (!(set >> v & 1)) continue;
                const int64_t sum = cost[u * N + v] + least[set & ~(1u << u | 1u << v)];
                least[set] = sum < least[set] ? sum : least[set];
            }
        }
        assert_true(find_least(cost, N, mate) == least[(1 << N) - 1]);
    }
}

static void nothing_to_match(void **state)
{
    (void)state;
    int32_t mate[2] = {5, 5};
    const int64_t cost[] = {0, 3, 3, 0};
    assert_true(find_least(cost, 0, mate) == 0 && mate[0] == 5);
    assert_true(find_least(cost, 2, mate) == 3);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    static int64_t cost[MOST * MOST];
    int32_t mate[MOST];
    for (int64_t k = 1;; k++) {
        temoin_context *ctx = check_context();
        tm_arena_fail_after(k);
        const temoin_status status = tm_matching_build(ctx, MOST, cost, mate);
        tm_arena_fail_after(0);
        assert_null(ctx->scratch.last);
        temoin_context_free(ctx);
        if (status == TEMOIN_OK) break;
        assert_int_equal(status, TEMOIN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_the_best_of_all_matchings),
        cmocka_unit_test(points_on_a_line_go_with_their_neighbours),
        cmocka_unit_test(planted_matchings_are_found),
        cmocka_unit_test(equal_to_dynamic_programming),
        cmocka_unit_test(nothing_to_match),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

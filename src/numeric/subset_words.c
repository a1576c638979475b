/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/subset_words.h"

#include <assert.h>
#include <string.h>

enum { MOST_DIGITS = 8, LANES = 4, BUFFER = 512 };

/* What is done with the numbers of one digit. */
typedef enum operation { TAKE, AND, OR } operation;

/* The next n numbers. A state waits for the one before it; four of them that go by strides of four do not wait for each
 * other, and give the same numbers. */
static void fill(tm_pcg64 *rng, uint64_t *out, int64_t n)
{
    int64_t i = 0;
    if (n >= 4 * LANES) {
        const tm_pcg64_stride four = tm_pcg64_stride_of(rng, LANES);
        tm_pcg64 lane[LANES];
        for (int k = 0; k < LANES; k++) {
            rng->state = rng->state * TM_PCG64_MULTIPLIER + rng->inc;
            lane[k] = *rng;
        }
        for (;; i += LANES) {
            for (int k = 0; k < LANES; k++) out[i + k] = tm_pcg64_output(lane[k].state);
            if (i + 2 * LANES > n) break;
            for (int k = 0; k < LANES; k++) tm_pcg64_leap(&lane[k], four);
        }
        i += LANES;
        *rng = lane[LANES - 1];
    }
    for (; i < n; i++) out[i] = tm_pcg64_next(rng);
}

static void combine(tm_pcg64 *rng, operation what, uint64_t *words, int64_t n_words)
{
    uint64_t number[BUFFER];
    if (what == TAKE) {
        fill(rng, words, n_words);
        return;
    }
    for (int64_t from = 0; from < n_words; from += BUFFER) {
        const int64_t n = n_words - from < BUFFER ? n_words - from : BUFFER;
        fill(rng, number, n);
        if (what == AND)
            for (int64_t i = 0; i < n; i++) words[from + i] &= number[i];
        else
            for (int64_t i = 0; i < n; i++) words[from + i] |= number[i];
    }
}

/* j, and *m digits: as few as bring n j / 2^m within a standard deviation of `size`. */
static int64_t choose_share(int64_t n, int64_t size, int *m)
{
    const tm_uint128 variance = (tm_uint128)size * (tm_uint128)(n - size); /* n times that of the count */
    for (*m = 1;; ++*m) {
        const int64_t scaled = size << *m, j = (2 * scaled + n) / (2 * n), off = scaled - n * j;
        if (*m == MOST_DIGITS || (tm_uint128)(off * off) * (tm_uint128)n <= variance << 2 * *m) return j;
    }
}

static void clear_beyond(int64_t n, uint64_t *words)
{
    if (n % 64) words[n / 64] &= (UINT64_C(1) << n % 64) - 1;
}

/* Steps 1 and 2. */
static void draw_bernoulli(tm_pcg64 *rng, int64_t n, const uint64_t *from, int64_t n_from, int64_t size,
                           uint64_t *words)
{
    const int64_t n_words = tm_words_for(n);
    int m;
    const int64_t j = choose_share(n_from, size, &m);
    int digit = 0;
    if (j == 0 || j >> m)
        memset(words, j ? 0xff : 0, (size_t)n_words * sizeof *words);
    else {
        while (!(j >> digit & 1)) digit++;
        combine(rng, TAKE, words, n_words);
        while (++digit < m) combine(rng, j >> digit & 1 ? OR : AND, words, n_words);
    }
    clear_beyond(n, words);
    for (int64_t i = 0; from && i < n_words; i++) words[i] &= from[i];
}

/* Step 3. Nothing is asked of a place: it is set or cleared, and what that changed is counted. */
static void fix_count(tm_pcg64 *rng, int64_t n, const uint64_t *from, int64_t surplus, uint64_t *words)
{
    while (surplus > 0) {
        const uint64_t k = tm_pcg64_bounded(rng, (uint64_t)n), bit = UINT64_C(1) << k % 64, old = words[k / 64];
        words[k / 64] = old & ~bit;
        surplus -= (old & bit) != 0;
    }
    while (surplus < 0) {
        const uint64_t k = tm_pcg64_bounded(rng, (uint64_t)n), old = words[k / 64];
        const uint64_t bit = (from ? from[k / 64] : UINT64_MAX) & UINT64_C(1) << k % 64;
        words[k / 64] = old | bit;
        surplus += (bit & ~old) != 0;
    }
}

void tm_subset_draw(const tm_kernels *kernels, tm_pcg64 *rng, int64_t n, const uint64_t *from, int64_t n_from,
                    int64_t size, uint64_t *words)
{
    const int64_t n_words = tm_words_for(n);
    assert(size >= 0 && size <= n_from && n_from <= n);
    if (size == 0)
        memset(words, 0, (size_t)n_words * sizeof *words);
    else if (size < n_from) {
        draw_bernoulli(rng, n, from, n_from, size, words);
        fix_count(rng, n, from, kernels->count_bits(words, n_words) - size, words);
    } else if (from)
        memcpy(words, from, (size_t)n_words * sizeof *words);
    else {
        memset(words, 0xff, (size_t)n_words * sizeof *words);
        clear_beyond(n, words);
    }
}

/* What is not known of a share yet is 0: j and m are not both. */
typedef struct shares {
    uint16_t known[65 * 65];
} shares;

static void find_share(shares *all, int64_t n_from, int64_t size, uint64_t *j, int *m)
{
    uint16_t *known = &all->known[n_from * 65 + size];
    if (!*known) {
        const int64_t found = choose_share(n_from, size, m);
        *known = (uint16_t)(found << 4 | *m);
    }
    *j = *known >> 4;
    *m = *known & 15;
}

static uint64_t count_word(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return x * 0x0101010101010101u >> 56;
}

/* Apart from its stream's increment a state stays in registers; as a struct it would go through memory. */
static uint64_t next_number(tm_uint128 *state, tm_uint128 inc)
{
    *state = *state * TM_PCG64_MULTIPLIER + inc;
    return tm_pcg64_output(*state);
}

static uint64_t next_place(tm_uint128 *state, tm_uint128 inc, uint64_t n)
{
    const tm_uint128 before = *state, product = (tm_uint128)next_number(state, inc) * n;
    if ((uint64_t)product >= n) return (uint64_t)(product >> 64);
    tm_pcg64 again = {before, inc};
    const uint64_t k = tm_pcg64_bounded(&again, n);
    *state = again.state;
    return k;
}

/* Steps 1 and 2 for one word. */
static uint64_t draw_word(tm_uint128 *state, tm_uint128 inc, uint64_t from, uint64_t j, int m)
{
    int digit = 0;
    if (j == 0 || j >> m) return j ? from : 0;
    while (!(j >> digit & 1)) digit++;
    uint64_t word = next_number(state, inc);
    while (++digit < m) {
        const uint64_t number = next_number(state, inc);
        word = j >> digit & 1 ? word | number : word & number;
    }
    return word & from;
}

/* Members to take out of `word`, so many; where members are missing, `word` is what is out so far, and they are taken
 * out of that. */
typedef struct repairs {
    uint64_t word[TM_SUBSETS_AT_ONCE], turned[TM_SUBSETS_AT_ONCE];
    int32_t needed[TM_SUBSETS_AT_ONCE];
    int32_t open[TM_SUBSETS_AT_ONCE]; /* the streams that are not done */
} repairs;

/* Steps 1 and 2. Returns how many streams need repairs. */
static int32_t draw_words(tm_uint128 inc, tm_uint128 *state, int32_t n_streams, uint64_t all, const uint64_t *from,
                          const int32_t *n_from, const int32_t *size, shares *known, repairs *todo)
{
    int32_t n_open = 0;
    for (int32_t r = 0; r < n_streams; r++) {
        const uint64_t whole = from ? from[r] : all;
        uint64_t word = size[r] ? whole : 0, j;
        if (size[r] > 0 && size[r] < n_from[r]) {
            int m;
            find_share(known, n_from[r], size[r], &j, &m);
            word = draw_word(&state[r], inc, whole, j, m);
        }
        const int32_t surplus = (int32_t)count_word(word) - size[r], missing = -(surplus < 0);
        todo->turned[r] = whole & (uint64_t)(int64_t)missing; /* a branch could not be predicted here either */
        todo->word[r] = word ^ todo->turned[r];
        todo->needed[r] = (surplus ^ missing) - missing;
        todo->open[n_open] = r;
        n_open += surplus != 0;
    }
    return n_open;
}

/* Step 3, a place for each stream in turn. Which are done is a sum, not a branch: nobody could predict it. */
static void repair(repairs *todo, int32_t n_open, tm_uint128 inc, tm_uint128 *state, uint64_t n)
{
    while (n_open) {
        int32_t left = 0;
        for (int32_t i = 0; i < n_open; i++) {
            const int32_t r = todo->open[i];
            const uint64_t k = next_place(&state[r], inc, n), old = todo->word[r];
            const int32_t needed = todo->needed[r] - (int32_t)(old >> k & 1);
            todo->word[r] = old & ~(UINT64_C(1) << k);
            todo->needed[r] = needed;
            todo->open[left] = r;
            left += needed != 0;
        }
        n_open = left;
    }
}

void tm_subset_draw_each(tm_uint128 inc, tm_uint128 *state, int32_t n_streams, int64_t n, const uint64_t *from,
                         const int32_t *n_from, const int32_t *size, uint64_t *words, int64_t step)
{
    const uint64_t all = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
    repairs todo;
    shares known;
    assert(n <= 64 && n_streams <= TM_SUBSETS_AT_ONCE);
    if (from)
        memset(known.known, 0, sizeof known.known);
    else
        memset(known.known + n * 65, 0, 65 * sizeof *known.known);
    const int32_t n_open = draw_words(inc, state, n_streams, all, from, n_from, size, &known, &todo);
    repair(&todo, n_open, inc, state, (uint64_t)n);
    for (int32_t r = 0; r < n_streams; r++) words[r * step] = todo.word[r] ^ todo.turned[r];
}

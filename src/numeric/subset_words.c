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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distribution of permuted blocks whose sizes nobody sees: sums over the ways in which blocks can end. */
#include <math.h>
#include <string.h>

#include "designs/permuted.h"
#include "numeric/counting.h"
#include "numeric/elementary.h"

enum { MOST_LISTED = 1 << 20, LONGEST_PART = 512 };

/* One stratum's arms in the order of arrival, up to some turn. */
typedef struct sequence {
    int32_t *arm;
    int64_t n;
} sequence;

typedef struct law {
    const tm_design_units *units;
    tm_block_sizes sizes;
    sequence *seen; /* [n_strata] */
    int64_t *used;  /* [n_arms] room */
    double *ends;   /* [n_units + 1] room */
    int32_t *arm;   /* [n_units] */
    tm_design_visit *visit;
    void *data;
} law;

/* Chance that a block of that size starts with arm [n]. */
static double start_chance(const law *l, int32_t s, int64_t size, const int32_t *arm, int64_t n)
{
    double chance = 1;
    memset(l->used, 0, (size_t)l->units->n_arms * sizeof *l->used);
    for (int64_t i = 0; i < n; i++) {
        const int64_t left = tm_block_places(&l->sizes, s, size, arm[i]) - l->used[arm[i]]++;
        if (left <= 0) return 0;
        chance *= (double)left / (double)(size - i);
    }
    return chance;
}

/* Chance that a stratum's arms begin with these. ends[i]: that they do up to the i-th, and a block ends there. */
static double sequence_chance(const law *l, int32_t s)
{
    const sequence *x = &l->seen[s];
    double chance = 0;
    if (x->n == 0) return 1;
    if (tm_open_arms(l->units, s) == 1) return l->units->shares[(int64_t)s * l->units->n_arms + x->arm[x->n - 1]] > 0;
    for (int64_t i = 0; i <= x->n; i++) l->ends[i] = i == 0;
    for (int64_t i = 0; i < x->n; i++)
        for (int32_t k = 0; l->ends[i] > 0 && k < l->sizes.n; k++) {
            const int64_t size = tm_block_size(&l->sizes, s, k), n = size < x->n - i ? size : x->n - i;
            const double part = l->ends[i] * start_chance(l, s, size, x->arm + i, n) / l->sizes.n;
            if (n == size)
                l->ends[i + n] += part;
            else
                chance += part;
        }
    return chance + l->ends[x->n];
}

/* Gives the k-th unit to come its next arm that is possible; false: there is none left. */
static bool try_next(const law *l, int64_t k)
{
    const int64_t u = tm_arrival_at(l->units, k);
    const int32_t s = tm_stratum_of(l->units, u);
    sequence *x = &l->seen[s];
    x->n += l->arm[u] < 0;
    for (int32_t a = l->arm[u] + 1; a < l->units->n_arms; a++) {
        x->arm[x->n - 1] = l->arm[u] = a;
        if (sequence_chance(l, s) > 0) return true;
    }
    x->n--;
    l->arm[u] = -1;
    return false;
}

static void list_all(const law *l)
{
    bool on = true;
    for (int64_t k = 0; on && k >= 0;) {
        if (k == l->units->n_units) {
            double probability = 1;
            for (int32_t s = 0; s < l->units->n_strata; s++) probability *= sequence_chance(l, s);
            on = l->visit(l->data, l->arm, probability);
            k--;
        } else {
            k += try_next(l, k) ? 1 : -1;
        }
    }
}

static temoin_status begin(temoin_context *ctx, law *l)
{
    const tm_design_units *units = l->units;
    int32_t *arms;
    TM_TRY(tm_block_sizes_build(ctx, units, &l->sizes));
    TM_SCRATCH(ctx, l->seen, units->n_strata);
    TM_SCRATCH(ctx, arms, units->n_units);
    TM_SCRATCH(ctx, l->used, units->n_arms);
    TM_SCRATCH(ctx, l->ends, units->n_units + 1);
    TM_SCRATCH(ctx, l->arm, units->n_units);
    for (int64_t u = 0; u < units->n_units; u++) {
        l->arm[u] = -1;
        l->seen[tm_stratum_of(units, u)].n++;
    }
    for (int32_t s = 0; s < units->n_strata; s++) {
        l->seen[s].arm = arms;
        arms += l->seen[s].n;
        l->seen[s].n = 0;
    }
    return TEMOIN_OK;
}

temoin_status tm_permuted_enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit,
                                    void *data)
{
    law l = {.units = units, .visit = visit, .data = data};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = begin(ctx, &l);
    if (status == TEMOIN_OK) list_all(&l);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* The likeliest arm at every turn, given those before it. */
static temoin_status follow_likeliest(temoin_context *ctx, law *l, double *log_probability)
{
    TM_TRY(begin(ctx, l));
    for (int64_t k = 0; k < l->units->n_units; k++) {
        const int64_t u = tm_arrival_at(l->units, k);
        const int32_t s = tm_stratum_of(l->units, u);
        sequence *x = &l->seen[s];
        double largest = 0;
        if (++x->n > LONGEST_PART) return TEMOIN_OK;
        for (int32_t a = 0; a < l->units->n_arms; a++) {
            x->arm[x->n - 1] = a;
            const double chance = sequence_chance(l, s);
            if (chance <= largest) continue;
            largest = chance;
            l->arm[u] = a;
        }
        x->arm[x->n - 1] = l->arm[u];
    }
    *log_probability = tm_log_mirrored(l->units, l->arm);
    for (int32_t s = 0; s < l->units->n_strata; s++) *log_probability += tm_log(sequence_chance(l, s));
    return TEMOIN_OK;
}

temoin_status tm_permuted_likely(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    law l = {.units = units};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    *log_probability = NAN;
    const temoin_status status = follow_likeliest(ctx, &l, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* Logarithm of the number of ways in which the first r places of a block of that size can fall: sequences of length r
 * with at most places[a] of each arm. ways[j]: for the arms so far, that number / j!, as a logarithm. */
static double log_starts(const law *l, int32_t s, int64_t size, int64_t r, double *ways, double *next)
{
    for (int64_t j = 0; j <= r; j++) ways[j] = j ? -INFINITY : 0;
    for (int32_t a = 0; a < l->units->n_arms; a++) {
        const int64_t most = tm_block_places(&l->sizes, s, size, a);
        for (int64_t j = 0; j <= r; j++) {
            next[j] = -INFINITY;
            for (int64_t k = 0; k <= j && k <= most; k++)
                next[j] = tm_log_plus(next[j], ways[j - k] - tm_log_factorial(k));
        }
        memcpy(ways, next, (size_t)(r + 1) * sizeof *ways);
    }
    return ways[r] + tm_log_factorial(r);
}

/* With one size: every full block has all permutations of its places, the last one their beginnings. */
static double count_blocks(const law *l, int32_t s, int64_t n, double *ways)
{
    const int64_t size = tm_block_size(&l->sizes, s, 0), rest = n % size;
    double full = tm_log_factorial(size);
    for (int32_t a = 0; a < l->units->n_arms; a++) full -= tm_log_factorial(tm_block_places(&l->sizes, s, size, a));
    if (rest > LONGEST_PART) return NAN;
    return (n >= size ? (double)(n / size) * full : 0) + log_starts(l, s, size, rest, ways, ways + LONGEST_PART + 1);
}

static temoin_status count_one_size(temoin_context *ctx, const law *l, double *log_count)
{
    int64_t *n;
    double *ways;
    TM_SCRATCH(ctx, n, l->units->n_strata);
    TM_SCRATCH(ctx, ways, 2 * (LONGEST_PART + 1));
    for (int64_t u = 0; u < l->units->n_units; u++) n[tm_stratum_of(l->units, u)]++;
    *log_count = 0;
    for (int32_t s = 0; s < l->units->n_strata; s++) *log_count += count_blocks(l, s, n[s], ways);
    return TEMOIN_OK;
}

static bool add_one(void *data, const int32_t *arm, double probability)
{
    (void)arm;
    *(double *)data += probability > 0;
    return true;
}

/* Several sizes can make the same sequence, so those are listed, while there are few. */
static temoin_status count_any(temoin_context *ctx, law *l, double *log_count)
{
    double n_sequences = 1, n_found = 0;
    TM_TRY(begin(ctx, l));
    if (l->sizes.n == 1) return count_one_size(ctx, l, log_count);
    for (int64_t u = 0; u < l->units->n_units && n_sequences <= MOST_LISTED; u++)
        n_sequences *= tm_open_arms(l->units, tm_stratum_of(l->units, u));
    *log_count = NAN;
    if (n_sequences > MOST_LISTED) return TEMOIN_OK;
    law counting = *l;
    counting.visit = add_one;
    counting.data = &n_found;
    list_all(&counting);
    *log_count = tm_log(n_found);
    return TEMOIN_OK;
}

temoin_status tm_permuted_count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    law l = {.units = units};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = count_any(ctx, &l, log_count);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* Units i < j of one stratum, in the order of arrival, are independent unless one block holds both; within a block
 * every two places are as likely as any two. starts[t]: chance that a block starts at t. */
static temoin_status pair_chance(temoin_context *ctx, const tm_block_sizes *sizes, int32_t s, int64_t i, int64_t j,
                                 int32_t a, int32_t b, double *probability)
{
    const int64_t *share = sizes->shares.share + (int64_t)s * sizes->n_arms;
    const double sum = (double)sizes->shares.sum[s], apart = (double)share[a] / sum * ((double)share[b] / sum);
    double *starts;
    TM_SCRATCH(ctx, starts, i + 1);
    *probability = apart;
    for (int64_t t = 0; t <= i; t++) {
        starts[t] += t == 0;
        for (int32_t k = 0; starts[t] > 0 && k < sizes->n; k++) {
            const int64_t size = tm_block_size(sizes, s, k);
            const double part = starts[t] / sizes->n;
            if (size <= i - t) starts[t + size] += part;
            if (size <= j - t) continue;
            const double first = (double)tm_block_places(sizes, s, size, a) / (double)size;
            const double second = (double)(tm_block_places(sizes, s, size, b) - (a == b)) / (double)(size - 1);
            *probability += part * ((first > 0 && second > 0 ? first * second : 0) - apart);
        }
    }
    return TEMOIN_OK;
}

/* The unit's number among those of its stratum, in the order of arrival. */
static int64_t place_in_stratum(const tm_design_units *units, int64_t u)
{
    int64_t n = 0;
    for (int64_t k = 0; tm_arrival_at(units, k) != u; k++)
        n += tm_stratum_of(units, tm_arrival_at(units, k)) == tm_stratum_of(units, u);
    return n;
}

static temoin_status pair_of(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                             int32_t b, double *probability)
{
    tm_block_sizes sizes;
    TM_TRY(tm_block_sizes_build(ctx, units, &sizes));
    const int32_t s = tm_stratum_of(units, u), z = tm_stratum_of(units, v);
    const double first = (double)sizes.shares.share[(int64_t)s * units->n_arms + a] / (double)sizes.shares.sum[s];
    const double second = (double)sizes.shares.share[(int64_t)z * units->n_arms + b] / (double)sizes.shares.sum[z];
    const int64_t i = place_in_stratum(units, u), j = place_in_stratum(units, v);
    *probability = u == v ? (a == b ? first : 0) : first * second;
    if (u == v || s != z) return TEMOIN_OK;
    return i < j ? pair_chance(ctx, &sizes, s, i, j, a, b, probability)
                 : pair_chance(ctx, &sizes, s, j, i, b, a, probability);
}

temoin_status tm_permuted_pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                                   int32_t b, double *probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = pair_of(ctx, units, u, a, v, b, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an allocation is drawn.
 *
 * 1. Units are taken in the order of the bytes of their ids. A unit's stratum has a canonical text: its values in
 *    the order of `design.strata`, joined by "|", each "\" and "|" inside a value with a "\" before it; "" without
 *    strata. Strata are those that have units, in the order of the bytes of their canonical texts; arms are in the
 *    plan's order.
 * 2. The shares of a stratum are integers w[a]: the plan's decimal shares, multiplied by a power of ten and divided
 *    by their greatest common divisor. W is their sum, and D the least common multiple of the W of all strata (at
 *    most 2^53). In a stratum of n units, arm a surely gets floor(n w[a] / W) units. What is left over is the
 *    remainder ((n w[a]) mod W) (D / W), an integer from 0 to D - 1.
 * 3. The remainders form a table with one row per stratum and one column per arm. One more row at the end holds
 *    (-column sum) mod D, so that all rows and columns sum to multiples of D. A cell that is 0 or D is whole. While
 *    a cell is not whole:
 *    - The walk starts at the first cell, row after row, that is not whole. It steps within the column to the first
 *      other row whose cell is not whole, then within that row to the first other column whose cell is not whole,
 *      and so on in turn, until a step along a column ends in a row, or a step along a row in a column, that holds
 *      an earlier cell of the walk.
 *    - The cycle goes from the last such earlier cell to the new cell. Its cells are in turn "+" (the first) and
 *      "-".
 *    - up is the smallest of D - v over "+" cells and v over "-" cells; down is the smallest of v over "+" cells
 *      and D - v over "-" cells. k = bounded(up + down) from the stream "leftover", label "". If k < down, add up
 *      to each "+" cell and subtract it from each "-" cell; otherwise subtract down from each "+" cell and add it
 *      to each "-" cell.
 * 4. In a stratum, arm a has one unit more where its cell ended as D.
 * 5. The units of a stratum, numbered from 0, are shuffled with the stream "order", label the canonical text: for
 *    i = n - 1, …, 1, swap unit i with unit bounded(i + 1). The shuffled units get, in turn, the sure places of the
 *    first arm, of the second arm, …, then the leftover places in the order of the arms.
 *
 * A stream is PCG64 (XSL-RR 128/64, setseq) seeded by SHA-256("temoin/1" NUL trial id NUL seed NUL purpose NUL
 * label): initstate is the first 16 bytes and initseq the last 16, big-endian. In 128-bit arithmetic inc = 2
 * initseq + 1 and the state starts as (initstate + inc) M + inc, M = 47026247687942121848144207491837523525. To take
 * a number, replace state by state M + inc; the number is the exclusive-or of the new state's two 64-bit halves,
 * rotated right by the state's top six bits. bounded(r) takes numbers x until (x r) mod 2^64 is at least
 * 2^64 mod r, and gives floor(x r / 2^64).
 *
 * Why: each step of 3 keeps the expectation of every cell, so each unit gets arm a with probability w[a] / W
 * exactly. Row and column sums do not move, so an arm's count is within one of its expectation in every stratum,
 * and so is its total.
 */
#include <math.h>

#include "designs/design_kind.h"
#include "designs/leftovers.h"
#include "numeric/stream.h"

static const int64_t largest_denominator = INT64_C(1) << 53;

typedef struct allocation {
    const tm_design_units *units;
    int64_t *start;      /* [n_strata + 1] of each stratum in `order` */
    int64_t *order;      /* [n_units] units by stratum, canonical order inside */
    int64_t *base;       /* [n_strata * n_arms] sure places */
    int64_t *left;       /* [(n_strata + 1) * n_arms] remainders, then 0 or `denominator` */
    int64_t *divisor;    /* [n_strata] greatest common divisor of the shares */
    int64_t denominator; /* D */
} allocation;

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Sum of a stratum's shares; -1 unless it is in 1 … 2^53 and no share is negative. */
static int64_t share_sum(const tm_design_units *units, int32_t s)
{
    const int64_t *share = units->shares + (int64_t)s * units->n_arms;
    int64_t sum = 0;
    for (int32_t a = 0; a < units->n_arms; a++) {
        if (share[a] < 0 || share[a] > largest_denominator - sum) return -1;
        sum += share[a];
    }
    return sum > 0 ? sum : -1;
}

static temoin_status check_shares(temoin_context *ctx, const tm_design_units *units)
{
    for (int32_t s = 0; s < units->n_strata; s++)
        if (share_sum(units, s) < 0)
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "design: stratum \"%s\": the shares of its arms must not be negative and must sum to more than 0 and, "
                "as whole numbers, to at most 2^53; correct the shares of that stratum",
                units->stratum_text[s]);
    return TEMOIN_OK;
}

/* Counting sort: keeps the canonical order inside a stratum. */
static temoin_status sort_into_strata(temoin_context *ctx, allocation *d)
{
    const tm_design_units *units = d->units;
    int64_t *next;
    TM_SCRATCH(ctx, d->start, (int64_t)units->n_strata + 1);
    TM_SCRATCH(ctx, d->order, units->n_units);
    TM_SCRATCH(ctx, next, (int64_t)units->n_strata + 1);
    for (int64_t u = 0; u < units->n_units; u++) d->start[(units->stratum ? units->stratum[u] : 0) + 1]++;
    for (int32_t s = 0; s < units->n_strata; s++) d->start[s + 1] += d->start[s];
    for (int32_t s = 0; s < units->n_strata; s++) next[s] = d->start[s];
    for (int64_t u = 0; u < units->n_units; u++) d->order[next[units->stratum ? units->stratum[u] : 0]++] = u;
    return TEMOIN_OK;
}

static temoin_status find_denominator(temoin_context *ctx, allocation *d)
{
    const tm_design_units *units = d->units;
    TM_SCRATCH(ctx, d->divisor, units->n_strata);
    d->denominator = 1;
    for (int32_t s = 0; s < units->n_strata; s++) {
        for (int32_t a = 0; a < units->n_arms; a++)
            d->divisor[s] = common_divisor(d->divisor[s], units->shares[(int64_t)s * units->n_arms + a]);
        if (d->start[s] == d->start[s + 1]) continue;
        const int64_t sum = share_sum(units, s) / d->divisor[s];
        const int64_t factor = sum / common_divisor(sum, d->denominator);
        if (factor > largest_denominator / d->denominator)
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "design: stratum \"%s\": its shares and those of the strata before it have no common denominator up to "
                "2^53, so leftover units cannot be drawn exactly; write the shares with fewer decimals",
                units->stratum_text[s]);
        d->denominator *= factor;
    }
    return TEMOIN_OK;
}

static void divide_stratum(const allocation *d, int32_t s)
{
    const int32_t n_arms = d->units->n_arms;
    const int64_t n = d->start[s + 1] - d->start[s], *share = d->units->shares + (int64_t)s * n_arms;
    int64_t *total = d->left + (int64_t)d->units->n_strata * n_arms;
    const int64_t sum = share_sum(d->units, s) / d->divisor[s];
    for (int32_t a = 0; n && a < n_arms; a++) {
        const tm_uint128 product = (tm_uint128)n * (tm_uint128)(share[a] / d->divisor[s]);
        const int64_t i = (int64_t)s * n_arms + a;
        d->base[i] = (int64_t)(product / (tm_uint128)sum);
        d->left[i] = (int64_t)(product % (tm_uint128)sum) * (d->denominator / sum);
        total[a] = (total[a] + d->left[i]) % d->denominator;
    }
}

static bool stream_rises(void *stream, int64_t up, int64_t down)
{
    return tm_pcg64_bounded(stream, (uint64_t)up + (uint64_t)down) < (uint64_t)down;
}

static temoin_status divide_places(temoin_context *ctx, allocation *d)
{
    const tm_design_units *units = d->units;
    TM_SCRATCH(ctx, d->base, (int64_t)units->n_strata * units->n_arms);
    TM_SCRATCH(ctx, d->left, ((int64_t)units->n_strata + 1) * units->n_arms);
    for (int32_t s = 0; s < units->n_strata; s++) divide_stratum(d, s);
    int64_t *last = d->left + (int64_t)units->n_strata * units->n_arms;
    for (int32_t a = 0; a < units->n_arms; a++) last[a] = (d->denominator - last[a]) % d->denominator;
    tm_pcg64 stream;
    tm_design_stream(units, &stream, "leftover", "");
    return tm_leftovers_round(ctx, d->left, (int64_t)units->n_strata + 1, units->n_arms, d->denominator,
                              (tm_leftover_coin){stream_rises, &stream});
}

static void deal_stratum(const allocation *d, int32_t s, int32_t *arm)
{
    const tm_design_units *units = d->units;
    const int64_t n = d->start[s + 1] - d->start[s], row = (int64_t)s * units->n_arms;
    int64_t *unit = d->order + d->start[s], dealt = 0;
    tm_pcg64 stream;
    tm_design_stream(units, &stream, "order", units->stratum_text[s]);
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)tm_pcg64_bounded(&stream, (uint64_t)i + 1), swap = unit[i];
        unit[i] = unit[j];
        unit[j] = swap;
    }
    for (int32_t a = 0; a < units->n_arms; a++)
        for (int64_t k = 0; k < d->base[row + a]; k++) arm[unit[dealt++]] = a;
    for (int32_t a = 0; a < units->n_arms; a++)
        if (d->left[row + a] == d->denominator) arm[unit[dealt++]] = a;
}

static temoin_status allocate(temoin_context *ctx, allocation *d, int32_t *arm)
{
    TM_TRY(check_shares(ctx, d->units));
    TM_TRY(sort_into_strata(ctx, d));
    TM_TRY(find_denominator(ctx, d));
    TM_TRY(divide_places(ctx, d));
    for (int32_t s = 0; s < d->units->n_strata; s++) deal_stratum(d, s, arm);
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    allocation d = {.units = units};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = allocate(ctx, &d, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm, double *probability,
                              double *error)
{
    TM_TRY(check_shares(ctx, units));
    *error = 0;
    for (int64_t u = 0; u < units->n_units; u++) {
        int32_t s = units->stratum ? units->stratum[u] : 0;
        double share = arm[u] < 0 ? NAN : (double)units->shares[(int64_t)s * units->n_arms + arm[u]];
        probability[u] = share / (double)share_sum(units, s);
    }
    return TEMOIN_OK;
}

const tm_design tm_design_blocked = {
    .key = "blocked",
    .title = "Stratified: fixed numbers per arm in each stratum, leftovers balanced over strata",
    .cites = "Cox 1987; Deville & Tillé 1998",
    .options = "strata",
    .needs = "strata",
    .draw = draw,
    .received = received,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How permuted blocks are drawn, stratum by stratum, in the order of arrival.
 *
 * 1. The shares w[a] of the stratum are whole numbers in lowest terms, W is their sum. A block's size m is a multiple
 *    of W, and arm a has m w[a] / W places in it. The sizes are the plan's `block_sizes`; without them there is one,
 *    the smallest multiple of W that is at least twice the number of the plan's arms.
 * 2. Each stratum has one stream: purpose "block", label its canonical text. It is used as the stratum's units come:
 *    - A unit that finds no place left in a block (the first does) starts a new one. With several sizes, the size is
 *      number bounded(how many there are), counted from 0 in the plan's order; a single size takes no number.
 *    - The unit gets one of the r places left in the block: k = bounded(r), and the arm is the first one, in the
 *      plan's order, whose places left and those of the arms before it are more than k. That place is taken.
 *
 * Later arrivals only take later numbers, so they move nobody. A block dealt this way is a random permutation.
 *
 * `received` is the chance by design, w[a] / W, exact for every unit whatever the sizes: each place of a block is as
 * likely as any other. What is left in the block gives other chances, 0 and 1 among them, to someone who knows it; that
 * knowledge is to be kept from recruiters and is no weight.
 */
#include "designs/permuted.h"

#include <inttypes.h>
#include <math.h>

#include "designs/likeliest_path.h"

typedef struct open_block {
    tm_pcg64 stream;
    int64_t rest; /* places */
} open_block;

int64_t tm_block_size(const tm_block_sizes *sizes, int32_t s, int32_t i)
{
    const int64_t sum = sizes->shares.sum[s];
    return sizes->told ? sizes->told[i] : (2 * (int64_t)sizes->n_arms + sum - 1) / sum * sum;
}

temoin_status tm_block_sizes_build(temoin_context *ctx, const tm_design_units *units, tm_block_sizes *out)
{
    *out = (tm_block_sizes){.n = 1, .n_arms = units->n_arms};
    TM_TRY(tm_lowest_shares_build(ctx, units, &out->shares));
    if (!units->options || units->options->n_block_sizes == 0) return TEMOIN_OK;
    out->told = units->options->block_sizes;
    out->n = units->options->n_block_sizes;
    for (int32_t s = 0; s < units->n_strata; s++)
        for (int32_t i = 0; i < out->n; i++)
            if (out->told[i] < 1 || out->told[i] > INT64_C(1) << 53 || out->told[i] % out->shares.sum[s])
                TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                        "design: block_sizes: found %" PRId64
                        "; with the shares%s a block must have a multiple of %" PRId64
                        " places, so that each arm has its share of them",
                        out->told[i], tm_of_stratum(ctx, units, s), out->shares.sum[s]);
    return TEMOIN_OK;
}

static void start_block(const tm_block_sizes *sizes, int32_t s, open_block *block, int64_t *places)
{
    const int32_t i = sizes->n > 1 ? (int32_t)tm_pcg64_bounded(&block->stream, (uint64_t)sizes->n) : 0;
    block->rest = tm_block_size(sizes, s, i);
    for (int32_t a = 0; a < sizes->n_arms; a++) places[a] = tm_block_places(sizes, s, block->rest, a);
}

static temoin_status deal(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_block_sizes sizes;
    open_block *block;
    int64_t *places; /* [n_strata * n_arms] left in each open block */
    TM_TRY(tm_block_sizes_build(ctx, units, &sizes));
    TM_SCRATCH(ctx, block, units->n_strata);
    TM_SCRATCH(ctx, places, (int64_t)units->n_strata * units->n_arms);
    for (int32_t s = 0; s < units->n_strata; s++)
        tm_design_stream(units, &block[s].stream, "block", units->stratum_text[s]);
    for (int64_t k = 0; k < units->n_units; k++) {
        const int64_t u = tm_arrival_at(units, k);
        const int32_t s = tm_stratum_of(units, u);
        int64_t *left = places + (int64_t)s * units->n_arms;
        if (block[s].rest == 0) start_block(&sizes, s, &block[s], left);
        arm[u] = tm_pick_arm(&block[s].stream, left, units->n_arms, block[s].rest--);
        left[arm[u]]--;
    }
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = deal(ctx, units, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    tm_block_sizes sizes;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = tm_block_sizes_build(ctx, units, &sizes);
    *error = 0;
    for (int64_t u = 0; status == TEMOIN_OK && u < units->n_units; u++) {
        const int32_t s = tm_stratum_of(units, u);
        const int64_t *share = sizes.shares.share + (int64_t)s * units->n_arms;
        probability[u] = arm[u] < 0 ? NAN : (double)share[arm[u]] / (double)sizes.shares.sum[s];
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* Of two equal arms, in blocks of one size. */
static double turn_chance(const void *data, int64_t mine, int64_t others)
{
    const int64_t size = tm_block_size(data, 0, 0), full = (mine + others) / size;
    return fmax(0, (double)((full + 1) * (size / 2) - mine)) / (double)(size - (mine + others) % size);
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    tm_block_sizes sizes;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_block_sizes_build(ctx, units, &sizes);
    *log_probability = NAN;
    if (status == TEMOIN_OK && sizes.n == 1)
        status = tm_likeliest_path(ctx, units, turn_chance, &sizes, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

const tm_design tm_design_permuted = {
    .key = "permuted",
    .title = "Rolling: permuted blocks in each stratum, of one size or of sizes drawn at random (block_sizes)",
    .cites = "Hill 1951; Zelen 1974; Matts & Lachin 1988",
    .options = "strata arrival block_sizes",
    .rolling = true,
    .draw = draw,
    .received = received,
    .enumerate = tm_permuted_enumerate,
    .count = tm_permuted_count,
    .pairwise = tm_permuted_pairwise,
    .likeliest = likeliest,
    .likely = tm_permuted_likely,
};

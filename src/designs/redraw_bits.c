/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/redraw_bits.h"

#include <assert.h>
#include <string.h>

#include "designs/stream_chance.h"
#include "numeric/stream.h"

static tm_uint128 jumps(int64_t r)
{
    return (tm_uint128)r * TM_PCG64_JUMP;
}

/* `start` is there: words, streams. label [n_blocks] */
static temoin_status finish(temoin_context *ctx, const char *trial_id, const char *seed, const char *const *label,
                            tm_redraw_bits *b)
{
    TM_SCRATCH(ctx, b->word, (int64_t)b->n_blocks + 1);
    TM_SCRATCH(ctx, b->stream, b->n_blocks);
    TM_SCRATCH(ctx, b->jump, b->n_blocks);
    for (int32_t k = 0; k < b->n_blocks; k++) {
        b->word[k + 1] = b->word[k] + tm_words_for(tm_redraw_bits_size(b, k));
        tm_stream_init(&b->stream[k], trial_id, seed, "redraw", label[k]);
        b->jump[k] = tm_pcg64_stride_of(&b->stream[k], jumps(1));
    }
    return TEMOIN_OK;
}

temoin_status tm_redraw_bits_build_places(temoin_context *ctx, const tm_design_units *groups, tm_redraw_bits *out)
{
    const tm_places *p = &out->places;
    *out = (tm_redraw_bits){.n_groups = groups->n_units, .n_arms = groups->n_arms, .n_blocks = groups->n_strata};
    TM_TRY(tm_places_build(ctx, groups, &out->places));
    TM_TRY(tm_places_sort(ctx, p, &out->member));
    TM_SCRATCH(ctx, out->row, out->n_blocks);
    out->start = p->start;
    out->number = p->base;
    out->n_rows = p->n_rows;
    out->n_masks = out->n_arms - (p->misfit->deals_out || p->n_rows == 0);
    for (int32_t k = 0; k < out->n_blocks; k++) out->row[k] = -1;
    for (int32_t r = 0; r < p->n_rows; r++) out->row[p->row[r]] = r;
    return finish(ctx, groups->trial_id, groups->seed, groups->stratum_text, out);
}

temoin_status tm_redraw_bits_build_shuffle(temoin_context *ctx, const char *trial_id, int64_t n_groups, int32_t n_arms,
                                           const int32_t *arm, int32_t n_blocks, const int32_t *block,
                                           const char *const *text, tm_redraw_bits *out)
{
    int64_t *next;
    *out = (tm_redraw_bits){.n_groups = n_groups, .n_arms = n_arms, .n_blocks = n_blocks, .n_masks = n_arms - 1};
    TM_SCRATCH(ctx, out->start, (int64_t)n_blocks + 1);
    TM_SCRATCH(ctx, out->member, n_groups);
    TM_SCRATCH(ctx, out->number, (int64_t)n_blocks * n_arms);
    TM_SCRATCH(ctx, out->row, n_blocks);
    TM_SCRATCH(ctx, next, n_blocks);
    for (int64_t g = 0; g < n_groups; g++) {
        if (arm[g] < 0) continue;
        out->start[block[g] + 1]++;
        out->number[(int64_t)block[g] * n_arms + arm[g]]++;
    }
    for (int32_t k = 0; k < n_blocks; k++) {
        out->row[k] = -1;
        next[k] = out->start[k];
        out->start[k + 1] += out->start[k];
    }
    for (int64_t g = 0; g < n_groups; g++)
        if (arm[g] >= 0) out->member[next[block[g]]++] = g;
    return finish(ctx, trial_id, "", text, out);
}

/* The streams of leftovers, in the order in which every redraw begins them; each now stands at its jump for the next.
 */
typedef struct rounding {
    tm_pcg64 stream; /* of tm_stream_rises and tm_stream_takes */
    const tm_design_units *groups;
    tm_pcg64 *next;        /* [n_rows + 1] */
    tm_pcg64_stride *jump; /* [n_rows + 1] */
    int32_t at, n_known, n_most;
    int64_t first;
} rounding;

static void begin_jumped(void *data, const char *purpose, const char *label)
{
    rounding *r = data;
    const int32_t k = r->at++;
    assert(k < r->n_most);
    if (k == r->n_known) {
        tm_design_stream(r->groups, &r->next[k], purpose, label);
        r->jump[k] = tm_pcg64_stride_of(&r->next[k], jumps(1));
        tm_pcg64_advance(&r->next[k], jumps(r->first));
        r->n_known++;
    }
    r->stream = r->next[k];
    tm_pcg64_leap(&r->next[k], r->jump[k]);
}

static temoin_status round_all(temoin_context *ctx, const tm_redraw_bits *b, int64_t first, int64_t n, int64_t *extra)
{
    tm_places p = b->places;
    const int64_t n_cells = (int64_t)b->n_rows * b->n_arms;
    rounding r = {.groups = p.units, .first = first, .n_most = b->n_rows + 1};
    TM_SCRATCH(ctx, r.next, r.n_most);
    TM_SCRATCH(ctx, r.jump, r.n_most);
    memset(extra, 0, (size_t)(n * n_cells) * sizeof *extra);
    for (int64_t d = 0; d < n; d++) {
        p.extra = extra + d * n_cells;
        r.at = 0;
        TM_TRY(p.misfit->round(ctx, &p, (tm_chance){begin_jumped, tm_stream_rises, tm_stream_takes, &r}));
    }
    return TEMOIN_OK;
}

temoin_status tm_redraw_bits_round(temoin_context *ctx, const tm_redraw_bits *bits, int64_t first, int64_t n,
                                   int64_t *extra)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    assert(first >= 1);
    const temoin_status status = bits->n_rows ? round_all(ctx, bits, first, n, extra) : TEMOIN_OK;
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* One redraw of a block; extra [n_arms], NULL: no leftovers. */
static void draw_one(const tm_redraw_bits *b, const tm_kernels *kernels, int32_t block, tm_pcg64 stream,
                     const int64_t *extra, uint64_t *words, uint64_t *rest)
{
    const int64_t n = tm_redraw_bits_size(b, block), n_words = tm_words_for(n);
    const int64_t *number = b->number + (int64_t)block * b->n_arms;
    int64_t n_left = n;
    for (int32_t k = 0; k < b->n_masks; k++) {
        const int32_t a = tm_redraw_bits_arm(b, k);
        const int64_t size = number[a] + (extra ? extra[a] : 0);
        uint64_t *mask = words + k * n_words;
        tm_subset_draw(kernels, &stream, n, k ? rest : NULL, n_left, size, mask);
        if (k + 1 == b->n_masks) break;
        if (k == 0) tm_subset_draw(kernels, &stream, n, NULL, n, n, rest);
        for (int64_t i = 0; i < n_words; i++) rest[i] &= ~mask[i];
        n_left -= size;
    }
}

/* Redraws of a block of one word, the streams of which stand at `state`. */
static void draw_small(const tm_redraw_bits *b, int32_t block, tm_uint128 *state, int32_t n_draws, const int64_t *extra,
                       uint64_t *words)
{
    const int64_t n = tm_redraw_bits_size(b, block), n_cells = (int64_t)b->n_rows * b->n_arms;
    const int64_t *number = b->number + (int64_t)block * b->n_arms;
    int32_t size[TM_SUBSETS_AT_ONCE], n_left[TM_SUBSETS_AT_ONCE];
    uint64_t rest[TM_SUBSETS_AT_ONCE];
    for (int32_t d = 0; d < n_draws; d++) {
        n_left[d] = (int32_t)n;
        rest[d] = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
    }
    for (int32_t k = 0; k < b->n_masks; k++) {
        const int32_t a = tm_redraw_bits_arm(b, k);
        for (int32_t d = 0; d < n_draws; d++) size[d] = (int32_t)(number[a] + (extra ? extra[d * n_cells + a] : 0));
        tm_subset_draw_each(b->stream[block].inc, state, n_draws, n, k ? rest : NULL, n_left, size, words + k,
                            b->n_masks);
        for (int32_t d = 0; d < n_draws; d++) {
            rest[d] &= ~words[d * b->n_masks + k];
            n_left[d] -= size[d];
        }
    }
}

/* The states of the next redraws' streams. Each of four waits for the one four before it only. */
static void list_states(tm_pcg64 *stream, tm_pcg64_stride jump, int32_t n, tm_uint128 *state)
{
    enum { LANES = 4 };
    const tm_pcg64_stride two = {jump.multiplier * jump.multiplier, jump.plus * (jump.multiplier + 1)};
    const tm_pcg64_stride four = {two.multiplier * two.multiplier, two.plus * (two.multiplier + 1)};
    tm_uint128 lane[LANES];
    int32_t i = 0;
    for (int32_t k = 0; k < LANES; k++) {
        lane[k] = stream->state;
        tm_pcg64_leap(stream, jump);
    }
    for (; i + LANES <= n; i += LANES)
        for (int32_t k = 0; k < LANES; k++) {
            state[i + k] = lane[k];
            lane[k] = lane[k] * four.multiplier + four.plus;
        }
    for (int32_t k = 0; i + k < n; k++) state[i + k] = lane[k];
    stream->state = lane[n - i];
}

void tm_redraw_bits_draw(const tm_redraw_bits *b, const tm_kernels *kernels, int32_t block, int64_t first, int64_t n,
                         const int64_t *extra, uint64_t *words, uint64_t *rest)
{
    const int64_t step = b->n_masks * tm_redraw_bits_words(b, block), n_cells = (int64_t)b->n_rows * b->n_arms;
    const int64_t *own = b->row[block] < 0 ? NULL : extra + (int64_t)b->row[block] * b->n_arms;
    tm_pcg64 stream = b->stream[block];
    if (step == 0) return;
    tm_pcg64_leap_times(&stream, b->jump[block], (uint64_t)first);
    if (tm_redraw_bits_words(b, block) > 1) {
        for (int64_t d = 0; d < n; d++) {
            draw_one(b, kernels, block, stream, own ? own + d * n_cells : NULL, words + d * step, rest);
            tm_pcg64_leap(&stream, b->jump[block]);
        }
        return;
    }
    for (int64_t d = 0; d < n; d += TM_SUBSETS_AT_ONCE) {
        const int32_t n_draws = (int32_t)(n - d < TM_SUBSETS_AT_ONCE ? n - d : TM_SUBSETS_AT_ONCE);
        tm_uint128 state[TM_SUBSETS_AT_ONCE];
        list_states(&stream, b->jump[block], n_draws, state);
        draw_small(b, block, state, n_draws, own ? own + d * n_cells : NULL, words + d * step);
    }
}

static void take_masks(const tm_redraw_bits *bits, int32_t block, const uint64_t *words, int32_t *arm)
{
    const int64_t n = tm_redraw_bits_size(bits, block), n_words = tm_redraw_bits_words(bits, block);
    const int64_t *member = bits->member + bits->start[block];
    const int32_t other = bits->n_masks < bits->n_arms ? 0 : -1; /* for who is in no mask */
    for (int64_t i = 0; i < n; i++) {
        arm[member[i]] = other;
        for (int32_t k = 0; k < bits->n_masks; k++)
            if (words[k * n_words + i / 64] >> i % 64 & 1) arm[member[i]] = tm_redraw_bits_arm(bits, k);
    }
}

temoin_status tm_redraw_bits_arms(temoin_context *ctx, const tm_redraw_bits *bits, int64_t replicate, int32_t *arm)
{
    int64_t most = 0, *extra;
    uint64_t *words, *rest;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    for (int32_t b = 0; b < bits->n_blocks; b++)
        if (tm_redraw_bits_words(bits, b) > most) most = tm_redraw_bits_words(bits, b);
    TM_SCRATCH(ctx, extra, (int64_t)bits->n_rows * bits->n_arms);
    TM_SCRATCH(ctx, words, most * bits->n_masks);
    TM_SCRATCH(ctx, rest, most);
    TM_TRY(tm_redraw_bits_round(ctx, bits, replicate, 1, extra));
    for (int64_t g = 0; g < bits->n_groups; g++) arm[g] = -1;
    for (int32_t b = 0; b < bits->n_blocks; b++) {
        tm_redraw_bits_draw(bits, ctx->kernels, b, replicate, 1, extra, words, rest);
        take_masks(bits, b, words, arm);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/redraw_sums.h"

#include <math.h>

enum { WORDS_AT_ONCE = 1 << 15 /* 256 KiB: stay in the second cache */, DRAWS_LEAST = 16, DRAWS_MOST = 256 };

/* The values of a column in a block: one, two, or (gap NaN) more. */
static void find_values(const double *x, int64_t n, double *low, double *gap)
{
    double high = n ? x[0] : 0;
    *low = high;
    for (int64_t i = 1; i < n; i++) {
        if (x[i] == *low || x[i] == high) continue;
        if (*low != high) {
            *gap = NAN;
            return;
        }
        if (x[i] < *low)
            *low = x[i];
        else
            high = x[i];
    }
    *gap = high - *low;
}

static temoin_status build_column(temoin_context *ctx, const tm_redraw_bits *b, const double *column, double *x,
                                  uint64_t **high, double *low, double *gap, double *total)
{
    for (int64_t i = 0; i < b->start[b->n_blocks]; i++) x[i] = column[b->member[i]];
    for (int32_t k = 0; k < b->n_blocks; k++) {
        const double *own = x + b->start[k];
        const int64_t n = tm_redraw_bits_size(b, k);
        find_values(own, n, &low[k], &gap[k]);
        if (isnan(gap[k])) total[k] = ctx->kernels->sum(own, n);
        if (!(gap[k] > 0)) continue;
        if (!*high) TM_SCRATCH(ctx, *high, b->word[b->n_blocks]);
        for (int64_t i = 0; i < n; i++) {
            (*high)[b->word[k] + i / 64] |= (uint64_t)(own[i] != low[k]) << i % 64;
            total[k] += own[i] != low[k];
        }
    }
    return TEMOIN_OK;
}

temoin_status tm_redraw_sums_build(temoin_context *ctx, const tm_redraw_bits *bits, int32_t n_columns,
                                   const double *const *column, tm_redraw_sums *out)
{
    double **x, *low, *gap, *total;
    uint64_t **high;
    const int64_t n_cells = (int64_t)n_columns * bits->n_blocks;
    TM_SCRATCH(ctx, x, n_columns);
    TM_SCRATCH(ctx, high, n_columns);
    TM_SCRATCH(ctx, low, n_cells);
    TM_SCRATCH(ctx, gap, n_cells);
    TM_SCRATCH(ctx, total, n_cells);
    for (int32_t j = 0; j < n_columns; j++) {
        const int64_t at = (int64_t)j * bits->n_blocks;
        TM_SCRATCH(ctx, x[j], bits->start[bits->n_blocks]);
        TM_TRY(build_column(ctx, bits, column[j], x[j], &high[j], low + at, gap + at, total + at));
    }
    *out = (tm_redraw_sums){bits, n_columns, x, high, low, gap, total};
    return TEMOIN_OK;
}

/* One thread's share of redraws, and its room. */
typedef struct share {
    const tm_redraw_sums *sums;
    const tm_kernels *kernels;
    int64_t first, n;
    const int64_t *extra;
    int64_t *number;
    double *sum;
    uint64_t *words, *rest;
} share;

static void sum_mask(const share *s, int32_t block, int32_t mask, int32_t column)
{
    const tm_redraw_bits *b = s->sums->bits;
    const int64_t n_words = tm_redraw_bits_words(b, block), stride = n_words * b->n_masks;
    const int64_t step = (int64_t)b->n_blocks * b->n_arms * s->sums->n_columns;
    const int64_t cell = (int64_t)block * b->n_arms + tm_redraw_bits_arm(b, mask);
    const double gap = s->sums->gap[(int64_t)column * b->n_blocks + block];
    const uint64_t *bits = s->words + mask * n_words;
    double *out = s->sum + cell * s->sums->n_columns + column;
    if (isnan(gap))
        s->kernels->masked_sums(s->sums->x[column] + b->start[block], tm_redraw_bits_size(b, block), bits, stride, s->n,
                                out, step);
    else if (gap > 0)
        s->kernels->masked_counts(s->sums->high[column] + b->word[block], n_words, bits, stride, s->n, out, step);
}

/* The arm that has no mask has what the others leave; then counts become sums. */
static void finish_cells(const tm_redraw_sums *sums, int32_t block, const int64_t *number, double *sum)
{
    const tm_redraw_bits *b = sums->bits;
    for (int32_t j = 0; j < sums->n_columns; j++) {
        const int64_t at = (int64_t)j * b->n_blocks + block;
        const double low = sums->low[at], gap = sums->gap[at];
        double *cell = sum + j, others = 0;
        for (int32_t a = 1; a < b->n_arms; a++) others += gap == 0 ? 0 : cell[(int64_t)a * sums->n_columns];
        if (b->n_masks < b->n_arms) cell[0] = sums->total[at] - others;
        for (int32_t a = 0; a < b->n_arms && !isnan(gap); a++) {
            double *value = &cell[(int64_t)a * sums->n_columns];
            *value = low * (double)number[a] + (gap > 0 ? gap * *value : 0);
        }
    }
}

static void finish_block(const share *s, int32_t block)
{
    const tm_redraw_bits *b = s->sums->bits;
    for (int64_t d = 0; d < s->n; d++) {
        const int64_t cell = (d * b->n_blocks + block) * b->n_arms;
        const int64_t *extra = NULL;
        if (b->row[block] >= 0) extra = s->extra + (d * b->n_rows + b->row[block]) * b->n_arms;
        for (int32_t a = 0; a < b->n_arms; a++)
            s->number[cell + a] = b->number[(int64_t)block * b->n_arms + a] + (extra ? extra[a] : 0);
        finish_cells(s->sums, block, s->number + cell, s->sum + cell * s->sums->n_columns);
    }
}

static void run_share(const share *s)
{
    const tm_redraw_bits *b = s->sums->bits;
    for (int32_t k = 0; k < b->n_blocks; k++) {
        tm_redraw_bits_draw(b, s->kernels, k, s->first, s->n, s->extra, s->words, s->rest);
        for (int32_t mask = 0; mask < b->n_masks; mask++)
            for (int32_t j = 0; j < s->sums->n_columns; j++) sum_mask(s, k, mask, j);
        finish_block(s, k);
    }
}

static int64_t largest_block(const tm_redraw_bits *b)
{
    int64_t most = 1;
    for (int32_t k = 0; k < b->n_blocks; k++)
        if (tm_redraw_bits_words(b, k) > most) most = tm_redraw_bits_words(b, k);
    return most;
}

/* Redraws whose words fit the cache, few enough that every thread gets some. */
static int64_t choose_portion(const tm_redraw_bits *b, int64_t most_words, int64_t n, int threads)
{
    int64_t portion = WORDS_AT_ONCE / (most_words * (b->n_masks ? b->n_masks : 1)) / DRAWS_LEAST * DRAWS_LEAST;
    if (portion > n / (4 * threads)) portion = n / (4 * threads);
    if (portion > DRAWS_MOST) portion = DRAWS_MOST;
    return portion < DRAWS_LEAST ? DRAWS_LEAST : portion;
}

temoin_status tm_redraw_sums_run(temoin_context *ctx, const tm_redraw_sums *sums, int64_t first, int64_t n,
                                 int64_t *number, double *sum)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const tm_redraw_bits *b = sums->bits;
    const int64_t most_words = largest_block(b), n_cells = (int64_t)b->n_blocks * b->n_arms;
    const int threads = tm_threads_for(ctx, (double)n * (double)b->start[b->n_blocks]);
    const int64_t portion = choose_portion(b, most_words, n, threads), n_portions = (n + portion - 1) / portion;
    int64_t *extra;
    uint64_t **room;
    TM_SCRATCH(ctx, extra, n * b->n_rows * b->n_arms);
    TM_SCRATCH(ctx, room, threads);
    for (int t = 0; t < threads; t++) TM_SCRATCH(ctx, room[t], most_words * (portion * b->n_masks + 1));
    TM_TRY(tm_redraw_bits_round(ctx, b, first, n, extra));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++)
        for (int64_t p = t; p < n_portions; p += threads) {
            const int64_t at = p * portion, size = n - at < portion ? n - at : portion;
            run_share(&(share){sums, ctx->kernels, first + at, size, extra + at * b->n_rows * b->n_arms,
                               number + at * n_cells, sum + at * n_cells * sums->n_columns, room[t],
                               room[t] + most_words * portion * b->n_masks});
        }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

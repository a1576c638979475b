/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/leftovers.h"

#include <assert.h>

typedef struct cell {
    int64_t row;
    int32_t column;
} cell;

typedef struct rounding {
    int64_t *table;
    int64_t n_rows, whole;
    int32_t n_columns;
    int64_t *first, *second; /* [n_columns] the first two rows that are not whole; only ever move down */
    cell *walk;              /* [2 * n_columns + 2] */
} rounding;

static int64_t *value_at(const rounding *r, cell at)
{
    return &r->table[at.row * r->n_columns + at.column];
}

static bool is_whole(const rounding *r, int64_t row, int32_t column)
{
    int64_t value = *value_at(r, (cell){row, column});
    return value == 0 || value == r->whole;
}

/* The first row, other than `from`'s, whose cell in the column is not whole. There is one, because the column's sum is
 * a multiple of `whole`. A cell that is whole stays so, which is why the two remembered rows never go back. */
static cell other_row(const rounding *r, cell from)
{
    int64_t *first = &r->first[from.column], *second = &r->second[from.column];
    while (*first < r->n_rows && is_whole(r, *first, from.column)) ++*first;
    if (*second <= *first) *second = *first + 1;
    while (*second < r->n_rows && is_whole(r, *second, from.column)) ++*second;
    int64_t row = *first != from.row ? *first : *second;
    assert(row < r->n_rows);
    return (cell){row, from.column};
}

static cell other_column(const rounding *r, cell from)
{
    int32_t column = 0;
    while (column == from.column || is_whole(r, from.row, column)) {
        column++;
        assert(column < r->n_columns);
    }
    return (cell){from.row, column};
}

/* Walks from `start`, alternately along the column and along the row, until the walk is back in a row (arriving by
 * column) or a column (arriving by row) where it was before. The cycle is walk[*begin … *end]. An earlier row or column
 * holds the cell by which the walk came and the one by which it left; the cycle starts at the latter, so that its cells
 * alternate all the way round and are even in number. */
static void find_cycle(const rounding *r, cell start, int32_t *begin, int32_t *end)
{
    r->walk[0] = start;
    for (int32_t n = 1;; n++) {
        const bool by_column = n % 2 == 1;
        const cell next = by_column ? other_row(r, r->walk[n - 1]) : other_column(r, r->walk[n - 1]);
        r->walk[n] = next;
        for (int32_t k = n - 1; k >= 0; k--) {
            if (by_column ? r->walk[k].row != next.row : r->walk[k].column != next.column) continue;
            *begin = k;
            *end = n;
            return;
        }
    }
}

/* Moves the cycle's cells up and down in turn by as much as it takes to make one of them whole. */
static void settle_cycle(const rounding *r, int32_t begin, int32_t end, tm_leftover_coin coin)
{
    int64_t up = r->whole, down = r->whole;
    for (int32_t k = begin; k <= end; k++) {
        const int64_t value = *value_at(r, r->walk[k]), rest = r->whole - value;
        const bool plus = (k - begin) % 2 == 0;
        const int64_t can_up = plus ? rest : value, can_down = plus ? value : rest;
        if (can_up < up) up = can_up;
        if (can_down < down) down = can_down;
    }
    const int64_t step = coin.rises(coin.data, up, down) ? up : -down;
    for (int32_t k = begin; k <= end; k++) *value_at(r, r->walk[k]) += (k - begin) % 2 == 0 ? step : -step;
}

static temoin_status round_all(temoin_context *ctx, rounding *r, tm_leftover_coin coin)
{
    TM_SCRATCH(ctx, r->first, r->n_columns);
    TM_SCRATCH(ctx, r->second, r->n_columns);
    TM_SCRATCH(ctx, r->walk, 2 * (int64_t)r->n_columns + 2);
    for (int64_t row = 0; row < r->n_rows; row++)
        for (int32_t column = 0; column < r->n_columns; column++)
            while (!is_whole(r, row, column)) {
                int32_t begin, end;
                find_cycle(r, (cell){row, column}, &begin, &end);
                settle_cycle(r, begin, end, coin);
            }
    return TEMOIN_OK;
}

temoin_status tm_leftovers_round(temoin_context *ctx, int64_t *table, int64_t n_rows, int32_t n_columns, int64_t whole,
                                 tm_leftover_coin coin)
{
    rounding r = {.table = table, .n_rows = n_rows, .whole = whole, .n_columns = n_columns};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = round_all(ctx, &r, coin);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

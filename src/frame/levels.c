/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distinct texts by open addressing, then sorted in byte order: O(n) for the cells, O(k log k) for the k levels. */
#include <stdlib.h>
#include <string.h>

#include "frame/cells.h"

static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ length;
    while (length > 0) {
        uint64_t word = 0;
        size_t n = length < 8 ? length : 8;
        memcpy(&word, text, n);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        text += n;
        length -= n;
    }
    return h ^ h >> 29;
}

static void place_all(tm_distinct *d)
{
    for (int32_t i = 0; i < d->n; i++) {
        uint64_t at = d->hash[i] & (uint64_t)(d->n_slots - 1);
        while (d->slot[at]) at = (at + 1) & (uint64_t)(d->n_slots - 1);
        d->slot[at] = i + 1;
    }
}

static temoin_status widen(tm_distinct *d, int64_t n_slots)
{
    tm_distinct wider = {.ctx = d->ctx, .n_slots = n_slots, .n = d->n};
    TM_SCRATCH(d->ctx, wider.slot, n_slots);
    TM_SCRATCH(d->ctx, wider.hash, n_slots / 2);
    TM_SCRATCH(d->ctx, wider.cell, n_slots / 2);
    if (d->n) {
        memcpy(wider.hash, d->hash, (size_t)d->n * sizeof *d->hash);
        memcpy(wider.cell, d->cell, (size_t)d->n * sizeof *d->cell);
    }
    *d = wider;
    place_all(d);
    return TEMOIN_OK;
}

temoin_status tm_distinct_init(tm_distinct *d, temoin_context *ctx)
{
    *d = (tm_distinct){.ctx = ctx};
    return widen(d, 256);
}

temoin_status tm_distinct_add(tm_distinct *d, const tm_raw *cell, int32_t *index)
{
    uint64_t hash = hash_text(cell->text, cell->length), at = hash & (uint64_t)(d->n_slots - 1);
    for (; d->slot[at]; at = (at + 1) & (uint64_t)(d->n_slots - 1)) {
        int32_t i = d->slot[at] - 1;
        if (d->hash[i] != hash || d->cell[i].length != cell->length) continue;
        if (memcmp(d->cell[i].text, cell->text, cell->length) != 0) continue;
        *index = i;
        return TEMOIN_OK;
    }
    if (d->n == INT32_MAX) TM_FAIL(d->ctx, TEMOIN_ERR_DATA, "more than two billion distinct texts in one column");
    if (d->n == d->n_slots / 2) {
        TM_TRY(widen(d, d->n_slots * 2));
        for (at = hash & (uint64_t)(d->n_slots - 1); d->slot[at];) at = (at + 1) & (uint64_t)(d->n_slots - 1);
    }
    d->hash[d->n] = hash;
    d->cell[d->n] = *cell;
    d->slot[at] = d->n + 1;
    *index = d->n++;
    return TEMOIN_OK;
}

/* Eight bytes as a number, taken behind what all levels have in common ("client-"), decide most comparisons without a
 * look at the text. */
typedef struct sort_key {
    uint64_t prefix;
    const char *rest;
    int32_t index;
} sort_key;

static int compare_keys(const void *left, const void *right)
{
    const sort_key *a = left, *b = right;
    if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
    return strcmp(a->rest, b->rest);
}

static uint64_t prefix_of(const char *text)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8 && text[i]; i++) prefix |= (uint64_t)(unsigned char)text[i] << (56 - 8 * i);
    return prefix;
}

static size_t common_length(const tm_distinct *d)
{
    size_t common = d->n ? d->cell[0].length : 0;
    for (int32_t i = 1; i < d->n; i++) {
        size_t same = 0;
        while (same < common && d->cell[i].text[same] == d->cell[0].text[same]) same++;
        common = same;
    }
    return common;
}

/* Levels in byte order into the column; rank[index] is the place of a distinct text. */
static temoin_status sort_levels(const tm_distinct *d, int32_t *rank, temoin_column *column)
{
    sort_key *key;
    const char **level;
    char *text;
    int64_t n_bytes = 0;
    size_t common = common_length(d);
    TM_SCRATCH(d->ctx, key, d->n);
    for (int32_t i = 0; i < d->n; i++) {
        const char *rest = d->cell[i].text + common;
        key[i] = (sort_key){prefix_of(rest), rest, i};
        n_bytes += (int64_t)d->cell[i].length + 1;
    }
    qsort(key, (size_t)d->n, sizeof *key, compare_keys);
    TM_ALLOC(d->ctx, level, d->n);
    TM_ALLOC(d->ctx, text, n_bytes);
    for (int32_t i = 0; i < d->n; i++) {
        const tm_raw *cell = &d->cell[key[i].index];
        level[i] = memcpy(text, cell->text, cell->length + 1);
        text += cell->length + 1;
        rank[key[i].index] = i;
    }
    column->level = level;
    column->n_levels = d->n;
    return TEMOIN_OK;
}

static temoin_status code_rows(temoin_context *ctx, const tm_cells *cells, int32_t j, const temoin_csv_opts *opts,
                               temoin_column *column)
{
    tm_distinct distinct;
    int32_t *code, *rank;
    TM_TRY(tm_distinct_init(&distinct, ctx));
    TM_ALLOC(ctx, code, cells->n_rows);
    column->n_missing = 0;
    for (int64_t r = 0; r < cells->n_rows; r++) {
        const tm_raw *cell = &cells->cell[r * cells->n_columns + j];
        code[r] = -1;
        if (tm_raw_missing(cell, opts))
            column->n_missing++;
        else
            TM_TRY(tm_distinct_add(&distinct, cell, &code[r]));
    }
    TM_SCRATCH(ctx, rank, distinct.n);
    TM_TRY(sort_levels(&distinct, rank, column));
    for (int64_t r = 0; r < cells->n_rows; r++)
        if (code[r] >= 0) code[r] = rank[code[r]];
    column->code = code;
    return TEMOIN_OK;
}

temoin_status tm_levels_build(temoin_context *ctx, const tm_cells *cells, int32_t j, const temoin_csv_opts *opts,
                              temoin_column *column)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = code_rows(ctx, cells, j, opts, column);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

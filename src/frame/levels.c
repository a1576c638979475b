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
    tm_distinct wider = *d;
    wider.n_slots = n_slots;
    TM_SCRATCH(d->ctx, wider.slot, n_slots);
    TM_SCRATCH(d->ctx, wider.hash, n_slots / 2);
    TM_SCRATCH(d->ctx, wider.first, n_slots / 2);
    if (d->n) {
        memcpy(wider.hash, d->hash, (size_t)d->n * sizeof *d->hash);
        memcpy(wider.first, d->first, (size_t)d->n * sizeof *d->first);
    }
    *d = wider;
    place_all(d);
    return TEMOIN_OK;
}

/* Twice the room; but where most of many cells differ, room for all of them at once: what is outgrown is not given
 * back. */
static int64_t next_size(const tm_distinct *d, int64_t i)
{
    enum { MANY = 1 << 15 };
    int64_t n_slots = d->n_slots * 2;
    if (d->n >= MANY && d->n > i / 2)
        while (n_slots < 2 * d->n_cells) n_slots *= 2;
    return n_slots;
}

temoin_status tm_distinct_init(tm_distinct *d, temoin_context *ctx, const tm_raw *cell, int32_t stride, int64_t n_cells)
{
    *d = (tm_distinct){.ctx = ctx, .cell = cell, .stride = stride, .n_cells = n_cells};
    return widen(d, 256);
}

const tm_raw *tm_distinct_text(const tm_distinct *d, int32_t index)
{
    return &d->cell[(int64_t)d->first[index] * d->stride];
}

temoin_status tm_distinct_add(tm_distinct *d, int64_t i, int32_t *index)
{
    const tm_raw *cell = &d->cell[i * d->stride];
    const uint64_t wide = hash_text(cell->text, cell->length);
    const uint32_t hash = (uint32_t)(wide ^ wide >> 32);
    uint64_t at = hash & (uint64_t)(d->n_slots - 1);
    for (; d->slot[at]; at = (at + 1) & (uint64_t)(d->n_slots - 1)) {
        const tm_raw *known = tm_distinct_text(d, d->slot[at] - 1);
        if (d->hash[d->slot[at] - 1] != hash || known->length != cell->length) continue;
        if (memcmp(known->text, cell->text, cell->length) != 0) continue;
        *index = d->slot[at] - 1;
        return TEMOIN_OK;
    }
    if (i > INT32_MAX) TM_FAIL(d->ctx, TEMOIN_ERR_DATA, "more than two billion rows in one file; split it");
    if (d->n == d->n_slots / 2) {
        TM_TRY(widen(d, next_size(d, i)));
        for (at = hash & (uint64_t)(d->n_slots - 1); d->slot[at];) at = (at + 1) & (uint64_t)(d->n_slots - 1);
    }
    d->hash[d->n] = hash;
    d->first[d->n] = (int32_t)i;
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
    const char *any = d->n ? tm_distinct_text(d, 0)->text : "";
    size_t common = strlen(any);
    for (int32_t i = 1; i < d->n; i++) {
        const char *text = tm_distinct_text(d, i)->text;
        size_t same = 0;
        while (same < common && text[same] == any[same]) same++;
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
        const tm_raw *cell = tm_distinct_text(d, i);
        const char *rest = cell->text + common;
        key[i] = (sort_key){prefix_of(rest), rest, i};
        n_bytes += (int64_t)cell->length + 1;
    }
    qsort(key, (size_t)d->n, sizeof *key, compare_keys);
    TM_ALLOC(d->ctx, level, d->n);
    TM_ALLOC(d->ctx, text, n_bytes);
    for (int32_t i = 0; i < d->n; i++) {
        const tm_raw *cell = tm_distinct_text(d, key[i].index);
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
    TM_TRY(tm_distinct_init(&distinct, ctx, cells->cell + j, cells->n_columns, cells->n_rows));
    TM_ALLOC(ctx, code, cells->n_rows);
    column->n_missing = 0;
    for (int64_t r = 0; r < cells->n_rows; r++) {
        const tm_raw *cell = &cells->cell[r * cells->n_columns + j];
        code[r] = -1;
        if (tm_raw_missing(cell, opts))
            column->n_missing++;
        else
            TM_TRY(tm_distinct_add(&distinct, r, &code[r]));
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

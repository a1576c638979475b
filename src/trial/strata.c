/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strata: the distinct combinations of the design's columns. Units carry small integers while columns are combined one
 * by one through a hash table; a text is built once per stratum, so that a million units cost no string work. */
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"
#include "trial/trial_parts.h"

typedef struct pair_table {
    int64_t *key;  /* [mask + 1] -1: free */
    int32_t *rank; /* [mask + 1] */
    uint64_t mask;
} pair_table;

static temoin_status table_build(temoin_context *ctx, int64_t n, pair_table *table)
{
    int64_t size = 16;
    while (size < 2 * n) size *= 2;
    TM_SCRATCH(ctx, table->key, size);
    TM_SCRATCH(ctx, table->rank, size);
    table->mask = (uint64_t)size - 1;
    return TEMOIN_OK;
}

/* The rank of a key in the order of first appearance. */
static int32_t table_add(pair_table *table, int64_t key, int32_t *n_ranks)
{
    uint64_t h = (uint64_t)key * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
    for (uint64_t i = h & table->mask;; i = (i + 1) & table->mask) {
        if (table->key[i] == key) return table->rank[i];
        if (table->key[i] != -1) continue;
        table->key[i] = key;
        return table->rank[i] = (*n_ranks)++;
    }
}

/* stratum [n_units] 0 … n - 1 in the order of first appearance. */
static temoin_status combine(temoin_context *ctx, const temoin_frame *frame, const tm_names *names, int32_t *stratum,
                             int32_t *n_strata)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    pair_table table = {0};
    *n_strata = 1;
    TM_TRY(table_build(ctx, frame->n_rows, &table));
    for (int32_t k = 0; k < names->n; k++) {
        const temoin_column *column = temoin_frame_find(frame, names->name[k]);
        memset(table.key, 0xff, (table.mask + 1) * sizeof *table.key);
        int32_t n = 0;
        for (int64_t u = 0; u < frame->n_rows; u++)
            stratum[u] = table_add(&table, (int64_t)stratum[u] * column->n_levels + column->code[u], &n);
        *n_strata = n;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Values joined by "|"; "\" and "|" inside a value are preceded by "\". */
static void put_value(tm_sink *sink, const char *value, bool first)
{
    if (!first) tm_sink_put(sink, "|");
    for (const char *c = value; *c; c++) {
        if (*c == '\\' || *c == '|') tm_sink_put(sink, "\\");
        tm_sink_put_bytes(sink, c, 1);
    }
}

static temoin_status finish_text(temoin_context *ctx, tm_sink *sink, const char **out)
{
    TM_TRY(tm_sink_finish(sink));
    *out = tm_text_copy(ctx, sink->text ? sink->text : "", sink->length);
    return *out ? TEMOIN_OK : tm_fail_memory(ctx);
}

typedef struct named_stratum {
    const char *text;
    int32_t old;
} named_stratum;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const named_stratum *)a)->text, ((const named_stratum *)b)->text);
}

/* The text of each stratum, from one unit that is in it. */
static temoin_status name_strata(temoin_context *ctx, const temoin_frame *frame, const tm_names *names,
                                 const int32_t *stratum, int32_t n_strata, named_stratum *named)
{
    const temoin_column **column;
    TM_SCRATCH(ctx, column, names->n);
    for (int32_t k = 0; k < names->n; k++) column[k] = temoin_frame_find(frame, names->name[k]);
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    for (int64_t u = 0, s = 0; s < n_strata; u++) {
        if (stratum[u] != s) continue; /* ranks are in the order of first appearance: the next new one is s */
        sink.length = 0;
        if (sink.text) sink.text[0] = '\0';
        for (int32_t k = 0; k < names->n; k++) put_value(&sink, column[k]->level[column[k]->code[u]], k == 0);
        named[s].old = (int32_t)s;
        TM_TRY(finish_text(ctx, &sink, &named[s].text));
        s++;
    }
    return TEMOIN_OK;
}

const char *tm_stratum_text_add(temoin_context *ctx, const char *text, const char *value)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, text);
    put_value(&sink, value, false);
    return tm_sink_finish(&sink) == TEMOIN_OK ? sink.text : NULL;
}

static int32_t find_stratum(const temoin_trial *trial, const char *text)
{
    int32_t low = 0, high = trial->n_strata;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        int order = strcmp(trial->stratum_text[middle], text);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* The stratum of the i-th of the plan's stratum_shares, -1 when no client is in it. */
static temoin_status find_own(temoin_context *ctx, const temoin_trial *trial, int32_t i, const char **text, int32_t *s)
{
    const tm_names *names = &trial->plan->design.stratum_shares[i].stratum;
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    for (int32_t k = 0; k < names->n; k++) put_value(&sink, names->name[k], k == 0);
    TM_TRY(finish_text(ctx, &sink, text));
    *s = names->n == trial->plan->design.strata.n ? find_stratum(trial, *text) : -1;
    return TEMOIN_OK;
}

/* stratum_shares of the plan over `shares`, which hold the arms' own. */
static temoin_status take_stratum_shares(temoin_context *ctx, const temoin_trial *trial, int64_t *shares)
{
    const temoin_plan *plan = trial->plan;
    for (int32_t i = 0; i < plan->design.n_stratum_shares; i++) {
        const char *text;
        int32_t s;
        TM_TRY(find_own(ctx, trial, i, &text, &s));
        const int64_t *own = plan->design.stratum_shares[i].shares;
        if (s >= 0) memcpy(shares + (int64_t)s * plan->n_arms, own, (size_t)plan->n_arms * sizeof *shares);
    }
    return TEMOIN_OK;
}

temoin_status tm_trial_validate_shares(temoin_context *ctx, const temoin_trial *trial)
{
    const temoin_plan *plan = trial->plan;
    size_t mark = tm_problems_mark(ctx);
    for (int32_t i = 0; i < plan->design.n_stratum_shares; i++) {
        const char *text;
        int32_t s;
        TM_TRY(find_own(ctx, trial, i, &text, &s));
        if (s < 0)
            tm_problem(ctx, "%s: line %d: no client is in the stratum \"%s\"; the strata are %s", plan->path,
                       tm_plan_line(plan, "design.stratum_shares[%d]", i), text,
                       tm_quoted_list(ctx, trial->stratum_text, trial->n_strata));
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN);
}

static temoin_status build_shares(temoin_context *ctx, temoin_trial *trial)
{
    int64_t *shares;
    TM_ALLOC(ctx, shares, (int64_t)trial->n_strata * trial->n_arms);
    for (int32_t s = 0; s < trial->n_strata; s++)
        for (int32_t a = 0; a < trial->n_arms; a++) shares[(int64_t)s * trial->n_arms + a] = trial->plan->arms[a].share;
    trial->shares = shares;
    return take_stratum_shares(ctx, trial, shares);
}

temoin_status tm_strata_find(temoin_context *ctx, const temoin_frame *frame, const tm_names *names, tm_strata *out)
{
    int32_t *stratum, *rank, n_strata;
    named_stratum *named;
    const char **text;
    TM_ALLOC(ctx, stratum, frame->n_rows);
    TM_TRY(combine(ctx, frame, names, stratum, &n_strata));
    TM_SCRATCH(ctx, named, n_strata);
    TM_SCRATCH(ctx, rank, n_strata);
    TM_ALLOC(ctx, text, n_strata);
    TM_TRY(name_strata(ctx, frame, names, stratum, n_strata, named));
    qsort(named, (size_t)n_strata, sizeof *named, by_text);
    for (int32_t s = 0; s < n_strata; s++) {
        text[s] = named[s].text;
        rank[named[s].old] = s;
    }
    for (int64_t u = 0; u < frame->n_rows; u++) stratum[u] = rank[stratum[u]];
    *out = (tm_strata){n_strata, stratum, text};
    return TEMOIN_OK;
}

temoin_status tm_strata_build(temoin_context *ctx, temoin_trial *trial)
{
    tm_strata strata;
    TM_TRY(tm_strata_find(ctx, trial->clients, &trial->plan->design.strata, &strata));
    trial->n_strata = strata.n;
    trial->stratum = strata.stratum;
    trial->stratum_text = strata.text;
    return build_shares(ctx, trial);
}

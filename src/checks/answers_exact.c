/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All tables of worker by answer with their chances: worker after worker, how many of the yes that are left. */
#include <math.h>
#include <stdlib.h>

#include "checks/workers_alike.h"

enum { TABLES_MOST = 1000000 };
static const double sums_most = 1e7;

typedef struct outcome {
    double chi, p;
} outcome;

typedef struct listing {
    const int64_t *size; /* [n] clients of each worker */
    int32_t n;
    double share;
    outcome *table;
    int64_t n_tables;
} listing;

/* Hypergeometric: `yes` of `most` clients among the `size` of a worker, `left` of whom say yes. */
static double chance(int64_t most, int64_t left, int64_t size, int64_t yes)
{
    double p = 1;
    for (int64_t i = 0; i < yes; i++)
        p *= (double)(left - i) / (double)(most - i) * (double)(size - i) / (double)(i + 1);
    for (int64_t i = 0; i < size - yes; i++) p *= (double)(most - left - i) / (double)(most - yes - i);
    return p;
}

/* False: there are more than TABLES_MOST. */
static bool list(listing *l, int32_t w, int64_t most, int64_t left, double chi, double p)
{
    if (w == l->n) {
        if (l->n_tables == TABLES_MOST) return false;
        l->table[l->n_tables++] = (outcome){chi, p};
        return true;
    }
    const int64_t size = l->size[w], rest = most - size;
    for (int64_t yes = left > rest ? left - rest : 0; yes <= left && yes <= size; yes++) {
        const double d = (double)yes - (double)size * l->share;
        const double own = d * d / ((double)size * l->share * (1 - l->share));
        if (!list(l, w + 1, rest, left - yes, chi + own, p * chance(most, left, size, yes))) return false;
    }
    return true;
}

static int by_chi(const void *a, const void *b)
{
    const outcome *x = a, *y = b;
    if (x->chi != y->chi) return x->chi < y->chi ? -1 : 1;
    return (x->p > y->p) - (x->p < y->p);
}

/* Values that differ by rounding become one. */
static void join(listing *l)
{
    int64_t n = 0;
    qsort(l->table, (size_t)l->n_tables, sizeof *l->table, by_chi);
    for (int64_t k = 0; k < l->n_tables; k++) {
        if (n > 0 && l->table[k].chi - l->table[n - 1].chi <= 1e-11 * fmax(1, l->table[k].chi))
            l->table[n - 1].p += l->table[k].p;
        else
            l->table[n++] = l->table[k];
    }
    l->n_tables = n;
}

/* count [n_workers] scratch, zero before and after. */
static temoin_status list_block(temoin_context *ctx, const tm_answers_test *t, int32_t b, int64_t *count, outcome *room,
                                listing *out, bool *fits)
{
    const int64_t n = t->from[b + 1] - t->from[b];
    int64_t *size, yes = 0;
    outcome *kept;
    TM_SCRATCH(ctx, size, n);
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        count[t->rows->worker[t->member[k]]]++;
        yes += t->rows->x[t->member[k]] != 0;
    }
    *out = (listing){.size = size, .share = (double)yes / (double)n, .table = room};
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        int64_t *own = &count[t->rows->worker[t->member[k]]];
        if (*own) size[out->n++] = *own;
        *own = 0;
    }
    *fits = list(out, 0, n, yes, 0, 1);
    if (!*fits) return TEMOIN_OK;
    join(out);
    TM_SCRATCH(ctx, kept, out->n_tables);
    for (int64_t k = 0; k < out->n_tables; k++) kept[k] = room[k];
    out->table = kept;
    return TEMOIN_OK;
}

static double add_up(const listing *l, int32_t n, int32_t b, double chi, double p, double least)
{
    double sum = 0;
    if (b == n) return chi >= least ? p : 0;
    for (int64_t k = 0; k < l[b].n_tables; k++)
        sum += add_up(l, n, b + 1, chi + l[b].table[k].chi, p * l[b].table[k].p, least);
    return sum;
}

temoin_status tm_answers_exact(temoin_context *ctx, const tm_answers_test *t, double least, double *p)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    listing *lists;
    outcome *room;
    int64_t *count;
    int32_t n = 0;
    double sums = 1;
    bool fits = true;
    *p = NAN;
    TM_SCRATCH(ctx, lists, t->rows->n_blocks);
    TM_SCRATCH(ctx, room, TABLES_MOST);
    TM_SCRATCH(ctx, count, t->rows->n_workers);
    for (int32_t b = 0; b < t->rows->n_blocks && fits; b++) {
        if (t->from[b] == t->from[b + 1]) continue;
        TM_TRY(list_block(ctx, t, b, count, room, &lists[n], &fits));
        sums *= fits ? (double)lists[n++].n_tables : 1;
        fits = fits && sums <= sums_most;
    }
    if (fits) *p = fmin(1, add_up(lists, n, 0, 0, 1, least));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

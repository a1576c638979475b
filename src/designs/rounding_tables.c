/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A path is the list of the options taken, one for each decision; the next path changes the last decision that has an
 * option left. Each path is walked from the start, so that a policy needs no way back. */
#include "designs/rounding_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numeric/counting.h"
#include "numeric/elementary.h"

enum { MOST_PATHS = 1 << 16, MOST_STEPS = 1 << 23, MOST_DECISIONS = 1 << 12 };

typedef struct paths {
    int64_t *taken, *n_options; /* [MOST_DECISIONS] */
    int32_t depth, used;
    double probability;
    bool lost; /* a path is too long */
} paths;

static int64_t decide(paths *p, int64_t n_options)
{
    if (n_options == 1) return 0;
    if (p->used == MOST_DECISIONS) {
        p->lost = true;
        return 0;
    }
    if (p->used == p->depth) {
        p->taken[p->depth] = 0;
        p->n_options[p->depth++] = n_options;
    }
    return p->taken[p->used++];
}

/* False after the last path. */
static bool go_on(paths *p)
{
    while (p->depth && p->taken[p->depth - 1] == p->n_options[p->depth - 1] - 1) p->depth--;
    if (p->depth) p->taken[p->depth - 1]++;
    p->used = 0;
    p->probability = 1;
    return p->depth > 0;
}

static void begin_path(void *data, const char *purpose, const char *label)
{
    (void)data, (void)purpose, (void)label;
}

static bool path_rises(void *data, int64_t up, int64_t down)
{
    paths *p = data;
    const bool rises = decide(p, 2) == 0;
    p->probability *= (double)(rises ? down : up) / ((double)up + (double)down);
    return rises;
}

static double log_choose(int64_t n, int64_t k)
{
    return tm_log_factorial(n) - tm_log_factorial(k) - tm_log_factorial(n - k);
}

/* Chance of `hits` among n cards of a pack with so many cards, of which `good` count. Small numbers in whole steps, so
 * that the result is good to the last digits. */
static double hypergeometric(int64_t n_cards, int64_t good, int64_t n, int64_t hits)
{
    if (n > 512) return tm_exp(log_choose(good, hits) + log_choose(n_cards - good, n - hits) - log_choose(n_cards, n));
    double chance = 1;
    for (int64_t i = 0; i < hits; i++)
        chance *= (double)(good - i) * (double)(n - i) / ((double)(n_cards - i) * (double)(i + 1));
    for (int64_t i = 0; i < n - hits; i++) chance *= (double)(n_cards - good - i) / (double)(n_cards - hits - i);
    return chance;
}

static void path_takes(void *data, int64_t *pack, int32_t n_arms, int64_t n, int64_t *taken)
{
    paths *p = data;
    int64_t n_cards = 0;
    for (int32_t a = 0; a < n_arms; a++) n_cards += pack[a];
    for (int32_t a = 0; a < n_arms; a++) {
        const int64_t others = n_cards - pack[a], least = n > others ? n - others : 0, most = n < pack[a] ? n : pack[a];
        const int64_t hits = least + decide(p, most - least + 1);
        if (most > least) p->probability *= hypergeometric(n_cards, pack[a], n, hits);
        pack[a] -= hits;
        taken[a] += hits;
        n -= hits;
        n_cards = others;
    }
}

static temoin_status walk(temoin_context *ctx, tm_places *places, paths *p)
{
    memset(places->extra, 0, (size_t)places->n_rows * (size_t)places->units->n_arms * sizeof *places->extra);
    return places->misfit->round(ctx, places, (tm_chance){begin_path, path_rises, path_takes, p});
}

/* Number of paths; 0: too many. */
static temoin_status count_paths(temoin_context *ctx, tm_places *places, paths *p, int64_t *out)
{
    int64_t n = 0, steps = 0;
    *out = 0;
    do {
        TM_TRY(walk(ctx, places, p));
        steps += places->n_rows + p->used;
        if (++n > MOST_PATHS || steps > MOST_STEPS || p->lost) return TEMOIN_OK;
    } while (go_on(p));
    *out = n;
    return TEMOIN_OK;
}

typedef struct leaf {
    const int64_t *extra;
    int64_t width, number;
    double probability;
} leaf;

static int compare_extra(const int64_t *x, const int64_t *y, int64_t width)
{
    for (int64_t i = 0; i < width; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

static int compare_leaves(const void *x, const void *y)
{
    const leaf *a = x, *b = y;
    const int order = compare_extra(a->extra, b->extra, a->width);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static temoin_status merge_leaves(temoin_context *ctx, leaf *leaves, int64_t n, tm_tables *out)
{
    double *probability;
    TM_SCRATCH(ctx, probability, n);
    TM_SCRATCH(ctx, out->extra, n);
    qsort(leaves, (size_t)n, sizeof *leaves, compare_leaves);
    for (int64_t k = 0; k < n; k++) {
        if (out->n == 0 || compare_extra(leaves[k].extra, out->extra[out->n - 1], out->width) != 0)
            out->extra[out->n++] = leaves[k].extra;
        probability[out->n - 1] += leaves[k].probability;
    }
    out->probability = probability;
    return TEMOIN_OK;
}

temoin_status tm_tables_build(temoin_context *ctx, tm_places *places, tm_tables *out)
{
    paths p = {.probability = 1};
    int64_t n, *extra;
    leaf *leaves;
    *out = (tm_tables){.width = (int64_t)places->n_rows * places->units->n_arms};
    TM_SCRATCH(ctx, p.taken, MOST_DECISIONS);
    TM_SCRATCH(ctx, p.n_options, MOST_DECISIONS);
    TM_TRY(count_paths(ctx, places, &p, &n));
    if (n == 0) return TEMOIN_OK;
    TM_SCRATCH(ctx, extra, n * out->width);
    TM_SCRATCH(ctx, leaves, n);
    for (int64_t k = 0; k < n; k++, extra += out->width) {
        TM_TRY(walk(ctx, places, &p));
        memcpy(extra, places->extra, (size_t)out->width * sizeof *extra);
        leaves[k] = (leaf){extra, out->width, k, p.probability};
        go_on(&p);
    }
    return merge_leaves(ctx, leaves, n, out);
}

int64_t tm_tables_find(const tm_tables *tables, const int64_t *extra)
{
    int64_t low = 0, high = tables->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = compare_extra(tables->extra[middle], extra, tables->width);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

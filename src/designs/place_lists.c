/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every assignment, one after the other: for each way in which the leftovers fall, all orders of each stratum's places.
 */
#include <math.h>

#include "designs/places.h"
#include "designs/rounding_tables.h"
#include "numeric/elementary.h"

typedef struct listing {
    const tm_places *places;
    int64_t *order; /* [n_units] units by stratum */
    int32_t *dealt; /* [n_units] arms by stratum; one order of its places each */
    int32_t *arm;   /* [n_units] */
    tm_design_visit *visit;
    void *data;
} listing;

/* The next larger order of x, which may hold a value several times; after the largest, the smallest again and false. */
static bool next_order(int32_t *x, int64_t n)
{
    int64_t i = n - 1, j = n - 1;
    while (i > 0 && x[i - 1] >= x[i]) i--;
    if (i > 0) {
        while (x[j] <= x[i - 1]) j--;
        const int32_t swap = x[i - 1];
        x[i - 1] = x[j];
        x[j] = swap;
    }
    for (int64_t low = i, high = n - 1; low < high; low++, high--) {
        const int32_t swap = x[low];
        x[low] = x[high];
        x[high] = swap;
    }
    return i > 0;
}

static bool next_assignment(const listing *l)
{
    const tm_places *p = l->places;
    for (int32_t s = 0; s < p->units->n_strata; s++)
        if (tm_places_size(p, s) && next_order(l->dealt + p->start[s], tm_places_size(p, s))) return true;
    return false;
}

/* False: stop. */
static bool list_orders(const listing *l, const int64_t *extra, double probability)
{
    const tm_places *p = l->places;
    for (int32_t s = 0; s < p->units->n_strata; s++) {
        int32_t *next = l->dealt + p->start[s];
        for (int32_t a = -1; a < p->units->n_arms; a++)
            for (int64_t n = tm_places_number(p, s, tm_places_row(p, extra, s), a); n > 0; n--) *next++ = a;
        probability /= tm_exp(tm_places_log_orders(p, s, tm_places_row(p, extra, s)));
    }
    do {
        for (int64_t i = 0; i < p->units->n_units; i++) l->arm[l->order[i]] = l->dealt[i];
        if (!l->visit(l->data, l->arm, probability)) return false;
    } while (next_assignment(l));
    return true;
}

static temoin_status list_all(temoin_context *ctx, const tm_design_units *units, listing *l)
{
    tm_places p;
    tm_tables tables;
    TM_TRY(tm_places_build(ctx, units, &p));
    TM_TRY(tm_tables_build(ctx, &p, &tables));
    if (tables.n == 0)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: the leftover units of %d strata can fall in more than 65536 ways; their assignments cannot "
                "be listed",
                (int)p.n_rows);
    l->places = &p;
    TM_TRY(tm_places_sort(ctx, &p, &l->order));
    TM_SCRATCH(ctx, l->dealt, units->n_units);
    TM_SCRATCH(ctx, l->arm, units->n_units);
    for (int64_t k = 0; k < tables.n; k++)
        if (!list_orders(l, tables.extra[k], tables.probability[k])) break;
    return TEMOIN_OK;
}

temoin_status tm_places_enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    listing l = {.visit = visit, .data = data};
    const temoin_status status = list_all(ctx, units, &l);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

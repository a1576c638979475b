/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two units' chances together. In a stratum of n units of which c[a] get arm a, two of them get a and b with
 * probability c[a] (c[b] - [a = b]) / (n (n - 1)); units of strata s and t with c[s][a] c[t][b] / (n[s] n[t]). What
 * remains is the mean of the product over all numbers of places. */
#include <math.h>

#include "designs/places.h"
#include "designs/rounding_tables.h"

typedef struct seat {
    int32_t s, a;
} seat;

static bool has_leftovers(const tm_places *p, int32_t s)
{
    return tm_places_row(p, p->extra, s) != NULL;
}

/* Mean of c[x] (c[y] - less) from all tables; NaN when there are too many. */
static temoin_status mean_product(temoin_context *ctx, tm_places *p, seat x, seat y, int64_t less, double *mean)
{
    tm_tables tables;
    TM_TRY(tm_tables_build(ctx, p, &tables));
    *mean = tables.n ? 0 : NAN;
    for (int64_t k = 0; k < tables.n; k++) {
        const int64_t at_x = tm_places_number(p, x.s, tm_places_row(p, tables.extra[k], x.s), x.a);
        const int64_t at_y = tm_places_number(p, y.s, tm_places_row(p, tables.extra[k], y.s), y.a) - less;
        *mean += tables.probability[k] * (double)at_x * (double)at_y;
    }
    return TEMOIN_OK;
}

static int64_t remainder_of(const tm_places *p, int32_t s, int32_t a)
{
    const tm_uint128 product = (tm_uint128)tm_places_size(p, s) * (tm_uint128)tm_places_share(p, s, a);
    return (int64_t)(product % (tm_uint128)p->sum[s]);
}

static int64_t n_left(const tm_places *p, int32_t s)
{
    int64_t left = tm_places_size(p, s);
    for (int32_t a = 0; a < p->units->n_arms; a++) left -= p->base[(int64_t)s * p->units->n_arms + a];
    return left;
}

/* With a single leftover place, or with one for all but one of the arms that could have it, the stratum's own
 * remainders tell how its places fall, whatever the others do. False: they do not. */
static bool find_from_remainders(const tm_places *p, seat x, seat y, double *mean)
{
    const int64_t *base = p->base + (int64_t)x.s * p->units->n_arms, left = n_left(p, x.s);
    int64_t n_open = 0;
    for (int32_t a = 0; a < p->units->n_arms; a++) n_open += remainder_of(p, x.s, a) > 0;
    if (p->misfit->in_blocks || x.a < 0 || y.a < 0 || (left != 1 && left != n_open - 1)) return false;
    const double sum = (double)p->sum[x.s], sure_x = (double)base[x.a], sure_y = (double)base[y.a];
    const double at_x = (double)remainder_of(p, x.s, x.a) / sum, at_y = (double)remainder_of(p, x.s, y.a) / sum;
    double both = 0; /* extra places for both */
    if (x.a == y.a)
        both = at_x;
    else if (left != 1 && at_x > 0 && at_y > 0)
        both = at_x + at_y - 1;
    *mean = sure_x * sure_y + sure_x * at_y + sure_y * at_x + both;
    if (x.a == y.a) *mean -= sure_x + at_x;
    return true;
}

static temoin_status find_in_stratum(temoin_context *ctx, tm_places *p, seat x, seat y, double *probability)
{
    const double n = (double)tm_places_size(p, x.s);
    const int64_t less = x.a == y.a;
    double mean = NAN;
    tm_design_units units;
    tm_places alone;
    if (!has_leftovers(p, x.s))
        mean = (double)tm_places_number(p, x.s, NULL, x.a) * (double)(tm_places_number(p, x.s, NULL, y.a) - less);
    else if (!find_from_remainders(p, x, y, &mean) && p->misfit->by_stratum) {
        TM_TRY(tm_places_build_alone(ctx, p, x.s, &units, &alone));
        TM_TRY(mean_product(ctx, &alone, (seat){0, x.a}, (seat){0, y.a}, less, &mean));
    } else if (isnan(mean))
        TM_TRY(mean_product(ctx, p, x, y, less, &mean));
    *probability = mean / (n * (n - 1));
    return TEMOIN_OK;
}

static temoin_status find_pair(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                               int32_t b, double *probability)
{
    tm_places p;
    TM_TRY(tm_places_build(ctx, units, &p));
    const seat x = {units->stratum ? units->stratum[u] : 0, a}, y = {units->stratum ? units->stratum[v] : 0, b};
    if (u == v) {
        *probability = a == b ? tm_places_chance(&p, x.s, a) : 0;
        return TEMOIN_OK;
    }
    if (x.s == y.s) return find_in_stratum(ctx, &p, x, y, probability);
    if (p.misfit->by_stratum || !has_leftovers(&p, x.s) || !has_leftovers(&p, y.s)) {
        *probability = tm_places_chance(&p, x.s, a) * tm_places_chance(&p, y.s, b);
        return TEMOIN_OK;
    }
    TM_TRY(mean_product(ctx, &p, x, y, 0, probability));
    *probability /= (double)tm_places_size(&p, x.s) * (double)tm_places_size(&p, y.s);
    return TEMOIN_OK;
}

temoin_status tm_places_pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                                 int32_t b, double *probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = find_pair(ctx, units, u, a, v, b, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

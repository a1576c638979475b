/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be drawn, how often, and who together with whom: from the numbers of places alone. Given them, all orders of
 * a stratum's units are equally likely, and assignments with different numbers are different. */
#include <math.h>
#include <string.h>

#include "designs/places.h"
#include "designs/rounding_tables.h"
#include "numeric/counting.h"
#include "numeric/elementary.h"

static double log_orders_of_table(const tm_places *p, const int64_t *extra)
{
    double sum = 0;
    for (int32_t r = 0; r < p->n_rows; r++)
        sum += tm_places_log_orders(p, p->row[r], extra + (int64_t)r * p->units->n_arms);
    return sum;
}

static double log_orders_of_sure_strata(const tm_places *p)
{
    double sum = 0;
    for (int32_t s = 0, r = 0; s < p->units->n_strata; s++) {
        if (r < p->n_rows && p->row[r] == s)
            r++;
        else
            sum += tm_places_log_orders(p, s, NULL);
    }
    return sum;
}

/* Adds something to each of the sums: for all strata with leftovers, or for each of them where they are independent. */
typedef temoin_status group_sum(temoin_context *ctx, tm_places *p, double *sum);

static temoin_status sum_over_groups(temoin_context *ctx, tm_places *p, group_sum *add, double *sum)
{
    if (!p->misfit->by_stratum) return add(ctx, p, sum);
    for (int32_t r = 0; r < p->n_rows; r++) {
        tm_design_units units;
        tm_places alone;
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        TM_TRY(tm_places_build_alone(ctx, p, p->row[r], &units, &alone));
        TM_TRY(add(ctx, &alone, sum));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

/* Two arms, or more, whose leftovers are one half each: every decision of the pivotal rounding settles all that it
 * touches, so there are two outcomes for each, whatever came before. */
static void begin_halves(void *data, const char *purpose, const char *label)
{
    (void)data, (void)purpose, (void)label;
}

static bool halves_rise(void *data, int64_t up, int64_t down)
{
    (void)up, (void)down;
    ++*(int64_t *)data;
    return true;
}

static bool are_halves(const tm_places *p)
{
    if (p->misfit != &tm_misfits[0]) return false;
    for (int32_t r = 0; r < p->n_rows; r++) {
        const int32_t s = p->row[r];
        int64_t sure = -1;
        for (int32_t a = 0; a < p->units->n_arms; a++) {
            const int64_t base = p->base[(int64_t)s * p->units->n_arms + a];
            const int64_t rest = (int64_t)((tm_uint128)tm_places_size(p, s) * (tm_uint128)tm_places_share(p, s, a) %
                                           (tm_uint128)p->sum[s]);
            if (rest == 0) continue;
            if (2 * rest != p->sum[s] || (sure >= 0 && base != sure)) return false; /* the same orders for all */
            sure = base;
        }
    }
    return true;
}

/* Adds the logarithm of the number of assignments, which are all equally likely. */
static temoin_status add_halves(temoin_context *ctx, tm_places *p, double *log_count)
{
    int64_t n_decisions = 0;
    memset(p->extra, 0, (size_t)p->n_rows * (size_t)p->units->n_arms * sizeof *p->extra);
    TM_TRY(p->misfit->round(ctx, p, (tm_chance){begin_halves, halves_rise, NULL, &n_decisions}));
    *log_count += (double)n_decisions * M_LN2 + log_orders_of_table(p, p->extra);
    return TEMOIN_OK;
}

static temoin_status add_count(temoin_context *ctx, tm_places *p, double *log_count)
{
    tm_tables tables;
    if (are_halves(p)) return add_halves(ctx, p, log_count);
    TM_TRY(tm_tables_build(ctx, p, &tables));
    double sum = tables.n ? -INFINITY : NAN;
    for (int64_t k = 0; k < tables.n; k++) sum = tm_log_plus(sum, log_orders_of_table(p, tables.extra[k]));
    *log_count += sum;
    return TEMOIN_OK;
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    tm_places p;
    TM_TRY(tm_places_build(ctx, units, &p));
    *log_count = log_orders_of_sure_strata(&p);
    return sum_over_groups(ctx, &p, add_count, log_count);
}

temoin_status tm_places_count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = count(ctx, units, log_count);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* Of an assignment: sum[0] is the logarithm of its probability, sum[1 + a * n_arms + b] that of its mirror with arms a
 * < b swapped, and behind these stands how many units each arm has. */
static int32_t n_sums(int32_t n_arms)
{
    return 1 + n_arms * n_arms + n_arms;
}

static double likeliest_of(const double *sum, int32_t n_arms)
{
    const double *n_units = sum + 1 + n_arms * n_arms;
    double mirror = -INFINITY;
    for (int32_t a = 0; a < n_arms; a++)
        for (int32_t b = a + 1; b < n_arms; b++)
            if (n_units[a] + n_units[b] > 0)
                mirror = fmax(mirror, sum[1 + a * n_arms + b]); /* else it is its own mirror */
    return isnan(sum[0]) ? NAN : tm_log_plus(sum[0], mirror);
}

/* The table with the same numbers of places, arms a and b swapped; -1: there is none. `extra` is room for it. */
static int64_t find_mirror(const tm_places *p, const tm_tables *tables, int64_t k, int32_t a, int32_t b, int64_t *extra)
{
    const int32_t n_arms = p->units->n_arms;
    memcpy(extra, tables->extra[k], (size_t)tables->width * sizeof *extra);
    for (int32_t r = 0; r < p->n_rows; r++) {
        const int64_t *base = p->base + (int64_t)p->row[r] * n_arms, *was = tables->extra[k] + (int64_t)r * n_arms;
        extra[(int64_t)r * n_arms + a] = base[b] + was[b] - base[a];
        extra[(int64_t)r * n_arms + b] = base[a] + was[a] - base[b];
    }
    return tm_tables_find(tables, extra);
}

/* Adds that of one assignment with the places of table k to what there is, into `sum`. */
static void weigh_table(const tm_places *p, const tm_tables *tables, int64_t k, const double *before, int64_t *extra,
                        double *sum)
{
    const int32_t n_arms = p->units->n_arms;
    const double log_orders = log_orders_of_table(p, tables->extra[k]);
    memcpy(sum, before, (size_t)n_sums(n_arms) * sizeof *sum);
    sum[0] += tm_log(tables->probability[k]) - log_orders;
    for (int32_t a = 0; a < n_arms; a++) {
        for (int32_t b = a + 1; b < n_arms; b++) {
            const int64_t mirror = find_mirror(p, tables, k, a, b, extra);
            sum[1 + a * n_arms + b] += mirror < 0 ? -INFINITY : tm_log(tables->probability[mirror]) - log_orders;
        }
        for (int32_t r = 0; r < p->n_rows; r++)
            sum[1 + n_arms * n_arms + a] +=
                (double)tm_places_number(p, p->row[r], tables->extra[k] + (int64_t)r * n_arms, a);
    }
}

/* All orders of a trial in two arms, and their mirrors. */
static temoin_status add_likeliest_halves(temoin_context *ctx, tm_places *p, double *sum)
{
    double log_count = 0;
    TM_TRY(add_halves(ctx, p, &log_count));
    sum[0] -= log_count;
    sum[2] -= log_count;
    sum[5] += 1;
    return TEMOIN_OK;
}

static temoin_status add_likeliest(temoin_context *ctx, tm_places *p, double *sum)
{
    const int32_t n_arms = p->units->n_arms;
    tm_tables tables;
    double *best, *now;
    int64_t *extra;
    TM_TRY(tm_tables_build(ctx, p, &tables));
    if (tables.n == 0 && n_arms == 2 && are_halves(p)) return add_likeliest_halves(ctx, p, sum);
    if (tables.n == 0) sum[0] = NAN;
    TM_SCRATCH(ctx, best, n_sums(n_arms));
    TM_SCRATCH(ctx, now, n_sums(n_arms));
    TM_SCRATCH(ctx, extra, tables.width);
    for (int64_t k = 0; k < tables.n; k++) {
        weigh_table(p, &tables, k, sum, extra, now);
        if (k == 0 || likeliest_of(now, n_arms) > likeliest_of(best, n_arms))
            memcpy(best, now, (size_t)n_sums(n_arms) * sizeof *best);
    }
    if (tables.n > 0) memcpy(sum, best, (size_t)n_sums(n_arms) * sizeof *sum);
    return TEMOIN_OK;
}

static void add_sure_stratum(const tm_places *p, int32_t s, double *sum)
{
    const int32_t n_arms = p->units->n_arms;
    const int64_t *base = p->base + (int64_t)s * n_arms;
    const double log_orders = tm_places_log_orders(p, s, NULL);
    sum[0] -= log_orders;
    for (int32_t a = 0; a < n_arms; a++) {
        for (int32_t b = a + 1; b < n_arms; b++) sum[1 + a * n_arms + b] -= base[a] == base[b] ? log_orders : INFINITY;
        sum[1 + n_arms * n_arms + a] += (double)base[a];
    }
}

static temoin_status find_likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    tm_places p;
    double *sure, *sum;
    TM_TRY(tm_places_build(ctx, units, &p));
    TM_SCRATCH(ctx, sure, n_sums(units->n_arms));
    TM_SCRATCH(ctx, sum, n_sums(units->n_arms));
    for (int32_t s = 0, r = 0; s < units->n_strata; s++) {
        if (r < p.n_rows && p.row[r] == s)
            r++;
        else
            add_sure_stratum(&p, s, sure);
    }
    memcpy(sum, sure, (size_t)n_sums(units->n_arms) * sizeof *sum);
    TM_TRY(add_likeliest(ctx, &p, sum));
    if (isnan(sum[0]) && p.misfit->by_stratum) { /* too many tables: the likeliest of one stratum after the other */
        memcpy(sum, sure, (size_t)n_sums(units->n_arms) * sizeof *sum);
        TM_TRY(sum_over_groups(ctx, &p, add_likeliest, sum));
    }
    *log_probability = likeliest_of(sum, units->n_arms);
    return TEMOIN_OK;
}

temoin_status tm_places_likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = find_likeliest(ctx, units, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

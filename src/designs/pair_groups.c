/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/pair_groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "designs/covariate_axes.h"
#include "numeric/matching.h"

static const double distance_unit = 0x1p-30, distance_most = 0x1p20;
enum { OPTIMAL_MOST = 4000, NONE = -1 };

/* With R the ranks less their mean, C = L L' their correlations and s² = n (n + 1) / 12 the variance of ranks without
 * ties, Rosenbaum's distance is (R_u - R_v)' inverse(s² C) (R_u - R_v): the squared distance of the places inverse(L) R
 * / s. */
temoin_status tm_pair_distances_build(temoin_context *ctx, const tm_design_units *units, tm_pair_distances *distances)
{
    double **x, *lower, *place;
    const int64_t n = units->n_units;
    const int32_t p = units->n_covariates;
    const double untied = sqrt((double)n * (double)(n + 1) / 12);
    TM_TRY(tm_covariates_rank(ctx, units, &x));
    TM_SCRATCH(ctx, place, n * p);
    TM_SCRATCH(ctx, lower, (int64_t)p * p);
    for (int32_t j = 0; j < p; j++)
        for (int64_t u = 0; u < n; u++) place[u * p + j] = x[j][u] / untied;
    TM_TRY(tm_covariates_orthogonalize(ctx, units, x, lower));
    for (int64_t u = 0; u < n; u++)
        for (int32_t j = 0; j < p; j++) {
            for (int32_t k = 0; k < j; k++) place[u * p + j] -= lower[j * p + k] * place[u * p + k];
            place[u * p + j] /= lower[j * p + j];
        }
    *distances = (tm_pair_distances){.p = p, .place = place};
    return TEMOIN_OK;
}

static int64_t whole(double squares)
{
    return (int64_t)floor((squares < distance_most ? squares : distance_most) / distance_unit + 0.5);
}

int64_t tm_pair_distance(const tm_pair_distances *distances, int64_t u, int64_t v)
{
    const double *a = distances->place + u * distances->p, *b = distances->place + v * distances->p;
    double squares = 0;
    for (int32_t j = 0; j < distances->p; j++) squares += (a[j] - b[j]) * (a[j] - b[j]);
    return whole(squares);
}

static int64_t distance_from_centre(const tm_pair_distances *distances, int64_t u)
{
    double squares = 0;
    for (int32_t j = 0; j < distances->p; j++)
        squares += distances->place[u * distances->p + j] * distances->place[u * distances->p + j];
    return whole(squares);
}

/* The units of one stratum and the groups that they are in so far. */
typedef struct stratum {
    const tm_pair_distances *distances;
    int32_t n;
    const int64_t *unit; /* [n] ascending */
    int32_t *group;      /* [n] */
    int32_t n_groups;
} stratum;

typedef struct item { /* a list of units that stay together */
    int32_t first, last;
} item;

static int64_t distance_of_items(const stratum *s, const int32_t *next, item a, item b)
{
    int64_t sum = 0;
    for (int32_t i = a.first; i != NONE; i = next[i])
        for (int32_t k = b.first; k != NONE && sum < TM_MATCHING_COST_MOST; k = next[k])
            sum += tm_pair_distance(s->distances, s->unit[i], s->unit[k]);
    return sum < TM_MATCHING_COST_MOST ? sum : TM_MATCHING_COST_MOST;
}

/* Pairs the items, in place; one that is left over, because it went with the dummy that an odd number gets, is *left.
 */
static temoin_status pair_items(temoin_context *ctx, const stratum *s, int32_t *next, item *items, int32_t *n_items,
                                item *left)
{
    const int32_t n = *n_items, n_even = n + n % 2;
    int32_t *mate, n_paired = 0;
    int64_t *cost;
    left->first = NONE;
    TM_SCRATCH(ctx, mate, n_even);
    TM_SCRATCH(ctx, cost, (int64_t)n_even * n_even);
    for (int32_t i = 0; i < n; i++)
        for (int32_t k = 0; k < i; k++)
            cost[(int64_t)i * n_even + k] = cost[(int64_t)k * n_even + i] =
                distance_of_items(s, next, items[i], items[k]);
    TM_TRY(tm_matching_build(ctx, n_even, cost, mate));
    for (int32_t i = 0; i < n; i++) {
        if (mate[i] == n)
            *left = items[i];
        else if (mate[i] > i) {
            const item other = items[mate[i]]; /* behind i, so it is still what it was */
            next[items[i].last] = other.first;
            items[n_paired++] = (item){items[i].first, other.last};
        }
    }
    *n_items = n_paired;
    return TEMOIN_OK;
}

/* The groups in the order of their first units. */
static void number_items(stratum *s, const int32_t *next, item group)
{
    for (int32_t i = group.first; i != NONE; i = next[i]) s->group[i] = s->n_groups;
    s->n_groups += group.first != NONE;
}

static temoin_status group_optimally(temoin_context *ctx, stratum *s, int32_t size)
{
    int32_t *next, n_items = s->n;
    item *items, rest = {NONE, NONE};
    TM_SCRATCH(ctx, next, s->n);
    TM_SCRATCH(ctx, items, s->n);
    for (int32_t i = 0; i < s->n; i++) {
        next[i] = NONE;
        items[i] = (item){i, i};
    }
    for (int32_t n_in = 1; n_in < size; n_in *= 2) {
        item left;
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        TM_TRY(pair_items(ctx, s, next, items, &n_items, &left));
        tm_arena_rewind(&ctx->scratch, mark);
        if (left.first == NONE) continue;
        if (rest.first == NONE)
            rest = left;
        else {
            next[rest.last] = left.first;
            rest.last = left.last;
        }
    }
    for (int32_t i = 0; i < n_items; i++) number_items(s, next, items[i]);
    number_items(s, next, rest);
    return TEMOIN_OK;
}

typedef struct ranked {
    int64_t distance;
    int32_t i;
} ranked;

static int farthest_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->distance != y->distance ? (x->distance < y->distance) - (x->distance > y->distance)
                                      : (x->i > y->i) - (x->i < y->i);
}

/* The nearest n units in no group yet, nearest first; near [n + 1]. */
static void find_nearest(const stratum *s, int32_t seed, int32_t n, ranked *near)
{
    int32_t n_found = 0;
    for (int32_t i = 0; i < s->n; i++) {
        if (s->group[i] != NONE || i == seed) continue;
        const int64_t distance = tm_pair_distance(s->distances, s->unit[seed], s->unit[i]);
        if (n_found == n && distance >= near[n - 1].distance) continue;
        int32_t k = n_found < n ? n_found++ : n - 1;
        for (; k > 0 && near[k - 1].distance > distance; k--) near[k] = near[k - 1];
        near[k] = (ranked){distance, i};
    }
}

static temoin_status group_greedily(temoin_context *ctx, stratum *s, int32_t size)
{
    ranked *seed, *near;
    int32_t n_left = s->n;
    TM_SCRATCH(ctx, seed, s->n);
    TM_SCRATCH(ctx, near, s->n);
    for (int32_t i = 0; i < s->n; i++) {
        seed[i] = (ranked){distance_from_centre(s->distances, s->unit[i]), i};
        s->group[i] = NONE;
    }
    qsort(seed, (size_t)s->n, sizeof *seed, farthest_first);
    for (int32_t k = 0; n_left >= size; k++) {
        if (s->group[seed[k].i] != NONE) continue;
        find_nearest(s, seed[k].i, size - 1, near);
        s->group[seed[k].i] = s->n_groups;
        for (int32_t i = 0; i < size - 1; i++) s->group[near[i].i] = s->n_groups;
        s->n_groups++;
        n_left -= size;
    }
    for (int32_t i = 0; i < s->n; i++)
        if (s->group[i] == NONE) s->group[i] = s->n_groups;
    s->n_groups += n_left > 0;
    return TEMOIN_OK;
}

static temoin_status group_stratum(temoin_context *ctx, const tm_design_units *units, stratum *s, int32_t of)
{
    const tm_plan_options *options = units->options;
    const int32_t size = options && options->group_size ? options->group_size : 2;
    if (options && options->matching && strcmp(options->matching, "greedy") == 0) return group_greedily(ctx, s, size);
    if ((size & (size - 1)) != 0) return group_greedily(ctx, s, size);
    if (s->n > OPTIMAL_MOST)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: stratum \"%s\" has %d units, but optimal pairs are found among at most %d; use \"matching: "
                "greedy\", or "
                "more strata",
                units->stratum_text[of], (int)s->n, (int)OPTIMAL_MOST);
    return group_optimally(ctx, s, size);
}

static temoin_status group_all(temoin_context *ctx, const tm_design_units *units, const tm_pair_distances *distances,
                               int32_t *group, int32_t *n_groups)
{
    int64_t *start, *unit;
    int32_t *within;
    TM_SCRATCH(ctx, start, (int64_t)units->n_strata + 2);
    TM_SCRATCH(ctx, unit, units->n_units);
    TM_SCRATCH(ctx, within, units->n_units);
    for (int64_t u = 0; u < units->n_units; u++) start[(units->stratum ? units->stratum[u] : 0) + 2]++;
    for (int32_t s = 0; s < units->n_strata; s++) start[s + 2] += start[s + 1];
    for (int64_t u = 0; u < units->n_units; u++) unit[start[(units->stratum ? units->stratum[u] : 0) + 1]++] = u;
    for (int32_t of = 0; of < units->n_strata; of++) {
        stratum s = {.distances = distances,
                     .n = (int32_t)(start[of + 1] - start[of]),
                     .unit = unit + start[of],
                     .group = within};
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        TM_TRY(group_stratum(ctx, units, &s, of));
        tm_arena_rewind(&ctx->scratch, mark);
        for (int32_t i = 0; i < s.n; i++) group[s.unit[i]] = *n_groups + within[i];
        *n_groups += s.n_groups;
    }
    return TEMOIN_OK;
}

temoin_status tm_pair_groups_build(temoin_context *ctx, const tm_design_units *units, int32_t **out, int32_t *n_groups)
{
    tm_pair_distances distances;
    int32_t *group, *number, n_seen = 0;
    if (units->n_units > INT32_MAX / 2)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: kind \"pairs\" takes at most 1073741823 units");
    TM_TRY(tm_pair_distances_build(ctx, units, &distances));
    TM_SCRATCH(ctx, group, units->n_units);
    *n_groups = 0;
    TM_TRY(group_all(ctx, units, &distances, group, n_groups));
    TM_SCRATCH(ctx, number, *n_groups);
    for (int32_t g = 0; g < *n_groups; g++) number[g] = NONE;
    for (int64_t u = 0; u < units->n_units; u++) {
        if (number[group[u]] == NONE) number[group[u]] = n_seen++;
        group[u] = number[group[u]];
    }
    *out = group;
    return TEMOIN_OK;
}

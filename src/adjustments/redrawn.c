/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/redrawn.h"

#include <math.h>
#include <stdlib.h>

/* Two p values of the same draws differ by rounding only, or by a draw's probability. */
static const double equal_p = 1e-9;

/* The draws that a share is taken of: those drawn, and before them the observed one unless it is among them. */
static int64_t count_all(const tm_redrawn *redrawn)
{
    return redrawn->n_draws + !redrawn->exact;
}

/* The least size that ties with this one. */
static double tie_of(const tm_redrawn *redrawn, int64_t member, double size)
{
    const double unit = redrawn->unit ? redrawn->unit[member] : 1;
    return isinf(size) ? size : size - redrawn->tolerance * fmax(size, unit);
}

/* Absolute statistics of a member in all draws. Returns the least that is no smaller than the observed one. */
static double view_sizes(const tm_redrawn *redrawn, int64_t member, double *size)
{
    const double own = fabs(redrawn->observed[member]), *statistic = redrawn->statistic[member];
    if (!redrawn->exact) *size++ = own;
    for (int64_t r = 0; r < redrawn->n_draws; r++) size[r] = isnan(statistic[r]) ? INFINITY : fabs(statistic[r]);
    return tie_of(redrawn, member, own);
}

/* Sums with the rounding errors added up beside (Neumaier 1974): a million probabilities keep their digits. */
typedef struct tally {
    double sum, lost;
} tally;

static void add(tally *t, double x)
{
    const double sum = t->sum + x;
    t->lost += fabs(t->sum) >= fabs(x) ? t->sum - sum + x : x - sum + t->sum;
    t->sum = sum;
}

static double weight_of(const tm_redrawn *redrawn, int64_t draw)
{
    return redrawn->probability ? redrawn->probability[draw] : 1;
}

static double total_weight(const tm_redrawn *redrawn)
{
    tally all = {0, 0};
    if (!redrawn->probability) return (double)count_all(redrawn);
    for (int64_t r = 0; r < redrawn->n_draws; r++) add(&all, redrawn->probability[r]);
    return all.sum + all.lost;
}

static double share_at_least(const tm_redrawn *redrawn, const double *size, double least)
{
    tally part = {0, 0};
    const int64_t n = count_all(redrawn);
    for (int64_t r = 0; r < n; r++)
        if (size[r] >= least) add(&part, weight_of(redrawn, r));
    return fmin((part.sum + part.lost) / total_weight(redrawn), 1);
}

temoin_status tm_redrawn_p(temoin_context *ctx, const tm_redrawn *redrawn, int64_t member, double *p)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *size;
    *p = NAN;
    if (isnan(redrawn->observed[member])) return TEMOIN_OK;
    TM_SCRATCH(ctx, size, count_all(redrawn));
    const double least = view_sizes(redrawn, member, size);
    *p = share_at_least(redrawn, size, least);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* A member's rank: the more it says, the earlier. */
typedef struct ranked {
    double least_first;
    int64_t at;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->least_first != y->least_first) return x->least_first < y->least_first ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Members that have a test, the largest |observed| first. */
static temoin_status rank_members(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n, ranked **out,
                                  int64_t *n_ranked, double *adjusted)
{
    TM_SCRATCH(ctx, *out, n);
    *n_ranked = 0;
    for (int64_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(redrawn->observed[i])) (*out)[(*n_ranked)++] = (ranked){-fabs(redrawn->observed[i]), i};
    }
    qsort(*out, (size_t)*n_ranked, sizeof **out, by_rank);
    return TEMOIN_OK;
}

/* A later member is never adjusted to less than an earlier one. */
static void make_monotone(const ranked *order, int64_t n, double *adjusted)
{
    for (int64_t k = 1; k < n; k++) adjusted[order[k].at] = fmax(adjusted[order[k].at], adjusted[order[k - 1].at]);
}

temoin_status tm_redrawn_max_t(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n, bool step_down,
                               double *adjusted)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int64_t n_all = count_all(redrawn);
    double *size, *largest, *least;
    int64_t m;
    ranked *order;
    TM_TRY(rank_members(ctx, redrawn, n, &order, &m, adjusted));
    TM_SCRATCH(ctx, size, n_all);
    TM_SCRATCH(ctx, largest, n_all);
    TM_SCRATCH(ctx, least, m);
    for (int64_t k = m - 1; k >= 0; k--) {
        least[k] = view_sizes(redrawn, order[k].at, size);
        for (int64_t r = 0; r < n_all; r++) largest[r] = fmax(largest[r], size[r]);
        if (step_down) adjusted[order[k].at] = share_at_least(redrawn, largest, least[k]);
    }
    for (int64_t k = 0; !step_down && k < m; k++) adjusted[order[k].at] = share_at_least(redrawn, largest, least[k]);
    make_monotone(order, m, adjusted);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Every draw's size becomes its p value among all draws: the weight of those that are as large, with the same rule for
 * ties. `order` is room. */
static void turn_into_p(const tm_redrawn *redrawn, int64_t member, double *size, ranked *order)
{
    const int64_t n_all = count_all(redrawn);
    const double total = total_weight(redrawn);
    tally part = {0, 0};
    for (int64_t r = 0; r < n_all; r++) order[r] = (ranked){-size[r], r};
    qsort(order, (size_t)n_all, sizeof *order, by_rank);
    for (int64_t k = 0, next = 0; k < n_all; k++) {
        const double least = tie_of(redrawn, member, -order[k].least_first);
        for (; next < n_all && -order[next].least_first >= least; next++)
            add(&part, weight_of(redrawn, order[next].at));
        size[order[k].at] = fmin((part.sum + part.lost) / total, 1);
    }
}

temoin_status tm_redrawn_min_p(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n, double *adjusted)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int64_t n_all = count_all(redrawn);
    double *p, *smallest;
    ranked *order, *room;
    int64_t m;
    TM_TRY(rank_members(ctx, redrawn, n, &order, &m, adjusted));
    TM_SCRATCH(ctx, p, n_all);
    TM_SCRATCH(ctx, smallest, n_all);
    TM_SCRATCH(ctx, room, n_all);
    for (int64_t k = 0; k < m; k++) TM_TRY(tm_redrawn_p(ctx, redrawn, order[k].at, &order[k].least_first));
    qsort(order, (size_t)m, sizeof *order, by_rank);
    for (int64_t r = 0; r < n_all; r++) smallest[r] = -1;
    for (int64_t k = m - 1; k >= 0; k--) {
        view_sizes(redrawn, order[k].at, p);
        turn_into_p(redrawn, order[k].at, p, room);
        for (int64_t r = 0; r < n_all; r++) smallest[r] = fmax(smallest[r], -p[r]); /* minus the smallest p */
        adjusted[order[k].at] = share_at_least(redrawn, smallest, -order[k].least_first * (1 + equal_p));
    }
    make_monotone(order, m, adjusted);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_redrawn_omnibus(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n, double *p)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *adjusted;
    *p = NAN;
    TM_SCRATCH(ctx, adjusted, n);
    TM_TRY(tm_redrawn_max_t(ctx, redrawn, n, false, adjusted));
    for (int64_t i = 0; i < n; i++) *p = fmin(*p, adjusted[i]);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

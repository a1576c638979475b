/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adjustments/several_arms.h"

#include <math.h>
#include <stdlib.h>

#include "numeric/multivariate_t.h"

/* The members of one fit, the largest |statistic| first. */
typedef struct group {
    int32_t n;
    struct place {
        double size;
        int64_t at;
    } * member;
    double df;
    double *correlation; /* [n * n] of the members from one on, packed anew for each step */
} group;

static int by_size(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static temoin_status build_group(temoin_context *ctx, const tm_family *family, int64_t fit, group *out)
{
    *out = (group){.df = INFINITY};
    TM_SCRATCH(ctx, out->member, family->n);
    for (int64_t i = 0; i < family->n; i++) {
        if (family->fit[i] != fit || isnan(family->p[i])) continue;
        out->member[out->n++] = (struct place){fabs(family->statistic[i]), i};
        out->df = fmin(out->df, family->df[i]);
    }
    qsort(out->member, (size_t)out->n, sizeof *out->member, by_size);
    TM_SCRATCH(ctx, out->correlation, (int64_t)out->n * out->n);
    return TEMOIN_OK;
}

/* A correlation that nobody knows is taken as none: with it the probability that all statistics stay small is never too
 * large (Sidak 1967). */
static void pack_correlation(const tm_family *family, const group *g, int32_t first)
{
    const int32_t k = g->n - first;
    for (int32_t i = 0; i < k; i++)
        for (int32_t j = 0; j < k; j++) {
            const double r = family->correlation[g->member[first + i].at * family->n + g->member[first + j].at];
            g->correlation[i * k + j] = i == j ? 1 : isnan(r) ? 0 : r;
        }
}

static temoin_status adjust_group(temoin_context *ctx, const tm_family *family, const group *g, bool step_down,
                                  double *adjusted)
{
    double largest = 0;
    for (int32_t i = 0; i < g->n; i++) {
        const struct place *member = &g->member[i];
        const int32_t first = step_down ? i : 0;
        double p;
        pack_correlation(family, g, first);
        TM_TRY(tm_multivariate_t_tail(ctx, g->correlation, g->n - first, member->size, g->df, &p));
        p = fmin(fmax(p, family->p[member->at]), family->p[member->at] * (g->n - first));
        largest = fmax(largest, p);
        adjusted[member->at] = fmin(largest, 1);
    }
    return TEMOIN_OK;
}

temoin_status tm_several_arms_adjust(temoin_context *ctx, const tm_family *family, bool step_down, double *adjusted)
{
    for (int64_t i = 0; i < family->n; i++) adjusted[i] = NAN;
    if (!family->correlation) return TEMOIN_OK;
    for (int64_t i = 0; i < family->n; i++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        group g;
        if (isnan(family->p[i]) || !isnan(adjusted[i])) continue;
        TM_TRY(build_group(ctx, family, family->fit[i], &g));
        TM_TRY(adjust_group(ctx, family, &g, step_down, adjusted));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

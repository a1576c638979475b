/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/remaining_units.h"

temoin_status tm_remaining_units_build(temoin_context *ctx, const tm_design_units *all, const bool *left_out,
                                       tm_design_units *out, int64_t **member)
{
    int64_t *place, n = 0, *arrival;
    int32_t *stratum, *level;
    const char **id;
    const int32_t **factor;
    TM_SCRATCH(ctx, *member, all->n_units);
    TM_SCRATCH(ctx, place, all->n_units);
    for (int64_t u = 0; u < all->n_units; u++)
        if (!left_out[u]) (*member)[place[u] = n++] = u;
    TM_SCRATCH(ctx, stratum, n);
    TM_SCRATCH(ctx, id, n);
    TM_SCRATCH(ctx, arrival, n);
    TM_SCRATCH(ctx, factor, all->n_factors);
    for (int64_t i = 0; i < n; i++) {
        stratum[i] = all->stratum[(*member)[i]];
        id[i] = all->id[(*member)[i]];
    }
    for (int64_t i = 0, at = 0; i < all->n_units; i++)
        if (!left_out[all->arrival[i]]) arrival[at++] = place[all->arrival[i]];
    for (int32_t f = 0; f < all->n_factors; f++) {
        TM_SCRATCH(ctx, level, n);
        for (int64_t i = 0; i < n; i++) level[i] = all->factor[f][(*member)[i]];
        factor[f] = level;
    }
    *out = *all;
    out->n_units = n;
    out->stratum = stratum;
    out->id = id;
    out->arrival = arrival;
    out->factor = factor;
    return TEMOIN_OK;
}

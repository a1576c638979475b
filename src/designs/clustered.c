/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `complete` for clusters: read "cluster" for "unit" in blocked.c, with a single stratum, whose canonical text is "". A
 * unit gets its cluster's arm. Streams are those of blocked.c. */
#include "designs/clusters.h"

static temoin_status check_no_strata(temoin_context *ctx, const tm_design_units *units)
{
    if (units->n_strata != 1 || units->stratum_text[0][0])
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"clustered\" draws all clusters as one group, but design.strata divides them; use "
                "kind \"blocked_clustered\" or leave out design.strata");
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_clusters_draw(ctx, units, arm);
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_clusters_received(ctx, units, arm, probability, error);
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_clusters_enumerate(ctx, units, visit, data);
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_clusters_count(ctx, units, log_count);
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_clusters_pairwise(ctx, units, u, a, v, b, probability);
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    TM_TRY(check_no_strata(ctx, units));
    return tm_clusters_likeliest(ctx, units, log_probability);
}

const tm_design tm_design_clustered = {
    .key = "clustered",
    .title = "Fixed numbers of whole clusters per arm; leftovers as `misfits` says",
    .cites = "Cox 1987; Deville & Tillé 1998; Carril 2017",
    .options = "cluster misfits",
    .needs = "cluster",
    .deals_to = TM_DEALS_TO_CLUSTERS,
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likeliest = likeliest,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/clusters.h"

#include <assert.h>

#include "designs/places.h"

temoin_status tm_clusters_build(temoin_context *ctx, const tm_design_units *units, tm_design_units *clusters)
{
    if (!units->cluster)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: whole clusters are to be drawn, but nothing says which they are; give the column as "
                "design.cluster");
    int32_t *stratum;
    TM_SCRATCH(ctx, stratum, units->n_clusters);
    for (int32_t g = 0; g < units->n_clusters; g++) stratum[g] = -1;
    for (int64_t u = 0; u < units->n_units; u++) {
        const int32_t g = units->cluster[u], s = units->stratum ? units->stratum[u] : 0;
        if (stratum[g] >= 0 && stratum[g] != s)
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "design: cluster \"%s\" has clients in the strata \"%s\" and \"%s\"; a cluster is drawn as a whole, "
                "so give strata that do not divide it",
                units->cluster_text[g], units->stratum_text[stratum[g]], units->stratum_text[s]);
        stratum[g] = s;
    }
    for (int32_t g = 0; g < units->n_clusters; g++) assert(stratum[g] >= 0);
    *clusters = *units;
    clusters->n_units = units->n_clusters;
    clusters->id = units->cluster_text;
    clusters->stratum = stratum;
    clusters->cluster = NULL;
    clusters->arrival = NULL;
    clusters->n_covariates = clusters->n_factors = 0;
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_design_units clusters;
    int32_t *of_cluster;
    TM_TRY(tm_clusters_build(ctx, units, &clusters));
    TM_SCRATCH(ctx, of_cluster, clusters.n_units);
    TM_TRY(tm_places_draw(ctx, &clusters, of_cluster));
    for (int64_t u = 0; u < units->n_units; u++) arm[u] = of_cluster[units->cluster[u]];
    return TEMOIN_OK;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    tm_design_units clusters;
    int32_t *of_cluster;
    double *chance;
    TM_TRY(tm_clusters_build(ctx, units, &clusters));
    TM_SCRATCH(ctx, of_cluster, clusters.n_units);
    TM_SCRATCH(ctx, chance, clusters.n_units);
    for (int32_t a = -1; a < units->n_arms; a++) {
        for (int64_t g = 0; g < clusters.n_units; g++) of_cluster[g] = a;
        TM_TRY(tm_places_received(ctx, &clusters, of_cluster, chance, error));
        for (int64_t u = 0; u < units->n_units; u++)
            if (arm[u] == a) probability[u] = chance[units->cluster[u]];
    }
    return TEMOIN_OK;
}

typedef struct spreading {
    const tm_design_units *units;
    int32_t *arm; /* [n_units] */
    tm_design_visit *visit;
    void *data;
} spreading;

static bool spread(void *data, const int32_t *of_cluster, double probability)
{
    const spreading *s = data;
    for (int64_t u = 0; u < s->units->n_units; u++) s->arm[u] = of_cluster[s->units->cluster[u]];
    return s->visit(s->data, s->arm, probability);
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    tm_design_units clusters;
    spreading s = {units, NULL, visit, data};
    TM_TRY(tm_clusters_build(ctx, units, &clusters));
    TM_SCRATCH(ctx, s.arm, units->n_units);
    return tm_places_enumerate(ctx, &clusters, spread, &s);
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    tm_design_units clusters;
    TM_TRY(tm_clusters_build(ctx, units, &clusters));
    return tm_places_count(ctx, &clusters, log_count);
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    tm_design_units clusters;
    TM_TRY(tm_clusters_build(ctx, units, &clusters));
    return tm_places_pairwise(ctx, &clusters, units->cluster[u], a, units->cluster[v], b, probability);
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    tm_design_units clusters;
    TM_TRY(tm_clusters_build(ctx, units, &clusters));
    return tm_places_likeliest(ctx, &clusters, log_probability);
}

temoin_status tm_clusters_draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw(ctx, units, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

temoin_status tm_clusters_received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                   double *probability, double *error)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = received(ctx, units, arm, probability, error);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

temoin_status tm_clusters_enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit,
                                    void *data)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = enumerate(ctx, units, visit, data);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

temoin_status tm_clusters_count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = count(ctx, units, log_count);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

temoin_status tm_clusters_pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                                   int32_t b, double *probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = pairwise(ctx, units, u, a, v, b, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

temoin_status tm_clusters_likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = likeliest(ctx, units, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole clusters are drawn: each stands for its units as if it were one unit. Clusters are in the order of the bytes of
 * their texts, as units are in that of their ids. */
#ifndef TM_CLUSTERS_H
#define TM_CLUSTERS_H

#include "designs/design_kind.h"

/* *clusters in scratch: one unit per cluster, in its stratum.
 * Errors   TEMOIN_ERR_PLAN: there are no clusters; one lies in two strata. */
TEMOIN_MUST_CHECK temoin_status tm_clusters_build(temoin_context *ctx, const tm_design_units *units,
                                                  tm_design_units *clusters);

/* As in tm_design: what places.h does with units, done with clusters. */
temoin_status tm_clusters_draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm);
temoin_status tm_clusters_received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                   double *probability, double *error);
temoin_status tm_clusters_enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit,
                                    void *data);
temoin_status tm_clusters_count(temoin_context *ctx, const tm_design_units *units, double *log_count);
temoin_status tm_clusters_pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                                   int32_t b, double *probability);
temoin_status tm_clusters_likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability);

#endif

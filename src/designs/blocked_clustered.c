/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `blocked` for clusters: read "cluster" for "unit" in blocked.c; a stratum's n is the number of its clusters, and they
 * are numbered in the order of the bytes of their texts. A unit gets its cluster's arm. Streams are those of blocked.c.
 * A cluster with units in two strata is refused. */
#include "designs/clusters.h"

const tm_design tm_design_blocked_clustered = {
    .key = "blocked_clustered",
    .title = "Stratified: fixed numbers of whole clusters per arm in each stratum; leftovers as `misfits` says",
    .cites = "Cox 1987; Deville & Tillé 1998; Carril 2017",
    .options = "strata cluster misfits",
    .needs = "strata cluster",
    .deals_to = TM_DEALS_TO_CLUSTERS,
    .draw = tm_clusters_draw,
    .received = tm_clusters_received,
    .enumerate = tm_clusters_enumerate,
    .count = tm_clusters_count,
    .pairwise = tm_clusters_pairwise,
    .likeliest = tm_clusters_likeliest,
};

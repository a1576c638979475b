/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial in which workers serve one arm only:
 *
 *     y = Xβ + u_worker + e in the served arm,   y = Xβ + e in the other,
 *
 * u with variance θ_worker, e with a variance of each arm's own, or one for both. */
#ifndef TM_PARTIAL_MOMENTS_H
#define TM_PARTIAL_MOMENTS_H

#include "moments/fit.h"
#include "moments/variance_components.h"

typedef enum tm_partial_component { TM_PARTIAL_SERVED, TM_PARTIAL_OTHER, TM_PARTIAL_WORKER } tm_partial_component;

typedef struct tm_partially_nested {
    tm_component_data data; /* of the residuals of `fit`, in `unit`s and its basis */
    double unit;            /* power of two near the residuals' size */
    int32_t component[3];   /* which of the data's components each of tm_partial_component is */
} tm_partially_nested;

/* The served arm of a sample with clients in two arms: clusters of several clients are in it alone. NULL, or the key of
 * a note that says why there is none: cluster_in_several_arms, both_arms_served, no_arm_served, arm_is_one_cluster,
 * one_cluster_in_arm. */
TEMOIN_MUST_CHECK temoin_status tm_served_arm_find(temoin_context *ctx, const tm_sample *sample, int32_t *arm,
                                                   const char **refused);

/* Moments of the fitted least-squares model, by cluster: a mean times the root of its number of clients for each
 * cluster of the served arm, one block of what is left within them, one of the other arm.
 *
 * Shapes   an unweighted fit with clusters; scratch arena.
 * Cost     O(n p + clusters p²).
 * Cites    Lohr, Schochet & Sanders 2014, "Partially nested randomized controlled trials in education research";
 * Roberts & Roberts 2005, "Design and analysis of clinical trials with clustering effects due to treatment".
 */
TEMOIN_MUST_CHECK temoin_status tm_partially_nested_build(temoin_context *ctx, const tm_fit *fit, int32_t served,
                                                          bool common, tm_partially_nested *out);

#endif

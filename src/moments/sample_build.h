/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SAMPLE_BUILD_H
#define TM_SAMPLE_BUILD_H

#include "designs/assignment_struct.h"
#include "moments/sample.h"
#include "moments/subgroups.h"
#include "result/notes.h"

/* The clients who count in one estimate of one measure at one wave, in canonical order.
 *
 * Missing  no arm, no outcome, not known whether the client took part: left out and counted in the notes. A missing
 *          covariate is filled with the mean of the others and marked by a column of its own, or the client is left
 *          out, as the estimate says; a missing category is a category. A blank provider of a client whom no provider
 *          serves (`one_arm`) is a cluster of one; another missing cluster is an error unless the estimate says
 *          `missing_cluster: own`.
 * Notes    unassigned, missing_outcome, zero_weight, missing_received, missing_covariate_indicator,
 *          missing_covariate_dropped, missing_cluster_own, missing_subgroup, probability_weights.
 * Errors   TEMOIN_ERR_PLAN: a column that is not there or does not fit; TEMOIN_ERR_DATA with lines: a negative,
 *          infinite or missing weight, a missing cluster.
 * Cost     O(n × covariates); the sample lives on the scratch arena.
 *
 * subgroup: nobody else is in, or counted; NULL: everybody.
 *
 * weigh_by_probability: by default, weights of one over the probability of the own arm where probabilities differ
 * between clients; an estimator that compares within strata needs none, unless they differ from turn to turn.
 */
TEMOIN_MUST_CHECK temoin_status tm_sample_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                const tm_plan_estimate *estimate, int32_t measure, int32_t wave,
                                                const tm_subgroup *subgroup, bool weigh_by_probability, tm_sample *out,
                                                tm_notes *notes);

/* The waves of a sample with rows client × wave. */
typedef struct tm_sample_waves {
    int32_t n;
    const int32_t *wave; /* [n] of the trial */
    const bool *before;  /* [n] as in tm_panel */
} tm_sample_waves;

/* The same with a row for each wave at which a client has a value, client by client. Clusters are of clients: whose
 * cluster is missing, or is to be the client, is one cluster with all rows.
 *
 * Notes    those above, counting clients; missing_outcome: without a value at any of the waves; missing_waves: at some.
 */
TEMOIN_MUST_CHECK temoin_status tm_sample_build_panel(temoin_context *ctx, const temoin_assignment *assignment,
                                                      const tm_plan_estimate *estimate, int32_t measure,
                                                      const tm_sample_waves *waves, const tm_subgroup *subgroup,
                                                      bool weigh_by_probability, tm_sample *out, tm_notes *notes);

/* What an estimate is clustered by, NULL: nothing. Rows of several waves are never independent: `client` unless told.
 */
const char *tm_estimate_cluster(const tm_plan_estimate *estimate, bool several_waves);

#endif

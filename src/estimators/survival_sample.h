/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What estimators of times until an event share. */
#ifndef TM_SURVIVAL_SAMPLE_H
#define TM_SURVIVAL_SAMPLE_H

#include "estimators/estimator.h"

/* The note that refuses all effects of a sample: outcome_negative, event_not_binary, no_events, weights_not_taken;
 * NULL: none. */
const char *tm_survival_refuse(const tm_sample *sample);

void tm_survival_refuse_all(const tm_request *request, const char *note, tm_effect *out);

/* The two arms of a contrast of one arm with another; false when it is of another kind. */
bool tm_survival_pair(const tm_request *request, int32_t contrast, int32_t *arm, int32_t *reference);

/* Events in each arm; [n_arms]. */
void tm_survival_count(const tm_sample *sample, int64_t *events);

/* Strata in which both arms have somebody, [n_strata], and how many rows of the two arms are in the others. */
TEMOIN_MUST_CHECK temoin_status tm_survival_strata(temoin_context *ctx, const tm_sample *sample, int32_t arm,
                                                   int32_t reference, bool **compared, int64_t *left_out);

/* Rows in the order of their strata: stratum s has row[first[s]] to row[first[s + 1] - 1]. */
TEMOIN_MUST_CHECK temoin_status tm_survival_by_stratum(temoin_context *ctx, const tm_sample *sample, int64_t **row,
                                                       int64_t **first);

#endif

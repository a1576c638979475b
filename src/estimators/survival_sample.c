/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/survival_sample.h"

const char *tm_survival_refuse(const tm_sample *sample)
{
    double events = 0;
    if (sample->weight) return "weights_not_taken";
    for (int64_t i = 0; i < sample->n; i++) {
        if (sample->y[i] < 0) return "outcome_negative";
        if (sample->event[i] != 0 && sample->event[i] != 1) return "event_not_binary";
        events += sample->event[i];
    }
    return events > 0 ? NULL : "no_events";
}

void tm_survival_refuse_all(const tm_request *request, const char *note, tm_effect *out)
{
    for (int32_t c = 0; c < request->n_contrasts; c++) tm_effect_refuse(&out[c], note);
}

bool tm_survival_pair(const tm_request *request, int32_t contrast, int32_t *arm, int32_t *reference)
{
    const double *weight = request->arm_weight + (int64_t)contrast * request->sample->n_arms;
    *arm = *reference = -1;
    for (int32_t a = 0; a < request->sample->n_arms; a++) {
        if (weight[a] == 0) continue;
        if (weight[a] == 1 && *arm < 0)
            *arm = a;
        else if (weight[a] == -1 && *reference < 0)
            *reference = a;
        else
            return false;
    }
    return *arm >= 0 && *reference >= 0;
}

void tm_survival_count(const tm_sample *sample, int64_t *events)
{
    for (int32_t a = 0; a < sample->n_arms; a++) events[a] = 0;
    for (int64_t i = 0; i < sample->n; i++) events[sample->arm[i]] += sample->event[i] > 0.5;
}

temoin_status tm_survival_strata(temoin_context *ctx, const tm_sample *sample, int32_t arm, int32_t reference,
                                 bool **compared, int64_t *left_out)
{
    int64_t *ones, *zeros;
    TM_SCRATCH(ctx, ones, sample->n_strata);
    TM_SCRATCH(ctx, zeros, sample->n_strata);
    TM_SCRATCH(ctx, *compared, sample->n_strata);
    for (int64_t i = 0; i < sample->n; i++) {
        ones[sample->stratum[i]] += sample->arm[i] == arm;
        zeros[sample->stratum[i]] += sample->arm[i] == reference;
    }
    *left_out = 0;
    for (int32_t s = 0; s < sample->n_strata; s++) {
        (*compared)[s] = ones[s] > 0 && zeros[s] > 0;
        if (!(*compared)[s]) *left_out += ones[s] + zeros[s];
    }
    return TEMOIN_OK;
}

temoin_status tm_survival_by_stratum(temoin_context *ctx, const tm_sample *sample, int64_t **row, int64_t **first)
{
    int64_t *next;
    TM_SCRATCH(ctx, *row, sample->n);
    TM_SCRATCH(ctx, *first, (int64_t)sample->n_strata + 1);
    TM_SCRATCH(ctx, next, sample->n_strata);
    for (int64_t i = 0; i < sample->n; i++) (*first)[sample->stratum[i] + 1]++;
    for (int32_t s = 0; s < sample->n_strata; s++) {
        (*first)[s + 1] += (*first)[s];
        next[s] = (*first)[s];
    }
    for (int64_t i = 0; i < sample->n; i++) (*row)[next[sample->stratum[i]]++] = i;
    return TEMOIN_OK;
}

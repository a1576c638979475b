/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/rank_test.h"

#include "estimators/survival_sample.h"
#include "moments/survival.h"

typedef struct sums {
    double surplus;  /* Σ w (o - e) */
    double scale;    /* Σ w v */
    double variance; /* Σ w² v */
} sums;

/* One stratum's rows in order of time. */
static void add_stratum(const tm_sample *sample, int32_t arm, int rho, const int64_t *row, int64_t n, sums *to)
{
    double in_arm = 0, survival = 1;
    for (int64_t i = 0; i < n; i++) in_arm += sample->arm[row[i]] == arm;
    for (int64_t i = 0, j; i < n; i = j) {
        const double time = sample->y[row[i]], at_risk = (double)(n - i);
        double events = 0, own = 0, leaving = 0;
        for (j = i; j < n && sample->y[row[j]] == time; j++) {
            const bool ours = sample->arm[row[j]] == arm, event = sample->event[row[j]] > 0.5;
            events += event;
            own += event && ours;
            leaving += ours;
        }
        const double share = in_arm / at_risk, weight = rho ? survival : 1;
        double v = events * share * (1 - share);
        if (at_risk > 1) v *= (at_risk - events) / (at_risk - 1);
        to->surplus += weight * (own - events * share);
        to->scale += weight * v;
        to->variance += weight * weight * v;
        survival *= (at_risk - events) / at_risk;
        in_arm -= leaving;
    }
}

static temoin_status run_pair(temoin_context *ctx, const tm_request *request, int rho, int32_t arm, int32_t reference,
                              tm_effect *out)
{
    const tm_sample *sample = request->sample;
    bool *compared;
    int64_t *row, *all, *first, left_out, n_compared = 0;
    sums total = {0};
    TM_SCRATCH(ctx, row, sample->n);
    TM_TRY(tm_survival_by_stratum(ctx, sample, &all, &first));
    TM_TRY(tm_survival_strata(ctx, sample, arm, reference, &compared, &left_out));
    if (left_out) tm_notes_add_count(&out->notes, "stratum_without_contrast", left_out);
    for (int32_t s = 0; s < sample->n_strata; s++) {
        int64_t n = 0;
        if (!compared[s]) continue;
        n_compared++;
        for (int64_t k = first[s]; k < first[s + 1]; k++)
            if (sample->arm[all[k]] == arm || sample->arm[all[k]] == reference) row[n++] = all[k];
        TM_TRY(tm_survival_sort(ctx, sample->y, false, row, n));
        add_stratum(sample, arm, rho, row, n, &total);
    }
    if (n_compared == 0)
        tm_effect_refuse(out, "no_contrast");
    else if (!(total.variance > 0))
        tm_effect_refuse(out, "no_variation");
    else {
        out->value = total.surplus / total.scale;
        tm_effect_test(out, sqrt(total.variance) / total.scale, INFINITY, request->level);
    }
    return TEMOIN_OK;
}

temoin_status tm_rank_test_run(temoin_context *ctx, const tm_request *request, int rho, tm_effect *out)
{
    const char *refused = tm_survival_refuse(request->sample);
    if (refused) {
        tm_survival_refuse_all(request, refused, out);
        return TEMOIN_OK;
    }
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        int32_t arm, reference;
        if (tm_survival_pair(request, c, &arm, &reference))
            TM_TRY(run_pair(ctx, request, rho, arm, reference, &out[c]));
        else
            tm_effect_refuse(&out[c], "two_arms_only");
    }
    return TEMOIN_OK;
}

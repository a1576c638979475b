/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/curve_effects.h"

#include "estimators/survival_sample.h"
#include "moments/survival.h"

/* The curves of one arm, by stratum; none where the arms are not compared. */
typedef struct arm_curves {
    tm_survival_curve *curve; /* [n_strata] */
    double value, variance;   /* weighted over strata */
    int64_t events;           /* up to the horizon */
    bool too_far;
} arm_curves;

typedef struct pair {
    const tm_sample *sample;
    bool area;
    double horizon;
    bool *compared; /* [n_strata] */
    double *share;  /* [n_strata] of the clients in compared strata */
    int64_t *row, *first;
} pair;

static temoin_status build_curves(temoin_context *ctx, const pair *p, int32_t arm, arm_curves *out)
{
    int64_t *row;
    TM_SCRATCH(ctx, row, p->sample->n);
    TM_SCRATCH(ctx, out->curve, p->sample->n_strata);
    for (int32_t s = 0; s < p->sample->n_strata; s++) {
        int64_t n = 0;
        for (int64_t k = p->first[s]; p->compared[s] && k < p->first[s + 1]; k++)
            if (p->sample->arm[p->row[k]] == arm) row[n++] = p->row[k];
        TM_TRY(tm_survival_curve_build(ctx, p->sample->y, p->sample->event, row, n, &out->curve[s]));
    }
    return TEMOIN_OK;
}

static void evaluate_survival(const tm_survival_curve *curve, double horizon, double *value, double *variance)
{
    *value = 1;
    *variance = 0;
    for (int64_t k = 0; k < curve->n && curve->step[k].time <= horizon; k++) {
        *value = curve->step[k].survival;
        *variance = curve->step[k].variance;
    }
}

static void evaluate_area(const tm_survival_curve *curve, double horizon, double *value, double *variance)
{
    int64_t last = -1; /* step at or before the horizon */
    *value = *variance = 0;
    while (last + 1 < curve->n && curve->step[last + 1].time <= horizon) last++;
    double until = horizon;
    for (int64_t k = last; k >= 0; k--) { /* the area behind each step adds up from the horizon back */
        const tm_survival_step *step = &curve->step[k];
        const double left = (double)(step->at_risk - step->events);
        *value += step->survival * (until - step->time);
        until = step->time;
        if (left > 0) *variance += *value * *value * (double)step->events / ((double)step->at_risk * left);
    }
    *value += until;
}

static void evaluate(const pair *p, arm_curves *a)
{
    for (int32_t s = 0; s < p->sample->n_strata; s++) {
        const tm_survival_curve *curve = &a->curve[s];
        double value, variance;
        if (curve->n == 0) continue;
        (p->area ? evaluate_area : evaluate_survival)(curve, p->horizon, &value, &variance);
        a->value += p->share[s] * value;
        a->variance += p->share[s] * p->share[s] * variance;
        for (int64_t k = 0; k < curve->n && curve->step[k].time <= p->horizon; k++) a->events += curve->step[k].events;
        const tm_survival_step *end = &curve->step[curve->n - 1];
        a->too_far |= end->time < p->horizon && end->survival > 0;
    }
}

static void find_shares(const pair *p)
{
    double total = 0;
    for (int32_t s = 0; s < p->sample->n_strata; s++)
        if (p->compared[s]) total += (double)(p->first[s + 1] - p->first[s]);
    for (int32_t s = 0; s < p->sample->n_strata; s++)
        p->share[s] = p->compared[s] ? (double)(p->first[s + 1] - p->first[s]) / total : 0;
}

static double last_common_time(const pair *p, const arm_curves *a)
{
    double earliest = INFINITY;
    for (int32_t s = 0; s < p->sample->n_strata; s++)
        for (int k = 0; k < 2; k++)
            if (a[k].curve[s].n > 0) earliest = fmin(earliest, a[k].curve[s].step[a[k].curve[s].n - 1].time);
    return earliest;
}

static void finish(const tm_request *request, const arm_curves *a, tm_effect *out)
{
    const char *refused = NULL;
    for (int k = 0; k < 2; k++) {
        if (!(a[k].variance > 0)) refused = "arm_without_variation";
        if (a[k].events == 0) refused = "arm_without_events";
    }
    if (a[0].too_far || a[1].too_far)
        tm_effect_refuse(out, "horizon_too_far");
    else {
        out->value = a[0].value - a[1].value;
        if (refused)
            tm_effect_refuse(out, refused);
        else
            tm_effect_test(out, sqrt(a[0].variance + a[1].variance), INFINITY, request->level);
    }
}

static temoin_status run_pair(temoin_context *ctx, const tm_request *request, bool area, int32_t arm, int32_t reference,
                              tm_effect *out)
{
    pair p = {.sample = request->sample, .area = area, .horizon = request->sample->horizon};
    arm_curves a[2] = {0};
    int64_t left_out, n_compared = 0;
    TM_TRY(tm_survival_by_stratum(ctx, p.sample, &p.row, &p.first));
    TM_TRY(tm_survival_strata(ctx, p.sample, arm, reference, &p.compared, &left_out));
    TM_SCRATCH(ctx, p.share, p.sample->n_strata);
    find_shares(&p);
    if (left_out) tm_notes_add_count(&out->notes, "stratum_without_contrast", left_out);
    for (int32_t s = 0; s < p.sample->n_strata; s++) n_compared += p.compared[s];
    if (n_compared == 0) {
        tm_effect_refuse(out, "no_contrast");
        return TEMOIN_OK;
    }
    TM_TRY(build_curves(ctx, &p, arm, &a[0]));
    TM_TRY(build_curves(ctx, &p, reference, &a[1]));
    if (!(p.horizon > 0)) p.horizon = last_common_time(&p, a);
    evaluate(&p, &a[0]);
    evaluate(&p, &a[1]);
    finish(request, a, out);
    return TEMOIN_OK;
}

temoin_status tm_curve_effects_run(temoin_context *ctx, const tm_request *request, bool area, tm_effect *out)
{
    const char *refused = tm_survival_refuse(request->sample);
    if (refused) {
        tm_survival_refuse_all(request, refused, out);
        return TEMOIN_OK;
    }
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        int32_t arm, reference;
        if (tm_survival_pair(request, c, &arm, &reference))
            TM_TRY(run_pair(ctx, request, area, arm, reference, &out[c]));
        else
            tm_effect_refuse(&out[c], "two_arms_only");
    }
    return TEMOIN_OK;
}

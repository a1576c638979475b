/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"

#include <string.h>

bool tm_request_is(const tm_request *request, const char *variance)
{
    return strcmp(request->variance, variance) == 0;
}

static bool is_binary(const tm_sample *sample)
{
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->y[i] != 0 && sample->y[i] != 1) return false;
    return true;
}

bool tm_contrast_arms(const double *arm_weight, int32_t n_arms, int32_t *arm, int32_t *reference)
{
    *arm = *reference = -1;
    for (int32_t a = 0; a < n_arms; a++) {
        if (arm_weight[a] == 0) continue;
        if (arm_weight[a] == 1 && *arm < 0)
            *arm = a;
        else if (arm_weight[a] == -1 && *reference < 0)
            *reference = a;
        else
            return false;
    }
    return *arm >= 0 && *reference >= 0;
}

static void fill_tables(const tm_sample *sample, int32_t arm, int32_t reference, bool by_strata, tm_two_by_two *t)
{
    for (int64_t i = 0; i < sample->n; i++) {
        tm_two_by_two *to = &t[by_strata ? sample->stratum[i] : 0];
        if (sample->arm[i] == arm)
            to->a += sample->y[i], to->n1++;
        else if (sample->arm[i] == reference)
            to->c += sample->y[i], to->n0++;
    }
}

static bool all_alike(const tm_two_by_two *t, int32_t n)
{
    double events = 0, clients = 0;
    for (int32_t s = 0; s < n; s++) events += t[s].a + t[s].c, clients += t[s].n1 + t[s].n0;
    return events == 0 || events == clients;
}

static temoin_status run_contrast(temoin_context *ctx, const tm_request *request, const double *arm_weight,
                                  bool by_strata, tm_table_method *method, tm_effect *out)
{
    const tm_sample *sample = request->sample;
    const int32_t n_tables = by_strata ? sample->n_strata : 1;
    int32_t arm, reference, n = 0;
    tm_two_by_two *tables;
    int64_t left_out = 0;
    if (!tm_contrast_arms(arm_weight, sample->n_arms, &arm, &reference)) {
        tm_effect_refuse(out, "contrast_of_two");
        return TEMOIN_OK;
    }
    TM_SCRATCH(ctx, tables, n_tables);
    fill_tables(sample, arm, reference, by_strata, tables);
    for (int32_t s = 0; s < n_tables; s++) {
        if (tables[s].n1 > 0 && tables[s].n0 > 0)
            tables[n++] = tables[s];
        else
            left_out += (int64_t)(tables[s].n1 + tables[s].n0);
    }
    if (left_out) tm_notes_add_count(&out->notes, "stratum_without_contrast", left_out);
    if (!by_strata && sample->n_strata > 1) tm_notes_add(&out->notes, "strata_pooled");
    if (!n || all_alike(tables, n)) {
        tm_effect_refuse(out, n ? "no_variation" : "no_contrast");
        return TEMOIN_OK;
    }
    return method(ctx, tables, n, request, out);
}

temoin_status tm_tables_run(temoin_context *ctx, const tm_request *request, bool by_strata, tm_table_method *method,
                            tm_effect *out)
{
    const bool binary = is_binary(request->sample);
    for (int32_t k = 0; k < request->n_contrasts; k++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        if (!binary || request->sample->weight)
            tm_effect_refuse(&out[k], binary ? "table_weighted" : "outcome_not_binary");
        else
            TM_TRY(run_contrast(ctx, request, request->arm_weight + (int64_t)k * request->sample->n_arms, by_strata,
                                method, &out[k]));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

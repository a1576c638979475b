/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers, their caseloads and arms, and the verdict on them. */
#include <math.h>

#include "checks/caseload_peaks.h"
#include "checks/check_kind.h"
#include "checks/provider_changes.h"
#include "checks/provider_graph.h"

static temoin_status list_arms(temoin_context *ctx, const tm_provider_graph *graph, temoin_results *results)
{
    temoin_provider_arm *arms;
    TM_ALLOC(ctx, arms, graph->n_arms);
    for (int32_t a = 0; a < graph->n_arms; a++) {
        temoin_provider_arm *arm = &arms[a];
        double squares = 0, spread = 0;
        *arm = (temoin_provider_arm){.arm = a, .n_blank = graph->n_blank[a], .smallest = -1, .largest = -1};
        for (int32_t p = 0; p < graph->n_providers; p++) {
            const int64_t m = graph->n[(int64_t)p * graph->n_arms + a];
            if (!m) continue;
            arm->n_providers++;
            arm->n_clients += m;
            squares += (double)m * (double)m;
            if (arm->smallest < 0 || m < arm->smallest) arm->smallest = m;
            if (m > arm->largest) arm->largest = m;
        }
        const double n = (double)arm->n_providers;
        arm->mean = n > 0 ? (double)arm->n_clients / n : NAN;
        for (int32_t p = 0; p < graph->n_providers; p++) {
            const double m = (double)graph->n[(int64_t)p * graph->n_arms + a];
            if (m > 0) spread += (m - arm->mean) * (m - arm->mean);
        }
        arm->cv = n > 1 ? sqrt(spread / (n - 1)) / arm->mean : NAN;
        arm->weighted = n > 0 ? squares / (double)arm->n_clients : NAN;
    }
    results->provider_arms = arms;
    results->n_provider_arms = graph->n_arms;
    return TEMOIN_OK;
}

static temoin_status list_caseloads(temoin_context *ctx, const tm_provider_graph *graph, temoin_results *results)
{
    temoin_caseload *caseloads;
    int64_t n = 0;
    TM_ALLOC(ctx, caseloads, (int64_t)graph->n_providers * graph->n_arms);
    for (int32_t p = 0; p < graph->n_providers; p++)
        for (int32_t a = 0; a < graph->n_arms; a++) {
            const int64_t m = graph->n[(int64_t)p * graph->n_arms + a];
            if (m > 0) caseloads[n++] = (temoin_caseload){graph->name[p], a, m, -1, -1};
        }
    results->caseloads = caseloads;
    results->n_caseloads = n;
    return tm_caseload_peaks_find(ctx, graph->assignment, caseloads, n);
}

static int32_t root_of(int32_t *parent, int32_t a)
{
    while (parent[a] != a) a = parent[a] = parent[parent[a]];
    return a;
}

/* Parts of the graph worker × arm: arms that share a worker are in the same part. */
static temoin_status count_components(temoin_context *ctx, const tm_provider_graph *graph,
                                      temoin_provider_structure *out)
{
    int32_t *parent;
    TM_SCRATCH(ctx, parent, graph->n_arms);
    for (int32_t a = 0; a < graph->n_arms; a++) parent[a] = a;
    for (int32_t p = 0; p < graph->n_providers; p++) {
        int32_t first = -1, arms = 0;
        for (int32_t a = 0; a < graph->n_arms; a++) {
            if (!graph->n[(int64_t)p * graph->n_arms + a]) continue;
            arms++;
            if (first < 0) first = a;
            parent[root_of(parent, a)] = root_of(parent, first);
        }
        out->n_crossed += arms > 1;
        out->n_providers += arms > 0;
    }
    for (int32_t a = 0; a < graph->n_arms; a++)
        out->n_components += parent[a] == a && tm_provider_graph_workers(graph, a) > 0;
    return TEMOIN_OK;
}

static temoin_status describe(temoin_context *ctx, const tm_provider_graph *graph, temoin_results *results)
{
    static const char *const declared[] = {"", "nested", "crossed", "one_arm"};
    temoin_provider_structure *out;
    int32_t *arm;
    TM_ALLOC(ctx, out, 1);
    TM_SCRATCH(ctx, arm, graph->n_arms);
    for (int32_t a = 0; a < graph->n_arms; a++) arm[a] = a;
    const tm_provider_verdict verdict = tm_provider_verdict_of(graph, arm, graph->n_arms);
    *out = (temoin_provider_structure){.verdict = verdict.key,
                                       .reason = verdict.reason,
                                       .declared = declared[graph->assignment->trial->plan->providers.structure],
                                       .n_changed = tm_provider_changes_count(graph->assignment)};
    TM_TRY(count_components(ctx, graph, out));
    for (int32_t a = 0; a < graph->n_arms; a++) {
        out->n_blank += graph->n_blank[a];
        out->n_clients += results->provider_arms[a].n_clients;
    }
    results->provider_structure = out;
    results->n_provider_structure = 1;
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const temoin_assignment *assignment, temoin_results *results)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const tm_provider_graph *graph;
    TM_TRY(tm_provider_graph_build(ctx, assignment, &graph));
    if (graph) {
        TM_TRY(list_arms(ctx, graph, results));
        TM_TRY(list_caseloads(ctx, graph, results));
        TM_TRY(describe(ctx, graph, results));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_check tm_check_provider_structure = {
    .key = "provider_structure",
    .title_en = "caseworkers, their arms and their caseloads",
    .title_fr = "intervenants, leurs groupes et leurs charges de cas",
    .cites = "Walwyn & Roberts 2010; Kish 1965, section 8.2 (Σm²/Σm)",
    .run = run,
};

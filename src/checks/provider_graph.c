/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/provider_graph.h"

#include <string.h>

enum { FEW_WORKERS = 5 }; /* fewer in an arm are weak evidence on how workers differ */

/* No stratum has two workers of the same arm, and there are a few strata. With more, each is a comparison of persons
 * too, but their differences from stratum to stratum show how much persons matter. */
static temoin_status find_stratum_workers(temoin_context *ctx, tm_provider_graph *graph)
{
    const temoin_trial *trial = graph->assignment->trial;
    const int64_t n_cells = (int64_t)trial->n_strata * graph->n_arms;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t *first; /* [n_strata * n_arms] 1 + the worker seen */
    bool several = false;
    TM_SCRATCH(ctx, first, n_cells);
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t arm = graph->assignment->arm[u], p = graph->provider[u];
        if (arm < 0 || p < 0) continue;
        int32_t *seen = &first[(int64_t)trial->stratum[u] * graph->n_arms + arm];
        if (!*seen) *seen = p + 1;
        several |= *seen != p + 1;
    }
    graph->worker_is_stratum = trial->n_strata > 1 && trial->n_strata < FEW_WORKERS && !several;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_provider_graph_build(temoin_context *ctx, const temoin_assignment *assignment,
                                      const tm_provider_graph **out)
{
    const temoin_trial *trial = assignment->trial;
    tm_provider_graph *graph;
    int64_t *n, *n_blank;
    bool any = false;
    *out = NULL;
    if (trial->plan->providers.structure == TM_STRUCTURE_NONE) return TEMOIN_OK;
    TM_SCRATCH(ctx, graph, 1);
    *graph = (tm_provider_graph){.assignment = assignment, .n_arms = trial->n_arms};
    graph->provider = tm_assignment_provider(assignment, &graph->n_providers);
    if (!graph->provider) return TEMOIN_OK;
    graph->name = trial->provider ? trial->provider_text : trial->workers->id;
    TM_SCRATCH(ctx, n, (int64_t)graph->n_providers * trial->n_arms);
    TM_SCRATCH(ctx, n_blank, trial->n_arms);
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t arm = assignment->arm[u], p = graph->provider[u];
        if (arm < 0) continue;
        any |= p >= 0;
        if (p >= 0)
            n[(int64_t)p * trial->n_arms + arm]++;
        else
            n_blank[arm]++;
    }
    graph->n = n;
    graph->n_blank = n_blank;
    TM_TRY(find_stratum_workers(ctx, graph));
    if (any) *out = graph;
    return TEMOIN_OK;
}

int64_t tm_provider_graph_workers(const tm_provider_graph *graph, int32_t arm)
{
    int64_t n = 0;
    for (int32_t p = 0; p < graph->n_providers; p++) n += graph->n[(int64_t)p * graph->n_arms + arm] > 0;
    return n;
}

/* What the verdict goes by, over the arms that are asked about. */
typedef struct counts {
    int64_t workers, fewest, served_arms, clients, crossed;
} counts;

static counts count(const tm_provider_graph *graph, const int32_t *arm, int32_t n)
{
    counts c = {0};
    for (int32_t a = 0; a < n; a++) {
        const int64_t workers = tm_provider_graph_workers(graph, arm[a]);
        if (workers == 0) continue;
        if (c.served_arms++ == 0 || workers < c.fewest) c.fewest = workers;
    }
    for (int32_t p = 0; p < graph->n_providers; p++) {
        int64_t clients = 0, arms = 0;
        for (int32_t a = 0; a < n; a++) {
            const int64_t here = graph->n[(int64_t)p * graph->n_arms + arm[a]];
            clients += here;
            arms += here > 0;
        }
        c.workers += arms > 0;
        c.crossed += arms > 1;
        c.clients += clients;
    }
    return c;
}

tm_provider_verdict tm_provider_verdict_of(const tm_provider_graph *graph, const int32_t *arm, int32_t n)
{
    const counts c = count(graph, arm, n);
    tm_provider_verdict v = {"not_identifiable", "", c.fewest};
    if (c.workers == 0)
        v.key = "";
    else if (c.workers == 1)
        v.reason = "one_worker_in_total";
    else if (c.fewest == 1)
        v.reason = "one_worker_in_arm";
    else if (c.workers == c.clients)
        v.reason = "every_worker_one_client";
    else if (graph->worker_is_stratum)
        v.reason = "worker_is_stratum";
    else if (graph->assignment->trial->plan->providers.randomized)
        v.key = "randomized_workers", v.reason = "workers_randomized";
    else if (c.crossed > 0)
        v.key = "crossed", v.reason = "workers_crossed";
    else if (c.served_arms < n)
        v.key = "one_arm", v.reason = "workers_one_arm";
    else if (c.fewest < FEW_WORKERS)
        v.key = "weak", v.reason = "few_workers";
    else
        v.key = "adequate", v.reason = "enough_workers";
    return v;
}

tm_recommended tm_provider_graph_recommended(const tm_provider_graph *graph, const int32_t *arm, int32_t n)
{
    int64_t fewest = 0, most = 0;
    for (int32_t k = 0; k < n; k++) {
        const int64_t workers = tm_provider_graph_workers(graph, arm[k]);
        if (k == 0 || workers < fewest) fewest = workers;
        if (workers > most) most = workers;
    }
    return tm_recommended_method(graph->assignment->trial->plan->providers.structure, fewest, most);
}

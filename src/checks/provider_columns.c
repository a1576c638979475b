/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/provider_columns.h"

#include <string.h>

#include "checks/provider_graph.h"

/* -1: a contrast of several arms has a name of its own. */
static int32_t find_arm(const temoin_plan *plan, const char *name)
{
    for (int32_t a = 0; a < plan->n_arms; a++)
        if (strcmp(plan->arms[a].name, name) == 0) return a;
    return -1;
}

temoin_status tm_provider_columns_fill(temoin_context *ctx, const temoin_assignment *assignment, temoin_row *rows,
                                       int64_t n_rows)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const tm_provider_graph *graph;
    TM_TRY(tm_provider_graph_build(ctx, assignment, &graph));
    for (int64_t r = 0; graph && r < n_rows; r++) {
        const int32_t arm[] = {find_arm(assignment->trial->plan, rows[r].arm),
                               find_arm(assignment->trial->plan, rows[r].reference)};
        if (arm[0] < 0 || arm[1] < 0) continue;
        rows[r].provider_verdict = tm_provider_verdict_of(graph, arm, 2).key;
        rows[r].n_providers_arm = tm_provider_graph_workers(graph, arm[0]);
        rows[r].n_providers_reference = tm_provider_graph_workers(graph, arm[1]);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/subgroups.h"

#include <assert.h>

#include "base/sink.h"

static const char *const flag_levels[] = {"0", "1"};

/* Levels that a client has. */
static temoin_status add_levels(temoin_context *ctx, const temoin_trial *trial, const temoin_column *column,
                                tm_subgroup *out, int32_t *n)
{
    const bool flag = column->type == TEMOIN_COLUMN_FLAG;
    const int32_t n_levels = flag ? 2 : column->n_levels;
    const char *const *text = flag ? flag_levels : column->level;
    tm_subgroup any = {.column = column->name};
    bool *seen;
    TM_SCRATCH(ctx, seen, n_levels);
    if (flag)
        any.flag = column->number;
    else
        any.code = column->code;
    for (int64_t u = 0; u < trial->n_units; u++)
        if (tm_subgroup_level(&any, u) >= 0) seen[tm_subgroup_level(&any, u)] = true;
    for (int32_t l = 0; l < n_levels; l++) {
        if (!seen[l]) continue;
        any.level = l;
        any.text = tm_text(ctx, "%s=%s", column->name, text[l]);
        if (!any.text) return tm_fail_memory(ctx);
        out[(*n)++] = any;
    }
    return TEMOIN_OK;
}

temoin_status tm_subgroups_list(temoin_context *ctx, const temoin_trial *trial, const tm_plan_estimate *estimate,
                                const tm_subgroup **out, int32_t *n)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_subgroup *subgroups;
    int64_t room = 0;
    *n = 0;
    for (int32_t s = 0; s < estimate->subgroups.n; s++) {
        const temoin_column *column = temoin_frame_find(trial->clients, estimate->subgroups.name[s]);
        assert(column && (column->code || column->type == TEMOIN_COLUMN_FLAG));
        room += 2 + column->n_levels;
    }
    TM_ALLOC(ctx, subgroups, room);
    for (int32_t s = 0; s < estimate->subgroups.n; s++)
        TM_TRY(add_levels(ctx, trial, temoin_frame_find(trial->clients, estimate->subgroups.name[s]), subgroups, n));
    tm_arena_rewind(&ctx->scratch, mark);
    *out = subgroups;
    return TEMOIN_OK;
}

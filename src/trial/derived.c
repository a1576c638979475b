/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags of the clients that the plan makes of others: `at_least: 3, of: [...]`. */
#include <math.h>
#include <string.h>

#include "trial/trial_parts.h"

static const char *const words[] = {"0", "1"};

static bool is_derived(const temoin_plan *plan, const char *name)
{
    for (int32_t c = 0; c < plan->n_columns; c++)
        if (plan->columns[c].of.n && strcmp(plan->columns[c].name, name) == 0) return true;
    return false;
}

void tm_derived_want(const temoin_plan *plan, tm_wanted_list *list)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < list->n; i++)
        if (!is_derived(plan, list->item[i].name)) list->item[kept++] = list->item[i];
    list->n = kept;
    for (int32_t c = 0; c < plan->n_columns; c++)
        for (int32_t k = 0; k < plan->columns[c].of.n; k++)
            tm_wanted_add(list, (tm_wanted){plan->columns[c].of.name[k], TEMOIN_COLUMN_FLAG, false,
                                            tm_plan_line(plan, "columns[%d].of[%d]", (int)c, (int)k)});
}

/* What the plan types as something else cannot be counted. */
static void validate_parts(temoin_context *ctx, const temoin_plan *plan, const temoin_frame *frame, int32_t c)
{
    const tm_plan_column *derived = &plan->columns[c];
    if (temoin_frame_find(frame, derived->name))
        tm_problem(ctx, "%s: line %d: %s has a column \"%s\" of its own; give the derived one another name", plan->path,
                   tm_plan_line(plan, "columns[%d].name", (int)c), frame->path, derived->name);
    for (int32_t k = 0; k < derived->of.n; k++) {
        const temoin_column *part = temoin_frame_find(frame, derived->of.name[k]);
        if (part->type != TEMOIN_COLUMN_FLAG)
            tm_problem(ctx, "%s: line %d: the column \"%s\" is declared as a %s; only flags can be counted", plan->path,
                       tm_plan_line(plan, "columns[%d].of[%d]", (int)c, (int)k), part->name,
                       temoin_column_type_name(part->type));
    }
}

/* 1 where enough are known to be 1; 0 where those that are missing could not be enough; else missing. */
static double derive(const tm_plan_column *derived, const double *const *part, int64_t row)
{
    int32_t n_set = 0, n_missing = 0;
    for (int32_t k = 0; k < derived->of.n; k++) {
        if (isnan(part[k][row]))
            n_missing++;
        else
            n_set += part[k][row] != 0;
    }
    if (n_set >= derived->at_least) return 1;
    return n_set + n_missing < derived->at_least ? 0 : NAN;
}

static temoin_status build_column(temoin_context *ctx, const tm_plan_column *derived, const temoin_frame *frame,
                                  temoin_column *out)
{
    const double **part;
    double *number;
    int32_t *code;
    TM_SCRATCH(ctx, part, derived->of.n);
    TM_ALLOC(ctx, number, frame->n_rows);
    TM_ALLOC(ctx, code, frame->n_rows);
    *out = (temoin_column){.name = derived->name, .type = TEMOIN_COLUMN_FLAG, .number = number, .code = code};
    for (int32_t k = 0; k < derived->of.n; k++) part[k] = temoin_frame_find(frame, derived->of.name[k])->number;
    bool any[2] = {false, false};
    for (int64_t r = 0; r < frame->n_rows; r++) {
        number[r] = derive(derived, part, r);
        if (isnan(number[r]))
            out->n_missing++;
        else
            any[(int)number[r]] = true;
    }
    /* levels are the texts that are there */
    out->level = any[0] ? words : words + 1;
    out->n_levels = any[0] + any[1];
    for (int64_t r = 0; r < frame->n_rows; r++) code[r] = isnan(number[r]) ? -1 : (int32_t)number[r] - !any[0];
    return TEMOIN_OK;
}

temoin_status tm_derived_add(temoin_context *ctx, const temoin_plan *plan, const temoin_frame **frame)
{
    int32_t n = 0;
    size_t mark = tm_problems_mark(ctx);
    for (int32_t c = 0; c < plan->n_columns; c++) {
        n += plan->columns[c].of.n > 0;
        if (plan->columns[c].of.n) validate_parts(ctx, plan, *frame, c);
    }
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN));
    if (!n) return TEMOIN_OK;
    temoin_frame *wider;
    temoin_column *columns;
    TM_ALLOC(ctx, wider, 1);
    TM_ALLOC(ctx, columns, (*frame)->n_columns + n);
    memcpy(columns, (*frame)->columns, (size_t)(*frame)->n_columns * sizeof *columns);
    *wider = **frame;
    wider->columns = columns;
    for (int32_t c = 0; c < plan->n_columns; c++)
        if (plan->columns[c].of.n) TM_TRY(build_column(ctx, &plan->columns[c], *frame, &columns[wider->n_columns++]));
    *frame = wider;
    return TEMOIN_OK;
}

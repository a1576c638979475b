/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns that the plan names: asked of the frame, and reported with the plan's line when the file has none such. */
#include <math.h>
#include <string.h>

#include "base/files.h"
#include "base/nearest.h"
#include "base/number_text.h"
#include "base/sink.h"
#include "frame/cells.h"
#include "trial/trial_parts.h"

enum { LISTED_MAX = 12 };

temoin_status tm_wanted_build(temoin_context *ctx, const temoin_plan *plan, int64_t more, tm_wanted_list *out)
{
    *out = (tm_wanted_list){0};
    TM_SCRATCH(ctx, out->item, plan->n_columns + more);
    for (int32_t c = 0; c < plan->n_columns; c++)
        tm_wanted_add(out, (tm_wanted){.name = plan->columns[c].name, .type = plan->columns[c].type});
    return TEMOIN_OK;
}

void tm_wanted_add(tm_wanted_list *list, tm_wanted wanted)
{
    for (int32_t i = 0; i < list->n; i++) {
        tm_wanted *known = &list->item[i];
        if (strcmp(known->name, wanted.name) != 0) continue;
        if (known->type == TEMOIN_COLUMN_AUTO) known->type = wanted.type;
        known->text = known->text || wanted.text;
        if (!known->line) known->line = wanted.line;
        return;
    }
    list->item[list->n++] = wanted;
}

bool tm_number_is_beyond(double x)
{
    return fabs(x) > 1e150;
}

void tm_number_report_beyond(temoin_context *ctx, const temoin_frame *frame, int64_t row, const char *column, double x)
{
    char text[TM_NUMBER_TEXT_SIZE];
    tm_problem(
        ctx,
        "%s: line %lld, column \"%s\": found %s; a number beyond 1e150 cannot be computed with; correct it, or if it "
        "stands for a missing value add it to the file's format: {missing: [...]} in the plan",
        frame->path, (long long)frame->line[row], column, tm_number_text(x, text));
}

/* What the plan computes with: covariates, weights, probabilities. */
static temoin_status validate_numbers(temoin_context *ctx, const tm_wanted_list *list, const temoin_frame *frame)
{
    size_t mark = tm_problems_mark(ctx);
    for (int32_t i = 0; i < list->n; i++) {
        const temoin_column *column = list->item[i].line ? temoin_frame_find(frame, list->item[i].name) : NULL;
        for (int64_t r = 0; column && column->number && r < frame->n_rows && !tm_problems_full(ctx); r++)
            if (tm_number_is_beyond(column->number[r]))
                tm_number_report_beyond(ctx, frame, r, column->name, column->number[r]);
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

const char *tm_quoted_list(temoin_context *ctx, const char *const *names, int64_t n)
{
    char shown[TM_SHOWN_SIZE];
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    for (int64_t i = 0; names && i < n && i < LISTED_MAX; i++)
        tm_sink_printf(&sink, "%s%s", i ? ", " : "", tm_shown(names[i], strlen(names[i]), shown));
    if (n > LISTED_MAX) tm_sink_printf(&sink, " and %lld more", (long long)(n - LISTED_MAX));
    return sink.text ? sink.text : "";
}

const char *tm_meant(temoin_context *ctx, const char *word, const char *const *names, int64_t n)
{
    const char *nearest = names ? tm_nearest(word, names, (size_t)n) : NULL;
    const char *text = nearest ? tm_text(ctx, "; did you mean \"%s\"?", nearest) : "";
    return text ? text : "";
}

const char *const *tm_frame_names(temoin_context *ctx, const temoin_frame *frame)
{
    const char **names = tm_arena_take(&ctx->results, frame->n_columns, sizeof *names);
    for (int32_t c = 0; names && c < frame->n_columns; c++) names[c] = frame->columns[c].name;
    return names;
}

const char *const *tm_arm_names(temoin_context *ctx, const temoin_plan *plan)
{
    const char **names = tm_arena_take(&ctx->results, plan->n_arms, sizeof *names);
    for (int32_t a = 0; names && a < plan->n_arms; a++) names[a] = plan->arms[a].name;
    return names;
}

static temoin_status validate_present(temoin_context *ctx, const temoin_plan *plan, const tm_wanted_list *list,
                                      const temoin_frame *frame)
{
    size_t mark = tm_problems_mark(ctx);
    for (int32_t i = 0; i < list->n; i++) {
        const tm_wanted *wanted = &list->item[i];
        if (!wanted->line || temoin_frame_find(frame, wanted->name)) continue;
        const char *const *names = tm_frame_names(ctx, frame);
        tm_problem(ctx, "%s: line %d: %s has no column \"%s\"; its columns are %s%s", plan->path, wanted->line,
                   frame->path, wanted->name, tm_quoted_list(ctx, names, frame->n_columns),
                   tm_meant(ctx, wanted->name, names, frame->n_columns));
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN);
}

temoin_status tm_wanted_read(temoin_context *ctx, const temoin_plan *plan, const tm_plan_file *file, const char *path,
                             const tm_wanted_list *list, const temoin_frame **out)
{
    temoin_column_request *request;
    int line = file == &plan->clients                  ? tm_plan_line(plan, "clients.file")
               : file == &plan->design.options.workers ? tm_plan_line(plan, "design.workers.file")
               : file == &plan->capacity.workers       ? tm_plan_line(plan, "capacity.file")
               : file == &plan->capacity.exits         ? tm_plan_line(plan, "capacity.exits.file")
                                               : tm_plan_line(plan, "outcomes[%d].file", (int)(file - plan->outcomes));
    if (!file->text && !tm_file_exists(path))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: there is no file %s; a path starts from the folder of the plan",
                plan->path, line, path);
    if (!file->text && tm_path_is_folder(path))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: %s is a folder; name a file", plan->path, line, path);
    TM_SCRATCH(ctx, request, list->n);
    for (int32_t i = 0; i < list->n; i++)
        request[i] = (temoin_column_request){list->item[i].name, list->item[i].type, list->item[i].text};
    temoin_csv_opts opts = file->format;
    opts.requests = request;
    opts.n_requests = list->n;
    opts.absent_allowed = true;
    if (file->text)
        TM_TRY(tm_frame_parse(ctx, path, file->text, file->length, &opts, out));
    else
        TM_TRY(temoin_frame_read_csv(ctx, path, &opts, out));
    TM_TRY(validate_present(ctx, plan, list, *out));
    return validate_numbers(ctx, list, *out);
}

temoin_status tm_arm_column_read(temoin_context *ctx, const temoin_plan *plan, const temoin_column *column,
                                 int32_t **arm_of)
{
    TM_SCRATCH(ctx, *arm_of, column->n_levels);
    for (int32_t l = 0; l < column->n_levels; l++) {
        (*arm_of)[l] = -1;
        for (int32_t a = 0; a < plan->n_arms; a++)
            if (strcmp(column->level[l], plan->arms[a].name) == 0) (*arm_of)[l] = a;
    }
    return TEMOIN_OK;
}

void tm_arm_column_validate(temoin_context *ctx, const temoin_plan *plan, const temoin_frame *frame,
                            const temoin_column *column, const int32_t *arm_of)
{
    const char *declared = NULL;
    for (int64_t r = 0; r < frame->n_rows && !tm_problems_full(ctx); r++) {
        if (column->code[r] < 0 || arm_of[column->code[r]] >= 0) continue;
        const char *text = column->level[column->code[r]];
        char found[TM_SHOWN_SIZE];
        if (!declared) declared = tm_quoted_list(ctx, tm_arm_names(ctx, plan), plan->n_arms);
        tm_problem(ctx, "%s: line %lld, column \"%s\": found %s; the plan declares %s", frame->path,
                   (long long)frame->line[r], column->name, tm_shown(text, strlen(text), found), declared);
    }
}

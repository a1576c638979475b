/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who served whom at each wave: the column of the outcome files that `providers.over_time` names. A blank says nothing.
 */
#include <string.h>

#include "frame/cells.h"
#include "trial/outcome_files.h"

/* Texts of one file among those of all. */
typedef struct naming {
    temoin_trial *trial;
    const char **text; /* of all files, in byte order */
    int32_t n;
    int32_t *code;                /* [n_waves * n_units] -1: nothing is said */
    const tm_outcome_file **file; /* [n_waves * n_units] which said it … */
    int64_t *row;                 /* … on which row */
} naming;

static int32_t find_text(const naming *n, const char *text, bool *found)
{
    int32_t low = 0, high = n->n;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (strcmp(n->text[middle], text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < n->n && strcmp(n->text[low], text) == 0;
    return low;
}

static temoin_status collect_texts(temoin_context *ctx, const tm_outcome_file *files, int32_t n_files, naming *n)
{
    int64_t room = 0;
    for (int32_t f = 0; f < n_files; f++) room += files[f].worker ? files[f].worker->n_levels : 0;
    TM_ALLOC(ctx, n->text, room);
    for (int32_t f = 0; f < n_files; f++)
        for (int32_t l = 0; files[f].worker && l < files[f].worker->n_levels; l++) {
            bool found;
            const int32_t at = find_text(n, files[f].worker->level[l], &found);
            if (found) continue;
            memmove(n->text + at + 1, n->text + at, (size_t)(n->n++ - at) * sizeof *n->text);
            n->text[at] = files[f].worker->level[l];
        }
    return TEMOIN_OK;
}

static void report_two(temoin_context *ctx, const naming *n, const tm_outcome_file *file, int64_t r, int64_t slot)
{
    const temoin_trial *trial = n->trial;
    char shown[TM_SHOWN_SIZE], before[TM_SHOWN_SIZE];
    const char *text = file->worker->level[file->worker->code[r]], *other = n->text[n->code[slot]];
    tm_problem(ctx,
               "%s: line %lld, column \"%s\": found %s, but client \"%s\" has %s at wave \"%s\" on line %lld of %s; a "
               "client has one worker at a wave: keep one of them",
               file->name, (long long)file->frame->line[r], file->worker->name, tm_shown(text, strlen(text), shown),
               trial->id[file->unit[r]], tm_shown(other, strlen(other), before), trial->wave[slot / trial->n_units],
               (long long)n->file[slot]->frame->line[n->row[slot]], n->file[slot]->name);
}

static void take_file(temoin_context *ctx, naming *n, const tm_outcome_file *file)
{
    const temoin_trial *trial = n->trial;
    for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++) {
        const int32_t level = file->worker->code[r],
                      w = file->wave->code[r] < 0 ? -1 : file->wave_of[file->wave->code[r]];
        bool found;
        if (level < 0 || w < 0) continue;
        const int64_t slot = (int64_t)w * trial->n_units + file->unit[r];
        const int32_t code = find_text(n, file->worker->level[level], &found);
        if (n->code[slot] >= 0 && n->code[slot] != code) {
            report_two(ctx, n, file, r, slot);
            continue;
        }
        n->code[slot] = code;
        n->file[slot] = file;
        n->row[slot] = r;
    }
}

temoin_status tm_over_time_find(temoin_context *ctx, const temoin_plan *plan, tm_outcome_file *files)
{
    const char *column = plan->providers.over_time;
    const char *const *names = NULL;
    bool found = false;
    if (!column) return TEMOIN_OK;
    for (int32_t f = 0; f < plan->n_outcomes; f++) {
        files[f].worker = temoin_frame_find(files[f].frame, column);
        found = found || files[f].worker;
        if (files[f].worker && !files[f].wave)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "%s: line %d: column \"%s\" of %s names workers over time, but the file has no wave; name its "
                    "`wave` column in the plan, or take \"over_time\" out",
                    plan->path, tm_plan_line(plan, "providers.over_time"), column, files[f].name);
    }
    if (found) return TEMOIN_OK;
    if (plan->n_outcomes) names = tm_frame_names(ctx, files[0].frame);
    TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: no outcome file has the column \"%s\"%s", plan->path,
            tm_plan_line(plan, "providers.over_time"), column,
            tm_meant(ctx, column, names, names ? files[0].frame->n_columns : 0));
}

temoin_status tm_over_time_build(temoin_context *ctx, temoin_trial *trial, const tm_outcome_file *files)
{
    const int64_t n_slots = (int64_t)trial->n_waves * trial->n_units;
    const size_t mark = tm_problems_mark(ctx);
    naming n = {.trial = trial};
    if (!trial->plan->providers.over_time) return TEMOIN_OK;
    TM_TRY(collect_texts(ctx, files, trial->plan->n_outcomes, &n));
    TM_ALLOC(ctx, n.code, n_slots);
    TM_SCRATCH(ctx, n.file, n_slots);
    TM_SCRATCH(ctx, n.row, n_slots);
    for (int64_t k = 0; k < n_slots; k++) n.code[k] = -1;
    for (int32_t f = 0; f < trial->plan->n_outcomes; f++)
        if (files[f].worker) take_file(ctx, &n, &files[f]);
    trial->over_time = n.code;
    trial->over_time_text = n.text;
    trial->n_over_time = n.n;
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

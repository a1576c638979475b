/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outcome files: which column holds which measure at which wave, and the waves of the trial. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"
#include "trial/outcome_files.h"

enum { WAVES_MAX = 10000 }; /* more are a wrong column, not waves */

typedef struct wave_name {
    const char *text;
    double number;
} wave_name;

typedef struct wave_list {
    wave_name *item;
    int64_t n;
} wave_list;

static temoin_status read_file(temoin_context *ctx, const temoin_plan *plan, const char *path, tm_outcome_file *file)
{
    const tm_plan_file *from = file->plan;
    tm_wanted_list list;
    TM_TRY(tm_wanted_build(ctx, plan, 6, &list));
    int f = file->index;
    tm_wanted_add(&list, (tm_wanted){from->id, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "outcomes[%d].id", f)});
    if (from->wave)
        tm_wanted_add(&list,
                      (tm_wanted){from->wave, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "outcomes[%d].wave", f)});
    if (from->measure)
        tm_wanted_add(
            &list, (tm_wanted){from->measure, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "outcomes[%d].measure", f)});
    if (from->value)
        tm_wanted_add(&list,
                      (tm_wanted){from->value, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "outcomes[%d].value", f)});
    if (plan->design.assigned) tm_wanted_add(&list, (tm_wanted){.name = plan->design.assigned, .text = true});
    if (plan->providers.over_time) tm_wanted_add(&list, (tm_wanted){.name = plan->providers.over_time, .text = true});
    TM_TRY(tm_wanted_read(ctx, plan, from, path, &list, &file->frame));
    file->name = path;
    file->id = temoin_frame_find(file->frame, from->id);
    file->wave = from->wave ? temoin_frame_find(file->frame, from->wave) : NULL;
    file->measure = from->measure ? temoin_frame_find(file->frame, from->measure) : NULL;
    file->value = from->value ? temoin_frame_find(file->frame, from->value) : NULL;
    file->assigned = plan->design.assigned ? temoin_frame_find(file->frame, plan->design.assigned) : NULL;
    return TEMOIN_OK;
}

static void add_source(tm_outcome_file *file, int32_t measure, const char *column, const char *wave)
{
    const temoin_column *found = temoin_frame_find(file->frame, column);
    if (found) file->source[file->n_sources++] = (tm_source){measure, found, wave, -1};
}

/* With a wave column a measure is the column of its name; without one its `wide` columns, or the column of its name. */
static temoin_status find_sources(temoin_context *ctx, const temoin_plan *plan, tm_outcome_file *file)
{
    int64_t room = plan->n_measures;
    for (int32_t m = 0; m < plan->n_measures; m++) room += plan->measures[m].n_wide;
    TM_SCRATCH(ctx, file->source, room);
    for (int32_t m = 0; m < plan->n_measures; m++) {
        const tm_plan_measure *measure = &plan->measures[m];
        if (file->wave || !measure->n_wide)
            add_source(file, m, measure->name, file->wave ? NULL : "");
        else
            for (int32_t k = 0; k < measure->n_wide; k++)
                add_source(file, m, measure->wide[k].column, measure->wide[k].wave);
    }
    return TEMOIN_OK;
}

static temoin_status read_tall(temoin_context *ctx, const temoin_plan *plan, tm_outcome_file *file)
{
    TM_SCRATCH(ctx, file->measure_of, file->measure->n_levels);
    TM_SCRATCH(ctx, file->number, file->value->n_levels);
    for (int32_t l = 0; l < file->measure->n_levels; l++) {
        file->measure_of[l] = -1;
        for (int32_t m = 0; m < plan->n_measures; m++)
            if (strcmp(file->measure->level[l], plan->measures[m].name) == 0) file->measure_of[l] = m;
    }
    for (int32_t l = 0; l < file->value->n_levels; l++)
        file->number[l] = tm_outcome_number(file->value->level[l], file->plan->format.decimal);
    return TEMOIN_OK;
}

/* A tall file's rows of other measures leave no trace, their waves neither. */
static temoin_status find_used_waves(temoin_context *ctx, const tm_outcome_file *file, bool **used)
{
    TM_SCRATCH(ctx, *used, file->wave->n_levels);
    if (!file->measure) memset(*used, true, (size_t)file->wave->n_levels);
    for (int64_t r = 0; file->measure && r < file->frame->n_rows; r++) {
        int32_t measure = file->measure->code[r], wave = file->wave->code[r];
        if (measure >= 0 && wave >= 0 && file->measure_of[measure] >= 0) (*used)[wave] = true;
    }
    return TEMOIN_OK;
}

static bool is_wave(const wave_list *list, const char *text)
{
    for (int64_t w = 0; w < list->n; w++)
        if (strcmp(list->item[w].text, text) == 0) return true;
    return false;
}

static void add_wave(wave_list *list, const char *text)
{
    if (!is_wave(list, text)) list->item[list->n++].text = text;
}

static temoin_status add_waves(temoin_context *ctx, const temoin_plan *plan, const tm_outcome_file *file,
                               wave_list *list)
{
    for (int32_t i = 0; i < file->n_sources; i++)
        if (file->source[i].wave_text) add_wave(list, file->source[i].wave_text);
    if (file->measure && !file->wave) add_wave(list, "");
    if (!file->wave) return TEMOIN_OK;
    if (file->wave->n_levels > WAVES_MAX)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: column \"%s\" of %s holds %d different waves, more than %d; is it the "
                "wave column?",
                plan->path, tm_plan_line(plan, "outcomes[%d].wave", file->index), file->wave->name, file->name,
                (int)file->wave->n_levels, (int)WAVES_MAX);
    bool *used;
    TM_TRY(find_used_waves(ctx, file, &used));
    for (int32_t l = 0; l < file->wave->n_levels; l++)
        if (used[l]) add_wave(list, file->wave->level[l]);
    return TEMOIN_OK;
}

static int by_number_then_text(const void *a, const void *b)
{
    const wave_name *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return strcmp(x->text, y->text);
}

/* By number where all are; the wave without a name comes first either way. */
static void sort_waves(wave_list *list)
{
    bool numbers = true;
    for (int64_t w = 0; w < list->n; w++) {
        wave_name *wave = &list->item[w];
        if (!*wave->text)
            wave->number = -INFINITY;
        else if (!tm_number_read(wave->text, strlen(wave->text), '.', &wave->number))
            numbers = false;
    }
    for (int64_t w = 0; w < list->n && !numbers; w++) list->item[w].number = 0;
    qsort(list->item, (size_t)list->n, sizeof *list->item, by_number_then_text);
}

static temoin_status build_waves(temoin_context *ctx, temoin_trial *trial, const tm_outcome_file *files)
{
    const temoin_plan *plan = trial->plan;
    wave_list list = {0};
    const char **wave;
    int64_t room = 0;
    for (int32_t f = 0; f < plan->n_outcomes; f++)
        room += 1 + files[f].n_sources + (files[f].wave ? files[f].wave->n_levels : 0);
    TM_SCRATCH(ctx, list.item, room);
    for (int32_t f = 0; f < plan->n_outcomes; f++) TM_TRY(add_waves(ctx, plan, &files[f], &list));
    sort_waves(&list);
    TM_ALLOC(ctx, wave, list.n);
    for (int64_t w = 0; w < list.n; w++) wave[w] = list.item[w].text;
    trial->n_waves = (int32_t)list.n;
    trial->wave = wave;
    return TEMOIN_OK;
}

static temoin_status link_waves(temoin_context *ctx, const temoin_trial *trial, tm_outcome_file *file)
{
    for (int32_t i = 0; i < file->n_sources; i++)
        if (file->source[i].wave_text) file->source[i].wave = tm_trial_find_wave(trial, file->source[i].wave_text);
    if (!file->wave) return TEMOIN_OK;
    TM_SCRATCH(ctx, file->wave_of, file->wave->n_levels);
    for (int32_t l = 0; l < file->wave->n_levels; l++)
        file->wave_of[l] = tm_trial_find_wave(trial, file->wave->level[l]);
    return TEMOIN_OK;
}

static bool is_held(const tm_outcome_file *file, int32_t measure, const char *column)
{
    for (int32_t i = 0; i < file->n_sources; i++)
        if (file->source[i].measure == measure && (!column || strcmp(file->source[i].column->name, column) == 0))
            return true;
    for (int32_t l = 0; !column && file->measure && l < file->measure->n_levels; l++)
        if (file->measure_of[l] == measure) return true;
    return false;
}

/* Every name that a measure could have meant: columns, and the texts of tall files' measure columns. */
static temoin_status collect_names(temoin_context *ctx, const tm_outcome_file *files, int32_t n_files, tm_names *out)
{
    const char **name;
    int64_t room = 0;
    for (int32_t f = 0; f < n_files; f++)
        room += files[f].measure ? files[f].measure->n_levels : files[f].frame->n_columns;
    TM_ALLOC(ctx, name, room);
    *out = (tm_names){.name = name};
    for (int32_t f = 0; f < n_files; f++) {
        const temoin_column *tall = files[f].measure;
        for (int32_t l = 0; tall && l < tall->n_levels; l++) name[out->n++] = tall->level[l];
        for (int32_t c = 0; !tall && c < files[f].frame->n_columns; c++)
            name[out->n++] = files[f].frame->columns[c].name;
    }
    return TEMOIN_OK;
}

static temoin_status validate_measures(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *files)
{
    const temoin_plan *plan = trial->plan;
    tm_names names = {0};
    TM_TRY(collect_names(ctx, files, plan->n_outcomes, &names));
    for (int32_t m = 0; m < plan->n_measures; m++) {
        const tm_plan_measure *measure = &plan->measures[m];
        bool held = false;
        for (int32_t f = 0; f < plan->n_outcomes; f++) held = held || is_held(&files[f], m, NULL);
        if (!held && !measure->n_wide)
            tm_problem(ctx, "%s: line %d: no outcome file holds the measure \"%s\"%s", plan->path,
                       tm_plan_line(plan, "measures[%d].name", m), measure->name,
                       tm_meant(ctx, measure->name, names.name, names.n));
        for (int32_t k = 0; k < measure->n_wide; k++) {
            bool found = false;
            for (int32_t f = 0; f < plan->n_outcomes; f++)
                found = found || is_held(&files[f], m, measure->wide[k].column);
            if (!found)
                tm_problem(ctx,
                           "%s: line %d: no outcome file without a wave column has the column \"%s\" of the measure "
                           "\"%s\"%s",
                           plan->path, tm_plan_line(plan, "measures[%d].wide[%d]", m, k), measure->wide[k].column,
                           measure->name, tm_meant(ctx, measure->wide[k].column, names.name, names.n));
        }
    }
    return TEMOIN_OK;
}

static void report_wave(temoin_context *ctx, const temoin_trial *trial, int line, const char *wave)
{
    tm_problem(ctx, "%s: line %d: no outcome file has a wave \"%s\"; the waves are %s", trial->plan->path, line, wave,
               tm_quoted_list(ctx, trial->wave, trial->n_waves));
}

static void validate_waves(temoin_context *ctx, const temoin_trial *trial)
{
    const temoin_plan *plan = trial->plan;
    for (int32_t m = 0; m < plan->n_measures; m++) {
        const char *baseline = plan->measures[m].baseline;
        if (baseline && tm_trial_find_wave(trial, baseline) < 0)
            report_wave(ctx, trial, tm_plan_line(plan, "measures[%d].baseline", m), baseline);
    }
    for (int32_t e = 0; e < plan->n_estimates; e++)
        for (int32_t k = 0; k < plan->estimates[e].waves.n; k++)
            if (tm_trial_find_wave(trial, plan->estimates[e].waves.name[k]) < 0)
                report_wave(ctx, trial, tm_plan_line(plan, "estimates[%d].waves[%d]", e, k),
                            plan->estimates[e].waves.name[k]);
}

/* A baseline that nobody has cannot be a covariate. */
static temoin_status validate_baselines(temoin_context *ctx, const temoin_trial *trial)
{
    size_t mark = tm_problems_mark(ctx);
    for (int32_t m = 0; m < trial->n_measures; m++) {
        const tm_plan_measure *measure = &trial->plan->measures[m];
        if (!measure->baseline || tm_trial_value(trial, m, tm_trial_find_wave(trial, measure->baseline))) continue;
        tm_problem(ctx,
                   "%s: line %d: no client has a value of \"%s\" at its baseline, wave \"%s\"; name a wave that has "
                   "values, or leave baseline out",
                   trial->plan->path, tm_plan_line(trial->plan, "measures[%d].baseline", m), measure->name,
                   measure->baseline);
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN);
}

/* A column that `columns` describes stands in some file. */
static void validate_described(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *files)
{
    const temoin_plan *plan = trial->plan;
    for (int32_t c = 0; c < plan->n_columns; c++) {
        const char *name = plan->columns[c].name;
        bool found = temoin_frame_find(trial->clients, name) != NULL;
        for (int32_t f = 0; f < plan->n_outcomes; f++) found = found || temoin_frame_find(files[f].frame, name);
        if (found) continue;
        const char *const *names = tm_frame_names(ctx, trial->clients);
        tm_problem(ctx, "%s: line %d: no file has a column \"%s\"%s", plan->path,
                   tm_plan_line(plan, "columns[%d].name", c), name,
                   tm_meant(ctx, name, names, trial->clients->n_columns));
    }
}

temoin_status tm_outcomes_build(temoin_context *ctx, temoin_trial *trial, const char *const *path)
{
    const temoin_plan *plan = trial->plan;
    tm_outcome_file *files;
    TM_SCRATCH(ctx, files, plan->n_outcomes);
    for (int32_t f = 0; f < plan->n_outcomes; f++) {
        files[f] = (tm_outcome_file){.plan = &plan->outcomes[f], .index = f};
        TM_TRY(read_file(ctx, plan, path[f], &files[f]));
        if (files[f].measure)
            TM_TRY(read_tall(ctx, plan, &files[f]));
        else
            TM_TRY(find_sources(ctx, plan, &files[f]));
    }
    TM_TRY(tm_over_time_find(ctx, plan, files));
    TM_TRY(build_waves(ctx, trial, files));
    size_t mark = tm_problems_mark(ctx);
    TM_TRY(validate_measures(ctx, trial, files));
    validate_waves(ctx, trial);
    validate_described(ctx, trial, files);
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN));
    for (int32_t f = 0; f < plan->n_outcomes; f++) {
        TM_TRY(link_waves(ctx, trial, &files[f]));
        TM_TRY(tm_outcome_rows_validate(ctx, trial, &files[f]));
    }
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA));
    TM_TRY(tm_outcome_rows_merge(ctx, trial, files, plan->n_outcomes));
    TM_TRY(tm_over_time_build(ctx, trial, files));
    return validate_baselines(ctx, trial);
}

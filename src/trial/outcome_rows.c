/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of outcome files: whose they are, what is wrong with them, and the arrays they fill. */
#include <math.h>
#include <string.h>

#include "base/number_text.h"
#include "frame/cells.h"
#include "trial/outcome_files.h"

enum { UNKNOWN_SHOWN = 10, CELLS_SHOWN = 3 };

double tm_outcome_number(const char *text, char decimal)
{
    const tm_raw cell = {text, strlen(text)};
    double x;
    unsigned pairs = ~0u;
    if (tm_number_read(text, cell.length, decimal, &x)) return x;
    return tm_raw_flag(&cell, &pairs, &x) ? x : NAN;
}

static const char *show(const char *text, char found[TM_SHOWN_SIZE])
{
    return tm_shown(text, strlen(text), found);
}

static long long row_line(const tm_outcome_file *file, int64_t r)
{
    return (long long)file->frame->line[r];
}

static const char *arm_text(temoin_context *ctx, const temoin_trial *trial, int32_t arm)
{
    const char *text = arm < 0 ? "no arm" : tm_text(ctx, "\"%s\"", trial->plan->arms[arm].name);
    return text ? text : "";
}

/* unit_of [n_levels]: both lists of ids are in byte order. */
static int64_t merge_ids(const temoin_trial *trial, const temoin_column *id, int32_t *unit_of)
{
    int64_t u = 0, n_unknown = 0;
    for (int32_t l = 0; l < id->n_levels; l++) {
        int order = 1;
        while (u < trial->n_units && (order = strcmp(trial->id[u], id->level[l])) < 0) u++;
        bool known = u < trial->n_units && order == 0;
        unit_of[l] = known ? (int32_t)u : -1;
        n_unknown += !known;
    }
    return n_unknown;
}

/* ` ("control": 1, "ocm": 2)`: the arms that the file itself gives for ids that no client has. */
static const char *count_by_arm(temoin_context *ctx, const temoin_trial *trial, const int64_t *n_in_arm)
{
    const char *text = "";
    for (int32_t a = 0; a <= trial->n_arms && text; a++)
        if (n_in_arm[a])
            text = tm_text(ctx, "%s%s%s: %lld", text, *text ? ", " : "",
                           arm_text(ctx, trial, a < trial->n_arms ? a : -1), (long long)n_in_arm[a]);
    text = text ? tm_text(ctx, " (%s)", text) : NULL;
    return text ? text : "";
}

static temoin_status report_unknown(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file,
                                    const int32_t *unit_of, const int32_t *arm_of, int64_t n_unknown)
{
    bool *reported;
    int64_t *n_in_arm, shown = 0;
    char found[TM_SHOWN_SIZE];
    const char *clients = trial->clients->path;
    TM_SCRATCH(ctx, reported, file->id->n_levels);
    TM_SCRATCH(ctx, n_in_arm, trial->n_arms + 1);
    for (int64_t r = 0; r < file->frame->n_rows; r++) {
        int32_t code = file->id->code[r];
        if (code < 0 || unit_of[code] >= 0 || reported[code]) continue;
        reported[code] = true;
        int32_t cell = file->assigned ? file->assigned->code[r] : -1, arm = cell < 0 ? -1 : arm_of[cell];
        n_in_arm[arm < 0 ? trial->n_arms : arm]++;
        if (shown++ < UNKNOWN_SHOWN)
            tm_problem(ctx, "%s: line %lld, column \"%s\": found %s, an id that is not in %s", file->name,
                       row_line(file, r), file->id->name, show(file->id->level[code], found), clients);
    }
    tm_problem(ctx, "%lld %s in %s %s not in %s%s; add the clients or take their rows out", (long long)n_unknown,
               n_unknown == 1 ? "id" : "ids", file->name, n_unknown == 1 ? "is" : "are", clients,
               file->assigned ? count_by_arm(ctx, trial, n_in_arm) : "");
    return TEMOIN_OK;
}

static void validate_arms(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file,
                          const int32_t *arm_of)
{
    tm_arm_column_validate(ctx, trial->plan, file->frame, file->assigned, arm_of);
    for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++) {
        int32_t u = file->unit[r], code = file->assigned->code[r];
        if (u < 0 || code < 0 || arm_of[code] < 0 || arm_of[code] == trial->assigned[u]) continue;
        tm_problem(ctx,
                   "%s: line %lld, column \"%s\": client \"%s\" is in two arms: in \"%s\" here and in %s on line %lld "
                   "of %s; correct one of the files",
                   file->name, row_line(file, r), file->assigned->name, trial->id[u], file->assigned->level[code],
                   arm_text(ctx, trial, trial->assigned[u]), (long long)trial->clients->line[u], trial->clients->path);
    }
}

static temoin_status link_units(temoin_context *ctx, const temoin_trial *trial, tm_outcome_file *file)
{
    int32_t *unit_of, *arm_of = NULL;
    TM_SCRATCH(ctx, unit_of, file->id->n_levels);
    TM_SCRATCH(ctx, file->unit, file->frame->n_rows);
    int64_t n_unknown = merge_ids(trial, file->id, unit_of);
    for (int64_t r = 0; r < file->frame->n_rows; r++) {
        int32_t code = file->id->code[r];
        file->unit[r] = code < 0 ? -1 : unit_of[code];
        if (code < 0 && !tm_problems_full(ctx))
            tm_problem(ctx, "%s: line %lld, column \"%s\": empty; every row needs the id of its client", file->name,
                       row_line(file, r), file->id->name);
    }
    if (file->assigned) {
        TM_TRY(tm_arm_column_read(ctx, trial->plan, file->assigned, &arm_of));
        validate_arms(ctx, trial, file, arm_of);
    }
    return n_unknown ? report_unknown(ctx, trial, file, unit_of, arm_of, n_unknown) : TEMOIN_OK;
}

static void validate_waves_present(temoin_context *ctx, const tm_outcome_file *file)
{
    for (int64_t r = 0; file->wave && r < file->frame->n_rows && !tm_problems_full(ctx); r++)
        if (file->wave->code[r] < 0)
            tm_problem(ctx, "%s: line %lld, column \"%s\": empty; every row needs its wave", file->name,
                       row_line(file, r), file->wave->name);
}

/* What to do about a text that is no number under the file's decimal separator. */
static const char *number_remedy(const tm_outcome_file *file, const char *text)
{
    char other = file->plan->format.decimal == ',' ? '.' : ',';
    double x;
    if (!tm_number_read(text, strlen(text), other, &x))
        return "correct it, or if it stands for a missing value add it to the file's format: {missing: [...]} in the "
               "plan";
    return other == ',' ? "if the file writes decimal commas, set format: {decimal: comma} for it in the plan"
                        : "if the file writes decimal points, set format: {decimal: point} for it in the plan";
}

static void report_no_number(temoin_context *ctx, const tm_outcome_file *file, int64_t r, const char *column,
                             const char *text, const char *measure)
{
    char found[TM_SHOWN_SIZE];
    tm_problem(ctx,
               "%s: line %lld, column \"%s\": found %s; the measure \"%s\" must be a number or a flag such as "
               "yes/no; %s",
               file->name, row_line(file, r), column, show(text, found), measure, number_remedy(file, text));
}

/* A column that the frame could read neither as numbers nor as flags: its first cells that are no numbers. */
static void report_column(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file,
                          const tm_source *source)
{
    const temoin_column *column = source->column;
    const char *measure = trial->plan->measures[source->measure].name;
    int shown = 0;
    double x;
    for (int64_t r = 0; column->code && r < file->frame->n_rows && shown < CELLS_SHOWN; r++) {
        if (column->code[r] < 0) continue;
        const char *text = column->level[column->code[r]];
        if (tm_number_read(text, strlen(text), file->plan->format.decimal, &x)) continue;
        report_no_number(ctx, file, r, column->name, text, measure);
        shown++;
    }
    if (!shown)
        tm_problem(ctx,
                   "%s: column \"%s\" is read as a %s; the measure \"%s\" must be a number or a flag; give the column "
                   "another type in the plan's columns",
                   file->name, column->name, temoin_column_type_name(column->type), measure);
}

static void report_unfit(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file, int64_t r,
                         const char *column, double value, int32_t measure)
{
    char text[TM_NUMBER_TEXT_SIZE];
    if (tm_number_is_beyond(value)) {
        tm_number_report_beyond(ctx, file->frame, r, column, value);
        return;
    }
    tm_problem(
        ctx,
        "%s: line %lld, column \"%s\": found %s; the measure \"%s\" is binary: 0 or 1, or a flag such as yes/no; "
        "correct it, or declare another kind",
        file->name, row_line(file, r), column, tm_number_text(value, text), trial->plan->measures[measure].name);
}

static bool is_unfit(const temoin_trial *trial, int32_t measure, double value)
{
    bool binary = trial->plan->measures[measure].kind == TM_MEASURE_BINARY;
    return tm_number_is_beyond(value) || (binary && !isnan(value) && value != 0 && value != 1);
}

static void validate_columns(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file)
{
    for (int32_t i = 0; i < file->n_sources; i++) {
        const tm_source *source = &file->source[i];
        temoin_column_type type = source->column->type;
        if (type != TEMOIN_COLUMN_NUMBER && type != TEMOIN_COLUMN_FLAG) {
            report_column(ctx, trial, file, source);
            continue;
        }
        for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++)
            if (is_unfit(trial, source->measure, source->column->number[r]))
                report_unfit(ctx, trial, file, r, source->column->name, source->column->number[r], source->measure);
    }
}

static void validate_tall(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file)
{
    for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++) {
        int32_t code = file->measure->code[r], cell = file->value->code[r];
        int32_t measure = code < 0 ? -1 : file->measure_of[code];
        if (measure < 0 || cell < 0) continue;
        if (isnan(file->number[cell]))
            report_no_number(ctx, file, r, file->value->name, file->value->level[cell],
                             trial->plan->measures[measure].name);
        else if (is_unfit(trial, measure, file->number[cell]))
            report_unfit(ctx, trial, file, r, file->value->name, file->number[cell], measure);
    }
}

/* -1: the row is none of ours (an undeclared measure of a tall file). */
static int32_t row_measure(const tm_outcome_file *file, int64_t r)
{
    if (!file->measure) return 0;
    return file->measure->code[r] < 0 ? -1 : file->measure_of[file->measure->code[r]];
}

/* The row's wave; -1: it has none. Without a wave column `otherwise`. */
static int32_t row_wave(const tm_outcome_file *file, int64_t r, int32_t otherwise)
{
    if (!file->wave) return otherwise;
    return file->wave->code[r] < 0 ? -1 : file->wave_of[file->wave->code[r]];
}

static void report_repeated(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file, int64_t first,
                            int64_t again)
{
    const char *id = trial->id[file->unit[again]],
               *wave = file->wave ? file->wave->level[file->wave->code[again]] : NULL;
    const char *at = wave ? tm_text(ctx, " for wave \"%s\"", wave) : "";
    if (file->measure)
        tm_problem(ctx,
                   "%s: line %lld: client \"%s\" already has a row for the measure \"%s\"%s on line %lld; keep one row "
                   "per client%s and measure",
                   file->name, row_line(file, again), id, file->measure->level[file->measure->code[again]],
                   at ? at : "", row_line(file, first), wave ? ", wave" : "");
    else
        tm_problem(ctx, "%s: line %lld: client \"%s\" already has a row%s on line %lld; %s", file->name,
                   row_line(file, again), id, at ? at : "", row_line(file, first),
                   wave ? "keep one row per client and wave"
                        : "keep one row per client, or name the file's wave column in the plan");
}

static temoin_status validate_repeated(temoin_context *ctx, const temoin_trial *trial, const tm_outcome_file *file)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t *first; /* [measures of a tall file × waves of a file that has them × units] 1 + the first row */
    int64_t n_waves = file->wave ? trial->n_waves : 1, n_measures = file->measure ? trial->n_measures : 1;
    TM_SCRATCH(ctx, first, n_measures * n_waves * trial->n_units);
    for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++) {
        int32_t m = row_measure(file, r), w = row_wave(file, r, 0), u = file->unit[r];
        if (m < 0 || w < 0 || u < 0) continue;
        int64_t *slot = &first[(m * n_waves + w) * trial->n_units + u];
        if (*slot)
            report_repeated(ctx, trial, file, *slot - 1, r);
        else
            *slot = r + 1;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_outcome_rows_validate(temoin_context *ctx, const temoin_trial *trial, tm_outcome_file *file)
{
    TM_TRY(link_units(ctx, trial, file));
    validate_waves_present(ctx, file);
    if (file->measure)
        validate_tall(ctx, trial, file);
    else
        validate_columns(ctx, trial, file);
    return validate_repeated(ctx, trial, file);
}

typedef struct merging {
    temoin_trial *trial;
    double **value; /* [n_measures * n_waves] */
    bool *seen;
    const tm_outcome_file *files;
} merging;

/* The row of a file that holds a measure of a unit at a wave, -1: none. Slow, for messages. */
static int64_t find_row(const tm_outcome_file *file, int32_t measure, int32_t wave, int32_t unit)
{
    for (int64_t r = 0; r < file->frame->n_rows; r++) {
        if (file->unit[r] != unit) continue;
        if (file->measure) {
            int32_t cell = file->value->code[r];
            if (row_measure(file, r) == measure && row_wave(file, r, wave) == wave && cell >= 0) return r;
        }
        for (int32_t i = 0; i < file->n_sources; i++) {
            const tm_source *source = &file->source[i];
            if (source->measure == measure && row_wave(file, r, source->wave) == wave &&
                !isnan(source->column->number[r]))
                return r;
        }
    }
    return -1;
}

static void report_conflict(temoin_context *ctx, const merging *to, const tm_outcome_file *file, int64_t r, int32_t m,
                            int32_t w)
{
    const temoin_trial *trial = to->trial;
    for (const tm_outcome_file *other = to->files; other <= file; other++) {
        int64_t row = find_row(other, m, w, file->unit[r]);
        if (row < 0) continue;
        const char *at = *trial->wave[w] ? tm_text(ctx, " at wave \"%s\"", trial->wave[w]) : "";
        tm_problem(ctx,
                   "%s: line %lld: client \"%s\" already has a value of \"%s\"%s on line %lld of %s; keep one of them",
                   file->name, row_line(file, r), trial->id[file->unit[r]], trial->plan->measures[m].name, at ? at : "",
                   row_line(other, row), other->name);
        return;
    }
}

/* values [n_units] of a measure at a wave, all missing when first asked for. */
static temoin_status open_values(temoin_context *ctx, merging *to, int32_t m, int32_t w, double **values)
{
    double **slot = &to->value[(int64_t)m * to->trial->n_waves + w];
    if (!*slot) {
        TM_ALLOC(ctx, *slot, to->trial->n_units);
        for (int64_t u = 0; u < to->trial->n_units; u++) (*slot)[u] = NAN;
    }
    *values = *slot;
    return TEMOIN_OK;
}

static temoin_status put_value(temoin_context *ctx, merging *to, const tm_outcome_file *file, int64_t r, int32_t m,
                               int32_t w, double value)
{
    double *values = NULL;
    if (isnan(value)) return TEMOIN_OK;
    TM_TRY(open_values(ctx, to, m, w, &values));
    int32_t u = file->unit[r];
    if (isnan(values[u]))
        values[u] = value;
    else if (!tm_problems_full(ctx))
        report_conflict(ctx, to, file, r, m, w);
    return TEMOIN_OK;
}

static temoin_status merge_tall(temoin_context *ctx, merging *to, const tm_outcome_file *file)
{
    int32_t only = file->wave ? -1 : tm_trial_find_wave(to->trial, "");
    for (int64_t r = 0; r < file->frame->n_rows; r++) {
        int32_t m = row_measure(file, r), cell = file->value->code[r];
        if (m < 0) continue;
        int32_t w = row_wave(file, r, only);
        to->seen[(int64_t)w * to->trial->n_units + file->unit[r]] = true;
        if (cell >= 0) TM_TRY(put_value(ctx, to, file, r, m, w, file->number[cell]));
    }
    return TEMOIN_OK;
}

static temoin_status merge_source(temoin_context *ctx, merging *to, const tm_outcome_file *file,
                                  const tm_source *source)
{
    for (int64_t r = 0; r < file->frame->n_rows; r++) {
        int32_t w = row_wave(file, r, source->wave);
        to->seen[(int64_t)w * to->trial->n_units + file->unit[r]] = true;
        TM_TRY(put_value(ctx, to, file, r, source->measure, w, source->column->number[r]));
    }
    return TEMOIN_OK;
}

temoin_status tm_outcome_rows_merge(temoin_context *ctx, temoin_trial *trial, const tm_outcome_file *files,
                                    int32_t n_files)
{
    merging to = {.trial = trial, .files = files};
    size_t mark = tm_problems_mark(ctx);
    TM_ALLOC(ctx, to.value, (int64_t)trial->n_measures * trial->n_waves);
    TM_ALLOC(ctx, to.seen, (int64_t)trial->n_waves * trial->n_units);
    for (int32_t f = 0; f < n_files; f++) {
        if (files[f].measure) TM_TRY(merge_tall(ctx, &to, &files[f]));
        for (int32_t i = 0; i < files[f].n_sources; i++) TM_TRY(merge_source(ctx, &to, &files[f], &files[f].source[i]));
    }
    const double **value;
    TM_ALLOC(ctx, value, (int64_t)trial->n_measures * trial->n_waves);
    for (int64_t i = 0; i < (int64_t)trial->n_measures * trial->n_waves; i++) value[i] = to.value[i];
    trial->value = value;
    trial->seen = to.seen;
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

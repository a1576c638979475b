/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/covariates.h"

#include <math.h>
#include <string.h>

/* One covariate: numbers, or codes of a category; [n_units]. */
typedef struct source {
    const char *name;
    const double *number;
    const int32_t *code;
    const char *const *level;
    int32_t n_levels;
} source;

static temoin_status find_source(temoin_context *ctx, const tm_covariate_request *request, int32_t j, source *out)
{
    const temoin_trial *trial = request->trial;
    const char *name = request->estimate->covariates.name[j];
    const tm_plan_measure *measure = &trial->plan->measures[request->measure];
    int line = tm_plan_line(trial->plan, "estimates[%d].covariates[%d]", request->index, (int)j);
    *out = (source){.name = name};
    if (strcmp(name, "baseline") == 0 && !temoin_frame_find(trial->clients, name)) {
        out->number = tm_trial_value(trial, request->measure, tm_trial_find_wave(trial, measure->baseline));
        if (!out->number)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: measure \"%s\" has no values at its baseline wave \"%s\"",
                    trial->plan->path, line, measure->name, measure->baseline);
        return TEMOIN_OK;
    }
    const temoin_column *column = temoin_frame_find(trial->clients, name);
    if (!column)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: covariate \"%s\" is not a column of %s", trial->plan->path, line,
                name, trial->clients->path);
    out->number = column->number;
    if (!column->number) {
        out->code = column->code;
        out->level = column->level;
        out->n_levels = column->n_levels;
    }
    return TEMOIN_OK;
}

static bool is_missing(const source *s, int64_t u)
{
    return s->number ? isnan(s->number[u]) : s->code[u] < 0;
}

temoin_status tm_covariates_leave_out(temoin_context *ctx, const tm_covariate_request *request, bool *in,
                                      tm_notes *notes)
{
    int64_t n_dropped = 0;
    for (int32_t j = 0; j < request->estimate->covariates.n; j++) {
        source s;
        TM_TRY(find_source(ctx, request, j, &s));
        for (int64_t u = 0; u < request->trial->n_units; u++) {
            if (!in[u] || !is_missing(&s, u)) continue;
            in[u] = false;
            n_dropped++;
        }
    }
    if (n_dropped) tm_notes_add_count(notes, "missing_covariate_dropped", n_dropped);
    return TEMOIN_OK;
}

/* The columns that are being made; room is counted before. */
typedef struct columns {
    const double **x;
    const char **name;
    int32_t n;
    int64_t n_rows;
} columns;

static temoin_status add_column(temoin_context *ctx, columns *to, double *x, const char *name)
{
    double mean = 0;
    if (!name) return tm_fail_memory(ctx);
    for (int64_t i = 0; i < to->n_rows; i++) mean += x[i];
    if (to->n_rows) mean /= (double)to->n_rows;
    for (int64_t i = 0; i < to->n_rows; i++) x[i] -= mean;
    to->x[to->n] = x;
    to->name[to->n++] = name;
    return TEMOIN_OK;
}

/* A client with rows of several waves counts once. */
static int64_t count_missing_units(const source *s, const int64_t *unit, int64_t n)
{
    int64_t n_missing = 0;
    for (int64_t i = 0; i < n; i++) n_missing += is_missing(s, unit[i]) && (i == 0 || unit[i] != unit[i - 1]);
    return n_missing;
}

static temoin_status add_number(temoin_context *ctx, columns *to, const source *s, const int64_t *unit, tm_notes *notes)
{
    int64_t n_missing = 0;
    double sum = 0, *x, *mark;
    TM_SCRATCH(ctx, x, to->n_rows);
    for (int64_t i = 0; i < to->n_rows; i++) {
        if (is_missing(s, unit[i]))
            n_missing++;
        else
            sum += s->number[unit[i]];
    }
    double mean = n_missing < to->n_rows ? sum / (double)(to->n_rows - n_missing) : 0;
    for (int64_t i = 0; i < to->n_rows; i++) x[i] = is_missing(s, unit[i]) ? mean : s->number[unit[i]];
    TM_TRY(add_column(ctx, to, x, s->name));
    if (n_missing == 0) return TEMOIN_OK;
    tm_notes_add_name_count(notes, "missing_covariate_indicator", s->name, count_missing_units(s, unit, to->n_rows));
    TM_SCRATCH(ctx, mark, to->n_rows);
    for (int64_t i = 0; i < to->n_rows; i++) mark[i] = is_missing(s, unit[i]);
    return add_column(ctx, to, mark, tm_text(ctx, "%s (missing)", s->name));
}

static temoin_status add_category(temoin_context *ctx, columns *to, const source *s, const int64_t *unit,
                                  tm_notes *notes)
{
    int64_t *count, n_missing = 0;
    TM_SCRATCH(ctx, count, s->n_levels);
    for (int64_t i = 0; i < to->n_rows; i++) {
        if (is_missing(s, unit[i]))
            n_missing++;
        else
            count[s->code[unit[i]]]++;
    }
    bool reference = true;
    for (int32_t level = -1; level < s->n_levels; level++) {
        if ((level < 0 ? n_missing : count[level]) == 0) continue;
        if (level >= 0 && reference) {
            reference = false;
            continue;
        }
        double *x;
        TM_SCRATCH(ctx, x, to->n_rows);
        for (int64_t i = 0; i < to->n_rows; i++) x[i] = s->code[unit[i]] == level;
        const char *name =
            level < 0 ? tm_text(ctx, "%s (missing)", s->name) : tm_text(ctx, "%s=%s", s->name, s->level[level]);
        TM_TRY(add_column(ctx, to, x, name));
    }
    if (n_missing)
        tm_notes_add_name_count(notes, "missing_covariate_indicator", s->name,
                                count_missing_units(s, unit, to->n_rows));
    return TEMOIN_OK;
}

temoin_status tm_covariates_build(temoin_context *ctx, const tm_covariate_request *request, const int64_t *unit,
                                  int64_t n, tm_sample *out, tm_notes *notes)
{
    int32_t n_sources = request->estimate->covariates.n;
    int64_t room = 0;
    source *sources;
    TM_SCRATCH(ctx, sources, n_sources);
    for (int32_t j = 0; j < n_sources; j++) {
        TM_TRY(find_source(ctx, request, j, &sources[j]));
        room += 2 + sources[j].n_levels;
    }
    columns to = {.n_rows = n};
    TM_SCRATCH(ctx, to.x, room);
    TM_SCRATCH(ctx, to.name, room);
    for (int32_t j = 0; j < n_sources; j++) {
        if (sources[j].number)
            TM_TRY(add_number(ctx, &to, &sources[j], unit, notes));
        else
            TM_TRY(add_category(ctx, &to, &sources[j], unit, notes));
    }
    out->n_covariates = to.n;
    out->covariate = to.x;
    out->covariate_name = to.name;
    return TEMOIN_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/trial_units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame/cells.h"

static bool is_missing(const temoin_column *column, int64_t u)
{
    return column->number ? isnan(column->number[u]) : column->code[u] < 0;
}

/* Each client has to have a value, before anybody is drawn. */
static void check_whole(temoin_context *ctx, const temoin_trial *trial, const temoin_column *column, const char *option)
{
    for (int64_t u = 0; u < trial->n_units && !tm_problems_full(ctx); u++)
        if (is_missing(column, u))
            tm_problem(
                ctx,
                "%s: line %lld, column \"%s\": empty, but design.%s of the plan names the column, so client \"%s\" "
                "cannot be drawn; fill it in",
                trial->clients->path, (long long)trial->clients->line[u], column->name, option, trial->id[u]);
}

/* Whole clusters and pairs get their arms within one stratum: the first client in another one is reported, once for
 * each. */
static temoin_status check_in_one_stratum(temoin_context *ctx, const temoin_trial *trial, const temoin_column *column,
                                          const char *what)
{
    int64_t *first; /* [n_levels] 1 + the first unit; -1 once reported */
    TM_SCRATCH(ctx, first, column->n_levels);
    for (int64_t u = 0; u < trial->n_units && !tm_problems_full(ctx); u++) {
        const int32_t g = column->code[u];
        if (g < 0 || first[g] < 0) continue;
        if (!first[g]) first[g] = u + 1;
        const int64_t before = first[g] - 1;
        if (trial->stratum[before] == trial->stratum[u]) continue;
        first[g] = -1;
        tm_problem(ctx,
                   "%s: line %lld, column \"%s\": %s \"%s\" is in stratum \"%s\" here and in stratum \"%s\" on line "
                   "%lld; a %s "
                   "lies in one stratum: correct the columns, or the plan's design.strata",
                   trial->clients->path, (long long)trial->clients->line[u], column->name, what, column->level[g],
                   trial->stratum_text[trial->stratum[u]], trial->stratum_text[trial->stratum[before]],
                   (long long)trial->clients->line[before], what);
    }
    return TEMOIN_OK;
}

/* Groups of clients named by a column of texts; `option` is "cluster" or "pair". */
static temoin_status take_groups(temoin_context *ctx, const temoin_trial *trial, const char *name, const char *option,
                                 const int32_t **code, const char *const **text, int32_t *n)
{
    if (!name) return TEMOIN_OK;
    const temoin_column *column = temoin_frame_find(trial->clients, name);
    check_whole(ctx, trial, column, option);
    TM_TRY(check_in_one_stratum(ctx, trial, column, option));
    *code = column->code;
    *text = column->level;
    *n = column->n_levels;
    return TEMOIN_OK;
}

typedef struct comer {
    double when;
    int64_t unit;
} comer;

static int by_arrival(const void *a, const void *b)
{
    const comer *x = a, *y = b;
    if (x->when != y->when) return x->when < y->when ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static double arrival_of(const temoin_trial *trial, const temoin_column *column, int64_t u)
{
    if (!column) return (double)trial->clients->line[u];
    return column->number ? column->number[u] : column->code[u];
}

static bool looks_ordered(const char *text)
{
    const tm_raw cell = {text, strlen(text)};
    double value;
    return tm_raw_date(&cell, &value) || tm_raw_number(&cell, '.', &value);
}

static bool is_declared(const temoin_plan *plan, const char *name)
{
    for (int32_t c = 0; c < plan->n_columns; c++)
        if (strcmp(plan->columns[c].name, name) == 0) return plan->columns[c].type != TEMOIN_COLUMN_AUTO;
    return false;
}

/* One slip of the pen makes texts of a column of dates, and would put everybody in another order. */
static void check_arrival(temoin_context *ctx, const temoin_trial *trial, const temoin_column *column)
{
    char shown[TM_SHOWN_SIZE];
    const char *ordered = NULL;
    if (column->number || is_declared(trial->plan, column->name)) return;
    for (int32_t l = 0; l < column->n_levels && !ordered; l++)
        if (looks_ordered(column->level[l])) ordered = column->level[l];
    for (int64_t u = 0; u < trial->n_units && ordered && !tm_problems_full(ctx); u++) {
        const char *text = column->code[u] < 0 ? ordered : column->level[column->code[u]];
        if (!looks_ordered(text))
            tm_problem(
                ctx,
                "%s: line %lld, column \"%s\": found %s where others have a date or a number, such as \"%s\", so "
                "that clients would come in the order of the bytes; correct it, or if that is meant declare the "
                "column as a category under columns of the plan",
                trial->clients->path, (long long)trial->clients->line[u], column->name,
                tm_shown(text, strlen(text), shown), ordered);
    }
}

/* Numbers and dates by value, texts by bytes (the order of their codes), ties by the bytes of ids (the order of units).
 * A rolling design without the option goes by the rows of the client file. */
static temoin_status take_arrival(temoin_context *ctx, const temoin_trial *trial, tm_design_units *out)
{
    const char *name = out->options->arrival;
    const tm_design *design = tm_design_find(trial->plan->design.kind);
    if (!name && !(design && design->rolling)) return TEMOIN_OK;
    const size_t mark = tm_problems_mark(ctx);
    const temoin_column *column = name ? temoin_frame_find(trial->clients, name) : NULL;
    comer *comers;
    int64_t *arrival;
    if (column) {
        check_whole(ctx, trial, column, "arrival");
        check_arrival(ctx, trial, column);
    }
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA));
    TM_ALLOC(ctx, arrival, trial->n_units);
    TM_SCRATCH(ctx, comers, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) comers[u] = (comer){arrival_of(trial, column, u), u};
    qsort(comers, (size_t)trial->n_units, sizeof *comers, by_arrival);
    for (int64_t k = 0; k < trial->n_units; k++) arrival[k] = comers[k].unit;
    out->arrival = arrival;
    return TEMOIN_OK;
}

/* 0 and 1 for every level but the first. */
static temoin_status add_category(temoin_context *ctx, const temoin_trial *trial, const temoin_column *column,
                                  const double **covariate, const char **name, int32_t *n)
{
    for (int32_t level = 1; level < column->n_levels; level++) {
        double *x;
        TM_ALLOC(ctx, x, trial->n_units);
        for (int64_t u = 0; u < trial->n_units; u++) x[u] = column->code[u] == level;
        covariate[*n] = x;
        name[(*n)++] = column->name;
    }
    return TEMOIN_OK;
}

static temoin_status take_covariates(temoin_context *ctx, const temoin_trial *trial, tm_design_units *out)
{
    const tm_names *names = &out->options->covariates;
    const double **covariate;
    const char **name;
    int64_t room = 0;
    if (!names->n) return TEMOIN_OK;
    for (int32_t j = 0; j < names->n; j++) {
        const temoin_column *column = temoin_frame_find(trial->clients, names->name[j]);
        room += column->number ? 1 : column->n_levels;
        check_whole(ctx, trial, column, "covariates");
    }
    TM_ALLOC(ctx, covariate, room);
    TM_ALLOC(ctx, name, room);
    for (int32_t j = 0; j < names->n; j++) {
        const temoin_column *column = temoin_frame_find(trial->clients, names->name[j]);
        if (column->number) {
            covariate[out->n_covariates] = column->number;
            name[out->n_covariates++] = column->name;
        } else
            TM_TRY(add_category(ctx, trial, column, covariate, name, &out->n_covariates));
    }
    out->covariate = covariate;
    out->covariate_name = name;
    return TEMOIN_OK;
}

static temoin_status take_factor(temoin_context *ctx, const temoin_trial *trial, const temoin_column *column,
                                 const int32_t **factor, int32_t *n_levels)
{
    int32_t *code;
    *factor = column->code;
    *n_levels = column->n_levels;
    int64_t u = 0;
    while (u < trial->n_units && column->code[u] >= 0) u++;
    if (u == trial->n_units) return TEMOIN_OK;
    TM_ALLOC(ctx, code, trial->n_units);
    for (u = 0; u < trial->n_units; u++) code[u] = column->code[u] < 0 ? column->n_levels : column->code[u];
    *factor = code;
    *n_levels = column->n_levels + 1;
    return TEMOIN_OK;
}

static temoin_status take_factors(temoin_context *ctx, const temoin_trial *trial, tm_design_units *out)
{
    const int32_t **factor, n = out->options->n_factors;
    int32_t *n_levels;
    if (!n) return TEMOIN_OK;
    TM_ALLOC(ctx, factor, n);
    TM_ALLOC(ctx, n_levels, n);
    for (int32_t f = 0; f < n; f++)
        TM_TRY(take_factor(ctx, trial, temoin_frame_find(trial->clients, out->options->factors[f].column), &factor[f],
                           &n_levels[f]));
    out->n_factors = n;
    out->factor = factor;
    out->n_levels = n_levels;
    return TEMOIN_OK;
}

static temoin_status take_columns(temoin_context *ctx, const temoin_trial *trial, tm_design_units *out)
{
    const size_t mark = tm_problems_mark(ctx);
    TM_TRY(
        take_groups(ctx, trial, out->options->cluster, "cluster", &out->cluster, &out->cluster_text, &out->n_clusters));
    TM_TRY(take_groups(ctx, trial, out->options->pair, "pair", &out->pair, &out->pair_text, &out->n_pairs));
    TM_TRY(take_covariates(ctx, trial, out));
    TM_TRY(take_factors(ctx, trial, out));
    TM_TRY(take_arrival(ctx, trial, out));
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

temoin_status tm_trial_units_build(temoin_context *ctx, const temoin_trial *trial, tm_design_units *out)
{
    *out = (tm_design_units){
        .n_units = trial->n_units,
        .n_arms = trial->n_arms,
        .n_strata = trial->n_strata,
        .stratum = trial->stratum,
        .stratum_text = trial->stratum_text,
        .shares = trial->shares,
        .trial_id = trial->plan->id,
        .seed = trial->plan->design.seed,
        .options = &trial->plan->design.options,
        .id = trial->id,
    };
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = take_columns(ctx, trial, out);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

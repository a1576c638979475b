/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client file becomes the units, in the order of their ids' bytes. The frame hands out the distinct ids in that
 * order, so that an id's code is its place, and sorting is a scatter. */
#include <assert.h>
#include <string.h>

#include "trial/trial_parts.h"

enum { MOST_SUBGROUPS = 50 };

typedef struct client_file {
    const temoin_plan *plan;
    const temoin_frame *frame; /* rows in file order */
    const char *name;
    const temoin_column *id;
    const temoin_column *assigned; /* NULL: temoin draws */
    int32_t *arm_of;               /* [assigned->n_levels] */
} client_file;

static void want_estimate(tm_wanted_list *list, const temoin_plan *plan, int32_t e)
{
    const tm_plan_estimate *estimate = &plan->estimates[e];
    const char *cluster = estimate->cluster;
    if (cluster && strcmp(cluster, "provider") != 0 && strcmp(cluster, "client") != 0)
        tm_wanted_add(list,
                      (tm_wanted){cluster, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "estimates[%d].cluster", e)});
    if (estimate->weighting == TM_WEIGHTS_COLUMN)
        tm_wanted_add(list, (tm_wanted){estimate->weight_column, TEMOIN_COLUMN_NUMBER, false,
                                        tm_plan_line(plan, "estimates[%d].weights", e)});
    if (estimate->received)
        tm_wanted_add(list, (tm_wanted){estimate->received, TEMOIN_COLUMN_FLAG, false,
                                        tm_plan_line(plan, "estimates[%d].received", e)});
    for (int32_t s = 0; s < estimate->subgroups.n; s++)
        tm_wanted_add(list, (tm_wanted){estimate->subgroups.name[s], TEMOIN_COLUMN_AUTO, true,
                                        tm_plan_line(plan, "estimates[%d].subgroups[%d]", e, (int)s)});
    for (int32_t j = 0; j < estimate->covariates.n; j++)
        if (strcmp(estimate->covariates.name[j], "baseline") != 0)
            tm_wanted_add(list, (tm_wanted){estimate->covariates.name[j], TEMOIN_COLUMN_AUTO, false,
                                            tm_plan_line(plan, "estimates[%d].covariates[%d]", e, j)});
}

/* What the design goes by. Clusters, pairs and factors are texts; covariates and arrivals are what they look like. */
static void want_options(tm_wanted_list *list, const temoin_plan *plan)
{
    const tm_plan_options *o = &plan->design.options;
    const tm_wanted columns[] = {{o->cluster, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "design.cluster")},
                                 {o->pair, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "design.pair")},
                                 {o->arrival, TEMOIN_COLUMN_AUTO, false, tm_plan_line(plan, "design.arrival")}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (columns[i].name) tm_wanted_add(list, columns[i]);
    for (int32_t f = 0; f < o->n_factors; f++)
        tm_wanted_add(list, (tm_wanted){o->factors[f].column, TEMOIN_COLUMN_AUTO, true,
                                        tm_plan_line(plan, "design.factors[%d].column", f)});
    for (int32_t j = 0; j < o->covariates.n; j++)
        tm_wanted_add(list, (tm_wanted){o->covariates.name[j], TEMOIN_COLUMN_AUTO, false,
                                        tm_plan_line(plan, "design.covariates[%d]", j)});
}

static temoin_status want_columns(temoin_context *ctx, const temoin_plan *plan, tm_wanted_list *list)
{
    const tm_plan_design *design = &plan->design;
    int64_t more = 8 + design->strata.n + design->options.n_factors + design->options.covariates.n;
    for (int32_t c = 0; c < plan->n_columns; c++) more += plan->columns[c].of.n;
    for (int32_t e = 0; e < plan->n_estimates; e++)
        more += 3 + plan->estimates[e].covariates.n + plan->estimates[e].subgroups.n;
    TM_TRY(tm_wanted_build(ctx, plan, more, list));
    tm_wanted_add(list, (tm_wanted){plan->clients.id, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "clients.id")});
    for (int32_t k = 0; k < design->strata.n; k++)
        tm_wanted_add(list, (tm_wanted){design->strata.name[k], TEMOIN_COLUMN_AUTO, true,
                                        tm_plan_line(plan, "design.strata[%d]", k)});
    if (design->assigned)
        tm_wanted_add(list,
                      (tm_wanted){design->assigned, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "design.assigned")});
    if (design->probability)
        tm_wanted_add(list, (tm_wanted){design->probability, TEMOIN_COLUMN_NUMBER, false,
                                        tm_plan_line(plan, "design.probability")});
    if (plan->providers.column)
        tm_wanted_add(list, (tm_wanted){plan->providers.column, TEMOIN_COLUMN_AUTO, true,
                                        tm_plan_line(plan, "providers.column")});
    if (plan->providers.site)
        tm_wanted_add(
            list, (tm_wanted){plan->providers.site, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "providers.site")});
    want_options(list, plan);
    for (int32_t e = 0; e < plan->n_estimates; e++) want_estimate(list, plan, e);
    return TEMOIN_OK;
}

/* -1: blank, or not declared. */
static int32_t row_arm(const client_file *file, int64_t r)
{
    int32_t code = file->assigned ? file->assigned->code[r] : -1;
    return code < 0 ? -1 : file->arm_of[code];
}

static void report_twice(temoin_context *ctx, const client_file *file, int64_t first, int64_t again)
{
    const char *id = file->id->level[file->id->code[again]];
    long long line = file->frame->line[again], before = file->frame->line[first];
    int32_t arm = row_arm(file, again), arm_before = row_arm(file, first);
    if (arm >= 0 && arm_before >= 0 && arm != arm_before)
        tm_problem(ctx,
                   "%s: line %lld, column \"%s\": client \"%s\" is in two arms: in \"%s\" here and in \"%s\" on line "
                   "%lld; keep the row with the arm that was drawn",
                   file->name, line, file->id->name, id, file->plan->arms[arm].name, file->plan->arms[arm_before].name,
                   before);
    else
        tm_problem(ctx, "%s: line %lld, column \"%s\": client \"%s\" is already on line %lld; keep one row per client",
                   file->name, line, file->id->name, id, before);
}

static temoin_status validate_ids(temoin_context *ctx, const client_file *file)
{
    int64_t *first; /* [n_levels] 1 + the first row with the id */
    TM_SCRATCH(ctx, first, file->id->n_levels);
    for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++) {
        int32_t code = file->id->code[r];
        if (code < 0)
            tm_problem(ctx, "%s: line %lld, column \"%s\": empty; every client needs an id", file->name,
                       (long long)file->frame->line[r], file->id->name);
        else if (first[code])
            report_twice(ctx, file, first[code] - 1, r);
        else
            first[code] = r + 1;
    }
    return TEMOIN_OK;
}

static void validate_strata(temoin_context *ctx, const client_file *file)
{
    const tm_names *strata = &file->plan->design.strata;
    for (int32_t k = 0; k < strata->n; k++) {
        const temoin_column *column = temoin_frame_find(file->frame, strata->name[k]);
        for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++)
            if (column->code[r] < 0)
                tm_problem(ctx, "%s: line %lld, column \"%s\": empty, so the client is in no stratum; fill it in",
                           file->name, (long long)file->frame->line[r], column->name);
    }
}

static temoin_status permute_numbers(temoin_context *ctx, const double *from, const int64_t *row, int64_t n,
                                     const double **out)
{
    double *to;
    TM_ALLOC(ctx, to, n);
    for (int64_t u = 0; u < n; u++) to[u] = from[row[u]];
    *out = to;
    return TEMOIN_OK;
}

static temoin_status permute_codes(temoin_context *ctx, const int32_t *from, const int64_t *row, int64_t n,
                                   const int32_t **out)
{
    int32_t *to;
    TM_ALLOC(ctx, to, n);
    for (int64_t u = 0; u < n; u++) to[u] = from[row[u]];
    *out = to;
    return TEMOIN_OK;
}

/* The same table with its rows in canonical order. */
static temoin_status permute_frame(temoin_context *ctx, const temoin_frame *from, const int64_t *row,
                                   const temoin_frame **out)
{
    temoin_frame *to;
    temoin_column *columns;
    int64_t *line;
    TM_ALLOC(ctx, to, 1);
    TM_ALLOC(ctx, columns, from->n_columns);
    TM_ALLOC(ctx, line, from->n_rows);
    for (int64_t u = 0; u < from->n_rows; u++) line[u] = from->line[row[u]];
    for (int32_t c = 0; c < from->n_columns; c++) {
        columns[c] = from->columns[c];
        if (columns[c].number) TM_TRY(permute_numbers(ctx, columns[c].number, row, from->n_rows, &columns[c].number));
        if (columns[c].code) TM_TRY(permute_codes(ctx, columns[c].code, row, from->n_rows, &columns[c].code));
    }
    *to = *from;
    to->line = line;
    to->columns = columns;
    *out = to;
    return TEMOIN_OK;
}

static temoin_status take_arms(temoin_context *ctx, temoin_trial *trial, const int32_t *arm_of)
{
    const temoin_column *column = temoin_frame_find(trial->clients, trial->plan->design.assigned);
    int32_t *arm;
    TM_ALLOC(ctx, arm, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) arm[u] = column->code[u] < 0 ? -1 : arm_of[column->code[u]];
    trial->assigned = arm;
    return TEMOIN_OK;
}

static temoin_status order_units(temoin_context *ctx, const client_file *file, temoin_trial *trial)
{
    int64_t *row;
    trial->n_units = file->frame->n_rows;
    assert(file->id->n_levels == trial->n_units);
    TM_SCRATCH(ctx, row, trial->n_units);
    for (int64_t r = 0; r < trial->n_units; r++) row[file->id->code[r]] = r;
    for (int64_t u = 1; u < trial->n_units; u++) assert(strcmp(file->id->level[u - 1], file->id->level[u]) < 0);
    trial->id = file->id->level;
    TM_TRY(permute_frame(ctx, file->frame, row, &trial->clients));
    if (file->assigned) TM_TRY(take_arms(ctx, trial, file->arm_of));
    if (!trial->plan->providers.column) return TEMOIN_OK;
    const temoin_column *provider = temoin_frame_find(trial->clients, trial->plan->providers.column);
    trial->n_providers = provider->n_levels;
    trial->provider = provider->code;
    trial->provider_text = provider->level;
    return TEMOIN_OK;
}

/* The plan may declare a column to be a category that it also uses as a weight. */
static temoin_status validate_weights(temoin_context *ctx, const client_file *file)
{
    const temoin_plan *plan = file->plan;
    size_t mark = tm_problems_mark(ctx);
    for (int32_t e = 0; e < plan->n_estimates; e++) {
        const tm_plan_estimate *estimate = &plan->estimates[e];
        if (estimate->weighting != TM_WEIGHTS_COLUMN) continue;
        const temoin_column *column = temoin_frame_find(file->frame, estimate->weight_column);
        if (!column->number || column->type == TEMOIN_COLUMN_DATE)
            tm_problem(ctx, "%s: line %d: the weights \"%s\" are declared as a %s; weights must be numbers", plan->path,
                       tm_plan_line(plan, "estimates[%d].weights", e), column->name,
                       temoin_column_type_name(column->type));
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN);
}

/* Dates and amounts have nearly as many values as clients. */
static temoin_status validate_subgroups(temoin_context *ctx, const client_file *file)
{
    const temoin_plan *plan = file->plan;
    size_t mark = tm_problems_mark(ctx);
    for (int32_t e = 0; e < plan->n_estimates; e++)
        for (int32_t s = 0; s < plan->estimates[e].subgroups.n; s++) {
            const temoin_column *column = temoin_frame_find(file->frame, plan->estimates[e].subgroups.name[s]);
            if (column->type != TEMOIN_COLUMN_FLAG && column->n_levels > MOST_SUBGROUPS)
                tm_problem(ctx,
                           "%s: line %d: the column \"%s\" has %d values; subgroups are of a column with at most %d",
                           plan->path, tm_plan_line(plan, "estimates[%d].subgroups[%d]", e, (int)s), column->name,
                           (int)column->n_levels, MOST_SUBGROUPS);
        }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN);
}

temoin_status tm_units_build(temoin_context *ctx, temoin_trial *trial, const char *path)
{
    client_file file = {.plan = trial->plan, .name = path};
    tm_wanted_list wanted;
    TM_TRY(want_columns(ctx, file.plan, &wanted));
    tm_derived_want(file.plan, &wanted);
    TM_TRY(tm_wanted_read(ctx, file.plan, &file.plan->clients, path, &wanted, &file.frame));
    TM_TRY(tm_derived_add(ctx, file.plan, &file.frame));
    TM_TRY(validate_weights(ctx, &file));
    TM_TRY(validate_subgroups(ctx, &file));
    file.id = temoin_frame_find(file.frame, file.plan->clients.id);
    size_t mark = tm_problems_mark(ctx);
    if (file.plan->design.assigned) {
        file.assigned = temoin_frame_find(file.frame, file.plan->design.assigned);
        TM_TRY(tm_arm_column_read(ctx, file.plan, file.assigned, &file.arm_of));
        tm_arm_column_validate(ctx, file.plan, file.frame, file.assigned, file.arm_of);
    }
    TM_TRY(validate_ids(ctx, &file));
    validate_strata(ctx, &file);
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA));
    return order_units(ctx, &file, trial);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers with their places, and the days on which clients came and left. */
#include <math.h>
#include <string.h>

#include "frame/cells.h"
#include "trial/trial_parts.h"

enum { MOST_PLACES = 1000000 };

static temoin_status read_workers(temoin_context *ctx, const temoin_plan *plan, const char *path,
                                  const temoin_frame **out)
{
    const tm_plan_capacity *c = &plan->capacity;
    const tm_wanted columns[] = {{c->workers.id, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "capacity.id")},
                                 {c->places, TEMOIN_COLUMN_NUMBER, false, tm_plan_line(plan, "capacity.places")},
                                 {c->from, TEMOIN_COLUMN_DATE, false, tm_plan_line(plan, "capacity.from")},
                                 {c->to, TEMOIN_COLUMN_DATE, false, tm_plan_line(plan, "capacity.to")},
                                 {c->arm_column, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "capacity.arm_column")}};
    enum { N_COLUMNS = sizeof columns / sizeof *columns };
    tm_wanted_list list = {0};
    TM_SCRATCH(ctx, list.item, N_COLUMNS);
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (columns[i].name) tm_wanted_add(&list, columns[i]);
    return tm_wanted_read(ctx, plan, &c->workers, path, &list, out);
}

static const temoin_column *find_named(const temoin_frame *frame, const char *name)
{
    return name ? temoin_frame_find(frame, name) : NULL;
}

typedef struct worker_file {
    const temoin_plan *plan;
    const temoin_frame *frame;
    const temoin_column *id, *places, *from, *to, *arm; /* from, to, arm: NULL where the plan names none */
    int32_t *arm_of;                                    /* [arm->n_levels] */
} worker_file;

static void validate_row(temoin_context *ctx, const worker_file *file, int64_t r)
{
    const char *path = file->frame->path;
    const long long line = file->frame->line[r];
    const double places = file->places->number[r];
    if (!(places >= 0 && places <= MOST_PLACES && places == floor(places)))
        tm_problem(ctx, "%s: line %lld, column \"%s\": must be a whole number of places from 0 to %d", path, line,
                   file->places->name, MOST_PLACES);
    if (file->from && isnan(file->from->number[r]))
        tm_problem(ctx, "%s: line %lld, column \"%s\": empty; write the worker's first day", path, line,
                   file->from->name);
    if (file->from && file->to && file->to->number[r] < file->from->number[r])
        tm_problem(ctx,
                   "%s: line %lld, column \"%s\": the worker leaves before the first day in column \"%s\"; correct one "
                   "of them",
                   path, line, file->to->name, file->from->name);
    if (file->arm && file->arm->code[r] < 0)
        tm_problem(ctx, "%s: line %lld, column \"%s\": empty; write the arm that the worker serves", path, line,
                   file->arm->name);
}

/* An arm whose workers have no place at all would defer everybody. */
static void validate_places(temoin_context *ctx, const worker_file *file)
{
    const temoin_plan *plan = file->plan;
    for (int32_t a = 0; a < plan->n_arms; a++) {
        double places = 0;
        bool served = false;
        for (int64_t r = 0; r < file->frame->n_rows; r++) {
            if ((file->arm ? file->arm_of[file->arm->code[r]] : plan->capacity.arm) != a) continue;
            served = true;
            places += file->places->number[r];
        }
        if (served && places == 0)
            tm_problem(ctx,
                       "%s: column \"%s\": the workers of arm \"%s\" have no place among them, so nobody could be "
                       "drawn; give them places",
                       file->frame->path, file->places->name, plan->arms[a].name);
    }
}

static temoin_status validate_workers(temoin_context *ctx, worker_file *file)
{
    const size_t mark = tm_problems_mark(ctx);
    TM_TRY(tm_worker_ids_validate(ctx, file->frame, file->id));
    if (file->arm) {
        TM_TRY(tm_arm_column_read(ctx, file->plan, file->arm, &file->arm_of));
        tm_arm_column_validate(ctx, file->plan, file->frame, file->arm, file->arm_of);
    }
    for (int64_t r = 0; r < file->frame->n_rows && !tm_problems_full(ctx); r++) validate_row(ctx, file, r);
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA));
    validate_places(ctx, file);
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status take_workers(temoin_context *ctx, temoin_trial *trial, const worker_file *file, tm_capacity *out)
{
    const int64_t n = file->frame->n_rows;
    tm_workers *workers;
    int32_t *arm;
    int64_t *places;
    double *from, *to;
    TM_ALLOC(ctx, workers, 1);
    TM_ALLOC(ctx, arm, n);
    TM_ALLOC(ctx, places, n);
    TM_ALLOC(ctx, from, n);
    TM_ALLOC(ctx, to, n);
    for (int64_t r = 0; r < n; r++) {
        const int32_t w = file->id->code[r];
        arm[w] = file->arm ? file->arm_of[file->arm->code[r]] : trial->plan->capacity.arm;
        places[w] = (int64_t)file->places->number[r];
        from[w] = file->from ? file->from->number[r] : -INFINITY;
        to[w] = file->to && !isnan(file->to->number[r]) ? file->to->number[r] : INFINITY;
    }
    *workers = (tm_workers){.n = (int32_t)n, .id = file->id->level};
    trial->workers = workers;
    *out = (tm_capacity){.arm = arm, .places = places, .from = from, .to = to};
    return TEMOIN_OK;
}

static temoin_status build_workers(temoin_context *ctx, temoin_trial *trial, const char *path, tm_capacity *out)
{
    const tm_plan_capacity *c = &trial->plan->capacity;
    worker_file file = {.plan = trial->plan};
    TM_TRY(read_workers(ctx, trial->plan, path, &file.frame));
    file.id = temoin_frame_find(file.frame, c->workers.id);
    file.places = temoin_frame_find(file.frame, c->places);
    file.from = find_named(file.frame, c->from);
    file.to = find_named(file.frame, c->to);
    file.arm = find_named(file.frame, c->arm_column);
    TM_TRY(validate_workers(ctx, &file));
    return take_workers(ctx, trial, &file, out);
}

static temoin_status read_exits(temoin_context *ctx, const temoin_plan *plan, const char *path,
                                const temoin_frame **out)
{
    const tm_plan_capacity *c = &plan->capacity;
    tm_wanted_list list = {0};
    TM_SCRATCH(ctx, list.item, 2);
    tm_wanted_add(&list, (tm_wanted){c->exits.id, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "capacity.exits.id")});
    tm_wanted_add(&list,
                  (tm_wanted){c->exit_date, TEMOIN_COLUMN_DATE, false, tm_plan_line(plan, "capacity.exits.date")});
    return tm_wanted_read(ctx, plan, &c->exits, path, &list, out);
}

/* The unit of that id, -1: none. */
static int64_t find_unit(const temoin_trial *trial, const char *id)
{
    int64_t low = 0, high = trial->n_units;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (strcmp(trial->id[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < trial->n_units && strcmp(trial->id[low], id) == 0 ? low : -1;
}

/* A row without a date says that the client is still there. */
static void take_exit(temoin_context *ctx, const temoin_trial *trial, const temoin_frame *frame,
                      const temoin_column *id, const temoin_column *date, int64_t r, const double *arrival, double *out)
{
    const long long line = frame->line[r];
    const char *text = id->code[r] < 0 ? NULL : id->level[id->code[r]];
    const int64_t u = text ? find_unit(trial, text) : -1;
    char shown[TM_SHOWN_SIZE];
    if (isnan(date->number[r])) return;
    if (u < 0)
        tm_problem(
            ctx,
            "%s: line %lld, column \"%s\": found %s, which is no client of %s; correct the id, or take the row out",
            frame->path, line, id->name, text ? tm_shown(text, strlen(text), shown) : "nothing", trial->clients->path);
    else if (out[u] < INFINITY)
        tm_problem(ctx, "%s: line %lld, column \"%s\": client \"%s\" has left already; keep one row per client",
                   frame->path, line, id->name, text);
    else if (date->number[r] < arrival[u])
        tm_problem(ctx, "%s: line %lld, column \"%s\": client \"%s\" leaves before coming; correct the date",
                   frame->path, line, date->name, text);
    else
        out[u] = date->number[r];
}

static temoin_status build_exits(temoin_context *ctx, const temoin_trial *trial, const char *path, tm_capacity *out)
{
    const temoin_frame *frame;
    double *exits;
    const size_t mark = tm_problems_mark(ctx);
    TM_ALLOC(ctx, exits, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) exits[u] = INFINITY;
    out->exit = exits;
    if (!path) return TEMOIN_OK;
    TM_TRY(read_exits(ctx, trial->plan, path, &frame));
    const temoin_column *id = temoin_frame_find(frame, trial->plan->capacity.exits.id);
    const temoin_column *date = temoin_frame_find(frame, trial->plan->capacity.exit_date);
    for (int64_t r = 0; r < frame->n_rows && !tm_problems_full(ctx); r++)
        take_exit(ctx, trial, frame, id, date, r, out->arrival, exits);
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status find_arrival(temoin_context *ctx, const temoin_trial *trial, tm_capacity *out)
{
    const temoin_plan *plan = trial->plan;
    const temoin_column *column = temoin_frame_find(trial->clients, plan->design.options.arrival);
    if (column->type != TEMOIN_COLUMN_DATE)
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s: column \"%s\": is a %s; with `capacity`, clients come on a date (yyyy-mm-dd)",
                trial->clients->path, column->name, temoin_column_type_name(column->type));
    out->arrival = column->number; /* the draw asks for one of every client */
    return TEMOIN_OK;
}

temoin_status tm_capacity_build(temoin_context *ctx, temoin_trial *trial, const char *workers, const char *exits)
{
    tm_capacity *capacity;
    TM_ALLOC(ctx, capacity, 1);
    TM_TRY(build_workers(ctx, trial, workers, capacity));
    TM_TRY(find_arrival(ctx, trial, capacity));
    TM_TRY(build_exits(ctx, trial, exits, capacity));
    trial->capacity = capacity;
    return TEMOIN_OK;
}

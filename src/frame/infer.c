/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells to typed columns. A type is what all present cells of a column have in common, whatever their order. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/sink.h"
#include "frame/cells.h"

typedef struct wish {
    temoin_column_type type;
    bool text;
} wish;

typedef struct builder {
    temoin_context *ctx;
    const tm_cells *cells;
    const temoin_csv_opts *opts;
    wish *wishes; /* [n_columns] */
} builder;

enum { NAMES_LISTED = 40 };

static temoin_status problem_absent(const builder *b, const char *wanted)
{
    const tm_cells *cells = b->cells;
    const char **names;
    char shown[TM_SHOWN_SIZE];
    tm_sink list;
    TM_SCRATCH(b->ctx, names, cells->n_columns);
    tm_sink_init(&list, b->ctx);
    for (int32_t j = 0; j < cells->n_columns; j++) {
        names[j] = cells->name[j].text;
        if (j < NAMES_LISTED)
            tm_sink_printf(&list, "%s%s", j ? ", " : "", tm_shown(names[j], cells->name[j].length, shown));
    }
    if (cells->n_columns > NAMES_LISTED) tm_sink_printf(&list, " and %d more", cells->n_columns - NAMES_LISTED);
    TM_TRY(tm_sink_finish(&list));
    const char *nearest = tm_nearest(wanted, names, (size_t)cells->n_columns);
    char near[TM_SHOWN_SIZE];
    tm_problem(b->ctx, "%s: there is no column %s; the columns are %s%s%s%s", cells->path,
               tm_shown(wanted, strlen(wanted), shown), list.text, nearest ? "; did you mean " : "",
               nearest ? tm_shown(nearest, strlen(nearest), near) : "", nearest ? "?" : "");
    return TEMOIN_OK;
}

static temoin_status gather_wishes(builder *b)
{
    TM_SCRATCH(b->ctx, b->wishes, b->cells->n_columns);
    for (int32_t q = 0; q < b->opts->n_requests && !tm_problems_full(b->ctx); q++) {
        const temoin_column_request *request = &b->opts->requests[q];
        int32_t j = 0;
        while (j < b->cells->n_columns && strcmp(b->cells->name[j].text, request->name) != 0) j++;
        if (j == b->cells->n_columns) {
            if (!b->opts->absent_allowed) TM_TRY(problem_absent(b, request->name));
            continue;
        }
        if (request->type != TEMOIN_COLUMN_AUTO) b->wishes[j].type = request->type;
        b->wishes[j].text |= request->text;
    }
    return TEMOIN_OK;
}

static temoin_column_type infer_type(const builder *b, int32_t j)
{
    unsigned pairs = ~0u;
    bool number = true, date = true, any = false;
    for (int64_t r = 0; r < b->cells->n_rows; r++) {
        const tm_raw *cell = &b->cells->cell[r * b->cells->n_columns + j];
        double x;
        unsigned its_pairs = 0;
        if (tm_raw_missing(cell, b->opts)) continue;
        any = true;
        if (pairs) pairs &= tm_raw_flag(cell, &its_pairs, &x) ? its_pairs : 0;
        number = number && tm_raw_number(cell, b->opts->decimal, &x);
        date = date && tm_raw_date(cell, &x);
        if (!pairs && !number && !date) return TEMOIN_COLUMN_CATEGORY;
    }
    if (!any) return TEMOIN_COLUMN_NUMBER;
    return pairs ? TEMOIN_COLUMN_FLAG : number ? TEMOIN_COLUMN_NUMBER : TEMOIN_COLUMN_DATE;
}

static bool read_value(const builder *b, temoin_column_type type, const tm_raw *cell, double *out)
{
    unsigned pairs;
    if (type == TEMOIN_COLUMN_FLAG) return tm_raw_flag(cell, &pairs, out);
    if (type == TEMOIN_COLUMN_DATE) return tm_raw_date(cell, out);
    return tm_raw_number(cell, b->opts->decimal, out);
}

static void problem_value(const builder *b, temoin_column_type type, int64_t r, int32_t j)
{
    static const char *const expected[] = {
        [TEMOIN_COLUMN_NUMBER] = "a number",
        [TEMOIN_COLUMN_FLAG] = "a flag (0/1, yes/no, oui/non, true/false, vrai/faux, y/n, o/n)",
        [TEMOIN_COLUMN_DATE] = "a date (a day of the calendar as yyyy-mm-dd)",
    };
    const tm_raw *cell = &b->cells->cell[r * b->cells->n_columns + j], *name = &b->cells->name[j];
    char found[TM_SHOWN_SIZE], column[TM_SHOWN_SIZE], remedy[64 + TM_SHOWN_SIZE];
    bool comma = b->opts->decimal == ',';
    double x;
    tm_shown(cell->text, cell->length, found);
    if (type == TEMOIN_COLUMN_NUMBER && tm_raw_number(cell, comma ? '.' : ',', &x))
        snprintf(remedy, sizeof remedy, "declare \"decimal: %s\"", comma ? "point" : "comma");
    else
        snprintf(remedy, sizeof remedy, "correct the cell, or add %s to \"missing\"", found);
    tm_problem(b->ctx, "%s: line %lld, column %s: found %s where %s is expected; %s", b->cells->path,
               (long long)b->cells->line[r], tm_shown(name->text, name->length, column), found, expected[type], remedy);
}

static temoin_status read_values(const builder *b, int32_t j, temoin_column *column)
{
    double *number;
    TM_ALLOC(b->ctx, number, b->cells->n_rows);
    for (int64_t r = 0; r < b->cells->n_rows && !tm_problems_full(b->ctx); r++) {
        const tm_raw *cell = &b->cells->cell[r * b->cells->n_columns + j];
        if (tm_raw_missing(cell, b->opts)) {
            number[r] = NAN;
            column->n_missing++;
        } else if (!read_value(b, column->type, cell, &number[r])) {
            problem_value(b, column->type, r, j);
        }
    }
    column->number = number;
    return TEMOIN_OK;
}

static temoin_status build_column(const builder *b, int32_t j, temoin_column *column)
{
    column->name = tm_text_copy(b->ctx, b->cells->name[j].text, b->cells->name[j].length);
    if (!column->name) return tm_fail_memory(b->ctx);
    column->type = b->wishes[j].type == TEMOIN_COLUMN_AUTO ? infer_type(b, j) : b->wishes[j].type;
    if (column->type != TEMOIN_COLUMN_CATEGORY) TM_TRY(read_values(b, j, column));
    if (column->type != TEMOIN_COLUMN_CATEGORY && !b->wishes[j].text) return TEMOIN_OK;
    return tm_levels_build(b->ctx, b->cells, j, b->opts, column);
}

temoin_status tm_frame_build(temoin_context *ctx, const tm_cells *cells, const temoin_csv_opts *opts,
                             const temoin_frame **out)
{
    builder b = {.ctx = ctx, .cells = cells, .opts = opts};
    temoin_frame *frame;
    temoin_column *columns;
    int64_t *line;
    TM_TRY(gather_wishes(&b));
    TM_ALLOC(ctx, frame, 1);
    TM_ALLOC(ctx, columns, cells->n_columns);
    TM_ALLOC(ctx, line, cells->n_rows);
    if (cells->n_rows) memcpy(line, cells->line, (size_t)cells->n_rows * sizeof *line);
    for (int32_t j = 0; j < cells->n_columns && !tm_problems_full(ctx); j++) TM_TRY(build_column(&b, j, &columns[j]));
    const char *path = tm_text_copy(ctx, cells->path, strlen(cells->path));
    if (!path) return tm_fail_memory(ctx);
    *frame = (temoin_frame){path, cells->n_rows, line, cells->n_columns, columns};
    *out = frame;
    return TEMOIN_OK;
}

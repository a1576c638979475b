/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CSV grammar, by libcsv in strict mode. The text is fed line by line: libcsv does not say where it is, so the line
 * being fed is what dates a record, a cell and a quote that is never closed. */
#include <csv.h>
#include <stdio.h>
#include <string.h>

#include "frame/cells.h"

typedef struct reader {
    temoin_context *ctx;
    const char *path;
    char delimiter;
    tm_raw *cell; /* the header's cells, then those of each good row */
    int64_t n_cells;
    int64_t first; /* first cell of the record being read */
    char *room;    /* where the next cell's text goes */
    int64_t *row_line;
    int64_t n_rows;
    int64_t n_columns;   /* 0 before the header is whole */
    int64_t n_records;   /* with the header and the bad ones */
    int64_t line;        /* being fed */
    int64_t record_line; /* on which the record being read starts */
    int64_t cell_line;   /* on which the cell being read starts */
    bool record_open;
    bool stopped; /* after a quote that leaves open where the next record starts */
    temoin_status status;
} reader;

/* A cell ends with a delimiter, a line end or the text, so counting these bounds the cells; likewise a cell's text and
 * the NUL behind it take no more than the cell took in the file, but for the last one's. */
static temoin_status make_room(reader *r, const char *text, size_t length)
{
    int64_t n_delimiters = 0, n_ends = 0;
    for (size_t i = 0; i < length; i++) {
        n_delimiters += text[i] == r->delimiter;
        n_ends += (text[i] == '\n') + (text[i] == '\r');
    }
    TM_SCRATCH(r->ctx, r->cell, n_delimiters + n_ends + 1);
    TM_SCRATCH(r->ctx, r->row_line, n_ends + 1);
    TM_SCRATCH(r->ctx, r->room, (int64_t)length + 1);
    return TEMOIN_OK;
}

static void end_cell(void *text, size_t length, void *data)
{
    reader *r = data;
    if (length) memcpy(r->room, text, length);
    r->room[length] = '\0';
    r->cell[r->n_cells++] = (tm_raw){r->room, length};
    r->room += length + 1;
    r->cell_line = r->line;
}

static void problem_ragged(reader *r, int64_t n)
{
    char delimiter[8] = "tab";
    if (r->delimiter != '\t') memcpy(delimiter, (char[4]){'"', r->delimiter, '"', '\0'}, 4);
    if (n > r->n_columns)
        tm_problem(r->ctx,
                   "%s: line %lld: too many cells: found %lld, the header has %lld; put quotes around a cell that "
                   "contains the delimiter (%s), or take away the surplus",
                   r->path, (long long)r->record_line, (long long)n, (long long)r->n_columns, delimiter);
    else
        tm_problem(r->ctx,
                   "%s: line %lld: too few cells: found %lld, the header has %lld; add the delimiters (%s) of the "
                   "empty cells, or join the parts of a row that was broken over lines",
                   r->path, (long long)r->record_line, (long long)n, (long long)r->n_columns, delimiter);
}

static void end_record(int terminator, void *data)
{
    (void)terminator;
    reader *r = data;
    int64_t n = r->n_cells - r->first;
    r->record_open = false;
    if (r->n_records++ == 0) {
        r->n_columns = n;
        if (n <= INT32_MAX)
            r->status = tm_header_check(r->ctx, r->path, r->record_line, r->cell, (int32_t)n);
        else
            r->status = tm_fail(r->ctx, TEMOIN_ERR_DATA, "%s: more than two billion columns", r->path);
    } else if (n == r->n_columns) {
        r->row_line[r->n_rows++] = r->record_line;
    } else {
        problem_ragged(r, n);
        r->n_cells = r->first;
    }
    r->first = r->n_cells;
}

static const char *column_shown(const reader *r, char label[TM_SHOWN_SIZE])
{
    int64_t j = r->n_cells - r->first;
    if (j < r->n_columns) return tm_shown(r->cell[j].text, r->cell[j].length, label);
    snprintf(label, TM_SHOWN_SIZE, "%lld", (long long)j + 1);
    return label;
}

/* The part of the line around `at` up to the delimiters or line ends: the unquoted cell, or what follows a closing
 * quote. */
static const char *piece_shown(const reader *r, const char *line, size_t at, size_t length, bool back,
                               char shown[TM_SHOWN_SIZE])
{
    size_t from = at, to = at;
    while (back && from > 0 && line[from - 1] != r->delimiter) from--;
    while (to < length && line[to] != r->delimiter && line[to] != '\n' && line[to] != '\r') to++;
    return tm_shown(line + from, to - from, shown);
}

/* libcsv stopped at line[at]. What begins and ends on this line costs this record only; a quote from an earlier line
 * leaves nothing to hold on to. */
static void recover(reader *r, struct csv_parser *parser, const char *line, size_t at, size_t length)
{
    char label[TM_SHOWN_SIZE], shown[TM_SHOWN_SIZE], opened[64] = "";
    column_shown(r, label);
    if (r->cell_line < r->line) snprintf(opened, sizeof opened, " (opened on line %lld)", (long long)r->cell_line);
    if (parser->quoted)
        tm_problem(r->ctx,
                   "%s: line %lld, column %s: found %s after the closing quote%s; write a quote inside a quoted cell "
                   "twice (\"\")",
                   r->path, (long long)r->line, label, piece_shown(r, line, at, length, false, shown), opened);
    else
        tm_problem(r->ctx,
                   "%s: line %lld, column %s: found a quote inside the cell %s; put the cell in quotes and write the "
                   "quote inside twice (\"\")",
                   r->path, (long long)r->line, label, piece_shown(r, line, at, length, true, shown));
    r->stopped = r->n_columns == 0 || r->record_line < r->line;
    csv_fini(parser, NULL, NULL, NULL); /* drops the cell and starts anew */
    r->n_cells = r->first;
    r->n_records++;
    r->record_open = false;
}

static bool is_blank(const reader *r, const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] == r->delimiter || !strchr(" \t\r\n", line[i])) return false;
    return true;
}

static temoin_status feed_line(reader *r, struct csv_parser *parser, const char *line, size_t length)
{
    bool begins = !r->record_open;
    if (begins) r->record_line = r->cell_line = r->line;
    r->record_open = true;
    size_t done = csv_parse(parser, line, length, end_cell, end_record, r);
    if (done < length && csv_error(parser) != CSV_EPARSE) return tm_fail_memory(r->ctx);
    if (done < length) recover(r, parser, line, done, length);
    if (begins && r->record_open && is_blank(r, line, length)) r->record_open = false;
    return r->status;
}

/* Length of the line at the start of the text with its end: LF, CRLF or CR. `*lf` remembers the next LF, so that a file
 * of bare CRs is not searched again and again. */
static size_t line_length(const char *text, const char *end, const char **lf)
{
    if (!*lf || *lf < text) {
        *lf = memchr(text, '\n', (size_t)(end - text));
        if (!*lf) *lf = end;
    }
    const char *cr = memchr(text, '\r', (size_t)(*lf - text));
    if (cr && cr + 1 < *lf) return (size_t)(cr + 1 - text);
    return (size_t)(*lf - text) + (*lf < end);
}

static temoin_status feed(reader *r, struct csv_parser *parser, const char *text, size_t length)
{
    const char *end = text + length, *lf = NULL;
    while (text < end && !r->stopped && !tm_problems_full(r->ctx)) {
        size_t n = line_length(text, end, &lf);
        r->line++;
        TM_TRY(feed_line(r, parser, text, n));
        text += n;
    }
    if (text < end || r->stopped) return TEMOIN_OK;
    char label[TM_SHOWN_SIZE];
    if (csv_fini(parser, end_cell, end_record, r) != 0) {
        tm_problem(r->ctx,
                   "%s: line %lld, column %s: the quote opened here is never closed; close it, or write a quote that "
                   "belongs to the text twice (\"\")",
                   r->path, (long long)r->cell_line, column_shown(r, label));
        r->n_records++;
    }
    return r->status;
}

static int only_space(unsigned char c)
{
    return c == ' ';
}

temoin_status tm_cells_read(temoin_context *ctx, const char *path, const char *text, size_t length, char delimiter,
                            tm_cells *cells)
{
    reader r = {.ctx = ctx, .path = path, .delimiter = delimiter, .status = TEMOIN_OK};
    TM_TRY(make_room(&r, text, length));
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0) return tm_fail_memory(ctx);
    csv_set_delim(&parser, (unsigned char)delimiter);
    csv_set_blk_size(&parser, 1 << 16);
    if (delimiter == '\t') csv_set_space_func(&parser, only_space);
    temoin_status status = feed(&r, &parser, text, length);
    csv_free(&parser);
    TM_TRY(status);
    if (r.n_records == 0)
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: the file is empty; it needs a header line and at least one row", path);
    if (r.n_records == 1 && r.n_columns > 0 && !tm_problems_full(ctx))
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: found a header and no rows; it needs at least one row", path);
    *cells = (tm_cells){path, r.cell, r.cell + r.n_columns, r.row_line, r.n_rows, (int32_t)r.n_columns};
    return TEMOIN_OK;
}

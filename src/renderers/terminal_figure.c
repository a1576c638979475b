/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "renderers/terminal_figure.h"

#include <math.h>
#include <string.h>

#include "renderers/terminal_text.h"

enum { LINES = 13, LEAST_CANVAS = 20, MOST_CANVAS = 72, MOST_NAME = 28, GAP = 2 };

typedef struct canvas {
    tm_sink *sink;
    const tm_document *document;
    const tm_figure *figure;
    tm_scale across, upward;
    const char **cells; /* [height × width], NULL: blank */
    int width, height;
    int names, notes; /* columns beside it */
    int pending;      /* blanks, put only before something */
} canvas;

static void put_piece(canvas *c, const char *text, size_t length)
{
    if (!length) return;
    tm_put_repeated(c->sink, " ", c->pending);
    c->pending = 0;
    tm_put_plain(c->sink, text, length);
}

/* A text in so many columns, cut when it is longer. */
static void put_column(canvas *c, const char *text, int columns, bool right)
{
    const char *shortened = tm_display_shorten(c->sink->ctx, text, columns);
    if (!shortened) c->sink->out_of_memory = true;
    text = shortened ? shortened : "";
    const size_t length = strlen(text);
    const int blank = columns - tm_display_width(text, length);
    c->pending += right ? blank : 0;
    put_piece(c, text, length);
    c->pending += right ? 0 : blank;
}

static void end_line(canvas *c)
{
    c->pending = 0;
    tm_sink_put(c->sink, "\n");
}

static int column_of(const canvas *c, double x)
{
    return (int)floor(tm_scale_place(&c->across, x) * (c->width - 1) + 0.5);
}

static int line_of(const canvas *c, double y)
{
    if (c->figure->n_rows > 0) return (int)y;
    return (int)floor((1 - tm_scale_place(&c->upward, y)) * (c->height - 1) + 0.5);
}

static void set(const canvas *c, int line, int column, const char *piece)
{
    if (line >= 0 && line < c->height && column >= 0 && column < c->width) c->cells[line * c->width + column] = piece;
}

static void fill(const canvas *c, int first, int last, int from, int to, const char *piece)
{
    for (int line = first; line <= last; line++)
        for (int column = from; column <= to; column++) set(c, line, column, piece);
}

/* Linear between the points of a curve; NaN beyond them. */
static double interpolate(const tm_figure_mark *mark, const double *ys, double x)
{
    for (int i = 0; i + 1 < mark->n; i++)
        if (x >= mark->xs[i] && x <= mark->xs[i + 1] && mark->xs[i + 1] > mark->xs[i])
            return ys[i] + (ys[i + 1] - ys[i]) * (x - mark->xs[i]) / (mark->xs[i + 1] - mark->xs[i]);
    return NAN;
}

static void draw_curve(const canvas *c, const tm_figure_mark *mark)
{
    for (int column = 0; column < c->width; column++) {
        const double x = c->across.low + (c->across.high - c->across.low) * column / (c->width - 1);
        const double low = interpolate(mark, mark->lows, x);
        if (isnan(low)) continue;
        if (mark->kind == TM_MARK_CURVE)
            set(c, line_of(c, low), column, "─");
        else
            fill(c, line_of(c, interpolate(mark, mark->highs, x)), line_of(c, low), column, column, "▒");
    }
}

static void draw_interval(const canvas *c, const tm_figure_mark *mark)
{
    const int line = line_of(c, mark->y), from = column_of(c, mark->x), to = column_of(c, mark->x_end);
    fill(c, line, line, from, to, "─");
    set(c, line, from, mark->x < c->across.low ? "<" : "├");
    set(c, line, to, mark->x_end > c->across.high ? ">" : "┤");
}

static const char *piece_of(const tm_figure_mark *mark)
{
    static const char *const pieces[TM_N_MARK_KINDS] = {
        [TM_MARK_RANGE] = "░", [TM_MARK_BAND] = "▒",  [TM_MARK_UPRIGHT] = "│",
        [TM_MARK_LEVEL] = "╌", [TM_MARK_CURVE] = "─", [TM_MARK_SPAN] = "┊",
        [TM_MARK_RING] = "○",  [TM_MARK_POINT] = "●", [TM_MARK_INTERVAL] = "─",
    };
    return mark->dashed && mark->kind == TM_MARK_UPRIGHT ? "┊" : pieces[mark->kind];
}

static void draw(const canvas *c, const tm_figure_mark *mark)
{
    const bool part = c->figure->n_rows > 0 && mark->kind == TM_MARK_UPRIGHT && !isnan(mark->y);
    const int x = column_of(c, mark->x), last = c->height - 1;
    switch (mark->kind) {
    case TM_MARK_BAND:
    case TM_MARK_CURVE:
        draw_curve(c, mark);
        return;
    case TM_MARK_INTERVAL:
        draw_interval(c, mark);
        return;
    case TM_MARK_RANGE:
        fill(c, 0, last, x, column_of(c, mark->x_end), piece_of(mark));
        return;
    case TM_MARK_LEVEL:
        fill(c, line_of(c, mark->y), line_of(c, mark->y), 0, c->width - 1, piece_of(mark));
        return;
    case TM_MARK_UPRIGHT:
    case TM_MARK_SPAN:
        fill(c, part ? (int)mark->y : 0, part ? (int)mark->y_end : last, x, x, piece_of(mark));
        return;
    default:
        set(c, line_of(c, mark->y), x, piece_of(mark));
    }
}

static void put_cells(canvas *c, int line)
{
    for (int column = 0; column < c->width; column++) {
        const char *cell = c->cells[line * c->width + column];
        if (cell)
            put_piece(c, cell, strlen(cell));
        else
            c->pending++;
    }
}

static void put_rows(canvas *c)
{
    int line = 0;
    if (c->figure->notes_head[0]) {
        c->pending = c->names + GAP + c->width + GAP;
        put_column(c, c->figure->notes_head, c->notes, true);
        end_line(c);
    }
    for (const tm_figure_row *row = c->figure->rows; row; row = row->next, line++) {
        if (row->group) {
            tm_put_wrapped(c->sink, "", row->label, 0, c->names + GAP + c->width);
            continue;
        }
        put_column(c, row->label, c->names, true);
        c->pending += GAP;
        put_cells(c, line);
        c->pending += GAP;
        put_column(c, row->note, c->notes, true);
        end_line(c);
    }
}

/* The number of the tick on this line, "" without one. */
static const char *upward_tick(const canvas *c, int line, char text[TM_WRITTEN_SIZE])
{
    text[0] = '\0';
    for (int t = 0; t < c->upward.n_ticks; t++)
        if (line_of(c, tm_scale_tick(&c->upward, t)) == line)
            tm_write_number(c->document->language, tm_scale_tick(&c->upward, t), c->upward.decimals, text);
    return text;
}

static void put_numbers(canvas *c)
{
    char text[TM_WRITTEN_SIZE];
    tm_put_wrapped(c->sink, "", c->figure->upward.title, 0, c->names + GAP + c->width);
    for (int line = 0; line < c->height; line++) {
        put_column(c, upward_tick(c, line, text), c->names, true);
        c->pending += GAP;
        put_cells(c, line);
        end_line(c);
    }
}

/* The line under the marks, with ticks, and the numbers that do not touch each other. */
static void put_axis(canvas *c)
{
    char text[TM_WRITTEN_SIZE];
    c->pending = c->names + GAP;
    for (int column = 0; column < c->width; column++) {
        bool tick = false;
        for (int t = 0; t < c->across.n_ticks; t++) tick |= column_of(c, tm_scale_tick(&c->across, t)) == column;
        put_piece(c, tick ? "┴" : "─", strlen("─"));
    }
    end_line(c);
    int used = 0;
    for (int t = 0; t < c->across.n_ticks; t++) {
        tm_write_number(c->document->language, tm_scale_tick(&c->across, t), c->across.decimals, text);
        const int wide = tm_display_width(text, strlen(text));
        const int start = c->names + GAP + column_of(c, tm_scale_tick(&c->across, t)) - wide / 2;
        if (start < used + (used > 0) || start + wide > c->names + GAP + c->width + c->notes) continue;
        c->pending = start - used;
        put_piece(c, text, strlen(text));
        used = start + wide;
    }
    end_line(c);
}

static void put_words(const canvas *c, int width)
{
    const tm_figure *figure = c->figure;
    tm_put_wrapped(c->sink, "", figure->across.title, c->names + GAP, width);
    for (const tm_figure_key *key = figure->keys; key; key = key->next)
        tm_put_wrapped(c->sink, piece_of(&key->sample), key->text, GAP, width);
    for (const tm_figure_mark *mark = figure->marks; mark; mark = mark->next)
        if (mark->label) tm_put_wrapped(c->sink, piece_of(mark), mark->label, GAP, width);
}

static void find_widths(canvas *c, int width)
{
    char text[TM_WRITTEN_SIZE];
    for (const tm_figure_row *row = c->figure->rows; row; row = row->next) {
        const int name = row->group ? 0 : tm_display_width(row->label, strlen(row->label));
        const int note = tm_display_width(row->note, strlen(row->note));
        if (name > c->names) c->names = name;
        if (note > c->notes) c->notes = note;
    }
    for (int line = 0; c->figure->n_rows == 0 && line < c->height; line++) {
        const int tick = tm_display_width(upward_tick(c, line, text), strlen(text));
        if (tick > c->names) c->names = tick;
    }
    const int head = tm_display_width(c->figure->notes_head, strlen(c->figure->notes_head));
    if (head > c->notes) c->notes = head;
    if (c->names > MOST_NAME) c->names = MOST_NAME;
    c->width = width - c->names - GAP - (c->notes ? c->notes + GAP : 0);
    if (c->width > MOST_CANVAS) c->width = MOST_CANVAS;
}

temoin_status tm_put_terminal_figure(tm_sink *sink, const tm_document *document, const tm_figure *figure, int width)
{
    canvas c = {.sink = sink, .document = document, .figure = figure};
    c.across = tm_figure_scale(figure, false);
    c.upward = tm_figure_scale(figure, true);
    c.height = figure->n_rows > 0 ? figure->n_rows : LINES;
    find_widths(&c, width);
    tm_put_wrapped(sink, "", figure->caption, 0, width);
    if (c.width < LEAST_CANVAS) {
        tm_put_wrapped(sink, "", figure->description, 0, width);
        return TEMOIN_OK;
    }
    TM_ALLOC(document->ctx, c.cells, (int64_t)c.height * c.width);
    for (int kind = 0; kind < TM_N_MARK_KINDS; kind++)
        for (const tm_figure_mark *mark = figure->marks; mark; mark = mark->next)
            if ((int)mark->kind == kind) draw(&c, mark);
    if (figure->n_rows > 0)
        put_rows(&c);
    else
        put_numbers(&c);
    put_axis(&c);
    put_words(&c, width);
    if (figure->remark[0]) tm_put_wrapped(sink, "", figure->remark, 0, width);
    return TEMOIN_OK;
}

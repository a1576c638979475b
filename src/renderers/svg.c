/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "renderers/svg.h"

#include <string.h>

#include "base/number_text.h"
#include "renderers/markup.h"
#include "renderers/terminal_text.h"

/* Units of the view box; letters of the style are 13 high. */
enum {
    WIDTH = 640,
    PLOT_HEIGHT = 250, /* of two axes of numbers */
    ROW_HEIGHT = 22,
    GROUP_HEIGHT = 28,
    LEAST_LEFT = 64, /* room of the upward axis */
    MOST_LEFT = 215, /* of the rows' names */
    KEY_HEIGHT = 22,
    SAMPLE_WIDTH = 26,
    TICK = 5,
    TICK_TEXT = 19, /* below the axis, and its title */
    TITLE_TEXT = 40,
    FOOT = 48,
    MARGIN = 20, /* room of the last tick's number */
};
static const double letter = 7.6; /* the width of one in a wide font, on average */

double tm_text_width(const char *text)
{
    return letter * tm_display_width(text, strlen(text));
}

void tm_put_attribute(tm_sink *sink, const char *name, double value)
{
    char text[TM_NUMBER_TEXT_SIZE];
    tm_sink_printf(sink, " %s=\"%s\"", name, tm_number_fixed(value, 1, text));
}

void tm_put_stroke(tm_sink *sink, const char *class, double x1, double y1, double x2, double y2)
{
    tm_sink_printf(sink, "<line class=\"%s\"", class);
    tm_put_attribute(sink, "x1", x1);
    tm_put_attribute(sink, "y1", y1);
    tm_put_attribute(sink, "x2", x2);
    tm_put_attribute(sink, "y2", y2);
    tm_sink_put(sink, "/>\n");
}

static void put_cut(tm_sink *sink, const char *text, double room)
{
    const char *cut = tm_display_shorten(sink->ctx, text, (int)(room / letter));
    if (!cut) sink->out_of_memory = true;
    tm_put_markup(sink, cut ? cut : "");
}

static void put_text(tm_sink *sink, const char *class, const char *anchor, double x, double y, const char *text,
                     double room)
{
    if (!text[0]) return;
    tm_sink_printf(sink, "<text class=\"%s\" text-anchor=\"%s\"", class, anchor);
    tm_put_attribute(sink, "x", x);
    tm_put_attribute(sink, "y", y);
    tm_sink_put(sink, ">");
    put_cut(sink, text, room);
    tm_sink_put(sink, "</text>\n");
}

void tm_put_label(const tm_plot *plot, const char *class, double x, double y, double low, double high, const char *text)
{
    const double half = tm_text_width(text) / 2;
    if (x - half < low)
        put_text(plot->sink, class, "start", low, y, text, high - low);
    else if (x + half > high)
        put_text(plot->sink, class, "end", high, y, text, high - low);
    else
        put_text(plot->sink, class, "middle", x, y, text, high - low);
}

double tm_row_height(const tm_figure_row *row)
{
    return row->group ? GROUP_HEIGHT : ROW_HEIGHT;
}

double tm_plot_x(const tm_plot *plot, double x)
{
    return plot->left + tm_scale_place(&plot->across, x) * (plot->right - plot->left);
}

double tm_plot_y(const tm_plot *plot, double y)
{
    if (plot->figure->n_rows == 0) return plot->bottom - tm_scale_place(&plot->upward, y) * (plot->bottom - plot->top);
    double at = plot->top;
    int r = 0;
    for (const tm_figure_row *row = plot->figure->rows; row; row = row->next, r++) {
        if (r >= y) return at + tm_row_height(row) / 2;
        at += tm_row_height(row);
    }
    return at;
}

/* Keys stand side by side until there is no room; returns where they end. */
static double walk_keys(const tm_plot *plot, bool draw)
{
    double x = 0, y = plot->keys_top;
    for (const tm_figure_key *key = plot->figure->keys; key; key = key->next) {
        const double wide = SAMPLE_WIDTH + 8 + tm_text_width(key->text);
        if (x > 0 && x + wide > WIDTH) x = 0, y += KEY_HEIGHT;
        if (draw) {
            tm_put_sample(plot, &key->sample, x, y + KEY_HEIGHT / 2.0);
            put_text(plot->sink, "soft", "start", x + SAMPLE_WIDTH + 6, y + KEY_HEIGHT / 2.0 + 4.5, key->text,
                     WIDTH - SAMPLE_WIDTH - 6);
        }
        x += wide + 16;
    }
    return plot->figure->keys ? y + KEY_HEIGHT + 6 : y;
}

static void lay_out(tm_plot *plot)
{
    const tm_figure *figure = plot->figure;
    double names = 0, notes = tm_text_width(figure->notes_head), rows = 0, lanes = 0;
    for (const tm_figure_row *row = figure->rows; row; row = row->next) {
        if (!row->group && tm_text_width(row->label) > names) names = tm_text_width(row->label);
        if (tm_text_width(row->note) > notes) notes = tm_text_width(row->note);
        rows += tm_row_height(row);
    }
    for (const tm_figure_mark *mark = figure->marks; mark; mark = mark->next) lanes += tm_lane_height(mark);
    if (figure->n_rows > 0 && figure->notes_head[0] && lanes < KEY_HEIGHT) lanes = KEY_HEIGHT;
    plot->left = figure->n_rows == 0 ? LEAST_LEFT : names + 12 > MOST_LEFT ? MOST_LEFT : names + 12;
    plot->right = notes > 0 ? WIDTH - notes - 12 : WIDTH - MARGIN;
    plot->lanes_top = walk_keys(plot, false);
    plot->top = plot->lanes_top + lanes + 6;
    plot->bottom = plot->top + (figure->n_rows == 0 ? PLOT_HEIGHT : rows);
}

static const char *tick_text(const tm_plot *plot, const tm_scale *scale, int tick, char text[TM_WRITTEN_SIZE])
{
    return tm_write_number(plot->language, tm_scale_tick(scale, tick), scale->decimals, text);
}

/* Every second or third tick has its number where there is no room for all. */
static int tick_stride(const tm_plot *plot)
{
    char text[TM_WRITTEN_SIZE];
    const double apart = plot->across.step / (plot->across.high - plot->across.low) * (plot->right - plot->left);
    double widest = 0;
    for (int t = 0; t < plot->across.n_ticks; t++) {
        const double wide = tm_text_width(tick_text(plot, &plot->across, t, text)) + 8;
        if (wide > widest) widest = wide;
    }
    int stride = 1;
    while (stride < plot->across.n_ticks && stride * apart < widest) stride++;
    return stride;
}

static void put_across_axis(const tm_plot *plot)
{
    char text[TM_WRITTEN_SIZE];
    const int stride = tick_stride(plot);
    for (int t = 0; t < plot->across.n_ticks; t++) {
        const double x = tm_plot_x(plot, tm_scale_tick(&plot->across, t));
        if (plot->figure->n_rows > 0) tm_put_stroke(plot->sink, "grid", x, plot->top, x, plot->bottom);
        tm_put_stroke(plot->sink, "axis", x, plot->bottom, x, plot->bottom + TICK);
        if ((plot->across.first + t) % stride == 0)
            put_text(plot->sink, "tick", "middle", x, plot->bottom + TICK_TEXT, tick_text(plot, &plot->across, t, text),
                     WIDTH);
    }
    tm_put_stroke(plot->sink, "axis", plot->left, plot->bottom, plot->right, plot->bottom);
    tm_put_label(plot, "soft", (plot->left + plot->right) / 2, plot->bottom + TITLE_TEXT, 0, WIDTH,
                 plot->figure->across.title);
}

static void put_upward_axis(const tm_plot *plot)
{
    char text[TM_WRITTEN_SIZE];
    for (int t = 0; t < plot->upward.n_ticks; t++) {
        const double y = tm_plot_y(plot, tm_scale_tick(&plot->upward, t));
        tm_put_stroke(plot->sink, "grid", plot->left, y, plot->right, y);
        put_text(plot->sink, "tick", "end", plot->left - 8, y + 4.5, tick_text(plot, &plot->upward, t, text), WIDTH);
    }
    const double middle = (plot->top + plot->bottom) / 2;
    tm_sink_put(plot->sink, "<text class=\"soft\" text-anchor=\"middle\" transform=\"rotate(-90)\"");
    tm_put_attribute(plot->sink, "x", -middle);
    tm_put_attribute(plot->sink, "y", 12);
    tm_sink_put(plot->sink, ">");
    put_cut(plot->sink, plot->figure->upward.title, plot->bottom - plot->top + 40);
    tm_sink_put(plot->sink, "</text>\n");
}

static void put_rows(const tm_plot *plot)
{
    int r = 0;
    for (const tm_figure_row *row = plot->figure->rows; row; row = row->next, r++) {
        const double y = tm_plot_y(plot, r) + 4.5;
        const char *class = row->group ? "head halo" : row->strong ? "strong" : "name";
        if (row->group)
            put_text(plot->sink, class, "start", 0, y + 1, row->label, WIDTH);
        else
            put_text(plot->sink, class, "end", plot->left - 8, y, row->label, plot->left - 8);
        put_text(plot->sink, row->strong ? "strong" : "soft", "end", WIDTH, y, row->note, WIDTH - plot->right);
    }
    put_text(plot->sink, "soft", "end", WIDTH, plot->top - 8, plot->figure->notes_head, WIDTH);
}

/* Labels come last, so that no line crosses them. */
static void put_marks(const tm_plot *plot)
{
    for (int kind = 0; kind <= TM_N_MARK_KINDS; kind++) {
        double lane = plot->lanes_top;
        for (const tm_figure_mark *mark = plot->figure->marks; mark; mark = mark->next) {
            if ((int)mark->kind == kind) tm_put_mark(plot, mark, lane);
            if (kind == TM_N_MARK_KINDS && mark->label) tm_put_head(plot, mark, lane);
            lane += tm_lane_height(mark);
        }
    }
}

static void put_words(const tm_plot *plot, int number)
{
    tm_sink_printf(plot->sink, "<title id=\"f%d-title\">", number);
    tm_put_markup(plot->sink, plot->figure->caption);
    tm_sink_printf(plot->sink, "</title>\n<desc id=\"f%d-desc\">", number);
    tm_put_markup(plot->sink, plot->figure->description);
    tm_sink_put(plot->sink, "</desc>\n");
}

void tm_put_svg(tm_sink *sink, const tm_document *document, const tm_figure *figure, int number)
{
    tm_plot plot = {.sink = sink, .figure = figure, .language = document->language};
    plot.across = tm_figure_scale(figure, false);
    plot.upward = tm_figure_scale(figure, true);
    lay_out(&plot);
    tm_sink_printf(sink, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"f%d-title\"", WIDTH,
                   (int)(plot.bottom + FOOT), number);
    tm_sink_printf(sink, " aria-describedby=\"f%d-desc\">\n", number);
    put_words(&plot, number);
    put_across_axis(&plot);
    if (figure->n_rows == 0) put_upward_axis(&plot);
    put_marks(&plot);
    put_rows(&plot);
    walk_keys(&plot, true);
    tm_sink_put(sink, "</svg>\n");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marks of a figure, one function per kind. */
#include <math.h>

#include "base/number_text.h"
#include "renderers/svg.h"

enum { LANE = 21, LANE_WITH_SPAN = 34 };
static const double radius = 4.2, cap = 4;

static const char *const tone_names[] = {
    [TM_TONE_INK] = "ink", [TM_TONE_ACCENT] = "accent", [TM_TONE_WARM] = "warm", [TM_TONE_SOFT] = "pale"};

double tm_lane_height(const tm_figure_mark *mark)
{
    if (!mark->label) return 0;
    return mark->kind == TM_MARK_SPAN ? LANE_WITH_SPAN : LANE;
}

static const char *line_class(const tm_plot *plot, const tm_figure_mark *mark)
{
    const char *class = tm_text(plot->sink->ctx, "%s%s", tone_names[mark->tone], mark->dashed ? " dashed" : "");
    if (!class) plot->sink->out_of_memory = true;
    return class ? class : "";
}

static void put_area(const tm_plot *plot, const tm_figure_mark *mark, double x1, double y1, double x2, double y2)
{
    tm_sink_printf(plot->sink, "<rect class=\"%s area\"", tone_names[mark->tone]);
    tm_put_attribute(plot->sink, "x", x1);
    tm_put_attribute(plot->sink, "y", y1);
    tm_put_attribute(plot->sink, "width", x2 - x1);
    tm_put_attribute(plot->sink, "height", y2 - y1);
    tm_sink_put(plot->sink, "/>\n");
}

static void put_circle(const tm_plot *plot, const tm_figure_mark *mark, double x, double y)
{
    tm_sink_printf(plot->sink, "<circle class=\"%s %s\"", tone_names[mark->tone],
                   mark->kind == TM_MARK_RING ? "ring" : "point");
    tm_put_attribute(plot->sink, "cx", x);
    tm_put_attribute(plot->sink, "cy", y);
    tm_put_attribute(plot->sink, "r", radius);
    tm_sink_put(plot->sink, "/>\n");
}

static void put_place(const tm_plot *plot, double x, double y)
{
    char text[TM_NUMBER_TEXT_SIZE];
    tm_sink_printf(plot->sink, " %s", tm_number_fixed(tm_plot_x(plot, x), 1, text));
    tm_sink_printf(plot->sink, ",%s", tm_number_fixed(tm_plot_y(plot, y), 1, text));
}

static void put_band(const tm_plot *plot, const tm_figure_mark *mark)
{
    tm_sink_printf(plot->sink, "<polygon class=\"%s area\" points=\"", tone_names[mark->tone]);
    for (int i = 0; i < mark->n; i++) put_place(plot, mark->xs[i], mark->highs[i]);
    for (int i = mark->n - 1; i >= 0; i--) put_place(plot, mark->xs[i], mark->lows[i]);
    tm_sink_put(plot->sink, "\"/>\n");
}

static void put_curve(const tm_plot *plot, const tm_figure_mark *mark)
{
    tm_sink_printf(plot->sink, "<polyline class=\"%s\" points=\"", line_class(plot, mark));
    for (int i = 0; i < mark->n; i++) put_place(plot, mark->xs[i], mark->lows[i]);
    tm_sink_put(plot->sink, "\"/>\n");
}

/* A bar at the end of an interval; an arrow where it goes on. */
static void put_end(const tm_plot *plot, const tm_figure_mark *mark, double end, double y)
{
    const char *class = tone_names[mark->tone];
    const double x = tm_plot_x(plot, end);
    const bool open = end < plot->across.low || end > plot->across.high;
    if (!open) {
        tm_put_stroke(plot->sink, class, x, y - cap, x, y + cap);
        return;
    }
    const double back = end < plot->across.low ? cap + 1 : -cap - 1;
    tm_put_stroke(plot->sink, class, x, y, x + back, y - cap);
    tm_put_stroke(plot->sink, class, x, y, x + back, y + cap);
}

static void put_interval(const tm_plot *plot, const tm_figure_mark *mark, double low, double high, double y)
{
    tm_put_stroke(plot->sink, tone_names[mark->tone], tm_plot_x(plot, low), y, tm_plot_x(plot, high), y);
    put_end(plot, mark, low, y);
    put_end(plot, mark, high, y);
}

static void put_upright(const tm_plot *plot, const tm_figure_mark *mark, double lane)
{
    const double x = tm_plot_x(plot, mark->x);
    double top = plot->top, bottom = plot->bottom;
    if (plot->figure->n_rows > 0 && !isnan(mark->y)) {
        top = tm_plot_y(plot, mark->y) - LANE / 2.0;
        bottom = tm_plot_y(plot, mark->y_end) + LANE / 2.0;
    }
    if (mark->label) top = lane + LANE - 3;
    tm_put_stroke(plot->sink, line_class(plot, mark), x, top, x, bottom);
}

static void put_span(const tm_plot *plot, const tm_figure_mark *mark, double lane)
{
    const double y = lane + LANE + 4;
    if (!isnan(mark->x_low) && !isnan(mark->x_end)) put_interval(plot, mark, mark->x_low, mark->x_end, y);
    tm_put_stroke(plot->sink, line_class(plot, mark), tm_plot_x(plot, mark->x), y, tm_plot_x(plot, mark->x),
                  plot->bottom);
    put_circle(plot, mark, tm_plot_x(plot, mark->x), y);
}

void tm_put_head(const tm_plot *plot, const tm_figure_mark *mark, double lane)
{
    const double x = mark->kind == TM_MARK_RANGE ? (tm_plot_x(plot, mark->x) + tm_plot_x(plot, mark->x_end)) / 2
                                                 : tm_plot_x(plot, mark->x);
    tm_put_label(plot, "halo", x, lane + 14, plot->left, plot->right, mark->label);
}

void tm_put_mark(const tm_plot *plot, const tm_figure_mark *mark, double lane)
{
    switch (mark->kind) {
    case TM_MARK_RANGE:
        put_area(plot, mark, tm_plot_x(plot, mark->x), mark->label ? lane + LANE - 3 : plot->top,
                 tm_plot_x(plot, mark->x_end), plot->bottom);
        break;
    case TM_MARK_BAND:
        put_band(plot, mark);
        break;
    case TM_MARK_UPRIGHT:
        put_upright(plot, mark, lane);
        break;
    case TM_MARK_LEVEL:
        tm_put_stroke(plot->sink, line_class(plot, mark), plot->left, tm_plot_y(plot, mark->y), plot->right,
                      tm_plot_y(plot, mark->y));
        break;
    case TM_MARK_CURVE:
        put_curve(plot, mark);
        break;
    case TM_MARK_SPAN:
        put_span(plot, mark, lane);
        break;
    case TM_MARK_INTERVAL:
        put_interval(plot, mark, mark->x, mark->x_end, tm_plot_y(plot, mark->y));
        break;
    case TM_MARK_RING:
    case TM_MARK_POINT:
        put_circle(plot, mark, tm_plot_x(plot, mark->x), tm_plot_y(plot, mark->y));
        break;
    case TM_N_MARK_KINDS:
        break;
    }
}

void tm_put_sample(const tm_plot *plot, const tm_figure_mark *sample, double x, double y)
{
    const double middle = x + 13, end = x + 26;
    switch (sample->kind) {
    case TM_MARK_RANGE:
    case TM_MARK_BAND:
        put_area(plot, sample, x, y - 6, end, y + 6);
        break;
    case TM_MARK_UPRIGHT:
        tm_put_stroke(plot->sink, line_class(plot, sample), middle, y - 9, middle, y + 9);
        break;
    case TM_MARK_LEVEL:
    case TM_MARK_CURVE:
        tm_put_stroke(plot->sink, line_class(plot, sample), x, y, end, y);
        break;
    case TM_MARK_RING:
        put_circle(plot, sample, middle, y);
        break;
    default: /* a point with its interval */
        tm_put_stroke(plot->sink, tone_names[sample->tone], x + 1, y, end - 1, y);
        tm_put_stroke(plot->sink, tone_names[sample->tone], x + 1, y - cap, x + 1, y + cap);
        tm_put_stroke(plot->sink, tone_names[sample->tone], end - 1, y - cap, end - 1, y + cap);
        put_circle(plot, sample, middle, y);
        break;
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A figure as SVG inside an HTML page: its colours and its font are those of the page's style. */
#ifndef TM_SVG_H
#define TM_SVG_H

#include "base/sink.h"
#include "document/figure.h"

/* `number` tells the figures of a page apart. */
void tm_put_svg(tm_sink *sink, const tm_document *document, const tm_figure *figure, int number);

/* A figure being drawn: where things are, in the units of the view box. */
typedef struct tm_plot {
    tm_sink *sink;
    const tm_figure *figure;
    tm_language language;
    double left, right, top, bottom; /* what the axes frame */
    double keys_top, lanes_top;
    tm_scale across, upward;
} tm_plot;

double tm_plot_x(const tm_plot *plot, double x);
/* Of a row its middle. */
double tm_plot_y(const tm_plot *plot, double y);
double tm_row_height(const tm_figure_row *row);
double tm_text_width(const char *text);

/* name="1.5", one decimal. */
void tm_put_attribute(tm_sink *sink, const char *name, double value);
void tm_put_stroke(tm_sink *sink, const char *class, double x1, double y1, double x2, double y2);
/* A text at x that stays between `low` and `high`; what does not fit is cut. */
void tm_put_label(const tm_plot *plot, const char *class, double x, double y, double low, double high,
                  const char *text);

/* Height of the lane over the axes in which the mark's label stands; 0: it has none. */
double tm_lane_height(const tm_figure_mark *mark);
void tm_put_mark(const tm_plot *plot, const tm_figure_mark *mark, double lane);
/* The mark's label, in its lane. */
void tm_put_head(const tm_plot *plot, const tm_figure_mark *mark, double lane);
/* The sample of a key, 26 wide. */
void tm_put_sample(const tm_plot *plot, const tm_figure_mark *sample, double x, double y);

#endif

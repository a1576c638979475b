/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A figure as data: what is marked where, in the units of its axes. Renderers decide how it looks; ranges and ticks are
 * found here, so that every renderer shows the same.
 *
 * The axis across is of numbers. Upwards there is either a second axis of numbers, or there are rows, one below the
 * other, each with its name: then a mark's y is the row that `tm_figure_add_row` returned. */
#ifndef TM_FIGURE_H
#define TM_FIGURE_H

#include "document/document.h"

/* In the order in which they are painted. */
typedef enum tm_mark_kind {
    TM_MARK_RANGE,    /* everything from x to x_end */
    TM_MARK_BAND,     /* from lows to highs, over xs */
    TM_MARK_UPRIGHT,  /* a line at x; of rows, from y to y_end, NaN: all */
    TM_MARK_LEVEL,    /* a line at y */
    TM_MARK_CURVE,    /* lows, over xs */
    TM_MARK_SPAN,     /* x with an interval from x_low to x_end, beside what is drawn */
    TM_MARK_INTERVAL, /* from x to x_end at y; an infinite end is open */
    TM_MARK_RING,     /* a second reading, at x and y */
    TM_MARK_POINT,
    TM_N_MARK_KINDS,
} tm_mark_kind;

/* Told apart by lightness too. */
typedef enum tm_tone { TM_TONE_INK, TM_TONE_ACCENT, TM_TONE_WARM, TM_TONE_SOFT } tm_tone;

typedef struct tm_figure_mark {
    tm_mark_kind kind;
    tm_tone tone;
    bool dashed;
    double x, x_low, x_end, y, y_end;
    const double *xs, *lows, *highs; /* [n], xs rising */
    int n;
    const char *label; /* of a range, an upright or a span: stands at its head; NULL: none */
    struct tm_figure_mark *next;
} tm_figure_mark;

typedef struct tm_figure_row {
    const char *label;
    const char *note; /* at the end of the row; "" when none */
    bool group;       /* heads the rows behind it; nothing is marked in it */
    bool strong;
    struct tm_figure_row *next;
} tm_figure_row;

/* What a mark means: a sample of it and its name. */
typedef struct tm_figure_key {
    tm_figure_mark sample;
    const char *text;
    struct tm_figure_key *next;
} tm_figure_key;

typedef struct tm_axis {
    const char *title;
    double low, high; /* where the axis ends, whatever lies beyond; NaN: where the marks do */
} tm_axis;

struct tm_figure {
    const char *caption;
    const char *description; /* in place of the figure, for those who do not see it */
    const char *remark;      /* how to read it; "" when none */
    const char *notes_head;  /* over the rows' notes */
    tm_axis across, upward;
    tm_figure_row *rows, *last_row;
    int n_rows; /* 0: upwards are numbers */
    tm_figure_mark *marks, *last_mark;
    tm_figure_key *keys;
};

/* The texts of a figure, all in one. */
typedef struct tm_figure_words {
    const char *caption, *description, *remark, *across, *upward, *notes_head;
} tm_figure_words;

/* NULL when memory is out; all others accept that. */
tm_figure *tm_document_add_figure(tm_document *document, const tm_figure_words *words);
/* Returns the row's number, for marks in it. */
int tm_figure_add_row(tm_document *document, tm_figure *figure, const tm_figure_row *row);
void tm_figure_add_mark(tm_document *document, tm_figure *figure, const tm_figure_mark *mark);
void tm_figure_add_key(tm_document *document, tm_figure *figure, const tm_figure_mark *sample, const char *text);

/* An axis with its ticks at step × (first, first + 1, …): at most eight, in steps of 1, 2 or 5 times a power of ten. */
typedef struct tm_scale {
    double low, high;
    double step;
    int64_t first;
    int n_ticks;
    int decimals; /* that ticks need */
} tm_scale;

tm_scale tm_figure_scale(const tm_figure *figure, bool upward);
double tm_scale_tick(const tm_scale *scale, int tick);
/* Where x lies between the ends: 0 to 1, beyond them the end. */
double tm_scale_place(const tm_scale *scale, double x);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "document/figure.h"

#include <math.h>
#include <stdlib.h>

/* Ticks at most; the part of the range that stays free beyond the outermost marks. */
enum { MOST_TICKS = 7 };
static const double margin = 0.04;

tm_figure *tm_document_add_figure(tm_document *document, const tm_figure_words *words)
{
    tm_figure *figure = tm_document_take(document, 1, sizeof *figure);
    tm_node *node = figure ? tm_document_add_node(document, TM_NODE_FIGURE, "") : NULL;
    if (!node) return NULL;
    figure->caption = tm_document_text(document, words->caption);
    figure->description = tm_document_text(document, words->description);
    figure->remark = tm_document_text(document, words->remark);
    figure->notes_head = tm_document_text(document, words->notes_head);
    figure->across = (tm_axis){tm_document_text(document, words->across), NAN, NAN};
    figure->upward = (tm_axis){tm_document_text(document, words->upward), NAN, NAN};
    return node->figure = figure;
}

int tm_figure_add_row(tm_document *document, tm_figure *figure, const tm_figure_row *row)
{
    tm_figure_row *copy = figure ? tm_document_take(document, 1, sizeof *copy) : NULL;
    if (!copy) return 0;
    *copy = *row;
    copy->label = tm_document_text(document, row->label);
    copy->note = tm_document_text(document, row->note);
    copy->next = NULL;
    if (figure->last_row)
        figure->last_row->next = copy;
    else
        figure->rows = copy;
    figure->last_row = copy;
    return figure->n_rows++;
}

void tm_figure_add_mark(tm_document *document, tm_figure *figure, const tm_figure_mark *mark)
{
    tm_figure_mark *copy = figure ? tm_document_take(document, 1, sizeof *copy) : NULL;
    if (!copy) return;
    *copy = *mark;
    copy->label = mark->label ? tm_document_text(document, mark->label) : NULL;
    copy->next = NULL;
    if (figure->last_mark)
        figure->last_mark->next = copy;
    else
        figure->marks = copy;
    figure->last_mark = copy;
}

void tm_figure_add_key(tm_document *document, tm_figure *figure, const tm_figure_mark *sample, const char *text)
{
    tm_figure_key *key = figure ? tm_document_take(document, 1, sizeof *key) : NULL;
    if (!key) return;
    *key = (tm_figure_key){*sample, tm_document_text(document, text), NULL};
    tm_figure_key **end = &figure->keys;
    while (*end) end = &(*end)->next;
    *end = key;
}

typedef struct extent {
    double low, high;
} extent;

static void cover(extent *e, double x)
{
    if (!isfinite(x)) return;
    if (!(x >= e->low)) e->low = x;
    if (!(x <= e->high)) e->high = x;
}

static void cover_all(extent *e, const double *xs, int n)
{
    for (int i = 0; xs && i < n; i++) cover(e, xs[i]);
}

static void cover_across(extent *e, const tm_figure_mark *mark)
{
    cover_all(e, mark->xs, mark->n);
    switch (mark->kind) {
    case TM_MARK_BAND:
    case TM_MARK_CURVE:
    case TM_MARK_LEVEL:
        return;
    case TM_MARK_SPAN:
        cover(e, mark->x_low);
        cover(e, mark->x_end);
        break;
    case TM_MARK_RANGE:
    case TM_MARK_INTERVAL:
        cover(e, mark->x_end);
        break;
    default:
        break;
    }
    cover(e, mark->x);
}

static void cover_upward(extent *e, const tm_figure_mark *mark)
{
    if (mark->kind == TM_MARK_BAND || mark->kind == TM_MARK_CURVE) cover_all(e, mark->lows, mark->n);
    if (mark->kind == TM_MARK_BAND) cover_all(e, mark->highs, mark->n);
    if (mark->kind == TM_MARK_LEVEL || mark->kind >= TM_MARK_INTERVAL) cover(e, mark->y);
}

/* What the axis shows: where it must end, it does; where not, a little beyond the marks. Never nothing. */
static extent find_extent(const tm_figure *figure, bool upward)
{
    const tm_axis *axis = upward ? &figure->upward : &figure->across;
    extent e = {NAN, NAN};
    for (const tm_figure_mark *mark = figure->marks; mark; mark = mark->next)
        upward ? cover_upward(&e, mark) : cover_across(&e, mark);
    if (isnan(e.low)) e = (extent){isnan(axis->low) ? 0 : axis->low, isnan(axis->high) ? 1 : axis->high};
    const double free = margin * (e.high - e.low);
    e.low = isnan(axis->low) ? e.low - free : axis->low;
    e.high = isnan(axis->high) ? e.high + free : axis->high;
    if (e.high > e.low) return e;
    const double half = fabs(e.low) > 1e-3 ? fabs(e.low) / 2 : 0.5;
    return (extent){e.low - half, e.low + half};
}

/* Steps are told by a whole number and a power of ten, so that ticks are the doubles that their decimals read as. */
static double step_of(int leading, int power)
{
    double ten = 1;
    for (int i = 0; i < abs(power); i++) ten *= 10;
    return power < 0 ? leading / ten : leading * ten;
}

tm_scale tm_figure_scale(const tm_figure *figure, bool upward)
{
    static const int leading[] = {1, 2, 5};
    const extent e = find_extent(figure, upward);
    tm_scale scale = {.low = e.low, .high = e.high};
    int power = -12, l = 0;
    while ((e.high - e.low) / step_of(leading[l], power) > MOST_TICKS && power < 300) {
        l = (l + 1) % 3;
        power += l == 0;
    }
    scale.step = step_of(leading[l], power);
    scale.decimals = power < 0 ? -power : 0;
    scale.first = (int64_t)ceil(e.low / scale.step - 1e-9);
    const double n_ticks = floor(e.high / scale.step + 1e-9) - (double)scale.first + 1;
    scale.n_ticks = (int)fmin(fmax(n_ticks, 0), MOST_TICKS + 1);
    return scale;
}

double tm_scale_tick(const tm_scale *scale, int tick)
{
    return (double)(scale->first + tick) * scale->step;
}

double tm_scale_place(const tm_scale *scale, double x)
{
    const double place = (x - scale->low) / (scale->high - scale->low);
    return place > 1 ? 1 : place > 0 ? place : 0;
}

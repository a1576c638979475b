/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "renderers/terminal_table.h"

#include <string.h>

#include "renderers/terminal_text.h"

enum { INDENT = 2, MOST_WORD = 24, MARK_INDENT = 4 };

typedef struct layout {
    tm_sink *sink;
    const tm_document *document;
    const tm_table *table;
    const char **text; /* one row's texts, [n_columns] */
    int *width;        /* [n_columns] */
    int screen;
    int gap; /* blanks between columns */
    bool grouped;
} layout;

/* "12.5 [a]": the cell with the marks of its footnotes. */
static const char *text_with_marks(const layout *l, const tm_table_cell *cell)
{
    temoin_context *ctx = l->document->ctx;
    const char *text = tm_cell_write(ctx, l->document->language, cell);
    if (!text || !cell->references) return text;
    char mark[TM_FOOTNOTE_MARK_SIZE];
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, text);
    for (const tm_reference *r = cell->references; r; r = r->next)
        tm_sink_printf(&sink, "%s%s", r == cell->references ? "\u00a0[" : ",", tm_footnote_mark(r->footnote, mark));
    tm_sink_put(&sink, "]");
    return sink.out_of_memory ? NULL : sink.text;
}

static temoin_status write_row(const layout *l, const tm_table_row *row)
{
    for (int c = 0; c < l->table->n_columns; c++) {
        l->text[c] = text_with_marks(l, &row->cells[c]);
        if (!l->text[c]) return tm_fail_memory(l->document->ctx);
    }
    return TEMOIN_OK;
}

static int longest_word(const char *text)
{
    int longest = 0;
    while (*text) {
        const size_t length = strcspn(text, " ");
        const int width = tm_display_width(text, length);
        if (width > longest) longest = width;
        text += length;
        text += strspn(text, " ");
    }
    return longest;
}

static int total_width(const layout *l)
{
    int total = l->gap * (l->table->n_columns - 1);
    for (int c = 0; c < l->table->n_columns; c++) total += l->width[c];
    return total;
}

static int count_lines(const char *text, int width)
{
    int lines = 0;
    size_t length;
    for (const char *at = text; lines == 0 || *at; lines++) at = tm_wrap_line(at, width, &length);
    return lines;
}

/* Room for the heads: their longest word, or as much as keeps them to two lines; and for what stands over them. */
static void find_head_widths(layout *l, bool generous)
{
    const tm_table *table = l->table;
    for (int c = 0; c < table->n_columns; c++) {
        l->width[c] = longest_word(table->columns[c].head);
        while (generous && count_lines(table->columns[c].head, l->width[c]) > 2) l->width[c]++;
    }
}

static int span_width(const layout *l, int column, int span)
{
    int width = l->gap * (span - 1);
    for (int c = column; c < column + span; c++) width += l->width[c];
    return width;
}

static void widen_spans(layout *l)
{
    for (int c = 0, span; c < l->table->n_columns; c += span) {
        const char *over = l->table->columns[c].over;
        span = tm_table_span(l->table, c);
        const int lacking = over ? tm_display_width(over, strlen(over)) - span_width(l, c, span) : 0;
        for (int i = 0; i < lacking; i++) l->width[c + i % span]++;
    }
}

/* Numbers never wrap; their heads do, at blanks. Then the widest text column gives way until the table fits. */
static temoin_status find_cell_widths(layout *l, int *least)
{
    for (const tm_table_row *row = l->table->rows; row; row = row->next) {
        if (row->group) continue;
        TM_TRY(write_row(l, row));
        for (int c = 0; c < l->table->n_columns; c++) {
            const int inset = c == 0 && l->grouped ? INDENT : 0;
            const int width = tm_display_width(l->text[c], strlen(l->text[c])) + inset;
            const int word = longest_word(l->text[c]) + inset;
            if (width > l->width[c]) l->width[c] = width;
            if (word > least[c]) least[c] = word < MOST_WORD ? word : MOST_WORD;
        }
    }
    return TEMOIN_OK;
}

static temoin_status find_widths(layout *l, bool generous)
{
    const tm_table *table = l->table;
    int *least;
    TM_ALLOC(l->document->ctx, least, table->n_columns);
    for (int c = 0; c < table->n_columns; c++) least[c] = longest_word(table->columns[c].head);
    find_head_widths(l, generous);
    TM_TRY(find_cell_widths(l, least));
    widen_spans(l);
    while (total_width(l) > l->screen) {
        int widest = -1;
        for (int c = 0; c < table->n_columns; c++)
            if (!table->columns[c].number && l->width[c] > least[c] && (widest < 0 || l->width[c] > l->width[widest]))
                widest = c;
        if (widest < 0) break;
        l->width[widest]--;
    }
    return TEMOIN_OK;
}

/* One screen line of every cell; false when all cells have come to their end. `text` moves on. */
static bool put_line(const layout *l, int indent)
{
    bool more = false;
    int pending = 0; /* blanks are put only before something */
    for (int c = 0; c < l->table->n_columns; c++) {
        const int inset = c == 0 ? indent : 0, room = l->width[c] - inset;
        size_t length = 0;
        const char *line = l->text[c], *next = tm_wrap_line(line, room, &length);
        const int used = tm_display_width(line, length);
        const int before = inset + (l->table->columns[c].number ? room - used : 0);
        if (length) {
            tm_put_repeated(l->sink, " ", pending + before);
            tm_put_plain(l->sink, line, length);
            pending = l->width[c] - before - used + l->gap;
        } else {
            pending += l->width[c] + l->gap;
        }
        l->text[c] = next;
        more |= *next != '\0';
    }
    tm_sink_put(l->sink, "\n");
    return more;
}

static void put_rule(const layout *l, const char *piece)
{
    tm_put_repeated(l->sink, piece, total_width(l));
    tm_sink_put(l->sink, "\n");
}

static void put_overs(const layout *l)
{
    bool any = false;
    for (int c = 0; c < l->table->n_columns; c++) any |= l->table->columns[c].over != NULL;
    int pending = 0;
    for (int c = 0, span; any && c < l->table->n_columns; c += span) {
        span = tm_table_span(l->table, c);
        const char *over = l->table->columns[c].over ? l->table->columns[c].over : "";
        const int room = span_width(l, c, span), used = tm_display_width(over, strlen(over));
        const int before = (room - used + 1) / 2;
        if (used) tm_put_repeated(l->sink, " ", pending + before);
        tm_put_plain(l->sink, over, strlen(over));
        pending = (used ? room - before - used : pending + room) + l->gap;
    }
    if (any) tm_sink_put(l->sink, "\n");
}

/* Heads stand on the line that separates them from the rows: shorter ones are filled up above. */
static temoin_status put_heads(const layout *l)
{
    int most = 1;
    for (int pass = 0; pass < 2; pass++) {
        for (int c = 0; c < l->table->n_columns; c++) {
            const char *head = l->table->columns[c].head;
            const int lines = count_lines(head, l->width[c]);
            if (pass == 0 && lines > most) most = lines;
            if (pass == 0) continue;
            tm_sink filled;
            tm_sink_init(&filled, l->document->ctx);
            tm_put_repeated(&filled, "\n", most - lines);
            tm_sink_put(&filled, head);
            TM_TRY(tm_sink_finish(&filled));
            l->text[c] = filled.text;
        }
    }
    while (put_line(l, 0)) {
    }
    return TEMOIN_OK;
}

static temoin_status put_grid(const layout *l)
{
    put_rule(l, "━");
    put_overs(l);
    TM_TRY(put_heads(l));
    put_rule(l, "─");
    for (const tm_table_row *row = l->table->rows; row; row = row->next) {
        if (row->group) {
            tm_put_wrapped(l->sink, "", row->group, 0, total_width(l));
            continue;
        }
        TM_TRY(write_row(l, row));
        while (put_line(l, l->grouped ? INDENT : 0)) {
        }
    }
    put_rule(l, "━");
    return TEMOIN_OK;
}

/* For screens too narrow for the table. */
static temoin_status put_lists(const layout *l)
{
    for (const tm_table_row *row = l->table->rows; row; row = row->next) {
        if (row->group) {
            tm_put_wrapped(l->sink, "", row->group, 0, l->screen);
            continue;
        }
        TM_TRY(write_row(l, row));
        tm_put_wrapped(l->sink, "", l->text[0], 0, l->screen);
        for (int c = 1; c < l->table->n_columns; c++) {
            const tm_column *column = &l->table->columns[c];
            const char *line = tm_text(l->document->ctx, "%s%s%s: %s", column->over ? column->over : "",
                                       column->over ? ", " : "", column->head, l->text[c]);
            if (!line) return tm_fail_memory(l->document->ctx);
            if (l->text[c][0]) tm_put_wrapped(l->sink, "", line, INDENT, l->screen);
        }
    }
    return TEMOIN_OK;
}

static void put_notes(const layout *l)
{
    int f = 0;
    char mark[TM_FOOTNOTE_MARK_SIZE], bracketed[TM_FOOTNOTE_MARK_SIZE + 2];
    for (const tm_footnote *footnote = l->table->footnotes; footnote; footnote = footnote->next) {
        tm_footnote_mark(f++, mark);
        strcpy(stpcpy(stpcpy(bracketed, "["), mark), "]");
        tm_put_wrapped(l->sink, bracketed, footnote->text, MARK_INDENT, l->screen);
    }
    for (const tm_footnote *remark = l->table->remarks; remark; remark = remark->next)
        tm_put_wrapped(l->sink, "", remark->text, 0, l->screen);
}

temoin_status tm_put_terminal_table(tm_sink *sink, const tm_document *document, const tm_table *table, int width)
{
    layout l = {.sink = sink, .document = document, .table = table, .screen = width};
    temoin_context *ctx = document->ctx;
    TM_ALLOC(ctx, l.text, table->n_columns);
    TM_ALLOC(ctx, l.width, table->n_columns);
    for (const tm_table_row *row = table->rows; row; row = row->next) l.grouped |= row->group != NULL;
    for (int attempt = 0; attempt < 3; attempt++) {
        l.gap = attempt < 2 ? 2 : 1;
        TM_TRY(find_widths(&l, attempt == 0));
        if (total_width(&l) <= width) break;
    }
    tm_put_wrapped(sink, "", table->caption, 0, width);
    if (total_width(&l) <= width)
        TM_TRY(put_grid(&l));
    else
        TM_TRY(put_lists(&l));
    put_notes(&l);
    return TEMOIN_OK;
}

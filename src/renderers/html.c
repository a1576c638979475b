/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One self-contained HTML file: no scripts, nothing loaded from elsewhere. */
#include <string.h>

#include "renderers/html_style.h"
#include "renderers/markup.h"
#include "renderers/renderer.h"
#include "renderers/svg.h"

enum { MOST_NARROW = 4, MOST_LOOSE = 8 }; /* tables with more columns may be wider than the text; are set closer */

static void put_element(tm_sink *sink, const char *open, const char *text, const char *close)
{
    tm_sink_put(sink, open);
    tm_put_markup(sink, text);
    tm_sink_put(sink, close);
}

static void put_references(tm_sink *sink, const tm_table_cell *cell, int table)
{
    char mark[TM_FOOTNOTE_MARK_SIZE];
    if (!cell->references) return;
    tm_sink_put(sink, "<sup>");
    for (const tm_reference *r = cell->references; r; r = r->next) {
        tm_footnote_mark(r->footnote, mark);
        tm_sink_printf(sink, "<a href=\"#t%d-%s\">%s</a>", table, mark, mark);
    }
    tm_sink_put(sink, "</sup>");
}

static const char *class_of(const tm_table_cell *cell, const tm_column *column)
{
    if (!column->number) return "";
    if (cell->kind == TM_CELL_DASH) return " class=\"number dash\"";
    return cell->kind == TM_CELL_BELOW ? " class=\"number below\"" : " class=\"number\"";
}

static void put_cell(tm_sink *sink, const tm_document *document, const tm_table *table, const tm_table_cell *cell,
                     int c, int number)
{
    const char *text = tm_cell_write(document->ctx, document->language, cell);
    if (!text) {
        sink->out_of_memory = true;
        return;
    }
    const bool strong = cell->strong && cell->kind != TM_CELL_DASH;
    if (c == 0)
        tm_sink_printf(sink, "<th scope=\"row\">%s", strong ? "<strong>" : "");
    else
        tm_sink_printf(sink, "<td%s>%s", class_of(cell, &table->columns[c]), strong ? "<strong>" : "");
    tm_put_markup(sink, text);
    if (strong) tm_sink_put(sink, "</strong>");
    put_references(sink, cell, number);
    tm_sink_put(sink, c == 0 ? "</th>" : "</td>");
}

static void put_rows(tm_sink *sink, const tm_document *document, const tm_table *table, int number)
{
    tm_sink_put(sink, "<tbody>\n");
    for (const tm_table_row *row = table->rows; row; row = row->next) {
        if (row->group) {
            if (row != table->rows) tm_sink_put(sink, "</tbody>\n<tbody>\n");
            tm_sink_printf(sink, "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"%d\">", table->n_columns);
            put_element(sink, "", row->group, "</th></tr>\n");
            continue;
        }
        tm_sink_put(sink, "<tr>");
        for (int c = 0; c < table->n_columns; c++) put_cell(sink, document, table, &row->cells[c], c, number);
        tm_sink_put(sink, "</tr>\n");
    }
    tm_sink_put(sink, "</tbody>\n");
}

static void put_notes(tm_sink *sink, const tm_table *table, int number)
{
    if (!table->footnotes && !table->remarks) return;
    char mark[TM_FOOTNOTE_MARK_SIZE];
    int f = 0;
    tm_sink_put(sink, "<div class=\"notes\">\n");
    for (const tm_footnote *footnote = table->footnotes; footnote; footnote = footnote->next) {
        tm_footnote_mark(f++, mark);
        tm_sink_printf(sink, "<p id=\"t%d-%s\"><span class=\"mark\">%s</span> ", number, mark, mark);
        put_element(sink, "", footnote->text, "</p>\n");
    }
    for (const tm_footnote *remark = table->remarks; remark; remark = remark->next)
        put_element(sink, "<p>", remark->text, "</p>\n");
    tm_sink_put(sink, "</div>\n");
}

static bool is_grouped(const tm_table *table)
{
    for (const tm_table_row *row = table->rows; row; row = row->next)
        if (row->group) return true;
    return false;
}

/* What stands over several heads is a line of its own. */
static void put_overs(tm_sink *sink, const tm_table *table)
{
    bool any = false;
    for (int c = 0; c < table->n_columns; c++) any |= table->columns[c].over != NULL;
    if (!any) return;
    tm_sink_put(sink, "<tr class=\"overs\">");
    for (int c = 0; c < table->n_columns;) {
        const int span = tm_table_span(table, c);
        const char *over = table->columns[c].over;
        if (over) tm_sink_printf(sink, "<th scope=\"colgroup\" colspan=\"%d\">", span);
        if (over)
            put_element(sink, "<span>", over, "</span></th>");
        else
            tm_sink_put(sink, "<td></td>");
        c += span;
    }
    tm_sink_put(sink, "</tr>\n");
}

static void put_heads(tm_sink *sink, const tm_table *table)
{
    tm_sink_put(sink, "<thead>\n");
    put_overs(sink, table);
    tm_sink_put(sink, "<tr>");
    for (int c = 0; c < table->n_columns; c++)
        put_element(sink, table->columns[c].number ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">",
                    table->columns[c].head, "</th>");
    tm_sink_put(sink, "</tr>\n</thead>\n");
}

static void put_table(tm_sink *sink, const tm_document *document, const tm_table *table, int number)
{
    tm_sink_printf(sink, "<div class=\"table%s%s\">", table->n_columns > MOST_NARROW ? " broad" : "",
                   table->n_columns > MOST_LOOSE ? " dense" : "");
    tm_sink_printf(sink, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"t%d\">\n", number);
    tm_sink_printf(sink, "<table%s>\n<caption id=\"t%d\"><span>", is_grouped(table) ? " class=\"grouped\"" : "",
                   number);
    put_element(sink, "", table->caption, "</span></caption>\n");
    put_heads(sink, table);
    put_rows(sink, document, table, number);
    tm_sink_put(sink, "</table>\n</div>\n");
    put_notes(sink, table, number);
    tm_sink_put(sink, "</div>\n");
}

static void put_figure(tm_sink *sink, const tm_document *document, const tm_figure *figure, int number)
{
    tm_sink_printf(sink, "<figure>\n<figcaption id=\"f%d\">", number);
    put_element(sink, "", figure->caption, "</figcaption>\n");
    tm_sink_printf(sink, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"f%d\">\n", number);
    tm_put_svg(sink, document, figure, number);
    tm_sink_put(sink, "</div>\n");
    if (figure->remark[0]) put_element(sink, "<p class=\"remark\">", figure->remark, "</p>\n");
    tm_sink_put(sink, "</figure>\n");
}

static void put_paragraph(tm_sink *sink, const tm_node *node)
{
    if (node->quotable)
        put_element(sink, "<blockquote class=\"quotable\">\n<p>", node->text, "</p>\n</blockquote>\n");
    else
        put_element(sink, node->lead ? "<p class=\"lead\">" : "<p>", node->text, "</p>\n");
}

static void put_facts(tm_sink *sink, const tm_node *node)
{
    if (!node->facts) return;
    tm_sink_put(sink, node->strong ? "<dl class=\"facts strong\">\n" : "<dl class=\"facts\">\n");
    for (const tm_fact *fact = node->facts; fact; fact = fact->next) {
        put_element(sink, "<div class=\"fact\"><dt>", fact->label, "</dt>");
        put_element(sink, "<dd class=\"value\">", fact->value, "</dd>");
        if (fact->detail[0]) put_element(sink, "<dd class=\"detail\">", fact->detail, "</dd>");
        tm_sink_put(sink, "</div>\n");
    }
    tm_sink_put(sink, "</dl>\n");
}

static void put_citations(tm_sink *sink, const tm_node *node)
{
    if (!node->facts) return;
    tm_sink_put(sink, "<ul class=\"citations\">\n");
    for (const tm_fact *fact = node->facts; fact; fact = fact->next) put_element(sink, "<li>", fact->value, "</li>\n");
    tm_sink_put(sink, "</ul>\n");
}

/* Every heading of level 2 opens a section; what stands before the first belongs to the page's header. */
static void put_heading(tm_sink *sink, const tm_node *node, bool *in_section)
{
    if (node->level > 2) {
        put_element(sink, "<h3>", node->text, "</h3>\n");
        return;
    }
    tm_sink_put(sink, *in_section ? "</section>\n" : "</header>\n");
    put_element(sink, "<section>\n<h2>", node->text, "</h2>\n");
    *in_section = true;
}

static void put_nodes(tm_sink *sink, const tm_document *document)
{
    bool in_section = false;
    int tables = 0, figures = 0;
    for (const tm_node *node = document->nodes; node; node = node->next) {
        switch (node->kind) {
        case TM_NODE_HEADING:
            put_heading(sink, node, &in_section);
            break;
        case TM_NODE_PARAGRAPH:
            put_paragraph(sink, node);
            break;
        case TM_NODE_FACTS:
            put_facts(sink, node);
            break;
        case TM_NODE_TABLE:
            put_table(sink, document, node->table, ++tables);
            break;
        case TM_NODE_FIGURE:
            put_figure(sink, document, node->figure, ++figures);
            break;
        case TM_NODE_CITATIONS:
            put_citations(sink, node);
            break;
        }
    }
    tm_sink_put(sink, in_section ? "</section>\n" : "</header>\n");
}

static temoin_status render(const tm_document *document, const temoin_report_opts *opts, tm_sink *sink)
{
    (void)opts;
    tm_sink_printf(sink, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                   tm_language_name(document->language));
    tm_sink_put(sink, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    put_element(sink, "<title>", document->title, "</title>\n<style>\n");
    tm_sink_put(sink, tm_html_style);
    tm_sink_put(sink, "</style>\n</head>\n<body>\n<main>\n<header>\n");
    put_element(sink, "<p class=\"kicker\">", document->subtitle, "</p>\n");
    put_element(sink, "<h1>", document->title, "</h1>\n");
    put_nodes(sink, document);
    tm_sink_put(sink, "</main>\n</body>\n</html>\n");
    return TEMOIN_OK;
}

const tm_renderer tm_renderer_html = {
    .key = "html", .extension = "html", .title = "One self-contained HTML page", .render = render};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "document/document.h"

#include <string.h>

void *tm_document_take(tm_document *document, int64_t n, size_t size)
{
    void *object = document->out_of_memory ? NULL : tm_arena_take(&document->ctx->results, n, size);
    if (!object) document->out_of_memory = true;
    return object;
}

const char *tm_document_text(tm_document *document, const char *text)
{
    if (text) text = tm_language_space(document->ctx, document->language, text);
    if (!text) document->out_of_memory = true;
    return text ? text : "";
}

void tm_document_init(tm_document *document, temoin_context *ctx, tm_language language, const char *title,
                      const char *subtitle)
{
    *document = (tm_document){.ctx = ctx, .language = language};
    document->title = tm_document_text(document, title);
    document->subtitle = tm_document_text(document, subtitle);
}

tm_node *tm_document_add_node(tm_document *document, tm_node_kind kind, const char *text)
{
    tm_node *node = tm_document_take(document, 1, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->text = tm_document_text(document, text);
    if (document->last)
        document->last->next = node;
    else
        document->nodes = node;
    document->last = node;
    return node;
}

void tm_document_add_heading(tm_document *document, int level, const char *text)
{
    tm_node *node = tm_document_add_node(document, TM_NODE_HEADING, text);
    if (node) node->level = level;
}

void tm_document_add_paragraph(tm_document *document, const char *text)
{
    tm_document_add_node(document, TM_NODE_PARAGRAPH, text);
}

void tm_document_add_lead(tm_document *document, const char *text)
{
    tm_node *node = tm_document_add_node(document, TM_NODE_PARAGRAPH, text);
    if (node) node->lead = true;
}

void tm_document_add_quotable(tm_document *document, const char *text)
{
    tm_node *node = tm_document_add_node(document, TM_NODE_PARAGRAPH, text);
    if (node) node->quotable = true;
}

tm_node *tm_document_add_facts(tm_document *document)
{
    return tm_document_add_node(document, TM_NODE_FACTS, "");
}

tm_node *tm_document_add_citations(tm_document *document)
{
    return tm_document_add_node(document, TM_NODE_CITATIONS, "");
}

void tm_fact_add(tm_document *document, tm_node *facts, const char *label, const char *value, const char *detail)
{
    tm_fact *fact = tm_document_take(document, 1, sizeof *fact);
    if (!fact || !facts) return;
    *fact = (tm_fact){tm_document_text(document, label), tm_document_text(document, value),
                      tm_document_text(document, detail), NULL};
    tm_fact **end = &facts->facts;
    while (*end) end = &(*end)->next;
    *end = fact;
}

void tm_citation_add(tm_document *document, tm_node *citations, const char *text)
{
    text = tm_document_text(document, text);
    for (const tm_fact *fact = citations ? citations->facts : NULL; fact; fact = fact->next)
        if (strcmp(fact->value, text) == 0) return;
    tm_fact_add(document, citations, "", text, "");
}

temoin_status tm_document_finish(const tm_document *document)
{
    return document->out_of_memory ? tm_fail_memory(document->ctx) : tm_memory_end(document->ctx);
}

tm_table *tm_document_add_table(tm_document *document, const char *caption, const tm_column *columns, int n_columns)
{
    tm_table *table = tm_document_take(document, 1, sizeof *table);
    if (!table) return NULL;
    table->caption = tm_document_text(document, caption);
    table->n_columns = n_columns;
    table->columns = tm_document_take(document, n_columns, sizeof *columns);
    for (int c = 0; table->columns && c < n_columns; c++)
        table->columns[c] = (tm_column){tm_document_text(document, columns[c].head), columns[c].number,
                                        columns[c].over ? tm_document_text(document, columns[c].over) : NULL};
    tm_node *node = tm_document_add_node(document, TM_NODE_TABLE, "");
    if (!node) return NULL;
    node->table = table;
    return table;
}

int tm_table_span(const tm_table *table, int column)
{
    const char *over = table->columns[column].over;
    int next = column + 1;
    while (over && next < table->n_columns && table->columns[next].over && strcmp(table->columns[next].over, over) == 0)
        next++;
    return next - column;
}

static tm_table_row *add_row(tm_document *document, tm_table *table)
{
    tm_table_row *row = tm_document_take(document, 1, sizeof *row);
    if (!row || !table) return NULL;
    if (table->last_row)
        table->last_row->next = row;
    else
        table->rows = row;
    return table->last_row = row;
}

tm_table_cell *tm_table_add_row(tm_document *document, tm_table *table)
{
    tm_table_cell *cells = table ? tm_document_take(document, table->n_columns, sizeof *cells) : NULL;
    tm_table_row *row = cells ? add_row(document, table) : NULL;
    if (!row) return NULL;
    return row->cells = cells;
}

void tm_table_add_group(tm_document *document, tm_table *table, const char *text)
{
    tm_table_row *row = add_row(document, table);
    if (row) row->group = tm_document_text(document, text);
}

static int add_text(tm_document *document, tm_footnote **first, tm_footnote **last, const char *text)
{
    int index = 0;
    for (const tm_footnote *footnote = *first; footnote; footnote = footnote->next, index++)
        if (strcmp(footnote->text, text) == 0) return index;
    tm_footnote *footnote = tm_document_take(document, 1, sizeof *footnote);
    if (!footnote) return 0;
    footnote->text = text;
    if (*last)
        (*last)->next = footnote;
    else
        *first = footnote;
    *last = footnote;
    return index;
}

void tm_table_add_footnote(tm_document *document, tm_table *table, tm_table_cell *cell, const char *text)
{
    text = tm_document_text(document, text);
    tm_reference *reference = tm_document_take(document, 1, sizeof *reference);
    if (!table || !cell || !reference) return;
    reference->footnote = add_text(document, &table->footnotes, &table->last_footnote, text);
    tm_reference **end = &cell->references;
    while (*end) end = &(*end)->next;
    *end = reference;
}

void tm_table_add_remark(tm_document *document, tm_table *table, const char *text)
{
    text = tm_document_text(document, text);
    if (table) add_text(document, &table->remarks, &table->last_remark, text);
}

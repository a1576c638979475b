/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report as a tree. Sections add nodes; renderers walk them. Texts are UTF-8 and raw: each renderer escapes what
 * its format needs. French texts get their no-break spaces here, so that sections are written with plain ones. Memory
 * that runs out while building is remembered and reported by `tm_document_finish`, so that a section reads like the
 * page it makes: a NULL text or table is accepted everywhere. */
#ifndef TM_DOCUMENT_H
#define TM_DOCUMENT_H

#include "base/failure.h"
#include "base/language.h"

typedef enum tm_cell_kind {
    TM_CELL_EMPTY,
    TM_CELL_TEXT,
    TM_CELL_NUMBER,
    TM_CELL_COUNT,
    TM_CELL_PERCENT, /* a share in [0, 1] */
    TM_CELL_P,
    TM_CELL_INTERVAL,
    TM_CELL_MEAN_SD,
    TM_CELL_BELOW, /* "< 5": a count that is not shown */
    TM_CELL_DASH,  /* a number that is refused or does not exist */
} tm_cell_kind;

/* A reference from a cell to a footnote of its table. */
typedef struct tm_reference {
    int footnote; /* from 0 */
    struct tm_reference *next;
} tm_reference;

typedef struct tm_table_cell {
    tm_cell_kind kind;
    const char *text;
    double x;
    double high; /* interval: its upper end; mean and sd: the sd */
    int decimals;
    bool strong; /* the number that the row is about */
    tm_reference *references;
} tm_table_cell;

typedef struct tm_column {
    const char *head;
    bool number;      /* aligned right, digits of equal width */
    const char *over; /* stands above this and its neighbours with the same text; NULL: nothing */
} tm_column;

typedef struct tm_table_row {
    const char *group;    /* a line that heads the rows behind it; then there are no cells */
    tm_table_cell *cells; /* [n_columns]; the first is the row's heading */
    struct tm_table_row *next;
} tm_table_row;

typedef struct tm_footnote {
    const char *text;
    struct tm_footnote *next;
} tm_footnote;

typedef struct tm_table {
    const char *caption;
    tm_column *columns;
    int n_columns;
    tm_table_row *rows, *last_row;
    tm_footnote *footnotes, *last_footnote; /* referred to by cells */
    tm_footnote *remarks, *last_remark;     /* about the table as a whole */
} tm_table;

/* A few figures that stand out: what a reader sees first. */
typedef struct tm_fact {
    const char *label;
    const char *value;
    const char *detail; /* "" when none */
    struct tm_fact *next;
} tm_fact;

typedef enum tm_node_kind {
    TM_NODE_HEADING,
    TM_NODE_PARAGRAPH,
    TM_NODE_FACTS,
    TM_NODE_TABLE,
    TM_NODE_FIGURE,
    TM_NODE_CITATIONS,
} tm_node_kind;

typedef struct tm_figure tm_figure; /* see document/figure.h */

typedef struct tm_node {
    tm_node_kind kind;
    const char *text; /* heading, paragraph */
    int level;        /* heading: 2 a section, 3 a part of one */
    bool lead;        /* paragraph: says what the section found */
    bool quotable;    /* paragraph: stands for itself, to be copied as a whole */
    bool strong;      /* facts: what was found, rather than what was given */
    tm_table *table;
    tm_figure *figure;
    tm_fact *facts; /* facts: in order; citations: the `value` of each */
    struct tm_node *next;
} tm_node;

typedef struct tm_document {
    temoin_context *ctx;
    tm_language language;
    const char *title;
    const char *subtitle; /* "" when none */
    tm_node *nodes, *last;
    bool out_of_memory;
} tm_document;

void tm_document_init(tm_document *document, temoin_context *ctx, tm_language language, const char *title,
                      const char *subtitle);
void tm_document_add_heading(tm_document *document, int level, const char *text);
void tm_document_add_paragraph(tm_document *document, const char *text);
void tm_document_add_lead(tm_document *document, const char *text);
void tm_document_add_quotable(tm_document *document, const char *text);
/* Nodes to which facts, citations and table rows are then added; NULL when memory is out. */
tm_node *tm_document_add_facts(tm_document *document);
tm_node *tm_document_add_citations(tm_document *document);
tm_table *tm_document_add_table(tm_document *document, const char *caption, const tm_column *columns, int n_columns);
void tm_fact_add(tm_document *document, tm_node *facts, const char *label, const char *value, const char *detail);
void tm_citation_add(tm_document *document, tm_node *citations, const char *text);
TEMOIN_MUST_CHECK temoin_status tm_document_finish(const tm_document *document);

/* What nodes are made of. A zeroed object in the result arena; NULL when memory is out now or was before. */
void *tm_document_take(tm_document *document, int64_t n, size_t size);
/* The text with French's no-break spaces; "" for NULL, and that memory is out is remembered. */
const char *tm_document_text(tm_document *document, const char *text);
tm_node *tm_document_add_node(tm_document *document, tm_node_kind kind, const char *text);

/* Rows of empty cells, to be filled in by the caller. */
tm_table_cell *tm_table_add_row(tm_document *document, tm_table *table);
void tm_table_add_group(tm_document *document, tm_table *table, const char *text);
/* Lets the cell refer to a footnote; one that is there already is used again. */
void tm_table_add_footnote(tm_document *document, tm_table *table, tm_table_cell *cell, const char *text);
void tm_table_add_remark(tm_document *document, tm_table *table, const char *text);

tm_table_cell tm_cell_text(const char *text);
/* A dash for NaN. */
tm_table_cell tm_cell_number(double x, int decimals);
tm_table_cell tm_cell_percent(double share, int decimals);
tm_table_cell tm_cell_p(double p);
/* One end may be NaN: there is no bound on that side. */
tm_table_cell tm_cell_interval(double low, double high, int decimals);
tm_table_cell tm_cell_mean_sd(double mean, double sd, int decimals);
/* A dash for -1. */
tm_table_cell tm_cell_count(int64_t n);
/* "< min_cell" for counts from 1 to min_cell - 1: in an empty cell nobody can be recognised. */
tm_table_cell tm_cell_masked_count(int64_t n, int64_t min_cell);

/* Columns from `column` on that share its `over`: how far it reaches. */
int tm_table_span(const tm_table *table, int column);

/* What a cell says, references left out, as its language writes it; NULL when memory is out. */
const char *tm_cell_write(temoin_context *ctx, tm_language language, const tm_table_cell *cell);

/* The mark of a footnote: a, b, … z, aa, ab … */
enum { TM_FOOTNOTE_MARK_SIZE = 8 };
const char *tm_footnote_mark(int footnote, char mark[TM_FOOTNOTE_MARK_SIZE]);

#endif

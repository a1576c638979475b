/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report on a screen of fixed columns: thin rules, no colours, nothing that a pipe would choke on. */
#include <string.h>

#include "renderers/renderer.h"
#include "renderers/terminal_figure.h"
#include "renderers/terminal_table.h"
#include "renderers/terminal_text.h"

enum { LEAST_WIDTH = 30 };

static void put_underlined(tm_sink *sink, const char *text, const char *piece, int width)
{
    const size_t start = sink->length;
    tm_put_wrapped(sink, "", text, 0, width);
    if (sink->out_of_memory) return;
    int longest = 0;
    for (const char *line = sink->text + start; *line;) {
        const size_t length = strcspn(line, "\n");
        const int used = tm_display_width(line, length);
        if (used > longest) longest = used;
        line += length + 1;
    }
    tm_put_repeated(sink, piece, longest);
    tm_sink_put(sink, "\n");
}

static int label_width(const tm_node *node, int width)
{
    int widest = 0;
    for (const tm_fact *fact = node->facts; fact; fact = fact->next) {
        const int used = tm_display_width(fact->label, strlen(fact->label));
        if (used > widest && used < width / 2) widest = used;
    }
    return widest + 2;
}

/* "In training, wave 12  +12.5 points" with the detail behind it, or below when there is no room. */
static void put_fact(tm_sink *sink, const tm_fact *fact, int indent, int width)
{
    const int used = tm_display_width(fact->label, strlen(fact->label));
    tm_sink line;
    tm_sink_init(&line, sink->ctx);
    tm_sink_printf(&line, "%s%s%s", fact->value, fact->detail[0] ? "  " : "", fact->detail);
    if (line.out_of_memory) {
        sink->out_of_memory = true;
        return;
    }
    if (used + 2 > indent) tm_put_wrapped(sink, "", fact->label, 0, width);
    tm_sink label;
    tm_sink_init(&label, sink->ctx);
    tm_put_plain(&label, fact->label, strlen(fact->label));
    tm_put_wrapped(sink, used + 2 > indent || !label.text ? "" : label.text, line.text, indent, width);
}

static temoin_status put_node(tm_sink *sink, const tm_document *document, const tm_node *node, int width)
{
    tm_sink_put(sink, "\n");
    switch (node->kind) {
    case TM_NODE_HEADING:
        put_underlined(sink, node->text, node->level > 2 ? "─" : "━", width);
        break;
    case TM_NODE_PARAGRAPH:
        tm_put_wrapped(sink, "", node->text, 0, width);
        break;
    case TM_NODE_FACTS:
        for (const tm_fact *fact = node->facts; fact; fact = fact->next)
            put_fact(sink, fact, label_width(node, width), width);
        break;
    case TM_NODE_TABLE:
        return tm_put_terminal_table(sink, document, node->table, width);
    case TM_NODE_FIGURE:
        return tm_put_terminal_figure(sink, document, node->figure, width);
    case TM_NODE_CITATIONS:
        for (const tm_fact *fact = node->facts; fact; fact = fact->next)
            tm_put_wrapped(sink, "-", fact->value, 2, width);
        break;
    }
    return TEMOIN_OK;
}

static temoin_status render(const tm_document *document, const temoin_report_opts *opts, tm_sink *sink)
{
    const int width = opts->width > LEAST_WIDTH ? opts->width : LEAST_WIDTH;
    put_underlined(sink, document->title, "━", width);
    if (document->subtitle[0]) tm_put_wrapped(sink, "", document->subtitle, 0, width);
    for (const tm_node *node = document->nodes; node; node = node->next) TM_TRY(put_node(sink, document, node, width));
    return TEMOIN_OK;
}

const tm_renderer tm_renderer_terminal = {
    .key = "terminal", .extension = "txt", .title = "Text that fits the terminal", .render = render};

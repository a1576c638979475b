/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcyaml forgets where a value stood, so the file is read once more, by libyaml, into a tree that keeps the lines and
 * lives as long as the plan. What the format does not use (anchors, tags, several documents) is refused here, so that
 * both readers see the same plain document. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "plan/plan_reader.h"

enum { DEEPEST = 16, PATH_SIZE = 512 };

typedef struct builder {
    tm_plan_reader *reader;
    tm_plan_node *open[DEEPEST]; /* lists and mappings around the next value */
    int n_open;
    const char *key; /* of the next value, in a mapping */
    int key_line;
    tm_plan_node *root;
    int n_documents;
    bool stopped; /* a problem that leaves no document */
} builder;

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static temoin_status stop(builder *b, int line, const char *why)
{
    tm_trouble_add(b->reader, line, "%s", why);
    b->stopped = true;
    return TEMOIN_OK;
}

static const tm_plan_node *around(const builder *b)
{
    return b->n_open ? b->open[b->n_open - 1] : NULL;
}

/* Takes the node into the list or mapping around it. */
static void hang(builder *b, tm_plan_node *node)
{
    if (b->n_open == 0) {
        b->root = node;
        return;
    }
    tm_plan_node *parent = b->open[b->n_open - 1];
    if (b->key) {
        node->key = b->key;
        node->line = b->key_line;
        b->key = NULL;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->n_children++;
}

static temoin_status add_text(builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, '\0', length)) return stop(b, line_of(event), "a text holds a NUL character (\\0); take it out");
    const char *text = tm_text_copy(b->reader->ctx, value, length);
    if (!text) return tm_fail_memory(b->reader->ctx);
    if (around(b) && around(b)->kind == TM_NODE_MAPPING && !b->key) {
        b->key = text;
        b->key_line = line_of(event);
        return TEMOIN_OK;
    }
    tm_plan_node *node;
    TM_ALLOC(b->reader->ctx, node, 1);
    node->kind = TM_NODE_TEXT;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->line = line_of(event);
    node->text = text;
    node->length = length;
    hang(b, node);
    return TEMOIN_OK;
}

static temoin_status open_node(builder *b, const yaml_event_t *event, tm_node_kind kind)
{
    if (around(b) && around(b)->kind == TM_NODE_MAPPING && !b->key)
        return stop(b, line_of(event),
                    "a key must be a text, found a list or a mapping; check the brackets and braces");
    if (b->n_open == DEEPEST)
        return stop(b, line_of(event), "lists and mappings are nested more than 16 deep; no part of a plan needs that");
    tm_plan_node *node;
    TM_ALLOC(b->reader->ctx, node, 1);
    node->kind = kind;
    node->line = line_of(event);
    hang(b, node);
    b->open[b->n_open++] = node;
    return TEMOIN_OK;
}

static temoin_status close_node(builder *b)
{
    tm_plan_node *node = b->open[--b->n_open], **child;
    TM_ALLOC(b->reader->ctx, child, node->n_children);
    int32_t n = 0;
    for (tm_plan_node *c = node->first; c; c = c->next) child[n++] = c;
    node->child = child;
    return TEMOIN_OK;
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

static const yaml_char_t *tag_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    default:
        return NULL;
    }
}

static temoin_status take_event(builder *b, const yaml_event_t *event)
{
    if (event->type == YAML_ALIAS_EVENT || anchor_of(event))
        return stop(b, line_of(event),
                    "anchors (&name) and aliases (*name) are not part of the plan format; write the "
                    "value out, or put quotes around a text that begins with & or *");
    if (tag_of(event))
        return stop(b, line_of(event),
                    "tags (!name) are not part of the plan format; put quotes around a text that "
                    "begins with !");
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->n_documents++) return stop(b, line_of(event), "a second document begins here; a plan is one document");
        return TEMOIN_OK;
    case YAML_SCALAR_EVENT:
        return add_text(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, event, TM_NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, event, TM_NODE_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(b);
    default:
        return TEMOIN_OK;
    }
}

/* The byte of a character index; 0 behind the end. */
static char byte_at(const char *bytes, size_t length, size_t index)
{
    size_t at = 0;
    for (size_t characters = 0; at < length; at++)
        if (((unsigned char)bytes[at] & 0xc0) != 0x80 && characters++ == index) return bytes[at];
    return '\0';
}

/* A byte that is no text has an offset only; anything else has a line. */
static temoin_status report_syntax(builder *b, const yaml_parser_t *parser, const char *bytes, size_t length)
{
    tm_plan_reader *r = b->reader;
    if (parser->error == YAML_MEMORY_ERROR) return tm_fail_memory(r->ctx);
    const char *problem = parser->problem ? parser->problem : "unknown trouble";
    b->stopped = true;
    if (parser->error == YAML_READER_ERROR) {
        int line = 1;
        for (size_t i = 0; i < length && i < parser->problem_offset; i++) line += bytes[i] == '\n';
        if (parser->problem_value < 0)
            tm_trouble_add(r, line, "not a UTF-8 text file: %s; save the plan as UTF-8", problem);
        else
            tm_trouble_add(r, line, "not a UTF-8 text file: %s (0x%02X); save the plan as UTF-8", problem,
                           (unsigned)parser->problem_value);
        return TEMOIN_OK;
    }
    int line = (int)parser->problem_mark.line + 1;
    if (byte_at(bytes, length, parser->problem_mark.index) == '\t')
        tm_trouble_add(r, line, "not valid YAML: a tab; indent with blanks");
    else if (strcmp(problem, "mapping values are not allowed in this context") == 0)
        tm_trouble_add(r, line,
                       "not valid YAML: a key where none can be; put quotes around a text that holds \": \", or "
                       "correct the indent");
    else if (parser->context && parser->context_mark.line + 1 < parser->problem_mark.line + 1)
        tm_trouble_add(r, line, "not valid YAML: %s (%s that begins on line %d)", problem, parser->context,
                       (int)parser->context_mark.line + 1);
    else if (parser->context)
        tm_trouble_add(r, line, "not valid YAML: %s (%s)", problem, parser->context);
    else
        tm_trouble_add(r, line, "not valid YAML: %s", problem);
    return TEMOIN_OK;
}

static temoin_status read_events(builder *b, yaml_parser_t *parser, const char *bytes, size_t length)
{
    for (bool done = false; !done && !b->stopped;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return report_syntax(b, parser, bytes, length);
        temoin_status status = take_event(b, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        TM_TRY(status);
    }
    return TEMOIN_OK;
}

temoin_status tm_plan_document_read(tm_plan_reader *reader, const char *bytes, size_t length)
{
    builder b = {.reader = reader};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return tm_fail_memory(reader->ctx);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    temoin_status status = read_events(&b, &parser, bytes, length);
    yaml_parser_delete(&parser);
    TM_TRY(status);
    reader->document = b.stopped ? NULL : b.root;
    if (!b.root && !b.stopped) tm_trouble_add(reader, 1, "the file is empty; a plan begins with \"temoin: 1\"");
    return TEMOIN_OK;
}

const tm_plan_node *tm_plan_node_find(const tm_plan_node *mapping, const char *key)
{
    if (mapping->kind != TM_NODE_MAPPING) return NULL;
    for (int32_t c = 0; c < mapping->n_children; c++)
        if (strcmp(mapping->child[c]->key, key) == 0) return mapping->child[c];
    return NULL;
}

static const tm_plan_node *item_of(const tm_plan_node *list, long index)
{
    return list->kind == TM_NODE_LIST && index >= 0 && index < list->n_children ? list->child[index] : NULL;
}

/* Walks the path; `*whole` tells whether all of it is there. The parts are cut out of `path`. */
static const tm_plan_node *descend(const tm_plan_node *node, char *path, bool *whole)
{
    *whole = true;
    for (char *at = path; *at;) {
        const tm_plan_node *next;
        if (*at == '[') {
            next = item_of(node, strtol(at + 1, &at, 10));
            at += *at == ']';
        } else {
            char *end = at + strcspn(at, ".["), stop_at = *end;
            *end = '\0';
            next = tm_plan_node_find(node, at);
            *end = stop_at;
            at = end;
        }
        at += *at == '.';
        if (!next) {
            *whole = false;
            return node;
        }
        node = next;
    }
    return node;
}

const tm_plan_node *tm_plan_node_at(const tm_plan_node *document, const char *format, ...)
{
    char path[PATH_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(path, sizeof path, format, list);
    va_end(list);
    bool whole;
    const tm_plan_node *node = descend(document, path, &whole);
    return whole ? node : NULL;
}

int tm_plan_line(const temoin_plan *plan, const char *format, ...)
{
    char path[PATH_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(path, sizeof path, format, list);
    va_end(list);
    bool whole;
    return descend(plan->document, path, &whole)->line;
}

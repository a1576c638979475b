/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document beside the schema that libcyaml will use: libcyaml stops at the first trouble and names no value's line,
 * so everything it would refuse is found here first. */
#include <string.h>

#include "base/nearest.h"
#include "base/number_text.h"
#include "plan/schema.h"

enum { MOST_KEYS = 32 };

/* A key's path for the eye of who reads a message ("estimates.waves"), and whether an item of its list is meant. */
typedef struct place {
    const char *path;
    bool item;
} place;

static void check_value(tm_plan_reader *r, const cyaml_schema_value_t *schema, const tm_plan_node *node, place at);

static const char *found(tm_plan_reader *r, const tm_plan_node *node)
{
    switch (node->kind) {
    case TM_NODE_LIST:
        return "a list";
    case TM_NODE_MAPPING:
        return "a mapping";
    case TM_NODE_TEXT:
        break;
    }
    return node->plain && node->length == 0 ? "nothing" : tm_excerpt(r, node->text);
}

static int lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool same_word(const char *a, const char *b, bool any_case)
{
    for (; *a && *b; a++, b++)
        if (any_case ? lower((unsigned char)*a) != lower((unsigned char)*b) : *a != *b) return false;
    return *a == *b;
}

static const char *join(tm_plan_reader *r, const char *const *words, size_t n)
{
    size_t length = 1;
    for (size_t i = 0; i < n; i++) length += strlen(words[i]) + 2;
    char *text = tm_arena_take(&r->ctx->scratch, (int64_t)length, 1), *to = text;
    if (!text) {
        r->out_of_memory = true;
        return "";
    }
    for (size_t i = 0; i < n; i++) to = stpcpy(stpcpy(to, i ? ", " : ""), words[i]);
    return text;
}

/* The end of a sentence on an unknown word. */
static const char *did_you_mean(tm_plan_reader *r, const char *word, const char *const *words, size_t n)
{
    const char *nearest = tm_nearest(word, words, n);
    if (!nearest) return ".";
    char *text = tm_arena_take(&r->ctx->scratch, (int64_t)strlen(nearest) + 32, 1);
    if (!text) {
        r->out_of_memory = true;
        return "";
    }
    stpcpy(stpcpy(stpcpy(text, "; did you mean \""), nearest), "\"?");
    return text;
}

static const char *wanted(tm_plan_reader *r, const cyaml_schema_value_t *schema)
{
    const char *words[MOST_KEYS];
    switch (schema->type) {
    case CYAML_STRING:
        return schema->flags & TM_SCHEMA_NUMBER ? "a number" : "a text";
    case CYAML_MAPPING:
        if (strcmp(schema->mapping.fields[0].key, "en") != 0) return "a mapping (key: value)";
        return "{en: text, fr: text} (one of them is enough)";
    case CYAML_SEQUENCE:
        if (schema->sequence.entry->type == CYAML_MAPPING) return "a list of mappings (- {key: value})";
        return schema->sequence.entry->flags & TM_SCHEMA_NUMBER ? "a list of numbers in brackets"
                                                                : "a list in brackets";
    default:
        break;
    }
    for (unsigned i = 0; i < schema->enumeration.count; i++) words[i] = schema->enumeration.strings[i].str;
    const char *list = join(r, words, schema->enumeration.count);
    char *text = tm_arena_take(&r->ctx->scratch, (int64_t)strlen(list) + 16, 1);
    if (!text) {
        r->out_of_memory = true;
        return "";
    }
    stpcpy(stpcpy(text, schema->enumeration.count > 1 ? "one of " : ""), list);
    return text;
}

static void refuse_kind(tm_plan_reader *r, const cyaml_schema_value_t *schema, const tm_plan_node *node, place at)
{
    tm_trouble_add(r, node->line, "%s\"%s\" must be %s, found %s", at.item ? "each item of " : "", at.path,
                   wanted(r, schema), found(r, node));
}

static void check_text(tm_plan_reader *r, const cyaml_schema_value_t *schema, const tm_plan_node *node, place at)
{
    double x;
    bool nothing = node->kind == TM_NODE_TEXT && node->length == 0;
    bool number = schema->flags & TM_SCHEMA_NUMBER;
    if (node->kind != TM_NODE_TEXT || (nothing && node->plain))
        refuse_kind(r, schema, node, at);
    else if (number && !tm_number_read(node->text, node->length, '.', &x))
        refuse_kind(r, schema, node, at);
    else if (nothing && schema->string.min > 0)
        tm_trouble_add(r, node->line, "%s\"%s\" must not be empty", at.item ? "each item of " : "", at.path);
}

static void check_choice(tm_plan_reader *r, const cyaml_schema_value_t *schema, const tm_plan_node *node, place at)
{
    const char *words[MOST_KEYS];
    size_t n = schema->enumeration.count;
    if (node->kind != TM_NODE_TEXT || node->length == 0) {
        refuse_kind(r, schema, node, at);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        words[i] = schema->enumeration.strings[i].str;
        if (same_word(node->text, words[i], schema->flags & CYAML_FLAG_CASE_INSENSITIVE)) return;
    }
    tm_trouble_add(r, node->line, "\"%s\" cannot be %s%s Allowed: %s", at.path, tm_excerpt(r, node->text),
                   did_you_mean(r, node->text, words, n), join(r, words, n));
}

static void check_list(tm_plan_reader *r, const cyaml_schema_value_t *schema, const tm_plan_node *node, place at)
{
    unsigned min = schema->sequence.min;
    if (node->kind != TM_NODE_LIST) {
        refuse_kind(r, schema, node, at);
        return;
    }
    if ((unsigned)node->n_children < min)
        tm_trouble_add(r, node->line, "\"%s\" needs at least %u %s, found %d", at.path, min,
                       min == 1 ? "item" : "items", node->n_children);
    for (int32_t c = 0; c < node->n_children; c++)
        check_value(r, schema->sequence.entry, node->child[c], (place){at.path, true});
}

static const char *path_of(tm_plan_reader *r, const char *where, const char *key)
{
    if (!*where) return key;
    char *path = tm_arena_take(&r->ctx->scratch, (int64_t)(strlen(where) + strlen(key) + 2), 1);
    if (!path) {
        r->out_of_memory = true;
        return key;
    }
    stpcpy(stpcpy(stpcpy(path, where), "."), key);
    return path;
}

static void refuse_key(tm_plan_reader *r, const cyaml_schema_field_t *fields, size_t n, const tm_plan_node *node,
                       const char *where)
{
    const char *keys[MOST_KEYS];
    for (size_t f = 0; f < n; f++) keys[f] = fields[f].key;
    tm_trouble_add(r, node->line, "unknown key %s %s%s%s Allowed: %s", tm_excerpt(r, node->key),
                   *where ? "in " : "at the top level", where, did_you_mean(r, node->key, keys, n), join(r, keys, n));
}

static void report_absent(tm_plan_reader *r, const cyaml_schema_field_t *field, const tm_plan_node *mapping,
                          const char *where)
{
    if (strcmp(field->key, "temoin") == 0)
        tm_trouble_add(r, mapping->line, "\"temoin: 1\" is missing; begin the plan with it: it names the format");
    else if (*where)
        tm_trouble_add(r, mapping->line, "\"%s\" needs the key \"%s\"", where, field->key);
    else
        tm_trouble_add(r, mapping->line, "the plan needs the section \"%s\"%s", field->key,
                       strcmp(field->key, "arms") == 0 ? " (or \"factorial\")" : "");
}

/* A key that the mapping cannot do without. */
static bool is_needed(const cyaml_schema_field_t *field, const tm_plan_node *mapping, const char *where)
{
    bool instead = !*where && strcmp(field->key, "arms") == 0 && !tm_plan_node_find(mapping, "factorial");
    return instead || !(field->value.flags & CYAML_FLAG_OPTIONAL);
}

static void check_mapping(tm_plan_reader *r, const cyaml_schema_field_t *fields, const tm_plan_node *node,
                          const char *where)
{
    const tm_plan_node *seen[MOST_KEYS] = {NULL};
    size_t n = 0;
    while (fields[n].key) n++;
    for (int32_t c = 0; c < node->n_children; c++) {
        const tm_plan_node *child = node->child[c];
        size_t f = 0;
        while (f < n && strcmp(fields[f].key, child->key) != 0) f++;
        if (f == n)
            refuse_key(r, fields, n, child, where);
        else if (seen[f])
            tm_trouble_add(r, child->line, "\"%s\" stands here a second time; the first is on line %d",
                           path_of(r, where, child->key), seen[f]->line);
        else {
            seen[f] = child;
            check_value(r, &fields[f].value, child, (place){path_of(r, where, child->key), false});
        }
    }
    for (size_t f = 0; f < n; f++)
        if (!seen[f] && is_needed(&fields[f], node, where)) report_absent(r, &fields[f], node, where);
}

static void check_value(tm_plan_reader *r, const cyaml_schema_value_t *schema, const tm_plan_node *node, place at)
{
    if (schema->type == CYAML_STRING)
        check_text(r, schema, node, at);
    else if (schema->type == CYAML_ENUM)
        check_choice(r, schema, node, at);
    else if (schema->type == CYAML_SEQUENCE)
        check_list(r, schema, node, at);
    else if (node->kind == TM_NODE_MAPPING)
        check_mapping(r, schema->mapping.fields, node, at.path);
    else
        refuse_kind(r, schema, node, at);
}

void tm_plan_conform(tm_plan_reader *r)
{
    const tm_plan_node *document = r->document;
    if (document->kind != TM_NODE_MAPPING) {
        tm_trouble_add(r, document->line, "a plan is a mapping that begins with \"temoin: 1\", found %s",
                       found(r, document));
        return;
    }
    const tm_plan_node *version = tm_plan_node_find(document, "temoin");
    if (version && !(version->kind == TM_NODE_TEXT && strcmp(version->text, "1") == 0)) {
        tm_trouble_add(r, version->line, "\"temoin\" must be 1, the format that this version of temoin reads; found %s",
                       found(r, version));
        return; /* the keys of another format would only give noise */
    }
    check_mapping(r, tm_plan_schema.mapping.fields, document, "");
}

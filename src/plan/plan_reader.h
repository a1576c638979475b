/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of reading a plan share: the document with its lines, and the problems found so far.
 *
 *   lines.c → a tree of nodes, each with its line      conform.c → every key and kind against the schema
 *   schema.c → the raw struct, filled by libcyaml      resolve.c, resolve_*.c → defaults, names, references
 */
#ifndef TM_PLAN_READER_H
#define TM_PLAN_READER_H

#include "base/failure.h"
#include "plan/plan_struct.h"

typedef enum tm_node_kind { TM_NODE_TEXT, TM_NODE_LIST, TM_NODE_MAPPING } tm_node_kind;

typedef struct tm_plan_node tm_plan_node;

struct tm_plan_node {
    tm_node_kind kind;
    bool plain;       /* a text without quotes */
    int line;         /* in a mapping the line of its key, else where the value starts */
    const char *key;  /* in a mapping, else NULL */
    const char *text; /* a text's */
    size_t length;
    tm_plan_node *const *child; /* [n_children] items or values, in the file's order */
    int32_t n_children;
    tm_plan_node *first, *last, *next; /* the same, linked while they are read */
};

typedef struct tm_trouble tm_trouble;

typedef struct tm_plan_reader {
    temoin_context *ctx;
    const char *path;
    const tm_plan_node *document;
    tm_trouble *last_trouble; /* in scratch */
    int64_t n_troubles;
    bool out_of_memory;
} tm_plan_reader;

/* Records a problem of that line. They reach the context in line order, by `tm_troubles_end`. */
TEMOIN_PRINTF(3, 4) void tm_trouble_add(tm_plan_reader *reader, int line, const char *format, ...);
TEMOIN_MUST_CHECK temoin_status tm_troubles_end(tm_plan_reader *reader);

enum { TM_EXCERPT_SIZE = 72 };

/* A text of the user for a message: in quotes, without control characters, shortened beyond 60 bytes; fits in
 * TM_EXCERPT_SIZE with a separator; scratch. */
const char *tm_excerpt(tm_plan_reader *reader, const char *text);

/* Parses YAML into `reader->document`. NULL without a failure: the problems say why. */
TEMOIN_MUST_CHECK temoin_status tm_plan_document_read(tm_plan_reader *reader, const char *bytes, size_t length);

/* The value of a key of a mapping, NULL when absent. */
const tm_plan_node *tm_plan_node_find(const tm_plan_node *mapping, const char *key);
/* The node of a path such as "estimates[2].level", NULL when absent. */
TEMOIN_PRINTF(2, 3) const tm_plan_node *tm_plan_node_at(const tm_plan_node *document, const char *format, ...);

/* A plan from bytes; `path` stands in the messages. A secret seed is still to be taken. */
TEMOIN_MUST_CHECK temoin_status tm_plan_parse(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                                              const temoin_plan **out);

/* The plan with its seed, which is the one it commits to. `again`: see tm_plan_read_again. */
TEMOIN_MUST_CHECK temoin_status tm_plan_take_seed(temoin_context *ctx, const temoin_plan *plan, bool again,
                                                  const temoin_plan **out);

#endif

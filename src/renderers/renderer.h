/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A renderer writes a document in one format. Whatever the document holds may come from data: the renderer escapes it.
 *
 * To add one: write <key>.c with `const tm_renderer tm_renderer_<key>`, add the key to this folder's meson.build. */
#ifndef TM_RENDERER_H
#define TM_RENDERER_H

#include "base/sink.h"
#include "document/document.h"
#include "temoin/report.h"

typedef struct tm_renderer {
    const char *key;
    const char *extension; /* of a file in this format */
    const char *title;
    temoin_status (*render)(const tm_document *document, const temoin_report_opts *opts, tm_sink *sink);
} tm_renderer;

extern const tm_renderer *const tm_renderers[];
extern const int tm_n_renderers;

/* NULL when there is no such key. */
const tm_renderer *tm_renderer_find(const char *key);

#endif

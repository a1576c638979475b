/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section of the report: results in, blocks of the document out. Every number it shows comes from the results.
 *
 * To add one: write <key>.c with `const tm_section tm_section_<key>`, add the key to this folder's meson.build. Texts
 * are given at their use in both languages, through `tm_say`. */
#ifndef TM_SECTION_H
#define TM_SECTION_H

#include "document/document.h"
#include "temoin/result.h"

typedef struct tm_section {
    const char *key;
    temoin_label title;                             /* "" for a section without a heading of its own */
    int order;                                      /* of the sections in a report, rising */
    bool (*applies)(const temoin_results *results); /* NULL: to every trial */
    temoin_status (*build)(const temoin_results *results, tm_document *document);
} tm_section;

extern const tm_section *const tm_sections[];
extern const int tm_n_sections;

/* All sections in their order. */
TEMOIN_MUST_CHECK temoin_status tm_sections_build(const temoin_results *results, tm_document *document);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>

#include "sections/section.h"

/* The next section behind `order`, NULL when there is none. */
static const tm_section *next_section(int order)
{
    const tm_section *next = NULL;
    for (int s = 0; s < tm_n_sections; s++)
        if (tm_sections[s]->order > order && (!next || tm_sections[s]->order < next->order)) next = tm_sections[s];
    return next;
}

temoin_status tm_sections_build(const temoin_results *results, tm_document *document)
{
    for (const tm_section *section = next_section(INT_MIN); section; section = next_section(section->order)) {
        if (section->applies && !section->applies(results)) continue;
        const char *title = tm_say(document->language, section->title.en, section->title.fr);
        if (title[0]) tm_document_add_heading(document, 2, title);
        TM_TRY(section->build(results, document));
    }
    return tm_document_finish(document);
}

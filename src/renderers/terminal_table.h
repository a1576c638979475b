/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_TERMINAL_TABLE_H
#define TM_TERMINAL_TABLE_H

#include "base/sink.h"
#include "document/document.h"

/* Puts a table that is at most `width` columns wide: texts are wrapped first; when that does not suffice, each row
 * becomes a small list of its cells. */
TEMOIN_MUST_CHECK temoin_status tm_put_terminal_table(tm_sink *sink, const tm_document *document, const tm_table *table,
                                                      int width);

#endif

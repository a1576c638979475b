/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_TERMINAL_FIGURE_H
#define TM_TERMINAL_FIGURE_H

#include "base/sink.h"
#include "document/figure.h"

/* Puts a figure as characters, at most `width` columns; where that is too narrow for one, its description. */
TEMOIN_MUST_CHECK temoin_status tm_put_terminal_figure(tm_sink *sink, const tm_document *document,
                                                       const tm_figure *figure, int width);

#endif

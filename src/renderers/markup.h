/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MARKUP_H
#define TM_MARKUP_H

#include "base/sink.h"

/* Markup characters become entities; control characters, which HTML does not allow, become blanks. */
void tm_put_markup(tm_sink *sink, const char *text);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text on a screen of fixed columns. */
#ifndef TM_TERMINAL_TEXT_H
#define TM_TERMINAL_TEXT_H

#include "base/sink.h"

/* Columns that the first `length` bytes of a UTF-8 text take: combining marks none, East Asian wide characters two. */
int tm_display_width(const char *text, size_t length);

/* Bytes of as many characters as fit into `width` columns. */
size_t tm_display_cut(const char *text, int width);

/* The text, or its beginning and its end with … between them, in so many columns; NULL when memory is out. */
const char *tm_display_shorten(temoin_context *ctx, const char *text, int width);

/* The line that starts at `text` and fits into `width`: its bytes without trailing blanks. Breaks at blanks, at
 * newlines, and inside a word only when the word alone is too wide. Returns where the next line starts. */
const char *tm_wrap_line(const char *text, int width, size_t *length);

/* Bytes of a text with control characters, which could steer the terminal, as blanks. */
void tm_put_plain(tm_sink *sink, const char *text, size_t length);
void tm_put_repeated(tm_sink *sink, const char *text, int n);

/* Wraps a text between `indent` and `width`; `first` stands in the first line's indent. */
void tm_put_wrapped(tm_sink *sink, const char *first, const char *text, int indent, int width);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The languages of reports, and how each writes numbers. Never the process's locale. */
#ifndef TM_LANGUAGE_H
#define TM_LANGUAGE_H

#include "base/failure.h"

typedef enum tm_language { TM_ENGLISH, TM_FRENCH } tm_language;

enum { TM_N_LANGUAGES = 2, TM_WRITTEN_SIZE = 96 };

/* "en" or "fr"; false when there is no such language. */
bool tm_language_find(const char *name, tm_language *out);
const char *tm_language_name(tm_language language);

/* The text of a pair in the language; at every use both languages stand side by side. */
#if defined(__GNUC__)
__attribute__((format_arg(2), format_arg(3)))
#endif
const char *
tm_say(tm_language language, const char *en, const char *fr);

/* French sets a no-break space inside « » and before a colon, a narrow one before ; ? !: where such a text has a plain
 * blank, a copy with the right one; NULL when memory is out. English texts stay as they are. */
const char *tm_language_space(temoin_context *ctx, tm_language language, const char *text);

/* English 1,794.34, French 1 794,34 with narrow no-break spaces between groups; a true minus sign (U+2212), none before
 * a zero; "" for NaN. Returns `text`. */
const char *tm_write_number(tm_language language, double x, int decimals, char text[TM_WRITTEN_SIZE]);
/* A share in [0, 1] as 3.5% or 3,5 % (no-break space). */
const char *tm_write_percent(tm_language language, double share, int decimals, char text[TM_WRITTEN_SIZE]);
/* Three decimals; "< 0.001" and "> 0.999" beyond them. */
const char *tm_write_p(tm_language language, double p, char text[TM_WRITTEN_SIZE]);

#endif

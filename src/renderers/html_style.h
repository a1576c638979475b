/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The style sheet that every HTML report carries within itself, rule by rule; NULL at its end. */
#ifndef TM_HTML_STYLE_H
#define TM_HTML_STYLE_H

extern const char *const tm_html_style[];

#endif

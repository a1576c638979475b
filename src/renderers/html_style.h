/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The style sheet report.css, which every HTML report carries within itself. */
#ifndef TM_HTML_STYLE_H
#define TM_HTML_STYLE_H

extern const char tm_html_style[];

#endif

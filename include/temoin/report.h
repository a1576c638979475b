/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_REPORT_H
#define TEMOIN_REPORT_H

#include "temoin/result.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct temoin_report_opts {
    const char *language; /**< "en" or "fr": texts, labels and how numbers are written */
    const char *format;   /**< key of a renderer, see `temoin list renderers` */
    int width;            /**< terminal: columns of the screen */
} temoin_report_opts;

#define TEMOIN_REPORT_OPTS_INIT                                                                                        \
    {                                                                                                                  \
        "en", "terminal", 100                                                                                          \
    }

/** Renders a report of the results through the sections and one renderer.
 *
 * Missing  a number that is refused is shown as a dash with its reason beside it.
 * Errors   TEMOIN_ERR_USAGE when there is no such language or renderer.
 */
TEMOIN_MUST_CHECK temoin_status temoin_report_render(temoin_context *context, const temoin_results *results,
                                                     const temoin_report_opts *opts, const char **text, size_t *length);

#ifdef __cplusplus
}
#endif
#endif

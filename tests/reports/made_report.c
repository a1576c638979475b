/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the report of results made by hand to standard output: made-report LANGUAGE FORMAT [WIDTH]. The format
 * "json" is the results themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_results.h"
#include "temoin/report.h"

int main(int n_arguments, char **argument)
{
    const temoin_context_opts context_opts = TEMOIN_CONTEXT_OPTS_INIT;
    temoin_report_opts opts = TEMOIN_REPORT_OPTS_INIT;
    temoin_context *ctx;
    const char *text;
    size_t length;
    if (n_arguments < 3 || temoin_context_build(&context_opts, &ctx) != TEMOIN_OK) return 2;
    opts.language = argument[1];
    opts.format = argument[2];
    if (n_arguments > 3) opts.width = atoi(argument[3]);
    const bool raw = strcmp(opts.format, "json") == 0;
    const int failed = (raw ? temoin_results_render_json(ctx, &made_results, &text, &length)
                            : temoin_report_render(ctx, &made_results, &opts, &text, &length)) != TEMOIN_OK;
    if (failed)
        fprintf(stderr, "%s\n", temoin_context_problem(ctx, 0));
    else
        fwrite(text, 1, length, stdout);
    temoin_context_free(ctx);
    return failed;
}

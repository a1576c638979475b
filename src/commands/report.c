/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

/* Renders to standard output, so that any file name and any pipe can be had. */
static int run(temoin_context *context, const command_args *args)
{
    const temoin_results *results;
    const char *text;
    size_t length;
    temoin_report_opts opts = TEMOIN_REPORT_OPTS_INIT;
    temoin_status status = temoin_bundle_read_results(context, args->operand, &results);
    if (args->lang) opts.language = args->lang;
    if (args->format) opts.format = args->format;
    if (status == TEMOIN_OK) status = temoin_report_render(context, results, &opts, &text, &length);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    fwrite(text, 1, length, stdout);
    return EXIT_DONE;
}

const temoin_command tm_command_report = {
    .key = "report",
    .operand = "BUNDLE",
    .summary = "render again: another language, another format",
    .options = OPT_LANG | OPT_FORMAT,
    .run = run,
};

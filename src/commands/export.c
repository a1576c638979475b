/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

static int run(temoin_context *context, const command_args *args)
{
    const temoin_export_opts opts = {.format = args->format, .by = args->by, .output = args->output};
    temoin_export made;
    temoin_status status = temoin_bundle_export(context, args->operand, &opts, &made);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    for (int32_t f = 0; !args->quiet && f < made.n_files; f++) printf("%s/%s\n", made.folder, made.files[f]);
    return EXIT_DONE;
}

const temoin_command tm_command_export = {
    .key = "export",
    .operand = "BUNDLE",
    .summary = "write the ledger for others: REDCap, sealed envelopes",
    .options = OPT_EXPORT | OPT_QUIET,
    .run = run,
};

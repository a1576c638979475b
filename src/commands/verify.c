/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "command.h"

static bool is_by_another(const temoin_verdict *verdict)
{
    return verdict->engine && strcmp(verdict->engine, temoin_version()) != 0;
}

/* What a verdict on another build's work needs beside it. */
static void print_engine(const temoin_verdict *verdict, const char *before)
{
    if (is_by_another(verdict))
        printf("%smade by temoin %s, replayed by temoin %s\n", before, verdict->engine[0] ? verdict->engine : "?",
               temoin_version());
}

static int run(temoin_context *context, const command_args *args)
{
    temoin_verdict verdict;
    temoin_status status = temoin_bundle_verify(context, args->operand, &verdict);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (!verdict.identical) {
        printf("%s: %s\n", verdict.missing ? "cannot tell" : "different",
               verdict.missing ? verdict.missing : verdict.difference);
        print_engine(&verdict, "  ");
        return EXIT_DIFFERENT;
    }
    if (args->quiet) return EXIT_DONE;
    if (verdict.seed[0])
        printf("identical: trial %s, drawn again from seed \"%s\"; ", verdict.trial, verdict.seed);
    else
        printf("identical: trial %s, drawn elsewhere; ", verdict.trial);
    printf("%lld files compared\n", (long long)verdict.n_files);
    print_engine(&verdict, "");
    return EXIT_DONE;
}

const temoin_command tm_command_verify = {
    .key = "verify",
    .operand = "BUNDLE",
    .summary = "replay from the seed and compare every byte",
    .options = OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};

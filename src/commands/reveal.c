/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

/* A whole digest would tell the next client's arm to whoever tries all arms against the digest of that line. */
int tm_command_show_arm(temoin_context *context, const command_args *args, const char *folder, const char *client)
{
    temoin_reveal reveal;
    temoin_status status = temoin_bundle_reveal(context, folder, client, &reveal);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    printf("%s\n", reveal.arm);
    if (args->quiet) return EXIT_DONE;
    if (reveal.worker[0]) printf("worker %s\n", reveal.worker);
    printf("client %s, position %s, digest %.16s…\n", client, reveal.position, reveal.digest);
    printf("logged: %s/reveals.csv, reveal %lld\nhead:   %s\n", folder, (long long)reveal.n, reveal.head);
    return EXIT_DONE;
}

static int run(temoin_context *context, const command_args *args)
{
    return tm_command_show_arm(context, args, args->operand, args->second);
}

const temoin_command tm_command_reveal = {
    .key = "reveal",
    .operand = "BUNDLE ID",
    .summary = "show one client's arm, and log that it was shown",
    .options = OPT_QUIET,
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "command.h"

static void print_registry(int registry)
{
    int width = 0;
    for (int i = 0; temoin_registry_view(registry, i).key; i++) {
        int length = (int)strlen(temoin_registry_view(registry, i).key);
        if (length > width) width = length;
    }
    for (int i = 0; temoin_registry_view(registry, i).key; i++) {
        temoin_entry entry = temoin_registry_view(registry, i);
        if (entry.title[0])
            printf("  %-*s  %s\n", width, entry.key, entry.title);
        else
            printf("  %s\n", entry.key);
        if (entry.cites[0]) printf("  %-*s  %s\n", width, "", entry.cites);
    }
}

static int run(temoin_context *context, const command_args *args)
{
    (void)context;
    bool found = false;
    for (int r = 0; temoin_registry_name(r); r++) {
        if (args->operand && strcmp(args->operand, temoin_registry_name(r)) != 0) continue;
        printf("%s%s\n", found ? "\n" : "", temoin_registry_name(r));
        print_registry(r);
        found = true;
    }
    if (found) return EXIT_DONE;
    fprintf(stderr, "temoin: there is no registry \"%s\"; there are", args->operand);
    for (int r = 0; temoin_registry_name(r); r++) fprintf(stderr, "%s %s", r ? "," : "", temoin_registry_name(r));
    fprintf(stderr, "\n");
    return EXIT_USAGE;
}

const temoin_command tm_command_list = {
    .key = "list",
    .operand = "[REGISTRY]",
    .summary = "what can be asked for, with the citation",
    .run = run,
};

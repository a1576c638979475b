/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_OPTIONS_H
#define TEMOIN_OPTIONS_H

#include "command.h"

/* Reads the words behind a subcommand. Returns an exit status, or -1 to go on. Help is printed here. */
int tm_options_read(const temoin_command *command, int argc, char **argv, command_args *args,
                    temoin_context_opts *opts);

void tm_options_print_help(FILE *to);
void tm_options_print_command_help(FILE *to, const temoin_command *command);

#endif

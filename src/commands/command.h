/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subcommand is one file and one row.
 *
 * To add one: write <key>.c here with `const temoin_command tm_command_<key>`, add the key to this folder's
 * meson.build; help follows. Commands see the public headers only, and are the only place that prints, exits or reads
 * the environment. */
#ifndef TEMOIN_COMMAND_H
#define TEMOIN_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include <temoin/temoin.h>

enum exit_status { EXIT_DONE = 0, EXIT_MACHINE = 1, EXIT_USAGE = 2, EXIT_REJECTED = 3, EXIT_DIFFERENT = 4 };

/* Which options a command takes. */
enum {
    OPT_OUTPUT = 1,
    OPT_THREADS = 2,
    OPT_CPU = 4,
    OPT_QUIET = 8,
    OPT_LANG = 16,
    OPT_FORMAT = 32,
    OPT_STRICT = 64,
    OPT_ENROL = 128,
    OPT_DRY_RUN = 256,
    OPT_KEY = 512,
    OPT_SIGN_KEY = 1024,
    OPT_NEW_KEY = 2048,
    OPT_SEED_FILE = 4096,
    OPT_REVEAL = 8192,
    OPT_EXPORT = 16384 /* --format, --by, -o */
};

typedef struct command_args {
    const char *operand; /* the plan, the bundle or the registry; NULL when left out */
    const char *second;  /* what stands behind it, where a command takes two words */
    const char *output;  /* -o; NULL: the default */
    const char *lang;
    const char *format;
    const char *enrol;   /* the batch; NULL: none */
    const char *key;     /* file */
    const char *new_key; /* file */
    const char *reveal;  /* client */
    const char *by;      /* column */
    bool dry_run;
    bool quiet;
    bool strict;
} command_args;

typedef struct temoin_command {
    const char *key;
    const char *operand; /* as help prints it: in [ ] when it may be left out; two words with a blank between */
    const char *summary;
    unsigned options; /* OPT_… */
    /* Exit status; failures of the library are reported by the caller through `tm_command_failed`. */
    int (*run)(temoin_context *context, const command_args *args);
} temoin_command;

extern const temoin_command *const tm_command_table[];
extern const int tm_n_commands;

/* Prints the context's problems and gives the exit status that belongs to the failure. */
int tm_command_failed(const temoin_context *context, temoin_status status);

/* The folder to write to: -o, or the trial's id. */
const char *tm_command_folder(const command_args *args, const temoin_plan *plan);

/* Reveals a client's arm in a bundle, and prints it. Exit status. */
int tm_command_show_arm(temoin_context *context, const command_args *args, const char *folder, const char *client);

/* Prints how many clients are in each arm. */
void tm_command_print_arms(const temoin_assignment *assignment);

#endif

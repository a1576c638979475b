/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

typedef struct option_row {
    unsigned bit;
    const char *name;
    int letter;
    const char *argument; /* NULL: takes none */
    const char *help;
} option_row;

static const option_row rows[] = {
    {OPT_OUTPUT, "output", 'o', "DIR", "write there (default: a folder named as the trial's id)"},
    {OPT_ENROL, "enrol", 'e', "CSV", "append these clients to the ledger; `clients.file` of the plan is not read"},
    {OPT_DRY_RUN, "dry-run", 'n', NULL, "say what can be expected; show no arm and write nothing"},
    {OPT_REVEAL, "reveal", 'r', "ID", "show one client's arm in the ledger that is there, and log it; draw nothing"},
    {OPT_KEY, "key", 'k', "FILE", "demand a signature by this public key"},
    {OPT_SIGN_KEY, "key", 'k', "FILE", "sign with this secret key"},
    {OPT_NEW_KEY, "new-key", 'w', "FILE", "make a secret key in FILE and its public key in FILE.pub"},
    {OPT_SEED_FILE, "seed-file", 'S', "FILE", "the secret seed, for a plan that holds its commitment only"},
    {OPT_EXPORT, "format", 'f', "KEY", "see `temoin list exports`"},
    {OPT_EXPORT, "by", 'b', "COLUMN",
     "sealed: a list for each value of this column (default: the first of the strata)"},
    {OPT_EXPORT, "output", 'o', "DIR",
     "write there (default: a folder named as the trial's id, a dash and the format)"},
    {OPT_LANG, "lang", 'l', "en|fr", "language of what is printed"},
    {OPT_FORMAT, "format", 'f', "KEY", "renderer, see `temoin list renderers` (default: terminal)"},
    {OPT_STRICT, "strict", 's', NULL, "exit with 4 when an estimate is refused"},
    {OPT_THREADS, "threads", 't', "N", "threads (default: one per processor); the results do not depend on it"},
    {OPT_CPU, "cpu", 'c', "LEVEL", "array loops, see `temoin list cpu`; the results do not depend on it"},
    {OPT_QUIET, "quiet", 'q', NULL, "print problems only"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

void tm_options_print_help(FILE *to)
{
    fprintf(to, "temoin draws, analyses and audits randomized trials.\n\n");
    for (int c = 0; c < tm_n_commands; c++)
        fprintf(to, "temoin %-8s %-15s %s\n", tm_command_table[c]->key, tm_command_table[c]->operand,
                tm_command_table[c]->summary);
    fprintf(to, "\n`temoin COMMAND --help` shows a command's options; `temoin --version` the version.\n");
    fprintf(to, "Exit status: 0 done, 1 machine trouble, 2 usage, 3 plan or data rejected, 4 a difference found.\n");
}

void tm_options_print_command_help(FILE *to, const temoin_command *command)
{
    fprintf(to, "temoin %s %s\n  %s\n\n", command->key, command->operand, command->summary);
    for (int r = 0; r < N_ROWS; r++) {
        if (!(command->options & rows[r].bit)) continue;
        char left[40];
        snprintf(left, sizeof left, "-%c, --%s%s%s", rows[r].letter, rows[r].name, rows[r].argument ? " " : "",
                 rows[r].argument ? rows[r].argument : "");
        fprintf(to, "  %-22s %s\n", left, rows[r].help);
    }
    fprintf(to, "  %-22s %s\n", "-h, --help", "this text");
}

static int usage(const temoin_command *command, const char *what, const char *word)
{
    fprintf(stderr, "temoin: %s \"%s\"; see `temoin %s --help`\n", what, word, command->key);
    return EXIT_USAGE;
}

static int take_threads(const temoin_command *command, const char *text, int *threads)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*text == '\0' || *end || n < 1 || n > 1024)
        return usage(command, "--threads wants a number from 1 to 1024, not", text);
    *threads = (int)n;
    return -1;
}

static int take(const temoin_command *command, int letter, const char *value, command_args *args,
                temoin_context_opts *opts)
{
    switch (letter) {
    case 'o':
        args->output = value;
        break;
    case 'l':
        if (strcmp(value, "en") != 0 && strcmp(value, "fr") != 0)
            return usage(command, "--lang is en or fr, not", value);
        args->lang = value;
        break;
    case 'f':
        args->format = value;
        break;
    case 'e':
        args->enrol = value;
        break;
    case 'r':
        args->reveal = value;
        break;
    case 'k':
        args->key = value;
        break;
    case 'w':
        args->new_key = value;
        break;
    case 'S':
        opts->seed_file = value;
        break;
    case 'b':
        args->by = value;
        break;
    case 'n':
        args->dry_run = true;
        break;
    case 's':
        args->strict = true;
        break;
    case 't':
        return take_threads(command, value, &opts->threads);
    case 'c':
        opts->cpu = value;
        break;
    case 'q':
        args->quiet = true;
        break;
    case 'h':
        tm_options_print_command_help(stdout, command);
        return EXIT_DONE;
    default:
        return EXIT_USAGE;
    }
    return -1;
}

static int take_operand(const temoin_command *command, int argc, char **argv, command_args *args)
{
    bool optional = command->operand[0] == '[', two = strchr(command->operand, ' ') != NULL;
    if (optind < argc) args->operand = argv[optind++];
    if (two && optind < argc) args->second = argv[optind++];
    if (optind < argc) return usage(command, "one word too many:", argv[optind]);
    if (optional || (args->operand && (args->second || !two))) return -1;
    fprintf(stderr, "temoin: %s needs %s; see `temoin %s --help`\n", command->key, command->operand, command->key);
    return EXIT_USAGE;
}

int tm_options_read(const temoin_command *command, int argc, char **argv, command_args *args, temoin_context_opts *opts)
{
    struct option known[N_ROWS + 2] = {{0}};
    char letters[3 * N_ROWS + 4] = ":h";
    int n = 0;
    for (int r = 0; r < N_ROWS; r++) {
        if (!(command->options & rows[r].bit)) continue;
        known[n++] =
            (struct option){rows[r].name, rows[r].argument ? required_argument : no_argument, NULL, rows[r].letter};
        size_t end = strlen(letters);
        letters[end] = (char)rows[r].letter;
        letters[end + 1] = rows[r].argument ? ':' : '\0';
        letters[end + 2] = '\0';
    }
    known[n] = (struct option){"help", no_argument, NULL, 'h'};
    opterr = 0;
    for (int letter; (letter = getopt_long(argc, argv, letters, known, NULL)) != -1;) {
        if (letter == '?') return usage(command, "there is no option", argv[optind - 1]);
        if (letter == ':') return usage(command, "a value is missing behind", argv[optind - 1]);
        const char *word = argv[optind - 1]; /* `--output=` or, behind `-o`, nothing */
        if (optarg && !*optarg) return usage(command, "a value is missing behind", *word ? word : argv[optind - 2]);
        int status = take(command, letter, optarg, args, opts);
        if (status >= 0) return status;
    }
    return take_operand(command, argc, argv, args);
}

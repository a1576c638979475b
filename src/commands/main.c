/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "progress.h"

int tm_command_failed(const temoin_context *context, temoin_status status)
{
    for (size_t i = 0; i < temoin_context_n_problems(context); i++)
        fprintf(stderr, "temoin: %s\n", temoin_context_problem(context, i));
    size_t n_more = temoin_context_n_problems_dropped(context);
    if (n_more) fprintf(stderr, "temoin: … and %zu%s more\n", n_more, n_more < 1000 ? "" : " or");
    switch (status) {
    case TEMOIN_OK:
        return EXIT_DONE;
    case TEMOIN_ERR_USAGE:
        return EXIT_USAGE;
    case TEMOIN_ERR_PLAN:
    case TEMOIN_ERR_DATA:
        return EXIT_REJECTED;
    case TEMOIN_ERR_MEMORY:
    case TEMOIN_ERR_IO:
        break;
    }
    return EXIT_MACHINE;
}

const char *tm_command_folder(const command_args *args, const temoin_plan *plan)
{
    return args->output ? args->output : temoin_plan_id(plan);
}

void tm_command_print_arms(const temoin_assignment *assignment)
{
    for (int32_t a = 0; temoin_assignment_arm_name(assignment, a); a++)
        printf("%s%s %lld", a ? ", " : "", temoin_assignment_arm_name(assignment, a),
               (long long)temoin_assignment_n_in_arm(assignment, a));
    printf("\n");
}

static const temoin_command *find_command(const char *key)
{
    for (int c = 0; c < tm_n_commands; c++)
        if (strcmp(tm_command_table[c]->key, key) == 0) return tm_command_table[c];
    return NULL;
}

static int run_command(const temoin_command *command, const command_args *args, const temoin_context_opts *opts)
{
    temoin_context *context;
    temoin_status status = temoin_context_build(opts, &context);
    if (status == TEMOIN_ERR_USAGE) {
        fprintf(stderr, "temoin: this machine has no level \"%s\"; see `temoin list cpu`\n", opts->cpu);
        return EXIT_USAGE;
    }
    if (status != TEMOIN_OK) {
        fprintf(stderr, "temoin: out of memory\n");
        return EXIT_MACHINE;
    }
    int exit_status = command->run(context, args);
    temoin_context_free(context);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "temoin: standard output cannot be written\n");
        return EXIT_MACHINE;
    }
    return exit_status;
}

static const char *look_up(const char *name)
{
    return getenv(name);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        tm_options_print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        tm_options_print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("temoin %s\n", temoin_version());
        return EXIT_DONE;
    }
    const temoin_command *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "temoin: there is no command \"%s\"; see `temoin --help`\n", argv[1]);
        return EXIT_USAGE;
    }
    command_args args = {0};
    temoin_context_opts opts = TEMOIN_CONTEXT_OPTS_INIT;
    int status = tm_options_read(command, argc - 1, argv + 1, &args, &opts);
    if (status >= 0) return status;
    opts.environment = look_up;
    if (!args.quiet && isatty(STDERR_FILENO)) opts.progress = tm_progress_show;
    return run_command(command, &args, &opts);
}

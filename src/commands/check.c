/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

/* Goes through the whole run, and so finds everything that would stop it, but writes nothing. A trial that is still to be
 * observed has no outcome files yet: then its plan names none. */
static temoin_status check(temoin_context *context, const char *path, const char **text, size_t *length, const char **count,
                           size_t *count_length)
{
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
    temoin_status status = temoin_plan_read(context, path, &plan);
    if (status == TEMOIN_OK) status = temoin_trial_build(context, plan, true, &trial);
    if (status == TEMOIN_OK) status = temoin_assignment_draw(context, trial, &assignment);
    if (status == TEMOIN_OK) status = temoin_results_build(context, trial, assignment, &results);
    if (status == TEMOIN_OK) status = temoin_trial_render(context, trial, text, length);
    if (status == TEMOIN_OK) status = temoin_trial_render_count(context, trial, count, count_length);
    return status;
}

static int run(temoin_context *context, const command_args *args)
{
    const char *text, *count;
    size_t length, count_length;
    temoin_status status = check(context, args->operand, &text, &length, &count, &count_length);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (!args->quiet) {
        fwrite(text, 1, length, stdout);
        fwrite(count, 1, count_length, stdout);
        printf("nothing is wrong with the plan or its data\n");
    }
    return EXIT_DONE;
}

const temoin_command tm_command_check = {
    .key = "check",
    .operand = "PLAN",
    .summary = "read plan and data, say what is there and what is wrong, write nothing",
    .options = OPT_SEED_FILE | OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};

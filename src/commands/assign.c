/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

static temoin_status assign(temoin_context *context, const command_args *args, const temoin_plan **plan,
                            const temoin_assignment **assignment)
{
    const temoin_trial *trial;
    temoin_status status = temoin_plan_read(context, args->operand, plan);
    if (status == TEMOIN_OK) status = temoin_trial_build(context, *plan, false, &trial);
    if (status == TEMOIN_OK) status = temoin_assignment_draw(context, trial, assignment);
    if (status == TEMOIN_OK) status = temoin_bundle_write(context, tm_command_folder(args, *plan), trial, *assignment, NULL);
    return status;
}

static int run(temoin_context *context, const command_args *args)
{
    const temoin_plan *plan;
    const temoin_assignment *assignment;
    temoin_status status = assign(context, args, &plan, &assignment);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (args->quiet) return EXIT_DONE;
    tm_command_print_arms(assignment);
    printf("ledger: %s/ledger.csv\nhead:   %s\n", tm_command_folder(args, plan), temoin_ledger_head(context, assignment));
    if (temoin_assignment_n_workers(assignment))
        printf("workers: %s/workers.csv, %d drawn; the head stands for them too\n", tm_command_folder(args, plan),
               (int)temoin_assignment_n_workers(assignment));
    printf("publish the head: whoever has it can tell whether a line of the ledger was changed\n");
    return EXIT_DONE;
}

const temoin_command tm_command_assign = {
    .key = "assign",
    .operand = "PLAN",
    .summary = "draw; write the ledger",
    .options = OPT_OUTPUT | OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};

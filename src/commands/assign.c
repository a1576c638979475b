/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

static temoin_status assign(temoin_context *context, const command_args *args, const temoin_plan **plan,
                            temoin_enrolment *out)
{
    temoin_status status = temoin_plan_read(context, args->operand, plan);
    if (status != TEMOIN_OK) return status;
    const char *folder = tm_command_folder(args, *plan);
    if (args->enrol) return temoin_bundle_enrol(context, folder, *plan, args->enrol, args->dry_run, out);
    status = temoin_trial_build(context, *plan, false, &out->trial);
    if (status == TEMOIN_OK) status = temoin_assignment_draw(context, out->trial, &out->assignment);
    if (status == TEMOIN_OK && !args->dry_run)
        status = temoin_bundle_write(context, folder, out->trial, out->assignment, NULL);
    return status;
}

/* The draw was made, to find whatever would stop it, and nobody sees it. */
static int show_expected(temoin_context *context, const command_args *args, const temoin_enrolment *made)
{
    const char *text;
    size_t length;
    temoin_status status = temoin_trial_render_shares(context, made->trial, &text, &length);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (args->quiet) return EXIT_DONE;
    fwrite(text, 1, length, stdout);
    if (args->enrol)
        printf("%lld clients are in the ledger, %lld would be enrolled\n", (long long)made->n_before,
               (long long)(temoin_trial_n_units(made->trial) - made->n_before));
    printf("these are expectations; nothing was written\n");
    return EXIT_DONE;
}

static int reveal(temoin_context *context, const command_args *args)
{
    const char *folder = args->output;
    if (!folder) {
        const temoin_plan *plan;
        temoin_status status = temoin_plan_read(context, args->operand, &plan);
        if (status != TEMOIN_OK) return tm_command_failed(context, status);
        folder = temoin_plan_id(plan);
    }
    return tm_command_show_arm(context, args, folder, args->reveal);
}

static int run(temoin_context *context, const command_args *args)
{
    const temoin_plan *plan;
    temoin_enrolment made = {0};
    if (args->reveal) return reveal(context, args);
    temoin_status status = assign(context, args, &plan, &made);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (args->dry_run) return show_expected(context, args, &made);
    if (args->quiet) return EXIT_DONE;
    const temoin_assignment *assignment = made.assignment;
    tm_command_print_arms(assignment);
    if (args->enrol)
        printf("enrolled: %lld behind %lld\n", (long long)(temoin_trial_n_units(made.trial) - made.n_before),
               (long long)made.n_before);
    printf("ledger: %s/ledger.csv\nhead:   %s\n", tm_command_folder(args, plan),
           temoin_ledger_head(context, assignment));
    if (temoin_assignment_n_deferred(assignment))
        printf("deferred: %lld, who found no place when they came and are in no arm\n",
               (long long)temoin_assignment_n_deferred(assignment));
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
    .options = OPT_OUTPUT | OPT_ENROL | OPT_DRY_RUN | OPT_REVEAL | OPT_SEED_FILE | OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

/* What there is to say, in this order. */
enum { DESCRIPTION, COUNT, RANDOMIZATION, BALANCE, N_TEXTS };

typedef struct said {
    const char *text[N_TEXTS];
    size_t length[N_TEXTS];
} said;

/* Goes through the whole run, and so finds everything that would stop it, but writes nothing. A trial that is still to
 * be observed has no outcome files yet: then its plan names none. */
static temoin_status check(temoin_context *context, const char *path, said *s)
{
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
    temoin_status status = temoin_plan_read(context, path, &plan);
    if (status == TEMOIN_OK) status = temoin_trial_build(context, plan, true, &trial);
    if (status == TEMOIN_OK) status = temoin_assignment_draw(context, trial, &assignment);
    if (status == TEMOIN_OK) status = temoin_results_build(context, trial, assignment, &results);
    if (status == TEMOIN_OK)
        status = temoin_trial_render(context, trial, &s->text[DESCRIPTION], &s->length[DESCRIPTION]);
    if (status == TEMOIN_OK)
        status = temoin_assignment_render_count(context, assignment, &s->text[COUNT], &s->length[COUNT]);
    if (status == TEMOIN_OK)
        status = temoin_assignment_render_randomization(context, assignment, &s->text[RANDOMIZATION],
                                                        &s->length[RANDOMIZATION]);
    if (status == TEMOIN_OK)
        status = temoin_results_render_omnibus(context, results, &s->text[BALANCE], &s->length[BALANCE]);
    return status;
}

static int run(temoin_context *context, const command_args *args)
{
    said s;
    temoin_status status = check(context, args->operand, &s);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    for (int i = 0; !args->quiet && i < N_TEXTS; i++) fwrite(s.text[i], 1, s.length[i], stdout);
    if (!args->quiet) printf("nothing is wrong with the plan or its data\n");
    return EXIT_DONE;
}

const temoin_command tm_command_check = {
    .key = "check",
    .operand = "PLAN",
    .summary = "read plan and data, say what is there and what is wrong, write nothing",
    .options = OPT_SEED_FILE | OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};

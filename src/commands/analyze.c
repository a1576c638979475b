/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"

enum { WIDTH_IN_A_PIPE = 100, WIDEST = 160 };

/* How far randomization tests can go, before they run. */
static temoin_status announce(temoin_context *context, const command_args *args, const temoin_assignment *assignment)
{
    const char *text;
    size_t length;
    temoin_status status = temoin_assignment_render_randomization(context, assignment, &text, &length);
    if (status != TEMOIN_OK || args->quiet) return status;
    fwrite(text, 1, length, stdout);
    fflush(stdout);
    return TEMOIN_OK;
}

static temoin_status analyze(temoin_context *context, const command_args *args, const temoin_plan **plan,
                             const temoin_results **results)
{
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    temoin_status status = temoin_plan_read(context, args->operand, plan);
    if (status == TEMOIN_OK) status = temoin_trial_build(context, *plan, true, &trial);
    if (status == TEMOIN_OK) status = temoin_assignment_draw(context, trial, &assignment);
    if (status == TEMOIN_OK) status = announce(context, args, assignment);
    if (status == TEMOIN_OK) status = temoin_results_build(context, trial, assignment, results);
    if (status == TEMOIN_OK)
        status = temoin_bundle_write(context, tm_command_folder(args, *plan), trial, assignment, *results);
    return status;
}

static int screen_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40)
        return WIDTH_IN_A_PIPE;
    return size.ws_col < WIDEST ? size.ws_col : WIDEST;
}

static temoin_status print(temoin_context *context, const command_args *args, const temoin_plan *plan,
                           const temoin_results *results)
{
    const char *text;
    size_t length;
    temoin_report_opts opts = TEMOIN_REPORT_OPTS_INIT;
    if (args->lang) opts.language = args->lang;
    opts.width = screen_width();
    temoin_status status = temoin_report_render(context, results, &opts, &text, &length);
    if (status != TEMOIN_OK) return status;
    fwrite(text, 1, length, stdout);
    status = temoin_results_render_providers(context, results, opts.language, &text, &length);
    if (status != TEMOIN_OK) return status;
    fwrite(text, 1, length, stdout);
    for (int32_t l = 0; l < results->n_languages; l++)
        printf("%s%s/report.%s.html\n", l ? "        " : "report: ", tm_command_folder(args, plan),
               results->languages[l]);
    return TEMOIN_OK;
}

static int64_t count_refused(const temoin_results *results)
{
    int64_t n = 0;
    for (int64_t r = 0; r < results->n_rows; r++) n += isnan(results->rows[r].se);
    return n;
}

static int run(temoin_context *context, const command_args *args)
{
    const temoin_plan *plan;
    const temoin_results *results;
    temoin_status status = analyze(context, args, &plan, &results);
    if (status == TEMOIN_OK && !args->quiet) status = print(context, args, plan, results);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    int64_t n_refused = count_refused(results);
    if (args->strict && n_refused > 0) {
        fprintf(stderr, "temoin: %lld of %lld estimates are refused; their notes say why\n", (long long)n_refused,
                (long long)results->n_rows);
        return EXIT_DIFFERENT;
    }
    return EXIT_DONE;
}

const temoin_command tm_command_analyze = {
    .key = "analyze",
    .operand = "PLAN",
    .summary = "estimate, check, report",
    .options = OPT_OUTPUT | OPT_SEED_FILE | OPT_LANG | OPT_STRICT | OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};

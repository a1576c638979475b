/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/bundle.h"

#include <string.h>

#include "base/files.h"
#include "temoin/version.h"

enum { FIXED_OUTPUTS = 4 }; /* ledger, workers, estimates, results; then a report per language */

/* A file that serves two roles is copied once. */
static int32_t find_same(const temoin_trial *trial, int32_t input)
{
    for (int32_t k = 0; k < input; k++)
        if (strcmp(trial->inputs[k].path, trial->inputs[input].path) == 0) return k;
    return -1;
}

static temoin_status read_inputs(temoin_context *ctx, const temoin_trial *trial, tm_bundle *out)
{
    tm_bundle_file *files;
    int32_t n_outcomes = 0;
    TM_ALLOC(ctx, files, trial->n_inputs);
    for (int32_t k = 0; k < trial->n_inputs; k++) {
        const char *role = trial->inputs[k].role;
        int32_t same = find_same(trial, k);
        n_outcomes += strcmp(role, "outcomes") == 0;
        if (same >= 0)
            files[k] = files[same];
        else {
            files[k].name = strcmp(role, "plan") == 0      ? "inputs/plan.yaml"
                            : strcmp(role, "clients") == 0 ? "inputs/clients.csv"
                            : strcmp(role, "workers") == 0 ? "inputs/workers.csv"
                            : strcmp(role, "exits") == 0   ? "inputs/exits.csv"
                                                           : tm_text(ctx, "inputs/outcomes-%d.csv", (int)n_outcomes);
            if (!files[k].name) return tm_fail_memory(ctx);
            if (trial->plan->clients.text && strcmp(role, "clients") == 0) {
                files[k].text = trial->plan->clients.text;
                files[k].length = trial->plan->clients.length;
            } else
                TM_TRY(tm_file_read(ctx, trial->inputs[k].path, &files[k].text, &files[k].length));
        }
        files[k].role = role;
    }
    out->inputs = files;
    out->n_inputs = trial->n_inputs;
    return TEMOIN_OK;
}

static temoin_status render_reports(temoin_context *ctx, const temoin_results *results, tm_bundle_file *files,
                                    int32_t *n)
{
    for (int32_t k = 0; k < results->n_languages; k++) {
        temoin_report_opts opts = {.language = results->languages[k], .format = "html"};
        tm_bundle_file *file = &files[(*n)++];
        *file = (tm_bundle_file){.role = "", .name = tm_text(ctx, "report.%s.html", opts.language)};
        if (!file->name) return tm_fail_memory(ctx);
        TM_TRY(temoin_report_render(ctx, results, &opts, &file->text, &file->length));
    }
    return TEMOIN_OK;
}

temoin_status tm_bundle_build(temoin_context *ctx, const temoin_trial *trial, const temoin_assignment *assignment,
                              const temoin_results *results, const char *engine, tm_bundle *out)
{
    tm_bundle_file *files;
    int32_t n = 0;
    *out = (tm_bundle){0};
    TM_TRY(read_inputs(ctx, trial, out));
    TM_ALLOC(ctx, files, FIXED_OUTPUTS + (results ? results->n_languages : 0));
    if (assignment->drawn) {
        files[n] = (tm_bundle_file){.role = "", .name = "ledger.csv"};
        TM_TRY(temoin_ledger_render(ctx, assignment, &files[n].text, &files[n].length));
        n++;
    }
    if (temoin_assignment_n_workers(assignment)) {
        files[n] = (tm_bundle_file){.role = "", .name = "workers.csv"};
        TM_TRY(tm_workers_render(ctx, assignment, &files[n].text, &files[n].length));
        n++;
    }
    if (results) {
        files[n] = (tm_bundle_file){.role = "", .name = "estimates.csv"};
        TM_TRY(temoin_results_render_csv(ctx, results, &files[n].text, &files[n].length));
        n++;
        files[n] = (tm_bundle_file){.role = "", .name = "results.json"};
        TM_TRY(temoin_results_render_json(ctx, results, &files[n].text, &files[n].length));
        n++;
        TM_TRY(render_reports(ctx, results, files, &n));
    }
    out->outputs = files;
    out->n_outputs = n;
    return tm_manifest_render(ctx, assignment, results != NULL, engine, out);
}

static temoin_status guard_ledger(temoin_context *ctx, const char *folder, const tm_bundle *bundle, bool analysis)
{
    const char *path = tm_text(ctx, "%s/ledger.csv", folder), *text;
    size_t length;
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path)) return TEMOIN_OK;
    if (!analysis)
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s: there is a ledger already, and a ledger is drawn once; choose another folder with -o", path);
    TM_TRY(tm_file_read(ctx, path, &text, &length));
    bool ours = bundle->n_outputs > 0 && strcmp(bundle->outputs[0].name, "ledger.csv") == 0;
    if (ours && length == bundle->outputs[0].length && memcmp(text, bundle->outputs[0].text, length) == 0)
        return TEMOIN_OK;
    TM_FAIL(
        ctx, TEMOIN_ERR_DATA,
        "%s: this ledger is not the one that the plan and its client list draw now; restore the client list and plan "
        "of the draw, or choose another folder with -o",
        path);
}

temoin_status temoin_bundle_read_results(temoin_context *ctx, const char *folder, const temoin_results **out)
{
    const char *path = tm_folder_find(ctx, folder, "results.json");
    if (!path) return tm_fail_memory(ctx);
    return temoin_results_read_json(ctx, path, out);
}

temoin_status tm_bundle_read_manifest(temoin_context *ctx, const char *folder, const char **text, size_t *length)
{
    const char *path = tm_folder_find(ctx, folder, "manifest.json");
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path))
        TM_FAIL(ctx, TEMOIN_ERR_IO,
                "%s: there is no manifest.json; name the folder that `temoin assign` or `analyze` wrote", folder);
    return tm_file_read(ctx, path, text, length);
}

temoin_status tm_bundle_open(temoin_context *ctx, const char *path, tm_folder *out)
{
    const char *text;
    size_t length;
    *out = (tm_folder){.path = path, .parent = -1, .self = -1, .stage = -1};
    TM_TRY(tm_bundle_read_manifest(ctx, path, &text, &length)); /* or else a folder would be made */
    return tm_folder_open(ctx, path, out);
}

static void add_file(tm_folder_file *files, int32_t *n, const tm_bundle_file *file)
{
    for (int32_t k = 0; k < *n; k++)
        if (strcmp(files[k].name, file->name) == 0) return; /* an input that serves two roles */
    files[(*n)++] = (tm_folder_file){file->name, file->text, file->length};
}

temoin_status tm_bundle_store(temoin_context *ctx, tm_folder *folder, const tm_bundle *bundle)
{
    tm_folder_file *files;
    int32_t n = 0;
    TM_ALLOC(ctx, files, bundle->n_inputs + bundle->n_outputs + 1);
    for (int32_t k = 0; k < bundle->n_inputs; k++) add_file(files, &n, &bundle->inputs[k]);
    for (int32_t k = 0; k < bundle->n_outputs; k++) add_file(files, &n, &bundle->outputs[k]);
    add_file(files, &n, &bundle->manifest);
    return tm_folder_replace(ctx, folder, files, n);
}

temoin_status temoin_bundle_write(temoin_context *ctx, const char *path, const temoin_trial *trial,
                                  const temoin_assignment *assignment, const temoin_results *results)
{
    tm_bundle bundle;
    tm_folder folder;
    if (!results && !assignment->drawn)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: the arms come from column \"%s\"; there is nothing to draw",
                trial->plan->path, tm_plan_line(trial->plan, "design.assigned"), trial->plan->design.assigned);
    TM_TRY(tm_bundle_build(ctx, trial, assignment, results, temoin_version(), &bundle));
    temoin_status status = tm_folder_open(ctx, path, &folder);
    if (status == TEMOIN_OK) status = guard_ledger(ctx, path, &bundle, results != NULL);
    if (status == TEMOIN_OK) status = tm_bundle_store(ctx, &folder, &bundle);
    tm_folder_close(&folder);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replaying a bundle: its inputs against the manifest's digests, then everything that they determine, byte by byte.
 *
 * A bundle of another build is compared with what this build makes of it, but for the version: manifest and results are
 * made with that which a sealed manifest says. Where this build cannot make it, there is no verdict: "cannot tell". */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ledger_table.h"
#include "base/files.h"
#include "designs/design_kind.h"
#include "temoin/version.h"

enum { SHOWN = 160 }; /* bytes of a line in a message */

static temoin_status differ(temoin_context *ctx, temoin_verdict *verdict, const char *text)
{
    if (!text) return tm_fail_memory(ctx);
    if (!verdict->difference) verdict->difference = text;
    verdict->identical = false;
    return TEMOIN_OK;
}

static temoin_status lack(temoin_context *ctx, temoin_verdict *verdict, const char *text)
{
    if (!text) return tm_fail_memory(ctx);
    if (!verdict->missing) verdict->missing = text;
    verdict->identical = false;
    return TEMOIN_OK;
}

/* A file of the bundle; NULL text when it is not there, or, with a difference, cannot be read. */
static temoin_status read_file(temoin_context *ctx, const char *folder, const char *name, const char **text,
                               size_t *length, temoin_verdict *verdict)
{
    const char *path = tm_folder_find(ctx, folder, name);
    *text = NULL;
    *length = 0;
    verdict->n_files++;
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path)) return TEMOIN_OK;
    size_t n_problems = ctx->n_problems;
    temoin_status status = tm_file_read(ctx, path, text, length);
    if (status != TEMOIN_ERR_IO || ctx->n_problems == n_problems) return status;
    ctx->n_problems = n_problems;
    return differ(ctx, verdict, tm_text(ctx, "%s: cannot be read: %s", name, ctx->problem[n_problems]));
}

static size_t line_length(const char *text, size_t length, size_t start)
{
    const char *end = memchr(text + start, '\n', length - start);
    return end ? (size_t)(end - text) - start : length - start;
}

static int shown(size_t length)
{
    return (int)(length < SHOWN ? length : SHOWN);
}

static temoin_status compare(temoin_context *ctx, const tm_bundle_file *expected, const char *text, size_t length,
                             temoin_verdict *verdict)
{
    size_t common = length < expected->length ? length : expected->length, at = 0, start = 0;
    while (at < common && text[at] == expected->text[at]) at++;
    if (at == length && at == expected->length) return TEMOIN_OK;
    long long line = 1;
    for (size_t i = 0; i < at; i++)
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    size_t wanted = start < expected->length ? line_length(expected->text, expected->length, start) : 0;
    size_t found = start < length ? line_length(text, length, start) : 0;
    return differ(ctx, verdict,
                  tm_text(ctx, "%s: line %lld, byte %zu differs\n  expected: %.*s\n  found:    %.*s", expected->name,
                          line, at - start + 1, shown(wanted), expected->text + start, shown(found), text + start));
}

/* The plan as it would be if its files were those of the bundle. */
static temoin_status move_plan(temoin_context *ctx, const char *folder, const temoin_plan *plan,
                               const tm_manifest *manifest, temoin_plan *moved, const char **why)
{
    tm_plan_file *outcomes;
    int32_t n_outcomes = 0, n_clients = 0, n_workers = 0, n_exits = 0;
    TM_ALLOC(ctx, outcomes, plan->n_outcomes);
    if (plan->n_outcomes) memcpy(outcomes, plan->outcomes, (size_t)plan->n_outcomes * sizeof *outcomes);
    *moved = *plan;
    for (int32_t k = 0; k < manifest->n_inputs; k++) {
        const char *role = manifest->inputs[k].role, *name = tm_folder_find(ctx, folder, manifest->inputs[k].name);
        if (!name) return tm_fail_memory(ctx);
        if (name[0] != '/') name = tm_path_last(name);
        if (strcmp(role, "clients") == 0 && n_clients++ == 0)
            moved->clients.file = name;
        else if (strcmp(role, "workers") == 0 && n_workers++ == 0)
            *(plan->capacity.workers.file ? &moved->capacity.workers.file : &moved->design.options.workers.file) = name;
        else if (strcmp(role, "exits") == 0 && n_exits++ == 0)
            moved->capacity.exits.file = name;
        else if (strcmp(role, "outcomes") == 0 && n_outcomes < plan->n_outcomes)
            outcomes[n_outcomes++].file = name;
        else if (strcmp(role, "plan") != 0)
            *why = "\"inputs\" does not fit the plan";
    }
    const bool workers = plan->design.options.workers.file || plan->capacity.workers.file,
               exits = plan->capacity.exits.file;
    if (n_clients != 1 || n_workers != workers || n_exits != exits ||
        (manifest->analysis && n_outcomes != plan->n_outcomes))
        *why = "\"inputs\" does not fit the plan";
    moved->outcomes = outcomes;
    return TEMOIN_OK;
}

/* What the plan and the files beside it make. */
static temoin_status make_again(temoin_context *ctx, const temoin_plan *plan, const tm_manifest *manifest,
                                tm_bundle *bundle)
{
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const char *engine = manifest->sealed ? manifest->engine : temoin_version();
    TM_TRY(temoin_trial_build(ctx, plan, manifest->analysis, &trial));
    TM_TRY(temoin_assignment_draw(ctx, trial, &assignment));
    if (!manifest->analysis) return tm_bundle_build(ctx, trial, assignment, NULL, engine, bundle);
    const temoin_results *results;
    TM_TRY(temoin_results_build(ctx, trial, assignment, &results));
    temoin_results made = *results;
    made.engine = engine;
    return tm_bundle_build(ctx, trial, assignment, &made, engine, bundle);
}

static temoin_status lack_seed(temoin_context *ctx, const temoin_plan *plan, temoin_verdict *verdict)
{
    if (ctx->seed_file)
        return lack(ctx, verdict, tm_text(ctx, "%s: is not the seed that the plan committed to", ctx->seed_file));
    if (plan->design.seed_env)
        return lack(ctx, verdict,
                    tm_text(ctx,
                            "the seed is not in the bundle, and the variable \"%s\" does not hold it; pass "
                            "--seed-file",
                            plan->design.seed_env));
    return lack(ctx, verdict, "the seed is not in the bundle; pass --seed-file");
}

static temoin_status replay(temoin_context *ctx, const char *folder, const tm_manifest *manifest, tm_bundle *bundle,
                            temoin_verdict *verdict, const char **why)
{
    const char *path = NULL;
    for (int32_t k = 0; k < manifest->n_inputs; k++)
        if (strcmp(manifest->inputs[k].role, "plan") == 0) path = tm_folder_find(ctx, folder, manifest->inputs[k].name);
    if (!path) {
        *why = "\"inputs\" lists no plan";
        return TEMOIN_OK;
    }
    const temoin_plan *plan;
    temoin_plan *moved;
    TM_ALLOC(ctx, moved, 1);
    TM_TRY(tm_plan_read_again(ctx, path, &plan));
    if (tm_plan_hides_seed(plan) && !plan->design.seed) return lack_seed(ctx, plan, verdict);
    if (!tm_design_find(plan->design.kind))
        return lack(ctx, verdict,
                    tm_text(ctx, "inputs/plan.yaml: line %d: the design \"%s\", which this build does not know",
                            tm_plan_line(plan, "design.kind"), plan->design.kind));
    TM_TRY(move_plan(ctx, folder, plan, manifest, moved, why));
    return *why ? TEMOIN_OK : make_again(ctx, moved, manifest, bundle);
}

static temoin_status check_inputs(temoin_context *ctx, const char *folder, const tm_manifest *manifest,
                                  temoin_verdict *verdict)
{
    for (int32_t k = 0; k < manifest->n_inputs; k++) {
        const char *text, *name = manifest->inputs[k].name;
        size_t length;
        TM_TRY(read_file(ctx, folder, name, &text, &length, verdict));
        if (!text && !verdict->difference)
            TM_TRY(lack(ctx, verdict, tm_text(ctx, "%s: the file, of which manifest.json tells, is missing", name)));
        if (!text) continue;
        const char *digest = tm_text_digest(ctx, text, length);
        if (!digest) return tm_fail_memory(ctx);
        if (strcmp(digest, manifest->input_digest[k]) != 0)
            TM_TRY(differ(ctx, verdict,
                          tm_text(ctx,
                                  "%s: is not the file that manifest.json was made with\n  expected: sha256 %s\n"
                                  "  found:    sha256 %s",
                                  name, manifest->input_digest[k], digest)));
    }
    return TEMOIN_OK;
}

/* A bundle that cannot be replayed says why with the replay's own first problem. What this build rejects, this build
 * did not make; of another's work it cannot tell. */
static temoin_status replay_or_say(temoin_context *ctx, const char *folder, const tm_manifest *manifest,
                                   tm_bundle *bundle, temoin_verdict *verdict)
{
    const char *why = NULL;
    size_t n_problems = ctx->n_problems;
    temoin_status status = replay(ctx, folder, manifest, bundle, verdict, &why);
    if (status == TEMOIN_ERR_MEMORY || status == TEMOIN_ERR_IO) return status;
    if (status != TEMOIN_OK) {
        why = ctx->n_problems > n_problems ? ctx->problem[n_problems] : "the inputs are rejected";
        ctx->n_problems = n_problems;
        ctx->n_problems_dropped = 0;
    }
    if (!why) return TEMOIN_OK;
    if (status != TEMOIN_OK && strcmp(manifest->engine, temoin_version()) != 0)
        return lack(ctx, verdict, tm_text(ctx, "what this build does not know: %s", why));
    return differ(ctx, verdict, tm_text(ctx, "manifest.json: cannot be replayed: %s", why));
}

static temoin_status compare_outputs(temoin_context *ctx, const char *folder, const tm_bundle *bundle,
                                     temoin_verdict *out)
{
    for (int32_t k = 0; k < bundle->n_outputs; k++) {
        const char *found, *name = bundle->outputs[k].name;
        size_t length;
        TM_TRY(read_file(ctx, folder, name, &found, &length, out));
        if (found)
            TM_TRY(compare(ctx, &bundle->outputs[k], found, length, out));
        else if (!out->difference)
            TM_TRY(differ(ctx, out, tm_text(ctx, "%s: the file, of which manifest.json tells, is missing", name)));
    }
    return TEMOIN_OK;
}

/* A ledger that cannot be read leaves its reveals unread. */
static temoin_status judge_reveals(temoin_context *ctx, const char *folder, const tm_manifest *manifest,
                                   temoin_verdict *out)
{
    const char *why;
    const size_t n_problems = ctx->n_problems;
    temoin_status status = tm_reveals_check(ctx, folder, manifest->trial, &out->n_files, &why);
    if (status == TEMOIN_ERR_DATA && ctx->n_problems > n_problems) {
        why = ctx->problem[n_problems];
        ctx->n_problems = n_problems;
        ctx->n_problems_dropped = 0;
        status = TEMOIN_OK;
    }
    if (status != TEMOIN_OK || !why) return status;
    return differ(ctx, out, why);
}

static temoin_status judge(temoin_context *ctx, const char *folder, temoin_verdict *out)
{
    const char *text, *why;
    size_t length;
    tm_manifest manifest;
    tm_bundle bundle = {0};
    TM_TRY(tm_bundle_read_manifest(ctx, folder, &text, &length));
    TM_TRY(tm_manifest_read(ctx, text, length, &manifest, &why));
    if (why) return differ(ctx, out, tm_text(ctx, "manifest.json: %s", why));
    out->trial = manifest.trial;
    out->seed = manifest.seed;
    out->commitment = manifest.commitment;
    if (manifest.sealed) out->engine = manifest.engine;
    TM_TRY(check_inputs(ctx, folder, &manifest, out));
    if (out->identical) TM_TRY(replay_or_say(ctx, folder, &manifest, &bundle, out));
    if (out->missing && !manifest.sealed) /* nothing can be told from what was changed, but this can */
        TM_TRY(differ(ctx, out, "manifest.json: was changed: its seal is not the digest of the lines above it"));
    if (out->identical) {
        TM_TRY(compare_outputs(ctx, folder, &bundle, out));
        TM_TRY(compare(ctx, &bundle.manifest, text, length, out));
    }
    return out->difference ? TEMOIN_OK : judge_reveals(ctx, folder, &manifest, out);
}

/* Where a replacement was interrupted, files lie in two places: then all are named in full. */
static temoin_status verify(temoin_context *ctx, const char *folder, temoin_verdict *out)
{
    char *whole;
    TM_ALLOC(ctx, whole, PATH_MAX);
    const char *finished = tm_text(ctx, "%s/.finished", folder);
    if (!finished) return tm_fail_memory(ctx);
    return judge(ctx, tm_file_exists(finished) && realpath(folder, whole) ? whole : folder, out);
}

temoin_status temoin_bundle_verify(temoin_context *ctx, const char *folder, temoin_verdict *out)
{
    int lock;
    *out = (temoin_verdict){.identical = true, .n_files = 1};
    TM_TRY(tm_folder_enter(ctx, folder, &lock));
    temoin_status status = verify(ctx, folder, out);
    tm_folder_leave(lock);
    if (out->difference) out->missing = NULL;                 /* what differs, differs */
    return status == TEMOIN_OK ? tm_memory_end(ctx) : status; /* no verdict on what was not seen whole */
}

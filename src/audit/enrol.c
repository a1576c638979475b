/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ledger that grows: those who came are put behind those who came before, everybody is drawn again, and because a
 * rolling design never moves who came earlier, the ledger so far is the beginning of the new one, byte for byte, or
 * nothing is written. So any number of batches gives the bundle that one batch would have given, and a replay needs to
 * know nothing of batches. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "audit/bundle.h"
#include "base/files.h"
#include "base/sink.h"
#include "designs/design_kind.h"
#include "designs/trial_units.h"
#include "frame/cells.h"
#include "temoin/version.h"
#include "trial/trial_parts.h"

/* The client list, where its rows begin. */
typedef struct client_list {
    const char *path; /* for messages */
    const char *text;
    size_t length;
    size_t header, header_length, rows;
    int64_t header_line;
} client_list;

typedef struct enrolment {
    const char *folder;
    const temoin_plan *plan;
    client_list before; /* text NULL: nobody is enrolled yet */
    client_list batch;
    const char *ledger; /* before */
    size_t ledger_length;
    temoin_trial *known; /* units of `before` and of `batch`, each by themselves: id and clients only */
    temoin_trial *added;
} enrolment;

static temoin_status check_rolling(temoin_context *ctx, const temoin_plan *plan)
{
    const tm_design *design = tm_design_find(plan->design.kind);
    if (plan->design.assigned)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: the arms come from column \"%s\"; there is nothing to draw",
                plan->path, tm_plan_line(plan, "design.assigned"), plan->design.assigned);
    if (!design || design->rolling) return TEMOIN_OK; /* the draw says which designs there are */
    tm_sink list;
    tm_sink_init(&list, ctx);
    for (int d = 0; d < tm_n_designs; d++)
        if (tm_designs[d]->rolling) tm_sink_printf(&list, "%s%s", list.length ? ", " : "", tm_designs[d]->key);
    TM_TRY(tm_sink_finish(&list));
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "%s: line %d: \"%s\" draws all clients at once, so nobody can be enrolled later; designs that take clients "
            "as they "
            "come: %s",
            plan->path, tm_plan_line(plan, "design.kind"), plan->design.kind, list.text ? list.text : "none");
}

/* Finds the header: the first line that is not blank, quotes kept together. */
static void split_rows(client_list *list)
{
    const char *text = list->text;
    size_t at = list->length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    list->header_line = 1;
    for (size_t ahead = at; ahead < list->length && strchr(" \t\r\n", text[ahead]) && text[ahead]; ahead++) {
        if (text[ahead] != '\n' && text[ahead] != '\r') continue;
        list->header_line += text[ahead] == '\n' || ahead + 1 == list->length || text[ahead + 1] != '\n';
        at = ahead + 1;
    }
    list->header = at;
    for (bool quoted = false; at < list->length && (quoted || (text[at] != '\n' && text[at] != '\r')); at++)
        if (text[at] == '"') quoted = !quoted;
    list->header_length = at - list->header;
    if (at < list->length && text[at] == '\r') at++;
    if (at < list->length && text[at] == '\n') at++;
    list->rows = at;
}

static size_t line_end(const char *text, size_t length, size_t at)
{
    const char *end = memchr(text + at, '\n', length - at);
    return end ? (size_t)(end - text) : length;
}

static temoin_status compare_plan(temoin_context *ctx, const enrolment *job, const char *path, const char *text,
                                  size_t length)
{
    const temoin_plan *plan = job->plan;
    char here[TM_SHOWN_SIZE], there[TM_SHOWN_SIZE];
    size_t start = 0, common = length < plan->text_length ? length : plan->text_length, at = 0;
    long long line = 1;
    if (length == plan->text_length && memcmp(text, plan->text, length) == 0) return TEMOIN_OK;
    for (; at < common && text[at] == plan->text[at]; at++)
        if (text[at] == '\n') {
            line++;
            start = at + 1;
        }
    const size_t ours = line_end(plan->text, plan->text_length, start), theirs = line_end(text, length, start);
    TM_FAIL(
        ctx, TEMOIN_ERR_PLAN,
        "%s: line %lld: found %s, but the ledger was begun with %s, which has %s there; enrol with that plan, or begin "
        "another ledger with -o",
        plan->path, line, tm_shown(plan->text + start, ours - start, here), path,
        tm_shown(text + start, theirs - start, there));
}

static temoin_status check_client_digest(temoin_context *ctx, const enrolment *job, const tm_manifest *manifest)
{
    const char *digest = tm_text_digest(ctx, job->before.text, job->before.length);
    if (!digest) return tm_fail_memory(ctx);
    for (int32_t k = 0; k < manifest->n_inputs; k++)
        if (strcmp(manifest->inputs[k].role, "clients") == 0 && strcmp(manifest->input_digest[k], digest) == 0)
            return TEMOIN_OK;
    TM_FAIL(ctx, TEMOIN_ERR_DATA,
            "%s: is not the file that manifest.json tells of; restore the folder as the last enrolment left it "
            "(`temoin verify %s` "
            "says what differs)",
            job->before.path, job->folder);
}

static temoin_status read_part(temoin_context *ctx, const char *folder, const char *name, const char **path,
                               const char **text, size_t *length)
{
    *path = tm_folder_find(ctx, folder, name);
    if (!*path) return tm_fail_memory(ctx);
    return tm_file_read(ctx, *path, text, length);
}

/* Without a manifest there must be no ledger either. */
static temoin_status check_empty(temoin_context *ctx, const enrolment *job)
{
    const char *ledger = tm_text(ctx, "%s/ledger.csv", job->folder);
    if (!ledger) return tm_fail_memory(ctx);
    if (tm_file_exists(ledger))
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s: there is a ledger, but no manifest.json beside it; restore it, or choose another folder "
                "with -o",
                ledger);
    return TEMOIN_OK;
}

static temoin_status read_before(temoin_context *ctx, enrolment *job)
{
    const char *path = tm_folder_find(ctx, job->folder, "manifest.json"), *text, *why;
    size_t length;
    tm_manifest manifest;
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path)) return check_empty(ctx, job);
    TM_TRY(tm_file_read(ctx, path, &text, &length));
    TM_TRY(tm_manifest_read(ctx, text, length, &manifest, &why));
    if (why) TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: %s; restore the folder as the last enrolment left it", path, why);
    if (manifest.analysis)
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s: the folder holds an analysis, which a longer ledger would belie; analyze into a folder of its own "
                "with -o, "
                "and begin this ledger again elsewhere with --enrol %s/inputs/clients.csv",
                job->folder, job->folder);
    TM_TRY(read_part(ctx, job->folder, "inputs/plan.yaml", &path, &text, &length));
    TM_TRY(compare_plan(ctx, job, path, text, length));
    TM_TRY(read_part(ctx, job->folder, "ledger.csv", &path, &job->ledger, &job->ledger_length));
    client_list *before = &job->before;
    TM_TRY(read_part(ctx, job->folder, "inputs/clients.csv", &before->path, &before->text, &before->length));
    TM_TRY(check_client_digest(ctx, job, &manifest));
    split_rows(before);
    return TEMOIN_OK;
}

/* The header's cell in which byte `at` stands, as it is written. */
static const char *header_cell(const client_list *list, size_t at, char shown[TM_SHOWN_SIZE])
{
    const char *text = list->text + list->header;
    size_t from = at < list->header_length ? at : list->header_length, to = from;
    while (from > 0 && !memchr(",;\t", text[from - 1], 3)) from--;
    while (to < list->header_length && !memchr(",;\t", text[to], 3)) to++;
    return tm_shown(text + from, to - from, shown);
}

static temoin_status check_header(temoin_context *ctx, const enrolment *job)
{
    const client_list *before = &job->before, *batch = &job->batch;
    char here[TM_SHOWN_SIZE], there[TM_SHOWN_SIZE];
    size_t at = 0;
    if (!before->text) return TEMOIN_OK;
    while (at < batch->header_length && at < before->header_length &&
           batch->text[batch->header + at] == before->text[before->header + at])
        at++;
    if (at == batch->header_length && at == before->header_length) return TEMOIN_OK;
    if (batch->header_length == 0)
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: the file is empty; it needs the header of %s and at least one row",
                batch->path, before->path);
    const char *ours = header_cell(batch, at, here), *theirs = header_cell(before, at, there);
    if (strcmp(ours, theirs) == 0) { /* another delimiter, or another number of columns */
        ours = tm_shown(batch->text + batch->header, batch->header_length, here);
        theirs = tm_shown(before->text + before->header, before->header_length, there);
    }
    TM_FAIL(ctx, TEMOIN_ERR_DATA,
            "%s: line %lld: the header has %s where %s has %s; give the same columns in the same order, written the "
            "same way",
            batch->path, (long long)batch->header_line, ours, before->path, theirs);
}

static void put_lines(tm_sink *sink, const char *text, size_t length)
{
    tm_sink_put_bytes(sink, text, length);
    if (length && text[length - 1] != '\n' && text[length - 1] != '\r') tm_sink_put(sink, "\n");
}

/* The list as it will be: one header, then the rows as they came. */
static temoin_status join_lists(temoin_context *ctx, const enrolment *job, const char **text, size_t *length)
{
    const client_list *before = &job->before, *batch = &job->batch;
    const size_t from = before->text ? batch->rows : batch->header;
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    if (before->text) put_lines(&sink, before->text, before->length);
    put_lines(&sink, batch->text + from, batch->length - from);
    *text = sink.text;
    *length = sink.length;
    return tm_sink_finish(&sink);
}

/* Reads a part of the list by itself, so that its problems are told with its own lines. */
static temoin_status read_units(temoin_context *ctx, const enrolment *job, const client_list *list, temoin_trial **out)
{
    temoin_plan *plan;
    temoin_trial *trial;
    tm_design_units units;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    TM_ALLOC(ctx, plan, 1);
    TM_ALLOC(ctx, trial, 1);
    *plan = *job->plan;
    plan->clients.text = list->text;
    plan->clients.length = list->length;
    trial->plan = plan;
    TM_TRY(tm_units_build(ctx, trial, list->path));
    TM_TRY(tm_trial_units_build(ctx, trial, &units));
    tm_arena_rewind(&ctx->scratch, mark);
    *out = trial;
    return TEMOIN_OK;
}

/* Both in the order of their ids. */
static temoin_status check_new(temoin_context *ctx, const enrolment *job)
{
    const temoin_trial *known = job->known, *added = job->added;
    size_t mark = tm_problems_mark(ctx);
    for (int64_t u = 0, v = 0; known && u < added->n_units && v < known->n_units;) {
        int order = strcmp(added->id[u], known->id[v]);
        if (order == 0)
            tm_problem(
                ctx,
                "%s: line %lld, column \"%s\": client \"%s\" is enrolled already, on line %lld of %s; take the row out",
                job->batch.path, (long long)added->clients->line[u], job->plan->clients.id, added->id[u],
                (long long)known->clients->line[v], job->before.path);
        u += order <= 0;
        v += order >= 0;
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

/* The unit's number among those of a part of the list; -1: it is not among them. */
static int64_t find_unit(const temoin_trial *trial, const char *id)
{
    int64_t low = 0, high = trial->n_units;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(trial->id[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < trial->n_units && strcmp(trial->id[low], id) == 0 ? low : -1;
}

/* Nobody new may stand before the last one of the ledger. */
static temoin_status check_order(temoin_context *ctx, const enrolment *job, const temoin_assignment *assignment)
{
    const temoin_trial *trial = assignment->trial, *known = job->known;
    const char *arrival = job->plan->design.options.arrival;
    size_t mark = tm_problems_mark(ctx);
    int64_t n = known ? known->n_units : 0, k = 0;
    const char *last = NULL;
    for (int64_t seen = 0; seen < n; k++) {
        last = trial->id[assignment->order[k]];
        seen += find_unit(known, last) >= 0;
    }
    for (int64_t late = 0; late < k && k > n; late++) {
        const char *id = trial->id[assignment->order[late]];
        int64_t u = find_unit(job->added, id);
        if (u >= 0)
            tm_problem(
                ctx,
                "%s: line %lld, column \"%s\": client \"%s\" came before client \"%s\", the last of the ledger, whose "
                "lines "
                "stay where they are; enrol clients in the order in which they come, or say when this one was enrolled",
                job->batch.path, (long long)job->added->clients->line[u], arrival ? arrival : job->plan->clients.id, id,
                last);
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status check_prefix(temoin_context *ctx, const enrolment *job, const tm_bundle_file *ledger)
{
    size_t at = 0, common = job->ledger_length < ledger->length ? job->ledger_length : ledger->length;
    long long line = 1;
    while (at < common && job->ledger[at] == ledger->text[at]) line += job->ledger[at++] == '\n';
    if (at == job->ledger_length) return TEMOIN_OK;
    if (job->plan->capacity.workers.file)
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s/ledger.csv: line %lld would change, because the workers, their places or the exits up to that day "
                "are no "
                "longer those with which it was drawn, and lines stay where they are; enter an exit with the day on "
                "which it "
                "became known, and a worker from that day on: nothing was written",
                job->folder, line);
    TM_FAIL(ctx, TEMOIN_ERR_DATA,
            "%s/ledger.csv: line %lld is not what the clients in %s draw: the two do not belong together, or a column "
            "that held "
            "numbers no longer does; nothing was written: `temoin verify %s` says what differs",
            job->folder, line, job->before.path ? job->before.path : job->batch.path, job->folder);
}

/* What a plan calls a file is relative to the plan. */
static const char *name_from_here(temoin_context *ctx, const char *path)
{
    char here[PATH_MAX];
    return path[0] == '/' || !getcwd(here, sizeof here) ? tm_text(ctx, "%s", path) : tm_text(ctx, "%s/%s", here, path);
}

static temoin_status draw_all(temoin_context *ctx, const enrolment *job, temoin_enrolment *out)
{
    temoin_plan *plan;
    TM_ALLOC(ctx, plan, 1);
    *plan = *job->plan;
    plan->clients.file = name_from_here(ctx, job->before.path ? job->before.path : job->batch.path);
    if (!plan->clients.file) return tm_fail_memory(ctx);
    TM_TRY(join_lists(ctx, job, &plan->clients.text, &plan->clients.length));
    TM_TRY(temoin_trial_build(ctx, plan, false, &out->trial));
    TM_TRY(temoin_assignment_draw(ctx, out->trial, &out->assignment));
    out->n_before = job->known ? job->known->n_units : 0;
    return check_order(ctx, job, out->assignment);
}

/* `place` NULL: writes nothing. */
static temoin_status enrol(temoin_context *ctx, enrolment *job, tm_folder *place, temoin_enrolment *out)
{
    tm_bundle bundle;
    TM_TRY(check_rolling(ctx, job->plan));
    TM_TRY(tm_file_read(ctx, job->batch.path, &job->batch.text, &job->batch.length));
    split_rows(&job->batch);
    TM_TRY(read_before(ctx, job));
    TM_TRY(check_header(ctx, job));
    TM_TRY(read_units(ctx, job, &job->batch, &job->added));
    if (job->before.text) TM_TRY(read_units(ctx, job, &job->before, &job->known));
    TM_TRY(check_new(ctx, job));
    TM_TRY(draw_all(ctx, job, out));
    TM_TRY(tm_bundle_build(ctx, out->trial, out->assignment, NULL, temoin_version(), &bundle));
    TM_TRY(check_prefix(ctx, job, &bundle.outputs[0]));
    return place ? tm_bundle_store(ctx, place, &bundle) : TEMOIN_OK;
}

temoin_status temoin_bundle_enrol(temoin_context *ctx, const char *folder, const temoin_plan *plan, const char *batch,
                                  bool dry_run, temoin_enrolment *out)
{
    enrolment job = {.folder = folder, .plan = plan, .batch = {.path = batch}};
    temoin_status status;
    *out = (temoin_enrolment){0};
    if (dry_run) {
        int lock;
        TM_TRY(tm_folder_enter(ctx, folder, &lock));
        status = enrol(ctx, &job, NULL, out);
        tm_folder_leave(lock);
    } else {
        tm_folder place;
        status = tm_folder_open(ctx, folder, &place);
        if (status == TEMOIN_OK) status = enrol(ctx, &job, &place, out);
        tm_folder_close(&place);
    }
    return status;
}

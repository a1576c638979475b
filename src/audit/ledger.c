/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/bundle.h"

#include <inttypes.h>
#include <string.h>

#include "audit/ledger_table.h"
#include "base/digest.h"
#include "base/sink.h"
#include "designs/assignment_struct.h"
#include "temoin/audit.h"

enum { RESERVE_AFTER = 1000 };

/* Each line ends in the digest of the digest before it, a line feed, and its own text up to the comma before its
 * digest. A chain starts from SHA-256("temoin/1" NUL trial id NUL seed NUL name NUL), so that two trials' ledgers
 * differ from their first line on. Where workers are drawn, theirs is named "workers" and the clients' chain goes on
 * from its last digest; else the clients' is named "ledger". Whoever publishes the last digest has published every
 * line. */
static void start_chain(const temoin_plan *plan, const char *name, char hex[TM_SHA256_HEX_SIZE])
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, "temoin/1", sizeof "temoin/1");
    tm_sha256_add(&hash, plan->id, strlen(plan->id) + 1);
    tm_sha256_add(&hash, plan->design.seed, strlen(plan->design.seed) + 1);
    tm_sha256_add(&hash, name, strlen(name) + 1);
    tm_sha256_finish(&hash, digest);
    tm_sha256_hex(digest, hex);
}

static temoin_status check_drawn(temoin_context *ctx, const temoin_assignment *assignment)
{
    if (!assignment->drawn)
        TM_FAIL(ctx, TEMOIN_ERR_USAGE, "trial \"%s\" was drawn elsewhere: there is no ledger to write",
                assignment->trial->plan->id);
    return TEMOIN_OK;
}

/* Links the line that begins at `start`. */
static temoin_status finish_line(tm_sink *sink, size_t start, char hex[TM_SHA256_HEX_SIZE])
{
    TM_TRY(tm_sink_finish(sink));
    tm_chain_link(hex, sink->text + start, sink->length - start);
    tm_sink_put(sink, ",");
    tm_sink_put(sink, hex);
    tm_sink_put(sink, "\n");
    return TEMOIN_OK;
}

static void put_service(tm_sink *sink, const temoin_assignment *assignment, int64_t u)
{
    const tm_worker_draw *draw = assignment->workers;
    tm_sink_put(sink, ",");
    if (draw->worker[u] >= 0) tm_sink_csv(sink, assignment->trial->workers->id[draw->worker[u]]);
    tm_sink_put(sink, ",");
    if (draw->worker[u] >= 0) tm_sink_number(sink, draw->chance[u]);
    if (draw->deferred)
        tm_sink_printf(sink, ",%" PRId64 ",%" PRId64 ",%s", draw->open[u], draw->places[u],
                       draw->deferred[u] ? "no_place" : "");
}

static const char *service_columns(const temoin_assignment *assignment)
{
    if (!assignment->workers) return "";
    return assignment->workers->deferred ? "worker,worker_probability,open,places,reason,"
                                         : "worker,worker_probability,";
}

/* Appends the k-th line; `hex`, the digest of the line before, becomes that of this one. */
static temoin_status put_line(tm_sink *sink, const temoin_assignment *assignment, int64_t k,
                              char hex[TM_SHA256_HEX_SIZE])
{
    const temoin_trial *trial = assignment->trial;
    const int64_t u = assignment->order ? assignment->order[k] : k;
    size_t start = sink->length;
    tm_sink_printf(sink, "%" PRId64 ",", k + 1);
    tm_sink_csv(sink, trial->id[u]);
    tm_sink_put(sink, ",");
    tm_sink_csv(sink, trial->stratum_text[trial->stratum[u]]);
    tm_sink_put(sink, ",");
    if (assignment->arm[u] >= 0) tm_sink_csv(sink, trial->plan->arms[assignment->arm[u]].name);
    tm_sink_put(sink, ",");
    if (assignment->arm[u] >= 0) tm_sink_number(sink, assignment->probability[u]);
    if (assignment->workers) put_service(sink, assignment, u);
    return finish_line(sink, start, hex);
}

static temoin_status put_worker(tm_sink *sink, const temoin_assignment *assignment, int32_t w,
                                char hex[TM_SHA256_HEX_SIZE])
{
    const temoin_trial *trial = assignment->trial;
    size_t start = sink->length;
    tm_sink_printf(sink, "%" PRId32 ",", w + 1);
    tm_sink_csv(sink, trial->workers->id[w]);
    tm_sink_put(sink, ",");
    tm_sink_csv(sink, trial->workers->stratum_text[trial->workers->stratum[w]]);
    tm_sink_put(sink, ",");
    tm_sink_csv(sink, trial->plan->arms[assignment->workers->arm[w]].name);
    tm_sink_put(sink, ",");
    tm_sink_number(sink, assignment->workers->probability[w]);
    return finish_line(sink, start, hex);
}

static temoin_status render_workers(temoin_context *ctx, const temoin_assignment *assignment, tm_sink *sink,
                                    char hex[TM_SHA256_HEX_SIZE])
{
    start_chain(assignment->trial->plan, "workers", hex);
    tm_sink_init(sink, ctx);
    tm_sink_put(sink, "position,worker,stratum,arm,probability,digest\n");
    for (int32_t w = 0; w < assignment->trial->workers->n; w++) TM_TRY(put_worker(sink, assignment, w, hex));
    return tm_sink_finish(sink);
}

temoin_status tm_workers_render(temoin_context *ctx, const temoin_assignment *assignment, const char **text,
                                size_t *length)
{
    tm_sink sink;
    char hex[TM_SHA256_HEX_SIZE];
    TM_TRY(render_workers(ctx, assignment, &sink, hex));
    *text = sink.text;
    *length = sink.length;
    return TEMOIN_OK;
}

/* What stands before the first client's line. */
static temoin_status start_ledger(temoin_context *ctx, const temoin_assignment *assignment,
                                  char hex[TM_SHA256_HEX_SIZE])
{
    tm_sink workers;
    if (temoin_assignment_n_workers(assignment)) return render_workers(ctx, assignment, &workers, hex);
    start_chain(assignment->trial->plan, "ledger", hex);
    return TEMOIN_OK;
}

/* After some lines, how long they all will be is known well enough: positions grow to their most digits, ids vary a
 * little. */
static void reserve_rest(tm_sink *sink, int64_t n_done, int64_t n)
{
    enum { DIGITS = 8 };
    tm_sink_reserve(sink, (int64_t)(sink->length / (size_t)n_done + DIGITS) * (n - n_done));
}

temoin_status temoin_ledger_render(temoin_context *ctx, const temoin_assignment *assignment, const char **text,
                                   size_t *length)
{
    TM_TRY(check_drawn(ctx, assignment));
    tm_sink sink;
    char hex[TM_SHA256_HEX_SIZE];
    TM_TRY(start_ledger(ctx, assignment, hex));
    tm_sink_init(&sink, ctx);
    tm_sink_printf(&sink, "position,client,stratum,arm,probability,%sdigest\n", service_columns(assignment));
    for (int64_t k = 0; k < assignment->trial->n_units; k++) {
        if (k == RESERVE_AFTER) reserve_rest(&sink, k, assignment->trial->n_units);
        TM_TRY(put_line(&sink, assignment, k, hex));
    }
    memcpy(assignment->head, hex, TM_SHA256_HEX_SIZE);
    *text = sink.text;
    *length = sink.length;
    return tm_sink_finish(&sink);
}

/* Keeps one line at a time: a ledger may be large. */
static temoin_status find_head(temoin_context *ctx, const temoin_assignment *assignment, const char **head)
{
    TM_TRY(check_drawn(ctx, assignment));
    tm_sink sink;
    char hex[TM_SHA256_HEX_SIZE];
    memcpy(hex, assignment->head, sizeof hex);
    if (!hex[0]) TM_TRY(start_ledger(ctx, assignment, hex));
    tm_sink_init(&sink, ctx);
    for (int64_t k = 0; !assignment->head[0] && k < assignment->trial->n_units; k++) {
        sink.length = 0;
        TM_TRY(put_line(&sink, assignment, k, hex));
    }
    *head = tm_text_copy(ctx, hex, TM_SHA256_HEX_SIZE - 1);
    return *head ? TEMOIN_OK : tm_fail_memory(ctx);
}

const char *temoin_ledger_head(temoin_context *ctx, const temoin_assignment *assignment)
{
    const char *head;
    return find_head(ctx, assignment, &head) == TEMOIN_OK ? head : NULL;
}

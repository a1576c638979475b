/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be known before a draw is made known. */
#include <inttypes.h>

#include "base/sink.h"
#include "designs/assignment_struct.h"

/* n * share / sum in hundredths. */
static void put_expected(tm_sink *sink, int64_t n, int64_t share, int64_t sum)
{
    __extension__ typedef __int128 wide;
    const int64_t cents = (int64_t)(((wide)n * share * 200 + sum) / ((wide)sum * 2));
    tm_sink_printf(sink, "%" PRId64, cents / 100);
    if (cents % 100) tm_sink_printf(sink, ".%02" PRId64, cents % 100);
}

static void put_stratum(tm_sink *sink, const temoin_trial *trial, int32_t s, int64_t n)
{
    const int64_t *share = trial->shares + (int64_t)s * trial->n_arms;
    int64_t sum = 0;
    for (int32_t a = 0; a < trial->n_arms; a++) sum += share[a];
    tm_sink_printf(sink, "%s%s%" PRId64 " client%s:", trial->stratum_text[s], trial->stratum_text[s][0] ? ": " : "", n,
                   n == 1 ? "" : "s");
    for (int32_t a = 0; a < trial->n_arms; a++) {
        tm_sink_printf(sink, "%s %s ", a ? "," : "", trial->plan->arms[a].name);
        put_expected(sink, n, share[a], sum);
        tm_sink_put(sink, " (probability ");
        tm_sink_number(sink, (double)share[a] / (double)sum);
        tm_sink_put(sink, ")");
    }
    tm_sink_put(sink, "\n");
}

temoin_status temoin_trial_render_shares(temoin_context *ctx, const temoin_trial *trial, const char **text,
                                         size_t *length)
{
    int64_t *n; /* [n_strata] */
    tm_sink sink;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    TM_SCRATCH(ctx, n, trial->n_strata);
    for (int64_t u = 0; u < trial->n_units; u++) n[trial->stratum[u]]++;
    tm_sink_init(&sink, ctx);
    for (int32_t s = 0; s < trial->n_strata; s++) put_stratum(&sink, trial, s, n[s]);
    tm_arena_rewind(&ctx->scratch, mark);
    *text = sink.text ? sink.text : "";
    *length = sink.length;
    return tm_sink_finish(&sink);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What caseworkers leave of the named effects, in a line each for a terminal. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/failure.h"
#include "base/number_text.h"
#include "base/sink.h"
#include "temoin/result.h"

static const struct {
    const char *verdict, *words;
} verdicts[] = {
    {"not_identifiable", "they cannot be told apart from the effect"},
    {"randomized_workers", "they were drawn for the arms"},
    {"crossed", "some serve both arms"},
    {"one_arm", "one arm only has them"},
    {"weak", "few"},
    {"adequate", "enough"},
};

static const struct {
    const char *note, *words;
} reasons[] = {
    {"touches_zero", "the interval touches zero even if they are all alike"},
    {"holds_everywhere", "the interval leaves zero out however much they differ"},
    {"every_worker_one_client", "the interval does not depend on how much they differ"},
};

static const char *verdict_of(const temoin_results *results, const temoin_tipping_point *point)
{
    const char *verdict = "";
    for (int64_t r = 0; r < results->n_rows; r++) {
        const temoin_row *row = &results->rows[r];
        if (strcmp(row->estimate, point->estimate) == 0 && strcmp(row->arm, point->arm) == 0 &&
            strcmp(row->reference, point->reference) == 0)
            verdict = row->provider_verdict;
    }
    for (size_t v = 0; v < sizeof verdicts / sizeof *verdicts; v++)
        if (strcmp(verdict, verdicts[v].verdict) == 0) return verdicts[v].words;
    return verdict;
}

static void put_line(tm_sink *sink, const temoin_results *results, const temoin_tipping_point *point)
{
    char text[TM_NUMBER_TEXT_SIZE];
    tm_sink_printf(sink, "caseworkers: %s%s%s: %s %" PRId64 ", %s %" PRId64 ", %s", point->measure,
                   point->wave[0] ? " at wave " : "", point->wave, point->arm, point->n_providers_arm, point->reference,
                   point->n_providers_reference, verdict_of(results, point));
    if (!isnan(point->rho))
        tm_sink_printf(sink, "; the interval touches zero at an intraclass correlation of %s",
                       tm_number_fixed(point->rho, point->rho < 0.1 ? 3 : 2, text));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strstr(point->note, reasons[i].note)) tm_sink_printf(sink, "; %s", reasons[i].words);
    tm_sink_put(sink, "\n");
}

temoin_status temoin_results_render_providers(temoin_context *ctx, const temoin_results *results, const char **text,
                                              size_t *length)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    for (int64_t i = 0; i < results->n_tipping_points; i++) put_line(&sink, results, &results->tipping_points[i]);
    TM_TRY(tm_sink_finish(&sink));
    *text = sink.text ? sink.text : "";
    *length = sink.length;
    return TEMOIN_OK;
}

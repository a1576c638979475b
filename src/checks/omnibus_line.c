/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test of balance in a line for a terminal. */
#include <inttypes.h>
#include <string.h>

#include "base/failure.h"
#include "base/number_text.h"
#include "base/sink.h"
#include "temoin/result.h"

static const struct {
    const char *note, *words;
} reasons[] = {
    {"split_clusters", "not tested: a cluster has clients in more than one arm"},
    {"too_large", "not tested: too many clients and characteristics"},
    {"too_few_units", "not tested: too few clients or clusters for so many characteristics"},
    {"no_redraw", "; not redrawn, as it is not known how the arms were drawn"},
    {"too_slow", "; not redrawn, as that would take long"},
};

static void put_p(tm_sink *sink, double p)
{
    char text[TM_NUMBER_TEXT_SIZE];
    if (p < 0.001)
        tm_sink_put(sink, "p < 0.001");
    else
        tm_sink_printf(sink, "p %s", tm_number_fixed(p, p < 0.1 ? 3 : 2, text));
}

static void put_line(tm_sink *sink, const temoin_omnibus *omnibus)
{
    char text[TM_NUMBER_TEXT_SIZE], df[TM_NUMBER_TEXT_SIZE];
    tm_sink_put(sink, "balance: ");
    if (omnibus->df > 0) {
        tm_sink_printf(sink, "chi-square %s on %s df, ", tm_number_fixed(omnibus->statistic, 1, text),
                       tm_number_fixed(omnibus->df, 0, df));
        put_p(sink, omnibus->p);
    }
    if (omnibus->n_redraws > 0) {
        tm_sink_printf(sink, "; by redrawing %" PRId64 " times ", omnibus->n_redraws);
        put_p(sink, omnibus->p_redrawn);
    }
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(omnibus->note, reasons[i].note) == 0) tm_sink_put(sink, reasons[i].words);
    tm_sink_put(sink, "\n");
}

temoin_status temoin_results_render_omnibus(temoin_context *ctx, const temoin_results *results, const char **text,
                                            size_t *length)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    for (int32_t i = 0; i < results->n_omnibus; i++) put_line(&sink, &results->omnibus[i]);
    TM_TRY(tm_sink_finish(&sink));
    *text = sink.text ? sink.text : "";
    *length = sink.length;
    return TEMOIN_OK;
}

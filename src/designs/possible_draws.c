/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much a design leaves to chance, in words. */
#include <inttypes.h>
#include <math.h>

#include "base/number_text.h"
#include "base/sink.h"
#include "designs/trial_units.h"
#include "numeric/elementary.h"
#include "temoin/design.h"

/* exp(logarithm) in two digits: whole below a million, "1.2e34" beyond, however large or small. */
static void put_exp(tm_sink *sink, double logarithm)
{
    char text[TM_NUMBER_TEXT_SIZE];
    const double power = logarithm / M_LN10;
    double exponent = floor(power), digits = round(tm_exp(M_LN10 * (power - exponent)) * 10) / 10;
    if (digits >= 10) {
        digits = 1;
        exponent++;
    }
    if (power >= -1e-9 && power < 6)
        tm_sink_put(sink, tm_number_fixed(tm_exp(logarithm), 0, text));
    else if (power < 0 && power >= -3)
        tm_sink_number(sink, round(tm_exp(logarithm) * 1e4) / 1e4);
    else {
        tm_sink_put(sink, tm_number_fixed(digits, 1, text));
        tm_sink_printf(sink, "e%" PRId64, (int64_t)exponent);
    }
}

static temoin_status put_warning(temoin_context *ctx, const tm_design *design, const tm_design_units *units,
                                 tm_sink *sink)
{
    const char *text = NULL;
    TM_TRY(design->warn(ctx, units, &text));
    if (text) tm_sink_printf(sink, "warning: %s\n", text);
    return TEMOIN_OK;
}

static temoin_status put_line(temoin_context *ctx, const temoin_trial *trial, const tm_design *design, tm_sink *sink)
{
    tm_design_units units;
    double log_count = NAN, log_p;
    TM_TRY(tm_trial_units_build(ctx, trial, &units));
    if (design->count) TM_TRY(design->count(ctx, &units, &log_count));
    TM_TRY(tm_design_smallest_p(ctx, design, &units, &log_p));
    if (design->warn) TM_TRY(put_warning(ctx, design, &units, sink));
    if (!design->rolling && log_p > tm_log(0.05) + 1e-9)
        tm_sink_put(sink, "warning: so few assignments are possible that not even the most extreme outcome can reach "
                          "p = 0.05 in a two-sided randomization test; draw more clients or clusters\n");
    tm_sink_put(sink, "possible assignments: ");
    if (isnan(log_count))
        tm_sink_put(sink, "too many to count");
    else
        put_exp(sink, log_count);
    if (!isnan(log_p)) {
        tm_sink_put(sink, " (smallest randomization p value ");
        put_exp(sink, log_p);
        tm_sink_put(sink, ")");
    }
    tm_sink_put(sink, "\n");
    return TEMOIN_OK;
}

temoin_status temoin_trial_render_count(temoin_context *ctx, const temoin_trial *trial, const char **text,
                                        size_t *length)
{
    tm_sink sink;
    const tm_design *design = tm_design_find(trial->plan->design.kind);
    tm_sink_init(&sink, ctx);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const bool known = design && !trial->assigned && !trial->capacity;
    const temoin_status status = known ? put_line(ctx, trial, design, &sink) : TEMOIN_OK;
    tm_arena_rewind(&ctx->scratch, mark);
    TM_TRY(status);
    *text = sink.text ? sink.text : "";
    *length = sink.length;
    return tm_sink_finish(&sink);
}

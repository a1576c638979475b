/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much a design leaves to chance, in words. */
#include <inttypes.h>
#include <math.h>

#include "base/number_text.h"
#include "base/sink.h"
#include "designs/assignment_struct.h"
#include "designs/remaining_units.h"
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

typedef struct extent {
    double log_count, log_p; /* NaN: not known */
    bool about;              /* both are simulated */
    bool at_least;           /* log_p is a lower bound */
} extent;

static temoin_status measure(temoin_context *ctx, const tm_design *design, const tm_design_units *units, extent *e)
{
    *e = (extent){.log_count = NAN, .log_p = NAN};
    if (design->count) TM_TRY(design->count(ctx, units, &e->log_count));
    TM_TRY(tm_design_smallest_p(ctx, design, units, &e->log_p));
    if (isnan(e->log_count) && design->estimate) {
        TM_TRY(design->estimate(ctx, units, &e->log_count, &e->log_p));
        e->about = true;
    } else if (isnan(e->log_p) && design->likely) {
        TM_TRY(design->likely(ctx, units, &e->log_p));
        e->at_least = true;
    }
    e->log_p = fmin(e->log_p, isnan(e->log_p) ? NAN : 0);
    return TEMOIN_OK;
}

static void put_extent(tm_sink *sink, const extent *e)
{
    tm_sink_put(sink, ": ");
    if (isnan(e->log_count))
        tm_sink_put(sink, "too many to count");
    else {
        tm_sink_put(sink, e->about ? "about " : "");
        put_exp(sink, e->log_count);
    }
    tm_sink_put(sink, " (smallest randomization p value ");
    if (isnan(e->log_p))
        tm_sink_put(sink, "not known");
    else {
        tm_sink_put(sink, e->about ? "about " : e->at_least ? "not below " : "");
        put_exp(sink, e->log_p);
    }
    tm_sink_put(sink, ")\n");
}

static temoin_status put_lines(temoin_context *ctx, const temoin_assignment *assignment, const tm_design *design,
                               tm_sink *sink)
{
    tm_design_units units, remaining;
    int64_t *member;
    extent e;
    const bool *deferred = assignment->workers ? assignment->workers->deferred : NULL;
    TM_TRY(tm_trial_units_build(ctx, assignment->trial, &units));
    if (deferred) {
        TM_TRY(tm_remaining_units_build(ctx, &units, deferred, &remaining, &member));
        units = remaining;
    }
    if (units.n_units == 0) return TEMOIN_OK;
    TM_TRY(measure(ctx, design, &units, &e));
    if (design->warn) TM_TRY(put_warning(ctx, design, &units, sink));
    if (!design->rolling && e.log_p > tm_log(0.05) + 1e-9)
        tm_sink_put(sink, "warning: so few assignments are possible that not even the most extreme outcome can reach "
                          "p = 0.05 in a two-sided randomization test; draw more clients or clusters\n");
    if (assignment->by_turn)
        tm_sink_put(sink,
                    "warning: with unequal shares a coin keeps the numbers near the shares, but not the chances of "
                    "single clients; estimates weigh clients by their chances at their turns, which costs "
                    "precision: permuted and urn keep both\n");
    tm_sink_put(sink, "possible assignments");
    if (deferred) tm_sink_printf(sink, " of the %" PRId64 " who found a place", units.n_units);
    put_extent(sink, &e);
    return TEMOIN_OK;
}

static void put_error(tm_sink *sink, double error)
{
    char text[TM_NUMBER_TEXT_SIZE];
    if (error > 0)
        tm_sink_printf(sink, "probabilities: by redrawing, with standard errors up to %s\n",
                       tm_number_fixed(error, 4, text));
}

temoin_status temoin_assignment_render_count(temoin_context *ctx, const temoin_assignment *assignment,
                                             const char **text, size_t *length)
{
    tm_sink sink;
    const tm_design *design = tm_design_find(assignment->trial->plan->design.kind);
    tm_sink_init(&sink, ctx);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = design && assignment->drawn ? put_lines(ctx, assignment, design, &sink) : TEMOIN_OK;
    tm_arena_rewind(&ctx->scratch, mark);
    TM_TRY(status);
    put_error(&sink, assignment->error);
    *text = sink.text ? sink.text : "";
    *length = sink.length;
    return tm_sink_finish(&sink);
}

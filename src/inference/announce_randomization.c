/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What randomization tests will do, said before they do it. */
#include <inttypes.h>
#include <math.h>

#include "base/sink.h"
#include "inference/arm_source.h"
#include "numeric/elementary.h"
#include "temoin/estimate.h"

/* Two significant digits. */
static double rounded(double p)
{
    double power = 1;
    while (p * power < 10 && power < 1e300) power *= 10;
    return round(p * power) / power;
}

static temoin_status put_line(temoin_context *ctx, const temoin_assignment *assignment, tm_sink *sink)
{
    static const tm_sample nobody = {0};
    const int64_t most = assignment->trial->plan->randomization_draws;
    tm_redraws redraws;
    tm_arm_source source;
    const char *refused;
    TM_TRY(tm_redraws_build(ctx, assignment, &redraws));
    TM_TRY(tm_redraws_find_smallest_p(ctx, &redraws));
    TM_TRY(tm_redraw_source_build(ctx, &(tm_redraw_request){.redraws = &redraws, .sample = &nobody, .most = most},
                                  &source, &refused));
    if (refused) return TEMOIN_OK;
    const double least = source.exact ? 0 : 1 / ((double)most + 1);
    tm_sink_printf(sink, "randomization: %s%" PRId64 " %s; the smallest p value that they can give is ",
                   source.exact ? "all " : "", source.n_draws, source.exact ? "assignments" : "redraws");
    tm_sink_number(sink, rounded(fmax(least, isnan(source.log_smallest_p) ? 0 : tm_exp(source.log_smallest_p))));
    tm_sink_put(sink, "\n");
    return TEMOIN_OK;
}

temoin_status temoin_assignment_render_randomization(temoin_context *ctx, const temoin_assignment *assignment,
                                                     const char **text, size_t *length)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const bool asked = assignment->trial->plan->randomization_draws > 0;
    const temoin_status status = asked ? put_line(ctx, assignment, &sink) : TEMOIN_OK;
    tm_arena_rewind(&ctx->scratch, mark);
    TM_TRY(status);
    *text = sink.text ? sink.text : "";
    *length = sink.length;
    return tm_sink_finish(&sink);
}

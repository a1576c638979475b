/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>

#include "base/sink.h"
#include "trial/trial_struct.h"

static void put_names(tm_sink *sink, const char *const *names, int32_t n)
{
    for (int32_t i = 0; i < n; i++) tm_sink_printf(sink, "%s%s", i ? ", " : "", names[i]);
}

static void put_measures(tm_sink *sink, const temoin_trial *trial)
{
    for (int32_t m = 0; m < trial->n_measures; m++) {
        tm_sink_printf(sink, "%s%s", m ? "\n           " : "measures   ", trial->plan->measures[m].name);
        for (int32_t w = 0; w < trial->n_waves; w++) {
            const double *value = tm_trial_value(trial, m, w);
            int64_t n = 0;
            for (int64_t u = 0; value && u < trial->n_units; u++) n += !isnan(value[u]);
            if (value)
                tm_sink_printf(sink, "%s%s%s%" PRId64, w ? "  " : "  ", trial->wave[w], trial->wave[w][0] ? ": " : "",
                               n);
        }
    }
    if (trial->n_measures) tm_sink_put(sink, "   (clients with a value, by wave)\n");
}

temoin_status temoin_trial_render(temoin_context *ctx, const temoin_trial *trial, const char **text, size_t *length)
{
    const temoin_plan *plan = trial->plan;
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_printf(&sink, "trial      %s: %s\n", plan->id, plan->title.en);
    tm_sink_printf(&sink, "clients    %" PRId64 " in %" PRId32 " %s", trial->n_units, trial->n_strata,
                   trial->n_strata == 1 ? "stratum" : "strata");
    if (plan->design.strata.n) {
        tm_sink_put(&sink, " (");
        put_names(&sink, plan->design.strata.name, plan->design.strata.n);
        tm_sink_put(&sink, ")");
    }
    tm_sink_put(&sink, "\narms       ");
    for (int32_t a = 0; a < plan->n_arms; a++)
        tm_sink_printf(&sink, "%s%s (share %" PRId64 "/%" PRId64 ")", a ? ", " : "", plan->arms[a].name,
                       plan->arms[a].share, plan->share_sum);
    tm_sink_printf(&sink, "\ndesign     %s, %s\n", plan->design.kind,
                   trial->assigned ? "drawn elsewhere" : "drawn by temoin");
    if (trial->provider)
        tm_sink_printf(&sink, "providers  %" PRId32 " in column \"%s\"\n", trial->n_providers, plan->providers.column);
    if (trial->capacity)
        tm_sink_printf(&sink, "workers    %" PRId32 " with places\n", trial->workers->n);
    else if (trial->workers)
        tm_sink_printf(&sink, "workers    %" PRId32 " in %" PRId32 " %s, drawn by temoin\n", trial->workers->n,
                       trial->workers->n_strata, trial->workers->n_strata == 1 ? "stratum" : "strata");
    if (trial->n_waves && trial->n_measures) {
        tm_sink_put(&sink, "waves      ");
        put_names(&sink, trial->wave, trial->n_waves);
        tm_sink_put(&sink, "\n");
    }
    put_measures(&sink, trial);
    if (plan->n_estimates) tm_sink_printf(&sink, "estimates  %" PRId32 "\n", plan->n_estimates);
    *text = sink.text;
    *length = sink.length;
    return tm_sink_finish(&sink);
}

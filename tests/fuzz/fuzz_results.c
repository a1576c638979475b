/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are results or are refused with a problem; what was read is written and read back to the same bytes, and
 * every renderer makes a report of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "result/record.h"
#include "temoin/registry.h"
#include "temoin/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition) abort();
}

static void check_round_trip(temoin_context *ctx, const temoin_results *results)
{
    const temoin_results *again;
    const char *text, *other;
    size_t length, other_length;
    demand(temoin_results_render_json(ctx, results, &text, &length) == TEMOIN_OK);
    demand(tm_results_parse(ctx, "again.json", text, length, &again) == TEMOIN_OK);
    demand(temoin_results_render_json(ctx, again, &other, &other_length) == TEMOIN_OK);
    demand(length == other_length && memcmp(text, other, length) == 0);
    demand(temoin_results_render_csv(ctx, results, &text, &length) == TEMOIN_OK);
}

static void check_reports(temoin_context *ctx, const temoin_results *results)
{
    static const char *const languages[] = {"en", "fr"};
    int registry = 0;
    const char *text;
    size_t length;
    while (strcmp(temoin_registry_name(registry), "renderers") != 0) registry++;
    for (int k = 0; temoin_registry_view(registry, k).key; k++)
        for (int l = 0; l < 2; l++) {
            const temoin_report_opts opts = {languages[l], temoin_registry_view(registry, k).key, 80};
            demand(temoin_report_render(ctx, results, &opts, &text, &length) == TEMOIN_OK);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    temoin_context *ctx;
    const temoin_context_opts opts = {.threads = 1};
    const temoin_results *results;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 0;
    temoin_status status = tm_results_parse(ctx, "fuzz.json", (const char *)data, size, &results);
    demand(status == TEMOIN_OK || temoin_context_n_problems(ctx) == 1);
    if (status == TEMOIN_OK) {
        check_round_trip(ctx, results);
        check_reports(ctx, results);
    }
    temoin_context_free(ctx);
    return 0;
}

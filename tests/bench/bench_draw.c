/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The draw step, units in memory: arms of a blocked design and their probabilities, beside the time to write one arm
 * per unit. */
#include <string.h>

#include "designs/design_kind.h"
#include "stopwatch.h"

static int run_case(int64_t n_units, int32_t n_strata)
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    int32_t *stratum = malloc((size_t)n_units * sizeof *stratum), *arm = malloc((size_t)n_units * sizeof *arm);
    char(*text)[16] = malloc((size_t)n_strata * sizeof *text);
    const char **texts = malloc((size_t)n_strata * sizeof *texts);
    int64_t *shares = malloc((size_t)n_strata * 3 * sizeof *shares);
    double *probability = malloc((size_t)n_units * sizeof *probability), error;
    stopwatch draw = {.n = 0}, received = {.n = 0}, write = {.n = 0};
    for (int64_t u = 0; u < n_units; u++) stratum[u] = (int32_t)(u * 2654435761u % (uint64_t)n_strata);
    for (int32_t s = 0; s < n_strata; s++) {
        snprintf(text[s], sizeof *text, "%07d", (int)s);
        texts[s] = text[s];
        memcpy(shares + 3 * (int64_t)s, (int64_t[]){1, 2, 7}, 3 * sizeof *shares);
    }
    tm_design_units units = {.n_units = n_units,
                             .n_arms = 3,
                             .n_strata = n_strata,
                             .stratum = stratum,
                             .stratum_text = texts,
                             .shares = shares,
                             .trial_id = "bench",
                             .seed = "1"};
    for (int r = 0; r < 9; r++) {
        double start = stopwatch_now();
        memset(arm, r, (size_t)n_units * sizeof *arm);
        stopwatch_add(&write, start);
        start = stopwatch_now();
        if (tm_design_find("blocked")->draw(ctx, &units, arm) != TEMOIN_OK) return 1;
        stopwatch_add(&draw, start);
        start = stopwatch_now();
        if (tm_design_find("blocked")->received(ctx, &units, arm, probability, &error) != TEMOIN_OK) return 1;
        stopwatch_add(&received, start);
    }
    stopwatch_finish(&draw);
    stopwatch_finish(&received);
    stopwatch_finish(&write);
    printf("  %8lld units %6d strata, shares 1:2:7: minimum %8.3f ms, median %8.3f ms; probabilities %8.3f ms; arms "
           "written once "
           "%7.3f ms\n",
           (long long)n_units, (int)n_strata, draw.seconds[0] * 1e3, draw.seconds[draw.n / 2] * 1e3,
           received.seconds[0] * 1e3, write.seconds[0] * 1e3);
    free(stratum), free(arm), free(probability), free(text), free(texts), free(shares);
    temoin_context_free(ctx);
    return 0;
}

int main(void)
{
    printf("draw: design blocked, one thread\n");
    return run_case(155, 4) || run_case(1000000, 1) || run_case(1000000, 10000) || run_case(10000000, 10000);
}

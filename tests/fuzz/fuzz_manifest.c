/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are a manifest or are refused with a reason; no input that it names lies outside of the bundle's folder. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    temoin_context *ctx;
    const temoin_context_opts opts = {.threads = 1};
    tm_manifest manifest;
    const char *why;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 0;
    demand(tm_manifest_read(ctx, (const char *)data, size, &manifest, &why) == TEMOIN_OK);
    demand(temoin_context_n_problems(ctx) == 0);
    if (!why) {
        demand(manifest.trial && manifest.seed && manifest.n_inputs >= 2);
        for (int32_t k = 0; k < manifest.n_inputs; k++) {
            const char *name = manifest.inputs[k].name;
            demand(manifest.inputs[k].role && manifest.input_digest[k] && strncmp(name, "inputs/", 7) == 0);
            demand(!strstr(name, "..") || name[7] != '.');
            demand(!strchr(name + 7, '/'));
        }
    } else
        demand(why[0] != '\0');
    temoin_context_free(ctx);
    return 0;
}

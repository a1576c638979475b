/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle in memory: what `write` puts into a folder and `verify` expects there. */
#ifndef TM_BUNDLE_H
#define TM_BUNDLE_H

#include "designs/assignment_struct.h"
#include "temoin/audit.h"

typedef struct tm_bundle_file {
    const char *role; /* inputs: "plan", "clients", "outcomes"; outputs: "" */
    const char *name; /* inside the bundle, with its folder */
    const char *text;
    size_t length;
} tm_bundle_file;

typedef struct tm_bundle {
    const tm_bundle_file *inputs;
    int32_t n_inputs;
    const tm_bundle_file *outputs; /* the ledger first, where there is one */
    int32_t n_outputs;
    tm_bundle_file manifest;
} tm_bundle;

/* Renders every output of a trial and the manifest. results NULL: an assignment only. */
TEMOIN_MUST_CHECK temoin_status tm_bundle_build(temoin_context *ctx, const temoin_trial *trial,
                                                const temoin_assignment *assignment, const temoin_results *results,
                                                tm_bundle *out);

/* `manifest.json` of a bundle whose inputs and outputs are there; schema "temoin-bundle" version 1. */
TEMOIN_MUST_CHECK temoin_status tm_manifest_render(temoin_context *ctx, const temoin_assignment *assignment, bool analysis,
                                                   tm_bundle *bundle);

/* What `verify` needs of a manifest to replay it. */
typedef struct tm_manifest {
    const char *trial;
    const char *seed;
    bool analysis;
    const tm_bundle_file *inputs; /* role and name */
    const char *const *input_digest;
    int32_t n_inputs;
} tm_manifest;

/* NULL `*why`: it was read; else the reason why it was not. */
TEMOIN_MUST_CHECK temoin_status tm_manifest_read(temoin_context *ctx, const char *text, size_t length, tm_manifest *out,
                                                 const char **why);

/* Lower-case SHA-256 of a text; result arena, NULL when memory is out. */
const char *tm_text_digest(temoin_context *ctx, const char *text, size_t length);

#endif

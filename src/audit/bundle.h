/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle in memory: what `write` puts into a folder and `verify` expects there. */
#ifndef TM_BUNDLE_H
#define TM_BUNDLE_H

#include "base/folder.h"
#include "designs/assignment_struct.h"
#include "temoin/audit.h"

typedef struct tm_bundle_file {
    const char *role; /* inputs: "plan", "clients", "workers", "exits", "outcomes"; outputs: "" */
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

/* Renders every output of a trial and the manifest. results NULL: an assignment only. `engine`: the version that the
 * manifest says; a replay passes the one that made the bundle. */
TEMOIN_MUST_CHECK temoin_status tm_bundle_build(temoin_context *ctx, const temoin_trial *trial,
                                                const temoin_assignment *assignment, const temoin_results *results,
                                                const char *engine, tm_bundle *out);

/* Replaces the files of the bundle in an open folder, all or none. */
TEMOIN_MUST_CHECK temoin_status tm_bundle_store(temoin_context *ctx, tm_folder *folder, const tm_bundle *bundle);

/* Locks a bundle that is there. `out` must be closed, whatever the outcome. */
TEMOIN_MUST_CHECK temoin_status tm_bundle_open(temoin_context *ctx, const char *path, tm_folder *out);

TEMOIN_MUST_CHECK temoin_status tm_bundle_read_manifest(temoin_context *ctx, const char *folder, const char **text,
                                                        size_t *length);

/* `manifest.json` of a bundle whose inputs and outputs are there; schema "temoin-bundle" version 1. Its last member,
 * `seal`, is the SHA-256 of all lines above it: so a changed byte shows even where a replay has nothing to compare
 * with, which is the version of the engine. */
TEMOIN_MUST_CHECK temoin_status tm_manifest_render(temoin_context *ctx, const temoin_assignment *assignment,
                                                   bool analysis, const char *engine, tm_bundle *bundle);

/* What a manifest says: what a replay needs, and what other commands do. */
typedef struct tm_manifest {
    const char *trial;
    const char *seed;       /* "" when it holds none */
    const char *commitment; /* SHA-256 of the seed; NULL: none */
    const char *head;       /* of the ledger; NULL: there is none */
    tm_names strata;        /* columns */
    const char *engine;     /* "" when it says none */
    bool analysis;
    bool sealed;                  /* its seal is that of its lines */
    const tm_bundle_file *inputs; /* role and name */
    const char *const *input_digest;
    int32_t n_inputs;
} tm_manifest;

/* NULL `*why`: it was read; else the reason why it was not. */
TEMOIN_MUST_CHECK temoin_status tm_manifest_read(temoin_context *ctx, const char *text, size_t length, tm_manifest *out,
                                                 const char **why);

/* `workers.csv`: position,worker,stratum,arm,probability,digest. The assignment has workers. */
TEMOIN_MUST_CHECK temoin_status tm_workers_render(temoin_context *ctx, const temoin_assignment *assignment,
                                                  const char **text, size_t *length);

/* Lower-case SHA-256 of a text; result arena, NULL when memory is out. */
const char *tm_text_digest(temoin_context *ctx, const char *text, size_t length);

#endif

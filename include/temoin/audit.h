/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_AUDIT_H
#define TEMOIN_AUDIT_H

#include "temoin/estimate.h"
#include "temoin/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Writes a bundle: the inputs as they were read, the ledger of a drawn trial, and, with `results`, `estimates.csv`,
 * `results.json` and one report per language; `manifest.json` with the digest of each, and the seal of its own lines.
 *
 * At every instant the folder holds the old files or the new ones, all of them, whatever stops the run: the new version
 * is made beside it, in `.NAME.unfinished`, and exchanged with it in one step; where the system cannot do that, see
 * src/base/folder.h. What else lies in the folder stays there. One process writes at a time. `results` NULL: an
 * assignment only, which never replaces a ledger that is there.
 *
 * Errors   TEMOIN_ERR_IO, also when another process is at work in the folder; TEMOIN_ERR_DATA when it holds a ledger
 * already (assignment) or another one (analysis).
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_write(temoin_context *context, const char *folder,
                                                    const temoin_trial *trial, const temoin_assignment *assignment,
                                                    const temoin_results *results);

typedef struct temoin_enrolment {
    const temoin_trial *trial; /**< of all clients, those before and those of the batch */
    const temoin_assignment *assignment;
    int64_t n_before; /**< clients in the ledger so far */
} temoin_enrolment;

/** Appends the clients of a batch to the ledger in `folder`, or begins one. The clients of the trial are those of the
 * bundle's `inputs/clients.csv` with the rows of the batch behind them; the plan's `clients.file` is not read. Any
 * number of batches gives the same bundle as one batch with all rows. `dry_run`: everything but the writing.
 *
 * Errors   TEMOIN_ERR_PLAN: a design that is not rolling; another plan than the bundle's. TEMOIN_ERR_DATA: another
 * header, a client who is enrolled already or came before the last of the ledger, each with its line; a bundle whose
 * parts do not belong together. TEMOIN_ERR_IO, also when another process is at work in the folder. Cost     that of
 * drawing all clients at once.
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_enrol(temoin_context *context, const char *folder,
                                                    const temoin_plan *plan, const char *batch, bool dry_run,
                                                    temoin_enrolment *out);

/** Reads `results.json` of a bundle, see temoin_results_read_json. */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_read_results(temoin_context *context, const char *folder,
                                                           const temoin_results **out);

/** The ledger: `position,client,stratum,arm,probability,digest` in canonical order, see the README.
 * TEMOIN_ERR_USAGE for a trial that temoin did not draw. */
TEMOIN_MUST_CHECK temoin_status temoin_ledger_render(temoin_context *context, const temoin_assignment *assignment,
                                                     const char **text, size_t *length);

/** The last digest of the ledger, 64 hexadecimal digits; it commits to every line. NULL without a ledger or memory. */
const char *temoin_ledger_head(temoin_context *context, const temoin_assignment *assignment);

/** Identical, different, or, with neither, "cannot tell": then `missing` says what is needed and lacking. */
typedef struct temoin_verdict {
    bool identical;
    const char *difference; /**< where the first one is, what was expected and what was found; NULL: none was found */
    const char
        *missing; /**< an input that is not there, a design or a format that this build does not know; else NULL */
    const char *engine;     /**< the version that made it, as a manifest under its seal says; NULL: none does */
    const char *trial;      /**< id; NULL when the manifest cannot be read */
    const char *seed;       /**< "" for a trial that temoin did not draw, or from a secret seed; NULL as above */
    const char *commitment; /**< SHA-256 of the seed, which the plan committed to; NULL: it did not */
    int64_t n_files;        /**< compared */
} temoin_verdict;

/** Replays a bundle from its inputs and seed and compares every byte.
 *
 * A bundle of another version of temoin must have the same bytes but for the version in manifest, results and reports,
 * as long as this version knows its design. The version is the manifest's own word: its seal shows a byte that was
 * changed there, not who wrote it.
 *
 * Errors   TEMOIN_ERR_IO when the folder cannot be read at all or is being written to, TEMOIN_ERR_MEMORY. Whatever is
 * wrong inside is a verdict. Cost     that of the run that made it.
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_verify(temoin_context *context, const char *folder, temoin_verdict *out);

#ifdef __cplusplus
}
#endif
#endif

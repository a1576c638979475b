/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_AUDIT_H
#define TEMOIN_AUDIT_H

#include "temoin/estimate.h"
#include "temoin/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Writes a bundle: the inputs as they were read, the ledger of a drawn trial, and, with `results`, `estimates.csv`,
 * `results.json` and one report per language; last `manifest.json` with the digest of each.
 *
 * Every file is written under a temporary name and renamed when whole; the manifest comes last. `results` NULL: an
 * assignment only, which never replaces a ledger that is there.
 *
 * Errors   TEMOIN_ERR_IO; TEMOIN_ERR_DATA when the folder holds a ledger already (assignment) or another one (analysis).
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_write(temoin_context *context, const char *folder, const temoin_trial *trial,
                                                    const temoin_assignment *assignment, const temoin_results *results);

/** Reads `results.json` of a bundle, see temoin_results_read_json. */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_read_results(temoin_context *context, const char *folder,
                                                           const temoin_results **out);

/** The ledger: `position,client,stratum,arm,probability,digest` in canonical order, see the README.
 * TEMOIN_ERR_USAGE for a trial that temoin did not draw. */
TEMOIN_MUST_CHECK temoin_status temoin_ledger_render(temoin_context *context, const temoin_assignment *assignment,
                                                     const char **text, size_t *length);

/** The last digest of the ledger, 64 hexadecimal digits; it commits to every line. NULL without a ledger or memory. */
const char *temoin_ledger_head(temoin_context *context, const temoin_assignment *assignment);

typedef struct temoin_verdict {
    bool identical;
    const char *difference; /**< where the first one is, what was expected and what was found; NULL when identical */
    const char *trial;      /**< id; NULL when the manifest cannot be read */
    const char *seed;       /**< "" for a trial that temoin did not draw; NULL as above */
    int64_t n_files;        /**< compared */
} temoin_verdict;

/** Replays a bundle from its inputs and seed and compares every byte.
 *
 * Errors   TEMOIN_ERR_IO when the folder cannot be read at all, TEMOIN_ERR_MEMORY. Whatever is wrong inside is a difference.
 * Cost     that of the run that made it.
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_verify(temoin_context *context, const char *folder, temoin_verdict *out);

#ifdef __cplusplus
}
#endif
#endif

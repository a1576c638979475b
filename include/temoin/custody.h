/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_CUSTODY_H
#define TEMOIN_CUSTODY_H

#include <stdbool.h>
#include <stdint.h>

#include "temoin/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Draws an Ed25519 key pair from the machine's random bytes: `path` gets the secret key, for its owner's eyes only
 * (mode 0600), and `path`.pub the public one; each is one line, a word that says which it is and 64 hexadecimal digits.
 * `*key`: the digits of the public key.
 *
 * Errors   TEMOIN_ERR_DATA when one of the files is there, for a key is never overwritten; TEMOIN_ERR_IO.
 * Cites    RFC 8032.
 */
TEMOIN_MUST_CHECK temoin_status temoin_key_build(temoin_context *context, const char *path, const char **key);

/** Signs a bundle's manifest, which holds the digest of every other file, and so plan, inputs, ledger and results:
 * writes `signature.json`, over one that is there. What is signed is "temoin/1 signature" ␀ SHA-256 of `manifest.json`,
 * in lower-case digits. `*key`: the digits of the public key.
 *
 * Errors   TEMOIN_ERR_IO; TEMOIN_ERR_DATA when the key file holds no secret key, or the manifest was changed.
 * Cites    RFC 8032.
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_sign(temoin_context *context, const char *folder, const char *key_file,
                                                   const char **key);

typedef struct temoin_signature {
    bool there;      /**< the bundle has a `signature.json` */
    bool demanded;   /**< the key was given; false: the signature's own word for who signed was taken */
    const char *key; /**< the digits of the public key that signed; NULL: none did */
    const char
        *difference; /**< why this is no good signature; NULL: it is one, or there is none and none was demanded */
} temoin_signature;

/** Checks the signature of a bundle: by the public key in `key_file`, or, where that is NULL, by the key that it names.
 *
 * Errors   TEMOIN_ERR_IO; TEMOIN_ERR_DATA when the key file holds no public key.
 */
TEMOIN_MUST_CHECK temoin_status temoin_signature_check(temoin_context *context, const char *folder,
                                                       const char *key_file, temoin_signature *out);

typedef struct temoin_reveal {
    const char *arm;    /**< "" when the client was left out of all arms */
    const char *worker; /**< who serves the client; "" when none was drawn */
    const char *position;
    const char *digest; /**< of the ledger's line */
    int64_t n;          /**< reveals so far, this one among them */
    const char *head;   /**< digest that commits to all of them */
} temoin_reveal;

/** Looks up one client's arm in a bundle's ledger, after a line about it was added to `reveals.csv`:
 * `reveal,position,client,digest`, chained as the ledger is.
 *
 * Errors   TEMOIN_ERR_IO; TEMOIN_ERR_DATA when there is no such client or no ledger, or `reveals.csv` is not what
 * earlier reveals wrote.
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_reveal(temoin_context *context, const char *folder, const char *client,
                                                     temoin_reveal *out);

typedef struct temoin_export_opts {
    const char *format; /**< see `temoin list exports` */
    const char *by;     /**< sealed: the design's column with a list for each of its values; NULL: the first */
    const char *output; /**< folder; NULL: named after the trial and the format */
} temoin_export_opts;

typedef struct temoin_export {
    const char *folder;
    const char *const *files; /**< [n_files] inside of the folder */
    int32_t n_files;
} temoin_export;

/** Writes a bundle's ledger in a form that others read.
 *
 * Errors   TEMOIN_ERR_USAGE for a format or column that is not there; TEMOIN_ERR_DATA without a ledger; TEMOIN_ERR_IO.
 */
TEMOIN_MUST_CHECK temoin_status temoin_bundle_export(temoin_context *context, const char *folder,
                                                     const temoin_export_opts *opts, temoin_export *out);

#ifdef __cplusplus
}
#endif
#endif

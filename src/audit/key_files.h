/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_KEY_FILES_H
#define TM_KEY_FILES_H

#include "base/failure.h"
#include "base/signature.h"

enum {
    TM_KEY_HEX_SIZE = 2 * TM_KEY_BYTES + 1,
    TM_SIGNER_DIGITS = 16
}; /* of a key's digits, those that name its owner */

/* Errors: TEMOIN_ERR_IO; TEMOIN_ERR_DATA when the file holds something else. */
TEMOIN_MUST_CHECK temoin_status tm_key_read(temoin_context *ctx, const char *path, bool secret,
                                            uint8_t key[TM_KEY_BYTES]);

/* A copy of the key's digits in the result arena. */
TEMOIN_MUST_CHECK temoin_status tm_key_text(temoin_context *ctx, const uint8_t key[TM_KEY_BYTES], const char **text);

#endif

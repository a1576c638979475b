/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SIGNATURE_CLAIM_H
#define TM_SIGNATURE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/signature.h"

/* What `signature.json` says: whether it is true is another question. */
typedef struct tm_signature_claim {
    uint8_t key[TM_KEY_BYTES], signature[TM_SIGNATURE_BYTES];
    char digest[TM_SHA256_HEX_SIZE]; /* of the manifest; "" when it says none */
} tm_signature_claim;

/* False: it is no JSON, or lacks a key or a signature. */
bool tm_signature_claim_read(const char *text, size_t length, tm_signature_claim *out);

#endif

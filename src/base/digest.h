/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 (FIPS 180-4). Only digest.c and signature.c include libsodium. */
#ifndef TM_DIGEST_H
#define TM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { TM_SHA256_BYTES = 32, TM_SHA256_HEX_SIZE = 65 };

typedef struct tm_sha256 {
    _Alignas(16) unsigned char state[128]; /* libsodium's, seen by digest.c only */
} tm_sha256;

void tm_sha256_init(tm_sha256 *hash);
void tm_sha256_add(tm_sha256 *hash, const void *bytes, size_t length);
void tm_sha256_finish(tm_sha256 *hash, uint8_t digest[TM_SHA256_BYTES]);

/* Lower-case hexadecimal with a NUL behind it. Returns `text`. */
const char *tm_sha256_hex(const uint8_t digest[TM_SHA256_BYTES], char text[TM_SHA256_HEX_SIZE]);

#endif

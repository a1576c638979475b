/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"

#include <sodium/crypto_hash_sha256.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(tm_sha256), "room for libsodium's state");
_Static_assert(_Alignof(crypto_hash_sha256_state) <= _Alignof(tm_sha256), "alignment of libsodium's state");
_Static_assert(crypto_hash_sha256_BYTES == TM_SHA256_BYTES, "size of a digest");

/* Hashing needs no sodium_init: it draws no random bytes and has one implementation. */
static crypto_hash_sha256_state *inside(tm_sha256 *hash)
{
    return (crypto_hash_sha256_state *)(void *)hash->state;
}

void tm_sha256_init(tm_sha256 *hash)
{
    crypto_hash_sha256_init(inside(hash));
}

void tm_sha256_add(tm_sha256 *hash, const void *bytes, size_t length)
{
    crypto_hash_sha256_update(inside(hash), bytes, length);
}

void tm_sha256_finish(tm_sha256 *hash, uint8_t digest[TM_SHA256_BYTES])
{
    crypto_hash_sha256_final(inside(hash), digest);
}

const char *tm_sha256_hex(const uint8_t digest[TM_SHA256_BYTES], char text[TM_SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < TM_SHA256_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * TM_SHA256_BYTES] = '\0';
    return text;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/signature.h"

#include <sodium.h>

_Static_assert(crypto_sign_ed25519_SEEDBYTES == TM_KEY_BYTES, "size of a secret key");
_Static_assert(crypto_sign_ed25519_PUBLICKEYBYTES == TM_KEY_BYTES, "size of a public key");
_Static_assert(crypto_sign_ed25519_BYTES == TM_SIGNATURE_BYTES, "size of a signature");

bool tm_key_draw(uint8_t secret[TM_KEY_BYTES])
{
    if (sodium_init() < 0) return false;
    randombytes_buf(secret, TM_KEY_BYTES);
    return true;
}

/* What RFC 8032 calls the secret key is libsodium's seed; libsodium's secret key is that and the public key behind it.
 */
void tm_key_public(const uint8_t secret[TM_KEY_BYTES], uint8_t key[TM_KEY_BYTES])
{
    uint8_t both[crypto_sign_ed25519_SECRETKEYBYTES];
    crypto_sign_ed25519_seed_keypair(key, both, secret);
    sodium_memzero(both, sizeof both);
}

void tm_signature_build(const uint8_t secret[TM_KEY_BYTES], const void *text, size_t length,
                        uint8_t signature[TM_SIGNATURE_BYTES])
{
    uint8_t both[crypto_sign_ed25519_SECRETKEYBYTES], key[TM_KEY_BYTES];
    crypto_sign_ed25519_seed_keypair(key, both, secret);
    crypto_sign_ed25519_detached(signature, NULL, text, length, both);
    sodium_memzero(both, sizeof both);
}

bool tm_signature_validate(const uint8_t key[TM_KEY_BYTES], const void *text, size_t length,
                           const uint8_t signature[TM_SIGNATURE_BYTES])
{
    return crypto_sign_ed25519_verify_detached(signature, text, length, key) == 0;
}

void tm_secret_wipe(void *bytes, size_t length)
{
    sodium_memzero(bytes, length);
}

const char *tm_hex_write(const uint8_t *bytes, size_t n, char *text)
{
    return sodium_bin2hex(text, 2 * n + 1, bytes, n);
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool tm_hex_read(const char *text, size_t length, uint8_t *bytes, size_t n)
{
    if (length != 2 * n) return false;
    for (size_t i = 0; i < n; i++) {
        const int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ed25519 (RFC 8032), and the only random bytes that temoin ever asks of the machine: those of a new key. */
#ifndef TM_SIGNATURE_H
#define TM_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TM_KEY_BYTES = 32, TM_SIGNATURE_BYTES = 64 };

/* Fills a secret key with random bytes. False when the machine has none to give. */
bool tm_key_draw(uint8_t secret[TM_KEY_BYTES]);

void tm_key_public(const uint8_t secret[TM_KEY_BYTES], uint8_t key[TM_KEY_BYTES]);

void tm_signature_build(const uint8_t secret[TM_KEY_BYTES], const void *text, size_t length,
                        uint8_t signature[TM_SIGNATURE_BYTES]);

bool tm_signature_validate(const uint8_t key[TM_KEY_BYTES], const void *text, size_t length,
                           const uint8_t signature[TM_SIGNATURE_BYTES]);

/* Overwrites a secret that is no longer needed, which no compiler takes for useless. */
void tm_secret_wipe(void *bytes, size_t length);

/* Lower-case hexadecimal digits, 2 n of them with a NUL behind. Returns `text`. */
const char *tm_hex_write(const uint8_t *bytes, size_t n, char *text);
/* Exactly 2 n lower-case hexadecimal digits; false for anything else. */
bool tm_hex_read(const char *text, size_t length, uint8_t *bytes, size_t n);

#endif

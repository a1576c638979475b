/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/stream.h"

#include <string.h>

#include "base/digest.h"

static tm_uint128 big_endian(const uint8_t bytes[16])
{
    tm_uint128 value = 0;
    for (int i = 0; i < 16; i++) value = value << 8 | bytes[i];
    return value;
}

void tm_stream_init(tm_pcg64 *rng, const char *trial_id, const char *seed, const char *purpose, const char *label)
{
    tm_sha256 hash;
    uint8_t key[TM_SHA256_BYTES];
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, "temoin/1", sizeof "temoin/1"); /* each part but the last goes in with its NUL */
    tm_sha256_add(&hash, trial_id, strlen(trial_id) + 1);
    tm_sha256_add(&hash, seed, strlen(seed) + 1);
    tm_sha256_add(&hash, purpose, strlen(purpose) + 1);
    tm_sha256_add(&hash, label, strlen(label));
    tm_sha256_finish(&hash, key);
    tm_pcg64_init(rng, big_endian(key), big_endian(key + 16));
}

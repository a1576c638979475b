/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random streams are named, not numbered: what one stream gives depends on its name alone, so a stratum that is added
 * moves nobody elsewhere. The name becomes a generator by
 *
 *     key = SHA-256("temoin/1" NUL trial id NUL seed text NUL purpose NUL label)
 *     initstate = first 16 bytes of the key, initseq = last 16, both big-endian.
 */
#ifndef TM_STREAM_H
#define TM_STREAM_H

#include "numeric/pcg64.h"

void tm_stream_init(tm_pcg64 *rng, const char *trial_id, const char *seed, const char *purpose, const char *label);

#endif

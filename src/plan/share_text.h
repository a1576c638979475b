/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SHARE_TEXT_H
#define TM_SHARE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { TM_SHARE_SUM_MOST = 1000000 };

/* Is the text a positive decimal such as "2", ".5" or "0.70", of at most 18 significant digits and decimals? */
bool tm_share_validate(const char *text);

/* Decimal texts, each valid, as the smallest integers in exactly the same proportion. False when their sum would
 * exceed TM_SHARE_SUM_MOST; `sum` is untouched then. */
bool tm_shares_read(const char *const *text, int64_t *share, int32_t n, int64_t *sum);

#endif

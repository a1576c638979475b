/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_NEAREST_H
#define TM_NEAREST_H

#include <stddef.h>

/* The candidate with the smallest edit distance to `word` (insert, delete, replace or swap a byte), the first among
 * equals; NULL when even that one differs in more than half of its letters, so that no silly advice is given. */
const char *tm_nearest(const char *word, const char *const *candidates, size_t n_candidates);

#endif

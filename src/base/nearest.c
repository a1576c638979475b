/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 64 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment distance over at most LONGEST bytes of each. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strnlen(a, LONGEST), m = strnlen(b, LONGEST);
    size_t row[3][LONGEST + 1];
    size_t *before = row[0], *above = row[1], *here = row[2];
    for (size_t j = 0; j <= m; j++) above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        here[0] = i;
        for (size_t j = 1; j <= m; j++) {
            here[j] = min3(above[j] + 1, here[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < here[j])
                here[j] = before[j - 2] + 1;
        }
        size_t *recycled = before;
        before = above;
        above = here;
        here = recycled;
    }
    return above[m];
}

const char *tm_nearest(const char *word, const char *const *candidates, size_t n_candidates)
{
    const char *best = NULL;
    size_t least = 0;
    for (size_t c = 0; c < n_candidates; c++) {
        size_t d = distance(word, candidates[c]);
        if (best && d >= least) continue;
        best = candidates[c];
        least = d;
    }
    return best && 2 * least <= strnlen(best, LONGEST) ? best : NULL;
}

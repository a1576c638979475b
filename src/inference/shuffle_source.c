/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "inference/arm_source.h"
#include "numeric/counting.h"

typedef struct shuffling {
    const tm_shuffle *shuffle;
    tm_redraw_bits bits; /* unless listed */
    int64_t *from;       /* [n_blocks + 1] first member of each block */
    int64_t *member;     /* groups that take part, by block */
    int16_t **listed; /* [n_blocks] → arrangements of the block's arms one after the other; NULL: drawn, not listed */
    int64_t *n_listed; /* [n_blocks] */
} shuffling;

static temoin_status sort_groups(temoin_context *ctx, shuffling *s)
{
    const tm_shuffle *shuffle = s->shuffle;
    int64_t *from;
    TM_SCRATCH(ctx, from, (int64_t)shuffle->n_blocks + 2);
    TM_SCRATCH(ctx, s->member, shuffle->n_groups);
    for (int64_t g = 0; g < shuffle->n_groups; g++)
        if (shuffle->group_arm[g] >= 0) from[shuffle->block[g] + 2]++;
    for (int32_t b = 1; b <= shuffle->n_blocks; b++) from[b + 1] += from[b];
    for (int64_t g = 0; g < shuffle->n_groups; g++)
        if (shuffle->group_arm[g] >= 0) s->member[from[shuffle->block[g] + 1]++] = g;
    s->from = from;
    return TEMOIN_OK;
}

/* Arms of a block from the lowest to the highest, the first arrangement. */
static void sort_arms(const shuffling *s, int32_t block, int16_t *arm)
{
    int64_t n = 0;
    for (int32_t a = 0; a < s->shuffle->n_arms; a++)
        for (int64_t k = s->from[block]; k < s->from[block + 1]; k++)
            if (s->shuffle->group_arm[s->member[k]] == a) arm[n++] = (int16_t)a;
}

/* The next arrangement in the order of dictionaries; false: that was the last. */
static bool arrange_next(int16_t *arm, int64_t n)
{
    int64_t pivot = n - 2, other = n - 1;
    while (pivot >= 0 && arm[pivot] >= arm[pivot + 1]) pivot--;
    if (pivot < 0) return false;
    while (arm[other] <= arm[pivot]) other--;
    const int16_t kept = arm[pivot];
    arm[pivot] = arm[other];
    arm[other] = kept;
    for (int64_t low = pivot + 1, high = n - 1; low < high; low++, high--) {
        const int16_t swap = arm[low];
        arm[low] = arm[high];
        arm[high] = swap;
    }
    return true;
}

/* n! / Π n_a!, as a product of whole steps: after k units it is the number of arrangements of those k. Stops beyond
 * `most`, of which no more is asked. */
static double count_arrangements(const int16_t *arm, int64_t n, double most)
{
    double count = 1;
    for (int64_t k = 0, same = 0; k < n && count <= most; k++) {
        same = k > 0 && arm[k] == arm[k - 1] ? same + 1 : 1;
        count = count * (double)(k + 1) / (double)same;
    }
    return count;
}

static temoin_status list_block(temoin_context *ctx, shuffling *s, int32_t block, const int16_t *first)
{
    const int64_t n = s->from[block + 1] - s->from[block];
    int16_t *list;
    TM_SCRATCH(ctx, list, n * s->n_listed[block]);
    if (n) memcpy(list, first, (size_t)n * sizeof *list);
    for (int64_t i = 1; i < s->n_listed[block]; i++) {
        memcpy(list + i * n, list + (i - 1) * n, (size_t)n * sizeof *list);
        arrange_next(list + i * n, n);
    }
    s->listed[block] = list;
    return TEMOIN_OK;
}

/* Lists the arrangements of every block if together there are at most `most`; *n is 0 otherwise. */
static temoin_status list_arrangements(temoin_context *ctx, shuffling *s, int64_t most, int64_t *n)
{
    const int32_t n_blocks = s->shuffle->n_blocks;
    int16_t *arm;
    double total = 1;
    *n = 0;
    TM_SCRATCH(ctx, arm, s->from[n_blocks]);
    TM_SCRATCH(ctx, s->n_listed, n_blocks);
    for (int32_t b = 0; b < n_blocks && total <= (double)most; b++) {
        const int64_t size = s->from[b + 1] - s->from[b];
        sort_arms(s, b, arm + s->from[b]);
        const double count = count_arrangements(arm + s->from[b], size, (double)most);
        s->n_listed[b] = (int64_t)count;
        total *= count;
    }
    if (total > (double)most) return TEMOIN_OK;
    TM_SCRATCH(ctx, s->listed, n_blocks);
    for (int32_t b = 0; b < n_blocks; b++) TM_TRY(list_block(ctx, s, b, arm + s->from[b]));
    *n = (int64_t)total;
    return TEMOIN_OK;
}

/* True when two arms change places throughout and that is an arrangement too. */
static bool has_mirror(const shuffling *s, int16_t a, int16_t b)
{
    bool moved = false;
    for (int32_t block = 0; block < s->shuffle->n_blocks; block++) {
        int64_t more = 0;
        for (int64_t k = s->from[block]; k < s->from[block + 1]; k++) {
            const int32_t arm = s->shuffle->group_arm[s->member[k]];
            more += arm == a ? 1 : arm == b ? -1 : 0;
            moved = moved || arm == a || arm == b;
        }
        if (more != 0) return false;
    }
    return moved;
}

/* Whatever was drawn is in its own tail, and its mirror is as extreme. */
static double log_smallest_p(const shuffling *s)
{
    double log_count = 0;
    int16_t n_arms = 0;
    bool mirror = false;
    for (int64_t g = 0; g < s->shuffle->n_groups; g++)
        if (s->shuffle->group_arm[g] >= n_arms) n_arms = (int16_t)(s->shuffle->group_arm[g] + 1);
    for (int32_t b = 0; b < s->shuffle->n_blocks; b++) {
        log_count += tm_log_factorial(s->from[b + 1] - s->from[b]);
        for (int16_t a = 0; a < n_arms; a++) {
            int64_t n = 0;
            for (int64_t k = s->from[b]; k < s->from[b + 1]; k++) n += s->shuffle->group_arm[s->member[k]] == a;
            log_count -= tm_log_factorial(n);
        }
    }
    for (int16_t a = 0; a < n_arms; a++)
        for (int16_t b = (int16_t)(a + 1); b < n_arms; b++) mirror = mirror || has_mirror(s, a, b);
    return fmin(0, (mirror ? M_LN2 : 0) - log_count);
}

static void take_listed(const shuffling *s, int64_t d, int32_t *arm)
{
    for (int32_t b = 0; b < s->shuffle->n_blocks; b++) {
        const int64_t n = s->from[b + 1] - s->from[b];
        const int16_t *one = s->listed[b] + d % s->n_listed[b] * n;
        for (int64_t k = 0; k < n; k++) arm[s->member[s->from[b] + k]] = one[k];
        d /= s->n_listed[b];
    }
}

static temoin_status open(temoin_context *ctx, const tm_arm_source *source, void **room)
{
    int32_t *arm;
    TM_SCRATCH(ctx, arm, ((const shuffling *)source->data)->shuffle->n_groups);
    *room = arm;
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_arm_source *source, void *room, int64_t d, tm_drawn_rows *out)
{
    const shuffling *s = source->data;
    const tm_shuffle *shuffle = s->shuffle;
    int32_t *arm = room;
    if (s->listed)
        take_listed(s, d, arm);
    else
        TM_TRY(tm_redraw_bits_arms(ctx, &s->bits, d + 1, arm));
    for (int64_t i = 0; i < shuffle->n; i++) {
        const int32_t g = shuffle->group[i];
        out->arm[i] = g < 0 || shuffle->group_arm[g] < 0 ? shuffle->arm[i] : arm[g];
    }
    return TEMOIN_OK;
}

static temoin_status build_bits(temoin_context *ctx, shuffling *s, tm_arm_source *out)
{
    const tm_shuffle *shuffle = s->shuffle;
    int32_t *group;
    TM_TRY(tm_redraw_bits_build_shuffle(ctx, shuffle->trial_id, shuffle->n_groups, shuffle->n_arms, shuffle->group_arm,
                                        shuffle->n_blocks, shuffle->block, shuffle->block_text, &s->bits));
    TM_SCRATCH(ctx, group, shuffle->n);
    for (int64_t i = 0; i < shuffle->n; i++) {
        const int32_t g = shuffle->group[i];
        group[i] = g < 0 || shuffle->group_arm[g] < 0 ? -1 : g;
    }
    out->bits = &s->bits;
    out->row_group = group;
    return TEMOIN_OK;
}

temoin_status tm_shuffle_source_build(temoin_context *ctx, const tm_shuffle *shuffle, int64_t most, tm_arm_source *out)
{
    shuffling *s;
    int64_t n = 0;
    TM_SCRATCH(ctx, s, 1);
    s->shuffle = shuffle;
    TM_TRY(sort_groups(ctx, s));
    TM_TRY(list_arrangements(ctx, s, most, &n));
    *out = (tm_arm_source){
        .n = shuffle->n, .n_draws = n ? n : most, .exact = n > 0, .data = s, .open = open, .draw = draw};
    out->log_smallest_p = log_smallest_p(s);
    return n ? TEMOIN_OK : build_bits(ctx, s, out);
}

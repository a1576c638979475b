/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, FIRST_BLOCK = 1 << 16, LARGEST_STEP = 1 << 26 };

struct tm_arena_block {
    tm_arena_block *before;
    size_t size; /* bytes behind the header */
    size_t used;
};

static const size_t header_size = (sizeof(tm_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

/* Written by the allocation-failure tests only, before any thread starts. */
static int64_t fail_countdown;
static int fail_only_one;

void tm_arena_fail_after(int64_t n)
{
    fail_countdown = n;
    fail_only_one = 0;
}

void tm_arena_fail_once(int64_t n)
{
    fail_countdown = n;
    fail_only_one = 1;
}

static int allocation_must_fail(void)
{
    if (fail_countdown == 0) return 0;
    if (fail_countdown == 1 && !fail_only_one) return 1;
    return --fail_countdown == 0;
}

/* The spare block where it is large enough: a loop that rewinds and takes again would else map and unmap memory each
 * time around, which costs more than most of what is computed in it. */
static tm_arena_block *open_block(tm_arena *arena, size_t at_least)
{
    tm_arena_block *before = arena->last, *block = arena->spare;
    if (block && block->size >= at_least) {
        arena->spare = NULL;
    } else {
        size_t size = before ? before->size * 2 : FIRST_BLOCK;
        if (size > LARGEST_STEP) size = LARGEST_STEP;
        if (size < at_least) size = at_least;
        block = aligned_alloc(ALIGNMENT, header_size + size);
        if (!block) return NULL;
        block->size = size;
    }
    block->before = before;
    block->used = 0;
    return block;
}

/* Keeps the larger of the block and the spare one. Address sanitizers are to see every use of what was rewound. */
static void close_block(tm_arena *arena, tm_arena_block *block)
{
    (void)arena;
#ifndef __SANITIZE_ADDRESS__
    if (!arena->spare || arena->spare->size < block->size) {
        tm_arena_block *smaller = arena->spare;
        arena->spare = block;
        block = smaller;
    }
#else
    (void)arena;
#endif
    free(block);
}

static void *take(tm_arena *arena, int64_t n, size_t size)
{
    if (n < 0 || (size && (uint64_t)n > (SIZE_MAX / 4) / size)) return NULL;
    if (allocation_must_fail()) return NULL;
    size_t bytes = ((size_t)n * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!arena->last || arena->last->size - arena->last->used < bytes) {
        tm_arena_block *block = open_block(arena, bytes);
        if (!block) return NULL;
        arena->last = block;
    }
    unsigned char *start = (unsigned char *)arena->last + header_size + arena->last->used;
    arena->last->used += bytes;
    return memset(start, 0, bytes);
}

void *tm_arena_take(tm_arena *arena, int64_t n, size_t size)
{
    void *piece = take(arena, n, size);
    if (!piece) arena->exhausted = 1;
    return piece;
}

tm_mark tm_arena_mark(const tm_arena *arena)
{
    return (tm_mark){arena->last, arena->last ? arena->last->used : 0};
}

void tm_arena_rewind(tm_arena *arena, tm_mark mark)
{
    while (arena->last != mark.block) {
        tm_arena_block *block = arena->last;
        arena->last = block->before;
        close_block(arena, block);
    }
    if (arena->last) arena->last->used = mark.used;
}

void tm_arena_free(tm_arena *arena)
{
    tm_arena_rewind(arena, (tm_mark){NULL, 0});
    free(arena->spare);
    arena->spare = NULL;
}

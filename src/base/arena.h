/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory in one place: blocks are taken, never given back singly. Only arena.c calls malloc. */
#ifndef TM_ARENA_H
#define TM_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct tm_arena_block tm_arena_block;

typedef struct tm_arena {
    tm_arena_block *last;  /* the block being filled; older ones hang behind it */
    tm_arena_block *spare; /* empty, kept from the last rewind; NULL: none */
    int exhausted;         /* some piece could not be had: stays, for whoever finishes what was made of the pieces */
} tm_arena;

/* A place in an arena to which `tm_arena_rewind` returns. */
typedef struct tm_mark {
    tm_arena_block *block;
    size_t used;
} tm_mark;

/* n * size zeroed bytes, aligned to 64; NULL when memory is out or n * size overflows. n = 0 gives a valid pointer. */
void *tm_arena_take(tm_arena *arena, int64_t n, size_t size);

tm_mark tm_arena_mark(const tm_arena *arena);
void tm_arena_rewind(tm_arena *arena, tm_mark mark);
void tm_arena_free(tm_arena *arena);

/* Tests make the n-th allocation from now on fail (and all after it); 0: never. */
void tm_arena_fail_after(int64_t n);
/* Only that one fails: a large piece was too much, and what follows finds memory again. */
void tm_arena_fail_once(int64_t n);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed set of notes on a row: what kept a number from being printed, or what a reader must know about it. */
#ifndef TM_NOTES_H
#define TM_NOTES_H

#include "base/failure.h"
#include "base/language.h"
#include "temoin/result.h"

/* What stands behind the colon: `collinear:age`, `zero_weight:3`, `missing_outcome:control=4`. */
typedef enum tm_note_argument { TM_NOTE_PLAIN, TM_NOTE_NAME, TM_NOTE_COUNT, TM_NOTE_NAME_COUNT } tm_note_argument;

typedef struct tm_note {
    const char *key;
    tm_note_argument argument;
    bool refuses;          /* a number is not printed because of it; otherwise it informs */
    temoin_label sentence; /* {name}, {n}, or the {list} of both stand for the argument */
} tm_note;

/* The notes one after the other, from 0; NULL behind the last. */
const tm_note *tm_note_at(int n);

/* Their last part. */
extern const tm_note tm_provider_notes[];
extern const int tm_n_provider_notes;

/* The note of a text such as "collinear:age", NULL when there is no such note. */
const tm_note *tm_note_find(const char *note);
/* True if any of a row's notes refuses a number. */
bool tm_notes_refuse(const char *notes);

/* Collects the notes of one row; a note that is there already is not added again. */
typedef struct tm_notes {
    temoin_context *ctx;
    const char *text;
    bool out_of_memory;
} tm_notes;

void tm_notes_init(tm_notes *notes, temoin_context *ctx);
/* A plain note, one with a name, a count, or both. The key must be in the table with that kind of argument. */
void tm_notes_add(tm_notes *notes, const char *key);
void tm_notes_add_name(tm_notes *notes, const char *key, const char *name);
void tm_notes_add_count(tm_notes *notes, const char *key, int64_t n);
void tm_notes_add_name_count(tm_notes *notes, const char *key, const char *name, int64_t n);
/* "a;b:c" in the order added, "" without any. */
TEMOIN_MUST_CHECK temoin_status tm_notes_finish(const tm_notes *notes, const char **text);

/* Explains the first note of a list that is not empty as a sentence in the language and moves behind it; several notes
 * in a row that count the same thing for different names become one sentence. Names of arms and characteristics are
 * replaced by their labels in `results`; NULL: they stay names. A note that is not in the table stands for itself,
 * `*note` is NULL. */
TEMOIN_MUST_CHECK temoin_status tm_notes_explain_next(temoin_context *ctx, const temoin_results *results,
                                                      tm_language language, const char **rest, const tm_note **note,
                                                      const char **sentence);

#endif

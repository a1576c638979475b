/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result/notes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"

static const tm_note *find_key(const char *key, size_t length)
{
    const tm_note *note;
    for (int n = 0; (note = tm_note_at(n)); n++)
        if (strncmp(note->key, key, length) == 0 && note->key[length] == '\0') break;
    return note;
}

const tm_note *tm_note_find(const char *note)
{
    return find_key(note, strcspn(note, ":;"));
}

bool tm_notes_refuse(const char *notes)
{
    while (*notes) {
        const tm_note *note = tm_note_find(notes);
        if (note && note->refuses) return true;
        notes += strcspn(notes, ";");
        notes += *notes == ';';
    }
    return false;
}

void tm_notes_init(tm_notes *notes, temoin_context *ctx)
{
    *notes = (tm_notes){.ctx = ctx, .text = ""};
}

static bool is_there(const char *list, const char *note)
{
    size_t length = strlen(note);
    for (const char *at = list; *at; at += strcspn(at, ";"), at += *at == ';')
        if (strcspn(at, ";") == length && strncmp(at, note, length) == 0) return true;
    return false;
}

/* `added` NULL: memory was out when it was made. */
static void append(tm_notes *notes, const char *key, tm_note_argument argument, const char *added)
{
    const tm_note *note = find_key(key, strlen(key));
    assert(note && note->argument == argument);
    (void)note, (void)argument;
    if (added && is_there(notes->text, added)) return;
    const char *text = added && notes->text[0] ? tm_text(notes->ctx, "%s;%s", notes->text, added) : added;
    if (text)
        notes->text = text;
    else
        notes->out_of_memory = true;
}

/* Names come from data: the semicolon that ends a note, and the percent sign itself, are written %3B and %25. */
static const char *escape_name(temoin_context *ctx, const char *name)
{
    char *text = tm_arena_take(&ctx->results, (int64_t)strlen(name) + 1, 3);
    char *to = text;
    for (; text && *name; name++) {
        if (*name == ';' || *name == '%')
            to = stpcpy(to, *name == ';' ? "%3B" : "%25");
        else
            *to++ = *name;
    }
    return text;
}

static char *unescape_name(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        bool semicolon = strncmp(from, "%3B", 3) == 0;
        *to++ = semicolon ? ';' : *from;
        if (semicolon || strncmp(from, "%25", 3) == 0) from += 2;
    }
    *to = '\0';
    return name;
}

void tm_notes_add(tm_notes *notes, const char *key)
{
    append(notes, key, TM_NOTE_PLAIN, key);
}

void tm_notes_add_name(tm_notes *notes, const char *key, const char *name)
{
    const char *escaped = escape_name(notes->ctx, name);
    append(notes, key, TM_NOTE_NAME, escaped ? tm_text(notes->ctx, "%s:%s", key, escaped) : NULL);
}

void tm_notes_add_count(tm_notes *notes, const char *key, int64_t n)
{
    append(notes, key, TM_NOTE_COUNT, tm_text(notes->ctx, "%s:%" PRId64, key, n));
}

void tm_notes_add_name_count(tm_notes *notes, const char *key, const char *name, int64_t n)
{
    const char *escaped = escape_name(notes->ctx, name);
    append(notes, key, TM_NOTE_NAME_COUNT, escaped ? tm_text(notes->ctx, "%s:%s=%" PRId64, key, escaped, n) : NULL);
}

temoin_status tm_notes_finish(const tm_notes *notes, const char **text)
{
    *text = notes->text;
    return notes->out_of_memory ? tm_fail_memory(notes->ctx) : TEMOIN_OK;
}

/* What a sentence is filled with. */
typedef struct filling {
    tm_language language;
    const temoin_results *results;
    const char *name, *count; /* behind the colon of the first note */
    const char *list;         /* "Control 10, OCM 7", a number never torn from its name */
} filling;

static const char *label_of(const filling *f, const char *name)
{
    const temoin_results *results = f->results;
    for (int32_t a = 0; results && a < results->n_arms; a++)
        if (strcmp(results->arms[a].name, name) == 0)
            return tm_say(f->language, results->arms[a].label.en, results->arms[a].label.fr);
    for (int64_t b = 0; results && b < results->n_baseline; b++)
        if (strcmp(results->baseline[b].variable, name) == 0)
            return tm_say(f->language, results->baseline[b].label.en, results->baseline[b].label.fr);
    return name;
}

static void put_count(tm_sink *sink, const char *digits, tm_language language)
{
    char written[TM_WRITTEN_SIZE];
    tm_sink_put(sink, tm_write_number(language, (double)strtoll(digits, NULL, 10), 0, written));
}

/* Fills {name}, {n} and {list} in. */
static void put_sentence(tm_sink *sink, const char *sentence, const filling *f)
{
    for (const char *at = sentence; *at;) {
        size_t length = strcspn(at, "{");
        tm_sink_put_bytes(sink, at, length);
        at += length;
        if (strncmp(at, "{name}", 6) == 0)
            tm_sink_put(sink, label_of(f, f->name));
        else if (strncmp(at, "{list}", 6) == 0)
            tm_sink_put(sink, f->list);
        else if (*at)
            put_count(sink, f->count, f->language);
        at += strcspn(at, "}");
        at += *at == '}';
    }
}

/* The part behind the colon of the note that starts here, as a text of its own; NULL when memory is out. */
static char *copy_argument(temoin_context *ctx, const char *note)
{
    const size_t length = strcspn(note, ";"), key = strcspn(note, ":;"), skip = key + (note[key] == ':');
    char *argument = tm_arena_take(&ctx->results, (int64_t)(length - key) + 1, 1);
    if (argument && skip < length) memcpy(argument, note + skip, length - skip);
    return argument;
}

/* Adds "name count" of "name=count" to the list. */
static void put_listed(tm_sink *list, const filling *f, char *argument)
{
    char *equals = strrchr(argument, '=');
    if (equals) *equals = '\0';
    tm_sink_printf(list, "%s%s\u00a0", list->length ? ", " : "", label_of(f, unescape_name(argument)));
    put_count(list, equals ? equals + 1 : "", f->language);
}

static const char *behind(const char *note)
{
    note += strcspn(note, ";");
    return note + (*note == ';');
}

temoin_status tm_notes_explain_next(temoin_context *ctx, const temoin_results *results, tm_language language,
                                    const char **rest, const tm_note **note, const char **sentence)
{
    filling f = {.language = language, .results = results, .list = ""};
    const char *first = *rest;
    *note = tm_note_find(first);
    *rest = behind(first);
    if (!*note) {
        *sentence = tm_text_copy(ctx, first, strcspn(first, ";"));
        return *sentence ? TEMOIN_OK : tm_fail_memory(ctx);
    }
    tm_sink sink, list;
    tm_sink_init(&sink, ctx);
    tm_sink_init(&list, ctx);
    char *argument = copy_argument(ctx, first);
    if (!argument) return tm_fail_memory(ctx);
    if ((*note)->argument == TM_NOTE_NAME_COUNT) {
        put_listed(&list, &f, argument);
        for (; **rest && tm_note_find(*rest) == *note; *rest = behind(*rest)) {
            argument = copy_argument(ctx, *rest);
            if (!argument) return tm_fail_memory(ctx);
            put_listed(&list, &f, argument);
        }
        TM_TRY(tm_sink_finish(&list));
        f.list = list.text;
    } else {
        f.count = argument;
        f.name = (*note)->argument == TM_NOTE_NAME ? unescape_name(argument) : argument;
    }
    put_sentence(&sink, tm_say(language, (*note)->sentence.en, (*note)->sentence.fr), &f);
    *sentence = sink.text;
    return tm_sink_finish(&sink);
}

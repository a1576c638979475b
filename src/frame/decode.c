/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes to UTF-8. Every byte is checked first, so that a message can point at it; what iconv then sees is clean. */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/nearest.h"
#include "frame/cells.h"

typedef struct encoding {
    const char *name;      /* as the plan writes it */
    const char *from;      /* as iconv calls it; NULL: UTF-8, no conversion */
    const char *undefined; /* bytes that the encoding does not have, or that nobody means */
    const char *why;       /* what such a byte is, and what to do */
} encoding;

#define CONTROLS                                                                                                       \
    "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"                                                 \
    "\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f"

static const encoding encodings[] = {
    {"utf-8", NULL, NULL,
     "is not valid UTF-8; declare \"encoding: windows-1252\" if an older Windows program wrote the file, or save it "
     "again "
     "as UTF-8"},
    {"windows-1252", "WINDOWS-1252", "\x81\x8d\x8f\x90\x9d",
     "does not exist in windows-1252; declare the encoding in which the file was saved, or save it again as UTF-8"},
    {"iso-8859-1", "ISO-8859-1", CONTROLS,
     "is a control character in iso-8859-1; declare \"encoding: windows-1252\", or save the file again as UTF-8"},
    {"iso-8859-15", "ISO-8859-15", CONTROLS,
     "is a control character in iso-8859-15; declare \"encoding: windows-1252\", or save the file again as UTF-8"},
};
enum { N_ENCODINGS = sizeof encodings / sizeof *encodings };

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a + ('a' - 'A') : *a) != *b) return false;
    return *a == *b;
}

static temoin_status find_encoding(temoin_context *ctx, const char *path, const char *name, const encoding **out)
{
    const char *names[N_ENCODINGS];
    for (int e = 0; e < N_ENCODINGS; e++) {
        names[e] = encodings[e].name;
        *out = &encodings[e];
        if (!name || same_word(name, names[e])) return TEMOIN_OK;
    }
    char shown[TM_SHOWN_SIZE];
    const char *nearest = tm_nearest(name, names, N_ENCODINGS);
    TM_FAIL(ctx, TEMOIN_ERR_USAGE,
            "%s: the encoding %s is not known%s%s; declare utf-8, windows-1252, iso-8859-1 or iso-8859-15", path,
            tm_shown(name, strlen(name), shown), nearest ? ", the nearest is " : "", nearest ? nearest : "");
}

/* Length of the well-formed UTF-8 sequence at the start of b (Unicode table 3-7), 0 when there is none. */
static size_t sequence_length(const unsigned char *b, size_t n)
{
    if (b[0] < 0x80) return 1;
    size_t length = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || n < length) return 0;
    unsigned char low = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
    if (b[1] < low || b[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if (b[i] < 0x80 || b[i] > 0xbf) return 0;
    return length;
}

static bool eight_are_ascii(const unsigned char *b)
{
    uint64_t word;
    memcpy(&word, b, sizeof word);
    return (word & 0x8080808080808080u) == 0;
}

/* The first byte from `at` on that does not belong, or `length`. */
static size_t find_invalid(const encoding *e, const char *bytes, size_t at, size_t length)
{
    const unsigned char *b = (const unsigned char *)bytes;
    while (at < length) {
        if (length - at >= 8 && eight_are_ascii(b + at)) {
            at += 8;
            continue;
        }
        size_t step = e->from ? 1 : sequence_length(b + at, length - at);
        if (step == 0 || (e->from && b[at] && strchr(e->undefined, bytes[at]))) return at;
        at += step;
    }
    return length;
}

/* Line and byte in the line of bytes[at], both from 1; CRLF is one line end. */
static void find_place(const char *bytes, size_t at, long long *line, long long *byte)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < at; i++) {
        if (bytes[i] != '\n' && !(bytes[i] == '\r' && bytes[i + 1] != '\n')) continue;
        ++*line;
        start = i + 1;
    }
    *byte = (long long)(at - start) + 1;
}

static temoin_status check_nul(temoin_context *ctx, const char *path, const char *bytes, size_t length)
{
    const char *nul = memchr(bytes, '\0', length);
    if (!nul) return TEMOIN_OK;
    size_t n = 0;
    for (size_t i = 0; i < length; i++) n += bytes[i] == '\0';
    long long line, byte;
    find_place(bytes, (size_t)(nul - bytes), &line, &byte);
    bool wide = n > length / 3;
    TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: line %lld, byte %lld: found a NUL byte (%zu in the file); %s", path, line, byte,
            n,
            wide ? "it looks like UTF-16: save the file as \"CSV UTF-8\""
                 : "a CSV file is plain text: the file is damaged or not CSV, export it again");
}

static temoin_status check_marks(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                                 const encoding *e)
{
    if (length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: line 1: the file is UTF-16; save it as \"CSV UTF-8\"", path);
    if (e->from && length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s: line 1: the file says that it is UTF-8 (byte order mark), %s is declared; "
                "declare \"encoding: utf-8\"",
                path, e->name);
    return TEMOIN_OK;
}

/* One problem per line: the first byte that does not belong. */
static temoin_status check_bytes(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                                 const encoding *e)
{
    size_t mark = tm_problems_mark(ctx);
    for (size_t at = 0; !tm_problems_full(ctx);) {
        at = find_invalid(e, bytes, at, length);
        if (at == length) break;
        long long line, byte;
        find_place(bytes, at, &line, &byte);
        tm_problem(ctx, "%s: line %lld, byte %lld: found byte 0x%02X, which %s", path, line, byte,
                   (unsigned char)bytes[at], e->why);
        while (at < length && bytes[at] != '\n' && bytes[at] != '\r') at++;
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status convert(temoin_context *ctx, const char *path, const char *bytes, size_t length, const encoding *e,
                             char *text, size_t room, size_t *text_length)
{
    iconv_t way = iconv_open("UTF-8", e->from);
    if (way == (iconv_t)-1)
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: this system cannot convert %s: %s; save the file as UTF-8", path, e->name,
                strerror(errno));
    char *from = (char *)(uintptr_t)bytes, *to = text; /* iconv's signature is older than const; it only reads */
    size_t left = length, space = room;
    size_t got = iconv(way, &from, &left, &to, &space);
    iconv_close(way);
    if (got == (size_t)-1)
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: the conversion from %s stopped: %s; save the file as UTF-8", path, e->name,
                strerror(errno));
    *text_length = room - space;
    text[*text_length] = '\0';
    return TEMOIN_OK;
}

temoin_status tm_decode(temoin_context *ctx, const char *path, const char *bytes, size_t length, const char *name,
                        const char **text, size_t *text_length)
{
    const encoding *e;
    TM_TRY(find_encoding(ctx, path, name, &e));
    TM_TRY(check_marks(ctx, path, bytes, length, e));
    if (!e->from && length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    TM_TRY(check_nul(ctx, path, bytes, length));
    TM_TRY(check_bytes(ctx, path, bytes, length, e));
    size_t n_wide = 0;
    for (size_t i = 0; i < length; i++) n_wide += (unsigned char)bytes[i] >= 0x80;
    *text = bytes;
    *text_length = length;
    if (!e->from || n_wide == 0) return TEMOIN_OK;
    char *converted;
    size_t room = length + 2 * n_wide; /* no character of these encodings needs more than three bytes */
    TM_SCRATCH(ctx, converted, (int64_t)room + 1);
    *text = converted;
    return convert(ctx, path, bytes, length, e, converted, room, text_length);
}

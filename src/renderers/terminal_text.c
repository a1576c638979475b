/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "renderers/terminal_text.h"

#include <string.h>

/* Bytes of the character that starts here; a stray byte counts as one. */
static size_t character_length(const char *at)
{
    const unsigned char byte = (unsigned char)*at;
    const size_t want = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < want; i++)
        if (((unsigned char)at[i] & 0xc0) != 0x80) return 1;
    return want;
}

static uint32_t code_point(const char *at, size_t length)
{
    static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)at[0] & lead[length];
    for (size_t i = 1; i < length; i++) code = code << 6 | ((unsigned char)at[i] & 0x3f);
    return code;
}

static int character_width(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        int width;
    } special[] = {{0x300, 0x36f, 0},   {0x200b, 0x200f, 0},   {0x1100, 0x115f, 2},  {0x2e80, 0xa4cf, 2},
                   {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},  {0xfe30, 0xfe6f, 2},
                   {0xff00, 0xff60, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (code >= special[i].first && code <= special[i].last) return special[i].width;
    return 1;
}

int tm_display_width(const char *text, size_t length)
{
    int width = 0;
    for (const char *at = text; at < text + length;) {
        const size_t bytes = character_length(at);
        width += character_width(code_point(at, bytes));
        at += bytes;
    }
    return width;
}

size_t tm_display_cut(const char *text, int width)
{
    const char *at = text;
    for (int used = 0; *at;) {
        const size_t bytes = character_length(at);
        used += character_width(code_point(at, bytes));
        if (used > width) break;
        at += bytes;
    }
    return (size_t)(at - text);
}

const char *tm_display_shorten(temoin_context *ctx, const char *text, int width)
{
    const int whole = tm_display_width(text, strlen(text));
    if (whole <= width) return text;
    const int end = width > 3 ? (width - 1) * 2 / 5 : 0, start = width > 1 ? width - 1 - end : 0;
    return tm_text(ctx, "%.*s…%s", (int)tm_display_cut(text, start), text, text + tm_display_cut(text, whole - end));
}

const char *tm_wrap_line(const char *text, int width, size_t *length)
{
    const char *at = text, *blank = NULL;
    for (int used = 0; *at && *at != '\n';) {
        const size_t bytes = character_length(at);
        used += character_width(code_point(at, bytes));
        if (*at == ' ')
            blank = at;
        else if (used > width && at > text)
            break;
        at += bytes;
    }
    const bool whole = *at == '\0' || *at == '\n';
    const char *end = whole || !blank ? at : blank;
    const char *next = end;
    while (end > text && end[-1] == ' ') end--;
    while (*next == ' ') next++;
    *length = (size_t)(end - text);
    return next + (*next == '\n' && whole);
}

void tm_put_plain(tm_sink *sink, const char *text, size_t length)
{
    for (const char *at = text; at < text + length;) {
        const size_t bytes = character_length(at);
        const uint32_t code = code_point(at, bytes);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            tm_sink_put(sink, " ");
        else
            tm_sink_put_bytes(sink, at, bytes);
        at += bytes;
    }
}

void tm_put_repeated(tm_sink *sink, const char *text, int n)
{
    for (int i = 0; i < n; i++) tm_sink_put(sink, text);
}

void tm_put_wrapped(tm_sink *sink, const char *first, const char *text, int indent, int width)
{
    const int room = width - indent > 10 ? width - indent : 10;
    do {
        size_t length;
        const char *next = tm_wrap_line(text, room, &length);
        tm_sink_put(sink, first);
        tm_put_repeated(sink, " ", indent - tm_display_width(first, strlen(first)));
        tm_put_plain(sink, text, length);
        tm_sink_put(sink, "\n");
        text = next;
        first = "";
    } while (*text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"

void tm_sink_init(tm_sink *sink, temoin_context *ctx)
{
    *sink = (tm_sink){.ctx = ctx};
}

static bool move_to(tm_sink *sink, size_t room)
{
    char *text = tm_arena_take(&sink->ctx->results, (int64_t)room, 1);
    if (!text) {
        sink->out_of_memory = true;
        return false;
    }
    if (sink->length) memcpy(text, sink->text, sink->length);
    sink->text = text;
    sink->room = room;
    return true;
}

static bool make_room(tm_sink *sink, size_t more)
{
    if (sink->out_of_memory) return false;
    if (sink->length + more + 1 <= sink->room) return true;
    size_t room = sink->room ? sink->room * 2 : 4096;
    while (room < sink->length + more + 1) room *= 2;
    return move_to(sink, room);
}

void tm_sink_reserve(tm_sink *sink, int64_t more)
{
    if (!sink->out_of_memory && sink->length + (size_t)more + 1 > sink->room)
        move_to(sink, sink->length + (size_t)more + 1);
}

void tm_sink_put_bytes(tm_sink *sink, const char *bytes, size_t length)
{
    if (!make_room(sink, length)) return;
    memcpy(sink->text + sink->length, bytes, length);
    sink->length += length;
    sink->text[sink->length] = '\0';
}

void tm_sink_put(tm_sink *sink, const char *text)
{
    tm_sink_put_bytes(sink, text, strlen(text));
}

void tm_sink_printf(tm_sink *sink, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    if (length >= 0 && make_room(sink, (size_t)length)) {
        vsnprintf(sink->text + sink->length, (size_t)length + 1, format, again);
        sink->length += (size_t)length;
    }
    va_end(again);
    va_end(list);
}

void tm_sink_number(tm_sink *sink, double x)
{
    char text[TM_NUMBER_TEXT_SIZE];
    tm_sink_put(sink, tm_number_text(x, text));
}

void tm_sink_csv(tm_sink *sink, const char *field)
{
    bool quote =
        strpbrk(field, ",;\"\r\n\t") != NULL || field[0] == ' ' || (field[0] && field[strlen(field) - 1] == ' ');
    if (!quote) {
        tm_sink_put(sink, field);
        return;
    }
    tm_sink_put(sink, "\"");
    for (const char *c = field; *c; c++) {
        if (*c == '"') tm_sink_put(sink, "\"");
        tm_sink_put_bytes(sink, c, 1);
    }
    tm_sink_put(sink, "\"");
}

void tm_sink_json(tm_sink *sink, const char *text)
{
    tm_sink_put(sink, "\"");
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\')
            tm_sink_printf(sink, "\\%c", byte);
        else if (byte == '\n')
            tm_sink_put(sink, "\\n");
        else if (byte < 0x20)
            tm_sink_printf(sink, "\\u%04x", byte);
        else
            tm_sink_put_bytes(sink, c, 1);
    }
    tm_sink_put(sink, "\"");
}

temoin_status tm_sink_finish(const tm_sink *sink)
{
    return sink->out_of_memory ? tm_fail_memory(sink->ctx) : tm_memory_end(sink->ctx);
}

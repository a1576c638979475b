/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "renderers/markup.h"

void tm_put_markup(tm_sink *sink, const char *text)
{
    for (const char *c = text; *c; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte == '&')
            tm_sink_put(sink, "&amp;");
        else if (byte == '<')
            tm_sink_put(sink, "&lt;");
        else if (byte == '>')
            tm_sink_put(sink, "&gt;");
        else if (byte == '"')
            tm_sink_put(sink, "&quot;");
        else if (byte < 0x20 || byte == 0x7f)
            tm_sink_put(sink, " ");
        else
            tm_sink_put_bytes(sink, c, 1);
    }
}

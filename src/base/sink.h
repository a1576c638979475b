/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing text in memory: what a renderer writes to. Files are written by base/folder.h. */
#ifndef TM_SINK_H
#define TM_SINK_H

#include "base/failure.h"

typedef struct tm_sink {
    temoin_context *ctx; /* the text lives in its result arena */
    char *text;          /* NUL-terminated once anything was put */
    size_t length;
    size_t room;
    bool out_of_memory; /* puts after a failed one do nothing; `tm_sink_finish` reports it */
} tm_sink;

void tm_sink_init(tm_sink *sink, temoin_context *ctx);
/* Makes room for so many more bytes at once: what a growing text leaves behind stays taken. */
void tm_sink_reserve(tm_sink *sink, int64_t more);
void tm_sink_put(tm_sink *sink, const char *text);
void tm_sink_put_bytes(tm_sink *sink, const char *bytes, size_t length);
TEMOIN_PRINTF(2, 3)
void tm_sink_printf(tm_sink *sink, const char *format, ...); /* no floating point: see tm_sink_number */
void tm_sink_number(tm_sink *sink, double x);                /* shortest digits; nothing for NaN */
void tm_sink_csv(tm_sink *sink, const char *field);          /* quoted only where CSV needs it */
void tm_sink_json(tm_sink *sink, const char *text);          /* quoted and escaped */
TEMOIN_MUST_CHECK temoin_status tm_sink_finish(const tm_sink *sink);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames from text in the test. */
#ifndef TM_TEST_FRAME_TEXT_H
#define TM_TEST_FRAME_TEXT_H

#include "check.h"

#include "frame/cells.h"
#include "temoin/frame.h"

/* The defaults, and what a test states after them. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define AS(...) (&(temoin_csv_opts){.decimal = '.', .encoding = "utf-8", .n_missing = -1, __VA_ARGS__})
#define READ(ctx, text, ...) read_text((ctx), (text), sizeof(text) - 1, AS(__VA_ARGS__))

static inline const temoin_frame *read_text(temoin_context *ctx, const char *text, size_t length,
                                            const temoin_csv_opts *opts)
{
    const temoin_frame *frame;
    check_ok(ctx, tm_frame_parse(ctx, "x.csv", text, length, opts, &frame));
    return frame;
}

static inline const temoin_column *column(const temoin_frame *frame, const char *name)
{
    const temoin_column *found = temoin_frame_find(frame, name);
    assert_non_null(found);
    return found;
}

static inline const char *text_at(const temoin_frame *frame, const char *name, int64_t row)
{
    const temoin_column *c = column(frame, name);
    assert_non_null(c->code);
    return c->code[row] < 0 ? NULL : c->level[c->code[row]];
}

#endif

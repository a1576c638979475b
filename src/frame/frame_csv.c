/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/files.h"
#include "frame/cells.h"

const char *temoin_column_type_name(temoin_column_type type)
{
    static const char *const names[] = {"auto", "number", "flag", "date", "category"};
    return (unsigned)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

const temoin_column *temoin_frame_find(const temoin_frame *frame, const char *name)
{
    for (int32_t j = 0; j < frame->n_columns; j++)
        if (strcmp(frame->columns[j].name, name) == 0) return &frame->columns[j];
    return NULL;
}

static temoin_status parse(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                           const temoin_csv_opts *opts, const temoin_frame **out)
{
    const char *text;
    size_t text_length, mark = tm_problems_mark(ctx);
    char delimiter;
    tm_cells cells;
    if (tm_problems_full(ctx)) return TEMOIN_ERR_DATA; /* nobody would see what is found here */
    if (opts->decimal != '.' && opts->decimal != ',')
        TM_FAIL(ctx, TEMOIN_ERR_USAGE, "%s: a decimal separator is a point or a comma; declare one of these", path);
    TM_TRY(tm_decode(ctx, path, bytes, length, opts->encoding, &text, &text_length));
    TM_TRY(tm_delimiter_find(ctx, path, text, text_length, opts->delimiter, &delimiter));
    TM_TRY(tm_cells_read(ctx, path, text, text_length, delimiter, &cells));
    if (cells.n_columns > 0) TM_TRY(tm_frame_build(ctx, &cells, opts, out));
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

temoin_status tm_frame_parse(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                             const temoin_csv_opts *opts, const temoin_frame **out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_frame *frame = NULL;
    temoin_status status = parse(ctx, path, bytes, length, opts, &frame);
    tm_arena_rewind(&ctx->scratch, mark);
    *out = status == TEMOIN_OK ? frame : NULL;
    return status;
}

temoin_status temoin_frame_read_csv(temoin_context *ctx, const char *path, const temoin_csv_opts *opts,
                                    const temoin_frame **out)
{
    const char *bytes;
    size_t length;
    *out = NULL;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_file_read_scratch(ctx, path, &bytes, &length);
    if (status == TEMOIN_OK) status = tm_frame_parse(ctx, path, bytes, length, opts, out);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

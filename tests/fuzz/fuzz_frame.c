/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes give a frame that keeps its promises, or at least one problem. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame/cells.h"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) abort();                                                                                     \
    } while (0)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_codes(const temoin_frame *frame, const temoin_column *c)
{
    int64_t n_missing = 0;
    for (int32_t i = 1; i < c->n_levels; i++) CHECK(strcmp(c->level[i - 1], c->level[i]) < 0);
    for (int64_t r = 0; r < frame->n_rows; r++) {
        CHECK(c->code[r] >= -1 && c->code[r] < c->n_levels);
        n_missing += c->code[r] < 0;
    }
    CHECK(n_missing == c->n_missing);
}

static void check_numbers(const temoin_frame *frame, const temoin_column *c)
{
    int64_t n_missing = 0;
    for (int64_t r = 0; r < frame->n_rows; r++) {
        CHECK(isnan(c->number[r]) || isfinite(c->number[r]));
        CHECK(c->type != TEMOIN_COLUMN_FLAG || isnan(c->number[r]) || c->number[r] == 0 || c->number[r] == 1);
        n_missing += isnan(c->number[r]);
    }
    CHECK(n_missing == c->n_missing);
}

static void check_frame(const temoin_frame *frame)
{
    CHECK(frame->n_rows > 0 && frame->n_columns > 0);
    for (int64_t r = 0; r < frame->n_rows; r++) CHECK(frame->line[r] > (r ? frame->line[r - 1] : 1));
    for (int32_t j = 0; j < frame->n_columns; j++) {
        const temoin_column *c = &frame->columns[j];
        CHECK(c->name[0] && temoin_frame_find(frame, c->name) == c);
        CHECK((c->number == NULL) == (c->type == TEMOIN_COLUMN_CATEGORY) && (c->number || c->code));
        if (c->code) check_codes(frame, c);
        if (c->number) check_numbers(frame, c);
    }
}

static void try_options(const temoin_csv_opts *opts, const uint8_t *data, size_t size)
{
    const temoin_context_opts context_opts = TEMOIN_CONTEXT_OPTS_INIT;
    temoin_context *ctx;
    const temoin_frame *frame;
    CHECK(temoin_context_build(&context_opts, &ctx) == TEMOIN_OK);
    temoin_status status = tm_frame_parse(ctx, "fuzz.csv", (const char *)data, size, opts, &frame);
    CHECK((status == TEMOIN_OK) == (frame != NULL));
    CHECK((status == TEMOIN_OK) == (temoin_context_n_problems(ctx) == 0));
    CHECK(status == TEMOIN_OK || status == TEMOIN_ERR_DATA);
    if (frame) check_frame(frame);
    temoin_context_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const temoin_column_request requests[] = {{"id", TEMOIN_COLUMN_CATEGORY, true},
                                                     {"x", TEMOIN_COLUMN_NUMBER, true},
                                                     {"flag", TEMOIN_COLUMN_FLAG, false},
                                                     {"date", TEMOIN_COLUMN_DATE, true}};
    static const char *const missing[] = {"-9", "."};
    static const temoin_csv_opts opts[] = {{0, '.', "utf-8", NULL, -1, NULL, 0, false},
                                           {0, ',', "windows-1252", missing, 2, requests, 4, true},
                                           {',', '.', "iso-8859-15", NULL, -1, NULL, 0, false},
                                           {';', ',', "utf-8", NULL, -1, requests, 4, false},
                                           {'\t', '.', "iso-8859-1", NULL, 0, NULL, 0, false}};
    for (size_t o = 0; o < sizeof opts / sizeof *opts; o++) try_options(&opts[o], data, size);
    return 0;
}

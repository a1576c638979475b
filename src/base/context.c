/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "kernels/kernels.h"
#include "temoin/version.h"

static const char out_of_memory[] = "out of memory: close other programs or split the data into smaller files";

const char *temoin_version(void)
{
    return TM_VERSION;
}

const char *temoin_status_name(temoin_status status)
{
    static const char *const names[] = {"ok", "memory", "io", "usage", "plan", "data"};
    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

temoin_status temoin_context_build(const temoin_context_opts *opts, temoin_context **out)
{
    *out = NULL;
    const struct tm_kernels *kernels = tm_kernels_find(opts->cpu);
    if (!kernels) return TEMOIN_ERR_USAGE;
    tm_arena results = {0};
    temoin_context *ctx = tm_arena_take(&results, 1, sizeof *ctx);
    if (!ctx) return TEMOIN_ERR_MEMORY;
    ctx->results = results;
    ctx->kernels = kernels;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    ctx->threads = opts->threads > 0 ? opts->threads : processors > 0 ? (int)processors : 1;
    ctx->progress = opts->progress;
    ctx->progress_data = opts->progress_data;
    ctx->environment = opts->environment;
    ctx->seed_file = opts->seed_file;
    *out = ctx;
    return TEMOIN_OK;
}

void temoin_context_free(temoin_context *ctx)
{
    if (!ctx) return;
    tm_arena_free(&ctx->scratch);
    tm_arena results = ctx->results; /* the context lies in its own arena */
    tm_arena_free(&results);
}

size_t temoin_context_n_problems(const temoin_context *ctx)
{
    return ctx->n_problems;
}

const char *temoin_context_problem(const temoin_context *ctx, size_t index)
{
    return index < ctx->n_problems ? ctx->problem[index] : NULL;
}

size_t temoin_context_n_problems_dropped(const temoin_context *ctx)
{
    return ctx->n_problems_dropped;
}

static const char *text_from_list(temoin_context *ctx, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    char *text = length < 0 ? NULL : tm_arena_take(&ctx->results, length + 1, 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

const char *tm_text(temoin_context *ctx, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *text = text_from_list(ctx, format, list);
    va_end(list);
    return text;
}

const char *tm_text_copy(temoin_context *ctx, const char *bytes, size_t length)
{
    char *text = tm_arena_take(&ctx->results, (int64_t)length + 1, 1);
    if (!text) return NULL;
    if (length) memcpy(text, bytes, length);
    return text;
}

static void keep_problem(temoin_context *ctx, const char *text)
{
    if (ctx->n_problems < TM_PROBLEMS_KEPT)
        ctx->problem[ctx->n_problems++] = text ? text : out_of_memory;
    else
        ctx->n_problems_dropped++;
}

temoin_status tm_fail(temoin_context *ctx, temoin_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    keep_problem(ctx, text_from_list(ctx, format, list));
    va_end(list);
    return status;
}

temoin_status tm_fail_memory(temoin_context *ctx)
{
    keep_problem(ctx, out_of_memory);
    return TEMOIN_ERR_MEMORY;
}

temoin_status tm_memory_end(temoin_context *ctx)
{
    return ctx->results.exhausted || ctx->scratch.exhausted ? tm_fail_memory(ctx) : TEMOIN_OK;
}

void tm_problem(temoin_context *ctx, const char *format, ...)
{
    va_list list;
    if (ctx->n_problems == TM_PROBLEMS_KEPT) { /* counted, not written */
        ctx->n_problems_dropped++;
        return;
    }
    va_start(list, format);
    keep_problem(ctx, text_from_list(ctx, format, list));
    va_end(list);
}

size_t tm_problems_mark(const temoin_context *ctx)
{
    return ctx->n_problems + ctx->n_problems_dropped;
}

temoin_status tm_problems_end(const temoin_context *ctx, size_t mark, temoin_status status)
{
    return tm_problems_mark(ctx) > mark ? status : TEMOIN_OK;
}

bool tm_problems_full(const temoin_context *ctx)
{
    return ctx->n_problems_dropped >= TM_PROBLEMS_COUNTED;
}

void tm_progress(temoin_context *ctx, const char *stage, double done)
{
    if (ctx->progress) ctx->progress(ctx->progress_data, stage, done);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asked for whose arm, in order: `reveals.csv`, a chain as the ledger's. It starts from
 * SHA-256("temoin/1" NUL trial id NUL "reveals" NUL). There are no clock times in a bundle; the order is what is kept.
 */
#include <inttypes.h>
#include <string.h>

#include "audit/ledger_table.h"
#include "base/files.h"
#include "base/sink.h"
#include "temoin/custody.h"

static const char name[] = "reveals.csv", header[] = "reveal,position,client,digest\n";

/* The chain so far. */
typedef struct reveal_chain {
    char hex[TM_SHA256_HEX_SIZE];
    int64_t n;
} reveal_chain;

static void start(reveal_chain *out, const char *trial)
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, "temoin/1", sizeof "temoin/1");
    tm_sha256_add(&hash, trial, strlen(trial) + 1);
    tm_sha256_add(&hash, "reveals", sizeof "reveals");
    tm_sha256_finish(&hash, digest);
    tm_sha256_hex(digest, out->hex);
    out->n = 0;
}

/* Appends the line about that line of the ledger. */
static temoin_status put_line(tm_sink *sink, const tm_ledger_table *ledger, int64_t line, reveal_chain *chain)
{
    const size_t begin = sink->length;
    tm_sink_printf(sink, "%" PRId64 ",%s,", ++chain->n, tm_ledger_text(ledger, TM_LEDGER_POSITION, line));
    tm_sink_csv(sink, tm_ledger_text(ledger, TM_LEDGER_CLIENT, line));
    TM_TRY(tm_sink_finish(sink));
    tm_chain_link(chain->hex, sink->text + begin, sink->length - begin);
    tm_sink_printf(sink, ",%s\n", chain->hex);
    return tm_sink_finish(sink);
}

/* The ledger's line that the k-th reveal names; -1: none. */
static int64_t named_line(const tm_ledger_table *ledger, const char *text, size_t length)
{
    const char *comma = memchr(text, ',', length);
    int64_t position = 0;
    if (!comma) return -1;
    for (const char *at = comma + 1; at < text + length && *at >= '0' && *at <= '9' && position <= ledger->n; at++)
        position = 10 * position + (*at - '0');
    return position >= 1 && position <= ledger->n ? position - 1 : -1;
}

/* Renders again what the text must be. `*why`: where it is not. */
static temoin_status follow(temoin_context *ctx, const tm_ledger_table *ledger, const char *text, size_t length,
                            reveal_chain *chain, const char **why)
{
    size_t at = sizeof header - 1;
    tm_sink sink;
    *why = NULL;
    tm_sink_init(&sink, ctx);
    bool good = length >= at && memcmp(text, header, at) == 0;
    int64_t at_line = 1;
    for (; good && at < length; at_line++) {
        const int64_t line = named_line(ledger, text + at, length - at);
        sink.length = 0;
        if (line >= 0) TM_TRY(put_line(&sink, ledger, line, chain));
        good = line >= 0 && sink.length <= length - at && memcmp(text + at, sink.text, sink.length) == 0;
        at += sink.length;
    }
    if (good) return TEMOIN_OK;
    *why =
        tm_text(ctx,
                "reveals.csv: line %" PRId64 ": is not what a reveal writes there: a line was changed, moved or taken "
                "out",
                at_line);
    return *why ? TEMOIN_OK : tm_fail_memory(ctx);
}

static temoin_status read_reveals(temoin_context *ctx, const char *folder, const char **text, size_t *length)
{
    const char *path = tm_folder_find(ctx, folder, name);
    *text = NULL;
    *length = 0;
    if (!path) return tm_fail_memory(ctx);
    return tm_file_exists(path) ? tm_file_read(ctx, path, text, length) : TEMOIN_OK;
}

temoin_status tm_reveals_check(temoin_context *ctx, const char *folder, const char *trial, int64_t *n_files,
                               const char **why)
{
    const char *text;
    size_t length;
    tm_ledger_table ledger;
    reveal_chain chain;
    *why = NULL;
    TM_TRY(read_reveals(ctx, folder, &text, &length));
    if (!text) return TEMOIN_OK;
    ++*n_files;
    const char *path = tm_folder_find(ctx, folder, "ledger.csv");
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path)) {
        *why = "reveals.csv: there is no ledger to reveal anything of";
        return TEMOIN_OK;
    }
    TM_TRY(tm_ledger_read(ctx, folder, &ledger));
    start(&chain, trial);
    return follow(ctx, &ledger, text, length, &chain, why);
}

static int64_t find_client(const tm_ledger_table *ledger, const char *client)
{
    for (int64_t line = 0; line < ledger->n; line++)
        if (strcmp(tm_ledger_text(ledger, TM_LEDGER_CLIENT, line), client) == 0) return line;
    return -1;
}

static temoin_status append(temoin_context *ctx, tm_folder *folder, const tm_ledger_table *ledger, int64_t line,
                            const char *text, size_t length, reveal_chain *chain)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    if (text)
        tm_sink_put_bytes(&sink, text, length);
    else
        tm_sink_put(&sink, header);
    TM_TRY(put_line(&sink, ledger, line, chain));
    const tm_folder_file file = {name, sink.text, sink.length};
    return tm_folder_replace(ctx, folder, &file, 1);
}

static temoin_status read_trial(temoin_context *ctx, const char *path, const char **trial)
{
    const char *text, *why;
    size_t length;
    tm_manifest manifest;
    TM_TRY(tm_bundle_read_manifest(ctx, path, &text, &length));
    TM_TRY(tm_manifest_read(ctx, text, length, &manifest, &why));
    if (why) TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s/manifest.json: %s", path, why);
    *trial = manifest.trial;
    return TEMOIN_OK;
}

/* The line is on the disk before anybody sees the arm. */
static temoin_status reveal(temoin_context *ctx, const char *path, tm_folder *folder, const char *client,
                            temoin_reveal *out)
{
    const char *trial = NULL, *text, *why = NULL;
    size_t length;
    tm_ledger_table ledger;
    reveal_chain chain;
    TM_TRY(read_trial(ctx, path, &trial));
    TM_TRY(tm_ledger_read(ctx, path, &ledger));
    TM_TRY(read_reveals(ctx, path, &text, &length));
    start(&chain, trial);
    if (text) TM_TRY(follow(ctx, &ledger, text, length, &chain, &why));
    if (why) TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s/%s; nothing was revealed", path, why);
    const int64_t line = find_client(&ledger, client);
    if (line < 0)
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s/ledger.csv: has no client \"%s\"; give the id as the ledger writes it", path,
                client);
    TM_TRY(append(ctx, folder, &ledger, line, text, length, &chain));
    *out = (temoin_reveal){.arm = tm_ledger_text(&ledger, TM_LEDGER_ARM, line),
                           .worker = tm_ledger_text(&ledger, TM_LEDGER_WORKER, line),
                           .position = tm_ledger_text(&ledger, TM_LEDGER_POSITION, line),
                           .digest = tm_ledger_text(&ledger, TM_LEDGER_DIGEST, line),
                           .n = chain.n,
                           .head = tm_text_copy(ctx, chain.hex, TM_SHA256_HEX_SIZE - 1)};
    return out->head ? TEMOIN_OK : tm_fail_memory(ctx);
}

temoin_status temoin_bundle_reveal(temoin_context *ctx, const char *path, const char *client, temoin_reveal *out)
{
    tm_folder folder;
    temoin_status status = tm_bundle_open(ctx, path, &folder);
    if (status == TEMOIN_OK) status = reveal(ctx, path, &folder, client, out);
    tm_folder_close(&folder);
    return status;
}

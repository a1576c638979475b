/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/ledger_table.h"

#include "base/files.h"

temoin_status tm_ledger_read(temoin_context *ctx, const char *folder, tm_ledger_table *out)
{
    static const temoin_column_request requests[TM_LEDGER_COLUMNS] = {
        [TM_LEDGER_POSITION] = {"position", TEMOIN_COLUMN_CATEGORY, true},
        [TM_LEDGER_CLIENT] = {"client", TEMOIN_COLUMN_CATEGORY, true},
        [TM_LEDGER_STRATUM] = {"stratum", TEMOIN_COLUMN_CATEGORY, true},
        [TM_LEDGER_ARM] = {"arm", TEMOIN_COLUMN_CATEGORY, true},
        [TM_LEDGER_DIGEST] = {"digest", TEMOIN_COLUMN_CATEGORY, true},
        [TM_LEDGER_WORKER] = {"worker", TEMOIN_COLUMN_CATEGORY, true},
    };
    static const char *const nothing_is_missing[] = {NULL};
    const temoin_csv_opts opts = {',', '.', "utf-8", nothing_is_missing, 0, requests, TM_LEDGER_COLUMNS, true};
    const char *path = tm_folder_find(ctx, folder, "ledger.csv");
    const temoin_frame *frame;
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path))
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: there is no ledger.csv: temoin did not draw this trial's arms", folder);
    TM_TRY(temoin_frame_read_csv(ctx, path, &opts, &frame));
    out->n = frame->n_rows;
    for (int c = 0; c < TM_LEDGER_COLUMNS; c++) {
        out->column[c] = temoin_frame_find(frame, requests[c].name);
        if (!out->column[c] && c != TM_LEDGER_WORKER)
            TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: has no column \"%s\"; restore the ledger as it was written", path,
                    requests[c].name);
    }
    return TEMOIN_OK;
}

void tm_chain_link(char hex[TM_SHA256_HEX_SIZE], const char *line, size_t length)
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, hex, TM_SHA256_HEX_SIZE - 1);
    tm_sha256_add(&hash, "\n", 1);
    tm_sha256_add(&hash, line, length);
    tm_sha256_finish(&hash, digest);
    tm_sha256_hex(digest, hex);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signature of the manifest, and its check. */
#include <jansson.h>
#include <string.h>

#include "audit/bundle.h"
#include "audit/key_files.h"
#include "audit/signature_claim.h"
#include "base/files.h"
#include "base/sink.h"
#include "temoin/custody.h"

enum { SIGNATURE_HEX_SIZE = 2 * TM_SIGNATURE_BYTES + 1 };

/* What a signature is about: the manifest's digest, and what its reader wants to see of it. */
typedef struct signed_manifest {
    const char *trial;
    const char *head; /* "" without a ledger */
    const char *digest;
    bool sealed;
} signed_manifest;

/* No other text that anybody signs with this key can be taken for a bundle's. */
typedef struct signed_text {
    char domain[sizeof "temoin/1 signature"]; /* with its NUL */
    char digest[TM_SHA256_HEX_SIZE - 1];
} signed_text;

static signed_text text_to_sign(const signed_manifest *manifest)
{
    signed_text text = {.domain = "temoin/1 signature"};
    memcpy(text.digest, manifest->digest, sizeof text.digest);
    return text;
}

/* `*why`: the manifest cannot be read. */
static temoin_status read_manifest(temoin_context *ctx, const char *folder, signed_manifest *out, const char **why)
{
    const char *text;
    size_t length;
    tm_manifest manifest;
    TM_TRY(tm_bundle_read_manifest(ctx, folder, &text, &length));
    TM_TRY(tm_manifest_read(ctx, text, length, &manifest, why));
    *out = (signed_manifest){.trial = manifest.trial,
                             .head = manifest.head ? manifest.head : "",
                             .digest = tm_text_digest(ctx, text, length),
                             .sealed = manifest.sealed};
    return out->digest ? TEMOIN_OK : tm_fail_memory(ctx);
}

static void put_member(tm_sink *sink, const char *key, const char *value, const char *end)
{
    tm_sink_printf(sink, "  \"%s\": ", key);
    tm_sink_json(sink, value);
    tm_sink_put(sink, end);
}

/* `signature.json`: trial, ledger_head and manifest are there for the reader; key and signature are what counts. */
static temoin_status render(temoin_context *ctx, const signed_manifest *manifest, const uint8_t key[TM_KEY_BYTES],
                            const uint8_t signature[TM_SIGNATURE_BYTES], tm_sink *sink)
{
    char key_hex[TM_KEY_HEX_SIZE], signature_hex[SIGNATURE_HEX_SIZE];
    tm_sink_init(sink, ctx);
    tm_sink_put(sink, "{\n  \"schema\": \"temoin-signature\",\n  \"version\": 1,\n");
    put_member(sink, "trial", manifest->trial, ",\n");
    put_member(sink, "ledger_head", manifest->head, ",\n");
    put_member(sink, "manifest", manifest->digest, ",\n");
    put_member(sink, "public_key", tm_hex_write(key, TM_KEY_BYTES, key_hex), ",\n");
    put_member(sink, "signature", tm_hex_write(signature, TM_SIGNATURE_BYTES, signature_hex), "\n}\n");
    return tm_sink_finish(sink);
}

static temoin_status sign(temoin_context *ctx, const char *path, tm_folder *folder, const uint8_t secret[TM_KEY_BYTES],
                          const char **key)
{
    signed_manifest manifest;
    uint8_t public[TM_KEY_BYTES], signature[TM_SIGNATURE_BYTES];
    const char *why;
    tm_sink sink;
    TM_TRY(read_manifest(ctx, path, &manifest, &why));
    if (why || !manifest.sealed)
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s/manifest.json: %s; nothing was signed", path,
                why ? why : "was changed: its seal is not the digest of the lines above it");
    const signed_text text = text_to_sign(&manifest);
    tm_key_public(secret, public);
    tm_signature_build(secret, &text, sizeof text, signature);
    TM_TRY(tm_key_text(ctx, public, key));
    TM_TRY(render(ctx, &manifest, public, signature, &sink));
    const tm_folder_file file = {"signature.json", sink.text, sink.length};
    return tm_folder_replace(ctx, folder, &file, 1);
}

temoin_status temoin_bundle_sign(temoin_context *ctx, const char *path, const char *key_file, const char **key)
{
    uint8_t secret[TM_KEY_BYTES];
    tm_folder folder;
    TM_TRY(tm_key_read(ctx, key_file, true, secret));
    temoin_status status = tm_bundle_open(ctx, path, &folder);
    if (status == TEMOIN_OK) status = sign(ctx, path, &folder, secret, key);
    tm_folder_close(&folder);
    tm_secret_wipe(secret, sizeof secret);
    return status;
}

static bool read_hex(const json_t *root, const char *key, uint8_t *bytes, size_t n)
{
    const json_t *text = json_object_get(root, key);
    return json_is_string(text) && tm_hex_read(json_string_value(text), json_string_length(text), bytes, n);
}

bool tm_signature_claim_read(const char *text, size_t length, tm_signature_claim *out)
{
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    *out = (tm_signature_claim){.digest = ""};
    bool good = read_hex(root, "public_key", out->key, TM_KEY_BYTES) &&
                read_hex(root, "signature", out->signature, TM_SIGNATURE_BYTES);
    const json_t *digest = json_object_get(root, "manifest");
    if (json_is_string(digest) && json_string_length(digest) == TM_SHA256_HEX_SIZE - 1)
        memcpy(out->digest, json_string_value(digest), TM_SHA256_HEX_SIZE);
    json_decref(root);
    return good;
}

/* NULL: the claim holds. */
static temoin_status judge(temoin_context *ctx, const char *text, size_t length, const tm_signature_claim *claim,
                           const signed_manifest *manifest, const char **difference)
{
    const signed_text what = text_to_sign(manifest);
    tm_sink sink;
    TM_TRY(render(ctx, manifest, claim->key, claim->signature, &sink));
    if (tm_signature_validate(claim->key, &what, sizeof what, claim->signature)) {
        bool same = length == sink.length && memcmp(text, sink.text, length) == 0;
        *difference = same ? NULL : "signature.json: was changed, although key and signature are right";
        return TEMOIN_OK;
    }
    *difference =
        strcmp(claim->digest, manifest->digest) == 0
            ? "signature.json: the signature is not one that its key makes for this manifest.json"
            : tm_text(ctx,
                      "signature.json: is for another manifest.json: the bundle was changed after it was signed, or "
                      "must be signed again\n  expected: sha256 %s\n  found:    sha256 %s",
                      manifest->digest, claim->digest);
    return *difference ? TEMOIN_OK : tm_fail_memory(ctx);
}

static temoin_status check_text(temoin_context *ctx, const char *folder, const char *text, size_t length,
                                const uint8_t *wanted, temoin_signature *out)
{
    tm_signature_claim claim;
    signed_manifest manifest;
    const char *why, *want;
    if (!tm_signature_claim_read(text, length, &claim)) {
        out->difference = "signature.json: cannot be read: it lacks a public key or a signature, or is no JSON";
        return TEMOIN_OK;
    }
    TM_TRY(read_manifest(ctx, folder, &manifest, &why));
    TM_TRY(tm_key_text(ctx, claim.key, &out->key));
    if (why) {
        out->difference = tm_text(ctx, "signature.json: the manifest.json that it is for cannot be read: %s", why);
        return out->difference ? TEMOIN_OK : tm_fail_memory(ctx);
    }
    if (wanted && memcmp(wanted, claim.key, TM_KEY_BYTES) != 0) {
        TM_TRY(tm_key_text(ctx, wanted, &want));
        out->difference = tm_text(ctx, "signature.json: is by another key\n  expected: %.*s\n  found:    %.*s",
                                  TM_SIGNER_DIGITS, want, TM_SIGNER_DIGITS, out->key);
        return out->difference ? TEMOIN_OK : tm_fail_memory(ctx);
    }
    return judge(ctx, text, length, &claim, &manifest, &out->difference);
}

static temoin_status check(temoin_context *ctx, const char *folder, const uint8_t *wanted, temoin_signature *out)
{
    const char *path = tm_folder_find(ctx, folder, "signature.json"), *text;
    size_t length;
    if (!path) return tm_fail_memory(ctx);
    out->there = tm_file_exists(path);
    if (!out->there) {
        if (wanted) out->difference = "signature.json: is missing: nobody signed the bundle";
        return TEMOIN_OK;
    }
    TM_TRY(tm_file_read(ctx, path, &text, &length));
    return check_text(ctx, folder, text, length, wanted, out);
}

temoin_status temoin_signature_check(temoin_context *ctx, const char *folder, const char *key_file,
                                     temoin_signature *out)
{
    uint8_t wanted[TM_KEY_BYTES];
    int lock;
    *out = (temoin_signature){.demanded = key_file != NULL};
    if (key_file) TM_TRY(tm_key_read(ctx, key_file, false, wanted));
    TM_TRY(tm_folder_enter(ctx, folder, &lock));
    temoin_status status = check(ctx, folder, key_file ? wanted : NULL, out);
    tm_folder_leave(lock);
    return status == TEMOIN_OK ? tm_memory_end(ctx) : status;
}
